r"""Band: a few output rows at once are a small band matrix times a few image rows.

Write kernel column c as a matrix that makes b output rows from the b + kh − 1 image rows above them.  It is a
band, each row the column moved one step on (a Toeplitz matrix), here for kh = 3 and b = 4:

.. math:: T_c = \begin{pmatrix} K_{0c} & K_{1c} & K_{2c} & & & \\ & K_{0c} & K_{1c} & K_{2c} & & \\
          & & K_{0c} & K_{1c} & K_{2c} & \\ & & & K_{0c} & K_{1c} & K_{2c} \end{pmatrix},
          \qquad Y_{\text{block}} = \sum_{c} T_c\, X_{\text{block},\; c : c + \text{columns}}

The blocks of image rows overlap, but nothing is copied: a strided view may show a row twice.  So the whole
convolution is kw batched matrix products that add into the output.

- Multiplications: b + kh − 1 where the definition needs kh, for each output and kernel column: the band's
  zeros are multiplied too.  A matrix product does them at several times the speed of anything else, so b = 8
  pays.
- Memory: the output, and one cache-sized strip of padded rows.
- Accuracy: that of the definition in another order of summing; integers exact.  NaN and Inf spoil the b rows
  of their block, because 0·∞ is not 0.
- Wins on images: one or a few channels, kernels of 3×3 up to about 20×20.  Between many channels the
  definition's sum is a large matrix product already, and im2col or torch's own wins.

Two forms stand below.  :func:`band` serves every setting, strip by strip so that the output's strip stays in
the cache while kw products add into it; that bought 1.2 to 1.5 times on a 1024×1024 image.
:func:`band_of_columns` turns the same idea by 90° for one-channel images whose rows are a multiple of 16
long: sixteen neighbouring pixels *are* a channel dimension, without a copy, and torch's convolution between
channels does the product and the adding in one call.

References
----------
.. [1] G. H. Golub and C. F. Van Loan, "Matrix computations", 4th edition, 2013, section 4.7 (Toeplitz
   matrices). https://doi.org/10.56021/9781421407944
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._shared import PaddedRows, rows_for, strips

__all__ = ["band", "band_matrices", "band_of_columns", "columns_fit", "kernel_gradient"]

BLOCK = 8
"""Output rows in one block: 4 wastes less of the product, 16 has larger products; 8 was best or within 5 %
from k = 3 to 31."""

LANES, STEP = 16, 4
"""Outputs that one vector register holds, and the pixels that count as one channel block."""


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
    if input.is_cpu and columns_fit(input.shape[1], outputs, input.shape[3], input.dtype, setting):
        return band_of_columns(input, weight, bias, setting)
    output = input.new_empty(input.shape[0], outputs, *setting.output_size)
    if output.numel() == 0 or depth == 0:
        output = output.zero_()
    else:
        reach = (weight.shape[2] - 1) * setting.dilation[0] + 1
        parts = list(strips(input, setting, BLOCK))
        rows = PaddedRows(input, setting, reach, parts[0])
        matrices = {block: _stacked(weight, setting, block) for block in {strip.block for strip in parts}}
        for strip in parts:
            target = output[strip.images, :, strip.top : strip.top + strip.rows]
            _add_products(target, rows.under(strip), matrices[strip.block], setting, strip.block)
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


def _stacked(weight: Tensor, setting: Setting, block: int) -> Tensor:
    """Return all channel pairs' band matrices as blocks of larger ones, by group and kernel column.

    Shape (groups, kw, O / groups · block, C / groups · rows): several channels make the products larger, not
    more.
    """
    depth, _, kw = weight.shape[1:]
    matrices = band_matrices(weight.transpose(2, 3), block, setting.stride[0], setting.dilation[0])
    by_group = matrices.view(setting.groups, -1, depth, kw, block, matrices.shape[-1])
    return by_group.permute(0, 3, 1, 4, 2, 5).reshape(setting.groups, kw, -1, depth * matrices.shape[-1])


def _add_products(output: Tensor, rows: Tensor, matrices: Tensor, setting: Setting, block: int) -> None:
    """Write one strip of the output: for each group, add one batch of products for each kernel column."""
    images, _, count, columns = output.shape
    groups, kw, tall_out, tall_in = matrices.shape
    depth, per_group, blocks_down = rows.shape[1] // groups, tall_out // block, count // block
    (down, step), gap, many = setting.stride, setting.dilation[1], images * blocks_down
    blocks = rows.unfold(2, tall_in // depth, block * down).permute(
        0, 2, 1, 4, 3
    )  # (images, blocks, C, rows, W)
    for g in range(groups):
        # With one image and one channel this is a view of overlapping rows; else they are copied side by
        # side.
        mine = blocks[:, :, g * depth : (g + 1) * depth].reshape(many, tall_in, -1)
        part = output[:, g * per_group : (g + 1) * per_group]
        direct = images == per_group == 1
        target = part.view(many, tall_out, columns) if direct else part.new_empty(many, tall_out, columns)
        for b in range(kw):
            moved = mine[..., b * gap : b * gap + (columns - 1) * step + 1 : step]
            torch.baddbmm(target, matrices[g, b].expand(many, -1, -1), moved, beta=int(b > 0), out=target)
        if not direct:
            by_row = target.view(images, blocks_down, per_group, block, columns).transpose(1, 2)
            part.view(images, per_group, blocks_down, block, columns).copy_(by_row)


def columns_fit(channels: int, outputs: int, width: int, dtype: torch.dtype, setting: Setting) -> bool:
    """Return whether pixels can stand in as channels: see :func:`band_of_columns`.

    That takes float32, one input and one output channel, stride and dilation 1, an output row that is a
    multiple of 16 pixels and an input row that is a multiple of 4.
    """
    return (
        dtype == torch.float32
        and channels == outputs == 1
        and setting.stride == setting.dilation == (1, 1)
        and setting.output_size[1] % LANES == 0
        and width % STEP == 0
    )


def band_of_columns(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve one-channel images by a band along the rows: neighbouring pixels stand in as channels.

    A row of 16·q pixels read as q groups of four is a "channels last" image with four channels, and the 16·q
    outputs are q/1 pixels of sixteen channels, both without moving a number.  Output channel p of a group
    needs pixels p to p + kw − 1 counted from its first: a band matrix again, now between input and output
    channels.

    For callers that have asked :func:`columns_fit`.

    Parameters
    ----------
    input : Tensor
        Shape (N, 1, H, W), contiguous.
    weight : Tensor
        Shape (1, 1, kh, kw).
    bias : Tensor or None
        Shape (1,).
    setting : Setting
        Stride, dilation and groups are 1.

    Returns
    -------
    Tensor
        Shape (N, 1, rows, columns).
    """
    batch, _, height, width = input.shape
    rows, columns = setting.output_size
    kh, kw = weight.shape[2:]
    (top, bottom), (left, _) = setting.padding
    strides_of_four = (
        columns - LANES
    ) // STEP - width // STEP  # how far the last outputs start from the row's end
    # Padding comes in whole blocks, as many on the left as on the right, so the kernel starts `late` pixels
    # in.
    blocks = max(-(-left // STEP), strides_of_four + -(-(LANES + kw - 1 - left) // STEP), 0)
    late = blocks * STEP - left
    needed = -(-(LANES + kw - 1 + late) // STEP)  # blocks of four that sixteen outputs look at
    matrices = weight.new_zeros(LANES, kh, needed * STEP)  # row p of each band starts p + late pixels in
    steps = (kh * needed * STEP + 1, needed * STEP, 1)
    matrices.as_strided((LANES, kh, kw), steps, late).copy_(weight[0, 0])
    kernel = matrices.view(LANES, kh, needed, STEP).permute(0, 3, 1, 2)  # (16, 4, kh, needed)
    y = F.conv2d(
        input.contiguous().view(batch, height, width // STEP, STEP).permute(0, 3, 1, 2),
        kernel,
        None if bias is None else bias.expand(LANES),
        stride=(1, LANES // STEP),
        padding=(max(top, bottom), blocks),
    )
    first = max(top, bottom) - top
    kept = y[:, :, first : first + rows, : columns // LANES]
    return kept.permute(0, 2, 3, 1).reshape(batch, 1, rows, columns)


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
