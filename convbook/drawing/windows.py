"""A window at work: one step with its sum, arrows between grids, and animations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import animation
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import FancyArrowPatch

from convbook.drawing.grids import cells_inside, grid, window_cells
from convbook.drawing.style import NO_PADDING, OUTLINE, STYLE, Cell, Values, Window, as_matrix, number, text


def sliding(
    input: Values,
    kernel: Values,
    output: Values,
    at: Cell,
    *,
    stride: int | tuple[int, int] = 1,
    dilation: int | tuple[int, int] = 1,
    padding: tuple[tuple[int, int], tuple[int, int]] = NO_PADDING,
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
    image, weights, result = as_matrix(input), as_matrix(kernel), as_matrix(output)
    cells_inside("at", [at], result.shape)
    down, right = (stride, stride) if isinstance(stride, int) else stride
    window: Window = ((at[0] * down, at[1] * right), (weights.shape[0], weights.shape[1]))
    taps, _ = window_cells(window, dilation, image.shape)
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


def link(source: Axes, source_cell: Cell, target: Axes, target_cell: Cell, *, colour: str = OUTLINE) -> Axes:
    """Draw an arrow from a cell of one grid to a cell of another.

    Parameters
    ----------
    source, target : Axes
        Two grids in one figure.
    source_cell, target_cell : (row, column)
        Where the arrow starts and where it points.
    colour : str
        The arrow's color.

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


def animate(
    figure: Figure, draw: Callable[[int], object], frames: int, *, seconds_per_frame: float = 0.8
) -> animation.FuncAnimation:
    """Make an animation: `draw` is called with 0, 1, 2, … and draws that frame on the figure's panels.

    The first frame is drawn at once, so that the figure's layout has room for its titles and labels.

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
    draw(0)

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
