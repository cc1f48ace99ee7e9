"""The shapes that rates are measured on, and those, drawn with another seed, that the choice is judged by."""

from __future__ import annotations

import random
from typing import NamedTuple

import torch
from torch import Tensor

from convbook._checks import Setting, conv2d_setting
from convbook.algorithms import costs

CALIBRATION_SEED, JUDGING_SEED = 1, 20261121


class Case(NamedTuple):
    """A convolution's shape, before it is made of numbers."""

    kind: str
    batch: int
    channels: int
    height: int
    width: int
    outputs: int
    kernel: tuple[int, int]
    stride: int = 1
    padding: int = 0
    groups: int = 1
    dtype: torch.dtype = torch.float32

    def __str__(self) -> str:
        """Return the shape in one line."""
        kernel = f"{self.kernel[0]}×{self.kernel[1]}"
        text = f"{self.batch}×{self.channels}×{self.height}×{self.width} → {self.outputs}, {kernel}"
        text += f", stride {self.stride}" if self.stride > 1 else ""
        text += f", padding {self.padding}" if self.padding else ""
        text += f", {self.groups} groups" if self.groups > 1 else ""
        return text + (", float64" if self.dtype == torch.float64 else "")

    def tensors(self, rank_one: bool = False) -> tuple[Tensor, Tensor, Setting]:
        """Return image, kernel and judged setting; random numbers, always the same."""
        generator = torch.Generator().manual_seed(0)
        kh, kw = self.kernel
        x = torch.randn(
            self.batch, self.channels, self.height, self.width, generator=generator, dtype=self.dtype
        )
        depth = self.channels // self.groups
        if rank_one:
            column = torch.rand(self.outputs, depth, kh, 1, generator=generator, dtype=self.dtype)
            w = column * torch.rand(self.outputs, depth, 1, kw, generator=generator, dtype=self.dtype)
        else:
            w = torch.randn(self.outputs, depth, kh, kw, generator=generator, dtype=self.dtype)
        return x, w, conv2d_setting(x, w, None, self.stride, self.padding, 1, self.groups)

    def shape(self) -> costs.Shape:
        """Return what the cost model sees."""
        return costs.Shape.of(*self.tensors())

    def lowered_bytes(self) -> int:
        """Return the bytes of the matrix of all windows, which torch's float64 and im2col fill."""
        taps = self.channels * self.kernel[0] * self.kernel[1]
        size = (self.height + 2 * self.padding) * (self.width + 2 * self.padding) // self.stride**2
        return self.batch * taps * size * self.dtype.itemsize


def drawn(seed: int, images: int, layers: int) -> list[Case]:
    """Return cases drawn at random: images (few channels, any kernel) and layers (many channels, small
    kernels)."""
    rng = random.Random(seed)
    cases = [_image(rng) for _ in range(images)] + [_layer(rng) for _ in range(layers)]
    return [case for case in cases if case.lowered_bytes() < 1 << 30]


def _between(rng: random.Random, low: float, high: float) -> int:
    """Return an integer, each octave as likely as the next."""
    return round(low * (high / low) ** rng.random())


def _image(rng: random.Random) -> Case:
    dtype = torch.float64 if rng.random() < 0.25 else torch.float32
    height = _between(rng, 24, 1100)
    width = rng.choice([height, max(16, height // 16 * 16), _between(rng, 24, 1100)])
    k = min(_between(rng, 2.5, 55), height, width)
    kernel = rng.choice([(k, k), (k, k), (k, k), (1, k), (k, 1)])
    channels, outputs, groups = rng.choice(
        [(1, 1, 1)] * 6 + [(3, 3, 3), (3, 1, 1), (1, 4, 1), (3, 3, 1), (8, 1, 1), (1, 8, 1)]
    )
    batch = (
        1 if rng.random() < 0.7 else _between(rng, 2, max(2, min(64, 400_000 // (height * width * channels))))
    )
    stride = 2 if rng.random() < 0.1 else 1
    padding = min(kernel) // 2 if rng.random() < 0.6 else 0
    return Case("image", batch, channels, height, width, outputs, kernel, stride, padding, groups, dtype)


def _layer(rng: random.Random) -> Case:
    k = rng.choice([1, 1, 3, 3, 3, 5, 7])
    size = max(k, _between(rng, 6, 120))
    channels = rng.choice([3, 6, 16, 32, 64, 96, 128, 192, 256])
    kind = rng.choice(["dense", "dense", "dense", "depthwise"])
    outputs = channels if kind == "depthwise" else rng.choice([6, 16, 32, 64, 96, 128, 256])
    batch = _between(rng, 1, max(1, min(32, 2_000_000 // (size * size * max(channels, outputs)))))
    groups = channels if kind == "depthwise" else 1
    stride = 2 if rng.random() < 0.2 else 1
    return Case("layer", batch, channels, size, size, outputs, (k, k), stride, k // 2, groups)
