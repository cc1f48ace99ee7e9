"""Drawing: grids with numbers in their cells, images on stated scales, curves, loss surfaces.

This is the only module that imports matplotlib, and no module of the arithmetic imports it.  It draws the
values it is given: it computes no convolution and rescales no data.  Where a colour stands for a number, the
limits of the scale are an argument that the caller states, and a colour bar shows by its pointed ends that
values lie beyond them.

Every function takes the :class:`~matplotlib.axes.Axes` to draw on as ``ax`` and returns it; without one, it
makes a figure.  Cells are addressed as matrices are: (row, column), from 0, rows going down.

Warm colours stand for positive values, cool ones for negative, throughout. For readers with any colour
vision, a line differs from its neighbours in its dashes as well as in its colour, and a cell by its
hatching or its frame. `PAPER`, `INK`, `QUIET`, `HAIR` and `LINES` are the colours of a light page. Nothing
else has these colours: the site exchanges exactly them in its figures where a reader prefers a dark page.
Cells and images are opaque and stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import animation
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.rcsetup import cycler

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

Values: TypeAlias = torch.Tensor | np.ndarray[Any, Any] | Sequence[Any]
"""A tensor, an array, or nested lists of numbers."""

Cell: TypeAlias = tuple[int, int]
"""A cell's (row, column)."""

Window: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""((top, left), (height, width)): where a window starts, and how many taps it has along each axis."""

Role: TypeAlias = Literal["input", "kernel", "output", "padding", "plain"]

PAPER = "#fbfaf7"
"""The background of figures."""

INK = "#1c2430"
"""Text and axes."""

QUIET = "#5b6472"
"""Secondary text and guide lines."""

HAIR = "#d9d6cf"
"""Grid lines behind curves."""

LINES = ("#0f6f8f", "#c2410c", "#7a4fa3", "#3f7d3a", "#946200", "#6b7280")
"""Colours of lines, in order; the first is cool (negative), the second warm (positive)."""

_CELL_INK = "#000000"
"""Numbers in light cells; cells are opaque, so it is no colour of the page."""

_DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 2)))

CELLS: Mapping[Role, tuple[str, str]] = {
    "input": ("#dcecf8", "#8fc7ee"),
    "kernel": ("#fbe6c4", "#f3bd58"),
    "output": ("#d5f0e4", "#6fd0ab"),
    "padding": ("#ececee", "#c9d3da"),
    "plain": ("#ffffff", "#f5ec9a"),
}
"""For each role of a grid, the colour of a cell, and of a cell inside the window."""

_OUTLINE = "#d55e00"
"""The frame around a window."""

_EDGE = "#8a8f94"
"""The lines between cells."""

SIGNED = LinearSegmentedColormap.from_list(
    "convbook_signed",
    ["#0a4c63", "#2583a3", "#86bfd3", "#ffffff", "#f3b28c", "#d4622c", "#93310a"],
    N=257,  # odd: one colour, white, lies in the middle
)
"""Diverging colours for signed values: cool below zero, white at zero, warm above."""

GREYS = "gray"
"""The name of matplotlib's colours from black to white."""

STYLE: Mapping[Any, Any] = {
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": HAIR,
    "axes.prop_cycle": cycler(color=LINES),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "font.size": 10,
    "axes.unicode_minus": True,
    "lines.linewidth": 1.8,
    "hatch.linewidth": 0.6,
    # Byte-identical files: ids inside an SVG are derived from this word instead of from chance.
    "svg.hashsalt": "convbook",
}
"""matplotlib settings that :func:`panels` makes its figures with."""

_NO_PADDING = ((0, 0), (0, 0))


# -------------------------------------------------------------------------------------- figures


def panels(
    rows: int = 1,
    columns: int = 1,
    *,
    size: tuple[float, float] | None = None,
    row_heights: Sequence[float] | None = None,
    column_widths: Sequence[float] | None = None,
    alt: str | None = None,
) -> tuple[Figure, list[Axes]]:
    """Make a figure with rows × columns places to draw on, in the book's style.

    Parameters
    ----------
    rows, columns : int
        How many panels, down and across.
    size : (float, float), optional
        (height, width) of the figure in inches, rows before columns.  By default 2.6 a row, and 2.6 a column.
    row_heights, column_widths : sequence of float, optional
        Relative sizes of the rows and of the columns.
    alt : str, optional
        What the figure shows, for readers who cannot see it: it becomes the figure's label, and on the book's
        pages its alternative text.

    Returns
    -------
    Figure
        The figure.
    list of Axes
        The panels in reading order: along the first row, then the second.

    Examples
    --------
    >>> from convbook import drawing
    >>> figure, (left, right) = drawing.panels(1, 2)
    >>> figure.get_size_inches().tolist()
    [5.2, 2.6]
    >>> drawing.close(figure)
    """
    if rows < 1 or columns < 1:
        raise ValueError(f"panels needs at least one row and one column, got rows={rows}, columns={columns}")
    height, width = size if size is not None else (2.6 * rows, 2.6 * columns)
    with mpl.rc_context(dict(STYLE)):
        figure, axes = plt.subplots(
            rows,
            columns,
            figsize=(width, height),
            squeeze=False,
            layout="constrained",
            height_ratios=row_heights,
            width_ratios=column_widths,
        )
    if alt is not None:
        figure.set_label(alt)
    return figure, list(axes.flat)


def close(drawn: Figure | Axes) -> None:
    """Forget a figure that has been looked at or saved: matplotlib keeps figures until it is told.

    Parameters
    ----------
    drawn : Figure or Axes
        The figure, or one of its panels.

    Examples
    --------
    >>> from convbook import drawing
    >>> drawing.close(drawing.grid([[1, 2]]))
    """
    figure = drawn.get_figure(root=True)
    if figure is not None:
        plt.close(figure)


@contextmanager
def _styled(ax: Axes | None) -> Iterator[Axes]:
    """Yield the axes to draw on, with the book's style in force."""
    with mpl.rc_context(dict(STYLE)):
        if ax is None:
            _, (ax,) = panels(size=(3.2, 4.2))
        yield ax


def text(
    ax: Axes, words: str, *, at: tuple[float, float] = (0.5, 0.5), size: float = 10, **settings: Any
) -> Axes:
    """Write on a panel, in the ink of titles and axes.

    Parameters
    ----------
    ax : Axes
        The panel.
    words : str
        What to write.
    at : (float, float)
        Where the middle of the text stands, as fractions of the panel: (from the top, from the left).
    size : float
        Letter size in points.
    **settings : Any
        Passed on to :meth:`matplotlib.axes.Axes.text`.

    Returns
    -------
    Axes
        The panel.

    Examples
    --------
    >>> from convbook import drawing
    >>> figure, (ax,) = drawing.panels()
    >>> drawing.text(ax, "no window fits", at=(0.1, 0.5)).texts[0].get_text()
    'no window fits'
    >>> drawing.close(figure)
    """
    down, right = at
    chosen = {"ha": "center", "va": "center", "color": INK, **settings}
    ax.text(right, 1 - down, words, transform=ax.transAxes, fontsize=size, **chosen)
    return ax


# -------------------------------------------------------------------------------------- grids


def grid(
    values: Values,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    role: Role = "plain",
    padding: tuple[tuple[int, int], tuple[int, int]] = _NO_PADDING,
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
        Chooses the cells' colour, one colour a role throughout the book.
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
        With it, the colour of a cell shows its value on `cmap` between these limits.
    cmap : str or Colormap
        The colours for `limits`.
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
    table = _matrix(values)
    taps, gaps = _taps(window, dilation, table.shape)
    blank = _cells("hidden", hidden, table.shape)
    framed = _cells("marked", marked, table.shape)
    colours = None if limits is None else _colours(limits, cmap)
    margin = _margin(padding, table.shape)
    with _styled(ax) as ax:
        for cell in np.ndindex(table.shape):
            look = _cell_look(cell, role, margin, taps, gaps, blank)
            if colours is not None and cell not in blank:
                look["facecolor"] = colours(table[cell])
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
    """Draw a signed kernel: its numbers, on colours centred on zero.

    Parameters
    ----------
    values : 2-D tensor, array or nested lists
        The kernel.
    limit : float
        The colours run from −limit (cool) over 0 (white) to limit (warm).  Kernels to compare share one
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


def number(value: Any, fmt: str = ".3g") -> str:
    """Write a number as the figures do: whole numbers without a point, and a real minus sign.

    Parameters
    ----------
    value : number
        What to write.
    fmt : str
        The format of a number that is not whole.

    Returns
    -------
    str
        The number as text.

    Examples
    --------
    >>> from convbook.drawing import number
    >>> number(-1.0), number(0.125), number(3), number(float("nan"))
    ('−1', '0.125', '3', 'NaN')
    """
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e6:
        value = int(value)
    written = str(value) if isinstance(value, int) else format(value, fmt)
    return written.replace("-", "−")


def _matrix(values: Values) -> np.ndarray[Any, Any]:
    """Return a copy of a matrix as an array, so that drawing can change nothing of the caller's."""
    table = _array(values)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(
            f"values must be a matrix (rows, columns) with at least one cell, got shape {table.shape}"
            + ("; pick one image and one channel first, such as values[0, 0]" if table.ndim > 2 else "")
        )
    return table


def _array(values: Values) -> np.ndarray[Any, Any]:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        if values.dtype in (torch.bfloat16, torch.float16):  # numpy has no bfloat16
            values = values.float()
        values = values.numpy()  # not np.array(tensor): torch's __array__ predates NumPy 2 and warns
    return np.array(values)


def _taps(
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


def _cells(name: str, cells: Iterable[Cell], shape: tuple[int, ...]) -> set[Cell]:
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


def _limits(limits: tuple[float, float]) -> tuple[float, float]:
    low, high = limits
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"limits must be finite and rising (low, high), got ({low}, {high})")
    return float(low), float(high)


def _colours(limits: tuple[float, float], cmap: str | Colormap) -> Callable[[Any], Any]:
    low, high = _limits(limits)
    chosen = mpl.colormaps[cmap] if isinstance(cmap, str) else cmap
    scale = Normalize(low, high)
    return lambda value: chosen(scale(float(value)))


def _cell_look(
    cell: Cell, role: Role, margin: set[Cell], taps: set[Cell], gaps: set[Cell], blank: set[Cell]
) -> dict[str, Any]:
    """Return how one cell is drawn: what it is decides, in this order."""
    plain, inside = CELLS["padding" if cell in margin else role]
    look: dict[str, Any] = {"facecolor": plain, "edgecolor": _EDGE, "linewidth": 0.8}
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
    """Return black or white, whichever contrasts more with a colour, by WCAG 2's relative luminance."""
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
            (left - 0.5, top - 0.5), width, height, fill=False, edgecolor=_OUTLINE, linewidth=2.4, zorder=3
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
    _name_axes(ax, title)


# -------------------------------------------------------------------------------------- a window at work


def sliding(
    input: Values,
    kernel: Values,
    output: Values,
    at: Cell,
    *,
    stride: int | tuple[int, int] = 1,
    dilation: int | tuple[int, int] = 1,
    padding: tuple[tuple[int, int], tuple[int, int]] = _NO_PADDING,
    axes: Sequence[Axes] | None = None,
    titles: tuple[str, str, str] = ("input", "kernel", "output"),
    fmt: str = ".3g",
    alt: str | None = None,
) -> list[Axes]:
    """Draw one step of a sliding window, with its sum written out.

    Three grids and a line: the input with the window framed, the kernel, the output as far as it has been
    reached, and the sum of products that gives the output's cell.  All numbers are the caller's, the result
    included.

    Parameters
    ----------
    input : matrix
        The input, with its padding in place.
    kernel : matrix
        The kernel.
    output : matrix
        The whole output; cells after `at`, in reading order, stay empty.
    at : (row, column)
        The output's cell that this step computes.
    stride, dilation : int or (int, int)
        Steps of the window, and between its taps.
    padding : ((top, bottom), (left, right))
        How much of the input is padding, for its look.
    axes : four Axes, optional
        Where to draw: input, kernel, output, and the line below.
    titles : (str, str, str)
        What stands above the grids.
    fmt : str
        How a number that is not whole is written.
    alt : str, optional
        What the figure shows, in words.

    Returns
    -------
    list of Axes
        The four panels.

    Raises
    ------
    ValueError
        If `at` is not a cell of the output, or its window leaves the input.

    Examples
    --------
    >>> from convbook import drawing
    >>> axes = drawing.sliding([[0, 1, 2], [3, 4, 5]], [[1, -1]], [[-1, -1], [-1, -1]], (0, 1))
    >>> axes[3].texts[0].get_text()
    '1·1 + 2·(−1) = −1'
    >>> drawing.close(axes[0])
    """
    image, weights, result = _matrix(input), _matrix(kernel), _matrix(output)
    _cells("at", [at], result.shape)
    down, right = (stride, stride) if isinstance(stride, int) else stride
    window: Window = ((at[0] * down, at[1] * right), (weights.shape[0], weights.shape[1]))
    taps, _ = _taps(window, dilation, image.shape)
    later = [cell for cell in np.ndindex(result.shape) if cell > tuple(at)]
    places = list(axes) if axes is not None else _sliding_panels(image.shape, weights.shape, result.shape)
    one, two, three, line = places
    with mpl.rc_context(dict(STYLE)):
        for place in places:
            place.clear()
    look: dict[str, Any] = {"padding": padding, "window": window, "dilation": dilation}
    grid(image, ax=one, title=titles[0], role="input", fmt=fmt, **look)
    grid(weights, ax=two, title=titles[1], role="kernel", fmt=fmt)
    grid(result, ax=three, title=titles[2], role="output", marked=[at], hidden=later, fmt=fmt)
    line.axis("off")
    terms = zip((image[cell] for cell in sorted(taps)), weights.flat, strict=True)
    text(line, _sum_line(terms, result[at], fmt), size=10)
    figure = one.get_figure(root=True)
    if alt is not None and figure is not None:
        figure.set_label(alt)
    return places


def _sliding_panels(*shapes: tuple[int, ...]) -> list[Axes]:
    """Make the panels of :func:`sliding`, cells of one size in all three grids."""
    widths = [max(shape[1], 2) for shape in shapes]
    height = max(shape[0] for shape in shapes)
    with mpl.rc_context(dict(STYLE)):
        inch = min(0.42, 6.8 / (sum(widths) + 2))  # 6.8 inches: the width of a page
        figure = plt.figure(figsize=(inch * (sum(widths) + 2), inch * height + 0.9), layout="constrained")
        places = figure.add_gridspec(2, 3, width_ratios=widths, height_ratios=[inch * height + 0.3, 0.45])
        axes = [figure.add_subplot(places[0, column]) for column in range(3)]
        return [*axes, figure.add_subplot(places[1, :])]


def _sum_line(terms: Iterable[tuple[Any, Any]], result: Any, fmt: str) -> str:
    """Write a sum of products as one would by hand, negative factors in brackets."""
    products = [f"{_factor(value, fmt)}·{_factor(weight, fmt)}" for value, weight in terms]
    lines = [" + ".join(products[start : start + 5]) for start in range(0, len(products), 5)]
    return "\n + ".join(lines) + f" = {number(result, fmt)}"


def _factor(value: Any, fmt: str) -> str:
    written = number(value, fmt)
    return f"({written})" if written.startswith("−") else written


def link(source: Axes, source_cell: Cell, target: Axes, target_cell: Cell, *, colour: str = _OUTLINE) -> Axes:
    """Draw an arrow from a cell of one grid to a cell of another.

    Parameters
    ----------
    source, target : Axes
        Two grids in one figure.
    source_cell, target_cell : (row, column)
        Where the arrow starts and where it points.
    colour : str
        The arrow's colour.

    Returns
    -------
    Axes
        The target.

    Examples
    --------
    >>> from convbook import drawing
    >>> figure, (left, right) = drawing.panels(1, 2)
    >>> ax = drawing.grid([[1, 2], [3, 4]], ax=left)
    >>> ax = drawing.grid([[10]], ax=right)
    >>> drawing.link(left, (1, 1), right, (0, 0)) is right
    True
    >>> drawing.close(figure)
    """
    figure = target.get_figure(root=True)
    if figure is None or source.get_figure(root=True) is not figure:
        raise ValueError("source and target must be panels of the same figure")
    figure.canvas.draw()  # only then is the layout settled
    start = figure.transFigure.inverted().transform(source.transData.transform(source_cell[::-1]))
    end = figure.transFigure.inverted().transform(target.transData.transform(target_cell[::-1]))
    figure.add_artist(
        FancyArrowPatch(
            tuple(start),
            tuple(end),
            transform=figure.transFigure,
            arrowstyle="-|>",
            mutation_scale=12,
            shrinkA=4,
            shrinkB=6,
            color=colour,
            linewidth=1.4,
            connectionstyle="arc3,rad=-0.2",
        )
    )
    return target


# -------------------------------------------------------------------------------------- images


def image(
    values: Values,
    *,
    limits: tuple[float, float],
    ax: Axes | None = None,
    title: str | None = None,
    cmap: str | Colormap = GREYS,
    colourbar: bool = False,
    label: str | None = None,
    opacity: Values | None = None,
) -> Axes:
    """Draw a matrix as an image on a stated scale.

    Parameters
    ----------
    values : 2-D tensor, array or nested lists
        One value a pixel.  A bool image is drawn as 0 and 1.
    limits : (float, float)
        The values that the first and the last colour stand for.
    ax : Axes, optional
        Where to draw.
    title : str, optional
        Stands above the image.
    cmap : str or Colormap
        The colours.
    colourbar : bool
        Show the scale beside the image; its ends are pointed where values lie beyond the limits.
    label : str, optional
        What the values are, beside the colour bar.
    opacity : matrix, optional
        One value from 0 (white) to 1 (the full colour) a pixel.

    Returns
    -------
    Axes
        The panel drawn on.

    Raises
    ------
    ValueError
        If `values` is not a matrix, limits are not in rising order, or `opacity` does not fit.

    Examples
    --------
    >>> from convbook import drawing
    >>> ax = drawing.image([[0.0, 0.5], [0.5, 1.0]], limits=(0, 1))
    >>> ax.images[0].get_clim()
    (0.0, 1.0)
    >>> drawing.close(ax)
    """
    table = _matrix(values)
    if table.dtype == bool:
        table = table.astype(np.uint8)
    low, high = _limits(limits)
    shown = table if opacity is None else _faded(table, _matrix(opacity), (low, high), cmap)
    with _styled(ax) as ax:
        drawn = ax.imshow(shown, cmap=cmap, vmin=low, vmax=high, interpolation="none")
        ax.set_xticks([])
        ax.set_yticks([])
        _name_axes(ax, title)
        _thin_frame(ax)
        if colourbar:
            _colourbar([ax], drawn, [table], label)
    return ax


def _faded(
    table: np.ndarray[Any, Any],
    opacity: np.ndarray[Any, Any],
    limits: tuple[float, float],
    cmap: str | Colormap,
) -> np.ndarray[Any, Any]:
    """Return the image's colours, mixed with white: the picture is then opaque, on any page."""
    if opacity.shape != table.shape or not (opacity.min() >= 0 and opacity.max() <= 1):
        raise ValueError(
            f"opacity must have the shape of values, {table.shape}, and lie between 0 and 1; got shape "
            f"{opacity.shape} from {number(opacity.min())} to {number(opacity.max())}"
        )
    chosen = mpl.colormaps[cmap] if isinstance(cmap, str) else cmap
    colours = np.asarray(chosen(Normalize(*limits)(table)))[..., :3]
    mixed: np.ndarray[Any, Any] = 1 - opacity[..., None] * (1 - colours)
    return mixed


def _thin_frame(ax: Axes) -> None:
    """Show where an image ends: white pixels lie on a white page, black ones on a dark page."""
    for spine in ax.spines.values():
        spine.set(visible=True, edgecolor=_EDGE, linewidth=0.6)


def signed(
    values: Values,
    *,
    limit: float,
    ax: Axes | None = None,
    title: str | None = None,
    colourbar: bool = False,
    label: str | None = None,
) -> Axes:
    """Draw signed values as an image: cool below zero, white at zero, warm above.

    Parameters
    ----------
    values : 2-D tensor, array or nested lists
        One value a pixel.
    limit : float
        The scale runs from −limit to limit.
    ax : Axes, optional
        Where to draw.
    title : str, optional
        Stands above the image.
    colourbar : bool
        Show the scale beside the image.
    label : str, optional
        What the values are, beside the colour bar.

    Returns
    -------
    Axes
        The panel drawn on.

    Examples
    --------
    >>> from convbook import drawing
    >>> ax = drawing.signed([[-1.0, 0.5]], limit=2)
    >>> ax.images[0].get_clim()
    (-2.0, 2.0)
    >>> drawing.close(ax)
    """
    return image(
        values, limits=(-limit, limit), ax=ax, title=title, cmap=SIGNED, colourbar=colourbar, label=label
    )


def images(
    values: Sequence[Values],
    titles: Sequence[str],
    *,
    limits: tuple[float, float],
    columns: int | None = None,
    cmap: str | Colormap = GREYS,
    label: str | None = None,
    panel: float = 2.2,
    alt: str | None = None,
) -> tuple[Figure, list[Axes]]:
    """Draw several images side by side on one scale, with one colour bar.

    Parameters
    ----------
    values : sequence of matrices
        The images.
    titles : sequence of str
        A title each.
    limits : (float, float)
        The one scale that all of them share.
    columns : int, optional
        How many stand in a row; by default all.
    cmap : str or Colormap
        The colours.
    label : str, optional
        What the values are, beside the colour bar.
    panel : float
        The width of one image, in inches.
    alt : str, optional
        What the figure shows, in words.

    Returns
    -------
    Figure
        The figure.
    list of Axes
        One panel an image.

    Raises
    ------
    ValueError
        If there are not as many titles as images.

    Examples
    --------
    >>> from convbook import drawing
    >>> figure, axes = drawing.images([[[0.2]], [[0.9]]], ["dark", "bright"], limits=(0, 1))
    >>> [ax.get_title() for ax in axes]
    ['dark', 'bright']
    >>> drawing.close(figure)
    """
    if len(values) != len(titles) or not values:
        raise ValueError(f"images needs a title each, got {len(values)} images and {len(titles)} titles")
    tables = [_matrix(value) for value in values]
    across = min(columns or len(tables), len(tables))
    down = -(-len(tables) // across)
    tallest = max(table.shape[0] / table.shape[1] for table in tables)
    figure, axes = panels(down, across, size=(down * (panel * tallest + 0.35), across * panel + 0.7), alt=alt)
    for place, table, title in zip(axes, tables, titles, strict=False):
        image(table, limits=limits, ax=place, title=title, cmap=cmap)
    for place in axes[len(tables) :]:
        place.axis("off")
    _colourbar(axes, axes[0].images[0], tables, label)
    return figure, axes[: len(tables)]


def _colourbar(
    axes: list[Axes], drawn: Any, tables: Sequence[np.ndarray[Any, Any]], label: str | None
) -> None:
    """Add a colour bar whose pointed ends say that some values are beyond the scale."""
    low, high = drawn.get_clim()
    under = any(np.nanmin(table) < low for table in tables)
    over = any(np.nanmax(table) > high for table in tables)
    extend: Literal["neither", "both", "min", "max"] = (
        "both" if under and over else "min" if under else "max" if over else "neither"
    )
    figure = axes[0].get_figure(root=True)
    assert figure is not None
    with mpl.rc_context(dict(STYLE)):
        bar = figure.colorbar(drawn, ax=axes, extend=extend, fraction=0.05, pad=0.03)
        bar.outline.set_visible(False)
        if label is not None:
            bar.set_label(label)


def arrows(
    rows: Values,
    columns: Values,
    *,
    ax: Axes,
    at: tuple[Values, Values] | None = None,
    pixels_per_unit: float = 1.0,
    colour: str = _OUTLINE,
) -> Axes:
    """Draw vectors on an image or a grid, given by their parts down the rows and along the columns.

    Parameters
    ----------
    rows, columns : tensors, arrays or lists of one shape
        The parts of the vectors: positive `rows` point down, positive `columns` to the right.
    ax : Axes
        An image or a grid drawn before.
    at : (rows, columns), optional
        Where the vectors start; by default each at its own place in the matrix.
    pixels_per_unit : float
        How long, in pixels of the image, a vector of length 1 is drawn.
    colour : str
        The arrows' colour.

    Returns
    -------
    Axes
        The panel drawn on.

    Raises
    ------
    ValueError
        If the shapes differ or the length is not positive.

    Examples
    --------
    >>> from convbook import drawing
    >>> ax = drawing.image([[0.0, 1.0]], limits=(0, 1))
    >>> len(drawing.arrows([[0.0, 0.0]], [[1.0, 1.0]], ax=ax).collections)
    1
    >>> drawing.close(ax)
    """
    down, right = _array(rows), _array(columns)
    if down.shape != right.shape:
        raise ValueError(f"rows and columns must have one shape, got {down.shape} and {right.shape}")
    if not pixels_per_unit > 0:
        raise ValueError(f"pixels_per_unit must be positive, got {pixels_per_unit}")
    where = np.indices(down.shape) if at is None else (_array(at[0]), _array(at[1]))
    ax.quiver(
        where[1],
        where[0],
        right,
        down,
        angles="xy",
        scale_units="xy",
        scale=1 / pixels_per_unit,
        color=colour,
        width=0.006,
    )
    return ax


# -------------------------------------------------------------------------------------- curves


def curves(
    x: Values,
    series: Mapping[str, Values],
    *,
    ax: Axes | None = None,
    title: str | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    xscale: str = "linear",
    yscale: str = "linear",
    ylimits: tuple[float, float] | None = None,
    markers: bool = False,
) -> Axes:
    """Draw lines over a shared horizontal axis, each with a name.

    Parameters
    ----------
    x : 1-D values
        Where the points stand.
    series : mapping of name to 1-D values
        The lines: each as long as `x`.  With one line no legend is drawn.
    ax : Axes, optional
        Where to draw.
    title : str, optional
        Stands above.
    xlabel, ylabel : str, optional
        Names of the axes.
    xscale, yscale : str
        "linear", "log", … as matplotlib names them.
    ylimits : (float, float), optional
        Limits of the vertical axis.
    markers : bool
        Mark each point.

    Returns
    -------
    Axes
        The panel drawn on.

    Raises
    ------
    ValueError
        If a line is not as long as `x`.

    Examples
    --------
    >>> from convbook import drawing
    >>> ax = drawing.curves([0, 1, 2], {"loss": [9.0, 3.0, 1.0]}, yscale="log")
    >>> ax.lines[0].get_ydata().tolist()
    [9.0, 3.0, 1.0]
    >>> drawing.close(ax)
    """
    across = _array(x)
    lines = {name: _array(values) for name, values in series.items()}
    for name, line in lines.items():
        if line.shape != across.shape or line.ndim != 1:
            raise ValueError(f"series {name!r} must have the shape of x, {across.shape}, got {line.shape}")
    with _styled(ax) as ax:
        for place, (name, line) in enumerate(lines.items()):
            ax.plot(
                across,
                line,
                color=LINES[place % len(LINES)],
                linestyle=_DASHES[place % len(_DASHES)],
                marker="osD^vP"[place % 6] if markers else None,
                markersize=4.5,
                label=name,
            )
        ax.set(xscale=xscale, yscale=yscale)
        if ylimits is not None:
            ax.set_ylim(*ylimits)
        _name_axes(ax, title, xlabel, ylabel)
        if len(lines) > 1:
            ax.legend()
    return ax


def bars(
    values: Values,
    *,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    yscale: str = "linear",
    fmt: str | None = ".3g",
) -> Axes:
    """Draw a value a bar, such as a spectrum, with the values written at the bars' ends.

    Parameters
    ----------
    values : 1-D values
        The bars' heights; below zero they hang.
    labels : sequence of str, optional
        A name each; by default the numbers from 0.
    ax : Axes, optional
        Where to draw.
    title : str, optional
        Stands above.
    xlabel, ylabel : str, optional
        Names of the axes.
    yscale : str
        "linear" or "log".
    fmt : str or None
        How the values are written; None writes none.

    Returns
    -------
    Axes
        The panel drawn on.

    Raises
    ------
    ValueError
        If `values` is not one row of numbers with a label each.

    Examples
    --------
    >>> from convbook import drawing
    >>> ax = drawing.bars([30.0, 6.0], labels=["λ₁", "λ₂"])
    >>> [words.get_text() for words in ax.texts]
    ['30', '6']
    >>> drawing.close(ax)
    """
    heights = _array(values)
    names = [str(place) for place in range(heights.size)] if labels is None else list(labels)
    if heights.ndim != 1 or len(names) != heights.size:
        raise ValueError(
            f"bars needs one row of values with a label each, got shape {heights.shape} "
            f"and {len(names)} labels"
        )
    with _styled(ax) as ax:
        colours = [LINES[1] if height >= 0 else LINES[0] for height in heights]
        drawn = ax.bar(names, heights, color=colours, width=0.7)
        if fmt is not None:
            ax.bar_label(drawn, [number(height, fmt) for height in heights], padding=2, fontsize=8, color=INK)
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set_yscale(yscale)
        ax.margins(y=0.12)
        _name_axes(ax, title, xlabel, ylabel)
    return ax


def contour(
    x: Values,
    y: Values,
    z: Values,
    *,
    levels: Sequence[float],
    paths: Mapping[str, Values] | None = None,
    best: tuple[float, float] | None = None,
    directions: Mapping[str, tuple[float, float]] | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
) -> Axes:
    """Draw a surface by its level lines, with the paths of a descent on it.

    Parameters
    ----------
    x : 1-D values
        The horizontal places.
    y : 1-D values
        The vertical places.
    z : matrix of shape (len(y), len(x))
        The heights: a row for each `y`, a column for each `x`.
    levels : sequence of float
        The heights to draw lines at, in rising order.
    paths : mapping of name to matrix of shape (steps, 2), optional
        Points (x, y) to join, one a step.
    best : (x, y), optional
        The lowest point, marked by a star.
    directions : mapping of name to (x, y), optional
        Arrows from the lowest point, such as eigenvectors, each with its name at its tip.
    ax : Axes, optional
        Where to draw.
    title : str, optional
        Stands above.
    xlabel, ylabel : str, optional
        Names of the axes.

    Returns
    -------
    Axes
        The panel drawn on; both axes have one scale, so that right angles look right.

    Raises
    ------
    ValueError
        If the shapes do not fit together, or arrows come without the point they start from.

    Examples
    --------
    >>> from convbook import drawing
    >>> ax = drawing.contour([-1, 0, 1], [-1, 1], [[2, 1, 2], [2, 1, 2]], levels=[1.5], best=(0, 0))
    >>> ax.get_aspect()
    1.0
    >>> drawing.close(ax)
    """
    across, up, height = _array(x), _array(y), _matrix(z)
    if height.shape != (up.size, across.size):
        raise ValueError(
            f"z must have a row for each y and a column for each x, ({up.size}, {across.size}), "
            f"got {height.shape}"
        )
    if directions and best is None:
        raise ValueError("directions are drawn from the lowest point: give best=(x, y) as well")
    with _styled(ax) as ax:
        ax.contour(across, up, height, levels=list(levels), colors=_EDGE, linewidths=0.9)
        for place, (name, path) in enumerate((paths or {}).items()):
            steps = _matrix(path)
            ax.plot(
                steps[:, 0],
                steps[:, 1],
                color=LINES[place % len(LINES)],
                linestyle=_DASHES[place % len(_DASHES)],
                marker="o",
                markersize=3.5,
                label=name,
            )
        if best is not None:
            ax.plot(*best, marker="*", markersize=13, color=LINES[4], linestyle="none", zorder=4)
            for name, (right, rise) in (directions or {}).items():
                _named_arrow(ax, best, (best[0] + right, best[1] + rise), name)
        ax.set_aspect("equal")
        ax.set_xlim(across.min(), across.max())
        ax.set_ylim(up.min(), up.max())
        _name_axes(ax, title, xlabel, ylabel)
        if paths:
            ax.legend(loc="upper right")
    return ax


def _named_arrow(ax: Axes, start: tuple[float, float], tip: tuple[float, float], name: str) -> None:
    ax.annotate("", xy=tip, xytext=start, arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.4})
    ax.annotate(name, xy=tip, xytext=(5, 5), textcoords="offset points", color=INK, fontsize=9)


def _name_axes(ax: Axes, title: str | None, xlabel: str | None = None, ylabel: str | None = None) -> None:
    """Write what stands around a panel, all of it in ink: the panel may have been made without the style."""
    for words, name in ((title, ax.set_title), (xlabel, ax.set_xlabel), (ylabel, ax.set_ylabel)):
        if words is not None:
            name(words, color=INK)
    ax.tick_params(colors=INK, which="both")
    for spine in ax.spines.values():
        spine.set_edgecolor(INK)


# -------------------------------------------------------------------------------------- animations


def animate(
    figure: Figure, draw: Callable[[int], object], frames: int, *, seconds_per_frame: float = 0.8
) -> animation.FuncAnimation:
    """Make an animation: `draw` is called with 0, 1, 2, … and draws that frame on the figure's panels.

    Parameters
    ----------
    figure : Figure
        The figure whose panels `draw` fills.
    draw : callable
        Draws frame number ``i`` when called with ``i``; it clears what it draws over.
    frames : int
        How many frames there are.
    seconds_per_frame : float
        How long one stands.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        Keep a reference to it until it is saved or shown.

    Raises
    ------
    ValueError
        If there is no frame, or it would stand no time.

    Examples
    --------
    >>> from convbook import drawing
    >>> figure, (ax,) = drawing.panels()
    >>> film = drawing.animate(figure, lambda i: drawing.grid([[i]], ax=ax), frames=3)
    >>> film.to_jshtml().count("data:image/png")
    3
    >>> drawing.close(figure)
    """
    if frames < 1 or not seconds_per_frame > 0:
        raise ValueError(
            f"animate needs at least one frame and a positive time, got frames={frames}, "
            f"seconds_per_frame={seconds_per_frame}"
        )

    _leave_room_for_controls(figure)

    def step(frame: int) -> list[Any]:
        draw(frame)
        return []

    return animation.FuncAnimation(
        figure, step, frames=frames, interval=round(1000 * seconds_per_frame), init_func=list
    )


def _leave_room_for_controls(figure: Figure, strip: float = 0.55) -> None:
    """Make a figure `strip` inches higher, at the foot: players lay the controls of a paused film over it."""
    title = 0.08  # inches above the highest title, which the layout would let touch the edge
    height = figure.get_figheight() + title
    figure.set_figheight(height + strip)
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, strip / (height + strip), 1, (height - title) / (height + strip)))
