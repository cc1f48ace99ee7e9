"""What a kernel must do to count as one that finds vertical edges."""

from __future__ import annotations

from typing import Any

import torch

from convbook._forms import describe
from convbook.correlation import corr2d
from convbook.exercises._report import CheckResult
from convbook.exercises._verdict import as_numbers, judge_properties


def judge_edge_kernel(my_kernel: Any) -> CheckResult:
    """Ask a kernel for 0 on flat images and along horizontal edges, and for opposite signs."""
    numbers = as_numbers(my_kernel)
    if numbers is None or numbers.dtype is torch.bool or numbers.is_complex():
        raise TypeError(
            f"my_kernel must be a tensor, an array or nested lists of real numbers, got {describe(my_kernel)}"
        )
    K = numbers.double()
    step = torch.zeros(9, 10, dtype=torch.float64)
    step[:, 5:] = 1

    def flat() -> str | None:
        zero = bool(corr2d(torch.ones_like(step), K).abs().max() < 1e-6)
        return None if zero else f"Not 0 on a flat image: the kernel must sum to 0, not {float(K.sum()):g}."

    def vertical() -> str | None:
        found = bool(corr2d(step, K).abs().max() > 1e-6)
        if found:
            return None
        return (
            "0 at a vertical edge: the kernel must change along its rows, from left to right. "
            "Try its transpose."
        )

    def horizontal() -> str | None:
        zero = bool(corr2d(step.T.contiguous(), K).abs().max() < 1e-6)
        return None if zero else "Not 0 at a horizontal edge: each row of the kernel must sum to 0."

    def signs() -> str | None:
        up, down = corr2d(step, K), corr2d(1 - step, K)
        return None if torch.allclose(up, -down) else "From white to black the output must be opposite."

    def fits() -> str | None:
        small = K.dim() == 2 and 0 < K.shape[0] <= 5 and 0 < K.shape[1] <= 5
        return (
            None
            if small
            else f"A kernel is a matrix of at most 5×5 numbers; yours has shape {tuple(K.shape)}."
        )

    properties = {
        "its shape": fits,
        "a flat image": flat,
        "a vertical edge": vertical,
        "a horizontal edge": horizontal,
        "both signs": signs,
    }
    return judge_properties("edge kernel", properties)
