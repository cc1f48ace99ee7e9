"""Every public operation on tensors, once, with what a comparison across devices or dtypes needs.

Used by tests/test_device_rules.py (no GPU needed), tests/test_accuracy.py (the bounds, on the CPU) and
tests/gpu/.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

import convbook

Kind = Literal["sum", "select", "fft", "winograd", "function"]


@dataclass(frozen=True)
class Operation:
    """A public operation with inputs to try it on.

    Attributes
    ----------
    name : str
        The public function, and after a colon what is special in this case.
    run : callable
        Takes the tensors and gives one.
    shapes : tuple
        The shapes of the tensors.
    terms : int
        How many products are summed for one number of the result, at most.
    kind : str
        How its rounding is bounded, see :func:`bound`.
    reference : callable or None
        What the result is compared with, in float64 on the CPU; by default `run` itself.
    weights : tuple of int
        Which of the tensors are weights; the others are images. Gradients are taken of all.
    """

    name: str
    run: Callable[..., Tensor]
    shapes: tuple[tuple[int, ...], ...]
    terms: int
    kind: Kind = "sum"
    reference: Callable[..., Tensor] | None = None
    weights: tuple[int, ...] = field(default=(1, 2))

    def tensors(self, dtype: torch.dtype = torch.float64, seed: int = 0) -> list[Tensor]:
        """Return seeded random tensors of this operation's shapes, on the CPU."""
        generator = torch.Generator().manual_seed(seed)
        return [
            torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for shape in self.shapes
        ]

    def exact(self, *tensors: Tensor) -> Tensor:
        """Return the result by the reference, in float64 on the CPU."""
        return (self.reference or self.run)(*(tensor.detach().cpu().double() for tensor in tensors))

    def __str__(self) -> str:
        return self.name


# ------------------------------------------------------------------------------------------------- bounds

UNIT = {torch.float64: 2.0**-53, torch.float32: 2.0**-24, torch.float16: 2.0**-11, torch.bfloat16: 2.0**-8}
"""Unit roundoff: half the distance from 1 to the next number."""

UNIT_TF32 = 2.0**-11
"""TF32 keeps 10 bits after the point of each factor; products are summed in float32."""

# The smallest number above zero of each dtype: what rounding may lose where numbers are not normal any more.
TINY = {dtype: torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps for dtype in UNIT}


def gamma(n: int, unit: float) -> float:
    """Return n·u / (1 − n·u): the relative error that n roundings can add up to.

    N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, SIAM, 2002, lemma 3.1.
    https://doi.org/10.1137/1.9780898718027
    """
    return n * unit / (1 - n * unit)


def bound(operation: Operation, tensors: list[Tensor], dtype: torch.dtype, *, tf32: bool = False) -> Tensor:
    """Return, for each number of the result, the largest error that rounding can explain.

    A sum of n products, in any order, is within γ(n)·Σ|x||w| of the truth (Higham, section 3.1). Half types
    are summed in float32 and rounded once, which adds u·|y|. TF32 rounds both factors first, which adds ((1
    + u)² − 1)·Σ|x||w| with the u of TF32. The other kinds are derived where they are used, below.
    """
    double = [tensor.detach().cpu().double() for tensor in tensors]
    exact = operation.exact(*double).abs()
    if operation.kind == "select":
        return torch.zeros_like(exact)
    wide = dtype if dtype in (torch.float64, torch.float32) else torch.float32
    unit = UNIT[wide]
    scale = exact if operation.kind == "function" else operation.exact(*(tensor.abs() for tensor in double))
    error = gamma(operation.terms + 2, unit) * scale
    if tf32:
        error = error + ((1 + UNIT_TF32) ** 2 - 1) * scale
    if operation.kind == "fft":
        error = error + fft_bound(double[0], double[1], unit)
    if operation.kind == "winograd":
        # The promise of the method, relative to the largest value (its docstring), instead of the far larger
        # bound that the entries of its matrices give. float64 is as much better as its unit is smaller.
        error = error + 2e-5 * unit / UNIT[torch.float32] * exact.max()
    if operation.kind == "function":
        error = (
            error + gamma(64, unit) * scale
        )  # pow is not correctly rounded: allow 32 units for each of two
    if dtype != wide:
        error = error * (1 + UNIT[dtype]) + UNIT[dtype] * exact
    return error + TINY[dtype] * (operation.terms + 1)


def fft_bound(x: Tensor, w: Tensor, unit: float) -> float:
    """Return how far a correlation by FFT may be off, in any of its numbers.

    One transform of n points errs by ε‖·‖₂ with ε = log₂(n)·(u + γ(4)(√2 + u)) (Higham, theorem 24.2, to
    first order). By Parseval an error of ε‖X̂‖₂ in a factor moves each output by at most ε‖X‖₂‖K‖₂, for
    each of the two factors; the inverse transform adds ε‖Y‖₂, and ‖Y‖₂ ≤ ‖X‖₂‖K‖₁ (Young). The products add
    γ(4).
    """
    points = 4 * math.prod(side + kernel for side, kernel in zip(x.shape[-2:], w.shape[-2:], strict=True))
    each = math.log2(points) * (unit + gamma(4, unit) * (math.sqrt(2) + unit))
    x2, w2, w1 = x.norm().item(), w.norm().item(), w.abs().sum().item()
    return 2 * each * x2 * w2 + (each + gamma(4, unit)) * x2 * w1


def gradient_bound(operation: Operation, tensors: list[Tensor], dtype: torch.dtype) -> list[Tensor]:
    """Return the same for the gradients of Σ y: each is a sum of at most one product an output."""
    double = [tensor.detach().cpu().double() for tensor in tensors]
    if operation.kind != "function":
        double = [tensor.abs() for tensor in double]
    result = (operation.reference or operation.run)(*(tensor.requires_grad_() for tensor in double))
    scales = torch.autograd.grad(result.sum(), double)
    if operation.kind == "function":  # a smooth function of each place: its derivatives err by some units
        return [gamma(256, UNIT[dtype]) * scale.abs() + TINY[dtype] for scale in scales]
    if operation.kind == "fft":  # the way back goes through spectra too, and errs by the largest number
        scales = [scale.max() * 8 for scale in scales]
    return [gamma(result.numel() + 2, UNIT[dtype]) * scale + TINY[dtype] * result.numel() for scale in scales]


# ------------------------------------------------------------------------------------------------- the table

GENERAL: dict[str, Any] = {
    "stride": (2, 1),
    "padding": ((1, 0), (0, 2)),
    "dilation": (1, 2),
    "groups": 2,
}
GENERAL_SHAPES = ((2, 4, 9, 11), (6, 2, 3, 2), (6,))
PLAIN_SHAPES = ((2, 4, 12, 10), (6, 4, 3, 3), (6,))


def by_method(method: str) -> Operation:
    """One method of conv2d, in a setting that it does not decline."""

    def general(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return convbook.conv2d(x, w, b, **GENERAL, method=method)

    def plain(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return convbook.conv2d(x, w, b, padding=1, method=method)

    kind: Kind = {"fft": "fft", "winograd": "winograd"}.get(method, "sum")  # type: ignore[assignment]
    if method == "winograd":
        truth = lambda x, w, b: convbook.conv2d(x, w, b, padding=1, method="definition")  # noqa: E731
        return Operation(f"conv2d:{method}", plain, PLAIN_SHAPES, 37, kind, truth)
    truth = lambda x, w, b: convbook.conv2d(x, w, b, **GENERAL, method="definition")  # noqa: E731
    return Operation(f"conv2d:{method}", general, GENERAL_SHAPES, 2 * 3 * 2 + 1, kind, truth)


READS_NUMBERS = ("separable", "box", "compiled")
"""Methods that read numbers, and so decline other devices and transformations, as tests of theirs say."""

METHODS = [by_method(method) for method in convbook.METHODS if method not in READS_NUMBERS]

OPERATIONS: list[Operation] = [
    Operation("corr2d", lambda x, k: convbook.corr2d(x, k), ((7, 9), (3, 2)), 6),
    Operation("convolve2d", lambda x, k: convbook.convolve2d(x, k), ((7, 9), (3, 2)), 6),
    Operation("corr2d_multi_in", lambda x, k: convbook.corr2d_multi_in(x, k), ((3, 5, 6), (3, 3, 2)), 18),
    Operation(
        "corr2d_multi_in_out", lambda x, k: convbook.corr2d_multi_in_out(x, k), ((3, 5, 6), (4, 3, 3, 2)), 18
    ),
    *METHODS,
    *(
        Operation(
            f"conv2d:{mode}",
            lambda x, w, b, mode=mode: convbook.conv2d(x, w, b, padding=(1, 2), padding_mode=mode),
            ((2, 3, 6, 7), (4, 3, 3, 2), (4,)),
            19,
        )
        for mode in ("reflect", "replicate", "circular", "symmetric")
    ),
    Operation(
        "conv2d:unbatched", lambda x, w: convbook.conv2d(x, w, padding="same"), ((3, 6, 7), (4, 3, 3, 2)), 18
    ),
    Operation(
        "conv_transpose2d",
        lambda x, w, b: convbook.conv_transpose2d(x, w, b, (2, 3), (1, 0), (1, 2), 2, (1, 2)),
        ((2, 4, 5, 6), (4, 3, 3, 2), (6,)),
        13,
    ),
    Operation(
        "conv_transpose2d:sides",
        lambda x, w, b: convbook.conv_transpose2d(x, w, b, 2, ((1, 0), (0, 2)), output_size=(11, 12)),
        ((2, 3, 5, 6), (3, 4, 3, 3), (4,)),
        28,
    ),
    Operation(
        "conv2d_input",
        lambda w, g: convbook.conv2d_input((2, 3, 7, 9), w, g, stride=2, padding=1),
        ((4, 3, 3, 3), (2, 4, 4, 5)),
        36,
    ),
    Operation(
        "conv2d_weight",
        lambda x, g: convbook.conv2d_weight(x, (4, 3, 3, 3), g, stride=2, padding=1),
        ((2, 3, 7, 9), (2, 4, 4, 5)),
        2 * 4 * 5,
    ),
    Operation("pad", lambda x: convbook.pad(x, ((1, 2), (0, 3)), "reflect"), ((2, 3, 6, 7),), 0, "select"),
    Operation("unfold", lambda x: convbook.unfold(x, (3, 2), 2, 1, (2, 1)), ((2, 3, 8, 7),), 0, "select"),
    Operation("fold", lambda u: convbook.fold(u, (8, 7), (3, 2), 1, 1, (2, 1)), ((2, 18, 32),), 6),
    Operation("max_pool2d", lambda x: convbook.max_pool2d(x, (3, 2), 2, 1), ((2, 3, 8, 9),), 0, "select"),
    Operation(
        "max_pool2d:indices",
        lambda x: convbook.max_pool2d(x, 3, 2, 1, return_indices=True)[0],
        ((2, 3, 8, 9),),
        0,
        "select",
    ),
    Operation("max_unpool2d", lambda x: unpooled(x, 2), ((2, 3, 8, 9),), 0, "select"),
    Operation("avg_pool2d", lambda x: convbook.avg_pool2d(x, (3, 2), 2, 1, True), ((2, 3, 8, 9),), 7),
    Operation(
        "lp_pool2d", lambda x: convbook.lp_pool2d(x.abs() + 0.5, 2.0, (3, 2)), ((2, 3, 8, 9),), 8, "function"
    ),
    Operation("adaptive_avg_pool2d", lambda x: convbook.adaptive_avg_pool2d(x, (3, 4)), ((2, 3, 8, 9),), 13),
    Operation(
        "adaptive_max_pool2d", lambda x: convbook.adaptive_max_pool2d(x, (3, 4)), ((2, 3, 8, 9),), 0, "select"
    ),
    Operation("global_avg_pool2d", lambda x: convbook.global_avg_pool2d(x), ((2, 3, 8, 9),), 73),
    Operation("pool2d:max", lambda x: convbook.pool2d(x, (3, 2)), ((6, 7),), 0, "select"),
    Operation("pool2d:avg", lambda x: convbook.pool2d(x, (3, 2), "avg"), ((6, 7),), 7),
    Operation("conv_matrix", lambda w: convbook.conv_matrix(w, (5, 4), 2, 1), ((4, 3, 3, 2),), 0, "select"),
    Operation("dense_by_offset", lambda w: convbook.dense_by_offset(w), ((3, 4, 3, 4),), 0, "select"),
    Operation("nearest_kernel", lambda w: convbook.nearest_kernel(w, (3, 2)), ((3, 4, 5, 5),), 13),
    Operation("comp_conv2d", lambda x, w: convbook.comp_conv2d(_layer(w), x), ((6, 7), (1, 1, 3, 2)), 6),
    Operation("detect_edges", lambda x, k: convbook.detect_edges(x, k), ((6, 7), (3, 2)), 6),
    Operation("magnitude", lambda r, c: convbook.magnitude(r, c), ((6, 7), (6, 7)), 2, "function"),
    Operation("orientation", lambda r, c: convbook.orientation(r, c), ((6, 7), (6, 7)), 2, "function"),
]


def unpooled(x: Tensor, kernel_size: int) -> Tensor:
    """Pool, and put the maxima back."""
    values, indices = convbook.max_pool2d(x, kernel_size, return_indices=True)
    return convbook.max_unpool2d(values, indices, kernel_size, output_size=x.shape[-2:])


def _layer(w: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: convbook.conv2d(x, w)


NOT_ARITHMETIC = {
    "learn_kernel": "a whole training run: it reads its losses, to stop when they diverge",
    "learning_theory": "exact statements about one image: it reads eigenvalues into numbers for people",
    "least_squares_kernel": "likewise",
    "explain_plan": "speaks about a call, in words and numbers; it computes nothing on the tensors",
    "sliding_windows": "a view, not a result",
    "image_gradient": "detect_edges with two kernels of the table, whose numbers it copies to the device",
}
"""Public functions with tensors that the device rules are not held for, and why."""
