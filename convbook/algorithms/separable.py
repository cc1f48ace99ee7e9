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

import torch
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import readable, widened
from convbook.algorithms._shared import declines_integers
from convbook.algorithms._strips import SideBySide, Strip, strips
from convbook.algorithms.band import band_matrices

__all__ = ["by_factors", "may_be_rank_one", "rank_factors", "rank_one_factors", "separable"]

BLOCK = 8
"""Output rows at once in the vertical pass."""

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
    outputs, depth, rank, kh = columns.shape
    (down, along), (gap_down, gap_along) = setting.stride, setting.dilation
    output = input.new_empty(input.shape[0], outputs, *setting.output_size)
    parts = list(strips(input, setting, BLOCK))
    under = SideBySide(input, setting, (kh - 1) * gap_down + 1, parts, TILE * along)
    vertical = {
        block: band_matrices(columns, block, down, gap_down) for block in {strip.block for strip in parts}
    }
    horizontal = band_matrices(rows, TILE, along, gap_along).mT.contiguous()
    passes: dict[int, _Passes] = {}
    for strip in parts:
        under.load(strip)
        size = strip.rows * under.length
        if size not in passes:
            passes = {size: _Passes(under, size, horizontal.shape[3])}
        for o in range(outputs):
            group = o // (outputs // setting.groups)
            for c in range(depth):
                for r in range(rank):
                    passes[size].down(vertical[strip.block][o, c, r], strip, group, c)
                    passes[size].along(horizontal[o, c, r], add=c + r > 0)
            passes[size].write(output[strip.images, o, strip.top : strip.top + strip.rows])
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
    accuracy = _accuracy(weight)
    columns, rows = [], []
    for plane in weight.double().reshape(-1, kh, kw):
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


def may_be_rank_one(weight: Tensor) -> bool:
    """Return False where one number beside the pivot already tells that the first kernel has a higher rank.

    In plain Python that is quicker than the tensors' calls in :func:`rank_one_factors`, and for nearly every
    kernel it is the end of the look.

    Parameters
    ----------
    weight : Tensor
        Kernels on the CPU, shape (O, C, kh, kw).

    Returns
    -------
    bool
        True for the others: all of rank one, some of a higher rank, NaN, and no kernel at all.

    Examples
    --------
    >>> may_be_rank_one(torch.ones(1, 1, 3, 3)), may_be_rank_one(torch.eye(3)[None, None])
    (True, False)
    """
    if weight.numel() == 0:
        return True
    numbers: list[float] = weight[0, 0].flatten().tolist()
    kh, kw = weight.shape[2:]
    most, least = max(numbers), min(numbers)
    pivot = most if most >= -least else least
    a, b = divmod(numbers.index(pivot), kw)
    beside, under = (b + 1) % kw, (a + 1) % kh
    row, column, corner = numbers[a * kw + beside], numbers[under * kw + b], numbers[under * kw + beside]
    refused = abs(pivot * corner - column * row) > _accuracy(weight) * pivot * pivot
    return not refused  # a NaN refuses nothing here


def _accuracy(weight: Tensor) -> float:
    """Return which part of the pivot may remain: four roundings, where a product was rounded again."""
    return 2 * torch.finfo(weight.dtype).eps


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
    if readable(weight) and not weight.is_complex() and (found := rank_one_factors(weight)) is not None:
        return found
    left = weight.to(torch.complex128 if weight.is_complex() else torch.float64)
    enough = _accuracy(weight) * left.abs().amax((2, 3), keepdim=True) if looking else None
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


class _Passes:
    """The two passes over a strip, each a few matrix products from one buffer into the next.

    Between the passes the filtered rows lie one behind the other, cut into tiles of as many columns as make
    `TILE` outputs.  The outputs of a tile need its own columns and some of the following tiles'.  A product
    of two matrices cannot take rows that overlap, so every s-th tile is a row of one product, the tiles
    after them are the rows of the next, s products in all.
    """

    def __init__(self, rows: SideBySide, size: int, window: int) -> None:
        self.rows, step = rows, TILE * rows.setting.stride[1]
        tiles, phases = size // step, -(-window // step)
        room = rows.first + step * phases + window  # the last windows run over the end
        self.filtered = rows.holder.new_zeros(size + room)
        self.sums = rows.holder.new_empty(tiles * TILE)
        self.products = []
        for phase in range(min(phases, tiles)):
            many = -(-(tiles - phase) // phases)
            windows = self.filtered.as_strided((many, window), (phases * step, 1), rows.first + phase * step)
            sums = self.sums.as_strided((many, TILE), (phases * TILE, 1), phase * TILE)
            self.products.append((windows, sums))
        self.filtered = self.filtered[:size]

    def down(self, matrix: Tensor, strip: Strip, group: int, channel: int) -> None:
        """Filter the columns of one channel: a block of output rows from the image rows under it."""
        block, tall = matrix.shape
        count, rows = strip.rows // block, self.rows
        stacks = rows.stacks(group, count, block * rows.setting.stride[0], tall)
        if rows.depth > 1:
            stacks = stacks[:, channel :: rows.depth]
        torch.bmm(matrix.expand(count, -1, -1), stacks, out=self.filtered.view(count, block, -1))

    def along(self, matrix: Tensor, add: bool) -> None:
        """Filter the rows between the passes, and add what comes out or start with it."""
        for windows, sums in self.products:
            torch.addmm(sums, windows, matrix, beta=int(add), out=sums)

    def write(self, output: Tensor) -> None:
        """Put the sums into one channel of the output, shape (images, rows, columns)."""
        images, count, columns = output.shape
        by_image = self.sums.view(count, images, -1).transpose(0, 1)
        output.copy_(by_image[..., :columns])
