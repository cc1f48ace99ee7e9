"""One channel: correlation, convolution, flipped and separable kernels, edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from convbook.conv import conv_transpose2d
from convbook.correlation import convolve2d, corr2d
from convbook.exercises._compare import Draw, Mistake, compare, floats, plain_settings
from convbook.exercises._edge_kernel import judge_edge_kernel
from convbook.exercises._report import CheckResult
from convbook.exercises._verdict import Case, outer_product


def _corr1d(x: Tensor, k: Tensor) -> Tensor:
    return corr2d(x[None], k[None])[0]


def _corr1d_padded(x: Tensor, k: Tensor, before: int, after: int) -> Tensor:
    return _corr1d(F.pad(x, (before, after)), k)


_CORR1D_MISTAKES = (
    Mistake(
        "You flipped the taps. Cross-correlation does not; convolution (np.convolve) does.",
        lambda x, k: _corr1d(x, k.flip(0)),
    ),
    Mistake(
        "Your output is as long as the row: without padding only n − k + 1 windows fit.",
        lambda x, k: _corr1d_padded(x, k, (len(k) - 1) // 2, len(k) // 2),
    ),
    Mistake(
        "Your output is as long as the row: without padding only n − k + 1 windows fit.",
        lambda x, k: _corr1d_padded(x, k, len(k) // 2, (len(k) - 1) // 2),
    ),
    Mistake(
        "Your output is as long as the row: without padding only n − k + 1 windows fit.",
        lambda x, k: _corr1d_padded(x, k, 0, len(k) - 1),
    ),
    Mistake(
        "Windows that stick out of the row are counted too: only n − k + 1 fit inside.",
        lambda x, k: _corr1d_padded(x, k, len(k) - 1, len(k) - 1),
    ),
    Mistake("The last window is missing: a row of n holds n − k + 1.", lambda x, k: _corr1d(x, k)[:-1]),
    Mistake("The first window is missing: it starts at index 0.", lambda x, k: _corr1d(x, k)[1:]),
    Mistake(
        "The windows do not overlap: the next one starts one number further, not k.",
        lambda x, k: _corr1d(x, k)[:: len(k)],
    ),
    Mistake("A mean over the window: the products are summed.", lambda x, k: _corr1d(x, k) / len(k)),
    Mistake(
        "The largest product instead of the sum of the products.",
        lambda x, k: (x.unfold(0, len(k), 1) * k).amax(1),
    ),
    Mistake(
        "Only the last tap counts: add to the sum, +=, instead of replacing it.",
        lambda x, k: _corr1d(x, k * (torch.arange(len(k)) == len(k) - 1)),
    ),
    Mistake(
        "Only the first tap counts: the sum runs over all taps of the window.",
        lambda x, k: _corr1d(x, k * (torch.arange(len(k)) == 0)),
    ),
    Mistake(
        "The sum is never set back: each window starts again at 0.", lambda x, k: _corr1d(x, k).cumsum(0)
    ),
    Mistake(
        "The products are kept apart: each window gives one number, their sum.",
        lambda x, k: x.unfold(0, len(k), 1) * k,
    ),
    Mistake(
        "Computed in float32: torch.zeros(…) without dtype loses digits. Give it the dtype of x.",
        lambda x, k: _corr1d(x.float(), k.float()),
    ),
)


@plain_settings()
def check_corr1d(my_corr1d: Callable[..., Any], *, seed: int = 0) -> CheckResult:
    """Check a cross-correlation of a row of numbers with a row of taps, called as ``my_corr1d(x, k)``.

    Right is ``y[i] = x[i]·k[0] + x[i + 1]·k[1] + …``, for every window that fits: n − k + 1 numbers.

    Parameters
    ----------
    my_corr1d : callable
        Your function; `x` has shape (n,), `k` has shape (taps,); returns a tensor, an array or a list.
    seed : int, optional
        Chooses the random cases.

    Returns
    -------
    CheckResult

    Raises
    ------
    TypeError
        If `my_corr1d` cannot be called: pass the function itself, not its result.

    See Also
    --------
    check_corr2d : the same in two dimensions.

    Examples
    --------
    >>> print(
    ...     check_corr1d(
    ...         lambda x, k: [float((x[i : i + len(k)] * k).sum()) for i in range(len(x) - len(k))]
    ...     ).hint
    ... )
    The last window is missing: a row of n holds n − k + 1.
    >>> bool(check_corr1d(lambda x, k: x.unfold(0, len(k), 1) @ k))
    True
    """
    draw = Draw(seed)
    pairs = {
        "four numbers and two taps": (floats([1, 2, 4, 3]), floats([1, -1])),
        "three taps": (draw(7), floats([1, 2, 5])),
        "one tap": (draw(4), floats([3])),
        "as many taps as numbers": (draw(3), draw(3)),
        "integers": (draw(6).long(), draw(3).long()),
        "double precision": (floats([1, 3, 5, 7]).double() / 9, floats([1, 2]).double()),
        "many numbers": (draw(20), draw(4)),
        "an odd number of taps": (draw(9), draw(5)),
    }
    cases = [Case(about, {"x": x, "k": k}) for about, (x, k) in pairs.items()]
    return compare("corr1d", my_corr1d, _corr1d, cases, _CORR1D_MISTAKES)


def _per_window(
    X: Tensor, K: Tensor, combine: Callable[[Tensor, Tensor], Tensor], step: bool = False
) -> Tensor:
    """Loop over the windows and combine each with the kernel in a wrong way."""
    h, w = K.shape
    down, across = (h, w) if step else (1, 1)
    rows, columns = range(0, X.shape[0] - h + 1, down), range(0, X.shape[1] - w + 1, across)
    return torch.stack([torch.stack([combine(X[i : i + h, j : j + w], K) for j in columns]) for i in rows])


_CORR2D_MISTAKES = (
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
        "float64. Give it the dtype of X.",
        lambda X, K: corr2d(X.float(), K.float()),
    ),
)


@plain_settings()
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
    return compare("corr2d", my_corr2d, corr2d, cases, _CORR2D_MISTAKES)


_CONVOLVE2D_MISTAKES = (
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


@plain_settings()
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
    return compare("convolve2d", my_convolve2d, convolve2d, _image_cases(seed), _CONVOLVE2D_MISTAKES)


_FLIP_MISTAKES = (
    Mistake("Flipped upside down only: the columns must be reversed as well.", lambda K: K.flip(0)),
    Mistake("Flipped left to right only: the rows must be reversed as well.", lambda K: K.flip(1)),
    Mistake("Transposed instead of flipped: rows became columns.", lambda K: K.T),
    Mistake("Not flipped at all.", lambda K: K),
    Mistake("A quarter turn: flipping in both directions is half a turn.", lambda K: K.rot90()),
    Mistake("A quarter turn: flipping in both directions is half a turn.", lambda K: K.rot90(-1)),
)


@plain_settings()
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
    return compare("flip", my_flip, lambda K: K.flip(0, 1), cases, _FLIP_MISTAKES)


def _split(K: Tensor) -> tuple[Tensor, Tensor]:
    """Divide the column through the largest entry by it; its row is the row."""
    i, j = divmod(int(K.abs().argmax()), K.shape[1])
    return K[:, j] / K[i, j], K[i]


_SEPARABLE_MISTAKES = (
    Mistake(
        "The outer product is K[0, 0] times too large: divide one of the two by it.",
        lambda K: (K[:, 0], K[0]),
    ),
    Mistake(
        "Column and row are swapped: the column has as many entries as K has rows.", lambda K: _split(K)[::-1]
    ),
    Mistake(
        "Divided by K[0, 0], which may be 0: divide by an entry that is not, for example the largest.",
        lambda K: (K[:, 0], K[0] / K[0, 0]),
    ),
)


@plain_settings()
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
    return compare("separable", my_separate, _split, cases, _SEPARABLE_MISTAKES, outer_product)


@plain_settings()
def check_edge_kernel(my_kernel: Any) -> CheckResult:
    """Check a kernel of your own that finds vertical edges, and nothing else.

    Its output must be 0 on a flat image and along a horizontal edge, different from 0 at a vertical edge,
    and opposite where white turns black and where black turns white.

    Parameters
    ----------
    my_kernel : Tensor, array or nested lists
        Rows × columns, at most 5 × 5.

    Returns
    -------
    CheckResult

    Raises
    ------
    TypeError
        If `my_kernel` holds no real numbers.

    Examples
    --------
    >>> print(check_edge_kernel(torch.tensor([[1.0], [-1.0]])).hint)
    0 at a vertical edge: the kernel must change along its rows, from left to right. Try its transpose.
    >>> bool(check_edge_kernel(torch.tensor([[1.0, -1.0]])))
    True
    """
    return judge_edge_kernel(my_kernel)


_RANDOM_SIZES = (((5, 7), (3, 2)), ((7, 5), (2, 4)), ((4, 6), (3, 3)), ((6, 4), (2, 3)))


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
