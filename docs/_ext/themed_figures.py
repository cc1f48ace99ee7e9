"""Figures as SVG that follow the page into the dark, with the figure's label as their alternative text.

``install()`` gives matplotlib a canvas for the format ``svg``.  It draws as usual; then the colors of the theme become CSS
variables with a dark value, and nothing else changes: a color that carries a value (a filled cell, an image) stays what it is.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

STYLE = Path(__file__).with_name("convbook.mplstyle")

# role: (light, dark), for the figures and for the pages' style.
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
LINES = ("cool", "warm", "violet", "green", "gold", "grey")
# Matplotlib's settings for what has one of these colors.
COLORED = {
    "paper": "figure.facecolor figure.edgecolor axes.facecolor",
    "ink": "text.color axes.labelcolor axes.titlecolor xtick.labelcolor ytick.labelcolor patch.edgecolor hatch.color "
    "boxplot.flierprops.color",
    "quiet": "axes.edgecolor xtick.color ytick.color",
    "hair": "grid.color",
    "cool": "lines.color",
}
_ROLE = {light: role for role, (light, _) in THEME.items()}
_COLOR = re.compile("|".join(_ROLE))
_EMBEDDED = re.compile(r"data:image/(?:png|webp);base64,\s*([A-Za-z0-9+/=\s]+)")
# Matplotlib writes a text's words before its outlines.
_WORDS = re.compile(r"<!-- ([^\n]*[A-Za-z]{2}[^\n]*) -->\s*<g ")
_UNSEEN = re.compile(r"<!--.*?-->\s*|<metadata>.*?</metadata>\s*", re.DOTALL)
_PATH = re.compile(r'(?<= d=")[^"]+')
_NUMBER = re.compile(r"-?\d+\.\d+")
THUMBNAIL = (560, 392)  # pixels: a card is at most 24 rem wide on a telephone and 13 elsewhere


def install() -> None:
    """Use the book's style, and themed SVG wherever matplotlib saves an SVG."""
    from matplotlib.backend_bases import register_backend
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.text import Text

    class ThemedSVG(FigureCanvasSVG):
        """An SVG canvas whose output follows ``prefers-color-scheme``."""

        def print_svg(
            self, filename: Any, *, bbox_inches_restore: Any = None, metadata: Any = None, **others: Any
        ) -> None:
            drawn = io.StringIO()
            for number, text in enumerate(self.figure.findobj(Text)):
                text.set_gid(f"{text.get_horizontalalignment()}-{number}")  # a translation is aligned like it
            undated = {"Date": None, "Creator": None, **(metadata or {})}
            super().print_svg(drawn, bbox_inches_restore=bbox_inches_restore, metadata=undated)
            themed = theme_svg(drawn.getvalue(), str(self.figure.get_label() or ""))
            if isinstance(filename, str | Path):
                Path(filename).write_text(themed, encoding="utf-8")
            else:
                filename.write(themed if isinstance(filename, io.TextIOBase) else themed.encode())

    register_backend("svg", ThemedSVG, "The book's themed SVG")
    use_style()


def use_style() -> None:
    """The book's settings, and for animations the ffmpeg that a pip package brings."""
    import imageio_ffmpeg
    import matplotlib.font_manager
    import matplotlib.style

    matplotlib.style.use(STYLE)
    light = {role: color for role, (color, _) in THEME.items()}
    settings = {name: light[role] for role, names in COLORED.items() for name in names.split()}
    settings["axes.prop_cycle"] = matplotlib.cycler("color", [light[role] for role in LINES])
    for font in sorted((STYLE.parents[1] / "_generated").glob("figure-*.ttf")):
        matplotlib.font_manager.fontManager.addfont(font)
        # What the page's typeface lacks, Matplotlib's own has.
        settings["font.family"] = ["ConvBook Sans", "DejaVu Sans"]
    settings["animation.ffmpeg_path"] = imageio_ffmpeg.get_ffmpeg_exe()
    matplotlib.rcParams.update(settings)


def reset_style(gallery_conf: dict[str, Any], fname: str) -> None:
    """Give each gallery script the book's style anew, and seeds of its own (called by sphinx-gallery)."""
    import matplotlib
    import matplotlib.pyplot as plt
    import torch

    plt.close("all")
    matplotlib.rcdefaults()
    install()
    torch.manual_seed(0)


def scraper(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the open figures as SVG and the films with words, and of a script's first figure two small pictures.

    Sphinx-gallery's own scraper would draw each film a second time, as a GIF that cannot be stopped.
    """
    import matplotlib
    import matplotlib.pyplot as plt
    from matplotlib.animation import Animation

    found = []
    films = [value for value in block_vars["example_globals"].values() if isinstance(value, Animation)]
    for number, name in zip(plt.get_fignums(), block_vars["image_path_iterator"], strict=False):
        figure, path = plt.figure(number), Path(name).with_suffix(".svg")
        label = " ".join(str(figure.get_label()).split())
        # Matplotlib says nowhere else what a film draws on.
        film = next((film for film in films if film._fig is figure), None)
        kind, shown, options = "image", path, ":class: figure"
        figure.draw_without_rendering()  # finds the layout
        # With a layout engine, even one that does nothing, matplotlib draws twice for each picture that it saves.
        with matplotlib.rc_context({"figure.constrained_layout.use": False}):
            figure.set_layout_engine(None)
            if film is not None:
                kind, shown = "video", path.with_suffix(".mp4")
                save_film(film, shown)
                width, height = (int(inches * figure.dpi) for inches in figure.get_size_inches())
                options = f":width: {width}\n   :height: {height}"
            figure.savefig(path, format="svg", bbox_inches="tight" if film else None)
            place = shown.relative_to(gallery_conf["src_dir"]).as_posix()
            found.append(f".. {kind}:: /{place}\n   :alt: {label}\n   {options}\n")
            if path.stem.endswith("_001"):
                save_thumbnails(figure, path.parent / "thumb" / path.stem.replace("_001", "_thumb"))
    plt.close("all")
    return "\n".join(found)


def save_film(film: Any, path: Path) -> None:
    """Save an animation; each frame would be drawn once more for a screen."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for_a_screen = FigureCanvasAgg.draw_idle
    try:
        FigureCanvasAgg.draw_idle = lambda canvas: None
        film.save(path)
    finally:
        FigureCanvasAgg.draw_idle = for_a_screen


def save_thumbnails(figure: Any, path: Path) -> None:
    """Save the middle of the figure's last large panel for the light and for the dark; the figure is dark afterwards."""
    from matplotlib.transforms import Bbox

    drawn = [axes for axes in figure.axes if axes.has_data()]
    boxes = [axes.get_window_extent() for axes in drawn] or [figure.bbox]
    largest = max(box.width * box.height for box in boxes)
    panels = [box for box in boxes if box.width * box.height > largest / 2]  # the last one is the result
    box = panels[-1].transformed(figure.dpi_scale_trans.inverted())
    width, height = THUMBNAIL
    fill, whole = sorted((box.width / width, box.height / height))
    scale = whole if whole > 2 * fill else fill  # the middle of a long row of dots may show none
    (x, y), half = (box.p0 + box.p1) / 2, (width * scale / 2, height * scale / 2)
    card = Bbox([[x - half[0], y - half[1]], [x + half[0], y + half[1]]])
    path.parent.mkdir(exist_ok=True)
    for shade in ("light", "dark"):
        if shade == "dark":
            repaint(figure)
        target, options = path.with_name(f"{path.name}-{shade}.webp"), {"quality": 80, "method": 2}
        figure.savefig(target, bbox_inches=card, dpi=1 / scale, pil_kwargs=options)


def repaint(figure: Any) -> None:
    """Give everything that has a color of the theme the dark one; a color that carries a value stays."""
    from matplotlib.colors import to_hex, to_rgba, to_rgba_array

    dark = dict(THEME.values())
    arrows = [getattr(artist, "arrow_patch", None) for artist in figure.findobj()]
    for artist in [*figure.findobj(lambda artist: artist.get_visible()), *filter(None, arrows)]:
        for part in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
            get, put = getattr(artist, f"get_{part}", None), getattr(artist, f"set_{part}", None)
            if get is None or put is None or (part == "color" and hasattr(artist, "set_facecolor")):
                continue
            old = [tuple(color) for color in to_rgba_array(get())]
            new = [to_rgba(dark.get(to_hex(color), color), color[3]) for color in old]
            if new != old:
                put(new[0] if len(new) == 1 else new)


def colors_of(roles: Iterable[str] = THEME) -> str:
    """The style inside an SVG that gives these roles their colors, light and dark."""
    light, dark = ("".join(f"--{role}:{THEME[role][shade]};" for role in roles) for shade in (0, 1))
    return f"<style>:root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}</style>\n"


def theme_svg(svg: str, label: str = "") -> str:
    """Replace the theme's colors by variables, leave out what nobody sees, and put ``label`` in as the description."""
    svg = _WORDS.sub(lambda found: f'<g data-words="{escape(found[1])}" ', svg)
    svg = _coarser(_UNSEEN.sub("", _steady_ids(svg)), 2)
    svg = _COLOR.sub(lambda found: f"var(--{_ROLE[found[0]]})", svg)
    # var() is valid in style="" but not in a presentation attribute such as stop-color="".
    svg = re.sub(r'\b(fill|stroke|stop-color)="(var\(--\w+\))"', r'style="\1: \2"', svg)
    svg = _EMBEDDED.sub(_as_webp, svg)
    description = f"<desc>{escape(label)}</desc>\n" if label else ""
    start = svg.index(">", svg.index("<svg")) + 1
    return f"{svg[:start]}\n{description}{colors_of()}{svg[start:]}"


def _steady_ids(svg: str) -> str:
    """Name clip paths after the numbers that are written, and not after the floats behind them.

    The solver of matplotlib's layout adds in an order that depends on addresses in memory, so their last bits differ from run to run.
    """
    names: dict[str, str] = {}
    for name, shape in re.findall(r'<clipPath id="(p[0-9a-f]+)">(.*?)</clipPath>', svg, re.DOTALL):
        steady = "p" + hashlib.sha256(shape.encode()).hexdigest()[:10]
        names[name] = steady if steady not in names.values() else f"{steady}-{len(names)}"
    return re.sub(r"\bp[0-9a-f]{10}\b", lambda found: names.get(found[0], found[0]), svg)


def _coarser(svg: str, digits: int) -> str:
    """Write the numbers of paths with fewer digits: matplotlib writes a millionth of a point."""

    def shorter(found: re.Match[str]) -> str:
        text = f"{float(found[0]):.{digits}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    return _PATH.sub(lambda found: _NUMBER.sub(shorter, found[0]), svg)


def _as_webp(found: re.Match[str]) -> str:
    """A photograph inside the figure: WebP is a fifth of PNG.  Small images are data and stay exact."""
    from PIL import Image

    png = base64.b64decode(found[1])
    image = Image.open(io.BytesIO(png))
    packed = io.BytesIO()
    exact = image.width * image.height <= 128 * 128
    image.save(packed, "WEBP", lossless=exact, quality=100 if exact else 88, method=4, exact=True)
    if packed.tell() >= len(png):
        return found[0]
    return "data:image/webp;base64," + base64.b64encode(packed.getvalue()).decode()
