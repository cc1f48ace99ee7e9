"""What the EPUB needs: every kind of node drawn as on a page, and words where a film cannot play."""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders._epub_base import MEDIA_TYPES
from sphinxcontrib.video import video_node


def say_film(translator: Any, node: video_node) -> None:
    """A reader's device may not play films: it gets the words for what the film shows."""
    translator.body.append(f"<p><em>{escape(node['alt'])}</em></p>\n")
    raise nodes.SkipNode


def inherit(app: Sphinx) -> None:
    """Let the EPUB draw what a page draws.

    Sphinx falls back from ``epub`` to ``html`` for all nodes or for none; since one extension names a node for ``epub``, all the
    others' would be unknown there.
    """
    handlers = app.registry.translation_handlers
    handlers["epub"] = {
        **handlers.get("html", {}),
        **handlers.get("epub", {}),
        video_node.__name__: (say_film, None),
    }


def declare(app: Sphinx) -> None:
    """Say in the list of files which pages hold formulas, as EPUB wants it and Sphinx does not, and keep to EPUB's styles."""
    if app.builder.name != "epub":
        return
    builder: Any = app.builder
    write_list = builder.build_content

    def write_and_declare() -> None:
        write_list()
        folder = Path(app.outdir)
        style = folder / "_static" / "temml.css"
        style.write_text(
            style.read_text(encoding="utf-8").replace("  direction: ltr;\n", ""), encoding="utf-8"
        )
        listed = folder / "content.opf"
        listed.write_text(declared(listed.read_text(encoding="utf-8"), folder), encoding="utf-8")

    builder.build_content = write_and_declare


def declared(content: str, folder: Path) -> str:
    """The list of files with the property ``mathml`` for pages that have it."""

    def with_property(found: re.Match[str]) -> str:
        page = folder / unescape(found[1])
        if "<math" not in page.read_text(encoding="utf-8"):
            return found[0]
        return found[0].replace("<item ", '<item properties="mathml" ', 1)

    return re.sub(r'<item [^>]*?href="([^"]+\.xhtml)"(?![^>]* properties=)[^>]*>', with_property, content)


def setup(app: Sphinx) -> dict[str, Any]:
    # Sphinx leaves out of the book what it does not know: the font for formulas.
    MEDIA_TYPES.setdefault(".woff2", "font/woff2")
    app.connect("builder-inited", inherit)
    app.connect("builder-inited", declare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
