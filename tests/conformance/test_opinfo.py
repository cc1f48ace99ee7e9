"""Torch's own sample calls and error calls, out of its operator and module databases."""

from __future__ import annotations

import pytest
import torch

from tests.conformance.frame import (
    Case,
    Ledger,
    Subject,
    assert_agrees,
    cases,
    counted_decline,
    dtypes,
    error_cases,
    gradients,
)
from tests.conformance.subjects import SUBJECTS

every_subject = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
every_subject_and_dtype = pytest.mark.parametrize(
    ("subject", "dtype"),
    [(subject, dtype) for subject in SUBJECTS for dtype in dtypes(subject)],
    ids=lambda value: str(value).removeprefix("torch."),
)


@every_subject_and_dtype
def test_values_and_gradients_are_torchs(subject: Subject, dtype: torch.dtype, ledger: Ledger) -> None:
    """On every sample call value, shape, dtype and gradient are torch's; inputs stay as they were and are
    not shared.
    """
    row = ledger[subject.name]
    for case in cases(subject, dtype, ledger):
        row.dtypes.add(str(dtype).removeprefix("torch."))
        for method in subject.methods or ("",):
            with counted_decline(row, method):
                check_value(subject, case, method)
                row.values += 1
                if dtype in (torch.float64, torch.complex128):
                    check_gradients(subject, case, method)
                    row.gradients += 1
    found = row.values + row.skipped.total()
    assert found, "torch's database gave no case: has an entry been renamed?"


def check_value(subject: Subject, case: Case, method: str) -> None:
    """Compare one answer with torch's, and look for aliasing and changed inputs."""
    keyword = {"method": method} if method else {}
    before = [t.clone() for t in case.tensors()]
    got = subject.ours(*case.args, **case.kwargs, **keyword)
    assert_agrees(got, case, subject, method)
    for tensor, copy in zip(case.tensors(), before, strict=True):
        two = [
            torch.view_as_real(t) if t.is_complex() else t for t in (tensor, copy)
        ]  # complex32 has no equal
        assert torch.equal(*two), "an input was changed"
        for result in got if isinstance(got, tuple) else (got,):
            shared = result.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr()
            assert not (shared and result.numel()), "the result shares memory with an input"


def check_gradients(subject: Subject, case: Case, method: str) -> None:
    """Compare the gradients by every tensor with torch's."""
    keyword = {"method": method} if method else {}
    found = []
    for call in (lambda c: subject.ours(*c.args, **c.kwargs, **keyword), Case.want):
        tracked = case.mapped(lambda t: t.detach().clone().requires_grad_())
        found.append(gradients(call(tracked), tracked.tensors()))
    for mine, torchs in zip(*found, strict=True):
        assert (mine is None) == (torchs is None)
        if mine is not None:
            torch.testing.assert_close(mine, torchs, rtol=1e-8, atol=1e-9, equal_nan=True)


@every_subject
def test_torchs_error_calls_are_refused(subject: Subject, ledger: Ledger) -> None:
    """Every call that torch's database expects to fail raises ValueError or TypeError with a sentence."""
    for case, words in error_cases(subject, ledger):
        for method in subject.methods or ("",):
            keyword = {"method": method} if method else {}
            with pytest.raises((ValueError, TypeError)) as caught:
                subject.ours(*case.args, **case.kwargs, **keyword)
            assert len(str(caught.value)) > 30, f"no sentence for what torch calls {words!r}"
        ledger[subject.name].errors += 1
