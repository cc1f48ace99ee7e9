"""Right and wrong answers to the exercises as learners write them: with loops, or with torch's functions.

Only what the page's torch knows is used: the same file is judged by torch and, in a browser, by the page.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

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


def rows_read(start: int, stop: int, n: int, k: int, stride: int, padding: int, dilation: int) -> Any:
    padded = [stride * i + dilation * tap - padding for i in (start, stop - 1) for tap in (0, k - 1)]
    read = range(min(padded), max(padded) + 1)
    inside = [row for row in read if 0 <= row < n]
    return inside[0], inside[-1] + 1, sum(row < 0 for row in read), sum(row >= n for row in read)


def weight_gradient(x: Tensor, size: Any, g: Tensor, stride: int, padding: int) -> Tensor:
    """Correlate the input with grad_output, whose numbers stand a stride apart."""
    planes = F.conv2d(x.transpose(0, 1), g.transpose(0, 1), padding=padding, dilation=stride)
    return planes[:, :, : size[2], : size[3]].transpose(0, 1)


def step(X: Tensor, Y: Tensor, weight: Tensor, lr: float) -> Tensor:
    return weight - lr * plain(X, 2 * (plain(X, weight) - Y))


RIGHT: dict[str, Any] = {
    "check_corr1d": lambda x, k: [
        float(x[i : i + len(k)].double() @ k.double()) for i in range(len(x) - len(k) + 1)
    ],
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
    "check_needed_input": rows_read,
    "check_same_padding": lambda k, dilation: (
        (k - 1) * dilation // 2,
        (k - 1) * dilation - (k - 1) * dilation // 2,
    ),
    "check_receptive_field": field,
    "check_multiply_adds": lambda cin, cout, k, out, groups: (
        cin // groups * k[0] * k[1] * cout * out[0] * out[1]
    ),
    "check_pool2d": pooled,
    "check_max_pool2d": lambda x, k, stride, padding: F.max_pool2d(x, k, stride, padding),
    "check_avg_pool2d": lambda x, k, stride, padding: F.avg_pool2d(x, k, stride, padding),
    "check_unfold": columns,
    "check_conv_transpose2d": lambda x, w, stride, padding: F.conv_transpose2d(x, w, None, stride, padding),
    "check_conv_matrix": matrix,
    "check_global_avg_pool2d": lambda input: input.mean((2, 3), keepdim=True),
    "check_conv2d_weight": weight_gradient,
    "check_learning_step": step,
    "check_max_pool2d_backward": lambda *given, **options: pooled_back_by_loops(*given, **options),
}


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


def row(x: Tensor, k: Tensor, *, first: int = 0, last: int = 1, step: int = 1) -> Tensor:
    """Correlate a row, from another first window, to another last one, or with another step."""
    return torch.stack([(x[i : i + len(k)] * k).sum() for i in range(first, len(x) - len(k) + last, step)])


def pooled_back_by_loops(
    x: Tensor, k: int, g: Tensor, stride: int | None, padding: int, *, ties: bool = False, add: bool = True
) -> Tensor:
    """Go back through max pooling by loops: each maximum of a tie, or the last window alone, if asked."""
    step = stride or k
    wide = F.pad(x, [padding] * 4, value=-math.inf)
    gradient = torch.zeros_like(wide)
    for n, c, i, j in torch.cartesian_prod(*(torch.arange(size) for size in g.shape)).tolist():
        window = wide[n, c, i * step : i * step + k, j * step : j * step + k]
        places = (window == window.max()).nonzero()
        for a, b in places.tolist() if ties else places[:1].tolist():
            before = gradient[n, c, i * step + a, j * step + b] if add else 0
            gradient[n, c, i * step + a, j * step + b] = before + g[n, c, i, j]
    return gradient[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


def folding(
    scale: str = "gamma / (var + eps).sqrt()",
    kernel: str = "w * s[:, None, None, None]",
    offset: str = "(b - mean) * s + beta",
) -> Any:
    """Fold by formulas as a learner may write them; s is the scale."""

    def fold(w: Any, b: Any, mean: Any, var: Any, gamma: Any, beta: Any, eps: float) -> Any:
        b = 0 * mean if b is None else b
        names = {"w": w, "b": b, "mean": mean, "var": var, "gamma": gamma, "beta": beta, "eps": eps}
        names["s"] = eval(scale, {}, names)
        return eval(kernel, {}, names), eval(offset, {}, names)

    return fold


def first_image(x: Tensor, k: int, g: Tensor, stride: int | None, padding: int) -> Tensor:
    return pooled_back_by_loops(x, k, torch.cat([g[:1], 0 * g[1:]]), stride, padding)


def spread(x: Tensor, k: int, g: Tensor, stride: int | None, padding: int) -> Tensor:
    step = stride or k
    gradient = torch.zeros_like(F.pad(x, [padding] * 4))
    for i in range(g.shape[2]):
        for j in range(g.shape[3]):
            share = g[:, :, i, j, None, None] / k**2
            gradient[:, :, i * step : i * step + k, j * step : j * step + k] += share
    return gradient[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


OFF_BY_ONE = "Off by one in the"
WRONG: list[tuple[str, Any, str]] = [
    # a row of numbers
    ("check_corr1d", lambda x, k: row(x, k.flip(0)), "You flipped the taps"),
    ("check_corr1d", lambda x, k: row(F.pad(x, (0, len(k) - 1)), k), "as long as the row"),
    ("check_corr1d", lambda x, k: row(F.pad(x, ((len(k) - 1) // 2, len(k) // 2)), k), "as long as the row"),
    ("check_corr1d", lambda x, k: row(x, k, last=0), "The last window is missing|expects a non-empty"),
    ("check_corr1d", lambda x, k: row(x, k)[1:], "The first window is missing"),
    ("check_corr1d", lambda x, k: row(x, k, step=len(k)), "one number further, not k"),
    ("check_corr1d", lambda x, k: row(x, k / len(k)), "A mean over the window"),
    ("check_corr1d", lambda x, k: (x.unfold(0, len(k), 1) * k).amax(1), "The largest product"),
    ("check_corr1d", lambda x, k: x[len(k) - 1 :] * k[-1], "Only the last tap counts"),
    ("check_corr1d", lambda x, k: x[: len(x) - len(k) + 1] * k[0], "Only the first tap counts"),
    ("check_corr1d", lambda x, k: row(x, k).cumsum(0), "never set back"),
    ("check_corr1d", lambda x, k: x.unfold(0, len(k), 1) * k, "The products are kept apart"),
    ("check_corr1d", lambda x, k: row(x.float(), k.float()), "Computed in float32"),
    # the way back through max pooling
    ("check_max_pool2d_backward", spread, "that is average pooling"),
    ("check_max_pool2d_backward", functools.partial(pooled_back_by_loops, add=False), "write +=, not ="),
    (
        "check_max_pool2d_backward",
        functools.partial(pooled_back_by_loops, ties=True),
        "each of the equal pixels",
    ),
    (
        "check_max_pool2d_backward",
        lambda x, k, g, stride, padding: pooled_back_by_loops(F.pad(x, [padding] * 4), k, g, stride, 0)[
            :, :, padding : padding + x.shape[2], padding : padding + x.shape[3]
        ],
        "The zeros of the padding won",
    ),
    (
        "check_max_pool2d_backward",
        lambda x, k, g, stride, padding: pooled_back_by_loops(
            F.pad(x, [padding] * 4, value=-1e9), k, g, stride, 0
        ),
        "not taken off again",
    ),
    (
        "check_max_pool2d_backward",
        lambda x, k, g, stride, padding: x * pooled_back_by_loops(x, k, g, stride, padding),
        "Multiplied by the pixel",
    ),
    (
        "check_max_pool2d_backward",
        lambda x, k, g, stride, padding: pooled_back_by_loops(x, k, 0 * g + 1, stride, padding),
        "the number from grad_output, not 1",
    ),
    (
        "check_max_pool2d_backward",
        lambda x, k, g, stride, padding: pooled_back_by_loops(-x, k, g, stride, padding),
        "The smallest pixel",
    ),
    (
        "check_max_pool2d_backward",
        lambda x, k, g, stride, padding: pooled_back_by_loops(
            x.max(1, keepdim=True).values.repeat(1, x.shape[1], 1, 1), k, g, stride, padding
        ),
        "The channels are pooled together",
    ),
    (
        "check_max_pool2d_backward",
        lambda x, k, g, stride, padding: pooled_back_by_loops(
            x, k, g * (torch.arange(len(g)) == 0)[:, None, None, None], stride, padding
        ),
        "Only the first image",
    ),
    (
        "check_max_pool2d_backward",
        lambda x, k, g, stride, padding: pooled_back_by_loops(x, k, -g, stride, padding),
        "The sign is turned round",
    ),
    (
        "check_max_pool2d_backward",
        lambda input, kernel_size, grad_output: input,
        "with these names for the options",
    ),
    # a batch norm that is folded away
    ("check_fold_batch_norm", folding("gamma / var.sqrt()"), "eps is forgotten"),
    ("check_fold_batch_norm", folding("gamma / (var.sqrt() + eps)"), "outside the root"),
    ("check_fold_batch_norm", folding("gamma / (var + eps)"), "Divided by the variance"),
    ("check_fold_batch_norm", folding("gamma * (var + eps).sqrt()"), "Multiplied by"),
    ("check_fold_batch_norm", folding("(var + eps).rsqrt()"), "gamma is forgotten"),
    ("check_fold_batch_norm", folding(kernel="w * s[None, :, None, None]"), "along its input channels"),
    ("check_fold_batch_norm", folding(kernel="w"), "The weight is not scaled"),
    ("check_fold_batch_norm", folding(offset="b - mean * s + beta"), "The old bias is not scaled"),
    ("check_fold_batch_norm", folding(offset="beta - mean * s"), "The old bias is lost"),
    ("check_fold_batch_norm", folding(offset="b * s + beta"), "The mean is not subtracted"),
    ("check_fold_batch_norm", folding(offset="(b + mean) * s + beta"), "The mean is added"),
    ("check_fold_batch_norm", folding(offset="b * s - mean + beta"), "The mean is not scaled"),
    ("check_fold_batch_norm", folding(offset="(b - mean) * s"), "beta is forgotten"),
    ("check_fold_batch_norm", folding(offset="(b - mean + beta) * s"), "beta is scaled"),
    ("check_fold_batch_norm", folding(offset="b"), "The bias is unchanged"),
    ("check_fold_batch_norm", lambda w, b, mean, var, gamma, beta, eps: w, "Return two tensors"),
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
    ("check_edge_kernel", torch.tensor([[1.0], [-1.0]]), "0 at a vertical edge"),
    ("check_edge_kernel", torch.tensor([[1.0, 1.0]]), "Not 0 on a flat image"),
    (
        "check_edge_kernel",
        torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        "Not 0 at a horizontal edge",
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
    (
        "check_needed_input",
        lambda a, b, n, k, stride, padding, dilation: (
            stride * a - padding,
            stride * (b - 1) - padding + dilation * (k - 1) + 1,
            0,
            0,
        ),
        "not cut at the ends",
    ),
    ("check_needed_input", lambda a, b, n, k, **more: (a, b, 0, 0), "those of the output"),
    (
        "check_needed_input",
        lambda a, b, n, k, **more: rows_read(a, b, n, k, **more | {"stride": 1}),
        "stride",
    ),
    (
        "check_needed_input",
        lambda a, b, n, k, **more: rows_read(a, b, n, k, **more | {"padding": 0}),
        "padding",
    ),
    (
        "check_needed_input",
        lambda a, b, n, k, **more: rows_read(a, b, n, k, **more | {"dilation": 1}),
        "dilation",
    ),
    (
        "check_needed_input",
        lambda a, b, n, k, **more: rows_read(a, b + 1, n, k, **more),
        "One window too many",
    ),
    (
        "check_needed_input",
        lambda a, b, n, k, **more: (*rows_read(a, b, n, k, **more)[:2], more["padding"], more["padding"]),
        "the whole padding",
    ),
    ("check_receptive_field", lambda layers: 1 + sum(k - 1 for k, s in layers), "The strides are ignored"),
    ("check_receptive_field", jumps_first, "not for itself"),
    ("check_receptive_field", lambda layers: sum(k for k, s in layers), "neighboring windows overlap"),
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
        lambda x, s, g, stride, padding: weight_gradient(x, s, g, stride, padding) / len(x),
        "Averaged over the batch",
    ),
    (
        "check_conv2d_weight",
        lambda x, s, g, stride, padding: weight_gradient(x, s, g, stride, padding).flip(2, 3),
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
]
