"""Windows on an image: padding, stride and dilation, for pad, unfold and fold."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from convbook._forms import Pair, Sides, describe, pair, sides
from convbook._judge.tensors import (
    arithmetic_dtype,
    count_planes,
    dtype_holds,
    images,
    one_of,
    plane_argument,
    plane_is_not_huge,
    plane_size,
    shape,
    tensor,
)
from convbook.geometry import windows_that_fit

PADDING_MODES = ("zeros", "reflect", "replicate", "circular", "symmetric")

# NumPy's words, and SciPy's for its images.
_MODE_ALIASES = {"constant": "zeros", "mirror": "reflect", "edge": "replicate", "wrap": "circular"}


NO_PADDING: Sides = ((0, 0), (0, 0))


def kernel_fits(X: Tensor, K: Tensor) -> None:
    """Judge that a kernel fits into an image without padding (both matrices or stacks of matrices)."""
    windows_that_fit(plane_size(X), plane_size(K), (1, 1), NO_PADDING, (1, 1))


def fill_value(value: object) -> float:
    """Judge the number that padding is filled with; infinities and NaN are numbers here."""
    if not isinstance(value, (int, float)):
        raise TypeError(f"value must be a number, got {describe(value)}")
    return value


def pad_arguments(input: object, padding: object, mode: object, value: object) -> tuple[Tensor, Sides, str]:
    """Judge pad's arguments; return the image, the four sides and the mode."""
    x = tensor("input", input)
    if x.dim() < 2 or x.shape[-1] == 0 or x.shape[-2] == 0:
        raise ValueError(
            "input of pad must have at least 2 dimensions (…, rows, columns), at least one row and one "
            f"column, got shape {shape(x)}"
        )
    around = sides("padding", padding)
    word = padding_mode("mode", mode)
    number = fill_value(value)
    if word == "zeros":
        dtype_holds("value", number, x.dtype)
    elif number != 0:
        raise ValueError(
            f'value={value!r} is for mode="zeros"; mode="{word}" takes its numbers from the image'
        )
    size = plane_size(x)
    if word != "zeros":
        padding_reaches("mode", size, around, word)
    full = (size[0] + sum(around[0]), size[1] + sum(around[1]))
    plane_is_not_huge("padding", padding, size, full, count_planes(x))
    return x, around, word


def padding_mode(name: str, value: object) -> str:
    """Judge how padding is filled; return torch's word where NumPy's or SciPy's stands for the same."""
    known = _MODE_ALIASES.get(value) if isinstance(value, str) else None
    return known or one_of(name, value, PADDING_MODES)


def padding_reaches(name: str, size: Pair, around: Sides, mode: str) -> None:
    """Judge that the padding can be filled from the image itself."""
    for axis, word in enumerate(("rows", "columns")):
        most = {"reflect": size[axis] - 1, "circular": size[axis], "symmetric": size[axis]}.get(mode)
        if most is not None and max(around[axis]) > most:
            why = {
                "reflect": "the edge itself is not repeated",
                "circular": "it would wrap around more than once",
                "symmetric": "it would be mirrored more than once",
            }[mode]
            raise ValueError(
                f'{name}="{mode}" can pad {size[axis]} {word} by at most {most} on a side ({why}), '
                f"got {around[axis][0]} and {around[axis][1]}"
            )


def bounded_stride(step: Pair, size: Pair, around: Sides) -> Pair:
    """Return a stride that torch can hold: one of 2³¹ wraps there, and no window starts beyond the image."""
    if max(step) < 2**31:
        return step  # a smaller one is left alone, so that an export of open sizes needs no minimum
    return min(step[0], size[0] + sum(around[0])), min(step[1], size[1] + sum(around[1]))


def bounded_dilation(gap: Pair, kernel: Pair) -> Pair:
    """Return the dilation, 1 where there is one tap and nothing between taps."""
    return 1 if kernel[0] == 1 else gap[0], 1 if kernel[1] == 1 else gap[1]


class Setting(NamedTuple):
    """A convolution's judged and normalized setting: pairs are (rows, columns), padding has its four sides.

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


def window_setting(
    size: Pair, kernel: Pair, step: Pair, around: Sides, gap: Pair, groups: int = 1
) -> Setting:
    """Judge that windows fit; return their setting, with no larger stride and dilation than can matter."""
    out = windows_that_fit(size, kernel, step, around, gap)
    return Setting(bounded_stride(step, size, around), around, bounded_dilation(gap, kernel), groups, out)


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
    size = plane_size(x)
    setting = window_setting(size, kernel, step, around, gap)
    full = (size[0] + 2 * cut[0], size[1] + 2 * cut[1])
    plane_is_not_huge("padding", padding, size, full, count_planes(x))
    return kernel, setting


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
    size = plane_argument("output_size", output_size, 2)
    kernel = pair("kernel_size", kernel_size, 1)
    gap = pair("dilation", dilation, 1)
    cut = pair("padding", padding, 0)
    step = pair("stride", stride, 1)
    around = ((cut[0], cut[0]), (cut[1], cut[1]))
    setting = window_setting(size, kernel, step, around, gap)
    out = setting.output_size
    rows, columns = x.shape[-2:]
    taps = kernel[0] * kernel[1]
    if rows == 0 or rows % taps:
        raise ValueError(
            "input of fold must have channels · kernel rows · kernel columns rows, a multiple of "
            f"{kernel[0]}·{kernel[1]} = {taps}; got {rows}, remainder {rows % taps}: shape {shape(x)}"
        )
    if columns != out[0] * out[1]:
        raise ValueError(
            f"input of fold must have one column for each window: output_size {size[0]}×{size[1]} has "
            f"{out[0]}·{out[1]} = {out[0] * out[1]} windows, got {columns} columns: shape {shape(x)}"
        )
    plane_is_not_huge(
        "output_size or padding", (output_size, padding), (1, 1), (size[0] + 2 * cut[0], size[1] + 2 * cut[1])
    )
    return size, kernel, setting
