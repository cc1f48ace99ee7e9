"""Convolutions, transposed convolutions and their gradients: channels, groups, bias and sizes."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

from convbook._forms import Pair, Sides, integer, pair, sides
from convbook._judge.tensors import (
    arithmetic_dtype,
    channels_forward,
    channels_seem_last,
    count_planes,
    counted,
    images,
    plane_argument,
    plane_is_not_huge,
    plane_size,
    same_device,
    same_dtype,
    shape,
    shape_argument,
    tensor,
)
from convbook._judge.windows import (
    NO_PADDING,
    Setting,
    padding_reaches,
    window_setting,
)
from convbook._judge.windows import padding_mode as judged_padding_mode
from convbook.geometry import padding_sides, transposed_size


class TransposedSetting(NamedTuple):
    """A transposed convolution's judged and normalized setting; `padding` has its four sides."""

    stride: Pair
    padding: Sides
    output_padding: Pair
    dilation: Pair
    groups: int
    output_size: Pair


WEIGHT = "(output channels, input channels / groups, kernel rows, kernel columns)"


def conv2d_setting(
    input: object,
    weight: object,
    bias: object = None,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
    padding_mode: object = "zeros",
) -> Setting:
    """Judge every argument of a convolution and return its normalized setting.

    Parameters
    ----------
    input, weight, bias, stride, padding, dilation, groups, padding_mode
        As :func:`convbook.conv2d` received them.

    Returns
    -------
    Setting

    Raises
    ------
    ValueError
        For a wrong shape or value; for tensors on several devices.
    TypeError
        For something that is not a tensor or an integer, or for several dtypes.
    """
    x = images("input", input, "conv2d")
    w = conv_weight(weight)
    b = None if bias is None else tensor("bias", bias)
    mode = judged_padding_mode("padding_mode", padding_mode)
    image, kernels = shape(x), shape(w)
    setting = layer_setting(image, kernels, stride, padding, dilation, groups, mode)
    _bias(b, kernels[0])
    _one_kind(x, w, b)
    around = setting.padding
    if around != NO_PADDING:
        rows, columns = image[-2:]
        full = (rows + sum(around[0]), columns + sum(around[1]))
        plane_is_not_huge("padding", padding, (rows, columns), full, count_planes(x))
    return setting


def layer_setting(
    image: tuple[int, ...],
    kernels: tuple[int, ...],
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
    mode: str = "zeros",
    names: tuple[str, str] = ("input", "weight"),
) -> Setting:
    """Judge a convolution by the two shapes, named as the caller's arguments, and return its setting."""
    step = pair("stride", stride, 1)
    gap = pair("dilation", dilation, 1)
    parts = integer("groups", groups, 1)
    size, kernel = (image[-2], image[-1]), (kernels[2], kernels[3])
    around = padding_sides(padding, kernel, step, gap)
    _conv_channels(image, kernels, parts, names)
    if mode != "zeros":
        padding_reaches("padding_mode", size, around, mode)
    return window_setting(size, kernel, step, around, gap, parts)


def conv_transpose2d_setting(
    input: object,
    weight: object,
    bias: object = None,
    stride: object = 1,
    padding: object = 0,
    output_padding: object = 0,
    groups: object = 1,
    dilation: object = 1,
    output_size: object = None,
) -> TransposedSetting:
    """Judge every argument of a transposed convolution and return its normalized setting."""
    x = images("input", input, "conv_transpose2d")
    w = conv_weight(weight, "(input channels, output channels / groups, kernel rows, kernel columns)")
    b = None if bias is None else tensor("bias", bias)
    step = pair("stride", stride, 1)
    if isinstance(padding, str):
        raise TypeError(
            "padding of conv_transpose2d must be an integer, a pair or ((top, bottom), (left, right)), got "
            f"{padding!r}: several input sizes give one output size, so no word names the padding; use "
            "transposed_output_size"
        )
    cut = sides("padding", padding)
    more = pair("output_padding", output_padding, 0)
    parts = integer("groups", groups, 1)
    gap = pair("dilation", dilation, 1)
    wanted = None if output_size is None else plane_argument("output_size", output_size, x.dim())
    channels = x.shape[-3]
    if channels != w.shape[0]:
        raise ValueError(
            f"input has {counted(channels, 'channel')} but weight takes {w.shape[0]}: input {shape(x)}, "
            f"weight {shape(w)}; the weight of a transposed convolution is (input channels, output channels "
            "/ groups, rows, columns), the other way round than conv2d's"
        )
    if w.shape[1] == 0:
        raise ValueError(f"weight must have at least one output channel, got shape {shape(w)}")
    if channels % parts:
        raise ValueError(
            f"groups={parts} must divide the {channels} input channels, remainder {channels % parts}"
        )
    _bias(b, w.shape[1] * parts)
    _one_kind(x, w, b)
    size, kernel = plane_size(x), plane_size(w)
    if wanted is not None:
        more = _output_padding_for(wanted, transposed_size(size, kernel, step, cut, (0, 0), gap), step, gap)
    out = transposed_size(size, kernel, step, cut, more, gap)
    full = (out[0] + sum(cut[0]), out[1] + sum(cut[1]))
    plane_is_not_huge("stride, padding or dilation", (stride, padding, dilation), size, full)
    if max(*step, *gap) >= 2**31:
        # As in bounded_stride.  Each stays above its output_padding, as torch asks.
        step, gap = ((min(two[0], full[0]), min(two[1], full[1])) for two in (step, gap))
    return TransposedSetting(step, cut, more, gap, parts, out)


def _output_padding_for(wanted: Pair, least: Pair, step: Pair, gap: Pair) -> Pair:
    """Return the output_padding that gives the wanted size, or say which sizes there are."""
    for axis, word in enumerate(("rows", "columns")):
        most = least[axis] + max(step[axis], gap[axis]) - 1
        if not least[axis] <= wanted[axis] <= most:
            raise ValueError(
                f"output_size asks for {wanted[axis]} {word}; this setting can give {least[axis]} to {most}: "
                "fewer than the stride (or the dilation) more than without output_padding"
            )
    return wanted[0] - least[0], wanted[1] - least[1]


def conv2d_input_setting(
    input_size: object,
    weight: object,
    grad_output: object,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> Setting:
    """Judge the arguments of the gradient with respect to the input and return the convolution's setting."""
    meaning = "(batch, channels, rows, columns) or (channels, rows, columns)"
    sizes = shape_argument("input_size", input_size, (3, 4), meaning)
    w = conv_weight(weight)
    arithmetic_dtype("weight", w)
    names = ("input_size", "weight")
    setting = layer_setting(sizes, shape(w), stride, padding, dilation, groups, names=names)
    around = setting.padding
    full = (sizes[-2] + sum(around[0]), sizes[-1] + sum(around[1]))
    plane_is_not_huge("padding", padding, (sizes[-2], sizes[-1]), full, max(1, math.prod(sizes[:-2])))
    _grad_output(grad_output, (*sizes[:-3], w.shape[0], *setting.output_size), "weight", w)
    return setting


def conv2d_weight_setting(
    input: object,
    weight_size: object,
    grad_output: object,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> Setting:
    """Judge the arguments of the gradient with respect to the weight and return the convolution's setting."""
    x = images("input", input, "conv2d_weight")
    arithmetic_dtype("input", x)
    sizes = shape_argument("weight_size", weight_size, (4,), WEIGHT)
    _some_kernel("weight_size", sizes)
    names = ("input", "weight_size")
    setting = layer_setting(shape(x), sizes, stride, padding, dilation, groups, names=names)
    around = setting.padding
    full = (x.shape[-2] + sum(around[0]), x.shape[-1] + sum(around[1]))
    plane_is_not_huge("padding", padding, plane_size(x), full, count_planes(x))
    _grad_output(grad_output, (*x.shape[:-3], sizes[0], *setting.output_size), "input", x)
    return setting


def conv_weight(value: object, meaning: str = WEIGHT) -> Tensor:
    """Judge the kernels of a layer: four dimensions, at least one kernel."""
    w = tensor("weight", value)
    sizes = w.shape
    if len(sizes) != 4:
        cure = "; a single kernel becomes one with weight[None, None]" if len(sizes) == 2 else ""
        raise ValueError(f"weight must have 4 dimensions {meaning}, got {len(sizes)}: shape {shape(w)}{cure}")
    _some_kernel("weight", sizes)
    return w


def _some_kernel(name: str, sizes: tuple[int, ...]) -> None:
    if sizes[0] == 0 or sizes[2] == 0 or sizes[3] == 0:
        raise ValueError(
            f"{name} must hold at least one kernel of at least one row and one column, got shape "
            f"{tuple(sizes)}"
        )


def _conv_channels(
    image: tuple[int, ...], kernels: tuple[int, ...], groups: int, names: tuple[str, str]
) -> None:
    channels, outs, taken = image[-3], kernels[0], kernels[1]
    if taken * groups != channels:
        each = f"{taken} per group · {groups} groups = {taken * groups}" if groups > 1 else f"{taken}"
        raise ValueError(
            f"{names[0]} has {counted(channels, 'channel')} but {names[1]} takes {each}: {names[0]} {image}, "
            f"{names[1]} {kernels}{_channels_cure(image, kernels, groups)}"
        )
    if outs % groups:
        first = "weight.shape[0]" if names[1] == "weight" else f"{names[1]}[0]"
        raise ValueError(
            f"groups={groups} must divide the {outs} output channels ({first}), remainder {outs % groups}"
        )


def _channels_cure(image: tuple[int, ...], kernels: tuple[int, ...], groups: int) -> str:
    """Say what is probably meant where the channels of an image and of a weight differ."""
    channels, outs, taken = image[-3], kernels[0], kernels[1]
    if image[-1] == taken * groups or channels_seem_last(image):
        return f"; if the channels stand last, bring them forward with {channels_forward(image)}"
    if len(image) == 3 and taken * groups == 1:
        return (
            "; 3 dimensions mean one image (channels, rows, columns): a batch of one-channel images needs "
            "input.unsqueeze(1)"
        )
    if groups == 1 and taken == 1 and channels:
        if outs % channels == 0:
            return f"; for a kernel of its own for each channel pass groups={channels}"
        return (
            f"; a kernel of its own for each channel needs groups={channels} and a multiple of {channels} "
            f"output channels, got {outs}"
        )
    if groups == 1 and outs == channels:
        return "; weight is (output channels, input channels, …): perhaps the two are swapped"
    if channels % groups:
        return f"; groups must divide the {channels} input channels, remainder {channels % groups}"
    fitting = (outs, channels // groups, *kernels[2:])
    return f"; weight.shape[1] is input channels / groups: for this input the weight is {fitting}"


def _bias(b: Tensor | None, outs: int) -> None:
    if b is not None and (b.dim() != 1 or b.shape[0] != outs):
        cure = "; write bias.flatten()" if b.numel() == outs else ""
        raise ValueError(
            f"bias must have one number for each of the {outs} output channels, shape ({outs},), got "
            f"{shape(b)}{cure}"
        )


def _one_kind(x: Tensor, w: Tensor, b: Tensor | None) -> None:
    """Judge dtype and device of a convolution's tensors."""
    for other in (w,) if b is None else (w, b):
        if other.device != x.device or other.dtype != x.dtype:
            same_device(input=x, weight=w, bias=b)
            same_dtype(input=x, weight=w, bias=b)
    arithmetic_dtype("input", x)


def _grad_output(value: object, needed: tuple[int, ...], other: str, tensor_of_call: Tensor) -> None:
    """Judge that a gradient has the shape, dtype and device of the output it belongs to."""
    grad = tensor("grad_output", value)
    if tuple(grad.shape) != needed:
        raise ValueError(f"grad_output must have the shape of the output, {needed}, got {shape(grad)}")
    same_device(grad_output=grad, **{other: tensor_of_call})
    same_dtype(grad_output=grad, **{other: tensor_of_call})
