"""Pooling: each output cell is one number that stands for a window, its largest or its mean.

The window is a convolution's; only what is done inside it differs, so the sizes come from the same formula.
:func:`pool2d` says in loops what is meant.  The other functions do the same on a view of all windows at
once, with stride, padding, dilation, batches and channels; names and meaning are torch's.
"""

from __future__ import annotations

from typing import Literal, overload

import torch
from torch import Tensor

from convbook import _checks
from convbook._checks import PoolSetting, accumulator
from convbook._forms import IntOrPair, Pair
from convbook.algorithms.maxima import window_maxima
from convbook.windows import padded, sliding_windows

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "global_avg_pool2d",
    "lp_pool2d",
    "max_pool2d",
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
        What stands for the window.

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
    X, (h, w) = _checks.pool2d_arguments(X, pool_size, mode)
    rows = []
    for i in range(X.shape[0] - h + 1):
        row = []
        for j in range(X.shape[1] - w + 1):
            window = X[i : i + h, j : j + w].flatten()
            # .max(0) gives the whole gradient to the first of several maxima; .max() would share it out.
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

    with stride s, dilation d and padding p on each axis.  Outside the image X counts as −∞, which no pixel
    is smaller than: padding adds windows, never a value.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns); floating, uint8 or a signed
        integer.
    kernel_size : int or pair of int
        Rows and columns of the window.
    stride : int or pair of int, optional
        Distance between neighbouring windows.  By default the window's size: windows side by side.
    padding : int or pair of int, optional
        Rows and columns of −∞ at each end, at most half the kernel.
    dilation : int or pair of int, optional
        Distance between neighbouring cells of one window.
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
        one in reading order where several are largest.

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
    The gradient of a window goes whole to the pixel that `indices` names; the other pixels get none from
    it.  A window of padding only sends none.

    Examples
    --------
    >>> X = torch.tensor([[[1, 5, 2, 0], [3, 4, 1, 1], [0, 2, 9, 7], [6, 2, 7, 8]]])
    >>> max_pool2d(X, 2)
    tensor([[[5, 2],
             [6, 9]]])

    The maximum 5 stands at row 0, column 1; the 6 at row 3, column 0, which is 3·4 + 0 = 12:

    >>> max_pool2d(X, 2, return_indices=True)[1]
    tensor([[[ 1,  2],
             [12, 10]]])

    All pixels negative, and the padding wins nowhere:

    >>> max_pool2d(torch.full((1, 2, 2), -3), 2, stride=1, padding=1)
    tensor([[[-3, -3, -3],
             [-3, -3, -3],
             [-3, -3, -3]]])
    """
    setting = _checks.pool2d_setting("max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode)
    _checks.ordered_dtype("max_pool2d", input)
    with_indices = _checks.flag("return_indices", return_indices)
    if not with_indices and (quick := window_maxima(input, setting)) is not None:
        return quick
    indices = _arg_max(input, setting)
    values = _pick(input, indices)
    if _may_hold_padding_only(setting):
        values = values.masked_fill(_padding_only(input, setting), _lowest(input.dtype))
    return (values, indices) if with_indices else values


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
    size = _checks.adaptive_size("adaptive_max_pool2d", input, output_size)
    _checks.averaged_dtype("adaptive_max_pool2d", input)  # no integers: torch has none here
    with_indices = _checks.flag("return_indices", return_indices)
    top, bottom, rows = _adaptive_windows(input.shape[-2], size[0], input.device)
    left, right, columns = _adaptive_windows(input.shape[-1], size[1], input.device)
    # A window shorter than its row of the table repeats its last pixel, which changes no maximum.
    rows = torch.minimum(rows, bottom.unsqueeze(1) - 1)
    columns = torch.minimum(columns, right.unsqueeze(1) - 1)
    windows = _take(_take(input.detach(), -2, rows), -1, columns).transpose(-3, -2)
    tap = windows.flatten(-2).argmax(-1)  # the first of several, so never a repeated pixel
    across = columns.shape[-1]
    indices = (top.unsqueeze(1) + tap // across) * input.shape[-1] + left + tap % across
    values = _pick(input, indices)
    return (values, indices) if with_indices else values


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
        Distance between neighbouring windows.  By default the window's size.
    padding : int or pair of int, optional
        Rows and columns of zeros at each end, at most half the kernel.
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
    setting = _checks.pool2d_setting("avg_pool2d", input, kernel_size, stride, padding, 1, ceil_mode)
    _checks.averaged_dtype("avg_pool2d", input, truncated=True)
    with_padding = _checks.flag("count_include_pad", count_include_pad)
    divisor = _checks.divisor_override(divisor_override)
    total = _window_sums(input.to(accumulator(input.dtype)), setting)
    cells = _cells(input, setting, with_padding) if divisor is None else divisor
    rounding = None if total.is_floating_point() else "trunc"
    return torch.div(total, cells, rounding_mode=rounding).to(input.dtype)


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
        Distance between neighbouring windows.  By default the window's size.
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
    setting = _checks.pool2d_setting("lp_pool2d", input, kernel_size, stride, 0, 1, ceil_mode)
    _checks.averaged_dtype("lp_pool2d", input)
    power = _checks.norm_type(norm_type)
    powers = input.to(accumulator(input.dtype)).pow(power)
    full = setting.kernel_size[0] * setting.kernel_size[1]
    total = _window_sums(powers, setting) * full / _cells(input, setting, with_padding=True)
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
    size = _checks.adaptive_size("adaptive_avg_pool2d", input, output_size, channels_may_be_empty=True)
    _checks.averaged_dtype("adaptive_avg_pool2d", input)
    total, cells = input.to(accumulator(input.dtype)), []
    for axis in (0, 1):
        start, end, positions = _adaptive_windows(input.shape[-2 + axis], size[axis], input.device)
        total = _sums_along(total, -2 + axis, positions, positions < end.unsqueeze(1))
        cells.append(end - start)
    return (total / (cells[0].unsqueeze(1) * cells[1])).to(input.dtype)


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
    _checks.images("input", input, "global_avg_pool2d")
    _checks.averaged_dtype("global_avg_pool2d", input)
    return _mean(input, (-2, -1), keepdim=True)


# ---------------------------------------------------------------------------------------- windows of one size


def _windows(x: Tensor, setting: PoolSetting) -> Tensor:
    """View all windows at once, shape (…, output rows, output columns, window rows, window columns).

    Cells outside the image hold −∞.  Taps that no window can lay on a pixel are left out.
    """
    taps = _useful_taps(x, setting)
    sides = []
    for axis in (0, 1):
        last_start = (setting.output_size[axis] - 1) * setting.stride[axis]
        needed = last_start + setting.dilation[axis] * (taps[axis] - 1) + 1
        before = setting.padding[axis]
        sides.append((before, max(0, needed - before - x.shape[-2 + axis])))
    x = padded(x, (sides[0], sides[1]), value=_lowest(x.dtype))
    return sliding_windows(x, taps, setting.stride, setting.dilation, setting.output_size)


def _useful_taps(x: Tensor, setting: PoolSetting) -> Pair:
    """Rows and columns of the window that some output can lay on a pixel.

    A window larger than image and padding together (with `ceil_mode`) would otherwise cost memory for
    nothing.
    """
    rows, columns = (
        min(k, (n + p - 1) // d + 1)
        for k, n, p, d in zip(
            setting.kernel_size, x.shape[-2:], setting.padding, setting.dilation, strict=True
        )
    )
    return rows, columns


def _starts(setting: PoolSetting, axis: int, device: torch.device) -> Tensor:
    """First row (column) of each window; negative in the padding."""
    outputs = torch.arange(setting.output_size[axis], device=device)
    return outputs * setting.stride[axis] - setting.padding[axis]


def _first_inside(setting: PoolSetting, axis: int, device: torch.device) -> Tensor:
    """Each window's first tap that is not in the top (left) padding, ⌈−start / dilation⌉."""
    before = -_starts(setting, axis, device).clamp(max=0)
    gap = setting.dilation[axis]
    return (before + gap - 1) // gap


def _cells(x: Tensor, setting: PoolSetting, with_padding: bool) -> Tensor:
    """Count each window's cells inside the image, and in its padding if asked; a matrix like the output."""
    counts = []
    for axis in (0, 1):
        margin = setting.padding[axis] if with_padding else 0
        start = _starts(setting, axis, x.device)
        end = (start + setting.kernel_size[axis]).clamp(max=x.shape[-2 + axis] + margin)
        counts.append(end - start.clamp(min=-margin))
    return counts[0].unsqueeze(1) * counts[1]


# ----------------------------------------------------------------------------------- where the maximum stands


def _arg_max(x: Tensor, setting: PoolSetting) -> Tensor:
    """Find the pixel of each window's maximum, row · columns + column; the first of several."""
    # Only positions are wanted here, which have no gradient; the values are picked from the input afterwards.
    windows = _windows(x.detach(), setting)
    largest, tap = windows.flatten(-2).max(-1)
    tap_row, tap_column = tap // windows.shape[-1], tap % windows.shape[-1]
    if setting.padding != (0, 0):
        # Where no pixel is above −∞ the first tap may be a cell of the padding, which is no pixel.
        at_bottom = largest == _lowest(x.dtype)
        tap_row = torch.where(at_bottom, _first_inside(setting, 0, x.device).unsqueeze(1), tap_row)
        tap_column = torch.where(at_bottom, _first_inside(setting, 1, x.device), tap_column)
    row = _starts(setting, 0, x.device).unsqueeze(1) + tap_row * setting.dilation[0]
    column = _starts(setting, 1, x.device) + tap_column * setting.dilation[1]
    # A window of padding only has no pixel to name; it names the nearest one.
    return row.clamp(0, x.shape[-2] - 1) * x.shape[-1] + column.clamp(0, x.shape[-1] - 1)


def _pick(x: Tensor, indices: Tensor) -> Tensor:
    """Read the pixels that `indices` name, each in its own plane; the gradient goes back to just these."""
    return x.flatten(-2).gather(-1, indices.flatten(-2)).reshape(indices.shape)


def _may_hold_padding_only(setting: PoolSetting) -> bool:
    """Say whether a window may step over the image: it starts in the padding and its taps have gaps."""
    return any(p > 0 and d > 1 for p, d in zip(setting.padding, setting.dilation, strict=True))


def _padding_only(x: Tensor, setting: PoolSetting) -> Tensor:
    """Mark the windows none of whose taps meets the image; shape (output rows, output columns)."""
    misses = []
    for axis in (0, 1):
        # The padding is at most half the window, so that some tap always lies behind it.
        tap = _first_inside(setting, axis, x.device)
        position = _starts(setting, axis, x.device) + tap * setting.dilation[axis]
        misses.append(position >= x.shape[-2 + axis])
    return misses[0].unsqueeze(1) | misses[1]


def _lowest(dtype: torch.dtype) -> float:
    """−∞, or the smallest number of an integer dtype: what padding counts as."""
    return -torch.inf if dtype.is_floating_point else torch.iinfo(dtype).min


# ------------------------------------------------------------------------------------------- adaptive windows


def _adaptive_windows(n: int, outputs: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return the start and the end of each window, and a table with its positions in a row.

    Rows of the table are equally long; where a window is shorter, the positions go on beyond its end.
    """
    order = torch.arange(outputs, device=device)
    many = max(outputs, 1)  # no outputs at all are allowed
    start = order * n // many
    end = ((order + 1) * n + many - 1) // many
    # Rounding both ends outwards adds less than two cells to n / m.
    longest = n // many if n % many == 0 else min(n // many + 2, n)
    return start, end, start.unsqueeze(1) + torch.arange(longest, device=device)


# ------------------------------------------------------------------------------------------------------- sums


def _window_sums(x: Tensor, setting: PoolSetting) -> Tensor:
    """Sum the pixels of each window without gaps: first down, then along, h + w additions and not h·w."""
    taps = _useful_taps(x, setting)
    for axis in (0, 1):
        start = _starts(setting, axis, x.device)
        positions = start.unsqueeze(1) + torch.arange(taps[axis], device=x.device)
        x = _sums_along(x, -2 + axis, positions, (positions >= 0) & (positions < x.shape[-2 + axis]))
    return x


def _sums_along(x: Tensor, dim: int, positions: Tensor, counted: Tensor) -> Tensor:
    """Sum over each window's positions on one axis that are `counted`; both tables are (windows, cells)."""
    taken = _take(x, dim, positions.clamp(0, x.shape[dim] - 1))
    ignored = counted.logical_not().reshape(*counted.shape, *(1,) * (-1 - dim))
    return taken.masked_fill(ignored, 0).sum(dim)


def _take(x: Tensor, dim: int, positions: Tensor) -> Tensor:
    """Copy positions (windows, cells) of an axis into two axes in its place; `dim` counts from the end."""
    # As x[..., positions]; brackets fail on a FakeTensor whose device this torch lacks.
    picked = x.index_select(dim, positions.flatten())
    return picked.reshape(*x.shape[:dim], *positions.shape, *x.shape[len(x.shape) + dim + 1 :])


def _mean(x: Tensor, dim: tuple[int, ...], keepdim: bool = False) -> Tensor:
    """Mean with half types summed in float32 and rounded once."""
    return x.mean(dim, keepdim=keepdim, dtype=accumulator(x.dtype)).to(x.dtype)
