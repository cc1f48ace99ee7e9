"""What every conformance test shares: the subjects, torch's cases for them, the comparison, and the ledger.

A new function joins by one entry in subjects.py. The ledger counts what was run and what was skipped, with
the reason; conftest.py prints it and writes it where `--table` says.
"""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.common_modules import module_db

import convbook
from convbook._judge import accumulator

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class Skip(Exception):
    """Raised by an `adapt` function for a case outside the subject's domain; the message is the reason."""


@dataclass(frozen=True)
class Subject:
    """A public function, torch's function for it, and where torch keeps its cases.

    Attributes
    ----------
    name : str
        The function's name in convbook.
    peer : callable
        Torch's function.
    operators : tuple of str
        Entries of torch's OpInfo database, "name" or "name:variant".
    adapt : callable
        Turns torch's arguments into this function's, or raises Skip with the reason.
    module : str
        Entry of torch's ModuleInfo database, "" for none.
    attributes : tuple of str
        The module's attributes that are the function's keywords.
    exact : bool
        Nothing is summed, so that results are equal to the last bit.
    scale : callable or None
        Magnitude that rounding errors are relative to, from the arguments in float64; by default the peer's
        result for their absolute values, Σ|x||w|.
    methods : tuple of str
        Values of the keyword `method` to run, if the function has it.
    """

    name: str
    peer: Callable[..., Any]
    operators: tuple[str, ...] = ()
    adapt: Callable[[tuple[Any, ...], dict[str, Any]], Arguments] = lambda args, kwargs: (args, kwargs)
    module: str = ""
    attributes: tuple[str, ...] = ()
    exact: bool = False
    scale: Callable[..., Tensor] | None = None
    methods: tuple[str, ...] = ()

    @property
    def ours(self) -> Callable[..., Any]:
        """Convbook's function."""
        return getattr(convbook, self.name)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Case:
    """One call: arguments for ours, and a function of the tensors among them that gives torch's answer."""

    label: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    peer: Callable[..., Any]

    def tensors(self) -> list[Tensor]:
        """Return the tensors among the arguments, in order."""
        return [v for v in (*self.args, *self.kwargs.values()) if isinstance(v, Tensor)]

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Case:
        """Return the same call with every tensor changed."""

        def one(value: Any) -> Any:
            return change(value) if isinstance(value, Tensor) else value

        kwargs = {k: one(v) for k, v in self.kwargs.items()}
        return Case(self.label, tuple(map(one, self.args)), kwargs, self.peer)

    def want(self) -> Any:
        """Return torch's answer, without oneDNN: its float16 can crash, its Inf and NaN may stay away."""
        with without_onednn(), torchs_own_warnings_ignored():
            return self.peer(*self.args, **self.kwargs)


@contextlib.contextmanager
def without_onednn() -> Iterator[None]:
    """Let torch compute by its own loops.

    The public ways are closed here: torch.testing locks `torch.backends.mkldnn.enabled`, and
    `torch.backends.mkldnn.flags` warns of settings that are for other machines.
    """
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    try:
        yield
    finally:
        torch._C._set_mkldnn_enabled(before)


@contextlib.contextmanager
def torchs_own_warnings_ignored() -> Iterator[None]:
    """Let torch warn, of even kernels with "same" or of complex modules, without ending the run.

    Only where torch itself is called: a warning out of convbook is an error, as everywhere.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# ------------------------------------------------------------------------------------------ torch's own cases


def operators(subject: Subject) -> Iterator[Any]:
    """Yield the entries of torch's operator database."""
    for key in subject.operators:
        name, _, variant = key.partition(":")
        (found,) = [op for op in op_db if op.name == name and op.variant_test_name == variant]
        yield found


def dtypes(subject: Subject) -> list[torch.dtype]:
    """Return every dtype in which torch supports the operation on the CPU."""
    found = {dtype for op in operators(subject) for dtype in op.supported_dtypes("cpu")}
    if subject.module:
        found |= set(module_entry(subject).dtypes)
    return sorted(found, key=str)


def module_entry(subject: Subject) -> Any:
    """Return the entry of torch's module database."""
    (found,) = [info for info in module_db if info.name == subject.module]
    return found


def cases(subject: Subject, dtype: torch.dtype, ledger: Ledger) -> Iterator[Case]:
    """Yield torch's sample calls in a dtype, and in float64 those with tensors that are not contiguous."""
    row = ledger[subject.name]
    for op in operators(subject):
        if dtype not in op.supported_dtypes("cpu"):
            continue
        torch.manual_seed(0)
        with torchs_own_warnings_ignored():
            samples = list(op.sample_inputs_func(op, "cpu", dtype, False))
        if dtype is torch.float64:
            samples += [sample.noncontiguous() for sample in samples]
        for sample in samples:
            try:
                args, kwargs = subject.adapt((sample.input, *sample.args), dict(sample.kwargs))
            except Skip as reason:
                row.skipped[str(reason)] += 1
                continue
            yield Case(op.full_name, args, kwargs, subject.peer)
    if subject.module and dtype in module_entry(subject).dtypes:
        yield from module_cases(subject, dtype, row)


def module_cases(subject: Subject, dtype: torch.dtype, row: Row) -> Iterator[Case]:
    """Yield the calls that torch's tests of the layer make, as calls of the function."""
    info = module_entry(subject)
    torch.manual_seed(0)
    with torchs_own_warnings_ignored():
        samples = list(info.module_inputs_func(info, "cpu", dtype, False, True))
    for sample in samples:
        constructor = sample.constructor_input
        with torchs_own_warnings_ignored():
            layer = info.module_cls(*constructor.args, **constructor.kwargs).to(dtype)
        forward = sample.forward_input
        if forward.kwargs or len(forward.args) != 1:
            row.skipped["the layer's call has more than the image"] += 1
            continue
        parameters = dict(layer.named_parameters())

        def peer(
            x: Tensor, *args: Tensor, layer: Any = layer, names: Any = tuple(parameters), **_: Any
        ) -> Any:
            return torch.func.functional_call(layer, dict(zip(names, args, strict=True)), (x,))

        keywords = {name: getattr(layer, name) for name in subject.attributes}
        tensors = (forward.args[0].detach(), *(p.detach() for p in parameters.values()))
        yield Case(f"module {info.name}", tensors, keywords, peer)


def error_cases(subject: Subject, ledger: Ledger) -> Iterator[tuple[Case, str]]:
    """Yield torch's calls that must raise, with torch's words."""
    for op in operators(subject):
        if op.error_inputs_func is None:
            ledger[subject.name].skipped[f"torch has no error inputs for {op.full_name}"] += 1
            continue
        for error in op.error_inputs("cpu"):
            sample = error.sample_input
            try:
                args, kwargs = subject.adapt((sample.input, *sample.args), dict(sample.kwargs))
            except Skip as reason:
                ledger[subject.name].skipped[str(reason)] += 1
                continue
            yield Case(op.full_name, args, kwargs, subject.peer), error.error_regex


# ------------------------------------------------------------------------------------------------- comparison

# Rounding errors allowed, as a multiple of eps · Σ|x||w|. The transforms' errors follow the largest number
# near by and are larger by their constants: Winograd's F(4, 3) loses about a digit and a half.
FACTOR: Mapping[str, float] = {"fft": 96.0, "winograd": 512.0}
EVERYDAY_FACTOR = 24.0


def magnitude(subject: Subject, case: Case) -> Tensor | float:
    """Return what rounding errors are relative to, for each number of the result."""
    positive = case.mapped(lambda t: t.detach().abs().double())
    if subject.scale is not None:
        return subject.scale(*positive.args, **positive.kwargs)
    answer = positive.want()
    return (answer[0] if isinstance(answer, tuple) else answer).abs()


def assert_agrees(got: Any, case: Case, subject: Subject, method: str = "") -> None:
    """Assert that an answer has torch's shape and dtype, and its value within a bound on rounding errors.

    Half types are compared with torch's answer in float64: summed in float32 and rounded once, the result is
    off by half a unit in the last place and float32's own error, which is less than torch itself promises.
    """
    want = case.want()
    if isinstance(want, tuple):
        assert isinstance(got, tuple), f"a tuple was due, got {type(got).__name__}"
        assert_indices(got[1], got[0], case)
        got, want = got[0], want[0]
    assert isinstance(got, Tensor), f"a tensor was due, got {type(got).__name__}"
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    number = want.is_floating_point() or want.is_complex()
    if not number or subject.exact:
        assert torch.equal(torch.nan_to_num(got), torch.nan_to_num(want)) if number else got.equal(want)
        return
    double = torch.complex128 if want.is_complex() else torch.float64
    exact = case.mapped(lambda t: t.detach().to(double)).want()
    exact = exact[0] if isinstance(exact, tuple) else exact
    assert_close(got.detach(), exact, magnitude(subject, case), method)


def assert_close(got: Tensor, exact: Tensor, scale: Tensor | float, method: str = "") -> None:
    """Assert |got − exact| ≤ factor · eps(sums) · Σ|x||w|, and eps/2 · |exact| for the rounding of half
    types.
    """
    finite = exact.isfinite()
    assert torch.equal(got.isfinite(), finite), "Inf or NaN at other places"
    if not got.numel():
        return
    eps = torch.finfo(accumulator(got.dtype)).eps
    scale = torch.as_tensor(scale, dtype=torch.float64)
    if method in FACTOR:
        scale = scale.max()
    bound = FACTOR.get(method, EVERYDAY_FACTOR) * eps * scale
    if accumulator(got.dtype) != got.dtype:
        info = torch.finfo(got.dtype)
        bound = bound + exact.abs() * info.eps / 2 + info.smallest_normal * info.eps
    error = torch.where(finite, (got.to(exact.dtype) - exact).abs(), 0.0)
    worst = (error - bound).max()
    assert worst <= 1e-300, f"off by {error.max():.3g}, allowed {bound.max():.3g}"


def assert_indices(indices: Tensor, values: Tensor, case: Case) -> None:
    """Assert that indices point at the values, in the plane: any of several equal maxima is right."""
    flat = case.tensors()[0].flatten(-2)
    assert indices.dtype == torch.int64
    assert indices.shape == values.shape
    if indices.numel():
        assert 0 <= int(indices.min()) <= int(indices.max()) < flat.shape[-1]
        there = flat.gather(-1, indices.flatten(-2)).reshape(values.shape)
        assert torch.equal(torch.nan_to_num(there), torch.nan_to_num(values))


def gradients(answer: Any, tensors: list[Tensor], seed: int = 0) -> list[Tensor | None]:
    """Return the gradients of a random weighted sum of an answer; the weights depend on the shape alone."""
    answer = answer[0] if isinstance(answer, tuple) else answer
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(answer.shape, generator=generator, dtype=answer.dtype)
    return list(torch.autograd.grad(answer, tensors, weights, allow_unused=True))


# ----------------------------------------------------------------------------------------------------- ledger


@dataclass
class Row:
    """What was run for one function."""

    dtypes: set[str] = field(default_factory=set)
    values: int = 0
    gradients: int = 0
    errors: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    declined: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Return the row in the form that is committed."""
        return {
            "dtypes": sorted(self.dtypes),
            "values": self.values,
            "gradients": self.gradients,
            "errors": self.errors,
            "skipped": dict(sorted(self.skipped.items())),
            "declined": dict(sorted(self.declined.items())),
        }


class Ledger(dict[str, Row]):
    """The rows by function, made when first asked for, and how many random cases each test drew."""

    def __init__(self) -> None:
        super().__init__()
        self.random: Counter[str] = Counter()

    def __missing__(self, name: str) -> Row:
        row = self[name] = Row()
        return row

    def as_json(self) -> dict[str, Any]:
        """Return the whole table in the form that is committed."""
        return {
            "torch": torch.__version__.partition("+")[0],
            "functions": {name: self[name].as_json() for name in sorted(self)},
        }


@contextlib.contextmanager
def counted_decline(row: Row, method: str) -> Iterator[None]:
    """Count a method that declines by name; one that must not decline goes on failing."""
    try:
        yield
    except NotImplementedError as error:
        if method in NEVER_DECLINE or repr(method) not in str(error):
            raise
        row.declined[method] += 1


NEVER_DECLINE = frozenset(("definition", "shift", "windows", "im2col", "torch", "auto"))
