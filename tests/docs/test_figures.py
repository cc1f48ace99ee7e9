"""Figures and films on their way to a page: what is left out, what stays exact, and what is drawn once."""

from __future__ import annotations

import base64
import importlib
import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sphinx_gallery", reason="the tests of the built book have a session of their own")
Image = pytest.importorskip("PIL.Image")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
themed_figures = importlib.import_module("themed_figures")
accessible = importlib.import_module("accessible")
walls = importlib.import_module("walls")
sys.path.pop(0)


def picture(side: int) -> tuple[str, np.ndarray]:
    """Return a noisy picture as an SVG holds it, and its pixels."""
    pixels = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", lossless=True, exact=True)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}", pixels


def unpacked(svg: str) -> np.ndarray:
    """Return the pixels of the one picture in an SVG."""
    found = re.search(r"base64,([A-Za-z0-9+/=]+)", svg)
    assert found
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGB"))


def test_a_thumbnail_keeps_data_and_shrinks_photographs() -> None:
    """An image of 9×9 numbers stays exact in a thumbnail; one of 300×300 loses nine tenths of its bytes."""
    data, pixels = picture(9)
    small = themed_figures.thumbnail(f'<svg><desc>words</desc><image href="{data}"/></svg>')
    assert np.array_equal(unpacked(small), pixels)
    assert "words" not in small
    photograph, _ = picture(300)
    large = f'<svg><image href="{photograph}"/></svg>'
    shrunk = themed_figures.thumbnail(large)
    assert max(unpacked(shrunk).shape[:2]) == themed_figures.THUMBNAIL
    assert len(shrunk) < len(large) / 10


def test_paths_lose_digits_and_nothing_else() -> None:
    """Paths are rounded to hundredths of a point; transforms, texts and names are not touched."""
    svg = '<svg><path d="M 1.23456 -0.001\nL 7 0.99999" transform="scale(0.015625)" id="m1.234"/>1.234</svg>'
    assert themed_figures._coarser(svg, 2) == svg.replace("M 1.23456 -0.001", "M 1.23 0").replace(
        "0.99999", "1"
    )


def test_a_film_is_drawn_once_and_leaves_its_last_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three frames are drawn three times, not six or twelve, and again give the same bytes."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pytest.importorskip("imageio_ffmpeg")
    from matplotlib.animation import FuncAnimation
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn: list[None] = []
    original = FigureCanvasAgg.draw

    def draw(canvas: FigureCanvasAgg) -> None:
        original(canvas)  # a mere question for the renderer ends here by an exception
        drawn.append(None)

    monkeypatch.setattr(FigureCanvasAgg, "draw", draw)
    kept = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        with pyplot.style.context("default"):
            themed_figures.install()
            figure, ax = pyplot.subplots(figsize=(2, 1))
            text = ax.text(0, 0, "")
            film = FuncAnimation(
                figure, lambda i, text=text: text.set_text(f"frame {i}"), frames=3, init_func=list
            )
            drawn.clear()
            conf = {"matplotlib_animations": (True, "mp4"), "src_dir": str(folder)}
            words = themed_figures.film(film, folder / "film_001.png", conf)
            pyplot.close(figure)
        assert len(drawn) == 3
        assert ".. video:: /film_001.mp4" in words
        assert not list(folder.glob("*.gif"))
        still = (folder / "film_001.svg").read_bytes()
        kept.append(((folder / "film_001.mp4").read_bytes(), still))
    assert kept[0] == kept[1]


def test_a_film_has_its_size_and_its_words() -> None:
    """A film becomes a calm player in a box that knows its size, for the style that makes room below."""
    found = accessible.films_wait(
        '<video autoplay="True" height="366" width="680"><source src="a.mp4"/>what it shows</video>'
    )
    assert '<div class="film" style="--w: 680; --h: 366">' in found
    assert "autoplay" not in found
    assert 'aria-label="what it shows"' in found


def test_a_walls_picture_has_the_themes_colours() -> None:
    """In light and dark a thumbnail's paper and ink are the theme's, and nothing else changes."""
    light = "".join(f"--{role}:{pair[0]};" for role, pair in themed_figures.THEME.items())
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="300pt" height="150pt" viewBox="0 0 300 150">'
        f"<style>:root{{{light}}}</style>"
        '<path d="M 0 0 H 300 V 150 H 0 z" style="fill: var(--paper)"/>'
        '<path d="M 0 0 H 100 V 150 H 0 z" style="fill: var(--ink)"/>'
        '<path d="M 200 0 H 300 V 150 H 200 z" fill="#12ab56"/></svg>'
    )
    for shade in (0, 1):
        image = Image.open(io.BytesIO(walls.pixels(themed_figures.painted(svg, shade)))).convert("RGB")
        assert image.size == (560, 280)
        colours = [themed_figures.THEME["ink"][shade], themed_figures.THEME["paper"][shade], "#12ab56"]
        found = ["#{:02x}{:02x}{:02x}".format(*image.getpixel((x, 140))) for x in (90, 280, 470)]
        assert found == colours
