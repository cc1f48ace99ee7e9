"""TeX becomes MathML while the book is built, so no page needs a script for its mathematics.

One node process serves the whole build.  TeX that Temml cannot read is a warning, and so fails a strict build.
The font with the MATH table (brackets do not stretch without one) is cut down to the characters that the book uses.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from node_tools import MODULES, ensure_packages, node_command
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

FONT_PACKAGE = "@fontsource/noto-sans-math"
FONT_SOURCE = "files/noto-sans-math-latin-400-normal.woff2"
FONT = "_static/noto-sans-math.woff2"
ARROW = "temml-arrow.svg"
FONT_LICENCE = "_static/noto-sans-math-LICENSE.txt"
# Fences, arrows, radicals and their stretched parts are reached through the MATH table, not by a character on a page.
ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "()[]{}|‖⌊⌋⌈⌉⟨⟩√∑∏∫⏞⏟→←↦−×·…′⋆∗"


class Temml:
    """The node process, started by the first formula and asked one formula at a time."""

    def __init__(self, macros: dict[str, str]) -> None:
        self.macros = macros
        self.process: subprocess.Popen[str] | None = None
        self.known: dict[tuple[str, bool], dict[str, str]] = {}

    def render(self, tex: str, display: bool) -> dict[str, str]:
        if (tex, display) not in self.known:
            self.known[tex, display] = self._ask({"tex": tex, "display": display, "macros": self.macros})
        return self.known[tex, display]

    def _ask(self, request: dict[str, Any]) -> dict[str, str]:
        if self.process is None:
            server = Path(__file__).with_name("temml_server.mjs")
            self.process = subprocess.Popen(
                [*node_command(), str(server), str(ensure_packages() / "temml")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            return {"error": "the node process ended without an answer"}
        answer: dict[str, str] = json.loads(line)
        return answer

    def close(self) -> None:
        if self.process is not None:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.close()
            self.process.wait(timeout=10)
            self.process.stdout.close()
            self.process = None


def _mathml(translator: Any, node: nodes.Element, tex: str, display: bool) -> str:
    answer = translator.builder.app.temml.render(tex, display)
    if "error" in answer:
        logger.warning("TeX that Temml cannot read: %s\n%s", answer["error"], tex, location=node)
        return str(translator.encode(tex))
    formula = answer["mathml"]
    if translator.builder.name == "epub" and "xmlns" not in formula:  # XML takes nothing for granted
        formula = formula.replace("<math", '<math xmlns="http://www.w3.org/1998/Math/MathML"', 1)
    return formula


def visit_inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(_mathml(translator, node, node.astext(), display=False))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    tex = node.astext()
    if node.get("no-wrap", node.get("nowrap", False)) is False and "\\\\" in tex and "\\begin" not in tex:
        tex = "\\begin{aligned}" + tex + "\\end{aligned}"  # Sphinx's convention for lines broken by \\
    translator.body.append(translator.starttag(node, "div", CLASS="math display-math"))
    translator.body.append(f'<div class="scrolls">{_mathml(translator, node, tex, display=True)}</div>')
    if node.get("number"):
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def start(app: Sphinx) -> None:
    app.temml = Temml(dict(app.config.temml_macros))  # type: ignore[attr-defined]


def write_css(app: Sphinx, config: Any) -> None:
    """Temml's own rules for the font, with the font's address put right."""
    rules = (ensure_packages() / "temml/dist/Temml-NotoSans.css").read_text(encoding="utf-8")
    before, face, after = re.split(r"(@font-face\s*\{.*?\})", rules, maxsplit=1, flags=re.DOTALL)
    # "optional": a font that comes late waits for the next page, so that formulas never move the lines.
    source = 'src:url("noto-sans-math.woff2") format("woff2")'
    face = f'@font-face{{font-family:"NotoSans Math";{source};font-display:optional}}'
    text, arrow = arrow_apart(before + face + after)
    folder = Path(app.srcdir) / "_generated"
    folder.mkdir(exist_ok=True)
    for name, content in (("temml.css", text), (ARROW, arrow)):
        target = folder / name
        if not target.exists() or target.read_text(encoding="utf-8") != content:
            target.write_text(content, encoding="utf-8")


def arrow_apart(rules: str) -> tuple[str, str]:
    """The rules, and the one picture in them, the arrow of ``\\cancelto``: an EPUB may hold no ``data:`` address."""
    pictures = set(re.findall(r'url\("data:image/svg\+xml,([^"]*)"\)', rules))
    if len(pictures) != 1:
        raise ExtensionError(f"Temml's rules hold {len(pictures)} pictures, not the one that is known")
    (picture,) = pictures
    return rules.replace(f"data:image/svg+xml,{picture}", ARROW), unquote(picture) + "\n"


def link_css(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Only pages with mathematics load its rules and its font."""
    if doctree is not None and next(
        doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block)), None
    ):
        app.add_css_file("temml.css")


def finish(app: Sphinx, exception: Exception | None) -> None:
    app.temml.close()  # type: ignore[attr-defined]


def write_font(app: Sphinx) -> list[Any]:
    """Subset the mathematics font to the characters of every formula in the pages, which are all written by now."""
    outdir, suffix = Path(app.outdir), app.builder.out_suffix
    recipe = Path(app.doctreedir) / f"math-characters-{app.builder.name}.txt"
    used = set(ALWAYS)
    for page in sorted(outdir.rglob(f"*{suffix}")):
        for piece in page.read_text(encoding="utf-8").split("<math")[1:]:
            used.update(piece.split("</math>")[0])
    characters = sorted(map(ord, used))
    stamp = outdir / FONT
    wanted = "".join(map(chr, characters))
    if stamp.exists() and recipe.exists() and recipe.read_text(encoding="utf-8") == wanted:
        return []
    from fontTools import subset  # half a second, which most builds can spare
    from fontTools.ttLib import TTFont

    package = MODULES / FONT_PACKAGE
    font = TTFont(package / FONT_SOURCE, recalcTimestamp=False)
    options = subset.Options(layout_features=["*"], flavor="woff2", notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    font.flavor = "woff2"
    stamp.parent.mkdir(parents=True, exist_ok=True)
    font.save(stamp)
    recipe.write_text(wanted, encoding="utf-8")
    shutil.copyfile(package / "LICENSE", outdir / FONT_LICENCE)
    return []  # no page to add


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("temml_macros", {}, "env")
    app.add_html_math_renderer("temml", (visit_inline, None), (visit_block, None))
    app.connect("config-inited", write_css)
    app.connect("builder-inited", start)
    app.connect("html-page-context", link_css)
    app.connect("html-collect-pages", write_font)  # an EPUB is packed before its build has finished
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
