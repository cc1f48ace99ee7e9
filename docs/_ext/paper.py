"""The book away from its site: as an EPUB, and the chapters as one PDF.

The PDF is Sphinx's single page, with links out of the chapters to the site, printed by Chromium: as an extension this is the builder
``singlehtml``, and ``python docs/_ext/paper.py PAGE.html BOOK.pdf`` prints what it made.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders._epub_base import MEDIA_TYPES
from sphinx.builders.epub3 import Epub3Builder
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.util.nodes import inline_all_toctrees

PACKAGE = "http://www.idpf.org/2007/opf"
FIRST = "chapters/index"
PREPARE = """async () => {
  for (const fold of document.querySelectorAll("details:not(.hide)")) fold.open = true;
  const pictures = [...document.images];
  for (const picture of pictures) picture.loading = "eager";
  await Promise.all([document.fonts.ready, ...pictures.map((picture) => picture.decode().catch(() => {}))]);
}"""
FOOTER = '<div style="width: 100%; font-size: 8px; text-align: center"><span class="pageNumber"></span></div>'


class Book(Epub3Builder):
    """An EPUB that says which of its pages hold formulas."""

    def build_content(self) -> None:
        """Write the list of files, with the words that EPUB wants and Sphinx leaves out."""
        super().build_content()
        listed = Path(self.outdir) / "content.opf"
        ElementTree.register_namespace("", PACKAGE)
        content = ElementTree.parse(listed)
        for item in content.iter(f"{{{PACKAGE}}}item"):
            page = Path(self.outdir) / unquote(item.get("href", ""))
            # The page of contents is listed here, and written afterwards.
            written = page.suffix == ".xhtml" and page.exists()
            if written and "<math" in page.read_text(encoding="utf-8"):
                item.set("properties", f"{item.get('properties', '')} mathml".strip())
        content.write(listed, encoding="utf-8", xml_declaration=True)


class Paper(SingleFileHTMLBuilder):
    """All chapters on one page."""

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        """A place on the page for a chapter, an address of the site for anything else."""
        inside = to.startswith("chapters/")
        return self.get_target_uri(to) if inside else urljoin(self.config.html_baseurl, f"{to}.html")

    def assemble_doctree(self) -> nodes.document:
        """The list of chapters with the chapters in it."""
        tree = inline_all_toctrees(self, set(), FIRST, self.env.get_doctree(FIRST), str, [FIRST])
        tree["docname"] = FIRST
        self.env.resolve_references(tree, FIRST, self)
        return tree

    def finish(self) -> None:
        """What the pages of a site get at the end too: the font for formulas."""
        super().finish()
        self.events.emit("html-collect-pages")


def print_page(page: Path, target: Path) -> None:
    """Print a page with page numbers and an outline; solutions are open, the code of figures stays folded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(color_scheme="light")
        tab.goto(page.as_uri())
        tab.evaluate(PREPARE)
        margin = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
        tab.pdf(
            path=target, format="A4", margin=margin, outline=True, tagged=True, print_background=True, display_header_footer=True,
            header_template="<span></span>", footer_template=FOOTER,
        )  # fmt: skip
        browser.close()


def inherit(app: Sphinx) -> None:
    """Let the EPUB draw what a page draws: once an extension names a node for it, Sphinx would know none of the others."""
    app.registry.translation_handlers.pop("epub", None)


def setup(app: Sphinx) -> dict[str, Any]:
    # Sphinx leaves out of the book what it does not know: the font for formulas.
    MEDIA_TYPES.setdefault(".woff2", "font/woff2")
    app.add_builder(Book, override=True)
    app.add_builder(Paper, override=True)
    app.connect("builder-inited", inherit)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    print_page(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
