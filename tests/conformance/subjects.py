"""The functions that conform: one entry each."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import convbook
from tests.conformance.frame import Arguments, Skip, Subject

TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def torch_pad(input: Tensor, padding: Any, mode: str = "zeros", value: float = 0) -> Tensor:
    """Call torch's pad with convbook's arguments."""
    (top, bottom), (left, right) = padding
    sides = (left, right, top, bottom)
    if mode in ("zeros", "circular"):
        return F.pad(input, sides, TORCH_MODES[mode], value if mode == "zeros" else None)
    planes = input.reshape(1, -1, *input.shape[-2:])  # torch asks reflect and replicate for 3 or 4 dimensions
    return F.pad(planes, sides, mode).reshape(
        *input.shape[:-2], top + input.shape[-2] + bottom, left + input.shape[-1] + right
    )


def pad_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Translate torch's flat list of sides, last axis first."""
    input, flat, *rest = args
    sides = [*flat, 0, 0, 0, 0]
    if any(sides[4:]):
        raise Skip("pads a third axis; convbook pads images")
    if min(sides) < 0:
        raise Skip("negative padding, which cuts off; convbook's error says to slice")
    if input.dim() < 2 or 0 in input.shape[-2:]:
        raise Skip("the input is no image: fewer than two dimensions, or no row")
    mode = rest[0] if rest else "constant"
    if mode != "constant" and 0 in input.shape:
        raise Skip("torch's reflect and circular of an empty batch have rules of their own")
    value = kwargs.get("value", rest[1] if len(rest) > 1 else 0) or 0
    if not input.is_floating_point() and not input.is_complex():
        value = int(value)
    name = {torchs: ours for ours, torchs in TORCH_MODES.items()}[mode]
    return (input, ((sides[2], sides[3]), (sides[0], sides[1])), name, value), {}


def fold_from_unfold(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Make a call of fold from one of unfold: its result goes back into the image's size."""
    input, *window = args
    if input.dtype is torch.bool:
        raise Skip("sums of bool: convbook's error offers .long()")
    return (F.unfold(input, *window, **kwargs), tuple(input.shape[-2:]), *window), kwargs


SUBJECTS: list[Subject] = [
    Subject(
        "conv2d",
        F.conv2d,
        ("nn.functional.conv2d",),
        module="nn.Conv2d",
        attributes=("stride", "padding", "dilation", "groups", "padding_mode"),
        methods=convbook.METHODS,
    ),
    Subject(
        "conv_transpose2d",
        F.conv_transpose2d,
        ("nn.functional.conv_transpose2d",),
        module="nn.ConvTranspose2d",
        attributes=("stride", "padding", "output_padding", "groups", "dilation"),
    ),
    Subject("unfold", F.unfold, ("nn.functional.unfold",), exact=True),
    Subject("fold", F.fold, ("nn.functional.unfold",), adapt=fold_from_unfold),
    Subject(
        "pad",
        torch_pad,
        tuple(f"nn.functional.pad:{mode}" for mode in ("constant", "reflect", "replicate", "circular")),
        adapt=pad_arguments,
        exact=True,
    ),
    Subject(
        "max_pool2d",
        F.max_pool2d,
        ("nn.functional.max_pool2d",),
        module="nn.MaxPool2d",
        attributes=("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices"),
        exact=True,
    ),
    Subject(
        "avg_pool2d",
        F.avg_pool2d,
        ("nn.functional.avg_pool2d",),
        module="nn.AvgPool2d",
        attributes=("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"),
    ),
    Subject(
        "lp_pool2d",
        F.lp_pool2d,
        module="nn.LPPool2d",
        attributes=("norm_type", "kernel_size", "stride", "ceil_mode"),
    ),
    Subject(
        "adaptive_max_pool2d",
        F.adaptive_max_pool2d,
        ("nn.functional.adaptive_max_pool2d",),
        module="nn.AdaptiveMaxPool2d",
        attributes=("output_size", "return_indices"),
        exact=True,
    ),
    Subject(
        "adaptive_avg_pool2d",
        F.adaptive_avg_pool2d,
        ("nn.functional.adaptive_avg_pool2d",),
        module="nn.AdaptiveAvgPool2d",
        attributes=("output_size",),
    ),
]
