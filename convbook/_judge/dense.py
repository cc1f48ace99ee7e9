"""A convolution as a matrix, and a dense layer between images."""

from __future__ import annotations

from convbook._forms import Pair, integer, pair
from convbook._judge.conv import WEIGHT, conv_weight, layer_setting
from convbook._judge.tensors import (
    LARGEST_PLANE,
    arithmetic_dtype,
    dtype_name,
    plane_size,
    shape,
    shape_argument,
    tensor,
)
from convbook._judge.windows import Setting


def matrix_setting(
    weight: object,
    input_size: object,
    stride: object = 1,
    padding: object = 0,
    dilation: object = 1,
    groups: object = 1,
) -> tuple[Pair, Setting]:
    """Judge the arguments of a convolution's matrix; return the image's size and the setting."""
    w = conv_weight(weight)
    _, size, setting = structure_setting(tuple(w.shape), input_size, stride, padding, dilation, groups)
    arithmetic_dtype("weight", w)
    down = w.shape[0] * setting.output_size[0] * setting.output_size[1]
    across = w.shape[1] * setting.groups * size[0] * size[1]
    if down * across > LARGEST_PLANE:
        raise ValueError(
            f"the matrix of input_size {size[0]}×{size[1]} and weight {shape(w)} would have {down} rows and "
            f"{across} columns, {down * across} entries; at most {LARGEST_PLANE} are allowed; count them by "
            "matrix_structure, or take a smaller image"
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
    sizes = shape_argument("weight_size", weight_size, (4,), WEIGHT, minimum=1)
    size = pair("input_size", input_size, 1)
    channels = sizes[1] * integer("groups", groups, 1)
    setting = layer_setting((channels, *size), sizes, stride, padding, dilation, groups)
    return sizes, size, setting


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
            f"W must be floating or complex, because weights are averaged, got {dtype_name(value.dtype)}; "
            "convert it with W.float()"
        )
    kernel = pair("kernel_size", kernel_size, 1)
    size = plane_size(value)
    setting = layer_setting((1, *size), (1, 1, *kernel), 1, padding, 1, 1)
    if setting.output_size != tuple(value.shape[:2]):
        raise ValueError(
            f"a kernel {kernel[0]}×{kernel[1]} takes {size[0]}×{size[1]} pixels to "
            f"{setting.output_size[0]}×{setting.output_size[1]} cells, but W has "
            f"{value.shape[0]}×{value.shape[1]}: shape {shape(value)}; choose the padding so that they agree"
        )
    return kernel, size, setting
