r"""Winograd: 3×3 kernels with fewer multiplications, for a few digits.

Two outputs of a filter with three taps need six multiplications by the definition, and four in a cleverer
order; in two dimensions 4×4 outputs need 36 instead of 144.  The trick is Lagrange's: a filter multiplies
polynomials, and polynomials can be multiplied at points ([1]_, [2]_).  With three constant matrices, for each
6×6 tile d of the image and each kernel g:

.. math:: Y = A^{\mathsf T} \bigl[ (G g G^{\mathsf T}) \odot (B^{\mathsf T} d B) \bigr] A

The sum over channels moves inside the brackets, where ⊙ becomes one matrix product for each of the 36 points.

- Multiplications: 36/16 = 2.25 for each output and channel with F(4,3), 4 with F(2,3); the definition needs
  9.  The transforms of image and output come on top, and pay only where many channels share them.
- Memory: the kernels at the 36 points, four times the weight, and image and output of some hundred tiles.
- Accuracy: the points 0, ±1, ±2 bring factors up to 8, and cancellation eats about two digits: 1e-5 of the
  largest output in float32. That is why `auto` never picks it: it is for those who ask.  NaN and Inf spoil
  the 4×4 outputs of their tile.
- Wins for 3×3 between 128 channels and more.

References
----------
.. [1] S. Winograd, "Arithmetic complexity of computations", SIAM, 1980.
   https://doi.org/10.1137/1.9781611970364
.. [2] A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016.
   https://doi.org/10.1109/CVPR.2016.435
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._shared import decline, declines_integers
from convbook.algorithms._strips import Strip

__all__ = ["MATRICES", "winograd"]

MATRICES: dict[int, tuple[list[list[float]], list[list[float]], list[list[float]]]] = {
    2: (
        [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 1, 1, 0], [0, 1, -1, -1]],
    ),
    4: (
        [
            [4, 0, -5, 0, 1, 0],
            [0, -4, -4, 1, 1, 0],
            [0, 4, -4, -1, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 2, -1, -2, 1, 0],
            [0, 4, 0, -5, 0, 1],
        ],
        [
            [1 / 4, 0, 0],
            [-1 / 6, -1 / 6, -1 / 6],
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ],
        [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
    ),
}
"""Bᵀ, G and Aᵀ of F(2,3) and F(4,3), as Lavin and Gray give them, by the outputs of a tile."""

OUTPUTS = 4
"""Outputs of a tile on each axis: F(4,3)."""

TILES = 128
"""Tiles that are transformed together: rows enough for a quick product, and few enough for the caches."""

POINTS = 1 << 20
"""Numbers of transformed kernels that are held at once where only one strip needs them: 4 MiB of float32.
More would be written to fresh memory, which took longer here than the products that read it."""


class Part(NamedTuple):
    """Some outputs of one group, with their kernels at the 36 points."""

    channels: slice
    outputs: slice
    kernels: Tensor
    """Shape (36, outputs, C / groups)."""


@differentiable
@declines_integers("winograd", "its matrices hold fractions")
@widened
def winograd(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve with 3×3 kernels by products at 6×6 points.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W), floating or complex.
    weight : Tensor
        Shape (O, C / groups, 3, 3).
    bias : Tensor or None
        Shape (O,).
    setting : Setting
        Judged padding, groups and output size; stride and dilation are 1.

    Returns
    -------
    Tensor
        Shape (N, O, rows, columns).

    Raises
    ------
    NotImplementedError
        For another kernel than 3×3, for stride or dilation, and for integers (the matrices hold fractions).

    Examples
    --------
    >>> import torch
    >>> from convbook._checks import conv2d_setting
    >>> X, K = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3)
    >>> winograd(X, K, None, conv2d_setting(X, K)).round()
    tensor([[[[9., 9.],
              [9., 9.]]]])
    """
    kh, kw = weight.shape[2:]
    if (kh, kw) != (3, 3):
        raise decline("winograd", f"needs a 3×3 kernel, got {kh}×{kw}", "im2col, band and fft")
    if setting.stride != (1, 1) or setting.dilation != (1, 1):
        raise decline(
            "winograd",
            f"needs stride 1 and dilation 1, got stride {setting.stride} and dilation {setting.dilation}",
            "im2col, band and shift",
        )
    output = input.new_empty(input.shape[0], weight.shape[0], *setting.output_size)
    if output.numel() == 0 or weight.shape[1] == 0:
        output = output.zero_()
    else:
        to_image, to_kernel, to_output = (_both_sides(matrix, input) for matrix in MATRICES[OUTPUTS])
        strips = list(_strips(setting.output_size, input.shape[0]))
        parts: Iterable[Part] = _kernels_at_points(to_kernel, weight, setting.groups)
        if len(strips) > 1:
            parts = list(parts)
        for strip in strips:
            image = _apply(to_image, _tiles(input, strip, setting))  # (36, tiles, C)
            for channels, outputs, kernels in parts:
                sums = torch.bmm(image[:, :, channels], kernels.mT)  # over the channels, at each point
                rows = output[strip.images, outputs, strip.top : strip.top + strip.rows]
                _write(rows, _apply(to_output, sums))
    return output if bias is None else output.add_(bias.view(-1, 1, 1))


def _both_sides(matrix: list[list[float]], like: Tensor) -> Tensor:
    """Return M ⊗ M, the matrix of P ↦ M P Mᵀ on planes written as vectors.

    Off the CPU its numbers are filled in one by one: a list would come from the host, which waits for it.
    """
    if like.is_cpu:
        small = like.resolve_conj().resolve_neg().new_tensor(matrix)  # a lazy view has no new_tensor
    else:
        small = torch.stack([torch.stack([like.new_full((), value) for value in row]) for row in matrix])
    return torch.kron(small, small)


def _apply(matrix: Tensor, planes: Tensor) -> Tensor:
    """Return the matrix times each plane's vector, which is the first dimension."""
    return torch.matmul(matrix, planes.flatten(1)).view(-1, *planes.shape[1:])


def _kernels_at_points(to_kernel: Tensor, weight: Tensor, groups: int) -> Iterator[Part]:
    """Yield G g Gᵀ for the kernels g of some outputs after the other, never those of two groups together."""
    depth, of_group = weight.shape[1], weight.shape[0] // groups
    together = max(1, POINTS // (len(to_kernel) * depth))
    for group in range(groups):
        for first in range(group * of_group, (group + 1) * of_group, together):
            outputs = slice(first, min(first + together, (group + 1) * of_group))
            kernels = torch.matmul(to_kernel, weight[outputs].reshape(-1, 9).mT)
            channels = slice(group * depth, (group + 1) * depth)
            yield Part(channels, outputs, kernels.view(len(to_kernel), -1, depth))


def _strips(output_size: tuple[int, int], batch: int) -> Iterator[Strip]:
    """Cut the output into strips of about `TILES` tiles: small images together, large ones by rows."""
    rows, columns = output_size
    down, along = -(-rows // OUTPUTS), -(-columns // OUTPUTS)
    tall = min(down, max(1, TILES // along)) * OUTPUTS
    together = max(1, TILES // (down * along))
    for first in range(0, batch, together):
        for top in range(0, rows, tall):
            yield Strip(slice(first, min(batch, first + together)), top, min(tall, rows - top), 1)


def _tiles(input: Tensor, strip: Strip, setting: Setting) -> Tensor:
    """Return the overlapping 6×6 tiles under a strip, shape (36, tiles, C): channels go last.

    So all that follows, but for the last step, moves whole rows of channels.
    """
    (above, _), (left, _) = setting.padding
    images, channels, height = input[strip.images], input.shape[1], input.shape[2]
    side, down, along = OUTPUTS + 2, -(-strip.rows // OUTPUTS), -(-setting.output_size[1] // OUTPUTS)
    rows = input.new_zeros(len(images), OUTPUTS * down + 2, OUTPUTS * along + 2, channels)
    start = strip.top - above  # the image's row that the first row of the tiles shows
    first, last = min(max(start, 0), height), min(max(start + rows.shape[1], 0), height)
    pixels = images[:, :, first:last].permute(0, 2, 3, 1)[:, :, : rows.shape[2] - left]
    rows[:, first - start : last - start, left : left + pixels.shape[2]] = pixels
    tiles = rows.unfold(1, side, OUTPUTS).unfold(2, side, OUTPUTS)  # (images, down, along, C, 6, 6), a view
    return tiles.permute(4, 5, 0, 1, 2, 3).reshape(side * side, -1, channels)


def _write(output: Tensor, tiles: Tensor) -> None:
    """Put the 4×4 tiles, shape (16, tiles, O), side by side, without what sticks out."""
    images, channels, rows, columns = output.shape
    down, along = -(-rows // OUTPUTS), -(-columns // OUTPUTS)
    by_place = tiles.view(OUTPUTS, OUTPUTS, images, down, along, channels).permute(2, 3, 0, 4, 1, 5)
    plane = by_place.reshape(images, down * OUTPUTS, along * OUTPUTS, channels)
    output.copy_(plane[:, :rows, :columns].permute(0, 3, 1, 2))
