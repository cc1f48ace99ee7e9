"""Usual mistakes of convolutions, each written down as a kernel that makes it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

import convbook
from convbook.testing._operations import INTEGERS, Call, Pair

Made = Callable[[Call], Any]


class Fault(NamedTuple):
    """A mistake: what a kernel that makes it does, in words, and what it gives for a call."""

    words: str
    made: Made


AXES = ("rows", "columns")


def on_axis(call: Call, name: str, axis: int, value: int) -> Call:
    """Return the call with one axis of an option at another value."""
    pair = list(call.two(name))
    pair[axis] = value
    return call.but(**{name: tuple(pair)})


def by_axis(name: str, plain: int = 1) -> list[Fault]:
    """Return the mistakes that are made with an option of two integers."""

    def ignores(axis: int) -> Made:
        return lambda call: on_axis(call, name, axis, plain).answer()

    def takes(first: int, second: int) -> Made:
        return lambda call: call.but(**{name: (call.two(name)[first], call.two(name)[second])}).answer()

    return [
        Fault(f"ignores {name}", lambda call: call.but(**{name: plain}).answer()),
        Fault(f"ignores {name} on the first axis", ignores(0)),
        Fault(f"ignores {name} on the second axis", ignores(1)),
        Fault(f"takes {name} as (columns, rows)", takes(1, 0)),
        Fault(f"uses the rows' {name} for both axes", takes(0, 0)),
        Fault(f"uses the columns' {name} for both axes", takes(1, 1)),
    ]


def on_tensor(name: str, change: Callable[[Tensor], Tensor]) -> Made:
    """Return a kernel that changes one of its tensors before it works."""
    return lambda call: call.but(**{name: change(call.value(name))}).answer()


def on_output(change: Callable[[Tensor, Call], Any]) -> Made:
    """Return a kernel that changes its output; indices stay."""

    def made(call: Call) -> Any:
        answer = call.answer()
        if isinstance(answer, tuple):
            return change(answer[0], call), answer[1]
        return change(answer, call)

    return made


def first_image(call: Call) -> Any:
    """Use the first image of the batch for all."""
    name = next(iter(call.tensors()))
    image = call.value(name)
    return call.but(**{name: image[:1].expand(image.shape)}).answer()


def as_if_contiguous(tensor: Tensor) -> Tensor:
    """Read memory in the plain order, whatever the strides say."""
    strides: list[int] = []
    step = 1
    for size in reversed(tensor.shape):
        strides.insert(0, step)
        step *= max(size, 1)
    return tensor.as_strided(tensor.shape, strides, tensor.storage_offset())


def without_not_a_number(x: Tensor) -> Tensor:
    """Put 0 in the place of NaN."""
    return x.nan_to_num(0.0, math.inf, -math.inf) if x.is_floating_point() else x


def finite(x: Tensor) -> Tensor:
    """Put 0 in the place of NaN and of infinity."""
    return x.nan_to_num(0.0, 0.0, 0.0) if x.is_floating_point() else x


def in_floats(dtype: torch.dtype) -> Made:
    """Return a kernel that computes integers in a floating type."""

    def made(call: Call) -> Any:
        image = next(iter(call.tensors().values()))
        if image.is_floating_point() or image.is_complex():
            return call.answer()
        return call.mapped(lambda tensor: tensor.to(dtype)).answer().to(image.dtype)

    return made


def saturated(call: Call) -> Any:
    """Stop at the largest and the smallest integer of the dtype."""
    image = next(iter(call.tensors().values()))
    if image.dtype not in [getattr(torch, name) for name in INTEGERS[1:]]:
        return call.answer()
    info = torch.iinfo(image.dtype)
    return call.mapped(lambda tensor: tensor.long()).answer().clamp(info.min, info.max).to(image.dtype)


EVERY_INPUT = [
    Fault("uses the first image of the batch for all images", first_image),
    Fault(
        "reads memory as if the image were contiguous",
        lambda call: call.mapped(as_if_contiguous).answer(),
    ),
]
"""Mistakes that any operation can make with its first tensor."""


def every_output(channels: bool = True) -> list[Fault]:
    """Return mistakes that any operation can make with its output."""
    found = [
        Fault("leaves out the last row of the output", on_output(lambda y, call: y[..., :-1, :])),
        Fault("leaves out the last column of the output", on_output(lambda y, call: y[..., :-1])),
        Fault("returns rows and columns exchanged", on_output(lambda y, call: y.mT)),
        Fault("returns all zeros", on_output(lambda y, call: torch.zeros_like(y))),
        Fault("turns the sign round", on_output(lambda y, call: -y)),
    ]
    if channels:
        found += [
            Fault("returns the channels last", on_output(lambda y, call: y.movedim(-3, -1))),
            Fault(
                "gives a single image a batch axis",
                on_output(lambda y, call: y[None] if y.dim() == 3 else y),
            ),
            Fault(
                "takes the batch axis off a batch of one",
                on_output(lambda y, call: y[0] if y.dim() == 4 and len(y) == 1 else y),
            ),
        ]
    return found


# ----------------------------------------------------------------------------------------------- conv2d


def repadded(change: Callable[[int, int, int, int], tuple[Pair, Pair]]) -> Made:
    """Return a convolution that pads other sides: `change` takes top, bottom, left, right."""

    def made(call: Call) -> Any:
        (top, bottom), (left, right) = call.sides()
        return call.but(padding=change(top, bottom, left, right)).answer()

    return made


def same_lower(call: Call) -> Any:
    """Put the extra row and column of padding="same" first."""
    if call.value("padding") != "same":
        return call.answer()
    (top, bottom), (left, right) = call.sides()
    return call.but(padding=((bottom, top), (right, left))).answer()


def same_without_dilation(call: Call) -> Any:
    """Take the padding of a kernel that is not dilated."""
    if call.value("padding") != "same":
        return call.answer()
    return call.but(padding=convbook.same_padding(tuple(call.value("weight").shape[2:]))).answer()


def in_mode(asked: str, taken: str) -> Made:
    """Return a convolution that pads in another mode than it was asked for."""

    def made(call: Call) -> Any:
        changed = call.but(padding_mode=taken) if call.value("padding_mode") == asked else call
        return changed.answer()

    return made


def edge_repeated(call: Call) -> Any:
    """Mirror the image with its edge: 1 0 | 0 1 2 | 2 1."""
    if call.value("padding_mode") != "reflect":
        return call.answer()
    return call.but(
        input=mirrored(call.value("input"), call.sides()), padding=0, padding_mode="zeros"
    ).answer()


def mirrored(x: Tensor, sides: tuple[Pair, Pair]) -> Tensor:
    """Pad by mirroring, the edge repeated."""
    (top, bottom), (left, right) = sides
    rows, columns = x.shape[-2:]

    def places(length: int, before: int, after: int) -> Tensor:
        turned = torch.arange(-before, length + after) % (2 * length)
        return torch.where(turned < length, turned, 2 * length - 1 - turned)

    return x[..., places(rows, top, bottom), :][..., places(columns, left, right)]


def rounded_up(call: Call) -> Any:
    """Let a last window hang over the end."""
    (top, bottom), (left, right) = call.sides()
    size, kernel = call.value("input").shape[-2:], call.value("weight").shape[-2:]
    more = [
        -(n + sum(p) - d * (k - 1) - 1) % s
        for n, p, d, k, s in zip(
            size,
            ((top, bottom), (left, right)),
            call.two("dilation"),
            kernel,
            call.two("stride"),
            strict=True,
        )
    ]
    return call.but(padding=((top, bottom + more[0]), (left, right + more[1]))).answer()


def first_group(call: Call) -> Any:
    """Use the weights of the first group for every group."""
    groups, weight = call.value("groups"), call.value("weight")
    each = len(weight) // groups
    return call.but(weight=torch.cat([weight[:each]] * groups)).answer()


def groups_summed(call: Call) -> Any:
    """Sum the groups' input channels before they are convolved."""
    groups, image = call.value("groups"), call.value("input")
    together = torch.unflatten(image, -3, (groups, -1)).sum(-4).to(image.dtype)
    return call.but(input=together, groups=1).answer()


def outputs_in_turn(call: Call) -> Any:
    """Give each group every g-th output channel."""
    groups, output = call.value("groups"), call.answer()
    return torch.unflatten(output, -3, (groups, -1)).transpose(-3, -4).flatten(-4, -3)


def inputs_in_turn(call: Call) -> Any:
    """Give each group every g-th input channel."""
    groups, image = call.value("groups"), call.value("input")
    dealt = torch.unflatten(image, -3, (-1, groups)).transpose(-3, -4).flatten(-4, -3)
    return call.but(input=dealt).answer()


def with_bias(change: Callable[[Tensor], Tensor | None]) -> Made:
    """Return a convolution that changes its bias."""

    def made(call: Call) -> Any:
        return (
            call.answer()
            if call.value("bias") is None
            else call.but(bias=change(call.value("bias"))).answer()
        )

    return made


def taps_first(weight: Tensor) -> Tensor:
    """Read a weight's memory as (outputs, rows, columns, inputs)."""
    outs, ins, rows, columns = weight.shape
    return weight.reshape(outs, rows, columns, ins).permute(0, 3, 1, 2)


def tensorflow_order(weight: Tensor) -> Tensor:
    """Read a weight's memory as (rows, columns, inputs, outputs)."""
    outs, ins, rows, columns = weight.shape
    return weight.reshape(rows, columns, ins, outs).permute(3, 2, 0, 1)


def last_channel_left_out(call: Call) -> Any:
    """Sum over all input channels of a group but the last."""
    weight = call.value("weight").clone()
    weight[:, -1] = 0
    return call.but(weight=weight if weight.shape[1] > 1 else call.value("weight")).answer()


def first_channel_alone(call: Call) -> Any:
    """Sum over the first input channel of a group alone."""
    weight = call.value("weight").clone()
    weight[:, 1:] = 0
    return call.but(weight=weight).answer()


def averaged(divisor: Callable[[Call], int]) -> Made:
    """Return a convolution that divides by a count."""

    def made(call: Call) -> Any:
        output = call.answer()
        if not (output.is_floating_point() or output.is_complex()):
            return output.div(divisor(call), rounding_mode="trunc").to(output.dtype)
        return output / divisor(call)

    return made


FLIPS = [
    Fault(
        "flips the kernel, as the mathematician's convolution does",
        on_tensor("weight", lambda w: w.flip(2, 3)),
    ),
    Fault("flips the kernel's rows", on_tensor("weight", lambda w: w.flip(2))),
    Fault("flips the kernel's columns", on_tensor("weight", lambda w: w.flip(3))),
    Fault("exchanges the kernel's rows and columns", on_tensor("weight", lambda w: w.mT)),
]
BIAS = [
    Fault("ignores the bias", with_bias(lambda b: None)),
    Fault("adds the bias twice", with_bias(lambda b: 2 * b)),
    Fault("subtracts the bias", with_bias(lambda b: -b)),
    Fault("adds the first channel's bias to every channel", with_bias(lambda b: b[:1].expand(b.shape))),
]
NUMBERS = [
    Fault("computes integers in float32, which holds no more than 24 bits", in_floats(torch.float32)),
    Fault("computes integers in float64, which holds no more than 53 bits", in_floats(torch.float64)),
    Fault("stops at the largest integer where the sum overflows", saturated),
    Fault("treats NaN as 0", lambda call: call.mapped(without_not_a_number).answer()),
    Fault("treats NaN and infinity as 0", lambda call: call.mapped(finite).answer()),
]
PADDING = [
    Fault("ignores padding", repadded(lambda t, b, le, r: ((0, 0), (0, 0)))),
    Fault("ignores padding on the first axis", repadded(lambda t, b, le, r: ((0, 0), (le, r)))),
    Fault("ignores padding on the second axis", repadded(lambda t, b, le, r: ((t, b), (0, 0)))),
    Fault("takes padding as (columns, rows)", repadded(lambda t, b, le, r: ((le, r), (t, b)))),
    Fault("takes padding as the total: half on each side", repadded(
        lambda t, b, le, r: ((t // 2, t - t // 2), (le // 2, le - le // 2)))),
    Fault("puts all padding at the top and left", repadded(
        lambda t, b, le, r: ((t + b, 0), (le + r, 0)))),
    Fault("puts all padding at the bottom and right", repadded(
        lambda t, b, le, r: ((0, t + b), (0, le + r)))),
    Fault("pads the bottom and right as much as the top and left", repadded(
        lambda t, b, le, r: ((t, t), (le, le)))),
    Fault("pads the top and left as much as the bottom and right", repadded(
        lambda t, b, le, r: ((b, b), (r, r)))),
    Fault("exchanges the sides: top with bottom, left with right", repadded(
        lambda t, b, le, r: ((b, t), (r, le)))),
]  # fmt: skip

CONV2D = [
    *by_axis("stride"), *by_axis("dilation"), *PADDING, *FLIPS, *BIAS, *NUMBERS,
    Fault('puts the extra row and column of padding="same" at the top and left', same_lower),
    Fault('takes padding="same" for "valid"', lambda call: call.but(
        padding=0 if call.value("padding") == "same" else call.value("padding")).answer()),
    Fault('ignores dilation where padding="same" is worked out', same_without_dilation),
    Fault("pads with zeros whatever the padding_mode", lambda call: call.but(padding_mode="zeros").answer()),
    Fault('repeats the edge where padding_mode="reflect" leaves it out', edge_repeated),
    Fault('takes padding_mode="reflect" for "replicate"', in_mode("reflect", "replicate")),
    Fault('takes padding_mode="replicate" for zeros', in_mode("replicate", "zeros")),
    Fault('takes padding_mode="circular" for zeros', in_mode("circular", "zeros")),
    Fault("rounds the output's size up", rounded_up),
    Fault("uses the first group's weights for every group", first_group),
    Fault("sums the groups' input channels", groups_summed),
    Fault("deals the output channels out to the groups in turn", outputs_in_turn),
    Fault("deals the input channels out to the groups in turn", inputs_in_turn),
    Fault("leaves out the last input channel", last_channel_left_out),
    Fault("uses the first input channel alone", first_channel_alone),
    Fault("averages over the input channels", averaged(lambda call: call.value("weight").shape[1])),
    Fault("averages over the window", averaged(lambda call: math.prod(call.value("weight").shape[2:]))),
    Fault("reads the weight as (outputs, rows, columns, inputs)", on_tensor("weight", taps_first)),
    Fault("reads the weight as (rows, columns, inputs, outputs)", on_tensor("weight", tensorflow_order)),
    *EVERY_INPUT, *every_output(),
]  # fmt: skip


# ------------------------------------------------------------------------------------ the transposed one


def uncut(change: Callable[[int, int], tuple[Pair, Pair]]) -> Made:
    """Return a transposed convolution that cuts other sides; `change` takes the padding of both axes."""

    def made(call: Call) -> Any:
        cut = call.two("padding")
        whole = call.but(padding=0).answer()
        (top, bottom), (left, right) = change(*cut)
        return whole[..., top : whole.shape[-2] - bottom, left : whole.shape[-1] - right]

    return made


def not_computed(call: Call) -> Any:
    """Put the bias, and nothing else, where output_padding adds rows and columns."""
    less = call.but(output_padding=0).answer()
    rows, columns = call.two("output_padding")
    grown = F.pad(less, (0, columns, 0, rows))
    bias = call.value("bias")
    if bias is not None:
        grown[..., less.shape[-2] :, :] = bias[:, None, None]
        grown[..., less.shape[-1] :] = bias[:, None, None]
    return grown


def at_the_top(call: Call) -> Any:
    """Cut less at the top and left, where output_padding belongs to the bottom and right."""
    more, cut = call.two("output_padding"), call.two("padding")
    whole = call.but(padding=0, output_padding=0).answer()
    rows, columns = (max(c - m, 0) for c, m in zip(cut, more, strict=True))
    return whole[..., rows : whole.shape[-2] - cut[0], columns : whole.shape[-1] - cut[1]]


def stamps_averaged(call: Call) -> Any:
    """Divide each output by the number of stamps on it."""
    image = torch.ones_like(call.value("input")[..., :1, :, :])
    weight = call.value("weight")
    counts = Call(
        "conv_transpose2d",
        {"input": image, "weight": torch.ones_like(weight[:1, :1])},
        {name: value for name, value in call.options.items() if name not in ("bias", "groups")},
    ).answer()
    bias = 0 if call.value("bias") is None else call.value("bias")[:, None, None]
    return (call.answer() - bias) / counts.clamp(min=1) + bias


def first_group_transposed(call: Call) -> Any:
    """Use the weights of the first group for every group."""
    groups, weight = call.value("groups"), call.value("weight")
    return call.but(weight=torch.cat([weight[: len(weight) // groups]] * groups)).answer()


CONV_TRANSPOSE2D = [
    *by_axis("stride"), *by_axis("dilation"), *FLIPS, *BIAS, *NUMBERS,
    Fault("does not cut the padding off", uncut(lambda rows, columns: ((0, 0), (0, 0)))),
    Fault("cuts the padding off at the top and left alone", uncut(lambda r, c: ((r, 0), (c, 0)))),
    Fault("cuts the padding off at the bottom and right alone", uncut(lambda r, c: ((0, r), (0, c)))),
    Fault("takes padding as (columns, rows)", lambda call: call.but(
        padding=call.two("padding")[::-1]).answer()),
    Fault("ignores output_padding", lambda call: call.but(output_padding=0).answer()),
    Fault("fills the rows and columns of output_padding with the bias", not_computed),
    Fault("adds output_padding at the top and left", at_the_top),
    Fault("takes output_padding as (columns, rows)", lambda call: call.but(
        output_padding=call.two("output_padding")[::-1]).answer()),
    Fault("averages stamps that overlap", stamps_averaged),
    Fault("uses the first group's weights for every group", first_group_transposed),
    Fault("deals the output channels out to the groups in turn", outputs_in_turn),
    Fault("deals the input channels out to the groups in turn", inputs_in_turn),
    *EVERY_INPUT, *every_output(),
]  # fmt: skip


# --------------------------------------------------------------------------------------- the gradients


def batch_mean(call: Call) -> Any:
    """Average the weight's gradient over the batch."""
    grad = call.value("grad_output")
    return call.answer() / (len(grad) if grad.dim() == 4 else 1)


def windows_only(name: str) -> Made:
    """Return a gradient that ignores one option but keeps the shapes: the windows stand elsewhere."""

    def made(call: Call) -> Any:
        plain, grad = call.but(**{name: 1}), call.value("grad_output")
        size = call.value("input_size" if "input_size" in call.arguments else "input")
        rows, columns = convbook.output_size(
            tuple(size.shape if isinstance(size, Tensor) else size)[-2:],
            call.kernel_size(), plain.two("stride"), plain.sides(), plain.two("dilation"),
        )  # fmt: skip
        grown = F.pad(grad, (0, columns - grad.shape[-1], 0, rows - grad.shape[-2]))
        return plain.but(grad_output=grown).answer()

    return made


CONV2D_INPUT = [
    *[fault for fault in FLIPS if "flips" in fault.words],
    Fault("ignores stride", windows_only("stride")),
    Fault("ignores dilation", windows_only("dilation")),
    Fault("uses the first group's weights for every group", first_group),
    *every_output(),
]
CONV2D_WEIGHT = [
    Fault("flips the kernel's gradient", on_output(lambda y, call: y.flip(2, 3))),
    Fault("ignores stride", windows_only("stride")),
    Fault("ignores dilation", windows_only("dilation")),
    Fault("averages over the batch", batch_mean),
    Fault("uses the first image of the batch alone", lambda call: call.but(
        grad_output=torch.cat([call.value("grad_output")[:1], 0 * call.value("grad_output")[1:]])
        if call.value("grad_output").dim() == 4 else call.value("grad_output")).answer()),
    *every_output(channels=False),
]  # fmt: skip
