"""Usual mistakes, each as the function that makes it; and references that no other module has."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from convbook import geometry
from convbook.conv import conv2d, conv_transpose2d
from convbook.correlation import convolve2d, corr2d, corr2d_multi_in, corr2d_multi_in_out
from convbook.dense import conv_matrix
from convbook.exercises._check import Mistake
from convbook.gradients import conv2d_input, conv2d_weight
from convbook.pooling import avg_pool2d, max_pool2d, pool2d
from convbook.windows import unfold

# ------------------------------------------------------------------------------- references without a module


def one_axis_size(n: int, k: int, stride: int, padding: int, dilation: int) -> int:
    return geometry.output_size(n, k, stride, padding, dilation)[0]


def field_of_view(layers: list[tuple[int, int]]) -> int:
    field_, jump = 1, 1
    for k, s in layers:
        field_ += (k - 1) * jump
        jump *= s
    return field_


def parameter_count(cin: int, cout: int, kernel_size: tuple[int, int], groups: int, bias: bool) -> int:
    return cout * (cin // groups * kernel_size[0] * kernel_size[1] + bias)


def multiply_adds(
    cin: int, cout: int, kernel_size: tuple[int, int], output_size: tuple[int, int], groups: int
) -> int:
    return cout * cin // groups * math.prod(kernel_size) * math.prod(output_size)


def descent_step(X: Tensor, Y: Tensor, weight: Tensor, lr: float) -> Tensor:
    return weight - lr * corr2d(X, 2 * (corr2d(X, weight) - Y))


# ---------------------------------------------------------------------------------------------- the mistakes


def _per_window(
    X: Tensor, K: Tensor, combine: Callable[[Tensor, Tensor], Tensor], step: bool = False
) -> Tensor:
    """Loop over the windows and combine each with the kernel in a wrong way."""
    h, w = K.shape
    down, across = (h, w) if step else (1, 1)
    rows, columns = range(0, X.shape[0] - h + 1, down), range(0, X.shape[1] - w + 1, across)
    return torch.stack([torch.stack([combine(X[i : i + h, j : j + w], K) for j in columns]) for i in rows])


def _scatter(input: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """Transposed convolution whose copies overwrite each other instead of adding up."""
    whole = conv_transpose2d(input, weight, None, stride) * 0
    h, w = weight.shape[2:]
    for i in range(input.shape[2]):
        for j in range(input.shape[3]):
            copy = torch.einsum("nc,cohw->nohw", input[:, :, i, j], weight)
            whole[:, :, i * stride : i * stride + h, j * stride : j * stride + w] = copy
    rows, columns = whole.shape[2:]
    return whole[:, :, padding : rows - padding, padding : columns - padding]


CORR2D = (
    Mistake("You flipped the kernel. Cross-correlation does not; convolution does.", convolve2d),
    Mistake("Your output is transposed: rows come before columns.", lambda X, K: corr2d(X, K).T),
    Mistake("The kernel is transposed on its way in.", lambda X, K: corr2d(X, K.T)),
    Mistake("A mean over the window: the products are summed.", lambda X, K: corr2d(X, K) / K.numel()),
    Mistake(
        "Your output is as large as the image: only rows − h + 1 times columns − w + 1 windows fit.",
        lambda X, K: F.pad(corr2d(X, K), (0, K.shape[1] - 1, 0, K.shape[0] - 1)),
    ),
    Mistake(
        "The windows do not overlap: they must start at every pixel, not at every h-th and w-th.",
        lambda X, K: _per_window(X, K, lambda window, kernel: (window * kernel).sum(), step=True),
    ),
    Mistake(
        "A matrix product: multiply window and kernel entry by entry with *, then sum.",
        lambda X, K: _per_window(X, K, lambda window, kernel: (window @ kernel).sum()),
    ),
    Mistake(
        "The largest product instead of the sum.",
        lambda X, K: _per_window(X, K, lambda window, kernel: (window * kernel).max()),
    ),
    Mistake(
        "Computed in float32: torch.zeros(…) without dtype loses the digits of large integers and of "
        "float64. "
        "Give it the dtype of X.",
        lambda X, K: corr2d(X.float(), K.float()),
    ),
)

CONVOLVE2D = (
    Mistake("The kernel is not flipped: this is cross-correlation.", corr2d),
    Mistake("Flipped upside down only: reverse the columns as well.", lambda X, K: corr2d(X, K.flip(0))),
    Mistake("Flipped left to right only: reverse the rows as well.", lambda X, K: corr2d(X, K.flip(1))),
    Mistake("Transposed instead of flipped: K.T is not K.flip(0, 1).", lambda X, K: corr2d(X, K.T)),
    Mistake(
        "The image is flipped, and so is your output: flip the kernel.", lambda X, K: corr2d(X.flip(0, 1), K)
    ),
    Mistake("Your output is transposed: rows come before columns.", lambda X, K: convolve2d(X, K).T),
    Mistake(
        "That is the full convolution: keep only where the kernel lies inside the image.",
        lambda X, K: conv_transpose2d(X[None, None], K[None, None])[0, 0],
    ),
)

FLIP = (
    Mistake("Flipped upside down only: the columns must be reversed as well.", lambda K: K.flip(0)),
    Mistake("Flipped left to right only: the rows must be reversed as well.", lambda K: K.flip(1)),
    Mistake("Transposed instead of flipped: rows became columns.", lambda K: K.T),
    Mistake("Not flipped at all.", lambda K: K),
    Mistake("A quarter turn: flipping in both directions is half a turn.", lambda K: K.rot90()),
    Mistake("A quarter turn: flipping in both directions is half a turn.", lambda K: K.rot90(-1)),
)

SEPARABLE = (
    Mistake(
        "The outer product is K[0, 0] times too large: divide one of the two by it.",
        lambda K: torch.outer(K[:, 0], K[0]),
    ),
    Mistake("Column and row are swapped: the column has as many entries as K has rows.", lambda K: K.T),
    Mistake(
        "Divided by K[0, 0], which may be 0: divide by an entry that is not, for example the largest.",
        lambda K: torch.outer(K[:, 0], K[0] / K[0, 0]),
    ),
)

MULTI_IN = (
    Mistake(
        "The channels are kept apart: sum their correlations into one output.",
        lambda X, K: torch.stack([corr2d(x, k) for x, k in zip(X, K, strict=True)]),
    ),
    Mistake("Only the first channel counts: sum over all of them.", lambda X, K: corr2d(X[0], K[0])),
    Mistake(
        "Only the last channel counts: the sum starts anew in each turn.", lambda X, K: corr2d(X[-1], K[-1])
    ),
    Mistake("A mean over the channels: they are summed.", lambda X, K: corr2d_multi_in(X, K) / len(X)),
    Mistake("Every channel meets the kernel K[0]: each has its own.", lambda X, K: corr2d(X.sum(0), K[0])),
    Mistake(
        "You flipped the kernel. Cross-correlation does not.", lambda X, K: corr2d_multi_in(X, K.flip(1, 2))
    ),
    Mistake("One channel is missing from the sum.", lambda X, K: corr2d_multi_in(X[1:], K[1:])),
    Mistake("One channel is missing from the sum.", lambda X, K: corr2d_multi_in(X[:-1], K[:-1])),
)

MULTI_IN_OUT = (
    Mistake(
        "Only the first output channel is there: there is one for each K[o].",
        lambda X, K: corr2d_multi_in(X, K[0]),
    ),
    Mistake(
        "The first two axes of K are swapped: (output channels, input channels, rows, columns).",
        lambda X, K: corr2d_multi_in_out(X, K.transpose(0, 1)),
    ),
    Mistake("The output channels are summed: stack them.", lambda X, K: corr2d_multi_in_out(X, K).sum(0)),
    Mistake(
        "The output channels stand last: stack them first.",
        lambda X, K: corr2d_multi_in_out(X, K).permute(1, 2, 0),
    ),
    Mistake(
        "The output channels are laid side by side: torch.stack makes a new axis, torch.cat does not.",
        lambda X, K: torch.cat([corr2d_multi_in(X, k) for k in K]),
    ),
    Mistake(
        "You flipped the kernels. Cross-correlation does not.",
        lambda X, K: corr2d_multi_in_out(X, K.flip(2, 3)),
    ),
)

CONV_1X1 = (
    Mistake(
        "Reshaped to (columns, rows): rows come first, or the pixels are dealt out in the wrong places.",
        lambda X, K: corr2d_multi_in_out(X, K).reshape(len(K), X.shape[2], X.shape[1]),
    ),
    Mistake(
        "K is transposed: (output channels, input channels) times (input channels, pixels).",
        lambda X, K: corr2d_multi_in_out(X, K.transpose(0, 1)),
    ),
    Mistake(
        "The pixels stand in one row: reshape back to (channels, rows, columns).",
        lambda X, K: corr2d_multi_in_out(X, K).flatten(1),
    ),
    Mistake(
        "X was reshaped to (pixels, channels): that mixes channels. Reshape to (channels, pixels), or "
        "permute.",
        lambda X, K: (X.reshape(-1, len(X)) @ K[:, :, 0, 0].T).reshape(len(K), *X.shape[1:]),
    ),
)


def _conv(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any) -> Tensor:
    return conv2d(input, weight, bias, stride, padding)


CONV2D = (
    Mistake("The bias is missing.", lambda x, w, b, stride, padding: _conv(x, w, None, stride, padding)),
    Mistake("The stride is ignored.", lambda x, w, b, stride, padding: _conv(x, w, b, 1, padding)),
    Mistake("The padding is ignored.", lambda x, w, b, stride, padding: _conv(x, w, b, stride, 0)),
    Mistake(
        "You flipped the kernel. A layer cross-correlates.",
        lambda x, w, b, stride, padding: _conv(x, w.flip(2, 3), b, stride, padding),
    ),
    Mistake(
        "The padding is on each side: padding=1 adds two rows and two columns in all.",
        lambda x, w, b, stride, padding: _conv(F.pad(x, (padding, 0, padding, 0)), w, b, stride, 0),
    ),
    Mistake(
        "The padding is on each side: padding=1 adds two rows and two columns in all.",
        lambda x, w, b, stride, padding: _conv(F.pad(x, (0, padding, 0, padding)), w, b, stride, 0),
    ),
    Mistake(
        "Only the columns are padded: rows too, above and below.",
        lambda x, w, b, stride, padding: _conv(x, w, b, stride, (0, padding)),
    ),
    Mistake(
        "Only the rows are padded: columns too, left and right.",
        lambda x, w, b, stride, padding: _conv(x, w, b, stride, (padding, 0)),
    ),
    Mistake(
        "The stride applies to the rows only.",
        lambda x, w, b, stride, padding: _conv(x, w, b, (stride, 1), padding),
    ),
    Mistake(
        "The border is repeated: padding adds zeros.",
        lambda x, w, b, stride, padding: _conv(F.pad(x, [padding] * 4, mode="replicate"), w, b, stride, 0),
    ),
    Mistake(
        "Only the first image of the batch is computed.",
        lambda x, w, b, stride, padding: _conv(x[:1], w, b, stride, padding),
    ),
    Mistake("The bias is subtracted.", lambda x, w, b, stride, padding: _conv(x, w, -b, stride, padding)),
    Mistake(
        "The bias is added for each input channel: once is enough.",
        lambda x, w, b, stride, padding: _conv(x, w, b * x.shape[1], stride, padding),
    ),
)

OUTPUT_SIZE = (
    Mistake(
        "The + 1 is missing: the first window counts too.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * (k - 1) - 1) // stride,
    ),
    Mistake(
        "The + 1 is missing: the first window counts too.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - k) // stride,
    ),
    Mistake(
        "The + 1 stands inside the division: divide first, then count the first window.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * (k - 1)) // stride,
    ),
    Mistake(
        "The padding counts once: it is added on both sides, 2 · padding.",
        lambda n, k, stride, padding, dilation: (n + padding - dilation * (k - 1) - 1) // stride + 1,
    ),
    Mistake(
        "Rounded up: a window that does not fit whole is left out, so round down.",
        lambda n, k, stride, padding, dilation: (
            math.ceil((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1
        ),
    ),
    Mistake(
        "Rounded to the nearest: a window that does not fit whole is left out, so round down.",
        lambda n, k, stride, padding, dilation: (
            round((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1
        ),
    ),
    Mistake(
        "A fraction: divide with //, which rounds down.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * (k - 1) - 1) / stride + 1,
    ),
    Mistake(
        "The dilation is ignored: a dilated kernel reaches over dilation · (k − 1) + 1 pixels.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - k) // stride + 1,
    ),
    Mistake(
        "A dilated kernel reaches over dilation · (k − 1) + 1 pixels, not over dilation · k.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * k) // stride + 1,
    ),
    Mistake(
        "The stride is ignored.", lambda n, k, stride, padding, dilation: n + 2 * padding - dilation * (k - 1)
    ),
    Mistake(
        "The padding is ignored.",
        lambda n, k, stride, padding, dilation: (n - dilation * (k - 1) - 1) // stride + 1,
    ),
)

SAME_PADDING = (
    Mistake("k − 1 is the total. Half of it goes to each side.", lambda k, dilation: (k - 1, k - 1)),
    Mistake(
        "k − 1 is the total. Half of it goes to each side.", lambda k, dilation: (dilation * (k - 1),) * 2
    ),
    Mistake(
        "The extra zero of an even kernel stands at the end, as torch has it; you put it first.",
        lambda k, dilation: (dilation * (k - 1) - dilation * (k - 1) // 2, dilation * (k - 1) // 2),
    ),
    Mistake(
        "k // 2 on both sides makes an even kernel's output one longer: the two must add up to k − 1.",
        lambda k, dilation: (dilation * k // 2, dilation * k // 2),
    ),
    Mistake(
        "k // 2 on both sides makes an even kernel's output one longer: the two must add up to k − 1.",
        lambda k, dilation: (dilation * (k // 2), dilation * (k // 2)),
    ),
    Mistake(
        "(k − 1) // 2 on both sides makes an even kernel's output one shorter: the two must add up to k − 1.",
        lambda k, dilation: (dilation * (k - 1) // 2,) * 2,
    ),
    Mistake(
        "The dilation is ignored: a dilated kernel needs dilation · (k − 1) in all.",
        lambda k, dilation: ((k - 1) // 2, k - 1 - (k - 1) // 2),
    ),
)


def _late_jump(layers: list[tuple[int, int]]) -> int:
    """Field of view with each layer's stride already counted for its own kernel."""
    field_, jump = 1, 1
    for k, s in layers:
        jump *= s
        field_ += (k - 1) * jump
    return field_


RECEPTIVE_FIELD = (
    Mistake(
        "The strides are ignored: after a stride of s one step of the next kernel is s pixels.",
        lambda layers: 1 + sum(k - 1 for k, _ in layers),
    ),
    Mistake(
        "The kernel sizes are summed: neighbouring windows overlap, so add k − 1 and start with 1.",
        lambda layers: sum(k for k, _ in layers),
    ),
    Mistake(
        "Kernel sizes do not multiply: each layer adds (k − 1) · jump.",
        lambda layers: math.prod(k for k, _ in layers),
    ),
    Mistake(
        "A layer's stride counts for the layers after it, not for itself: add first, then multiply.",
        _late_jump,
    ),
    Mistake("It starts with 1, the output pixel itself.", lambda layers: field_of_view(layers) - 1),
    Mistake(
        "The layers are taken from the last to the first: begin at the input.",
        lambda layers: field_of_view(layers[::-1]),
    ),
    Mistake(
        "Only the stride of the layer before counts: the strides of all earlier layers multiply.",
        lambda layers: (
            1 + sum((k - 1) * before for (k, _), (_, before) in zip(layers, [(0, 1), *layers], strict=False))
        ),
    ),
)

PARAMETER_COUNT = (
    Mistake(
        "The bias is missing: one number for each output channel.",
        lambda cin, cout, kernel_size, groups, bias: parameter_count(cin, cout, kernel_size, groups, False),
    ),
    Mistake(
        "The bias is missing: one number for each output channel.",
        lambda cin, cout, kernel_size, groups, bias: parameter_count(cin, cout, kernel_size, 1, False),
    ),
    Mistake(
        "The bias is counted although the layer has none.",
        lambda cin, cout, kernel_size, groups, bias: parameter_count(cin, cout, kernel_size, groups, True),
    ),
    Mistake(
        "The groups are ignored: an output channel sees cin / groups channels.",
        lambda cin, cout, kernel_size, groups, bias: parameter_count(cin, cout, kernel_size, 1, bias),
    ),
    Mistake(
        "The input channels are forgotten: each output channel has a kernel for each of them.",
        lambda cin, cout, kernel_size, groups, bias: parameter_count(1, cout, kernel_size, 1, bias),
    ),
    Mistake(
        "One bias for each pair of channels: there is one for each output channel.",
        lambda cin, cout, kernel_size, groups, bias: (
            parameter_count(cin, cout, kernel_size, groups, False) + bias * cin * cout
        ),
    ),
    Mistake(
        "One bias in all: there is one for each output channel.",
        lambda cin, cout, kernel_size, groups, bias: (
            parameter_count(cin, cout, kernel_size, groups, False) + bias
        ),
    ),
    Mistake(
        "The kernel is taken for square: rows times columns.",
        lambda cin, cout, kernel_size, groups, bias: parameter_count(
            cin, cout, (kernel_size[0],) * 2, groups, bias
        ),
    ),
)

MULTIPLY_ADDS = (
    Mistake(
        "That is one output pixel: multiply by how many there are.",
        lambda cin, cout, kernel_size, output_size, groups: multiply_adds(
            cin, cout, kernel_size, (1, 1), groups
        ),
    ),
    Mistake(
        "The groups are ignored: an output channel sees cin / groups channels.",
        lambda cin, cout, kernel_size, output_size, groups: multiply_adds(
            cin, cout, kernel_size, output_size, 1
        ),
    ),
    Mistake(
        "The output channels are forgotten: each costs as much as the first.",
        lambda cin, cout, kernel_size, output_size, groups: multiply_adds(
            cin, 1, kernel_size, output_size, groups
        ),
    ),
    Mistake(
        "The input channels are forgotten: a kernel for each of them is multiplied.",
        lambda cin, cout, kernel_size, output_size, groups: multiply_adds(
            1, cout, kernel_size, output_size, 1
        ),
    ),
    Mistake(
        "Multiplications and additions are counted apart: a multiply–add is one.",
        lambda cin, cout, kernel_size, output_size, groups: (
            2 * multiply_adds(cin, cout, kernel_size, output_size, groups)
        ),
    ),
    Mistake(
        "Rows alone: kernel and output have columns too.",
        lambda cin, cout, kernel_size, output_size, groups: multiply_adds(
            cin, cout, (kernel_size[0],) * 2, (output_size[0],) * 2, groups
        ),
    ),
)


def _window_sum(X: Tensor, pool_size: tuple[int, int], mode: str) -> Tensor:
    """Pool with a sum where a mean belongs."""
    return pool2d(X, pool_size, mode) * (math.prod(pool_size) if mode == "avg" else 1)


POOL2D = (
    Mistake(
        'The mode is ignored: "avg" gives the maximum too.', lambda X, size, mode: pool2d(X, size, "max")
    ),
    Mistake('The mode is ignored: "max" gives the mean too.', lambda X, size, mode: pool2d(X, size, "avg")),
    Mistake(
        "The two modes are exchanged.",
        lambda X, size, mode: pool2d(X, size, "max" if mode == "avg" else "avg"),
    ),
    Mistake("The mean is a sum: divide by the number of cells.", _window_sum),
    Mistake(
        "The maximum starts at 0: start at the window's first cell, or at −∞.",
        lambda X, size, mode: pool2d(X, size, mode).clamp(min=0) if mode == "max" else pool2d(X, size, mode),
    ),
    Mistake(
        "The largest absolute value: the sign counts.",
        lambda X, size, mode: pool2d(X.abs(), size, mode) if mode == "max" else pool2d(X, size, mode),
    ),
    Mistake(
        "Your output is transposed: rows come before columns.", lambda X, size, mode: pool2d(X, size, mode).T
    ),
    Mistake("Height and width of the window are swapped.", lambda X, size, mode: pool2d(X, size[::-1], mode)),
    Mistake(
        "The windows do not overlap: here the window moves by one cell.",
        lambda X, size, mode: pool2d(X, size, mode)[:: size[0], :: size[1]],
    ),
)


def _pool_mistakes(
    right: Callable[..., Tensor], wrong: Callable[..., Tensor], kind: str
) -> tuple[Mistake, ...]:
    """Return the mistakes that both poolings share."""
    return (
        Mistake(kind, wrong),
        Mistake("The padding is ignored.", lambda x, k, stride, padding: right(x, k, stride, 0)),
        Mistake(
            "A stride that is not given is the kernel's size, not 1.",
            lambda x, k, stride, padding: right(x, k, 1 if stride is None else stride, padding),
        ),
        Mistake(
            "The stride is ignored: windows side by side.",
            lambda x, k, stride, padding: right(x, k, k, padding),
        ),
        Mistake(
            "The stride is ignored: a window at every pixel.",
            lambda x, k, stride, padding: right(x, k, 1, padding),
        ),
        Mistake(
            "The channels are pooled together: each is pooled alone.",
            lambda x, k, stride, padding: right(x, k, stride, padding).amax(1, keepdim=True),
        ),
    )


MAX_POOL2D = (
    Mistake(
        "Padded with 0: a zero beats every negative pixel. Max pooling pads with −∞.",
        lambda x, k, stride, padding: max_pool2d(F.pad(x, [padding] * 4), k, stride),
    ),
    *_pool_mistakes(max_pool2d, avg_pool2d, "The mean of each window: take its maximum."),
    Mistake(
        "The smallest of each window: take the largest.",
        lambda x, k, stride, padding: -max_pool2d(-x, k, stride, padding),
    ),
)

AVG_POOL2D = (
    Mistake(
        "Divided by the pixels of the image alone: by default padded zeros count, so divide by "
        "rows × columns.",
        lambda x, k, stride, padding: avg_pool2d(x, k, stride, padding, count_include_pad=False),
    ),
    *_pool_mistakes(avg_pool2d, max_pool2d, "The maximum of each window: take its mean."),
    Mistake(
        "A sum: divide by rows × columns.",
        lambda x, k, stride, padding: avg_pool2d(x, k, stride, padding) * k * k,
    ),
    Mistake(
        "Divided by the side, not by rows × columns.",
        lambda x, k, stride, padding: avg_pool2d(x, k, stride, padding) * k,
    ),
)

GLOBAL_AVG = (
    Mistake(
        "The right numbers in the wrong shape: keep both axes with one entry each, keepdim=True.",
        lambda input: input.mean((2, 3)),
    ),
    Mistake("One number in all: average each channel of each image alone.", lambda input: input.mean()),
    Mistake(
        "Averaged over the channels too: each channel keeps its own mean.",
        lambda input: input.mean((1, 2, 3), keepdim=True),
    ),
    Mistake(
        "Averaged over the batch too: each image keeps its own means.",
        lambda input: input.mean((0, 2, 3), keepdim=True),
    ),
    Mistake("A sum: divide by the number of pixels.", lambda input: input.sum((2, 3), keepdim=True)),
    Mistake("The maximum: take the mean.", lambda input: input.amax((2, 3), keepdim=True)),
    Mistake("Averaged along the rows alone.", lambda input: input.mean(3, keepdim=True)),
)

CONV2D_WEIGHT = (
    Mistake(
        "Averaged over the batch: a gradient sums over it (the loss decides whether to average).",
        lambda x, size, g, stride, padding: conv2d_weight(x, size, g, stride, padding) / len(x),
    ),
    Mistake(
        "Only the first image of the batch counts: sum over all.",
        lambda x, size, g, stride, padding: conv2d_weight(x[:1], size, g[:1], stride, padding),
    ),
    Mistake(
        "Flipped: the gradient by the weight is a correlation of the input with grad_output, without a flip.",
        lambda x, size, g, stride, padding: conv2d_weight(x, size, g, stride, padding).flip(2, 3),
    ),
    Mistake(
        "Input and output channels are swapped: the result has the weight's shape.",
        lambda x, size, g, stride, padding: conv2d_weight(x, size, g, stride, padding).transpose(0, 1),
    ),
    Mistake(
        "The stride is ignored: with stride s neighbouring outputs read the input s pixels apart.",
        lambda x, size, g, stride, padding: (
            conv2d_weight(x[..., : size[2] + g.shape[2] - 1, : size[3] + g.shape[3] - 1], size, g, 1, 0)
            if stride > 1
            else conv2d_weight(x, size, g, stride, padding)
        ),
    ),
    Mistake(
        "The sign is turned round.",
        lambda x, size, g, stride, padding: -conv2d_weight(x, size, g, stride, padding),
    ),
)

CONV2D_INPUT = (
    Mistake(
        "The kernel must be flipped in both directions: the gradient flows back through the window it came "
        "from.",
        lambda size, w, g, stride, padding: conv2d_input(size, w.flip(2, 3), g, stride, padding),
    ),
    Mistake(
        "Input and output channels of the weight are swapped on the way back.",
        lambda size, w, g, stride, padding: conv2d_input(size, w.transpose(0, 1), g, stride, padding),
    ),
    Mistake(
        "Too small: the way back needs the full correlation, with k − 1 zeros around grad_output.",
        lambda size, w, g, stride, padding: conv2d(g, w.flip(2, 3).transpose(0, 1)),
    ),
    Mistake(
        "The padding is not taken off again: the gradient belongs to the image without it.",
        lambda size, w, g, stride, padding: conv2d_input(
            (*size[:2], size[2] + 2 * padding, size[3] + 2 * padding), w, g, stride, 0
        ),
    ),
    Mistake(
        "Only one output channel counts: sum over all.",
        lambda size, w, g, stride, padding: conv2d_input(size, w[:1], g[:, :1], stride, padding),
    ),
    Mistake(
        "The stride is ignored: spread grad_output out, with s − 1 zeros between.",
        lambda size, w, g, stride, padding: conv_transpose2d(g, w, None, 1, padding),
    ),
    Mistake(
        "The sign is turned round.",
        lambda size, w, g, stride, padding: -conv2d_input(size, w, g, stride, padding),
    ),
)


def _taps_first(x: Tensor, k: tuple[int, int], stride: int, padding: int) -> Tensor:
    """Unfold with the channel varying fastest."""
    columns = unfold(x, k, 1, padding, stride)
    return columns.reshape(len(x), x.shape[1], k[0] * k[1], -1).transpose(1, 2).flatten(1, 2)


def _taps_down(x: Tensor, k: tuple[int, int], stride: int, padding: int) -> Tensor:
    """Unfold with the taps of a window read column by column."""
    columns = unfold(x, k, 1, padding, stride)
    return columns.reshape(len(x), x.shape[1], *k, -1).transpose(2, 3).reshape(columns.shape)


def _windows_down(x: Tensor, k: tuple[int, int], stride: int, padding: int) -> Tensor:
    """Unfold with the windows taken column by column."""
    columns = unfold(x, k, 1, padding, stride)
    rows = geometry.output_size((x.shape[2], x.shape[3]), k, stride, padding)[0]
    return columns.reshape(*columns.shape[:2], rows, -1).transpose(2, 3).reshape(columns.shape)


UNFOLD = (
    Mistake(
        "A window to a row: in this layout each window is a column.",
        lambda x, k, stride, padding: unfold(x, k, 1, padding, stride).transpose(1, 2),
    ),
    Mistake("The channel must vary slowest: all taps of channel 0, then those of channel 1.", _taps_first),
    Mistake("The taps of a window run down its columns: they must run along its rows.", _taps_down),
    Mistake("The stride is ignored.", lambda x, k, stride, padding: unfold(x, k, 1, padding, 1)),
    Mistake("The padding is ignored.", lambda x, k, stride, padding: unfold(x, k, 1, 0, stride)),
    Mistake("The windows run down the columns: they must run along the rows.", _windows_down),
    Mistake(
        "Height and width of the kernel are swapped.",
        lambda x, k, stride, padding: unfold(x, k[::-1], 1, padding, stride),
    ),
)


CONV_TRANSPOSE2D = (
    Mistake(
        "The padding is ignored: here it cuts rows and columns off the result.",
        lambda x, w, stride, padding: conv_transpose2d(x, w, None, stride, 0),
    ),
    Mistake("Copies that overlap must add up: write +=, not =.", _scatter),
    Mistake(
        "The kernel is flipped: each copy is the kernel as it is, times one pixel.",
        lambda x, w, stride, padding: conv_transpose2d(x, w.flip(2, 3), None, stride, padding),
    ),
    Mistake(
        "The first two axes of the weight are swapped: (input channels, output channels, rows, columns).",
        lambda x, w, stride, padding: conv_transpose2d(x, w.transpose(0, 1), None, stride, padding),
    ),
    Mistake(
        "The stride is ignored: copies start stride pixels apart.",
        lambda x, w, stride, padding: conv_transpose2d(x, w, None, 1, padding),
    ),
    Mistake(
        "An ordinary convolution: the transposed one goes the other way and makes the image larger.",
        lambda x, w, stride, padding: conv2d(x, w.transpose(0, 1), None, stride, padding),
    ),
)

CONV_MATRIX = (
    Mistake(
        "The matrix is transposed: one row for each output cell, one column for each pixel.",
        lambda K, size: conv_matrix(K[None, None], size).T,
    ),
    Mistake(
        "The kernel is flipped: cross-correlation does not.",
        lambda K, size: conv_matrix(K.flip(0, 1)[None, None], size),
    ),
    Mistake("The kernel is transposed on its way in.", lambda K, size: conv_matrix(K.T[None, None], size)),
    Mistake(
        "Only where a weight is, not which: the entries must be the kernel's numbers.",
        lambda K, size: conv_matrix(torch.ones_like(K)[None, None], size),
    ),
)


def _gradient(X: Tensor, Y: Tensor, weight: Tensor) -> Tensor:
    return corr2d(X, 2 * (corr2d(X, weight) - Y))


LEARNING_STEP = (
    Mistake(
        "Uphill: the step goes against the gradient, weight − lr · gradient.",
        lambda X, Y, weight, lr: weight + lr * _gradient(X, Y, weight),
    ),
    Mistake(
        "The factor 2 is missing: the derivative of a square.",
        lambda X, Y, weight, lr: weight - lr * _gradient(X, Y, weight) / 2,
    ),
    Mistake(
        "A mean over the pixels: the loss is the sum of the squares.",
        lambda X, Y, weight, lr: weight - lr * _gradient(X, Y, weight) / Y.numel(),
    ),
    Mistake("The learning rate is missing.", lambda X, Y, weight, lr: weight - _gradient(X, Y, weight)),
    Mistake(
        "That is the gradient: return weight − lr · gradient.",
        lambda X, Y, weight, lr: _gradient(X, Y, weight),
    ),
    Mistake("That is the step: add the old weight.", lambda X, Y, weight, lr: -lr * _gradient(X, Y, weight)),
    Mistake("The weight has not changed.", lambda X, Y, weight, lr: weight),
    Mistake(
        "That is the loss: return the new weight.",
        lambda X, Y, weight, lr: (corr2d(X, weight) - Y).square().sum(),
    ),
    Mistake(
        "Flipped: the gradient is a correlation of X with the residual, not a convolution.",
        lambda X, Y, weight, lr: weight - lr * convolve2d(X, 2 * (corr2d(X, weight) - Y)),
    ),
    Mistake(
        "The sign of the error itself is used: that is the gradient of the absolute error.",
        lambda X, Y, weight, lr: weight - lr * corr2d(X, (corr2d(X, weight) - Y).sign()),
    ),
)
