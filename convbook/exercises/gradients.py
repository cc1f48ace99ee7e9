"""The gradients of a convolution, by the weight and by the input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from convbook.conv import conv2d, conv_transpose2d
from convbook.exercises._compare import Draw, Mistake, compare, plain_settings
from convbook.exercises._report import CheckResult
from convbook.exercises._verdict import Case
from convbook.gradients import conv2d_input, conv2d_weight

_GRADIENT_SETTINGS: tuple[tuple[str, tuple[int, ...], tuple[int, ...], int, int], ...] = (
    ("one channel", (1, 1, 3, 4), (1, 1, 2, 2), 1, 0),
    ("a kernel that is not square", (1, 1, 4, 4), (1, 1, 1, 3), 1, 0),
    ("channels", (1, 2, 3, 3), (3, 2, 2, 2), 1, 0),
    ("as many channels out as in", (1, 2, 4, 3), (2, 2, 2, 2), 1, 0),
    ("a batch", (3, 1, 3, 3), (2, 1, 2, 2), 1, 0),
    ("padding", (1, 1, 3, 3), (1, 1, 3, 3), 1, 1),
    ("stride", (2, 1, 5, 5), (1, 1, 3, 3), 2, 0),
)


_CONV2D_WEIGHT_MISTAKES = (
    Mistake(
        "Averaged over the batch: a gradient sums over it (the loss decides whether to average).",
        lambda x, size, g, stride, padding: conv2d_weight(x, size, g, stride, padding) / len(x),
    ),
    Mistake(
        "Only the first image of the batch counts: sum over all.",
        lambda x, size, g, stride, padding: conv2d_weight(x[:1], size, g[:1], stride, padding),
    ),
    Mistake(
        "Flipped: the gradient of the weight is a correlation of the input with grad_output, without a flip.",
        lambda x, size, g, stride, padding: conv2d_weight(x, size, g, stride, padding).flip(2, 3),
    ),
    Mistake(
        "Input and output channels are swapped: the result has the weight's shape.",
        lambda x, size, g, stride, padding: conv2d_weight(x, size, g, stride, padding).transpose(0, 1),
    ),
    Mistake(
        "The stride is ignored: with stride s neighboring outputs read the input s pixels apart.",
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


@plain_settings()
def check_conv2d_weight(my_conv2d_weight: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the gradient of the weight, called as ``my_conv2d_weight(input, weight_size, grad_output, …)``.

    Parameters
    ----------
    my_conv2d_weight : callable
        Your function, called with ``input, weight_size, grad_output, stride=…, padding=…``.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    conv2d_weight : the reference.

    Examples
    --------
    >>> def mean_over_batch(input, weight_size, grad_output, stride, padding):
    ...     return conv2d_weight(input, weight_size, grad_output, stride, padding) / len(input)
    >>> print(check_conv2d_weight(mean_over_batch).hint)
    Averaged over the batch: a gradient sums over it (the loss decides whether to average).
    """
    draw = Draw(seed)

    def case(about: str, x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int) -> Case:
        input, weight = draw(*x), draw(*w)
        grad = draw(*conv2d(input, weight, None, stride, padding).shape)
        given = {"input": input, "weight_size": w, "grad_output": grad}
        return Case(about, given, {"stride": stride, "padding": padding})

    cases = [case(*setting) for setting in _GRADIENT_SETTINGS]
    return compare("conv2d_weight", my_conv2d_weight, conv2d_weight, cases, _CONV2D_WEIGHT_MISTAKES)


_CONV2D_INPUT_MISTAKES = (
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


@plain_settings()
def check_conv2d_input(my_conv2d_input: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the gradient of the input, called as ``my_conv2d_input(input_size, weight, grad_output, …)``.

    Parameters
    ----------
    my_conv2d_input : callable
        Your function, called with ``input_size, weight, grad_output, stride=…, padding=…``.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    conv2d_input : the reference.

    Examples
    --------
    >>> def unflipped(input_size, weight, grad_output, stride, padding):
    ...     return conv2d_input(input_size, weight.flip(2, 3), grad_output, stride, padding)
    >>> print(check_conv2d_input(unflipped).hint)
    The kernel must be flipped in both directions: the gradient flows back through the window it came from.
    """
    draw = Draw(seed)

    def case(about: str, x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int) -> Case:
        weight = draw(*w)
        grad = draw(*conv2d(torch.zeros(x), weight, None, stride, padding).shape)
        given = {"input_size": x, "weight": weight, "grad_output": grad}
        return Case(about, given, {"stride": stride, "padding": padding})

    cases = [case(*setting) for setting in _GRADIENT_SETTINGS]
    return compare("conv2d_input", my_conv2d_input, conv2d_input, cases, _CONV2D_INPUT_MISTAKES)
