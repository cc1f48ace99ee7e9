"""Pooling: hand-worked numbers, a walk over each window, torch, and the rules that torch leaves open."""

from __future__ import annotations

import re

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

from convbook import (
    _checks,
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    conv2d,
    global_avg_pool2d,
    lp_pool2d,
    max_pool2d,
    pool2d,
    pooling,
)

NAN, INF = float("nan"), float("inf")

# The 12×12 image of the notes, its first six rows as they print them.
NOTES_X = torch.tensor(
    [
        [0.1988, 0.9745, 0.3511, 0.3418, 0.9431, 0.2993, 0.2055, 0.1830, 0.4065, 0.3654, 0.4467, 0.3732],
        [0.0244, 0.7883, 0.1123, 0.5565, 0.3932, 0.6196, 0.9012, 0.6907, 0.9787, 0.1298, 0.6384, 0.4862],
        [0.2284, 0.3182, 0.9082, 0.1801, 0.6586, 0.6051, 0.4111, 0.7285, 0.5617, 0.9079, 0.7297, 0.7224],
        [0.7001, 0.2023, 0.3860, 0.5868, 0.7888, 0.3146, 0.0296, 0.2336, 0.0560, 0.3005, 0.1857, 0.3845],
        [0.6650, 0.4888, 0.4619, 0.6912, 0.2414, 0.0063, 0.1162, 0.7385, 0.4623, 0.0897, 0.7672, 0.0788],
        [0.5085, 0.4126, 0.0625, 0.7907, 0.2027, 0.2407, 0.1664, 0.3793, 0.5587, 0.9295, 0.3655, 0.0509],
    ]
)
NOTES_MAX = torch.tensor(
    [
        [0.9745, 0.5565, 0.9431, 0.9012, 0.9787, 0.6384],
        [0.7001, 0.9082, 0.7888, 0.7285, 0.9079, 0.7297],
        [0.6650, 0.7907, 0.2414, 0.7385, 0.9295, 0.7672],
    ]
)

EVERY = {
    "max_pool2d": lambda x: max_pool2d(x, (3, 2), (2, 1), (1, 1), (2, 1), True),
    "max_pool2d indices": lambda x: max_pool2d(x, 3, 2, 1, return_indices=True)[0],
    "avg_pool2d": lambda x: avg_pool2d(x, (3, 2), 2, 1, True, False),
    "avg_pool2d divisor": lambda x: avg_pool2d(x, 2, 3, 0, True, True, 5),
    "lp_pool2d": lambda x: lp_pool2d(x.abs() + 0.25, 2.5, (2, 3), 2, True),
    "adaptive_avg_pool2d": lambda x: adaptive_avg_pool2d(x, (3, 4)),
    "adaptive_max_pool2d": lambda x: adaptive_max_pool2d(x, (4, None)),
    "global_avg_pool2d": global_avg_pool2d,
}
each = pytest.mark.parametrize("pool", EVERY.values(), ids=EVERY.keys())


def says(kind, sentence):
    """Expect an error with exactly this sentence."""
    return pytest.raises(kind, match=f"^{re.escape(sentence)}$")


def distinct(*shape, seed=0, dtype=torch.float64):
    """Numbers that are all different, so that every maximum is at one place only."""
    count = int(torch.Size(shape).numel())
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return (order - count // 2).to(dtype).reshape(shape)


def walked(x, kernel, stride, padding, dilation, out):
    """For each output cell list its window's pixels (row, column, value), by walking over one plane."""
    cells = []
    for i in range(out[0]):
        for j in range(out[1]):
            found = []
            for a in range(kernel[0]):
                for b in range(kernel[1]):
                    row = i * stride[0] + a * dilation[0] - padding[0]
                    column = j * stride[1] + b * dilation[1] - padding[1]
                    if 0 <= row < x.shape[0] and 0 <= column < x.shape[1]:
                        found.append((row, column, x[row, column].item()))
            cells.append(found)
    return cells


SETTING = st.tuples(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),  # input
    st.tuples(st.integers(1, 4), st.integers(1, 4)),  # kernel
    st.one_of(st.none(), st.tuples(st.integers(1, 5), st.integers(1, 5))),  # stride
    st.tuples(st.integers(0, 2), st.integers(0, 2)),  # padding
    st.tuples(st.integers(1, 3), st.integers(1, 3)),  # dilation
    st.booleans(),  # ceil_mode
)

# --------------------------------------------------------------------------------------- by hand, and printed


def test_the_notes_printed_pooling():
    """Maximum, mean and global mean of the printed 12 × 12 image, as far as the notes print them."""
    x = NOTES_X[None, None]
    assert torch.equal(max_pool2d(x, 2)[0, 0], NOTES_MAX)
    assert torch.equal(max_pool2d(x, 2, 2), F.max_pool2d(x, 2, 2))
    torch.testing.assert_close(
        avg_pool2d(x, 2)[0, 0, 0, 0], torch.tensor((0.1988 + 0.9745 + 0.0244 + 0.7883) / 4)
    )
    assert avg_pool2d(torch.zeros(1, 1, 12, 12), 2, 2).shape == (1, 1, 6, 6)
    assert global_avg_pool2d(torch.zeros(1, 1, 12, 12)).shape == (1, 1, 1, 1)


def test_ceil_overhang_is_not_counted():
    """49 numbers, window 2, stride 3: the overhanging windows average what is there."""
    x = torch.arange(49.0).reshape(1, 7, 7)
    wanted = torch.tensor([[[4, 7, 9.5], [25, 28, 30.5], [42.5, 45.5, 48]]])
    assert torch.equal(avg_pool2d(x, 2, 3, ceil_mode=True), wanted)
    assert torch.equal(max_pool2d(x, 2, 3, ceil_mode=True)[0, 2], torch.tensor([43.0, 46.0, 48.0]))


def test_a_padded_corner_of_ones():
    """Four pixels and five zeros: 4/9, or 1 where the padding is not counted, or a sum by a divisor of 1."""
    ones = torch.ones(1, 3, 3, dtype=torch.float64)
    assert avg_pool2d(ones, 3, 1, 1)[0, 0, 0] == 4 / 9
    assert avg_pool2d(ones, 3, 1, 1, count_include_pad=False)[0, 0, 0] == 1
    assert avg_pool2d(ones, 3, 1, 1, divisor_override=1)[0, 0, 0] == 4


def test_padding_with_ceil_mode_counts_padding_but_no_overhang():
    """A window may reach one column of padding and one beyond: the first counts, the second does not."""
    ones = torch.ones(1, 5, 5)
    assert torch.equal(avg_pool2d(ones, 2, 4, 1, True), torch.tensor([[[0.25, 0.5], [0.5, 1.0]]]))
    x = torch.ones(1, 1, 6)
    # Columns (−1, 0, 1), (2, 3, 4), (5, 6, 7): 6 is padding and counts, 7 is beyond it and does not.
    found = avg_pool2d(x, (1, 3), (1, 3), (0, 1), ceil_mode=True)
    torch.testing.assert_close(found, torch.tensor([[[2 / 3, 1.0, 1 / 2]]]))


def test_max_padding_is_minus_infinity():
    """Padding with 0 (or −10⁹) would win over these pixels."""
    x = torch.full((1, 2, 3), -1e30)
    assert torch.equal(max_pool2d(x, 3, 1, 1), torch.full((1, 2, 3), -1e30))


def test_power_average_runs_from_the_sum_to_the_maximum():
    """p = 1 is the sum, p = 2 the length, and large p near the maximum."""
    x = torch.tensor([[[3.0, 4.0]]], dtype=torch.float64)
    assert lp_pool2d(x, 1, (1, 2)).item() == 7
    assert lp_pool2d(x, 2, (1, 2)).item() == 5
    assert abs(lp_pool2d(x, 100, (1, 2)).item() - 4) < 1e-9


def test_a_window_of_zeros_has_no_slope():
    """The root's slope at 0 is infinite; its gradient is set to 0, and is not NaN."""
    x = torch.zeros(1, 2, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(lp_pool2d(x, 2, 2), x)
    assert torch.equal(gradient, torch.zeros(1, 2, 2))


def test_a_window_of_zeros_has_length_zero():
    """The root of nothing is 0, beside windows that hold something."""
    x = torch.tensor([[[0.0, 0.0, 3.0, 4.0]]])
    for power in (1, 2, 2.5):
        assert lp_pool2d(x, power, (1, 2))[0, 0, 0] == 0
    assert lp_pool2d(x, 2, (1, 2)).tolist() == [[[0, 5]]]


def test_more_channels_than_columns():
    """Rows and columns alone decide about the margin that windows hang over into."""
    x = torch.randn(2, 9, 5, 4)
    for ceil_mode in (False, True):
        arguments = (x, 3, 2, 1, 1, ceil_mode)
        values, indices = max_pool2d(*arguments, return_indices=True)
        wanted = F.max_pool2d(*arguments, return_indices=True)
        assert values.equal(wanted[0])
        assert indices.equal(wanted[1])


def test_the_margin_around_the_image_is_as_wide_as_needed():
    """Windows are a view of one copy of the image, whose margin no window leaves unused."""
    x = torch.zeros(1, 1, 5, 9)
    # Rows: windows of 3 at −1, 1, 3 reach row 5, of which 5 is beyond the image: 1 + 5 + 1 = 7 rows.
    # Columns: windows of 2 at 0, 3 and 6 reach column 7 of 9: no margin.
    setting = _checks.pool2d_setting("max_pool2d", x, (3, 2), (2, 3), (1, 0))
    windows = pooling._windows(x, setting)
    assert windows.shape == (1, 1, 3, 3, 3, 2)
    assert windows.untyped_storage().nbytes() == 4 * 7 * 9
    # Taps two apart stand at −1, 1 and 3, a second window has no room, and one column is left: no margin.
    setting = _checks.pool2d_setting("max_pool2d", x, (3, 9), 3, (1, 0), (2, 1))
    assert pooling._windows(x, setting).untyped_storage().nbytes() == 4 * 6 * 9


def test_taps_beyond_the_image_are_left_out():
    """On five rows with one of padding in front, taps three apart stand at 0 and 3, no later one."""
    x = torch.zeros(1, 1, 5, 8)
    huge = _checks.PoolSetting((10**9, 10**9), (1, 1), (1, 0), (3, 2), (1, 1))
    assert pooling._useful_taps(x, huge) == (2, 4)
    assert pooling._useful_taps(x, huge._replace(kernel_size=(1, 3))) == (1, 3)


@pytest.mark.parametrize(("n", "m", "longest"), [(6, 3, 2), (5, 3, 3), (9, 4, 4), (1, 3, 1), (2, 3, 2)])
def test_the_table_of_adaptive_windows_is_no_wider_than_needed(n, m, longest):
    """n / m columns where m divides n; else rounding both ends outwards adds at most two, up to all of n."""
    start, end, table = pooling._adaptive_windows(n, m, torch.device("cpu"))
    assert start.tolist() == [i * n // m for i in range(m)]
    assert end.tolist() == [-(-(i + 1) * n // m) for i in range(m)]
    assert table.tolist() == [[i * n // m + j for j in range(longest)] for i in range(m)]


def test_average_pooling_is_a_convolution_with_a_constant_kernel():
    """Channel by channel, at any stride, padding counted."""
    x = torch.randn(2, 3, 7, 8, dtype=torch.float64)
    kernel = torch.full((3, 1, 3, 2), 1 / 6, dtype=torch.float64)
    found = avg_pool2d(x, (3, 2), (2, 1), 1)
    torch.testing.assert_close(found, conv2d(x, kernel, None, (2, 1), 1, 1, 3))


# ---------------------------------------------------------------------------------------------- teaching form


@pytest.mark.parametrize("size", [(2, 3), 2, (1, 1), (5, 4)])
def test_the_loops_and_the_windows_agree(size):
    """`pool2d` is the same as the general functions at stride 1."""
    x = distinct(5, 4)
    assert torch.equal(pool2d(x, size), max_pool2d(x[None], size, 1)[0])
    torch.testing.assert_close(pool2d(x, size, "avg"), avg_pool2d(x[None], size, 1)[0])


def test_the_loops_keep_dtype_and_gradient():
    """Integers stay integers; equal maxima send the whole gradient to the first, as torch's pooling does."""
    assert pool2d(torch.tensor([[1, 3], [2, 0]], dtype=torch.int8), 2).dtype is torch.int8
    x = torch.ones(2, 3, requires_grad=True)
    pool2d(x, 2).sum().backward()
    assert x.grad.tolist() == [[1, 1, 0], [0, 0, 0]]
    half = torch.full((40, 40), 1000.0, dtype=torch.float16)
    assert pool2d(half, 40, "avg").item() == 1000


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (
            lambda: pool2d(torch.ones(2, 3), (2, 4)),
            ValueError,
            "pooling window 2×4 does not fit input 2×3 with padding 0: output width would be 3 − 4 + 1 = 0",
        ),
        (
            lambda: pool2d(torch.ones(2, 3), 2, mode="mean"),
            ValueError,
            'mode must be one of "max", "avg", got \'mean\'',
        ),
        (
            lambda: pool2d(torch.ones(1, 2, 3), 2),
            ValueError,
            "X must have 2 dimensions (rows, columns), got 3: shape (1, 2, 3); take the one plane with X[0]",
        ),
        (
            lambda: pool2d(torch.ones(2, 3, dtype=torch.int64), 2, "avg"),
            TypeError,
            'X of pool2d(mode="avg") must hold real floating numbers, got int64; convert it with X.float()',
        ),
        (
            lambda: pool2d(torch.ones(2, 3, dtype=torch.bool), 2),
            TypeError,
            'X of pool2d(mode="max") must hold real numbers or integers, got bool; convert it with X.long()',
        ),
        (
            lambda: pool2d(torch.ones(2, 3), 2.0),
            TypeError,
            (
                "pool_size must be an integer or a pair of integers (rows, columns), got 2.0 (a float); "
                "write "
                "pool_size=2 (a division // keeps integers)"
            ),
        ),
    ],
)
def test_the_loops_say_what_is_wrong(call, kind, sentence):
    """Before any work, with the argument's name and the arithmetic."""
    with says(kind, sentence):
        call()


# ---------------------------------------------------------------------------------------- each window, walked


@given(SETTING)
@settings(max_examples=250)
def test_max_pool2d_by_walking_over_each_window(setting):
    """Value, index and gradient of every window, or an error where torch has one too."""
    size, kernel, stride, padding, dilation, ceil_mode = setting
    padding = (min(padding[0], kernel[0] // 2), min(padding[1], kernel[1] // 2))
    x = distinct(*size).requires_grad_()
    try:
        out = F.max_pool2d(x[None], kernel, stride, padding, dilation, ceil_mode).shape[-2:]
    except RuntimeError:
        with pytest.raises(ValueError, match="does not fit"):
            max_pool2d(x[None], kernel, stride, padding, dilation, ceil_mode)
        return
    values, indices = max_pool2d(x[None], kernel, stride, padding, dilation, ceil_mode, return_indices=True)
    weights = torch.arange(1.0, values.numel() + 1, dtype=torch.float64).reshape(values.shape)
    gradient = torch.zeros(size, dtype=torch.float64)
    assert values.shape == (1, *out)
    cells = walked(x, kernel, stride or kernel, padding, dilation, out)
    for cell, value, index, weight in zip(
        cells, values.flatten().tolist(), indices.flatten().tolist(), weights.flatten(), strict=True
    ):
        if not cell:
            assert value == -INF
            assert 0 <= index < size[0] * size[1]
            continue
        row, column, largest = max(cell, key=lambda pixel: pixel[2])
        assert value == largest
        assert index == row * size[1] + column
        gradient[row, column] += weight
    # Windows of padding only are left out of the sum: −∞ has no slope.
    (found,) = torch.autograd.grad((values * weights)[values.isfinite()].sum(), x)
    assert torch.equal(found, gradient)


@given(SETTING, st.booleans(), st.sampled_from([None, 1, 7, -2]))
@settings(max_examples=250)
def test_avg_pool2d_by_walking_over_each_window(setting, count_include_pad, divisor):
    """The sum of the window's pixels over the cells that count, which are counted one by one."""
    size, kernel, stride, padding, _, ceil_mode = setting
    padding = (min(padding[0], kernel[0] // 2), min(padding[1], kernel[1] // 2))
    x = torch.randn(*size, dtype=torch.float64)
    call = (kernel, stride, padding, ceil_mode, count_include_pad, divisor)
    try:
        out = F.avg_pool2d(x[None], *call).shape[-2:]
    except RuntimeError:
        with pytest.raises(ValueError, match="does not fit"):
            avg_pool2d(x[None], *call)
        return
    bordered = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    inside = walked(x, kernel, stride or kernel, padding, (1, 1), out)
    counted = walked(bordered, kernel, stride or kernel, (0, 0), (1, 1), out) if count_include_pad else inside
    wanted = [
        sum(pixel[2] for pixel in cell) / (divisor or len(cells))
        for cell, cells in zip(inside, counted, strict=True)
    ]
    found = avg_pool2d(x[None], *call)
    torch.testing.assert_close(found.flatten(), torch.tensor(wanted, dtype=torch.float64))


@given(SETTING, st.sampled_from([1, 2, 3, 0.5, 2.5]))
@settings(max_examples=150)
def test_lp_pool2d_is_torchs(setting, power):
    """Also its scaling of windows that hang over the end."""
    size, kernel, stride, _, _, ceil_mode = setting
    x = torch.randn(2, *size, dtype=torch.float64).abs().requires_grad_()
    try:
        wanted = F.lp_pool2d(x, power, kernel, stride, ceil_mode)
    except RuntimeError:
        with pytest.raises(ValueError, match="does not fit"):
            lp_pool2d(x, power, kernel, stride, ceil_mode)
        return
    found = lp_pool2d(x, power, kernel, stride, ceil_mode)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(*(torch.autograd.grad(y.square().sum(), x)[0] for y in (found, wanted)))


def test_lp_pool2d_keeps_the_sign_as_torch_does():
    """An odd power lets values cancel, and a negative sum has no root."""
    x = torch.tensor([[[-3.0, 1.0], [0.0, 0.0]]])
    assert lp_pool2d(x, 3, 2).isnan().all()
    assert lp_pool2d(x, 1, 2).item() == -2
    assert lp_pool2d(x, 2, 2).item() == pytest.approx(10**0.5)


@given(st.integers(1, 11), st.integers(1, 11), st.integers(0, 13), st.integers(1, 13))
@settings(max_examples=200)
def test_adaptive_windows_by_walking(n, n2, m, m2):
    """Window i runs from ⌊i·n / m⌋ to ⌈(i + 1)·n / m⌉, fewer or more outputs than pixels."""
    x = distinct(2, n, n2)
    means = adaptive_avg_pool2d(x, (m, m2))
    values, indices = adaptive_max_pool2d(x, (m, m2), return_indices=True)
    assert means.shape == values.shape == indices.shape == (2, m, m2)
    for i in range(m):
        for j in range(m2):
            rows, columns = (
                slice(i * n // m, -(-(i + 1) * n // m)),
                slice(j * n2 // m2, -(-(j + 1) * n2 // m2)),
            )
            window = x[:, rows, columns]
            torch.testing.assert_close(means[:, i, j], window.mean((1, 2)))
            assert torch.equal(values[:, i, j], window.amax((1, 2)))
            assert torch.equal(x.flatten(1).gather(1, indices[:, i, j, None])[:, 0], values[:, i, j])


def test_adaptive_sizes():
    """None keeps the axis; one number means a square; 1 is the global mean; 0 gives an empty result."""
    x = torch.randn(2, 3, 5, 7)
    assert adaptive_avg_pool2d(x, (None, 2)).shape == (2, 3, 5, 2)
    assert adaptive_max_pool2d(x, 4).shape == (2, 3, 4, 4)
    assert torch.equal(adaptive_avg_pool2d(x, (5, 7)), x)
    torch.testing.assert_close(adaptive_avg_pool2d(x, 1), global_avg_pool2d(x))
    assert adaptive_avg_pool2d(x, 0).shape == (2, 3, 0, 0)
    torch.testing.assert_close(global_avg_pool2d(x)[1, 2, 0, 0], x[1, 2].mean())


# ----------------------------------------------------------------------------- what torch leaves open, or not


def test_nan_is_the_maximum():
    """A NaN makes its window NaN, is what the index names, and takes the gradient."""
    x = torch.tensor([[[1.0, NAN, 0.0], [INF, 2.0, 3.0]]], requires_grad=True)
    values, indices = max_pool2d(x, (2, 2), 1, return_indices=True)
    assert values.isnan().all()
    assert indices.tolist() == [[[1, 1]]]
    (gradient,) = torch.autograd.grad(values.sum(), x)
    assert gradient.tolist() == [[[0, 2, 0], [0, 0, 0]]]
    assert adaptive_max_pool2d(x, (1, 2), return_indices=True)[1].tolist() == [[[1, 1]]]


def test_inf_and_nan_stay_in_their_windows():
    """An average does not carry them to windows that do not see them."""
    x = torch.zeros(1, 4, 7)
    x[0, 0, 0], x[0, 3, 6] = INF, NAN
    for found, seen_by in (
        (avg_pool2d(x, 2, 1, 1), 4),
        (adaptive_avg_pool2d(x, (3, 4)), 1),
        (lp_pool2d(x, 1, 1), 1),
    ):
        assert found[0, 0, 0] == INF
        assert found[0, -1, -1].isnan()
        assert (~found.isfinite()).sum() == 2 * seen_by


def test_equal_maxima_send_the_gradient_to_the_first():
    """In reading order, as torch does it; an even split would be another gradient."""
    x = torch.zeros(1, 3, 4, requires_grad=True)
    max_pool2d(x, 2, 1).sum().backward()
    assert x.grad.tolist() == [[[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]]


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
)
def test_pixels_as_low_as_the_padding_are_still_found(dtype):
    """All pixels −∞ (or the smallest integer): the index names a pixel of the window, never the padding."""
    lowest = -INF if dtype.is_floating_point else torch.iinfo(dtype).min
    x = torch.full((1, 3, 3), lowest, dtype=dtype)
    values, indices = max_pool2d(x, 2, 2, 1, return_indices=True)
    assert torch.equal(values, torch.full((1, 2, 2), lowest, dtype=dtype))
    assert (
        indices.tolist()
        == F.max_pool2d(x.double(), 2, 2, 1, return_indices=True)[1].tolist()
        == [[[0, 1], [3, 4]]]
    )


def test_a_dilated_window_of_lowest_pixels_names_one_of_its_own():
    """From −1 in steps of 2 the first pixel is (1, 1); the nearest one, (0, 0), is not in the window."""
    x = torch.full((1, 3, 3), -INF)
    assert max_pool2d(x, 2, 1, 1, 2, return_indices=True)[1][0, 0, 0] == 4


@pytest.mark.parametrize("dtype", [torch.float64, torch.int32])
def test_a_window_of_padding_only(dtype):
    """With dilation a window can step over the image: −∞, an index inside the plane, and no gradient."""
    x = torch.full((1, 2, 2), 5, dtype=dtype)
    values, indices = max_pool2d(x, 2, 1, 1, 3, return_indices=True)
    assert values.item() == (-INF if dtype is torch.float64 else torch.iinfo(dtype).min)
    assert 0 <= indices.item() < 4
    if dtype is torch.float64:
        x.requires_grad_()
        (gradient,) = torch.autograd.grad(max_pool2d(x, 2, 1, 1, 3).sum(), x)
        assert torch.equal(gradient, torch.zeros_like(x))


def test_integer_maxima_are_exact():
    """2⁵³ + 1 has no float64: a detour over floats would lose it."""
    x = torch.tensor([[[2**53, 2**53 + 1]]])
    assert max_pool2d(x, (1, 2)).item() == 2**53 + 1


def test_integer_averages_are_cut_off():
    """int64 alone, as in torch; −7/4 becomes −1 and 7/4 becomes 1, whatever the divisor's sign."""
    x = torch.tensor([[[-3, -2, 3, 2], [-1, -1, 1, 1]]])
    assert avg_pool2d(x, 2).tolist() == F.avg_pool2d(x, 2).tolist() == [[[-1, 1]]]
    assert avg_pool2d(x, 2, divisor_override=-2).tolist() == [[[3, -3]]]
    assert avg_pool2d(torch.tensor([[[2**53, 2**53 + 2]]]), (1, 2)).item() == 2**53 + 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_types_are_summed_in_float32(dtype):
    """4096 times 100 overflows float16 and stops bfloat16's counting; the mean is 100 all the same."""
    x = torch.full((1, 64, 64), 100.0, dtype=dtype)
    for found in (avg_pool2d(x, 64), adaptive_avg_pool2d(x, 1), global_avg_pool2d(x)):
        assert found.dtype is dtype
        assert found.item() == 100
    assert lp_pool2d(torch.tensor([[[300.0, 400.0]]], dtype=dtype), 2, (1, 2)).item() == 500


@each
def test_results_never_share_memory_with_the_input(pool):
    """Not even where the window is one pixel."""
    x = torch.rand(2, 3, 7, 6)
    before = x.clone()
    single = {
        EVERY["max_pool2d"]: lambda y: max_pool2d(y, 1, 1),
        EVERY["avg_pool2d"]: lambda y: avg_pool2d(y, 1, 1),
        EVERY["lp_pool2d"]: lambda y: lp_pool2d(y, 1, 1),
        EVERY["adaptive_avg_pool2d"]: lambda y: adaptive_avg_pool2d(y, (7, 6)),
        EVERY["adaptive_max_pool2d"]: lambda y: adaptive_max_pool2d(y, (7, 6)),
        EVERY["global_avg_pool2d"]: lambda y: global_avg_pool2d(y[..., :1, :1]),
    }.get(pool, pool)
    single(x).fill_(7)
    assert torch.equal(x, before)


# ---------------------------------------------------------------------------------------- under torch's wings


@each
def test_gradients_first_and_second(pool):
    """Finite differences in float64, of the values and of the gradient."""
    x = torch.randn(1, 2, 7, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(pool, x)
    assert torch.autograd.gradgradcheck(pool, x)


@each
def test_under_vmap_and_grad(pool):
    """A batch by vmap is the batch; gradients of single images by vmap(grad) are those of the batch."""
    x = torch.randn(3, 2, 7, 6)
    torch.testing.assert_close(torch.func.vmap(pool)(x), pool(x))
    single = torch.func.vmap(torch.func.grad(lambda image: pool(image).square().sum()))(x)
    tracked = x.clone().requires_grad_()
    torch.testing.assert_close(single, torch.autograd.grad(pool(tracked).square().sum(), tracked)[0])


@pytest.mark.slow
def test_under_compile():
    """All of them in one graph, without a break; forward and backward."""
    torch._dynamo.reset()

    def together(x):
        return [pool(x) for pool in EVERY.values()]

    compiled = torch.compile(together, fullgraph=True, backend="aot_eager", dynamic=False)
    x = torch.randn(2, 3, 7, 6, requires_grad=True)
    found, wanted = compiled(x), together(x)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(
        *(torch.autograd.grad(sum(y.square().sum() for y in ys), x)[0] for ys in (found, wanted))
    )


@each
def test_on_meta_and_fake_devices(pool):
    """Shapes come out, everything stays on the input's device, and nothing reads a value."""
    wanted = pool(torch.rand(2, 3, 7, 6)).shape
    assert pool(torch.rand(2, 3, 7, 6, device="meta")).shape == wanted
    with FakeTensorMode():
        found = pool(torch.rand(2, 3, 7, 6, device="cuda"))
    assert found.shape == wanted
    assert found.device.type == "cuda"


@each
def test_layouts_of_memory(pool):
    """Channels last, transposed and expanded images give the same numbers and gradients."""
    x = torch.randn(2, 3, 7, 6, dtype=torch.float64)
    layouts = [
        x.to(memory_format=torch.channels_last),
        x.mT.contiguous().mT,
        x.repeat_interleave(2, -1)[..., ::2],
    ]
    for other in layouts:
        torch.testing.assert_close(pool(other), pool(x))
    row = torch.randn(1, 3, 1, 6, dtype=torch.float64, requires_grad=True)
    found, wanted = pool(row.expand(2, 3, 7, 6)), pool(row.expand(2, 3, 7, 6).contiguous())
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(*(torch.autograd.grad(y.square().sum(), row)[0] for y in (found, wanted)))


@each
def test_single_images_and_empty_batches(pool):
    """Three dimensions are an image; a batch may be empty, and gives an empty batch with its gradient."""
    x = torch.randn(2, 3, 7, 6)
    torch.testing.assert_close(pool(x[1]), pool(x)[1])
    empty = torch.empty(0, 3, 7, 6, requires_grad=True)
    assert pool(empty).shape == (0, *pool(x).shape[1:])
    (gradient,) = torch.autograd.grad(pool(empty).sum(), empty)
    assert gradient.shape == empty.shape


# ----------------------------------------------------------------------------------------------------- errors

ONES = torch.ones(1, 2, 5, 6)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (
            lambda: max_pool2d(ONES, (3, 7)),
            ValueError,
            (
                "pooling window 3×7 does not fit input 5×6 with padding 0: output width would be "
                "⌊(6 − 7) / 7⌋ + 1 = 0"
            ),
        ),
        (
            lambda: max_pool2d(ONES, 2, padding=(1, 2)),
            ValueError,
            (
                "padding of a pooling must be at most half the kernel: got 2 for the columns with kernel 2, "
                "2 // 2 = 1; a larger one would leave windows without a pixel"
            ),
        ),
        (lambda: avg_pool2d(ONES, 2, 0), ValueError, "stride must be at least 1 on both axes, got 0"),
        (lambda: max_pool2d(ONES, 2, -1), ValueError, "stride must be at least 1 on both axes, got -1"),
        (lambda: max_pool2d(ONES, 2, 1, -1), ValueError, "padding must be at least 0 on both axes, got -1"),
        (
            lambda: max_pool2d(ONES[0, 0], 2),
            ValueError,
            (
                "input of max_pool2d must have 4 dimensions (batch, channels, rows, columns) or 3 (channels, "
                "rows, "
                "columns), got 2: shape (5, 6); a single image becomes a batch of one with one channel by "
                "input[None, None]"
            ),
        ),
        (
            lambda: avg_pool2d(ONES[:, :0], 2),
            ValueError,
            (
                "input of avg_pool2d must have at least one channel, got shape (1, 0, 5, 6); only the batch "
                "may be empty"
            ),
        ),
        (
            lambda: max_pool2d([[1.0]], 1),
            TypeError,
            "input must be a torch.Tensor, got [[1.0]]; make one with torch.tensor(input)",
        ),
        (
            lambda: max_pool2d(ONES.bool(), 2),
            TypeError,
            "input of max_pool2d must hold real numbers or integers, got bool; convert it with input.long()",
        ),
        (
            lambda: max_pool2d(ONES.cfloat(), 2),
            TypeError,
            (
                "input of max_pool2d must hold real numbers or integers, got complex64 (complex numbers have "
                "no order); "
                "pool input.abs()"
            ),
        ),
        (
            lambda: avg_pool2d(ONES.int(), 2),
            TypeError,
            (
                "input of avg_pool2d must hold real floating numbers, or int64 (then the average is cut "
                "off), got int32; "
                "convert it with input.float()"
            ),
        ),
        (
            lambda: avg_pool2d(ONES.cdouble(), 2),
            TypeError,
            (
                "input of avg_pool2d must hold real floating numbers, or int64 (then the average is cut "
                "off), got "
                "complex128; pool input.real and input.imag one by one"
            ),
        ),
        (
            lambda: lp_pool2d(ONES.long(), 2, 2),
            TypeError,
            "input of lp_pool2d must hold real floating numbers, got int64; convert it with input.float()",
        ),
        (
            lambda: adaptive_max_pool2d(ONES.long(), 2),
            TypeError,
            (
                "input of adaptive_max_pool2d must hold real floating numbers, got int64; convert it with "
                "input.float()"
            ),
        ),
        (
            lambda: adaptive_avg_pool2d(ONES.bool(), 2),
            TypeError,
            (
                "input of adaptive_avg_pool2d must hold real floating numbers, got bool; convert it with "
                "input.float()"
            ),
        ),
        (
            lambda: global_avg_pool2d(ONES.long()),
            TypeError,
            (
                "input of global_avg_pool2d must hold real floating numbers, got int64; convert it with "
                "input.float()"
            ),
        ),
        (
            lambda: avg_pool2d(ONES, 2, divisor_override=0),
            ValueError,
            "divisor_override must not be 0: every window's sum is divided by it",
        ),
        (
            lambda: avg_pool2d(ONES, 2, divisor_override=2.5),
            TypeError,
            "divisor_override must be an integer or None, got 2.5 (a float)",
        ),
        (
            lambda: max_pool2d(ONES, 2, ceil_mode="no"),
            TypeError,
            "ceil_mode must be True or False, got 'no' (a str)",
        ),
        (
            lambda: max_pool2d(ONES, 2, return_indices=None),
            TypeError,
            "return_indices must be True or False, got None",
        ),
        (
            lambda: avg_pool2d(ONES, 2, divisor_override=2**63),
            ValueError,
            "divisor_override must fit into 64 bits, at most 2⁶³ − 1, got 9223372036854775808",
        ),
        (
            lambda: avg_pool2d(ONES, 2, divisor_override=-(2**63)),
            ValueError,
            "divisor_override must fit into 64 bits, at most 2⁶³ − 1, got -9223372036854775808",
        ),
        (
            lambda: adaptive_avg_pool2d(ONES, (None, -1)),
            ValueError,
            "output_size must be at least 0, got -1",
        ),
        (
            lambda: adaptive_avg_pool2d(ONES, [None, 2.0]),
            TypeError,
            (
                "output_size must be an integer, got 2.0 (a float); write output_size=2 (a division // keeps "
                "integers)"
            ),
        ),
        (
            lambda: global_avg_pool2d(ONES[0, 0]),
            ValueError,
            (
                "input of global_avg_pool2d must have 4 dimensions (batch, channels, rows, columns) or 3 "
                "(channels, rows, columns), got 2: shape (5, 6); a single image becomes a batch of one with "
                "one channel by input[None, None]"
            ),
        ),
        (lambda: lp_pool2d(ONES, 0, 2), ValueError, "norm_type must be positive and finite, got 0"),
        (lambda: lp_pool2d(ONES, NAN, 2), ValueError, "norm_type must be positive and finite, got nan"),
        (
            lambda: lp_pool2d(ONES, INF, 2),
            ValueError,
            (
                "norm_type must be positive and finite, got inf; for the limit, the maximum, use "
                "max_pool2d(input.abs(), …)"
            ),
        ),
        (lambda: lp_pool2d(ONES, True, 2), TypeError, "norm_type must be a number, got True (a bool)"),
        (
            lambda: adaptive_avg_pool2d(ONES, (2,)),
            ValueError,
            "output_size must be an integer or a pair (rows, columns), got 1 values: (2,)",
        ),
        (
            lambda: adaptive_avg_pool2d(ONES, (2, -1)),
            ValueError,
            "output_size must be at least 0 on both axes, got (2, -1)",
        ),
        (
            lambda: adaptive_max_pool2d(ONES, 2.0),
            TypeError,
            (
                "output_size must be an integer or a pair of integers (rows, columns), got 2.0 (a float); "
                "write output_size=2 (a division // keeps integers)"
            ),
        ),
        (
            lambda: adaptive_max_pool2d(ONES[:, :0], 2),
            ValueError,
            (
                "input of adaptive_max_pool2d must have at least one channel, got shape (1, 0, 5, 6); only "
                "the batch may "
                "be empty"
            ),
        ),
    ],
)
def test_what_is_wrong_is_said(call, kind, sentence):
    """Each error names the argument, what came, what was needed, and where there is one the cure."""
    with says(kind, sentence):
        call()


def test_an_adaptive_average_of_no_channels_is_allowed_as_in_torch():
    """Unlike the other poolings it takes zero channels."""
    assert (
        adaptive_avg_pool2d(ONES[:, :0], 2).shape
        == F.adaptive_avg_pool2d(ONES[:, :0], 2).shape
        == (1, 0, 2, 2)
    )


def test_slips_of_the_finger_cost_no_memory():
    """A padding or an output of 10⁹ is refused; a huge window in ceil mode is cut to what there is."""
    with pytest.raises(ValueError, match=r"makes 2 planes of 1000000005×1000000006 = \d+ cells"):
        max_pool2d(ONES, 10**9, 1, 5 * 10**8)
    with pytest.raises(ValueError, match="output_size=1000000000 makes 2 planes of"):
        adaptive_avg_pool2d(ONES, 10**9)
    with pytest.raises(ValueError, match="does not fit"):
        max_pool2d(ONES, 2, dilation=2**40)
    x = torch.arange(6.0).reshape(1, 2, 3)
    assert max_pool2d(x, 2**31, 2**33, ceil_mode=True).tolist() == [[[5]]]
    assert avg_pool2d(x, 2**31, 2**33, ceil_mode=True).tolist() == [[[2.5]]]
    assert max_pool2d(x, 1, 2**31 + 1).tolist() == [[[0]]]
