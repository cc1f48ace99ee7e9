"""Matrices as images on a stated scale, and vectors on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure

from convbook.drawing.style import (
    EDGE,
    GREYS,
    OUTLINE,
    SIGNED,
    STYLE,
    Values,
    as_array,
    as_matrix,
    name_axes,
    number,
    panels,
    rising_limits,
    styled,
)


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
        The values that the first and the last color stand for.
    ax : Axes, optional
        Where to draw.
    title : str, optional
        Stands above the image.
    cmap : str or Colormap
        The colors.
    colourbar : bool
        Show the scale beside the image; its ends are pointed where values lie beyond the limits.
    label : str, optional
        What the values are, beside the color bar.
    opacity : matrix, optional
        One value from 0 (white) to 1 (the full color) a pixel.

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
    table = as_matrix(values)
    if table.dtype == bool:
        table = table.astype(np.uint8)
    low, high = rising_limits(limits)
    shown = table if opacity is None else _faded(table, as_matrix(opacity), (low, high), cmap)
    with styled(ax) as ax:
        drawn = ax.imshow(shown, cmap=cmap, vmin=low, vmax=high, interpolation="none")
        ax.set_xticks([])
        ax.set_yticks([])
        name_axes(ax, title)
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
    """Return the image's colors, mixed with white: the picture is then opaque, on any page."""
    if opacity.shape != table.shape or not (opacity.min() >= 0 and opacity.max() <= 1):
        raise ValueError(
            f"opacity must have the shape of values, {table.shape}, and lie between 0 and 1; got shape "
            f"{opacity.shape} from {number(opacity.min())} to {number(opacity.max())}"
        )
    chosen = mpl.colormaps[cmap] if isinstance(cmap, str) else cmap
    colors = np.asarray(chosen(Normalize(*limits)(table)))[..., :3]
    mixed: np.ndarray[Any, Any] = 1 - opacity[..., None] * (1 - colors)
    return mixed


def _thin_frame(ax: Axes) -> None:
    """Show where an image ends: white pixels lie on a white page, black ones on a dark page."""
    for spine in ax.spines.values():
        spine.set(visible=True, edgecolor=EDGE, linewidth=0.6)


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
        What the values are, beside the color bar.

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
    """Draw several images side by side on one scale, with one color bar.

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
        The colors.
    label : str, optional
        What the values are, beside the color bar.
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
    tables = [as_matrix(value) for value in values]
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
    """Add a color bar whose pointed ends say that some values are beyond the scale."""
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
    colour: str = OUTLINE,
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
        The arrows' color.

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
    down, right = as_array(rows), as_array(columns)
    if down.shape != right.shape:
        raise ValueError(f"rows and columns must have one shape, got {down.shape} and {right.shape}")
    if not pixels_per_unit > 0:
        raise ValueError(f"pixels_per_unit must be positive, got {pixels_per_unit}")
    where = np.indices(down.shape) if at is None else (as_array(at[0]), as_array(at[1]))
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
