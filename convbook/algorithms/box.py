r"""Box: a kernel of equal weights adds up windows, and windows share most of their sums.

Sums over two neighbours give sums over four, those give sums over eight, and so on; a window of any length k
is put together from the powers of two in k.  For k = 6 = 4 + 2:

.. math:: S_2(i) = x_i + x_{i+1}, \quad S_4(i) = S_2(i) + S_2(i+2), \quad S_6(i) = S_4(i) + S_2(i+4)

First down the columns, then along the rows, and once times the weight.

- Multiplications: one for each channel pair.  Additions: at most 2·log₂ kh + 2·log₂ kw for each output, where
  the definition needs kh · kw of both.
- Memory: the output, and a few cache-sized strips.
- Accuracy: better than the definition's, for pairwise sums err like log₂ k instead of k ([1]_, section 4.2).
  The usual running sum, "add the pixel that enters, subtract the one that leaves", loses digits on the way
  and never forgets a NaN; here nothing is subtracted, so integers are exact and NaN and Inf stay in their
  window.
- Wins for equal weights from about 10×10 on, the more the larger the window.

References
----------
.. [1] N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd edition, SIAM, 2002.
   https://doi.org/10.1137/1.9780898718027
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._shared import decline
from convbook.algorithms._strips import STRIP, rows_for, strips

__all__ = ["box", "is_box", "window_sums"]

ROWS = 16
"""Output rows that a strip is a multiple of; the strip's own size is the cache's."""


@differentiable
@widened
def box(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve with kernels whose weights are all equal, by sums of sums.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W).
    weight : Tensor
        Shape (O, C / groups, kh, kw); each kh × kw plane holds one number.
    bias : Tensor or None
        Shape (O,).
    setting : Setting
        Judged stride, padding, dilation, groups and output size; none is declined.

    Returns
    -------
    Tensor
        Shape (N, O, rows, columns).

    Raises
    ------
    NotImplementedError
        If a plane of the kernel holds different numbers, or the kernel is on a device where looking at its
        numbers would mean waiting.

    Examples
    --------
    Averages of four neighbours:

    >>> import torch
    >>> from convbook._checks import conv2d_setting
    >>> X, K = torch.arange(9.0).reshape(1, 1, 3, 3), torch.full((1, 1, 2, 2), 0.25)
    >>> box(X, K, None, conv2d_setting(X, K))
    tensor([[[[2., 3.],
              [5., 6.]]]])
    """
    if weight.device.type != "cpu":
        raise decline(
            "box",
            f"has to look at the kernel's numbers, and would wait for {weight.device}",
            "shift and im2col",
        )
    if not is_box(weight):
        raise decline(
            "box", "needs kernels whose weights are all equal, got different ones", "band, separable and fft"
        )
    outputs, depth, kh, kw = weight.shape
    (down, along), (gap_down, gap_along), groups = setting.stride, setting.dilation, setting.groups
    output = input.new_empty(input.shape[0], outputs, *setting.output_size)
    span_down, span_along = (setting.output_size[0] - 1) * down + 1, (setting.output_size[1] - 1) * along + 1
    mixing = weight[:, :, 0, 0].view(groups, outputs // groups, depth) if output.numel() else weight
    for strip in strips(input, setting, ROWS, STRIP // 2) if output.numel() else ():
        rows = rows_for(input, strip, (kh - 1) * gap_down + 1, setting)
        mixed = _mix(rows, mixing)
        span_down = (strip.rows - 1) * down + 1
        sums = window_sums(mixed, kh, 2, gap_down)[:, :, :span_down:down]
        sums = window_sums(sums, kw, 3, gap_along)[..., :span_along:along]
        output[strip.images, :, strip.top : strip.top + strip.rows] = sums
    return output if bias is None else output.add_(bias.view(-1, 1, 1))


def is_box(weight: Tensor) -> bool:
    """Return whether each kernel plane holds one number only.

    Examples
    --------
    >>> import torch
    >>> is_box(torch.ones(2, 1, 3, 3)), is_box(torch.arange(4).reshape(1, 1, 2, 2))
    (True, False)
    """
    return bool((weight == weight[:, :, :1, :1]).all())


def window_sums(x: Tensor, length: int, dim: int, dilation: int = 1) -> Tensor:
    """Return the sum over each window of `length` cells along one dimension, by doubling.

    Parameters
    ----------
    x : Tensor
        Any shape.
    length : int
        Cells in a window.
    dim : int
        The dimension along which windows lie.
    dilation : int, optional
        Distance between a window's cells.

    Returns
    -------
    Tensor
        Shorter by (length − 1) · dilation along `dim`.

    Examples
    --------
    >>> import torch
    >>> window_sums(torch.tensor([1, 2, 3, 4, 5]), 3, 0)
    tensor([ 6,  9, 12])
    """
    size = x.shape[dim] - (length - 1) * dilation
    parts = []
    sums, cells, begun = x, 1, 0
    while (
        begun < length
    ):  # `sums` holds windows of `cells` cells, `parts` the first `begun` cells of each window
        if length & cells:
            parts.append(sums.narrow(dim, begun * dilation, size))
            begun += cells
        if begun < length:
            shorter = sums.shape[dim] - cells * dilation
            sums = sums.narrow(dim, 0, shorter) + sums.narrow(dim, cells * dilation, shorter)
            cells *= 2
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _mix(rows: Tensor, mixing: Tensor) -> Tensor:
    """Weigh and add the channels: all that is left of the kernel once its planes are constant."""
    groups, per_group, depth = mixing.shape
    if depth == per_group == 1:
        return rows * mixing.view(-1, 1, 1)
    images, _, height, width = rows.shape
    mixed = torch.matmul(mixing, rows.reshape(images, groups, depth, height * width))
    return mixed.view(images, groups * per_group, height, width)
