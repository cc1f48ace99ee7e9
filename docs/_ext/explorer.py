"""The explorer and the labs in the book: their directives, the scripts they need, and the kernels that `convbook` gives the explorer.

The sources in ``_static/explorer`` and ``_static/labs`` are plain ES modules; each file in ``labs`` is a lab.  A browser does not load
modules from a folder, though, only from a server, and the book works from a folder; so esbuild joins the modules into one ordinary script.
The modules themselves stand beside it, for a reader who wants to look.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from node_tools import DOCS, bundle
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SOURCES = DOCS / "_static"
LABS = sorted(path.stem for path in (SOURCES / "labs").glob("*.js"))


def in_language(language: str, folder: str, *modules: str) -> list[str]:
    """The modules of a script: before the others, those words of a language that replace the English ones."""
    words = f"{folder}/words_{language}.js"
    return [*([words] if (SOURCES / words).exists() else []), *modules]


def explorer_modules(language: str) -> list[str]:
    """The modules of the explorer's script."""
    return in_language(language, "explorer", "explorer/explorer.js", "explorer/lab.js")


def lab_modules(language: str, name: str) -> list[str]:
    """The modules of a lab's script."""
    return in_language(language, f"labs/{name}", f"labs/{name}.js")


@cache
def presets() -> str:
    """All named kernels of the package, as the explorer reads them."""
    from convbook import KERNELS

    kernels = {name: taps.double().tolist() for name, taps in KERNELS.items()}
    return json.dumps({"kernels": kernels}, separators=(",", ":"))


class element(nodes.General, nodes.Element):
    """An element that a script fills; its children are what a reader without scripts, of the EPUB or of the PDF sees."""


class Element(SphinxDirective):
    """``explorer``, ``image-lab``, or ``lab`` with a name; the content is shown where scripts are off, and until they have loaded."""

    has_content = True
    optional_arguments = 1
    option_spec = {"compact": directives.flag, "linked": directives.flag, "settings": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0] if self.arguments else self.name
        if name not in (LABS if self.name == "lab" else [self.name]):
            raise self.error(f"no {self.name} is called {name}; the labs are {', '.join(LABS)}")
        node = element(name=name, options=self.options)
        node.extend(self.parse_content_to_nodes())
        return [node]


def visit(translator: Any, node: element) -> None:
    """Write the opening tag."""
    if translator.builder.name != "epub":
        given, lab = node["options"], ' class="lab"' if node["name"] in LABS else ""
        flags = "".join(f" {name}" for name in ("compact", "linked") if name in given)
        settings = f' settings="{translator.attval(given["settings"])}"' if "settings" in given else ""
        translator.body.append(f"<conv-{node['name']}{lab}{flags}{settings}>\n")


def depart(translator: Any, node: element) -> None:
    """Write the closing tag."""
    if translator.builder.name != "epub":
        translator.body.append(f"</conv-{node['name']}>\n")


def equip(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Give scripts and styles to the pages that have an explorer or a lab, and the kernels to those where one can be chosen."""
    if doctree is None or app.builder.name == "epub":
        return
    found = list(doctree.findall(element))
    for name in sorted({node["name"] for node in found} & set(LABS)):
        app.add_css_file("labs/labs.css")
        app.add_css_file(f"labs/{name}.css")
        app.add_js_file(f"labs/{name}.bundle.js", loading_method="defer")
    explorers = [node for node in found if node["name"] not in LABS]
    if explorers:
        app.add_css_file("explorer/explorer.css")
        app.add_js_file("explorer/explorer.bundle.js", loading_method="defer")
    if not all("compact" in node["options"] for node in explorers):
        context["body"] += f'<script type="application/json" id="cx-presets">{presets()}</script>\n'


def write_scripts(app: Sphinx) -> None:
    """Write the joined scripts before the pages, which name them with a digest of their content."""
    if app.builder.name not in ("html", "dirhtml"):
        return
    static, language = Path(app.outdir) / "_static", app.config.language
    bundle(static / "explorer/explorer.bundle.js", *explorer_modules(language))
    for name in LABS:
        bundle(static / f"labs/{name}.bundle.js", *lab_modules(language, name))
        # Numbers that a lab needs come as a script: a browser reads no JSON from a folder.
        stored = DOCS / "_data" / f"{name}.json"
        if stored.exists():
            text = f"globalThis.convbook{name.title()} = {stored.read_text(encoding='utf-8').strip()};\n"
            (static / f"labs/{name}.data.js").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_node(element, html=(visit, depart))
    for name in ("explorer", "image-lab", "lab"):
        app.add_directive(name, Element)
    app.connect("html-page-context", equip)
    app.connect("builder-inited", write_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
