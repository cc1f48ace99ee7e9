"""The book's own theme: what its templates in ``docs/_theme/book`` are given, and how the parts of a page are written.

The templates write the frame of a page.  The translator here writes what stands inside it: pictures with their sizes, films that wait for
their reader, links that name their heading.  Nothing is changed after a page has been written.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import fonts
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from policy import EARLY_SCRIPT, LOST
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.adapters.toctree import document_toc
from sphinx.locale import _
from sphinx.transforms import SphinxTransform
from sphinx.writers.html5 import HTML5Translator
from sphinxcontrib.video import video_node

# The theme's style and script do what these files of Sphinx and of the extensions do.
UNUSED = (
    *("pygments.", "basic.", "mystnb.", "sg_gallery", "sg-tags.", "design-tabs."),
    *("documentation_options.", "doctools.", "sphinx_highlight.", "translations."),
)
CHINESE = re.compile("([\u3400-\u9fff]+)")


@cache
def digest(path: Path) -> str:
    """Eight digits for a file's content: a browser may keep the file for good, since a new one has a new address."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


@cache
def picture_size(path: Path) -> tuple[int, int]:
    """The width and the height of a picture in pixels of the page."""
    if path.suffix != ".svg":
        from PIL import Image

        with Image.open(path) as image:
            return image.size
    _event, root = next(ElementTree.iterparse(path, events=["start"]))
    scale = 96 / 72 if root.attrib["width"].endswith("pt") else 1
    width, height = (float(root.attrib[side].removesuffix("pt")) for side in ("width", "height"))
    return round(width * scale), round(height * scale)


class BookTranslator(HTML5Translator):
    """Writes the inside of a page."""

    pictures = 0

    def starttag(self, node: Any, tagname: str, *others: Any, **attributes: Any) -> str:
        """A header cell says that it heads a column, a caption has a level, and an entry of the bibliography a role in its list."""
        attributes = {name.lower(): value for name, value in attributes.items()}
        if tagname == "th" and isinstance(node, nodes.entry):
            attributes.setdefault("scope", "col")
        if attributes.get("role") == "doc-biblioentry":
            attributes["role"] = "listitem"
        if attributes.get("role") == "heading":
            attributes["aria-level"] = "2"
        return str(super().starttag(node, tagname, *others, **attributes))

    def add_permalink_ref(self, node: nodes.Element, title: str) -> None:
        """A heading's link is named after its heading."""
        if not node["ids"] or not self.builder.add_permalinks:
            return
        if isinstance(node, nodes.section):
            text = node.next_node(nodes.title).deepcopy()
            for formula in list(text.findall(nodes.math)):
                formula.parent.remove(formula)
            title = _("Link to %s") % text.astext()
        self.body.append(
            f'<a class="headerlink" href="#{node["ids"][0]}" aria-label="{self.attval(title)}">#</a>'
        )

    def visit_table(self, node: nodes.table) -> None:
        """A wide table scrolls in a box of its own."""
        self.body.append('<div class="table-wrapper">')
        super().visit_table(node)

    def depart_table(self, node: nodes.table) -> None:
        super().depart_table(node)
        self.body.append("</div>\n")

    def address(self, uri: str) -> str:
        """Where the page finds a picture or a film, with the digest of its content."""
        if uri not in self.builder.images:
            return uri
        file = Path(self.builder.srcdir) / uri.lstrip("/")
        place = posixpath.join(self.builder.imgpath, quote(self.builder.images[uri]))
        return place if self.builder.name == "epub" else f"{place}?v={digest(file)}"

    def visit_image(self, node: nodes.image) -> None:
        """A picture has its size, so that nothing moves when it arrives; all but a page's first wait until they come near."""
        file = Path(self.builder.srcdir) / node["uri"].lstrip("/")
        attributes = {"src": self.address(node["uri"]), "alt": node.get("alt", "")}
        if file.is_file():
            attributes["width"], attributes["height"] = map(str, picture_size(file))
        self.pictures += 1
        if self.pictures > 1 and self.builder.name != "epub":
            attributes |= {"loading": "lazy", "decoding": "async"}
        self.body.append(self.emptytag(node, "img", "", **attributes))

    def depart_image(self, node: nodes.image) -> None:
        pass


def visit_film(translator: BookTranslator, node: video_node) -> None:
    """A film starts when its reader wants it; below it is room for the player's controls (``.film`` in the style)."""
    words = translator.attval(node["alt"])
    if translator.builder.name == "epub":  # a reader's device may not play films
        translator.body.append(f"<p><em>{words}</em></p>\n")
        raise nodes.SkipNode
    sources = "".join(
        f'<source src="{translator.address(uri)}" type="{kind}">' for uri, kind, _remote in node["sources"]
    )
    width, height = node["width"] or 640, node["height"] or 480
    translator.body.append(
        f'<div class="film" style="--w: {width}; --h: {height}"><video controls muted playsinline preload="metadata" width="{width}" '
        f'height="{height}" aria-label="{words}">{sources}{words}</video></div>\n'
    )
    raise nodes.SkipNode


def visit_fold(translator: BookTranslator, node: HideCodeCellNode) -> None:
    """A folded cell of a notebook."""
    translator.body.append(
        f'<details class="hide"><summary>{translator.encode(node["prompt_show"])}</summary>\n'
    )


def depart_fold(translator: BookTranslator, node: HideCodeCellNode) -> None:
    translator.body.append("</details>\n")


class Arrange(SphinxTransform):
    """The figure of a gallery page before its code, Chinese words marked as Chinese, and no comma alone."""

    default_priority = 300

    def apply(self, **others: Any) -> None:
        docname = self.env.docname
        if docname.startswith("auto_gallery/") and not docname.endswith("/index"):
            self.figure_first()
        if not self.config.language.startswith("zh"):
            self.mark_chinese()
        self.hold_together()

    def figure_first(self) -> None:
        """Move the first figure up, behind the sentence that says what it shows."""
        pictures = self.document.findall(lambda n: isinstance(n, nodes.image | video_node))
        shown = [node for node in pictures if "/thumb/" not in node.get("uri", "")]
        paragraphs = self.document.findall(nodes.paragraph)
        claim = next((p for p in paragraphs if isinstance(p.parent, nodes.section)), None)
        if shown and claim is not None:
            shown[0].parent.remove(shown[0])
            claim.parent.insert(claim.parent.index(claim) + 1, shown[0])

    def mark_chinese(self) -> None:
        """A voice reads what is marked in its own language, and a browser takes a font for it."""
        exact = nodes.FixedTextElement | nodes.literal | nodes.raw | nodes.comment
        for text in list(self.document.findall(nodes.Text)):
            if CHINESE.search(text) and not isinstance(text.parent, exact):
                pieces = [
                    nodes.inline("", piece, classes=["language-zh"]) if i % 2 else nodes.Text(piece)
                    for i, piece in enumerate(CHINESE.split(text))
                    if piece
                ]
                text.parent.replace(text, pieces)

    def hold_together(self) -> None:
        """No line begins with the comma that follows a formula."""
        for formula in list(self.document.findall(nodes.math)):
            place = formula.parent.index(formula) + 1
            text = formula.parent[place] if place < len(formula.parent) else None
            if isinstance(text, nodes.Text) and text[:1] in tuple(",.;:?!)"):
                pair = nodes.inline("", "", formula.deepcopy(), nodes.Text(text[0]), classes=["whole"])
                formula.parent[place - 1 : place + 1] = [pair, nodes.Text(text[1:])]


# ------------------------------------------------------------------------------------------------- what the templates are given


def branches(
    env: BuildEnvironment, docname: str, caption: str = "caption"
) -> Iterator[tuple[str, list[str]]]:
    """The tables of contents on a page: the caption, or as "rawcaption" its English, and the pages of each."""
    for tree in env.tocs[docname].findall(addnodes.toctree) if docname in env.tocs else ():
        yield tree.get(caption) or "", [page for page in tree["includefiles"] if page in env.titles]


def trail(env: BuildEnvironment, page: str) -> list[str]:
    """The pages that lead to a page, the first page of the book left out."""
    above = next((up for up, pages in env.toctree_includes.items() if page in pages), env.config.root_doc)
    return [] if env.config.root_doc in (above, page) else [*trail(env, above), above]


def navigation(app: Sphinx, page: str, at: str, way: list[str]) -> list[dict[str, Any]]:
    """The pages below a page as links; below those on the way to the page that is shown, theirs."""
    return [
        {
            "title": app.env.titles[below].astext(),
            "caption": caption if below == pages[0] else "",
            "href": "#" if below == page else app.builder.get_relative_uri(page, below),
            "current": below in way,
            "children": navigation(app, page, below, way) if below in way else [],
        }
        for caption, pages in branches(app.env, at)
        for below in pages
    ]


def contents(app: Sphinx, page: str) -> str:
    """The headings of a page as a list of links; nothing where there are fewer than two."""
    whole = document_toc(app.env, page, app.tags) if page in app.env.tocs else nodes.bullet_list()
    headings = next(
        (part for part in whole.findall(nodes.bullet_list) if part is not whole), nodes.bullet_list()
    )
    links = list(headings.findall(nodes.reference))
    return str(app.builder.render_partial(headings)["fragment"]) if len(links) > 1 else ""  # type: ignore[attr-defined]


def give(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Hand the templates what they write."""
    if app.builder.name == "epub":
        # MyST-NB copies its style only when it has read a page.
        kept = [css for css in context["css_files"] if "mystnb." not in Path(css.filename or "").name]
        context["css_files"] = kept
        return
    env, config, start = app.env, app.config, app.config.root_doc
    title = context.get("title") or _("Index")  # Sphinx gives its index of names none
    way = trail(env, page)
    parts = navigation(app, page, start, [*way, page] if page != start else next(branches(env, start))[1][:1])
    kind = [env.titles[way[0]].astext()] if way else []
    thumbnail = Path(page).parent / f"images/thumb/sphx_glr_{Path(page).name}_thumb-light.webp"
    card = f"_images/{thumbnail.name}" if (Path(app.srcdir) / thumbnail).exists() else "_static/card.png"

    def used(files: list[Any]) -> list[Any]:
        return [file for file in files if not Path(file.filename or "").name.startswith(UNUSED)]

    whole_title = [config.project, title] if page == start else [title, *kind, config.project]
    context |= {
        "page_title": " · ".join(whole_title),
        "trail": [(env.titles[step].astext(), app.builder.get_relative_uri(page, step)) for step in way],
        # The parts of the book, then the pages of the part that is open, at first the chapters.
        "parts": [part | {"children": [], "current": part["current"] and page != start} for part in parts],
        "navigation": next((part["children"] for part in parts if part["children"]), []),
        "on_this_page": contents(app, page),
        "card": config.html_baseurl + card,
        "styles": used(context["css_files"]),
        "scripts": used(context["script_files"]),
        "early_script": EARLY_SCRIPT,
    }


def leave_search_to_the_book(app: Sphinx) -> None:
    """Sphinx writes no index of words: ``search_index`` does."""
    if app.builder.format == "html":
        app.builder.search = False  # type: ignore[attr-defined]


def more_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The pages without a source."""
    if app.builder.name != "epub":
        yield "search", {"title": _("Search")}, "search.html"
        lost = {"title": _("Page not found"), "lost": LOST, "home": app.config.html_baseurl}
        yield "404", lost, "404.html"


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_theme("book", str(Path(__file__).parents[1] / "_theme" / "book"))
    for builder in ("html", "epub"):
        app.set_translator(builder, BookTranslator)
    app.add_node(video_node, override=True, html=(visit_film, None))
    app.add_node(HideCodeCellNode, override=True, html=(visit_fold, depart_fold))
    app.add_transform(Arrange)
    app.connect("config-inited", fonts.write, priority=400)
    app.connect("builder-inited", leave_search_to_the_book)
    # After all that give a page a style, a script or a description.
    app.connect("html-page-context", give, priority=900)
    app.connect("html-collect-pages", more_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
