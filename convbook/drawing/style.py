"""What all figures share: colors, settings, panels, and how numbers and text are written."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeAlias

import matplotlib as mpl
import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

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
"""Colors of lines, in order; the first is cool (negative), the second warm (positive)."""

DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 2)))

CELLS: Mapping[Role, tuple[str, str]] = {
    "input": ("#dcecf8", "#8fc7ee"),
    "kernel": ("#fbe6c4", "#f3bd58"),
    "output": ("#d5f0e4", "#6fd0ab"),
    "padding": ("#ececee", "#c9d3da"),
    "plain": ("#ffffff", "#f5ec9a"),
}
"""For each role of a grid, the color of a cell, and of a cell inside the window."""

OUTLINE = "#d55e00"
"""The frame around a window."""

EDGE = "#8a8f94"
"""The lines between cells."""

SIGNED = LinearSegmentedColormap.from_list(
    "convbook_signed",
    ["#0a4c63", "#2583a3", "#86bfd3", "#ffffff", "#f3b28c", "#d4622c", "#93310a"],
    N=257,  # odd: one color, white, lies in the middle
)
"""Diverging colors for signed values: cool below zero, white at zero, warm above."""

GREYS = "gray"
"""The name of matplotlib's colors from black to white."""

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

NO_PADDING = ((0, 0), (0, 0))


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


@contextmanager
def styled(ax: Axes | None) -> Iterator[Axes]:
    """Yield the axes to draw on, with the book's style in force."""
    with mpl.rc_context(dict(STYLE)):
        if ax is None:
            _, (ax,) = panels(size=(3.2, 4.2))
        yield ax


def name_axes(ax: Axes, title: str | None, xlabel: str | None = None, ylabel: str | None = None) -> None:
    """Write what stands around a panel, all of it in ink: the panel may have been made without the style."""
    for words, name in ((title, ax.set_title), (xlabel, ax.set_xlabel), (ylabel, ax.set_ylabel)):
        if words is not None:
            name(words, color=INK)
    ax.tick_params(colors=INK, which="both")
    for spine in ax.spines.values():
        spine.set_edgecolor(INK)


def as_array(values: Values) -> np.ndarray[Any, Any]:
    """Return a copy of the values as an array, whatever device and dtype they have."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        if values.dtype in (torch.bfloat16, torch.float16):  # numpy has no bfloat16
            values = values.float()
        values = values.numpy()  # not np.array(tensor): torch's __array__ predates NumPy 2 and warns
    return np.array(values)


def as_matrix(values: Values) -> np.ndarray[Any, Any]:
    """Return a copy of a matrix as an array, so that drawing can change nothing of the caller's."""
    table = as_array(values)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(
            f"values must be a matrix (rows, columns) with at least one cell, got shape {table.shape}"
            + ("; pick one image and one channel first, such as values[0, 0]" if table.ndim > 2 else "")
        )
    return table


def rising_limits(limits: tuple[float, float]) -> tuple[float, float]:
    """Judge the limits of a scale."""
    low, high = limits
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"limits must be finite and rising (low, high), got ({low}, {high})")
    return float(low), float(high)
