"""Single tensors: kind, dimensions, dtype and device; words and shapes given as arguments."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from convbook._forms import Pair, describe, integer, pair

LARGEST_PLANE = 2**28
"""Cells that padding or an output size may make, unless the input is that large itself: 1 GiB in float32.

A padding of 10⁹ is a slip of the finger; without a bound it would take the machine down."""


INTEGERS = frozenset(
    (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64)
)


NEVER_PROMOTED = frozenset((torch.uint16, torch.uint32, torch.uint64))


HALVES = {
    torch.float16: torch.float32,
    torch.bfloat16: torch.float32,
    torch.complex32: torch.complex64,
}


ARITHMETIC = INTEGERS | {
    torch.float16, torch.bfloat16, torch.float32, torch.float64,
    torch.complex32, torch.complex64, torch.complex128,
}  # fmt: skip
"""The dtypes that sums and products are defined for."""


REALS = frozenset((torch.float16, torch.bfloat16, torch.float32, torch.float64))


COUNTERS = frozenset((torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64))


def tensor(name: str, value: object) -> Tensor:
    """Judge that an argument is a tensor whose numbers lie in memory one by one."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {describe(value)}{_tensor_cure(name, value)}")
    if value.layout is not torch.strided or value.is_nested:
        kind = "nested" if value.is_nested else str(value.layout).removeprefix("torch.")
        cure = (
            "pad it with torch.nested.to_padded_tensor"
            if value.is_nested
            else f"convert it with {name}.to_dense()"
        )
        raise TypeError(f"{name} must be a dense tensor, got a {kind} one; {cure}")
    if value.is_quantized:
        raise TypeError(
            f"{name} must hold plain numbers, got {dtype_name(value.dtype)}, which stand for others; "
            f"convert it with {name}.dequantize()"
        )
    return value


def _tensor_cure(name: str, value: object) -> str:
    """Say how a tensor is made of what arrived."""
    if isinstance(value, (list, tuple, int, float)):
        return f"; make one with torch.tensor({name})"
    if type(value).__module__ == "numpy":
        return f"; make one with torch.{'from_numpy' if getattr(value, 'ndim', 0) else 'tensor'}({name})"
    if type(value).__module__.startswith("PIL."):
        return f"; make one with torch.from_numpy(numpy.array({name})), whose channels stand last"
    return ""


def channels_seem_last(sizes: tuple[int, ...]) -> bool:
    """Whether a shape looks like (rows, columns, channels), of three or four colors, with a batch or without.

    Images of three or four columns are rare, and color images as NumPy has them are frequent.
    """
    return len(sizes) in (3, 4) and sizes[-1] in (3, 4) and min(sizes[-3:-1]) > 4


def channels_forward(sizes: tuple[int, ...], name: str = "input") -> str:
    """Return the call that brings the channels forward."""
    order = "(0, 3, 1, 2)" if len(sizes) == 4 else "(2, 0, 1)"
    return f"{name}.permute{order} (a reshape would scramble pixels)"


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


def made_size(size: object, dtype: object = None, device: object = None) -> Pair:
    """Judge the size, the dtype and the device of a matrix that is made; return the size."""
    height, width = pair("size", size, 1)
    if height * width > LARGEST_PLANE:
        raise ValueError(
            f"size={height}×{width} makes {height * width} cells; at most {LARGEST_PLANE} are allowed"
        )
    tensor_options(dtype, device)
    return height, width


def tensor_options(dtype: object, device: object) -> None:
    """Judge the dtype and the device of a tensor that is made."""
    if dtype is not None and not isinstance(dtype, torch.dtype):
        known = isinstance(dtype, str) and isinstance(getattr(torch, dtype, None), torch.dtype)
        cure = f"; write dtype=torch.{dtype}" if known else ""
        raise TypeError(f"dtype must be a torch.dtype, such as torch.float32, got {describe(dtype)}{cure}")
    if device is not None and not isinstance(device, (str, int, torch.device)):
        raise TypeError(f'device must be a torch.device or its name, such as "cpu", got {describe(device)}')
    try:
        torch.empty(0, device=device)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"device must be one that torch can use, got {describe(device)}: {reason}") from None


def layer_options(dtype: object, device: object) -> None:
    """Judge the dtype and the device of a layer's parameters, which get gradients."""
    tensor_options(dtype, device)
    if isinstance(dtype, torch.dtype):
        wide = dtype.is_floating_point and dtype.itemsize > 1
        if not (wide or dtype.is_complex):
            raise TypeError(
                "dtype of a layer must be floating (16 bits or more) or complex, since its weight gets a "
                f"gradient, got {dtype_name(dtype)}; for integers call conv2d"
            )


def images(name: str, value: object, function: str, *, channels_may_be_empty: bool = True) -> Tensor:
    """Judge an image argument: (channels, rows, columns), or a batch of those; an empty batch is allowed."""
    x = tensor(name, value)
    sizes = x.shape
    if len(sizes) not in (3, 4):
        raise ValueError(
            f"{name} of {function} must have 4 dimensions (batch, channels, rows, columns) or 3 (channels, "
            f"rows, columns), got {x.dim()}: shape {shape(x)}{_image_cure(name, x)}"
        )
    if sizes[-1] == 0 or sizes[-2] == 0:
        raise ValueError(
            f"{name} must have at least one row and one column, got shape {shape(x)}; only the batch may "
            "be empty"
        )
    if not channels_may_be_empty and sizes[-3] == 0:
        raise ValueError(
            f"{name} of {function} must have at least one channel, got shape {shape(x)}; only the batch "
            "may be empty"
        )
    return x


def dtype_holds(name: str, value: int | float, dtype: torch.dtype) -> None:
    """Judge that a number can be written in a dtype; a fraction may be rounded, ∞ and NaN need a float.

    In bool every number but 0 is True, as in torch.
    """
    if dtype in INTEGERS:
        low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
        if isinstance(value, float) or not low <= value <= high:
            needed = "an integer" if isinstance(value, float) else f"from {low} to {high}"
            raise TypeError(
                f"{name} must be {needed} for an input of {dtype_name(dtype)}, got {describe(value)}"
            )
    elif dtype.is_floating_point or dtype.is_complex:
        least, most = torch.finfo(dtype).min, torch.finfo(dtype).max
        # 8-bit types with "fn" in their names are finite; float8_e8m0fnu has neither 0 nor a sign.
        infinite = isinstance(value, float) and not math.isfinite(value) and "fn" not in dtype_name(dtype)
        if not infinite and (value < least or value > most):
            size = f"at most {most:.6g} in size" if least < 0 else f"from {least:.6g} to {most:.6g}"
            raise TypeError(
                f"{name} must be {size} for an input of {dtype_name(dtype)}, got {describe(value)}"
            )


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
        kinds = ", ".join(f"{name} is {dtype_name(value.dtype)}" for name, value in given.items())
        first, *rest = given
        other = next(name for name in rest if given[name].dtype != dtypes[0])
        raise TypeError(
            f"all tensors must have one dtype, got {kinds}; "
            f"{_dtype_cure(first, other, *(given[n].dtype for n in (first, other)))}"
        )


def arithmetic_dtype(name: str, value: Tensor) -> None:
    """Judge that a tensor has a dtype that sums and products are defined for."""
    if value.dtype in ARITHMETIC:  # the common case, first
        return
    if value.dtype is torch.bool:
        raise TypeError(
            f"{name} must hold numbers, got bool; count with {name}.long() or measure with {name}.float()"
        )
    cure = f"; convert it with {name}.float()" if value.is_floating_point() else ""
    raise TypeError(
        f"{name} must be floating (16 bits or more), complex or integer, got {dtype_name(value.dtype)}{cure}"
    )


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
        near = difflib.get_close_matches(value.lower(), words, n=1)
        cure = f'; did you mean "{near[0]}"?' if near else ""
        raise ValueError(f"{name} must be one of {listed}, got {value!r}{cure}")
    raise TypeError(f"{name} must be one of {listed}, got {describe(value)}")


def shape(value: Tensor) -> tuple[int, ...]:
    """Return a tensor's shape as a plain tuple, which prints as one."""
    return tuple(value.shape)


def plane_size(x: Tensor) -> Pair:
    """Rows and columns, the last two sizes."""
    return x.shape[-2], x.shape[-1]


def count_planes(x: Tensor) -> int:
    """Count the planes of a batch of images; an empty batch counts as one."""
    return max(1, math.prod(x.shape[:-2]))


def stack(name: str, value: object, dims: int, meaning: str) -> Tensor:
    value = tensor(name, value)
    if value.dim() != dims:
        raise ValueError(
            f"{name} must have {dims} dimensions {meaning}, got {value.dim()}: shape {shape(value)}"
        )
    if 0 in value.shape:
        raise ValueError(f"{name} must not be empty, got shape {shape(value)}")
    return value


def shape_argument(
    name: str, value: object, dims: tuple[int, ...], meaning: str, minimum: int = 0
) -> tuple[int, ...]:
    """Judge a shape given as an argument."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a shape {meaning}, got {describe(value)}")
    if len(value) not in dims:
        raise ValueError(f"{name} must be a shape {meaning}, got {len(value)} numbers: {tuple(value)}")
    sizes = tuple(integer(name, size, minimum) for size in value)
    if math.prod(sizes) >= 2**63:
        raise ValueError(f"{name} must be at most 2⁶³ − 1 numbers in all, got {sizes}: {math.prod(sizes)}")
    return sizes


def plane_argument(name: str, value: object, dims: int, minimum: int = 1) -> Pair:
    """Judge rows and columns that are asked for; a whole shape of `dims` sizes counts too, as in torch."""
    if isinstance(value, (tuple, list)) and len(value) == dims:
        value = value[-2:]
    if isinstance(value, (tuple, list)) and any(isinstance(size, torch.SymInt) for size in value):
        rows, columns = value  # read as numbers, sizes that an export leaves open would be fixed
        return rows, columns
    return pair(name, value, minimum)


def plane_is_not_huge(name: str, value: object, size: Pair, plane: Pair, planes: int = 1) -> None:
    """Refuse planes so large that only a slip can have asked for them, before anything is allocated."""
    cells = plane[0] * plane[1]
    if planes * cells > max(LARGEST_PLANE, 4 * planes * size[0] * size[1]):
        count = f"{planes} planes" if planes > 1 else "a plane"
        total = f", {planes * cells} in all," if planes > 1 else ""
        raise ValueError(
            f"{name}={value!r} makes {count} of {plane[0]}×{plane[1]} = {cells} cells{total} out of an input "
            f"of {size[0]}×{size[1]}; at most {LARGEST_PLANE} are allowed"
        )


def _matrix_cure(name: str, value: Tensor) -> str:
    if value.dim() > 2 and all(n == 1 for n in value.shape[:-2]):
        return f"; take the one plane with {name}[{', '.join(['0'] * (value.dim() - 2))}]"
    if value.dim() == 3 and channels_seem_last(shape(value)):
        return (
            f"; a color image: average its channels with {name}.float().mean(-1), or bring them forward with "
            f"{channels_forward(shape(value), name)} and use corr2d_multi_in"
        )
    if value.dim() > 2:
        return "; for channels use corr2d_multi_in, for batches conv2d"
    return ""


def _image_cure(name: str, x: Tensor) -> str:
    if x.dim() == 2:
        return f"; a single image becomes a batch of one with one channel by {name}[None, None]"
    return ""


def counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def dtype_name(dtype: torch.dtype) -> str:
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
