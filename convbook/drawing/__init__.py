"""Drawing: grids with numbers in their cells, images on stated scales, curves, loss surfaces.

This is the only part of the package that imports matplotlib, and no module of the arithmetic imports it.
It draws the values it is given: it computes no convolution and rescales no data.  Where a color stands for a
number, the limits of the scale are an argument that the caller states, and a color bar shows by its pointed
ends that values lie beyond them.

Every function takes the :class:`~matplotlib.axes.Axes` to draw on as ``ax`` and returns it; without one, it
makes a figure.  Cells are addressed as matrices are: (row, column), from 0, rows going down.

Warm colors stand for positive values, cool ones for negative, throughout. For readers with any color
vision, a line differs from its neighbors in its dashes as well as in its color, and a cell by its
hatching or its frame. `PAPER`, `INK`, `QUIET`, `HAIR` and `LINES` are the colors of a light page. Nothing
else has these colors: the site exchanges exactly them in its figures where a reader prefers a dark page.
Cells and images are opaque and stay as they are.
"""

from __future__ import annotations

from convbook.drawing.grids import grid, kernel
from convbook.drawing.pictures import arrows, image, images, signed
from convbook.drawing.plots import bars, contour, curves
from convbook.drawing.style import (
    CELLS,
    GREYS,
    HAIR,
    INK,
    LINES,
    PAPER,
    QUIET,
    SIGNED,
    STYLE,
    close,
    number,
    panels,
    text,
)
from convbook.drawing.windows import animate, link, sliding

__all__ = [
    "CELLS",
    "GREYS",
    "HAIR",
    "INK",
    "LINES",
    "PAPER",
    "QUIET",
    "SIGNED",
    "STYLE",
    "animate",
    "arrows",
    "bars",
    "close",
    "contour",
    "curves",
    "grid",
    "image",
    "images",
    "kernel",
    "link",
    "number",
    "panels",
    "signed",
    "sliding",
    "text",
]
