"""Pooling: the largest or the mean of each window."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from convbook.exercises._compare import Draw, Mistake, compare, floats, plain_settings
from convbook.exercises._report import CheckResult
from convbook.exercises._verdict import Case, summed_at_a_tie
from convbook.pooling import avg_pool2d, global_avg_pool2d, max_pool2d, pool2d
from convbook.windows import fold


def _window_sum(X: Tensor, pool_size: tuple[int, int], mode: str) -> Tensor:
    """Pool with a sum where a mean belongs."""
    return pool2d(X, pool_size, mode) * (math.prod(pool_size) if mode == "avg" else 1)


_POOL2D_MISTAKES = (
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


@plain_settings()
def check_pool2d(my_pool2d: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check pooling of one matrix, called as ``my_pool2d(X, pool_size, mode)``; the window moves by one cell.

    Parameters
    ----------
    my_pool2d : callable
        Your function; `pool_size` is (rows, columns), `mode` is "max" or "avg".
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    pool2d : the reference.

    Examples
    --------
    >>> print(check_pool2d(lambda X, pool_size, mode: pool2d(X, pool_size, "max")).hint)
    The mode is ignored: "avg" gives the maximum too.
    """
    draw = Draw(seed)
    X = torch.arange(9.0).reshape(3, 3)
    cases = [
        Case("the maximum", {"X": X, "pool_size": (2, 2), "mode": "max"}),
        Case("the mean", {"X": X, "pool_size": (2, 2), "mode": "avg"}),
        Case("negative numbers", {"X": draw(3, 4) - 9, "pool_size": (2, 2), "mode": "max"}),
        *(
            Case("windows that are not square", {"X": draw(4, 5), "pool_size": size, "mode": mode})
            for size in ((1, 3), (3, 2))
            for mode in ("max", "avg")
        ),
    ]
    return compare("pool2d", my_pool2d, pool2d, cases, _POOL2D_MISTAKES)


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


def _pool_cases(seed: int) -> list[Case]:
    """Poolings of batches: all below zero in one case, with a border in others."""
    draw = Draw(seed)

    def case(about: str, x: Tensor, kernel: int, stride: int | None, padding: int) -> Case:
        return Case(about, {"input": x, "kernel_size": kernel}, {"stride": stride, "padding": padding})

    return [
        case("windows side by side", draw(1, 1, 4, 6), 2, 2, 0),
        case("windows that overlap", draw(1, 1, 4, 4), 3, 1, 0),
        case("no stride given", draw(1, 1, 5, 7), 2, None, 0),
        case("negative numbers and padding", draw(1, 1, 3, 4) - 9, 3, 2, 1),
        case("positive numbers and padding", draw(1, 1, 4, 3) + 9, 2, 1, 1),
        case("channels and a batch", draw(2, 3, 5, 4), 2, 2, 1),
    ]


_MAX_POOL2D_MISTAKES = (
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


@plain_settings()
def check_max_pool2d(my_max_pool2d: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check max pooling, called as ``my_max_pool2d(input, kernel_size, stride=…, padding=…)``.

    Parameters
    ----------
    my_max_pool2d : callable
        Your function; `input` is (batch, channels, rows, columns), the others are integers.  A stride of None
        means the kernel's size.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    max_pool2d : the reference.

    Examples
    --------
    >>> def zeros_around(input, kernel_size, stride, padding):
    ...     return max_pool2d(F.pad(input, [padding] * 4), kernel_size, stride)
    >>> print(check_max_pool2d(zeros_around).hint)
    Padded with 0: a zero beats every negative pixel. Max pooling pads with −∞.
    """
    return compare("max_pool2d", my_max_pool2d, max_pool2d, _pool_cases(seed), _MAX_POOL2D_MISTAKES)


_AVG_POOL2D_MISTAKES = (
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


@plain_settings()
def check_avg_pool2d(my_avg_pool2d: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check average pooling, called as ``my_avg_pool2d(input, kernel_size, stride=…, padding=…)``.

    Parameters
    ----------
    my_avg_pool2d : callable
        Your function; as for :func:`check_max_pool2d`.  Padded zeros count, as torch has it by default.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    avg_pool2d : the reference.

    Examples
    --------
    >>> def without_padding(input, kernel_size, stride, padding):
    ...     return avg_pool2d(input, kernel_size, stride, padding, count_include_pad=False)
    >>> print(check_avg_pool2d(without_padding).hint)
    Divided by the pixels of the image alone: by default padded zeros count, so divide by rows × columns.
    """
    return compare("avg_pool2d", my_avg_pool2d, avg_pool2d, _pool_cases(seed), _AVG_POOL2D_MISTAKES)


_GLOBAL_AVG_MISTAKES = (
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


@plain_settings()
def check_global_avg_pool2d(my_global_avg_pool2d: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check global average pooling, called as ``my_global_avg_pool2d(input)``.

    Parameters
    ----------
    my_global_avg_pool2d : callable
        Your function; (batch, channels, rows, columns) to (batch, channels, 1, 1).
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    global_avg_pool2d : the reference.

    Examples
    --------
    >>> print(check_global_avg_pool2d(lambda input: input.mean((2, 3))).hint)
    The right numbers in the wrong shape: keep both axes with one entry each, keepdim=True.
    """
    draw = Draw(seed)
    cases = [
        Case("one channel", {"input": draw(1, 1, 2, 3)}),
        Case("channels and a batch", {"input": draw(2, 3, 4, 2)}),
        Case("random images", {"input": draw(3, 2, 5, 4)}),
    ]
    return compare("global_avg_pool2d", my_global_avg_pool2d, global_avg_pool2d, cases, _GLOBAL_AVG_MISTAKES)


def _max_pool2d_backward(
    input: Tensor, kernel_size: int, grad_output: Tensor, stride: int | None, padding: int
) -> Tensor:
    """Add each number of grad_output to the place of its window's maximum."""
    _, places = max_pool2d(input, kernel_size, stride, padding, return_indices=True)
    planes = torch.zeros_like(input).flatten(2)
    return planes.scatter_add(2, places.flatten(2), grad_output.flatten(2)).view_as(input)


def _replaced(
    input: Tensor, kernel_size: int, grad_output: Tensor, stride: int | None, padding: int
) -> Tensor:
    """Write each number of grad_output instead of adding it: the last window wins."""
    _, places = max_pool2d(input, kernel_size, stride, padding, return_indices=True)
    planes = torch.zeros_like(input).flatten(2)
    for window in range(places.flatten(2).shape[2]):
        planes.scatter_(2, places.flatten(2)[..., [window]], grad_output.flatten(2)[..., [window]])
    return planes.view_as(input)


def _spread_evenly(
    input: Tensor, kernel_size: int, grad_output: Tensor, stride: int | None, padding: int
) -> Tensor:
    """Divide each number of grad_output among all cells of its window."""
    shared = (grad_output / kernel_size**2).flatten(2)[:, :, None].expand(-1, -1, kernel_size**2, -1)
    size = (input.shape[2], input.shape[3])
    return fold(shared.flatten(1, 2), size, kernel_size, 1, padding, stride or kernel_size)


def _to_every_maximum(
    input: Tensor, kernel_size: int, grad_output: Tensor, stride: int | None, padding: int
) -> Tensor:
    """Give each cell that equals its window's maximum the whole number."""
    step = stride or kernel_size
    padded = F.pad(input, [padding] * 4, value=-math.inf)
    gradient = torch.zeros_like(padded)
    for i in range(grad_output.shape[2]):
        for j in range(grad_output.shape[3]):
            rows, columns = slice(i * step, i * step + kernel_size), slice(j * step, j * step + kernel_size)
            window = padded[:, :, rows, columns]
            equal = window == window.amax((2, 3), keepdim=True)
            gradient[:, :, rows, columns] += equal * grad_output[:, :, i, j, None, None]
    return gradient[:, :, padding : padding + input.shape[2], padding : padding + input.shape[3]]


_MAX_POOL2D_BACKWARD_MISTAKES = (
    Mistake(
        "Spread over the window: that is average pooling. Only the largest pixel gets the gradient.",
        _spread_evenly,
    ),
    Mistake("Where two windows share their largest pixel, its gradients add up: write +=, not =.", _replaced),
    Mistake(
        "At a tie each of the equal pixels got the whole gradient: choose one, or divide it among them.",
        _to_every_maximum,
    ),
    Mistake(
        "The zeros of the padding won: pad with −∞, or a window of negative pixels loses its gradient.",
        lambda x, k, g, stride, padding: _max_pool2d_backward(F.pad(x, [padding] * 4), k, g, stride, 0)[
            :, :, padding : padding + x.shape[2], padding : padding + x.shape[3]
        ],
    ),
    Mistake(
        "The padding is not taken off again: the gradient has the shape of the input.",
        lambda x, k, g, stride, padding: F.pad(_max_pool2d_backward(x, k, g, stride, padding), [padding] * 4),
    ),
    Mistake(
        "Multiplied by the pixel: the derivative of the maximum is 1 at the largest pixel.",
        lambda x, k, g, stride, padding: _max_pool2d_backward(x, k, g, stride, padding) * x,
    ),
    Mistake(
        "Only where the largest pixel is: its place gets the number from grad_output, not 1.",
        lambda x, k, g, stride, padding: _max_pool2d_backward(x, k, torch.ones_like(g), stride, padding),
    ),
    Mistake(
        "The smallest pixel of each window got the gradient: take the place of the largest.",
        lambda x, k, g, stride, padding: _max_pool2d_backward(-x, k, g, stride, padding),
    ),
    Mistake(
        "The channels are pooled together: each plane has its own largest pixels.",
        lambda x, k, g, stride, padding: _max_pool2d_backward(
            x.amax(1, keepdim=True).expand_as(x).contiguous(), k, g, stride, padding
        ),
    ),
    Mistake(
        "Only the first image of the batch has a gradient.",
        lambda x, k, g, stride, padding: F.pad(
            _max_pool2d_backward(x[:1], k, g[:1], stride, padding), (0, 0, 0, 0, 0, 0, 0, len(x) - 1)
        ),
    ),
    Mistake(
        "The sign is turned round.",
        lambda x, k, g, stride, padding: -_max_pool2d_backward(x, k, g, stride, padding),
    ),
)


@plain_settings()
def check_max_pool2d_backward(my_backward: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the way back through max pooling, ``my_backward(input, kernel_size, grad_output, …)``.

    Right is the gradient with respect to the input: each number of `grad_output` goes to the place of its
    window's largest pixel, and adds up where several windows share it.  At a tie there is no derivative: any
    division of the number among the equal pixels counts as right, as long as it adds up.

    Parameters
    ----------
    my_backward : callable
        Your function, called with ``input, kernel_size, grad_output, stride=…, padding=…``; `input` is
        (batch, channels, rows, columns), `kernel_size` and `padding` are integers, `stride` is an integer or
        None, which means the kernel's size.  It returns a tensor of the input's shape.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    check_max_pool2d : the way forward.

    Examples
    --------
    >>> def my_backward(input, kernel_size, grad_output, stride, padding):
    ...     _, places = max_pool2d(input, kernel_size, stride, padding, return_indices=True)
    ...     planes = torch.zeros_like(input).flatten(2)
    ...     return planes.scatter(2, places.flatten(2), grad_output.flatten(2)).view_as(input)
    >>> print(check_max_pool2d_backward(my_backward).hint)
    Where two windows share their largest pixel, its gradients add up: write +=, not =.
    """
    draw = Draw(seed)

    def case(about: str, shape: tuple[int, ...], kernel: int, stride: int | None, padding: int) -> Case:
        pixels = torch.randperm(math.prod(shape), generator=draw.generator).float()  # no two are equal
        x = pixels.reshape(shape) - len(pixels) // 2
        grad = draw(*max_pool2d(x, kernel, stride, padding).shape) + 5
        given = {"input": x, "kernel_size": kernel, "grad_output": grad}
        return Case(about, given, {"stride": stride, "padding": padding})

    tie = {"input": floats([[[[3, 3], [1, 3]]]]), "kernel_size": 2, "grad_output": floats([[[[6]]]])}
    cases = [
        case("windows side by side", (1, 1, 4, 4), 2, 2, 0),
        case("windows that overlap", (1, 1, 4, 4), 3, 1, 0),
        case("no stride given, and a rest at the edge", (1, 1, 5, 4), 2, None, 0),
        case("negative pixels and padding", (1, 1, 3, 4), 3, 2, 1),
        case("channels and a batch", (2, 3, 4, 5), 2, 2, 1),
        Case("a tie: the gradients of the equal pixels, summed", tie, {"stride": 2, "padding": 0}),
    ]
    cases[3].arguments["input"].sub_(99)
    return compare(
        "max_pool2d_backward",
        my_backward,
        _max_pool2d_backward,
        cases,
        _MAX_POOL2D_BACKWARD_MISTAKES,
        summed_at_a_tie,
    )
