"""Every judgement of tensors: shapes, channels, groups, dtypes and devices, each decided and worded once.

A function here either raises, naming the argument, what arrived, what was needed and the cure, or returns the
normalised setting that the arithmetic uses from then on.  Nothing is computed and nothing allocated.
Values (shapes and devices among them) are ``ValueError``; types and dtypes are ``TypeError``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from convbook import _forms
from convbook._forms import Pair, Sides, as_int, describe, integer, pair, sides
from convbook.geometry import padding_sides, transposed_size, windows_that_fit

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")

LARGEST_PLANE = 2**28
"""Cells that padding or an output size may make, unless the input is that large itself: 1 GiB in float32.

A padding of 10⁹ is a slip of the finger; without a bound it would take the machine down."""

NO_PADDING: Sides = ((0, 0), (0, 0))

flag = _forms.flag
"""Judge a true-or-false argument; it lives with the forms, because sizes need it without torch."""


class Setting(NamedTuple):
    """A convolution's judged and normalised setting: pairs are (rows, columns), padding has its four sides.

    Attributes
    ----------
    stride, dilation : tuple of int
    padding : tuple of tuple of int
        ((top, bottom), (left, right)).
    groups : int
    output_size : tuple of int
    """

    stride: Pair
    padding: Sides
    dilation: Pair
    groups: int
    output_size: Pair


class TransposedSetting(NamedTuple):
    """A transposed convolution's judged and normalised setting."""

    stride: Pair
    padding: Pair
    output_padding: Pair
    dilation: Pair
    groups: int
    output_size: Pair


class PoolSetting(NamedTuple):
    """A pooling's judged and normalised setting; `padding` has two entries, the same at both ends."""

    kernel_size: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    output_size: Pair


# --------------------------------------------------------------------------------------------- single tensors


def tensor(name: str, value: object) -> Tensor:
    """Judge that an argument is a tensor whose numbers lie in memory one by one."""
    if not isinstance(value, Tensor):
        cure = f"; make one with torch.tensor({name})" if isinstance(value, (list, tuple, int, float)) else ""
        cure = f"; make one with torch.from_numpy({name})" if type(value).__module__ == "numpy" else cure
        raise TypeError(f"{name} must be a torch.Tensor, got {describe(value)}{cure}")
    if value.layout is not torch.strided or value.is_nested:
        kind = "nested" if value.is_nested else str(value.layout).removeprefix("torch.")
        cure = (
            "pad it with torch.nested.to_padded_tensor"
            if value.is_nested
            else f"convert it with {name}.to_dense()"
        )
        raise TypeError(f"{name} must be a dense tensor, got a {kind} one; {cure}")
    return value


def matrix(name: str, value: object) -> Tensor:
    """Judge that an argument is a two-dimensional tensor, rows × columns, that is not empty."""
    value = tensor(name, value)
    if value.dim() != 2:
        raise ValueError(
            f"{name} must have 2 dimensions (rows, columns), got {value.dim()}: shape "
            f"{shape(value)}{_matrix_cure(name, value)}"
        )
    if value.shape[0] == 0 or value.shape[1] == 0:
        raise ValueError(f"{name} must have at least one row and one column, got shape {shape(value)}")
    return value


def kernel_fits(X: Tensor, K: Tensor) -> None:
    """Judge that a kernel fits into an image without padding (both matrices or stacks of matrices)."""
    windows_that_fit(_plane(X), _plane(K), (1, 1), NO_PADDING, (1, 1))


def same_device(**tensors: Tensor | None) -> None:
    """Judge that all tensors are on one device."""
    given = {name: value for name, value in tensors.items() if value is not None}
    if len({value.device for value in given.values()}) > 1:
        places = ", ".join(f"{name} on {value.device}" for name, value in given.items())
        first = next(iter(given))
        raise ValueError(
            f"all tensors must be on one device, got {places}; move them with .to({first}.device)"
        )


def same_dtype(**tensors: Tensor | None) -> None:
    """Judge that all tensors have one dtype."""
    given = {name: value for name, value in tensors.items() if value is not None}
    dtypes = [value.dtype for value in given.values()]
    if len(set(dtypes)) > 1:
        kinds = ", ".join(f"{name} is {_dtype_name(value.dtype)}" for name, value in given.items())
        first, *rest = given
        other = next(name for name in rest if given[name].dtype != dtypes[0])
        raise TypeError(
            f"all tensors must have one dtype, got {kinds}; "
            f"{_dtype_cure(first, other, *(given[n].dtype for n in (first, other)))}"
        )


def arithmetic_dtype(name: str, value: Tensor) -> None:
    """Judge that a tensor has a dtype that sums and products are defined for."""
    if value.dtype is torch.bool:
        raise TypeError(
            f"{name} must hold numbers, got bool; count with {name}.long() or measure with {name}.float()"
        )
    wide = value.is_floating_point() and value.dtype.itemsize > 1
    if not (wide or value.is_complex() or value.dtype in INTEGERS):
        cure = "; convert it with .float()" if value.is_floating_point() else ""
        cure = "; convert it with .dequantize()" if value.is_quantized else cure
        raise TypeError(
            f"{name} must be floating (16 bits or more), complex or integer, got "
            f"{_dtype_name(value.dtype)}{cure}"
        )


INTEGERS = frozenset(
    (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64)
)

NEVER_PROMOTED = frozenset((torch.uint16, torch.uint32, torch.uint64))

HALVES = {
    torch.float16: torch.float32,
    torch.bfloat16: torch.float32,
    torch.complex32: torch.complex64,
}


def accumulator(dtype: torch.dtype) -> torch.dtype:
    """Dtype that sums are kept in, to be converted once at the end.

    Half types are summed in single precision: bfloat16 alone would stop counting at 256.  Integers are summed
    in int64, whose arithmetic modulo 2⁶⁴ has every narrower integer's among its low bits.

    Examples
    --------
    >>> accumulator(torch.bfloat16), accumulator(torch.uint8), accumulator(torch.float64)
    (torch.float32, torch.int64, torch.float64)
    """
    if dtype in INTEGERS:
        return torch.int64
    return HALVES.get(dtype, dtype)


# ----------------------------------------------------------------------------------------- teaching functions


def corr2d_arguments(X: object, K: object) -> tuple[Tensor, Tensor]:
    """Judge the two matrices of a one-channel correlation."""
    X, K = matrix("X", X), matrix("K", K)
    _pair_of_operands(X, K)
    return X, K


def multi_in_arguments(X: object, K: object) -> tuple[Tensor, Tensor]:
    """Judge X (channels, rows, columns) and K (channels, rows, columns)."""
    X, K = _stack("X", X, 3, "(channels, rows, columns)"), _stack("K", K, 3, "(channels, rows, columns)")
    _same_channels(X, K, K.shape[0])
    _pair_of_operands(X, K)
    return X, K


def multi_in_out_arguments(X: object, K: object) -> tuple[Tensor, Tensor]:
    """Judge X (channels, rows, columns) and K (output channels, channels, rows, columns)."""
    X = _stack("X", X, 3, "(channels, rows, columns)")
    K = _stack("K", K, 4, "(output channels, input channels, rows, columns)")
    _same_channels(X, K, K.shape[1])
    return X, K  # dtype, device and fit are corr2d_multi_in's to judge, before it works on the first kernel


# ------------------------------------------------------------------------------------------------ convolution


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
    """Judge every argument of a convolution and return its normalised setting.

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
    w = _weight(weight, "(output channels, input channels / groups, kernel rows, kernel columns)")
    b = None if bias is None else tensor("bias", bias)
    step = pair("stride", stride, 1)
    gap = pair("dilation", dilation, 1)
    parts = integer("groups", groups, 1)
    kernel = _plane(w)
    around = padding_sides(padding, kernel, step, gap)
    _conv_channels(x, w, parts)
    _bias(b, w.shape[0])
    _one_kind(x, w, b)
    mode = one_of("padding_mode", padding_mode, PADDING_MODES)
    size = _plane(x)
    if mode != "zeros":
        _padding_reaches("padding_mode", size, around, mode)
    out = windows_that_fit(size, kernel, step, around, gap)
    if around != NO_PADDING:
        full = (size[0] + sum(around[0]), size[1] + sum(around[1]))
        _plane_is_sane("padding", padding, size, full, _planes(x))
    return Setting(_short(step, size, around), around, _between(gap, kernel), parts, out)


def conv_transpose2d_setting(
    input: object,
    weight: object,
    bias: object = None,
    stride: object = 1,
    padding: object = 0,
    output_padding: object = 0,
    groups: object = 1,
    dilation: object = 1,
) -> TransposedSetting:
    """Judge every argument of a transposed convolution and return its normalised setting."""
    x = images("input", input, "conv_transpose2d")
    w = _weight(weight, "(input channels, output channels / groups, kernel rows, kernel columns)")
    b = None if bias is None else tensor("bias", bias)
    step = pair("stride", stride, 1)
    if isinstance(padding, str):
        raise TypeError(
            "padding of conv_transpose2d must be an integer or a pair of integers (rows, columns), got "
            f"{padding!r}: "
            "one output size has several inputs' sizes, so there is no single 'same'; compute it with "
            "transposed_output_size"
        )
    cut = pair("padding", padding, 0)
    more = pair("output_padding", output_padding, 0)
    parts = integer("groups", groups, 1)
    gap = pair("dilation", dilation, 1)
    channels = x.shape[-3]
    if channels != w.shape[0]:
        raise ValueError(
            f"input has {_count(channels, 'channel')} but weight takes {w.shape[0]}: input {shape(x)}, "
            f"weight {shape(w)}; the "
            "weight of a transposed convolution is (input channels, output channels / groups, rows, "
            "columns), the other "
            "way round than conv2d's"
        )
    if w.shape[1] == 0:
        raise ValueError(f"weight must have at least one output channel, got shape {shape(w)}")
    if channels % parts:
        raise ValueError(
            f"groups={parts} must divide the {channels} input channels, remainder {channels % parts}"
        )
    _bias(b, w.shape[1] * parts)
    _one_kind(x, w, b)
    size, kernel = _plane(x), _plane(w)
    out = transposed_size(size, kernel, step, cut, more, gap)
    full = (out[0] + 2 * cut[0], out[1] + 2 * cut[1])
    _plane_is_sane("stride, padding or dilation", (stride, padding, dilation), size, full)
    # As in _short: longer steps change nothing.  Each stays above its output_padding, which torch asks for.
    step, gap = ((min(two[0], full[0]), min(two[1], full[1])) for two in (step, gap))
    return TransposedSetting(step, cut, more, gap, parts, out)


def conv2d_input_setting(
    input_size: object,
    weight: object,
    grad_output: object,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> Setting:
    """Judge the arguments of the gradient by the input and return the convolution's setting."""
    w = _weight(weight, "(output channels, input channels / groups, kernel rows, kernel columns)")
    sizes = _sizes(
        "input_size", input_size, (3, 4), "(batch, channels, rows, columns) or (channels, rows, columns)"
    )
    setting = conv2d_setting(_stand_in("input_size", sizes, w), w, None, stride, padding, dilation, groups)
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
    """Judge the arguments of the gradient by the weight and return the convolution's setting."""
    x = images("input", input, "conv2d_weight")
    sizes = _sizes(
        "weight_size",
        weight_size,
        (4,),
        "(output channels, input channels / groups, kernel rows, kernel columns)",
    )
    setting = conv2d_setting(x, _stand_in("weight_size", sizes, x), None, stride, padding, dilation, groups)
    _grad_output(grad_output, (*x.shape[:-3], sizes[0], *setting.output_size), "input", x)
    return setting


def matrix_setting(
    weight: object,
    input_size: object,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> tuple[Pair, Setting]:
    """Judge the arguments of a convolution's matrix; return the image's size and the setting."""
    w = _weight(weight, "(output channels, input channels / groups, kernel rows, kernel columns)")
    _, size, setting = structure_setting(tuple(w.shape), input_size, stride, padding, dilation, groups)
    arithmetic_dtype("weight", w)
    down = w.shape[0] * setting.output_size[0] * setting.output_size[1]
    across = w.shape[1] * setting.groups * size[0] * size[1]
    if down * across > LARGEST_PLANE:
        raise ValueError(
            f"the matrix of this convolution would have {down} rows and {across} columns, {down * across} "
            "entries; at most "
            f"{LARGEST_PLANE} are allowed; count them with matrix_structure, or take a smaller image"
        )
    return size, setting


def structure_setting(
    weight_size: object,
    input_size: object,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> tuple[tuple[int, ...], Pair, Setting]:
    """Judge a convolution by its sizes alone; return the weight's, the image's, and the setting."""
    meaning = "(output channels, input channels / groups, kernel rows, kernel columns)"
    sizes = _sizes("weight_size", weight_size, (4,), meaning, minimum=1)
    size = pair("input_size", input_size, 1)
    step = pair("stride", stride, 1)
    gap = pair("dilation", dilation, 1)
    parts = integer("groups", groups, 1)
    kernel = (sizes[2], sizes[3])
    around = padding_sides(padding, kernel, step, gap)
    if sizes[0] % parts:
        raise ValueError(
            f"groups={parts} must divide the {sizes[0]} output channels (weight.shape[0]), remainder "
            f"{sizes[0] % parts}"
        )
    out = windows_that_fit(size, kernel, step, around, gap)
    return sizes, size, Setting(_short(step, size, around), around, _between(gap, kernel), parts, out)


def dense_weights(W: object) -> Pair:
    """Judge the weights of a dense layer between images of one size; return that size."""
    value = tensor("W", W)
    if value.dim() == 0 or value.shape[:2] != value.shape[2:] or 0 in value.shape:
        raise ValueError(
            "W must have the shape (rows, columns, rows, columns), output cell and input pixel, got "
            f"{shape(value)}"
        )
    arithmetic_dtype("W", value)
    return value.shape[0], value.shape[1]


def dense_kernel_setting(W: object, kernel_size: object, padding: object) -> tuple[Pair, Pair, Setting]:
    """Judge a dense layer and the kernel to be found in it; return both sizes and the setting."""
    value = tensor("W", W)
    if value.dim() != 4 or 0 in value.shape:
        raise ValueError(
            f"W must have 4 dimensions (output rows, output columns, rows, columns), got shape {shape(value)}"
        )
    if not (value.is_floating_point() or value.is_complex()):
        raise TypeError(
            f"W must be floating or complex, because weights are averaged, got {_dtype_name(value.dtype)}; "
            "convert it "
            "with W.float()"
        )
    kernel = pair("kernel_size", kernel_size, 1)
    _, size, setting = structure_setting((1, 1, *kernel), _plane(value), padding=padding)
    if setting.output_size != tuple(value.shape[:2]):
        raise ValueError(
            f"a kernel {kernel[0]}×{kernel[1]} takes {size[0]}×{size[1]} pixels to {setting.output_size[0]}×"
            f"{setting.output_size[1]} cells, but W has {value.shape[0]}×{value.shape[1]}: shape "
            f"{shape(value)}; choose the "
            "padding so that they agree"
        )
    return kernel, size, setting


def _sizes(
    name: str, value: object, dims: tuple[int, ...], meaning: str, minimum: int = 0
) -> tuple[int, ...]:
    """Judge a shape given as an argument."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a shape {meaning}, got {describe(value)}")
    if len(value) not in dims:
        raise ValueError(f"{name} must be a shape {meaning}, got {len(value)} numbers: {tuple(value)}")
    return tuple(integer(name, size, minimum) for size in value)


def _stand_in(name: str, sizes: tuple[int, ...], like: Tensor) -> Tensor:
    """Return a tensor of that shape without its memory, to be judged in place of the real one."""
    if math.prod(sizes) >= 2**63:
        raise ValueError(f"{name} must be at most 2⁶³ − 1 numbers in all, got {sizes}: {math.prod(sizes)}")
    return like.detach().new_empty(()).expand(sizes)


def _grad_output(value: object, needed: tuple[int, ...], other: str, tensor_of_call: Tensor) -> None:
    """Judge that a gradient has the shape, dtype and device of the output it belongs to."""
    grad = tensor("grad_output", value)
    if tuple(grad.shape) != needed:
        raise ValueError(f"grad_output must have the shape of the output, {needed}, got {shape(grad)}")
    same_device(grad_output=grad, **{other: tensor_of_call})
    same_dtype(grad_output=grad, **{other: tensor_of_call})


# ---------------------------------------------------------------------------------------------------- pooling


def pool2d_arguments(X: object, pool_size: object, mode: object) -> tuple[Tensor, Pair]:
    """Judge the arguments of the one-channel teaching form; return the matrix and the window's size."""
    X = matrix("X", X)
    window = pair("pool_size", pool_size, 1)
    if one_of("mode", mode, ("max", "avg")) == "max":
        ordered_dtype('pool2d(mode="max")', X, "X")
    else:
        averaged_dtype('pool2d(mode="avg")', X, "X")
    windows_that_fit(_plane(X), window, (1, 1), NO_PADDING, (1, 1), noun="pooling window")
    return X, window


def pool2d_setting(
    name: str,
    input: object,
    kernel_size: object,
    stride: object = None,
    padding: object = 0,
    dilation: object = 1,
    ceil_mode: object = False,
) -> PoolSetting:
    """Judge a pooling's arguments; `name` is the function's, for the message."""
    x = images("input", input, name, channels_may_be_empty=False)
    kernel, step, cut, gap = pool_window(kernel_size, stride, padding, dilation)
    up = flag("ceil_mode", ceil_mode)
    around = ((cut[0], cut[0]), (cut[1], cut[1]))
    size = _plane(x)
    out = windows_that_fit(size, kernel, step, around, gap, up, noun="pooling window")
    full = (size[0] + 2 * cut[0], size[1] + 2 * cut[1])
    _plane_is_sane("padding", padding, size, full, _planes(x))
    return PoolSetting(kernel, _short(step, size, around), cut, _between(gap, kernel), out)


def pool_window(
    kernel_size: object, stride: object = None, padding: object = 0, dilation: object = 1
) -> tuple[Pair, Pair, Pair, Pair]:
    """Judge what can be judged of a pooling without an image: kernel size, stride, padding, dilation.

    `stride` None (or an empty sequence, as torch has it) means the kernel's size.  Padding may be at most
    half the kernel, so that every window without gaps holds at least one pixel.
    """
    kernel = pair("kernel_size", kernel_size, 1)
    default = stride is None or (isinstance(stride, (tuple, list)) and len(stride) == 0)
    step = kernel if default else pair("stride", stride, 1)
    cut = pair("padding", padding, 0)
    gap = pair("dilation", dilation, 1)
    for axis, word in enumerate(("rows", "columns")):
        if cut[axis] > kernel[axis] // 2:
            raise ValueError(
                f"padding of a pooling must be at most half the kernel: got {cut[axis]} for the {word} with "
                f"kernel {kernel[axis]}, {kernel[axis]} // 2 = {kernel[axis] // 2}; a larger one would leave "
                "windows without a pixel"
            )
    return kernel, step, cut, gap


def adaptive_size(name: str, input: object, output_size: object, channels_may_be_empty: bool = False) -> Pair:
    """Judge an adaptive pooling's arguments; None in `output_size` keeps the input's size on that axis."""
    x = images("input", input, name, channels_may_be_empty=channels_may_be_empty)
    size = _plane(x)
    wanted = wanted_size(output_size)
    rows = size[0] if wanted[0] is None else wanted[0]
    columns = size[1] if wanted[1] is None else wanted[1]
    _plane_is_sane("output_size", output_size, size, (rows, columns), _planes(x))
    return rows, columns


def wanted_size(output_size: object) -> tuple[int | None, int | None]:
    """Judge an adaptive pooling's size without an image: an integer, or a pair that may hold None."""
    two = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    if len(two) != 2:
        raise ValueError(
            f"output_size must be an integer or a pair (rows, columns), got {len(two)} values: "
            f"{output_size!r}"
        )
    if None not in two:
        return pair("output_size", output_size, 0)
    rows, columns = (None if wanted is None else integer("output_size", wanted, 0) for wanted in two)
    return rows, columns


def ordered_dtype(function: str, x: Tensor, name: str = "input") -> None:
    """Judge that a tensor's numbers can be compared, as a maximum needs it."""
    if x.dtype in REALS or x.dtype in COUNTERS:
        return
    cure = f"convert it with {name}.{'float' if x.is_floating_point() else 'long'}()"
    cure = f"pool {name}.abs()" if x.is_complex() else cure
    why = " (complex numbers have no order)" if x.is_complex() else ""
    raise TypeError(
        f"{name} of {function} must hold real numbers or integers, got {_dtype_name(x.dtype)}{why}; {cure}"
    )


def averaged_dtype(function: str, x: Tensor, name: str = "input", *, truncated: bool = False) -> None:
    """Judge that numbers can be averaged; `truncated` allows int64, whose average loses its fraction."""
    if x.dtype in REALS or (truncated and x.dtype is torch.int64):
        return
    needed = (
        "real floating numbers, or int64 (then the average is cut off)"
        if truncated
        else "real floating numbers"
    )
    cure = (
        f"pool {name}.real and {name}.imag one by one"
        if x.is_complex()
        else f"convert it with {name}.float()"
    )
    raise TypeError(f"{name} of {function} must hold {needed}, got {_dtype_name(x.dtype)}; {cure}")


REALS = frozenset((torch.float16, torch.bfloat16, torch.float32, torch.float64))
COUNTERS = frozenset((torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64))


def divisor_override(value: object) -> int | None:
    """Judge average pooling's divisor: None, or an integer that is not zero."""
    if value is None:
        return None
    number = as_int(value)
    if number is None:
        raise TypeError(f"divisor_override must be an integer or None, got {describe(value)}")
    if number == 0:
        raise ValueError("divisor_override must not be 0: every window's sum is divided by it")
    if abs(number) >= 2**63:
        raise ValueError(f"divisor_override must fit into 64 bits, at most 2⁶³ − 1, got {number}")
    return number


def norm_type(value: object) -> float:
    """Judge the exponent of power-average pooling: a positive, finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"norm_type must be a number, got {describe(value)}")
    if not 0 < value < math.inf:
        cure = "; for the limit, the maximum, use max_pool2d(input.abs(), …)" if value == math.inf else ""
        raise ValueError(f"norm_type must be positive and finite, got {value}{cure}")
    return float(value)


# ----------------------------------------------------------------------------------- padding, unfold and fold


def pad_arguments(input: object, padding: object, mode: object, value: object) -> tuple[Tensor, Sides]:
    """Judge pad's arguments; return the image and the four sides."""
    x = tensor("input", input)
    if x.dim() < 2 or x.shape[-1] == 0 or x.shape[-2] == 0:
        raise ValueError(
            "input of pad must have at least 2 dimensions (…, rows, columns), at least one row and one "
            f"column, got shape {shape(x)}"
        )
    around = sides("padding", padding)
    word = one_of("mode", mode, PADDING_MODES)
    if not isinstance(value, (int, float)):
        raise TypeError(f"value must be a number, got {describe(value)}")
    if isinstance(value, float) and x.dtype in INTEGERS:
        raise TypeError(
            f"value must be an integer for an input of {_dtype_name(x.dtype)}, got {describe(value)}"
        )
    if word != "zeros" and value != 0:
        raise ValueError(
            f'value={value!r} is for mode="zeros"; mode="{word}" takes its numbers from the image'
        )
    size = _plane(x)
    if word != "zeros":
        _padding_reaches("mode", size, around, word)
    full = (size[0] + sum(around[0]), size[1] + sum(around[1]))
    _plane_is_sane("padding", padding, size, full, _planes(x))
    return x, around


def unfold_setting(
    input: object, kernel_size: object, dilation: object = 1, padding: object = 0, stride: object = 1
) -> tuple[Pair, Setting]:
    """Judge unfold's arguments; return the kernel's size and the setting of its windows."""
    x = images("input", input, "unfold", channels_may_be_empty=False)
    kernel = pair("kernel_size", kernel_size, 1)
    gap = pair("dilation", dilation, 1)
    cut = pair("padding", padding, 0)
    step = pair("stride", stride, 1)
    around = ((cut[0], cut[0]), (cut[1], cut[1]))
    size = _plane(x)
    out = windows_that_fit(size, kernel, step, around, gap)
    full = (size[0] + 2 * cut[0], size[1] + 2 * cut[1])
    _plane_is_sane("padding", padding, size, full, _planes(x))
    return kernel, Setting(_short(step, size, around), around, _between(gap, kernel), 1, out)


def fold_setting(
    input: object,
    output_size: object,
    kernel_size: object,
    dilation: object = 1,
    padding: object = 0,
    stride: object = 1,
) -> tuple[Pair, Pair, Setting]:
    """Judge fold's arguments; return the image's size, the kernel's size and the setting of its windows."""
    x = tensor("input", input)
    if x.dim() not in (2, 3):
        raise ValueError(
            "input of fold must have 2 dimensions (channels · taps, windows) or 3 with a batch in front, "
            f"got {x.dim()}: shape {shape(x)}"
        )
    arithmetic_dtype("input", x)
    size = pair("output_size", output_size, 1)
    kernel = pair("kernel_size", kernel_size, 1)
    gap = pair("dilation", dilation, 1)
    cut = pair("padding", padding, 0)
    step = pair("stride", stride, 1)
    around = ((cut[0], cut[0]), (cut[1], cut[1]))
    out = windows_that_fit(size, kernel, step, around, gap)
    rows, columns = x.shape[-2:]
    taps = kernel[0] * kernel[1]
    if rows == 0 or rows % taps:
        raise ValueError(
            "input of fold must have channels · kernel rows · kernel columns rows, a multiple of "
            f"{kernel[0]}·{kernel[1]} = {taps}; "
            f"got {rows}, remainder {rows % taps}: shape {shape(x)}"
        )
    if columns != out[0] * out[1]:
        raise ValueError(
            f"input of fold must have one column for each window: output_size {size[0]}×{size[1]} has "
            f"{out[0]}·{out[1]} = {out[0] * out[1]} windows, got {columns} columns: shape {shape(x)}"
        )
    _plane_is_sane(
        "output_size or padding", (output_size, padding), (1, 1), (size[0] + 2 * cut[0], size[1] + 2 * cut[1])
    )
    return size, kernel, Setting(_short(step, size, around), around, _between(gap, kernel), 1, out)


# ---------------------------------------------------------------------------------------------- shared pieces


def images(name: str, value: object, function: str, *, channels_may_be_empty: bool = True) -> Tensor:
    """Judge an image argument: (channels, rows, columns), or a batch of those; an empty batch is allowed."""
    x = tensor(name, value)
    if x.dim() not in (3, 4):
        raise ValueError(
            f"{name} of {function} must have 4 dimensions (batch, channels, rows, columns) or 3 (channels, "
            "rows, columns), "
            f"got {x.dim()}: shape {shape(x)}{_image_cure(name, x)}"
        )
    if x.shape[-1] == 0 or x.shape[-2] == 0:
        raise ValueError(
            f"{name} must have at least one row and one column, got shape {shape(x)}; only the batch may "
            "be empty"
        )
    if not channels_may_be_empty and x.shape[-3] == 0:
        raise ValueError(
            f"{name} of {function} must have at least one channel, got shape {shape(x)}; only the batch "
            "may be empty"
        )
    return x


def layer(name: str, value: object) -> Callable[[Tensor], object]:
    """Judge that an argument can be called with a tensor."""
    if not callable(value):
        raise TypeError(f"{name} must be a layer or a function of a tensor, got {describe(value)}")
    return value


def one_plane(name: str, value: object) -> Tensor:
    """Judge that a layer gave one image with one channel."""
    x = tensor(name, value)
    if x.dim() != 4 or x.shape[0] != 1 or x.shape[1] != 1:
        raise ValueError(
            f"{name} must have shape (1, 1, rows, columns), got {shape(x)}; a layer with one output "
            "channel gives it"
        )
    return x


def one_of(name: str, value: object, words: Sequence[str]) -> str:
    """Judge a word out of a list."""
    if isinstance(value, str) and value in words:
        return value
    listed = ", ".join(f'"{word}"' for word in words)
    if isinstance(value, str):
        raise ValueError(f"{name} must be one of {listed}, got {value!r}")
    raise TypeError(f"{name} must be one of {listed}, got {describe(value)}")


def shape(value: Tensor) -> tuple[int, ...]:
    """Return a tensor's shape as a plain tuple, which prints as one."""
    return tuple(value.shape)


def _plane(x: Tensor) -> Pair:
    """Rows and columns, the last two sizes."""
    return x.shape[-2], x.shape[-1]


def _stack(name: str, value: object, dims: int, meaning: str) -> Tensor:
    value = tensor(name, value)
    if value.dim() != dims:
        raise ValueError(
            f"{name} must have {dims} dimensions {meaning}, got {value.dim()}: shape {shape(value)}"
        )
    if 0 in value.shape:
        raise ValueError(f"{name} must not be empty, got shape {shape(value)}")
    return value


def _same_channels(X: Tensor, K: Tensor, needed: int) -> None:
    if X.shape[0] != needed:
        raise ValueError(
            f"X has {_count(X.shape[0], 'channel')} but K takes {needed}: X {shape(X)}, K {shape(K)}; each "
            "input channel "
            "needs a kernel of its own, and the results are summed"
        )


def _pair_of_operands(X: Tensor, K: Tensor) -> None:
    """Judge dtype, device and fit of an image and a kernel whose dtypes may differ (they are promoted)."""
    arithmetic_dtype("X", X)
    arithmetic_dtype("K", K)
    unsigned = X.dtype in NEVER_PROMOTED or K.dtype in NEVER_PROMOTED
    if unsigned and X.dtype != K.dtype and not (X.is_floating_point() or K.is_floating_point()):
        raise TypeError(
            "X and K must have one dtype, because torch promotes uint16, uint32 and uint64 to floats "
            "alone; got X is "
            f"{_dtype_name(X.dtype)}, K is {_dtype_name(K.dtype)}; convert one, for example K.to(X.dtype)"
        )
    same_device(X=X, K=K)
    kernel_fits(X, K)


def _short(step: Pair, size: Pair, around: Sides) -> Pair:
    """Return the stride, cut to the padded size: no window starts beyond it, and torch wraps one of 2³¹."""
    return min(step[0], size[0] + sum(around[0])), min(step[1], size[1] + sum(around[1]))


def _between(gap: Pair, kernel: Pair) -> Pair:
    """Return the dilation, 1 where there is one tap and nothing between taps."""
    return 1 if kernel[0] == 1 else gap[0], 1 if kernel[1] == 1 else gap[1]


def _weight(value: object, meaning: str) -> Tensor:
    w = tensor("weight", value)
    if w.dim() != 4:
        cure = "; a single kernel becomes one with weight[None, None]" if w.dim() == 2 else ""
        raise ValueError(f"weight must have 4 dimensions {meaning}, got {w.dim()}: shape {shape(w)}{cure}")
    if w.shape[0] == 0 or w.shape[2] == 0 or w.shape[3] == 0:
        raise ValueError(
            f"weight must hold at least one kernel of at least one row and one column, got shape {shape(w)}"
        )
    return w


def _conv_channels(x: Tensor, w: Tensor, groups: int) -> None:
    channels, outs, taken = x.shape[-3], w.shape[0], w.shape[1]
    if taken * groups != channels:
        each = f"{taken} per group · {groups} groups = {taken * groups}" if groups > 1 else f"{taken}"
        raise ValueError(
            f"input has {_count(channels, 'channel')} but weight takes {each}: input {shape(x)}, weight "
            f"{shape(w)}"
            f"{_channels_cure(x, w, groups)}"
        )
    if outs % groups:
        raise ValueError(
            f"groups={groups} must divide the {outs} output channels (weight.shape[0]), remainder "
            f"{outs % groups}"
        )


def _channels_cure(x: Tensor, w: Tensor, groups: int) -> str:
    needed = w.shape[1] * groups
    if x.shape[-1] == needed:
        order = "(0, 3, 1, 2)" if x.dim() == 4 else "(2, 0, 1)"
        return (
            f"; if the channels stand last, bring them forward with input.permute{order} (a reshape "
            "would scramble pixels)"
        )
    if x.dim() == 3 and needed == 1:
        return (
            "; 3 dimensions mean one image (channels, rows, columns): a batch of one-channel images needs "
            "input.unsqueeze(1)"
        )
    if groups == 1 and w.shape[0] == x.shape[-3]:
        return "; weight is (output channels, input channels, …): perhaps the two are swapped"
    if groups == 1 and w.shape[1] == 1:
        return f"; for one kernel for each channel pass groups={x.shape[-3]}"
    if x.shape[-3] % groups:
        return f"; groups must divide the {x.shape[-3]} input channels, remainder {x.shape[-3] % groups}"
    fitting = (w.shape[0], x.shape[-3] // groups, *w.shape[2:])
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
    same_device(input=x, weight=w, bias=b)
    same_dtype(input=x, weight=w, bias=b)
    arithmetic_dtype("input", x)


def _padding_reaches(name: str, size: Pair, around: Sides, mode: str) -> None:
    """Judge that the padding can be filled from the image itself."""
    for axis, word in enumerate(("rows", "columns")):
        most = {"reflect": size[axis] - 1, "circular": size[axis]}.get(mode)
        if most is not None and max(around[axis]) > most:
            why = (
                "the edge itself is not repeated"
                if mode == "reflect"
                else "it would wrap around more than once"
            )
            raise ValueError(
                f'{name}="{mode}" can pad {size[axis]} {word} by at most {most} on a side ({why}), '
                f"got {around[axis][0]} and {around[axis][1]}"
            )


def _plane_is_sane(name: str, value: object, size: Pair, plane: Pair, planes: int = 1) -> None:
    """Refuse planes so large that only a slip can have asked for them, before anything is allocated."""
    cells = plane[0] * plane[1]
    if planes * cells > max(LARGEST_PLANE, 4 * planes * size[0] * size[1]):
        count = f"{planes} planes" if planes > 1 else "a plane"
        total = f", {planes * cells} in all," if planes > 1 else ""
        raise ValueError(
            f"{name}={value!r} makes {count} of {plane[0]}×{plane[1]} = {cells} cells{total} out of an input "
            f"of {size[0]}×{size[1]}; at most {LARGEST_PLANE} are allowed"
        )


def _planes(x: Tensor) -> int:
    """Count the planes of a batch of images; an empty batch counts as one."""
    return max(1, math.prod(x.shape[:-2]))


def _matrix_cure(name: str, value: Tensor) -> str:
    if value.dim() > 2 and all(n == 1 for n in value.shape[:-2]):
        return f"; take the one plane with {name}[{', '.join(['0'] * (value.dim() - 2))}]"
    if value.dim() > 2:
        return "; for channels use corr2d_multi_in, for batches conv2d"
    return ""


def _image_cure(name: str, x: Tensor) -> str:
    if x.dim() == 2:
        return f"; a single image becomes a batch of one with one channel by {name}[None, None]"
    return ""


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _dtype_cure(first: str, other: str, first_dtype: torch.dtype, other_dtype: torch.dtype) -> str:
    """Say which conversion loses nothing."""
    if (
        not first_dtype.is_floating_point
        and not first_dtype.is_complex
        and (other_dtype.is_floating_point or other_dtype.is_complex)
    ):
        return f"integer images need converting: {first}.to({other}.dtype)"
    return f"convert one, for example {other}.to({first}.dtype)"
