"""The book on paper: light, without what can only be pressed, and with every line of code whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import SITE, find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

PAGES = [
    "chapters/transposed.html",
    "chapters/learning.html",
    "auto_gallery/edges/[!i]*.html",
    "reference/generated/convbook.correlation.html",
    "explorer.html",
]
PRESSED = (
    ".sidebar-drawer, .toc-drawer, .mobile-header, .related-pages, .copybtn, .sphx-glr-download, "
    ".cx-controls, .cx-steps, .headerlink, article button:not(.cx-cell)"
)


@pytest.fixture(scope="module", params=PAGES)
def paper(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Return a page as it is printed from a dark screen."""
    context = browser.new_context(color_scheme="dark", viewport={"width": 720, "height": 1000})
    page = context.new_page()
    page.goto((SITE / find(request.param)).as_uri())
    page.emulate_media(media="print")
    yield page
    context.close()


def test_no_navigation_and_no_buttons_are_printed(paper: Page) -> None:
    """The sidebars, the header, the copy buttons, the downloads and the explorer's controls are gone."""
    shown = paper.evaluate(
        """(pressed) => [...document.querySelectorAll(pressed)]
           .filter((e) => e.checkVisibility({ visibilityProperty: true })).map((e) => e.outerHTML)""",
        PRESSED,
    )
    assert shown == []


def test_no_line_of_code_is_cut(paper: Page) -> None:
    """Nothing on the page is wider than its box or than the paper."""
    cut = paper.evaluate(
        """() => [...document.querySelectorAll("article pre, article .scrolls")]
           .filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible")
           .map((e) => e.textContent.slice(0, 80))"""
    )
    assert cut == []
    beyond = paper.evaluate(
        "() => [...document.querySelectorAll('article pre')].filter((e) => e.scrollWidth > innerWidth).length"
    )
    assert beyond == 0


def test_paper_is_light_and_so_are_the_figures(paper: Page) -> None:
    """From a dark screen the paper is light, and a figure's background with it."""
    assert paper.evaluate("getComputedStyle(document.body).colorScheme") == "light"
    picture = paper.locator("article img:not([src*='_thumb'])").first
    if not picture.count():
        return
    picture.scroll_into_view_if_needed()
    paper.wait_for_timeout(100)
    corner = paper.evaluate(
        """async (picture) => {
          await picture.decode();
          return getComputedStyle(picture).colorScheme;
        }""",
        picture.element_handle(),
    )
    assert corner == "light"


def test_formulas_and_solutions_are_on_the_paper(browser: Browser) -> None:
    """Formulas are printed; so are the solutions, without their folds."""
    page = browser.new_page()
    page.goto((SITE / "chapters" / "transposed.html").as_uri())
    page.emulate_media(media="print")
    heights = page.eval_on_selector_all(
        ".display-math math", "all => all.map((m) => m.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) > 8
    folds = page.eval_on_selector_all(
        "details.solution",
        """all => all.map((fold) => [fold.querySelector("summary").checkVisibility(),
                                     fold.getBoundingClientRect().height])""",
    )
    assert folds
    assert all(not summary and height > 20 for summary, height in folds)
    page.close()
