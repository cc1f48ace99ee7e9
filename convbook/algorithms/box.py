r"""Box: a kernel of equal weights adds up windows, and windows share most of their sums.

Sums over two neighbors give sums over four, those give sums over eight, and so on; a window of any length k
is put together from the powers of two in k.  For k = 6 = 4 + 2:

.. math:: S_2(i) = x_i + x_{i+1}, \quad S_4(i) = S_2(i) + S_2(i+2), \quad S_6(i) = S_4(i) + S_2(i+4)

First down the columns, then along the rows, and once times the weight.

- Multiplications: one for each channel pair.  Additions: at most 2·log₂ kh + 2·log₂ kw for each output, where
  the definition needs kh · kw of both.
- Memory: a few images.
- Accuracy: better than the definition's, for pairwise sums err like log₂ k instead of k ([1]_, section 4.2).
  The usual running sum, "add the pixel that enters, subtract the one that leaves", loses digits on the way
  and never forgets a NaN; here nothing is subtracted, so integers are exact and NaN and Inf stay in their
  window.

References
----------
.. [1] N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd edition, SIAM, 2002.
   https://doi.org/10.1137/1.9780898718027
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from convbook._compile import readable
from convbook._judge import Setting
from convbook.algorithms._method import Method
from convbook.algorithms._steps import every, matmul, widened, with_bias, with_padding


@widened
def box(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve with kernels whose weights are all equal, by sums of sums.

    Examples
    --------
    Averages of four neighbors:

    >>> import torch
    >>> from convbook._judge import conv2d_setting
    >>> X, K = torch.arange(9.0).reshape(1, 1, 3, 3), torch.full((1, 1, 2, 2), 0.25)
    >>> box(X, K, None, conv2d_setting(X, K))
    tensor([[[[2., 3.],
              [5., 6.]]]])
    """
    (rows, columns), (down, across), (gap, apart) = setting.output_size, setting.stride, setting.dilation
    _, depth, kh, kw = weight.shape
    sums = window_sums(with_padding(input, setting), kh, 2, gap)
    sums = every(window_sums(every(sums, 2, 0, down, rows), kw, 3, apart), 3, 0, across, columns)
    by_group = torch.unflatten(sums.flatten(2), 1, (setting.groups, depth))
    mixed = matmul(torch.unflatten(weight[:, :, 0, 0], 0, (setting.groups, -1)), by_group).flatten(1, 2)
    return with_bias(torch.unflatten(mixed, -1, setting.output_size), bias)


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
    parts, done = [], 0  # of each window, the sums of its first `done` cells
    sums, cells = x, 1  # the sums of `cells` neighboring cells
    while done < length:
        if length & cells:
            parts.append(sums.narrow(dim, done * dilation, size))
            done += cells
        if done < length:
            shorter = sums.shape[dim] - cells * dilation
            sums = sums.narrow(dim, 0, shorter) + sums.narrow(dim, cells * dilation, shorter)
            cells *= 2
    return functools.reduce(torch.add, parts)


def _domain(input: Tensor, weight: Tensor, setting: Setting) -> str:
    if not readable(weight):
        return (
            "has to look at the kernel's numbers, which is possible on the CPU only, outside of torch.compile"
        )
    if weight.requires_grad and torch.is_grad_enabled():
        return "has one number for all taps, and so no gradient for each of them"
    if not bool((weight == weight[:, :, :1, :1]).all()):
        return "needs kernels whose weights are all equal, got different ones"
    if not bool(weight.isfinite().all()):
        return "needs finite weights: Inf times a zero of the image is NaN, and Inf times a sum is not"
    return ""


METHOD = Method("box", box, spreads="window", error=24, domain=_domain)
