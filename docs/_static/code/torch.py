"""The page's torch: what the book's exercises need of torch, in plain Python, for a browser that has no torch.

Tensors are lists of numbers with a shape, strides and a dtype.  Numbers are computed in double precision and then rounded to the
tensor's dtype, so a float32 tensor holds what torch's holds up to the order of its sums.  Names, defaults, messages and printing are
torch's.  There are no gradients, no devices and no half types.  Whatever is missing says so: "`torch.svd` is not in the page's torch;
in the notebook it works".  Random numbers are not torch's.
"""

from __future__ import annotations

import array
import builtins
import contextlib
import itertools
import math
import operator
import random
import sys
import types
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from typing import Any

inf, nan, pi, e = math.inf, math.nan, math.pi, math.e
largest, smallest = builtins.max, builtins.min
NUMBERS = (builtins.int, builtins.float, builtins.bool)


class NotInThePage(AttributeError, NotImplementedError):
    """Something that torch has and the page has not."""


def _missing(name: str) -> NotInThePage:
    return NotInThePage(f"`{name}` is not in the page's torch; in the notebook it works")


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise _missing(f"torch.{name}")


# ---------------------------------------------------------------------------------------------------------- dtypes


class dtype:
    """A kind of number: its name, its rank among others, and how a Python number is rounded to it."""

    def __init__(self, name: str, rank: builtins.int, bits: builtins.int) -> None:
        self.name, self.rank, self.bits = name, rank, bits

    @property
    def is_floating_point(self) -> builtins.bool:
        return self.name.startswith("float")

    @property
    def is_signed(self) -> builtins.bool:
        return self is not bool and not self.name.startswith("u")

    is_complex = False

    @property
    def itemsize(self) -> builtins.int:
        return largest(1, self.bits // 8)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


bool, uint8, int8, int16, int32, int64, float32, float64 = (
    dtype(name, rank, bits)
    for rank, (name, bits) in enumerate(
        (
            ("bool", 1),
            ("uint8", 8),
            ("int8", 8),
            ("int16", 16),
            ("int32", 32),
            ("int64", 64),
            ("float32", 32),
            ("float64", 64),
        )
    )
)
short, int, long, float, double = int16, int32, int64, float32, float64
_CAPITAL = {
    bool: "Bool",
    uint8: "Byte",
    int8: "Char",
    int16: "Short",
    int32: "Int",
    int64: "Long",
    float32: "Float",
    float64: "Double",
}
# Names alone: no tensor of these can be made here.
uint16, uint32, uint64, float16, bfloat16, complex32, complex64, complex128 = (
    dtype(name, -1, 0)
    for name in ("uint16", "uint32", "uint64", "float16", "bfloat16", "complex32", "complex64", "complex128")
)
strided, device = "torch.strided", str


def get_default_dtype() -> dtype:
    return float32


def promote_types(type1: dtype, type2: dtype) -> dtype:
    if {type1, type2} == {uint8, int8}:
        return int16
    return type1 if type1.rank >= type2.rank else type2


def _of_number(value: Any) -> dtype:
    if isinstance(value, builtins.bool):
        return bool
    return int64 if isinstance(value, builtins.int) else float32


def result_type(*values: Any) -> dtype:
    """Tensors with axes decide; a tensor without axes and a Python number only where they are of a higher category."""
    found: dict[builtins.int, dtype] = {}
    for value in values:
        weight = 0 if isinstance(value, NUMBERS) else 2 if value.dim() else 1
        kind = _of_number(value) if weight == 0 else value.dtype
        found[weight] = promote_types(found[weight], kind) if weight in found else kind
    result = None
    for weight in sorted(found):
        higher, lower = found[weight], result
        if lower is None or higher.is_floating_point or not (higher is bool or lower.is_floating_point):
            result = higher
        else:
            result = promote_types(higher, lower)
    assert result is not None
    return result


def _rounded(values: list[Any], kind: dtype) -> list[Any]:
    """Python numbers as the dtype holds them."""
    if not kind.bits:
        raise _missing(repr(kind))
    if kind is float32:
        return array.array("f", values).tolist()
    if kind is float64:
        return array.array("d", values).tolist()
    if kind is bool:
        return [value != 0 for value in values]
    low, size = (0 if kind is uint8 else -(2 ** (kind.bits - 1))), 2**kind.bits
    try:
        whole = [builtins.int(value) for value in values]
    except (ValueError, OverflowError):
        whole = [builtins.int(value) if math.isfinite(value) else low for value in values]
    return [(value - low) % size + low for value in whole]


# --------------------------------------------------------------------------------------------------------- tensors


class Size(tuple):
    """The shape of a tensor."""

    def numel(self) -> builtins.int:
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __add__(self, other: Any) -> Size:
        return Size(tuple(self) + tuple(other))

    def __getitem__(self, index: Any) -> Any:
        part = tuple.__getitem__(self, index)
        return Size(part) if isinstance(index, slice) else part


def _row_strides(shape: Sequence[builtins.int]) -> tuple[builtins.int, ...]:
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= largest(size, 1)
    return tuple(reversed(strides))


def _places(
    shape: Sequence[builtins.int], strides: Sequence[builtins.int], start: builtins.int
) -> list[builtins.int]:
    """Where the numbers stand, row by row."""
    places = [start]
    for size, stride in zip(shape, strides, strict=True):
        if size != 1:
            steps = range(0, size * stride, stride) if stride else [0] * size
            places = [place + step for place in places for step in steps]
    return places


def _made(values: list[Any], shape: Iterable[builtins.int], kind: dtype) -> Tensor:
    """A new tensor of numbers that its dtype holds exactly."""
    return Tensor._view(values, 0, Size(shape), None, kind)


def _new(values: Iterable[Any], shape: Iterable[builtins.int], kind: dtype) -> Tensor:
    return _made(_rounded(list(values), kind), shape, kind)


def _wrap_axis(axis: Any, dims: builtins.int) -> builtins.int:
    axis, most = operator.index(axis), largest(dims, 1)
    if not -most <= axis < most:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-most}, {most - 1}], but got {axis})"
        )
    return axis % most


def _axes(dim: Any, dims: builtins.int) -> tuple[builtins.int, ...]:
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(dims))
    axes = tuple(_wrap_axis(axis, dims) for axis in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    if len(set(axes)) < len(axes):
        raise RuntimeError(
            f"dim {next(a for a in axes if axes.count(a) > 1)} appears multiple times in the list of dims"
        )
    return axes if dims else ()


def _sizes(given: tuple[Any, ...]) -> tuple[builtins.int, ...]:
    """The sizes of f(2, 3) and f((2, 3)) alike."""
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = tuple(given[0])
    for size in given:
        if isinstance(size, builtins.float):
            raise TypeError(
                f"sizes must be integers, but got {size!r}, a float; a division // keeps integers"
            )
    return tuple(operator.index(size) for size in given)


def _shape_words(shape: Sequence[builtins.int]) -> str:
    return str(list(shape))


class Tensor:
    """Numbers in a list, read by shape and strides; slices and transposes share the list."""

    is_cuda, requires_grad, is_nested, is_quantized, layout, device, grad = (
        False,
        False,
        False,
        False,
        strided,
        "cpu",
        None,
    )
    __slots__ = ("_numbers", "_start", "_strides", "dtype", "shape")
    __hash__ = object.__hash__

    def __new__(cls, *given: Any, **options: Any) -> Tensor:
        raise _missing("torch.Tensor(…)")

    @classmethod
    def _view(cls, numbers: list[Any], start: builtins.int, shape: Size, strides: Any, kind: dtype) -> Tensor:
        made = object.__new__(cls)
        made._numbers, made._start, made.shape, made.dtype = numbers, start, shape, kind
        made._strides = _row_strides(shape) if strides is None else tuple(strides)
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise _missing(f"Tensor.{name}")

    def _same_numbers(
        self, shape: Iterable[builtins.int], strides: Iterable[builtins.int], start: Any = None
    ) -> Tensor:
        return Tensor._view(
            self._numbers, self._start if start is None else start, Size(shape), tuple(strides), self.dtype
        )

    def _where(self) -> list[builtins.int]:
        return _places(self.shape, self._strides, self._start)

    def _list(self) -> list[Any]:
        """All numbers, row by row."""
        if self._strides == _row_strides(self.shape):
            return self._numbers[self._start : self._start + self.numel()]
        numbers = self._numbers
        return [numbers[place] for place in self._where()]

    # what it is

    @property
    def ndim(self) -> builtins.int:
        return len(self.shape)

    @property
    def T(self) -> Tensor:
        return self.permute(*reversed(range(self.dim())))

    @property
    def mT(self) -> Tensor:
        if self.dim() < 2:
            raise RuntimeError(
                "tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor."
            )
        return self.transpose(-1, -2)

    @property
    def data(self) -> Tensor:
        return self

    def dim(self) -> builtins.int:
        return len(self.shape)

    def numel(self) -> builtins.int:
        return math.prod(self.shape)

    nelement = numel

    def size(self, dim: Any = None) -> Any:
        return self.shape if dim is None else self.shape[_wrap_axis(dim, self.dim())]

    def stride(self) -> tuple[builtins.int, ...]:
        return self._strides

    def is_floating_point(self) -> builtins.bool:
        return self.dtype.is_floating_point

    def is_complex(self) -> builtins.bool:
        return False

    def is_contiguous(self) -> builtins.bool:
        return self.numel() == 0 or builtins.all(
            size == 1 or have == want
            for size, have, want in zip(self.shape, self._strides, _row_strides(self.shape), strict=True)
        )

    # to Python and to other dtypes

    def item(self) -> Any:
        if self.numel() != 1:
            raise RuntimeError(f"a Tensor with {self.numel()} elements cannot be converted to Scalar")
        return self._list()[0]

    def tolist(self) -> Any:
        if not self.shape:
            return self.item()
        return [part.tolist() for part in self] if self.dim() > 1 else self._list()

    def to(self, *given: Any, **options: Any) -> Tensor:
        kind = options.get("dtype")
        for value in given:
            if isinstance(value, dtype):
                kind = value
            elif isinstance(value, Tensor):
                kind = value.dtype
            elif value != "cpu":
                raise _missing(f"Tensor.to({value!r})")
        return self if kind in (None, self.dtype) else _new(self._list(), self.shape, kind)

    def type_as(self, other: Tensor) -> Tensor:
        return self.to(other.dtype)

    def float(self) -> Tensor:
        return self.to(float32)

    def double(self) -> Tensor:
        return self.to(float64)

    def long(self) -> Tensor:
        return self.to(int64)

    def int(self) -> Tensor:
        return self.to(int32)

    def bool(self) -> Tensor:
        return self.to(bool)

    def byte(self) -> Tensor:
        return self.to(uint8)

    def clone(self) -> Tensor:
        return _made(self._list(), self.shape, self.dtype)

    def contiguous(self) -> Tensor:
        return self if self.is_contiguous() else self.clone()

    def detach(self) -> Tensor:
        return self._same_numbers(self.shape, self._strides)

    def cpu(self) -> Tensor:
        return self

    def __deepcopy__(self, memory: Any) -> Tensor:
        return self.clone()

    def __bool__(self) -> builtins.bool:
        if self.numel() != 1:
            many = "no values" if self.numel() == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {many} is ambiguous")
        return builtins.bool(self._list()[0])

    def __float__(self) -> builtins.float:
        return builtins.float(self.item())

    def __int__(self) -> builtins.int:
        return builtins.int(self.item())

    def __index__(self) -> builtins.int:
        if self.numel() != 1 or self.dtype.is_floating_point:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return builtins.int(self.item())

    def __round__(self, digits: Any = None) -> Any:
        return self.round(decimals=digits or 0)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.dim() == 0 and spec else str(self)

    def __len__(self) -> builtins.int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Any:
        if not self.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter([self[place] for place in range(self.shape[0])])

    def __reversed__(self) -> Tensor:
        return self.flip(0) if self.shape else self

    def __contains__(self, value: Any) -> builtins.bool:
        return builtins.bool((self == value).any())

    def __repr__(self) -> str:
        return _printed(self)

    # indexing

    def __getitem__(self, index: Any) -> Tensor:
        view, chosen = self._basic(index)
        if not chosen:
            return view
        shape, places = _advanced(view, chosen)
        return _made([self._numbers[place] for place in places], shape, self.dtype)

    def __setitem__(self, index: Any, value: Any) -> None:
        view, chosen = self._basic(index)
        shape, places = _advanced(view, chosen) if chosen else (view.shape, view._where())
        if isinstance(value, Tensor):
            while value.dim() > len(shape) and value.shape[0] == 1:
                value = value[0]
            numbers = value.expand(*shape)._list() if value.shape != tuple(shape) else value._list()
            numbers = numbers if value.dtype is self.dtype else _rounded(numbers, self.dtype)
        elif isinstance(value, NUMBERS):
            numbers = _rounded([value], self.dtype) * len(places)
        else:
            raise TypeError(f"can't assign a {type(value).__name__} to a torch.{_CAPITAL[self.dtype]}Tensor")
        for place, number in zip(places, numbers, strict=True):
            self._numbers[place] = number

    def _basic(self, index: Any) -> tuple[Tensor, list[tuple[builtins.int, Any]]]:
        """Follow integers, slices, None and Ellipsis; return what is left, and the index tensors with their axes."""
        parts = list(index) if isinstance(index, tuple) else [index]
        parts = [_as_index(part) for part in parts]
        used = builtins.sum(_axes_used(part) for part in parts)
        if used > self.dim():
            if self.dim() == 0:
                raise IndexError(
                    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
                )
            raise IndexError(f"too many indices for tensor of dimension {self.dim()}")
        rest = [slice(None)] * (self.dim() - used)
        place = next((number for number, part in enumerate(parts) if part is Ellipsis), None)
        parts = parts + rest if place is None else parts[:place] + rest + parts[place + 1 :]
        shape, strides, start, chosen, axis = [], [], self._start, [], 0
        for part in parts:
            if part is None:
                shape.append(1)
                strides.append(0)
                continue
            if isinstance(part, builtins.bool):
                raise _missing("Tensor[True]")
            if isinstance(part, Tensor):
                chosen.append((len(shape), part))
                for _ in range(_axes_used(part)):
                    shape.append(self.shape[axis])
                    strides.append(self._strides[axis])
                    axis += 1
                continue
            size, stride = self.shape[axis], self._strides[axis]
            if isinstance(part, slice):
                if part.step is not None and operator.index(part.step) <= 0:
                    raise ValueError("step must be greater than zero")
                steps = range(size)[
                    slice(
                        *(
                            None if p is None else operator.index(p)
                            for p in (part.start, part.stop, part.step)
                        )
                    )
                ]
                shape.append(len(steps))
                strides.append(stride * steps.step)
                start += stride * (steps.start if len(steps) else 0)
            else:
                if not -size <= part < size:
                    raise IndexError(f"index {part} is out of bounds for dimension {axis} with size {size}")
                start += stride * (part % size)
            axis += 1
        return self._same_numbers(shape, strides, start), chosen

    # shapes

    def reshape(self, *shape: Any) -> Tensor:
        sizes, count = list(_sizes(shape)), self.numel()
        asked = _shape_words(sizes)
        if sizes.count(-1) > 1:
            raise RuntimeError("only one dimension can be inferred")
        if -1 in sizes:
            others = math.prod(size for size in sizes if size != -1)
            if others == 0 or count % others:
                raise RuntimeError(f"shape '{asked}' is invalid for input of size {count}")
            sizes[sizes.index(-1)] = count // others
        if math.prod(sizes) != count:
            raise RuntimeError(f"shape '{asked}' is invalid for input of size {count}")
        if self.is_contiguous():
            return self._same_numbers(sizes, _row_strides(sizes))
        return _made(self._list(), sizes, self.dtype)

    def view(self, *shape: Any) -> Tensor:
        if len(shape) == 1 and isinstance(shape[0], dtype):
            raise _missing("Tensor.view(dtype)")
        if not self.is_contiguous():
            raise RuntimeError(
                "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead."
            )
        return self.reshape(*shape)

    def view_as(self, other: Tensor) -> Tensor:
        return self.view(other.shape)

    def reshape_as(self, other: Tensor) -> Tensor:
        return self.reshape(other.shape)

    def flatten(self, start_dim: builtins.int = 0, end_dim: builtins.int = -1) -> Tensor:
        first, last = _wrap_axis(start_dim, self.dim()), _wrap_axis(end_dim, self.dim())
        if not self.shape:
            return self.reshape(1)
        if first > last:
            raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
        return self.reshape(
            *self.shape[:first], math.prod(self.shape[first : last + 1]), *self.shape[last + 1 :]
        )

    def unflatten(self, dim: builtins.int, sizes: Sequence[builtins.int]) -> Tensor:
        axis, sizes = _wrap_axis(dim, self.dim()), list(sizes)
        if -1 in sizes:
            sizes[sizes.index(-1)] = self.shape[axis] // math.prod(size for size in sizes if size != -1)
        return self.reshape(*self.shape[:axis], *sizes, *self.shape[axis + 1 :])

    def permute(self, *dims: Any) -> Tensor:
        axes = [_wrap_axis(axis, self.dim()) for axis in _sizes(dims)]
        if sorted(axes) != list(range(self.dim())):
            if len(axes) == self.dim():
                raise RuntimeError("permute(): duplicate dims are not allowed.")
            raise RuntimeError(
                f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = {self.dim()} is not equal to len(dims) = {len(axes)}"
            )
        return self._same_numbers((self.shape[a] for a in axes), (self._strides[a] for a in axes))

    def transpose(self, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        axes = list(range(self.dim()))
        a, b = _wrap_axis(dim0, self.dim()), _wrap_axis(dim1, self.dim())
        if axes:
            axes[a], axes[b] = axes[b], axes[a]
        return self.permute(*axes)

    def t(self) -> Tensor:
        if self.dim() > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.dim()}D")
        return self.T

    def movedim(self, source: Any, destination: Any) -> Tensor:
        sources, tos = _axes(source, self.dim()), _axes(destination, self.dim())
        order = [axis for axis in range(self.dim()) if axis not in sources]
        for to, origin in sorted(zip(tos, sources, strict=True)):
            order.insert(to, origin)
        return self.permute(*order)

    def unsqueeze(self, dim: builtins.int) -> Tensor:
        axis = _wrap_axis(dim, self.dim() + 1)
        shape, strides = list(self.shape), list(self._strides)
        shape.insert(axis, 1)
        strides.insert(axis, 0)
        return self._same_numbers(shape, strides)

    def squeeze(self, dim: Any = None) -> Tensor:
        axes = _axes(dim, self.dim())
        kept = [axis for axis in range(self.dim()) if self.shape[axis] != 1 or axis not in axes]
        return self._same_numbers((self.shape[a] for a in kept), (self._strides[a] for a in kept))

    def expand(self, *sizes: Any) -> Tensor:
        wanted = _sizes(sizes)
        if len(wanted) < self.dim():
            raise RuntimeError(
                f"expand(torch.{_CAPITAL[self.dtype]}Tensor{{{_shape_words(self.shape)}}}, size={_shape_words(wanted)}): the number of sizes provided ({len(wanted)}) must be greater or equal to the number of dimensions in the tensor ({self.dim()})"
            )
        new = len(wanted) - self.dim()
        shape, strides = [], []
        for axis, asked in enumerate(wanted):
            have, stride = (1, 0) if axis < new else (self.shape[axis - new], self._strides[axis - new])
            size = have if asked == -1 and axis >= new else asked
            if size != have and have != 1:
                raise RuntimeError(
                    f"The expanded size of the tensor ({size}) must match the existing size ({have}) at non-singleton dimension {axis}.  Target sizes: {_shape_words(wanted)}.  Tensor sizes: {_shape_words(self.shape)}"
                )
            shape.append(size)
            strides.append(stride if size == have and have != 1 else 0)
        return self._same_numbers(shape, strides)

    def expand_as(self, other: Tensor) -> Tensor:
        return self.expand(*other.shape)

    def repeat(self, *sizes: Any) -> Tensor:
        times = _sizes(sizes)
        if len(times) < self.dim():
            raise RuntimeError(
                "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
            )
        made = self.reshape(*[1] * (len(times) - self.dim()), *self.shape)
        for axis, count in enumerate(times):
            made = cat([made] * count, axis) if count else made.narrow(axis, 0, 0)
        return made.clone()

    def repeat_interleave(self, repeats: builtins.int, dim: Any = None) -> Tensor:
        whole = self.flatten() if dim is None else self
        axis = 0 if dim is None else _wrap_axis(dim, self.dim())
        return whole.index_select(axis, arange(whole.shape[axis] * repeats) // repeats)

    def narrow(self, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
        if not self.shape:
            raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
        axis = _wrap_axis(dim, self.dim())
        return self[(slice(None),) * axis + (slice(start, start + length),)]

    def select(self, dim: builtins.int, index: builtins.int) -> Tensor:
        return self[(slice(None),) * _wrap_axis(dim, self.dim()) + (index,)]

    def index_select(self, dim: builtins.int, index: Tensor) -> Tensor:
        return self[(slice(None),) * _wrap_axis(dim, self.dim()) + (index,)]

    def unbind(self, dim: builtins.int = 0) -> tuple[Tensor, ...]:
        return tuple(self.movedim(dim, 0))

    def split(self, size: Any, dim: builtins.int = 0) -> tuple[Tensor, ...]:
        length = self.shape[_wrap_axis(dim, self.dim())]
        lengths = (
            [smallest(size, length - at) for at in range(0, largest(length, 1), size)]
            if isinstance(size, builtins.int)
            else list(size)
        )
        if builtins.sum(lengths) != length:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {length} (input tensor's size at dimension {dim}), but got split_sizes={lengths}"
            )
        ends = itertools.accumulate(lengths)
        return tuple(self.narrow(dim, end - part, part) for end, part in zip(ends, lengths, strict=True))

    def chunk(self, chunks: builtins.int, dim: builtins.int = 0) -> tuple[Tensor, ...]:
        if not self.shape:
            raise RuntimeError("chunk expects at least a 1-dimensional tensor")
        if not self.shape[_wrap_axis(dim, self.dim())]:
            return tuple(self.narrow(dim, 0, 0) for _ in range(chunks))
        return self.split(largest(1, -(-self.shape[_wrap_axis(dim, self.dim())] // chunks)), dim)

    def flip(self, *dims: Any) -> Tensor:
        axes = _axes(list(_sizes(dims)), self.dim()) if _sizes(dims) else ()
        start = self._start + builtins.sum(
            self._strides[a] * (self.shape[a] - 1) for a in axes if self.shape[a]
        )
        strides = [-stride if axis in axes else stride for axis, stride in enumerate(self._strides)]
        return self._same_numbers(self.shape, strides, start).clone()

    def rot90(self, k: builtins.int = 1, dims: Sequence[builtins.int] = (0, 1)) -> Tensor:
        a, b = (_wrap_axis(axis, self.dim()) for axis in dims)
        turned = {
            0: self.clone,
            1: lambda: self.flip(b).transpose(a, b),
            2: lambda: self.flip(a, b),
            3: lambda: self.flip(a).transpose(a, b),
        }
        return turned[k % 4]()

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        if dims is None:
            return self.flatten().roll(shifts, 0).reshape(self.shape)
        moved = self
        pairs = zip(shifts, dims, strict=True) if isinstance(dims, (tuple, list)) else [(shifts, dims)]
        for shift, axis in pairs:
            size = largest(self.shape[axis], 1)
            moved = moved.index_select(axis, (arange(self.shape[axis]) - shift) % size)
        return moved

    def unfold(self, dimension: builtins.int, size: builtins.int, step: builtins.int) -> Tensor:
        if not self.shape:
            return self.reshape(1).unfold(dimension, size, step)
        axis = _wrap_axis(dimension, self.dim())
        if size > self.shape[axis]:
            raise RuntimeError(
                f"maximum size for tensor at dimension {axis} is {self.shape[axis]} but size is {size}"
            )
        if step <= 0:
            raise RuntimeError(f"step is {step} but must be > 0")
        shape, strides = list(self.shape), list(self._strides)
        shape[axis] = (shape[axis] - size) // step + 1
        strides[axis] *= step
        return self._same_numbers([*shape, size], [*strides, self._strides[axis]])

    def diagonal(self, offset: builtins.int = 0) -> Tensor:
        rows, columns = self.shape
        count = largest(
            0, smallest(rows, columns - offset) if offset >= 0 else smallest(rows + offset, columns)
        )
        start = self._start + (offset * self._strides[1] if offset >= 0 else -offset * self._strides[0])
        return self._same_numbers([count], [builtins.sum(self._strides)], start)

    # numbers in place

    def _write(self, result: Tensor) -> Tensor:
        if result.dtype.is_floating_point and not self.dtype.is_floating_point:
            raise RuntimeError(
                f"result type {_CAPITAL[result.dtype]} can't be cast to the desired output type {_CAPITAL[self.dtype]}"
            )
        if result.shape != self.shape:
            raise RuntimeError(
                f"output with shape {_shape_words(self.shape)} doesn't match the broadcast shape {_shape_words(result.shape)}"
            )
        self[...] = result
        return self

    def fill_(self, value: Any) -> Tensor:
        self[...] = value
        return self

    def copy_(self, source: Tensor) -> Tensor:
        self[...] = source
        return self

    def zero_(self) -> Tensor:
        return self.fill_(0)

    def scatter(self, dim: builtins.int, index: Tensor, src: Any) -> Tensor:
        return self.clone().scatter_(dim, index, src)

    def scatter_add(self, dim: builtins.int, index: Tensor, src: Tensor) -> Tensor:
        return self.clone().scatter_add_(dim, index, src)

    def scatter_(self, dim: builtins.int, index: Tensor, src: Any) -> Tensor:
        return self._scatter(dim, index, src, lambda old, new: new)

    def scatter_add_(self, dim: builtins.int, index: Tensor, src: Tensor) -> Tensor:
        return self._scatter(dim, index, src, operator.add)

    def _scatter(self, dim: builtins.int, index: Tensor, src: Any, join: Callable[[Any, Any], Any]) -> Tensor:
        places = self._along(dim, index)
        if isinstance(src, Tensor):
            numbers = src[tuple(slice(size) for size in index.shape)]._list()
        else:
            numbers = [src] * len(places)
        for place, number in zip(places, numbers, strict=True):
            self._numbers[place] = _rounded([join(self._numbers[place], number)], self.dtype)[0]
        return self

    def gather(self, dim: builtins.int, index: Tensor) -> Tensor:
        return _made([self._numbers[place] for place in self._along(dim, index)], index.shape, self.dtype)

    def _along(self, dim: builtins.int, index: Tensor) -> list[builtins.int]:
        """The places of the numbers that an index names along one axis."""
        axis, stride = _wrap_axis(dim, self.dim()), None
        stride = self._strides[axis]
        others = [0 if a == axis else s for a, s in enumerate(self._strides)]
        for number in index._list():
            if not 0 <= number < self.shape[axis]:
                raise RuntimeError(
                    f"index {number} is out of bounds for dimension {axis} with size {self.shape[axis]}"
                )
        starts = _places(index.shape, others, self._start)
        return [start + stride * number for start, number in zip(starts, index._list(), strict=True)]


def _as_index(part: Any) -> Any:
    if isinstance(part, (list, range)):
        return tensor(list(part))
    if part is None or part is Ellipsis or isinstance(part, (slice, builtins.bool)):
        return part
    if isinstance(part, Tensor):
        if part.dim() == 0 and not part.dtype.is_floating_point and part.dtype is not bool:
            return part.item()
        if part.dtype.is_floating_point:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return part
    try:
        return operator.index(part)
    except TypeError:
        kind = type(part).__name__
        raise IndexError(
            f"only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {kind})"
        ) from None


def _axes_used(part: Any) -> builtins.int:
    if part is None or part is Ellipsis:
        return 0
    return part.dim() if isinstance(part, Tensor) and part.dtype is bool else 1


def _advanced(
    view: Tensor, chosen: list[tuple[builtins.int, Tensor]]
) -> tuple[list[builtins.int], list[builtins.int]]:
    """The shape and the places that index tensors choose from a view."""
    picks: list[tuple[builtins.int, Tensor]] = []
    for axis, part in chosen:
        if part.dtype is bool:
            if part.shape != view.shape[axis : axis + part.dim()]:
                wrong = next(d for d in range(part.dim()) if part.shape[d] != view.shape[axis + d])
                raise IndexError(
                    f"The shape of the mask {_shape_words(part.shape)} at index {wrong} does not match the shape of the indexed tensor {_shape_words(view.shape)} at index {axis + wrong}"
                )
            picks += [(axis + d, column) for d, column in enumerate(part.nonzero().unbind(1))]
        else:
            picks.append((axis, part))
    try:
        shape = list(_broadcast_shape(*(part.shape for _, part in picks)))
    except RuntimeError:
        given = ", ".join(_shape_words(part.shape) for _, part in picks)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {given}"
        ) from None
    offsets = [0] * math.prod(shape)
    for axis, part in picks:
        size = view.shape[axis]
        if not view.numel() and size:
            continue  # torch looks at no index where there is nothing to take
        for number in part._list():
            if not -size <= number < size:
                raise IndexError(f"index {number} is out of bounds for dimension {axis} with size {size}")
        step = view._strides[axis]
        offsets = [o + step * (n % size) for o, n in zip(offsets, part.expand(*shape)._list(), strict=True)]
    axes = [axis for axis, _ in picks]
    kept = [axis for axis in range(view.dim()) if axis not in axes]
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    before = [axis for axis in kept if axis < axes[0]] if together else []
    after = kept[len(before) :]
    starts = _places([view.shape[a] for a in before], [view._strides[a] for a in before], view._start)
    rest = _places([view.shape[a] for a in after], [view._strides[a] for a in after], 0)
    places = [start + offset + end for start in starts for offset in offsets for end in rest]
    return [*(view.shape[a] for a in before), *shape, *(view.shape[a] for a in after)], places


# ----------------------------------------------------------------------------------------------------- element by element


def _broadcast_shape(*shapes: Sequence[builtins.int]) -> tuple[builtins.int, ...]:
    dims = largest(len(shape) for shape in shapes)
    result = [1] * dims
    for shape in shapes:
        for axis, size in reversed(list(enumerate(shape, dims - len(shape)))):
            if size != 1 and result[axis] not in (1, size):
                raise RuntimeError(
                    f"The size of tensor a ({result[axis]}) must match the size of tensor b ({size}) at non-singleton dimension {axis}"
                )
            if size != 1:
                result[axis] = size
    return tuple(result)


def broadcast_shapes(*shapes: Any) -> Size:
    return Size(_broadcast_shape(*shapes))


def _judged(value: Any, name: str) -> Any:
    if not isinstance(value, (Tensor, *NUMBERS)):
        raise TypeError(f"{name}(): argument 'other' must be Tensor or Number, not {type(value).__name__}")
    return value


def _pairwise(
    name: str, function: Callable[[Any, Any], Any], a: Any, b: Any, kind: dtype | None = None
) -> Tensor:
    """A function of two numbers, place by place, in the dtype that the two have in common."""
    _judged(a, name), _judged(b, name)
    common = result_type(a, b)
    kind = kind or common
    first, second = (
        v
        if isinstance(v, Tensor)
        else _made(_rounded([v], common if common.is_floating_point else _of_number(v)), (), common)
        for v in (a, b)
    )
    shape = first.shape if first.shape == second.shape else _broadcast_shape(first.shape, second.shape)
    lists = []
    for part in (first, second):
        numbers = part._list() if part.shape == shape else part.expand(*shape)._list()
        lists.append(numbers if part.dtype is common else _rounded(numbers, common))
    values = list(map(function, *lists))
    return _made(_rounded(values, kind), shape, kind)


def _quotient(a: Any, b: Any) -> builtins.float:
    try:
        return a / b
    except ZeroDivisionError:
        return nan if a == 0 or a != a else math.copysign(inf, a) * math.copysign(1, b)


def _power(a: Any, b: Any) -> Any:
    try:
        value = a**b
    except ZeroDivisionError:
        return inf
    except OverflowError:
        return inf
    return nan if isinstance(value, complex) else value


def _floored(a: Any, b: Any) -> Any:
    if isinstance(a, builtins.float) or isinstance(b, builtins.float):
        return math.floor(q) if math.isfinite(q := _quotient(a, b)) else q
    if b == 0:
        raise RuntimeError("ZeroDivisionError")
    return a // b


def _remainder(a: Any, b: Any) -> Any:
    if b == 0:
        if isinstance(a, builtins.float):
            return nan
        raise RuntimeError("ZeroDivisionError")
    return a % b


def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    return _pairwise("add", operator.add, input, other if alpha == 1 else mul(other, alpha))


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    bools = [
        value
        for value in (input, other)
        if isinstance(value, builtins.bool) or getattr(value, "dtype", None) is bool
    ]
    if len(bools) == 2:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead."
        )
    if bools:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return _pairwise("sub", operator.sub, input, other if alpha == 1 else mul(other, alpha))


def mul(input: Any, other: Any) -> Tensor:
    return _pairwise("mul", operator.mul, input, other)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    if rounding_mode == "floor":
        return floor_divide(input, other)
    kind = result_type(input, other)
    made = _pairwise("div", _quotient, input, other, kind if kind.is_floating_point else float32)
    if rounding_mode == "trunc":
        return made.trunc().to(kind)
    return made


def _no_bools(name: str, input: Any, other: Any) -> None:
    if result_type(input, other) is bool:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'")


def floor_divide(input: Any, other: Any) -> Tensor:
    _no_bools("div_floor", input, other)
    return _pairwise("floor_divide", _floored, input, other)


def remainder(input: Any, other: Any) -> Tensor:
    _no_bools("remainder", input, other)
    return _pairwise("remainder", _remainder, input, other)


def pow(input: Any, exponent: Any) -> Tensor:
    whole = not result_type(input, exponent).is_floating_point
    if whole and isinstance(exponent, builtins.int) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return _pairwise("pow", _power, input, exponent)


def _larger(a: Any, b: Any) -> Any:
    return a if a >= b or a != a else b


def _smaller(a: Any, b: Any) -> Any:
    return a if a <= b or a != a else b


def maximum(input: Tensor, other: Tensor) -> Tensor:
    return _pairwise("maximum", _larger, input, other)


def minimum(input: Tensor, other: Tensor) -> Tensor:
    return _pairwise("minimum", _smaller, input, other)


def _comparison(name: str, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Tensor]:
    def compare(input: Any, other: Any) -> Tensor:
        return _pairwise(name, function, input, other, bool)

    compare.__name__ = name
    return compare


eq, ne, lt, le, gt, ge = (
    _comparison(name, getattr(operator, name)) for name in ("eq", "ne", "lt", "le", "gt", "ge")
)


def _of_bits(name: str, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Tensor]:
    def combine(input: Any, other: Any) -> Tensor:
        return _pairwise(name, function, input, other)

    return combine


bitwise_and, bitwise_or, bitwise_xor = (
    _of_bits(f"bitwise_{name.strip('_')}", getattr(operator, name)) for name in ("and_", "or_", "xor")
)


def logical_and(input: Tensor, other: Tensor) -> Tensor:
    return input.bool() & other.bool()


def logical_or(input: Tensor, other: Tensor) -> Tensor:
    return input.bool() | other.bool()


def logical_not(input: Tensor) -> Tensor:
    return input == 0


def isclose(
    input: Tensor,
    other: Tensor,
    rtol: builtins.float = 1e-05,
    atol: builtins.float = 1e-08,
    equal_nan: builtins.bool = False,
) -> Tensor:
    def close(a: Any, b: Any) -> builtins.bool:
        if a == b or (equal_nan and a != a and b != b):
            return True
        return math.isfinite(b) and builtins.abs(a - b) <= atol + rtol * builtins.abs(b)

    return _pairwise("isclose", close, input, other, bool)


def allclose(
    input: Tensor,
    other: Tensor,
    rtol: builtins.float = 1e-05,
    atol: builtins.float = 1e-08,
    equal_nan: builtins.bool = False,
) -> builtins.bool:
    return builtins.bool(isclose(input, other, rtol, atol, equal_nan).all())


def equal(input: Tensor, other: Tensor) -> builtins.bool:
    return input.shape == other.shape and input._list() == other._list()


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    if input is None and other is None:
        return condition.nonzero().unbind(1)
    kind = result_type(input, other)
    parts = [part if isinstance(part, Tensor) else tensor(part) for part in (input, other)]
    shape = _broadcast_shape(condition.shape, parts[0].shape, parts[1].shape)
    lists = [part.expand(*shape)._list() for part in (condition, *parts)]
    return _new((a if c else b for c, a, b in zip(*lists, strict=True)), shape, kind)


def _safe(
    function: Callable[[Any], Any], outside: Callable[[Any], Any] = lambda value: nan
) -> Callable[[Any], Any]:
    """A function of math that gives what torch gives where math raises an error."""

    def computed(value: Any) -> Any:
        try:
            return function(value)
        except (ValueError, OverflowError):
            return outside(value)

    return computed


def _singly(
    name: str, function: Callable[[Any], Any], keep: builtins.bool = False
) -> Callable[[Tensor], Tensor]:
    """A function of one number; unless whole numbers are kept, they become float32."""

    def compute(input: Tensor) -> Tensor:
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
            )
        whole = not input.dtype.is_floating_point
        if keep and whole:
            return (
                input.clone()
                if name in ("floor", "ceil", "round", "trunc")
                else _new(map(function, input._list()), input.shape, input.dtype)
            )
        return _new(map(function, input._list()), input.shape, float32 if whole else input.dtype)

    compute.__name__ = name
    return compute


def _sign(value: Any) -> Any:
    return (value > 0) - (value < 0)


def _to_whole(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: math.copysign(function(value), value) if math.isfinite(value) else value


sqrt = _singly("sqrt", _safe(math.sqrt))
rsqrt = _singly("rsqrt", lambda value: _quotient(1.0, math.sqrt(value)) if value >= 0 else nan)
exp = _singly("exp", _safe(math.exp, lambda value: inf))
log = _singly("log", lambda value: -inf if value == 0 else _safe(math.log)(value))
tanh = _singly("tanh", math.tanh)
sigmoid = _singly("sigmoid", lambda value: 1 / (1 + math.exp(-value)) if value > -700 else 0.0)
reciprocal = _singly("reciprocal", lambda value: _quotient(1.0, value))
_abs = _singly("abs", builtins.abs, keep=True)
neg = _singly("neg", operator.neg, keep=True)


def square(input: Tensor) -> Tensor:
    return input.pow(2)


sign = _singly("sign", _sign, keep=True)
floor, ceil, trunc = (
    _singly(name, _to_whole(getattr(math, name)), keep=True) for name in ("floor", "ceil", "trunc")
)
relu = _singly("relu", lambda value: 0 if value <= 0 else value, keep=True)


def round(input: Tensor, *, decimals: builtins.int = 0) -> Tensor:
    if decimals and input.dtype.is_floating_point:
        return _new(
            (builtins.round(v, decimals) if math.isfinite(v) else v for v in input._list()),
            input.shape,
            input.dtype,
        )
    return _singly("round", _to_whole(builtins.round), keep=True)(input)


def abs(input: Any) -> Any:
    return _abs(input) if isinstance(input, Tensor) else builtins.abs(input)


def _asked(function: Callable[[Any], Any]) -> Callable[[Tensor], Tensor]:
    return lambda input: _made([builtins.bool(function(value)) for value in input._list()], input.shape, bool)


isfinite, isnan, isinf = (_asked(getattr(math, name)) for name in ("isfinite", "isnan", "isinf"))


def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if min is not None:
        input = _pairwise("clamp", _larger, input, min)
    return input if max is None else _pairwise("clamp", _smaller, input, max)


# -------------------------------------------------------------------------------------------------------------- reductions


def _lines(input: Tensor, axes: tuple[builtins.int, ...]) -> list[list[Any]]:
    """The numbers along some axes, a list for each place on the others."""
    kept = [axis for axis in range(input.dim()) if axis not in axes]
    starts = _places([input.shape[a] for a in kept], [input._strides[a] for a in kept], input._start)
    steps = _places([input.shape[a] for a in axes], [input._strides[a] for a in axes], 0)
    numbers = input._numbers
    return [[numbers[start + step] for step in steps] for start in starts]


def _reduced(
    input: Tensor, dim: Any, keepdim: builtins.bool, function: Callable[[list[Any]], Any], kind: dtype
) -> Tensor:
    axes = _axes(dim, input.dim())
    if keepdim:
        shape = [1 if axis in axes else size for axis, size in enumerate(input.shape)]
    else:
        shape = [size for axis, size in enumerate(input.shape) if axis not in axes]
    if math.prod(shape) == 0:
        return _made([], shape, kind)
    return _new([function(line) for line in _lines(input, axes)], shape, kind)


def _exact(kind: dtype) -> dtype:
    return kind if kind.is_floating_point else int64


def sum(input: Tensor, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
    return _reduced(input, dim, keepdim, builtins.sum, dtype or _exact(input.dtype))


def prod(input: Tensor, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
    return _reduced(input, dim, keepdim, math.prod, _exact(input.dtype))


def mean(input: Tensor, dim: Any = None, keepdim: builtins.bool = False, *, dtype: Any = None) -> Tensor:
    input = input if dtype is None else input.to(dtype)
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            f"mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: {_CAPITAL[input.dtype]}"
        )
    return _reduced(
        input, dim, keepdim, lambda line: builtins.sum(line) / len(line) if line else nan, input.dtype
    )


def var(
    input: Tensor, dim: Any = None, *, correction: builtins.int = 1, keepdim: builtins.bool = False
) -> Tensor:
    def spread(line: list[Any]) -> builtins.float:
        middle = builtins.sum(line) / len(line)
        return _quotient(builtins.sum((v - middle) ** 2 for v in line), largest(0, len(line) - correction))

    return _reduced(input, dim, keepdim, spread, input.dtype)


def std(
    input: Tensor, dim: Any = None, *, correction: builtins.int = 1, keepdim: builtins.bool = False
) -> Tensor:
    return var(input, dim, correction=correction, keepdim=keepdim).sqrt()


def _extreme(name: str, choose: Callable[[Any], Any]) -> Callable[[list[Any]], Any]:
    def of(line: list[Any]) -> Any:
        if not line:
            raise RuntimeError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
            )
        return next((value for value in line if value != value), None) if _any_nan(line) else choose(line)

    return of


def _any_nan(line: list[Any]) -> builtins.bool:
    return builtins.any(value != value for value in line)


def amax(input: Tensor, dim: Any = (), keepdim: builtins.bool = False) -> Tensor:
    return _reduced(input, dim, keepdim, _extreme("amax", largest), input.dtype)


def amin(input: Tensor, dim: Any = (), keepdim: builtins.bool = False) -> Tensor:
    return _reduced(input, dim, keepdim, _extreme("amin", smallest), input.dtype)


def _first_place(choose: Callable[[list[Any]], Any]) -> Callable[[list[Any]], builtins.int]:
    def place(line: list[Any]) -> builtins.int:
        if _any_nan(line):
            return next(number for number, value in enumerate(line) if value != value)
        return line.index(choose(line))

    return place


def _arg(name: str, choose: Callable[[list[Any]], Any]) -> Callable[..., Tensor]:
    def found(input: Tensor, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
        if input.dtype is bool:
            raise RuntimeError(f"{name}(): does not support bool input")
        if input.numel() == 0 and dim is None:
            raise IndexError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
            )
        return _reduced(input, dim, keepdim, _first_place(choose), int64)

    return found


argmax, argmin = _arg("argmax", largest), _arg("argmin", smallest)


def _extreme_with_place(
    name: str, values: Callable[..., Tensor], places: Callable[..., Tensor], other: Callable[..., Tensor]
) -> Any:
    found = namedtuple(name, ("values", "indices"))

    def extreme(input: Tensor, dim: Any = None, keepdim: builtins.bool = False) -> Any:
        if isinstance(dim, Tensor):
            return other(input, dim)
        if dim is None:
            if input.numel() == 0:
                raise RuntimeError(
                    f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument."
                )
            return values(input)
        dim = _wrap_axis(dim, input.dim())
        return found(values(input, dim, keepdim), places(input, dim, keepdim))

    return extreme


max = _extreme_with_place("max", amax, argmax, maximum)
min = _extreme_with_place("min", amin, argmin, minimum)


def all(input: Tensor, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
    return _reduced(input, dim, keepdim, builtins.all, uint8 if input.dtype is uint8 else bool)


def any(input: Tensor, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
    return _reduced(input, dim, keepdim, builtins.any, uint8 if input.dtype is uint8 else bool)


def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    return _reduced(input, dim, False, lambda line: builtins.sum(value != 0 for value in line), int64)


def norm(input: Tensor, p: Any = 2, dim: Any = None, keepdim: builtins.bool = False) -> Tensor:
    if p not in (1, 2, "fro"):
        raise _missing(f"torch.norm(p={p!r})")
    if p == 1:
        return input.abs().sum(dim, keepdim)
    return input.square().sum(dim, keepdim).sqrt()


def cumsum(input: Tensor, dim: builtins.int) -> Tensor:
    kind, axis = _exact(input.dtype), _wrap_axis(dim, input.dim())
    moved = input.movedim(axis, -1) if input.dim() else input.reshape(1)
    lines = [number for line in _lines(moved, (moved.dim() - 1,)) for number in itertools.accumulate(line)]
    made = _new(lines, moved.shape, kind)
    return made.movedim(-1, axis) if input.dim() else made.reshape(())


def diff(input: Tensor, n: builtins.int = 1, dim: builtins.int = -1) -> Tensor:
    for _ in range(n):
        length = input.shape[dim]
        input = input.narrow(dim, 1, length - 1) - input.narrow(dim, 0, length - 1)
    return input


def sort(input: Tensor, dim: builtins.int = -1, descending: builtins.bool = False) -> Any:
    axis = _wrap_axis(dim, input.dim())
    moved = input.movedim(axis, -1)
    values: list[Any] = []
    places: list[builtins.int] = []
    for line in _lines(moved, (moved.dim() - 1,)):
        order = sorted(
            range(len(line)), key=lambda n, line=line: (line[n] != line[n], line[n]), reverse=descending
        )
        if descending:  # equal numbers keep their order
            order = sorted(range(len(line)), key=lambda n, line=line: -line[n])
        values += [line[n] for n in order]
        places += order
    parts = (_made(values, moved.shape, input.dtype), _made(places, moved.shape, int64))
    return namedtuple("sort", ("values", "indices"))(*(part.movedim(-1, axis) for part in parts))


def nonzero(input: Tensor, *, as_tuple: builtins.bool = False) -> Any:
    steps = _row_strides(input.shape)
    rows = [
        place // step % size
        for place, value in enumerate(input._list())
        if value != 0
        for size, step in zip(input.shape, steps, strict=True)
    ]
    count = builtins.sum(value != 0 for value in input._list())
    found = _made(rows, (count, input.dim()), int64)
    return found.unbind(1) if as_tuple else found


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    return where(mask, tensor(value, dtype=input.dtype), input)


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    shape = _broadcast_shape(input.shape, mask.shape)
    return input.expand(*shape)[mask.expand(*shape)]


def softmax(input: Tensor, dim: builtins.int) -> Tensor:
    raised = (input - input.amax(dim, True)).exp()
    return raised / raised.sum(dim, True)


# ---------------------------------------------------------------------------------------------------------------- products


def _of_one_dtype(a: Tensor, b: Tensor) -> None:
    if a.dtype is not b.dtype:
        named = {int64: "long int", uint8: "unsigned char"}
        names = [named.get(part.dtype, _CAPITAL[part.dtype].lower()) for part in (a, b)]
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {names[0]} != {names[1]}")


def _is_tensor(name: str, value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}: argument must be Tensor, not {type(value).__name__}")


def dot(input: Tensor, tensor: Tensor) -> Tensor:
    if input.dim() != 1 or tensor.dim() != 1:
        raise RuntimeError(f"1D tensors expected, but got {input.dim()}D and {tensor.dim()}D tensors")
    if input.dtype is not tensor.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {_CAPITAL[input.dtype]} and {_CAPITAL[tensor.dtype]}"
        )
    if len(input) != len(tensor):
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{len(input)}] and src [{len(tensor)}] to have the same number of elements, but got {len(input)} and {len(tensor)} elements respectively"
        )
    return _new([builtins.sum(map(operator.mul, input._list(), tensor._list()))], (), input.dtype)


def mm(input: Tensor, mat2: Tensor) -> Tensor:
    if input.dim() != 2 or mat2.dim() != 2:
        raise RuntimeError("self must be a matrix" if input.dim() != 2 else "mat2 must be a matrix")
    if input.shape[1] != mat2.shape[0]:
        sizes = [f"{part.shape[0]}x{part.shape[1]}" for part in (input, mat2)]
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({sizes[0]} and {sizes[1]})")
    _of_one_dtype(input, mat2)
    rows, columns = _lines(input, (1,)), _lines(mat2, (0,))
    values = [builtins.sum(map(operator.mul, row, column)) for row in rows for column in columns]
    return _new(values, (input.shape[0], mat2.shape[1]), input.dtype)


def mv(input: Tensor, vec: Tensor) -> Tensor:
    if input.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({input.shape[0]}), mat ({input.shape[0]}x{input.shape[1]}), vec ({vec.shape[0]})"
        )
    return mm(input, vec.unsqueeze(1)).squeeze(1)


def matmul(input: Tensor, other: Tensor) -> Tensor:
    _is_tensor("matmul()", input), _is_tensor("matmul()", other)
    a, b = input, other
    if 0 in (a.dim(), b.dim()):
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {a.dim()}D and {b.dim()}D"
        )
    if a.dim() == b.dim() == 1:
        return dot(a, b)
    if a.dim() == 2 and b.dim() == 1:
        return mv(a, b)
    if a.dim() == 1:
        return matmul(a.unsqueeze(0), b).squeeze(-2)
    if b.dim() == 1:
        return matmul(a, b.unsqueeze(1)).squeeze(-1)
    if a.dim() == b.dim() == 2:
        return mm(a, b)
    batch = _broadcast_shape(a.shape[:-2], b.shape[:-2])
    if a.shape[-1] != b.shape[-2]:
        _is_tensor("matmul()", other)
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{math.prod(batch)}, {a.shape[-1]}] but got: [{math.prod(batch)}, {b.shape[-2]}]."
        )
    lefts = a.expand(*batch, *a.shape[-2:]).reshape(-1, *a.shape[-2:])
    rights = b.expand(*batch, *b.shape[-2:]).reshape(-1, *b.shape[-2:])
    return stack([mm(left, right) for left, right in zip(lefts, rights, strict=True)]).reshape(
        *batch, a.shape[-2], b.shape[-1]
    )


bmm = matmul


def outer(input: Tensor, vec2: Tensor) -> Tensor:
    if input.dim() != 1 or vec2.dim() != 1:
        raise RuntimeError(
            f"outer: Expected 1-D argument {'self' if input.dim() != 1 else 'vec2'}, but got {input.dim() if input.dim() != 1 else vec2.dim()}-D"
        )
    return input.unsqueeze(1) * vec2


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sum the products of numbers over the letters that the result does not have; no dots."""
    given = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    left, arrow, right = equation.replace(" ", "").partition("->")
    names = left.split(",")
    if "." in equation:
        raise _missing('torch.einsum("…")')
    if len(names) != len(given):
        raise RuntimeError("einsum(): the number of subscripts in the equation and of operands differ")
    right = right if arrow else "".join(sorted(n for n in set(left) - {","} if left.count(n) == 1))
    size: dict[str, builtins.int] = {}
    for letters, part in zip(names, given, strict=True):
        if len(letters) != part.dim():
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(letters)}) does not match the number of dimensions ({part.dim()}) for operand {names.index(letters)} and no ellipsis was given"
            )
        for letter, length in zip(letters, part.shape, strict=True):
            if size.get(letter, 1) not in (1, length) and length != 1:
                raise RuntimeError(
                    f"einsum(): subscript {letter} has size {length} for operand {names.index(letters)} which does not broadcast with previously seen size {size[letter]}"
                )
            size[letter] = largest(size.get(letter, 1), length)
    order = [*right, *(letter for letter in size if letter not in right)]
    lists = []
    for letters, part in zip(names, given, strict=True):
        steps = dict.fromkeys(order, 0)
        for letter, length, stride in zip(letters, part.shape, part._strides, strict=True):
            steps[letter] += stride if length > 1 else 0
        places = _places([size[letter] for letter in order], [steps[letter] for letter in order], part._start)
        lists.append([part._numbers[place] for place in places])
    products = lists[0]
    for others in lists[1:]:
        products = list(map(operator.mul, products, others))
    count = math.prod(size[letter] for letter in order[len(right) :])
    sums = [builtins.sum(products[at : at + count]) for at in range(0, len(products), count)] if count else []
    kind = given[0].dtype
    for part in given[1:]:
        _of_one_dtype(given[0], part)
    return _new(sums, [size[letter] for letter in right], kind)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    if isinstance(dims, builtins.int):
        dims = (list(range(a.dim() - dims, a.dim())), list(range(dims)))
    first, second = (_axes(axes, part.dim()) for axes, part in zip(dims, (a, b), strict=True))
    rows = [axis for axis in range(a.dim()) if axis not in first]
    columns = [axis for axis in range(b.dim()) if axis not in second]
    count = math.prod(a.shape[axis] for axis in first)
    left = a.permute(*rows, *first).reshape(-1, count)
    right = b.permute(*second, *columns).reshape(count, -1)
    return mm(left, right).reshape(*(a.shape[axis] for axis in rows), *(b.shape[axis] for axis in columns))


# ---------------------------------------------------------------------------------------------------------------- creation


def _checked(dtype: Any, device: Any, requires_grad: builtins.bool) -> None:
    if requires_grad:
        raise _missing("requires_grad=True")
    if device not in (None, "cpu"):
        raise _missing(f"device={device!r}")


def _data_shape(data: Any) -> tuple[builtins.int, ...]:
    if isinstance(data, (list, tuple, range)):
        shapes = {_data_shape(part) for part in data}
        if len(shapes) > 1:
            lengths = {len(part) if isinstance(part, (list, tuple)) else None for part in data}
            if None in lengths:
                raise TypeError("only sequences of one depth can be made into a tensor")
            raise ValueError(
                f"expected sequence of length {len(data[0])} at dim 1 (got {next(len(p) for p in data if len(p) != len(data[0]))})"
            )
        return (len(data), *(shapes.pop() if shapes else ()))
    if isinstance(data, Tensor):
        return tuple(data.shape)
    return ()


def _data_numbers(data: Any) -> list[Any]:
    if isinstance(data, (list, tuple, range)):
        return [number for part in data for number in _data_numbers(part)]
    if isinstance(data, Tensor):
        return data._list()
    if isinstance(data, NUMBERS):
        return [data]
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False
) -> Tensor:
    _checked(dtype, device, requires_grad)
    if isinstance(data, Tensor):
        return _new(data._list(), data.shape, dtype or data.dtype)
    numbers, shape = _data_numbers(data), _data_shape(data)
    kind = dtype
    if kind is None:
        kind = float32
        for number, found in enumerate({_of_number(number) for number in numbers}):
            kind = found if number == 0 else promote_types(kind, found)
    if kind is int64 and builtins.any(not -(2**63) <= number < 2**63 for number in numbers):
        raise ValueError("Overflow when unpacking long long")
    return _new(numbers, shape, kind)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    return tensor(data, dtype=dtype, device=device)


def full(
    size: Sequence[builtins.int],
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: builtins.bool = False,
) -> Tensor:
    _checked(dtype, device, requires_grad)
    shape, kind = (
        _sizes((size,) if isinstance(size, builtins.int) else tuple(size)),
        dtype or _of_number(fill_value),
    )
    for length in shape:
        if length < 0:
            raise RuntimeError("zeros: Dimension size must be non-negative.")
    return _made(_rounded([fill_value], kind) * math.prod(shape), shape, kind)


def _filled(value: builtins.float) -> Callable[..., Tensor]:
    def make(
        *size: Any, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False
    ) -> Tensor:
        return full(_sizes(size), value, dtype=dtype or float32, device=device, requires_grad=requires_grad)

    return make


def _filled_like(value: builtins.float) -> Callable[..., Tensor]:
    def make(input: Tensor, *, dtype: Any = None) -> Tensor:
        return full(input.shape, value, dtype=dtype or input.dtype)

    return make


zeros, ones, empty = _filled(0), _filled(1), _filled(0)
zeros_like, ones_like, empty_like = _filled_like(0), _filled_like(1), _filled_like(0)


def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None) -> Tensor:
    return full(input.shape, fill_value, dtype=dtype or input.dtype)


def eye(n: builtins.int, m: Any = None, *, dtype: Any = None) -> Tensor:
    columns = n if m is None else m
    return _new(
        [row == column for row in range(n) for column in range(columns)], (n, columns), dtype or float32
    )


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> Tensor:
    _checked(dtype, device, False)
    if end is None:
        start, end = 0, start
    start, end, step = (v.item() if isinstance(v, Tensor) else v for v in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = builtins.all(isinstance(v, builtins.int) for v in (start, end, step))
    count = largest(0, math.ceil((end - start) / step))
    return _new(
        [start + number * step for number in range(count)], (count,), dtype or (int64 if whole else float32)
    )


def linspace(start: Any, end: Any, steps: builtins.int, *, dtype: Any = None) -> Tensor:
    step = (end - start) / (steps - 1) if steps > 1 else 0
    values = [start + step * n if n < steps / 2 else end - step * (steps - 1 - n) for n in range(steps)]
    return _new(values, (steps,), dtype or float32)


def diag(input: Tensor, diagonal: builtins.int = 0) -> Tensor:
    if input.dim() == 2:
        return input.diagonal(diagonal).clone()
    side = len(input) + builtins.abs(diagonal)
    made = zeros(side, side, dtype=input.dtype)
    made.diagonal(diagonal).copy_(input)
    return made


def cartesian_prod(*tensors: Tensor) -> Tensor:
    rows = list(itertools.product(*(part._list() for part in tensors)))
    return _made([number for row in rows for number in row], (len(rows), len(tensors)), tensors[0].dtype)


class Generator:
    """A source of random numbers; not torch's numbers."""

    def __init__(self, device: str = "cpu") -> None:
        self.random = random.Random(0)

    def manual_seed(self, seed: builtins.int) -> Generator:
        self.random.seed(seed)
        return self


default_generator = Generator()


def manual_seed(seed: builtins.int) -> Generator:
    return default_generator.manual_seed(seed)


def _drawn(
    one: Callable[[random.Random], Any], shape: Sequence[builtins.int], kind: dtype, generator: Any
) -> Tensor:
    source = (generator or default_generator).random
    return _new([one(source) for _ in range(math.prod(shape))], shape, kind)


def rand(*size: Any, generator: Any = None, dtype: Any = None) -> Tensor:
    return _drawn(lambda source: source.random(), _sizes(size), dtype or float32, generator)


def randn(*size: Any, generator: Any = None, dtype: Any = None) -> Tensor:
    return _drawn(lambda source: source.gauss(0, 1), _sizes(size), dtype or float32, generator)


def randint(
    low: builtins.int, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None
) -> Tensor:
    if not isinstance(high, builtins.int):
        low, high, size = 0, low, high if size is None else size
    return _drawn(lambda source: source.randrange(low, high), _sizes((size,)), dtype or int64, generator)


def randperm(n: builtins.int, *, generator: Any = None) -> Tensor:
    order = list(range(n))
    (generator or default_generator).random.shuffle(order)
    return _made(order, (n,), int64)


def stack(tensors: Sequence[Tensor], dim: builtins.int = 0) -> Tensor:
    parts = list(tensors)
    if not parts:
        raise RuntimeError("stack expects a non-empty TensorList")
    for number, part in enumerate(parts):
        if not isinstance(part, Tensor):
            raise TypeError(
                f"expected Tensor as element {number} in argument 0, but got {type(part).__name__}"
            )
        _wrap_axis(dim, parts[0].dim() + 1)
        if part.shape != parts[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {_shape_words(parts[0].shape)} at entry 0 and {_shape_words(part.shape)} at entry {number}"
            )
    return cat([part.unsqueeze(dim) for part in parts], dim)


def cat(tensors: Sequence[Tensor], dim: builtins.int = 0) -> Tensor:
    parts = list(tensors)
    if not parts:
        raise RuntimeError("torch.cat(): expected a non-empty list of Tensors")
    for number, part in enumerate(parts):
        if not isinstance(part, Tensor):
            raise TypeError(
                f"expected Tensor as element {number} in argument 0, but got {type(part).__name__}"
            )
        if part.dim() == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {number}) cannot be concatenated")
    kind = parts[0].dtype
    for part in parts[1:]:
        kind = promote_types(kind, part.dtype)
    parts = [part for part in parts if part.shape != (0,)] or parts[:1]
    axis, first = _wrap_axis(dim, parts[0].dim()), parts[0]
    for number, part in enumerate(parts):
        if part.dim() != first.dim():
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {first.dim()} and {part.dim()}"
            )
        for place, (want, have) in enumerate(zip(first.shape, part.shape, strict=True)):
            if want != have and place != axis:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {axis}. Expected size {want} but got size {have} for tensor number {number} in the list."
                )
    outer_count = math.prod(first.shape[:axis])
    lists = [part._list() for part in parts]
    lengths = [math.prod(part.shape[axis:]) for part in parts]
    values = [
        number
        for turn in range(outer_count)
        for numbers, length in zip(lists, lengths, strict=True)
        for number in numbers[turn * length : (turn + 1) * length]
    ]
    shape = [*first.shape[:axis], builtins.sum(part.shape[axis] for part in parts), *first.shape[axis + 1 :]]
    return _new(values, shape, kind)


@contextlib.contextmanager
def no_grad() -> Any:
    yield


def is_tensor(obj: Any) -> builtins.bool:
    return isinstance(obj, Tensor)


# -------------------------------------------------------------------------------------------------------------- printing


def _written(numbers: list[Any], kind: dtype) -> tuple[Callable[[Any], str], builtins.int]:
    """How torch writes these numbers, and in which width: whole, with four digits, or with an exponent."""
    if not kind.is_floating_point:
        width = largest([1, *(len(str(number)) for number in numbers)])
        return (lambda number: str(number).rjust(width)), width
    sizes = [builtins.abs(number) for number in numbers if math.isfinite(number) and number != 0]
    form, dot = ".0f", True
    if sizes:
        most, least = largest(sizes), smallest(sizes)
        whole = builtins.all(size == math.ceil(size) for size in sizes)
        if most / least > 1000 or most > 1e8 or (not whole and least < 1e-4):
            form, dot = ".4e", False
        elif not whole:
            form, dot = ".4f", False
    finite = [number for number in numbers if math.isfinite(number) and number != 0]
    width = largest([1, *(len(format(number, form)) + dot for number in finite)])

    def write(number: Any) -> str:
        text = format(number, form)
        return (text + "." if dot and math.isfinite(number) else text).rjust(width)

    return write, width


def _lines_of(
    value: Tensor, form: tuple[Callable[[Any], str], builtins.int], indent: builtins.int, short: builtins.bool
) -> str:
    write, width = form
    if value.dim() == 0:
        return write(value.item())
    cut = short and value.shape[0] > 6
    if value.dim() == 1:
        numbers = value._list()
        words = (
            [write(n) for n in numbers[:3]] + [" ..."] + [write(n) for n in numbers[-3:]]
            if cut
            else [write(n) for n in numbers]
        )
        each = largest(1, (80 - indent) // (width + 2))
        rows = [", ".join(words[at : at + each]) for at in range(0, len(words), each)]
        return "[" + (",\n" + " " * (indent + 1)).join(rows) + "]"
    parts = [*range(3), None, *range(value.shape[0] - 3, value.shape[0])] if cut else range(value.shape[0])
    blocks = ["..." if part is None else _lines_of(value[part], form, indent + 1, short) for part in parts]
    return "[" + ("," + "\n" * (value.dim() - 1) + " " * (indent + 1)).join(blocks) + "]"


def _shown(value: Tensor) -> list[Any]:
    """The numbers at the ends of each axis, which are all that a long tensor shows."""
    for axis, size in enumerate(value.shape):
        if size > 6:
            value = cat([value.narrow(axis, 0, 3), value.narrow(axis, size - 3, 3)], axis)
    return value._list()


def _printed(value: Tensor) -> str:
    suffixes = []
    if value.numel() == 0:
        text = "[]"
        if value.dim() != 1:
            suffixes.append(f"size={tuple(value.shape)}")
        if value.dtype is not float32:
            suffixes.append(f"dtype={value.dtype}")
    else:
        short = value.numel() > 1000
        text = _lines_of(value, _written(_shown(value) if short else value._list(), value.dtype), 7, short)
        if value.dtype not in (float32, int64, bool):
            suffixes.append(f"dtype={value.dtype}")
    text = "tensor(" + text
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > 80:
            text, length = f"{text},\n       {suffix}", 7 + len(suffix)
        else:
            text, length = f"{text}, {suffix}", length + len(suffix) + 2
    return text + ")"


# ------------------------------------------------------------------------------------------------------ operators, methods


def _operator(
    function: Callable[[Any, Any], Any], turned: builtins.bool = False
) -> Callable[[Any, Any], Any]:
    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, (Tensor, *NUMBERS)):
            return NotImplemented
        return function(other, self) if turned else function(self, other)

    return method


def _in_place(function: Callable[..., Any]) -> Callable[..., Tensor]:
    return lambda self, *given, **options: self._write(function(self, *given, **options))


for _name, _function in {
    "add": add,
    "sub": sub,
    "mul": mul,
    "truediv": div,
    "floordiv": floor_divide,
    "mod": remainder,
    "pow": pow,
    "and": bitwise_and,
    "or": bitwise_or,
    "xor": bitwise_xor,
}.items():
    setattr(Tensor, f"__{_name}__", _operator(_function))
    setattr(Tensor, f"__r{_name}__", _operator(_function, turned=True))
    setattr(Tensor, f"__i{_name}__", _in_place(_function))
for _name, _function in {"eq": eq, "ne": ne, "lt": lt, "le": le, "gt": gt, "ge": ge}.items():
    setattr(Tensor, f"__{_name}__", _operator(_function))
Tensor.__eq__ = lambda self, other: eq(self, other) if isinstance(other, (Tensor, *NUMBERS)) else False  # type: ignore[assignment]
Tensor.__ne__ = lambda self, other: ne(self, other) if isinstance(other, (Tensor, *NUMBERS)) else True  # type: ignore[assignment]
Tensor.__matmul__ = lambda self, other: matmul(self, other) if isinstance(other, Tensor) else NotImplemented
Tensor.__neg__ = neg
Tensor.__pos__ = lambda self: self
Tensor.__abs__ = _abs
Tensor.__invert__ = lambda self: logical_not(self) if self.dtype is bool else -self - 1
Tensor.abs = _abs
for _function in (
    add, sub, mul, div, floor_divide, remainder, pow, maximum, minimum, eq, ne, lt, le, gt, ge, logical_and, logical_or, logical_not,
    isclose, allclose, equal, sqrt, rsqrt, exp, log, tanh, sigmoid, reciprocal, neg, square, sign, floor, ceil, trunc, relu, round,
    clamp, sum, prod, mean, var, std, amax, amin, all, any, count_nonzero, norm, cumsum, diff, sort, nonzero, masked_fill, masked_select,
    softmax, dot, mm, mv, matmul, outer, diag,
):  # fmt: skip
    setattr(Tensor, _function.__name__, _function)
for _name, _function in {
    "argmax": argmax, "argmin": argmin, "max": max, "min": min, "isfinite": isfinite, "isnan": isnan, "isinf": isinf,
    "bmm": bmm, "clip": clamp,
}.items():  # fmt: skip
    setattr(Tensor, _name, _function)
for _function in (
    add,
    sub,
    mul,
    div,
    floor_divide,
    remainder,
    pow,
    clamp,
    sqrt,
    exp,
    neg,
    square,
    round,
    relu,
    masked_fill,
):
    setattr(Tensor, f"{_function.__name__}_", _in_place(_function))
Tensor.abs_ = _in_place(_abs)
Tensor.where = lambda self, condition, other: where(condition, self, other)
Tensor.new_zeros = lambda self, *size, dtype=None: zeros(*size, dtype=dtype or self.dtype)
Tensor.new_ones = lambda self, *size, dtype=None: ones(*size, dtype=dtype or self.dtype)
Tensor.new_empty = Tensor.new_zeros
Tensor.new_full = lambda self, size, fill_value, dtype=None: full(size, fill_value, dtype=dtype or self.dtype)
Tensor.new_tensor = lambda self, data, dtype=None: tensor(data, dtype=dtype or self.dtype)


def _function_of(name: str) -> Callable[..., Any]:
    def call(input: Tensor, *given: Any, **options: Any) -> Any:
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
            )
        return getattr(input, name)(*given, **options)

    call.__name__ = name
    return call


for _name in (
    "reshape", "flatten", "unflatten", "permute", "transpose", "t", "movedim", "unsqueeze", "squeeze", "narrow", "select", "index_select",
    "unbind", "split", "chunk", "rot90", "roll", "repeat_interleave", "diagonal", "clone", "gather", "scatter",
    "scatter_add", "numel", "is_floating_point", "is_complex",
):  # fmt: skip
    globals()[_name] = _function_of(_name)


def flip(input: Tensor, dims: Any) -> Tensor:
    return input.flip(dims)


def broadcast_to(input: Tensor, size: Sequence[builtins.int]) -> Tensor:
    return input.expand(*size)


clip = clamp


# ------------------------------------------------------------------------------------------------------- nn.functional


def _two(value: Any) -> tuple[builtins.int, builtins.int]:
    if isinstance(value, (tuple, list)):
        return (value[0], value[0]) if len(value) == 1 else (value[0], value[1])
    return value, value


# Which pixel stands at a place outside an axis.
_BORDERS: dict[str, Callable[[builtins.int, builtins.int], builtins.int]] = {
    "replicate": lambda place, size: smallest(largest(place, 0), size - 1),
    "reflect": lambda place, size: size - 1 - builtins.abs(size - 1 - builtins.abs(place)),
    "circular": lambda place, size: place % size,
}


def _pad(input: Tensor, pad: Sequence[builtins.int], mode: str = "constant", value: Any = None) -> Tensor:
    sides = list(pad)
    if len(sides) % 2 or len(sides) // 2 > input.dim():
        raise RuntimeError(
            "Padding length must be divisible by 2 and at most twice the number of dimensions of the input."
        )
    if mode != "constant" and (len(sides), input.dim()) not in ((2, 2), (2, 3), (4, 3), (4, 4)):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    for number in range(len(sides) // 2):
        axis, before, after = input.dim() - 1 - number, sides[2 * number], sides[2 * number + 1]
        size = input.shape[axis]
        if size + before + after < 0:
            raise RuntimeError(
                f"The input size {size}, plus negative padding {before} and {after}, resulted in a negative output size"
            )
        if mode == "constant":
            input = input.narrow(axis, largest(0, -before), size + smallest(0, before) + smallest(0, after))
            parts = [input]
            for at, count in ((0, before), (len(parts), after)):
                if count > 0:
                    shape = [count if a == axis else s for a, s in enumerate(input.shape)]
                    parts.insert(len(parts) if at else 0, full(shape, value or 0, dtype=input.dtype))
            input = cat(parts, axis) if len(parts) > 1 else input
            continue
        if mode == "reflect" and largest(before, after) >= size:
            raise RuntimeError(
                f"Padding size should be less than the corresponding input dimension, but got: padding ({before}, {after}) at dimension {axis} of input {_shape_words(input.shape)}"
            )
        if mode not in _BORDERS:
            raise NotImplementedError(f"Unrecognized padding mode {mode}")
        places = [_BORDERS[mode](place, size) for place in range(-before, size + after)]
        input = input.index_select(axis, tensor(places, dtype=int64))
    return input.clone()


def _windows(x: Tensor, kernel: tuple[builtins.int, builtins.int], stride: Any, dilation: Any) -> Tensor:
    """A view (…, windows down, windows across, rows, columns)."""
    (kh, kw), (sh, sw), (dh, dw) = kernel, _two(stride), _two(dilation)
    rows, columns = (
        (x.shape[-2 + a] - d * (k - 1) - 1) // s + 1 for a, k, s, d in ((0, kh, sh, dh), (1, kw, sw, dw))
    )
    down, across = x._strides[-2:]
    return x._same_numbers(
        [*x.shape[:-2], rows, columns, kh, kw],
        [*x._strides[:-2], down * sh, across * sw, down * dh, across * dw],
    )


def _batched(name: str, input: Tensor) -> tuple[Tensor, builtins.bool]:
    if input.dim() not in (3, 4):
        raise RuntimeError(
            f"Expected 3D (unbatched) or 4D (batched) input to {name}, but got input of size: {_shape_words(input.shape)}"
        )
    return (input, False) if input.dim() == 4 else (input.unsqueeze(0), True)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: builtins.int = 1,
) -> Tensor:
    _is_tensor("conv2d()", input), _is_tensor("conv2d()", weight)
    x, single = _batched("conv2d", input)
    if weight.dim() != 4:
        raise RuntimeError("weight should have at least three dimensions")
    if x.dtype is not weight.dtype or (bias is not None and bias.dtype is not x.dtype):
        found = weight.dtype if weight.dtype is not x.dtype else bias.dtype  # type: ignore[union-attr]
        raise RuntimeError(f"expected scalar type {_CAPITAL[x.dtype]} but found {_CAPITAL[found]}")
    if x.shape[1] != weight.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {_shape_words(weight.shape)}, expected input{_shape_words(input.shape)} to have {weight.shape[1] * groups} channels, but got {x.shape[1]} channels instead"
        )
    if len(weight) % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0"
        )
    if bias is not None and tuple(bias.shape) != (len(weight),):
        raise RuntimeError(
            f"Given weight of size {_shape_words(weight.shape)}, expected bias to be 1-dimensional with {len(weight)} elements, but got bias of size {_shape_words(bias.shape)} instead"
        )
    kernel = (weight.shape[2], weight.shape[3])
    if padding == "same":
        if _two(stride) != (1, 1):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        totals = [d * (k - 1) for d, k in zip(_two(dilation), kernel, strict=True)]
        sides = [totals[1] // 2, totals[1] - totals[1] // 2, totals[0] // 2, totals[0] - totals[0] // 2]
    else:
        ph, pw = _two(0 if padding == "valid" else padding)
        sides = [pw, pw, ph, ph]
    if smallest(sides) < 0:
        raise RuntimeError("negative padding is not supported")
    if smallest(_two(stride)) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    x = _pad(x, sides)
    reach = tuple(d * (k - 1) + 1 for d, k in zip(_two(dilation), kernel, strict=True))
    if x.shape[2] < reach[0] or x.shape[3] < reach[1]:
        raise RuntimeError(
            f"Calculated padded input size per channel: ({x.shape[2]} x {x.shape[3]}). Kernel size: ({reach[0]} x {reach[1]}). Kernel size can't be greater than actual input size"
        )
    wide = _windows(x, kernel, stride, dilation)
    outs, depth = len(weight) // groups, weight.shape[1]
    rows, columns = wide.shape[2:4]
    values: list[Any] = []
    kernels = [part._list() for part in weight]
    for image in wide:
        group_lines = [_lines(image[g * depth : (g + 1) * depth], (0, 3, 4)) for g in range(groups)]
        for out, taps in enumerate(kernels):
            start = 0 if bias is None else bias._list()[out]
            values += [
                start + builtins.sum(map(operator.mul, line, taps)) for line in group_lines[out // outs]
            ]
    made = _new(values, (len(x), len(weight), rows, columns), x.dtype)
    return made[0] if single else made


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: builtins.int = 1,
    dilation: Any = 1,
) -> Tensor:
    x, single = _batched("conv_transpose2d", input)
    if groups != 1:
        raise _missing("F.conv_transpose2d(groups=…)")
    if x.shape[1] != len(weight):
        raise RuntimeError(
            f"Given transposed=1, weight of size {_shape_words(weight.shape)}, expected input{_shape_words(input.shape)} to have {len(weight)} channels, but got {x.shape[1]} channels instead"
        )
    (sh, sw), (ph, pw), (oh, ow), (dh, dw) = _two(stride), _two(padding), _two(output_padding), _two(dilation)
    n, _, rows, columns = x.shape
    kh, kw = weight.shape[2:]
    spread = zeros(n, len(weight), (rows - 1) * sh + 1, (columns - 1) * sw + 1, dtype=x.dtype)
    spread[:, :, ::sh, ::sw] = x
    top, left = dh * (kh - 1) - ph, dw * (kw - 1) - pw
    spread = _pad(spread, [left, left + ow, top, top + oh])
    made = conv2d(spread, weight.flip(2, 3).transpose(0, 1), bias, dilation=dilation)
    return made[0] if single else made


def _pool_windows(
    name: str,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    value: Any,
    ceil_mode: builtins.bool,
) -> tuple[Tensor, builtins.bool]:
    x, single = _batched(name, input)
    if ceil_mode:
        raise _missing(f"F.{name}(ceil_mode=True)")
    (kh, kw), (ph, pw) = _two(kernel_size), _two(padding)
    if ph > kh // 2 or pw > kw // 2:
        raise RuntimeError(
            f"pad should be at most half of effective kernel size, but got pad={largest(ph, pw)}, kernel_size={largest(kh, kw)} and dilation={largest(_two(dilation))}"
        )
    x = _pad(x, [pw, pw, ph, ph], value=value)
    wide = _windows(x, (kh, kw), kernel_size if stride is None else stride, dilation)
    if smallest(wide.shape[2:4]) < 1:
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, input.shape[-3:]))}). Calculated output size: ({'x'.join(map(str, wide.shape[1:4]))}). Output size is too small"
        )
    return wide, single


def _max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: builtins.bool = False,
    return_indices: builtins.bool = False,
) -> Any:
    whole = not input.dtype.is_floating_point
    x = input.double() if whole else input
    wide, single = _pool_windows("max_pool2d", x, kernel_size, stride, padding, dilation, -inf, ceil_mode)
    values = wide.amax((-2, -1)).to(input.dtype)
    values = values[0] if single else values
    if not return_indices:
        return values
    place = arange(input.shape[-2] * input.shape[-1]).reshape(1, 1, *input.shape[-2:]).double()
    where_from, _ = _pool_windows("max_pool2d", place, kernel_size, stride, padding, dilation, -1, False)
    flat = where_from.expand(*wide.shape).flatten(-2)
    # In padding nothing can be largest but −∞ itself; the first place inside the image is taken.
    shown = wide.flatten(-2)
    first = [
        next(
            n
            for n, (v, p) in enumerate(zip(line, spots, strict=True))
            if p >= 0 and (v == largest(line) or v != v)
        )
        for line, spots in zip(
            _lines(shown, (shown.dim() - 1,)), _lines(flat, (flat.dim() - 1,)), strict=True
        )
    ]
    picked = _made(first, (*flat.shape[:-1], 1), int64)
    places = flat.gather(-1, picked).squeeze(-1).long()
    return values, places[0] if single else places


def _avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: builtins.bool = False,
    count_include_pad: builtins.bool = True,
    divisor_override: Any = None,
) -> Tensor:
    wide, single = _pool_windows("avg_pool2d", input, kernel_size, stride, padding, 1, 0, ceil_mode)
    total = wide.sum((-2, -1))
    if divisor_override is not None:
        made = total / divisor_override
    elif count_include_pad:
        made = total / math.prod(_two(kernel_size))
    else:
        inside, _ = _pool_windows("avg_pool2d", ones_like(input), kernel_size, stride, padding, 1, 0, False)
        made = total / inside.sum((-2, -1))
    return made[0] if single else made


def _adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    if _two(output_size) != (1, 1):
        raise _missing(f"F.adaptive_avg_pool2d(…, {output_size})")
    return input.mean((-2, -1), keepdim=True)


def _unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    x, single = _batched("unfold", input)
    ph, pw = _two(padding)
    wide = _windows(_pad(x, [pw, pw, ph, ph]), _two(kernel_size), stride, dilation)
    if smallest(wide.shape[2:4]) < 1:
        raise RuntimeError(
            f"Given input with spatial size ({x.shape[2]}, {x.shape[3]}), kernel_size={_two(kernel_size)}, dilation={_two(dilation)}, padding={_two(padding)}, calculated shape of the array of sliding blocks as ({wide.shape[2]}, {wide.shape[3]}), but its components must be at least one."
        )
    made = wide.permute(0, 1, 4, 5, 2, 3).reshape(len(x), -1, wide.shape[2] * wide.shape[3])
    return made[0] if single else made


def _fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    (h, w), (kh, kw), (ph, pw), (sh, sw), (dh, dw) = map(
        _two, (output_size, kernel_size, padding, stride, dilation)
    )
    n, channels = len(input), input.shape[1] // (kh * kw)
    rows, columns = (
        (s + 2 * p - d * (k - 1) - 1) // t + 1 for s, p, d, k, t in ((h, ph, dh, kh, sh), (w, pw, dw, kw, sw))
    )
    if rows * columns != input.shape[2]:
        raise RuntimeError(
            f"Given output_size=({h}, {w}), kernel_size=({kh}, {kw}), dilation=({dh}, {dw}), padding=({ph}, {pw}), stride=({sh}, {sw}), expected size of input's dimension 2 to match the calculated number of sliding blocks {rows} * {columns} = {rows * columns}, but got input.size(2)={input.shape[2]}."
        )
    parts = input.reshape(n, channels, kh, kw, rows, columns)
    made = zeros(n, channels, h + 2 * ph, w + 2 * pw, dtype=input.dtype)
    for a in range(kh):
        for b in range(kw):
            down = slice(a * dh, a * dh + (rows - 1) * sh + 1, sh)
            across = slice(b * dw, b * dw + (columns - 1) * sw + 1, sw)
            made[:, :, down, across] += parts[:, :, a, b]
    return made[:, :, ph : ph + h, pw : pw + w].clone()


def _module(name: str, members: dict[str, Any]) -> types.ModuleType:
    """A module inside this one, whose missing names say so."""
    module = types.ModuleType(f"{__name__}.{name}", f"The page's torch.{name}.")

    def absent(missing: str) -> Any:
        if missing.startswith("__"):
            raise AttributeError(missing)
        raise _missing(f"torch.{name}.{missing}")

    module.__dict__.update(members, __getattr__=absent)
    sys.modules[module.__name__] = module
    return module


_FUNCTIONS = {
    function.__name__.lstrip("_"): function
    for function in (
        _pad,
        conv2d,
        conv_transpose2d,
        _max_pool2d,
        _avg_pool2d,
        _adaptive_avg_pool2d,
        _unfold,
        _fold,
        relu,
        softmax,
        sigmoid,
        tanh,
    )
}
nn = _module("nn", {"functional": _module("nn.functional", _FUNCTIONS)})
