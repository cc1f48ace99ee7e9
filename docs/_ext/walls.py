"""The small pictures of a wall of figures as pixels, one for the light and one for the dark.

A browser draws an SVG where it draws the page: each of a wall's dozens has hundreds of lines and letters, and a telephone that opens the
gallery answers no finger meanwhile.  Pixels are unpacked beside the page's own work, at a cost that does not depend on the figure.
A figure's own page, where it is read, and the EPUB keep the SVG.
"""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import Any

from rendered import mend_pages, pictures
from sphinx.application import Sphinx
from themed_figures import painted

# A card's picture is at most 24 rem wide on a telephone and 13 elsewhere, in the proportions of book.css.
SIZE = (560, 392)
_PICTURE = re.compile(r'<img [^>]*?src="([^"]*?_images/)(sphx_glr_[\w-]+_thumb)\.svg"[^>]*?>')


class Walls:
    """Writes the pictures that pages show, once for each figure."""

    def __init__(self, images: Path) -> None:
        self.images = images
        self.known: dict[Path, tuple[str, tuple[int, int]]] = {}

    def mend(self, page: str, sources: dict[str, Path]) -> str:
        """The page with two pictures in place of each thumbnail; the theme shows the one that fits."""

        def pair(found: re.Match[str]) -> str:
            folder, stem = found[1], found[2]
            source = sources.get(f"{stem}.svg")
            if source is None or not source.exists():
                return found[0]
            digest, (width, height) = self.drawn(source)
            alt = re.search(r'alt="[^"]*"', found[0])
            tags = [
                f'<img {alt[0] if alt else ""} class="only-{shade}" src="{folder}{stem}-{digest}-{shade}.webp" width="{width}"'
                f' height="{height}" />'
                for shade in ("light", "dark")
            ]
            # One that is not shown is not fetched.
            return tags[0] + tags[1].replace("<img", '<img loading="lazy" decoding="async"', 1)

        return _PICTURE.sub(pair, page)

    def drawn(self, source: Path) -> tuple[str, tuple[int, int]]:
        """Write the two pictures of a thumbnail, unless they are there; return its digest and their size."""
        if source not in self.known:
            from PIL import Image

            svg = source.read_text(encoding="utf-8")
            digest = hashlib.sha256(f"{SIZE}{svg}".encode()).hexdigest()[:8]
            names = [f"{source.stem}-{digest}-{shade}.webp" for shade in ("light", "dark")]
            if not all((self.images / name).exists() for name in names):
                self.images.mkdir(exist_ok=True)
                for old in self.images.glob(f"{source.stem}-????????-*.webp"):
                    old.unlink()
                for shade, name in enumerate(names):
                    (self.images / name).write_bytes(pixels(painted(svg, shade)))
            with Image.open(self.images / names[0]) as image:
                self.known[source] = digest, image.size
        return self.known[source]


def pixels(svg: str) -> bytes:
    """A picture of an SVG without variables: lines and few colours without loss, unless a photograph makes that large."""
    import resvg_py
    from PIL import Image

    drawn = Image.open(
        io.BytesIO(resvg_py.svg_to_bytes(svg_string=svg, width=2 * SIZE[0], dpi=96.0, skip_system_fonts=True))
    )
    image = drawn.convert("RGB")
    image.thumbnail(SIZE, Image.Resampling.LANCZOS)
    packed = []
    for options in ({"lossless": True}, {"quality": 70}):
        file = io.BytesIO()
        image.save(file, "WEBP", method=4, **options)
        packed.append(file.getvalue())
    return min(packed, key=len)


def install(app: Sphinx) -> None:
    """Mend each page as the template engine hands it over."""
    if app.builder.name not in ("html", "dirhtml"):
        return
    walls = Walls(Path(app.outdir) / "_images")
    mend_pages(app, lambda page: walls.mend(page, pictures(app)))


def leave_out_what_no_page_shows(app: Sphinx) -> list[Any]:
    """The thumbnails' own files, before Sphinx copies pictures."""
    if app.builder.name in ("html", "dirhtml"):
        images = app.builder.images
        for uri in [uri for uri in images if uri.endswith("_thumb.svg")]:
            (Path(app.outdir) / "_images" / images.pop(uri)).unlink(missing_ok=True)  # of an earlier build
    return []


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", install, priority=890)
    app.connect("html-collect-pages", leave_out_what_no_page_shows)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
