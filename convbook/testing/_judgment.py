"""Calling a kernel of any framework, and judging what it gives."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils import dlpack

from convbook._forms import describe
from convbook.testing._command import Command, CrashError
from convbook.testing._operations import OPERATIONS, Call


class Verdict(NamedTuple):
    """What a kernel's answer is worth.

    `relative` is the largest error of a number relative to Σ|x||w| of its window.

    `status` is "right", "wrong", "not supported" (an error where there is an answer), or "not asked".  `kind`
    says in one word what is wrong; `gradient` is "right", "wrong", "none given" or "not asked".
    """

    status: str
    words: str = ""
    kind: str = ""
    gradient: str = "not asked"
    got: Tensor | None = None
    expected: Tensor | None = None
    relative: float = 0.0


class Kernel:
    """A kernel with the arrays that it takes."""

    def __init__(self, fn: object, arrays: object = "torch") -> None:
        if isinstance(fn, (list, tuple)):
            fn, arrays = Command(fn), "torch"
        if not callable(fn):
            raise TypeError(
                "fn must be a function, or a command as a list of strings, got "
                f"{describe(fn)}; pass the function itself, without calling it"
            )
        if not (arrays in ("torch", "numpy") or callable(arrays)):
            raise TypeError(
                'arrays must be "torch", "numpy" or a function that makes an array of a NumPy array, got '
                f"{describe(arrays)}"
            )
        self.fn = fn
        self.arrays: Any = arrays

    @property
    def name(self) -> str:
        """Return the kernel's name for the report."""
        return str(getattr(self.fn, "__qualname__", None) or type(self.fn).__name__)

    @property
    def takes_torch(self) -> bool:
        """Tell whether the kernel is called with tensors of torch."""
        return self.arrays == "torch" and not isinstance(self.fn, Command)

    def lacks(self, call: Call) -> str:
        """Say why a call cannot be put to this kernel, "" if it can."""
        bfloat16 = any(tensor.dtype is torch.bfloat16 for tensor in call.tensors().values())
        return "NumPy has no bfloat16" if bfloat16 and not self.takes_torch else ""

    def __call__(self, call: Call) -> Any:
        """Call the kernel on the tensors of a call."""
        if isinstance(self.fn, Command):
            return self.fn(call)
        arguments = [self._array(value) for value in call.arguments.values()]
        return self.fn(*arguments, **{name: self._array(value) for name, value in call.options.items()})

    def _array(self, value: Any) -> Any:
        if not isinstance(value, Tensor) or self.arrays == "torch":
            return value
        return value.numpy() if self.arrays == "numpy" else self.arrays(value.numpy())


def as_tensor(returned: Any) -> Tensor:
    """Read what a kernel returned: a tensor, or anything with DLPack or ``__array__``."""
    if isinstance(returned, Tensor):
        return returned.detach().cpu().resolve_conj().resolve_neg()
    # Of an array that is turned round, torch 2.13 ends the process where it takes it by DLPack.
    if hasattr(returned, "__dlpack__") and not isinstance(returned, np.ndarray):
        try:
            return dlpack.from_dlpack(returned).cpu()
        except (BufferError, RuntimeError, TypeError, ValueError):
            pass  # read-only arrays and some dtypes have no DLPack
    array = np.array(returned)
    if array.dtype == object:
        raise TypeError(f"no array of numbers, but {describe(returned)}")
    return torch.from_numpy(array)


# ------------------------------------------------------------------------------------------- what is right


class Right:
    """What is right for a call: computed when it is first asked for, and kept.

    Attributes
    ----------
    call : Call
    refusal : str
        Why the call has no answer, "" if it has one.
    dtype : torch.dtype
    value : Tensor
        In float64, complex128, or an integer's own dtype.
    indices : Tensor or None
        One right place of each maximum.
    bound : Tensor or None
        How far each number may be off; None for integers, which are exact.
    gamma : float
        The bound relative to Σ|x||w|.
    """

    def __init__(self, call: Call, *, gradients: bool) -> None:
        self.call, self.refusal = call, ""
        self._differentiable = gradients
        try:
            right = call.answer()
        except (ValueError, TypeError) as error:
            self.refusal = str(error)
            return
        value, self.indices = right if isinstance(right, tuple) else (right, None)
        self.dtype: torch.dtype = value.dtype
        self.value, self.bound, self.gamma = value, None, 0.0
        if value.is_floating_point() or value.is_complex():
            wide = call.mapped(_widened).answer()
            self.value = wide[0] if isinstance(wide, tuple) else wide
            self.bound, self.gamma = rounding(call, self.value)
        self.expected = self.value.to(self.dtype)

    @functools.cached_property
    def gradients(self) -> dict[str, tuple[Tensor, Tensor]] | None:
        """Give for each tensor the gradient of Σ weights · output, and how far each number may be off.

        None where gradients are not asked: of half types and integers, where values repeat, and where a
        window holds padding only (the backward pass of torch 2.13's max_pool2d writes outside the image
        there, which can end the process).
        """
        tensors, value = self.call.tensors(), self.value
        kinds = {tensor.dtype for tensor in tensors.values()}
        if not self._differentiable or not kinds <= {torch.float32, torch.float64} or not value.numel():
            return None
        if not bool(value.isfinite().all()):
            return None
        weights = output_weights(self.value.to(self.dtype)).double()
        operation = OPERATIONS[self.call.operation]
        terms = weights.numel() + operation.terms(self.call) + 2 + (256 if operation.root else 0)
        positive = _widened if operation.selects(self.call) or operation.root else _magnitude
        exact = _gradients(self.call.mapped(_widened), weights)
        scales = _gradients(self.call.mapped(positive), weights.abs())
        return {
            name: (due, 4 * terms * torch.finfo(tensor.dtype).eps / 2 * scale.abs() + 1e-300)
            for (name, tensor), due, scale in zip(tensors.items(), exact, scales, strict=True)
        }


def _widened(tensor: Tensor) -> Tensor:
    if tensor.is_complex():
        return tensor.to(torch.complex128)
    return tensor.double() if tensor.is_floating_point() else tensor


def _magnitude(tensor: Tensor) -> Tensor:
    return _widened(tensor).abs().double()


def rounding(call: Call, value: Tensor) -> tuple[Tensor, float]:
    """Return how far each number may be off, γ(n)·Σ|x||w| over its own window, and γ(n).

    A sum of n products in any order is that near (N. J. Higham, Accuracy and Stability of Numerical
    Algorithms, 2nd edition, SIAM, 2002, section 3.1).  A maximum is exact.  A root of a sum of powers may be
    off by some units more, since no machine rounds a power correctly.
    """
    operation = OPERATIONS[call.operation]
    terms = operation.terms(call)
    info = torch.finfo(next(iter(call.tensors().values())).dtype)
    if operation.selects(call):
        return torch.zeros(value.shape, dtype=torch.float64), 0.0
    scale = call.mapped(_magnitude).answer()
    roundings = (terms + 1) * (4 if value.is_complex() else 1) + (64 if operation.root else 0)
    unit = info.eps / 2
    gamma = roundings * unit / max(1 - roundings * unit, 0.05)
    tiny = info.smallest_normal * info.eps * roundings
    return gamma * scale.nan_to_num(0.0, 0.0, 0.0) + tiny, gamma


# -------------------------------------------------------------------------------------------------- judging


def judge(right: Right, kernel: Kernel, *, gradients: bool = False) -> Verdict:
    """Call a kernel and judge shape, dtype, values, refusal, and gradients where it gives them."""
    call = right.call
    lacking = kernel.lacks(call)
    if lacking:
        return Verdict("not asked", lacking)
    if right.refusal:
        return _judged_refusal(call, kernel, right.refusal)
    given = call.mapped(_copy)
    try:
        returned = kernel(given)
    except CrashError as error:
        return Verdict("wrong", str(error), "crash")
    except Exception as error:
        return Verdict("not supported", _in_short(error))
    changed = [name for name, tensor in call.tensors().items() if not _equal(tensor, given.tensors()[name])]
    if changed:
        return Verdict("wrong", f"it changed its argument {changed[0]} in place", "in place")
    verdict = _judged_answer(right, returned)
    if verdict.status == "right" and gradients and kernel.takes_torch:
        return _judged_gradients(right, kernel, verdict)
    return verdict


def _copy(tensor: Tensor) -> Tensor:
    """Copy numbers and memory order alike; a gap between columns stays one, and holds zeros."""
    length = 1 + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))
    memory = torch.zeros(max(length, tensor.numel()), dtype=tensor.dtype)
    return memory.as_strided(tensor.shape, tensor.stride()).copy_(tensor)


def _equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


def _in_short(error: BaseException) -> str:
    """Return an error as Python prints it, its first line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}".removesuffix(": ")[:120]


def _judged_refusal(call: Call, kernel: Kernel, why: str) -> Verdict:
    """Judge a kernel on a call without an answer: an error is right, and so is nothing but NaN."""
    try:
        returned = kernel(call.mapped(_copy))
        first = as_tensor(returned[0] if isinstance(returned, (tuple, list)) else returned)
    except CrashError as error:
        return Verdict("wrong", str(error), "crash")
    except Exception as error:
        return Verdict("right", _in_short(error))
    if first.numel() == 0 or bool((first != first).all()):
        return Verdict("right", "it gives no number")
    words = f"it answers, with shape {tuple(first.shape)}, where there is no answer: {why}"
    return Verdict("wrong", words, "refusal", got=first)


def _judged_answer(right: Right, returned: Any) -> Verdict:
    parts: Sequence[Any] = [returned]
    if right.indices is not None:
        if not isinstance(returned, (tuple, list)) or len(returned) != 2:
            words = f"values and indices are due, a pair, got {describe(returned)}"
            return Verdict("wrong", words, "pair")
        parts = returned
    try:
        got, *places = (as_tensor(part) for part in parts)
    except Exception as error:
        return Verdict("wrong", f"the answer cannot be read: {_in_short(error)}", "unreadable")
    expected = right.expected
    wrong = Verdict("wrong", got=got, expected=expected)
    if got.shape != expected.shape:
        words = f"shape {tuple(got.shape)} where {tuple(expected.shape)} is due"
        return wrong._replace(words=words, kind="shape")
    if got.dtype != right.dtype:
        words = f"dtype {_word(got.dtype)} where {_word(right.dtype)} is due"
        return wrong._replace(words=words, kind="dtype")
    off, relative = differing(got, right)
    if bool(off.any()):
        words = f"{_counted(off, 'numbers')} wrong; {_first(off, expected, got)}"
        return wrong._replace(words=words, kind="value", relative=relative)
    if right.indices is not None:
        words = _wrong_indices(right, got, places[0])
        if words:
            return wrong._replace(words=words, kind="indices", got=places[0], expected=right.indices)
    return Verdict("right", got=got, expected=expected)


def _counted(off: Tensor, noun: str) -> str:
    count = int(off.sum())
    return f"{count} of {off.numel()} {noun} {'is' if count == 1 else 'are'}"


def _first(off: Tensor, expected: Tensor, got: Tensor) -> str:
    place = tuple(off.nonzero()[0].tolist())
    due, came = (f"{tensor[place].item():.9g}" for tensor in (expected, got))
    return f"the first at {list(place)}: {due} is due, got {came}"


def differing(got: Tensor, right: Right) -> tuple[Tensor, float]:
    """Mark the numbers that are further off than rounding explains; return the largest relative error too."""
    if right.bound is None:
        return got != right.value, 0.0
    wide = got.to(right.value.dtype)
    # What overflows the dtype is right as an infinity.
    exact = right.expected.to(right.value.dtype)
    overflow = right.value.isfinite() & ~exact.isfinite()
    finite = right.value.isfinite() & ~overflow
    error = torch.where(finite, (wide - right.value).abs(), 0.0)
    same = (wide == exact) | ((wide != wide) & (exact != exact))
    off = torch.where(finite, ~(error <= right.bound), ~same & ~overflow)
    scale = right.bound.clamp(min=torch.finfo(torch.float64).tiny)
    ratios = (error / scale)[off & wide.isfinite()] if off.any() else error.new_zeros(1)
    return off, right.gamma * float(ratios.max()) if ratios.numel() else math.inf


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _wrong_indices(right: Right, values: Tensor, places: Tensor) -> str:
    """Say what is wrong with the places of maxima; any maximum inside the window is right."""
    call, image = right.call, right.call.value("input")
    rows, columns = image.shape[-2:]
    if places.shape != values.shape:
        return f"indices of shape {tuple(places.shape)} where {tuple(values.shape)} is due"
    if places.dtype not in (torch.int64, torch.int32):
        return f"indices of dtype {_word(places.dtype)} where int64 is due"
    if values.numel() == 0:
        return ""
    flat = places.to(torch.int64)
    inside = (flat >= 0) & (flat < rows * columns)
    there = image.flatten(-2).gather(-1, flat.clamp(0, rows * columns - 1).flatten(-2)).reshape(values.shape)
    held = (there == values) | ((there != there) & (values != values))
    within = _in_window(call, flat // columns, 0) & _in_window(call, flat % columns, 1)
    lowest = -math.inf if values.is_floating_point() else torch.iinfo(values.dtype).min
    off = ~(inside & held & within) & (values != lowest)  # a window of padding only has no place
    if not bool(off.any()):
        return ""
    assert right.indices is not None
    return f"{_counted(off, 'indices')} not at the maximum of its window; {_first(off, right.indices, flat)}"


def _in_window(call: Call, position: Tensor, axis: int) -> Any:
    """Tell whether a row (or column) belongs to the window whose place it stands in."""
    number = torch.arange(position.shape[axis - 2])
    number = number[:, None] if axis == 0 else number
    length = call.value("input").shape[axis - 2]
    if call.operation == "adaptive_max_pool2d":
        count = position.shape[axis - 2]
        return (position >= number * length // count) & (position < -((-(number + 1) * length) // count))
    step, cut, gap, taps = (call.two(name)[axis] for name in ("stride", "padding", "dilation", "kernel_size"))
    offset = position - (number * step - cut)
    return (offset >= 0) & (offset <= gap * (taps - 1)) & (offset % gap == 0)


# ------------------------------------------------------------------------------------------------ gradients


def _judged_gradients(right: Right, kernel: Kernel, verdict: Verdict) -> Verdict:
    """Judge what autograd gives for every tensor of the call, if the answer can be differentiated."""
    if right.gradients is None:
        return verdict
    leaves = right.call.mapped(lambda tensor: _copy(tensor).requires_grad_())
    try:
        returned = kernel(leaves)
        output = returned[0] if isinstance(returned, (tuple, list)) else returned
        if not (isinstance(output, Tensor) and output.requires_grad):
            return verdict._replace(gradient="none given")
        tensors = list(leaves.tensors().values())
        found: Sequence[Tensor | None] = torch.autograd.grad(
            output, tensors, output_weights(output), allow_unused=True
        )
    except Exception as error:
        return verdict._replace(gradient="none given", words=f"gradient: {_in_short(error)}")
    for got, (name, (due, bound)) in zip(found, right.gradients.items(), strict=True):
        wrong = Verdict("wrong", kind="gradient", gradient="wrong", got=got, expected=due)
        if got is None and bool((due.abs() > bound).any()):
            return wrong._replace(words=f"no gradient reaches {name}")
        if got is None:
            continue
        off = ~((got.double() - due).abs() <= bound)
        if bool(off.any()):
            words = f"{_counted(off, 'numbers')} wrong in the gradient by {name}; {_first(off, due, got)}"
            return wrong._replace(words=words)
    return verdict._replace(gradient="right")


def output_weights(output: Tensor) -> Tensor:
    """Return what the output is multiplied with before it is summed: it depends on the shape alone."""
    generator = torch.Generator().manual_seed(output.numel())
    return torch.randn(output.shape, generator=generator, dtype=output.dtype)


def _gradients(call: Call, weights: Tensor) -> list[Tensor]:
    """Return the gradients of Σ weights · answer by each tensor, by the reference."""
    leaves = call.mapped(lambda tensor: _copy(tensor).requires_grad_())
    answer = leaves.answer()
    output = answer[0] if isinstance(answer, tuple) else answer
    tensors = list(leaves.tensors().values())
    found: Sequence[Tensor | None] = torch.autograd.grad(
        output, tensors, weights.to(output.dtype), allow_unused=True
    )
    return [torch.zeros_like(t) if g is None else g for t, g in zip(tensors, found, strict=True)]
