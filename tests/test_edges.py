"""Edges: printed numbers, exact answers on ramps and steps, the laws of turning, SciPy as a judge."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from convbook import edges, images
from convbook.correlation import corr2d
from convbook.edges import OPERATORS, detect_edges, image_gradient, magnitude, orientation, zero_crossings
from convbook.kernels import KERNELS, gaussian

INTEGERS = [
    torch.uint8,
    torch.int8,
    torch.uint16,
    torch.int16,
    torch.uint32,
    torch.int32,
    torch.uint64,
    torch.int64,
]
RAMP_RESPONSE = {"central": 2, "prewitt": 6, "sobel": 8, "scharr": 32, "roberts": math.sqrt(2)}


@pytest.fixture
def X(generator: torch.Generator) -> torch.Tensor:
    """A random image, taller than a square is."""
    return images.noise((9, 7), generator=generator, dtype=torch.float64)


class TestTheNotes:
    """The numbers of the first example."""

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
    def test_vertical_edges_of_the_edge_image(self, dtype: torch.dtype) -> None:
        """Each row of the answer is [0, 1, 0, 0, 0, −1, 0], in the image's data type."""
        Y = detect_edges(images.edge_image(dtype=dtype))
        assert Y.dtype == dtype
        assert Y.tolist() == [[0, 1, 0, 0, 0, -1, 0]] * 6

    def test_transposed_image_has_none(self) -> None:
        """The kernel [1, −1] gives zeros, 8×5, on the transposed image."""
        assert torch.equal(detect_edges(images.edge_image().T), torch.zeros(8, 5))

    def test_horizontal_kernel_finds_them_there(self) -> None:
        """The transposed kernel on the transposed image gives the transposed answer."""
        X = images.edge_image()
        assert torch.equal(detect_edges(X.T, "horizontal"), detect_edges(X).T)

    def test_vertical_kernel_is_not_blind_to_diagonals(self) -> None:
        """ "Detects only vertical edges" is wrong: [1, −1] fires along the whole diagonal."""
        Y = detect_edges(images.diagonal_edge(8), "vertical")
        assert torch.equal(Y.nonzero(), torch.stack((torch.arange(7), torch.arange(7)), 1))
        assert (Y.diagonal() == -1).all()

    def test_one_needs_binary_images(self) -> None:
        """ "The output is ±1" is wrong: the answer is the height of the step, with its sign."""
        Y = detect_edges(0.25 * images.edge_image() + 0.5)
        assert Y.unique().tolist() == [-0.25, 0, 0.25]


class TestDetectEdges:
    """What detect_edges does with names, operators and matrices."""

    @pytest.mark.parametrize("name", KERNELS)
    def test_name_is_its_kernel(self, X: torch.Tensor, name: str) -> None:
        """A name gives the correlation with the kernel of that name."""
        K = KERNELS[name].double()
        torch.testing.assert_close(detect_edges(X, name), corr2d(X, K), atol=1e-7, rtol=1e-6)

    def test_matrix(self, X: torch.Tensor) -> None:
        """A matrix is used as it is."""
        K = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
        torch.testing.assert_close(detect_edges(X, K), corr2d(X, K))

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_operator_is_the_magnitude(self, X: torch.Tensor, operator: str) -> None:
        """An operator's name gives the length of its gradient."""
        rows, columns = image_gradient(X, operator)
        torch.testing.assert_close(detect_edges(X, operator), (rows**2 + columns**2).sqrt())

    @pytest.mark.parametrize("kernel", ["vertical", "diagonal", "laplacian_8", *OPERATORS])
    def test_flat_areas_give_nothing(self, kernel: str) -> None:
        """A constant image has no edges, exactly."""
        assert (detect_edges(torch.full((6, 7), 0.7, dtype=torch.float64), kernel).abs() < 1e-14).all()

    @pytest.mark.parametrize("kernel", ["vertical", "sobel"])
    @pytest.mark.parametrize("leading", [(), (4,), (2, 1, 3), (0,)])
    def test_stacks(self, generator: torch.Generator, kernel: str, leading: tuple[int, ...]) -> None:
        """Each image of a stack is treated alone, whatever the leading dimensions."""
        X = torch.randn(*leading, 6, 8, generator=generator, dtype=torch.float64)
        Y = detect_edges(X, kernel)
        flat = X.reshape(-1, 6, 8) if X.numel() else []
        one_by_one = [detect_edges(image, kernel) for image in flat]
        assert Y.shape[:-2] == leading
        if one_by_one:
            torch.testing.assert_close(Y.reshape(-1, *Y.shape[-2:]), torch.stack(one_by_one))

    def test_integers_stay_exact(self) -> None:
        """Whole numbers beyond float32's reach keep their differences."""
        X = torch.tensor([[2**24 + 1, 2**24, 2**40 + 3]])
        assert detect_edges(X).tolist() == [[1, 2**24 - 2**40 - 3]]

    @pytest.mark.parametrize("dtype", INTEGERS, ids=str)
    def test_integers_of_any_type_give_int64(self, dtype: torch.dtype) -> None:
        """A response is negative, or eight times a pixel, and must not wrap."""
        largest = min(torch.iinfo(dtype).max, 2**60)
        X = torch.tensor([[largest] * 3, [0] * 3, [0] * 3], dtype=dtype)
        for K in ("sobel_horizontal", torch.tensor([[1, 2, 1], [0, 0, 0], [0, 0, 0]], dtype=torch.int8)):
            Y = detect_edges(X, K)
            assert Y.dtype == torch.int64
            assert Y.item() == (-4 * largest if isinstance(K, str) else 4 * largest)

    def test_same_padding_keeps_the_size(self, X: torch.Tensor) -> None:
        """With "same" the answer is as large as the image, and equal inside."""
        Y = detect_edges(X, "sobel_vertical", padding="same", padding_mode="replicate")
        assert Y.shape == X.shape
        torch.testing.assert_close(Y[1:-1, 1:-1], detect_edges(X, "sobel_vertical"))

    def test_zeros_draw_a_frame_and_replicate_does_not(self) -> None:
        """A white image in zero padding seems to have an edge around it."""
        white = torch.ones(5, 6)
        assert detect_edges(white, "sobel", padding=1)[0].min() > 0
        assert (detect_edges(white, "sobel", padding=1, padding_mode="replicate") == 0).all()

    def test_image_is_left_as_it_was(self, X: torch.Tensor) -> None:
        """The image is not changed, and the identity kernel gives a copy."""
        before = X.clone()
        Y = detect_edges(X, "identity", padding=1)
        Y += 1
        assert torch.equal(X, before)


class TestGradient:
    """Both parts of the gradient, rows before columns."""

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_ramp(self, operator: str) -> None:
        """On a slope, 3 down and −5 right, the parts are just these, times the operator's strength."""
        X = images.ramp((6, 8), (3, -5), dtype=torch.float64)
        for per_pixel, strength in ((False, RAMP_RESPONSE[operator]), (True, 1)):
            rows, columns = image_gradient(X, operator, per_pixel=per_pixel)
            torch.testing.assert_close(rows, torch.full_like(rows, 3 * strength))
            torch.testing.assert_close(columns, torch.full_like(columns, -5 * strength))

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_size(self, X: torch.Tensor, operator: str) -> None:
        """Both parts have one shape: a kernel of 3×3 takes two rows and columns, Roberts's one."""
        rows, columns = image_gradient(X, operator)
        taken = 1 if operator == "roberts" else 2
        assert rows.shape == columns.shape == (9 - taken, 7 - taken)

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_transposing_swaps_the_parts(self, X: torch.Tensor, operator: str) -> None:
        """Rows and columns change places with the image's."""
        rows, columns = image_gradient(X, operator)
        turned_rows, turned_columns = image_gradient(X.T, operator)
        torch.testing.assert_close(turned_rows, columns.T)
        torch.testing.assert_close(turned_columns, rows.T)

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_mirror_changes_one_sign(self, X: torch.Tensor, operator: str) -> None:
        """Left for right, the columns' part changes its sign, and the rows' part does not."""
        rows, columns = image_gradient(X, operator)
        mirrored_rows, mirrored_columns = image_gradient(X.flip(1), operator)
        torch.testing.assert_close(mirrored_rows, rows.flip(1))
        torch.testing.assert_close(mirrored_columns, -columns.flip(1))

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_quarter_turn_keeps_the_magnitude(self, X: torch.Tensor, operator: str) -> None:
        """The magnitude turns with the image."""
        turned = detect_edges(torch.rot90(X), operator)
        torch.testing.assert_close(turned, torch.rot90(detect_edges(X, operator)))

    @pytest.mark.parametrize("operator", ["sobel", "prewitt"])
    def test_scipy(self, X: torch.Tensor, operator: str) -> None:
        """SciPy's axis 0 is the rows' part, its axis 1 the columns' part, with equal signs and scale."""
        rows, columns = image_gradient(X, operator, padding=1, padding_mode="replicate")
        judge = getattr(ndimage, operator)
        np.testing.assert_allclose(rows, judge(X.numpy(), axis=0, mode="nearest"), atol=1e-12)
        np.testing.assert_allclose(columns, judge(X.numpy(), axis=1, mode="nearest"), atol=1e-12)

    def test_roberts_magnitude_is_the_published_one(self, X: torch.Tensor) -> None:
        """Roberts: the root of the two squared differences along the diagonals."""
        one, other = X[1:, 1:] - X[:-1, :-1], X[:-1, 1:] - X[1:, :-1]
        torch.testing.assert_close(detect_edges(X, "roberts"), (one**2 + other**2).sqrt())

    def test_integers(self) -> None:
        """Whole numbers give whole numbers."""
        rows, columns = image_gradient(images.ramp((4, 5), (2, 3), dtype=torch.int32), "scharr")
        assert rows.dtype == columns.dtype == torch.int64
        assert (rows == 64).all()
        assert (columns == 96).all()

    def test_scharr_errs_less_in_direction_than_sobel(self) -> None:
        """On gratings in all directions, the worst angle of Scharr's is less than a third of Sobel's."""
        angles = torch.linspace(0, math.pi / 2, 37).tolist()
        worst = {}
        for operator in ("sobel", "scharr"):
            errors = []
            for angle in angles:
                X = images.bars(17, period=6, angle=angle + 1e-9, dtype=torch.float64)
                rows, columns = image_gradient(X, operator)
                steep = magnitude(rows, columns) > 0.5 * magnitude(rows, columns).max()
                found = torch.atan(rows[steep] / columns[steep])
                errors.append(
                    (torch.remainder(found - angle + math.pi / 2, math.pi) - math.pi / 2).abs().max()
                )
            worst[operator] = max(errors)
        assert worst["scharr"] < worst["sobel"] / 3


class TestMagnitudeAndOrientation:
    """Length and direction."""

    @pytest.mark.parametrize("degrees", range(-170, 181, 35))
    def test_a_half_plane_has_its_direction(self, degrees: int) -> None:
        """A smoothed edge that brightens towards an angle has that orientation, within a degree."""
        X = images.half_plane(31, math.radians(degrees), dtype=torch.float64)
        X = detect_edges(X, gaussian(13, 2.0, dtype=torch.float64))
        rows, columns = image_gradient(X, "scharr")
        found = math.degrees(orientation(rows, columns)[8, 8].item())
        assert abs((found - degrees + 180) % 360 - 180) < 1

    def test_convention(self) -> None:
        """0 to the right, π/2 down, π to the left, −π/2 up; 0 where there is no gradient."""
        rows = torch.tensor([0.0, 1.0, 0.0, -1.0, 0.0])
        columns = torch.tensor([1.0, 0.0, -1.0, 0.0, 0.0])
        expected = torch.tensor([0, math.pi / 2, math.pi, -math.pi / 2, 0])
        torch.testing.assert_close(orientation(rows, columns), expected)

    def test_magnitude_has_a_gradient_everywhere(self) -> None:
        """Flat areas are common: there the derivative is zero, not NaN."""
        X = torch.tensor([[0.0, 0, 0, 0, 3, 4]] * 3, dtype=torch.float64, requires_grad=True)
        detect_edges(X, "sobel").sum().backward()
        assert X.grad is not None
        assert X.grad.isfinite().all()
        assert X.grad.abs().max() > 0

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
    @pytest.mark.parametrize("size", [1e-30, 1e-20, 1e20, 1e30])
    def test_nothing_is_squared(self, dtype: torch.dtype, size: float) -> None:
        """Gradients whose squares are 0 or ∞ in float32 have a length, a direction, and slopes of both."""
        parts = [torch.tensor([n * size], dtype=dtype, requires_grad=True) for n in (3, 4)]
        length, angle = magnitude(*parts), orientation(*parts)
        close = {"rtol": 0.02 if dtype is torch.bfloat16 else 1e-5, "atol": 0}
        torch.testing.assert_close(length.item(), 5 * size, **close)
        torch.testing.assert_close(angle.item(), math.atan2(3, 4), **close)
        for found, wanted in zip(torch.autograd.grad(length, parts), (0.6, 0.8), strict=True):
            torch.testing.assert_close(found.item(), wanted, **close)
        for found, wanted in zip(torch.autograd.grad(angle, parts), (4, -3), strict=True):
            torch.testing.assert_close(found.item(), wanted / 25 / size, **close)

    def test_gradcheck(self, X: torch.Tensor) -> None:
        """Derivatives through kernels, magnitude and orientation agree with finite differences."""
        X = X[:5, :6].requires_grad_()

        def polar(X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            rows, columns = image_gradient(X, "sobel")
            return magnitude(rows, columns), orientation(rows, columns)

        assert torch.autograd.gradcheck(polar, (X,))

    def test_vmap(self, generator: torch.Generator) -> None:
        """Mapped over a stack, the answer is the stack's."""
        X = torch.randn(3, 6, 7, generator=generator)
        mapped = torch.func.vmap(lambda image: detect_edges(image, "sobel"))(X)
        torch.testing.assert_close(mapped, detect_edges(X, "sobel"))


class TestZeroCrossings:
    """Changes of sign."""

    def test_step(self) -> None:
        """A step's Laplacian changes its sign once: one line of crossings, where the step is."""
        X = images.half_plane((25, 30), dtype=torch.float64)
        Y = detect_edges(X, "laplacian_of_gaussian")
        found = zero_crossings(Y)
        # The edge is between columns 14 and 15 of the image, 12 and 13 of the answer.
        assert found.nonzero()[:, 1].unique().tolist() == [12]
        assert found[:, 12].all()

    def test_zero_between(self) -> None:
        """A zero between two signs is the crossing; zeros beside one sign, or side by side, are none."""
        Y = torch.tensor([[1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, 2.0]])
        assert zero_crossings(Y).int().tolist() == [[0, 1, 0, 0, 0, 0, 0, 0]]
        assert torch.equal(zero_crossings(Y.T), zero_crossings(Y).T)

    def test_threshold(self) -> None:
        """Only changes larger than the threshold count."""
        Y = torch.tensor([[1.0, -1.0, 0.5, 0.0, -0.25]])
        assert zero_crossings(Y, 1.6).int().tolist() == [[1, 0, 0, 0, 0]]
        assert zero_crossings(Y, 0.7).int().tolist() == [[1, 1, 0, 1, 0]]
        assert not zero_crossings(Y, 2.0).any()

    def test_tiny_values(self) -> None:
        """Values whose product is too small for a float still have signs."""
        assert zero_crossings(torch.tensor([[1e-30, -1e-30]])).tolist() == [[True, False]]

    @pytest.mark.parametrize("dtype", [torch.int8, torch.int16, torch.int32, torch.int64], ids=str)
    def test_differences_of_integers_do_not_wrap(self, dtype: torch.dtype) -> None:
        """The smallest number beside the largest lies further apart than the type can say."""
        low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
        Y = torch.tensor([[low, high]], dtype=dtype)
        assert zero_crossings(Y, high - 0.5).tolist() == [[True, False]]
        assert zero_crossings(Y, high + 1).tolist() == [[True, False]]
        for beyond in (2 * high + 1, 2 * high + 2, math.inf):
            assert zero_crossings(Y, beyond).tolist() == [[False, False]]
        assert zero_crossings(torch.tensor([[1, -1]], dtype=dtype), 1.5).any()
        assert not zero_crossings(torch.tensor([[1, -1]], dtype=dtype), 2).any()

    @pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2), (3, 1, 4, 6)])
    def test_shape(self, generator: torch.Generator, shape: tuple[int, ...]) -> None:
        """The answer has the response's shape; turning it upside down moves marks by a pixel only."""
        Y = torch.randn(shape, generator=generator)
        found = zero_crossings(Y)
        assert found.shape == shape
        assert found.dtype == torch.bool
        by_hand = sum(
            int((Y.narrow(dim, 0, n - 1) * Y.narrow(dim, 1, n - 1) < 0).sum())
            for dim, n in ((-2, shape[-2]), (-1, shape[-1]))
        )
        assert by_hand / 2 <= int(found.sum()) <= by_hand


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: detect_edges([[1, 2]]), TypeError, "X must be a torch.Tensor"),  # type: ignore[arg-type]
        (
            lambda: detect_edges(torch.ones(3)),
            ValueError,
            "X must be an image (rows, columns) or a stack (…, rows, columns), got shape (3,)",
        ),
        (
            lambda: detect_edges(torch.ones(3, 4, dtype=torch.bool)),
            TypeError,
            "X must hold numbers, got bool",
        ),
        (lambda: detect_edges(torch.ones(3, 4), "nothing"), ValueError, "there is no kernel named 'nothing'"),
        (lambda: detect_edges(torch.ones(3, 4), "Sobel"), ValueError, "did you mean 'sobel'?"),
        (lambda: detect_edges(torch.ones(3, 4), "sobl"), ValueError, "'prewitt', 'sobel', 'scharr'"),
        (lambda: detect_edges(torch.ones(3, 4), 3), TypeError, "kernel must be a name or a matrix, got 3"),  # type: ignore[arg-type]
        (
            lambda: detect_edges(torch.ones(3, 4), torch.ones(2)),
            ValueError,
            "kernel must have 2 dimensions (rows, columns), got 1",
        ),
        (lambda: detect_edges(torch.ones(2, 4), "sobel_vertical"), ValueError, "2 − 3 + 1 = 0"),
        (lambda: detect_edges(torch.ones(3, 4), torch.ones(1, 2).double()), TypeError, "dtype"),
        (
            lambda: detect_edges(torch.ones(3, 4, dtype=torch.int64), "box"),
            TypeError,
            "kernel 'box' is divided by 9",
        ),
        (
            lambda: detect_edges(torch.ones(3, 4, dtype=torch.int64), "sobel"),
            TypeError,
            "needs a floating-point image, got X of torch.int64; pass X.float()",
        ),
        (
            lambda: image_gradient(torch.ones(3, 4), "canny"),
            ValueError,
            'operator must be one of "central", "prewitt", "sobel", "scharr", "roberts", got \'canny\'',
        ),
        (
            lambda: image_gradient(torch.ones(3, 4).long(), per_pixel=True),
            TypeError,
            "per_pixel=True divides, which needs a floating-point image, got X of torch.int64",
        ),
        (
            lambda: image_gradient(torch.ones(3, 4).long(), "roberts"),
            TypeError,
            "operator='roberts' turns its differences by 45°",
        ),
        (
            lambda: magnitude(torch.ones(3), torch.ones(4)),
            ValueError,
            "rows and columns must have one shape, got (3,) and (4,)",
        ),
        (
            lambda: orientation(torch.ones(3), torch.ones(3).long()),
            TypeError,
            "columns must be a floating-point tensor, got torch.int64",
        ),
        (lambda: zero_crossings(torch.ones(3)), ValueError, "Y must be an image"),
        (lambda: zero_crossings(torch.ones(3, 4).byte()), TypeError, "Y must hold numbers with a sign"),
        (lambda: zero_crossings(torch.ones(3, 4).cfloat()), TypeError, "Y must hold numbers with a sign"),
        (lambda: zero_crossings(torch.ones(3, 4), -1), ValueError, "threshold must not be negative, got -1"),
        (lambda: detect_edges(torch.ones(3, 4), padding_mode="mirrored"), ValueError, "padding_mode"),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], message: str) -> None:
    """A bad argument is named, with what came and what is needed."""
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_operators_are_those_of_the_tests() -> None:
    """Each operator has its strength in the table above."""
    assert set(OPERATORS) == set(RAMP_RESPONSE) == set(edges._RAMP_RESPONSE)
