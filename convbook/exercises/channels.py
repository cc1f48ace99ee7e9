"""Several channels, batches, stride and padding: the arithmetic of a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from convbook.conv import conv2d
from convbook.correlation import corr2d, corr2d_multi_in, corr2d_multi_in_out
from convbook.exercises._compare import Draw, Mistake, compare, plain_settings
from convbook.exercises._report import CheckResult
from convbook.exercises._verdict import Case

_MULTI_IN_MISTAKES = (
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


@plain_settings()
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
    return compare("corr2d_multi_in", my_corr2d_multi_in, corr2d_multi_in, cases, _MULTI_IN_MISTAKES)


_MULTI_IN_OUT_MISTAKES = (
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


@plain_settings()
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
        "corr2d_multi_in_out", my_corr2d_multi_in_out, corr2d_multi_in_out, cases, _MULTI_IN_OUT_MISTAKES
    )


_CONV_1X1_MISTAKES = (
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


@plain_settings()
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
    return compare("conv_1x1", my_conv_1x1, corr2d_multi_in_out, cases, _CONV_1X1_MISTAKES)


def _conv(input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any) -> Tensor:
    return conv2d(input, weight, bias, stride, padding)


_CONV2D_MISTAKES = (
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


@plain_settings()
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
    return compare("conv2d", my_conv2d, conv2d, cases, _CONV2D_MISTAKES)
