r"""Half lowering: only the kernel's rows become a matrix product; its columns are a sum along diagonals.

im2col writes each pixel kh·kw times so that a convolution becomes one matrix product.  Half of that can be
had for nothing. Take kh neighbouring rows of the image as they lie in memory, a matrix R of kh rows, and
multiply by the transposed kernel:

.. math:: Z_{r} = K^{\mathsf T} R_{r}, \qquad Z_{r,\,b,\,j} = \sum_{a} K_{a,b}\, X_{r+a,\,j}

Row b of Z holds what kernel column b makes of the image, but not yet moved to its place.  Moving and adding
is a sum along the diagonals:

.. math:: Y_{r,j} = \sum_{b} Z_{r,\,b,\,j+b}

- Multiplications: those of the definition, kh·kw for each output, and (kw − 1) columns more in each row.
- Memory: kw times the output for Z; with several channels also kh times the input, where im2col takes kh·kw
  times.
- Accuracy: that of the definition in another order of summing; integers exact; NaN and Inf stay in their
  window.
- Wins on images of 64² to 256² with a few kernel columns, where im2col's copying costs more than its product.

References
----------
.. [1] A. Anderson, A. Vasudevan, C. Keane and D. Gregg, "Low-memory GEMM-based convolution algorithms for
   deep neural networks", 2017. https://doi.org/10.48550/arXiv.1709.03395
.. [2] M. Cho and D. Brand, "MEC: memory-efficient convolution for deep neural network", ICML 2017.
   https://doi.org/10.48550/arXiv.1706.06873
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._shared import with_bias, with_padding

__all__ = ["lowering"]


@differentiable
@widened
def lowering(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by one product with the kernel's rows and a sum along the diagonals.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W).
    weight : Tensor
        Shape (O, C / groups, kh, kw).
    bias : Tensor or None
        Shape (O,).
    setting : Setting
        Judged stride, padding, dilation, groups and output size; none is declined.

    Returns
    -------
    Tensor
        Shape (N, O, rows, columns).

    Examples
    --------
    >>> import torch
    >>> from convbook._checks import conv2d_setting
    >>> X, K = torch.arange(9).reshape(1, 1, 3, 3), torch.arange(4).reshape(1, 1, 2, 2)
    >>> lowering(X, K, None, conv2d_setting(X, K))
    tensor([[[[19, 25],
              [37, 43]]]])
    """
    z = _rows_times_kernel(with_padding(input, setting.padding), weight, setting)
    return with_bias(_sum_of_diagonals(z, setting), bias)


def _rows_times_kernel(input: Tensor, weight: Tensor, setting: Setting) -> Tensor:
    """Return Z, shape (N, groups, rows, kw, O / groups, W): each kernel column against kh rows."""
    batch, _, _, width = input.shape
    outputs, depth, kh, kw = weight.shape
    groups = setting.groups
    reach = (kh - 1) * setting.dilation[0] + 1
    rows = input.unfold(2, reach, setting.stride[0])[..., :: setting.dilation[0]]  # (N, C, rows, W, kh)
    grouped = rows.reshape(batch, groups, depth, setting.output_size[0], width, kh)  # still a view
    stacked = grouped.permute(0, 1, 3, 2, 5, 4).flatten(3, 4)  # (N, groups, rows, C / groups · kh, W)
    turned = weight.reshape(groups, outputs // groups, depth, kh, kw).permute(0, 4, 1, 2, 3)
    turned = turned.reshape(groups, 1, kw * (outputs // groups), depth * kh)
    return torch.matmul(turned, stacked).view(
        batch, groups, setting.output_size[0], kw, outputs // groups, width
    )


def _sum_of_diagonals(z: Tensor, setting: Setting) -> Tensor:
    """Add each kernel column's part, moved: Y[r, j] = Σ_b Z[r, b, j·stride + b·dilation]."""
    columns, step, gap = setting.output_size[1], setting.stride[1], setting.dilation[1]
    span = (columns - 1) * step + 1
    total = z[..., 0, :, :span:step].clone()
    for b in range(1, z.shape[3]):
        total += z[..., b, :, b * gap : b * gap + span : step]
    return total.transpose(2, 3).flatten(
        1, 2
    )  # (N, groups, O / groups, rows, columns) → (N, O, rows, columns)
