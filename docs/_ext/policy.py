"""What a web host should send with the book: a content security policy and how long a copy stays good.

The policy is computed from the built pages.  A script or a style that stands inside a page is allowed by the hash of its text and by
nothing else, so text that somebody manages to put into a page does not run.  The file ``_headers`` has the form that Netlify and
Cloudflare Pages read; ``python docs/_ext/policy.py docs/_build/html nginx`` prints the same for nginx, Apache or Caddy.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from pathlib import Path
from typing import Any

YEAR, DAY = 31_536_000, 86_400
_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_DATA = re.compile(r"""type=["'](?!module|(?:text|application)/javascript)[\w.+-]+/[\w.+-]+["']""")


def inline(page: str) -> dict[str, set[str]]:
    """The texts of the scripts and styles that stand inside a page; data in a ``<script>`` is no script."""
    found: dict[str, set[str]] = {"script": set(), "style": set()}
    for tag, attributes, text in _INLINE.findall(page):
        if (
            text.strip()
            and not re.search(r"\bsrc=", attributes)
            and not (tag == "script" and _DATA.search(attributes))
        ):
            found[tag.lower()].add(text)
    return found


def source(text: str) -> str:
    """How a policy names a text: its hash, as a browser computes it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(site: Path) -> dict[str, list[str]]:
    """The directives of the policy, each with its sources."""
    scripts: set[str] = set()
    styles: set[str] = set()
    for path in sorted(site.rglob("*.html")):
        if "_static" in path.parts or "_downloads" in path.parts:
            continue
        found = inline(path.read_text(encoding="utf-8"))
        scripts |= found["script"]
        styles |= found["style"]
    return {
        "default-src": ["'none'"],
        "script-src": ["'self'", *sorted(map(source, scripts))],
        "style-src": ["'self'", *sorted(map(source, styles))],
        # Formulas and tables carry their widths in style attributes, which run nothing.
        "style-src-attr": ["'unsafe-inline'"],
        # data: the theme's icons and the photograph; blob: the explorer's picture on its way to a file.
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'"],
        "font-src": ["'self'"],
        # The search fetches the pages that it found, for their summaries.
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'self'"],
    }


def headers(site: Path) -> dict[str, dict[str, str]]:
    """The headers by the paths that they belong to."""
    sentence = "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy(site).items())
    return {
        "/*": {
            "Content-Security-Policy": sentence,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Cache-Control": "no-cache",  # a page is asked for again, and not sent again where it is the same
        },
        # Their addresses carry a digest of their content, so a new figure has a new address.
        "/_images/*": {"Cache-Control": f"public, max-age={YEAR}, immutable"},
        "/_static/*": {"Cache-Control": f"public, max-age={DAY}, stale-while-revalidate={7 * DAY}"},
        "/searchindex.js": {"Cache-Control": f"public, max-age={DAY // 24}"},
    }


def as_headers_file(found: dict[str, dict[str, str]]) -> str:
    """The form of Netlify and Cloudflare Pages."""
    blocks = [
        "\n".join([path, *(f"  {name}: {value}" for name, value in those.items())])
        for path, those in found.items()
    ]
    return "\n".join(["# Written by docs/_ext/policy.py from the pages of this folder.", *blocks, ""])


def as_nginx(found: dict[str, dict[str, str]]) -> str:
    """Lines for a ``server`` block; a location with headers of its own inherits none, so each names all."""
    whole = found["/*"]
    blocks = []
    for path, those in found.items():
        place = path.removesuffix("*")
        lines = [f'    add_header {name} "{value}" always;' for name, value in (whole | those).items()]
        blocks.append("\n".join([f"location {place} {{", *lines, "}"]))
    return "\n".join(
        ["gzip on;", "gzip_types text/css text/javascript application/javascript image/svg+xml;", *blocks]
    )


def as_apache(found: dict[str, dict[str, str]]) -> str:
    """Lines for a virtual host or ``.htaccess`` of Apache with mod_headers."""
    lines = [f'Header always set {name} "{value}"' for name, value in found["/*"].items()]
    for path, those in list(found.items())[1:]:
        pattern = path.removesuffix("*").replace(".", "\\.")
        inner = [
            f'    Header always set {name} "{value}" "expr=%{{REQUEST_URI}} =~ m#{pattern}#"'
            for name, value in those.items()
        ]
        lines += [line.strip() for line in inner]
    return "\n".join(lines)


def as_caddy(found: dict[str, dict[str, str]]) -> str:
    """Lines for a site block of a Caddyfile."""
    lines = ["encode gzip"]
    for path, those in found.items():
        lines += [f"header {path} {name} `{value}`" for name, value in those.items()]
    return "\n".join(lines)


FORMS = {"headers": as_headers_file, "nginx": as_nginx, "apache": as_apache, "caddy": as_caddy}


def write(app: Any, problem: Exception | None) -> None:
    """Write the file into a finished site."""
    if problem is None and app.builder.name in ("html", "dirhtml"):
        site = Path(app.outdir)
        (site / "_headers").write_text(as_headers_file(headers(site)), encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    app.connect("build-finished", write, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    print(FORMS[sys.argv[2] if len(sys.argv) > 2 else "headers"](headers(Path(sys.argv[1]))))
