"""What the quicker algorithms share: declining by name, and working in strips that fit the cache."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import torch.nn.functional as F
from torch import Tensor

from convbook._checks import NO_PADDING, Setting
from convbook._forms import Sides
from convbook.windows import padded

Algorithm: TypeAlias = Callable[[Tensor, Tensor, Tensor | None, Setting], Tensor]
"""(input, weight, bias, setting) → output; `input` is 4-D and everything has been judged."""


def with_padding(input: Tensor, padding: Sides) -> Tensor:
    """Return the images with zeros around them; the very same tensor where there is nothing to add."""
    return input if padding == NO_PADDING else padded(input, padding)


def with_bias(output: Tensor, bias: Tensor | None) -> Tensor:
    """Return the output with its channel's bias added to each cell."""
    return output if bias is None else output + bias.view(-1, 1, 1)


def decline(method: str, why: str, able: str) -> NotImplementedError:
    """Return the error by which a method declines a setting, naming itself and those that can.

    Examples
    --------
    >>> print(decline("winograd", "needs a 3×3 kernel, got 5×5", "im2col, band and fft"))
    method 'winograd' needs a 3×3 kernel, got 5×5; im2col, band and fft can do this, and so can 'auto'
    """
    return NotImplementedError(f"method {method!r} {why}; {able} can do this, and so can 'auto'")


def declines_integers(method: str, why: str) -> Callable[[Algorithm], Algorithm]:
    """Make an algorithm decline integers, where its steps leave the integers."""

    def decorate(algorithm: Algorithm) -> Algorithm:
        @functools.wraps(algorithm)
        def checked(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
            if not (input.is_floating_point() or input.is_complex()):
                name = str(input.dtype).removeprefix("torch.")
                raise decline(method, f"needs floating numbers, got {name}: {why}", "im2col, band and shift")
            return algorithm(input, weight, bias, setting)

        return checked

    return decorate


# ------------------------------------------------------------------------------------- work in cache-sized
# strips

STRIP = 1 << 17
"""Numbers in one strip of rows, 512 KiB of float32: a quarter of the second-level cache that this was
measured with."""


class Strip(NamedTuple):
    """A part of the output: some images, and some rows from `top` on."""

    images: slice
    top: int
    rows: int
    block: int
    """Rows that are made at once; it divides `rows`."""


def strips(input: Tensor, setting: Setting, block: int, size: int = STRIP) -> Iterator[Strip]:
    """Cut the output into strips whose input fits the cache: whole small images together, large ones by rows.

    `size` is how many numbers a strip may hold; a method with several buffers asks for smaller ones.  Rows
    that do not fill a block at the end of an image come as a strip of one smaller block.
    """
    batch, channels, _, width = input.shape
    row = max(1, channels * (width + sum(setting.padding[1])) * setting.stride[0])
    rows = setting.output_size[0]
    whole = rows - rows % block
    tall = max(block, size // row // block * block)
    together = max(1, size // (row * rows))
    for first in range(0, batch, together):
        images = slice(first, min(batch, first + together))
        for top in range(0, whole, tall):
            yield Strip(images, top, min(tall, whole - top), block)
        if rows > whole:
            yield Strip(images, whole, rows - whole, rows - whole)


def rows_for(
    input: Tensor, strip: Strip, reach: int, setting: Setting, more: tuple[int, int] = (0, 0)
) -> Tensor:
    """Return the padded image rows that a strip of the output looks at; a view where nothing has to be added.

    `reach` is the dilated kernel's height; `more` asks for further zeros below and to the right.
    """
    (above, _), (left, right) = setting.padding
    height = input.shape[2]
    start = strip.top * setting.stride[0] - above
    stop = start + (strip.rows - 1) * setting.stride[0] + reach + more[0]
    first, last = min(max(start, 0), height), min(max(stop, 0), height)
    inside = input[strip.images, :, first:last]
    if start < 0 or stop > height or left or right or more[1]:
        above_it = min(max(-start, 0), stop - start)
        return F.pad(inside, (left, right + more[1], above_it, stop - start - above_it - (last - first)))
    return inside


class PaddedRows:
    """The padded image rows under one strip after another, in one buffer that is made once.

    New memory for each strip would cost more than the arithmetic in it.  Where there is no padding a strip's
    rows are a view of the image.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W).
    setting : Setting
        The convolution's; its padding counts.
    reach : int
        Rows of the dilated kernel.
    largest : Strip
        The strip with the most rows and images.
    """

    def __init__(self, input: Tensor, setting: Setting, reach: int, largest: Strip) -> None:
        self.input, self.setting, self.reach = input, setting, reach
        self.left, self.width = setting.padding[1][0], input.shape[3] + sum(setting.padding[1])
        self.buffer: Tensor | None = None
        if setting.padding != NO_PADDING:
            images, channels = len(range(*largest.images.indices(input.shape[0]))), input.shape[1]
            rows = (largest.rows - 1) * setting.stride[0] + reach
            self.buffer = input.new_zeros(images * channels * rows * self.width)

    def under(self, strip: Strip) -> Tensor:
        """Return the rows that the strip's outputs look at, shape (images, C, rows, padded width)."""
        height = self.input.shape[2]
        start = strip.top * self.setting.stride[0] - self.setting.padding[0][0]
        stop = start + (strip.rows - 1) * self.setting.stride[0] + self.reach
        first, last = min(max(start, 0), height), min(max(stop, 0), height)
        inside = self.input[strip.images, :, first:last]
        if self.buffer is None:
            return inside
        images, channels, count, columns = inside.shape
        rows = self.buffer[: images * channels * (stop - start) * self.width]
        rows = rows.view(images, channels, stop - start, self.width)
        above = min(max(-start, 0), stop - start)
        rows[:, :, :above] = (
            0  # an earlier strip's rows stood here; beside the image there have always been zeros
        )
        rows[:, :, above : above + count, self.left : self.left + columns] = inside
        rows[:, :, above + count :] = 0
        return rows
