"""Sums without surprises: half types in single precision, integers modulo 2⁶⁴, matrix products of both."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch

from convbook import _checks

if TYPE_CHECKING:
    from torch import Tensor

    from convbook.algorithms._shared import Algorithm


def widened(method: Algorithm) -> Algorithm:
    """Let an algorithm compute in the dtype that sums are kept in, and convert its result at the end."""

    @functools.wraps(method)
    def wide(input: Tensor, weight: Tensor, bias: Tensor | None, setting: _checks.Setting) -> Tensor:
        dtype = _checks.accumulator(input.dtype)
        if dtype == input.dtype:
            return method(input, weight, bias, setting)
        bias = None if bias is None else bias.to(dtype)
        return method(input.to(dtype), weight.to(dtype), bias, setting).to(input.dtype)

    return wide


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Matrix product a @ b, of integers too where the device's own knows floats alone.

    Examples
    --------
    >>> matmul(torch.tensor([[1, 2]]), torch.tensor([[10], [1]]))
    tensor([[12]])
    """
    if a.is_floating_point() or a.is_complex() or a.device.type == "cpu":
        return a @ b
    return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)


def readable(x: Tensor) -> bool:
    """Tell whether looking at a tensor's values is possible and free.

    It is on the CPU, outside ``torch.compile`` and ``torch.func``, where there are values at all.
    """
    return (
        type(x) in (torch.Tensor, torch.nn.Parameter)
        and x.device.type == "cpu"
        and not torch.compiler.is_compiling()
        and not torch._C._functorch.is_functorch_wrapped_tensor(x)
    )
