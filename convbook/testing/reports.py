"""What a check found: counts, failures, the smallest failing call, and what seems wrong."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from convbook.exercises._report import block
from convbook.testing._diagnosis import Cause
from convbook.testing.calls import Case, features

__all__ = ["Failure", "Report"]


@dataclass(frozen=True, eq=False)
class Failure:
    """A case that a kernel got wrong.

    Attributes
    ----------
    case : Case
        The case; ``failure.case.call`` holds its tensors.
    kind : str
        "value", "shape", "dtype", "indices", "gradient", "refusal" (an answer where there is none),
        "promised" (an error where `supports` promised an answer), "in place", "pair", "unreadable" or
        "crash".
    words : str
        What is wrong, in a sentence.
    expected, got : Tensor or None
        The numbers, for the smallest failing case.
    """

    case: Case
    kind: str
    words: str
    expected: Tensor | None = None
    got: Tensor | None = None


@dataclass(eq=False)
class Report:
    """What :func:`check_kernel` found: true if every case was answered rightly or not supported.

    Attributes
    ----------
    operation, kernel : str
        What was checked, and the kernel's name.
    cases, seed, run : int
        How many cases were asked for, what chose them, and how many have been run.
    right, wrong, not_supported, not_asked : int
        How the cases came out.
    table : dict
        For each feature the cases that were right, wrong and not supported.
    gradients : dict
        How many gradients were right, wrong and not given.
    errors : dict
        For each set of features that was not supported, joined by "; ": how many cases, and the first error.
    failures : list of Failure
        The wrong cases, at most 200.
    smallest : Failure or None
        The first failure, made as small as it stays wrong.
    causes : list of Cause
        What seems wrong, with how many of the first wrong cases it explains.
    seconds : float
        How long it took.
    """

    operation: str
    kernel: str
    cases: int
    seed: int
    run: int = 0
    right: int = 0
    wrong: int = 0
    not_supported: int = 0
    not_asked: int = 0
    table: dict[str, list[int]] = field(default_factory=dict)
    gradients: dict[str, int] = field(default_factory=dict)
    errors: dict[str, list[Any]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    smallest: Failure | None = None
    causes: list[Cause] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def finished(self) -> bool:
        """Tell whether all cases were run."""
        return self.run >= self.cases

    def __bool__(self) -> bool:
        """Return whether the check was finished, some case was answered, and none wrongly."""
        return self.finished and self._answered and self.wrong == 0

    @property
    def _answered(self) -> bool:
        """Tell whether some number was right: to refuse what has no answer is not enough."""
        return any(row[0] for word, row in self.table.items() if not word.startswith("refusal"))

    @property
    def unsupported(self) -> dict[str, str]:
        """Name the features that raise errors, with the first error of each.

        The fewest features that every case which is not supported has one of; those are taken first of which
        the largest part of the cases is not supported.
        """
        left = {frozenset(words.split("; ")): found for words, found in self.errors.items()}

        def share(word: str) -> tuple[bool, float]:
            right, wrong, refused = self.table.get(word, (0, 0, 0))
            return refused > 9 * (right + wrong), sum(found[0] for key, found in left.items() if word in key)

        order = (*features(self.operation), "nothing more")
        chosen: dict[str, str] = {}
        while left:
            word = max(sorted(set().union(*left), key=order.index), key=share)
            fewest = min((key for key in left if word in key), key=len)
            chosen[word] = left[fewest][1]
            left = {key: found for key, found in left.items() if word not in key}
        return chosen

    def __str__(self) -> str:
        """Return the report: the verdict, what is wrong, and the table."""
        return "\n".join([*self._verdict(), *self._smallest(), *self._not_supported(), "", *self._table()])

    __repr__ = __str__

    def _verdict(self) -> list[str]:
        sign = "✓" if self else "✗"
        counts = f"{self.right} right, {self.wrong} wrong, {self.not_supported} not supported"
        counts += f", {self.not_asked} not asked" * bool(self.not_asked)
        state = f"{self.run} cases" if self.finished else f"stopped after {self.run} of {self.cases} cases"
        took = f"; {self.seconds:.0f} s" if self.seconds >= 10 else ""
        lines = [f"{sign} {self.operation} by {self.kernel}: {state}, {counts}{took}"]
        if not self._answered and not self.wrong:
            lines.append("  No case was answered.")
        lines += [
            textwrap.fill(
                f"It {cause.words} ({cause.explains} of the {self._looked_at} wrong cases looked at).",
                100, initial_indent="  ", subsequent_indent="    ",
            )
            for cause in self.causes
        ]  # fmt: skip
        return lines

    @property
    def _looked_at(self) -> int:
        return sum(cause.explains for cause in self.causes)

    def _smallest(self) -> list[str]:
        if self.smallest is None:
            return []
        call = self.smallest.case.call
        lines = ["", f"The smallest call that is wrong, {call.in_words()}:"]
        for name, value in call.tensors().items():
            lines += block(f"{name} =", value)
        if self.smallest.expected is not None and self.smallest.got is not None:
            lines += block(
                f"expected, of shape {tuple(self.smallest.expected.shape)}:", self.smallest.expected
            )
            lines += block(f"got, of shape {tuple(self.smallest.got.shape)}:", self.smallest.got)
        return [*lines, f"  {self.smallest.words}"]

    def _not_supported(self) -> list[str]:
        if not self.not_supported:
            return []
        found = [f"  {word}: {error}" for word, error in self.unsupported.items()]
        return ["", "Not supported, with the first error of each:", *found]

    def _table(self) -> list[str]:
        rows: list[tuple[Any, ...]] = [
            (word, *counts)
            for word, counts in sorted(self.table.items(), key=lambda item: item[0].startswith("refusal"))
        ]
        if self.gradients:
            rows.append(("gradients", *(self.gradients.get(k, 0) for k in ("right", "wrong", "none given"))))
        width = max((len(row[0]) for row in rows), default=0)
        lines = [f"{'what a case asks':<{width}}   right   wrong   not supported"]
        for word, right, wrong, refused in rows:
            lines.append(f"{word:<{width}}  {right:6}  {wrong:6}  {refused:6}")
        return lines

    def to_json(self) -> str:
        """Return the report as JSON, for machines and for going on later.

        Returns
        -------
        str
            An object; a failure stands as the specification of its case.

        See Also
        --------
        from_json : reads it.
        """

        def failure(found: Failure | None) -> Any:
            if found is None:
                return None
            return {
                "index": found.case.index, "spec": found.case.spec, "call": found.case.call.in_words(),
                "kind": found.kind, "words": found.words,
                "expected": _numbers(found.expected), "got": _numbers(found.got),
            }  # fmt: skip

        fields = {name: getattr(self, name) for name in _PLAIN}
        fields |= {
            "format": "convbook-report-1", "passed": bool(self),
            "causes": [cause._asdict() for cause in self.causes],
            "failures": [failure(found) for found in self.failures], "smallest": failure(self.smallest),
        }  # fmt: skip
        return json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Read a report that :meth:`to_json` wrote.

        Parameters
        ----------
        text : str
            The JSON.

        Returns
        -------
        Report

        Raises
        ------
        ValueError
            If it is no report.

        Examples
        --------
        >>> Report.from_json(Report("conv2d", "mine", 10, 0, run=3).to_json()).run
        3
        """
        found = json.loads(text)
        if not isinstance(found, dict) or found.get("format") != "convbook-report-1":
            raise ValueError('text must be a report in the format "convbook-report-1"')

        def failure(entry: Any) -> Failure | None:
            if entry is None:
                return None
            case = Case(found["operation"], entry["spec"], entry["index"])
            numbers = (_tensor(entry[name]) for name in ("expected", "got"))
            return Failure(case, entry["kind"], entry["words"], *numbers)

        failures = [read for read in map(failure, found["failures"]) if read is not None]
        report = cls(**{name: found[name] for name in _PLAIN})
        report.failures, report.smallest = failures, failure(found["smallest"])
        report.causes = [Cause(**entry) for entry in found["causes"]]
        return report


_PLAIN = (
    "operation", "kernel", "cases", "seed", "run", "right", "wrong", "not_supported", "not_asked", "table",
    "gradients", "errors", "seconds",
)  # fmt: skip


def _numbers(tensor: Tensor | None) -> Any:
    """Return a tensor's dtype, shape and numbers; what is not finite and what is complex as text."""
    if tensor is None:
        return None
    numbers: Sequence[Any] = tensor.flatten().tolist()
    plain = [n if isinstance(n, (int, float)) and math.isfinite(n) else str(n) for n in numbers]
    return {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "numbers": plain}


def _tensor(entry: Any) -> Tensor | None:
    if entry is None:
        return None
    dtype = getattr(torch, entry["dtype"])
    read = complex if dtype.is_complex else float
    numbers = [read(n) if isinstance(n, str) else n for n in entry["numbers"]]
    return torch.tensor(numbers, dtype=dtype).reshape(entry["shape"])
