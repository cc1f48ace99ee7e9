"""Each page asks for few, small files: what every page needs in one style and one script, the rest where it is used.

The theme and the extensions give every page all of their styles and scripts, a dozen of each.  Here the finished page keeps those that
its text uses; what all pages share is joined, so that a phone waits for two answers and not for twenty.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from furo import get_pygments_stylesheet
from rendered import mend_pages
from sphinx.application import Sphinx

# In the order in which rules override each other.
FIRST_STYLE = ["pygments.css", "styles/furo.css"]
LAST_STYLE = ["copybutton.css", "styles/furo-extensions.css", "book.css"]
FIRST_SCRIPT = ["documentation_options.js", "doctools.js", "sphinx_highlight.js", "scripts/furo.js"]
# What other files are for: a page without such a piece of text does without the file.
USED_BY = {
    "mystnb": r'class="(?:cell|output)\b',
    "sg_gallery": r'class="[^"]*sphx-glr',
    "sg_gallery-binder": r"(?!)",  # no binder in this book
    "sg_gallery-dataframe": r'class="dataframe',
    "sg_gallery-rendered-html": r"rendered_html",
    "sg-tags": r"sphx-glr-tag",
    "sphinx-design": r'class="[^"]*\bsd-',
    "design-tabs": r"sd-tab-set",
    "clipboard": r'class="highlight',
    "copybutton": r'class="highlight',
}
_STYLE = re.compile(r'\s*<link rel="stylesheet" type="text/css" href="([^"]*?)_static/([^"?]+)(\?[^"]*)?" />')
_SCRIPT = re.compile(r'\s*<script( [^>]*?)? ?src="([^"]*?)_static/([^"?]+)(\?[^"]*)?"([^>]*)></script>')
# MyST-NB has a thousand rules for the colours of a terminal, nine tenths of its style.
_TERMINAL = re.compile(r'class="[^"]*-Color')
_TERMINAL_RULE = re.compile(r"div\.highlight \.-Color[^{}]*\{[^{}]*\}")
_COLOURS = re.compile(r"<style>(\s*body \{\s*--color.*?)</style>", re.DOTALL)


class Lean:
    """Joins the shared files in the folder of a build, and rewrites pages to use them."""

    def __init__(self, static: Path) -> None:
        self.static = static
        self.written: dict[str, str] = {}

    def mend(self, page: str) -> str:
        """The page with the files that it uses."""
        found = _STYLE.search(page)
        if found is None:
            return page
        root = found[1]
        page = self.styles(page, root)
        page = self.scripts(page, root)
        # The theme's script takes this class away, and a browser then looks at every element's style a second time; the page would
        # move, too, for a switch that shows only then.  In book.css a media query says the same.
        page = page.replace('<html class="no-js"', "<html", 1)
        # Two of the same: the template's and Sphinx's.
        return page.replace('<meta name="viewport" content="width=device-width, initial-scale=1" />\n', "", 1)

    def styles(self, page: str, root: str) -> str:
        """Few styles, in the old order."""
        linked = _STYLE.findall(page)
        names = [name for _, name, _ in linked]
        colours = _COLOURS.search(page)
        page = _COLOURS.sub("", page, count=1)
        last = self.joined(
            "last.css", [name for name in LAST_STYLE if name in names], colours[1] if colours else ""
        )
        links = [self.joined("first.css", [name for name in FIRST_STYLE if name in names])]
        links += [
            self.joined("cells.css", [name])
            if Path(name).name.startswith("mystnb.") and not _TERMINAL.search(page)
            else name + version
            for _, name, version in linked
            if name not in FIRST_STYLE + LAST_STYLE and used(name, page)
        ]
        tags = [
            f'<link rel="stylesheet" type="text/css" href="{root}_static/{link}" />'
            for link in [*links, last]
        ]
        start = _STYLE.search(page)
        assert start is not None
        place = start.start()
        rest = _STYLE.sub("", page)
        return rest[:place] + "\n" + "\n".join(tags) + rest[place:]

    def scripts(self, page: str, root: str) -> str:
        """Few scripts, none of which a page waits for."""
        names = [name for _, _, name, _, _ in _SCRIPT.findall(page)]
        if not set(FIRST_SCRIPT) <= set(names):
            return page
        joined = (
            f'\n<script defer="defer" src="{root}_static/{self.joined("first.js", FIRST_SCRIPT)}"></script>'
        )

        def chosen(found: re.Match[str]) -> str:
            name = found[3]
            if name in FIRST_SCRIPT:
                return joined if name == FIRST_SCRIPT[0] else ""
            if not used(name, page):
                return ""
            tag = found[0].lstrip()
            return "\n" + (
                tag
                if "defer" in tag or "async" in tag
                else tag.replace("<script", '<script defer="defer"', 1)
            )

        return _SCRIPT.sub(chosen, page)

    def joined(self, name: str, parts: list[str], more: str = "") -> str:
        """Write the joined file once, and return its name with a digest of what is in it."""
        recipe = "\0".join([name, *parts, more])
        if recipe not in self.written:
            texts = [self.text(part) for part in parts]
            text = "".join(map(shortened, [more, *texts])) if name.endswith(".css") else "\n;".join(texts)
            text = text.replace("\n//# sourceMappingURL=furo.js.map", "")
            if name == "cells.css":
                text = shortened(_TERMINAL_RULE.sub("", text))
            (self.static / name).write_text(text, encoding="utf-8")
            self.written[recipe] = f"{name}?v={hashlib.sha256(text.encode()).hexdigest()[:8]}"
        return self.written[recipe]

    def text(self, name: str) -> str:
        """A file's text; of the colours of code the theme's own, which it writes in place of Sphinx's after the last page."""
        if name == "pygments.css":
            return str(get_pygments_stylesheet())
        return (self.static / name).read_text(encoding="utf-8")


def used(name: str, page: str) -> bool:
    """Whether a page's text has what a file is for."""
    stem = Path(name).name.split(".")[0]
    return stem not in USED_BY or re.search(USED_BY[stem], page) is not None


def shortened(css: str) -> str:
    """A style without its comments and its line breaks."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", css).strip() + "\n"


def install(app: Sphinx) -> None:
    """Mend each page as the template engine hands it over."""
    if app.builder.name not in ("html", "dirhtml"):
        return
    mend_pages(app, Lean(Path(app.outdir) / "_static").mend)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", install, priority=910)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
