"""A convolution as a dense layer's matrix, and a dense layer's nearest convolution."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import Tensor

from convbook import (
    conv2d,
    conv_matrix,
    conv_transpose2d,
    dense_by_offset,
    matrix_structure,
    nearest_kernel,
    pixel_uses,
)

# (weight, input size, stride, padding, dilation, groups)
CASES = [
    ((1, 1, 2, 3), (4, 5), 1, 0, 1, 1),
    ((2, 3, 3, 2), (5, 6), 1, (1, 2), 1, 1),
    ((6, 2, 2, 3), (7, 6), (2, 3), ((1, 0), (0, 2)), (1, 2), 3),
    ((3, 1, 2, 2), (3, 4), 2, 3, (2, 1), 3),
    ((2, 2, 4, 2), (5, 6), 1, "same", (1, 3), 1),
    ((2, 1, 1, 7), (1, 2), 3, ((0, 0), (5, 0)), 1, 1),  # five taps meet padding alone
]
every_case = pytest.mark.parametrize("case", CASES, ids=str)


@every_case
def test_the_matrix_does_what_the_convolution_does(case: tuple) -> None:  # type: ignore[type-arg]
    """Matrix times flattened image is the flattened convolution, and its transpose the transposed one."""
    kernel, size, stride, padding, dilation, groups = case
    w = torch.randint(-5, 6, kernel)
    x = torch.randint(-5, 6, (kernel[1] * groups, *size))
    matrix = conv_matrix(w, size, stride, padding, dilation, groups)
    y = conv2d(x, w, None, stride, padding, dilation, groups)
    assert (matrix @ x.flatten()).equal(y.flatten())
    if padding == 0:
        back = conv_transpose2d(y, w, None, stride, 0, 0, groups, dilation)
        assert (matrix.T @ y.flatten()).equal(back.flatten())


@every_case
def test_the_structure_is_counted_without_the_matrix(case: tuple) -> None:  # type: ignore[type-arg]
    """Shape, entries, nonzeros, parameters and sparsity are those of the matrix of a kernel without zeros."""
    kernel, size, *setting = case
    w = torch.arange(1, 1 + torch.Size(kernel).numel()).reshape(kernel)
    matrix = conv_matrix(w, size, *setting)
    found = matrix_structure(kernel, size, *setting)
    assert found.shape == matrix.shape
    assert found.entries == matrix.numel()
    assert found.nonzeros == matrix.count_nonzero()
    assert found.parameters == w.numel()
    assert found.sparsity == Fraction(int((matrix == 0).sum()), matrix.numel())


def test_the_structure_of_huge_layers_is_exact() -> None:
    """Nothing overflows: 10¹⁰ rows and columns."""
    n = 10**10
    found = matrix_structure((1, 1, 3, 3), n, padding=1)
    assert found.entries == n**4
    assert found.nonzeros == (3 * n - 2) ** 2
    assert found.parameters == 9


def test_the_structure_of_huge_kernels_takes_no_time() -> None:
    """A kernel as large as the image has one window, and every tap meets a pixel; dilated and strided too."""
    n = 10**15
    assert matrix_structure((1, 1, n, 1), (n, 1)).nonzeros == n
    # On an axis of 2n pixels, n taps two pixels apart, padding 1: windows at −1, 0 and 1, of which the last
    # has its last tap at 2n − 1 and the first its first tap in the padding.
    found = matrix_structure((1, 1, n, 1), (2 * n, 1), padding=((1, 0), (0, 0)), dilation=(2, 1))
    assert (found.shape, found.nonzeros) == ((3, 2 * n), 3 * n - 1)
    # k taps slide over k pixels two rows at a time, from wholly above to wholly below: k − |2i − k| of them
    # meet a pixel in window i, for i = 0 … k, which sums to k²/2.
    for k in (10, 10**15):
        assert matrix_structure((1, 1, k, 1), (k, 1), 2, ((k, k), (0, 0))).nonzeros == k * k // 2


def test_each_column_holds_the_uses_of_its_pixel() -> None:
    """The matrix of a kernel of ones sums, column by column, to how often each pixel is used."""
    matrix = conv_matrix(torch.ones(1, 1, 3, 2, dtype=torch.int64), (4, 5), padding=1)
    uses = pixel_uses((4, 5), (3, 2), padding=1)
    assert matrix.sum(0).reshape(4, 5).tolist() == [list(row) for row in uses]


def test_the_matrix_is_differentiable() -> None:
    """Each weight gets the sum of the gradients of its entries; twice, too; and under vmap and on meta."""
    w = torch.randn(2, 1, 2, 3, dtype=torch.float64, requires_grad=True)

    def f(w: Tensor) -> Tensor:
        return conv_matrix(w, (3, 4), padding=1)

    assert torch.autograd.gradcheck(f, w, fast_mode=True)
    assert torch.autograd.gradgradcheck(f, w, fast_mode=True)
    two = torch.stack([w, 2 * w])
    assert torch.func.vmap(f)(two).equal(torch.stack([f(w), f(2 * w)]))
    assert f(w.to("meta")).shape == f(w).shape


@pytest.mark.filterwarnings("ignore:ComplexHalf")
@pytest.mark.parametrize(
    "dtype",
    [
        *(torch.uint8, torch.uint16, torch.uint32, torch.uint64, torch.int64),
        *(torch.bfloat16, torch.complex32, torch.complex64),
    ],
    ids=str,
)
def test_the_matrix_has_the_weights_dtype(dtype: torch.dtype) -> None:
    """Numbers are moved, not computed with, so every dtype stays."""
    matrix = conv_matrix(torch.tensor([[[[3, 5]]]]).to(dtype), (1, 3))
    assert matrix.dtype == dtype
    assert matrix.tolist() == [[3, 5, 0], [0, 3, 5]]


def test_offsets_are_cells_to_pixels() -> None:
    """V[i, j, h − 1 + a, w − 1 + b] = W[i, j, i + a, j + b], and 0 outside."""
    h, w = 3, 4
    W = torch.arange(1, 1 + (h * w) ** 2).reshape(h, w, h, w)
    V = dense_by_offset(W)
    assert V.shape == (h, w, 2 * h - 1, 2 * w - 1)
    for i in range(h):
        for j in range(w):
            for a in range(1 - h, h):
                for b in range(1 - w, w):
                    inside = 0 <= i + a < h and 0 <= j + b < w
                    assert V[i, j, h - 1 + a, w - 1 + b] == (W[i, j, i + a, j + b] if inside else 0)


def test_a_convolution_is_translation_invariant_and_local() -> None:
    """By offset, the dense weights of a "same" convolution are the kernel at every cell whose windows
    stay inside.
    """
    kernel = torch.arange(1, 10).reshape(3, 3)
    V = dense_by_offset(conv_matrix(kernel[None, None], (5, 6), padding=1).reshape(5, 6, 5, 6))
    for i in range(1, 4):
        for j in range(1, 5):
            assert V[i, j, 3:6, 4:7].equal(kernel)
            assert V[i, j].sum() == kernel.sum()


@pytest.mark.parametrize("padding", [0, 1, ((0, 1), (2, 0)), "same"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_a_convolution_is_its_own_nearest(padding: object, dtype: torch.dtype) -> None:
    """From the matrix of a convolution the kernel comes back, all of it that meets a pixel."""
    kernel = torch.randn(3, 2, dtype=dtype)
    y = conv2d(torch.ones(1, 5, 6, dtype=dtype), kernel[None, None], padding=padding)  # type: ignore[arg-type]
    W = conv_matrix(kernel[None, None], (5, 6), padding=padding).reshape(*y.shape[1:], 5, 6)  # type: ignore[arg-type]
    torch.testing.assert_close(nearest_kernel(W, (3, 2), padding), kernel)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:ComplexHalf")
def test_the_nearest_kernel_of_half_complex_weights() -> None:
    """complex32, which torch cannot gather, gives the means of complex64."""
    W = torch.complex(torch.arange(16.0), torch.ones(16)).reshape(2, 2, 2, 2)
    found = nearest_kernel(W.to(torch.complex32), 1)
    assert found.dtype == torch.complex32
    assert found.tolist() == nearest_kernel(W, 1).tolist()


def test_the_nearest_kernel_leaves_a_rest_at_right_angles() -> None:
    """The difference to the dense layer is orthogonal to every convolution: no other kernel comes nearer."""
    W = torch.randn(4, 4, 5, 6, dtype=torch.float64)
    kernel = nearest_kernel(W, (2, 3))
    rest = W.reshape(16, 30) - conv_matrix(kernel[None, None], (5, 6))
    for unit in torch.eye(6, dtype=torch.float64).reshape(6, 1, 1, 2, 3):
        assert (rest * conv_matrix(unit, (5, 6))).sum().abs() < 1e-12


def test_a_tap_that_meets_padding_alone_is_zero() -> None:
    """On one pixel with padding 1 a 3×3 kernel's corners meet a pixel once each; on the pixel's own
    window one tap.
    """
    W = torch.full((1, 1, 1, 1), 7.0)
    assert nearest_kernel(W, 3, 1).tolist() == [[0, 0, 0], [0, 7, 0], [0, 0, 0]]


def test_the_mean_of_half_types_is_taken_in_float32() -> None:
    """The mean of 1 000 ones is 1, and not 0.256 as a bfloat16 sum would have it."""
    assert nearest_kernel(torch.ones(25, 40, 25, 40, dtype=torch.bfloat16), 1).item() == 1
