"""Maxima by doubling: torch's max pooling in every value, NaN and gradient, where this way serves."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from convbook._checks import pool2d_setting
from convbook.algorithms.maxima import CHANNELS, STRIP, run_maxima, window_maxima

kernels = st.tuples(st.integers(1, 9), st.integers(1, 9))


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 24), st.integers(1, 24)),
    kernels,
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.booleans(),
    st.integers(0, 99),
)
def test_window_maxima_are_torchs(
    shape: tuple[int, ...],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    ceil_mode: bool,
    seed: int,
) -> None:
    """With ties, NaN and −∞ among the pixels, on any window, stride, padding and ceil mode."""
    assume(all(p <= k // 2 for p, k in zip(padding, kernel, strict=True)))
    assume(all(n + 2 * p >= k for n, p, k in zip(shape[2:], padding, kernel, strict=True)))
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(-3, 4, shape, generator=generator).float()
    x[torch.rand(shape, generator=generator) < 0.05] = -torch.inf
    x[torch.rand(shape, generator=generator) < 0.02] = torch.nan
    setting = pool2d_setting("max_pool2d", x, kernel, stride, padding, 1, ceil_mode)
    expected = F.max_pool2d(x, kernel, stride, padding, 1, ceil_mode)
    y = window_maxima(x, setting)
    assert y is not None
    torch.testing.assert_close(y, expected, rtol=0, atol=0, equal_nan=True)
    leaf, twin = x.clone().requires_grad_(), x.clone().requires_grad_()
    y = window_maxima(leaf, setting)
    assert y is not None
    seed_of_gradient = torch.randn(y.shape, generator=generator)
    y.backward(seed_of_gradient)
    F.max_pool2d(twin, kernel, stride, padding, 1, ceil_mode).backward(seed_of_gradient)
    assert leaf.grad is not None
    torch.testing.assert_close(leaf.grad, twin.grad)


@pytest.mark.parametrize("length", range(1, 20))
@pytest.mark.parametrize("dim", [0, 1])
def test_run_maxima_are_maxima_of_runs(length: int, dim: int) -> None:
    x = torch.randint(0, 1000, (23, 21), generator=torch.Generator().manual_seed(length))
    assert torch.equal(run_maxima(x, length, dim), x.unfold(dim, length, 1).amax(-1))


def test_many_planes_go_through_in_parts() -> None:
    """More numbers than a strip holds, in several planes and in one."""
    for shape in ((3, 40, 64, 60), (1, 1, 500, 600)):
        x = torch.randn(shape)
        assert x.numel() > STRIP
        y = window_maxima(x, pool2d_setting("max_pool2d", x, 3, 2, 1))
        assert y is not None
        assert torch.equal(y, F.max_pool2d(x, 3, 2, 1))


def test_many_channels_turn_their_memory_and_back() -> None:
    """With many channels torch is asked channels last; equal pixels still send it to the first."""
    x = torch.zeros(2, CHANNELS + 3, 9, 8, requires_grad=True)
    y = window_maxima(x, pool2d_setting("max_pool2d", x, 3, 3))
    assert y is not None
    assert y.is_contiguous()
    y.sum().backward()
    assert x.grad is not None
    expected = torch.zeros(9, 8)
    expected[0::3, 0:6:3] = 1
    assert (x.grad == expected).all()


def test_where_it_does_not_serve_it_says_so() -> None:
    """Dilation, other dtypes, no pixels, no numbers, and a trace: None, and the caller goes on."""
    x = torch.randn(2, 3, 9, 8)
    dilated = pool2d_setting("max_pool2d", x, 2, 1, 0, 2)
    plain = pool2d_setting("max_pool2d", x, 2)
    assert window_maxima(x, dilated) is None
    assert window_maxima(x.half(), plain) is None
    assert window_maxima(x.int(), plain) is None
    assert window_maxima(x[:0], plain) is None
    assert window_maxima(x.to("meta"), plain) is None
    seen = []
    torch.func.vmap(lambda image: (seen.append(window_maxima(image, plain)), image)[1])(x)
    assert seen == [None]


def test_the_result_is_not_the_input() -> None:
    """A window of one pixel gives the image, in memory of its own."""
    x = torch.randn(1, 2, 5, 6)
    y = window_maxima(x, pool2d_setting("max_pool2d", x, 1))
    assert y is not None
    assert torch.equal(y, x)
    assert y.data_ptr() != x.data_ptr()
    leaf = x.clone().requires_grad_()
    y = window_maxima(leaf, pool2d_setting("max_pool2d", x, 1))
    assert y is not None
    assert y.data_ptr() != leaf.data_ptr()
