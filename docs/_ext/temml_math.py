"""TeX becomes MathML while the book is built, so no page needs a script for its mathematics.

One node process serves each of Sphinx's processes.  TeX that Temml cannot read is a warning, and so fails a strict build.
The font with the MATH table (brackets do not stretch without one) is one of those in ``fonts``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import fonts
from docutils import nodes
from node_tools import install_locked, node_command
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)


@cache
def server(owner: int, macros: str) -> subprocess.Popen[str]:
    """The node process of the process with this number; it ends when its standard input does."""
    command = node_command(Path(__file__).with_name("temml_server.mjs"), install_locked() / "temml", macros)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")


@cache
def render(tex: str, display: bool, macros: str) -> dict[str, str]:
    """A formula in MathML, or what is wrong with it."""
    node = server(os.getpid(), macros)  # Sphinx forks itself to write pages
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
    node.stdin.flush()
    answer: dict[str, str] = json.loads(node.stdout.readline() or '{"error": "node ended without an answer"}')
    return answer


def mathml(translator: Any, node: nodes.Element, display: bool) -> str:
    """The formula of a node as the page holds it."""
    tex = node.astext()
    answer = render(tex, display, json.dumps(translator.config.temml_macros))
    if "error" in answer:
        logger.warning("TeX that Temml cannot read: %s\n%s", answer["error"], tex, location=node)
        return str(translator.encode(tex))
    formula = answer["mathml"]
    if translator.builder.name == "epub" and "xmlns" not in formula:  # XML takes nothing for granted
        formula = formula.replace("<math", '<math xmlns="http://www.w3.org/1998/Math/MathML"', 1)
    return formula


def visit_inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(translator, node, display=False))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="math display-math"))
    translator.body.append(f'<div class="scrolls">{mathml(translator, node, display=True)}</div>')
    if node.get("number"):
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def write_css(app: Sphinx) -> None:
    """Temml's own rules, with the book's font, and without what an EPUB may not hold."""
    rules = (install_locked() / "temml/dist/Temml-NotoSans.css").read_text(encoding="utf-8")
    # The style holds the font, so that no formula is drawn in another first; in an EPUB the font is a file.
    font = Path(app.srcdir) / "_generated" / fonts.MATHEMATICS
    source = font.name if app.builder.name == "epub" else fonts.address(font)
    face = f'@font-face{{font-family:"NotoSans Math";src:url("{source}") format("woff2")}}'
    rules = re.sub(r"@font-face\s*\{.*?\}|  direction: ltr;\n", "", rules, flags=re.DOTALL)
    rules = re.sub(r'url\("data:image[^"]*"\)', "none", rules)  # of \cancelto
    font.with_name("temml.css").write_text(face + rules, encoding="utf-8")


def link_css(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Only pages with mathematics load its rules and its font."""
    if doctree is not None and any(doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block))):
        app.add_css_file("temml.css")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("temml_macros", {}, "env")
    app.add_html_math_renderer("temml", (visit_inline, None), (visit_block, None))
    app.connect("builder-inited", write_css)
    app.connect("html-page-context", link_css)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
