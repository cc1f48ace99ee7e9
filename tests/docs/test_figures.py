"""Figures and films on their way to a page: what is rounded, what is drawn once, the small pictures."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx_gallery", reason="the tests of the built book have a session of their own")
Image = pytest.importorskip("PIL.Image")
pyplot = pytest.importorskip("matplotlib.pyplot")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
themed_figures = importlib.import_module("themed_figures")
sys.path.pop(0)


def scraped(folder: Path, **values: object) -> str:
    """What the scraper returns for the open figures of a script with these values."""
    names = (str(folder / f"sphx_glr_script_{number:03}.png") for number in range(1, 9))
    variables = {"example_globals": values, "image_path_iterator": names}
    return str(themed_figures.scraper(None, variables, {"src_dir": str(folder)}))


def test_paths_lose_digits_and_nothing_else() -> None:
    """Paths are rounded to hundredths of a point; transforms, texts and names are not touched."""
    svg = '<svg><path d="M 1.23456 -0.001\nL 7 0.99999" transform="scale(0.015625)" id="m1.234"/>1.234</svg>'
    rounded = svg.replace("M 1.23456 -0.001", "M 1.23 0").replace("0.99999", "1")
    assert themed_figures._coarser(svg, 2) == rounded


def test_a_film_is_drawn_once_and_has_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three frames are drawn three times, the small pictures once each; a second run gives the same bytes."""
    pytest.importorskip("imageio_ffmpeg")
    from matplotlib.animation import FuncAnimation
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn: list[None] = []
    original = FigureCanvasAgg.draw

    def draw(canvas: FigureCanvasAgg) -> None:
        original(canvas)
        drawn.append(None)

    monkeypatch.setattr(FigureCanvasAgg, "draw", draw)
    kept = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        with pyplot.style.context("default"):
            themed_figures.install()
            figure, ax = pyplot.subplots(figsize=(2, 1), label="what it shows")
            text = ax.text(0, 0, "")
            film = FuncAnimation(
                figure, lambda i, text=text: text.set_text(f"frame {i}"), frames=3, init_func=list
            )
            drawn.clear()
            words = scraped(folder, film=film)
        assert len(drawn) == 3 + 2
        assert ".. video:: /sphx_glr_script_001.mp4\n   :alt: what it shows" in words
        kept.append({path.name: path.read_bytes() for path in folder.rglob("*.*")})
    assert kept[0] == kept[1]
    assert {Path(name).suffix for name in kept[0]} == {".mp4", ".svg", ".webp"}


def test_the_two_small_pictures_have_the_themes_colors(tmp_path: Path) -> None:
    """In light and dark, paper and ink are the theme's; a color that carries a value is the same in both."""
    with pyplot.style.context("default"):
        themed_figures.install()
        _, ax = pyplot.subplots(label="three bars")
        ink = themed_figures.THEME["ink"][0]
        ax.bar([0, 1], [1, 1], color=[ink, "#12ab56"], width=0.8)
        ax.set(xlim=(-0.5, 2.5), ylim=(0, 1))
        words = scraped(tmp_path)
    assert ":alt: three bars" in words
    for shade, name in enumerate(("light", "dark")):
        image = Image.open(tmp_path / "thumb" / f"sphx_glr_script_thumb-{name}.webp").convert("RGB")
        assert image.size == themed_figures.THUMBNAIL
        wanted = [themed_figures.THEME["ink"][shade], "#12ab56", themed_figures.THEME["paper"][shade]]
        for x, color in zip((70, 280, 490), wanted, strict=True):
            near = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
            assert max(abs(a - b) for a, b in zip(image.getpixel((x, 200)), near, strict=True)) < 8
