"""What a web host should send with the book: a content security policy and how long a copy stays good.

Each page holds one script, and the page for lost addresses holds one more and a style; they are constants of the theme.  A policy that
names their hashes lets nothing else that stands inside a page run.  Python in the page is WebAssembly, which needs a word of its own;
the word allows no text to be run as a script.  The file ``_headers`` of a built site has the form that Netlify and
Cloudflare Pages read; ``docs/hosting.md`` says how other hosts take it.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from languages import LANGUAGES

# A page that is to be dark does not flash white, and none is shown before its typefaces, which its styles hold, have been unpacked: lines that
# were laid out in another face would move.
EARLY_SCRIPT = (
    "{const root=document.documentElement.style,show=()=>{root.visibility=''};"
    "try{document.body.dataset.theme=localStorage.getItem('theme')||'auto'}catch{document.body.dataset.theme='auto'}"
    "root.visibility='hidden';Promise.all([...document.fonts].map(font=>font.load())).then(show,show);setTimeout(show,500)}"
)
_LOST = Path(__file__).parents[1] / "_theme" / "book"
LOST = {kind: (_LOST / f"lost.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")}


def source(text: str) -> str:
    """How a policy names a text: its hash, as a browser computes it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


HEADERS = f"""\
/*
  Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval' {source(EARLY_SCRIPT)} {source(LOST["js"])}; style-src 'self' \
{source(LOST["css"])}; style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self'; font-src 'self' data:; \
connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'
  X-Content-Type-Options: nosniff
  Referrer-Policy: strict-origin-when-cross-origin
  Cache-Control: no-cache
/_images/*
  Cache-Control: public, max-age=31536000, immutable
/_static/*
  Cache-Control: public, max-age=86400, stale-while-revalidate=604800
"""


def write(app: Any, problem: Exception | None) -> None:
    """Write the file into a finished site, and beside it the one that tells robots where the list of pages is."""
    if problem is None and app.builder.name == "html":
        (Path(app.outdir) / "_headers").write_text(HEADERS, encoding="utf-8")
        folders = [folder for _name, _code, folder in LANGUAGES.values()]
        site = app.config.html_baseurl.removesuffix(LANGUAGES[app.config.language][2])
        maps = "".join(f"Sitemap: {site}{folder}sitemap.xml\n" for folder in folders)
        robots = f"User-agent: *\nAllow: /\n{maps}"
        (Path(app.outdir) / "robots.txt").write_text(robots, encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
