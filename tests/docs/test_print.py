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
    ".skip, .top, .drawer, .onward, .copy, .sphx-glr-download, conv-image-lab, "
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
    """Sidebars, header, skip link, copy buttons, downloads and the explorer's controls are gone."""
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
    seen = paper.eval_on_selector_all(
        "body, article img:not([src*='_thumb'])", "all => all.map((e) => getComputedStyle(e).colorScheme)"
    )
    assert set(seen) == {"light"}


def test_the_explorers_colors_are_printed(paper: Page) -> None:
    """A browser prints backgrounds only where the page asks for them: a cell's color says what it is."""
    kept = paper.eval_on_selector_all(
        "conv-explorer .cx-cell", "all => all.map((e) => getComputedStyle(e).printColorAdjust)"
    )
    assert set(kept) <= {"exact"}
    assert kept or "explorer" not in paper.url


def test_formulas_and_solutions_are_on_the_paper(browser: Browser) -> None:
    """Formulas are printed; so are the solutions, each below its label."""
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
    assert all(summary and height > 60 for summary, height in folds)
    page.close()
