r"""Separable: a kernel that is a column times a row filters by the column, then by the row.

.. math:: K_{a,b} = v_a\, h_b \quad\Rightarrow\quad Y = h \star_{\text{columns}} (v \star_{\text{rows}} X)

Gaussian, Sobel, Prewitt, Scharr and box kernels are of this kind: matrices of rank one.  The factors are the
column and the row through the largest entry, over that entry.  They are taken only if each of their products
is the kernel's entry to the last digits: a tap that is tiny beside the largest counts as much as any other,
for it may meet a bright pixel.  Other kernels are declined.

- Multiplications: kh + kw for each output, where the definition needs kh · kw.
- Memory: the image between the two passes.
- Accuracy: that of the definition, with one more rounding in between.  Nothing spreads.  A column's sum that
  is too large for the dtype stays Inf, or becomes NaN, even if a small tap of the row multiplies it.

References
----------
.. [1] R. Szeliski, "Computer Vision: Algorithms and Applications", 2nd edition, 2022, section 3.2.1.
   https://szeliski.org/Book/
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from convbook._compile import readable
from convbook._judge import Setting
from convbook.algorithms._method import Method, floating
from convbook.algorithms._steps import every, widened, with_bias, with_padding

ROUNDINGS = 4
"""Units in the last place by which a product of two factors may differ from the kernel's entry.  A kernel
made as such a product, and divided by its sum, has three roundings; the factors found here have one
more."""


@widened
def separable(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by the kernels' columns, then by their rows.

    Examples
    --------
    A kernel of ones is a column of ones times a row of ones:

    >>> import torch
    >>> from convbook._judge import conv2d_setting
    >>> X, K = torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2)
    >>> separable(X, K, None, conv2d_setting(X, K))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    (rows, columns), (down, across), (gap, apart) = setting.output_size, setting.stride, setting.dilation
    _, depth, kh, kw = weight.shape
    column, row = factors(weight)
    x = torch.unflatten(with_padding(input, setting), 1, (setting.groups, 1, depth))
    v, h = (torch.unflatten(factor, 0, (setting.groups, -1))[..., None, None, :] for factor in (column, row))
    down_terms = [every(x, -2, a * gap, down, rows) * v[..., a] for a in range(kh)]
    filtered = functools.reduce(torch.add, down_terms)  # (N, groups, O, C, rows, image columns)
    along_terms = [every(filtered, -1, b * apart, across, columns) * h[..., b] for b in range(kw)]
    return with_bias(functools.reduce(torch.add, along_terms).sum(3).flatten(1, 2), bias)


def factors(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return each kernel's column and row through its largest entry, the row divided by that entry.

    Parameters
    ----------
    weight : Tensor
        Kernels of rank one, shape (O, C, kh, kw).

    Returns
    -------
    tuple of Tensor
        The columns, shape (O, C, kh), and the rows, shape (O, C, kw).

    Examples
    --------
    >>> sobel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
    >>> factors(sobel[None, None])
    (tensor([[[1., 2., 1.]]]), tensor([[[ 1.,  0., -1.]]]))
    """
    kh, kw = weight.shape[2:]
    at = weight.abs().flatten(2).argmax(2, keepdim=True)[..., None]
    column = weight.gather(3, (at % kw).expand(-1, -1, kh, 1))[..., 0]
    row = weight.gather(2, (at // kw).expand(-1, -1, 1, kw))[..., 0, :]
    pivot = weight.flatten(2).gather(2, at[..., 0])
    return column, torch.where(pivot == 0, 0, row / pivot)  # a kernel of zeros has no pivot


def has_rank_one(weight: Tensor) -> bool:
    """Return whether each kernel is, tap by tap, the product of a column and a row.

    Examples
    --------
    >>> has_rank_one(torch.ones(2, 1, 3, 3)), has_rank_one(torch.eye(3)[None, None])
    (True, False)
    """
    column, row = (factor.to(torch.promote_types(factor.dtype, torch.float64)) for factor in factors(weight))
    product = column.unsqueeze(-1) * row.unsqueeze(-2)
    return bool(((weight - product).abs() <= ROUNDINGS * torch.finfo(weight.dtype).eps * weight.abs()).all())


def _domain(input: Tensor, weight: Tensor, setting: Setting) -> str:
    integers = floating(input, "the factors of an integer kernel are fractions")
    if integers:
        return integers
    if not readable(weight):
        return (
            "has to look at the kernel's numbers, which is possible on the CPU only, outside of torch.compile"
        )
    if weight.requires_grad and torch.is_grad_enabled():
        return "has a column and a row for all taps, and so no gradient for each of them"
    return "" if has_rank_one(weight) else "needs kernels that are a column times a row, got others"


METHOD = Method("separable", separable, spreads="window", error=24, domain=_domain)
