"""Python in the page: where a reader can write, the scripts for it, and the files that they load at the first click.

``try-code``
    After an exercise: an editor with the directive's content in it.  Its argument names what is checked:
    ``check_corr2d(my_corr2d) check_flip(my_flip)``.

A code cell with the tag ``try-it`` can be changed and run as well.  Pages load a small script; the editor, Python and all that it
runs come when a reader asks for them.  They lie in ``_static/code``: modules joined by esbuild, Python from the npm package pyodide.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import page_python
import staleness
from docutils import nodes
from exercise import exercise_node
from node_tools import bundle, install_locked
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
CHECK = re.compile(r"(check_\w+)\((\w+)\)")
PYTHON = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
SOLVED_PAGES = ("exercises", "index", "chapters/index")


class try_node(nodes.General, nodes.Element):
    """Where a reader writes and checks code."""


class TryCode(SphinxDirective):
    """``:::{try-code} check_name(my_name) …`` with what stands in the editor at first."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        given = self.arguments[0]
        checks = CHECK.findall(given)
        if not checks or CHECK.sub("", given).strip():
            raise self.error(f"try-code takes checks such as check_corr2d(my_corr2d), got {given}")
        node = try_node(checks=checks, code="\n".join(self.content))
        self.set_source_info(node)
        return [node]


def name_exercises(app: Sphinx, doctree: nodes.document) -> None:
    """Give each editor the name of its exercise, under which a browser keeps what is written."""
    number = 0
    for node in doctree.findall(lambda n: isinstance(n, exercise_node | try_node)):
        if isinstance(node, exercise_node):
            number += 1
        elif number == 0:
            logger.warning("an editor stands after its exercise", location=node)
        else:
            node["key"] = f"{app.env.docname}#exercise-{number}"


def visit_try(translator: Any, node: try_node) -> None:
    """Write a button, and what the editor shows at first; in a book there is nothing to write in."""
    if translator.builder.name != "epub":
        checks = " ".join(":".join(pair) for pair in node["checks"])
        translator.body.append(
            f'<div class="try" data-key="{node["key"]}" data-checks="{checks}">'
            f'<button type="button">{_("Write and check it here")}</button>'
            f'<pre hidden="hidden">{translator.encode(node["code"])}</pre></div>\n'
        )
    raise nodes.SkipNode


def equip(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Give the small script to the pages where something can be written, and to those that show what is solved."""
    if doctree is None or app.builder.name not in ("html", "dirhtml"):
        return
    if 'class="try"' in context["body"] or "tag_try-it" in context["body"] or page in SOLVED_PAGES:
        app.add_css_file("code/code.css")
        app.add_js_file("code/start.bundle.js", loading_method="defer")


def write_files(app: Sphinx) -> None:
    """Join the modules, copy Python, and write what it runs."""
    if app.builder.name not in ("html", "dirhtml"):
        return
    target = Path(app.outdir) / "_static" / "code"
    (target / "pyodide").mkdir(parents=True, exist_ok=True)
    for name in PYTHON:
        shutil.copyfile(install_locked() / "pyodide" / name, target / "pyodide" / name)
    bundle(target / "start.bundle.js", "code/start.js")
    bundle(target / "app.bundle.js", "code/app.js", form="esm")
    # What the checkers compare with takes seconds to compute, and stays the same for a state of the package.
    written, key = target / "python.json", staleness.key()
    kept = json.loads(written.read_text(encoding="utf-8")) if written.exists() else {}
    sheets = kept.get("convbook/exercises/sheets.json") if kept.get("key") == key else None
    written.write_text(page_python.written(key, sheets), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(try_node, html=(visit_try, None))
    app.add_directive("try-code", TryCode)
    app.connect("doctree-read", name_exercises)
    app.connect("html-page-context", equip)
    app.connect("builder-inited", write_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
