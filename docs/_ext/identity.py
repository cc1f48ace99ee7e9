"""The book's face, computed: its name in pixels, seen by the kernel [1, −1].

``corr2d`` of the pixel word gives +1 where ink ends and −1 where it begins.  Warm is plus and cool is minus, here as in every figure.
The files go to ``docs/_generated`` and are drawn again only when ``corr2d`` or this module changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import staleness
from sphinx.application import Sphinx
from themed_figures import THEME

LETTERS = {
    "C": [".###.", "#...#", "#....", "#....", "#....", "#...#", ".###."],
    "O": [".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."],
    "N": ["#...#", "##..#", "##..#", "#.#.#", "#..##", "#..##", "#...#"],
    "V": ["#...#", "#...#", "#...#", "#...#", ".#.#.", ".#.#.", "..#.."],
    "B": ["####.", "#...#", "#...#", "####.", "#...#", "#...#", "####."],
    "K": ["#...#", "#..#.", "#.#..", "##...", "#.#..", "#..#.", "#...#"],
}
KERNEL = [[1, -1]]
# What each layer of the hero shows.
WORDS = {
    "word": "The word CONVBOOK as an image of 7 by 49 pixels.",
    "answer": "Below it the output of the kernel: −1, in a cool colour, where ink begins, and 1, in a warm colour, where ink ends.",
    "kernel": "The kernel [1, −1] slides over the word.",
}
CELL = 16
HERO_SIZE = (8 * 6 * CELL + CELL + 2, 16 * CELL + 2)


def pixels(word: str) -> list[list[int]]:
    """The word as rows of zeros and ones, one blank pixel between letters and around them."""
    rows = ["." + ".".join(LETTERS[letter][r] for letter in word) + "." for r in range(7)]
    blank = "." * len(rows[0])
    return [[int(p == "#") for p in row] for row in [blank, *rows, blank]]


def edges(image: list[list[int]]) -> list[list[int]]:
    """The cross-correlation of the image with the kernel, by the book's own definition."""
    import torch

    from convbook import corr2d

    answer: list[list[int]] = corr2d(torch.tensor(image), torch.tensor(KERNEL)).tolist()
    return answer


def _svg(width: int, height: int, style: str, body: str, title: str) -> str:
    light = "".join(f"--{role}:{colour};" for role, (colour, _) in THEME.items())
    dark = "".join(f"--{role}:{colour};" for role, (_, colour) in THEME.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f"<title>{title}</title>\n<style>:root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}{style}</style>\n"
        f"{body}\n</svg>\n"
    )


def _squares(values: list[list[int]], wanted: int, size: int, gap: int, dx: int = 0, dy: int = 0) -> str:
    """One path for all cells that hold a value."""
    side = size - gap
    return "".join(
        f"M{dx + c * size} {dy + r * size}h{side}v{side}h-{side}z"
        for r, row in enumerate(values)
        for c, value in enumerate(row)
        if value == wanted
    )


def mark() -> str:
    """The letter C as its edges: the logo and the favicon."""
    answer = edges(pixels("C"))
    size, gap = 8, 1
    width, height = len(answer[0]) * size, len(answer) * size
    side = max(width, height)
    dx, dy = (side - width) // 2, (side - height) // 2
    ink = [row[:-1] for row in pixels("C")]
    body = (
        f'<path style="fill:var(--hair)" d="{_squares(ink, 1, size, gap, dx, dy)}"/>\n'
        f'<path style="fill:var(--warm)" d="{_squares(answer, 1, size, gap, dx, dy)}"/>\n'
        f'<path style="fill:var(--cool)" d="{_squares(answer, -1, size, gap, dx, dy)}"/>'
    )
    return _svg(side, side, "", body, "ConvBook")


def logo() -> str:
    """The whole word, still.  Strokes are two pixels wide, so that ink is left between their edges."""
    image = [[pixel for pixel in row for _ in range(2)] for row in pixels("CONVBOOK")[1:-1] for _ in range(2)]
    answer = edges(image)
    ink = [row[:-1] for row in image]
    size = 4
    body = "\n".join(
        f'<path style="fill:var(--{role})" d="{_squares(values, wanted, size, 0)}"/>'
        for role, values, wanted in (("ink", ink, 1), ("warm", answer, 1), ("cool", answer, -1))
    )
    return _svg(len(answer[0]) * size, len(answer) * size, "", body, "ConvBook")


def hero() -> dict[str, str]:
    """The book's name seen by its kernel, as files: the word, what the kernel answers below it, and the kernel at its first place.

    The page lays them over each other and moves them (``.hero`` in book.css).  The three have one size, so that a move is a part of
    their width; an animation inside a picture would be drawn anew for each of its frames.
    """
    image = pixels("CONVBOOK")[1:-1]
    answer = edges(image)
    columns, rows = len(image[0]), len(image)
    assert HERO_SIZE == (columns * CELL + 2, (2 * rows + 2) * CELL + 2)
    top, below = CELL, (rows + 2) * CELL
    word = f'<path style="fill:var(--ink)" d="{_squares(image, 1, CELL, 1, 0, top)}"/>'
    numbers = []
    for value, role, text in ((1, "warm", "1"), (-1, "cool", "−1")):
        numbers.append(f'<path style="fill:var(--{role})" d="{_squares(answer, value, CELL, 1, 0, below)}"/>')
        numbers += [
            f'<text x="{c * CELL + CELL / 2 - 0.5}" y="{below + r * CELL + 11.2}">{text}</text>'
            for r, row in enumerate(answer)
            for c, found in enumerate(row)
            if found == value
        ]
    window = f"M1 {top - 1}h{2 * CELL - 1}v{rows * CELL + 1}h-{2 * CELL - 1}z"
    target = f"M1 {below - 1}h{CELL - 1}v{rows * CELL + 1}h-{CELL - 1}z"
    kernel = (
        f'<path d="{window}"/><path d="{target}"/><text x="{CELL / 2}" y="11">1</text>'
        f'<text x="{1.5 * CELL}" y="11">−1</text>'
    )
    last = f'<g transform="translate({(columns - 2) * CELL})">{kernel}</g>'
    style = """
text{font:600 9px ui-sans-serif,system-ui,sans-serif;text-anchor:middle;fill:var(--paper)}
.kernel path{fill:none;stroke:var(--gold);stroke-width:2} .kernel text{fill:var(--gold);font-size:11px}
"""
    layers = {
        "hero-word.svg": word,
        "hero-answer.svg": "\n".join(numbers),
        "hero-kernel.svg": f'<g class="kernel">{kernel}</g>',
        "hero.svg": "\n".join([word, *numbers, f'<g class="kernel">{last}</g>']),
    }
    title = "ConvBook: the kernel [1, −1] on the book's name"
    return {name: _svg(*HERO_SIZE, style, body, title) for name, body in layers.items()}


def card(path: Path) -> None:
    """The picture that a shared link shows."""
    from matplotlib.figure import Figure

    answer = edges(pixels("CONVBOOK"))
    ink = [row[:-1] for row in pixels("CONVBOOK")]
    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor=THEME["paper"][0], layout="none")
    ax = figure.add_axes((0.06, 0.30, 0.88, 0.55))
    ax.set_axis_off()
    ax.set_aspect("equal")
    ax.set_xlim(0, len(ink[0]))
    ax.set_ylim(len(ink), 0)
    for r, row in enumerate(ink):
        for c, value in enumerate(row):
            role = {1: "warm", -1: "cool", 0: "hair"}[answer[r][c]]
            if value or answer[r][c]:
                ax.fill(
                    [c, c + 0.93, c + 0.93, c], [r, r, r + 0.93, r + 0.93], color=THEME[role][0], linewidth=0
                )
    figure.text(
        0.5,
        0.20,
        "The convolution layer, from a definition you can run",
        ha="center",
        fontsize=26,
        color=THEME["ink"][0],
    )
    figure.savefig(path, format="png", metadata={"Software": None})


def draw(app: Sphinx) -> None:
    """Write the files that are out of date."""
    folder = Path(app.srcdir) / "_generated"
    noted = folder / "key.txt"
    current = staleness.key("from convbook import corr2d") + "\n" + Path(__file__).read_text(encoding="utf-8")
    if noted.exists() and noted.read_text(encoding="utf-8") == current:
        return
    folder.mkdir(exist_ok=True)
    for old in folder.glob("hero*.svg"):
        old.unlink()
    for name, text in (
        ("favicon.svg", mark()),
        ("mark.svg", mark()),
        ("logo.svg", logo()),
        *hero().items(),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    card(folder / "card.png")
    noted.write_text(current, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", lambda app, config: draw(app), priority=50)
    return {"parallel_read_safe": True}
