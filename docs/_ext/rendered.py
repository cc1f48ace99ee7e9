"""Where the book's own extensions take a page: between the template engine and the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def mend_pages(app: Sphinx, mend: Callable[[str], str]) -> None:
    """Hand each page that the template engine of an HTML builder renders to `mend`, after those that came before."""
    templates = app.builder.templates
    original = templates.render

    def render(template: str, context: dict[str, Any]) -> str:
        page = str(original(template, context))
        return mend(page) if template.endswith(".html") else page

    templates.render = render


def pictures(app: Sphinx) -> dict[str, Path]:
    """The files behind the pictures of an HTML builder's pages, by the names that the pages use."""
    return {name: Path(app.srcdir) / uri for uri, name in app.builder.images.items()}
