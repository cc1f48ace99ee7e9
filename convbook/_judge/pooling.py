"""Pooling: windows, sizes, and the dtypes that have a maximum or an average."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from convbook._forms import Pair, as_int, describe, flag, integer, pair
from convbook._judge.tensors import (
    COUNTERS,
    REALS,
    count_planes,
    dtype_name,
    images,
    matrix,
    one_of,
    plane_argument,
    plane_is_not_huge,
    plane_size,
    same_device,
    shape,
    tensor,
)
from convbook._judge.windows import NO_PADDING, bounded_dilation, bounded_stride
from convbook.geometry import transposed_size, windows_that_fit


class PoolSetting(NamedTuple):
    """A pooling's judged and normalized setting; `padding` has two entries, the same at both ends."""

    kernel_size: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    output_size: Pair


def pool2d_arguments(X: object, pool_size: object, mode: object) -> tuple[Tensor, Pair]:
    """Judge the arguments of the one-channel teaching form; return the matrix and the window's size."""
    X = matrix("X", X)
    window = pair("pool_size", pool_size, 1)
    if one_of("mode", mode, ("max", "avg")) == "max":
        ordered_dtype('pool2d(mode="max")', X, "X")
    else:
        averaged_dtype('pool2d(mode="avg")', X, "X")
    windows_that_fit(plane_size(X), window, (1, 1), NO_PADDING, (1, 1), noun="pooling window")
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
    size = plane_size(x)
    out = windows_that_fit(size, kernel, step, around, gap, up, noun="pooling window")
    full = (size[0] + 2 * cut[0], size[1] + 2 * cut[1])
    plane_is_not_huge("padding", padding, size, full, count_planes(x))
    return PoolSetting(kernel, bounded_stride(step, size, around), cut, bounded_dilation(gap, kernel), out)


def pool_window(
    kernel_size: object, stride: object = None, padding: object = 0, dilation: object = 1
) -> tuple[Pair, Pair, Pair, Pair]:
    """Judge what can be judged of a pooling without an image: kernel size, stride, padding, dilation.

    `stride` None (or an empty sequence, as torch has it) means the kernel's size.  Padding may be at most
    half the kernel: that is torch's rule.  Windows without gaps would all hold a pixel up to k − 1.
    """
    kernel = pair("kernel_size", kernel_size, 1)
    default = stride is None or (isinstance(stride, (tuple, list)) and len(stride) == 0)
    step = kernel if default else pair("stride", stride, 1)
    cut = pair("padding", padding, 0)
    gap = pair("dilation", dilation, 1)
    for axis, word in enumerate(("rows", "columns")):
        if cut[axis] > kernel[axis] // 2:
            raise ValueError(
                f"padding of a pooling must be at most half the kernel, as in torch: got {cut[axis]} for the "
                f"{word} with kernel {kernel[axis]}, {kernel[axis]} // 2 = {kernel[axis] // 2}; to pad more, "
                f"call pad first (for a maximum with value=-math.inf)"
            )
    return kernel, step, cut, gap


def unpool_size(
    input: object,
    indices: object,
    kernel_size: object,
    stride: object = None,
    padding: object = 0,
    output_size: object = None,
) -> Pair:
    """Judge max_unpool2d's arguments, but for the numbers in `indices`; return the size of its result."""
    x = images("input", input, "max_unpool2d")
    ordered_dtype("max_unpool2d", x)
    places = tensor("indices", indices)
    if places.dtype is not torch.int64:
        raise TypeError(
            f"indices must be int64, as max_pool2d(return_indices=True) gives them, got "
            f"{dtype_name(places.dtype)}"
        )
    if places.shape != x.shape:
        raise ValueError(f"indices must have the shape of input, {shape(x)}, got {shape(places)}")
    same_device(input=x, indices=places)
    kernel, step, cut, _ = pool_window(kernel_size, stride, padding)
    size = plane_size(x)
    usual = transposed_size(size, kernel, step, ((cut[0], cut[0]), (cut[1], cut[1])), (0, 0), (1, 1))
    wanted = usual if output_size is None else plane_argument("output_size", output_size, x.dim())
    for axis, word in enumerate(("rows", "columns")):
        if not usual[axis] - step[axis] < wanted[axis] < usual[axis] + step[axis]:
            raise ValueError(
                f"output_size asks for {wanted[axis]} {word}; kernel {kernel[axis]}, stride {step[axis]} and "
                f"padding {cut[axis]} make {max(1, usual[axis] - step[axis] + 1)} to "
                f"{usual[axis] + step[axis] - 1} of {size[axis]}"
            )
    plane_is_not_huge("kernel_size or stride", (kernel, step), size, wanted, count_planes(x))
    return wanted


def adaptive_size(name: str, input: object, output_size: object, channels_may_be_empty: bool = False) -> Pair:
    """Judge an adaptive pooling's arguments; None in `output_size` keeps the input's size on that axis."""
    x = images("input", input, name, channels_may_be_empty=channels_may_be_empty)
    size = plane_size(x)
    wanted = wanted_size(output_size)
    rows = size[0] if wanted[0] is None else wanted[0]
    columns = size[1] if wanted[1] is None else wanted[1]
    plane_is_not_huge("output_size", output_size, size, (rows, columns), count_planes(x))
    return rows, columns


def wanted_size(output_size: object) -> tuple[int | None, int | None]:
    """Judge an adaptive pooling's size without an image: an integer, or a pair that may hold None."""
    two = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    if len(two) != 2:
        raise ValueError(
            f"output_size must be an integer or a pair (rows, columns), got {len(two)} values: "
            f"{describe(output_size)}"
        )
    if all(wanted is not None for wanted in two):
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
        f"{name} of {function} must hold real numbers or integers, got {dtype_name(x.dtype)}{why}; {cure}"
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
    raise TypeError(f"{name} of {function} must hold {needed}, got {dtype_name(x.dtype)}; {cure}")


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
