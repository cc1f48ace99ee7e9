r"""What a convolution costs by each method: arithmetic on its shape, and a table of measured rates.

Each method's work is counted in four currencies, and the prediction is their sum, each at the rate that this
method reached when it was measured:

.. math:: t = t_0 + n_{\text{calls}}\,t_1 + n_{\text{products}}\,t_2
          + n_{\text{numbers moved}}\,t_3 + n_{\text{numbers in new memory}}\,t_4

The last one is the dearest: a buffer above 32 MiB is asked of the operating system each time, page by page,
and that is why a 3×3 kernel on 1024×1024 pixels takes torch twenty times as long as on 512×512.

The rates stand in ``rates.json`` beside this file, with the machine that they were measured on;
``nox -s bench -- calibrate`` measures them again.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from convbook._checks import NO_PADDING, Setting
from convbook.algorithms._strips import NARROW, REGISTER, STRIP
from convbook.algorithms.band import BLOCK
from convbook.algorithms.fft import transform_side
from convbook.algorithms.lowering import strip_sizes
from convbook.algorithms.separable import BLOCK as VERTICAL
from convbook.algorithms.separable import TILE

__all__ = ["CANDIDATES", "Shape", "Work", "cost", "kernel_gradient_calls", "measured", "rates", "work"]

CANDIDATES = (
    "torch",
    "torch, channels last",
    "torch, im2col",
    "im2col",
    "lowering",
    "band",
    "separable",
    "box",
    "fft",
)
"""What `auto` chooses among."""

PICKED = 4
"""Numbers that a copy could move in a row in the time in which it picks one with gaps between."""

GROUP = 1500
"""Rows that torch's im2col copies in the time that it needs to begin with the next group."""

FEW_CHANNELS = 8
"""Input channels up to which torch's im2col may be quicker than oneDNN, which computes sixteen at once."""

CACHE = 1 << 19
"""Numbers that a second-level cache holds: 2 MiB of float32."""

LARGE = 1 << 25
"""Bytes from which the memory allocator returns a buffer to the operating system as soon as it is free: 32
MiB."""


class Shape(NamedTuple):
    """All that a prediction knows: sizes and dtype, never the numbers."""

    batch: int
    channels: int
    height: int
    width: int
    outputs: int
    depth: int
    """Channels that one output channel sees: channels / groups."""
    kh: int
    kw: int
    dtype: torch.dtype
    setting: Setting

    @staticmethod
    def of(input: Tensor, weight: Tensor, setting: Setting) -> Shape:
        """Return the shape of a call."""
        batch, channels, height, width = input.shape
        outputs, depth, kh, kw = weight.shape
        return Shape(batch, channels, height, width, outputs, depth, kh, kw, input.dtype, setting)

    @property
    def cells(self) -> int:
        """Output cells, of all channels and images."""
        rows, columns = self.setting.output_size
        return self.batch * self.outputs * rows * columns

    @property
    def pixels(self) -> int:
        """Input cells with their padding."""
        (top, bottom), (left, right) = self.setting.padding
        return self.batch * self.channels * (self.height + top + bottom) * (self.width + left + right)

    @property
    def reach(self) -> tuple[int, int]:
        """The dilated kernel's rows and columns."""
        down, along = self.setting.dilation
        return (self.kh - 1) * down + 1, (self.kw - 1) * along + 1


class Work(NamedTuple):
    """What a method does for one convolution."""

    calls: float = 0
    multiplications: float = 0
    moved: float = 0
    fresh: float = 0


@functools.cache
def rates() -> dict[str, Any]:
    """Return the measured table; its "rates" are [t₀, t₁, t₂, t₃, t₄] in seconds, by dtype and method."""
    table: dict[str, Any] = json.loads(Path(__file__).with_name("rates.json").read_text(encoding="utf-8"))
    return table


@functools.cache
def measured() -> dict[str, Any]:
    """Return the recorded benchmarks that the book shows: "machine", "command", "bounds" and "figures".

    Examples
    --------
    >>> sorted(measured())
    ['bounds', 'command', 'figures', 'machine', 'measured']
    """
    page: dict[str, Any] = json.loads(Path(__file__).with_name("measured.json").read_text(encoding="utf-8"))
    return page


def cost(method: str, shape: Shape) -> float | None:
    """Return the predicted seconds on one thread, or None where the method cannot or is not considered."""
    done = work(method, shape)
    if done is None:
        return None
    row = rates()["rates"]["float64" if shape.dtype == torch.float64 else "float32"].get(
        regime(method, shape)
    )
    return None if row is None else float(row[0] + sum(n * t for n, t in zip(done, row[1:], strict=True)))


def regime(method: str, shape: Shape) -> str:
    """Return the name of the method's row in the table: torch has several algorithms inside."""
    if method != "torch":
        return method
    if not _onednn(shape):
        return "torch, im2col"
    if shape.depth > 1 or shape.setting.groups == 1:
        return "torch, oneDNN"
    return "torch, depthwise" if min(shape.kh, shape.kw) < 14 else "torch, large depthwise"


def _onednn(shape: Shape) -> bool:
    """Return whether torch hands the call to oneDNN on CPU: the rule of ATen's Convolution.cpp."""
    setting = shape.setting
    pixels = shape.batch * shape.channels * shape.height * shape.width
    return (
        shape.dtype == torch.float32
        and (
            setting.stride != (1, 1)
            or setting.dilation != (1, 1)
            or shape.batch >= 16
            or (shape.kh, shape.kw) != (1, 1)
            or torch.get_num_threads() > 1
        )
        and (setting.groups > 1 or (shape.kh > 3 and shape.kw > 3) or shape.batch > 1 or pixels > 20480)
    )


def work(method: str, shape: Shape) -> Work | None:
    """Return what a method would do, or None where it cannot do this shape or is hopeless there."""
    return _WORK[method](shape)


# ------------------------------------------------------------------------------------------------ method by
# method


def _fresh(numbers: float, shape: Shape) -> float:
    """Return the numbers of a buffer that are new memory: all or none."""
    return numbers if numbers * shape.dtype.itemsize > LARGE else 0


def _up(n: int, to: int) -> int:
    return -(-n // to) * to


def _torch(shape: Shape) -> Work:
    setting, definition = shape.setting, shape.cells * shape.depth * shape.kh * shape.kw
    name = regime("torch", shape)
    if name == "torch, im2col":
        return _torchs_windows(shape)
    if "depthwise" in name:
        lanes = _up(shape.channels, 16) / shape.channels
        both = (shape.pixels + shape.cells) * lanes
        return Work(shape.cells / setting.output_size[1], definition * lanes, both, _fresh(both, shape))
    # oneDNN computes sixteen output channels at once, and lays out input channels in eights unless they are
    # three or fewer.
    per_group = shape.outputs // setting.groups
    lanes_out = _up(per_group, 16) / per_group
    lanes_in = 1 if shape.depth <= 3 else _up(shape.depth, 8) / shape.depth
    scratch = shape.cells * lanes_out + shape.pixels * lanes_in
    return Work(setting.groups, definition * lanes_out * lanes_in, scratch, _fresh(scratch, shape))


def _torchs_windows(shape: Shape) -> Work:
    """Count torch's own im2col, which goes image by image and copies row by row: a call for each."""
    lowered, definition = _columns(shape), shape.cells * shape.depth * shape.kh * shape.kw
    moved = lowered * (1 if shape.setting.stride[1] == 1 else PICKED) + shape.cells
    copies = GROUP * (shape.setting.groups - 1) + lowered / shape.setting.output_size[1]
    return Work(copies, definition, moved, _fresh(lowered / shape.batch, shape))


def _torch_im2col(shape: Shape) -> Work | None:
    """Count torch's own im2col where torch would not take it: few channels, and no more than a cache."""
    plain = shape.setting.groups == 1 and shape.setting.dilation == (1, 1) and shape.depth <= FEW_CHANNELS
    if plain and _onednn(shape) and _columns(shape) <= shape.batch * CACHE:
        return _torchs_windows(shape)
    return None


def _channels_last(shape: Shape) -> Work | None:
    """Count depthwise work in the other memory format, and turning the image there and back."""
    if "depthwise" not in regime("torch", shape):
        return None
    lanes = _up(shape.channels, 16) / shape.channels
    products = shape.cells * shape.kh * shape.kw * lanes
    return Work(shape.cells / shape.setting.output_size[1], products, shape.pixels + shape.cells)


def _columns(shape: Shape) -> float:
    """Return the numbers in the matrix of all windows; a plain 1×1 kernel's is the image itself."""
    if (shape.kh, shape.kw) == (1, 1) and shape.setting.stride == (1, 1) and shape.pixels == shape.cells:
        return 0
    rows, columns = shape.setting.output_size
    return shape.batch * shape.channels * shape.kh * shape.kw * rows * columns


def _im2col(shape: Shape) -> Work:
    lowered = _columns(shape)
    definition = shape.cells * shape.depth * shape.kh * shape.kw
    moved = lowered * (1 if shape.setting.stride[1] == 1 else PICKED) + shape.cells
    return Work(shape.batch * shape.setting.groups, definition, moved, _fresh(lowered, shape))


def _lowering(shape: Shape) -> Work:
    setting = shape.setting
    (rows, columns), groups, (down, along) = setting.output_size, setting.groups, setting.stride
    per_group = shape.outputs // groups
    image = (shape.batch, shape.channels, shape.height, shape.width)
    block, size = strip_sizes(image, (shape.outputs, shape.depth, shape.kh, shape.kw), setting)
    strips, together, _ = _strips(shape, block, size)
    each = strips * together / shape.batch  # strips of one image, which overlap by the kernel's rows
    z = shape.batch * shape.channels * shape.kw * columns * (rows * down + each * (shape.reach[0] - 1))
    handed_out = shape.cells if together > 1 or per_group > 1 else 0
    return Work(
        strips * groups + shape.batch * groups * rows / block / together / CALLS_IN_A_BATCH,
        shape.cells * shape.depth * shape.kw * ((block - 1) * down + shape.reach[0]),
        shape.pixels + z * (1 if along == 1 else PICKED) + handed_out,
        shape.cells,
    )


CALLS_IN_A_BATCH = 16
"""Products of a batch that cost about as much as calling a function of torch."""


def _strips(shape: Shape, block: int, size: int) -> tuple[int, int, float]:
    """Return how many strips there are, how many images go through together, and the numbers they copy."""
    setting = shape.setting
    rows, (left, right) = setting.output_size[0], setting.padding[1]
    row = shape.channels * (shape.width + left + right) * setting.stride[0]
    together = min(shape.batch, max(1, size // (row * rows)))
    tall = max(block, size // row // block * block)
    each = -(-(rows - rows % block) // tall) + (rows % block > 0)
    plain = together == shape.depth == 1 and setting.padding == NO_PADDING
    copied = 0 if plain else shape.batch * shape.channels * (rows * setting.stride[0] * _wide(shape))
    return -(-shape.batch // together) * each, together, copied


def kernel_gradient_calls(shape: Shape) -> int:
    """Return the products that the band's form of the kernel's gradient takes."""
    return _strips(shape, BLOCK, STRIP)[0] * shape.outputs * shape.depth * shape.kw


def _wide(shape: Shape) -> int:
    """Return the columns of an image with its padding in a buffer, where it starts at a register's border."""
    left, right = shape.setting.padding[1]
    if shape.width < NARROW:
        return left + shape.width + right
    return _up(-left % REGISTER + left + shape.width + right, REGISTER * shape.setting.stride[1])


def _band(shape: Shape) -> Work | None:
    groups = shape.setting.groups
    per_group = shape.outputs // groups
    if groups > 64 or per_group * shape.depth > 64:
        return None
    tall = (BLOCK - 1) * shape.setting.stride[0] + shape.reach[0]
    strips, together, buffer = _strips(shape, BLOCK, STRIP)
    products = shape.cells * shape.depth * shape.kw * tall
    copied = float(shape.cells) if together > 1 or per_group > 1 else 0.0
    copied += 0 if shape.setting.stride[1] == 1 else PICKED * products / BLOCK / per_group
    return Work(
        strips * groups * shape.kw, products, buffer + copied + 2 * shape.kw * shape.cells, shape.cells
    )


def _separable(shape: Shape) -> Work | None:
    pairs = shape.outputs * shape.depth
    if pairs > 128:
        return None
    (down, along), (reach_down, reach_along) = shape.setting.stride, shape.reach
    tall, window = (VERTICAL - 1) * down + reach_down, (TILE - 1) * along + reach_along
    strips, _, buffer = _strips(shape, VERTICAL, STRIP)
    between = shape.batch * shape.outputs * shape.depth * shape.setting.output_size[0] * _wide(shape)
    phases = -(-window // (TILE * along))
    return Work(
        strips * pairs * (1 + phases),
        between * tall + between / along * window,
        buffer + 2 * between + 2 * shape.cells * shape.depth,
        shape.cells,
    )


def _box(shape: Shape) -> Work | None:
    if shape.outputs * shape.depth > 512:
        return None
    sums = shape.kh.bit_length() + shape.kh.bit_count() + shape.kw.bit_length() + shape.kw.bit_count() - 2
    strips, _, _ = _strips(shape, 16, STRIP // 2)
    mixed = shape.pixels / shape.channels * shape.outputs
    return Work(strips * sums, mixed * shape.depth, mixed * sums)


def _fft(shape: Shape) -> Work | None:
    pairs = shape.outputs * shape.depth
    if pairs > 512 or shape.setting.stride != (1, 1) or min(shape.kh, shape.kw) < 3:
        return None
    (rows, columns), (down, along) = shape.setting.output_size, shape.reach
    high, wide = transform_side(rows, down), transform_side(columns, along)
    tiles_down, tiles_along = -(-rows // (high - down + 1)), -(-columns // (wide - along + 1))
    tiles, plane = shape.batch * tiles_down * tiles_along, high * wide
    butterflies = (
        plane * (plane.bit_length() - 1) / 4
    )  # a transform of n numbers, two at a time: about n log₂ n / 4
    transforms = tiles * (shape.channels + shape.outputs) + pairs
    products = tiles * shape.outputs * shape.depth * plane * 2
    return Work(
        tiles_down * tiles_along,
        transforms * butterflies,
        products + transforms * plane,
        _fresh(transforms * plane / (tiles_down * tiles_along), shape),
    )


_WORK = {
    "torch": _torch,
    "torch, channels last": _channels_last,
    "torch, im2col": _torch_im2col,
    "im2col": _im2col,
    "lowering": _lowering,
    "band": _band,
    "separable": _separable,
    "box": _box,
    "fft": _fft,
}
