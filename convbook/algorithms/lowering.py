r"""Half lowering: only the kernel's rows become a matrix product; its columns are a sum along diagonals.

im2col writes each pixel kh·kw times so that a convolution becomes one matrix product.  Half of that can be
had for nothing. Take kh neighbouring rows of the image as they lie in memory, a matrix R of kh rows, and
multiply by the transposed kernel:

.. math:: Z_{r} = K^{\mathsf T} R_{r}, \qquad Z_{r,\,b,\,j} = \sum_{a} K_{a,b}\, X_{r+a,\,j}

Row b of Z holds what kernel column b makes of the image, but not yet moved to its place.  Moving and adding
is a sum along the diagonals:

.. math:: Y_{r,j} = \sum_{b} Z_{r,\,b,\,j+b}

- Multiplications: those of the definition, kh·kw for each output, and (kw − 1) columns more in each row.
- Memory: the output and cache-sized strips of Z, which is kw times as large, and of padded rows, where im2col
  takes kh·kw times the input.
- Accuracy: that of the definition in another order of summing; integers exact; NaN and Inf stay in their
  window.
- Wins on images of 32² to 128², where the band's kw products cost more in calls than in arithmetic.

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
from convbook.algorithms._strips import STRIP, SideBySide, strips

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
    output = input.new_empty(input.shape[0], weight.shape[0], *setting.output_size)
    if output.numel() == 0 or weight.shape[1] == 0:
        output = output.zero_()
    else:
        parts = list(strips(input, setting, 1, STRIP * input.shape[1] // (weight.shape[0] * weight.shape[3])))
        rows = SideBySide(input, setting, (weight.shape[2] - 1) * setting.dilation[0] + 1, parts)
        kernels = _turned(weight, setting.groups)
        for strip in parts:
            rows.load(strip)
            target = output[strip.images, :, strip.top : strip.top + strip.rows]
            for g, part in enumerate(target.chunk(setting.groups, 1)):
                z = _kernel_times_rows(kernels[g], rows, g, strip.rows)
                _sum_of_diagonals(z, rows, part)
    return output if bias is None else output.add_(bias.view(-1, 1, 1))


def _turned(weight: Tensor, groups: int) -> Tensor:
    """Return the kernels' columns as rows: (groups, kw · O / groups, kh · C / groups)."""
    outputs, depth, kh, kw = weight.shape
    grouped = weight.reshape(groups, outputs // groups, depth, kh, kw).permute(0, 4, 1, 3, 2)
    return grouped.reshape(groups, -1, kh * depth)


def _kernel_times_rows(kernel: Tensor, rows: SideBySide, group: int, count: int) -> Tensor:
    """Return Z, shape (rows, kw · O / groups, columns): each kernel column against kh image rows."""
    gap = rows.setting.dilation[0]
    stacks = rows.stacks(group, count, rows.setting.stride[0], rows.reach)
    if gap > 1:
        stacks = stacks.view(count, rows.reach, rows.depth, -1)[:, ::gap].flatten(1, 2)
    return torch.bmm(kernel.expand(count, -1, -1), stacks)


def _sum_of_diagonals(z: Tensor, rows: SideBySide, output: Tensor) -> None:
    """Add each kernel column's part, moved: Y[r, j] = Σ_b Z[r, b, j·stride + b·dilation]."""
    images, per_group, count, columns = output.shape
    length = z.shape[2]
    moved = z.as_strided(
        (z.shape[1] // per_group, images, per_group, count, columns),
        (
            per_group * length + rows.setting.dilation[1],
            rows.wide,
            length,
            z.shape[1] * length,
            rows.setting.stride[1],
        ),
        rows.first,
    )
    torch.sum(moved, 0, out=output)
