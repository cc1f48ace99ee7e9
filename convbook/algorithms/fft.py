r"""FFT: correlation is multiplication between spectra, tile by tile.

.. math:: Y = \mathcal F^{-1}\bigl(\mathcal F(X) \cdot \overline{\mathcal F(\overline K)}\bigr)

The transform is periodic, so a tile's outputs whose window runs over its end are wrong, and are thrown away:
a transform of side n gives n − k + 1 right outputs on each axis, and the next tile starts where they stop
("overlap-save", [1]_).  Small images are one tile.

- Multiplications: about 5·log₂ n² for each output of a tile, whatever the kernel: nothing grows with k but
  what is thrown away.
- Memory: the spectra of a few tiles; of the whole image where it is one tile.
- Accuracy: relative to the *largest* number of the tile.  Beside a pixel of 10⁶, float32 leaves small ones no
  digit after the first decimal place, and one NaN or Inf spoils its whole tile.  Where that matters the
  definition's relatives are the choice.
- Wins for kernels that no product of short filters makes, from about 20×20 on.

Between channels, spectra are multiplied and added frequency by frequency: a small matrix product for each.
Strides compute every output and keep some.

References
----------
.. [1] T. G. Stockham, "High-speed convolution and correlation", AFIPS Spring Joint Computer Conference, 1966,
   229–233. https://doi.org/10.1145/1464182.1464209
.. [2] J. W. Cooley and J. W. Tukey, "An algorithm for the machine calculation of complex Fourier series",
   Mathematics of Computation 19, 1965, 297–301. https://doi.org/10.1090/S0025-5718-1965-0178586-1
"""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._shared import declines_integers

__all__ = ["fft", "good_size", "transform_side"]

WHOLE = 540
"""Sides up to this are transformed in one piece."""

TILES = (216, 400)
"""Sides of tiles where the image is larger: from 216 the kernel's margin is small, up to 400 a spectrum stays
in the cache."""


@differentiable
@declines_integers("fft", "a spectrum is made of sines and cosines")
@widened
def fft(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by multiplying spectra, in tiles that overlap by the kernel.

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
        For integers: the transform leaves them.

    Examples
    --------
    >>> import torch
    >>> from convbook._checks import conv2d_setting
    >>> X, K = torch.arange(9.0).reshape(1, 1, 3, 3), torch.arange(4.0).reshape(1, 1, 2, 2)
    >>> fft(X, K, None, conv2d_setting(X, K)).round()
    tensor([[[[19., 25.],
              [37., 43.]]]])
    """
    output = input.new_zeros(input.shape[0], weight.shape[0], *setting.output_size)
    if output.numel() and weight.shape[1]:
        dense = _dense(setting)
        reach = tuple((k - 1) * d + 1 for k, d in zip(weight.shape[2:], setting.dilation, strict=True))
        sides = tuple(transform_side(n, r) for n, r in zip(dense.output_size, reach, strict=True))
        spectrum = _kernel_spectrum(weight, setting, (sides[0], sides[1]))
        _by_tiles(output, input, spectrum, dense, (sides[0], sides[1]), (reach[0], reach[1]), setting)
    return output if bias is None else output.add_(bias.view(-1, 1, 1))


def good_size(n: int) -> int:
    """Return the next size whose only prime factors are 2, 3 and 5, where transforms are quick.

    Examples
    --------
    >>> [good_size(n) for n in (7, 11, 13, 17, 1021)]
    [8, 12, 15, 18, 1024]
    """
    while True:
        left = n
        for prime in (2, 3, 5):
            while left % prime == 0:
                left //= prime
        if left == 1:
            return n
        n += 1


def _dense(setting: Setting) -> Setting:
    """Return the setting at stride 1 whose outputs contain those of `setting`."""
    (rows, columns), (down, along) = setting.output_size, setting.stride
    return setting._replace(stride=(1, 1), output_size=((rows - 1) * down + 1, (columns - 1) * along + 1))


@functools.cache
def transform_side(outputs: int, reach: int) -> int:
    """Return the transform's side on one axis: the whole image's, or a tile's that transforms fewest numbers.

    Examples
    --------
    >>> transform_side(200, 7), transform_side(512, 31)
    (216, 288)
    """
    whole = good_size(outputs + reach - 1)
    if whole <= WHOLE and reach < outputs:
        return whole
    least, most = (max(side, times * reach) for side, times in zip(TILES, (3, 5), strict=True))
    # Of the good sizes those with many twos are the quickest: multiples of 32.
    sides = {min(32 * good_size(-(-side // 32)), whole) for side in range(least, most - 31)}
    return min(sorted(sides), key=lambda side: -(-outputs // (side - reach + 1)) * side)


def _kernel_spectrum(weight: Tensor, setting: Setting, sides: tuple[int, int]) -> Tensor:
    """Return the conjugate spectrum of the conjugate kernels: (groups, O / groups, C / groups, x, y)."""
    outputs, depth, kh, kw = weight.shape
    gap_down, gap_along = setting.dilation
    spread = weight.new_zeros(outputs, depth, (kh - 1) * gap_down + 1, (kw - 1) * gap_along + 1)
    spread[..., ::gap_down, ::gap_along] = weight
    transform = torch.fft.fft2 if weight.is_complex() else torch.fft.rfft2
    spectrum: Tensor = transform(spread.conj(), sides).conj().resolve_conj()
    return spectrum.view(setting.groups, outputs // setting.groups, *spectrum.shape[1:])


def _by_tiles(
    output: Tensor,
    input: Tensor,
    spectrum: Tensor,
    dense: Setting,
    sides: tuple[int, int],
    reach: tuple[int, int],
    setting: Setting,
) -> None:
    """Write the output tile by tile, the same tile of all images together."""
    (rows, columns), groups = dense.output_size, setting.groups
    height, width = (side - r + 1 for side, r in zip(sides, reach, strict=True))
    for top in range(0, rows, height):
        for left in range(0, columns, width):
            under = _under(input, (top, left), sides, setting)
            windows = under.view(len(under), groups, -1, *sides)
            right = _filtered(windows, spectrum, sides)[..., :height, :width].flatten(1, 2)
            _keep_strided(output, right, (top, left), dense, setting)


def _under(input: Tensor, corner: tuple[int, int], sides: tuple[int, int], setting: Setting) -> Tensor:
    """Return the padded image from a corner on, as large as the transform: a view where it has no border."""
    frame: list[int] = []  # zeros to the left and right, then above and below, as F.pad takes them
    for axis, (start, side, (before, _)) in enumerate(zip(corner, sides, setting.padding, strict=True), 2):
        first = min(max(start - before, 0), input.shape[axis])
        last = min(max(start - before + side, 0), input.shape[axis])
        input = input.narrow(axis, first, last - first)
        ahead = min(max(before - start, 0), side)
        frame = [ahead, side - ahead - (last - first), *frame]
    return F.pad(input, frame) if any(frame) else input


def _filtered(windows: Tensor, spectrum: Tensor, sides: tuple[int, int]) -> Tensor:
    """Return the circular correlation of each window with each kernel."""
    filtered: Tensor
    if windows.is_complex():
        filtered = torch.fft.ifft2(_between_channels(torch.fft.fft2(windows), spectrum))
    else:
        filtered = torch.fft.irfft2(_between_channels(torch.fft.rfft2(windows), spectrum), sides)
    return filtered


def _between_channels(image: Tensor, kernel: Tensor) -> Tensor:
    """Multiply (N, groups, C, x, y) by (groups, O, C, x, y) and add over C, at each frequency."""
    if kernel.shape[2] == 1:
        return image.mul_(kernel[:, 0]) if kernel.shape[1] == 1 else image * kernel[:, :, 0]
    return torch.einsum("ngcxy,gocxy->ngoxy", image, kernel)


def _keep_strided(
    output: Tensor, values: Tensor, corner: tuple[int, int], dense: Setting, setting: Setting
) -> None:
    """Write those of the dense outputs from `corner` on that exist and that the stride keeps."""
    (top, left), (down, along) = corner, setting.stride
    values = values[:, :, : dense.output_size[0] - top, : dense.output_size[1] - left]
    row, column = -(-top // down), -(-left // along)
    kept = values[:, :, row * down - top :: down, column * along - left :: along]
    output[:, :, row : row + kept.shape[2], column : column + kept.shape[3]] = kept
