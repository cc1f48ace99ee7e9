"""The verdict on an answer: call it on every case, and explain the first that is wrong.

Nothing here needs more of torch than tensors and their arithmetic: the pages of the book load this file, and
hold what a reader writes in a page against the same cases, by the same rules.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from convbook._forms import describe
from convbook.exercises._hints import hint_for_fault, hint_from_numbers
from convbook.exercises._report import CheckResult, same

Answer = Callable[..., Any]


class Case(NamedTuple):
    """One call: arguments by position, in order, and options by name."""

    about: str
    arguments: dict[str, Any]
    options: dict[str, Any] = {}  # noqa: RUF012  -- never changed


class Outcome(NamedTuple):
    """What a call gave: a tensor, or a fault in words."""

    value: Tensor | None
    fault: str | None


def as_returned(answer: Answer) -> Answer:
    """Judge what an answer returns as it is."""
    return answer


class Sheet(NamedTuple):
    """What answers are held against: cases, the right numbers, and what each usual mistake gives.

    `mistakes` gives pairs of a hint and its values in all cases, and is called only for a wrong answer.
    `form` is what an answer goes through before its numbers are compared.
    """

    name: str
    cases: Sequence[Case]
    expected: Sequence[Tensor | None]
    mistakes: Callable[[], Iterable[tuple[str, Sequence[Tensor | None]]]]
    form: Callable[[Answer], Answer] = as_returned


def judge(answer: Answer, sheet: Sheet) -> CheckResult:
    """Call the answer on every case; report the first that is wrong, with the hint that explains most."""
    judge_callable(sheet.name, answer)
    shaped, cases, expected = sheet.form(answer), sheet.cases, sheet.expected
    outcomes = [outcome_of(shaped, case) for case in cases]
    wrong = [
        number
        for number, (right, outcome) in enumerate(zip(expected, outcomes, strict=True))
        if right is None or outcome.fault is not None or not same(right, outcome.value)
    ]
    topics = tuple(case.about for case in cases)
    if not wrong:
        return CheckResult(sheet.name, passed=True, covered=topics, cases=len(cases))
    first = wrong[0]
    case, right, outcome = cases[first], expected[first], outcomes[first]
    return CheckResult(
        sheet.name,
        passed=False,
        covered=topics[:first],
        cases=len(cases),
        failed_case=first + 1,
        about=case.about,
        arguments={**case.arguments, **case.options},
        expected=right,
        got=outcome.fault if outcome.value is None else outcome.value,
        hint=_hint(sheet, outcomes, first),
    )


def outcome_of(function: Callable[..., Any], case: Case) -> Outcome:
    """Call a function on copies of the arguments, and catch whatever goes wrong in it."""
    given = {name: _copy(value) for name, value in case.arguments.items()}
    try:
        inspect.signature(function).bind(*given.values(), **case.options)
    except TypeError:
        options = "".join(f", {name}=…" for name in case.options)
        return Outcome(None, f"your function cannot be called as f({', '.join(given)}{options})")
    except ValueError:
        pass  # a built-in without a signature
    try:
        returned = function(*given.values(), **case.options)
    except Exception as error:
        return Outcome(None, raised(error))
    if returned is None:
        return Outcome(None, "None: your function returns nothing")
    for name, value in case.arguments.items():
        if isinstance(value, Tensor) and not torch.equal(value, given[name]):
            return Outcome(None, f"your function changed its argument {name} in place")
    value = as_numbers(returned)
    return Outcome(value, f"{describe(returned)}, which is no array of numbers" if value is None else None)


def _hint(sheet: Sheet, outcomes: Sequence[Outcome], first: int) -> str:
    """Say what the usual cause of these outcomes is."""
    cases, expected = sheet.cases, sheet.expected
    if outcomes[first].value is None:
        return hint_for_fault(outcomes[first].fault or "")
    wrong = [
        number
        for number, right in enumerate(expected)
        if right is None or not same(right, outcomes[number].value)
    ]
    explained: dict[str, int] = {}
    for hint, made in sheet.mistakes():
        alike = [_same_outcome(outcome.value, value) for outcome, value in zip(outcomes, made, strict=True)]
        if all(alike):
            return hint
        if alike[first]:
            explained.setdefault(hint, sum(alike[number] for number in wrong))
    likeliest = max(explained, key=explained.__getitem__, default="")
    if likeliest and 2 * explained[likeliest] > len(wrong):
        return likeliest
    rights = [right for right in expected if right is not None]
    values = [outcome.value for outcome in outcomes if outcome.value is not None]
    if len(values) == len(rights) == len(cases) and all(value.dim() == 0 for value in [*rights, *values]):
        return hint_from_numbers(torch.stack(rights), torch.stack([value.double() for value in values]))
    right = expected[first]
    assert right is not None  # a reference gives a value on each of its cases
    return hint_from_numbers(right, outcomes[first].value)


def _same_outcome(value: Tensor | None, imitated: Tensor | None) -> bool:
    """Whether a mistake gives what the answer gave: the same numbers, or a fault as well."""
    if value is None or imitated is None:
        return value is imitated
    return same(imitated, value)


def judge_properties(name: str, properties: dict[str, Callable[[], str | None]]) -> CheckResult:
    """Ask one property after the other; each gives a hint where it does not hold."""
    for number, (about, holds) in enumerate(properties.items()):
        try:
            hint = holds()
        except Exception as error:
            hint = f"{raised(error)}. {hint_for_fault(raised(error))}"
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
            "without calling it: check(my_function), not check(my_function(…))"
        )


def raised(error: Exception) -> str:
    """Return an error as Python prints it."""
    return f"{type(error).__name__}: {error}"


def _copy(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else copy.deepcopy(value)


def as_numbers(returned: Any) -> Tensor | None:
    """Read what a function returned as numbers: tensors, arrays, numbers, and lists or tuples of them."""
    if isinstance(returned, Tensor):
        dense = returned.detach().cpu()
        return dense if dense.layout is torch.strided else dense.to_dense()
    try:
        if isinstance(returned, (list, tuple)) and any(isinstance(part, Tensor) for part in returned):
            return torch.stack([torch.as_tensor(part).detach().cpu() for part in returned])
        numbers = _as_lists(returned)
        value = torch.tensor(numbers)
        return torch.tensor(numbers, dtype=torch.float64) if value.is_floating_point() else value
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def _as_lists(returned: Any) -> Any:
    """Return arrays, and the arrays in lists and tuples, as lists of Python's numbers."""
    if isinstance(returned, (list, tuple)):
        return [_as_lists(part) for part in returned]
    return returned.tolist() if hasattr(returned, "tolist") else returned


# ------------------------------------------------------ what answers go through before their numbers count


def outer_product(answer: Answer) -> Answer:
    """Judge the matrix that a column and a row make: (2c, r/2) is as good as (c, r)."""

    @functools.wraps(answer)
    def judged(K: Tensor) -> Tensor:
        column, row = (as_numbers(part) for part in answer(K))
        if column is None or row is None:
            raise TypeError("a column and a row of numbers are needed")
        return torch.outer(column.reshape(-1).to(K.dtype), row.reshape(-1).to(K.dtype))

    return judged


def kernels_and_biases(answer: Answer) -> Answer:
    """Judge a weight and a bias as one table: a row for each output channel, its kernel, then its bias."""

    @functools.wraps(answer)
    def judged(*arguments: Any, eps: float) -> Any:
        returned = answer(*arguments, eps=eps)
        if not isinstance(returned, (tuple, list)) or len(returned) != 2:
            raise TypeError(f"the new weight and the new bias are needed, a pair, got {describe(returned)}")
        weight, bias = (as_numbers(part) for part in returned)
        if weight is None or bias is None or len(weight) != len(bias):
            return returned
        return torch.cat([weight.flatten(1), bias.reshape(len(weight), -1)], 1)

    return judged


def summed_at_a_tie(answer: Answer) -> Answer:
    """Judge a gradient of max pooling; where pixels are equal, only the sum over them counts."""

    @functools.wraps(answer)
    def judged(input: Tensor, kernel_size: int, grad_output: Tensor, stride: int | None, padding: int) -> Any:
        returned = answer(input, kernel_size, grad_output, stride=stride, padding=padding)
        gradient = as_numbers(returned)
        if (
            gradient is None
            or gradient.shape != input.shape
            or len(set(input.flatten().tolist())) == input.numel()
        ):
            return returned
        equal = input == input.max()
        return torch.stack([(gradient * equal).sum(), (gradient * ~equal).abs().sum()])

    return judged


FORMS = {form.__name__: form for form in (as_returned, outer_product, kernels_and_biases, summed_at_a_tie)}
