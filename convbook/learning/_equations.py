"""What the run, its theory and least squares share: windows as rows of equations, their singular values."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from convbook._forms import Pair

Reduction: TypeAlias = Literal["sum", "mean"]


NOT_FINITE = (
    "X or Y holds NaN or Inf, or values so large that the sum of their squares is not finite; "
    "look for them with torch.isfinite(X).all(), then repair or scale down"
)


def windows_as_rows(X: Tensor, kernel: Pair, bias: bool) -> Tensor:
    """P: every window of every image as a row, and a last column of ones where there is a bias."""
    rows, columns = kernel
    windows = X.unfold(-2, rows, 1).unfold(-2, columns, 1).reshape(-1, rows * columns)
    return torch.nn.functional.pad(windows, (0, 1), value=1.0) if bias else windows


def equations_of(X: Tensor, Y: Tensor, kernel: Pair, bias: bool) -> Tensor:
    """[P | y] in float64: each row says "this window times the kernel should be that pixel"."""
    return torch.cat((windows_as_rows(X, kernel, bias), Y.reshape(-1, 1)), 1).to(wide_dtype(X))


def singular_values(triangle: Tensor, pixels: int, read: torch.dtype) -> tuple[Tensor, Tensor, Tensor, int]:
    """Return the singular values of P and their directions, from its triangle, and how many are not 0.

    λ = σ², but found without squaring: that would lose half of the digits, and with them the small ones.
    """
    left, sigmas, directions = torch.linalg.svd(triangle)
    # Rounding turns a singular value of 0 into one within k·√n·eps of the largest; pixels are rounded too.
    rounding = math.sqrt(pixels) * torch.finfo(triangle.dtype).eps + torch.finfo(read).eps
    negligible = triangle.shape[1] * rounding * sigmas[0]
    return left, sigmas, directions, int((sigmas > negligible).sum())


def critical_rate(matrix: Tensor, momentum: float) -> float:
    """Return the rate at which a step turns the steepest error around and keeps its size."""
    steepest = float(torch.linalg.eigvalsh(matrix)[-1])
    return (1 + momentum) / steepest if steepest > 0 else math.inf


def split_parameters(parameters: Tensor, kernel: Pair, bias: bool) -> tuple[Tensor, Tensor | None]:
    """Take rows (…, parameters, or more) apart into kernels (…, rows, columns) and biases (…)."""
    taps = kernel[0] * kernel[1]
    weights = parameters.narrow(-1, 0, taps).reshape(*parameters.shape[:-1], *kernel)
    return weights, parameters.select(-1, taps) if bias else None


def wide_dtype(X: Tensor) -> torch.dtype:
    """float64, except where the device has none."""
    return torch.float32 if X.device.type == "mps" else torch.float64


def with_fixed_signs(directions: Tensor) -> Tensor:
    """Turn each column so that its first large entry is positive: a solver may return either sign."""
    sizes = directions.abs()
    large = sizes >= 0.5 * sizes.amax(0, keepdim=True)
    first = large.long().argmax(0, keepdim=True)
    return directions * directions.gather(0, first).sign()


def rounded(values: Tensor) -> str:
    """Return a tensor as nested brackets of short numbers."""
    if values.ndim == 0:
        number = round(float(values), 12)
        return f"{number + 0.0:.4g}"
    return f"[{', '.join(rounded(entry) for entry in values)}]"
