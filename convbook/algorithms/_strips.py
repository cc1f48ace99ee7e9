"""Work in strips that fit the cache: which rows of which images, and where their pixels lie meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from convbook._checks import NO_PADDING, Setting

REGISTER = 16
"""Numbers between borders at which copies and sums run fastest: a vector register of float32, or a cache
line."""

NARROW = 16 * REGISTER
"""Columns from which the copies gain more by such borders than the products lose by the columns between."""

STRIP = 3 << 15
"""Numbers in one strip of rows, 384 KiB of float32: a fifth of the second-level cache that this was measured
with, and a tenth of a megapixel image."""


class Strip(NamedTuple):
    """A part of the output: some images, and some rows from `top` on."""

    images: slice
    top: int
    rows: int
    block: int
    """Rows that are made at once; it divides `rows`."""

    def of(self, output: Tensor, groups: int) -> tuple[Tensor, ...]:
        """Return this part of the output, a view for each group: (images, O / groups, rows, columns)."""
        images, _, rows, _ = output.shape
        if self.rows < rows or self.images != slice(0, images):
            output = output[self.images, :, self.top : self.top + self.rows]
        return output.chunk(groups, 1) if groups > 1 else (output,)


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
    whole = last - first == height and strip.images == slice(0, input.shape[0])
    inside = input if whole else input[strip.images, :, first:last]
    if start < 0 or stop > height or left or right or more[1]:
        above_it = min(max(-start, 0), stop - start)
        return F.pad(inside, (left, right + more[1], above_it, stop - start - above_it - (last - first)))
    return inside


class SideBySide:
    """The padded image rows under one strip after another, its images side by side, in one buffer.

    A row of the buffer holds one row of one channel of every image of the strip, one beside the other, with
    the padding's zeros between them.  Channels take turns: row 0 of all channels of a group, then row 1.

    So the rows under a block of outputs, of all channels, are a matrix that needs no copy, and the next
    block's rows may overlap it.  And a batch of small images has rows that are long enough for a product to
    be worth its call.  The buffer is made once, for new memory costs more than the arithmetic in it.  One
    image of one channel without padding is used as it lies.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W).
    setting : Setting
        The convolution's; padding, groups and strides count.
    reach : int
        Rows of the dilated kernel.
    parts : list of Strip
        The strips to come.
    tile : int, optional
        Columns of which an image must be a multiple to be used as it lies.

    Attributes
    ----------
    first : int
        The column where the first window of a strip's first image starts.
    wide : int
        Columns from one image to the next.
    """

    def __init__(
        self, input: Tensor, setting: Setting, reach: int, parts: list[Strip], tile: int = 1
    ) -> None:
        self.input, self.setting, self.reach = input.contiguous(), setting, reach
        self.depth, self.images = input.shape[1] // setting.groups, max(_images(strip) for strip in parts)
        width, (left, right) = input.shape[3], setting.padding[1]
        alone = self.images == self.depth == 1 and setting.padding == NO_PADDING and width % tile == 0
        borders = 1 if tile == 1 and width < NARROW else REGISTER
        self.first = 0 if alone else -left % borders  # the pixels themselves start at a border
        borders *= setting.stride[1]
        self.wide = width if alone else -(-(self.first + left + width + right) // borders) * borders
        self.holder, self.offset, self.steps = self.input, 0, (width, width, width)
        self.buffered, self.fresh = not alone, True
        if self.buffered:
            rows = max(self._reached(strip) for strip in parts)
            self.holder = input.new_zeros(rows * input.shape[1] * self.images * self.wide)

    def load(self, strip: Strip) -> None:
        """Bring a strip's rows together."""
        _, channels, height, width = self.input.shape
        count, images = self._reached(strip), _images(strip)
        start = strip.top * self.setting.stride[0] - self.setting.padding[0][0]
        first, last = min(max(start, 0), height), min(max(start + count, 0), height)
        plane = height * width
        begin = self.input.storage_offset() + strip.images.start * channels * plane + first * width
        if not self.buffered:
            self.offset, self.steps = begin, (plane, width, width)
            return
        if images != self.images:
            self.images, self.fresh = images, True
            self.holder.zero_()  # the zeros beside the images lie elsewhere now
        channel = images * self.wide
        row = self.depth * channel
        self.steps = (count * row, row, channel)
        above = min(max(-start, 0), count)
        shape = (self.setting.groups, last - first, self.depth, images, width)
        pixels = self.holder.as_strided(
            shape, (*self.steps, self.wide, 1), above * row + self.first + self.setting.padding[1][0]
        )
        pixels.copy_(
            self.input.as_strided(shape, (self.depth * plane, width, plane, channels * plane, 1), begin)
        )
        if not self.fresh and last - first < count:  # an earlier strip's rows stood above or below
            rows = self.holder.as_strided((self.setting.groups, count, row), (count * row, row, 1))
            rows[:, :above] = 0
            rows[:, above + last - first :] = 0
        self.fresh = False

    @property
    def length(self) -> int:
        """Columns of a row: those of all images of the strip."""
        return self.images * self.wide

    @property
    def columns(self) -> int:
        """Columns of a row of outputs: those of all images, and what lies between them."""
        return (self.images - 1) * (self.wide // self.setting.stride[1]) + self.setting.output_size[1]

    def room_for(self, output: Tensor, block: int) -> Tensor:
        """Return where to put the outputs of a strip, blocks of `block` rows of all channels of a group.

        Shape (blocks, channels · block, columns).  That is the output itself where it lies like that.
        """
        images, channels, count, columns = output.shape
        if images == channels == 1:
            return output.view(count // block, block, columns)
        return output.new_empty(count // block, channels * block, self.columns)

    def hand_out(self, sums: Tensor, output: Tensor, block: int) -> None:
        """Copy what was put into :meth:`room_for` to its images and channels."""
        images, channels, count, columns = output.shape
        if images == channels == 1:
            return
        many, apart, length = count // block, self.wide // self.setting.stride[1], self.columns
        by_image = sums.as_strided(
            (images, channels, many, block, columns),
            (apart, block * length, channels * block * length, length, 1),
        )
        output.view(images, channels, many, block, columns).copy_(by_image)

    def stacks(self, group: int, count: int, step: int, tall: int) -> Tensor:
        """Return a group's overlapping stacks of `tall` image rows, `step` image rows apart: a view.

        Shape (count, tall · depth, columns): in each, the channels of the first row, then those of the
        second.
        """
        plane, row, channel = self.steps
        return self.holder.as_strided(
            (count, tall * self.depth, self.length), (step * row, channel, 1), self.offset + group * plane
        )

    def _reached(self, strip: Strip) -> int:
        return (strip.rows - 1) * self.setting.stride[0] + self.reach


def _images(strip: Strip) -> int:
    return int(strip.images.stop - strip.images.start)
