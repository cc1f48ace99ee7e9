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
    "chapters/edges.html": 4500,
    "chapters/error_gallery.html": 5200,
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
    assert rules <= (1300 if kind == "index.html" else 720)  # the three doors bring a library of rules


@pytest.mark.parametrize("kind", WALLS)
def test_a_wall_is_of_pixels_and_fetches_one_shade(browser: Browser, host: Host, kind: str) -> None:
    """A wall's pictures are unpacked, not drawn; those of the other shade come with the theme's switch."""
    page = opened(browser, host.address + kind, **VIEWS["light"])
    pictures = page.eval_on_selector_all(
        "article a img, .sphx-glr-thumbcontainer img", "all => all.map((one) => one.getAttribute('src'))"
    )
    assert len(pictures) >= 16
    assert all(re.search(r"_thumb-[0-9a-f]{8}-(light|dark)\.webp$", picture) for picture in pictures)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(300)
    fetched = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    assert any("-light.webp" in name for name in page.evaluate(fetched))
    assert not any("-dark.webp" in name for name in page.evaluate(fetched))
    with page.expect_response(re.compile("-dark.webp$")):
        page.evaluate("document.body.dataset.theme = 'dark'")
    page.context.close()


def test_no_picture_moves_by_itself() -> None:
    """An animation inside a picture is drawn anew for every frame, and the page's own animations are not."""
    moving = [
        path.name
        for folder in ("_images", "_static")
        for path in sorted((SITE / folder).glob("*.svg"))
        if re.search(r"@keyframes|<animate|<set\b", path.read_text(encoding="utf-8"))
    ]
    assert moving == []
    assert len(list((SITE / "_images").glob("*.svg"))) > 50


def test_the_name_moves_without_being_drawn_again(browser: Browser, host: Host) -> None:
    """The front page's animations change `transform` alone, and end where a calm reader's page stands."""
    page = opened(browser, host.address + "index.html", **VIEWS["light"])
    changed = page.evaluate(
        """() => document.getAnimations().flatMap((animation) => animation.effect.getKeyframes())
             .flatMap((frame) => Object.keys(frame))"""
    )
    assert set(changed) - {"offset", "easing", "composite", "computedOffset"} == {"transform"}
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    hero = page.locator(".hero").screenshot()
    calm = opened(browser, host.address + "index.html", reduced_motion="reduce", **VIEWS["light"])
    assert calm.evaluate("document.getAnimations().length") == 0
    assert calm.locator(".hero").screenshot() == hero
    page.context.close()
    calm.context.close()


def test_the_edge_uncovers_a_column_at_a_time(browser: Browser, host: Host) -> None:
    """Halfway the answer is seen up to the kernel and not beyond."""
    page = opened(browser, host.address + "index.html", **VIEWS["light"])
    seen = page.evaluate(
        """() => {
             for (const one of document.getAnimations()) { one.pause(); one.currentTime = 2001; }
             const box = (name) => document.querySelector(name).getBoundingClientRect();
             const all = box(".hero");
             const columns = (place) => (place - all.left) / all.width * 49.125;
             return {
               edge: columns(box(".hero-edge").right), held: columns(box(".hero-edge img").left),
               kernel: columns(box(".hero-kernel").left),
             };
           }"""
    )
    page.context.close()
    assert seen["kernel"] == pytest.approx(24, abs=0.05)
    assert seen["edge"] == pytest.approx(25, abs=0.05)
    assert seen["held"] == pytest.approx(0, abs=0.05)


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


def test_the_switch_of_the_theme_is_there_where_it_works(browser: Browser, host: Host) -> None:
    """Where scripts run, the switch is seen before they do, so nothing moves; elsewhere it is not seen."""
    for scripts in (True, False):
        page = opened(browser, host.address + "index.html", java_script_enabled=scripts, **VIEWS["light"])
        assert page.locator("html").get_attribute("class") is None
        assert (page.locator(".theme-toggle:visible").count() > 0) is scripts
        page.context.close()
