"""The checkers: right answers pass, and each usual wrong answer is caught with the hint that names its cause.

The answers are written as learners write them, with loops or torch's own functions, not with the package's
table of mistakes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from convbook import exercises
from convbook.exercises import CheckResult, _check
from convbook.layers import Conv2D

CHECKERS = [name for name in exercises.__all__ if name.startswith("check_")]


# -------------------------------------------------------------------------- right answers, written otherwise


def plain(X: Tensor, K: Tensor) -> Tensor:
    """Correlate by torch, in float64 so that large integers stay exact."""
    Y = F.conv2d(X[None, None].double(), K[None, None].double())[0, 0]
    return Y.to(torch.promote_types(X.dtype, K.dtype))


def by_loops(X: Tensor, K: Tensor) -> Tensor:
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1, dtype=X.dtype)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


def layer(input: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
    return F.conv2d(input, weight, bias, stride, padding)


def pooled(X: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    windows = X.unfold(0, size[0], 1).unfold(1, size[1], 1)
    return windows.amax((2, 3)) if mode == "max" else windows.mean((2, 3))


def columns(input: Tensor, size: tuple[int, int], stride: int, padding: int) -> Tensor:
    return F.unfold(input, size, padding=padding, stride=stride)


def field(layers: list[tuple[int, int]]) -> int:
    size = 1
    for k, s in reversed(layers):
        size = (size - 1) * s + k
    return size


def separate(K: Tensor) -> tuple[Tensor, Tensor]:
    i, j = divmod(int(K.abs().argmax()), K.shape[1])
    return K[:, j], K[i] / K[i, j]


def matrix(K: Tensor, size: tuple[int, int]) -> Tensor:
    pixels = torch.eye(math.prod(size)).reshape(-1, 1, *size)
    return F.conv2d(pixels, K[None, None]).flatten(1).T


def step(X: Tensor, Y: Tensor, weight: Tensor, lr: float) -> Tensor:
    w = weight.clone().requires_grad_()
    loss = (F.conv2d(X[None, None], w[None, None])[0, 0] - Y).square().sum()
    (gradient,) = torch.autograd.grad(loss, w)
    return (w - lr * gradient).detach()


class Layer(nn.Module):
    def __init__(self, kernel_size: tuple[int, int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, X: Tensor) -> Tensor:
        return F.conv2d(X[None, None], self.weight[None, None])[0, 0] + self.bias


RIGHT: dict[str, Any] = {
    "check_corr2d": by_loops,
    "check_convolve2d": lambda X, K: by_loops(X, K.rot90(2)),
    "check_flip": lambda K: K.rot90(2),
    "check_separable": separate,
    "check_edge_kernel": torch.tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "check_corr2d_multi_in": lambda X, K: F.conv2d(X[None], K[None])[0, 0],
    "check_corr2d_multi_in_out": lambda X, K: F.conv2d(X[None], K)[0],
    "check_conv_1x1": lambda X, K: torch.einsum("oc,chw->ohw", K[:, :, 0, 0], X),
    "check_conv2d": layer,
    "check_output_size": lambda n, k, stride, padding, dilation: len(
        range(0, n + 2 * padding - dilation * (k - 1), stride)
    ),
    "check_same_padding": lambda k, dilation: (
        (k - 1) * dilation // 2,
        (k - 1) * dilation - (k - 1) * dilation // 2,
    ),
    "check_receptive_field": field,
    "check_parameter_count": lambda cin, cout, k, groups, bias: sum(
        p.numel() for p in nn.Conv2d(cin, cout, k, groups=groups, bias=bias).parameters()
    ),
    "check_multiply_adds": lambda cin, cout, k, out, groups: (
        cin // groups * k[0] * k[1] * cout * out[0] * out[1]
    ),
    "check_pool2d": pooled,
    "check_max_pool2d": lambda x, k, stride, padding: F.max_pool2d(x, k, stride, padding),
    "check_avg_pool2d": lambda x, k, stride, padding: F.avg_pool2d(x, k, stride, padding),
    "check_global_avg_pool2d": nn.AdaptiveAvgPool2d(1),
    "check_conv2d_weight": torch.nn.grad.conv2d_weight,
    "check_conv2d_input": torch.nn.grad.conv2d_input,
    "check_unfold": columns,
    "check_conv_transpose2d": lambda x, w, stride, padding: F.conv_transpose2d(x, w, None, stride, padding),
    "check_conv_matrix": matrix,
    "check_learning_step": step,
    "check_conv2d_layer": Layer,
}


def test_there_are_at_least_fifteen_checkers_and_each_has_a_right_answer() -> None:
    assert len(CHECKERS) >= 15
    assert set(RIGHT) == set(CHECKERS)


@pytest.mark.parametrize("name", CHECKERS)
def test_a_right_answer_passes_and_hears_what_was_covered(name: str) -> None:
    """Written with torch or loops, not with this package."""
    result = getattr(exercises, name)(RIGHT[name])
    assert isinstance(result, CheckResult)
    assert result, repr(result)
    assert len(result.covered) == result.cases >= 3
    assert str(result).startswith(
        f"✓ {result.name}: all {result.cases} cases right. Covered: {result.covered[0]}"
    )
    assert result.failed_case is None


@pytest.mark.parametrize(
    "name", [name for name in CHECKERS if "seed" in getattr(exercises, name).__code__.co_varnames]
)
def test_other_seeds_draw_other_cases_that_a_right_answer_passes_too(name: str) -> None:
    assert getattr(exercises, name)(RIGHT[name], seed=20)


def test_the_notes_layer_passes() -> None:
    assert exercises.check_conv2d_layer(Conv2D)


# --------------------------------------------------------------------------------------------- wrong answers


def loops(
    X: Tensor, K: Tensor, *, rows: int = 1, cols: int = 1, dtype: Any = None, swap: bool = False
) -> Tensor:
    """Correlate by loops over one row or column too few or too many, or with height and width swapped."""
    h, w = K.shape[::-1] if swap else K.shape
    Y = torch.zeros(X.shape[0] - h + rows, X.shape[1] - w + cols, dtype=dtype or X.dtype)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


def returns_too_early(X: Tensor, K: Tensor) -> Tensor:
    h, w = K.shape
    Y = torch.zeros(X.shape[0] - h + 1, X.shape[1] - w + 1)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
            return Y
    return Y


def forgets_return(X: Tensor, K: Tensor) -> None:
    by_loops(X, K)


def never_writes(X: Tensor, K: Tensor) -> Tensor:
    Y = torch.zeros(X.shape[0] - K.shape[0] + 1, X.shape[1] - K.shape[1] + 1)
    for row in Y:
        for value in row:
            value = value + 1  # noqa: PLW2901  -- the mistake: a new name, not the cell
    return Y


def spoils_its_argument(X: Tensor, K: Tensor) -> Tensor:
    X *= 2
    return plain(X, K)


def unfinished(X: Tensor, K: Tensor) -> Tensor:
    raise NotImplementedError


def strides_over(X: Tensor, K: Tensor) -> Tensor:
    return F.conv2d(X[None, None], K[None, None], stride=tuple(K.shape))[0, 0]


def matrix_product(X: Tensor, K: Tensor) -> Tensor:
    h, w = K.shape
    return torch.stack(
        [
            torch.stack([(X[i : i + h, j : j + w] @ K).sum() for j in range(X.shape[1] - w + 1)])
            for i in range(X.shape[0] - h + 1)
        ]
    )


def sums_late(X: Tensor, K: Tensor) -> Tensor:
    for x, k in zip(X, K, strict=True):
        total = torch.zeros(()) + plain(x, k)
    return total


def pads(
    input: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int, sides: Any, mode: str = "constant"
) -> Tensor:
    return F.conv2d(F.pad(input, [padding * s for s in sides], mode=mode), weight, bias, stride)


def strange_max(X: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    """Start the maximum at 0."""
    return pooled(X, size, mode).clamp(min=0) if mode == "max" else pooled(X, size, mode)


def overwrites(x: Tensor, w: Tensor, stride: int, padding: int) -> Tensor:
    n, _, rows, cols = x.shape
    h, k = w.shape[2:]
    Y = torch.zeros(n, w.shape[1], (rows - 1) * stride + h, (cols - 1) * stride + k)
    for i in range(rows):
        for j in range(cols):
            Y[:, :, i * stride : i * stride + h, j * stride : j * stride + k] = torch.tensordot(
                x[:, :, i, j], w, 1
            )
    return Y[:, :, padding : Y.shape[2] - padding, padding : Y.shape[3] - padding]


def jumps_first(layers: list[tuple[int, int]]) -> int:
    size, jump = 1, 1
    for k, s in layers:
        jump *= s
        size += (k - 1) * jump
    return size


def changes_weight(X: Tensor, Y: Tensor, weight: Tensor, lr: float) -> Tensor:
    weight -= lr * plain(X, 2 * (plain(X, weight) - Y))
    return weight


class NoInit(nn.Module):
    def _init_(self, kernel_size: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(kernel_size))


class NoSuper(nn.Module):
    def __init__(self, kernel_size: Any) -> None:
        self.weight = nn.Parameter(torch.rand(kernel_size))


class NoModule:
    def __init__(self, kernel_size: Any) -> None:
        self.weight = torch.rand(kernel_size)


class PlainTensor(Layer):
    def __init__(self, kernel_size: Any) -> None:
        nn.Module.__init__(self)
        self.weight = torch.rand(kernel_size)
        self.bias = nn.Parameter(torch.zeros(1))


class ForgetsBias(Layer):
    def forward(self, X: Tensor) -> Tensor:
        return plain(X, self.weight)


class NoReturn(Layer):
    def forward(self, X: Tensor) -> None:  # type: ignore[override]
        plain(X, self.weight)


class Flips(Layer):
    def forward(self, X: Tensor) -> Tensor:
        return plain(X, self.weight.flip(0, 1)) + self.bias


class SquareWeight(Layer):
    def __init__(self, kernel_size: Any) -> None:
        super().__init__((kernel_size[0], kernel_size[0]))


class AlwaysOnes(Layer):
    def __init__(self, kernel_size: Any) -> None:
        super().__init__(kernel_size)
        self.weight = nn.Parameter(torch.ones(kernel_size))


class CutsGradient(Layer):
    def forward(self, X: Tensor) -> Tensor:
        return plain(X, self.weight.data) + self.bias


OFF_BY_ONE = "Off by one in the"
WRONG: list[tuple[str, Any, str]] = [
    # cross-correlation
    ("check_corr2d", lambda X, K: plain(X, K.flip(0, 1)), "You flipped the kernel"),
    ("check_corr2d", lambda X, K: plain(X, K).T, "Your output is transposed"),
    ("check_corr2d", lambda X, K: plain(X, K.T), "The kernel is transposed"),
    ("check_corr2d", lambda X, K: loops(X, K, rows=0), f"{OFF_BY_ONE} height:"),
    ("check_corr2d", lambda X, K: loops(X, K, cols=0), f"{OFF_BY_ONE} width:"),
    ("check_corr2d", lambda X, K: loops(X, K, rows=0, cols=0), f"{OFF_BY_ONE} height and in the width"),
    ("check_corr2d", lambda X, K: loops(X, K, rows=2, cols=1), f"{OFF_BY_ONE} height:"),
    ("check_corr2d", lambda X, K: loops(X, K, swap=True), "height and width are swapped"),
    ("check_corr2d", lambda X, K: loops(X, K, dtype=torch.float32), "Computed in float32"),
    ("check_corr2d", lambda X, K: plain(X, K) / K.numel(), "A mean over the window"),
    ("check_corr2d", strides_over, "The windows do not overlap"),
    ("check_corr2d", matrix_product, "A matrix product"),
    ("check_corr2d", returns_too_early, "The return stands inside the loop"),
    ("check_corr2d", forgets_return, "The return statement is missing"),
    ("check_corr2d", never_writes, "All zeros"),
    ("check_corr2d", spoils_its_argument, "Work on a copy"),
    ("check_corr2d", unfinished, "The function is still empty"),
    ("check_corr2d", lambda X: X, "Give your function these arguments"),
    ("check_corr2d", lambda X, K: -plain(X, K), "The sign is turned round"),
    ("check_corr2d", lambda X, K: plain(X, K) * 2, "Every number is 2 times"),
    ("check_corr2d", lambda X, K: plain(X, K) + 1, "Every number is off by 1"),
    ("check_corr2d", lambda X, K: plain(X, K)[None, None], "The right numbers in the wrong shape"),
    ("check_corr2d", lambda X, K: plain(X, K).sum(), "Your output has 0 dimensions, 2 are expected"),
    ("check_corr2d", lambda X, K: "a string", "Return a tensor"),
    (
        "check_corr2d",
        lambda X, K: F.pad(plain(X, K), (0, K.shape[1] - 1, 0, K.shape[0] - 1)),
        "as large as the image",
    ),
    ("check_corr2d", lambda X, K: plain(X, K) / 0, "There is NaN or Inf"),
    # convolution and flips
    ("check_convolve2d", plain, "The kernel is not flipped"),
    ("check_convolve2d", lambda X, K: plain(X, K.flip(0)), "Flipped upside down only"),
    ("check_convolve2d", lambda X, K: plain(X, K.flip(1)), "Flipped left to right only"),
    ("check_convolve2d", lambda X, K: plain(X, K.T), "Transposed instead of flipped"),
    ("check_convolve2d", lambda X, K: plain(X.flip(0, 1), K), "The image is flipped"),
    ("check_flip", lambda K: K, "Not flipped at all"),
    ("check_flip", lambda K: K.T, "Transposed instead of flipped"),
    ("check_flip", lambda K: torch.rot90(K), "A quarter turn"),
    ("check_flip", lambda K: K.flip(1), "Flipped left to right only"),
    # separable and edges
    ("check_separable", lambda K: (K[:, 0], K[0]), "K[0, 0] times too large"),
    ("check_separable", lambda K: separate(K)[::-1], "Column and row are swapped"),
    ("check_separable", lambda K: (K[:, 0], K[0] / K[0, 0]), "Divided by K[0, 0], which may be 0"),
    ("check_edge_kernel", torch.tensor([[1.0], [-1.0]]), "Silent at a vertical edge"),
    ("check_edge_kernel", torch.tensor([[1.0, 1.0]]), "Not silent on a flat image"),
    (
        "check_edge_kernel",
        torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        "Not silent at a horizontal edge",
    ),
    ("check_edge_kernel", torch.ones(3), "A kernel is a matrix"),
    # channels
    (
        "check_corr2d_multi_in",
        lambda X, K: torch.stack([plain(x, k) for x, k in zip(X, K, strict=True)]),
        "The channels are kept apart",
    ),
    ("check_corr2d_multi_in", sums_late, "Only the last channel counts"),
    (
        "check_corr2d_multi_in",
        lambda X, K: F.conv2d(X[None], K[None])[0, 0] / len(X),
        "A mean over the channels",
    ),
    (
        "check_corr2d_multi_in",
        lambda X, K: sum(plain(x, K[0]) for x in X),
        "Every channel meets the kernel K[0]",
    ),
    (
        "check_corr2d_multi_in_out",
        lambda X, K: F.conv2d(X[None], K)[0].sum(0),
        "The output channels are summed",
    ),
    (
        "check_corr2d_multi_in_out",
        lambda X, K: torch.cat([F.conv2d(X[None], k[None])[0, 0] for k in K]),
        "torch.stack makes a new axis",
    ),
    (
        "check_corr2d_multi_in_out",
        lambda X, K: F.conv2d(X[None], K)[0].movedim(0, -1),
        "The output channels stand last",
    ),
    (
        "check_conv_1x1",
        lambda X, K: (X.reshape(-1, len(X)) @ K[:, :, 0, 0].T).reshape(len(K), *X.shape[1:]),
        "that mixes channels",
    ),
    ("check_conv_1x1", lambda X, K: K[:, :, 0, 0] @ X.flatten(1), "reshape back"),
    # a layer's arithmetic
    (
        "check_conv2d",
        lambda x, w, b, stride, padding: layer(x, w, 0 * b, stride, padding),
        "The bias is missing",
    ),
    ("check_conv2d", lambda x, w, b, stride, padding: layer(x, w, b, 1, padding), "The stride is ignored"),
    ("check_conv2d", lambda x, w, b, stride, padding: layer(x, w, b, stride, 0), "The padding is ignored"),
    (
        "check_conv2d",
        lambda x, w, b, stride, padding: layer(x, w.flip(2, 3), b, stride, padding),
        "You flipped",
    ),
    ("check_conv2d", lambda *a, **o: pads(*a, **o, sides=(1, 0, 1, 0)), "The padding is on each side"),
    ("check_conv2d", lambda *a, **o: pads(*a, **o, sides=(1, 1, 0, 0)), "Only the columns are padded"),
    (
        "check_conv2d",
        lambda *a, **o: pads(*a, **o, sides=(1, 1, 1, 1), mode="replicate"),
        "The border is repeated",
    ),
    (
        "check_conv2d",
        lambda x, w, b, stride, padding: layer(x[:1], w, b, stride, padding),
        "Only the first image",
    ),
    # sizes
    (
        "check_output_size",
        lambda n, k, stride, padding, dilation: n + 2 * padding - dilation * (k - 1),
        "The stride is ignored",
    ),
    (
        "check_output_size",
        lambda n, k, stride, padding, dilation: (
            RIGHT["check_output_size"](n, k, stride, padding, dilation) + 3
        ),
        "Every number is off by 3",
    ),
    ("check_corr2d", lambda X, K: (X * K).sum(), "A window that sticks out of the image is cut short"),
    ("check_corr2d", lambda X, K: undefined_name, "A name is not defined"),  # noqa: F821  -- the mistake
    (
        "check_output_size",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * (k - 1) - 1) // stride,
        "The \\+ 1 is missing",
    ),
    (
        "check_output_size",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * (k - 1)) // stride,
        "inside the division",
    ),
    (
        "check_output_size",
        lambda n, k, stride, padding, dilation: (n + padding - dilation * (k - 1) - 1) // stride + 1,
        "counts once",
    ),
    (
        "check_output_size",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - k) // stride + 1,
        "The dilation is ignored",
    ),
    (
        "check_output_size",
        lambda n, k, stride, padding, dilation: -(-(n + 2 * padding - dilation * (k - 1) - 1) // stride) + 1,
        "Rounded up",
    ),
    (
        "check_output_size",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * (k - 1) - 1) / stride + 1,
        "A fraction",
    ),
    ("check_same_padding", lambda k, dilation: (dilation * (k - 1), dilation * (k - 1)), "is the total"),
    (
        "check_same_padding",
        lambda k, dilation: (dilation * (k - 1) - dilation * (k - 1) // 2, dilation * (k - 1) // 2),
        "at the end",
    ),
    ("check_same_padding", lambda k, dilation: ((k - 1) // 2, k // 2), "The dilation is ignored"),
    ("check_receptive_field", lambda layers: 1 + sum(k - 1 for k, s in layers), "The strides are ignored"),
    ("check_receptive_field", jumps_first, "not for itself"),
    ("check_receptive_field", lambda layers: sum(k for k, s in layers), "neighbouring windows overlap"),
    (
        "check_parameter_count",
        lambda cin, cout, k, groups, bias: cin * cout * k[0] * k[1],
        "The bias is missing",
    ),
    (
        "check_parameter_count",
        lambda cin, cout, k, groups, bias: cin * cout * k[0] * k[1] + bias * cout,
        "The groups are ignored",
    ),
    (
        "check_multiply_adds",
        lambda cin, cout, k, out, groups: cin * cout * k[0] * k[1] * out[0] * out[1],
        "The groups are ignored",
    ),
    (
        "check_multiply_adds",
        lambda cin, cout, k, out, groups: cin // groups * k[0] * k[1] * out[0] * out[1],
        "output channels are forgotten",
    ),
    # pooling
    ("check_pool2d", lambda X, size, mode: pooled(X, size, "max"), "The mode is ignored"),
    ("check_pool2d", strange_max, "The maximum starts at 0"),
    (
        "check_pool2d",
        lambda X, size, mode: pooled(X, size, mode) * (size[0] * size[1] if mode == "avg" else 1),
        "The mean is a sum",
    ),
    (
        "check_pool2d",
        lambda X, size, mode: pooled(X, (size[1], size[0]), mode),
        "Height and width of the window",
    ),
    (
        "check_max_pool2d",
        lambda x, k, stride, padding: F.max_pool2d(F.pad(x, [padding] * 4), k, stride),
        "Padded with 0",
    ),
    (
        "check_max_pool2d",
        lambda x, k, stride, padding: F.max_pool2d(x, k, stride or 1, padding),
        "not given is the kernel's size",
    ),
    (
        "check_max_pool2d",
        lambda x, k, stride, padding: F.avg_pool2d(x, k, stride, padding),
        "The mean of each window",
    ),
    (
        "check_avg_pool2d",
        lambda x, k, stride, padding: F.avg_pool2d(x, k, stride, padding, False, False),
        "image alone",
    ),
    (
        "check_avg_pool2d",
        lambda x, k, stride, padding: F.avg_pool2d(x, k, stride, padding, divisor_override=1),
        "A sum",
    ),
    ("check_global_avg_pool2d", lambda input: input.mean((-2, -1)), "The right numbers in the wrong shape"),
    ("check_global_avg_pool2d", lambda input: input.mean(), "One number in all"),
    ("check_global_avg_pool2d", lambda input: input.mean((0, 2, 3), keepdim=True), "Averaged over the batch"),
    # gradients, windows, transposed
    (
        "check_conv2d_weight",
        lambda x, s, g, stride, padding: torch.nn.grad.conv2d_weight(x, s, g, stride, padding) / len(x),
        "Averaged over the batch",
    ),
    (
        "check_conv2d_weight",
        lambda x, s, g, stride, padding: torch.nn.grad.conv2d_weight(x, s, g, stride, padding).flip(2, 3),
        "Flipped",
    ),
    (
        "check_conv2d_input",
        lambda s, w, g, stride, padding: F.conv_transpose2d(g, w.flip(2, 3), None, stride, padding),
        "must be flipped",
    ),
    (
        "check_conv2d_input",
        lambda s, w, g, stride, padding: F.conv2d(g, w.flip(2, 3).transpose(0, 1)),
        "Too small|k − 1 zeros|sticks out",
    ),
    ("check_unfold", lambda x, k, stride, padding: columns(x, k, stride, padding).mT, "A window to a row"),
    ("check_unfold", lambda x, k, stride, padding: columns(x, k, stride, 0), "The padding is ignored"),
    (
        "check_unfold",
        lambda x, k, stride, padding: (
            columns(x, k, stride, padding).unflatten(1, (x.shape[1], -1)).mT.mT.transpose(1, 2).flatten(1, 2)
        ),
        "The channel must vary slowest",
    ),
    ("check_conv_transpose2d", overwrites, "Copies that overlap must add up"),
    (
        "check_conv_transpose2d",
        lambda x, w, stride, padding: F.conv_transpose2d(x, w, None, stride),
        "The padding is ignored",
    ),
    (
        "check_conv_transpose2d",
        lambda x, w, stride, padding: F.conv_transpose2d(x, w.flip(2, 3), None, stride, padding),
        "The kernel is flipped",
    ),
    ("check_conv_matrix", lambda K, size: matrix(K, size).T, "The matrix is transposed"),
    ("check_conv_matrix", lambda K, size: matrix(K.flip(0, 1), size), "The kernel is flipped"),
    # learning and layers
    ("check_learning_step", lambda X, Y, w, lr: w + (w - step(X, Y, w, lr)), "Uphill"),
    ("check_learning_step", lambda X, Y, w, lr: step(X, Y, w, lr / 2), "The factor 2 is missing"),
    ("check_learning_step", lambda X, Y, w, lr: step(X, Y, w, lr / Y.numel()), "A mean over the pixels"),
    ("check_learning_step", lambda X, Y, w, lr: step(X, Y, w, 1.0), "The learning rate is missing"),
    ("check_learning_step", lambda X, Y, w, lr: (w - step(X, Y, w, lr)) / lr, "That is the gradient"),
    ("check_learning_step", lambda X, Y, w, lr: w, "The weight has not changed"),
    ("check_learning_step", changes_weight, "Work on a copy"),
    ("check_conv2d_layer", NoInit, "spelled __init__"),
    ("check_conv2d_layer", NoSuper, "Call super().__init__() first"),
    ("check_conv2d_layer", NoModule, "must inherit from torch.nn.Module"),
    ("check_conv2d_layer", PlainTensor, "No parameter called weight"),
    ("check_conv2d_layer", ForgetsBias, "The bias is not added"),
    ("check_conv2d_layer", NoReturn, "is the return missing?"),
    ("check_conv2d_layer", Flips, "the kernel is flipped"),
    (
        "check_conv2d_layer",
        SquareWeight,
        "weight must have the shape of the kernel, (2, 3); yours has (2, 2)",
    ),
    ("check_conv2d_layer", AlwaysOnes, "Two layers start with the same weight"),
    ("check_conv2d_layer", CutsGradient, "No gradient arrives"),
]


def test_at_least_forty_wrong_answers_are_kept() -> None:
    assert len(WRONG) >= 40
    assert {name for name, _, _ in WRONG} == set(CHECKERS)


@pytest.mark.parametrize(
    ("name", "answer", "hint"), WRONG, ids=[f"{name}-{hint[:28]}" for name, _, hint in WRONG]
)
def test_each_wrong_answer_is_caught_with_its_hint(name: str, answer: Any, hint: str) -> None:
    result = getattr(exercises, name)(answer)
    assert not result
    assert re.search(hint if "|" in hint or "\\" in hint else re.escape(hint), result.hint), repr(result)
    assert str(result).startswith(
        f"✗ {result.name}: wrong in case {result.failed_case} of {result.cases}, {result.about}"
    )
    assert " ".join(str(result).split()).endswith(f"Hint: {result.hint}")


# ------------------------------------------------------------------------------------------------ the report


def test_the_report_shows_arguments_expected_got_and_place() -> None:
    """All that is needed to repeat the case by hand."""
    assert str(exercises.check_corr2d(lambda X, K: plain(X, K) + (X.shape[0] == 3) * torch.eye(2))) == (
        "✗ corr2d: wrong in case 1 of 13, the example of the chapter\n"
        "  X =\n    [[0, 1, 2],\n     [3, 4, 5],\n     [6, 7, 8]]\n"
        "  K =\n    [[0, 1],\n     [2, 3]]\n"
        "  expected, of shape (2, 2):\n    [[19, 25],\n     [37, 43]]\n"
        "  got, of shape (2, 2):\n    [[20, 25],\n     [37, 44]]\n"
        "  first difference at [0, 0]: expected 19, got 20\n"
        "  Hint: Take the first number that differs and work it out by hand."
    )


def test_an_error_of_the_readers_function_is_reported_not_raised() -> None:
    def broken(X: Tensor, K: Tensor) -> Tensor:
        return X[99]

    result = exercises.check_corr2d(broken)
    assert not result
    assert str(result.got).startswith("IndexError: index 99 is out of bounds")
    assert "An index ran over the edge" in result.hint


def test_options_and_numbers_are_shown() -> None:
    result = exercises.check_output_size(lambda n, k, stride, padding, dilation: 0)
    assert result.arguments == {"n": 8, "k": 3, "stride": 1, "padding": 0, "dilation": 1}
    assert "  stride = 1\n" in str(result)
    assert "  expected: 6\n  got: 0\n" in str(result)


def test_large_tensors_are_named_by_their_shape() -> None:
    def wrong_when_large(input: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
        return layer(input, weight, bias, stride, padding) + (input.numel() > 100)

    report = str(exercises.check_conv2d(wrong_when_large))
    assert "input = numbers of shape (2, 3, 6, 5)" in report
    assert "first difference at [0, 0, 0, 0]" in report


@pytest.mark.parametrize("name", [name for name in CHECKERS if name != "check_edge_kernel"])
def test_what_is_no_function_is_refused(name: str) -> None:
    """check(my_function(…)) instead of check(my_function)."""
    with pytest.raises(
        TypeError, match=r"must be a function, got 3; pass the function itself, without calling it"
    ):
        getattr(exercises, name)(3)


def test_an_edge_kernel_must_be_a_tensor() -> None:
    message = "my_kernel must be a tensor, got [[1, -1]]; write torch.tensor(…)"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        exercises.check_edge_kernel([[1, -1]])  # type: ignore[arg-type]


def test_numpy_arrays_and_lists_are_answers_too() -> None:
    assert exercises.check_corr2d(lambda X, K: plain(X, K).numpy())
    assert exercises.check_flip(lambda K: [row[::-1] for row in K.tolist()[::-1]])
    assert exercises.check_same_padding(lambda k, dilation: list(RIGHT["check_same_padding"](k, dilation)))


def test_answers_that_are_differentiable_are_read() -> None:
    assert exercises.check_corr2d(
        lambda X, K: plain(X, K) + 0 * nn.Parameter(torch.zeros(()).to(torch.float64)).to(K.dtype)
    )


def test_checking_leaves_the_global_generator_alone() -> None:
    """A reader's seed stays what it was, layers aside, which draw by themselves."""
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    checks: list[Callable[[], CheckResult]] = [
        lambda name=name: getattr(exercises, name)(RIGHT[name])  # type: ignore[misc]
        for name in CHECKERS
        if name not in ("check_conv2d_layer", "check_parameter_count")
    ]
    assert all(check() for check in checks)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_difference_in_late_digits_is_shown_with_them() -> None:
    """A third in float32 where float64 was asked for; one more than a float32 can hold."""
    late = exercises.check_corr2d(
        lambda X, K: plain(X.float(), K.float()) if X.dtype is torch.float64 else plain(X, K)
    )
    assert "first difference at [0, 0]: expected 0.444444444, got 0.444444448" in str(late)
    large = exercises.check_corr2d(lambda X, K: plain(X, K).float() if X.numel() == 2 else plain(X, K))
    assert "first difference at [0, 0]: expected 16777217, got 16777216" in str(large)


WANT = torch.tensor([[1.0, 2.0, 4.0], [3.0, 7.0, -2.0], [5.0, 6.0, 8.5]])
INSIDE_ONLY = torch.arange(16.0).reshape(4, 4)


@pytest.mark.parametrize(
    ("want", "got", "piece"),
    [
        (WANT, torch.full_like(WANT, torch.nan), "NaN or Inf"),
        (WANT, torch.zeros_like(WANT), "All zeros"),
        (WANT, WANT.T.contiguous(), "transposed"),
        (WANT, -WANT, "sign is turned"),
        (WANT, WANT.flip(0, 1), "turned round: last row first"),
        (INSIDE_ONLY, INSIDE_ONLY + (torch.arange(4) == 0), "along the border"),
        (INSIDE_ONLY[:2], INSIDE_ONLY[:2][:, [1, 0, 3, 2]], "right numbers in the wrong places"),
        (WANT[2:] + 0.25, (WANT[2:] + 0.25).trunc(), "fractions are cut off"),
        (WANT, WANT.reshape(1, 3, 3), "right numbers in the wrong shape"),
        (WANT, torch.zeros(3, 3, 1), "3 dimensions, 2 are expected"),
        (WANT[:2], WANT[:2].T.contiguous(), "Your output is transposed"),
        (WANT[:2], torch.zeros(3, 2), "Height and width are swapped"),
        (WANT, torch.zeros(2, 3), "Off by one in the height"),
        (torch.zeros(4, 6), torch.zeros(6, 5), "by +2"),
    ],
)
def test_each_general_hint_names_its_cause(want: Tensor, got: Tensor, piece: str) -> None:
    """A wrong tensor that no known mistake makes is still explained by what is wrong with it."""
    assert piece in _check._hint_from_numbers(want, got)
