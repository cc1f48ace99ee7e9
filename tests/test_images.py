"""The images: each pixel is what the docstring says it is."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from convbook import images

ALL = [
    ("bars", ()),
    ("checkerboard", ()),
    ("diagonal_edge", ()),
    ("digit", ()),
    ("disc", ()),
    ("edge_image", ()),
    ("half_plane", ()),
    ("impulse", ()),
    ("noise", ()),
    ("photograph", ((30, 25),)),
    ("ramp", ()),
]


def test_every_image_is_listed_here() -> None:
    """The tests below run over each public image."""
    assert sorted(name for name, _ in ALL) == sorted(images.__all__)


@pytest.mark.parametrize(("name", "arguments"), ALL)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_dtype_and_dimensions(name: str, arguments: tuple[Any, ...], dtype: torch.dtype) -> None:
    """An image is a matrix of the data type asked for."""
    X = getattr(images, name)(*arguments, dtype=dtype)
    assert X.dtype == dtype
    assert X.dim() == 2


@pytest.mark.parametrize(("name", "arguments"), ALL)
def test_lives_where_it_is_asked_to(name: str, arguments: tuple[Any, ...]) -> None:
    """An image is made on the device asked for."""
    make = getattr(images, name)
    assert make(*arguments, device="meta").device.type == "meta"
    with torch.device("meta"):
        assert make(*arguments).device.type == "meta"
        here = make(*arguments, device="cpu")
    assert here.device.type == "cpu"
    assert here.isfinite().all()


@pytest.mark.parametrize(("name", "arguments"), ALL)
def test_follows_torchs_default_type(name: str, arguments: tuple[Any, ...]) -> None:
    """Without a type it is torch's default one; the numbers asked for in float32 do not depend on it."""
    make = getattr(images, name)
    before = make(*arguments, dtype=torch.float32) if name != "noise" else None
    torch.set_default_dtype(torch.float64)
    try:
        assert make(*arguments).dtype == torch.float64
        assert before is None or make(*arguments, dtype=torch.float32).equal(before)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(("name", "arguments"), ALL)
def test_each_call_makes_a_new_image(name: str, arguments: tuple[Any, ...]) -> None:
    """Changing one image does not change the next."""
    state = torch.random.get_rng_state()
    first = getattr(images, name)(*arguments)
    before = first.clone()
    first += 7
    torch.random.set_rng_state(state)
    assert torch.equal(getattr(images, name)(*arguments), before)


@pytest.mark.parametrize(("name", "arguments"), [entry for entry in ALL if entry[0] not in ("noise", "ramp")])
def test_from_black_to_white(name: str, arguments: tuple[Any, ...]) -> None:
    """Grey values lie between 0 and 1, and are not all one."""
    X = getattr(images, name)(*arguments)
    assert 0 <= X.min() < X.max() <= 1


def test_edge_image() -> None:
    """The 6×8 image: ones, with columns 2 to 5 zero; whole numbers stay whole."""
    X = images.edge_image(dtype=torch.int64)
    assert X.tolist() == [[1, 1, 0, 0, 0, 0, 1, 1]] * 6


@pytest.mark.parametrize(
    ("size", "at", "where"), [((5, 7), None, (2, 3)), ((4, 6), None, (1, 2)), ((5, 7), (0, 6), (0, 6))]
)
def test_impulse(size: tuple[int, int], at: tuple[int, int] | None, where: tuple[int, int]) -> None:
    """A single one, where it was asked for or in the middle."""
    X = images.impulse(size, at)
    assert X.shape == size
    assert X.nonzero().tolist() == [list(where)]
    assert X[where] == 1


def test_ramp_rises_by_its_slope() -> None:
    """Differences of neighbors are the slope, rows before columns."""
    X = images.ramp((5, 7), (3, -2))
    assert X[0, 0] == 0
    assert (X.diff(dim=0) == 3).all()
    assert (X.diff(dim=1) == -2).all()


def test_a_ramp_in_float64_has_its_digits() -> None:
    """A slope of 0.1 is not rounded to float32 on the way, and large whole numbers stay exact."""
    assert images.ramp((1, 8), (0, 0.1), dtype=torch.float64)[0, 7].item() == 0.1 * 7
    assert images.ramp((1, 3), (0, 2**53 + 1), dtype=torch.int64)[0, 1].item() == 2**53 + 1


def test_checkerboard_alternates() -> None:
    """A field's neighbors differ from it, and its top left is black."""
    X = images.checkerboard((6, 9), (2, 3))
    assert X[::2, ::3].tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert torch.equal(X[::2], X[1::2])
    assert torch.equal(X[:, ::3], X[:, 2::3])


def test_diagonal_edges_are_constant_along_their_diagonal() -> None:
    """Each diagonal has one color, and the two edges are mirror images."""
    X, mirrored = images.diagonal_edge(7), images.diagonal_edge(7, anti=True)
    assert torch.equal(X[1:, 1:], X[:-1, :-1])
    assert torch.equal(mirrored, X.flip(0))
    assert (X[0, 6], X[6, 0], mirrored[6, 6], mirrored[0, 0]) == (1, 0, 1, 0)


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2, 2.5, -1.2])
def test_half_plane_brightens_along_its_angle(angle: float) -> None:
    """The middle is gray, and a few pixels on along the angle (rows down) it is white, back it is black."""
    X = images.half_plane(33, angle)
    down, right = round(6 * math.sin(angle)), round(6 * math.cos(angle))
    assert X[16, 16] == 0.5
    assert X[16 + down, 16 + right] == 1
    assert X[16 - down, 16 - right] == 0


def test_bars_repeat_after_their_period() -> None:
    """Vertical bars are constant down the rows and repeat after a period; a turn by π/2 transposes them."""
    X = images.bars(25, period=6, dtype=torch.float64)
    torch.testing.assert_close(X[:, :-6], X[:, 6:])
    assert (X[0] == X).all()
    torch.testing.assert_close(images.bars(25, period=6, angle=math.pi / 2, dtype=torch.float64), X.T)
    assert X[12, 12] == 1


def test_disc_has_the_area_of_a_disc() -> None:
    """The gray rim keeps the area of a circle, πr², to a tenth of a per cent, and the disc is symmetric."""
    X = images.disc((41, 43), radius=15, dtype=torch.float64)
    assert X.sum().item() == pytest.approx(math.pi * 15**2, rel=1e-3)
    assert torch.equal(X, X.flip(0))
    assert torch.equal(X, X.flip(1))


def test_digits_differ_and_have_a_margin() -> None:
    """The ten glyphs are ten different ones, with two black rows and columns around."""
    glyphs = [images.digit(which) for which in range(10)]
    assert len({tuple(glyph.flatten().tolist()) for glyph in glyphs}) == 10
    for glyph in glyphs:
        assert glyph.shape == (12, 10)
        assert F.pad(glyph[2:-2, 2:-2], (2, 2, 2, 2)).equal(glyph)
        assert glyph[2].any()
        assert glyph[9].any()


def test_noise_comes_from_its_generator(generator: torch.Generator) -> None:
    """The same seed gives the same noise, scaled by `std`; the global chance is left alone."""
    state = torch.random.get_rng_state()
    first = images.noise((5, 7), generator=generator)
    again = images.noise((5, 7), 3.0, generator=generator.manual_seed(generator.initial_seed()))
    assert torch.equal(3 * first, again)
    assert torch.equal(state, torch.random.get_rng_state())


def test_noise_has_its_standard_deviation() -> None:
    """The spread of many pixels is the one asked for."""
    assert images.noise((300, 400), 0.25).std().item() == pytest.approx(0.25, rel=0.01)


class TestPhotograph:
    """The real picture that matplotlib ships."""

    def test_is_the_picture(self) -> None:
        """Grace Hopper's portrait: 600×512, its mean gray and a few areas as they were seen."""
        X = images.photograph()
        assert X.shape == (600, 512)
        assert X.mean().item() == pytest.approx(0.302, abs=0.005)
        # The badge on the cap shines, the uniform is dark, the face lies between.
        assert X[430:470, 60:100].mean() < 0.2 < X[200:240, 240:280].mean()

    def test_gray_is_the_stated_mixture(self) -> None:
        """Grey = 0.299 red + 0.587 green + 0.114 blue of the picture as Pillow reads it."""
        from PIL import Image

        with Image.open(images._photograph_path()) as picture:
            pixels = [picture.getpixel((column, row)) for row, column in ((10, 20), (300, 256), (599, 511))]
        X = images.photograph(dtype=torch.float64)
        for (row, column), (red, green, blue) in zip(((10, 20), (300, 256), (599, 511)), pixels, strict=True):
            expected = (0.299 * red + 0.587 * green + 0.114 * blue) / 255
            assert X[row, column].item() == pytest.approx(expected, abs=1e-15)

    def test_shrinks_by_exact_means(self) -> None:
        """Where the blocks are whole, shrinking is average pooling."""
        X = images.photograph(dtype=torch.float64)
        small = images.photograph((75, 64), dtype=torch.float64)
        torch.testing.assert_close(small, F.avg_pool2d(X[None, None], 8)[0, 0], rtol=0, atol=1e-14)

    def test_shares_parts_of_pixels(self) -> None:
        """Where a new pixel ends inside an old one, each gets its share: the total light stays."""
        X = images.photograph(rows=(100, 107), columns=(200, 205), dtype=torch.float64)
        small = images.photograph((3, 2), rows=(100, 107), columns=(200, 205), dtype=torch.float64)
        assert small.mean().item() == pytest.approx(X.mean().item(), abs=1e-15)
        # Rows 0 to 7/3: two whole rows and a third of the third; columns 0 to 5/2.
        weights = torch.tensor([1, 1, 1 / 3], dtype=torch.float64)[:, None] * torch.tensor(
            [1, 1, 0.5], dtype=torch.float64
        )
        corner = (X[:3, :3] * weights).sum() / weights.sum()
        assert small[0, 0].item() == pytest.approx(corner.item(), abs=1e-15)

    def test_cut(self) -> None:
        """Rows and columns are cut as slices do."""
        X = images.photograph()
        assert torch.equal(images.photograph(rows=(50, 61), columns=(7, 20)), X[50:61, 7:20])

    def test_missing_picture(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An installation without sample data gets a sentence that says what to do."""
        monkeypatch.setattr(images.importlib.util, "find_spec", lambda name: None)
        with pytest.raises(FileNotFoundError, match=r"grace_hopper\.jpg.*pip install"):
            images.photograph()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: images.impulse((3, 4), (3, 0)),
            ValueError,
            "at=(3, 0) lies outside of the image: rows run from 0 to 2, columns from 0 to 3",
        ),
        (lambda: images.impulse(0), ValueError, "size must be at least 1 on both axes, got 0"),
        (
            lambda: images.bars(period=1.5),
            ValueError,
            "period must be at least 2 pixels (one bright, one dark), got 1.5",
        ),
        (lambda: images.bars(period=math.nan), ValueError, "period must be finite"),
        (lambda: images.disc(radius=0), ValueError, "radius must be positive, got 0"),
        (lambda: images.digit(10), ValueError, "which must be a digit from 0 to 9, got 10"),
        (lambda: images.digit(-1), ValueError, "which must be at least 0, got -1"),
        (lambda: images.noise(std=-1.0), ValueError, "std must not be negative, got -1.0"),
        (
            lambda: images.photograph((601, 3)),
            ValueError,
            "size (601, 3) is larger than the 600×512 pixels there are: averaging over areas can only shrink",
        ),
        (
            lambda: images.photograph(rows=(5, 5)),
            ValueError,
            "rows=(5, 5) must hold first < end ≤ 600, the picture's number of rows",
        ),
        (
            lambda: images.photograph(columns=(0, 513)),
            ValueError,
            "columns=(0, 513) must hold first < end ≤ 512",
        ),
        (
            lambda: images.photograph(dtype=torch.uint8),
            TypeError,
            "dtype must be a floating-point type, since gray lies between 0 and 1, got torch.uint8",
        ),
        (
            lambda: images.checkerboard((2.0, 3)),
            TypeError,
            "size must be an integer or a pair of integers (rows, columns)",
        ),
    ],
)
def test_bad_arguments(call: Any, error: type[Exception], message: str) -> None:
    """A bad argument is named, with what came and what is needed."""
    with pytest.raises(error, match=re.escape(message)):
        call()
