"""The built book, one page of each kind, and how a browser is started to look at them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("CONVBOOK_SITE", ROOT / "docs" / "_build" / "html"))
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

# One page of each kind.  A star stands for the first page that matches.
KINDS = [
    "index.html",
    "chapters/index.html",
    "chapters/edges.html",
    "chapters/transposed.html",
    "chapters/learning.html",
    "chapters/error_gallery.html",
    "chapters/glossary.html",
    "chapters/bibliography.html",
    "auto_gallery/index.html",
    "auto_gallery/edges/index.html",
    "auto_gallery/edges/[!i]*.html",
    "auto_gallery/kernel_learning/*animation*.html",
    "reference/index.html",
    "reference/generated/convbook.correlation.html",
    "reference/generated/convbook.learning.html",
    "explorer.html",
    "search.html?q=padding",
    "genindex.html",
    "404.html",
]
VIEWS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "dark phone": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}


def find(kind: str) -> str:
    """The place of a page of that kind inside the site, with its query."""
    path, _, query = kind.partition("?")
    found = sorted(SITE.glob(path))
    assert found, f"no page {path} in {SITE}: run `nox -s docs` first"
    return found[0].relative_to(SITE).as_posix() + (f"?{query}" if query else "")


def all_pages() -> list[str]:
    """Every page of the site, without the slides, which are no pages of the book."""
    return sorted(
        path.relative_to(SITE).as_posix()
        for path in SITE.rglob("*.html")
        if "_static" not in path.parts
        and "_downloads" not in path.parts
        and not path.name.endswith(".slides.html")
    )


def link_of(page: Page) -> str:
    """The address that a page with an explorer or a lab leaves behind: it holds the last change, too."""
    address: str = page.evaluate("dispatchEvent(new Event('pagehide')) && location.href")
    return address


def axe_faults(page: Page, axe: str, part: str = "html", *, colors_only: bool = False) -> list[str]:
    """What axe finds on a page or in a part of it: each rule with the first elements that break it."""
    rules = {"runOnly": ["color-contrast", "link-in-text-block"]} if colors_only else {}
    options = {"resultTypes": ["violations"], **rules}
    page.evaluate(axe)
    found = page.evaluate("([part, options]) => axe.run(part, options)", [part, options])["violations"]
    return [
        f"{rule['id']} ({rule['help']}): " + "; ".join(node["html"][:200] for node in rule["nodes"][:4])
        for rule in found
    ]
