"""What a page asks of a telephone's processor: few elements, few rules, no picture that moves by itself.

Lighthouse measures what comes of it (`nox -s weigh`) on a quiet machine; this is counted alike everywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import SITE, VIEWS, find

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.docs.host import Host

# The most elements that a page of a kind may have once its scripts have run, folded ones included.
ELEMENTS = {
    "index.html": 1400,
    "404.html": 650,
    "search.html": 650,
    "explorer.html": 1300,
    "auto_gallery/index.html": 1400,
    "auto_gallery/edges/index.html": 800,
    "chapters/edges.html": 5200,
    "chapters/error_gallery.html": 5800,
    "reference/generated/convbook.correlation.html": 2000,
}
RULES = "[...document.styleSheets].reduce((sum, sheet) => sum + sheet.cssRules.length, 0)"
WALLS = ["index.html", "auto_gallery/index.html", "auto_gallery/edges/index.html"]


def opened(browser: Browser, address: str, **options: object) -> Page:
    """Open a page in a context of its own."""
    page = browser.new_context(**options).new_page()
    page.goto(address, wait_until="load")
    return page


@pytest.mark.parametrize("kind", ELEMENTS)
def test_a_page_has_few_elements_and_few_rules(browser: Browser, host: Host, kind: str) -> None:
    """Style and layout cost what a page has elements, and each is compared with what the page has rules."""
    page = opened(browser, host.address + find(kind))
    elements = page.evaluate("document.querySelectorAll('*').length")
    rules = page.evaluate(RULES)
    page.context.close()
    print(f"{kind}: {elements} elements, {rules} rules")
    assert elements <= ELEMENTS[kind]
    assert rules <= 420


@pytest.mark.parametrize("kind", WALLS)
def test_a_wall_is_of_pixels_and_fetches_one_shade(browser: Browser, host: Host, kind: str) -> None:
    """A wall's pictures are unpacked, not drawn; those of the other shade come with the theme's switch."""
    page = opened(browser, host.address + kind, **VIEWS["light"])
    pictures = page.eval_on_selector_all(
        ".figure-wall img", "all => all.map((one) => one.getAttribute('src'))"
    )
    assert len(pictures) >= 16
    assert all(re.search(r"_thumb-(light|dark)\.webp\?v=[0-9a-f]{8}$", picture) for picture in pictures)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    fetched = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    page.wait_for_function(f"{fetched}.some((name) => name.includes('-light.webp'))")
    page.wait_for_load_state("networkidle")
    assert not any("-dark.webp" in name for name in page.evaluate(fetched))
    with page.expect_response(re.compile(r"-dark\.webp\?v=")):
        page.evaluate("document.body.dataset.theme = 'dark'")
    page.context.close()


def test_no_picture_moves_by_itself() -> None:
    """An animation inside a picture is drawn for every frame, also for those who want less motion."""
    moving = [
        path.name
        for folder in ("_images", "_static")
        for path in sorted((SITE / folder).glob("*.svg"))
        if re.search(r"@keyframes|<animate|<set\b", path.read_text(encoding="utf-8"))
    ]
    assert moving == []
    assert len(list((SITE / "_images").glob("*.svg"))) > 50


def test_what_is_folded_is_measured_when_it_opens(browser: Browser, host: Host) -> None:
    """A folded block of code is no stop of the Tab key and costs no layout; a long one that opens is."""
    page = opened(browser, host.address + "chapters/edges.html", **VIEWS["phone"])
    page.wait_for_timeout(100)
    folded = "details:not([open]) pre"
    assert page.locator(folded).count() >= 3
    assert page.locator(f"{folded}[data-scrolls]").count() == 0
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    page.wait_for_selector("details pre[data-scrolls]")
    page.context.close()
