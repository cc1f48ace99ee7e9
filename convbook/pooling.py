"""Pooling: each output cell is one number computed from a window, its largest or its mean.

The windows are those of a convolution, so the sizes come from the same formula.  :func:`pool2d` is the
definition, in loops.  The other functions add stride, padding, dilation, batches and channels; names and
meaning are torch's.

They work along one axis at a time: first along the columns, for every row of the image, then down the rows.
A window of h·w pixels takes h + w steps instead of h·w.  Two forms give the same results: operations of
torch, for every device and transform, and the loops of ``_pool_loops.py``, which numba compiles, for planes
on the CPU.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np
import torch
from torch import Tensor

from convbook import _compile, _judge
from convbook._forms import IntOrPair, Pair
from convbook._judge import PoolSetting, accumulator

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "global_avg_pool2d",
    "lp_pool2d",
    "max_pool2d",
    "max_unpool2d",
    "pool2d",
]


# --------------------------------------------------------------------------------------------- the definition


def pool2d(X: Tensor, pool_size: IntOrPair, mode: str = "max") -> Tensor:
    r"""Pool a matrix with a window that moves one cell at a time; by visible loops.

    .. math:: Y_{i,j} = \max_{a<h,\; b<w} X_{i+a,\,j+b}
       \qquad\text{or}\qquad
       Y_{i,j} = \frac{1}{h w} \sum_{a<h,\; b<w} X_{i+a,\,j+b}

    Parameters
    ----------
    X : Tensor
        Shape (rows, columns).
    pool_size : int or pair of int
        Rows and columns of the window, (h, w).
    mode : {"max", "avg"}, optional
        Take the largest number of each window, or the mean.

    Returns
    -------
    Tensor
        Shape (rows − h + 1, columns − w + 1), in the dtype of `X`.

    Raises
    ------
    ValueError
        If `X` is not a matrix, the window does not fit, or `mode` is another word.
    TypeError
        If `X` is not a tensor, or is of a dtype that has no maximum (complex, bool) or no mean (integers
        too).

    See Also
    --------
    max_pool2d : stride, padding, dilation, channels, batches; and quick.
    avg_pool2d : likewise, the mean.
    corr2d : the same loop with a weighted sum in it.

    Examples
    --------
    >>> X = torch.arange(9.0).reshape(3, 3)
    >>> pool2d(X, (2, 2))
    tensor([[4., 5.],
            [7., 8.]])
    >>> pool2d(X, (2, 2), mode="avg")  # (0 + 1 + 3 + 4) / 4 = 2 comes first
    tensor([[2., 3.],
            [5., 6.]])
    """
    X, (h, w) = _judge.pool2d_arguments(X, pool_size, mode)
    rows = []
    for i in range(X.shape[0] - h + 1):
        row = []
        for j in range(X.shape[1] - w + 1):
            window = X[i : i + h, j : j + w].flatten()
            # .max(0) gives the whole gradient to the first of several maxima; .max() would divide it.
            row.append(window.max(0).values if mode == "max" else _mean(window, (0,)))
        rows.append(torch.stack(row))
    return torch.stack(rows)


# ------------------------------------------------------------------------------------------------ the maximum


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Tensor: ...


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...


def max_pool2d(
    input: Tensor,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    r"""Take the largest value of each window, channel by channel.

    .. math:: Y_{i,j} = \max_{a<h,\; b<w} X_{s i + d a - p,\; s j + d b - p}

    with stride s, dilation d and padding p on each axis.  Outside the image X counts as −∞: padding adds
    windows, and is never larger than a pixel.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns); floating, uint8 or a signed
        integer.
    kernel_size : int or pair of int
        Rows and columns of the window.
    stride : int or pair of int, optional
        Distance between neighboring windows.  By default the window's size: windows side by side.
    padding : int or pair of int, optional
        Rows and columns of −∞ at each end; at most half the kernel, as in torch.  For more, call :func:`pad`
        first.
    dilation : int or pair of int, optional
        Distance between neighboring cells of one window.
    ceil_mode : bool, optional
        Round the output's size up: a last window may hang over the end, if it starts inside the image or its
        left (top) padding.
    return_indices : bool, optional
        Return the position of each maximum too.

    Returns
    -------
    values : Tensor
        Shape (…, output rows, output columns), see :func:`output_size`; the dtype of `input`.  A NaN in a
        window is its maximum.  A window that holds nothing but padding (possible with dilation) is −∞, the
        smallest number for integers.
    indices : Tensor
        Only with `return_indices`: int64, row · columns + column of the pixel in its own plane; the first
        one in reading order where several are largest, or NaN.

    Raises
    ------
    ValueError
        If no window fits, with the arithmetic; if the padding is more than half the kernel; if the number of
        dimensions is another one.
    TypeError
        If the dtype has no order (complex, bool), or a size is not an integer.

    See Also
    --------
    avg_pool2d : the mean instead.
    adaptive_max_pool2d : for a wanted output size.
    pool2d : one channel, by visible loops.

    Notes
    -----
    The whole gradient of a window goes to the pixel that `indices` names, which is the first of several
    largest ones, and of several NaN (torch takes the last NaN).  A window of padding only gives none.

    Cost: kernel rows + kernel columns comparisons for a window, not their product.  Where numba is installed,
    planes on the CPU from 14×14 pixels on go through compiled loops; the results are the same.

    Examples
    --------
    >>> X = torch.tensor([[[1, 5, 2, 0], [3, 4, 1, 1], [0, 2, 9, 7], [6, 2, 7, 8]]])
    >>> max_pool2d(X, 2)
    tensor([[[5, 2],
             [6, 9]]])

    The maximum 5 is at row 0, column 1; the 6 at row 3, column 0, which is 3·4 + 0 = 12:

    >>> max_pool2d(X, 2, return_indices=True)[1]
    tensor([[[ 1,  2],
             [12, 10]]])

    All pixels are negative, and no output is a number of the padding:

    >>> max_pool2d(torch.full((1, 2, 2), -3), 2, stride=1, padding=1)
    tensor([[[-3, -3, -3],
             [-3, -3, -3],
             [-3, -3, -3]]])
    """
    setting = _judge.pool2d_setting("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    _judge.ordered_dtype("max_pool2d", input)
    with_indices = _judge.flag("return_indices", return_indices)
    rows, columns = (_windows_of(setting, axis, input) for axis in (0, 1))
    values, indices = _maxima(input, rows, columns, with_indices)
    if any(p > 0 and d > 1 for p, d in zip(setting.padding, setting.dilation, strict=True)):
        # A window starts in the padding and its gaps are wide: it may hold no pixel.
        empty = _tensor(rows.empty.reshape(-1, 1) | columns.empty)
        values = values.masked_fill(empty, _lowest(input.dtype))
    return values if indices is None else (values, indices)


@overload
def adaptive_max_pool2d(
    input: Tensor,
    output_size: IntOrPair | tuple[int | None, int | None],
    return_indices: Literal[False] = False,
) -> Tensor: ...


@overload
def adaptive_max_pool2d(
    input: Tensor, output_size: IntOrPair | tuple[int | None, int | None], return_indices: Literal[True]
) -> tuple[Tensor, Tensor]: ...


def adaptive_max_pool2d(
    input: Tensor, output_size: IntOrPair | tuple[int | None, int | None], return_indices: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """Take the largest value of each window, with windows cut so that the output has a wanted size.

    On an axis of n pixels and m outputs, window i runs from ⌊i·n / m⌋ up to, and without, ⌈(i + 1)·n / m⌉.
    Where m does not divide n the windows overlap by a pixel, and their sizes may differ.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns); floating.
    output_size : int or pair of int or None
        Rows and columns wanted; None keeps the input's size on that axis.
    return_indices : bool, optional
        Return the position of each maximum too.

    Returns
    -------
    values : Tensor
        Shape (…, output rows, output columns), in the dtype of `input`.
    indices : Tensor
        Only with `return_indices`: as for :func:`max_pool2d`.

    Raises
    ------
    ValueError
        If the number of dimensions, the output's size or the number of channels is not possible.
    TypeError
        If the dtype is not a real floating one, or `output_size` is not an integer.

    See Also
    --------
    max_pool2d : for a given window.

    Examples
    --------
    Five columns to three: the windows are columns 0–1, 1–3 and 3–4.

    >>> X = torch.tensor([[[1.0, 2.0, 9.0, 4.0, 3.0]]])
    >>> adaptive_max_pool2d(X, (1, 3))
    tensor([[[2., 9., 4.]]])
    """
    size = _judge.adaptive_size("adaptive_max_pool2d", input, output_size)
    _judge.averaged_dtype("adaptive_max_pool2d", input)  # no integers: torch has none here
    with_indices = _judge.flag("return_indices", return_indices)
    rows, columns = (_adaptive_windows(size[axis], axis, input) for axis in (0, 1))
    values, indices = _maxima(input, rows, columns, with_indices)
    return values if indices is None else (values, indices)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    output_size: IntOrPair | None = None,
) -> Tensor:
    """Put each number back to the pixel that :func:`max_pool2d` took it from; all other pixels are 0.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns); floating, uint8 or a signed
        integer.
    indices : Tensor
        The same shape, int64: row · columns + column of a pixel of the result, as ``max_pool2d(…,
        return_indices=True)`` returns them.
    kernel_size, stride, padding : int or pair of int
        The pooling's window.
    output_size : int, pair of int or shape, optional
        Rows and columns of the result, for sizes that the pooling cut off: fewer than a stride more or less
        than the usual (n − 1)·s − 2p + k on each axis.

    Returns
    -------
    Tensor
        Shape (…, result rows, result columns), in the dtype of `input`.

    Raises
    ------
    ValueError
        If `indices` has another shape or, on the CPU, names a pixel outside of the result; if the size is
        impossible.
    TypeError
        If `indices` is not int64, or an argument is no tensor or no integer.

    See Also
    --------
    max_pool2d : gives the indices.
    fold : the way back of an average or a sum, where all pixels take part.

    Notes
    -----
    Where windows overlap, two of them may name one pixel.  Then the last in reading order stands there, on
    every device, and it alone gets a gradient.  torch writes in any order, and gives each of them the
    gradient.

    Examples
    --------
    >>> X = torch.tensor([[[1, 5, 2, 0], [3, 4, 1, 1], [0, 2, 9, 7], [6, 2, 7, 8]]])
    >>> largest, where = max_pool2d(X, 2, return_indices=True)
    >>> max_unpool2d(largest, where, 2)
    tensor([[[0, 5, 2, 0],
             [0, 0, 0, 0],
             [0, 0, 9, 0],
             [6, 0, 0, 0]]])
    """
    rows, columns = _judge.unpool_size(input, indices, kernel_size, stride, padding, output_size)
    places, numbers = indices.flatten(-2), input.flatten(-2)
    if _compile.readable(indices) and indices.numel():
        lowest, highest = places.min().item(), places.max().item()
        if lowest < 0 or highest >= rows * columns:
            raise ValueError(
                f"indices must name pixels of the result, 0 to {rows}·{columns} − 1 = {rows * columns - 1}, "
                f"got {lowest if lowest < 0 else highest}; a pooling of a larger image needs output_size"
            )
    # The last window that names each pixel; scattering the numbers themselves would leave it to chance.
    order = torch.arange(numbers.shape[-1], device=input.device).expand(places.shape)
    nobody = places.new_full((*places.shape[:-1], rows * columns), -1)
    last = nobody.scatter_reduce(-1, places, order, "amax")
    image = numbers.gather(-1, last.clamp(min=0)).masked_fill(last < 0, 0)
    return torch.unflatten(image, -1, (rows, columns))


# --------------------------------------------------------------------------------------------------- the mean


def avg_pool2d(
    input: Tensor,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    r"""Take the mean of each window, channel by channel.

    .. math:: Y_{i,j} = \frac{1}{D_{i,j}} \sum_{a<h,\; b<w} X_{s i + a - p,\; s j + b - p}

    with zeros outside the image.  The divisor D counts the window's cells inside the image and its padding;
    without `count_include_pad` those inside the image alone.  Cells that hang over the padded image, as
    `ceil_mode` allows, are never counted.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns); floating, or int64.
    kernel_size : int or pair of int
        Rows and columns of the window.
    stride : int or pair of int, optional
        Distance between neighboring windows.  By default the window's size.
    padding : int or pair of int, optional
        Rows and columns of zeros at each end; at most half the kernel, as in torch.
    ceil_mode : bool, optional
        Round the output's size up, as for :func:`max_pool2d`.
    count_include_pad : bool, optional
        Whether the divisor counts the padding.
    divisor_override : int, optional
        Divide every window's sum by this number instead.

    Returns
    -------
    Tensor
        Shape (…, output rows, output columns), see :func:`output_size`; the dtype of `input`.  Half types
        are summed in float32 and rounded once; for int64 the quotient is cut off towards zero.

    Raises
    ------
    ValueError
        If no window fits, with the arithmetic; if the padding is more than half the kernel; if the divisor
        is 0.
    TypeError
        If the dtype has no mean (other integers, complex, bool), or a size is not an integer.

    See Also
    --------
    max_pool2d : the maximum instead.
    global_avg_pool2d : the mean of the whole plane.
    conv2d : with the constant kernel 1 / (h·w) for each channel it is average pooling at stride 1.

    Notes
    -----
    Each window is summed by itself, its rows first: the rounding error is at most a small multiple of the
    sum of absolute values in the window, whatever is beside it, and a NaN or an infinity stays in its own
    windows.  A running sum or a summed-area table would be quicker for large windows and would promise
    neither.

    Examples
    --------
    The last windows hang over the end; only what is there is averaged, (5 + 6 + 12 + 13) / 4 = 9 and so on:

    >>> X = torch.arange(49.0).reshape(1, 7, 7)
    >>> avg_pool2d(X, 2, stride=3, ceil_mode=True)
    tensor([[[ 4.0000,  7.0000,  9.5000],
             [25.0000, 28.0000, 30.5000],
             [42.5000, 45.5000, 48.0000]]])

    A padded corner of ones: four pixels and five zeros, divided by nine or by four.

    >>> ones = torch.ones(1, 3, 3)
    >>> avg_pool2d(ones, 3, padding=1)[0, 0, 0]
    tensor(0.4444)
    >>> avg_pool2d(ones, 3, padding=1, count_include_pad=False)[0, 0, 0]
    tensor(1.)
    """
    setting = _judge.pool2d_setting("avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode)
    _judge.averaged_dtype("avg_pool2d", input, truncated=True)
    with_padding = _judge.flag("count_include_pad", count_include_pad)
    divisor = _judge.divisor_override(divisor_override)
    rows, columns = (_windows_of(setting, axis, input) for axis in (0, 1))
    total = _sums(input.to(accumulator(input.dtype)), rows, columns)
    counts = (rows.cells, columns.cells) if with_padding else (rows.pixels, columns.pixels)
    cells = _cells(*counts, total.dtype) if divisor is None else divisor
    return total.div_(cells, rounding_mode=None if total.is_floating_point() else "trunc").to(input.dtype)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    r"""Take the root of the sum of powers of each window: between a sum and a maximum.

    .. math:: Y_{i,j} = \Bigl(\sum_{a<h,\; b<w} X_{s i + a,\; s j + b}^{\,p}\Bigr)^{1/p}

    p = 1 gives the sum, p = 2 the length, and large p come close to the maximum (of values that are not
    negative).

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns); floating.
    norm_type : float
        The exponent p, positive and finite.
    kernel_size : int or pair of int
        Rows and columns of the window.
    stride : int or pair of int, optional
        Distance between neighboring windows.  By default the window's size.
    ceil_mode : bool, optional
        Round the output's size up.  A window that hangs over the end counts as if it were full: its sum is
        scaled up by the cells that are missing, as torch does it.

    Returns
    -------
    Tensor
        Shape (…, output rows, output columns), in the dtype of `input`; half types are computed in float32.
        As in torch the sign is not taken off first: an odd p lets values cancel, and a negative sum has no
        root (NaN, unless p = 1).

    Raises
    ------
    ValueError
        If no window fits, or `norm_type` is not positive and finite.
    TypeError
        If the dtype is not a real floating one.

    See Also
    --------
    avg_pool2d : the mean.
    max_pool2d : the limit of large p.

    Notes
    -----
    The root has no finite slope at 0; the gradient of a window whose sum is 0 is set to 0.

    Examples
    --------
    >>> lp_pool2d(torch.tensor([[[3.0, 4.0]]]), 2, (1, 2))
    tensor([[[5.]]])
    >>> lp_pool2d(torch.tensor([[[3.0, 4.0]]]), 1, (1, 2))
    tensor([[[7.]]])
    """
    setting = _judge.pool2d_setting("lp_pool2d", input, kernel_size, stride, 0, 1, ceil_mode)
    _judge.averaged_dtype("lp_pool2d", input)
    power = _judge.norm_type(norm_type)
    powers = input.to(accumulator(input.dtype)).pow(power)
    full = setting.kernel_size[0] * setting.kernel_size[1]
    rows, columns = (_windows_of(setting, axis, input) for axis in (0, 1))
    total = _sums(powers, rows, columns) * full / _cells(rows.cells, columns.cells, powers.dtype)
    nothing = total == 0
    root = total.masked_fill(nothing, 1).pow(1 / power).masked_fill(nothing, 0)
    return root.to(input.dtype)


def adaptive_avg_pool2d(input: Tensor, output_size: IntOrPair | tuple[int | None, int | None]) -> Tensor:
    """Take the mean of each window, with windows cut so that the output has a wanted size.

    The windows are those of :func:`adaptive_max_pool2d`: ⌊i·n / m⌋ up to, and without, ⌈(i + 1)·n / m⌉.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns); floating.
    output_size : int or pair of int or None
        Rows and columns wanted; None keeps the input's size on that axis.

    Returns
    -------
    Tensor
        Shape (…, output rows, output columns), in the dtype of `input`; half types are summed in float32.

    Raises
    ------
    ValueError
        If the number of dimensions or the output's size is not possible.
    TypeError
        If the dtype is not a real floating one, or `output_size` is not an integer.

    See Also
    --------
    avg_pool2d : for a given window.
    global_avg_pool2d : the same as an output size of 1.

    Examples
    --------
    Five columns to three: the windows are columns 0–1, 1–3 and 3–4.

    >>> X = torch.tensor([[[1.0, 2.0, 9.0, 4.0, 3.0]]])
    >>> adaptive_avg_pool2d(X, (1, 3))
    tensor([[[1.5000, 5.0000, 3.5000]]])
    """
    size = _judge.adaptive_size("adaptive_avg_pool2d", input, output_size, channels_may_be_empty=True)
    _judge.averaged_dtype("adaptive_avg_pool2d", input)
    rows, columns = (_adaptive_windows(size[axis], axis, input) for axis in (0, 1))
    total = _sums(input.to(accumulator(input.dtype)), rows, columns)
    return total.div_(_cells(rows.cells, columns.cells, total.dtype)).to(input.dtype)


def global_avg_pool2d(input: Tensor) -> Tensor:
    """Take the mean of each channel's whole plane.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns); floating.

    Returns
    -------
    Tensor
        Shape (…, channels, 1, 1), in the dtype of `input`; half types are summed in float32.

    Raises
    ------
    ValueError
        If the number of dimensions is another one, or a plane is empty.
    TypeError
        If the dtype is not a real floating one.

    See Also
    --------
    adaptive_avg_pool2d : more than one output cell.

    Examples
    --------
    >>> global_avg_pool2d(torch.arange(8.0).reshape(2, 2, 2)).flatten()
    tensor([1.5000, 5.5000])
    """
    _judge.images("input", input, "global_avg_pool2d")
    _judge.averaged_dtype("global_avg_pool2d", input)
    # The order of a sum follows the order of memory: in one order, its rounding is the same for all.
    return _mean(input.contiguous(), (-2, -1), keepdim=True)


# ---------------------------------------------------------------------------------------- windows on an axis

Numbers: TypeAlias = "Tensor | np.ndarray[Any, Any]"
"""Whole numbers, one for each window: an array for the compiled loops, else a tensor beside the image."""


class _Windows(NamedTuple):
    """The windows on one axis: the i-th covers every `step`-th pixel from ``start[i]`` up to ``end[i]``.

    Attributes
    ----------
    start, end : Numbers
        First pixel inside the image, and the place after the last one.  A window without a pixel has the
        nearest one here, so that every window has one to read.
    step : int
        Distance between its pixels, the dilation.
    longest : int
        Pixels of the longest window, at most.
    empty : Numbers
        Whether a window holds no pixel.
    pixels, cells : Numbers
        How many pixels a window without gaps covers, and how many with the padding; what hangs over the
        padding is not counted.
    """

    start: Numbers
    end: Numbers
    step: int
    longest: int
    empty: Numbers
    pixels: Numbers
    cells: Numbers


def _windows_of(setting: PoolSetting, axis: int, x: Tensor) -> _Windows:
    """Return the windows of one size on an axis, cut to the image."""
    n, outputs = x.shape[-2 + axis], setting.output_size[axis]
    k, s, p, d = (two[axis] for two in setting[:4])
    if _compiled_for(x):
        return _fixed_windows_as_arrays(outputs, n, k, s, p, d)
    return _fixed_windows(torch.arange(outputs, device=x.device), n, k, s, p, d)


def _fixed_windows(order: Numbers, n: int, k: int, s: int, p: int, d: int) -> _Windows:
    """Cut windows of k pixels, d apart, from an axis of n, one every s pixels from −p on.

    `order` counts them.
    """
    start = order * s - p
    end = (start + ((k - 1) * d + 1)).clip(max=n)
    # The first of the positions start, start + d, … that is not in the padding.
    first = start + (start < 0) * (start % d - start)
    # A kernel longer than the image and its padding, as ceil_mode allows, would fill tables for nothing.
    longest = k if (k - 1) * d < n + p else (n + p - 1) // d + 1
    nearest = first.clip(max=n - 1)
    cells = (start + k).clip(max=n + p) - start
    reachable = nearest + (end - nearest).clip(min=1)
    return _Windows(nearest, reachable, d, longest, first >= end, end - start.clip(min=0), cells)


@functools.lru_cache(maxsize=256)
def _fixed_windows_as_arrays(outputs: int, n: int, k: int, s: int, p: int, d: int) -> _Windows:
    return _fixed_windows(np.arange(outputs, dtype=np.int64), n, k, s, p, d)


def _adaptive_windows(outputs: int, axis: int, x: Tensor) -> _Windows:
    """Return the windows that cut an axis of n pixels into m: from ⌊i·n / m⌋ up to ⌈(i + 1)·n / m⌉."""
    n, many = x.shape[-2 + axis], max(outputs, 1)  # no outputs at all are allowed
    compiled = _compiled_for(x)
    order = np.arange(outputs, dtype=np.int64) if compiled else torch.arange(outputs, device=x.device)
    start = order * n // many
    end = ((order + 1) * n + many - 1) // many
    # Rounding both ends outwards adds less than two pixels to n / m.
    return _Windows(start, end, 1, n // many + 2, end <= start, end - start, end - start)


def _tensor(numbers: Numbers) -> Tensor:
    return numbers if isinstance(numbers, Tensor) else torch.from_numpy(numbers)


def _cells(rows: Numbers, columns: Numbers, dtype: torch.dtype) -> Tensor:
    """Multiply the windows' cells on both axes; a matrix like the output."""
    return _tensor(rows).to(dtype).unsqueeze(1) * _tensor(columns).to(dtype)


# ---------------------------------------------------------------------------------------------------- maxima


def _maxima(x: Tensor, rows: _Windows, columns: _Windows, with_indices: bool) -> tuple[Tensor, Tensor | None]:
    """Return each window's maximum, and where it is if that is asked for."""
    compiled = isinstance(rows.start, np.ndarray)
    if compiled and not with_indices and not (torch.is_grad_enabled() and x.requires_grad):
        return _compiled_maxima(x, rows, columns), None
    indices = (_compiled_first_maxima if compiled else _first_maxima)(x.detach(), rows, columns)
    # The values are read from the input, so that the gradient goes to the pixels that `indices` name.
    values = x.flatten(-2).gather(-1, indices.flatten(-2)).reshape(indices.shape)
    return values, indices if with_indices else None


def _first_maxima(x: Tensor, rows: _Windows, columns: _Windows) -> Tensor:
    """Find the pixel of each window's maximum, row · columns + column, the first one in reading order."""
    # The first column of each row of the image, then the first row that holds the maximum.
    largest, column = _first_along(x, -1, columns)
    _, row = _first_along(largest, -2, rows)
    return row * x.shape[-1] + column.gather(-2, row)


def _first_along(x: Tensor, dim: int, windows: _Windows) -> tuple[Tensor, Tensor]:
    """Return each window's maximum along an axis and its position; a NaN is the maximum."""
    positions, outside = _table(windows, x)
    # A window shorter than its row of the table reads its first pixel again, which is no new maximum.
    positions = torch.where(outside, positions.narrow(1, 0, 1), positions)
    largest, tap = _take(x, dim, positions).max(dim)
    start = _tensor(windows.start).reshape(-1, *(1,) * (-1 - dim))
    return largest, start + tap * windows.step


def _table(windows: _Windows, x: Tensor) -> tuple[Tensor, Tensor]:
    """List the pixels of each window, shape (windows, longest), and say which are beyond its end."""
    taps = torch.arange(windows.longest, device=x.device) * windows.step
    positions = _tensor(windows.start).unsqueeze(1) + taps
    return positions, positions >= _tensor(windows.end).unsqueeze(1)


def _take(x: Tensor, dim: int, positions: Tensor) -> Tensor:
    """Copy positions (windows, cells) of an axis into two axes in its place; `dim` counts from the end."""
    # As x[..., positions]; brackets fail on a FakeTensor whose device this torch lacks.
    return torch.unflatten(x.index_select(dim, positions.flatten()), dim, tuple(positions.shape))


def _compiled_maxima(x: Tensor, rows: _Windows, columns: _Windows) -> Tensor:
    """Run the loops of the same name."""
    from convbook import _pool_loops

    number = torch.float32 if x.dtype in _judge.HALVES else x.dtype  # NumPy has no bfloat16
    limits = rows.start, rows.end, rows.step, columns.start, columns.end, columns.step, columns.longest
    return _by_planes(_pool_loops.maxima, x.to(number), limits, _size(rows, columns), number).to(x.dtype)


def _compiled_first_maxima(x: Tensor, rows: _Windows, columns: _Windows) -> Tensor:
    """Run the loops of the same name."""
    from convbook import _pool_loops

    number = torch.float32 if x.dtype in _judge.HALVES else x.dtype
    limits = rows.start, rows.end, rows.step, columns.start, columns.end, columns.step
    return _by_planes(_pool_loops.first_maxima, x.to(number), limits, _size(rows, columns), torch.int64)


def _lowest(dtype: torch.dtype) -> float:
    """−∞, or the smallest number of an integer dtype: the maximum of no pixel."""
    return -torch.inf if dtype.is_floating_point else torch.iinfo(dtype).min


# ------------------------------------------------------------------------------------------------------- sums


def _sums(x: Tensor, rows: _Windows, columns: _Windows) -> Tensor:
    """Sum the pixels of each window without gaps."""
    if isinstance(rows.start, np.ndarray) and _compile.readable(x):
        if not (torch.is_grad_enabled() and x.requires_grad):
            return _compiled_sums(x, rows, columns)
        total: Tensor = _Sums.apply(x, rows, columns)  # type: ignore[no-untyped-call]
        return total
    return _sums_along(_sums_along(x, -2, rows), -1, columns)


def _sums_along(x: Tensor, dim: int, windows: _Windows) -> Tensor:
    """Sum each window's positions on one axis."""
    positions, outside = _table(windows, x)
    taken = _take(x, dim, positions.clamp(max=x.shape[dim] - 1))
    return taken.masked_fill(outside.reshape(*outside.shape, *(1,) * (-1 - dim)), 0).sum(dim)


def _spread(numbers: Tensor, rows: _Windows, columns: _Windows, size: Pair) -> Tensor:
    """Give each pixel the sum of the numbers of all windows that cover it: the adjoint of `_sums`."""
    if isinstance(rows.start, np.ndarray) and _compile.readable(numbers):
        image: Tensor = _Spread.apply(numbers, rows, columns, size)  # type: ignore[no-untyped-call]
        return image
    return _spread_along(_spread_along(numbers, -1, columns, size[1]), -2, rows, size[0])


def _spread_along(numbers: Tensor, dim: int, windows: _Windows, n: int) -> Tensor:
    """Add each window's number to all of its positions on one axis of n pixels."""
    positions, outside = _table(windows, numbers)
    before, after = numbers.shape[: numbers.dim() + dim], numbers.shape[numbers.dim() + dim + 1 :]
    copies = numbers.unsqueeze(dim).expand(*before, *positions.shape, *after)
    copies = copies.masked_fill(outside.reshape(*outside.shape, *(1,) * (-1 - dim)), 0)
    copies = copies.reshape(*before, positions.numel(), *after)
    image = numbers.new_zeros(*before, n, *after)
    return image.index_add(dim, positions.clamp(max=n - 1).flatten(), copies)


def _compiled_sums(x: Tensor, rows: _Windows, columns: _Windows) -> Tensor:
    """Run the loops of the same name."""
    from convbook import _pool_loops

    limits = rows.start, rows.end, columns.start, columns.end
    return _by_planes(_pool_loops.sums, x, limits, _size(rows, columns), x.dtype)


class _Sums(torch.autograd.Function):
    """The sums of windows by the compiled loops; the derivative is `_Spread`, whose derivative is this."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: _Windows, columns: _Windows) -> Tensor:
        ctx.windows, ctx.size = (rows, columns), tuple(x.shape[-2:])
        return _compiled_sums(x, rows, columns)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        rows, columns = ctx.windows
        return _spread(gradients[0], rows, columns, ctx.size), None, None


class _Spread(torch.autograd.Function):
    """The adjoint of `_Sums`."""

    @staticmethod
    def forward(ctx: Any, numbers: Tensor, rows: _Windows, columns: _Windows, size: Pair) -> Tensor:
        from convbook import _pool_loops

        ctx.windows = rows, columns
        limits = rows.start, rows.end, columns.start, columns.end
        return _by_planes(_pool_loops.spread, numbers, limits, size, numbers.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        rows, columns = ctx.windows
        return _sums(gradients[0], rows, columns), None, None, None


def _mean(x: Tensor, dim: tuple[int, ...], keepdim: bool = False) -> Tensor:
    """Mean with half types summed in float32 and rounded once."""
    return x.mean(dim, keepdim=keepdim, dtype=accumulator(x.dtype)).to(x.dtype)


# -------------------------------------------------------------------------------------------- compiled loops

_SMALL_PLANE = 14 * 14
"""Planes of fewer pixels than this are not worth loading a compiler.  The number of planes does not count,
so that an image's result does not depend, not even by a rounding, on how many others are in the batch."""


def _compiled_for(x: Tensor) -> bool:
    """Say whether the windows of an image are for the compiled loops."""
    return _compile.readable(x) and x.shape[-2] * x.shape[-1] >= _SMALL_PLANE and _compile.available()


def _size(rows: _Windows, columns: _Windows) -> Pair:
    return len(rows.start), len(columns.start)


def _by_planes(
    loops: Callable[..., None],
    x: Tensor,
    limits: tuple[Any, ...],
    size: Pair,
    dtype: torch.dtype,
) -> Tensor:
    """Run loops over all planes, divided among as many threads as torch has; return what they write."""
    output = torch.empty(*x.shape[:-2], *size, dtype=dtype, device="cpu")
    count = math.prod(x.shape[:-2])
    planes, written = (_compile.array(t).reshape(count, *t.shape[-2:]) for t in (x, output))

    def run(first: int, last: int) -> None:
        loops(planes[first:last], *limits, written[first:last])

    _compile.in_parts(run, count, torch.get_num_threads())
    return output
