"""What a reader takes along from a chapter: its executed notebook, and slides for those who teach it.

Both come from the finished page.  A notebook's text is HTML with its formulas as TeX, which Jupyter shows as the book does.  A slide shows
headings, lists, tables, formulas, boxes, code and figures; the prose between them becomes the speaker's notes.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import nbformat
from code_in_page import try_node
from docutils import nodes
from exercise import exercise_node, summary_node
from explorer import LABS, element
from jinja2 import Template
from jupyter_cache import get_cache
from node_tools import install_locked
from sphinx.application import Sphinx
from sphinx.locale import _
from themed_figures import THEME

ROOT = Path(__file__).parents[2]
# What a chapter may import, and what pip calls it.
INSTALLED_AS = {"convbook": "convbook", "sklearn": "scikit-learn"} | {
    name: name for name in ("mlxtend", "scipy", "numba")
}
# How a chapter reads a stored record. Its notebook holds the record itself, since it may be far from the book's sources.
RECORD = re.compile(
    r'\(Path\(convbook\.__file__\)\.parents\[1\] / "(docs/_data/[\w.]+)"\)\.read_text\(encoding="utf-8"\)'
)
SPOKEN = 200  # a sentence after an output stands on its slide if it is no longer than this
INSTALL = """# Installs what is missing.
import importlib.util, subprocess, sys

missing = [project for module, project in {needs}.items() if importlib.util.find_spec(module) is None]
if missing:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=True)"""


def is_cell(node: nodes.Node) -> bool:
    """Whether a node is a code cell with its outputs."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def pieces(node: nodes.Element, level: int = 0) -> Iterator[tuple[int, nodes.Element]]:
    """The parts of a page in reading order, each with the level of its section; what holds cells is opened."""
    for child in node.children:
        if isinstance(child, nodes.section):
            yield from pieces(child, level + 1)
        elif not is_cell(child) and next(child.findall(is_cell), None) is not None:
            yield from pieces(child, level)
        elif not isinstance(child, nodes.comment | nodes.target | nodes.substitution_definition | try_node):
            yield level, child


def html(app: Sphinx, *parts: nodes.Node) -> str:
    """Parts of a page as HTML."""
    return "".join(app.builder.render_partial(part.deepcopy())["fragment"] for part in parts)


# ------------------------------------------------------------------------------------------------- notebooks


def in_a_notebook(part: nodes.Element, page: str) -> nodes.Element:
    """A copy of a part with formulas as TeX, links to the site, and folds as headings."""
    part = nodes.container("", part.deepcopy())
    for formula in list(part.findall(lambda node: isinstance(node, nodes.math | nodes.math_block))):
        sign = "$$" if isinstance(formula, nodes.math_block) else "$"
        text = nodes.Text(f"{sign}{formula.astext()}{sign}")
        formula.replace_self(nodes.paragraph("", "", text) if sign == "$$" else text)
    for place in list(part.findall(element)):
        if place["name"] in LABS:
            link = nodes.reference("", _("This lab runs on the page."), refuri=page)
            place.replace_self(nodes.paragraph("", "", link))
    for link in part.findall(nodes.reference):
        link["refuri"] = urljoin(page, link.get("refuri") or "#" + link.get("refid", ""))
    for picture in part.findall(nodes.image):
        picture["uri"] = urljoin(page, picture["uri"])
    # The line of a fold that was opened becomes a heading.
    for summary in [child for child in part.children if isinstance(child, summary_node)]:
        summary.replace_self(nodes.paragraph("", "", nodes.strong("", "", *summary.children)))
    return part


def held(match: re.Match[str]) -> str:
    """The text of a stored record as a Python string, JSON on one line."""
    text = (ROOT / match[1]).read_text(encoding="utf-8")
    return repr(json.dumps(json.loads(text), ensure_ascii=False) if match[1].endswith(".json") else text)


def notebook(app: Sphinx, docname: str, doctree: nodes.document) -> Any:
    """The executed notebook of a chapter, with plain text cells and a first cell that installs what is missing."""
    made = nbformat.read(Path(app.outdir).parent / f"jupyter_execute/{docname}.ipynb", as_version=4)
    with suppress(KeyError):  # a chapter with a cell that raises is not in the cache
        # MyST-NB writes the outputs into that file only when it has just run the cells.
        _record, made = get_cache(app.config.nb_execution_cache_path).merge_match_into_notebook(made)
    page = urljoin(app.config.html_baseurl, app.builder.get_target_uri(docname))
    cells, text, last = [], [], -1

    def close() -> None:
        # An HTML block of Markdown ends at an empty line.
        if text:
            whole = re.sub(r"\n\s*\n", "\n&#10;", "\n".join(text)).strip()
            cells.append(nbformat.v4.new_markdown_cell(whole))
            text.clear()

    for level, part in pieces(doctree):
        if isinstance(part, nodes.title):
            close()
            cells.append(nbformat.v4.new_markdown_cell(f"{'#' * level} {part.astext()}"))
        elif is_cell(part):
            close()
            # Cells that the page hides come before the next one.
            between = made.cells[last + 1 : part["cell_index"] + 1]
            cells += [cell for cell in between if cell.cell_type == "code"]
            last = part["cell_index"]
        else:
            text.append(html(app, *in_a_notebook(part, page).children))
    close()
    cells.insert(1, nbformat.v4.new_code_cell(INSTALL.format(needs=needs(cells))))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"  # by chance it would differ from build to build
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.source = RECORD.sub(held, cell.source)
            # What a cell hands to another place of the page is no output of its own.
            cell.outputs = [
                output for output in cell.outputs if "scrapbook" not in output.get("metadata", {})
            ]
    made.cells = cells
    made.metadata.clear()
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def needs(cells: list[Any]) -> dict[str, str]:
    """The packages that the cells import, beside those that convbook brings."""
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    found = {"convbook", *re.findall(r"^\s*(?:import|from) (\w+)", code, re.MULTILINE)}
    return {module: project for module, project in INSTALLED_AS.items() if module in found}


# ---------------------------------------------------------------------------------------------------- slides


def deck(app: Sphinx, doctree: nodes.document) -> list[list[dict[str, str]]]:
    """The slides of a chapter, those of a section below each other."""
    sections: list[list[dict[str, Any]]] = []
    title = ""
    shown = full = False  # whether an output waits for its sentence, and whether a slide takes no more
    for level, part in pieces(doctree):
        if isinstance(part, nodes.title):
            title, shown, full = html(app, nodes.inline("", "", *part.deepcopy().children)), False, False
            slide = {"title": title, "level": min(level, 3), "body": "", "notes": ""}
            if level <= 2 or not sections:
                sections.append([])
            sections[-1].append(slide)
            continue
        if any("solution" in element["classes"] for element in (part, part.parent)):
            continue  # the class finds it; the chapter has it
        slide = sections[-1][-1]
        if isinstance(part, nodes.paragraph):
            said = shown and len(part.astext()) < SPOKEN
            slide["body" if said else "notes"] += html(app, part)
            shown = False
            continue
        if is_cell(part) and all(line.startswith("assert") for line in part.astext().split("\n")):
            continue
        alone = is_cell(part) or isinstance(part, exercise_node)
        if slide["body"] and (alone or full):
            slide = {"title": title, "level": 3, "body": "", "notes": ""}
            sections[-1].append(slide)
        shown = full = alone
        slide["body"] += html(app, part)
    return [[slide for slide in section if slide["body"] or slide["level"] <= 2] for section in sections]


# ------------------------------------------------------------------------------------------------- the pages


def equip(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Write both beside a chapter's page, and link them at its end."""
    chapter = app.builder.name == "html" and doctree is not None and pagename.startswith("chapters/")
    if not chapter or not any(doctree.findall(is_cell)):
        return
    target = Path(app.outdir) / pagename
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(app, pagename, doctree), target.with_suffix(".ipynb"))
    slides = {
        "sections": deck(app, doctree),
        "title": context["title"],
        "page": f"{target.name}.html",
        "words": {"slides": _("slides"), "chapter": _("The chapter"), "notes": _("with notes")},
    }
    template = Template(Path(__file__).with_name("slides.jinja").read_text(encoding="utf-8"))
    text = template.render({**context, **slides})
    target.with_suffix(".slides.html").write_text(text, encoding="utf-8")
    said = _("Take this chapter along: {notebook} with its outputs, {slides} for teaching.").format(
        notebook=f'<a href="{target.name}.ipynb" download>{_("as a notebook")}</a>',
        slides=f'<a href="{target.name}.slides.html">{_("as slides")}</a>',
    )
    context["body"] += f'<p class="take-along">{said}</p>\n'


def copy_reveal(app: Sphinx) -> None:
    """What shows the slides, with its license."""
    if app.builder.name == "html":
        package, target = install_locked() / "reveal.js", Path(app.outdir) / "_static" / "reveal"
        target.mkdir(parents=True, exist_ok=True)
        for name in ("dist/reveal.js", "dist/reveal.css", "LICENSE"):
            shutil.copy(package / name, target)
        style = Template(Path(__file__).with_name("slides.css.jinja").read_text(encoding="utf-8"))
        (target.parent / "slides.css").write_text(style.render(colors=THEME), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", copy_reveal)
    app.connect("html-page-context", equip, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
