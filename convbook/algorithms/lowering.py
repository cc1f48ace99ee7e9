r"""Half lowering: copy each pixel once a kernel column, not once a tap, and let the products' rows overlap.

im2col writes each pixel kh·kw times, so that a convolution becomes one matrix product.  Only the columns need
that.  Write each image row kw times, moved by one pixel each time, the copies below each other:

.. math:: Z_{r,\,b,\,j} = X_{r,\,j+b}

Then kh neighbouring rows of Z, as they lie in memory, are a matrix of kh·kw rows that holds every window of
an output row as a column, and the next output row's matrix begins kw rows further down in the same memory:
nothing more is copied.  The flattened kernel times that matrix is a row of the output:

.. math:: Y_r = \operatorname{vec}(K)^{\mathsf T} Z_{r : r + kh}

A product of one row is slow, though.  So a block of output rows is made at once, by a band matrix whose rows
are the kernel, each moved on by kw entries (:func:`convbook.algorithms.band.kernel_bands`); between many
channels one output row is enough.

- Multiplications: the definition's, times (b + kh − 1)/kh for blocks of b rows, whose zeros are multiplied
  too.
- Memory: the output and cache-sized strips of Z, which is kw times as large as the image, where im2col takes
  kh·kw times the input.
- Accuracy: that of the definition in another order of summing; integers exact.  NaN and Inf spoil the b rows
  of their block, because 0·∞ is not 0.
- Wins on images of 64² to 256² with kernels up to about 15×15: one call for all taps, where the band has kw
  and each adds to the output again.

References
----------
.. [1] M. Cho and D. Brand, "MEC: memory-efficient convolution for deep neural network", ICML 2017.
   https://doi.org/10.48550/arXiv.1706.06873
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._strips import STRIP, rows_for, strips
from convbook.algorithms.band import BLOCK, kernel_bands

__all__ = ["lowering", "strip_sizes"]

WHOLE = 1 << 19
"""Numbers in Z up to which an image goes through as one strip: 2 MiB of float32, a second-level cache.
Larger ones go by strips whose Z is a tenth of a megapixel image."""


@differentiable
@widened
def lowering(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by one product of the kernel's rows with overlapping rows of the moved image.

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
        reach = (weight.shape[2] - 1) * setting.dilation[0] + 1
        parts = list(strips(input, setting, *strip_sizes(input.shape, weight.shape, setting)))
        kernels = {block: kernel_bands(weight, setting, block) for block in {strip.block for strip in parts}}
        z = input.new_empty(0)
        for strip in parts:
            z = _moved(rows_for(input, strip, reach, setting), weight, setting, z)
            for group, part in enumerate(strip.of(output, setting.groups)):
                _multiply(kernels[strip.block], z, group, part, strip.block * setting.stride[0])
    return output if bias is None else output.add_(bias.view(-1, 1, 1))


def strip_sizes(image: Sequence[int], kernel: Sequence[int], setting: Setting) -> tuple[int, int]:
    """Return how many output rows one product makes, and how many numbers of the image a strip may hold.

    Channels are rows of a product too, so with four of them one output row is enough.
    """
    outputs, _, _, kw = kernel
    (rows, columns), (down, along) = setting.output_size, setting.stride
    lowered = image[0] * image[1] * kw * rows * down * columns
    return max(1, BLOCK * setting.groups // outputs), (WHOLE if lowered <= WHOLE else STRIP) * along // kw


def _moved(rows: Tensor, weight: Tensor, setting: Setting, room: Tensor) -> Tensor:
    """Return Z, in the room if it fits: (groups, image rows, channels of a group, kw, images, columns)."""
    images, _, count, _ = rows.shape
    depth, _, kw = weight.shape[1:]
    image, channel, row, pixel = rows.stride()
    shape = (setting.groups, count, depth, kw, images, setting.output_size[1])
    steps = (depth * channel, row, channel, setting.dilation[1] * pixel, image, setting.stride[1] * pixel)
    z = room if room.shape == shape else rows.new_empty(shape)
    return z.copy_(rows.as_strided(shape, steps, rows.storage_offset()))


def _multiply(kernels: Tensor, z: Tensor, group: int, output: Tensor, step: int) -> None:
    """Write one group of one strip of the output: a product for each block, `step` image rows apart."""
    images, channels, rows, columns = output.shape
    _, high, tall = kernels.shape
    many, length = rows * channels // high, images * columns
    plane, row = z.stride()[:2]
    kernel = kernels.as_strided((many, high, tall), (0, tall, 1), group * high * tall)
    windows = z.as_strided((many, tall, length), (step * row, length, 1), group * plane)
    if images == channels == 1:
        torch.bmm(kernel, windows, out=output.view(many, high, columns))
    else:
        sums = torch.bmm(kernel, windows).view(many, channels, -1, images, columns)
        output.view(images, channels, many, -1, columns).copy_(sums.permute(3, 1, 0, 2, 4))
