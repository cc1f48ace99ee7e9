"""Windows as columns, a convolution as a matrix, and its transpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from convbook import geometry
from convbook.conv import conv2d, conv_transpose2d
from convbook.dense import conv_matrix
from convbook.exercises._compare import Draw, Mistake, compare, plain_settings
from convbook.exercises._report import CheckResult
from convbook.exercises._verdict import Case
from convbook.windows import unfold


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


_UNFOLD_MISTAKES = (
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


@plain_settings()
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

    return compare("unfold", my_unfold, reference, cases, _UNFOLD_MISTAKES)


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


_CONV_TRANSPOSE2D_MISTAKES = (
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


@plain_settings()
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

    return compare("conv_transpose2d", my_conv_transpose2d, reference, cases, _CONV_TRANSPOSE2D_MISTAKES)


_CONV_MATRIX_MISTAKES = (
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


@plain_settings()
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

    return compare("conv_matrix", my_conv_matrix, reference, cases, _CONV_MATRIX_MISTAKES)
