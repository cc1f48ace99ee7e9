"""Padding, the strided window view, and its two uses: unfold, and fold which is its adjoint.

One view serves convolution and pooling alike: the same windows, then a product and a sum, or a maximum, or a
mean.

References
----------
.. [1] K. Chellapilla, S. Puri and P. Simard, "High Performance Convolutional Neural Networks for Document
   Processing", 2006, where convolution by unfolded windows comes from.
   https://inria.hal.science/inria-00112631
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from convbook import _judge
from convbook._compile import wrapped

if TYPE_CHECKING:
    from torch import Tensor

    from convbook._forms import ExplicitPadding, IntOrPair, Pair, Sides

__all__ = ["fold", "pad", "sliding_windows", "unfold"]


# ---------------------------------------------------------------------------------------------------- padding


def pad(
    input: Tensor,
    padding: IntOrPair | ExplicitPadding,
    mode: str = "zeros",
    value: float = 0,
) -> Tensor:
    """Put rows and columns around an image.

    Row i of the result is row i − top of the image; outside it, with n rows,

    * ``"zeros"``: every cell is `value`;
    * ``"reflect"``: the image is mirrored in its first and last row, which are not repeated: 2 1 | 0 1 2 3 |
      2 1;
    * ``"replicate"``: the first and last row go on: 0 0 | 0 1 2 3 | 3 3;
    * ``"circular"``: the image begins anew, row (i − top) mod n: 2 3 | 0 1 2 3 | 0 1;
    * ``"symmetric"``: the image is mirrored with its first and last row: 1 0 | 0 1 2 3 | 3 2.  torch has no
      such mode.

    Parameters
    ----------
    input : Tensor
        Shape (…, rows, columns), of any dtype.
    padding : int, pair of int or ((top, bottom), (left, right))
        How many rows and columns on each side.
    mode : {"zeros", "reflect", "replicate", "circular", "symmetric"}, optional
        How the new cells are filled.  NumPy's words mean the same here: "constant" is "zeros", "edge" is
        "replicate", "wrap" is "circular"; and SciPy's "mirror" is "reflect" (its "reflect" is "symmetric").
    value : number, optional
        The number for ``mode="zeros"``; −∞ for max pooling.

    Returns
    -------
    Tensor
        Shape (…, top + rows + bottom, left + columns + right), in memory of its own.

    Raises
    ------
    ValueError
        If the mode is another word; if "reflect", "circular" or "symmetric" would need more rows than the
        image has; if a side is negative.
    TypeError
        If the dtype of `input` cannot hold `value`.

    See Also
    --------
    conv2d : pads by its own `padding` and `padding_mode`.
    same_padding : the padding that keeps the size.

    Examples
    --------
    >>> X = torch.arange(4)[None]
    >>> pad(X, (0, 2), "reflect")
    tensor([[2, 1, 0, 1, 2, 3, 2, 1]])
    >>> pad(X, (0, 2), "replicate")
    tensor([[0, 0, 0, 1, 2, 3, 3, 3]])
    >>> pad(X, (0, 2), "circular")
    tensor([[2, 3, 0, 1, 2, 3, 0, 1]])
    >>> pad(X, (0, 2), "symmetric")
    tensor([[1, 0, 0, 1, 2, 3, 3, 2]])
    >>> pad(X, ((0, 1), (0, 2)))
    tensor([[0, 1, 2, 3, 0, 0],
            [0, 0, 0, 0, 0, 0]])
    """
    x, around, word = _judge.pad_arguments(input, padding, mode, value)
    return padded(x, around, word, value)


def padded(x: Tensor, around: Sides, mode: str = "zeros", value: float = 0) -> Tensor:
    """Pad by judged arguments, as :func:`pad` does."""
    (top, bottom), (left, right) = around
    if mode == "zeros":
        # F.pad takes its value through a float64, which cannot hold every int64.
        number = float(value) if x.is_floating_point() else value
        return torch.constant_pad_nd(x, (left, right, top, bottom), number)
    rows = _source(mode, x.shape[-2], top, bottom, x.device)
    columns = _source(mode, x.shape[-1], left, right, x.device)
    return x.index_select(-2, rows).index_select(-1, columns)


def _source(mode: str, length: int, before: int, after: int, device: torch.device) -> Tensor:
    """Index, for each position of a padded axis, of the image's position that is copied there."""
    i = torch.arange(-before, length + after, device=device)
    if mode == "circular":
        return i.remainder(length)
    if mode == "replicate":
        return i.clamp(0, length - 1)
    if mode == "symmetric":
        return torch.where(i < 0, -1 - i, torch.where(i < length, i, 2 * length - 1 - i))
    last = length - 1  # "reflect": as far from the nearer end, on the other side of it
    return last - (last - i.abs()).abs()


# ------------------------------------------------------------------------------------------------ window view


def sliding_windows(
    input: Tensor, kernel_size: Pair, stride: Pair, dilation: Pair, output_size: Pair
) -> Tensor:
    r"""View an image as its windows; nothing is copied.

    .. math:: V_{\ldots,i,j,a,b} = X_{\ldots,\;s_h i + d_h a,\;s_w j + d_w b}

    The arguments are those of a judged setting: pairs that fit the image.

    Parameters
    ----------
    input : Tensor
        The padded image, shape (…, rows, columns); any strides of memory, an expanded tensor too.
    kernel_size, stride, dilation : tuple of int
        (rows, columns).
    output_size : tuple of int
        How many windows, down and across; rows and columns that no window reaches are left out.

    Returns
    -------
    Tensor
        Shape (…, output rows, output columns, kernel rows, kernel columns), sharing memory with `input`.

    See Also
    --------
    unfold : the windows as the columns of a matrix, copied.

    Notes
    -----
    Built of `Tensor.unfold` and not of `as_strided`, whose gradient is wrong where the cells of `input` share
    memory already.

    Examples
    --------
    >>> X = torch.arange(9).reshape(3, 3)
    >>> sliding_windows(X, (2, 2), (1, 1), (1, 1), (2, 2))[0, 1]
    tensor([[1, 2],
            [4, 5]])
    """
    view = _windows_along(input, -2, kernel_size[0], stride[0], dilation[0], output_size[0])
    return _windows_along(view, -2, kernel_size[1], stride[1], dilation[1], output_size[1])


def _windows_along(x: Tensor, dim: int, taps: int, step: int, gap: int, count: int) -> Tensor:
    """Split an axis (counted from the end) into `count` windows, in its place, and their taps, at the end."""
    if gap > 1 if torch.compiler.is_compiling() else wrapped(x):
        # Inside of vmap the gradient of Tensor.unfold has no rule: torch would loop, and warn.  An export
        # would fix the size that Tensor.unfold takes for the windows of a dilated kernel, below.
        i = torch.arange(count, device=x.device)
        a = torch.arange(taps, device=x.device)
        chosen = x.index_select(dim, (i[:, None] * step + a * gap).flatten())
        return torch.unflatten(chosen, dim, (count, taps)).movedim(dim, -1)
    # Cut off at last: an export would ask whether an image that is cut before is contiguous at its size.
    if gap == 1:
        return x.unfold(dim, taps, step).narrow(dim - 1, 0, count)
    # The other way round: what tap a sees in all windows lies at a·gap + 0, step, 2·step, …  Windows as long
    # as the kernel's reach would be gap times the size of what is used of them, and so would their gradient.
    seen = x.unfold(dim, step * (count - 1) + 1, gap).narrow(dim - 1, 0, taps)
    # Every step-th cell, as [..., ::step]; brackets fail on a FakeTensor whose device this torch lacks.
    every = seen.unfold(-1, 1, step).squeeze(-1)
    return every.transpose(dim - 1, -1)


# -------------------------------------------------------------------------------------------- unfold and fold


def unfold(
    input: Tensor,
    kernel_size: IntOrPair,
    dilation: IntOrPair = 1,
    padding: IntOrPair = 0,
    stride: IntOrPair = 1,
) -> Tensor:
    """Lay every window of an image out as a column of a matrix (im2col).

    A convolution is then one matrix product: weight, with one row for each output channel, times this matrix.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns), of any dtype.
    kernel_size, dilation, padding, stride : int or pair of int
        The window, as for :func:`conv2d`; the order is torch's.

    Returns
    -------
    Tensor
        Shape (batch, channels · kernel rows · kernel columns, windows), without batch where `input` has none.
        Windows are counted row by row.

    Raises
    ------
    ValueError
        If `input` has another number of dimensions or the window does not fit.
    TypeError
        If an argument is not a tensor, or not an integer.

    See Also
    --------
    fold : the way back, which sums where windows overlap.
    sliding_windows : the same as a view, without the copy.

    Notes
    -----
    The copy is kernel rows · kernel columns / (stride rows · stride columns) times as large as the image.
    Unlike torch's, it takes every dtype, integers among them.

    References
    ----------
    .. [1] K. Chellapilla, S. Puri and P. Simard, 2006.
       https://inria.hal.science/inria-00112631

    Examples
    --------
    The four 2×2 windows of a 3×3 image are the columns:

    >>> X = torch.arange(9).reshape(1, 3, 3)
    >>> unfold(X, 2)
    tensor([[0, 1, 3, 4],
            [1, 2, 4, 5],
            [3, 4, 6, 7],
            [4, 5, 7, 8]])
    """
    kernel, setting = _judge.unfold_setting(input, kernel_size, dilation, padding, stride)
    return windows_as_columns(input, kernel, setting)


def windows_as_columns(x: Tensor, kernel: Pair, setting: _judge.Setting) -> Tensor:
    """Unfold by a judged setting, as :func:`unfold` does."""
    if setting.padding != _judge.NO_PADDING:
        x = padded(x, setting.padding)
    view = sliding_windows(x, kernel, setting.stride, setting.dilation, setting.output_size)
    taps_first = view.movedim((-2, -1), (-4, -3))
    # One copy, always: a 1×1 window would be a view of the input.
    return taps_first.clone(memory_format=torch.contiguous_format).flatten(-2).flatten(-4, -2)


def fold(
    input: Tensor,
    output_size: IntOrPair,
    kernel_size: IntOrPair,
    dilation: IntOrPair = 1,
    padding: IntOrPair = 0,
    stride: IntOrPair = 1,
) -> Tensor:
    r"""Put windows back into an image and add them up where they overlap (col2im): the adjoint of unfold.

    .. math:: \langle \operatorname{unfold}(x), u \rangle = \langle x, \operatorname{fold}(u) \rangle

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels · kernel rows · kernel columns, windows), or the same without batch.
    output_size : int or pair of int
        Rows and columns of the image to make.
    kernel_size, dilation, padding, stride : int or pair of int
        The window, as :func:`unfold` had it.

    Returns
    -------
    Tensor
        Shape (batch, channels, rows, columns), without batch where `input` has none.  Half types are summed
        in float32.

    Raises
    ------
    ValueError
        If the rows are no multiple of the taps, or the columns are not as many as the windows.
    TypeError
        If an argument is not a tensor of numbers, or not an integer.

    See Also
    --------
    unfold : the windows of an image.
    conv_transpose2d : a convolution's adjoint is a product with the transposed weight, then fold.

    Notes
    -----
    fold(unfold(x)) is not x but x times the number of windows that see each pixel; divide by
    ``fold(unfold(ones))``.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, 2016, chapter 4.
       https://doi.org/10.48550/arXiv.1603.07285

    Examples
    --------
    The middle of a 3×3 image of ones lies in all four 2×2 windows:

    >>> ones = torch.ones(1, 3, 3, dtype=torch.int64)
    >>> fold(unfold(ones, 2), 3, 2)
    tensor([[[1, 2, 1],
             [2, 4, 2],
             [1, 2, 1]]])
    """
    size, kernel, setting = _judge.fold_setting(input, output_size, kernel_size, dilation, padding, stride)
    return columns_as_windows(input, size, kernel, setting)


def columns_as_windows(u: Tensor, size: Pair, kernel: Pair, setting: _judge.Setting) -> Tensor:
    """Fold by a judged setting, as :func:`fold` does.

    `size` may leave rows and columns at the end that no window reaches.
    """
    channels = u.shape[-2] // (kernel[0] * kernel[1])
    taps = torch.unflatten(u.to(_judge.accumulator(u.dtype)), -2, (channels, *kernel))
    taps = torch.unflatten(taps, -1, setting.output_size)
    # (…, channels, a, b, i, j): first the rows a, i are added up, then the columns b, j.
    rows = _fold_along(
        taps.movedim((-3, -1), (-4, -3)), size[0], setting.stride[0], setting.dilation[0], setting.padding[0]
    )
    image = _fold_along(
        rows.movedim(-1, -3), size[1], setting.stride[1], setting.dilation[1], setting.padding[1]
    )
    return image.contiguous().to(u.dtype)


def _fold_along(x: Tensor, length: int, step: int, gap: int, cut: Pair) -> Tensor:
    """Add the taps and windows (…, a, i) of one axis up at a·gap + i·step, and cut the padding off."""
    taps, count = x.shape[-2:]
    a = torch.arange(taps, device=x.device)
    i = torch.arange(count, device=x.device)
    position = (a.unsqueeze(1) * gap + i * step).flatten()
    line = x.new_zeros((*x.shape[:-2], cut[0] + length + cut[1]))
    return line.index_add(-1, position, x.flatten(-2)).narrow(-1, cut[0], length)
