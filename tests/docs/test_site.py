"""The built book as its readers meet it: in a browser, on a phone, offline, and without a dead link."""

from __future__ import annotations

import re
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote, urlsplit

import pytest

from tests.docs.pages import KINDS, ROOT, SITE, VIEWS, find

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def address(kind: str) -> str:
    """The file address of a page of that kind."""
    path, _, query = find(kind).partition("?")
    return (SITE / path).as_uri() + (f"?{query}" if query else "")


@pytest.fixture(scope="module")
def axe() -> str:
    """Return axe-core's script, from the locked npm packages."""
    sys.path.insert(0, str(ROOT / "docs" / "_ext"))
    try:
        from node_tools import ensure_packages
    finally:
        sys.path.pop(0)
    return (ensure_packages(tests=True) / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def visit(browser: Browser, kind: str, **view: Any) -> Page:
    """Open a page of that kind in a context of its own, and let its scripts come to rest."""
    page = browser.new_context(reduced_motion="reduce", **view).new_page()
    if kind == "404.html":
        found_anywhere(page)
    page.goto(address(kind))
    page.wait_for_load_state("load")
    if kind.startswith("search"):
        page.wait_for_selector("#search-results li")
    return page


def found_anywhere(page: Page) -> None:
    """Let the page for lost addresses find its styles: it names them from the root of the host."""
    text = (SITE / "404.html").read_text(encoding="utf-8")
    root = text.partition('rel="search"')[2].partition('href="')[2].partition("search.html")[0]
    page.route(
        re.compile("^" + re.escape(f"file://{root}")),
        lambda route: route.fulfill(path=SITE / urlsplit(route.request.url).path.removeprefix(root)),
    )


# ------------------------------------------------------------------------------------- in the browser


@pytest.mark.parametrize("view", ["light", "phone"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_fault(browser: Browser, axe: str, kind: str, view: str) -> None:
    """No page has an accessibility fault that axe can find, light and dark, on a screen and on a phone."""
    page = visit(browser, kind, **VIEWS[view])
    for fold in page.query_selector_all("details:not([open]) > summary"):
        fold.evaluate("summary => { summary.parentElement.open = true; }")
    page.evaluate("dispatchEvent(new Event('resize'))")
    page.evaluate(axe)
    faults = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then((all) => all.violations)"
        )
        faults += [
            f"{scheme}, {rule['id']} ({rule['help']}): "
            + "; ".join(node["html"][:200] for node in rule["nodes"][:4])
            for rule in found
        ]
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
    if kind == "404.html":
        found_anywhere(page)
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
    here = ("file:///" if kind == "404.html" else SITE.as_uri() + "/", "data:", "blob:")
    assert [url for url in asked if not url.startswith(here)] == []
    assert failed == []
    assert wrong == []


@pytest.mark.parametrize(
    ("question", "page_wanted"),
    [
        ("corr2d", "reference/generated/convbook.correlation"),
        ("learn_kernel", "reference/generated/convbook.learning"),
        ("transposed convolution", "chapters/transposed"),
        ("receptive field", "chapters/receptive_fields"),
        ("stride", "chapters/padding_stride"),
        ("same padding stride 2", "chapters/padding_stride"),
        ("expected 3D or 4D input", "chapters/error_gallery"),
        ("why is my output smaller", "chapters/padding_stride"),
        ("Sobel", "edges"),
        ("momentum", "chapters/learning"),
        ("kernel size can't be greater than actual input size", "chapters/error_gallery"),
        ("mat1 and mat2 shapes cannot be multiplied", "chapters/error_gallery"),
        ("expected scalar type Byte but found Float", "chapters/error_gallery"),
        ("channels last permute", "chapters/channels"),
        ("why odd kernels", "chapters/padding_stride"),
        ("is the kernel flipped", "chapters/correlation"),
        ("what does ceil_mode do", "questions"),
        ("checkerboard", "chapters/transposed"),
        ("depthwise separable", "chapters/channels"),
        ("TF32", "chapters/gpu"),
        ("output_padding", "chapters/transposed"),
        ("transposed convolution inverse", "chapters/transposed"),
        ("fastest convolution algorithm", "questions"),
        ("max_pool2d", "reference/generated/convbook.pooling"),
        ("winograd", "reference/generated/convbook.algorithms.winograd"),
    ],
)
def test_the_search_finds_it_offline(browser: Browser, question: str, page_wanted: str) -> None:
    """What a learner types leads to the page that answers, opened from a folder, without a server."""
    page = visit(browser, f"search.html?q={quote_plus(question)}")
    # The sentence that sums up comes after the last result.
    page.wait_for_function("document.querySelector('#search-results .search-summary')?.textContent")
    found = page.eval_on_selector_all(
        "#search-results li a", "links => links.map(a => a.getAttribute('href'))"
    )
    page.context.close()
    assert any(page_wanted in link for link in found[:8]), found[:8]


def test_the_switch_turns_pages_and_figures_dark(browser: Browser) -> None:
    """On a light machine the theme's own switch darkens the page, and the figures with it."""
    page = visit(browser, "index.html", **VIEWS["light"])

    def paper() -> int:
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in background.removeprefix("rgb(").removesuffix(")").split(","))

    def hero() -> bytes:
        return page.locator(".hero").screenshot()

    light, light_hero = paper(), hero()
    while page.evaluate("document.body.dataset.theme") != "dark":
        page.locator(".theme-toggle:visible").first.click()
    assert paper() < 150 < light
    assert hero() != light_hero
    page.context.close()


# ------------------------------------------------------------------------------------- in the files


class Facts(HTMLParser):
    """The links, the anchors and the pictures of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.pictures: list[tuple[str, str | None, bool]] = []
        self.headings: list[str] = []
        self.open_links = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.anchors.add(str(found["id"]))
        if tag == "a":
            self.open_links += 1
            if found.get("href"):
                self.links.append(str(found["href"]))
        for name in ("src", "poster"):
            if found.get(name):
                self.links.append(str(found[name]))
        if tag == "link" and found.get("rel") in ("stylesheet", "shortcut icon", "prefetch"):
            self.links.append(str(found["href"]))
        if tag == "img":
            self.pictures.append((str(found.get("src")), found.get("alt"), self.open_links > 0))
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.headings.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.open_links -= tag == "a"


@cache
def facts() -> dict[Path, Facts]:
    """What every page of the site holds."""
    pages = {}
    for path in sorted(SITE.rglob("*.html")):
        if "_static" in path.parts or "_downloads" in path.parts:
            continue
        pages[path] = Facts()
        pages[path].feed(path.read_text(encoding="utf-8"))
    assert pages, f"no built book in {SITE}: run `nox -s docs` first"
    return pages


def test_every_link_and_anchor_resolves() -> None:
    """A link inside the book leads to a file that is there, and to a place on it that is there."""
    dead = []
    for path, page in facts().items():
        if path.name == "404.html":
            continue  # served at any address: its links are absolute
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                dead.append(f"{path.relative_to(SITE)}: {link}")
            elif (
                parts.fragment
                and target in facts()
                and unquote(parts.fragment) not in facts()[target].anchors
            ):
                dead.append(f"{path.relative_to(SITE)}: {link} (no such place on the page)")
    assert not dead, "\n".join(dead[:40])


def test_every_picture_has_words() -> None:
    """A picture says what it shows; only one inside a link that has words of its own may be silent."""
    silent = [
        f"{path.relative_to(SITE)}: {source}"
        for path, page in facts().items()
        for source, words, linked in page.pictures
        if "_thumb" not in source  # a thumbnail stands beside its page's title
        if words is None
        or (not words.strip() and not linked)
        or (words.strip() and Path(words.strip()).suffix in (".svg", ".png"))
    ]
    assert not silent, "\n".join(silent[:40])


def test_one_title_and_no_jump_in_the_headings() -> None:
    """A page has one h1, and no heading is more than one level below the one before."""
    wrong = []
    for path, page in facts().items():
        levels = [int(tag[1]) for tag in page.headings]
        jumps = [pair for pair in zip(levels, levels[1:], strict=False) if pair[1] > pair[0] + 1]
        if levels.count(1) != 1 or jumps:
            wrong.append(f"{path.relative_to(SITE)}: {levels.count(1)} h1, jumps {jumps[:3]}")
    assert not wrong, "\n".join(wrong[:40])


def test_every_page_describes_itself_in_its_own_words() -> None:
    """Search engines and shared links show one sentence per page, and no two pages the same."""
    seen: dict[str, Path] = {}
    wrong = []
    for path in facts():
        text = path.read_text(encoding="utf-8")
        found = text.count('<meta name="description"')
        sentence = (
            text.partition('<meta name="description" content="')[2].partition('"')[0] if found == 1 else ""
        )
        if not 20 <= len(sentence) <= 200:
            wrong.append(f"{path.relative_to(SITE)}: {found} descriptions, {len(sentence)} characters")
        elif sentence in seen:
            wrong.append(f"{path.relative_to(SITE)} says the same as {seen[sentence].relative_to(SITE)}")
        seen[sentence] = path
    assert not wrong, "\n".join(wrong[:40])


def test_no_page_names_the_machine_that_built_it() -> None:
    """The folder of the build, the home folder and the host appear in no page, script, style or figure."""
    secrets = {str(ROOT), str(Path.home()) + "/", "/tmp/", "/site-packages/"}
    named = []
    for path in sorted(SITE.rglob("*")):
        if path.suffix not in (".html", ".js", ".css", ".svg", ".txt", ".xml", ".json", ".ipynb", ".py"):
            continue
        text = path.read_text(encoding="utf-8")
        named += [f"{path.relative_to(SITE)}: {secret}" for secret in secrets if secret in text]
    assert not named, "\n".join(named[:40])
