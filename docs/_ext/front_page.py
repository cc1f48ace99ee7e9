"""The lists that lead through the book: the chapters with their descriptions, and the walls of figures."""

from __future__ import annotations

from typing import Any

from book_theme import branches
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective


class leading(nodes.General, nodes.Element):
    """Where a link stands once titles and descriptions are known: with a picture inside, or with the page's description below."""


class ChapterPath(SphinxDirective):
    """The chapters in reading order, each with its description; ``:but:`` names captions whose pages are no chapters."""

    required_arguments = 1
    option_spec = {"but": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        self.env.glob_toctrees.add(self.env.docname)
        return [leading(source=self.arguments[0], but=self.options.get("but", "").split("; "))]


class FigureWall(SphinxDirective):
    """Thumbnails of the named gallery pages, each a link to its page."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        pages = [f"auto_gallery/{line.strip()}" for line in self.content]
        return [wall([page for page in pages if page in self.env.found_docs])]


def wall(pages: list[str]) -> nodes.bullet_list:
    """The thumbnails of gallery pages as a list of links; of the two for light and dark the theme shows one."""
    items = nodes.bullet_list(classes=["figure-wall"])
    for page in pages:
        folder, _slash, name = page.rpartition("/")
        start = f"/{folder}/images/thumb/sphx_glr_{name}_thumb"
        pictures = [
            nodes.image(uri=f"{start}-{shade}.webp", alt="", decorative=True, classes=[f"only-{shade}"])
            for shade in ("light", "dark")
        ]
        items += nodes.list_item("", nodes.paragraph("", "", leading("", *pictures, page=page)))
    return items


class Walls(SphinxTransform):
    """The thumbnails that sphinx-gallery lists in HTML of its own become walls as well."""

    default_priority = 250

    def apply(self, **others: Any) -> None:
        found: dict[nodes.Element, list[str]] = {}
        for only in list(self.document.findall(addnodes.only)):
            link = next(only.findall(addnodes.pending_xref), None)
            if link is not None and any("/thumb/" in image["uri"] for image in only.findall(nodes.image)):
                found.setdefault(only.parent, []).append(link["reftarget"].lstrip("/"))
        for parent, pages in found.items():
            first = next(node for node in parent if isinstance(node, addnodes.only))
            parent.insert(parent.index(first), wall(pages))
            for node in [node for node in parent if isinstance(node, addnodes.only | nodes.raw)]:
                parent.remove(node)
        if self.env.docname.startswith("auto_gallery/") and self.env.docname.endswith("index"):
            # What is left are lists of tags, and walls without a picture.
            for rest in list(self.document.findall(nodes.raw)):
                rest.parent.remove(rest)


def resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the links: titles and descriptions are known once all pages have been read."""
    env = app.env
    for place in list(doctree.findall(leading)):
        # An EPUB has no theme that would hide the second picture.
        pictures = place.children[:1] if app.builder.name == "epub" else place.children
        if "page" in place:
            pages = [place["page"]]
        else:
            lists = branches(env, place["source"], "rawcaption")
            pages = [page for caption, listed in lists if caption not in place["but"] for page in listed]
        items = nodes.enumerated_list(classes=["chapter-path"], enumtype="arabic", prefix="", suffix=".")
        for page in pages:
            title = nodes.inline("", env.titles[page].astext(), classes=["leading-title"])
            address = app.builder.get_relative_uri(docname, page)
            link = nodes.reference("", "", *pictures, title, internal=True, refuri=address)
            words = nodes.paragraph("", env.metadata[page].get("description", ""))
            items += nodes.list_item("", nodes.paragraph("", "", link), words)
        place.replace_self(link if "page" in place else items)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(leading)
    app.add_directive("chapter-path", ChapterPath)
    app.add_directive("figure-wall", FigureWall)
    app.add_transform(Walls)
    app.connect("doctree-resolved", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
