"""The named kernels and the functions that make kernels: their laws, and the sources beside the numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from convbook import images
from convbook.correlation import corr2d
from convbook.kernels import KERNELS, about, box, gaussian, kernel, laplacian_of_gaussian

AVERAGES = {"identity", "box", "gaussian", "gaussian_5", "sharpen", "emboss"}
PAIRS = ["central", "prewitt", "sobel", "scharr", "line"]
FIRST_DERIVATIVES = {
    name: divisor
    for operator, divisor in (("central", 2), ("prewitt", 6), ("sobel", 8), ("scharr", 32))
    for name, divisor in ((f"{operator}_vertical", divisor), (f"{operator}_horizontal", divisor))
}


class TestCatalogue:
    """What holds for every named kernel."""

    @pytest.mark.parametrize("name", KERNELS)
    def test_sum(self, name: str) -> None:
        """A kernel that keeps the brightness sums to 1; a detector sums to 0, and flat areas give nothing."""
        assert KERNELS[name].sum().item() == (1 if name in AVERAGES else 0)

    @pytest.mark.parametrize("name", KERNELS)
    def test_numbers_are_the_published_ones(self, name: str) -> None:
        """A kernel is its whole numbers, divided by its divisor; the rows are equally long."""
        entry = about(name)
        assert entry.name == name
        assert {len(row) for row in entry.numbers} == {KERNELS[name].shape[1]}
        expected = [[number / entry.divisor for number in row] for row in entry.numbers]
        assert kernel(name, dtype=torch.float64).tolist() == expected

    @pytest.mark.parametrize("name", KERNELS)
    def test_has_a_purpose_and_a_source(self, name: str) -> None:
        """Each says what it is for; one named after somebody cites the work, with its year and link."""
        entry = about(name)
        assert len(entry.purpose) > 15
        assert len(entry.source) > 15
        if name.split("_", maxsplit=1)[0] in ("roberts", "sobel", "scharr", "prewitt", "gaussian"):
            assert re.search(r"\b(19|20)\d\d\b", entry.source)
        if name.split("_", maxsplit=1)[0] in ("roberts", "sobel", "scharr", "gaussian"):
            assert re.search(r"https://(doi\.org/10\.\d+/|hdl\.handle\.net/)\S+$|\(its weights", entry.source)

    @pytest.mark.parametrize("name", KERNELS)
    def test_look_ups_share_no_memory(self, name: str) -> None:
        """Changing a kernel one was given changes nobody else's."""
        mine = KERNELS[name]
        before = mine.clone()
        mine.fill_(7)
        assert torch.equal(KERNELS[name], before)
        assert torch.equal(kernel(name), before)

    def test_is_a_read_only_mapping(self) -> None:
        """One can iterate and look up, and cannot assign or delete."""
        assert isinstance(KERNELS, Mapping)
        assert len(KERNELS) == len(list(KERNELS)) == len(dict(KERNELS)) >= 20
        assert "sobel_vertical" in KERNELS
        assert "sobel" not in KERNELS
        with pytest.raises(TypeError):
            KERNELS["mine"] = torch.ones(1, 1)  # type: ignore[index]
        with pytest.raises(TypeError):
            del KERNELS["box"]  # type: ignore[attr-defined]
        assert "sobel_vertical" in repr(KERNELS)

    def test_no_two_are_the_same(self) -> None:
        """Every kernel has one name."""
        assert len({(about(name).numbers, about(name).divisor) for name in KERNELS}) == len(KERNELS)

    @pytest.mark.parametrize("pair", PAIRS)
    def test_horizontal_is_vertical_transposed(self, pair: str) -> None:
        """Rows and columns change places from one kernel of a pair to the other."""
        assert torch.equal(KERNELS[f"{pair}_horizontal"], KERNELS[f"{pair}_vertical"].T)

    def test_plain_pair(self) -> None:
        """The first example's kernel, and its transpose."""
        assert KERNELS["vertical"].tolist() == [[1, -1]]
        assert torch.equal(KERNELS["horizontal"], KERNELS["vertical"].T)

    @pytest.mark.parametrize("name", ["diagonal", "roberts_diagonal"])
    def test_antidiagonal_is_diagonal_turned_over(self, name: str) -> None:
        """The two diagonals are mirror images, top for bottom."""
        assert torch.equal(KERNELS[name.replace("diagonal", "antidiagonal")], KERNELS[name].flip(0))

    @pytest.mark.parametrize("name", FIRST_DERIVATIVES)
    def test_first_derivatives_are_antisymmetric(self, name: str) -> None:
        """Turned by 180°, a first derivative changes its sign."""
        assert torch.equal(KERNELS[name].flip(0, 1), -KERNELS[name])

    @pytest.mark.parametrize(
        "name", [*sorted(AVERAGES - {"emboss"}), "laplacian_4", "laplacian_8", "laplacian_of_gaussian"]
    )
    def test_smoothers_and_laplacians_are_symmetric(self, name: str) -> None:
        """They treat all four sides alike."""
        K = KERNELS[name]
        for turned in (K.T, K.flip(0), K.flip(1)):
            assert torch.equal(turned, K)

    @pytest.mark.parametrize(("name", "strength"), FIRST_DERIVATIVES.items())
    def test_strength_on_a_ramp(self, name: str, strength: int) -> None:
        """On a slope, 3 down and 5 right, a derivative gives its direction's part times its strength."""
        Y = corr2d(images.ramp((6, 7), (3, 5)), KERNELS[name])
        slope = 5 if name.endswith("vertical") else 3
        assert (strength * slope == Y).all()
        assert f"{strength} times the derivative" in about(name).purpose or strength == 2

    @pytest.mark.parametrize(("name", "strength"), [("laplacian_4", 1), ("laplacian_8", 3)])
    def test_laplacian_of_a_paraboloid(self, name: str, strength: int) -> None:
        """On i² + 2j² the second derivatives add up to 2 + 4; on a ramp they are zero."""
        rows, columns = images.ramp((6, 7), (1, 0)), images.ramp((6, 7), (0, 1))
        assert (corr2d(rows**2 + 2 * columns**2, KERNELS[name]) == 6 * strength).all()
        assert (corr2d(images.ramp((6, 7), (3, 5)), KERNELS[name]) == 0).all()

    def test_sharpen_is_identity_minus_laplacian(self) -> None:
        """As its purpose says."""
        assert torch.equal(KERNELS["sharpen"], KERNELS["identity"] - KERNELS["laplacian_4"])

    @pytest.mark.parametrize(("name", "line"), [("gaussian", [1, 2, 1]), ("gaussian_5", [1, 4, 6, 4, 1])])
    def test_gaussians_are_binomial(self, name: str, line: list[int]) -> None:
        """A line of Pascal's triangle, down and across; [1, 4, 6, 4, 1] has the variance 1."""
        row = torch.tensor(line, dtype=torch.float32) / sum(line)
        assert torch.equal(KERNELS[name], row[:, None] * row)
        if name == "gaussian_5":
            assert (row * torch.arange(-2, 3) ** 2).sum() == 1

    @pytest.mark.parametrize(("name", "blind"), [("diagonal", True), ("antidiagonal", False)])
    def test_diagonal_detectors_are_blind_to_the_other_diagonal(self, name: str, blind: bool) -> None:
        """Each answers to its own diagonal, positively, and gives exact zeros on the other."""
        for prefix in ("", "roberts_"):
            own = corr2d(images.diagonal_edge(7, anti=not blind), KERNELS[prefix + name])
            other = corr2d(images.diagonal_edge(7, anti=blind), KERNELS[prefix + name])
            assert own.max() > 0
            assert own.min() == 0
            assert (other == 0).all()


class TestAgainstSciPy:
    """SciPy's filters as an independent judge, on an interior that no border reaches."""

    @pytest.fixture
    def X(self, generator: torch.Generator) -> torch.Tensor:
        """A random image."""
        return images.noise((9, 11), generator=generator, dtype=torch.float64)

    @pytest.mark.parametrize("which", ["sobel", "prewitt"])
    @pytest.mark.parametrize(("edge", "axis"), [("horizontal", 0), ("vertical", 1)])
    def test_gradients(self, X: torch.Tensor, which: str, edge: str, axis: int) -> None:
        """SciPy correlates as well, with the same signs; its axis is the direction of the differences."""
        expected = getattr(ndimage, which)(X.numpy(), axis=axis)[1:-1, 1:-1]
        actual = corr2d(X, kernel(f"{which}_{edge}", dtype=torch.float64))
        np.testing.assert_allclose(actual, expected, atol=1e-12)

    def test_laplace(self, X: torch.Tensor) -> None:
        """SciPy's Laplacian is the one of four neighbors."""
        expected = ndimage.laplace(X.numpy())[1:-1, 1:-1]
        np.testing.assert_allclose(
            corr2d(X, kernel("laplacian_4", dtype=torch.float64)), expected, atol=1e-12
        )

    def test_gaussian(self, generator: torch.Generator) -> None:
        """SciPy's Gaussian of the same radius has the same weights."""
        X = images.noise((15, 17), generator=generator, dtype=torch.float64)
        expected = ndimage.gaussian_filter(X.numpy(), 1.3, radius=4)[4:-4, 4:-4]
        actual = corr2d(X, gaussian(9, 1.3, dtype=torch.float64))
        np.testing.assert_allclose(actual, expected, atol=1e-12)

    def test_laplacian_of_gaussian(self, generator: torch.Generator) -> None:
        """SciPy normalizes its derivatives of a Gaussian otherwise: equal to two per cent at σ = 2."""
        X = images.noise((25, 27), generator=generator, dtype=torch.float64)
        expected = ndimage.gaussian_laplace(X.numpy(), 2.0, truncate=4.0)[8:-8, 8:-8]
        actual = corr2d(X, laplacian_of_gaussian(17, 2.0, dtype=torch.float64)).numpy()
        assert np.abs(actual - expected).max() < 0.02 * np.abs(expected).max()


class TestMadeToMeasure:
    """box, gaussian and laplacian_of_gaussian."""

    @pytest.mark.parametrize("make", [box, gaussian, laplacian_of_gaussian])
    @pytest.mark.parametrize("size", [1, 4, (3, 6)])
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_size_sum_and_symmetry(self, make: Any, size: Any, dtype: torch.dtype) -> None:
        """The size asked for, rows before columns; the sum 1 or 0; the same from all sides."""
        K = make(size, dtype=dtype)
        assert K.shape == ((size, size) if isinstance(size, int) else size)
        assert K.dtype == dtype
        assert K.sum().item() == pytest.approx(0 if make is laplacian_of_gaussian else 1, abs=1e-6)
        assert torch.equal(K, K.flip(0))
        assert torch.equal(K, K.flip(1))

    def test_gaussian_falls_off_as_it_should(self) -> None:
        """Neighboring weights have the ratio exp(−(d² − c²) / 2σ²)."""
        K = gaussian(7, 1.5, dtype=torch.float64)
        assert (K[3, 5] / K[3, 3]).item() == pytest.approx(math.exp(-4 / (2 * 1.5**2)), rel=1e-12)
        assert (K[1, 4] / K[3, 3]).item() == pytest.approx(math.exp(-5 / (2 * 1.5**2)), rel=1e-12)

    def test_gaussian_has_its_variance(self) -> None:
        """The spread of the weights is σ², within a hundredth for the default size."""
        K = gaussian(sigma=2.0, dtype=torch.float64)
        assert K.shape == (13, 13)
        places = torch.arange(-6, 7, dtype=torch.float64)
        assert (K.sum(0) * places**2).sum().item() == pytest.approx(4, rel=0.03)

    def test_default_size_leaves_out_what_it_says(self) -> None:
        """Less than 0.6 % of a Gaussian's weight lies outside of the default kernel."""
        for sigma in (0.5, 1.0, 1.7, 3.0):
            radius = (gaussian(sigma=sigma).shape[0] - 1) // 2
            inside = math.erf((radius + 0.5) / sigma / math.sqrt(2)) ** 2
            assert 1 - inside < 0.006

    def test_laplacian_of_gaussian_sees_curvature(self) -> None:
        """Of i² + 2j² it gives the Laplacian, 6; of a ramp, nothing; its middle is negative."""
        rows = images.ramp((21, 22), (1, 0), dtype=torch.float64)
        columns = images.ramp((21, 22), (0, 1), dtype=torch.float64)
        K = laplacian_of_gaussian(sigma=1.4, dtype=torch.float64)
        assert K.shape == (13, 13)
        assert K[6, 6] < 0
        torch.testing.assert_close(
            corr2d(rows**2 + 2 * columns**2, K),
            torch.full((9, 10), 6.0, dtype=torch.float64),
            rtol=5e-3,
            atol=0,
        )
        assert corr2d(rows + 3 * columns, K).abs().max() < 1e-12

    def test_laplacian_of_gaussian_crosses_zero_at_its_radius(self) -> None:
        """The hat's brim begins at the distance σ√2."""
        K = laplacian_of_gaussian(41, 5.0, dtype=torch.float64)
        middle = K[20, 20:]
        crossing = int((middle > 0).nonzero()[0])
        assert crossing == math.ceil(5 * math.sqrt(2))

    @pytest.mark.parametrize(
        "make", [box, gaussian, laplacian_of_gaussian, lambda size, **k: kernel("box", **k)]
    )
    def test_device_and_type(self, make: Any) -> None:
        """A kernel has the device and type asked for, torch's default ones where none was."""
        assert make(3, device="meta").device.type == "meta"
        with torch.device("meta"):
            assert make(3).device.type == "meta"
            here = make(3, device="cpu")
        assert here.equal(make(3))
        torch.set_default_dtype(torch.float64)
        try:
            assert make(3).dtype == KERNELS["box"].dtype == torch.float64
            assert make(3, dtype=torch.float32).equal(here)
        finally:
            torch.set_default_dtype(torch.float32)

    @pytest.mark.parametrize("size", [1, 4, 5, (3, 4)])
    def test_gaussian_of_extreme_widths(self, size: Any) -> None:
        """Of no width it is the middle alone, all pixels of it; of endless width a box."""
        for sigma in (5e-324, 1e-200, 0.01):
            K = gaussian(size, sigma)
            assert K.unique().tolist() == sorted({0.0, K.max().item()} if K.numel() > 1 else {1.0})
            assert K.sum() == 1
            assert K.flip(0, 1).equal(K)
        torch.testing.assert_close(gaussian(size, 1e200), box(size))

    def test_laplacian_of_gaussian_of_extreme_widths(self) -> None:
        """A number that the type cannot hold is refused; a kernel that fades away is zero."""
        with pytest.raises(ValueError, match=r"sigma must be at least 1\.7e-10 for float32"):
            laplacian_of_gaussian(5, 1e-60)
        middle = laplacian_of_gaussian(5, 1e-60, dtype=torch.float64)[2, 2].item()
        assert middle == pytest.approx(-1 / (math.pi * 1e-240) * 24 / 25, rel=1e-12)
        assert laplacian_of_gaussian(4, 1e200).count_nonzero() == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: about("sobel"),
            ValueError,
            "there is no kernel named 'sobel'; did you mean 'sobel_vertical' or 'sobel_horizontal'?",
        ),
        (lambda: kernel("horizntal"), ValueError, "did you mean 'horizontal'"),
        (lambda: KERNELS["nothing like it"], KeyError, "there are identity, box"),
        (lambda: kernel(3), TypeError, "name must be a string, a key of KERNELS, got 3"),
        (
            lambda: kernel("gaussian", dtype=torch.int32),
            TypeError,
            "kernel 'gaussian' is divided by 16: dtype must be a floating-point type, got torch.int32",
        ),
        (
            lambda: kernel("vertical", dtype=torch.uint8),
            TypeError,
            "kernel 'vertical' has negative numbers: dtype must be signed, got torch.uint8",
        ),
        (lambda: box(0), ValueError, "size must be at least 1 on both axes, got 0"),
        (
            lambda: box(3, dtype=torch.int64),
            TypeError,
            "dtype must be a floating-point type, since the numbers are fractions, got torch.int64",
        ),
        (lambda: gaussian(3, 0.0), ValueError, "sigma must be positive, got 0"),
        (lambda: gaussian(3, 10**400), ValueError, "sigma must be finite, got 1000"),
        (lambda: gaussian(sigma=1e9), ValueError, "sigma must be at most 1000 where size is not given"),
        (lambda: gaussian(sigma=math.inf), ValueError, "sigma must be finite, got inf"),
        (lambda: gaussian(sigma=math.nan), ValueError, "sigma must be finite, got nan"),
        (lambda: laplacian_of_gaussian(3, "1"), TypeError, "sigma must be a number, got '1' (a str)"),
        (
            lambda: laplacian_of_gaussian((1, 2, 3)),
            ValueError,
            "size must be one integer or a pair (rows, columns), got 3 values",
        ),
        (lambda: laplacian_of_gaussian(dtype=torch.int64), TypeError, "dtype must be a floating-point type"),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], message: str) -> None:
    """A bad argument is named, with what came and what is needed."""
    with pytest.raises(error, match=re.escape(message)):
        call()
