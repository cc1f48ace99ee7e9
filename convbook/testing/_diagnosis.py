"""Saying in words what seems wrong with a kernel, from the cases that it got wrong and those it got right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from convbook.exercises._hints import hint_from_numbers
from convbook.testing._faults import Fault
from convbook.testing._judgment import Verdict, as_tensor, differing
from convbook.testing._operations import Call
from convbook.testing._pool_faults import FAULTS
from convbook.testing.calls import Case


class Outcome(NamedTuple):
    """A case with what a kernel gave for it."""

    case: Case
    verdict: Verdict

    @property
    def call(self) -> Call:
        """Return the call."""
        return self.case.call

    @property
    def features(self) -> tuple[str, ...]:
        """Return what the call asks."""
        return self.case.features


class Cause(NamedTuple):
    """What seems wrong, and how many of the wrong cases it explains."""

    words: str
    explains: int


MOST_UNEXPLAINED = 5
"""After so many wrong cases that no usual mistake explains, none is looked for in the others."""

TOLD = {
    "in place": "changes its argument in place",
    "dtype": "returns another dtype than its tensors have",
    "crash": "is ended by a signal",
    "refusal": "answers calls that have no answer, instead of raising an error",
    "promised": "raises an error where `supports` promised an answer",
    "pair": "does not return values and indices as a pair",
    "unreadable": "returns what is no array of numbers",
}
"""Kinds of mistakes that say by themselves what is wrong."""


def causes(operation: str, wrong: Sequence[Outcome], right: Sequence[Outcome]) -> list[Cause]:
    """Return what seems wrong, first what explains most cases.

    Each usual mistake of the catalogue is a kernel.  One that gives the kernel's numbers in wrong cases, and
    gives right numbers wherever the kernel did, is a cause; so several mistakes of one kernel are found one
    after the other.  What none explains is described by what the wrong cases have in common.
    """
    found = []
    for kind, words in TOLD.items():
        count = sum(outcome.verdict.kind == kind for outcome in wrong)
        if count:
            found.append(Cause(words, count))
    numeric = [outcome for outcome in wrong if outcome.verdict.kind in ("value", "shape", "indices")]
    rest: list[Outcome] = []
    while numeric and len(rest) < MOST_UNEXPLAINED:
        words, explained = _likeliest(FAULTS[operation], numeric, right)
        if words:
            found.append(Cause(words, len(explained)))
            numeric = [outcome for number, outcome in enumerate(numeric) if number not in explained]
        else:
            rest.append(numeric.pop(0))
    rest += numeric
    small = [outcome for outcome in rest if _follows_the_largest(outcome)]
    rest = [outcome for outcome in rest if outcome not in small]
    if small:
        found.append(Cause(TRANSFORM, len(small)))
    if rest:
        found.append(Cause(_by_precision(rest) or in_general(rest, right), len(rest)))
    gradient = [outcome for outcome in wrong if outcome.verdict.kind == "gradient"]
    if gradient:
        found.append(Cause(in_general(gradient, right).replace("numbers", "gradients", 1), len(gradient)))
    return sorted(found, key=lambda cause: -cause.explains)


def _likeliest(
    faults: Sequence[Fault], wrong: Sequence[Outcome], right: Sequence[Outcome]
) -> tuple[str, set[int]]:
    """Return the mistake that explains the first wrong case and most others, and which it explains."""
    best: tuple[str, set[int]] = ("", set())
    for fault in faults:
        if _gives(fault, wrong[0]) and all(_gives(fault, outcome) for outcome in right):
            alike = {number for number, outcome in enumerate(wrong) if _gives(fault, outcome)}
            if len(alike) > len(best[1]):
                best = (fault.words, alike)
    return best


def _gives(fault: Fault, outcome: Outcome) -> bool:
    """Tell whether a mistake gives what the kernel gave; its output may be cut to the size that is due."""
    try:
        made: Any = fault.made(outcome.call)
    except Exception:
        return False
    verdict = outcome.verdict
    if verdict.got is None:
        return False
    if verdict.kind == "indices":
        return isinstance(made, tuple) and _alike(verdict.got, as_tensor(made[1]), verdict.got)
    right = outcome.case.right
    # Where the kernel was right, its indices may be other ones than the mistake's, at equal numbers.
    if verdict.kind == "" and isinstance(made, tuple) != (right.indices is not None):
        return False
    output = as_tensor(made[0] if isinstance(made, tuple) else made)
    is_right = (
        output.shape == right.value.shape
        and output.dtype == right.dtype
        and not bool(differing(output, right)[0].any())
    )
    if verdict.kind != "value":
        return is_right if verdict.kind == "" else _alike(verdict.got, output, right.expected)
    # A mistake that is none in this case explains nothing, however near its right numbers come.
    return not is_right and _alike(verdict.got, output, right.expected)


def _alike(got: Tensor, made: Tensor, due: Tensor) -> bool:
    """Compare numbers as far as their dtype holds them."""
    if made.shape != got.shape:
        if made.dim() != due.dim() or got.shape != due.shape:
            return False
        if any(size < wanted for size, wanted in zip(made.shape, got.shape, strict=True)):
            return False
        made = made[tuple(slice(size) for size in got.shape)]
    if not (made.is_floating_point() or made.is_complex()):
        return torch.equal(made.to(got.dtype), got)
    eps = torch.finfo(made.dtype).eps
    wide = torch.complex128 if made.is_complex() or got.is_complex() else torch.float64
    one, other = made.to(wide), got.to(wide)
    # The largest number of each row of the output: an image may hold numbers of very different size.
    size = one.abs().nan_to_num(0.0, 0.0, 0.0)
    atol = 16 * eps * (size.amax(-1, keepdim=True) if size.numel() else size)
    near = (one - other).abs() <= 32 * eps * size + atol
    same = (one == other) | ((one != one) & (other != other))
    return bool((near | same).all())


# ------------------------------------------------------------------------------------- what is no catalogue's


def _by_precision(wrong: Sequence[Outcome]) -> str:
    """Recognize numbers that were computed in a coarser dtype."""
    if any(outcome.verdict.kind != "value" for outcome in wrong):
        return ""
    dtypes = {_dtype(outcome.call) for outcome in wrong}
    worst = max(outcome.verdict.relative for outcome in wrong)
    if dtypes == {torch.float64} and worst < 2**-20:
        return "computes float64 in float32"
    if torch.float32 in dtypes and 2**-14 < worst < 2**-9.6:
        return "keeps 10 bits of each float32's mantissa, as TF32 and float16 do"
    if torch.float32 in dtypes and 2**-9.6 <= worst < 2**-6:
        return "keeps 7 bits of each float32's mantissa, as bfloat16 does"
    return ""


TRANSFORM = (
    "has errors that follow the largest number of the image, not those of the window, as transforms (FFT, "
    "Winograd) and running sums have"
)


def _follows_the_largest(outcome: Outcome) -> bool:
    """Tell whether the errors are small beside the largest output, though not beside their own windows."""
    got, due = outcome.verdict.got, outcome.verdict.expected
    if outcome.verdict.kind != "value" or got is None or due is None or not due.is_floating_point():
        return False
    error, largest = (got.double() - due.double()).abs().max(), due.double().abs().max()
    return bool(error <= 100 * torch.finfo(due.dtype).eps * largest)


def _dtype(call: Call) -> torch.dtype:
    return next(iter(call.tensors().values())).dtype


def in_general(wrong: Sequence[Outcome], right: Sequence[Outcome]) -> str:
    """Describe wrong cases by what they have in common, and the first by its numbers."""
    start = "gives wrong numbers that no usual mistake explains"
    shared = [word for word in wrong[0].features if all(word in outcome.features for outcome in wrong)]
    alone = [word for word in shared if not any(word in outcome.features for outcome in right)]
    first = wrong[0].verdict
    hint = ""
    near = first.kind == "value" and _is_near(first)
    if (
        first.kind in ("shape", "value")
        and not near
        and first.expected is not None
        and first.expected.numel()
    ):
        hint = f". {hint_from_numbers(first.expected, first.got)}"
    if alone:
        return f"{start}, in every case with {_listed(alone)}{hint}"
    if shared:
        return f"{start}, in cases with {_listed(shared)}{hint}"
    return f"{start}, in cases that have nothing in common{hint}"


def _is_near(verdict: Verdict) -> bool:
    """Tell whether wrong numbers differ by less than a thousandth of the largest: no hint at a cause fits."""
    assert verdict.got is not None
    assert verdict.expected is not None
    wide = torch.complex128 if verdict.got.is_complex() else torch.float64
    error = (verdict.got.to(wide) - verdict.expected.to(wide)).abs()
    return bool((error <= 1e-3 * verdict.expected.to(wide).abs().max()).all())


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
