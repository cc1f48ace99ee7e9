"""Drawing: what is on a figure is what was given, on the scale that was stated."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import colors
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch, Rectangle

from convbook import drawing


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    """Leave no figure behind."""
    yield
    plt.close("all")


def numbers(ax: Any) -> list[str]:
    """The words in a panel's cells, in reading order."""
    return [words.get_text() for words in ax.texts]


def cells(ax: Any) -> dict[tuple[int, int], Rectangle]:
    """A grid's cells by row and column; a frame around a window has no color inside and is left out."""
    found: dict[tuple[int, int], Rectangle] = {}
    for patch in ax.patches:
        if isinstance(patch, Rectangle) and patch.get_linewidth() < 2:
            found[round(patch.get_y() + 0.5), round(patch.get_x() + 0.5)] = patch
    return found


def frames(ax: Any) -> list[tuple[int, int, int, int]]:
    """The frames on a grid as (top, left, height, width)."""
    return [
        (
            round(patch.get_y() + 0.5),
            round(patch.get_x() + 0.5),
            round(patch.get_height()),
            round(patch.get_width()),
        )
        for patch in ax.patches
        if isinstance(patch, Rectangle) and patch.get_linewidth() > 2
    ]


class TestGrid:
    """A matrix as cells."""

    @pytest.mark.parametrize(
        "values",
        [
            [[1, -2, 0], [3, 0, 12]],
            np.array([[1, -2, 0], [3, 0, 12]]),
            torch.tensor([[1, -2, 0], [3, 0, 12]]),
            torch.tensor([[1.0, -2, 0], [3, 0, 12]], dtype=torch.bfloat16),
            torch.tensor([[1.0, -2, 0], [3, 0, 12]], requires_grad=True),
        ],
    )
    def test_numbers_in_their_cells(self, values: Any) -> None:
        """Each cell holds its number, rows going down, whatever the values came as."""
        ax = drawing.grid(values)
        assert numbers(ax) == ["1", "−2", "0", "3", "0", "12"]
        assert [words.get_position() for words in ax.texts] == [(j, i) for i in range(2) for j in range(3)]
        assert ax.yaxis_inverted()
        assert ax.get_aspect() == 1

    def test_values_are_left_alone(self) -> None:
        """Drawing changes nothing, and changing the values later changes no figure."""
        values = torch.tensor([[0.5, 1.0]])
        ax = drawing.image(values, limits=(0, 1))
        drawing.grid(values, limits=(0, 2))
        assert values.tolist() == [[0.5, 1.0]]
        values.fill_(9)
        assert ax.images[0].get_array().tolist() == [[0.5, 1.0]]

    def test_window_with_dilation(self) -> None:
        """Taps are colored, the gaps between them hatched, and one frame goes around all."""
        ax = drawing.grid(torch.zeros(5, 7), role="input", window=((1, 2), (2, 3)), dilation=(3, 2))
        inside = {cell for cell, patch in cells(ax).items() if patch.get_facecolor() == rgba("input", 1)}
        hatched = {cell for cell, patch in cells(ax).items() if patch.get_hatch()}
        assert inside == {(i, j) for i in (1, 4) for j in (2, 4, 6)}
        assert hatched == {(i, j) for i in range(1, 5) for j in range(2, 7)} - inside
        assert frames(ax) == [(1, 2, 4, 5)]

    def test_padding_looks_different(self) -> None:
        """Exactly the outer rows and columns that were named are drawn as padding, dashed."""
        ax = drawing.grid(torch.ones(4, 5), role="input", padding=((1, 0), (0, 2)))
        padded = {cell for cell, patch in cells(ax).items() if patch.get_facecolor() == rgba("padding", 0)}
        dashed = {cell for cell, patch in cells(ax).items() if patch.get_linestyle() not in ("-", "solid")}
        assert padded == dashed == {(i, j) for i in range(4) for j in range(5) if i == 0 or j > 2}

    def test_marked_and_hidden(self) -> None:
        """Marked cells are framed; hidden ones show neither number nor color."""
        ax = drawing.grid([[1, 2], [3, 4]], marked=[(1, 0)], hidden=[(0, 1), (1, 1)])
        assert numbers(ax) == ["1", "3"]
        assert frames(ax) == [(1, 0, 1, 1)]
        assert cells(ax)[0, 1].get_facecolor()[3] == 0

    def test_color_is_the_value(self) -> None:
        """With limits, a cell's color is its value's on the scale, and the number stays readable."""
        ax = drawing.kernel([[-2.0, 0.0, 2.0]], limit=2)
        expected = [drawing.SIGNED(position) for position in (0.0, 0.5, 1.0)]
        for column, color in enumerate(expected):
            np.testing.assert_allclose(cells(ax)[0, column].get_facecolor(), color, atol=1e-6)
        for words, color in zip(ax.texts, expected, strict=True):
            assert contrast(colors.to_hex(words.get_color()), colors.to_hex(color)) >= 4.5

    def test_indices(self) -> None:
        """Row and column numbers on request."""
        ax = drawing.grid(torch.zeros(2, 3), indices=True)
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "2"]
        assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0", "1"]

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            (1, "1"),
            (-1.0, "−1"),
            (0.125, "0.125"),
            (1e-7, "1e−07"),
            (math.inf, "∞"),
            (-math.inf, "−∞"),
            (math.nan, "NaN"),
            (True, "1"),
            (2**24 + 1, "16777217"),
            (-0.0, "0"),
            (torch.tensor(2.5), "2.5"),
            (np.float32(3), "3"),
        ],
    )
    def test_number(self, value: Any, written: str) -> None:
        """Whole numbers without a point, a real minus sign, no digit invented."""
        assert drawing.number(value) == written


class TestSliding:
    """One step of a window, with its sum."""

    X = torch.tensor([[1, 0, 2, 1, 3], [4, 1, 0, 2, 2], [0, 3, 1, 1, 5]])
    K = torch.tensor([[1, -1], [2, 0]])
    Y = torch.tensor([[9, -2, 2, 2], [3, 7, 0, 2]])

    def test_sum_is_written_out(self) -> None:
        """The line below multiplies the window's numbers by the kernel's; then comes the result."""
        axes = drawing.sliding(self.X, self.K, self.Y, (1, 0))
        assert numbers(axes[3]) == ["4·1 + 1·(−1) + 0·2 + 3·0 = 3"]
        assert frames(axes[0]) == [(1, 0, 2, 2)]
        assert numbers(axes[0]) == [str(int(value)) for value in self.X.flatten()]
        assert numbers(axes[1]) == ["1", "−1", "2", "0"]
        assert numbers(axes[2]) == ["9", "−2", "2", "2", "3"]
        assert frames(axes[2]) == [(1, 0, 1, 1)]

    def test_computes_nothing(self) -> None:
        """A wrong result is drawn as it was given: the drawing is no second implementation."""
        axes = drawing.sliding(self.X, self.K, self.Y + 100, (0, 0))
        assert numbers(axes[3])[0].endswith("= 109")

    def test_stride_and_dilation(self) -> None:
        """The window moves by the stride and reaches over the dilation."""
        axes = drawing.sliding(self.X, self.K, torch.tensor([[5, 6]]), (0, 1), stride=(1, 2), dilation=2)
        assert frames(axes[0]) == [(0, 2, 3, 3)]
        assert numbers(axes[3]) == ["2·1 + 3·(−1) + 1·2 + 5·0 = 6"]

    def test_frames_replace_each_other(self) -> None:
        """On the same panels, the next step leaves nothing of the last one."""
        axes = drawing.sliding(self.X, self.K, self.Y, (0, 0))
        again = drawing.sliding(self.X, self.K, self.Y, (1, 3), axes=axes)
        assert again == axes
        assert len(numbers(axes[0])) == self.X.numel()
        assert len(numbers(axes[2])) == self.Y.numel()
        assert len(numbers(axes[3])) == 1

    def test_long_sums_are_broken(self) -> None:
        """Nine products take two lines."""
        axes = drawing.sliding(torch.ones(3, 3), torch.ones(3, 3), [[9]], (0, 0), alt="nine ones")
        assert axes[0].get_figure(root=True).get_label() == "nine ones"  # type: ignore[union-attr]
        assert numbers(axes[3])[0].count("\n") == 1
        assert numbers(axes[3])[0].count("1·1") == 9


class TestLink:
    """Arrows between the cells of two grids."""

    def test_ends_in_the_cells(self) -> None:
        """The arrow starts in the middle of one cell and ends in the middle of the other."""
        figure, (left, right) = drawing.panels(1, 2)
        drawing.grid(torch.zeros(3, 4), ax=left)
        drawing.grid(torch.zeros(2, 2), ax=right)
        assert drawing.link(left, (1, 3), right, (0, 1)) is right
        arrow = next(artist for artist in figure.artists if isinstance(artist, FancyArrowPatch))
        start, end = arrow._posA_posB  # type: ignore[attr-defined]
        to_pixels = figure.transFigure.transform
        np.testing.assert_allclose(left.transData.inverted().transform(to_pixels(start)), (3, 1), atol=1e-6)
        np.testing.assert_allclose(right.transData.inverted().transform(to_pixels(end)), (1, 0), atol=1e-6)


class TestImages:
    """Images on stated scales."""

    def test_bool_is_black_and_white(self) -> None:
        """A mask is drawn as 0 and 1."""
        ax = drawing.image(torch.tensor([[True, False]]), limits=(0, 1))
        assert ax.images[0].get_array().tolist() == [[1, 0]]

    def test_incomplete_rows(self) -> None:
        """Panels without an image stay empty."""
        figure, axes = drawing.images([[[1]], [[0]], [[1]]], ["a", "b", "c"], limits=(0, 1), columns=2)
        empty = [ax for ax in figure.axes[:4] if ax not in axes]
        assert len(empty) == 1
        assert not empty[0].axison

    def test_limits_are_the_callers(self) -> None:
        """The scale is what was asked for, whatever the values are, and the values are drawn unchanged."""
        values = torch.tensor([[3.0, 4.0], [5.0, 6.0]])
        ax = drawing.image(values, limits=(0, 10))
        assert ax.images[0].get_clim() == (0, 10)
        assert ax.images[0].get_array().tolist() == values.tolist()
        assert drawing.signed(values, limit=6).images[0].get_clim() == (-6, 6)

    def test_images_share_one_scale(self) -> None:
        """Several images have one scale and one color bar."""
        figure, axes = drawing.images(
            [[[0, 1]], [[5, 2]], [[1, 1]]], ["a", "b", "c"], limits=(0, 5), columns=2
        )
        assert {ax.images[0].get_clim() for ax in axes} == {(0, 5)}
        assert [ax.get_title() for ax in axes] == ["a", "b", "c"]
        assert len(figure.axes) == 4 + 1

    @pytest.mark.parametrize(
        ("limits", "extend"), [((0, 4), "neither"), ((1, 4), "min"), ((0, 3), "max"), ((1, 3), "both")]
    )
    def test_color_bar_owns_up(self, limits: tuple[float, float], extend: str) -> None:
        """Where values lie beyond the scale, the bar's ends are pointed."""
        ax = drawing.image([[0.0, 4.0]], limits=limits, colourbar=True)
        assert ax.images[0].colorbar is not None
        assert ax.images[0].colorbar.extend == extend

    def test_signed_colors_are_white_at_zero(self) -> None:
        """Zero is white, and equal amounts on both sides are about equally dark."""
        assert colors.to_hex(drawing.SIGNED(0.5)) == "#ffffff"
        for amount in (0.2, 0.4):
            cool, warm = (luminance(colors.to_hex(drawing.SIGNED(0.5 + sign * amount))) for sign in (-1, 1))
            assert abs(cool - warm) < 0.12
        lightness = [luminance(colors.to_hex(drawing.SIGNED(0.5 + step / 20))) for step in range(10)]
        assert lightness == sorted(lightness, reverse=True)

    def test_opacity_fades_to_white(self) -> None:
        """Colors are mixed with white, pixel by pixel; the color bar still shows the scale."""
        ax = drawing.image([[0, 1, 1]], limits=(0, 1), opacity=[[1, 0.25, 0]], colourbar=True)
        assert ax.images[0].get_array().tolist() == [[[0] * 3, [1] * 3, [1] * 3]]
        ax = drawing.image([[0, 0, 0]], limits=(0, 1), opacity=[[1, 0.25, 0]], colourbar=True)
        assert ax.images[0].get_array().tolist() == [[[0] * 3, [0.75] * 3, [1] * 3]]
        assert ax.images[0].colorbar is not None
        assert (ax.images[0].colorbar.vmin, ax.images[0].colorbar.vmax) == (0, 1)

    def test_arrows_point_down_the_rows(self) -> None:
        """A positive part along the rows points down, along the columns to the right, in pixels."""
        ax = drawing.image(torch.zeros(3, 4), limits=(0, 1))
        drawing.arrows([[2.0]], [[0.5]], ax=ax, at=([[1]], [[2]]))
        arrow = ax.collections[0]
        assert arrow.get_offsets().tolist() == [[2, 1]]  # type: ignore[union-attr]
        assert (arrow.U.item(), arrow.V.item()) == (0.5, 2.0)  # type: ignore[attr-defined]
        assert ax.yaxis_inverted()


class TestCurves:
    """Lines, bars, surfaces."""

    def test_lines_are_the_series(self) -> None:
        """Each line has its values, its name, its own color and its own dashes."""
        series = {"one": [1.0, 2.0, 4.0], "two": torch.tensor([3.0, 2.0, 1.0])}
        ax = drawing.curves([0, 5, 10], series, yscale="log", ylimits=(0.5, 8), xlabel="step")
        assert [line.get_ydata().tolist() for line in ax.lines] == [[1, 2, 4], [3, 2, 1]]  # type: ignore[union-attr]
        assert [line.get_xdata().tolist() for line in ax.lines] == [[0, 5, 10]] * 2  # type: ignore[union-attr]
        assert (
            len({line.get_color() for line in ax.lines})
            == len({line.get_linestyle() for line in ax.lines})
            == 2
        )
        legend = ax.get_legend()
        assert legend is not None
        assert [words.get_text() for words in legend.get_texts()] == ["one", "two"]
        assert (ax.get_yscale(), ax.get_ylim(), ax.get_xlabel()) == ("log", (0.5, 8), "step")

    def test_bare_surface(self) -> None:
        """Without path and lowest point there are level lines only."""
        ax = drawing.contour([0, 1], [0, 1], [[0, 1], [1, 2]], levels=[1])
        assert not ax.lines
        assert ax.get_legend() is None

    def test_one_line_needs_no_legend(self) -> None:
        """A legend of one name only takes space."""
        assert drawing.curves([0, 1], {"one": [0, 1]}).get_legend() is None

    def test_bars_are_the_values(self) -> None:
        """Heights, signs and written values."""
        ax = drawing.bars([30.0, -6.5], labels=["a", "b"])
        heights = [patch.get_height() for patch in ax.patches if isinstance(patch, Rectangle)]
        assert heights == [30, -6.5]
        assert numbers(ax) == ["30", "−6.5"]

    def test_contour_is_the_surface(self) -> None:
        """Level lines at the levels given, paths through their points, both axes on one scale."""
        x, y = np.linspace(-2, 2, 41), np.linspace(-1, 1, 21)
        z = x**2 + 4 * y[:, None] ** 2
        path = [[-1.5, 0.5], [0.5, 0.2]]
        ax = drawing.contour(
            x, y, z, levels=[1, 2], paths={"run": path}, best=(0, 0), directions={"v": (1, 0)}
        )
        assert ax.collections[0].levels.tolist() == [1, 2]  # type: ignore[attr-defined]
        for level, outline in zip((1, 2), ax.collections[0].get_paths(), strict=True):
            points = np.asarray(outline.vertices)
            np.testing.assert_allclose(points[:, 0] ** 2 + 4 * points[:, 1] ** 2, level, atol=0.05)
        assert ax.lines[0].get_xydata().tolist() == path  # type: ignore[union-attr]
        assert ax.get_aspect() == 1
        assert "v" in numbers(ax)


class TestStyle:
    """Colors that can be read, on light pages and dark."""

    @pytest.mark.parametrize("color", drawing.LINES)
    def test_lines_stand_out_from_paper(self, color: str) -> None:
        """WCAG 2.2 asks for 3:1 of what is needed to understand a figure."""
        assert contrast(color, drawing.PAPER) >= 3

    @pytest.mark.parametrize("color", [drawing.INK, drawing.QUIET])
    def test_words_can_be_read(self, color: str) -> None:
        """WCAG 2.2 asks for 4.5:1 of text."""
        assert contrast(color, drawing.PAPER) >= 4.5

    @pytest.mark.parametrize("role", drawing.CELLS)
    def test_numbers_in_cells_can_be_read(self, role: drawing.Role) -> None:
        """The same holds inside cells, in and out of the window, and the two can be told apart."""
        plain, inside = drawing.CELLS[role]
        assert contrast(plain, "#000000") >= 7
        assert contrast(inside, "#000000") >= 7
        assert plain != inside

    def test_page_colors_are_nothing_else(self) -> None:
        """What the site exchanges on dark pages is used neither for cells nor in images."""
        page = {drawing.PAPER, drawing.INK, drawing.QUIET, drawing.HAIR, *drawing.LINES}
        fixed = {color for pair in drawing.CELLS.values() for color in pair}
        fixed |= {colors.to_hex(drawing.SIGNED(step / 255)) for step in range(256)}
        assert not page & fixed

    def test_words_around_a_panel_are_ink(self) -> None:
        """Titles and labels have the page's ink, on a plain matplotlib panel too."""
        _, plain = plt.subplots()
        ax = drawing.curves([0, 1], {"a": [0, 1]}, ax=plain, title="t", xlabel="x", ylabel="y")
        words = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels()]
        assert {colors.to_hex(word.get_color()) for word in words} == {drawing.INK}

    def test_settings_are_left_alone(self) -> None:
        """Drawing changes none of matplotlib's settings for others."""
        before = dict(plt.rcParams)
        drawing.sliding([[1, 2]], [[1]], [[1, 2]], (0, 0))
        drawing.images([[[1]]], ["a"], limits=(0, 1))
        assert dict(plt.rcParams) == before

    def test_panels(self) -> None:
        """Panels come in reading order, rows before columns, on a figure that says what it shows."""
        figure, axes = drawing.panels(2, 3, size=(4, 6), alt="six empty panels")
        assert len(axes) == 6
        assert figure.get_size_inches().tolist() == [6, 4]
        assert figure.get_label() == "six empty panels"
        assert axes[1].get_subplotspec().colspan.start == 1  # type: ignore[union-attr]

    def test_close(self) -> None:
        """A closed figure is forgotten."""
        ax = drawing.grid([[1]])
        assert len(plt.get_fignums()) == 1
        drawing.close(ax)
        assert not plt.get_fignums()

    def test_words_stand_where_they_are_told(self) -> None:
        """Text stands at fractions of the panel, from the top and from the left, in ink."""
        _, (ax,) = drawing.panels()
        words = drawing.text(ax, "here", at=(0.25, 0.75)).texts[0]
        assert words.get_position() == (0.75, 0.75)
        assert words.get_color() == drawing.INK


class TestAnimation:
    """Frames one after the other."""

    def test_draws_every_frame(self) -> None:
        """The first at once, for the layout; then each number in order, each for its time."""
        figure, (ax,) = drawing.panels()
        drawn: list[int] = []

        def draw(frame: int) -> None:
            ax.clear()
            drawing.grid([[frame]], ax=ax)
            drawn.append(frame)

        film = drawing.animate(figure, draw, 4, seconds_per_frame=0.5)
        assert drawn == [0]
        drawn.clear()
        assert film.to_jshtml(default_mode="once").count("data:image/png") == 4
        assert drawn == [0, 1, 2, 3]
        assert film._interval == 500  # type: ignore[attr-defined]


def rgba(role: drawing.Role, which: int) -> tuple[float, float, float, float]:
    """A role's color as matplotlib returns it."""
    return colors.to_rgba(drawing.CELLS[role][which])


def luminance(color: str) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colors.to_rgb(color)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


SHAPE = "values must be a matrix (rows, columns) with at least one cell"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: drawing.grid(torch.ones(2, 3, 4)),
            SHAPE + ", got shape (2, 3, 4); pick one image and one channel first",
        ),
        (lambda: drawing.grid(torch.ones(0, 3)), SHAPE + ", got shape (0, 3)"),
        (
            lambda: drawing.grid([[1, 2]], window=((0, 1), (1, 2))),
            "covers rows 0 to 0 and columns 1 to 2; the grid has rows 0 to 0 and columns 0 to 1",
        ),
        (lambda: drawing.grid([[1, 2]], window=((0, 0), (1, 0))), "need a size and steps of at least 1"),
        (
            lambda: drawing.grid([[1, 2]], marked=[(1, 0)]),
            "marked has the cell (1, 0); the grid has rows 0 to 0 and columns 0 to 1",
        ),
        (lambda: drawing.grid([[1, 2]], hidden=[(0, -1)]), "hidden has the cell (0, -1)"),
        (
            lambda: drawing.grid([[1, 2]], padding=((1, 1), (0, 0))),
            "padding ((1, 1), (0, 0)) does not fit in a grid of 1×2 cells",
        ),
        (
            lambda: drawing.grid([[1, 2]], limits=(1, 1)),
            "limits must be finite and rising (low, high), got (1, 1)",
        ),
        (lambda: drawing.image([[1, 2]], limits=(0, math.inf)), "limits must be finite and rising"),
        (
            lambda: drawing.image([[1, 2]], limits=(0, 1), opacity=[[0.5, 2.0]]),
            "opacity must have the shape of values, (1, 2), and lie between 0 and 1; got shape (1, 2)",
        ),
        (lambda: drawing.image([[1, 2]], limits=(0, 1), opacity=[[0.5]]), "got shape (1, 1) from 0.5 to 0.5"),
        (lambda: drawing.kernel([[1, 2]], limit=-1), "limits must be finite and rising"),
        (lambda: drawing.sliding([[1, 2]], [[1]], [[1, 2]], (0, 2)), "at has the cell (0, 2)"),
        (
            lambda: drawing.sliding([[1, 2]], [[1, 1]], [[1, 2]], (0, 1)),
            "window ((0, 1), (1, 2)) with dilation 1 covers",
        ),
        (
            lambda: drawing.images([[[1]]], ["a", "b"], limits=(0, 1)),
            "images needs a title each, got 1 images and 2 titles",
        ),
        (lambda: drawing.curves([1, 2], {"a": [1]}), "series 'a' must have the shape of x, (2,), got (1,)"),
        (
            lambda: drawing.bars([1, 2], labels=["a"]),
            "bars needs one row of values with a label each, got shape (2,) and 1 labels",
        ),
        (
            lambda: drawing.contour([1, 2], [1, 2, 3], [[1, 2]], levels=[1]),
            "z must have a row for each y and a column for each x, (3, 2), got (1, 2)",
        ),
        (
            lambda: drawing.contour([1, 2], [1, 2], [[1, 2], [3, 4]], levels=[1], directions={"v": (1, 0)}),
            "give best=(x, y) as well",
        ),
        (
            lambda: drawing.arrows([1.0], [1.0, 2.0], ax=drawing.grid([[1]])),
            "rows and columns must have one shape, got (1,) and (2,)",
        ),
        (
            lambda: drawing.arrows([1.0], [1.0], ax=drawing.grid([[1]]), pixels_per_unit=0),
            "pixels_per_unit must be positive, got 0",
        ),
        (
            lambda: drawing.link(drawing.grid([[1]]), (0, 0), drawing.grid([[1]]), (0, 0)),
            "source and target must be panels of the same figure",
        ),
        (lambda: drawing.panels(0), "panels needs at least one row and one column, got rows=0, columns=1"),
        (
            lambda: drawing.animate(drawing.panels()[0], print, 0),
            "animate needs at least one frame and a positive time, got frames=0",
        ),
    ],
)
def test_bad_arguments(call: Any, message: str) -> None:
    """A bad argument is named, with what came and what is needed."""
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
