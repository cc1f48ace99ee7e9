"""What the EPUB needs: every kind of node drawn as on a page, and words where a film cannot play."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
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


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", inherit)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
