"""Gradients, and gradients of gradients, by finite differences in float64, on torch's own sample calls."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.conformance.frame import Case, Ledger, Subject, cases
from tests.conformance.subjects import SUBJECTS

MOST = 8
"""Sample calls checked for each function, spread evenly over torch's: finite differences are slow."""


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_first_and_second_derivatives(subject: Subject, ledger: Ledger) -> None:
    """gradcheck and gradgradcheck by every tensor of the call."""
    found = [case for case in cases(subject, torch.float64, Ledger()) if useful(case)]
    for case in found[:: -(-len(found) // MOST)]:
        tensors = [t.detach().clone().requires_grad_() for t in case.tensors()]

        def call(*tensors: Tensor, case: Case = case) -> Tensor:
            replacements = iter(tensors)
            same = case.mapped(lambda _: next(replacements))
            result = subject.ours(*same.args, **same.kwargs)
            return result[0] if isinstance(result, tuple) else result

        assert torch.autograd.gradcheck(call, tensors, fast_mode=True)
        assert torch.autograd.gradgradcheck(call, tensors, fast_mode=True)
        ledger.random[f"gradcheck and gradgradcheck: {subject}"] += 1


def useful(case: Case) -> bool:
    """Tell whether there is something to differentiate, finite, and little enough for finite differences."""
    sizes = [t.numel() for t in case.tensors()]
    answer = case.want()
    answer = answer[0] if isinstance(answer, tuple) else answer
    return min(sizes) > 0 and sum(sizes) < 500 and bool(answer.isfinite().all())
