"""Words for what is seen: the alternative text of every figure, and one description for every page.

A figure's label (``fig.set_label``) travels inside the SVG; here it becomes the image's alternative text.  A picture without one is a
warning, and so fails a strict build.  A page's description is its front matter's, else its first sentence.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from themed_figures import described

logger = logging.getLogger(__name__)

LONGEST = 158  # what search engines show of a description


def name_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Give each picture its alternative text."""
    from sphinx_gallery.directives import imgsgnode

    for picture in doctree.findall(lambda n: isinstance(n, nodes.image | imgsgnode)):
        if picture.get("decorative") or "/thumb/" in str(picture["uri"]):
            continue
        uri = str(picture["uri"])
        label = described(Path(app.srcdir) / uri.lstrip("/")) or described(Path(uri))
        if label:
            picture["alt"] = label
        if not picture.get("alt", "").strip() or picture["alt"].strip() in (uri, Path(uri).name):
            logger.warning(
                "a picture without alternative text: %s (say what it shows: fig.set_label(...))",
                Path(uri).name,
                location=picture,
            )


def name_films(app: Sphinx, doctree: nodes.document) -> None:
    """A film without words is a warning too."""
    from sphinxcontrib.video import video_node

    for film in doctree.findall(video_node):
        if not film.get("alt", "").strip():
            logger.warning("a film without words for what it shows: fig.set_label(...)", location=film)


def note_description(app: Sphinx, doctree: nodes.document) -> None:
    """Keep the page's description: its front matter's, else its first sentence."""
    metadata = app.env.metadata[app.env.docname]
    given = metadata.get("description") or _nested(metadata.get("html_meta"))
    metadata["description"] = str(given or first_sentence(doctree))


def _nested(html_meta: Any) -> str:
    if isinstance(html_meta, str):
        try:
            html_meta = json.loads(html_meta)
        except ValueError:
            return ""
    return str(html_meta.get("description", "")) if isinstance(html_meta, dict) else ""


def first_sentence(doctree: nodes.document) -> str:
    """The first sentence of a page's prose, cut at a word where it is too long."""
    for paragraph in doctree.findall(nodes.paragraph):
        if (
            isinstance(paragraph.parent, nodes.section | nodes.document)
            or paragraph.parent.tagname == "desc_content"
        ):
            if any(paragraph.findall(nodes.math)):
                continue
            text = re.sub(r"\s+", " ", paragraph.astext()).strip()
            if len(text) < 25:
                continue
            sentence = re.match(r".{25,}?[.!?](?=\s|$)", text)
            text = sentence[0] if sentence else text
            return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
    return ""


def put_description(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """The same sentence for search engines and for shared links."""
    description = (
        app.env.metadata.get(pagename, {}).get("description", "") if pagename in app.env.found_docs else ""
    )
    if not description:
        description = {
            "genindex": "Every name that the ConvBook reference defines, in alphabetical order.",
            "search": "Search the chapters, the gallery and the reference of ConvBook.",
            "404": "This page does not exist; here is the way back into ConvBook.",
        }.get(
            pagename,
            f"{context.get('title', pagename)}: a page of ConvBook, the executable book about the convolution layer.",
        )
    if context.get("meta") is None:
        context["meta"] = {}
    context["meta"]["og:description"] = description
    if 'name="description"' not in context.get("metatags", ""):
        context["metatags"] = (
            context.get("metatags", "") + f'<meta name="description" content="{escape(description)}" />\n'
        )


def write_search_pages(app: Sphinx, exception: Exception | None) -> None:
    """The same sentences for the search page, which shows them under its results."""
    if exception is not None or app.builder.name not in ("html", "dirhtml"):
        return
    sentences = {
        page: app.env.metadata[page]["description"]
        for page in sorted(app.env.found_docs)
        if app.env.metadata[page].get("description")
    }
    text = f"globalThis.convbookPages = {json.dumps(sentences, ensure_ascii=False, indent=0)};\n"
    target = Path(app.outdir) / "_static" / "search_pages.js"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", name_pictures, priority=400)
    app.connect("doctree-read", name_films)
    app.connect("doctree-read", note_description)
    app.connect("html-page-context", put_description, priority=400)  # before sphinxext.opengraph
    app.connect("build-finished", write_search_pages)
    return {"parallel_read_safe": True}
