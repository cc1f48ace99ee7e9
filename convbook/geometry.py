"""Sizes: what comes out, what a pixel sees, what it costs.  Integers only, so exact for any size; no torch.

Every size is a pair (rows, columns); one integer stands for both.  Formulas follow Dumoulin & Visin [1]_; the
receptive field follows Araujo, Norris & Sim [2]_.

References
----------
.. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
   https://doi.org/10.48550/arXiv.1603.07285
.. [2] A. Araujo, W. Norris and J. Sim, "Computing Receptive Fields of Convolutional Neural Networks",
   Distill, 2019.
   https://doi.org/10.23915/distill.00021
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import gcd
from typing import NamedTuple

from convbook._forms import (
    ExplicitPadding,
    IntOrPair,
    PaddingLike,
    Pair,
    Sides,
    describe,
    flag,
    integer,
    pair,
    sides,
)

__all__ = [
    "Cost",
    "Layer",
    "ReceptiveField",
    "cost",
    "effective_kernel_size",
    "layers_until",
    "output_size",
    "pixel_uses",
    "receptive_field",
    "same_padding",
    "transposed_output_size",
]


_LARGEST_TABLE = 2**24
"""Pixels that :func:`pixel_uses` lists at most; more would fill the memory with a table that nobody reads."""


# ------------------------------------------------------------------------------------------ one layer's sizes


def effective_kernel_size(kernel_size: IntOrPair, dilation: IntOrPair = 1) -> Pair:
    """Rows and columns that a dilated kernel reaches over, d·(k − 1) + 1.

    Parameters
    ----------
    kernel_size : int or pair of int
        Rows and columns of the kernel, at least 1.
    dilation : int or pair of int, optional
        Distance between neighboring taps, at least 1.

    Returns
    -------
    tuple of int
        (rows, columns).

    Raises
    ------
    ValueError, TypeError
        If an argument is below 1, or not an integer.

    See Also
    --------
    output_size : how many windows of that reach fit.
    receptive_field : the same for a stack of layers.

    Examples
    --------
    Three taps with one pixel left out between them reach over five:

    >>> effective_kernel_size(3, dilation=2)
    (5, 5)
    """
    kernel = pair("kernel_size", kernel_size, 1)
    gap = pair("dilation", dilation, 1)
    return _reach(kernel[0], gap[0]), _reach(kernel[1], gap[1])


def output_size(
    input_size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> Pair:
    r"""Rows and columns of a convolution's or a pooling's output.

    On each axis, with p the padding of both ends together,

    .. math:: \left\lfloor \frac{n + p - d\,(k - 1) - 1}{s} \right\rfloor + 1 .

    With `ceil_mode` the quotient is rounded up, unless the last window would then start beyond the input and
    its left (top) padding; such a window is left out.

    Parameters
    ----------
    input_size, kernel_size, stride, dilation : int or pair of int
        Rows and columns.  All at least 1.
    padding : int, pair of int, ((top, bottom), (left, right)), "valid" or "same", optional
        Rows and columns added.  "same" needs stride 1.
    ceil_mode : bool, optional
        Round up instead of down (pooling only).

    Returns
    -------
    tuple of int
        (rows, columns), each at least 1.

    Raises
    ------
    ValueError
        If the kernel does not fit into the padded input, with the arithmetic.
    TypeError
        If a size is not an integer.

    See Also
    --------
    same_padding : the padding that keeps the size.
    transposed_output_size : the way back.

    Examples
    --------
    >>> output_size(8, 3, padding=1)
    (8, 8)
    >>> output_size(8, (3, 5), stride=(3, 4), padding=(0, 1))
    (2, 2)
    >>> output_size(4, 5)
    Traceback (most recent call last):
    ValueError: kernel 5×5 does not fit input 4×4 with padding 0: output height would be 4 − 5 + 1 = 0
    """
    size = pair("input_size", input_size, 1)
    kernel = pair("kernel_size", kernel_size, 1)
    step = pair("stride", stride, 1)
    gap = pair("dilation", dilation, 1)
    around = padding_sides(padding, kernel, step, gap)
    return windows_that_fit(size, kernel, step, around, gap, flag("ceil_mode", ceil_mode))


def windows_that_fit(
    size: Pair,
    kernel: Pair,
    step: Pair,
    around: Sides,
    gap: Pair,
    ceil_mode: bool = False,
    noun: str = "kernel",
) -> Pair:
    """Count the windows on judged arguments, or raise the sentence that says why none fits.

    The arithmetic behind :func:`output_size`, for callers whose arguments are normalized already; `noun` is
    the word for the window ("kernel" or "pooling window").

    Examples
    --------
    >>> windows_that_fit((6, 8), (1, 2), (1, 1), ((0, 0), (0, 0)), (1, 1))
    (6, 7)
    """
    rows = _windows(size[0], kernel[0], step[0], around[0], gap[0], ceil_mode)
    columns = _windows(size[1], kernel[1], step[1], around[1], gap[1], ceil_mode)
    if rows < 1 or columns < 1:
        axis = 0 if rows < 1 else 1
        raise ValueError(_does_not_fit(noun, axis, size, kernel, step, around, gap, ceil_mode))
    return rows, columns


def transposed_output_size(
    input_size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: IntOrPair | ExplicitPadding = 0,
    output_padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> Pair:
    """Rows and columns of a transposed convolution's output, s·(n − 1) − 2p + d·(k − 1) + 1 + output_padding.

    Parameters
    ----------
    input_size, kernel_size, stride, dilation : int or pair of int
        Rows and columns.  All at least 1.
    padding : int, pair of int or ((top, bottom), (left, right)), optional
        Rows and columns *cut off* at each end: the padding of the convolution that this one transposes.
    output_padding : int or pair of int, optional
        Rows and columns computed in addition at the bottom and the right, less than the stride or the
        dilation. It chooses among the s input sizes that the forward convolution maps to one output size.

    Returns
    -------
    tuple of int
        (rows, columns), each at least 1.

    Raises
    ------
    ValueError
        If nothing is left after cutting, or `output_padding` is too large.
    TypeError
        If a size is not an integer.

    See Also
    --------
    output_size : the way there.
    conv_transpose2d : the operation itself.

    Examples
    --------
    >>> transposed_output_size(3, 3, stride=2, padding=1)
    (5, 5)
    >>> transposed_output_size(3, 3, stride=2, padding=1, output_padding=1)
    (6, 6)
    """
    size = pair("input_size", input_size, 1)
    kernel = pair("kernel_size", kernel_size, 1)
    step = pair("stride", stride, 1)
    cut = sides("padding", padding)
    more = pair("output_padding", output_padding, 0)
    gap = pair("dilation", dilation, 1)
    return transposed_size(size, kernel, step, cut, more, gap)


def output_padding_fits(more: Pair, step: Pair, gap: Pair) -> None:
    """Judge that `output_padding` is smaller than the stride or the dilation."""
    for axis, word in enumerate(("rows", "columns")):
        if more[axis] >= max(step[axis], gap[axis]):
            raise ValueError(
                f"output_padding must be smaller than the stride or the dilation: got {more[axis]} for the "
                f"{word} with stride {step[axis]} and dilation {gap[axis]}; it chooses among the sizes that "
                f"the stride maps to one, so 0 to {max(step[axis], gap[axis]) - 1} are possible"
            )


def transposed_size(size: Pair, kernel: Pair, step: Pair, cut: Sides, more: Pair, gap: Pair) -> Pair:
    """Compute :func:`transposed_output_size` on judged arguments."""
    output_padding_fits(more, step, gap)
    found = []
    for axis, word in enumerate(("height", "width")):
        n, k, s, a, d = (two[axis] for two in (size, kernel, step, more, gap))
        first, last = cut[axis]
        full = s * (n - 1) + _reach(k, d) + a
        length = full - first - last
        if length < 1:
            alike = first == last
            shown, both = (first, f"2·{first}") if alike else ((first, last), f"({first} + {last})")
            cure = f"of at most {(full - 1) // 2}" if alike else f"of at most {full - 1} in all"
            raise ValueError(
                f"padding {shown} cuts the whole output off: output {word} would be {s}·({n} − 1) − {both} + "
                f"{_reach(k, d)} + {a} = {_minus(length)}; a padding {cure} leaves something"
            )
        found.append(length)
    return found[0], found[1]


def same_padding(
    kernel_size: IntOrPair,
    dilation: IntOrPair = 1,
    stride: IntOrPair = 1,
    input_size: IntOrPair | None = None,
    extra: str = "end",
) -> Sides:
    """Compute the padding that keeps the size at stride 1, and gives ⌈n / s⌉ at stride s.

    At stride 1 the total on an axis is d·(k − 1), whatever the input.  At a larger stride it depends on the
    input's size n: max((⌈n / s⌉ − 1)·s + d·(k − 1) + 1 − n, 0).  Where the total is odd one row (column) has
    no partner.

    Parameters
    ----------
    kernel_size, dilation, stride : int or pair of int
        Rows and columns, at least 1.
    input_size : int or pair of int, optional
        Needed where `stride` is not 1.
    extra : {"end", "start"}, optional
        Where the odd row goes: "end" (bottom, right: torch, TensorFlow) or "start" (top, left: some texts,
        and ONNX's SAME_LOWER).

    Returns
    -------
    tuple of tuple of int
        ((top, bottom), (left, right)), as ``conv2d(padding=...)`` takes it.

    Raises
    ------
    ValueError
        If `input_size` is missing at a stride above 1, or `extra` is another word.
    TypeError
        If a size is not an integer.

    See Also
    --------
    output_size : takes what this returns.
    pixel_uses : why equal sizes are not equal use.

    Examples
    --------
    >>> same_padding(3)
    ((1, 1), (1, 1))
    >>> same_padding((2, 4))
    ((0, 1), (1, 2))
    >>> same_padding((2, 4), extra="start")
    ((1, 0), (2, 1))

    At stride 2 a 3×3 kernel on an even size pads the end alone:

    >>> same_padding(3, stride=2, input_size=8)
    ((0, 1), (0, 1))
    """
    kernel = pair("kernel_size", kernel_size, 1)
    gap = pair("dilation", dilation, 1)
    step = pair("stride", stride, 1)
    if extra not in ("end", "start"):
        raise ValueError(f'extra must be "end" (bottom and right) or "start" (top and left), got {extra!r}')
    if input_size is None and step != (1, 1):
        raise ValueError(
            f"same_padding needs input_size at stride {_times(step)}: the total is max((⌈n / s⌉ − 1)·s + "
            "d·(k − 1) + 1 − n, 0), which depends on the size n; for an image X pass input_size=X.shape[-2:]"
        )
    size = (1, 1) if input_size is None else pair("input_size", input_size, 1)
    totals = [
        max(0, (-(-n // s) - 1) * s + _reach(k, d) - n) if s > 1 else d * (k - 1)
        for n, k, s, d in zip(size, kernel, step, gap, strict=True)
    ]
    rows, columns = ((t // 2, t - t // 2) for t in totals)
    return (rows, columns) if extra == "end" else (rows[::-1], columns[::-1])


def padding_sides(padding: object, kernel: Pair, step: Pair, gap: Pair) -> Sides:
    """Judge a `padding` argument in any form, and return the four sides.

    Parameters
    ----------
    padding : int, pair of int, ((top, bottom), (left, right)), "valid" or "same"
        What arrived.
    kernel, step, gap : tuple of int
        Kernel size, stride and dilation, judged already.

    Returns
    -------
    tuple of tuple of int
        ((top, bottom), (left, right)).

    Raises
    ------
    ValueError
        If the word is another one, or "same" meets a stride above 1.

    Examples
    --------
    >>> padding_sides("same", (2, 3), (1, 1), (1, 1))
    ((0, 1), (1, 1))
    """
    if not isinstance(padding, str):
        return sides("padding", padding)
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        cure = (
            f'; write it in lower case: padding="{padding.lower()}"'
            if padding.lower() in ("same", "valid")
            else ""
        )
        if padding.lower() == "full":  # SciPy's word
            full = (_reach(kernel[0], gap[0]) - 1, _reach(kernel[1], gap[1]) - 1)
            cure = f"; every window that meets a pixel: padding={_argument(full)}"
        raise ValueError(
            'padding must be an integer, a pair, ((top, bottom), (left, right)), "valid" or "same", '
            f"got {padding!r}{cure}"
        )
    if step != (1, 1):
        raise ValueError(
            f'padding="same" is not defined with stride {_times(step)}: a strided output cannot keep the '
            "input's size; for ⌈n / s⌉ rows and columns pass padding=same_padding("
            f"{_argument(kernel)}, {_argument(gap)}, {_argument(step)}, input_size)"
        )
    # As same_padding, which would judge again; a kernel's size may be a tensor while torch.jit.trace records.
    rows, columns = (d * (k - 1) for k, d in zip(kernel, gap, strict=True))
    return (rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2)


# --------------------------------------------------------------------------------------------- many layers


class Layer(NamedTuple):
    """One convolution or pooling of a stack, for :func:`receptive_field`.

    Attributes
    ----------
    kernel_size, stride, padding, dilation : int or pair of int
        As for :func:`output_size`; `padding` may give all four sides.

    Examples
    --------
    >>> Layer(3, stride=2)
    Layer(kernel_size=3, stride=2, padding=0, dilation=1)
    """

    kernel_size: IntOrPair
    stride: IntOrPair = 1
    padding: PaddingLike = 0
    dilation: IntOrPair = 1


class ReceptiveField(NamedTuple):
    """What one output cell of a stack sees of its input; each entry is (rows, columns).

    Attributes
    ----------
    size : tuple of int
        Input rows and columns, from the first to the last, that can reach one output cell; where that differs
        from cell to cell, as in a model that enlarges its image, the largest.
    jump : tuple of int, or of Fraction where a model enlarges its image
        Input rows and columns between the fields of two neighboring output cells: the product of the
        strides.
    start : tuple of int
        First input row and column of output cell (0, 0); negative where the field begins in the padding.

    Examples
    --------
    >>> ReceptiveField((3, 3), (1, 1), (-1, -1)).size
    (3, 3)
    """

    size: Pair
    jump: tuple[int | Fraction, int | Fraction]
    start: Pair


def receptive_field(layers: Iterable[object]) -> ReceptiveField:
    """Receptive field of a stack of layers.

    From the first layer to the last, on each axis: the field grows by d·(k − 1)·jump, its first row moves up
    by p·jump, and the jump is multiplied by the stride.

    Parameters
    ----------
    layers : iterable
        From the input upwards.  Each is an int (a kernel size), a tuple (kernel_size, stride, padding,
        dilation) with any tail left out, a mapping with those keys, a :class:`Layer`, or an object with
        those attributes, such as ``torch.nn.Conv2d`` or ``torch.nn.MaxPool2d``.

    Returns
    -------
    ReceptiveField
        `size`, `jump` and `start`, each (rows, columns).  An empty stack sees one pixel.

    Raises
    ------
    TypeError, ValueError
        If a layer is none of these, or holds a size below 1; the message names the layer by its position.

    See Also
    --------
    layers_until : how far a stack can go.
    effective_kernel_size : one dilated layer by itself.

    Examples
    --------
    Two 3×3 kernels see what one 5×5 sees; a stride of 2 makes every later layer count double:

    >>> receptive_field([3, 3]).size
    (5, 5)
    >>> receptive_field([(3, 2), 3]).size
    (7, 7)
    >>> receptive_field([(3, 2, 1), (3, 2, 1)])
    ReceptiveField(size=(7, 7), jump=(4, 4), start=(-3, -3))
    """
    if not isinstance(layers, Iterable):
        raise TypeError(
            f"layers must be several layers, from the input upwards, got {describe(layers)}; a single one "
            "goes into a list, receptive_field([layer])"
        )
    size, jump, start = [1, 1], [1, 1], [0, 0]
    for position, layer in enumerate(layers):
        kernel, step, around, gap = _judged_layer(position, layer)
        for axis in (0, 1):
            size[axis] += gap[axis] * (kernel[axis] - 1) * jump[axis]
            start[axis] -= around[axis][0] * jump[axis]
            jump[axis] *= step[axis]
    return ReceptiveField((size[0], size[1]), (jump[0], jump[1]), (start[0], start[1]))


def layers_until(
    input_size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    *,
    target: IntOrPair = 1,
) -> int:
    """How many equal layers can be stacked before the kernel no longer fits, or the size reaches `target`.

    Parameters
    ----------
    input_size, kernel_size, stride, padding, dilation
        As for :func:`output_size`.
    target : int or pair of int, optional
        Stop as soon as both axes are at most this; 1 by default, so that the kernel's fit decides.

    Returns
    -------
    int
        The number of layers.

    Raises
    ------
    ValueError
        If the size never shrinks, so that no number of layers ends it.
    TypeError
        If a size is not an integer.

    See Also
    --------
    output_size : one layer.
    receptive_field : what the last cell sees of the image.

    Examples
    --------
    5×5 kernels without padding take 4 from the size each, 224 to 4 in 55 layers; a 56th does not fit:

    >>> layers_until(224, 5)
    55
    >>> layers_until(224, 3, stride=2, padding=1, target=7)
    5
    """
    size = pair("input_size", input_size, 1)
    kernel = pair("kernel_size", kernel_size, 1)
    step = pair("stride", stride, 1)
    gap = pair("dilation", dilation, 1)
    goal = pair("target", target, 1)
    around = padding_sides(padding, kernel, step, gap)
    count = 0
    while size[0] > goal[0] or size[1] > goal[1]:
        after = tuple(
            _windows(n, k, s, p, d) for n, k, s, p, d in zip(size, kernel, step, around, gap, strict=True)
        )
        if min(after) < 1:
            break
        # An axis that still shrinks ends the stack sometime, even if it is not the one that is too large.
        if all(later >= now for now, later in zip(size, after, strict=True)):
            raise ValueError(
                f"the size never comes down to {_times(goal)}: a layer with kernel {_times(kernel)}, "
                f"stride {_times(step)} and padding {_show_sides(around)} takes {_times(size)} to "
                f"{_times(after)}"
            )
        layers = _equal_steps(size, (after[0], after[1]), kernel, step, around, gap, goal)
        size = (size[0] + layers * (after[0] - size[0]), size[1] + layers * (after[1] - size[1]))
        count += layers
    return count


# ------------------------------------------------------------------------------------------- use and cost


def pixel_uses(
    input_size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
) -> tuple[tuple[int, ...], ...]:
    """How many windows see each input pixel.

    Parameters
    ----------
    input_size, kernel_size, stride, padding, dilation
        As for :func:`output_size`.

    Returns
    -------
    tuple of tuple of int
        One count for each pixel, row by row.

    Raises
    ------
    ValueError, TypeError
        As :func:`output_size`; a ValueError too if there are more than 2²⁴ pixels to list.

    See Also
    --------
    same_padding : keeps the size, and uses the edge less often than the middle.
    matrix_structure : all uses together, for sizes too large to list.

    Examples
    --------
    "Same" padding does not use all pixels equally; full padding does:

    >>> pixel_uses(3, 3, padding=1)
    ((4, 6, 4), (6, 9, 6), (4, 6, 4))
    >>> set(sum(pixel_uses(3, 3, padding=2), ()))
    {9}
    """
    size = pair("input_size", input_size, 1)
    kernel = pair("kernel_size", kernel_size, 1)
    step = pair("stride", stride, 1)
    gap = pair("dilation", dilation, 1)
    around = padding_sides(padding, kernel, step, gap)
    windows = windows_that_fit(size, kernel, step, around, gap)
    if size[0] * size[1] > _LARGEST_TABLE:
        raise ValueError(
            f"pixel_uses lists every pixel: input_size {size[0]}×{size[1]} has {size[0] * size[1]}, at most "
            f"{_LARGEST_TABLE} are allowed"
        )
    rows, columns = (
        _axis_uses(size[axis], kernel[axis], step[axis], around[axis][0], gap[axis], windows[axis])
        for axis in (0, 1)
    )
    return tuple(tuple(row * column for column in columns) for row in rows)


class Cost(NamedTuple):
    """What one layer costs, in exact integers.

    Attributes
    ----------
    multiply_adds : int
        One multiplication and one addition each; padding cells are counted, as every implementation's table
        does.
    parameters : int
        Weights and, where there is one, the bias.
    input_bytes, parameter_bytes, output_bytes : int
        Bytes to read, to hold and to write.

    Examples
    --------
    >>> found = Cost(9, 1, 4, 4, 4)
    >>> found.multiply_adds, found.flops
    (9, 18)
    """

    multiply_adds: int
    parameters: int
    input_bytes: int
    parameter_bytes: int
    output_bytes: int

    @property
    def flops(self) -> int:
        """FLOP: multiplications and additions one by one, twice the multiply–adds."""
        return 2 * self.multiply_adds


def cost(
    input_size: IntOrPair,
    kernel_size: IntOrPair,
    in_channels: int = 1,
    out_channels: int = 1,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
    *,
    bias: bool = True,
    batch: int = 1,
    itemsize: int = 4,
) -> Cost:
    """Multiply–adds, parameters and bytes of one convolution layer.

    Parameters
    ----------
    input_size, kernel_size, stride, padding, dilation
        As for :func:`output_size`.
    in_channels, out_channels, groups : int, optional
        Channels; both are multiples of `groups`.
    bias : bool, optional
        Whether the layer adds one number to each output channel.
    batch : int, optional
        Images at once.
    itemsize : int, optional
        Bytes of one number, 4 for float32.

    Returns
    -------
    Cost
        `multiply_adds` = batch · out_channels · output rows · output columns · (in_channels / groups) ·
        kernel rows · kernel columns, and the rest.

    Raises
    ------
    ValueError, TypeError
        As :func:`output_size`, or if `groups` does not divide the channels.

    See Also
    --------
    output_size : the rows and columns that are counted here.
    explain_plan : what a call will cost on this machine, by method.

    Examples
    --------
    >>> cost(12, 3, in_channels=3, out_channels=64).parameters  # 64·3·3·3 weights and 64 biases
    1792

    On 64 channels a depthwise 3×3 and a 1×1 cost about an eighth of the full layer (1/64 + 1/9 of it):

    >>> full = cost(56, 3, 64, 64, padding=1).multiply_adds
    >>> thin = cost(56, 3, 64, 64, padding=1, groups=64).multiply_adds + cost(56, 1, 64, 64).multiply_adds
    >>> full, thin, full // thin
    (115605504, 14651392, 7)
    """
    ins, outs, parts = grouped_channels(in_channels, out_channels, groups)
    images = integer("batch", batch, 0)
    width = integer("itemsize", itemsize, 1)
    kernel = pair("kernel_size", kernel_size, 1)
    size = pair("input_size", input_size, 1)
    rows, columns = output_size(size, kernel, stride, padding, dilation)
    taps = ins // parts * kernel[0] * kernel[1]
    outputs = images * outs * rows * columns
    parameters = outs * taps + (outs if flag("bias", bias) else 0)
    return Cost(
        multiply_adds=outputs * taps,
        parameters=parameters,
        input_bytes=images * ins * size[0] * size[1] * width,
        parameter_bytes=parameters * width,
        output_bytes=outputs * width,
    )


def grouped_channels(in_channels: object, out_channels: object, groups: object) -> tuple[int, int, int]:
    """Judge a layer's channels: at least one, and multiples of `groups`."""
    ins = integer("in_channels", in_channels, 1)
    outs = integer("out_channels", out_channels, 1)
    parts = integer("groups", groups, 1)
    if ins % parts or outs % parts:
        raise ValueError(
            f"groups={parts} must divide in_channels={ins} (remainder {ins % parts}) and "
            f"out_channels={outs} (remainder {outs % parts})"
        )
    return ins, outs, parts


# ----------------------------------------------------------------------------------------- one axis at a time


def _reach(kernel: int, dilation: int) -> int:
    """Effective size of a kernel on one axis."""
    return dilation * (kernel - 1) + 1


def _windows(n: int, k: int, s: int, p: tuple[int, int], d: int, ceil_mode: bool = False) -> int:
    """Windows on one axis; below 1 where none fits."""
    room = n + p[0] + p[1] - d * (k - 1) - 1
    if not ceil_mode:
        return room // s + 1
    count = -(-room // s) + 1
    # A window must start inside the input or its left padding (torch's rule since 1.0).
    return count - 1 if (count - 1) * s >= n + p[0] else count


def _axis_uses(n: int, k: int, s: int, start: int, d: int, windows: int) -> list[int]:
    """For each position of one axis, count the windows w and taps t with w·s + t·d = position + start."""
    common = gcd(s, d)
    period = s // common  # taps that meet one position are this far apart
    uses = []
    for place in range(start, start + n):
        # The window must be one of 0 … windows − 1, which leaves the taps from `low` to `high`,
        low, high = max(0, -((s * (windows - 1) - place) // d)), min(k - 1, place // d)
        # and t·d must be congruent to the place modulo s: t = first, first + period, …
        first = place // common * pow(d // common, -1, period) % period
        meeting = (high - first) // period - (low - 1 - first) // period
        uses.append(max(0, meeting) if place % common == 0 else 0)
    return uses


def _equal_steps(
    size: Pair, after: Pair, kernel: Pair, step: Pair, around: Sides, gap: Pair, goal: Pair
) -> int:
    """How many of the next layers change the size by the same amount, so that huge sizes need no loop."""
    change = (size[0] - after[0], size[1] - after[1])
    if any(step[a] > 1 and change[a] for a in (0, 1)):
        return 1  # a stride above 1 shrinks geometrically until it no longer changes: few layers, one by one
    shrinking = [a for a in (0, 1) if change[a] > 0]
    # Layers after which the axis still holds a kernel; one may be added in any case, since one fits now.
    same = [(size[a] - _reach(kernel[a], gap[a]) + sum(around[a])) // change[a] for a in shrinking]
    # Layers until the axis has come down to the goal.
    same += [-(-(size[a] - goal[a]) // change[a]) for a in shrinking if size[a] > goal[a]]
    return max(1, min(same))


def _judged_layer(position: int, layer: object) -> tuple[Pair, Pair, Sides, Pair]:
    """Read one layer of a stack in any of its forms."""
    fields = Layer._fields
    try:
        if isinstance(layer, Mapping):
            unknown = sorted(set(map(str, layer)) - set(fields))
            if unknown or "kernel_size" not in layer:
                raise ValueError(
                    f"keys are kernel_size and, optionally, {', '.join(fields[1:])}; got "
                    f"{sorted(map(str, layer))}"
                )
            spec = Layer(**layer)
        elif isinstance(layer, (tuple, list)):
            if not 1 <= len(layer) <= 4:
                raise ValueError(
                    f"a tuple holds (kernel_size, stride, padding, dilation), got {len(layer)} values"
                )
            spec = Layer(*layer)
        elif hasattr(layer, "kernel_size"):
            if getattr(layer, "transposed", False):
                raise ValueError("a transposed convolution is not a window that moves over its input")
            stride = getattr(layer, "stride", 1)  # None in a pooling layer means the window's size
            spec = Layer(
                layer.kernel_size,
                layer.kernel_size if stride is None else stride,
                getattr(layer, "padding", 0),
                getattr(layer, "dilation", 1),
            )
        else:
            spec = Layer(layer)  # type: ignore[arg-type]  # judged on the next line
        kernel = pair("kernel_size", spec.kernel_size, 1)
        step = pair("stride", spec.stride, 1)
        gap = pair("dilation", spec.dilation, 1)
        return kernel, step, padding_sides(spec.padding, kernel, step, gap), gap
    except (TypeError, ValueError) as problem:
        raise type(problem)(f"layer {position} of the stack, {describe(layer)}: {problem}") from None


# ------------------------------------------------------------------------------------------------ sentences


def _does_not_fit(
    noun: str, axis: int, size: Pair, kernel: Pair, step: Pair, around: Sides, gap: Pair, ceil_mode: bool
) -> str:
    """Say why no window fits, with the arithmetic of the axis that fails."""
    n, k, s, (first, last), d = size[axis], kernel[axis], step[axis], around[axis], gap[axis]
    reach = _reach(k, d)
    padded = f"{n} + {first} + {last}" if first or last else f"{n}"
    result = _minus(_windows(n, k, s, (first, last), d, ceil_mode))
    left, right = ("⌈", "⌉") if ceil_mode else ("⌊", "⌋")
    quotient = f"{padded} − {reach} + 1" if s == 1 else f"{left}({padded} − {reach}) / {s}{right} + 1"
    dilated = ""
    if gap != (1, 1):
        reaches = f"{_reach(kernel[0], gap[0])}×{_reach(kernel[1], gap[1])}"
        dilated = f", which reaches over {reaches} with dilation {_times(gap)},"
    word = ("height", "width")[axis]
    return (
        f"{noun} {kernel[0]}×{kernel[1]}{dilated} does not fit input {size[0]}×{size[1]} with padding "
        f"{_show_sides(around)}: output {word} would be {quotient} = {result}"
    )


def _times(two: tuple[int, ...]) -> str:
    """Show a pair as one number where both are equal, else as rows×columns."""
    return f"{two[0]}" if two[0] == two[1] else f"{two[0]}×{two[1]}"


def _argument(two: Pair) -> str:
    """Show a pair as somebody would write it in a call."""
    return f"{two[0]}" if two[0] == two[1] else f"{two}"


def _show_sides(around: Sides) -> str:
    """Show padding in the shortest of its three forms."""
    (top, bottom), (left, right) = around
    if top == bottom and left == right:
        return f"{top}" if top == left else f"({top}, {left})"
    return f"{around}"


def _minus(value: int) -> str:
    """Show an integer with a true minus sign."""
    return f"−{-value}" if value < 0 else f"{value}"
