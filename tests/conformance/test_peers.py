"""Implementations that share nothing with torch: SciPy's signal and ndimage."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, signal

from convbook import METHODS, conv2d, convolve2d, corr2d
from tests.conformance.frame import Ledger, Row, counted_decline

sizes = st.tuples(st.integers(4, 9), st.integers(4, 9))
kernels = st.tuples(st.integers(1, 4), st.integers(1, 4))
SAME = {
    "zeros": "constant",
    "reflect": "mirror",
    "replicate": "nearest",
    "circular": "grid-wrap",
    "symmetric": "reflect",
}
"""Our padding modes and ndimage's names for them; ndimage's own "reflect" repeats the edge."""


def draw(seed: int, shape: tuple[int, int]) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@given(size=sizes, kernel=kernels, seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_scipys_correlate2d_and_convolve2d(
    size: tuple[int, int], kernel: tuple[int, int], seed: int, ledger: Ledger
) -> None:
    """The teaching functions are SciPy's, mode "valid"."""
    x, k = draw(seed, size), draw(seed + 1, kernel)
    for ours, peer in ((corr2d, signal.correlate2d), (convolve2d, signal.convolve2d)):
        want = peer(x.numpy(), k.numpy(), mode="valid")
        torch.testing.assert_close(ours(x, k), torch.from_numpy(want))
        ledger.random["SciPy: correlate2d, convolve2d"] += 1


@pytest.mark.parametrize("method", METHODS)
@given(size=sizes, kernel=kernels, seed=st.integers(0, 2**32))
@settings(max_examples=20)
def test_scipys_full_correlation(
    method: str, size: tuple[int, int], kernel: tuple[int, int], seed: int, ledger: Ledger
) -> None:
    """With k − 1 rows of padding every method is SciPy's mode "full"."""
    x, k = draw(seed, size), draw(seed + 1, kernel)
    if method == "box":
        k = k[:1, :1].expand(kernel)
    with counted_decline(Row(), method):
        got = conv2d(x[None], k[None, None], padding=(kernel[0] - 1, kernel[1] - 1), method=method)[0]
        want = torch.from_numpy(signal.correlate2d(x.numpy(), np.ascontiguousarray(k.numpy()), mode="full"))
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)
        ledger.random["SciPy: correlate2d, full"] += 1


@pytest.mark.parametrize("mode", SAME)
@given(size=sizes, kernel=kernels, seed=st.integers(0, 2**32))
@settings(max_examples=40)
def test_ndimages_correlate_in_every_mode(
    mode: str, size: tuple[int, int], kernel: tuple[int, int], seed: int, ledger: Ledger
) -> None:
    """Each padding mode keeps the size as ndimage.correlate does, with an even kernel's extra row at the
    top there.
    """
    x, k = draw(seed, size), draw(seed + 1, kernel)
    sides = tuple((n // 2, (n - 1) // 2) for n in kernel)
    got = conv2d(x[None], k[None, None], padding=sides, padding_mode=mode)[0]  # type: ignore[arg-type]
    torch.testing.assert_close(
        got, torch.from_numpy(ndimage.correlate(x.numpy(), k.numpy(), mode=SAME[mode]))
    )
    ledger.random["SciPy: ndimage.correlate"] += 1
