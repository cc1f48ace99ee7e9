"""The cases that a kernel is checked on: designed ones first, then random ones."""

from __future__ import annotations

import functools
import itertools
import random
import unittest
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from convbook._forms import describe, integer
from convbook.testing._judgment import Kernel, Right, Verdict, judge
from convbook.testing._operations import INTEGERS, LAYOUTS, OPERATIONS, Call, Spec, built

__all__ = ["Case", "cases", "features"]


@dataclass(frozen=True)
class Case:
    """One call of an operation, with what is right for it.

    Attributes
    ----------
    operation : str
        The operation's name.
    spec : dict
        The words and small integers that the call is built from; the same ones always build the same call.
    index : int
        The case's number among those of its seed.

    Examples
    --------
    >>> import torch
    >>> case = next(cases("conv2d", 1))
    >>> print(case)
    conv2d-0: conv2d(⟨2×2×6×7⟩, ⟨3×2×2×3⟩)
    >>> case.check(torch.nn.functional.conv2d)
    """

    operation: str
    spec: dict[str, Any]
    index: int = 0

    @functools.cached_property
    def call(self) -> Call:
        """Build the call: ``call.arguments`` by position and ``call.options`` by name."""
        return built(self.spec)

    @property
    def features(self) -> tuple[str, ...]:
        """Name what the call asks of a kernel beyond the plainest one; see :func:`features`."""
        return _features(self.spec)

    def check(self, fn: Callable[..., Any], *, arrays: Any = "torch") -> None:
        """Call a kernel on this case, for a test of your own.

        Parameters
        ----------
        fn, arrays
            As for :func:`check_kernel`.

        Raises
        ------
        AssertionError
            If the kernel's answer is wrong.
        unittest.SkipTest
            If the kernel raised an error where there is an answer, which pytest counts as skipped.
        """
        verdict = self.judged(Kernel(fn, arrays))
        if verdict.status == "wrong":
            raise AssertionError(f"{self}: {verdict.words}")
        if verdict.status == "not supported":
            raise unittest.SkipTest(f"not supported: {verdict.words}")

    @functools.cached_property
    def right(self) -> Right:
        """Compute what is right, once for all kernels that are checked."""
        return Right(self.call, gradients=self.spec["values"] == "normal")

    def judged(self, kernel: Kernel, *, gradients: bool = True) -> Verdict:
        """Call a kernel and judge what it gave."""
        return judge(self.right, kernel, gradients=gradients)

    def __str__(self) -> str:
        """Return the case's number and call."""
        return f"{self.operation}-{self.index}: {self.call.in_words()}"


def features(name: str) -> tuple[str, ...]:
    """Name what a case can ask of a kernel, beyond the plainest float32 call.

    Parameters
    ----------
    name : str
        The operation.

    Returns
    -------
    tuple of str
        The words of the report's table, which `supports` of :func:`check_kernel` takes.

    Raises
    ------
    ValueError
        If there is no such operation.

    Examples
    --------
    >>> features("lp_pool2d")[:4]
    ('ceil_mode', 'stride', 'another stride on each axis', 'another kernel size on each axis')
    """
    choices = OPERATIONS[operation_name(name)].choices
    simplest = _simplest(name)
    whole = next((value for value in choices["dtype"] if value in INTEGERS), choices["dtype"][0])
    found: dict[str, None] = {}
    for entry, values in choices.items():
        for value in values:
            found |= dict.fromkeys(_features(_agreeing(simplest | {entry: value})))
            found |= dict.fromkeys(_features(_agreeing(simplest | {"dtype": whole, entry: value})))
    pairs = [entry.removesuffix("_rows") for entry in choices if entry.endswith("_rows")]
    for first in pairs:
        rows, columns = (next(v for v in reversed(choices[f"{first}_{a}"]) if v != "none") for a in _AXES)
        found |= dict.fromkeys(_features(simplest | {f"{first}_rows": rows, f"{first}_columns": columns}))
    order = {word: place for place, word in enumerate(_ORDER)}
    return tuple(sorted(found, key=lambda word: order.get(word, len(order))))


def cases(name: str, count: int = 200, *, seed: int = 0, start: int = 0) -> Iterator[Case]:
    """Return the cases of an operation one after the other, for example as the parameters of a test.

    The designed ones come first: the plainest call, then one thing at a time that a kernel can get wrong,
    then calls that must be refused.  Random ones follow, which combine them.

    Parameters
    ----------
    name : str
        The operation.
    count : int, optional
        How many cases.
    seed : int, optional
        Chooses the random ones and all numbers.
    start : int, optional
        The number of the first.

    Returns
    -------
    iterator of Case

    Raises
    ------
    ValueError, TypeError
        If an argument is none of these.

    Examples
    --------
    In a file of tests, with pytest::

        @pytest.mark.parametrize("case", convbook.testing.cases("conv2d", 500), ids=str)
        def test_my_conv2d(case):
            case.check(my_conv2d)

    >>> [case.spec["stride_rows"] for case in cases("conv2d", 3, start=20)]
    [1, 1, 1]
    """
    name, count = operation_name(name), integer("count", count, 0)
    seed, start = integer("seed", seed, 0), integer("start", start, 0)
    return (case_of(name, seed, index) for index in range(start, start + count))


def operation_name(name: object) -> str:
    """Judge an operation's name."""
    if not isinstance(name, str):
        raise TypeError(f"name must be the name of an operation, a string, got {describe(name)}")
    if name not in OPERATIONS:
        raise ValueError(f"name must be one of {', '.join(OPERATIONS)}; got {name!r}")
    return name


# ---------------------------------------------------------------------------------------------- the features

_AXES = ("rows", "columns")
_WORDS = {
    "padding_mode": "padding_mode={}",
    "padding_word": 'padding="{}"',
    "mode": "mode={}",
    "norm_type": "norm_type={}",
}
_VALUES = {
    "wide": "numbers of different size",
    "not finite": "NaN and infinity",
    "large": "large integers",
    "overflow": "integers that overflow",
}
_FLAGS = {
    "bias": "bias",
    "groups": "groups",
    "ceil_mode": "ceil_mode",
    "return_indices": "return_indices",
    "count_include_pad": "count_include_pad=False",
    "divisor_override": "divisor_override",
    "value": "value",
}
_ORDER = (
    *_FLAGS.values(), "stride", "another stride on each axis", "padding", "another padding on each axis",
    "another padding on each side", "output_padding", "dilation", "another dilation on each axis",
    "another kernel size on each axis", "unbatched", "empty batch",
)  # fmt: skip


def _simplest(name: str) -> Spec:
    """Return the specification with every entry at its first choice."""
    choices = OPERATIONS[name].choices
    return {"operation": name, "spoil": "", **{entry: values[0] for entry, values in choices.items()}}


def _usual(name: str) -> Spec:
    """Return the specification that the designed cases start from."""
    operation = OPERATIONS[name]
    wanted = {entry: value for entry, value in operation.usual.items() if entry in operation.choices}
    return _simplest(name) | wanted


def _features(spec: Spec) -> tuple[str, ...]:
    """Name what stands in a specification beside the plainest choices."""
    if spec["spoil"]:
        return (f"refusal: {spec['spoil']}",)
    choices = OPERATIONS[spec["operation"]].choices
    found = [word for entry, word in _FLAGS.items() if entry in choices and spec[entry] != choices[entry][0]]
    for entry in ("stride", "padding", "dilation", "output_padding", "kernel"):
        rows, columns = spec.get(f"{entry}_rows"), spec.get(f"{entry}_columns")
        plain = choices.get(f"{entry}_rows", (None,))[0]
        if entry != "kernel" and (rows, columns) != (plain, plain):
            found.append(entry)
        if rows != columns and entry != "output_padding":
            found.append(f"another {entry.replace('kernel', 'kernel size')} on each axis")
    if "output_rows" in choices:
        wanted = (spec["output_rows"], spec["output_columns"])
        found += ["another output size on each axis"] * (wanted[0] != wanted[1])
        found += ["None in output_size"] * ("none" in wanted)
    if "top" in choices and not spec.get("padding_word"):
        top, bottom, left, right = (spec[side] for side in ("top", "bottom", "left", "right"))
        found += ["padding"] * any((top, bottom, left, right))
        found += ["another padding on each axis"] * (top != left)
        found += ["another padding on each side"] * ((top, left) != (bottom, right))
    for entry, word in _WORDS.items():
        if entry in choices and spec[entry] != choices[entry][0]:
            found.append(word.format(spec[entry]))
    found += [{"none": "unbatched", 0: "empty batch"}.get(spec.get("batch"), "")]
    found += [spec["dtype"] if spec["dtype"] != "float32" else "", _VALUES.get(spec["values"], "")]
    found += ["another order of memory" if spec["layout"] != "contiguous" else ""]
    return tuple(word for word in found if word)


# --------------------------------------------------------------------------------------------- the designed


@functools.cache
def _designed(name: str) -> tuple[Spec, ...]:
    """Return the designed specifications: one change at a time, pairs of known traps, and refusals."""
    operation = OPERATIONS[name]
    plain = _usual(name)
    found = [plain]
    changes: list[Spec] = []
    for entry, values in operation.choices.items():
        if entry == "seed":
            continue
        changes += [{entry: value} for value in values if value != plain[entry]]
    axes = [entry.removesuffix("_rows") for entry in operation.choices if entry.endswith("_rows")]
    for entry in axes:
        together = zip(*(operation.choices[f"{entry}_{axis}"] for axis in _AXES), strict=True)
        changes += [{f"{entry}_rows": rows, f"{entry}_columns": columns} for rows, columns in together]
    changes += [
        trap
        for trap in _TRAPS
        if all(value in operation.choices.get(entry, ()) for entry, value in trap.items())
    ]
    found += [plain | change for change in changes]
    found += [plain | {"spoil": spoil} for spoil in operation.spoils]
    unique = {tuple(spec.items()): spec for spec in map(_agreeing, found)}
    return tuple(spec for spec in unique.values() if _can_be_asked(spec))


_ALL_SIDES = {"top": 1, "bottom": 1, "left": 1, "right": 1}
_TRAPS: tuple[Spec, ...] = (
    # what padding does together with a mode, a step or a size
    *({"padding_mode": mode, "top": 2, "bottom": 1, "left": 0, "right": 2}
      for mode in ("reflect", "replicate", "circular")),
    {"padding_word": "same", "kernel_rows": 4, "kernel_columns": 2},
    {"padding_word": "same", "dilation_rows": 2, "dilation_columns": 3, "kernel_rows": 2},
    {"padding_word": "same", "padding_mode": "circular"},
    {"padding_word": "valid", "stride_rows": 2},
    {**_ALL_SIDES, "stride_rows": 2, "stride_columns": 2},
    {**_ALL_SIDES, "stride_rows": 2, "stride_columns": 3, "dilation_rows": 3, "dilation_columns": 2},
    {"groups": 2, "inputs": 1, "outputs": 1}, {"groups": 3, "inputs": 1, "outputs": 2},
    {"groups": 2, "inputs": 2, "outputs": 3, "bias": True},
    {"groups": 2, "inputs": 2, "outputs": 2, "stride_rows": 2, "dilation_columns": 2},
    {"output_padding_rows": 1, "output_padding_columns": 0, "stride_rows": 2, "stride_columns": 2},
    {"output_padding_rows": 1, "output_padding_columns": 2, "stride_rows": 3, "stride_columns": 3,
     "padding_rows": 1, "padding_columns": 1, "bias": True},
    {"output_padding_rows": 1, "output_padding_columns": 1, "dilation_rows": 2, "dilation_columns": 2},
    # pooling: the last windows, the divisor, and padding against small numbers
    *({"ceil_mode": True, "kernel_rows": k, "kernel_columns": k, "stride_rows": s, "stride_columns": s,
       "padding_rows": p, "padding_columns": p, "rows": rows}
      for k, s, p, rows in ((2, 3, 0, 7), (3, 2, 1, 8), (3, 2, 0, 8), (2, 2, 1, 7), (3, 4, 1, 9))),
    *({"ceil_mode": True, "kernel_rows": 2, "kernel_columns": 2, "stride_rows": 3, "stride_columns": 3,
       "rows": 8}, {"ceil_mode": True, "rows": 8, "stride_rows": 3, "stride_columns": 4}),
    {"count_include_pad": False, "padding_rows": 1, "padding_columns": 1, "kernel_rows": 3},
    {"count_include_pad": False, "padding_rows": 1, "padding_columns": 1, "kernel_rows": 3,
     "ceil_mode": True, "stride_rows": 2, "stride_columns": 2, "rows": 8},
    {"divisor_override": 3, "padding_rows": 1, "padding_columns": 1, "ceil_mode": True, "stride_rows": 2},
    {"dilation_rows": 2, "padding_rows": 1, "padding_columns": 1, "kernel_rows": 3},
    {"return_indices": True, "padding_rows": 1, "padding_columns": 1, "stride_rows": 2, "stride_columns": 1},
    {"return_indices": True, "ceil_mode": True, "rows": 8, "columns": 9, "channels": 3},
    {"return_indices": True, "values": "not finite"},
    {"output_rows": 4, "output_columns": 5, "rows": 7, "columns": 9},
    {"output_rows": 5, "output_columns": 3, "rows": 3, "columns": 2},
    # numbers
    *({"dtype": dtype, "values": values} for dtype in INTEGERS for values in ("large", "overflow")),
    *({"dtype": dtype, "values": "wide"} for dtype in ("float64", "float16", "bfloat16")),
    {"values": "not finite", "stride_rows": 2}, {"dtype": "float64", "values": "not finite"},
    *({"layout": layout, "stride_rows": 2} for layout in LAYOUTS[1:]),
    {"layout": "channels last", "batch": 3, "rows": 5, "columns": 5},
)  # fmt: skip


def _agreeing(spec: Spec) -> Spec:
    """Return a specification without entries that another one makes meaningless."""
    if spec["dtype"] in INTEGERS and spec["values"] not in ("counted", "large", "overflow"):
        spec = spec | {"values": "whole"}
    if spec["dtype"] not in INTEGERS and spec["values"] in ("large", "overflow"):
        spec = spec | {"values": "normal"}
    if spec["dtype"] == "complex64" and spec["values"] == "not finite":
        spec = spec | {"values": "normal"}
    allowed = OPERATIONS[spec["operation"]].choices["values"]
    if spec["values"] not in allowed or (spec["operation"] == "avg_pool2d" and spec["values"] == "overflow"):
        spec = spec | {"values": "whole"}
    if spec["operation"] == "lp_pool2d" and spec["values"] == "not finite":
        spec = spec | {"values": "normal"}
    if spec.get("padding_word"):
        spec = spec | dict.fromkeys(_ALL_SIDES, 0)
    if spec.get("padding_word") == "same":
        spec = spec | {"stride_rows": 1, "stride_columns": 1}
    return spec


def _can_be_asked(spec: Spec) -> bool:
    """Tell whether the reference answers, or must refuse because the call was spoiled."""
    try:
        call = built(spec)
        if not spec["spoil"]:
            call.answer()
    except (ValueError, TypeError):
        return False
    return True


# ----------------------------------------------------------------------------------------------- the random


@functools.lru_cache(maxsize=4096)
def case_of(name: str, seed: int, index: int) -> Case:
    """Return one case; the same object again, so that what is right is computed once for many kernels."""
    designed = _designed(name)
    if index < len(designed):
        return Case(name, designed[index] | {"seed": 1000 * seed}, index)
    return Case(name, _random(name, seed, index), index)


def _random(name: str, seed: int, index: int) -> Spec:
    """Draw a specification; where its windows do not fit, enlarge the image until they do."""
    rng = random.Random(f"{name} {seed} {index}")
    choices = OPERATIONS[name].choices
    for attempt in itertools.count():
        spec: Spec = {"operation": name, "spoil": ""}
        for entry, values in choices.items():
            spec[entry] = _drawn(rng, entry, values)
        if "top" in spec and rng.random() < 0.75:
            spec |= {"bottom": spec["top"], "right": spec["left"]}
        spec = _agreeing(spec | {"seed": 1000 * seed + index})
        for _ in range(12):
            if _can_be_asked(spec):
                return spec
            spec = spec | {axis: min(spec[axis] + 2, choices[axis][-1]) for axis in _AXES if axis in choices}
        assert attempt < 1000, "no case can be drawn"
    raise AssertionError


def _drawn(rng: random.Random, entry: str, values: tuple[Any, ...]) -> Any:
    """Draw one entry: sizes evenly, other entries half of the time at their plainest."""
    if entry == "seed":
        return 0
    if entry == "values":
        return rng.choices(values, [{"normal": 12.0, "wide": 3.0}.get(value, 1.0) for value in values])[0]
    if entry == "dtype":
        return rng.choices(values, [{"float32": 12.0, "float64": 4.0}.get(value, 1.0) for value in values])[0]
    if entry == "batch":
        return rng.choices(values, [4.0 if value in (1, 2) else 1.0 for value in values])[0]
    if entry in _AXES or entry.startswith(("kernel", "output_r", "output_c")):
        return rng.choice(values)
    rest = 0.85 if entry in ("padding_word", "padding_mode", "layout", "divisor_override") else 0.5
    return values[0] if len(values) == 1 or rng.random() < rest else rng.choice(values[1:])
