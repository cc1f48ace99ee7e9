r"""Band: a few output rows at once are a small band matrix times a few image rows.

Write kernel column c as a matrix that makes b output rows from the b + kh − 1 image rows above them.  It is a
band, each row the column moved one step on (a Toeplitz matrix), here for kh = 3 and b = 4:

.. math:: T_c = \begin{pmatrix} K_{0c} & K_{1c} & K_{2c} & & & \\ & K_{0c} & K_{1c} & K_{2c} & & \\
          & & K_{0c} & K_{1c} & K_{2c} & \\ & & & K_{0c} & K_{1c} & K_{2c} \end{pmatrix},
          \qquad Y_{\text{block}} = \sum_{c} T_c\, X_{\text{block},\; c : c + \text{columns}}

The blocks of image rows overlap, but nothing is copied: a strided view may show a row twice.  So the whole
convolution is kw batched matrix products that add into the output.

- Multiplications: b + kh − 1 where the definition needs kh, for each output and kernel column: the band's
  zeros are multiplied too.  A matrix product does them at several times the speed of anything else, so they
  are cheap.
- Memory: the output, and one cache-sized strip of padded rows.
- Accuracy: that of the definition in another order of summing; integers exact.  NaN and Inf spoil the b rows
  of their block, because 0·∞ is not 0.
- Wins on images: one or a few channels, kernels of 3×3 up to about 20×20.  Between many channels the
  definition's sum is a large matrix product already, and im2col or torch's own wins.

Several channels lie row by row below each other, and the images of a batch beside each other
(``_strips.SideBySide``): so their products are larger, not more.  All this goes
strip by strip, so that a strip of the output stays in the cache while kw products add into it; that bought
1.2 to 1.5 times on a 1024×1024 image.

References
----------
.. [1] G. H. Golub and C. F. Van Loan, "Matrix computations", 4th edition, 2013, section 4.7 (Toeplitz
   matrices). https://doi.org/10.56021/9781421407944
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._strips import SideBySide, rows_for, strips

__all__ = ["band", "band_matrices", "kernel_bands", "kernel_gradient"]

BLOCK = 4
"""Output rows in one block: 8 has larger products, 4 wastes less of them, and was quicker by up to a third
from 32² to 1024² and k = 3 to 15."""


@differentiable
@widened
def band(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by products with band matrices, one for each kernel column.

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
    >>> band(X, K, None, conv2d_setting(X, K))
    tensor([[[[19, 25],
              [37, 43]]]])
    """
    outputs, depth = weight.shape[:2]
    output = input.new_empty(input.shape[0], outputs, *setting.output_size)
    if output.numel() == 0 or depth == 0:
        output = output.zero_()
    else:
        parts = list(strips(input, setting, BLOCK))
        rows = SideBySide(input, setting, (weight.shape[2] - 1) * setting.dilation[0] + 1, parts)
        matrices = {
            block: _by_column(kernel_bands(weight, setting, block), weight.shape[3])
            for block in {strip.block for strip in parts}
        }
        for strip in parts:
            rows.load(strip)
            for g, part in enumerate(strip.of(output, setting.groups)):
                _add_products(part, rows, g, matrices[strip.block][g], strip.block)
    return output if bias is None else output.add_(bias.view(-1, 1, 1))


def band_matrices(columns: Tensor, block: int, stride: int = 1, dilation: int = 1) -> Tensor:
    """Return the band matrices that make `block` output rows from the rows above them.

    Parameters
    ----------
    columns : Tensor
        Kernel columns, shape (…, kh).
    block : int
        Output rows.
    stride, dilation : int, optional
        The convolution's, along this axis.

    Returns
    -------
    Tensor
        Shape (…, block, rows): entry (p, p·stride + a·dilation) is column entry a, all others are zero.

    Examples
    --------
    >>> band_matrices(torch.tensor([1, 2]), 3)
    tensor([[1, 2, 0, 0],
            [0, 1, 2, 0],
            [0, 0, 1, 2]])
    """
    *many, kh = columns.shape
    rows = (block - 1) * stride + (kh - 1) * dilation + 1
    matrices = columns.new_zeros(*many, block, rows)
    # One row down and `stride` to the right is a step of rows + stride in memory: a view that walks along the
    # band.
    steps = (*matrices.stride()[:-2], rows + stride, dilation)
    matrices.as_strided((*many, block, kh), steps).copy_(columns.unsqueeze(-2))
    return matrices


def kernel_bands(weight: Tensor, setting: Setting, block: int) -> Tensor:
    """Return the whole kernel as a band: `block` rows, each the kernel moved on by the rows of a stride.

    Parameters
    ----------
    weight : Tensor
        Shape (O, C / groups, kh, kw).
    setting : Setting
        Groups, and the stride and dilation down the rows, count.
    block : int
        Output rows.

    Returns
    -------
    Tensor
        Shape (groups, O / groups · block, image rows · C / groups · kw).  Below each other stand the output
        rows of one channel, then those of the next; along a row the entries go by image row, then channel,
        then kernel column.  So several channels make a product larger, not more.

    Examples
    --------
    >>> from convbook._checks import conv2d_setting
    >>> K = torch.tensor([[[[1, 2], [3, 4]]]])
    >>> kernel_bands(K, conv2d_setting(torch.ones(1, 1, 3, 3, dtype=torch.long), K), 2)
    tensor([[[1, 2, 3, 4, 0, 0],
             [0, 0, 1, 2, 3, 4]]])
    """
    outputs, depth, kh, kw = weight.shape
    (down, _), (gap, _), row = setting.stride, setting.dilation, depth * kw
    tall = (block - 1) * down + (kh - 1) * gap + 1
    bands = weight.new_zeros(setting.groups, outputs // setting.groups * block, tall * row)
    along = (block * tall * row, (tall + down) * row, gap * row, kw, 1)
    bands.as_strided((outputs, block, kh, depth, kw), along).copy_(weight.transpose(1, 2).unsqueeze(1))
    return bands


def _by_column(bands: Tensor, kw: int) -> Tensor:
    """Return a band matrix for each kernel column: (groups, kw, O / groups · block, rows · C / groups)."""
    return bands.view(*bands.shape[:2], -1, kw).permute(0, 3, 1, 2).contiguous()


def _add_products(output: Tensor, rows: SideBySide, group: int, matrices: Tensor, block: int) -> None:
    """Write one group of one strip of the output: one batch of products for each kernel column."""
    many, (down, step), gap = output.shape[2] // block, rows.setting.stride, rows.setting.dilation[1]
    kw, _, tall = matrices.shape
    sums = rows.room_for(output, block)
    stacks = rows.stacks(group, many, block * down, tall // rows.depth)
    moved = stacks.as_strided(
        (kw, many, tall, rows.columns),
        (gap, *stacks.stride()[:2], step),
        stacks.storage_offset() + rows.first,
    )
    spread = matrices.unsqueeze(1).expand(-1, many, -1, -1)
    for b, (matrix, windows) in enumerate(zip(spread.unbind(), moved.unbind(), strict=True)):
        dense = windows if step == 1 else windows.contiguous()  # else the product is left to plain loops
        torch.baddbmm(sums, matrix, dense, beta=int(b > 0), out=sums)
    rows.hand_out(sums, output, block)


def kernel_gradient(grad: Tensor, input: Tensor, weight: Tensor, setting: Setting) -> Tensor:
    """Return the kernel's gradient: that of the band matrices, added up along their bands.

    The output is T·X block by block, so T's gradient is G·Xᵀ, summed over the blocks; a kernel entry stands
    once in each row of T, and its gradient is the sum of those entries' gradients.

    Parameters
    ----------
    grad : Tensor
        The output's gradient, shape (N, O, rows, columns).
    input : Tensor
        Shape (N, C, H, W).
    weight : Tensor
        Shape (O, C / groups, kh, kw); only its shape matters.
    setting : Setting
        Judged stride, padding, dilation and groups.

    Returns
    -------
    Tensor
        The shape of `weight`.
    """
    outputs, depth, kh, kw = weight.shape
    (down, step), (gap_down, gap) = setting.stride, setting.dilation
    total = weight.new_zeros(outputs, depth, kw, kh)
    for strip in strips(input, setting, BLOCK):
        rows = rows_for(input, strip, (kh - 1) * gap_down + 1, setting)
        tall = (strip.block - 1) * down + (kh - 1) * gap_down + 1
        blocks = rows.unfold(2, tall, strip.block * down).transpose(
            3, 4
        )  # (images, C, blocks, tall, W), a view
        part = grad[strip.images, :, strip.top : strip.top + strip.rows]
        images, _, count, columns = part.shape
        many = images * (count // strip.block)
        for o in range(outputs):
            first = o // (outputs // setting.groups) * depth
            wanted = part[:, o].reshape(many, strip.block, columns)
            for c in range(depth):
                channel = blocks[:, first + c].reshape(many, tall, -1)
                for b in range(kw):
                    moved = channel[..., b * gap : b * gap + (columns - 1) * step + 1 : step]
                    matrix = torch.bmm(wanted, moved.mT).sum(0)  # (block, tall): the gradient of T
                    along_the_band = matrix.as_strided((strip.block, kh), (tall + down, gap_down))
                    total[o, c, b] += along_the_band.sum(0)
    return total.transpose(2, 3).contiguous()
