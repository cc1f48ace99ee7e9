"""The built book as its readers meet it: in a browser, on a phone, offline, and without a dead link."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import pytest

from tests.docs.pages import KINDS, SITE, VIEWS, axe_faults, find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.docs.host import Host


def address(kind: str) -> str:
    """The file address of a page of that kind."""
    path, _, query = find(kind).partition("?")
    return (SITE / path).as_uri() + (f"?{query}" if query else "")


def visit(browser: Browser, kind: str, **view: Any) -> Page:
    """Open a page of that kind in a context of its own, and let its scripts come to rest."""
    page = browser.new_context(reduced_motion="reduce", **view).new_page()
    page.goto(address(kind))
    page.wait_for_load_state("load")
    if kind.startswith("search"):
        page.wait_for_selector("#search-results li")
    return page


# ------------------------------------------------------------------------------------- in the browser


@pytest.mark.parametrize("view", ["light", "phone"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_fault(browser: Browser, axe: str, kind: str, view: str) -> None:
    """No page has an accessibility fault that axe can find, light and dark, on a screen and on a phone."""
    page = visit(browser, kind, **VIEWS[view])
    for fold in page.query_selector_all("details:not([open]) > summary"):
        fold.evaluate("summary => { summary.parentElement.open = true; }")
    page.evaluate("dispatchEvent(new Event('resize'))")
    faults = axe_faults(page, axe)
    page.emulate_media(color_scheme="dark")  # other colors, and nothing else
    faults += [f"dark: {fault}" for fault in axe_faults(page, axe, colors_only=True)]
    page.context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wider_than_a_small_phone(browser: Browser, kind: str) -> None:
    """At 320 pixels a page scrolls down only; what is wider scrolls in a box of its own."""
    page = visit(browser, kind, viewport={"width": 320, "height": 700})
    width = page.evaluate("document.documentElement.scrollWidth")
    beyond = page.evaluate(
        """() => [...document.querySelectorAll('article *')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .slice(0, 4).map(e => e.outerHTML.slice(0, 120))"""
    )
    page.context.close()
    assert width <= 320, f"{width} pixels wide; beyond the edge: {beyond}"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_from_elsewhere(browser: Browser, kind: str) -> None:
    """A page asks for files of the book only, and every file that it asks for is there."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    failed: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address(kind), wait_until="load")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(200)
    context.close()
    here = (SITE.as_uri() + "/", "data:", "blob:")
    assert [url for url in asked if not url.startswith(here)] == []
    assert failed == []
    assert wrong == []


# What a learner types, the page that answers, and among the first how many results it must be.
QUESTIONS = [
    ("corr2d", "reference/generated/convbook.correlation", 3),
    ("learn_kernel", "reference/generated/convbook.learning", 3),
    ("transposed convolution", "chapters/transposed", 1),
    ("receptive field", "chapters/receptive_fields", 1),
    ("stride", "chapters/padding_stride", 1),
    ("padding", "chapters/padding_stride", 1),
    ("same padding stride 2", "chapters/padding_stride", 8),
    ("expected 3D or 4D input", "chapters/error_gallery", 8),
    ("why is my output smaller", "chapters/padding_stride", 8),
    ("Sobel", "edges", 8),
    ("momentum", "chapters/learning", 3),
    ("kernel size can't be greater than actual input size", "chapters/error_gallery", 3),
    ("mat1 and mat2 shapes cannot be multiplied", "chapters/error_gallery", 3),
    ("expected scalar type Byte but found Float", "chapters/error_gallery", 3),
    ("Given groups=1, weight of size [64, 3, 3, 3]", "chapters/error_gallery", 3),
    ("channels last permute", "chapters/channels", 8),
    ("why odd kernels", "chapters/padding_stride", 8),
    ("is the kernel flipped", "chapters/correlation", 8),
    ("what does ceil_mode do", "questions", 8),
    ("checkerboard", "chapters/transposed", 3),
    ("depthwise separable", "chapters/channels", 8),
    ("TF32", "chapters/gpu", 3),
    ("output_padding", "chapters/transposed", 3),
    ("transposed convolution inverse", "chapters/transposed", 8),
    ("fastest convolution algorithm", "questions", 8),
    ("max_pool2d", "reference/generated/convbook.pooling", 3),
    ("winograd", "reference/generated/convbook.algorithms.winograd", 3),
    # the literature's words for the book's
    ("atrous", "dilation", 8),
    ("flops", "chapters/channels", 3),
    ("CNN", "chapters/", 3),
    ("MNIST", "chapters/", 3),
    ("upsampling", "chapters/transposed", 3),
    ("keras", "chapters/", 3),
    ("crosscorrelation", "chapters/correlation", 3),
    ("backpropagation", "chapters/gradients", 3),
    ("1x1 convolution", "chapters/channels", 3),
    ("learn a kernel", "chapters/learning", 3),
    ("edge detection", "chapters/edges", 3),
    ("what is convolution", "chapters/", 3),
    ("kernel size", "chapters/", 3),
    ("check my kernel", "check_your_kernel", 3),
    ("test vectors", "vectors", 3),
    ("check_kernel", "convbook.testing", 3),
    # typing mistakes, and Chinese
    ("convolutoin", "chapters/", 3),
    ("padidng", "chapters/padding_stride", 3),
    ("步长", "chapters/glossary.html#", 3),
    ("梯度", "gradients", 3),
]


@pytest.fixture(scope="module")
def search_page(browser: Browser) -> Iterator[Page]:
    """Return the search page, opened from a folder, without a server."""
    page = browser.new_context().new_page()
    yield page
    page.context.close()


def found(page: Page, question: str) -> list[str]:
    """The addresses that the search lists, best first."""
    page.goto(address(f"search.html?q={quote_plus(question)}"))
    page.wait_for_selector("#search-results p")
    links: list[str] = page.eval_on_selector_all(
        "#search-results li a", "links => links.map(a => a.getAttribute('href'))"
    )
    return links


@pytest.mark.parametrize(("question", "wanted", "among"), QUESTIONS)
def test_the_search_finds_it_offline(search_page: Page, question: str, wanted: str, among: int) -> None:
    """What a learner types leads to the page that answers."""
    links = found(search_page, question)
    assert any(wanted in link for link in links[:among]), links[:8]


def test_a_search_without_results_says_what_to_do(search_page: Page) -> None:
    """Where nothing is found, the glossary and the index of names are one step away."""
    assert found(search_page, "qqqqqqqqqqqq") == []
    ways = search_page.eval_on_selector_all(
        "#search-results a", "all => all.map((a) => a.getAttribute('href'))"
    )
    assert [way.rpartition("/")[2] for way in ways] == ["glossary.html", "genindex.html"]


def test_the_switch_turns_pages_and_figures_dark(browser: Browser) -> None:
    """On a light machine the switch darkens page and figures, and the next page stays dark."""
    page = visit(browser, "index.html", **VIEWS["light"])

    def paper() -> int:
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in background.removeprefix("rgb(").removesuffix(")").split(","))

    light, light_picture = paper(), page.locator(".brand img").screenshot()
    while page.evaluate("document.body.dataset.theme") != "dark":
        page.locator("button.theme").click()
    assert paper() < 150 < light
    assert page.locator(".brand img").screenshot() != light_picture
    page.reload()
    assert paper() < 150
    page.context.close()


def test_the_first_picture_follows_the_finger_and_the_numbers(browser: Browser) -> None:
    """The sum under the finger is that of the nine pixels there; a typed number changes the picture."""
    page = visit(browser, "index.html", **VIEWS["light"])
    page.wait_for_selector(".first-panel.ready")
    page.get_by_role("button", name="Blur").click()
    page.locator(".first-picture").hover(position={"x": 60, "y": 80})
    greys = page.eval_on_selector_all(
        ".nine i", r"cells => cells.map((c) => Number(/\d+/.exec(c.style.background)[0]) / 255)"
    )
    assert float(page.locator(".first .sum").inner_text()) == pytest.approx(sum(greys) / 9, abs=0.01)
    before = page.locator(".first-lens").screenshot()
    page.get_by_label("Row 1, column 1 of the kernel").fill("3")
    assert page.locator(".first-lens").screenshot() != before
    page.context.close()


def test_without_scripts_the_first_picture_is_a_picture(browser: Browser) -> None:
    """Photograph and edges are there, the switch and the search field, which need a script, are not."""
    page = visit(browser, "index.html", java_script_enabled=False)
    widths = page.eval_on_selector_all(".first-picture img", "all => all.map((one) => one.naturalWidth)")
    shown = page.locator("button.theme, .seek input").evaluate_all(
        "all => all.filter((e) => e.checkVisibility()).length"
    )
    page.context.close()
    assert min(widths) >= 256
    assert shown == 0


def test_a_phone_opens_and_closes_the_contents(browser: Browser) -> None:
    """The button opens the list of chapters, a link inside leads on, with a script and without."""
    for scripts in (True, False):
        page = visit(browser, "chapters/edges.html", java_script_enabled=scripts, **VIEWS["phone"])
        assert not page.locator("#contents").is_visible()
        page.get_by_role("button", name="Contents of the book").click()
        assert page.locator("#contents").is_visible()
        page.locator("#contents").get_by_role("link", name="Pooling", exact=True).click()
        page.wait_for_url("**/pooling.html")
        page.context.close()


def test_a_lost_address_finds_the_way_back(browser: Browser, host: Host) -> None:
    """The page for lost addresses is styled and leads home, wherever the book lies, from any depth."""
    for prefix in ("/", "/en/latest/"):
        host.prefix = prefix
        page = browser.new_context().new_page()
        answer = page.goto(f"{host.address.rstrip('/')}{prefix}chapters/deeper/lost.html")
        assert answer is not None
        assert answer.status == 404
        page.wait_for_selector(f"a[href='{prefix}index.html']")
        assert page.evaluate("getComputedStyle(document.querySelector('svg')).fill") == "none"
        page.get_by_role("link", name="First page").click()
        page.wait_for_selector(".first-picture")
        page.context.close()
    host.prefix = "/"


def test_every_formula_is_drawn_in_one_font(browser: Browser) -> None:
    """No character of a formula falls back to a font of the system, at the first visit already."""
    page = visit(browser, "chapters/learning.html", **VIEWS["light"])
    session = page.context.new_cdp_session(page)
    for domain in ("DOM", "CSS"):
        session.send(f"{domain}.enable")
    root = session.send("DOM.getDocument", {"depth": -1})["root"]["nodeId"]
    fonts: Counter[str] = Counter()
    for node in session.send("DOM.querySelectorAll", {"nodeId": root, "selector": "mi, mo, mn, mtext"})[
        "nodeIds"
    ]:
        for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
            fonts[font["familyName"]] += int(font["glyphCount"])
    page.context.close()
    assert list(fonts) == ["Noto Sans Math"]
