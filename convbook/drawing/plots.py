"""Curves, bars, and surfaces by their level lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from convbook.drawing.style import (
    DASHES,
    EDGE,
    INK,
    LINES,
    Values,
    as_array,
    as_matrix,
    name_axes,
    number,
    styled,
)


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
    across = as_array(x)
    lines = {name: as_array(values) for name, values in series.items()}
    for name, line in lines.items():
        if line.shape != across.shape or line.ndim != 1:
            raise ValueError(f"series {name!r} must have the shape of x, {across.shape}, got {line.shape}")
    with styled(ax) as ax:
        for place, (name, line) in enumerate(lines.items()):
            ax.plot(
                across,
                line,
                color=LINES[place % len(LINES)],
                linestyle=DASHES[place % len(DASHES)],
                marker="osD^vP"[place % 6] if markers else None,
                markersize=4.5,
                label=name,
            )
        ax.set(xscale=xscale, yscale=yscale)
        if ylimits is not None:
            ax.set_ylim(*ylimits)
        name_axes(ax, title, xlabel, ylabel)
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
    heights = as_array(values)
    names = [str(place) for place in range(heights.size)] if labels is None else list(labels)
    if heights.ndim != 1 or len(names) != heights.size:
        raise ValueError(
            f"bars needs one row of values with a label each, got shape {heights.shape} and {len(names)} "
            "labels"
        )
    with styled(ax) as ax:
        colors = [LINES[1] if height >= 0 else LINES[0] for height in heights]
        drawn = ax.bar(names, heights, color=colors, width=0.7)
        if fmt is not None:
            ax.bar_label(drawn, [number(height, fmt) for height in heights], padding=2, fontsize=8, color=INK)
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set_yscale(yscale)
        ax.margins(y=0.12)
        name_axes(ax, title, xlabel, ylabel)
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
    across, up, height = as_array(x), as_array(y), as_matrix(z)
    if height.shape != (up.size, across.size):
        raise ValueError(
            f"z must have a row for each y and a column for each x, ({up.size}, {across.size}), "
            f"got {height.shape}"
        )
    if directions and best is None:
        raise ValueError("directions are drawn from the lowest point: give best=(x, y) as well")
    with styled(ax) as ax:
        ax.contour(across, up, height, levels=list(levels), colors=EDGE, linewidths=0.9)
        for place, (name, path) in enumerate((paths or {}).items()):
            steps = as_matrix(path)
            ax.plot(
                steps[:, 0],
                steps[:, 1],
                color=LINES[place % len(LINES)],
                linestyle=DASHES[place % len(DASHES)],
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
        name_axes(ax, title, xlabel, ylabel)
        if paths:
            ax.legend(loc="upper right")
    return ax


def _named_arrow(ax: Axes, start: tuple[float, float], tip: tuple[float, float], name: str) -> None:
    ax.annotate("", xy=tip, xytext=start, arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.4})
    ax.annotate(name, xy=tip, xytext=(5, 5), textcoords="offset points", color=INK, fontsize=9)
