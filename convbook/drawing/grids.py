"""Matrices as cells with their numbers in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.patches import Rectangle

from convbook.drawing.style import (
    CELLS,
    EDGE,
    GREYS,
    NO_PADDING,
    OUTLINE,
    SIGNED,
    Cell,
    Role,
    Values,
    Window,
    as_matrix,
    name_axes,
    number,
    rising_limits,
    styled,
)

_CELL_INK = "#000000"
"""Numbers in light cells; cells are opaque, so it is no color of the page."""


def grid(
    values: Values,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    role: Role = "plain",
    padding: tuple[tuple[int, int], tuple[int, int]] = NO_PADDING,
    window: Window | None = None,
    dilation: int | tuple[int, int] = 1,
    marked: Iterable[Cell] = (),
    hidden: Iterable[Cell] = (),
    limits: tuple[float, float] | None = None,
    cmap: str | Colormap = GREYS,
    fmt: str = ".3g",
    indices: bool = False,
) -> Axes:
    """Draw a matrix as cells with its numbers in them.

    Parameters
    ----------
    values : 2-D tensor, array or nested lists
        What stands in the cells.  An input that is padded is given with its padding in place.
    ax : Axes, optional
        Where to draw.
    title : str, optional
        Stands above the grid.
    role : {"plain", "input", "kernel", "output", "padding"}
        Chooses the cells' color, one color a role throughout the book.
    padding : ((top, bottom), (left, right))
        How many of the outer rows and columns of `values` are padding: they are drawn grey and dashed.
    window : ((top, left), (height, width)), optional
        A window to frame: its first cell in `values`, and its number of taps along each axis.
    dilation : int or (int, int)
        Steps between the window's taps; the cells skipped in between are hatched.
    marked : iterable of (row, column)
        Single cells to frame.
    hidden : iterable of (row, column)
        Cells left empty, such as outputs not reached yet.
    limits : (float, float), optional
        With it, the color of a cell shows its value on `cmap` between these limits.
    cmap : str or Colormap
        The colors for `limits`.
    fmt : str
        How a number that is not whole is written.
    indices : bool
        Number the rows and columns at the margins.

    Returns
    -------
    Axes
        The panel drawn on.

    Raises
    ------
    ValueError
        If `values` is not a matrix, a window or a cell lies outside of it, or limits are not in rising order.

    Examples
    --------
    >>> from convbook import drawing
    >>> ax = drawing.grid([[0, 1], [2, 3]], role="kernel")
    >>> [cell.get_text() for cell in ax.texts]
    ['0', '1', '2', '3']
    >>> drawing.close(ax)
    """
    table = as_matrix(values)
    taps, gaps = window_cells(window, dilation, table.shape)
    blank = cells_inside("hidden", hidden, table.shape)
    framed = cells_inside("marked", marked, table.shape)
    colors = None if limits is None else _colors(limits, cmap)
    margin = _margin(padding, table.shape)
    with styled(ax) as ax:
        for cell in np.ndindex(table.shape):
            look = _cell_look(cell, role, margin, taps, gaps, blank)
            if colors is not None and cell not in blank:
                look["facecolor"] = colors(table[cell])
            _draw_cell(ax, cell, look)
            if cell not in blank:
                _write_number(ax, cell, number(table[cell], fmt), look["facecolor"], table.shape)
        if window is not None:
            _frame(ax, _bounds(taps))
        for cell in framed:
            _frame(ax, (cell[0], cell[1], 1, 1))
        _finish_grid(ax, table.shape, title, indices)
    return ax


def kernel(
    values: Values, *, limit: float, ax: Axes | None = None, title: str | None = None, fmt: str = ".3g"
) -> Axes:
    """Draw a signed kernel: its numbers, on colors centered on zero.

    Parameters
    ----------
    values : 2-D tensor, array or nested lists
        The kernel.
    limit : float
        The colors run from −limit (cool) over 0 (white) to limit (warm).  Kernels to compare share one
        limit.
    ax : Axes, optional
        Where to draw.
    title : str, optional
        Stands above the kernel.
    fmt : str
        How a number that is not whole is written.

    Returns
    -------
    Axes
        The panel drawn on.

    Examples
    --------
    >>> from convbook import drawing
    >>> ax = drawing.kernel([[1.0, -1.0]], limit=1)
    >>> [cell.get_text() for cell in ax.texts]
    ['1', '−1']
    >>> drawing.close(ax)
    """
    return grid(values, ax=ax, title=title, limits=(-limit, limit), cmap=SIGNED, fmt=fmt)


def window_cells(
    window: Window | None, dilation: int | tuple[int, int], shape: tuple[int, ...]
) -> tuple[set[Cell], set[Cell]]:
    """Return the cells that a window reads, and those between them that dilation skips."""
    if window is None:
        return set(), set()
    (top, left), (height, width) = window
    down, right = (dilation, dilation) if isinstance(dilation, int) else dilation
    if min(height, width, down, right) < 1:
        raise ValueError(f"window {window} and dilation {dilation} need a size and steps of at least 1")
    bottom, last = top + (height - 1) * down, left + (width - 1) * right
    if top < 0 or left < 0 or bottom >= shape[0] or last >= shape[1]:
        raise ValueError(
            f"window {window} with dilation {dilation} covers rows {top} to {bottom} and columns {left} to "
            f"{last}; the grid has rows 0 to {shape[0] - 1} and columns 0 to {shape[1] - 1}"
        )
    rows, columns = range(top, bottom + 1), range(left, last + 1)
    taps = {(row, column) for row in rows[::down] for column in columns[::right]}
    return taps, {(row, column) for row in rows for column in columns} - taps


def cells_inside(name: str, cells: Iterable[Cell], shape: tuple[int, ...]) -> set[Cell]:
    """Judge that cells given as an argument lie in the grid."""
    chosen = {(int(row), int(column)) for row, column in cells}
    for row, column in sorted(chosen):
        if not (0 <= row < shape[0] and 0 <= column < shape[1]):
            raise ValueError(
                f"{name} has the cell ({row}, {column}); the grid has rows 0 to {shape[0] - 1} "
                f"and columns 0 to {shape[1] - 1}"
            )
    return chosen


def _margin(padding: tuple[tuple[int, int], tuple[int, int]], shape: tuple[int, ...]) -> set[Cell]:
    """Return the cells of a padded matrix that are padding."""
    (top, bottom), (left, right) = padding
    if top + bottom > shape[0] or left + right > shape[1] or min(top, bottom, left, right) < 0:
        raise ValueError(f"padding {padding} does not fit in a grid of {shape[0]}×{shape[1]} cells")
    inside = {(i, j) for i in range(top, shape[0] - bottom) for j in range(left, shape[1] - right)}
    return {(i, j) for i, j in np.ndindex(shape[0], shape[1])} - inside


def _colors(limits: tuple[float, float], cmap: str | Colormap) -> Callable[[Any], Any]:
    low, high = rising_limits(limits)
    chosen = mpl.colormaps[cmap] if isinstance(cmap, str) else cmap
    scale = Normalize(low, high)
    return lambda value: chosen(scale(float(value)))


def _cell_look(
    cell: Cell, role: Role, margin: set[Cell], taps: set[Cell], gaps: set[Cell], blank: set[Cell]
) -> dict[str, Any]:
    """Return how one cell is drawn: what it is decides, in this order."""
    plain, inside = CELLS["padding" if cell in margin else role]
    look: dict[str, Any] = {"facecolor": plain, "edgecolor": EDGE, "linewidth": 0.8}
    if cell in margin:
        look["linestyle"] = (0, (2, 2))
    if cell in gaps:
        look["hatch"] = "////"
    if cell in taps:
        look["facecolor"] = inside
    if cell in blank:
        look.update(facecolor="none", linestyle=(0, (1, 2)))
    return look


def _draw_cell(ax: Axes, cell: Cell, look: dict[str, Any]) -> None:
    row, column = cell
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **look))


def _write_number(ax: Axes, cell: Cell, words: str, fill: Any, shape: tuple[int, ...]) -> None:
    row, column = cell
    size = _letter_size(ax, words, shape)
    ax.text(column, row, words, ha="center", va="center", fontsize=size, color=_readable_on(fill))


def _letter_size(ax: Axes, words: str, shape: tuple[int, ...]) -> float:
    """Return the letter size in points at which a number fills about two thirds of its cell."""
    box = ax.get_position()
    figure = ax.get_figure(root=True)
    width, height = figure.get_size_inches() if figure is not None else (4.0, 3.0)
    cell = 72 * min(box.width * width / shape[1], box.height * height / shape[0])
    # A digit is about 0.6 of the letter size wide.
    return float(np.clip(min(0.42 * cell, 0.7 * cell / (0.6 * len(words))), 4, 13))


def _readable_on(fill: Any) -> str:
    """Return black or white, whichever contrasts more with a color, by WCAG 2's relative luminance."""
    red, green, blue = mpl.colors.to_rgb(fill)
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return _CELL_INK if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def _bounds(cells: set[Cell]) -> tuple[int, int, int, int]:
    rows = [row for row, _ in cells]
    columns = [column for _, column in cells]
    return min(rows), min(columns), max(rows) - min(rows) + 1, max(columns) - min(columns) + 1


def _frame(ax: Axes, bounds: tuple[int, int, int, int]) -> None:
    top, left, height, width = bounds
    ax.add_patch(
        Rectangle(
            (left - 0.5, top - 0.5), width, height, fill=False, edgecolor=OUTLINE, linewidth=2.4, zorder=3
        )
    )


def _finish_grid(ax: Axes, shape: tuple[int, ...], title: str | None, indices: bool) -> None:
    ax.set_xlim(-0.56, shape[1] - 0.44)
    ax.set_ylim(shape[0] - 0.44, -0.56)
    ax.set_aspect("equal")
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.tick_params(length=0, labelsize=8, labeltop=indices, labelbottom=False, labelleft=indices)
    ax.set_xticks(range(shape[1]) if indices else [])
    ax.set_yticks(range(shape[0]) if indices else [])
    name_axes(ax, title)
