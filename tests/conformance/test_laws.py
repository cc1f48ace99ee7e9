"""What must be true of a convolution whatever computes it: laws, checked without any other implementation."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from convbook import (
    METHODS,
    conv2d,
    conv2d_input,
    conv2d_weight,
    conv_transpose2d,
    convolve2d,
    corr2d,
    pad,
)
from tests.conformance.frame import FACTOR, Ledger, Row, counted_decline

every_method = pytest.mark.parametrize("method", METHODS)
seeds = st.integers(0, 2**32)
kernels = st.tuples(st.integers(1, 4), st.integers(1, 4))
EXAMPLES = settings(max_examples=15)


def draw(seed: int, *shape: int) -> Tensor:
    """Return whole numbers in float64: sums are exact, so that laws hold to the last bit where no
    transform rounds.
    """
    return torch.randint(-5, 6, shape, generator=torch.Generator().manual_seed(seed)).double()


def kernel_for(method: str, seed: int, *shape: int) -> Tensor:
    """Return a random kernel; one of equal weights for the method that needs them."""
    w = draw(seed, *shape)
    return w[..., :1, :1].expand(shape) if method == "box" else w


def assert_equal(method: str, got: Tensor, want: Tensor) -> None:
    """Assert equality, exact but for the methods that pass through other numbers."""
    inexact = method in FACTOR or method in ("separable", "auto")
    torch.testing.assert_close(got, want, rtol=1e-10 if inexact else 0, atol=1e-9 if inexact else 0)


@every_method
@given(seed=seeds, size=kernels)
@EXAMPLES
def test_linear_in_the_image_and_in_the_kernel(
    method: str, seed: int, size: tuple[int, int], ledger: Ledger
) -> None:
    """conv(2x + 3y, w) = 2 conv(x, w) + 3 conv(y, w), and the same for the kernel."""
    x, y = draw(seed, 2, 2, 7, 8), draw(seed + 1, 2, 2, 7, 8)
    v, w = kernel_for(method, seed + 2, 3, 2, *size), kernel_for(method, seed + 3, 3, 2, *size)
    with counted_decline(Row(), method):
        f = lambda x, w: conv2d(x, w, method=method)  # noqa: E731
        assert_equal(method, f(2 * x + 3 * y, w), 2 * f(x, w) + 3 * f(y, w))
        assert_equal(method, f(x, 2 * v + 3 * w), 2 * f(x, v) + 3 * f(x, w))
        ledger.random["law: linearity"] += 1


@every_method
@given(seed=seeds, size=kernels, move=st.tuples(st.integers(0, 3), st.integers(0, 3)))
@EXAMPLES
def test_equivariant_under_shifts(
    method: str, seed: int, size: tuple[int, int], move: tuple[int, int], ledger: Ledger
) -> None:
    """Move the image, and the output moves as far: on a circle everywhere, at stride s by s pixels a cell."""
    x, w = draw(seed, 1, 2, 8, 9), kernel_for(method, seed + 1, 2, 2, *size)
    sides = tuple((0, k - 1) for k in size)

    def f(x: Tensor, stride: tuple[int, int] = (1, 1)) -> Tensor:
        return conv2d(x, w, None, stride, sides, padding_mode="circular", method=method)  # type: ignore[arg-type]

    with counted_decline(Row(), method):
        assert_equal(method, f(x.roll(move, (2, 3))), f(x).roll(move, (2, 3)))
        ledger.random["law: shift equivariance"] += 1
    with counted_decline(Row(), method):
        strided = f(x.roll((2 * move[0], 3 * move[1]), (2, 3)), (2, 3))
        assert_equal(method, strided, f(x, (2, 3)).roll(move, (2, 3)))


@every_method
@given(seed=seeds, size=kernels)
@EXAMPLES
def test_turning_both_turns_the_result(method: str, seed: int, size: tuple[int, int], ledger: Ledger) -> None:
    """Correlation with the turned kernel is convolution; turning image and kernel turns the result."""
    x, w = draw(seed, 1, 1, 6, 7), kernel_for(method, seed + 1, 1, 1, *size)
    with counted_decline(Row(), method):
        got = conv2d(x, w.flip(2, 3), method=method)
        assert_equal(method, got[0, 0], convolve2d(x[0, 0], w[0, 0]))
        assert_equal(method, conv2d(x.flip(2, 3), w, method=method).flip(2, 3), got)
        ledger.random["law: flip duality"] += 1


@every_method
@given(seed=seeds, size=kernels, stride=st.tuples(st.integers(1, 3), st.integers(1, 3)))
@EXAMPLES
def test_adjoints(
    method: str, seed: int, size: tuple[int, int], stride: tuple[int, int], ledger: Ledger
) -> None:
    """⟨conv(x, w), g⟩ = ⟨x, transposed(g, w)⟩ = ⟨w, weight gradient(x, g)⟩, at every stride."""
    x, w = draw(seed, 2, 2, 7, 8), kernel_for(method, seed + 1, 3, 2, *size)
    with counted_decline(Row(), method):
        y = conv2d(x, w, None, stride, 1, method=method)
        g = draw(seed + 2, *y.shape)
        product = (y * g).sum()
        assert_equal(method, (x * conv2d_input(x.shape, w, g, stride, 1)).sum(), product)
        assert_equal(method, (w * conv2d_weight(x, w.shape, g, stride, 1)).sum(), product)
        full = conv_transpose2d(g, w, None, stride)[..., 1:, 1:]
        rows, columns = (min(a, b) for a, b in zip(full.shape[2:], x.shape[2:], strict=True))
        assert_equal(method, (x[..., :rows, :columns] * full[..., :rows, :columns]).sum(), product)
        ledger.random["law: adjointness"] += 1


@every_method
@given(seed=seeds, size=kernels)
@EXAMPLES
def test_an_impulse_shows_the_kernel(method: str, seed: int, size: tuple[int, int], ledger: Ledger) -> None:
    """An impulse comes out as the kernel turned by 180°, each channel's where the weight says."""
    w = kernel_for(method, seed, 3, 2, *size)
    x = torch.zeros(1, 2, *(2 * k - 1 for k in size), dtype=torch.float64)
    x[0, 1, size[0] - 1, size[1] - 1] = 1
    with counted_decline(Row(), method):
        assert_equal(method, conv2d(x, w, method=method)[0], w[:, 1].flip(1, 2))
        ledger.random["law: impulse response"] += 1


@every_method
@given(seed=seeds, first=kernels, second=kernels)
@EXAMPLES
def test_two_convolutions_are_one(
    method: str, seed: int, first: tuple[int, int], second: tuple[int, int], ledger: Ledger
) -> None:
    """Correlating twice is correlating with the two kernels' full convolution; the order does not matter."""
    x = draw(seed, 10, 11)
    k, m = draw(seed + 1, *first), draw(seed + 2, *second)
    if method == "box":
        k, m = k[:1, :1].expand(first), m[:1, :1].expand(second)
    sides = tuple((n - 1, n - 1) for n in second)
    both = convolve2d(pad(k, sides), m)  # type: ignore[arg-type]

    def f(x: Tensor, kernel: Tensor) -> Tensor:
        return conv2d(x[None], kernel[None, None], method=method)[0]

    with counted_decline(Row(), method):
        assert_equal(method, f(f(x, k), m), corr2d(x, both))
        assert_equal(method, f(f(x, k), m), f(f(x, m), k))
        ledger.random["law: composition"] += 1
