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

In plain torch, for one image and one channel:

>>> X, K = torch.arange(9).view(3, 3), torch.arange(4).view(2, 2)
>>> z = torch.stack([X[:, b : b + 2] for b in range(2)], dim=1)  # Z[r, b, j]
>>> torch.stack([K.flatten() @ z[r : r + 2].flatten(0, 1) for r in range(2)])
tensor([[19, 25],
        [37, 43]])

What the code below adds are blocks, strips, batches, and views that are made once for all strips of a shape.
On 1024×1024 pixels, one Xeon thread, the last took a quarter off the time for 3×3, and more for 7×7.

References
----------
.. [1] M. Cho and D. Brand, "MEC: memory-efficient convolution for deep neural network", ICML 2017.
   https://doi.org/10.48550/arXiv.1706.06873
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from convbook._checks import NO_PADDING, Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._strips import Strip, strips
from convbook.algorithms.band import BLOCK, kernel_bands

__all__ = ["lowering", "strip_sizes"]

WHOLE = 1 << 18
"""Numbers in Z up to which an image goes through as one strip: 1 MiB of float32, half a cache."""

PART = 1 << 17
"""Numbers in Z of one strip of a larger image: with the output beside it in the cache, this was quickest."""


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
        prepared: dict[tuple[int, int], _Lowered] = {}
        for strip in _strips(input, setting, *strip_sizes(input.shape, weight.shape, setting)):
            shape = (strip.images.stop - strip.images.start, strip.rows)
            if shape not in prepared:
                prepared[shape] = _Lowered(input, weight, setting, strip)
            prepared[shape].load(strip)
            prepared[shape].multiply(strip, output)
    return output if bias is None else output.add_(bias.view(-1, 1, 1))


def strip_sizes(image: Sequence[int], kernel: Sequence[int], setting: Setting) -> tuple[int, int]:
    """Return how many output rows one product makes, and how many numbers of the image a strip may hold.

    Channels are rows of a product too, so with four of them one output row is enough.
    """
    outputs, _, _, kw = kernel
    (rows, columns), (down, along) = setting.output_size, setting.stride
    lowered = image[0] * image[1] * kw * rows * down * columns
    return max(1, BLOCK * setting.groups // outputs), (WHOLE if lowered <= WHOLE else PART) * along // kw


def _strips(input: Tensor, setting: Setting, block: int, size: int) -> Iterator[Strip]:
    """Cut the output into strips: whole images together, or a large image into strips of one shape.

    The last of these begins earlier where it would stick out: to make some rows again takes less than to
    prepare another shape.
    """
    rows = setting.output_size[0]
    row = input.shape[1] * (input.shape[3] + sum(setting.padding[1])) * setting.stride[0]
    most = max(block, size // row // block * block)
    if rows <= most:
        yield from strips(input, setting, block, size)
        return
    count = -(-rows // most)
    tall = -(-rows // (count * block)) * block
    for image in range(len(input)):
        for strip in range(count):
            yield Strip(slice(image, image + 1), min(strip * tall, rows - tall), tall, block)


class _Lowered:
    """The image rows under one strip after another of the same shape, lowered in one buffer.

    Everything that the strips share is made once: a strip is little work, of which each call of torch would
    be a twentieth.

    It takes what :func:`lowering` takes, and the first strip of that shape.
    """

    def __init__(self, input: Tensor, weight: Tensor, setting: Setting, strip: Strip) -> None:
        self.input, self.setting = input, setting
        depth, kh, kw = weight.shape[1:]
        images = strip.images.stop - strip.images.start
        self.count = (strip.rows - 1) * setting.stride[0] + (kh - 1) * setting.dilation[0] + 1
        # Z's dimensions: groups, image rows, channels of a group, kernel columns, images, columns.
        self.z = input.new_empty(setting.groups, self.count, depth, kw, images, setting.output_size[1])
        self.padded = setting.padding != NO_PADDING
        self.shown: tuple[int, int] | None = None  # the rows of the padded buffer that hold pixels
        source = self._make_room(images) if self.padded else input
        image, channel, row, pixel = source.stride()
        column = setting.stride[1] * pixel
        self.steps = (depth * channel, row, channel, setting.dilation[1] * pixel, image, column)
        self.moved = source.as_strided(self.z.shape, self.steps) if self.padded else source
        bands = kernel_bands(weight, setting, strip.block)
        self.alone = images == 1 and bands.shape[1] == strip.block
        self.products = list(self._products(bands, strip))

    def _make_room(self, images: int) -> Tensor:
        """Make the buffer for the padded rows; without padding they are read where they are."""
        left, right = self.setting.padding[1]
        channels, _, width = self.input.shape[1:]
        self.room = self.input.new_empty(images, channels, self.count, left + width + right)
        self.pixels = self.room[..., left : left + width]
        return self.room

    def _products(self, bands: Tensor, strip: Strip) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield each group's band, and the overlapping windows of Z that it is multiplied with: views."""
        _, high, tall = bands.shape
        blocks, length = strip.rows // strip.block, self.z.shape[4] * self.z.shape[5]
        plane, row = self.z.stride()[:2]
        step = strip.block * self.setting.stride[0] * row
        for group in range(self.setting.groups):
            band = bands.as_strided((blocks, high, tall), (0, tall, 1), group * high * tall)
            yield band, self.z.as_strided((blocks, tall, length), (step, length, 1), group * plane)

    def load(self, strip: Strip) -> None:
        """Write the rows under a strip, each pixel once a kernel column."""
        image, _, row, _ = steps = self.input.stride()
        begin = self.input.storage_offset() + strip.images.start * image
        start = strip.top * self.setting.stride[0] - self.setting.padding[0][0]
        if not self.padded:
            self.z.copy_(self.input.as_strided(self.z.shape, self.steps, begin + start * row))
            return
        height, pixels = self.input.shape[2], self.pixels
        first, last = min(max(start, 0), height), min(max(start + self.count, 0), height)
        shown = (first - start, last - start)
        if shown != (0, self.count):  # above or below the image
            pixels = pixels[:, :, shown[0] : shown[1]]
        if self.shown is None or (shown != self.shown and shown != (0, self.count)):
            self.room.zero_()  # where the last strip had pixels, this one has padding
        self.shown = shown
        pixels.copy_(self.input.as_strided(pixels.shape, steps, begin + first * row))
        self.z.copy_(self.moved)

    def multiply(self, strip: Strip, output: Tensor) -> None:
        """Write one strip of the output: a product for each block of each group."""
        if self.alone:
            channels, rows, columns = output.shape[1:]
            for group, (kernel, windows) in enumerate(self.products):
                blocks, high, _ = kernel.shape
                begin = ((strip.images.start * channels + group) * rows + strip.top) * columns
                part = output.as_strided((blocks, high, columns), (high * columns, columns, 1), begin)
                torch.bmm(kernel, windows, out=part)
            return
        parts = strip.of(output, len(self.products))
        for (kernel, windows), part in zip(self.products, parts, strict=True):
            images, channels, _, columns = part.shape
            sums = torch.bmm(kernel, windows).view(len(kernel), channels, -1, images, columns)
            part.view(images, channels, len(kernel), -1, columns).copy_(sums.permute(3, 1, 0, 2, 4))
