"""Words for what is seen: the alternative text of every figure, and one description for every page.

A figure's label (``fig.set_label``) travels inside the SVG; here it becomes the image's alternative text.  A picture without one is a
warning, and so fails a strict build.  A page's description is its front matter's, else its first sentence.
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from languages import translated_picture, translator
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinxcontrib.video import video_node

logger = logging.getLogger(__name__)

LONGEST = 158  # what search engines show of a description


def described(path: Path) -> str:
    """The description inside an SVG file of the book, or nothing."""
    text = path.read_text(encoding="utf-8")[:20000] if path.suffix == ".svg" and path.exists() else ""
    found = re.search("<desc>(.*?)</desc>", text, re.DOTALL)
    return unescape(found[1]) if found else ""


def name_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Give each picture its alternative text."""
    translate = translator(app.config.language, app.env.docname)
    for picture in doctree.findall(nodes.image):
        uri = str(picture["uri"])
        if picture.get("decorative") or "/thumb/" in uri:
            continue
        file = Path(app.srcdir) / uri.lstrip("/")
        label = described(file)
        if label:
            picture["alt"] = translate(label)
        if label and app.config.language != "en":
            picture["uri"] = uri.replace(file.name, translated_picture(file, app.config.language).name)
        if picture.get("alt", "").strip() in ("", uri, file.name):
            missing = "a picture without alternative text: %s (say what it shows: fig.set_label(...))"
            logger.warning(missing, file.name, location=picture)


def name_films(app: Sphinx, doctree: nodes.document) -> None:
    """A film without words is a warning too."""
    for film in doctree.findall(video_node):
        if not film.get("alt", "").strip():
            logger.warning("a film without words for what it shows: fig.set_label(...)", location=film)
        film["alt"] = translator(app.config.language, app.env.docname)(film["alt"])


def note_description(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the page's description: its front matter's, else its first sentence."""
    metadata, translate = app.env.metadata[app.env.docname], translator(app.config.language, app.env.docname)
    written = str(metadata.get("description") or "")
    metadata["description"] = translate(written) if written else first_sentence(doctree)


def first_sentence(doctree: nodes.document) -> str:
    """The first sentence of a page's prose, cut at a word where it is too long."""
    for paragraph in doctree.findall(nodes.paragraph):
        inside = paragraph.parent
        prose = isinstance(inside, nodes.section | nodes.document) or inside.tagname == "desc_content"
        text = " ".join(paragraph.astext().split())
        if prose and len(text) >= 25 and not any(paragraph.findall(nodes.math)):
            sentence = re.match(r".{25,}?(?:[.!?](?=\s|$)|[。！？])", text)
            text = sentence[0] if sentence else text
            return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
    return ""


def put_description(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """The sentence for search engines, for shared links and for the book's own search."""
    others = {
        "genindex": _("Every name that the ConvBook reference defines, in alphabetical order."),
        "search": _("Search the chapters, the gallery and the reference of ConvBook."),
        "404": _("This page does not exist; here is the way back into ConvBook."),
    }
    read = app.env.metadata[page].get("description") if page in app.env.found_docs else ""
    usual = _("%s: a page of ConvBook, the executable book about the convolution layer.")
    context["description"] = read or others.get(page) or usual % context.get("title", page)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", name_pictures, priority=400)
    app.connect("doctree-read", name_films)
    app.connect("doctree-read", note_description)
    app.connect("html-page-context", put_description)
    return {"parallel_read_safe": True}
