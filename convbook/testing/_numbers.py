"""The numbers in a call's tensors, and how they lie in memory."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

WIDE = {"float64": 1e12, "float32": 1e6, "bfloat16": 1e6, "float16": 500.0, "complex64": 1e6}
"""How many times larger than the rest the first row is, where numbers are of different size."""

LARGE = {"int64": 2**53, "int32": 2**24, "int16": 2**8, "int8": 2, "uint8": 2}
"""From here on a float64 (for int32 and int64: a float32) no longer holds every integer."""


def draw(spec: dict[str, Any], role: str, *shape: int) -> Tensor:
    """Return the numbers of one tensor of a call; the same for the same specification and role."""
    dtype, how = getattr(torch, spec["dtype"]), spec["values"]
    generator = torch.Generator().manual_seed(spec["seed"] * 8 + _ROLES.index(role))
    count = math.prod(shape)
    if how == "counted":
        numbers = torch.arange(count, dtype=torch.int64) % (9 if role == "image" else 4) + 1
        return numbers.to(dtype).reshape(shape)
    if not (dtype.is_floating_point or dtype.is_complex):
        return _integers(how, role, shape, dtype, generator)
    if how == "whole":
        lowest = 0 if spec["operation"] == "lp_pool2d" else -4
        return torch.randint(lowest, 5, shape, generator=generator).to(dtype)
    parts = [torch.randn(shape, dtype=torch.float64, generator=generator) for _ in range(2)]
    numbers = torch.complex(*parts) if dtype.is_complex else parts[0]
    if spec["operation"] == "lp_pool2d":
        numbers = numbers.abs() + 0.25
    if role == "image" and how == "wide" and count:
        numbers[..., 0, :] *= WIDE[spec["dtype"]] if spec["operation"] != "lp_pool2d" else 16.0
    if role == "image" and how == "not finite" and count:
        places = torch.randperm(count, generator=generator)[:2]
        for place, value in zip(places.tolist(), (math.nan, math.inf), strict=False):
            numbers.view(-1)[place] = value
    return numbers.to(dtype)


_ROLES = ("image", "weight", "bias", "grad_output")


def _integers(
    how: str, role: str, shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator
) -> Tensor:
    """Return integers: small ones, ones that floats cannot hold, or ones whose sums overflow."""
    info = torch.iinfo(dtype)
    if how == "overflow":
        return torch.randint(
            max(info.min, -(2**62)), min(info.max, 2**62), shape, generator=generator, dtype=dtype
        )
    lowest = 0 if info.min == 0 else -1
    if how == "large" and role == "image":
        base = LARGE[str(dtype).removeprefix("torch.")]
        return torch.randint(base, base + base // 8 + 2, shape, generator=generator).to(dtype)
    if how == "large":
        return torch.randint(lowest, 2, shape, generator=generator).to(dtype)
    return torch.randint(4 * lowest, 5, shape, generator=generator).to(dtype)


def laid_out(tensor: Tensor, layout: str) -> Tensor:
    """Return the same numbers in another order of memory; what has no channels stays contiguous."""
    if layout == "channels last" and tensor.dim() == 4:
        return tensor.contiguous(memory_format=torch.channels_last)
    if layout == "every second" and tensor.dim() >= 2:
        room = torch.zeros(*tensor.shape[:-1], 2 * tensor.shape[-1], dtype=tensor.dtype)
        room[..., ::2] = tensor
        return room[..., ::2]
    return tensor
