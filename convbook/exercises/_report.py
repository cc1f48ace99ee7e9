"""What a checker found, and how it is printed."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


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
            lines += block(f"{name} =", value)
        if self.expected is not None:
            lines += block(f"expected{_of_shape(self.expected)}:", self.expected)
        if self.expected is not None or self.got is not None:
            lines += block(f"got{_of_shape(self.got)}:", self.got)
        lines += _first_difference(self.expected, self.got)
        return "\n".join([*lines, _wrapped("  Hint: ", self.hint)])


def block(head: str, value: Any) -> list[str]:
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
    places = differing(expected, got).nonzero()
    if len(places) == 0:
        return []
    place = tuple(places[0].tolist())
    right, wrong = expected[place], got[place]
    digits = next((n for n in (6, 9, 12) if _number(right, n) != _number(wrong, n)), 17)
    came = f"expected {_number(right, digits)}, got {_number(wrong, digits)}"
    return [f"  first difference at {list(place)}: {came}"]


def same(expected: Tensor, got: Tensor | None) -> bool:
    """Whether shapes agree, integers exactly, and others to what their dtype can hold."""
    if got is None or got.shape != expected.shape or got.is_complex():
        return False
    return not bool(differing(expected, got).any())


def differing(expected: Tensor, got: Tensor) -> Tensor:
    """Mark the numbers that differ, of two tensors of one shape."""
    if not expected.is_floating_point():
        return expected.double() != got.double()
    fine = expected.dtype is torch.float64
    rtol, atol = (1e-10, 1e-12) if fine else (1e-4, 1e-5)
    return ~torch.isclose(got.double(), expected.double(), rtol=rtol, atol=atol, equal_nan=True)
