"""Check your own answer: run it beside the definition, and see the first case that it gets wrong.

Each checker takes your function, calls it on chosen cases and on random ones (always the same, by a seed),
and compares what comes with the reference of this package.  At the first difference it shows the arguments,
what was expected, what came, and a hint at the usual cause.

>>> import torch
>>> from convbook.exercises import check_corr2d
>>> def my_corr2d(X, K):
...     h, w = K.shape
...     Y = torch.zeros(X.shape[0] - h, X.shape[1] - w)
...     for i in range(Y.shape[0]):
...         for j in range(Y.shape[1]):
...             Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
...     return Y
>>> print(check_corr2d(my_corr2d))
✗ corr2d: wrong in case 1 of 13, the example of the chapter
  X =
    [[0, 1, 2],
     [3, 4, 5],
     [6, 7, 8]]
  K =
    [[0, 1],
     [2, 3]]
  expected, of shape (2, 2):
    [[19, 25],
     [37, 43]]
  got, of shape (1, 1):
    [[19]]
  Hint: Off by one in the height and in the width: a window of h rows fits rows − h + 1
    times.

How a hint is found: every usual mistake is written down as a function, and the one that gives *your* numbers
in every case is the one you made.  Where none does, shapes and numbers are compared in general ways.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: F401  -- an example uses it

from convbook import geometry
from convbook._forms import describe
from convbook.conv import conv2d, conv_transpose2d
from convbook.correlation import convolve2d, corr2d, corr2d_multi_in, corr2d_multi_in_out
from convbook.dense import conv_matrix
from convbook.exercises import _check, _mistakes
from convbook.exercises._check import (
    CLASS_TAKES_NOTHING,
    NO_SUPER,
    Case,
    Draw,
    compare,
    floats,
    judge_callable,
    judge_properties,
    raised,
    same,
)
from convbook.gradients import conv2d_input, conv2d_weight
from convbook.pooling import avg_pool2d, global_avg_pool2d, max_pool2d, pool2d
from convbook.windows import unfold

__all__ = [
    "CheckResult",
    "check_avg_pool2d",
    "check_conv2d",
    "check_conv2d_input",
    "check_conv2d_layer",
    "check_conv2d_weight",
    "check_conv_1x1",
    "check_conv_matrix",
    "check_conv_transpose2d",
    "check_convolve2d",
    "check_corr2d",
    "check_corr2d_multi_in",
    "check_corr2d_multi_in_out",
    "check_edge_kernel",
    "check_flip",
    "check_global_avg_pool2d",
    "check_learning_step",
    "check_max_pool2d",
    "check_multiply_adds",
    "check_output_size",
    "check_parameter_count",
    "check_pool2d",
    "check_receptive_field",
    "check_same_padding",
    "check_separable",
    "check_unfold",
]

CheckResult = _check.CheckResult  # what every checker returns: made there, public here


# ----------------------------------------------------------------------------------- one dimension, by loops


def check_corr2d(my_corr2d: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a cross-correlation of two matrices, called as ``my_corr2d(X, K)``.

    Parameters
    ----------
    my_corr2d : callable
        Your function.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    Raises
    ------
    TypeError
        If `my_corr2d` cannot be called: pass the function itself, not its result.

    See Also
    --------
    corr2d : the reference.

    Examples
    --------
    >>> print(check_corr2d(lambda X, K: corr2d(X, K.flip(0, 1))).hint)
    You flipped the kernel. Cross-correlation does not; convolution does.
    >>> bool(check_corr2d(corr2d))
    True
    """
    cases = [
        *_image_cases(seed),
        Case("large integers", {"X": torch.tensor([[2**24 + 1, 1]]), "K": torch.tensor([[1]])}),
        Case(
            "double precision",
            {"X": torch.tensor([[1.0, 3.0]]).double() / 9, "K": torch.ones(1, 2).double()},
        ),
    ]
    return compare("corr2d", my_corr2d, corr2d, cases, _mistakes.CORR2D)


def check_convolve2d(my_convolve2d: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a true convolution of two matrices, called as ``my_convolve2d(X, K)``.

    Parameters
    ----------
    my_convolve2d : callable
        Your function.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    convolve2d : the reference.

    Examples
    --------
    >>> print(check_convolve2d(corr2d).hint)
    The kernel is not flipped: this is cross-correlation.
    """
    return compare("convolve2d", my_convolve2d, convolve2d, _image_cases(seed), _mistakes.CONVOLVE2D)


def check_flip(my_flip: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the flip that turns a correlation's kernel into a convolution's, called as ``my_flip(K)``.

    Parameters
    ----------
    my_flip : callable
        Your function.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    Examples
    --------
    >>> print(check_flip(lambda K: K.flip(0)).hint)
    Flipped upside down only: the columns must be reversed as well.
    """
    draw = Draw(seed)
    cases = [
        Case("the kernel of the chapter", {"K": floats([[0, 1], [2, 3]])}),
        Case("a kernel wider than high", {"K": draw(2, 3)}),
        Case("a kernel higher than wide", {"K": draw(3, 1)}),
        *(Case("random kernels", {"K": draw(*size)}) for size in ((3, 3), (4, 2))),
    ]
    return compare("flip", my_flip, lambda K: K.flip(0, 1), cases, _mistakes.FLIP)


def check_separable(my_separate: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the splitting of a kernel into a column and a row, called as ``my_separate(K)``.

    Any pair is right whose outer product gives the kernel: (2c, r/2) is as good as (c, r).

    Parameters
    ----------
    my_separate : callable
        Takes a kernel of rank one, returns a column (as many entries as rows) and a row.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    Examples
    --------
    >>> print(check_separable(lambda K: (K[:, 0], K[0])).hint)
    The outer product is K[0, 0] times too large: divide one of the two by it.
    """
    draw = Draw(seed)
    pairs = {
        "Sobel's kernel": (floats([1, 2, 1]), floats([-1, 0, 1])),
        "a kernel that does not begin with 1": (floats([2, 3]), floats([2, 5, 1])),
        "a corner that is zero": (floats([0, 1, 2]), floats([0, 3])),
        "random kernels": (draw(4) + 5, draw(3) + 5),
    }
    cases = [Case(about, {"K": torch.outer(column, row)}) for about, (column, row) in pairs.items()]

    def product(K: Tensor) -> Tensor:
        column, row = my_separate(K)
        return torch.outer(torch.as_tensor(column).reshape(-1), torch.as_tensor(row).reshape(-1))

    judge_callable("separable", my_separate)
    return compare("separable", product, lambda K: K, cases, _mistakes.SEPARABLE)


def check_edge_kernel(my_kernel: Tensor) -> CheckResult:
    """Check a kernel of your own that finds vertical edges, and nothing else.

    Asked of it: 0 on a flat image, 0 along a horizontal edge, a response at a vertical edge, and opposite
    ones where white turns black and black turns white.

    Parameters
    ----------
    my_kernel : Tensor
        Rows × columns, at most 5 × 5.

    Returns
    -------
    CheckResult

    Raises
    ------
    TypeError
        If `my_kernel` is not a tensor.

    Examples
    --------
    >>> print(check_edge_kernel(torch.tensor([[1.0], [-1.0]])).hint)
    Silent at a vertical edge: the kernel must change along its rows, from left to right. Try its transpose.
    >>> bool(check_edge_kernel(torch.tensor([[1.0, -1.0]])))
    True
    """
    if not isinstance(my_kernel, Tensor):
        raise TypeError(f"my_kernel must be a tensor, got {describe(my_kernel)}; write torch.tensor(…)")
    K = my_kernel.detach().double()
    step = torch.zeros(9, 10, dtype=torch.float64)
    step[:, 5:] = 1

    def flat() -> str | None:
        quiet = bool(corr2d(torch.ones_like(step), K).abs().max() < 1e-6)
        return (
            None
            if quiet
            else f"Not silent on a flat image: the numbers must sum to 0, yours to {float(K.sum()):g}."
        )

    def vertical() -> str | None:
        heard = bool(corr2d(step, K).abs().max() > 1e-6)
        cure = "the kernel must change along its rows, from left to right. Try its transpose."
        return None if heard else f"Silent at a vertical edge: {cure}"

    def horizontal() -> str | None:
        quiet = bool(corr2d(step.T.contiguous(), K).abs().max() < 1e-6)
        return None if quiet else "Not silent at a horizontal edge: each row of the kernel must sum to 0."

    def signs() -> str | None:
        up, down = corr2d(step, K), corr2d(1 - step, K)
        return None if torch.allclose(up, -down) else "White to black must answer opposite to black to white."

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


# -------------------------------------------------------------------------------------------------- channels


def check_corr2d_multi_in(my_corr2d_multi_in: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a cross-correlation with several input channels, called as ``my_corr2d_multi_in(X, K)``.

    Parameters
    ----------
    my_corr2d_multi_in : callable
        Your function; both arguments are (channels, rows, columns).
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    corr2d_multi_in : the reference.

    Examples
    --------
    >>> def no_sum(X, K):
    ...     return torch.stack([corr2d(x, k) for x, k in zip(X, K)])
    >>> print(check_corr2d_multi_in(no_sum).hint)
    The channels are kept apart: sum their correlations into one output.
    """
    draw = Draw(seed)
    X = torch.stack([torch.arange(9.0).reshape(3, 3), torch.arange(1.0, 10).reshape(3, 3)])
    K = torch.stack([torch.arange(4.0).reshape(2, 2), torch.arange(1.0, 5).reshape(2, 2)])
    cases = [
        Case("the example of the chapter", {"X": X, "K": K}),
        Case("one channel", {"X": draw(1, 3, 4), "K": draw(1, 2, 2)}),
        Case("three channels, not square", {"X": draw(3, 4, 5), "K": draw(3, 2, 3)}),
        *(Case("random images", {"X": draw(n, 5, 4), "K": draw(n, 3, 1)}) for n in (2, 4)),
    ]
    return compare("corr2d_multi_in", my_corr2d_multi_in, corr2d_multi_in, cases, _mistakes.MULTI_IN)


def check_corr2d_multi_in_out(my_corr2d_multi_in_out: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check one with several input and output channels, called as ``my_corr2d_multi_in_out(X, K)``.

    Parameters
    ----------
    my_corr2d_multi_in_out : callable
        Your function; `X` is (channels, rows, columns), `K` is (output channels, channels, kernel rows,
        kernel columns).
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    corr2d_multi_in_out : the reference.

    Examples
    --------
    >>> print(check_corr2d_multi_in_out(lambda X, K: corr2d_multi_in(X, K[0])).hint)
    Only the first output channel is there: there is one for each K[o].
    """
    draw = Draw(seed)
    cases = [
        Case("two channels to three", {"X": draw(2, 3, 3), "K": draw(3, 2, 2, 2)}),
        Case("as many channels out as in", {"X": draw(2, 3, 4), "K": draw(2, 2, 2, 3)}),
        Case("one channel out", {"X": draw(3, 4, 3), "K": draw(1, 3, 2, 1)}),
        *(Case("random images", {"X": draw(n, 4, 5), "K": draw(5 - n, n, 3, 2)}) for n in (1, 2, 4)),
    ]
    return compare(
        "corr2d_multi_in_out", my_corr2d_multi_in_out, corr2d_multi_in_out, cases, _mistakes.MULTI_IN_OUT
    )


def check_conv_1x1(my_conv_1x1: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a 1×1 convolution written as a product of matrices, called as ``my_conv_1x1(X, K)``.

    Parameters
    ----------
    my_conv_1x1 : callable
        Your function; `X` is (channels, rows, columns), `K` (output channels, channels, 1, 1).
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    Examples
    --------
    >>> def my_conv_1x1(X, K):
    ...     channels, rows, columns = X.shape
    ...     return (K[:, :, 0, 0] @ X.reshape(channels, -1)).reshape(-1, columns, rows)
    >>> print(check_conv_1x1(my_conv_1x1).hint)
    Reshaped to (columns, rows): rows come first, or the pixels are dealt out in the wrong places.
    """
    draw = Draw(seed)
    cases = [
        Case("three channels to two", {"X": draw(3, 2, 3), "K": draw(2, 3, 1, 1)}),
        Case("as many channels out as in", {"X": draw(2, 3, 2), "K": draw(2, 2, 1, 1)}),
        *(Case("random images", {"X": draw(n, 4, 3), "K": draw(6 - n, n, 1, 1)}) for n in (1, 2, 5)),
    ]
    return compare("conv_1x1", my_conv_1x1, corr2d_multi_in_out, cases, _mistakes.CONV_1X1)


def check_conv2d(my_conv2d: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a whole layer's arithmetic, called as ``my_conv2d(input, weight, bias, stride=…, padding=…)``.

    Parameters
    ----------
    my_conv2d : callable
        Your function; `input` is (batch, channels, rows, columns), `weight` (output channels, channels,
        kernel rows, kernel columns), `bias` (output channels,), `stride` and `padding` are integers.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    conv2d : the reference.

    Examples
    --------
    >>> def no_padding(input, weight, bias, stride, padding):
    ...     return conv2d(input, weight, bias, stride)
    >>> print(check_conv2d(no_padding).hint)
    The padding is ignored.
    """
    draw = Draw(seed)

    def case(about: str, x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int) -> Case:
        tensors = {"input": draw(*x), "weight": draw(*w), "bias": draw(w[0])}
        return Case(about, tensors, {"stride": stride, "padding": padding})

    cases = [
        case("one channel, plain", (1, 1, 3, 4), (1, 1, 2, 2), 1, 0),
        case("channels and a bias", (1, 2, 3, 4), (3, 2, 2, 3), 1, 0),
        case("a batch", (2, 1, 4, 3), (2, 1, 2, 1), 1, 0),
        case("padding", (1, 1, 3, 4), (1, 1, 3, 3), 1, 1),
        case("stride", (1, 1, 5, 6), (1, 1, 2, 2), 2, 0),
        case("stride that skips the last column", (1, 2, 5, 7), (1, 2, 3, 2), 3, 1),
        *(
            case("random layers", (2, 3, 6, 5), (4, 3, 3, 2), stride, padding)
            for stride, padding in ((1, 1), (2, 2))
        ),
    ]
    return compare("conv2d", my_conv2d, conv2d, cases, _mistakes.CONV2D)


# ----------------------------------------------------------------------------------------------------- sizes


def check_output_size(my_output_size: Callable[..., Any]) -> CheckResult:
    """Check the output's length, called as ``my_output_size(n, k, stride=…, padding=…, dilation=…)``.

    One axis, so integers in and an integer out.

    Parameters
    ----------
    my_output_size : callable
        Your function; `padding` is on each side.

    Returns
    -------
    CheckResult

    See Also
    --------
    output_size : the reference, for both axes.

    Examples
    --------
    >>> print(check_output_size(lambda n, k, stride, padding, dilation: (n + 2 * padding - k) // stride).hint)
    The + 1 is missing: the first window counts too.
    """
    settings = [
        ("a kernel on an image", 8, 3, 1, 0, 1),
        ("padding", 8, 3, 1, 1, 1),
        ("stride that fits", 9, 3, 2, 0, 1),
        ("stride that leaves a rest", 8, 3, 2, 0, 1),
        ("stride and padding", 8, 3, 2, 1, 1),
        ("the notes' layer", 8, 5, 4, 1, 1),
        ("dilation", 9, 3, 1, 0, 2),
        ("everything at once", 224, 7, 2, 3, 1),
        ("everything at once", 31, 4, 3, 2, 3),
    ]
    cases = [
        Case(about, {"n": n, "k": k}, {"stride": s, "padding": p, "dilation": d})
        for about, n, k, s, p, d in settings
    ]
    return compare("output_size", my_output_size, _mistakes.one_axis_size, cases, _mistakes.OUTPUT_SIZE)


def check_same_padding(my_same_padding: Callable[..., Any]) -> CheckResult:
    """Check the padding that keeps the size at stride 1, called as ``my_same_padding(k, dilation=…)``.

    Parameters
    ----------
    my_same_padding : callable
        Your function; returns (before, after) for one axis.  For an even kernel the extra zero stands at the
        end, as torch has it.

    Returns
    -------
    CheckResult

    See Also
    --------
    same_padding : the reference, for both axes.

    Examples
    --------
    >>> print(check_same_padding(lambda k, dilation: (k - 1, k - 1)).hint)
    k − 1 is the total. Half of it goes to each side.
    """
    cases = [
        *(Case("odd kernels", {"k": k}, {"dilation": 1}) for k in (3, 5, 1)),
        *(Case("even kernels", {"k": k}, {"dilation": 1}) for k in (2, 4)),
        *(Case("dilated kernels", {"k": k}, {"dilation": d}) for k, d in ((3, 2), (4, 3))),
    ]

    def reference(k: int, dilation: int) -> tuple[int, int]:
        return geometry.same_padding(k, dilation)[0]

    return compare("same_padding", my_same_padding, reference, cases, _mistakes.SAME_PADDING)


def check_receptive_field(my_receptive_field: Callable[..., Any]) -> CheckResult:
    """Check the receptive field of a stack of layers, called as ``my_receptive_field(layers)``.

    Parameters
    ----------
    my_receptive_field : callable
        Your function; `layers` is a list of (kernel size, stride), the first layer first; returns how many
        pixels of one axis the last output sees.

    Returns
    -------
    CheckResult

    See Also
    --------
    receptive_field : the reference, for both axes.

    Examples
    --------
    >>> print(check_receptive_field(lambda layers: 1 + sum(k - 1 for k, s in layers)).hint)
    The strides are ignored: after a stride of s one step of the next kernel is s pixels.
    """
    stacks = {
        "one layer": [(3, 1)],
        "two layers": [(3, 1), (3, 1)],
        "a stride in the last layer": [(3, 1), (5, 2)],
        "a stride in the first layer": [(3, 2), (3, 1)],
        "the layers of LeNet": [(5, 1), (2, 2), (5, 1), (2, 2)],
        "strides in every layer": [(7, 2), (3, 2), (3, 3), (1, 1)],
    }
    cases = [Case(about, {"layers": layers}) for about, layers in stacks.items()]
    return compare(
        "receptive_field", my_receptive_field, _mistakes.field_of_view, cases, _mistakes.RECEPTIVE_FIELD
    )


def check_parameter_count(my_parameter_count: Callable[..., Any]) -> CheckResult:
    """Check the number of parameters of a layer, called as ``my_parameter_count(cin, cout, kernel_size, …)``.

    Parameters
    ----------
    my_parameter_count : callable
        Your function, called with ``cin, cout, (rows, columns), groups=…, bias=…``.

    Returns
    -------
    CheckResult

    Examples
    --------
    >>> def my_count(cin, cout, kernel_size, groups, bias):
    ...     return cin * cout * kernel_size[0] * kernel_size[1]
    >>> print(check_parameter_count(my_count).hint)
    The bias is missing: one number for each output channel.
    """
    settings = [
        ("the notes' layer", 3, 64, (3, 3), 1, True),
        ("a kernel that is not square", 2, 5, (1, 7), 1, True),
        ("without a bias", 4, 6, (3, 2), 1, False),
        ("groups", 4, 6, (3, 3), 2, True),
        ("depthwise", 8, 8, (5, 5), 8, False),
    ]
    cases = [
        Case(about, {"cin": i, "cout": o, "kernel_size": k}, {"groups": g, "bias": b})
        for about, i, o, k, g, b in settings
    ]
    return compare(
        "parameter_count", my_parameter_count, _mistakes.parameter_count, cases, _mistakes.PARAMETER_COUNT
    )


def check_multiply_adds(my_multiply_adds: Callable[..., Any]) -> CheckResult:
    """Check a layer's multiplications, called as ``my_multiply_adds(cin, cout, k, out, groups=…)``.

    Parameters
    ----------
    my_multiply_adds : callable
        Your function, called with ``cin, cout, (kernel rows, columns), (output rows, columns), groups=…``;
        for one image, without the bias.

    Returns
    -------
    CheckResult

    Examples
    --------
    >>> def per_pixel(cin, cout, kernel_size, output_size, groups):
    ...     return cin // groups * cout * kernel_size[0] * kernel_size[1]
    >>> print(check_multiply_adds(per_pixel).hint)
    That is one output pixel: multiply by how many there are.
    """
    settings = [
        ("the notes' layer", 3, 64, (3, 3), (10, 10), 1),
        ("nothing square", 2, 5, (1, 7), (6, 9), 1),
        ("groups", 4, 6, (3, 3), (5, 8), 2),
        ("depthwise", 8, 8, (5, 5), (7, 4), 8),
    ]
    cases = [
        Case(about, {"cin": i, "cout": o, "kernel_size": k, "output_size": out}, {"groups": g})
        for about, i, o, k, out, g in settings
    ]
    return compare("multiply_adds", my_multiply_adds, _mistakes.multiply_adds, cases, _mistakes.MULTIPLY_ADDS)


# --------------------------------------------------------------------------------------------------- pooling


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
    return compare("pool2d", my_pool2d, pool2d, cases, _mistakes.POOL2D)


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
    return compare("max_pool2d", my_max_pool2d, max_pool2d, _pool_cases(seed), _mistakes.MAX_POOL2D)


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
    return compare("avg_pool2d", my_avg_pool2d, avg_pool2d, _pool_cases(seed), _mistakes.AVG_POOL2D)


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
    return compare("global_avg_pool2d", my_global_avg_pool2d, global_avg_pool2d, cases, _mistakes.GLOBAL_AVG)


# ------------------------------------------------------------------------------------ gradients and relatives


def check_conv2d_weight(my_conv2d_weight: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the gradient by the weight, called as ``my_conv2d_weight(input, weight_size, grad_output, …)``.

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
    return compare("conv2d_weight", my_conv2d_weight, conv2d_weight, cases, _mistakes.CONV2D_WEIGHT)


def check_conv2d_input(my_conv2d_input: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the gradient by the input, called as ``my_conv2d_input(input_size, weight, grad_output, …)``.

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
    return compare("conv2d_input", my_conv2d_input, conv2d_input, cases, _mistakes.CONV2D_INPUT)


def check_unfold(my_unfold: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the matrix of windows, called as ``my_unfold(input, kernel_size, stride=…, padding=…)``.

    Parameters
    ----------
    my_unfold : callable
        Your function; `input` is (batch, channels, rows, columns), `kernel_size` (rows, columns); returns
        (batch, channels · kernel rows · kernel columns, windows).
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    unfold : the reference.

    Examples
    --------
    >>> def my_unfold(input, kernel_size, stride, padding):
    ...     return unfold(input, kernel_size, 1, padding, stride).transpose(1, 2)
    >>> print(check_unfold(my_unfold).hint)
    A window to a row: in this layout each window is a column.
    """
    draw = Draw(seed)

    def case(about: str, x: tuple[int, ...], k: tuple[int, int], stride: int, padding: int) -> Case:
        return Case(about, {"input": draw(*x), "kernel_size": k}, {"stride": stride, "padding": padding})

    cases = [
        case("one channel", (1, 1, 3, 4), (2, 2), 1, 0),
        case("a kernel that is not square", (1, 1, 3, 4), (1, 3), 1, 0),
        case("channels", (1, 2, 3, 3), (2, 1), 1, 0),
        case("a batch, stride and padding", (2, 3, 4, 5), (3, 2), 2, 1),
    ]

    def reference(input: Tensor, kernel_size: tuple[int, int], stride: int, padding: int) -> Tensor:
        return unfold(input, kernel_size, 1, padding, stride)

    return compare("unfold", my_unfold, reference, cases, _mistakes.UNFOLD)


def check_conv_transpose2d(my_conv_transpose2d: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a transposed convolution, called as ``my_conv_transpose2d(input, weight, stride=…, padding=…)``.

    Parameters
    ----------
    my_conv_transpose2d : callable
        Your function; `input` is (batch, channels, rows, columns), `weight` (channels, output channels,
        kernel rows, kernel columns).
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    conv_transpose2d : the reference.

    Examples
    --------
    >>> def uncut(input, weight, stride, padding):
    ...     return conv_transpose2d(input, weight, stride=stride)
    >>> print(check_conv_transpose2d(uncut).hint)
    The padding is ignored: here it cuts rows and columns off the result.
    """
    draw = Draw(seed)

    def case(about: str, x: tuple[int, ...], w: tuple[int, ...], stride: int, padding: int) -> Case:
        return Case(about, {"input": draw(*x), "weight": draw(*w)}, {"stride": stride, "padding": padding})

    cases = [
        case("stride as large as the kernel", (1, 1, 2, 2), (1, 1, 2, 2), 2, 0),
        case("copies that overlap", (1, 1, 2, 3), (1, 1, 2, 2), 1, 0),
        case("padding cuts", (1, 1, 3, 3), (1, 1, 3, 3), 1, 1),
        case("channels", (2, 2, 2, 3), (2, 3, 3, 2), 2, 0),
        case("as many channels out as in", (1, 2, 3, 2), (2, 2, 3, 4), 3, 1),
    ]

    def reference(input: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        return conv_transpose2d(input, weight, None, stride, padding)

    return compare("conv_transpose2d", my_conv_transpose2d, reference, cases, _mistakes.CONV_TRANSPOSE2D)


def check_conv_matrix(my_conv_matrix: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check the matrix of a correlation, called as ``my_conv_matrix(K, input_size)``.

    Parameters
    ----------
    my_conv_matrix : callable
        Your function; returns M with ``M @ X.flatten() == corr2d(X, K).flatten()``.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    conv_matrix : the reference, with channels.

    Examples
    --------
    >>> print(check_conv_matrix(lambda K, size: conv_matrix(K[None, None], size).T).hint)
    The matrix is transposed: one row for each output cell, one column for each pixel.
    """
    draw = Draw(seed)
    sizes = {
        "the example of the chapter": ((2, 2), (3, 3)),
        "a row": ((1, 2), (1, 4)),
        "a kernel that is not square": ((2, 1), (3, 2)),
        "random kernels": ((2, 3), (3, 5)),
    }
    cases = [Case(about, {"K": draw(*k), "input_size": size}) for about, (k, size) in sizes.items()]

    def reference(K: Tensor, input_size: tuple[int, int]) -> Tensor:
        return conv_matrix(K[None, None], input_size)

    return compare("conv_matrix", my_conv_matrix, reference, cases, _mistakes.CONV_MATRIX)


# --------------------------------------------------------------------------------------- layers and learning


def check_learning_step(my_step: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a step down the summed squared error, called as ``my_step(X, Y, weight, lr)``.

    Parameters
    ----------
    my_step : callable
        Your function; returns the new weight and leaves the old one as it is.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    See Also
    --------
    learn_kernel : many such steps.

    Examples
    --------
    >>> def my_step(X, Y, weight, lr):
    ...     return weight + lr * corr2d(X, 2 * (corr2d(X, weight) - Y))
    >>> print(check_learning_step(my_step).hint)
    Uphill: the step goes against the gradient, weight − lr · gradient.
    """
    draw = Draw(seed)
    X = torch.ones(6, 8)
    X[:, 2:6] = 0
    edges = {"X": X, "Y": X[:, :-1] - X[:, 1:]}
    cases = [
        Case("the 6×8 image", {**edges, "weight": torch.tensor([[0.5, 0.25]]), "lr": 0.03}),
        Case("another rate", {**edges, "weight": torch.tensor([[0.5, 0.25]]), "lr": 0.01}),
        *(
            Case("random images", {"X": draw(4, 5), "Y": draw(5 - k, 4), "weight": draw(k, 2), "lr": 0.001})
            for k in (1, 2, 3)
        ),
    ]
    return compare("learning step", my_step, _mistakes.descent_step, cases, _mistakes.LEARNING_STEP)


def check_conv2d_layer(my_layer: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a layer class like :class:`convbook.Conv2D`, built as ``my_layer(kernel_size)``.

    Parameters
    ----------
    my_layer : class
        A subclass of :class:`torch.nn.Module` with the parameters `weight` (kernel rows, kernel columns) and
        `bias` (one number).
    seed : int, optional
        Chooses the random image.

    Returns
    -------
    CheckResult

    See Also
    --------
    Conv2D : the reference.

    Examples
    --------
    >>> class MyConv2D(torch.nn.Module):
    ...     def _init(self, kernel_size):
    ...         self.weight = torch.nn.Parameter(torch.rand(kernel_size))
    >>> print(check_conv2d_layer(MyConv2D).hint)
    The class takes no kernel size: is the constructor spelled __init__, with two underscores on each side?
    """
    judge_callable("conv2d layer", my_layer)
    X = Draw(seed)(4, 6)
    built: list[Any] = []
    first = torch.zeros(0)

    def build() -> str | None:
        try:
            built.append(my_layer((2, 3)))
        except TypeError as error:
            return f"{CLASS_TAKES_NOTHING}" if "argument" in str(error) else raised(error)
        except AttributeError as error:
            return NO_SUPER if "before Module.__init__" in str(error) else raised(error)
        return (
            None if isinstance(built[0], torch.nn.Module) else "The class must inherit from torch.nn.Module."
        )

    def parameters() -> str | None:
        named = dict(built[0].named_parameters())
        for name in ("weight", "bias"):
            if name not in named:
                return (
                    f"No parameter called {name}: write self.{name} = nn.Parameter(…); a plain tensor is "
                    "not learned."
                )
        if named["weight"].shape != (2, 3):
            return (
                f"weight must have the shape of the kernel, (2, 3); yours has {tuple(named['weight'].shape)}."
            )
        return None if named["bias"].numel() == 1 else "bias must be one number."

    def forward() -> str | None:
        with torch.no_grad():
            built[0].weight.copy_(torch.tensor([[1.0, 2, 3], [4, 5, 6]]))
            built[0].bias.fill_(0.0)
        got = built[0](X)
        if not isinstance(got, Tensor):
            return f"forward returns {describe(got)}: is the return missing?"
        if same(corr2d(X, built[0].weight), got):
            return None
        same_as = "the kernel is flipped" if same(convolve2d(X, built[0].weight), got) else "look at forward"
        return f"With a bias of 0 the output must be corr2d(X, weight); {same_as}."

    def bias() -> str | None:
        with torch.no_grad():
            built[0].bias.fill_(10.0)
        right = same(corr2d(X, built[0].weight) + 10, built[0](X))
        return None if right else "The bias is not added in forward."

    def gradient() -> str | None:
        built[0](X).sum().backward()
        if built[0].weight.grad is None or built[0].bias.grad is None:
            return (
                "No gradient arrives: don't copy numbers into a new tensor without autograd, nor use .data "
                "or .detach()."
            )
        return None

    def start() -> str | None:
        torch_state = torch.random.get_rng_state()
        other = my_layer((2, 3))
        torch.random.set_rng_state(torch_state)
        return (
            "Two layers start with the same weight: draw it at random." if same(other.weight, first) else None
        )

    def remember() -> str | None:
        nonlocal first
        first = built[0].weight.detach().clone()
        return None

    properties = {
        "building it": build,
        "its parameters": parameters,
        "its first weight": remember,
        "a random start": start,
        "the correlation": forward,
        "the bias": bias,
        "the gradient": gradient,
    }
    return judge_properties("conv2d layer", properties)


# ------------------------------------------------------------------------------------------- cases in common


def _image_cases(seed: int) -> list[Case]:
    """Images and kernels of many shapes, the chapter's first."""
    draw = Draw(seed)
    X, K = torch.arange(9.0).reshape(3, 3), torch.arange(4.0).reshape(2, 2)
    return [
        Case("the example of the chapter", {"X": X, "K": K}),
        Case("an image that is not square", {"X": draw(3, 5), "K": draw(2, 2)}),
        Case("a kernel wider than high", {"X": draw(3, 4), "K": draw(1, 3)}),
        Case("a kernel higher than wide", {"X": draw(4, 3), "K": draw(3, 1)}),
        Case("a kernel of one number", {"X": draw(2, 3), "K": draw(1, 1) + 5}),
        Case("a kernel as large as the image", {"X": draw(2, 3), "K": draw(2, 3)}),
        Case("integers", {"X": draw(3, 3).long(), "K": draw(2, 3).long()}),
        *(Case("random images", {"X": draw(*x), "K": draw(*k)}) for x, k in _RANDOM_SIZES),
    ]


_RANDOM_SIZES = (((5, 7), (3, 2)), ((7, 5), (2, 4)), ((4, 6), (3, 3)), ((6, 4), (2, 3)))


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


_GRADIENT_SETTINGS: tuple[tuple[str, tuple[int, ...], tuple[int, ...], int, int], ...] = (
    ("one channel", (1, 1, 3, 4), (1, 1, 2, 2), 1, 0),
    ("a kernel that is not square", (1, 1, 4, 4), (1, 1, 1, 3), 1, 0),
    ("channels", (1, 2, 3, 3), (3, 2, 2, 2), 1, 0),
    ("as many channels out as in", (1, 2, 4, 3), (2, 2, 2, 2), 1, 0),
    ("a batch", (3, 1, 3, 3), (2, 1, 2, 2), 1, 0),
    ("padding", (1, 1, 3, 3), (1, 1, 3, 3), 1, 1),
    ("stride", (2, 1, 5, 5), (1, 1, 3, 3), 2, 0),
)
