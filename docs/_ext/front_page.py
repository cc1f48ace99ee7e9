"""The lists that lead through the book: the reading order, the path through the chapters, the wall of figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import identity
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SECTIONS = [
    "correlation",
    "edges",
    "padding_stride",
    "channels",
    "pooling",
    "kernel_learning",
    "receptive_fields",
    "algorithms",
]


def section_order(folder: str) -> tuple[int, str]:
    """The gallery's sections in the order of the chapters (sphinx-gallery takes this by its dotted name)."""
    name = Path(folder).name
    return (SECTIONS.index(name) if name in SECTIONS else len(SECTIONS), name)


class ReadingOrder(SphinxDirective):
    """A table of contents of the listed pages, those of them that exist; ``:rest:`` adds the pages that nothing lists."""

    has_content = True
    option_spec = {"caption": directives.unchanged, "rest": directives.flag, "hidden": directives.flag}

    def run(self) -> list[nodes.Node]:
        folder = self.env.docname[: self.env.docname.rfind("/") + 1]
        present = {name.removeprefix(folder) for name in self.env.found_docs if name.startswith(folder)}
        listed = self.env.temp_data.setdefault("reading_order_listed", {"index"})
        names = [line.strip() for line in self.content if line.strip() in present]
        if "rest" in self.options:
            names += sorted(name for name in present - listed - set(names) if not name.startswith("_"))
        listed |= set(names)
        tree = addnodes.toctree()
        documents = [folder + name for name in names]
        tree.update_all_atts(
            {
                "parent": self.env.docname,
                "entries": [(None, document) for document in documents],
                "includefiles": documents,
                "maxdepth": 1,
                "caption": self.options.get("caption"),
                "glob": False,
                "hidden": "hidden" in self.options,
                "includehidden": False,
                "numbered": 0,
                "titlesonly": True,
            }
        )
        if self.options.get("caption"):
            tree["rawcaption"] = self.options["caption"]
        # Sphinx reads pages in this set again when a page comes or goes.
        self.env.glob_toctrees.add(self.env.docname)
        wrapper = nodes.compound(classes=["toctree-wrapper"])
        wrapper += tree
        return [wrapper] if documents else []


class hero(nodes.General, nodes.Element):
    """Where the animated name of the book stands."""


class Hero(SphinxDirective):
    """The animated name of the book; readers who asked for less motion get the result."""

    def run(self) -> list[nodes.Node]:
        return [hero(root="../" * self.env.docname.count("/") + "_static/")]


def write_hero(translator: Any, node: hero) -> None:
    """The word, and over it the answer, which a moving edge uncovers, and the kernel; book.css has the moves."""
    cell, (width, height) = identity.CELL, identity.HERO_SIZE
    word, answer, kernel = (
        f'<img class="hero-{name}" src="{node["root"]}hero-{name}.svg" alt="{words}" width="{width}" height="{height}" loading="eager" />'
        for name, words in identity.WORDS.items()
    )
    measures = f"--columns: {width // cell - 1}; --widths: {width / cell}"
    translator.body.append(
        f'<div class="hero" style="{measures}">{word}<div class="hero-edge">{answer}</div>{kernel}</div>\n'
    )
    raise nodes.SkipNode


def write_still_hero(translator: Any, node: hero) -> None:
    """On paper, and in an EPUB: the result."""
    width, height = identity.HERO_SIZE
    words = " ".join(identity.WORDS.values())
    translator.body.append(
        f'<img src="{node["root"]}hero.svg" alt="{words}" width="{width}" height="{height}" />\n'
    )
    raise nodes.SkipNode


class chapter_path(nodes.General, nodes.Element):
    """Where the list of chapters with their descriptions will stand."""


class ChapterPath(SphinxDirective):
    """The chapters in reading order, each with its one-sentence description."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.glob_toctrees.add(self.env.docname)
        return [chapter_path(source=self.arguments[0])]


class wall_link(nodes.General, nodes.Element):
    """A picture with its title, a link once the addresses are known."""


class FigureWall(SphinxDirective):
    """The gallery's thumbnails, each a link to its page; ``:each:`` takes that many of a section."""

    option_spec = {"each": directives.nonnegative_int}

    def run(self) -> list[nodes.Node]:
        self.env.glob_toctrees.add(self.env.docname)
        gallery = Path(self.env.srcdir) / "auto_gallery"
        wall = nodes.bullet_list(classes=["figure-wall"])
        thumbs = gallery.glob("*/images/thumb/sphx_glr_*_thumb.*")
        shown: Counter[str] = Counter()
        for thumb in sorted(thumbs, key=lambda t: (section_order(str(t.parents[2])), t.name)):
            section = thumb.parents[2].name
            if shown[section] >= self.options.get("each", shown[section] + 1):
                continue
            stem = thumb.stem.removeprefix("sphx_glr_").removesuffix("_thumb")
            script = gallery / section / f"{stem}.py"
            if f"auto_gallery/{section}/{stem}" not in self.env.found_docs or not script.exists():
                continue
            shown[section] += 1
            self.env.note_dependency(str(thumb))
            picture = nodes.image(uri="/" + thumb.relative_to(self.env.srcdir).as_posix(), alt="")
            title = nodes.inline("", script_title(script), classes=["figure-wall-title"])
            link = wall_link("", picture, title, document=f"auto_gallery/{section}/{stem}")
            wall += nodes.list_item("", nodes.paragraph("", "", link))
        return [wall] if len(wall) else []


def script_title(script: Path) -> str:
    """The first line of a gallery script's docstring."""
    import ast

    text = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or script.stem
    return next(
        (line for line in text.splitlines() if line.strip() and set(line.strip()) != {"="}), script.stem
    )


def resolve_wall(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn the pictures of the wall into links."""
    for place in list(doctree.findall(wall_link)):
        address = app.builder.get_relative_uri(docname, place["document"])
        place.replace_self(nodes.reference("", "", *place.children, internal=True, refuri=address))


def resolve_path(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Fill the list of chapters: their titles and descriptions are known once all pages have been read."""
    env = app.env
    for place in list(doctree.findall(chapter_path)):
        items = nodes.enumerated_list(classes=["chapter-path"], enumtype="arabic", prefix="", suffix=".")
        for document in env.toctree_includes.get(place["source"], []):
            if document not in env.titles:
                continue
            link = nodes.reference(
                "",
                env.titles[document].astext(),
                internal=True,
                refuri=app.builder.get_relative_uri(docname, document),
            )
            text = nodes.paragraph("", "", nodes.strong("", "", link))
            item = nodes.list_item("", text)
            description = env.metadata[document].get("description", "")
            if description:
                item += nodes.paragraph("", description)
            items += item
        place.replace_self(items if len(items) else [])


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(chapter_path)
    app.add_node(wall_link)
    app.add_node(hero, html=(write_hero, None), epub=(write_still_hero, None))
    app.add_directive("hero", Hero)
    app.add_directive("reading-order", ReadingOrder)
    app.add_directive("chapter-path", ChapterPath)
    app.add_directive("figure-wall", FigureWall)
    app.connect("doctree-resolved", resolve_path)
    app.connect("doctree-resolved", resolve_wall)
    return {"parallel_read_safe": True}
