"""How a check is made: call the answer on every case, and explain the first that is wrong."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from convbook._forms import describe, integer


@dataclass(frozen=True, eq=False, repr=False)
class CheckResult:
    """What a checker found: true if every case was right, and printed as a report.

    Attributes
    ----------
    name : str
        What was checked.
    passed : bool
        Whether every case was right; the result itself counts as this in an ``if`` or an ``assert``.
    covered : tuple of str
        What the cases were about, up to the first that failed.
    cases : int
        How many there are.
    failed_case : int or None
        The number of the first wrong case, from 1.
    about : str
        What that case is about.
    arguments : dict
        Its arguments by name.
    expected : Tensor or None
        What the reference gives.
    got : object
        What came instead: a value, or the error in words.
    hint : str
        The usual cause.
    """

    __module__ = "convbook.exercises"  # where it is public, and documented

    name: str
    passed: bool
    covered: tuple[str, ...] = ()
    cases: int = 0
    failed_case: int | None = None
    about: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    expected: Tensor | None = None
    got: Any = None
    hint: str = ""

    def __bool__(self) -> bool:
        """Return whether every case was right."""
        return self.passed

    def __repr__(self) -> str:
        """Return the report."""
        if self.passed:
            topics = "; ".join(dict.fromkeys(self.covered))
            return _wrapped(f"✓ {self.name}: all {self.cases} cases right. Covered: ", topics)
        lines = [f"✗ {self.name}: wrong in case {self.failed_case} of {self.cases}, {self.about}"]
        for name, value in self.arguments.items():
            lines += _block(f"{name} =", value)
        if self.expected is not None:
            lines += _block(f"expected{_of_shape(self.expected)}:", self.expected)
        if self.expected is not None or self.got is not None:
            lines += _block(f"got{_of_shape(self.got)}:", self.got)
        lines += _first_difference(self.expected, self.got)
        return "\n".join([*lines, _wrapped("  Hint: ", self.hint)])


class Case(NamedTuple):
    """One call: arguments by position, in order, and options by name."""

    about: str
    arguments: dict[str, Any]
    options: dict[str, Any] = {}  # noqa: RUF012  -- never changed


class Mistake(NamedTuple):
    """A usual mistake: what to say of it, and the function that makes it."""

    hint: str
    made: Callable[..., Any]


class _Outcome(NamedTuple):
    """What a call gave: a tensor, or a fault in words."""

    value: Tensor | None
    fault: str | None


class Draw:
    """Draws matrices of small whole numbers, easy to check by hand."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(integer("seed", seed, 0))

    def __call__(self, *size: int) -> Tensor:
        return torch.randint(-4, 5, size, generator=self.generator).float()


def compare(
    name: str,
    answer: Callable[..., Any],
    reference: Callable[..., Any],
    cases: Sequence[Case],
    mistakes: Sequence[Mistake],
) -> CheckResult:
    """Call the answer on every case; report the first that is wrong, with the hint that explains most."""
    judge_callable(name, answer)
    expected = [_outcome(reference, case).value for case in cases]
    outcomes = [_outcome(answer, case) for case in cases]
    wrong = [
        number
        for number, (right, outcome) in enumerate(zip(expected, outcomes, strict=True))
        if right is None or outcome.fault is not None or not same(right, outcome.value)
    ]
    topics = tuple(case.about for case in cases)
    if not wrong:
        return CheckResult(name, passed=True, covered=topics, cases=len(cases))
    first = wrong[0]
    case, right, outcome = cases[first], expected[first], outcomes[first]
    return CheckResult(
        name,
        passed=False,
        covered=topics[:first],
        cases=len(cases),
        failed_case=first + 1,
        about=case.about,
        arguments={**case.arguments, **case.options},
        expected=right,
        got=outcome.fault if outcome.value is None else outcome.value,
        hint=_hint(cases, expected, outcomes, first, mistakes),
    )


def _outcome(function: Callable[..., Any], case: Case) -> _Outcome:
    """Call a function on copies of the arguments, and catch whatever goes wrong in it."""
    given = {name: _copy(value) for name, value in case.arguments.items()}
    try:
        inspect.signature(function).bind(*given.values(), **case.options)
    except TypeError:
        options = "".join(f", {name}=…" for name in case.options)
        return _Outcome(None, f"your function cannot be called as f({', '.join(given)}{options})")
    except ValueError:
        pass  # a built-in without a signature
    try:
        returned = function(*given.values(), **case.options)
    except Exception as error:
        return _Outcome(None, raised(error))
    if returned is None:
        return _Outcome(None, "None: your function returns nothing")
    for name, value in case.arguments.items():
        if isinstance(value, Tensor) and not torch.equal(value, given[name]):
            return _Outcome(None, f"your function changed its argument {name} in place")
    value = _as_tensor(returned)
    return _Outcome(value, f"{describe(returned)}, which is no array of numbers" if value is None else None)


def _hint(
    cases: Sequence[Case],
    expected: Sequence[Tensor | None],
    outcomes: Sequence[_Outcome],
    first: int,
    mistakes: Sequence[Mistake],
) -> str:
    """Say what the usual cause of these outcomes is."""
    if outcomes[first].value is None:
        return _hint_for_fault(outcomes[first].fault or "")
    wrong = [
        number
        for number, right in enumerate(expected)
        if right is None or not same(right, outcomes[number].value)
    ]
    explained: dict[str, int] = {}
    for mistake in mistakes:
        made = [_outcome(mistake.made, case) for case in cases]
        alike = [_same_outcome(outcome, imitated) for outcome, imitated in zip(outcomes, made, strict=True)]
        if all(alike):
            return mistake.hint
        if alike[first]:
            explained.setdefault(mistake.hint, sum(alike[number] for number in wrong))
    likeliest = max(explained, key=explained.__getitem__, default="")
    if likeliest and 2 * explained[likeliest] > len(wrong):
        return likeliest
    rights = [right for right in expected if right is not None]
    values = [outcome.value for outcome in outcomes if outcome.value is not None]
    if len(values) == len(rights) == len(cases) and all(value.dim() == 0 for value in [*rights, *values]):
        return _hint_from_numbers(torch.stack(rights), torch.stack([value.double() for value in values]))
    right = expected[first]
    assert right is not None  # a reference gives a value on each of its cases
    return _hint_from_numbers(right, outcomes[first].value)


def _same_outcome(outcome: _Outcome, imitated: _Outcome) -> bool:
    """Whether a mistake gives what the answer gave: the same numbers, or a fault as well."""
    if outcome.value is None or imitated.value is None:
        return outcome.value is imitated.value
    return same(imitated.value, outcome.value)


def same(expected: Tensor, got: Tensor | None) -> bool:
    """Whether shapes agree, integers exactly, and others to what their dtype can hold."""
    if got is None or got.shape != expected.shape or got.is_complex():
        return False
    return not bool(_differing(expected, got).any())


def _differing(expected: Tensor, got: Tensor) -> Tensor:
    """Mark the numbers that differ, of two tensors of one shape."""
    if not expected.is_floating_point():
        return expected.double() != got.double()
    fine = expected.dtype is torch.float64
    rtol, atol = (1e-10, 1e-12) if fine else (1e-4, 1e-5)
    return ~torch.isclose(got.double(), expected.double(), rtol=rtol, atol=atol, equal_nan=True)


def judge_properties(name: str, properties: dict[str, Callable[[], str | None]]) -> CheckResult:
    """Ask one property after the other; each gives a hint where it does not hold."""
    for number, (about, holds) in enumerate(properties.items()):
        try:
            hint = holds()
        except Exception as error:
            hint = f"{raised(error)}. {_hint_for_fault(raised(error))}"
        if hint is not None:
            return CheckResult(
                name, passed=False, covered=tuple(properties)[:number], cases=len(properties),
                failed_case=number + 1, about=about, hint=hint,
            )  # fmt: skip
    return CheckResult(name, passed=True, covered=tuple(properties), cases=len(properties))


def judge_callable(name: str, answer: object) -> None:
    """Refuse an answer that is no function."""
    if not callable(answer):
        raise TypeError(
            f"the answer to {name} must be a function, got {describe(answer)}; pass the function itself, "
            "without "
            "calling it: check(my_function), not check(my_function(…))"
        )


def raised(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _as_tensor(returned: Any) -> Tensor | None:
    """Read what a function returned as numbers: tensors, arrays, numbers, tuples of them."""
    if isinstance(returned, Tensor):
        return returned.detach().cpu()
    try:
        value = torch.as_tensor(returned)
    except (TypeError, ValueError, RuntimeError):
        return None
    return value.double() if value.is_floating_point() else value


# --------------------------------------------------------------------------------------------- general hints

CLASS_TAKES_NOTHING = (
    "The class takes no kernel size: is the constructor spelled __init__, with two underscores on each side?"
)
NO_SUPER = "Call super().__init__() first: without it a Module cannot hold parameters."


def _hint_for_fault(fault: str) -> str:
    """Say what usually stands behind an error, or behind no answer at all."""
    causes = {
        "your function returns nothing": (
            "The return statement is missing, or it stands inside a branch or a loop."
        ),
        "changed its argument": "Work on a copy, X.clone(): the caller still needs the original.",
        "cannot be called as": (
            "Give your function these arguments, in this order, with these names for the options."
        ),
        "IndexError": (
            "An index ran over the edge. The last window starts at rows − h and columns − w: are height "
            "and width, or rows "
            "and columns, swapped?"
        ),
        "must match the size": (
            "Two shapes differ. A window that sticks out of the image is cut short: the loops run too far, "
            "or height and "
            "width are swapped."
        ),
        "NotImplementedError": "The function is still empty.",
        "NameError": "A name is not defined where the function uses it: pass everything in as an argument.",
        "mat1 and mat2": (
            "A matrix product of shapes that do not fit: a window times a kernel is * and .sum(), not @."
        ),
        "no array of numbers": "Return a tensor (or a number, where a number is asked for).",
        "requires grad": "Use torch.no_grad() around the step, and return a new tensor.",
    }
    return next((cause for sign, cause in causes.items() if sign in fault), "The error says where to look.")


def _hint_from_numbers(expected: Tensor, got: Tensor | None) -> str:
    """Compare shapes, then numbers, in general ways."""
    assert got is not None  # faults are explained elsewhere
    if got.shape != expected.shape:
        return _hint_from_shapes(expected, got)
    want, have = expected.double(), got.double()
    if not bool(have.isfinite().all()) and bool(want.isfinite().all()):
        return (
            "There is NaN or Inf in your answer: a division by zero, or memory from torch.empty that was "
            "never filled."
        )
    if not have.any() and want.any():
        return "All zeros: is the result ever written into the output?"
    if want.dim() >= 2 and want.shape[-1] == want.shape[-2] and same(expected.mT.contiguous(), got):
        return "Your output is transposed: rows come before columns."
    if same(-want, have):
        return "The sign is turned round."
    if want.dim() >= 2 and same(want.flip(-1, -2), have):
        return "The output is turned round: last row first, last column first."
    several = want.numel() > 1
    factor = _constant(have[want != 0] / want[want != 0]) if several and not have[want == 0].any() else None
    if factor is not None and factor != 1:
        return (
            f"Every number is {factor:g} times the expected one: a sum where a mean belongs, or the other "
            "way round?"
        )
    shift = _constant(have - want) if several else None
    if shift is not None:
        return f"Every number is off by {shift:g}: look at the bias, or at where the sum starts."
    return _hint_from_places(want, have)


def _hint_from_places(want: Tensor, have: Tensor) -> str:
    """Look at where the wrong numbers stand."""
    wrong = ~torch.isclose(want, have, rtol=1e-4, atol=1e-5)
    if want.numel() > 1 and have.count_nonzero() == 1 and not wrong.flatten()[0]:
        return "Only the first number is there. The return stands inside the loop: move it to the left."
    if want.dim() >= 2 and min(want.shape[-2:]) > 2 and not wrong[..., 1:-1, 1:-1].any():
        return (
            "Right inside, wrong along the border: look at the padding, and at the first and last turn of "
            "the loops."
        )
    if want.numel() > 1 and torch.equal(want.flatten().sort().values, have.flatten().sort().values):
        return (
            "The right numbers in the wrong places: look at the order of the indices, and at reshape "
            "against permute."
        )
    if torch.equal(have, want.round()) or torch.equal(have, want.trunc()):
        return "The fractions are cut off: compute in floating point."
    return "Take the first number that differs and work it out by hand."


def _hint_from_shapes(expected: Tensor, got: Tensor) -> str:
    """Say which axis is too long, too short, missing or swapped."""
    if got.numel() == expected.numel() and same(expected.reshape(got.shape), got):
        return (
            "The right numbers in the wrong shape: keep the axes, with one entry where that is all there is."
        )
    if got.dim() != expected.dim():
        return f"Your output has {got.dim()} dimensions, {expected.dim()} are expected."
    if expected.dim() >= 2 and got.shape == expected.mT.shape:
        turned = (
            "Your output is transposed"
            if same(expected.mT.contiguous(), got)
            else "Height and width are swapped"
        )
        return f"{turned}: rows come before columns."
    names = ("batch", "channels", "height", "width")[-expected.dim() :] if expected.dim() <= 4 else ()
    off = {name: g - e for name, g, e in zip(names, got.shape, expected.shape, strict=True) if g != e}
    if names and all(abs(by) == 1 for by in off.values()):
        axes = " and in the ".join(off)
        return f"Off by one in the {axes}: a window of h rows fits rows − h + 1 times."
    if len(off) == 2 and sum(off.values()) == 0:
        return (
            "The kernel's height and width are swapped: h = K.shape[0] counts its rows, w = K.shape[1] its "
            "columns."
        )
    listed = ", ".join(f"the {name} by {by:+d}" for name, by in off.items())
    return f"The shape is wrong: {listed or tuple(got.shape)}. Write down the output's size before the loops."


def _constant(values: Tensor) -> float | None:
    """Return the one value that all entries have, if they do and it is finite and not 0."""
    if values.numel() == 0 or not bool(values.isfinite().all()) or float(values.max() - values.min()) > 1e-6:
        return None
    value = float(values.flatten()[0])
    return None if value == 0 else value


# ------------------------------------------------------------------------------------------------ the report


def _block(head: str, value: Any) -> list[str]:
    """Return a heading and a value: on its line if it is short, else below it."""
    if isinstance(value, Tensor) and value.dim() > 0:
        if value.numel() > 80:
            return [f"  {head} numbers of shape {tuple(value.shape)}"]
        return [f"  {head}", *(f"    {line}" for line in _matrix_lines(value))]
    return [f"  {head} {_number(value) if isinstance(value, Tensor) else value}"]


def _wrapped(head: str, words: str) -> str:
    """Return a heading and words, broken into lines that fit on a page."""
    return textwrap.fill(words, 88, initial_indent=head, subsequent_indent="    ")


def _matrix_lines(value: Tensor) -> list[str]:
    """Return nested brackets with a row to a line."""
    if value.dim() <= 1:
        return [f"[{', '.join(_number(entry) for entry in value)}]"]
    lines: list[str] = []
    for number, part in enumerate(value):
        inner = _matrix_lines(part)
        opened = ["[" if number == 0 and place == 0 else " " for place in range(len(inner))]
        closing = "]" if number == len(value) - 1 else ","
        lines += [f"{bracket}{line}" for bracket, line in zip(opened, inner, strict=True)]
        lines[-1] += closing
    return lines


def _number(value: Any, digits: int = 6) -> str:
    """Return a number briefly; whole ones in full."""
    number = value.item() if isinstance(value, Tensor) else value
    if not isinstance(number, float):
        return str(number)
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.{digits}g}"


def _of_shape(value: Any) -> str:
    """Return ", of shape …" for what has one."""
    return f", of shape {tuple(value.shape)}" if isinstance(value, Tensor) and value.dim() > 0 else ""


def _first_difference(expected: Tensor | None, got: Any) -> list[str]:
    """Return a line that says where two tensors of one shape first differ, with digits enough to see it."""
    if expected is None or not isinstance(got, Tensor) or got.shape != expected.shape or got.dim() == 0:
        return []
    places = _differing(expected, got).nonzero()
    if len(places) == 0:
        return []
    place = tuple(places[0].tolist())
    right, wrong = expected[place], got[place]
    digits = next((n for n in (6, 9, 12) if _number(right, n) != _number(wrong, n)), 17)
    came = f"expected {_number(right, digits)}, got {_number(wrong, digits)}"
    return [f"  first difference at {list(place)}: {came}"]


def floats(numbers: Any) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32)
