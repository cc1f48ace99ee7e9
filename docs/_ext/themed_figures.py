"""Figures as SVG that follow the page into the dark, with the figure's label as their alternative text.

``install()`` gives matplotlib a canvas for the format ``svg``.  It draws as usual; then the colours of the theme become CSS
variables with a dark value, and nothing else changes: a colour that carries a value (a filled cell, an image) stays what it is.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import io
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

STYLE = Path(__file__).with_name("convbook.mplstyle")

# role: (light, dark).  The light values are the ones that convbook.mplstyle uses; the page's CSS has the same.
THEME = {
    "paper": ("#fbfaf7", "#14181f"),
    "ink": ("#1c2430", "#e8e6e1"),
    "quiet": ("#5b6472", "#a9b1bd"),
    "hair": ("#d9d6cf", "#363d49"),
    "cool": ("#0f6f8f", "#5cc4e3"),
    "warm": ("#c2410c", "#ff9b5e"),
    "violet": ("#7a4fa3", "#c2a1ea"),
    "green": ("#3f7d3a", "#8fc97f"),
    "gold": ("#946200", "#e6b450"),
    "grey": ("#6b7280", "#a0a7b4"),
}
_ROLE = {light: role for role, (light, _) in THEME.items()}
_COLOUR = re.compile("|".join(_ROLE))
_EMBEDDED = re.compile(r"data:image/(?:png|webp);base64,\s*([A-Za-z0-9+/=\s]+)")
_UNSEEN = re.compile(r"<!--.*?-->\s*|<metadata>.*?</metadata>\s*", re.DOTALL)
_PATH = re.compile(r'(?<= d=")[^"]+')
_NUMBER = re.compile(r"-?\d+\.\d+")
THUMBNAIL = 160  # pixels of a picture inside a thumbnail, at most, each way: what a telephone shows of it
_DESC = re.compile(r"<desc>(.*?)</desc>", re.DOTALL)


def install() -> None:
    """Use the book's style, and themed SVG wherever matplotlib saves an SVG."""
    from matplotlib.backend_bases import register_backend
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    class ThemedSVG(FigureCanvasSVG):
        """An SVG canvas whose output follows ``prefers-color-scheme``."""

        def print_svg(
            self, filename: Any, *, bbox_inches_restore: Any = None, metadata: Any = None, **others: Any
        ) -> None:
            drawn = io.StringIO()
            label = str(self.figure.get_label() or "")
            undated = {"Date": None, "Creator": None, **(metadata or {})}
            super().print_svg(drawn, bbox_inches_restore=bbox_inches_restore, metadata=undated)
            themed = theme_svg(drawn.getvalue(), label)
            if hasattr(filename, "write"):
                text_stream = isinstance(filename, io.TextIOBase)
                filename.write(themed if text_stream else themed.encode())
            else:
                Path(filename).write_text(themed, encoding="utf-8")

    register_backend("svg", ThemedSVG, "The book's themed SVG")
    use_style()


def use_style() -> None:
    """The book's settings, and for animations the ffmpeg that a pip package brings, told to give the same bytes each time."""
    import imageio_ffmpeg
    import matplotlib.style

    matplotlib.style.use(STYLE)
    matplotlib.rcParams["animation.ffmpeg_path"] = imageio_ffmpeg.get_ffmpeg_exe()
    matplotlib.rcParams["animation.ffmpeg_args"] = [
        "-threads",
        "1",
        "-fflags",
        "+bitexact",
        "-flags:v",
        "+bitexact",
        "-map_metadata",
        "-1",
        "-crf",
        "20",
    ]


def reset_style(gallery_conf: dict[str, Any], fname: str) -> None:
    """Give each gallery script the book's style anew, and seeds of its own (called by sphinx-gallery)."""
    import matplotlib
    import matplotlib.pyplot as plt
    import torch

    plt.close("all")
    matplotlib.rcdefaults()
    prepare()
    use_style()
    torch.manual_seed(0)


@cache
def prepare() -> None:
    """Before the first script: themed SVG, films saved once, and cheap collections of garbage."""
    import sphinx_gallery.scrapers

    install()
    sphinx_gallery.scrapers._anim_rst = film
    save_thumbnails_small()
    # sphinx-gallery collects garbage before each script, and would look through Sphinx and torch every time.
    gc.collect()
    gc.freeze()


def film(animation: Any, image_path: Any, gallery_conf: dict[str, Any]) -> str:
    """Save a film once, and its last frame as the picture for the gallery's wall.

    sphinx-gallery draws it a second time, as a GIF that moves whether its reader wants that or not and is ten times as large; and
    matplotlib draws each frame once for a screen that is not there.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from sphinx_gallery.scrapers import _ANIMATION_VIDEO_RST, _as_relative_rst_path

    figure = animation._fig
    path = Path(image_path).with_suffix(f".{gallery_conf['matplotlib_animations'][1]}")
    for_a_screen = FigureCanvasAgg.draw_idle
    try:
        FigureCanvasAgg.draw_idle = lambda canvas: None
        animation.save(path)
    finally:
        FigureCanvasAgg.draw_idle = for_a_screen
    figure.savefig(path.with_suffix(".svg"), format="svg", bbox_inches="tight")
    width, height = (int(inches * figure.dpi) for inches in figure.get_size_inches())
    address = f"/{_as_relative_rst_path(path, gallery_conf['src_dir'])}"
    return str(_ANIMATION_VIDEO_RST.format(video=address, width=width, height=height, options=""))


def svg_scraper(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the open figures as SVG, and the films with words (sphinx-gallery takes a scraper by its dotted name)."""
    import matplotlib.pyplot as plt
    from sphinx_gallery.scrapers import matplotlib_scraper

    labels = [str(plt.figure(number).get_label()) for number in plt.get_fignums()]
    text = str(matplotlib_scraper(block, block_vars, gallery_conf, format="svg"))
    # An SVG carries its figure's label itself; a film cannot.
    films = [label for label in labels if label] if ".. video::" in text else []
    return re.sub(
        r"(\.\. video:: [^\n]*\n)",
        lambda found: found[1] + (f"   :alt: {' '.join(films.pop(0).split())}\n" if films else ""),
        text,
    )


def theme_svg(svg: str, label: str = "") -> str:
    """Replace the theme's colours by variables, leave out what nobody sees, and put ``label`` in as the description."""
    svg = _coarser(_UNSEEN.sub("", _steady_ids(svg)), 2)
    svg = _COLOUR.sub(lambda found: f"var(--{_ROLE[found[0]]})", svg)
    svg = _presentation_to_style(svg)
    svg = _EMBEDDED.sub(_as_webp, svg)
    light = "".join(f"--{role}:{colour};" for role, (colour, _) in THEME.items())
    dark = "".join(f"--{role}:{colour};" for role, (_, colour) in THEME.items())
    head = f"<style>:root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}</style>\n"
    if label:
        head = f"<desc>{escape(label)}</desc>\n{head}"
    start = svg.index(">", svg.index("<svg")) + 1
    return svg[:start] + "\n" + head + svg[start:]


def painted(svg: str, shade: int) -> str:
    """A themed SVG in its colours for the light (0) or the dark (1), for a painter that knows no variables."""
    svg = re.sub(r"<style>:root.*?</style>", "", svg, count=1)
    return re.sub(r"var\(--(\w+)\)", lambda found: THEME[found[1]][shade], svg)


def thumbnail(svg: str) -> str:
    """A figure for the gallery's wall, where it is a third as wide: without its words, which stand beside it, in coarser numbers."""
    return _EMBEDDED.sub(_smaller, _coarser(_DESC.sub("", svg, count=1), 1))


def save_thumbnails_small() -> None:
    """Let sphinx-gallery save its thumbnails as ever, and then make them small."""
    from sphinx_gallery import gen_rst

    original = gen_rst.save_thumbnail

    def save(template: Any, script: Any, *others: Any) -> None:
        original(template, script, *others)
        path = Path(template).parent / "thumb" / f"sphx_glr_{Path(script).stem}_thumb.svg"
        if path.exists():
            path.write_text(thumbnail(path.read_text(encoding="utf-8")), encoding="utf-8")

    gen_rst.save_thumbnail = save


def described(path: Path) -> str:
    """The description inside an SVG file that this module wrote, or nothing."""
    if path.suffix != ".svg" or not path.exists():
        return ""
    from html import unescape

    found = _DESC.search(path.read_text(encoding="utf-8")[:20000])
    return unescape(found[1]) if found else ""


def _steady_ids(svg: str) -> str:
    """Name clip paths after the numbers that are written, and not after the floats behind them.

    The solver of matplotlib's layout adds in an order that depends on addresses in memory, so their last bits differ from run to run.
    """
    names: dict[str, str] = {}
    for name, shape in re.findall(r'<clipPath id="(p[0-9a-f]+)">(.*?)</clipPath>', svg, re.DOTALL):
        steady = "p" + hashlib.sha256(shape.encode()).hexdigest()[:10]
        names[name] = steady if steady not in names.values() else f"{steady}-{len(names)}"
    return re.sub(r"\bp[0-9a-f]{10}\b", lambda found: names.get(found[0], found[0]), svg)


def _presentation_to_style(svg: str) -> str:
    # var() is valid in style="" but not in a presentation attribute such as stop-color="".
    return re.sub(r'\b(fill|stroke|stop-color)="(var\(--\w+\))"', r'style="\1: \2"', svg)


def _coarser(svg: str, digits: int) -> str:
    """Write the numbers of paths with fewer digits: matplotlib writes a millionth of a point."""

    def shorter(found: re.Match[str]) -> str:
        text = f"{float(found[0]):.{digits}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    return _PATH.sub(lambda found: _NUMBER.sub(shorter, found[0]), svg)


def _smaller(found: re.Match[str]) -> str:
    """A picture as large as a thumbnail can show it.  A few dozen pixels are data, and stay exact."""
    from PIL import Image

    packed = base64.b64decode(found[1])
    image = Image.open(io.BytesIO(packed))
    if image.width * image.height <= 48 * 48:
        return found[0]
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    smaller = io.BytesIO()
    image.save(smaller, "WEBP", quality=65, method=6)
    if smaller.tell() >= len(packed):
        return found[0]
    return "data:image/webp;base64," + base64.b64encode(smaller.getvalue()).decode()


def _as_webp(found: re.Match[str]) -> str:
    """A photograph inside the figure: WebP is a fifth of PNG.  Small images are data and stay exact."""
    from PIL import Image

    png = base64.b64decode(found[1])
    image = Image.open(io.BytesIO(png))
    packed = io.BytesIO()
    exact = image.width * image.height <= 128 * 128
    image.save(packed, "WEBP", lossless=exact, quality=100 if exact else 88, method=6, exact=True)
    if packed.tell() >= len(png):
        return found[0]
    return "data:image/webp;base64," + base64.b64encode(packed.getvalue()).decode()
