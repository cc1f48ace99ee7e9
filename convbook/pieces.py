"""Pieces: which input rows a piece of the output needs.  One axis at a time, integers only; no torch.

A convolution's output row i is computed from the input rows s·i − p, …, s·i − p + d·(k − 1), so a run of
output rows needs a run of input rows that is a little longer.  The extra rows, which neighboring pieces need
too, are called the *halo*.  Everything that computes an image in pieces uses this arithmetic: tiles of an
image that is larger than the memory, and processes that share one image.

References
----------
.. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
   https://doi.org/10.48550/arXiv.1603.07285
.. [2] P. Jin, B. Ginsburg and K. Keutzer, "Spatially Parallel Convolutions", ICLR 2018 workshop.
   https://openreview.net/forum?id=S1Yt0d1vG
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, SupportsIndex, TypeAlias

from convbook._forms import as_int, describe, flag, integer
from convbook.geometry import output_size, transposed_output_size

__all__ = ["Piece", "needed_input", "needed_input_transposed", "needed_inputs", "tiles"]

Ends: TypeAlias = SupportsIndex | tuple[SupportsIndex, SupportsIndex]
"""Padding of one axis: one number for both ends, or (before, after)."""


class Piece(NamedTuple):
    """The input rows that a piece of output needs, on one axis.

    Attributes
    ----------
    start, stop : int
        The input rows ``start … stop − 1``; none where both are equal.
    before, after : int
        Rows of padding that remain to be added at the two ends of the piece.  For a transposed convolution:
        output rows to cut off there; a negative number counts rows of zeros to add instead.

    Examples
    --------
    >>> Piece(3, 8, 0, 1).stop - Piece(3, 8, 0, 1).start
    5
    """

    start: int
    stop: int
    before: int
    after: int


def needed_input(
    output: tuple[SupportsIndex, SupportsIndex],
    input_size: SupportsIndex,
    kernel_size: SupportsIndex,
    stride: SupportsIndex = 1,
    padding: Ends = 0,
    dilation: SupportsIndex = 1,
    *,
    ceil_mode: bool = False,
) -> Piece:
    r"""Input rows that some output rows of a convolution or a pooling are computed from, on one axis.

    The output rows from `a` to `b − 1` are computed from the padded rows

    .. math:: s\,a - p,\; \dots,\; s\,(b - 1) - p + d\,(k - 1)

    where negative numbers and numbers from the input's size on are padding.

    Parameters
    ----------
    output : tuple of int
        (a, b): the output rows a … b − 1, at least one.
    input_size, kernel_size, stride, dilation : int
        Of this axis; at least 1.
    padding : int or (before, after), optional
        Rows added at both ends, or at each.
    ceil_mode : bool, optional
        As in :func:`output_size`: the last windows of a pooling may run over the end; `after` counts those
        rows too.

    Returns
    -------
    Piece
        The rows (start, stop), and the padding that is left at each end of them.  A piece inside the image
        has none.  The rows are empty where all windows lie in the padding.

    Raises
    ------
    ValueError
        If the kernel does not fit, or the output rows are not among the output's.
    TypeError
        If a number is not an integer.

    See Also
    --------
    needed_inputs : the same through a stack of layers.
    needed_input_transposed : for a transposed convolution.
    tiles : output rows cut into pieces.
    receptive_field : how many input rows one output row needs.

    Examples
    --------
    A kernel of three rows and padding 1 keeps eight rows at eight.  The upper half of the output needs four
    rows, one row more below, and the padding above:

    >>> needed_input((0, 4), 8, 3, padding=1)
    Piece(start=0, stop=5, before=1, after=0)
    >>> needed_input((4, 8), 8, 3, padding=1)
    Piece(start=3, stop=8, before=0, after=1)

    At stride 2, output rows 1 and 2 start at the input rows 2 and 4:

    >>> needed_input((1, 3), 9, 3, stride=2)
    Piece(start=2, stop=7, before=0, after=0)
    """
    n, k, s, d = _sizes(input_size, kernel_size, stride, dilation)
    p = _ends("padding", padding)
    rows = output_size((n, 1), (k, 1), (s, 1), (p, (0, 0)), (d, 1), flag("ceil_mode", ceil_mode))[0]
    a, b = _run(output, rows)
    return _clipped(s * a - p[0], s * (b - 1) - p[0] + d * (k - 1) + 1, n)


def needed_input_transposed(
    output: tuple[SupportsIndex, SupportsIndex],
    input_size: SupportsIndex,
    kernel_size: SupportsIndex,
    stride: SupportsIndex = 1,
    padding: SupportsIndex = 0,
    output_padding: SupportsIndex = 0,
    dilation: SupportsIndex = 1,
) -> Piece:
    r"""Input rows whose stamps reach some output rows of a transposed convolution, on one axis.

    Input row i is stamped into the output rows s·i − p + d·t for each tap t of the kernel.  So the output
    rows from `a` to `b − 1` receive stamps from the input rows

    .. math:: \left\lceil \frac{a + p - d\,(k - 1)}{s} \right\rceil,\; \dots,\;
       \left\lfloor \frac{b - 1 + p}{s} \right\rfloor .

    Parameters
    ----------
    output : tuple of int
        (a, b): the output rows a … b − 1, at least one.
    input_size, kernel_size, stride, padding, output_padding, dilation : int
        As for :func:`transposed_output_size`, on this axis.

    Returns
    -------
    Piece
        The rows (start, stop).  Stamp them without padding, then cut `before` and `after` rows off the two
        ends of the result; where one of them is negative, add that many rows of zeros.

    Raises
    ------
    ValueError
        If the setting leaves no output, or the output rows are not among the output's.
    TypeError
        If a number is not an integer.

    See Also
    --------
    needed_input : for a convolution or a pooling.
    transposed_output_size : how many output rows there are.

    Examples
    --------
    Four rows make stamps of three rows each, which begin two rows apart: nine rows.  Row 4 gets the last tap
    of row 1 and the first tap of row 2, which lie in the rows 2 to 6:

    >>> needed_input_transposed((4, 5), 4, 3, stride=2)
    Piece(start=1, stop=3, before=2, after=2)
    """
    n, k, s, d = _sizes(input_size, kernel_size, stride, dilation)
    p, more = integer("padding", padding, 0), integer("output_padding", output_padding, 0)
    rows = transposed_output_size((n, 1), (k, 1), (s, 1), (p, 0), (more, 0), (d, 1))[0]
    a, b = _run(output, rows)
    start = min(n, max(0, -((d * (k - 1) - a - p) // s)))
    stop = max(start, min(n, (b - 1 + p) // s + 1))
    if start == stop:  # all of these rows lie between the stamps
        return Piece(start, stop, 0, a - b)
    first, last = s * start - p, s * (stop - 1) - p + d * (k - 1) + 1
    return Piece(start, stop, a - first, last - b)


def needed_inputs(
    output: tuple[SupportsIndex, SupportsIndex],
    input_size: SupportsIndex,
    layers: Iterable[object],
    axis: int = 0,
) -> tuple[Piece, ...]:
    """Rows that a stack of layers needs at the input of each layer, for some rows of its last output.

    Parameters
    ----------
    output : tuple of int
        (a, b): the rows a … b − 1 of the last layer's output.
    input_size : int
        Rows of the first layer's input.
    layers : iterable
        From the input upwards.  Each is an int (a kernel size), a tuple (kernel_size, stride, padding,
        dilation) with any tail left out, a mapping with those keys, or an object with those attributes, such
        as ``torch.nn.Conv2d``, ``torch.nn.MaxPool2d`` or ``torch.nn.ConvTranspose2d``.
    axis : {0, 1}, optional
        Which entry counts where a layer's setting is a pair (rows, columns).

    Returns
    -------
    tuple of Piece
        One for each layer: the rows of that layer's own input.  The first entry says what to read.  Each
        layer's padding stays with it: a zero that a later layer adds is no row of the image.

    Raises
    ------
    ValueError, TypeError
        As :func:`needed_input`; the message names the layer by its position.

    See Also
    --------
    receptive_field : how many rows one output row needs.

    Examples
    --------
    Two layers of three rows each and padding 1.  Row 0 of the result needs rows 0 and 1 of the first output,
    and these need rows 0 to 2 of the image:

    >>> needed_inputs((0, 1), 8, [(3, 1, 1), (3, 1, 1)])
    (Piece(start=0, stop=3, before=1, after=0), Piece(start=0, stop=2, before=1, after=0))
    """
    if not isinstance(layers, Iterable):
        raise TypeError(f"layers must be several layers, from the input upwards, got {describe(layers)}")
    if axis not in (0, 1):
        raise ValueError(f"axis must be 0 (rows) or 1 (columns), got {describe(axis)}")
    settings = [_layer(position, layer, axis) for position, layer in enumerate(layers)]
    if not settings:
        raise ValueError("layers must hold at least one layer, got none")
    sizes = [integer("input_size", input_size, 1)]
    for position, setting in enumerate(settings):
        with _Named(position):
            sizes.append(setting.outputs(sizes[-1]))
    run = _run(output, sizes[-1])
    pieces = []
    for size, setting in zip(reversed(sizes[:-1]), reversed(settings), strict=True):
        piece = setting.needed(run, size) if run[0] < run[1] else Piece(0, 0, 0, 0)
        pieces.append(piece)
        run = (piece.start, piece.stop)
    return tuple(reversed(pieces))


def tiles(size: SupportsIndex, most: SupportsIndex) -> list[tuple[int, int]]:
    """Cut the rows 0 … size − 1 into consecutive runs of `most` rows; the last run may be shorter.

    Parameters
    ----------
    size : int
        Rows of the output; at least 1.
    most : int
        Rows of a tile; at least 1.

    Returns
    -------
    list of tuple of int
        (start, stop) of each tile.  Each row is in exactly one of them.

    Raises
    ------
    ValueError, TypeError
        If a number is below 1 or not an integer.

    See Also
    --------
    needed_input : the input rows of a tile.

    Examples
    --------
    >>> tiles(10, 4)
    [(0, 4), (4, 8), (8, 10)]
    """
    size, most = integer("size", size, 1), integer("most", most, 1)
    return [(start, min(start + most, size)) for start in range(0, size, most)]


# ----------------------------------------------------------------------------------------------- inner steps


class _Window(NamedTuple):
    """One layer's judged setting on one axis."""

    kernel: int
    stride: int
    padding: tuple[int, int]
    dilation: int
    ceil_mode: bool = False

    def outputs(self, size: int) -> int:
        around = (self.padding, (0, 0))
        return output_size(
            (size, 1), (self.kernel, 1), (self.stride, 1), around, (self.dilation, 1), self.ceil_mode
        )[0]

    def needed(self, run: tuple[int, int], size: int) -> Piece:
        kernel, stride, padding, dilation, ceil_mode = self
        return needed_input(run, size, kernel, stride, padding, dilation, ceil_mode=ceil_mode)


class _Stamp(NamedTuple):
    """One transposed layer's judged setting on one axis."""

    kernel: int
    stride: int
    padding: int
    output_padding: int
    dilation: int

    def outputs(self, size: int) -> int:
        kernel, stride, padding, more, dilation = self
        return transposed_output_size(
            (size, 1), (kernel, 1), (stride, 1), (padding, 0), (more, 0), (dilation, 1)
        )[0]

    def needed(self, run: tuple[int, int], size: int) -> Piece:
        return needed_input_transposed(run, size, *self)


class _Named:
    """Put a layer's position in front of what is wrong with it."""

    def __init__(self, position: int) -> None:
        self.position = position

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, (TypeError, ValueError)):
            raise type(problem)(f"layer {self.position} of the stack: {problem}") from None


def _layer(position: int, layer: object, axis: int) -> _Window | _Stamp:
    """Read one layer of a stack in any of its forms."""
    with _Named(position):
        if isinstance(layer, Mapping):
            unknown = sorted(set(map(str, layer)) - {"kernel_size", "stride", "padding", "dilation"})
            if unknown or "kernel_size" not in layer:
                raise ValueError(
                    "keys are kernel_size and, optionally, stride, padding, dilation; got "
                    f"{sorted(map(str, layer))}"
                )
            fields = [layer.get(name, default) for name, default in _DEFAULTS.items()]
        elif hasattr(layer, "kernel_size"):
            fields = [getattr(layer, name, default) for name, default in _DEFAULTS.items()]
            if fields[1] is None:  # a pooling layer whose stride is its window
                fields[1] = fields[0]
        else:
            given = list(layer) if isinstance(layer, (tuple, list)) else [layer]
            if not 1 <= len(given) <= 4:
                raise ValueError(
                    f"a tuple holds (kernel_size, stride, padding, dilation), got {len(given)} values"
                )
            fields = given + list(_DEFAULTS.values())[len(given) :]
        kernel, stride, padding, dilation = fields
        k, s, d = (
            integer(name, _along(value, axis), 1)
            for name, value in (("kernel_size", kernel), ("stride", stride), ("dilation", dilation))
        )
        if getattr(layer, "transposed", False):
            more = integer("output_padding", _along(getattr(layer, "output_padding", 0), axis), 0)
            return _Stamp(k, s, integer("padding", _along(padding, axis), 0), more, d)
        if padding == "same" and s == 1:  # torch puts the odd row at the end
            padding = (d * (k - 1) // 2, d * (k - 1) - d * (k - 1) // 2)
        elif padding == "valid":
            padding = (0, 0)
        else:
            padding = _along(padding, axis)
        ceil_mode = flag("ceil_mode", getattr(layer, "ceil_mode", False))
        return _Window(k, s, _ends("padding", padding), d, ceil_mode)


_DEFAULTS = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1}


def _along(value: object, axis: int) -> object:
    """Return a setting's entry for one axis; one value counts for both."""
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return value[axis]
    return value


def _sizes(*values: object) -> tuple[int, int, int, int]:
    names = ("input_size", "kernel_size", "stride", "dilation")
    n, k, s, d = (integer(name, value, 1) for name, value in zip(names, values, strict=True))
    return n, k, s, d


def _ends(name: str, value: object) -> tuple[int, int]:
    """Judge one axis's padding, a number or (before, after)."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError(f"{name} of one axis must be one integer or (before, after), got {value!r}")
        return integer(f"{name}[0]", value[0], 0), integer(f"{name}[1]", value[1], 0)
    both = integer(name, value, 0)
    return both, both


def _run(output: object, rows: int) -> tuple[int, int]:
    """Judge the output rows (a, b) against the number of output rows there are."""
    if not isinstance(output, (tuple, list)) or len(output) != 2:
        raise TypeError(f"output must be a pair (start, stop) of output rows, got {describe(output)}")
    start, stop = as_int(output[0]), as_int(output[1])
    if start is None or stop is None:
        raise TypeError(f"output must be a pair of integers (start, stop), got {describe(output)}")
    if not 0 <= start < stop <= rows:
        raise ValueError(
            f"output must name rows with 0 ≤ start < stop ≤ {rows}, for there are {rows} output rows; "
            f"got ({start}, {stop})"
        )
    return start, stop


def _clipped(first: int, stop: int, size: int) -> Piece:
    """Split the run first … stop − 1 of padded rows into the input's rows and the padding at both ends."""
    before = max(0, min(stop, 0) - first)
    after = max(0, stop - max(first, size))
    return Piece(min(max(first, 0), size), max(min(stop, size), 0), before, after)
