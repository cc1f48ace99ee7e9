"""The files of the built book: links, anchors, titles, words for pictures, one description for every page."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.docs.pages import SITE


class Facts(HTMLParser):
    """The links, the anchors and the pictures of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.twice: set[str] = set()
        self.titles: list[str] = []
        self.pictures: list[tuple[str, str | None, bool]] = []
        self.headings: list[str] = []
        self.open_links = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.twice |= {str(found["id"])} & self.anchors
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

    def handle_data(self, data: str) -> None:
        if self.lasttag == "title" and data.strip() and len(self.titles) < 1:
            self.titles.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        self.open_links -= tag == "a"


@cache
def facts() -> dict[Path, Facts]:
    """What every page of the site holds."""
    pages = {}
    for path in sorted(SITE.rglob("*.html")):
        if "_static" in path.parts or "_downloads" in path.parts or path.name.endswith(".slides.html"):
            continue
        pages[path] = Facts()
        pages[path].feed(path.read_text(encoding="utf-8"))
    assert pages, f"no built book in {SITE}: run `nox -s docs` first"
    return pages


def test_every_link_and_anchor_resolves() -> None:
    """A link inside the book leads to a file that is there, and to a place on it that is there."""
    dead = []
    for path, page in facts().items():
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


def test_titles_tell_pages_apart_and_ids_are_unique() -> None:
    """No two pages have one title, in a list of results for one, and no page has an id twice."""
    titles = Counter(page.titles[0] for page in facts().values())
    assert [title for title, count in titles.items() if count > 1] == []
    assert {path.name: page.twice for path, page in facts().items() if page.twice} == {}


def test_every_character_of_a_formula_is_in_the_font() -> None:
    """The fonts are cut to a list: here are the characters that browsers draw, slanted letters as such."""
    from fontTools.ttLib import TTFont

    # Chinese words in a formula have the reader's font.
    chinese = {*range(0x3000, 0x3040), *range(0x3400, 0xA000), *range(0xFF00, 0xFF61)}
    held = {*TTFont(SITE / "_static" / "noto-sans-math.woff2").getBestCmap(), *chinese}
    missing: Counter[str] = Counter()
    for path in facts():
        for formula in path.read_text(encoding="utf-8").split("<math")[1:]:
            for piece in formula.partition("</math>")[0].split("<")[1:]:
                tag, _, text = piece.partition(">")
                letters = unescape(text)
                if tag == "mi" and len(letters) == 1 and letters.isascii() and letters.isalpha():
                    first = 0x1D44E - ord("a") if letters.islower() else 0x1D434 - ord("A")
                    letters = "ℎ" if letters == "h" else chr(first + ord(letters))
                missing.update(
                    letter for letter in letters if letter.isprintable() and ord(letter) not in held
                )
    # The font lacks the bar of an overline and the dash between words: straight lines in every font.
    assert set(missing) <= {"‾", "–"}


def test_chinese_words_are_marked() -> None:
    """In the English book a voice and a browser learn which words are Chinese."""
    text = (SITE / "chapters" / "glossary.html").read_text(encoding="utf-8")
    article = text.partition("<article>")[2].partition("</article>")[0]
    unmarked = re.sub(r"<[^>]*>", " ", re.sub(r'<span lang="zh">[^<]*</span>', "", article))
    assert '<span lang="zh">' in article
    assert re.findall("[\u3400-\u9fff]+", unmarked) == []


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


def test_no_page_shows_the_markup_of_a_table() -> None:
    """What a cell gives as Markdown is drawn, tables too."""
    pages = list(SITE.rglob("*.html"))
    assert pages
    assert not [path for path in pages if re.search("[|][-:–—]", path.read_text(encoding="utf-8"))]
