"""Rounding: every operation stays within a bound derived from its dtype and the length of its sums.

The GPU's tests hold the same bounds on the device (tests/gpu/); here they are tried on the CPU, and TF32 is
imitated.
"""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import Tensor

import convbook
from tests.operations import NOT_ARITHMETIC, OPERATIONS, UNIT_TF32, Operation, bound, gamma, gradient_bound

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


def test_every_public_operation_on_tensors_is_in_the_table() -> None:
    """A new public function joins the table of operations, or says why it need not."""
    public = {
        name
        for name in convbook.__all__
        if inspect.isfunction(getattr(convbook, name))
        and "Tensor" in str(inspect.signature(getattr(convbook, name)))
    }
    takes_none = {name for name in public if not _takes_a_tensor(getattr(convbook, name))}
    listed = {operation.name.partition(":")[0] for operation in OPERATIONS}
    assert public - takes_none == listed | set(NOT_ARITHMETIC)


def _takes_a_tensor(function: object) -> bool:
    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return any("Tensor" in str(parameter.annotation) for parameter in parameters)


@every_operation
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_results_are_within_the_derived_bound(operation: Operation, dtype: torch.dtype) -> None:
    """|result − truth| ≤ what roundings of this dtype can add up to; the result has the input's dtype."""
    tensors = operation.tensors(dtype)
    result = operation.run(*tensors)
    assert result.dtype == dtype
    error = (result.double() - operation.exact(*tensors)).abs()
    assert (error <= bound(operation, tensors, dtype)).all(), (error / bound(operation, tensors, dtype)).max()


@every_operation
def test_gradients_are_within_the_derived_bound(operation: Operation) -> None:
    """The same for the gradients of all inputs, in float64."""
    tensors = [tensor.requires_grad_() for tensor in operation.tensors(torch.float64)]
    found = torch.autograd.grad(operation.run(*tensors).sum(), tensors)
    truth = torch.autograd.grad((operation.reference or operation.run)(*tensors).sum(), tensors)
    for mine, theirs, limit in zip(
        found, truth, gradient_bound(operation, tensors, torch.float64), strict=True
    ):
        assert ((mine - theirs).abs() <= limit).all()


def test_the_bound_is_tight_enough_to_notice_one_wrong_bit() -> None:
    """A product that was rounded to half precision on the way breaks float32's bound."""
    operation = next(op for op in OPERATIONS if op.name == "conv2d:im2col")
    x, w, b = operation.tensors(torch.float32)
    sloppy = operation.run(x.half().float(), w, b)
    error = (sloppy.double() - operation.exact(x, w, b)).abs()
    assert not (error <= bound(operation, [x, w, b], torch.float32)).all()


def tf32(x: Tensor) -> Tensor:
    """Round float32 to the 10 bits behind the point that TF32 keeps, ties to even."""
    bits = x.view(torch.int32)
    last = (bits >> 13) & 1
    return ((bits + 0xFFF + last) & ~0x1FFF).view(torch.float32)


def test_tf32_errs_more_than_float32_and_stays_inside_its_own_bound() -> None:
    """Factors rounded as TF32 does: the error breaks the bound of float32 and keeps that of TF32."""
    operation = next(op for op in OPERATIONS if op.name == "conv2d:torch")
    x, w, b = operation.tensors(torch.float32)
    exact = operation.exact(x, w, b)
    with_tf32 = (operation.run(tf32(x), tf32(w), b).double() - exact).abs()
    without = (operation.run(x, w, b).double() - exact).abs()
    assert with_tf32.max() > 30 * without.max()
    assert not (with_tf32 <= bound(operation, [x, w, b], torch.float32)).all()
    assert (with_tf32 <= bound(operation, [x, w, b], torch.float32, tf32=True)).all()


def test_the_imitation_of_tf32_rounds_to_ten_bits() -> None:
    """1 + 2⁻¹⁰ is kept, 1 + 2⁻¹¹ goes to the even neighbor, and no relative error exceeds 2⁻¹¹."""
    assert tf32(torch.tensor(1 + 2**-10)) == 1 + 2**-10
    assert tf32(torch.tensor(1 + 2**-11)) == 1
    assert tf32(torch.tensor(1 + 3 * 2**-11)) == 1 + 2**-9
    x = torch.randn(1000)
    assert ((tf32(x) - x).abs() <= UNIT_TF32 * x.abs()).all()


def test_gamma_counts_roundings() -> None:
    """One rounding is u to first order, and n of them a little more than n·u."""
    assert gamma(1, 2.0**-10) == pytest.approx(2.0**-10, rel=2e-3)
    assert 100 * 2.0**-24 < gamma(100, 2.0**-24) < 100.01 * 2.0**-24
