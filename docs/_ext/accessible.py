"""What the theme and the extensions leave undone for readers with a keyboard, a screen reader or a phone.

Each mend names the fault.  They work on the finished text of a page, so they hold whichever template produced it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from rendered import mend_pages, pictures
from sphinx.application import Sphinx

Mend = Callable[[str], str]


def toggles_have_one_name(page: str) -> str:
    """Furo's sidebar switches are labelled twice, by ``aria-label`` and by a ``label`` without text."""
    names = {"__navigation": "Site navigation", "__toc": "On this page"}
    for target, name in names.items():
        page = page.replace(
            f'<label class="overlay sidebar-overlay" for="{target}">',
            f'<label class="overlay sidebar-overlay" for="{target}" aria-hidden="true">',
        )
        page = page.replace(
            f'<label class="overlay toc-overlay" for="{target}">',
            f'<label class="overlay toc-overlay" for="{target}" aria-hidden="true">',
        )
        page = re.sub(
            rf'(<label class="[^"]*(?:nav-overlay-icon|toc-overlay-icon)[^"]*") for="{target}">',
            rf'\1 for="{target}"><span class="visually-hidden">{name}</span>',
            page,
        )
        page = re.sub(rf'(id="{target}") aria-label="[^"]*"', rf'\1 aria-label="{name}"', page)
    return page


def icons_are_decoration(page: str) -> str:
    """Icons beside a name are not read out."""
    return re.sub(r"<svg(?![^>]*aria-hidden)(?=[ >])", '<svg aria-hidden="true"', page)


def landmarks_have_names(page: str) -> str:
    """Two ``aside`` and several ``nav`` regions need telling apart; the main text is ``main``."""
    page = page.replace(
        '<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="Contents of the book">'
    )
    page = re.sub(r'<aside class="(toc-drawer[^"]*)">', r'<aside class="\1" aria-label="On this page">', page)
    return page.replace('<article role="main"', '<article role="main" tabindex="-1"')


def the_main_region_holds_the_page_tools(page: str) -> str:
    """The theme's "back to top" and its icons stand outside every region: the main region starts before them."""
    return page.replace(
        '<div class="article-container">', '<div class="article-container" role="main">'
    ).replace('<article role="main"', "<article")


def captions_are_second_level(page: str) -> str:
    """A caption of a table of contents is a heading without a level."""
    return re.sub(r'(<p class="caption"[^>]*role="heading")>', r'\1 aria-level="2">', page)


def the_bibliography_is_plain(page: str) -> str:
    """Docutils writes a list of ``doc-biblioentry``, a role that is withdrawn and that no list may hold."""
    page = page.replace('<div role="list" class="citation-list">', '<div class="citation-list">')
    return page.replace(' role="doc-biblioentry"', "")


def searches_have_names(page: str) -> str:
    """The search page has two search regions: each is named."""
    return page.replace(
        '<form class="sidebar-search-container"',
        '<form aria-label="Search from any page" class="sidebar-search-container"',
    ).replace('<form class="search-page-form"', '<form aria-label="Search the book" class="search-page-form"')


def thumbnails_show_their_links(page: str) -> str:
    """sphinx-gallery repeats a page's first sentence as a tooltip over its thumbnail, which a keyboard cannot reach."""
    return re.sub(r'(<div class="sphx-glr-thumbcontainer"[^>]*?) tooltip="[^"]*"', r"\1", page)


def variables_are_no_links(page: str) -> str:
    """sphinx-gallery links every variable to its class: a keyboard would stop at each, at a link that is named "x" or "start"."""
    return re.sub(
        r'<a class="[^"]*sphx-glr-backref-instance[^"]*"[^>]*>(.*?)</a>', r"\1", page, flags=re.DOTALL
    )


def folds_say_what_they_do(page: str) -> str:
    """MyST-NB's summary has two spans of which CSS hides one; a voice command needs the name that is seen."""
    return re.sub(r'<summary aria-label="[^"]*">', "<summary>", page)


def empty_headings_go(page: str) -> str:
    """A heading link is named after its heading, not "Link to this heading" on every one."""

    def named(found: re.Match[str]) -> str:
        text = re.sub(r"<math.*?</math>|<[^>]+>", "", found[2]).strip() or "this section"
        return f'{found[1]}{found[2]}<a class="headerlink" href="{found[3]}" aria-label="Link to {text.replace(chr(34), "&quot;")}">#</a>'

    return re.sub(
        r'(<h[1-6]>)((?:(?!</h[1-6]>).)*?)<a class="headerlink" href="([^"]*)" title="[^"]*">#</a>',
        named,
        page,
        flags=re.DOTALL,
    )


def tables_have_header_scope(page: str) -> str:
    """Header cells say that they head a column."""
    return re.sub(r'<th class="head', '<th scope="col" class="head', page)


def films_wait(page: str) -> str:
    """sphinxcontrib-video starts every film at once and for ever: here it waits for its reader, and is fetched when asked for."""

    def calm(found: re.Match[str]) -> str:
        tag = re.sub(r' (?:autoplay|loop|preload|alt)="[^"]*"', "", found[1])
        words = escape(unescape(found[3].strip()))
        # Players lay their controls over a film: the style makes room for them below it, and needs its size.
        size = dict(re.findall(r' (width|height)="(\d+)"', tag))
        shape = f"--w: {size.get('width', 640)}; --h: {size.get('height', 480)}"
        return (
            f'<div class="film" style="{shape}"><video preload="metadata" muted playsinline '
            f'aria-label="{words}"{tag}>{found[2]}{words}</video></div>'
        )

    return re.sub(r"<video( [^>]*)>((?:<source [^>]*>)*)([^<]*)</video>", calm, page)


def summaries_hold_words_only(page: str) -> str:
    """MyST-NB writes paragraphs into a summary; there are two, of which a style hides one: a book shows the first."""

    def plain(found: re.Match[str]) -> str:
        words = re.findall(r"<p\b[^>]*>(.*?)</p>", found[1], flags=re.DOTALL)
        return f"<summary>{words[0]}</summary>" if words else found[0]

    return re.sub(r"<summary[^>]*>(.*?)</summary>", plain, page, flags=re.DOTALL)


def lists_of_tags_go(page: str) -> str:
    """sphinx-gallery writes an empty list of tags for each section, all under one name."""
    return re.sub(r"<div id=['\"]sg-tag-list['\"][^>]*></div>", "", page)


MENDS: list[Mend] = [
    toggles_have_one_name,
    icons_are_decoration,
    landmarks_have_names,
    the_main_region_holds_the_page_tools,
    captions_are_second_level,
    the_bibliography_is_plain,
    searches_have_names,
    thumbnails_show_their_links,
    variables_are_no_links,
    folds_say_what_they_do,
    empty_headings_go,
    tables_have_header_scope,
    films_wait,
    lists_of_tags_go,
]


# An EPUB has none of the theme's furniture.
BOOK_MENDS: list[Mend] = [
    the_bibliography_is_plain,
    thumbnails_show_their_links,
    summaries_hold_words_only,
    lists_of_tags_go,
]


class Pictures:
    """Sizes for pictures, so that a page does not jump while they arrive; those far down the page wait."""

    def __init__(self, outdir: Path, sources: dict[str, Path]) -> None:
        self.outdir = outdir
        self.sources = sources
        self.known: dict[str, tuple[int, int] | None] = {}
        self.digests: dict[str, str] = {}

    def mend(self, page: str) -> str:
        count = 0

        def sized(found: re.Match[str]) -> str:
            nonlocal count
            tag = found[0]
            name = unquote(urlsplit(found[1]).path).rpartition("/")[2]
            if "/_images/" in f"/{found[1]}" and (digest := self.digest(name)):
                tag = tag.replace(found[1], f"{found[1]}?v={digest}", 1)
            if " width=" not in tag and (size := self.size(name)):
                tag = tag.replace("<img ", f'<img width="{size[0]}" height="{size[1]}" ', 1)
            if "sidebar-logo" not in tag:
                count += 1
                if count > 1 and " loading=" not in tag:
                    tag = tag.replace("<img ", '<img loading="lazy" decoding="async" ', 1)
            return tag

        return re.sub(r'<img [^>]*?src="([^"]+)"[^>]*>', sized, page)

    def digest(self, name: str) -> str:
        """Eight digits for a picture's content: a browser may keep it for good, since a new one has a new address."""
        if name not in self.digests:
            path = self.sources.get(name)
            found = path and path.exists() and not re.fullmatch(r"[0-9a-f]{40,64}", path.stem)
            self.digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path and found else ""
        return self.digests[name]

    def size(self, name: str) -> tuple[int, int] | None:
        if name not in self.known:
            path = self.sources.get(name)
            self.known[name] = _size(path) if path and path.exists() else None
        return self.known[name]


def _size(path: Path) -> tuple[int, int] | None:
    if path.suffix == ".svg":
        with path.open(encoding="utf-8") as file:
            found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', file.read(4000))
        # matplotlib counts in points, a page in pixels
        points = 96 / 72 if found and "matplotlib" in path.read_text(encoding="utf-8")[:6000] else 1
        return (round(float(found[1]) * points), round(float(found[2]) * points)) if found else None
    if path.suffix in (".png", ".webp", ".jpg", ".gif"):
        from PIL import Image

        with Image.open(path) as image:
            return image.size
    return None


def install(app: Sphinx) -> None:
    """Mend each page as the template engine hands it over."""
    if app.builder.format != "html":
        return
    book = app.builder.name == "epub"

    def mended(page: str) -> str:
        for mend in BOOK_MENDS if book else MENDS:
            page = mend(page)
        if book:
            return page
        drawn = {path.name: path for path in (Path(app.srcdir) / "_generated").glob("*.svg")}
        return Pictures(Path(app.outdir), pictures(app) | drawn).mend(page)

    mend_pages(app, mended)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", install, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
