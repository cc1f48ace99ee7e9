"""The book in its languages: what a catalogue translates that Sphinx does not look at, and the way from a page to the same page in another.

A figure's words, a page's description and the comments in code become messages of their page's catalogue.  A paragraph whose English
has changed since it was translated keeps its translation, with a note that leads to the English.
"""

from __future__ import annotations

import gettext
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import extract_messages
from sphinxcontrib.video import video_node

SVG = "http://www.w3.org/2000/svg"
GLYPH = 55  # about the width of a letter, in hundredths of the size of the type
FAMILIES = "PingFang SC, Hiragino Sans GB, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
LOCALES = Path(__file__).parents[1] / "locales"
# How a language is written, its code for browsers, and its folder in the site: English stands at the top.
LANGUAGES = {"en": ("English", "en", ""), "zh_CN": ("中文", "zh-CN", "zh_CN/")}


@cache
def translator(language: str, page: str) -> Callable[[str], str]:
    """What turns a message of a page into the language: the message itself where there is no translation."""
    return gettext.translation(page, LOCALES, [language], fallback=True).gettext


@cache
def changed(language: str, page: str) -> frozenset[str]:
    """The messages of a page whose English has changed since they were translated."""
    catalogue = LOCALES / language / "LC_MESSAGES" / f"{page}.po"
    if not catalogue.exists() or "#, fuzzy" not in catalogue.read_text(encoding="utf-8"):
        return frozenset()
    from babel.messages.pofile import read_po

    with catalogue.open("rb") as file:
        return frozenset(message.id for message in read_po(file) if message.id and message.fuzzy)


def comments(code: str) -> Iterator[tuple[str, int, int, int]]:
    """Each comment of a program with its column and its first and last line; lines of comment below each other are one."""
    found: list[tuple[str, int, int, int]] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT:
                words, (line, column) = token.string.lstrip("# "), token.start
                alone = not token.line[:column].strip()
                # A line of comment that goes on with the one above it.
                if alone and found and found[-1][1] == column and found[-1][3] == line - 1:
                    before, _column, first, _last = found.pop()
                    found.append((f"{before} {words}", column, first, line))
                else:
                    found.append((words, column, line, line))
    except (tokenize.TokenError, SyntaxError):
        return  # no Python that could be read
    yield from found


def translate_comments(code: str, translate: Callable[[str], str]) -> str:
    """A program with its comments in the reader's language: one line for each comment."""
    lines = code.split("\n")
    for words, column, first, last in reversed(list(comments(code))):
        translation = translate(words)
        if words and translation != words:
            lines[first - 1 : last] = [f"{lines[first - 1][:column]}# {translation}"]
    return "\n".join(lines)


def programs(document: nodes.document) -> Iterator[nodes.literal_block]:
    """The Python of a page."""
    for block in document.findall(nodes.literal_block):
        if block.get("language", "").rstrip("3") in ("python", "ipython"):
            yield block


def translated_picture(path: Path, language: str) -> Path:
    """A figure with its labels in the language, beside the figure: the text stands where the outlines of the English stood."""
    translate = translator(language, "figures")
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ElementTree.parse(path).getroot()
    for group in root.iter(f"{{{SVG}}}g"):
        for label in group.findall(f"{{{SVG}}}g[@data-words]"):
            words = label.attrib.pop("data-words")
            if translate(words) == words:
                continue
            # What is defined stays: later words use these outlines.
            shapes = [shape for shape in label if shape.tag != f"{{{SVG}}}defs"]
            places = [re.match(r"translate\(([-.\d]+)", shape.get("transform", "")) for shape in shapes]
            width = max((float(place[1]) for place in places if place), default=0) + GLYPH
            for shape in shapes:
                label.remove(shape)
            anchor = group.get("id", "").partition("-")[0]
            x, named = {"center": (width / 2, "middle"), "right": (width, "end")}.get(anchor, (0, "start"))
            place = {"transform": "scale(1 -1)", "x": f"{x:.0f}", "text-anchor": named, "font-size": "100"}
            place["font-family"] = FAMILIES
            ElementTree.SubElement(label, f"{{{SVG}}}text", place).text = translate(words)
    translated = path.with_name(f"{path.stem}.{language}.svg")
    translated.write_text(ElementTree.tostring(root, encoding="unicode"), encoding="utf-8")
    return translated


class Prepare(SphinxTransform):
    """Before Sphinx: Chinese has no spaces between words, so markup may stand inside them; and formulas with words."""

    default_priority = 19  # Sphinx puts the translations in at 20

    def apply(self, **others: Any) -> None:
        self.document.settings.character_level_inline_markup = self.config.language.startswith("zh")
        if self.config.language == "en":
            return
        # Sphinx would read a displayed formula with words in it as reStructuredText, on a page of Markdown too.
        translate = translator(self.config.language, self.env.docname)
        for formula in self.document.findall(nodes.math_block):
            formula[:] = [nodes.Text(translate(formula.astext()))]
            formula["translatable"] = False


class Translate(SphinxTransform):
    """After Sphinx has put the translations in: the comments, and the notes at what has changed."""

    default_priority = 25

    def apply(self, **others: Any) -> None:
        self.document.settings.character_level_inline_markup = False
        language, page = self.config.language, self.env.docname
        if language == "en":
            return
        for block in programs(self.document):
            code = translate_comments(block.astext(), translator(language, page))
            block.rawsource = code
            block[:] = [nodes.Text(code)]
        old = changed(language, page)
        if old:
            english = f"{'../' * (page.count('/') + 1)}{page}.html"
            stale = {id(node): node for node, text in extract_messages(self.document) if text in old}
            for node in stale.values():
                note = nodes.reference(
                    "", _("The English has changed"), refuri=english, internal=True, classes=["stale"]
                )
                node += [nodes.Text(" "), note]


def offer(app: Sphinx, document: nodes.document) -> None:
    """Give the messages that Sphinx does not find to the catalogues."""
    if app.builder.name == "gettext":
        texts = [app.env.metadata[app.env.docname].get("description", "")]
        texts += [film["alt"] for film in document.findall(video_node)]
        texts += [words for block in programs(document) for words, *_place in comments(block.astext())]
        said = [text for text in dict.fromkeys(texts) if any(map(str.isalpha, text))]
        document.extend(nodes.meta("", content=text) for text in said)


def offer_labels(app: Sphinx, problem: Exception | None) -> None:
    """The labels in all figures make a catalogue of their own."""
    if app.builder.name != "gettext" or problem is not None:
        return
    from babel.messages import Catalog
    from babel.messages.pofile import write_po

    catalogue = Catalog(project=app.config.project, version=app.config.release, charset="utf-8")
    for name in sorted(app.env.images):
        if name.endswith(".svg"):
            for label in ElementTree.parse(Path(app.srcdir) / name).getroot().iterfind(".//*[@data-words]"):
                catalogue.add(label.get("data-words"))
    with (Path(app.outdir) / "figures.pot").open("wb") as file:
        write_po(file, catalogue, width=0)


def place(app: Sphinx, config: Any) -> None:
    """The address of a translated book is a folder of the site, and the fold of a cell has its words."""
    config.html_baseurl += LANGUAGES[config.language][2]
    config.epub_language = LANGUAGES[config.language][1]
    config.nb_code_prompt_show = _("Show the code")


def lead(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """The same page in the other languages: for the switch, and for search engines."""
    if app.builder.name not in ("html", "dirhtml"):
        return
    _name, _code, folder = LANGUAGES[app.config.language]
    site, address = app.config.html_baseurl.removesuffix(folder), app.builder.get_target_uri(page)
    up = context["content_root"] + "../" * folder.count("/")
    context["languages"] = [
        {
            "name": name,
            "code": code,
            "here": key == app.config.language,
            "href": up + place + address,
            "url": site + place + address,
        }
        for key, (name, code, place) in LANGUAGES.items()
    ]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", place)
    # After Sphinx has noted the description, and before pages without one get one.
    app.connect("doctree-read", offer)
    app.connect("build-finished", offer_labels)
    app.connect("html-page-context", lead)
    app.add_transform(Prepare)
    app.add_transform(Translate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
