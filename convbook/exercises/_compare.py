"""How a check is made: cases, the reference's numbers on them, and what each usual mistake gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor

from convbook._forms import integer
from convbook.exercises._report import CheckResult
from convbook.exercises._verdict import Answer, Case, Sheet, as_returned, judge, judge_callable, outcome_of


class Mistake(NamedTuple):
    """A usual mistake: what to say of it, and the function that makes it."""

    hint: str
    made: Callable[..., Any]


class Inquiry:
    """Given to a checker in place of an answer, it brings back what answers are held against."""

    sheet: Sheet | None = None

    def __call__(self) -> None:
        """Look like an answer."""


class Draw:
    """Draws matrices of small whole numbers, easy to check by hand."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(integer("seed", seed, 0))

    def __call__(self, *size: int) -> Tensor:
        return torch.randint(-4, 5, size, generator=self.generator).float()


@contextmanager
def plain_settings() -> Iterator[None]:
    """Make cases and answers alike everywhere: float32, the CPU, autograd, and random numbers put back.

    A learner may have set another default dtype or device, or may check inside ``torch.no_grad()``.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    # Where it is the default already, naming it again would slow every call of torch down.
    on_cpu = torch.get_default_device() == torch.device("cpu")
    try:
        with (
            nullcontext() if on_cpu else torch.device("cpu"),
            torch.random.fork_rng(devices=[]),
            torch.inference_mode(False),
            torch.enable_grad(),
        ):
            yield
    finally:
        torch.set_default_dtype(before)


def compare(
    name: str,
    answer: Answer,
    reference: Answer,
    cases: Sequence[Case],
    mistakes: Sequence[Mistake],
    form: Callable[[Answer], Answer] = as_returned,
) -> CheckResult:
    """Judge an answer by what the reference gives on each case, and each mistake in its place."""
    judge_callable(name, answer)

    def values(function: Answer) -> list[Tensor | None]:
        return [outcome_of(form(function), case).value for case in cases]

    sheet = Sheet(name, cases, values(reference), lambda: ((m.hint, values(m.made)) for m in mistakes), form)
    if isinstance(answer, Inquiry):
        answer.sheet = sheet
        return CheckResult(name, passed=False)
    return judge(answer, sheet)


def floats(numbers: Any) -> Tensor:
    """Return numbers as a float32 tensor."""
    return torch.tensor(numbers, dtype=torch.float32)
