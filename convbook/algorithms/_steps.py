"""Small steps that several methods share: wide sums, padding, bias, a strided view, and exact products."""

from __future__ import annotations

import cmath
import functools

import torch
from torch import Tensor

from convbook._compile import readable
from convbook._judge import NO_PADDING, Setting, accumulator
from convbook.algorithms._method import Algorithm
from convbook.windows import padded


def widened(algorithm: Algorithm) -> Algorithm:
    """Let an algorithm compute in the dtype that sums are kept in, and convert its result at the end."""

    @functools.wraps(algorithm)
    def wide(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
        dtype = accumulator(input.dtype)
        if dtype == input.dtype:
            return algorithm(input, weight, bias, setting)
        bias = None if bias is None else bias.to(dtype)
        return algorithm(input.to(dtype), weight.to(dtype), bias, setting).to(input.dtype)

    return wide


def with_padding(input: Tensor, setting: Setting) -> Tensor:
    """Return the images with zeros around them; the very same tensor where there is nothing to add."""
    return input if setting.padding == NO_PADDING else padded(input, setting.padding)


def with_bias(output: Tensor, bias: Tensor | None) -> Tensor:
    """Return the output with its channel's bias added to each cell."""
    return output if bias is None else output + bias.view(-1, 1, 1)


def finite_sum(x: Tensor) -> bool:
    """Return whether the sum of a tensor's numbers can be read and is finite: then so are all of them."""
    return readable(x) and cmath.isfinite(x.sum().item())


def every(x: Tensor, dim: int, start: int, step: int, count: int) -> Tensor:
    """Return `count` entries along a dimension, from `start` on, `step` apart; a view where `step` is 1.

    Examples
    --------
    >>> import torch
    >>> every(torch.arange(10), 0, 1, 3, 2)
    tensor([1, 4])
    """
    if step == 1:
        return x.narrow(dim, start, count)
    chosen = torch.arange(start, start + step * (count - 1) + 1, step, device=x.device)
    return x.index_select(dim, chosen)


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Matrix product a @ b, of integers too where the device's own knows floats alone.

    Examples
    --------
    >>> import torch
    >>> matmul(torch.tensor([[1, 2]]), torch.tensor([[10], [1]]))
    tensor([[12]])
    """
    if a.is_floating_point() or a.is_complex() or a.device.type == "cpu":
        return a @ b
    return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)
