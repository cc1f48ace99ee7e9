"""Holding a kernel of any framework against the definition."""

from __future__ import annotations

import contextlib
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from convbook._forms import describe, integer
from convbook.exercises._compare import plain_settings
from convbook.testing._diagnosis import Outcome, causes
from convbook.testing._judgment import Kernel, Verdict
from convbook.testing._operations import OPERATIONS
from convbook.testing.calls import Case, case_of, features, operation_name
from convbook.testing.reports import Failure, Report

__all__ = ["check_kernel"]

_MOST_FAILURES = 200
_MOST_LOOKED_AT = 40
_MOST_RIGHT = 160


def check_kernel(
    name: str,
    fn: Callable[..., Any] | Sequence[str],
    *,
    supports: Iterable[str] | str | None = None,
    cases: int = 2000,
    seed: int = 0,
    arrays: str | Callable[..., Any] = "auto",
    start: int | Report = 0,
    progress: bool | None = None,
) -> Report:
    """Hold a kernel against the definition: values, shapes, dtypes, refusals and gradients.

    The kernel is called as the function of the same name in ``convbook`` is: what has no default by position,
    everything else by name, and an option that is at its default is left out.  Each number is compared with
    the reference in float64 and may be off by what rounding explains: γ(n)·Σ|x||w| over the n numbers of its
    own window, in the tensors' dtype.  Integers are exact modulo 2ⁿ, maxima are exact.

    An error is "not supported", is printed, and is no failure unless `supports` promises that feature.  A
    wrong number is always a failure, and so is an answer to a call that has none (a stride of 0, a kernel
    larger than the image) unless it is empty or NaN.  Rules that are torch's alone, such as a pooling's
    padding of at most half the window, are not asked.

    Parameters
    ----------
    name : str
        The operation: "conv2d", "max_pool2d", or another public function of tensors.
    fn : callable or list of str
        The kernel.  It may return a tensor, an array with DLPack or ``__array__``, or nested lists.  A list
        of strings is a program that is run for each call with two more arguments: it reads the first file,
        an .npz with the tensors by name and under "call" the rest as JSON, and writes "output" (and
        "indices") to the second; an exit status that is not 0 is an error.
    supports : iterable of str or "all", optional
        Features that must not raise an error, from :func:`features`; a case counts if it asks nothing else.
        What is promised is promised for sizes that differ between rows and columns too.
        "gradients" promises gradients.
    cases : int, optional
        How many cases: designed ones first, then random ones.
    seed : int, optional
        Chooses the random cases and all numbers.
    arrays : {"auto", "torch", "numpy"} or callable, optional
        What the kernel is given: tensors of torch, arrays of NumPy, or what a function makes of such an
        array, for example ``jax.numpy.asarray``.  "auto" tries torch, then NumPy, on the plainest call.
    start : int or Report, optional
        Go on from this case, or from an earlier report that was stopped.
    progress : bool, optional
        Write a line to the error output while it runs; by default if that is a terminal.

    Returns
    -------
    Report
        True if every case was right or not supported; it prints a table.  After Ctrl-C it is the report of
        what was run so far.

    Raises
    ------
    ValueError, TypeError
        If an argument is none of these; the message names it.

    See Also
    --------
    cases : the same cases for tests of your own.
    exercises.check_conv2d : for a learner's answer, with less to cover.

    Notes
    -----
    What seems wrong is found by a catalogue of usual mistakes, each written down as a kernel: the one that
    gives the same wrong numbers, and right ones elsewhere, is named.

    Examples
    --------
    A kernel that forgets the dilation of the columns:

    >>> import torch
    >>> def my_conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    ...     rows = dilation if isinstance(dilation, int) else dilation[0]
    ...     return torch.nn.functional.conv2d(input, weight, bias, stride, padding, (rows, 1), groups)
    >>> report = check_kernel("conv2d", my_conv2d, cases=150)
    >>> bool(report), report.causes[0].words
    (False, 'ignores dilation on the second axis')
    >>> print(report.smallest.case.call.in_words())
    conv2d(⟨1×1×1×3⟩, ⟨1×1×1×2⟩, dilation=(1, 2))
    """
    name, kernel = operation_name(name), Kernel(fn, "torch" if arrays == "auto" else arrays)
    promised = _promised(name, supports)
    count, seed = integer("cases", cases, 1), integer("seed", seed, 0)
    report = _begun(name, kernel, count, seed, start)
    show = sys.stderr.isatty() if progress is None else progress
    check = _Check(report, kernel, promised)
    with plain_settings(), _no_warnings():
        if arrays == "auto":
            check.kernel = kernel = _fitting(name, fn, kernel)
        with _line(show) as told:
            with contextlib.suppress(KeyboardInterrupt):
                while not report.finished:
                    check.one(case_of(name, seed, report.run))
                    told(f"{name}: {report.run} of {count} cases, {report.wrong} wrong")
            with contextlib.suppress(KeyboardInterrupt):
                check.look_at_failures(told)
    check.close()
    return report


def _promised(name: str, supports: Iterable[str] | str | None) -> set[str] | None:
    known = (*features(name), "gradients")
    if supports is None:
        return None
    if supports == "all":
        return set(known)
    try:
        words = set([supports] if isinstance(supports, str) else supports)
    except TypeError:
        raise TypeError(f'supports must be a list of features or "all", got {describe(supports)}') from None
    for word in words:
        if word not in known:
            raise ValueError(f'supports of {name} may hold "all" or any of {", ".join(known)}; got {word!r}')
    # What differs between rows and columns is no setting of its own.
    return words | {f"another {word} on each axis" for word in (*words, "kernel size", "output size")}


def _begun(name: str, kernel: Kernel, count: int, seed: int, start: int | Report) -> Report:
    """Return a fresh report, or an earlier one to go on with."""
    if not isinstance(start, Report):
        first = integer("start", start, 0)
        return Report(name, kernel.name, count, seed, run=first)
    if (start.operation, start.seed) != (name, seed):
        raise ValueError(
            f"start must be a report of {name} with seed {seed}, got one of {start.operation} with seed "
            f"{start.seed}"
        )
    start.cases = count
    return start


def _fitting(name: str, fn: Any, kernel: Kernel) -> Kernel:
    """Return the kernel with the arrays that it takes: tensors of torch if it can, else those of NumPy."""
    plainest = case_of(name, 0, 0)
    if plainest.judged(kernel, gradients=False).status != "not supported":
        return kernel
    other = Kernel(fn, "numpy")
    answers = plainest.judged(other, gradients=False).status != "not supported"
    return other if answers else kernel


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    """Let a kernel warn without ending the run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _line(show: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that shows where the run is, at most twice a second."""
    last = time.monotonic()
    width = 0

    def told(words: str) -> None:
        nonlocal last, width
        if show and time.monotonic() - last > 0.5:
            last, width = time.monotonic(), max(width, len(words))
            sys.stderr.write(f"\r{words:<{width}}")
            sys.stderr.flush()

    try:
        yield told
    finally:
        if width:
            sys.stderr.write(f"\r{'':<{width}}\r")


class _Check:
    """The state of one run: the report, and the cases that a diagnosis looks at."""

    def __init__(self, report: Report, kernel: Kernel, promised: set[str] | None) -> None:
        self.report, self.kernel, self.promised = report, kernel, promised
        self.wrong: list[Outcome] = []
        self.right: list[Outcome] = []
        self.began = time.monotonic()
        self.before = report.seconds

    def close(self) -> None:
        self.report.seconds = self.before + time.monotonic() - self.began

    def judged(self, case: Case) -> Verdict:
        """Judge a case; an error that `supports` rules out is wrong."""
        verdict = case.judged(self.kernel)
        if self.promised is None or not set(case.features) <= self.promised:
            return verdict
        if verdict.status == "not supported":
            return verdict._replace(status="wrong", kind="promised")
        if verdict.gradient == "none given" and "gradients" in self.promised:
            return verdict._replace(status="wrong", kind="promised", words=verdict.words or "no gradient")
        return verdict

    def one(self, case: Case) -> None:
        """Run one case and count it."""
        verdict, report = self.judged(case), self.report
        outcome = Outcome(case, verdict)
        report.run += 1
        if verdict.status == "not asked":
            report.not_asked += 1
            return
        place = ("right", "wrong", "not supported").index(verdict.status)
        for word in case.features or ("nothing more",):
            report.table.setdefault(word, [0, 0, 0])[place] += 1
        if verdict.gradient != "not asked":
            report.gradients[verdict.gradient] = report.gradients.get(verdict.gradient, 0) + 1
        if place == 0:
            report.right += 1
            if len(self.right) < _MOST_RIGHT and verdict.got is not None:
                self.right.append(outcome)
        elif place == 2:
            report.not_supported += 1
            together = "; ".join(case.features or ("nothing more",))
            report.errors.setdefault(together, [0, verdict.words])[0] += 1
        else:
            report.wrong += 1
            if len(report.failures) < _MOST_FAILURES:
                report.failures.append(Failure(case, verdict.kind, verdict.words))
            if len(self.wrong) < _MOST_LOOKED_AT:
                self.wrong.append(outcome)

    def look_at_failures(self, told: Callable[[str], None]) -> None:
        """Say what seems wrong, and make the first failure small."""
        report = self.report
        if not self.wrong:
            return
        report.causes = causes(report.operation, self.wrong, self.right)
        first = report.failures[0]
        case, verdict = self.shrunk(first.case, first.kind, told)
        report.smallest = Failure(case, verdict.kind, verdict.words, verdict.expected, verdict.got)

    def shrunk(self, case: Case, kind: str, told: Callable[[str], None]) -> tuple[Case, Verdict]:
        """Make the entries of a specification simpler, one at a time, as long as the case is wrong alike."""
        choices = OPERATIONS[case.operation].choices
        verdict, smaller = self.judged(case), True
        while smaller:
            smaller = False
            for entry, values in choices.items():
                for value in values[: values.index(case.spec[entry])] if entry != "seed" else ():
                    told(f"{case.operation}: looking for a smaller call that is wrong")
                    simpler = Case(case.operation, case.spec | {entry: value}, case.index)
                    found = self._still(simpler, kind)
                    if found is not None:
                        case, verdict, smaller = simpler, found, True
                        break
        return case, verdict

    def _still(self, case: Case, kind: str) -> Verdict | None:
        """Return the verdict on a case if it is wrong in the same way."""
        try:
            verdict = self.judged(case)
        except Exception:  # the simpler specification builds no call
            return None
        return verdict if verdict.status == "wrong" and verdict.kind == kind else None
