r"""Separable: a kernel that is a column times a row filters by the column, then by the row.

.. math:: K_{a,b} = v_a\, h_b \quad\Rightarrow\quad Y = h \star_{\text{columns}} (v \star_{\text{rows}} X)

Gaussian, Sobel, Prewitt, Scharr and box kernels are of this kind.  Any kernel is a sum of such products, as
many as its rank says, and the rank is found by Gaussian elimination: take the largest entry as the pivot,
subtract the product of its column and row over the pivot, and see what remains (a cross approximation, [1]_).

- Multiplications: rank · (kh + kw) for each output, where the definition needs kh · kw.
- Memory: the output, and one cache-sized strip between the two passes.
- Accuracy: that of the definition, with one more rounding in between.  The factors are found in float64; what
  elimination leaves is dropped where it is below the roundings of the largest entry, so the sum is the kernel
  to the last digit. NaN and Inf spread over the block of the vertical pass and the tile of the horizontal
  one.
- Wins for rank one from about 5×5 on, and grows with the kernel's side only, not with its area.

Both passes are products with band matrices (:mod:`convbook.algorithms.band`): one from the left, b output
rows at a time, and one from the right, 16 output columns at a time.

References
----------
.. [1] M. Bebendorf, "Approximation of boundary element matrices", Numerische Mathematik 86, 2000, 565–589.
   https://doi.org/10.1007/PL00005410
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._shared import STRIP, PaddedRows, declines_integers, strips
from convbook.algorithms.band import BLOCK, band_matrices

__all__ = ["by_factors", "rank_factors", "rank_one_factors", "separable"]

TILE = 16
"""Output columns at once in the horizontal pass: one vector register of them."""


@differentiable
@declines_integers("separable", "the factors of an integer kernel are fractions")
@widened
def separable(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by column filters, then row filters, as many pairs as the kernel's rank.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W), floating or complex.
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

    Raises
    ------
    NotImplementedError
        For integers: dividing by the pivot leaves them.

    Examples
    --------
    A kernel of ones is a column of ones times a row of ones:

    >>> import torch
    >>> from convbook._checks import conv2d_setting
    >>> X, K = torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2)
    >>> separable(X, K, None, conv2d_setting(X, K))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    if input.numel() == 0 or weight.shape[1] == 0:
        output = input.new_zeros(input.shape[0], weight.shape[0], *setting.output_size)
        return output if bias is None else output.add_(bias.view(-1, 1, 1))
    return by_factors(input, *rank_factors(weight), bias, setting)


def by_factors(input: Tensor, columns: Tensor, rows: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve with the kernels that these factors add up to: see :func:`rank_factors`."""
    output = input.new_empty(input.shape[0], columns.shape[0], *setting.output_size)
    reach = (columns.shape[3] - 1) * setting.dilation[0] + 1
    above, (left, right) = setting.padding
    parts = list(strips(input, setting, BLOCK, STRIP // 2))
    under = PaddedRows(input, setting._replace(padding=(above, (0, 0))), reach, parts[0])
    images = len(range(*parts[0].images.indices(input.shape[0])))
    between = input.new_zeros(
        images * parts[0].rows, left + input.shape[3] + right
    )  # padded along the rows only
    vertical = {
        block: band_matrices(columns, block, setting.stride[0], setting.dilation[0])
        for block in {strip.block for strip in parts}
    }
    horizontal = _horizontal(rows, setting)
    for strip in parts:
        target = output[strip.images, :, strip.top : strip.top + strip.rows]
        _two_passes(target, under.under(strip), vertical[strip.block], horizontal, between, setting)
    return output if bias is None else output.add_(bias.view(-1, 1, 1))


def rank_one_factors(weight: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return the kernels' columns and rows where each is one column times one row, or None.

    The same elimination step as in :func:`rank_factors`, written for speed: it looks at a kernel whenever
    `auto` could use the answer, which is mostly no.

    Parameters
    ----------
    weight : Tensor
        Kernels on the CPU, shape (O, C, kh, kw).

    Returns
    -------
    tuple of Tensor or None
        The columns, shape (O, C, 1, kh), and the rows, shape (O, C, 1, kw).

    Examples
    --------
    >>> sobel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
    >>> rank_one_factors(sobel[None, None])
    (tensor([[[[1., 2., 1.]]]]), tensor([[[[ 1.,  0., -1.]]]]))
    >>> rank_one_factors(torch.eye(3)[None, None]) is None
    True
    """
    outputs, depth, kh, kw = weight.shape
    accuracy = 2 * torch.finfo(weight.dtype).eps
    columns, rows = [], []
    for plane in weight.double().view(-1, kh, kw):
        at = int(plane.abs().argmax())
        column, row = plane[:, at % kw], plane[at // kw]
        pivot = float(row[at % kw])
        rest = torch.addr(plane, column, row, beta=pivot, alpha=-1)  # pivot · (kernel − column · row / pivot)
        if not float(rest.abs().max()) <= accuracy * pivot * pivot:
            return None
        columns.append(column)
        rows.append(row / pivot if pivot else row)
    stacked = torch.stack(columns), torch.stack(rows)
    return (
        stacked[0].to(weight.dtype).view(outputs, depth, 1, kh),
        stacked[1].to(weight.dtype).view(outputs, depth, 1, kw),
    )


def rank_factors(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return columns and rows whose products add up to the kernels.

    Parameters
    ----------
    weight : Tensor
        Kernels, shape (O, C, kh, kw).

    Returns
    -------
    tuple of Tensor
        The columns, shape (O, C, rank, kh), and the rows, shape (O, C, rank, kw); `rank` is the largest among
        the kernels, at least 1.  On CPU it is found by looking at the numbers; on other devices, where
        looking would mean waiting, it is min(kh, kw).

    Examples
    --------
    >>> columns, rows = rank_factors(torch.tensor([[[[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]]]))
    >>> columns, rows
    (tensor([[[[1., 2., 1.]]]]), tensor([[[[ 1.,  0., -1.]]]]))
    """
    outputs, depth, kh, kw = weight.shape
    looking = weight.device.type == "cpu"
    left = weight.to(torch.complex128 if weight.is_complex() else torch.float64)
    # Where a product of two rounded numbers was rounded again, four roundings of half an eps may remain.
    enough = 2 * torch.finfo(weight.dtype).eps * left.abs().amax((2, 3), keepdim=True) if looking else None
    columns, rows = [], []
    for _ in range(min(kh, kw)):
        at = left.abs().flatten(2).argmax(2)
        column = left.gather(3, (at % kw).view(outputs, depth, 1, 1).expand(-1, -1, kh, 1))
        row = left.gather(2, (at // kw).view(outputs, depth, 1, 1).expand(-1, -1, 1, kw))
        pivot = row.gather(3, (at % kw).view(outputs, depth, 1, 1))
        row = torch.where(pivot == 0, 0, row / pivot)  # nothing remains of a kernel that is zero
        columns.append(column[..., 0])
        rows.append(row[..., 0, :])
        left = left - column * row
        if enough is not None and bool((left.abs() <= enough).all()):
            break
    if len(columns) == min(kh, kw):
        return _factors_of_full_rank(weight)
    return torch.stack(columns, 2).to(weight.dtype), torch.stack(rows, 2).to(weight.dtype)


def _factors_of_full_rank(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return each kernel's own columns with unit rows (or rows with unit columns): nothing is rounded."""
    kh, kw = weight.shape[2:]
    units = torch.eye(min(kh, kw), dtype=weight.dtype, device=weight.device).expand(*weight.shape[:2], -1, -1)
    return (weight.mT, units) if kw <= kh else (units, weight)


class _Tiles(NamedTuple):
    """Some of the output's columns, cut into tiles of equal width, with the matrices that make them."""

    start: int
    tiles: int
    columns: int
    matrices: Tensor
    """Shape (O, C, rank, image columns, output columns)."""


def _horizontal(row_filters: Tensor, setting: Setting) -> list[_Tiles]:
    """Return the tiles of the horizontal pass: the whole ones, and a narrower last one."""
    width, along, gap = setting.output_size[1], setting.stride[1], setting.dilation[1]
    whole, rest = divmod(width, TILE)
    cuts = [(0, whole, TILE)] * (whole > 0) + [(whole * TILE, 1, rest)] * (rest > 0)
    return [_Tiles(*cut, band_matrices(row_filters, cut[2], along, gap).mT.contiguous()) for cut in cuts]


def _two_passes(
    output: Tensor,
    rows: Tensor,
    vertical: Tensor,
    horizontal: list[_Tiles],
    between: Tensor,
    setting: Setting,
) -> None:
    """Write one strip of the output: for each pair of filters, down the columns and then along the rows."""
    images, outputs, count, _ = output.shape
    depth, rank, block, tall = vertical.shape[1:]
    many, (down, along), left = images * (count // block), setting.stride, setting.padding[1][0]
    blocks = rows.unfold(2, tall, block * down).transpose(3, 4)  # (images, C, blocks, tall, W), a view
    between = between[: images * count]
    totals = [output.new_empty(cut.tiles, images * count, cut.columns) for cut in horizontal]
    for o in range(outputs):
        first = o // (outputs // setting.groups) * depth
        for c in range(depth):
            channel = blocks[:, first + c].reshape(many, tall, -1)
            for r in range(rank):
                filtered = torch.bmm(vertical[o, c, r].expand(many, -1, -1), channel)
                between[:, left : left + channel.shape[2]] = filtered.flatten(0, 1)
                for cut, total in zip(horizontal, totals, strict=True):
                    windows = between[:, cut.start * along :].unfold(
                        1, cut.matrices.shape[3], cut.columns * along
                    )
                    tiles = windows[:, : cut.tiles].transpose(0, 1)  # (tiles, rows, image columns), a view
                    matrix = cut.matrices[o, c, r].expand(cut.tiles, -1, -1)
                    torch.baddbmm(total, tiles, matrix, beta=int(c + r > 0), out=total)
        for cut, total in zip(horizontal, totals, strict=True):
            part = output[:, o, :, cut.start : cut.start + cut.tiles * cut.columns]
            side_by_side = total.view(cut.tiles, images, count, cut.columns).permute(1, 2, 0, 3)
            part.view(images, count, cut.tiles, cut.columns).copy_(side_by_side)
