"""The explorer in the book: the directive, the script it needs, and what `convbook` gives it.

The sources in ``_static/explorer`` are plain ES modules.  A browser does not load modules from a folder, though, only from a
server, and the book works from a folder; so the modules are joined into one ordinary script here.  Nothing is minified: a
reader may look.
"""

from __future__ import annotations

import base64
import io
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SOURCES = Path(__file__).resolve().parent.parent / "_static" / "explorer"
# Each imports only those before it.
MODULES = ("arithmetic", "page", "state", "picture", "filter", "explorer", "lab")
SCRIPT, STYLE, PHOTOGRAPH = "explorer/explorer.bundle.js", "explorer/explorer.css", "explorer/photograph.js"


def bundle(names: tuple[str, ...] = MODULES, folder: Path = SOURCES) -> str:
    """Join ES modules that export declarations only, and import each other by `./name.js`, into one script."""
    parts = ["(() => {", '"use strict";']
    for name in names:
        text = (folder / f"{name}.js").read_text(encoding="utf-8")
        exports = re.findall(r"^export (?:async )?(?:const|function|class) (\w+)", text, flags=re.MULTILINE)
        text = re.sub(r"^export (?=async |const |function |class )", "", text, flags=re.MULTILINE)
        text = re.sub(
            r'^import \* as (\w+) from "\./(\w+)\.js";', r"const \1 = module_\2;", text, flags=re.MULTILINE
        )
        text = re.sub(
            r'^import (\{[^}]*\}) from "\./(\w+)\.js";', r"const \1 = module_\2;", text, flags=re.MULTILINE
        )
        left = re.search(r"^(import|export)\b.*", text, flags=re.MULTILINE)
        if left:
            raise ValueError(f"{name}.js has a line that the joining does not know: {left[0]!r}")
        parts.append(f"const module_{name} = (() => {{\n{text}\nreturn {{ {', '.join(exports)} }};\n}})();")
    return "\n".join([*parts, "})();", ""])


@cache
def presets() -> str:
    """All named kernels of the package, as the explorer reads them."""
    from convbook import KERNELS

    kernels = {name: taps.double().tolist() for name, taps in KERNELS.items()}
    return json.dumps({"kernels": kernels}, separators=(",", ":"))


def photograph_script() -> str:
    """A script that holds the photograph: a picture read from a folder may not be used by a canvas."""
    from PIL import Image

    from convbook import photograph

    grey = (photograph(512) * 255).round().byte().numpy()
    file = io.BytesIO()
    Image.fromarray(grey).save(file, format="WEBP", quality=80, method=6)
    return f'globalThis.convbookPhotograph = "data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}";\n'


class explorer(nodes.General, nodes.Element):
    """Where an explorer stands; its children are what a reader without scripts sees."""


class image_lab(nodes.General, nodes.Element):
    """Where the image laboratory stands."""


class Explorer(SphinxDirective):
    """An explorer; the content is shown where scripts are off, and until they have loaded."""

    has_content = True
    option_spec = {"settings": directives.unchanged, "compact": directives.flag, "linked": directives.flag}

    def run(self) -> list[nodes.Node]:
        node = explorer(**{name: self.options.get(name, "") for name in self.options})
        node.extend(self.parse_content_to_nodes())
        return [node]


class ImageLab(SphinxDirective):
    """The image laboratory; the content is shown where scripts are off."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        node = image_lab()
        node.extend(self.parse_content_to_nodes())
        return [node]


def visit_explorer(translator: Any, node: explorer) -> None:
    """Write the element's opening tag."""
    flags = "".join(f" {name}" for name in ("compact", "linked") if name in node)
    settings = f' settings="{translator.attval(node["settings"])}"' if "settings" in node else ""
    translator.body.append(f"<conv-explorer{flags}{settings}>\n")


def visit_image_lab(translator: Any, node: image_lab) -> None:
    """Write the element's opening tag."""
    translator.body.append("<conv-image-lab>\n")


def depart(translator: Any, node: nodes.Element) -> None:
    """Write the closing tag."""
    name = "conv-explorer" if isinstance(node, explorer) else "conv-image-lab"
    translator.body.append(f"</{name}>\n")


def skip(translator: Any, node: nodes.Element) -> None:
    """In print, the content alone."""


def equip(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give the script and the style to the pages that have an explorer, and the presets to those where one can be chosen."""
    elements = [] if doctree is None else list(doctree.findall(lambda n: isinstance(n, explorer | image_lab)))
    if not elements:
        return
    app.add_css_file(STYLE)
    app.add_js_file(SCRIPT, loading_method="defer")
    app.explorer_used = True
    if app.builder.name == "epub" or all("compact" in element for element in elements):
        return
    context["body"] += f'<script type="application/json" id="cx-presets">{presets()}</script>\n'


def write_script(app: Sphinx) -> None:
    """Write the joined script before the pages, which name it with a digest of its content."""
    if app.builder.name in ("html", "dirhtml"):
        _write(Path(app.outdir) / "_static" / SCRIPT, bundle())


def write_photograph(app: Sphinx, problem: Exception | None) -> None:
    """Write the photograph beside the script, if a page that has an explorer was written."""
    if not problem and app.builder.name in ("html", "dirhtml") and app.explorer_used:
        _write(Path(app.outdir) / "_static" / PHOTOGRAPH, photograph_script())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.explorer_used = False
    for node, visit in ((explorer, visit_explorer), (image_lab, visit_image_lab)):
        app.add_node(
            node,
            html=(visit, depart),
            epub=(skip, skip),
            latex=(skip, skip),
            text=(skip, skip),
            man=(skip, skip),
            texinfo=(skip, skip),
        )
    app.add_directive("explorer", Explorer)
    app.add_directive("image-lab", ImageLab)
    app.connect("html-page-context", equip)
    app.connect("builder-inited", write_script)
    app.connect("build-finished", write_photograph)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
