"""Pooling: hand-worked numbers, a walk over each window, torch, and the rules that torch leaves open.

Every test runs twice, with operations of torch and with the compiled loops.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from convbook import (
    _compile,
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
from tests.operations import UNIT, gamma, unpooled

NAN, INF = float("nan"), float("inf")

# A 12×12 image, its first six rows as the learners' notes print them.
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
    "max_unpool2d": lambda x: unpooled(x, 2),
}
each = pytest.mark.parametrize("pool", EVERY.values(), ids=EVERY.keys())


@pytest.fixture(params=["plain", "compiled"], autouse=True)
def form(request, monkeypatch):
    """Let every plane, or none, be one for the compiled loops."""
    if request.param == "compiled" and not _compile.available():
        pytest.skip("numba is not installed")
    monkeypatch.setattr(pooling, "_SMALL_PLANE", 0 if request.param == "compiled" else 2**62)
    return request.param


def distinct(*shape, seed=0, dtype=torch.float64):
    """Numbers that are all different, so that every maximum is at one place only."""
    count = int(torch.Size(shape).numel())
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return (order - count // 2).to(dtype).reshape(shape)


def fits(torchs, ours, *arguments):
    """Say whether a window fits; where torch refuses it, so does convbook, as a ValueError."""
    try:
        torchs(*arguments)
    except RuntimeError:
        with pytest.raises(ValueError, match="does not fit"):
            ours(*arguments)
        return False
    return True


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
    """Maximum, mean and global mean of the printed 12 × 12 image, as far as they are printed."""
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
    ("call", "kind", "words"),
    [
        (
            lambda: pool2d(torch.ones(2, 3), (2, 4)),
            ValueError,
            r"pooling window 2×4 .*width would be 3 − 4 \+ 1 = 0",
        ),
        (lambda: pool2d(torch.ones(2, 3), 2, mode="mean"), ValueError, "mode .* 'mean'"),
        (lambda: pool2d(torch.ones(1, 2, 3), 2), ValueError, r"X must have 2 dimensions .*X\[0\]"),
        (lambda: pool2d(torch.ones(2, 3).long(), 2, "avg"), TypeError, "int64.*X.float"),
        (lambda: pool2d(torch.ones(2, 3).bool(), 2), TypeError, "X of pool2d.*bool"),
        (lambda: pool2d(torch.ones(2, 3), 2.0), TypeError, "pool_size must be an integer"),
    ],
)
def test_the_loops_say_what_is_wrong(call, kind, words):
    """Before any work, with the argument's name and the arithmetic."""
    with pytest.raises(kind, match=words):
        call()


# ---------------------------------------------------------------------------------------- each window, walked


@given(SETTING)
@settings(max_examples=150)
def test_max_pool2d_by_walking_over_each_window(setting):
    """Value, index and gradient of every window, or an error where torch has one too."""
    size, kernel, stride, padding, dilation, ceil_mode = setting
    padding = (min(padding[0], kernel[0] // 2), min(padding[1], kernel[1] // 2))
    x = distinct(*size).requires_grad_()
    arguments = x[None], kernel, stride, padding, dilation, ceil_mode
    assume(fits(F.max_pool2d, max_pool2d, *arguments))
    out = F.max_pool2d(*arguments).shape[-2:]
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
@settings(max_examples=150)
def test_avg_pool2d_by_walking_over_each_window(setting, count_include_pad, divisor):
    """The sum of the window's pixels over the cells that count, which are counted one by one."""
    size, kernel, stride, padding, _, ceil_mode = setting
    padding = (min(padding[0], kernel[0] // 2), min(padding[1], kernel[1] // 2))
    x = torch.randn(*size, dtype=torch.float64)
    call = (kernel, stride, padding, ceil_mode, count_include_pad, divisor)
    assume(fits(F.avg_pool2d, avg_pool2d, x[None], *call))
    out = F.avg_pool2d(x[None], *call).shape[-2:]
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
@settings(max_examples=80)
def test_lp_pool2d_is_torchs(setting, power):
    """Also its scaling of windows that hang over the end."""
    size, kernel, stride, _, _, ceil_mode = setting
    x = torch.randn(2, *size, dtype=torch.float64).abs().requires_grad_()
    assume(fits(F.lp_pool2d, lp_pool2d, x, power, kernel, stride, ceil_mode))
    wanted = F.lp_pool2d(x, power, kernel, stride, ceil_mode)
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
@settings(max_examples=100)
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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_of_several_nans_the_first_has_the_index_and_the_gradient(dtype):
    """On [[1, NaN], [NaN, 2]] that is pixel 1 in every function, with indices or without."""
    x = torch.tensor([[1, NAN], [NAN, 2]], dtype=dtype, requires_grad=True)
    for pool in (
        lambda: pool2d(x, 2),
        lambda: max_pool2d(x[None], 2),
        lambda: max_pool2d(x[None], 2, return_indices=True)[0],
        lambda: adaptive_max_pool2d(x[None], 1),
    ):
        assert torch.autograd.grad(pool().sum(), x)[0].tolist() == [[0, 1], [0, 0]]
    assert max_pool2d(x[None], 2, return_indices=True)[1].item() == 1
    assert adaptive_max_pool2d(x[None], 1, return_indices=True)[1].item() == 1
    assert max_pool2d(x[None].detach(), 2).isnan().all()


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


# --------------------------------------------------------------------------------- exact, alone, and small


@given(
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 24), st.integers(1, 24)),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(0, 4), st.integers(0, 4)),
    st.booleans(),
    st.integers(0, 99),
)
@settings(max_examples=120)
def test_maxima_are_torchs_with_ties_nan_and_infinities(shape, kernel, stride, padding, ceil_mode, seed):
    """Values and indices; where a window holds several NaNs torch names the last, so values alone."""
    padding = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(-3, 4, shape, generator=generator).float()
    x[torch.rand(shape, generator=generator) < 0.05] = -INF
    arguments = kernel, stride, padding, 1, ceil_mode
    assume(fits(F.max_pool2d, max_pool2d, x, *arguments))
    for found, wanted in zip(max_pool2d(x, *arguments, True), F.max_pool2d(x, *arguments, True), strict=True):
        assert found.equal(wanted)
    x[torch.rand(shape, generator=generator) < 0.05] = NAN
    wanted = F.max_pool2d(x, *arguments)
    for found in (max_pool2d(x, *arguments), max_pool2d(x, *arguments, return_indices=True)[0]):
        torch.testing.assert_close(found, wanted, rtol=0, atol=0, equal_nan=True)


def adversaries():
    """Images whose parts differ by many orders of magnitude."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 2, 20, 30, generator=generator)
    dark, spots, alternating = image.clone(), torch.zeros_like(image), image.clone()
    dark[..., 15:] *= 1e-7
    spots[..., 3::7, 2::5] = 1e30
    alternating[..., ::2] *= -1
    return {"bright": image, "dark half": dark, "spots": spots, "signs alternate": alternating}


@pytest.mark.parametrize("image", adversaries().values(), ids=adversaries().keys())
@pytest.mark.parametrize("window", [((2, 2), (2, 2)), ((3, 5), (1, 2)), ((15, 9), (1, 1))], ids=str)
def test_each_average_is_as_exact_as_its_own_window(image, window):
    """|error| ≤ γ(h + w)·Σ|x| / (h·w) over the window itself, whatever is beside it; gradients likewise."""
    kernel, stride = window
    unit, cells = UNIT[torch.float32], kernel[0] * kernel[1]
    scale = F.avg_pool2d(image.double().abs(), kernel, stride)
    off = avg_pool2d(image, kernel, stride).double() - F.avg_pool2d(image.double(), kernel, stride)
    assert (off.abs() <= gamma(sum(kernel), unit) * scale).all()
    x = image.clone().requires_grad_()
    weights = image.new_tensor(range(scale.numel())).reshape(scale.shape) ** 3
    (found,) = torch.autograd.grad(avg_pool2d(x, kernel, stride), x, weights)
    exact = image.double().requires_grad_()
    (wanted,) = torch.autograd.grad(F.avg_pool2d(exact, kernel, stride), exact, weights.double())
    assert ((found - wanted).abs() <= gamma(cells + 2, unit) * wanted).all()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("pool", [pool for name, pool in EVERY.items() if name != "lp_pool2d"])
def test_an_image_does_not_depend_on_its_batch_its_layout_or_the_threads(pool, threads):
    """The same bits alone and among others, one thread and two, in any order of memory.

    `lp_pool2d` is left out: torch's power rounds differently in a vector register and outside of one.
    """
    batch = torch.randn(5, 3, 17, 16)
    alone = pool(batch[2:3])
    torch.set_num_threads(threads)
    try:
        for x in (batch, batch.to(memory_format=torch.channels_last), batch.mT.contiguous().mT):
            assert pool(x)[2:3].equal(alone)
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize("with_indices", [False, True])
def test_windows_are_not_copied_one_by_one(dtype, with_indices):
    """A window of 15×15 makes no tensor of 225 times the image, only of 15 times along one axis."""

    class Largest(TorchDispatchMode):
        cells = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            self.cells = max([self.cells, *(leaf.numel() for leaf in tree_leaves(result))])
            return result

    x = torch.ones(1, 1, 60, 50, dtype=dtype)
    with Largest() as largest:
        max_pool2d(x, 15, 1, return_indices=with_indices)
    assert 60 * 50 <= largest.cells <= 15 * 60 * 50


def test_which_images_are_for_the_compiled_loops(form, monkeypatch):
    """Planes on the CPU from 14×14 on, where numba is installed; the batch does not count."""
    monkeypatch.undo()
    x = torch.randn(2, 3, 14, 14)
    assert pooling._compiled_for(x) == _compile.available()
    assert not pooling._compiled_for(torch.randn(64, 64, 13, 14))
    assert not pooling._compiled_for(x.to("meta"))
    with FakeTensorMode():
        assert not pooling._compiled_for(torch.randn(2, 3, 14, 14))
    seen = []
    torch.func.vmap(lambda image: (seen.append(pooling._compiled_for(image)), image)[1])(x)
    assert seen == [False]
    monkeypatch.setattr(_compile, "available", lambda: False)
    assert not pooling._compiled_for(x)
    torch.testing.assert_close(avg_pool2d(x, 3, 1, 1), F.avg_pool2d(x, 3, 1, 1))


# ----------------------------------------------------------------------------------------------------- errors

ONES = torch.ones(1, 2, 5, 6)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: max_pool2d(ONES, (3, 7)), ValueError, r"window 3×7 .* ⌊\(6 − 7\) / 7⌋ \+ 1 = 0"),
        (lambda: max_pool2d(ONES, 2, padding=(1, 2)), ValueError, "padding .* 2 for the columns .*kernel 2"),
        (lambda: avg_pool2d(ONES, 2, 0), ValueError, "stride must be at least 1 on both axes, got 0"),
        (lambda: max_pool2d(ONES, 2, -1), ValueError, "stride must be at least 1 on both axes, got -1"),
        (lambda: max_pool2d(ONES, 2, 1, -1), ValueError, "padding must be at least 0 on both axes, got -1"),
        (lambda: max_pool2d(ONES[0, 0], 2), ValueError, r"input of max_pool2d .*input\[None, None\]"),
        (lambda: avg_pool2d(ONES[:, :0], 2), ValueError, r"input of avg_pool2d .*\(1, 0, 5, 6\)"),
        (lambda: max_pool2d([[1.0]], 1), TypeError, r"input must be a torch.Tensor.*torch.tensor\(input\)"),
        (lambda: max_pool2d(ONES.bool(), 2), TypeError, "input of max_pool2d .*bool"),
        (lambda: max_pool2d(ONES.cfloat(), 2), TypeError, r"complex64 .*input.abs\(\)"),
        (lambda: avg_pool2d(ONES.int(), 2), TypeError, r"input of avg_pool2d .*int32; .*input.float\(\)"),
        (lambda: avg_pool2d(ONES.cdouble(), 2), TypeError, "complex128.*input.real"),
        (lambda: lp_pool2d(ONES.long(), 2, 2), TypeError, "input of lp_pool2d .*int64"),
        (lambda: adaptive_max_pool2d(ONES.long(), 2), TypeError, "input of adaptive_max_pool2d .*int64"),
        (lambda: adaptive_avg_pool2d(ONES.bool(), 2), TypeError, "input of adaptive_avg_pool2d .*bool"),
        (lambda: global_avg_pool2d(ONES.long()), TypeError, "input of global_avg_pool2d .*int64"),
        (lambda: avg_pool2d(ONES, 2, divisor_override=0), ValueError, "divisor_override must not be 0"),
        (lambda: avg_pool2d(ONES, 2, divisor_override=2.5), TypeError, "divisor_override .* 2.5"),
        (lambda: avg_pool2d(ONES, 2, divisor_override=2**63), ValueError, "64 bits.*9223372036854775808"),
        (lambda: avg_pool2d(ONES, 2, divisor_override=-(2**63)), ValueError, "64 bits.*-9223372036854775808"),
        (lambda: max_pool2d(ONES, 2, ceil_mode="no"), TypeError, "ceil_mode must be True or False, got 'no'"),
        (lambda: max_pool2d(ONES, 2, return_indices=None), TypeError, "return_indices .*None"),
        (lambda: adaptive_avg_pool2d(ONES, (None, -1)), ValueError, "output_size must be at least 0, got -1"),
        (
            lambda: adaptive_avg_pool2d(ONES, [None, 2.0]),
            TypeError,
            "output_size must be an integer, got 2.0",
        ),
        (lambda: adaptive_avg_pool2d(ONES, (2,)), ValueError, "output_size .*got 1 values"),
        (lambda: adaptive_avg_pool2d(ONES, (2, -1)), ValueError, r"output_size .*\(2, -1\)"),
        (lambda: adaptive_max_pool2d(ONES, 2.0), TypeError, "output_size must be an integer .*2.0"),
        (lambda: adaptive_max_pool2d(ONES[:, :0], 2), ValueError, r"at least one channel.*\(1, 0, 5, 6\)"),
        (
            lambda: global_avg_pool2d(ONES[0, 0]),
            ValueError,
            "input of global_avg_pool2d must have 4 dimensions",
        ),
        (lambda: lp_pool2d(ONES, 0, 2), ValueError, "norm_type must be positive and finite, got 0"),
        (lambda: lp_pool2d(ONES, NAN, 2), ValueError, "norm_type must be positive and finite, got nan"),
        (lambda: lp_pool2d(ONES, INF, 2), ValueError, "norm_type .* got inf; .*max_pool2d"),
        (lambda: lp_pool2d(ONES, True, 2), TypeError, "norm_type must be a number, got True"),
    ],
)
def test_what_is_wrong_is_said(call, kind, words):
    """Each error names the argument, what came, what was needed, and where there is one the cure."""
    with pytest.raises(kind, match=words):
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
