"""The definition, held against numbers worked out by hand and against loops over plain Python numbers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from scipy import signal
from torch import Tensor

import convbook
from convbook import convolve2d, corr2d, corr2d_multi_in, corr2d_multi_in_out

X = torch.arange(9).reshape(3, 3)
K = torch.arange(4).reshape(2, 2)


def by_plain_numbers(X: Tensor, K: Tensor) -> list[list[complex]]:
    """Correlate lists of Python numbers: no tensor, no slice, no sum of torch's."""
    x, k = X.tolist(), K.tolist()
    return [
        [
            sum(x[i + a][j + b] * k[a][b] for a in range(len(k)) for b in range(len(k[0])))
            for j in range(len(x[0]) - len(k[0]) + 1)
        ]
        for i in range(len(x) - len(k) + 1)
    ]


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.float32, torch.float64, torch.complex64])
def test_the_notes_first_example(dtype: torch.dtype) -> None:
    """[[0,1,2],[3,4,5],[6,7,8]] with [[0,1],[2,3]] gives [[19,25],[37,43]], in the dtype of the input."""
    got = corr2d(X.to(dtype), K.to(dtype))
    assert got.equal(torch.tensor([[19, 25], [37, 43]], dtype=dtype))
    assert got.dtype == dtype


def test_the_notes_edges() -> None:
    """On the 6×8 image [1, −1] gives 1 and −1 at the two edges, and nothing on the transposed image."""
    image = torch.ones(6, 8)
    image[:, 2:6] = 0
    kernel = torch.tensor([[1.0, -1.0]])
    assert corr2d(image, kernel).equal(torch.tensor([0.0, 1, 0, 0, 0, -1, 0]).expand(6, 7))
    assert corr2d(image.T, kernel).equal(torch.zeros(8, 5))


@pytest.mark.parametrize(
    ("size", "kernel"), [((5, 4), (2, 3)), ((3, 7), (3, 1)), ((1, 4), (1, 4)), ((6, 2), (1, 1))]
)
def test_it_is_the_formula(
    size: tuple[int, int], kernel: tuple[int, int], generator: torch.Generator
) -> None:
    """Every output is the sum of products that the formula says, on sides of all parities."""
    x = torch.randint(-9, 10, size, generator=generator)
    k = torch.randint(-9, 10, kernel, generator=generator)
    assert corr2d(x, k).tolist() == by_plain_numbers(x, k)


def test_convolution_flips_and_correlation_does_not() -> None:
    """An impulse comes out as the kernel by convolution, and as the kernel turned around by correlation."""
    impulse = torch.zeros(5, 5, dtype=torch.int64)
    impulse[2, 2] = 1
    kernel = torch.arange(1, 10).reshape(3, 3)
    assert convolve2d(impulse, kernel).equal(kernel)
    assert corr2d(impulse, kernel).equal(kernel.flip(0, 1))


def test_scipy_agrees(generator: torch.Generator) -> None:
    """SciPy's correlate2d and convolve2d, mode "valid", give the same."""
    x, k = (torch.randn(size, dtype=torch.float64, generator=generator) for size in ((6, 5), (3, 2)))
    for ours, peer in ((corr2d, signal.correlate2d), (convolve2d, signal.convolve2d)):
        torch.testing.assert_close(ours(x, k), torch.from_numpy(peer(x.numpy(), k.numpy(), mode="valid")))


def test_complex_kernels_are_not_conjugated() -> None:
    """i·i = −1: SciPy's correlate2d would conjugate the kernel and say 1; layers don't."""
    i = torch.tensor([[1j]], dtype=torch.complex128)
    assert corr2d(i, i).item() == -1
    assert convolve2d(i, i).item() == -1
    assert signal.correlate2d(i.numpy(), i.numpy())[0, 0] == 1


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_integers_are_exact_in_their_own_dtype(dtype: torch.dtype) -> None:
    """2²⁴ + 1 stays what it is, where float32 would give 2²⁴; narrow types wrap around as torch's
    arithmetic does.
    """
    large = torch.full((2, 2), 2**24 + 1, dtype=torch.int64)
    one = torch.ones(1, 1, dtype=torch.int64)
    assert corr2d(large, one).equal(large)
    narrow = torch.full((1, 2), 100, dtype=dtype)
    want = torch.tensor([[20000]]).to(dtype)
    assert corr2d(narrow, narrow).equal(want)
    assert corr2d(narrow, narrow).dtype == dtype


@pytest.mark.filterwarnings("ignore:ComplexHalf")
@pytest.mark.parametrize("dtype", [torch.uint16, torch.uint32, torch.uint64, torch.complex32])
def test_types_that_torch_itself_cannot_sum_or_flip(dtype: torch.dtype) -> None:
    """They give the numbers of int64, and keep their type; so do several channels."""
    x, k = X.to(dtype), K.to(dtype)
    for found, expected in (
        (corr2d(x, k), [[19, 25], [37, 43]]),
        (convolve2d(x, k), [[5, 11], [23, 29]]),
        (corr2d_multi_in(x[None], k[None]), [[19, 25], [37, 43]]),
        (corr2d_multi_in_out(x[None], k[None, None])[0], [[19, 25], [37, 43]]),
    ):
        assert found.dtype == dtype
        assert found.tolist() == expected


def test_the_largest_unsigned_numbers_are_flipped_exactly() -> None:
    """2⁶⁴ − 1 goes through int64, where it is −1, and comes back."""
    x, k = torch.tensor([[1, 1]], dtype=torch.uint64), torch.tensor([[2**64 - 1, 0]], dtype=torch.uint64)
    assert convolve2d(x, k).tolist() == [[2**64 - 1]]


def test_dtypes_are_promoted_and_never_lowered() -> None:
    """An integer image with a float kernel gives floats, float64 stays float64."""
    assert corr2d(X, K.float()).dtype == torch.float32
    assert corr2d(X.double(), K.float()).dtype == torch.float64
    assert corr2d(X.to(torch.uint8), K).dtype == torch.int64


def test_unsigned_integers_that_torch_never_promotes_are_refused_by_a_sentence() -> None:
    """uint16 with int64 has no common dtype in torch; with a floating kernel it has."""
    with pytest.raises(
        TypeError, match=r"got X is uint16, K is int64; convert one, for example K\.to\(X\.dtype\)"
    ):
        corr2d(X.to(torch.uint16), K)
    assert corr2d(X.to(torch.uint16), K.float()).dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types_count_beyond_256(dtype: torch.dtype) -> None:
    """A sum of 1 000 ones is 1 000, and not where a half type's own sum stops counting (bfloat16: 256)."""
    ones = torch.ones(25, 40, dtype=dtype)
    assert corr2d(ones, ones).item() == 1000
    assert corr2d_multi_in(ones.view(10, 10, 10), ones.view(10, 10, 10)).item() == 1000
    assert corr2d(ones, ones).dtype == dtype


def test_channels_are_summed_and_outputs_stacked() -> None:
    """Multi-in is the sum of the channels' correlations, multi-in-out one of them for each output: the
    notes' numbers.
    """
    x = torch.stack([X, X + 1])
    k = torch.stack([K, K + 1])
    assert corr2d_multi_in(x, k).equal(torch.tensor([[56, 72], [104, 120]]))
    stacked = corr2d_multi_in_out(x, torch.stack([k, k + 1, k + 2]))
    assert stacked.shape == (3, 2, 2)
    assert stacked[2].equal(corr2d(X, K + 2) + corr2d(X + 1, K + 3))


def test_nan_and_inf_stay_where_the_window_meets_them() -> None:
    """One NaN spoils the four windows that see it, and no other."""
    x = torch.ones(4, 4)
    x[1, 1] = torch.nan
    got = corr2d(x, torch.ones(2, 2)).isnan()
    assert got.nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize("function", [corr2d, convolve2d])
def test_the_definition_is_differentiable_twice(function: object) -> None:
    """The gradient and the gradient's gradient are right by finite differences."""
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    k = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function, (x, k))
    assert torch.autograd.gradgradcheck(function, (x, k))


def test_results_share_no_memory_and_inputs_stay() -> None:
    """A 1×1 kernel of 1 gives a copy, not the image."""
    x = torch.arange(6.0).reshape(2, 3)
    got = corr2d(x, torch.ones(1, 1))
    got += 1
    assert x.equal(torch.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("module", ["correlation.py", "algorithms/definition.py"])
def test_the_definition_shares_no_code_with_its_twins(module: str) -> None:
    """What everything is compared with imports torch, the checks, and nothing else of the package."""
    tree = ast.parse((Path(convbook.__file__).parent / module).read_text(encoding="utf-8"))
    names = {
        f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    ours = {name for name in names if name.startswith("convbook")}
    assert ours <= {
        "convbook._judge",
        "convbook._judge.Setting",
        "convbook._judge.accumulator",
        "convbook._forms.Sides",
        "convbook.algorithms._method.Method",
    }
