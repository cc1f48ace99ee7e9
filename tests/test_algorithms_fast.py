"""The quicker algorithms: each equals the definition over its whole domain, with its gradients, and declines
by name."""

from __future__ import annotations

import itertools
import sys

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from convbook import conv2d
from convbook._checks import Setting, conv2d_setting
from convbook.algorithms import TABLE
from convbook.algorithms._strips import STRIP, SideBySide, strips
from convbook.algorithms.band import band_matrices
from convbook.algorithms.box import is_box, window_sums
from convbook.algorithms.fft import good_size
from convbook.algorithms.separable import by_factors, may_be_rank_one, rank_factors, rank_one_factors
from convbook.algorithms.winograd import MATRICES

FAST = ("lowering", "band", "separable", "box", "fft", "winograd")
EXACT = ("lowering", "band", "box")  # no step leaves the integers

# Chosen so that batch, channels, rows and columns all differ: (input, weight, stride, padding, dilation,
# groups).
CASES = {
    "plain": ((2, 1, 11, 13), (1, 1, 3, 3), 1, 0, 1, 1),
    "padded": ((2, 3, 10, 7), (4, 3, 3, 3), 1, ((2, 1), (0, 3)), 1, 1),
    "groups": ((3, 4, 9, 12), (6, 2, 3, 3), 1, 1, 1, 2),
    "depthwise": ((1, 5, 8, 9), (5, 1, 3, 3), 1, 1, 1, 5),
    "strided": ((2, 2, 12, 15), (3, 2, 2, 4), (2, 3), 1, 1, 1),
    "dilated": ((1, 2, 14, 17), (3, 2, 3, 2), 1, 2, (3, 2), 1),
    "both": ((2, 1, 15, 19), (2, 1, 3, 3), (2, 3), (3, 2), (2, 3), 1),
    "a pixel": ((2, 3, 5, 7), (4, 3, 1, 1), 1, 0, 1, 1),
    "a row": ((1, 1, 6, 70), (1, 1, 1, 9), 1, (0, 4), 1, 1),
    "a column": ((1, 1, 41, 5), (1, 1, 8, 1), 1, 0, 1, 1),
    "one window": ((2, 1, 4, 5), (3, 1, 4, 5), 1, 0, 1, 1),
    "empty batch": ((0, 2, 6, 7), (3, 2, 3, 3), 1, 1, 1, 1),
    "several strips": ((2, 1, 33, 4100), (1, 1, 3, 3), 1, 1, 1, 1),
    "several tiles": ((1, 2, 600, 570), (1, 2, 5, 3), (1, 2), 2, 1, 1),
}


def problem(name: str, method: str, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Setting]:
    """The case's numbers, small integers in `dtype`; a box kernel where the method needs one."""
    shape, kernel, stride, padding, dilation, groups = CASES[name]
    generator = torch.Generator().manual_seed(len(name))
    x = torch.randint(-5, 6, shape, generator=generator).to(dtype)
    w = torch.randint(-5, 6, kernel, generator=generator).to(dtype)
    b = torch.randint(-5, 6, kernel[:1], generator=generator).to(dtype)
    if method == "box":
        w = w[:, :, :1, :1].expand(kernel).contiguous()
    return x, w, b, conv2d_setting(x, w, b, stride, padding, dilation, groups)


def torchs_own(x: Tensor, w: Tensor, b: Tensor | None, setting: Setting) -> Tensor:
    """Torch's convolution on the padded image: an implementation that shares nothing with those under
    test."""
    (top, bottom), (left, right) = setting.padding
    return F.conv2d(
        F.pad(x, (left, right, top, bottom)), w, b, setting.stride, 0, setting.dilation, setting.groups
    )


def can(method: str, name: str) -> bool:
    """Whether the method's domain holds the case."""
    _, kernel, stride, _, dilation, _ = CASES[name]
    return method != "winograd" or (kernel[2:] == (3, 3) and (stride, dilation) == (1, 1))


@pytest.mark.parametrize(("method", "name"), [p for p in itertools.product(FAST, CASES) if can(*p)])
def test_it_is_the_definition_in_float64(method: str, name: str) -> None:
    """Small integers in float64 leave no rounding to hide behind, but for the spectra's and the
    fractions'."""
    x, w, b, setting = problem(name, method, torch.float64)
    y = TABLE[method](x, w, b, setting)
    expected = torchs_own(x, w, b, setting)
    assert y.dtype == torch.float64
    if method in EXACT:
        assert torch.equal(y, expected)
    else:
        torch.testing.assert_close(y, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("method", "name"), list(itertools.product(EXACT, CASES)))
def test_integers_are_exact(method: str, name: str) -> None:
    x, w, b, setting = problem(name, method, torch.int64)
    assert torch.equal(TABLE[method](x, w, b, setting), torchs_own(x, w, b, setting))


@pytest.mark.parametrize("method", FAST)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.complex64])
def test_other_dtypes_are_right_to_their_digits(method: str, dtype: torch.dtype) -> None:
    """The error stays below 24 roundings of Σ|x||w| (winograd: 512), as a sum of this length allows."""
    x, w, b, setting = problem("groups", method, torch.float64)
    y = TABLE[method](x.to(dtype), w.to(dtype), b.to(dtype), setting)
    assert y.dtype == dtype
    scale = float(torchs_own(x.abs(), w.abs(), b.abs(), setting).max())
    error = (y.to(torch.complex128) - torchs_own(x, w, b, setting)).abs().max()
    assert error <= (512 if method == "winograd" else 24) * torch.finfo(dtype).eps * scale


def test_half_sums_do_not_stop_at_256() -> None:
    """A window of 400 ones sums to 400, where counting in bfloat16 itself would end at 256."""
    x, w = torch.ones(1, 1, 20, 20, dtype=torch.bfloat16), torch.ones(1, 1, 20, 20, dtype=torch.bfloat16)
    for method in ("lowering", "band", "separable", "box", "fft"):
        assert TABLE[method](x, w, None, conv2d_setting(x, w)).item() == 400, method


# torch 2.13 calls its own deprecated torch.jit.script when forward mode is first used.
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("method", "name"), [p for p in itertools.product(FAST, ("groups", "both")) if can(*p)]
)
def test_gradients_are_right(method: str, name: str) -> None:
    """First and second derivatives, and forward mode, agree with finite differences."""
    x, w, b, setting = problem(name, method, torch.float64)
    x, w, b = x[:1, :, :7, :9].clone(), w.clone(), b.clone()
    setting = conv2d_setting(x, w, b, setting.stride, setting.padding, setting.dilation, setting.groups)
    inputs = tuple(t.requires_grad_() for t in ((x, b) if method == "box" else (x, w, b)))

    def f(*tensors: Tensor) -> Tensor:
        image, *kernel, bias = tensors
        return TABLE[method](image, kernel[0] if kernel else w, bias, setting)

    assert torch.autograd.gradcheck(f, inputs, fast_mode=True, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(f, inputs, fast_mode=True)


@pytest.mark.parametrize("method", FAST)
def test_half_and_complex_gradients_are_torchs(method: str) -> None:
    for dtype, tolerance in ((torch.bfloat16, 0.05), (torch.complex128, 1e-10)):
        x, w, b, setting = problem("groups", method, dtype)
        leaves = [t.clone().requires_grad_() for t in (x, w, b)]
        twins = [t.clone().requires_grad_() for t in (x, w, b)]
        TABLE[method](*leaves, setting).abs().square().sum().backward()
        torchs_own(*twins, setting).abs().square().sum().backward()
        for mine, theirs in zip(leaves, twins, strict=True):
            assert mine.grad is not None
            torch.testing.assert_close(mine.grad, theirs.grad, rtol=tolerance, atol=tolerance * 100)


@pytest.mark.parametrize("method", FAST)
@pytest.mark.parametrize("mapped", [(0, None, None), (None, 1, None), (0, 1, 0), (None, None, 0)])
def test_vmap_is_a_loop(method: str, mapped: tuple[int | None, ...]) -> None:
    """Mapping over images, over kernels, over both, over biases: as one call after the other."""
    x, w, b, setting = problem("groups", method, torch.float64)
    many = 3
    stacks = [
        t if dim is None else torch.stack([t * (i + 1) for i in range(many)], dim)
        for t, dim in zip((x, w, b), mapped, strict=True)
    ]
    y = torch.func.vmap(lambda *t: TABLE[method](*t, setting), in_dims=mapped)(*stacks)
    for i in range(many):
        one = [t if dim is None else t.select(dim, i) for t, dim in zip(stacks, mapped, strict=True)]
        torch.testing.assert_close(y[i], torchs_own(*one, setting), rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", [m for m in FAST if m != "box"])
def test_a_gradient_for_each_image_of_a_batch(method: str) -> None:
    """``vmap`` over ``grad``: the kernel's gradient image by image, in one call."""
    x, w, _, setting = problem("groups", method, torch.float64)

    def loss(kernel: Tensor, image: Tensor) -> Tensor:
        return TABLE[method](image[None], kernel, None, setting).square().sum()

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(w, x)
    for i, image in enumerate(x):
        twin = w.clone().requires_grad_()
        torchs_own(image[None], twin, None, setting).square().sum().backward()
        torch.testing.assert_close(each[i], twin.grad, rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("method", FAST)
def test_inputs_are_left_alone_and_nothing_is_shared(method: str) -> None:
    x, w, b, setting = problem("plain", method, torch.float64)
    before = [t.clone() for t in (x, w, b)]
    y = TABLE[method](x, w, b, setting)
    y.add_(1)
    assert all(torch.equal(t, old) for t, old in zip((x, w, b), before, strict=True))


@pytest.mark.parametrize("method", FAST)
def test_strange_memory_is_no_obstacle(method: str) -> None:
    """Transposed, stepped, expanded and channels-last images give what their copies give."""
    x, w, b, setting = problem("groups", method, torch.float64)
    n, c, h, wide = x.shape
    layouts = {
        "transposed": x.transpose(2, 3).contiguous().transpose(2, 3),
        "stepped": torch.stack([x, x], -1).reshape(n, c, h, 2 * wide)[..., ::2],
        "channels last": x.contiguous(memory_format=torch.channels_last),
        "expanded": x[:1].expand(n, -1, -1, -1),
    }
    for name, layout in layouts.items():
        torch.testing.assert_close(
            TABLE[method](layout, w, b, setting),
            torchs_own(layout.contiguous(), w, b, setting),
            rtol=0,
            atol=1e-10,
            msg=name,
        )


@pytest.mark.parametrize("method", ["lowering", "box"])
def test_nan_and_infinity_stay_in_their_windows(method: str) -> None:
    """A NaN and an Inf reach the windows that hold them, and no further."""
    x, w, _, setting = problem("groups", method, torch.float64)
    x[0, 1, 4, 5], x[1, 2, 6, 7] = float("nan"), float("inf")
    y = TABLE[method](x, w, None, setting)
    expected = torchs_own(x, w, None, setting)
    assert torch.equal(y.isfinite(), expected.isfinite())
    assert not expected.isfinite().all()


# ------------------------------------------------------------------------------------------------- what they
# decline


@pytest.mark.parametrize(
    ("method", "kernel", "stride", "dtype", "sentence"),
    [
        ("winograd", (1, 1, 5, 3), 1, torch.float64, "method 'winograd' needs a 3×3 kernel, got 5×3; "),
        (
            "winograd",
            (1, 1, 3, 3),
            2,
            torch.float64,
            "method 'winograd' needs stride 1 and dilation 1, got stride (2, 2) and dilation (1, 1); ",
        ),
        ("winograd", (1, 1, 3, 3), 1, torch.int64, "method 'winograd' needs floating numbers, got int64: "),
        ("fft", (1, 1, 3, 3), 1, torch.int32, "method 'fft' needs floating numbers, got int32: "),
        ("separable", (1, 1, 3, 3), 1, torch.int64, "method 'separable' needs floating numbers, got int64: "),
        (
            "box",
            (1, 1, 3, 3),
            1,
            torch.float64,
            "method 'box' needs kernels whose weights are all equal, got ",
        ),
    ],
)
def test_a_method_that_cannot_says_so_by_name(
    method: str, kernel: tuple[int, ...], stride: int, dtype: torch.dtype, sentence: str
) -> None:
    x, w = (
        torch.ones(1, 1, 9, 8, dtype=dtype),
        torch.arange(9 * kernel[2]).reshape(-1)[: kernel[2] * kernel[3]],
    )
    w = w.reshape(kernel).to(dtype)
    with pytest.raises(NotImplementedError) as caught:
        TABLE[method](x, w, None, conv2d_setting(x, w, None, stride))
    assert str(caught.value).startswith(sentence)
    assert "and so can 'auto'" in str(caught.value)


def test_box_does_not_wait_for_another_device() -> None:
    """Off the CPU the kernel's numbers are not looked at, so box declines."""
    x, w = torch.ones(1, 1, 4, 4, device="meta"), torch.ones(1, 1, 2, 2, device="meta")
    with pytest.raises(NotImplementedError, match="would wait for meta"):
        TABLE["box"](x, w, None, conv2d_setting(x, w))


@pytest.mark.parametrize("method", [m for m in FAST if m != "box"])
def test_shapes_are_right_without_numbers(method: str) -> None:
    """Meta tensors have a shape alone; nothing looks further."""
    x, w, b, setting = problem("groups", method, torch.float32)
    y = TABLE[method](x.to("meta"), w.to("meta"), b.to("meta"), setting)
    assert y.shape == torchs_own(x, w, b, setting).shape


# -------------------------------------------------------------------------------------------------------
# their parts


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 99))
def test_a_band_matrix_is_a_convolution(block: int, k: int, stride: int, dilation: int, seed: int) -> None:
    """Its product with a column is torch's one-dimensional convolution."""
    generator = torch.Generator().manual_seed(seed)
    column = torch.randn(k, dtype=torch.float64, generator=generator)
    matrix = band_matrices(column, block, stride, dilation)
    x = torch.randn(matrix.shape[1], dtype=torch.float64, generator=generator)
    expected = F.conv1d(x[None, None], column[None, None], stride=stride, dilation=dilation)[0, 0]
    torch.testing.assert_close(matrix @ x, expected)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(
        st.integers(1, 7), st.integers(1, 3), st.integers(4, 12), st.sampled_from([5, 17, 255, 256, 260])
    ),
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 20), st.integers(0, 3)),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from([64, 4000, STRIP]),
)
def test_rows_side_by_side_are_those_of_the_padded_images(
    shape: tuple[int, int, int, int],
    padding: tuple[int, int, int, int],
    groups: int,
    down: int,
    along: int,
    size: int,
) -> None:
    """Strip by strip, each stack holds the padded rows of all channels, and each image its own columns."""
    batch, depth, height, width = shape
    top, bottom, left, right = padding
    x = torch.randn(batch, groups * depth, height, width)
    x = x.mT.contiguous().mT  # not as it lies in memory
    w = torch.empty(groups, depth, 3, 2)
    setting = conv2d_setting(x, w, None, (down, along), ((top, bottom), (left, right)), 1, groups)
    whole = F.pad(x, (left, right, top, bottom)).unflatten(1, (groups, depth))
    parts = list(strips(x, setting, 2, size))
    rows = SideBySide(x, setting, 3, parts)
    for strip in parts:
        rows.load(strip)
        count = strip.rows
        for g in range(groups):
            stacks = rows.stacks(g, count, down, 3).unflatten(1, (3, depth))
            for i, image in enumerate(whole[strip.images, g]):
                start = rows.first + i * rows.wide
                seen = stacks[..., start : start + image.shape[2]]
                for r in range(count):
                    under = image[:, (strip.top + r) * down : (strip.top + r) * down + 3]
                    assert torch.equal(seen[r].transpose(0, 1), under)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_factors_add_up_to_the_kernel_and_no_more(rank: int) -> None:
    """As many pairs as the rank, and their products' sum is the kernel to the last digit."""
    torch.manual_seed(rank)
    kernel = sum(
        torch.outer(torch.randn(5, dtype=torch.float64), torch.randn(7, dtype=torch.float64))
        for _ in range(rank)
    )
    columns, rows = rank_factors(kernel[None, None].float())
    assert columns.shape == (1, 1, rank, 5)
    rebuilt = torch.einsum("ocra,ocrb->ocab", columns.double(), rows.double())[0, 0]
    torch.testing.assert_close(
        rebuilt, kernel.float().double(), rtol=0, atol=3e-7 * float(kernel.abs().max())
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_glance_refuses_no_product(dtype: torch.dtype) -> None:
    """A column times a row, rounded once more and of any size and sign, is not refused by one number."""
    torch.manual_seed(7)
    for kh, kw in itertools.product(range(1, 8), repeat=2):
        for scale in (1e-20, 1.0, 1e15):
            w = (scale * torch.randn(kh, 1, dtype=dtype) * torch.randn(1, kw, dtype=dtype))[None, None]
            assert may_be_rank_one(w), (kh, kw, scale)
            assert rank_one_factors(w) is not None, (kh, kw, scale)


def test_the_glance_refuses_nearly_all_others() -> None:
    """Of random kernels none passes; NaN, zeros and a kernel without numbers are left to the elimination."""
    torch.manual_seed(7)
    assert not any(may_be_rank_one(torch.randn(1, 1, 3, 5)) for _ in range(50))
    for odd in (torch.full((1, 1, 2, 2), torch.nan), torch.zeros(1, 1, 3, 3), torch.zeros(0, 1, 3, 3)):
        assert may_be_rank_one(odd)


def test_rank_one_is_seen_and_used() -> None:
    """The quick look finds the same factors as the elimination, for each plane, and says no to rank two."""
    torch.manual_seed(1)
    x, w = torch.randn(2, 2, 20, 21), torch.rand(3, 2, 5, 1) * torch.rand(3, 2, 1, 4)
    factors = rank_one_factors(w)
    assert factors is not None
    for mine, theirs in zip(factors, rank_factors(w), strict=True):
        torch.testing.assert_close(mine, theirs)
    setting = conv2d_setting(x, w, None, 1, 1)
    torch.testing.assert_close(by_factors(x, *factors, None, setting), torchs_own(x, w, None, setting))
    w[2, 1, 0, 0] += 1e-3
    assert rank_one_factors(w) is None
    assert rank_one_factors(torch.full((1, 1, 2, 2), float("nan"))) is None
    corner = torch.ones(1, 1, 4, 4)
    corner[..., 3, 3] = 1 + 1e-3  # the glance beside the pivot may miss what the elimination sees
    corner[..., 0, 0] = 2
    assert rank_one_factors(corner) is None
    zeros = rank_one_factors(torch.zeros(1, 1, 3, 3))
    assert zeros is not None
    assert not any(t.any() for t in zeros)


def test_the_zero_kernel_has_factors() -> None:
    columns, rows = rank_factors(torch.zeros(2, 1, 3, 3))
    assert not columns.any()
    assert not rows.any()  # a NaN from 0 / 0 would count as any


@pytest.mark.parametrize("length", range(1, 18))
@pytest.mark.parametrize("dilation", [1, 2])
def test_window_sums_are_sums_of_windows(length: int, dilation: int) -> None:
    x = torch.arange(40).reshape(1, 40) ** 2
    reach = (length - 1) * dilation + 1
    assert torch.equal(window_sums(x, length, 1, dilation), x.unfold(1, reach, 1)[..., ::dilation].sum(-1))


def test_box_keeps_digits_that_a_running_sum_loses() -> None:
    """Behind a pixel of 10⁸, float32 windows of ones still sum to exactly 3."""
    x = torch.ones(1, 1, 1, 50)
    x[..., 5] = 1e8
    w = torch.ones(1, 1, 1, 3)
    y = TABLE["box"](x, w, None, conv2d_setting(x, w))
    assert torch.equal(y[..., 6:], torch.full((1, 1, 1, 42), 3.0))
    running = x[0, 0, 0].cumsum(0)
    assert not torch.equal(running[3:] - running[:-3], torch.full((47,), 3.0))


def test_is_box() -> None:
    assert is_box(torch.tensor([1.0, 2.0]).view(2, 1, 1, 1).expand(2, 1, 3, 3))
    assert not is_box(torch.tensor([[1.0, 1.0], [1.0, 2.0]])[None, None])


def test_good_sizes_have_small_factors() -> None:
    for n in range(1, 400):
        size = good_size(n)
        assert size >= n
        while size > 1:
            prime = next(p for p in range(2, size + 1) if size % p == 0)
            assert prime <= 5
            size //= prime


@pytest.mark.parametrize("outputs", MATRICES)
def test_winograds_matrices_are_exact(outputs: int) -> None:
    """In one dimension, AᵀΣ[(G g) ⊙ (Bᵀ d)] is the correlation of d with g, for both sets of matrices."""
    to_image, to_kernel, to_output = (torch.tensor(m, dtype=torch.float64) for m in MATRICES[outputs])
    d, g = (
        torch.arange(1.0, outputs + 3, dtype=torch.float64) ** 2,
        torch.tensor([3.0, -1.0, 2.0], dtype=torch.float64),
    )
    y = to_output @ ((to_kernel @ g) * (to_image @ d))
    torch.testing.assert_close(y, F.conv1d(d[None, None], g[None, None])[0, 0])


@pytest.mark.parametrize("tiles", [1, 2, 5, 7, 30, 1000])
@pytest.mark.parametrize("points", [1, 36 * 3 * 2, 1 << 20])
def test_winograd_in_any_pieces(tiles: int, points: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a row of tiles, several images, some outputs of a group at a time: the same numbers."""
    module = sys.modules["convbook.algorithms.winograd"]
    monkeypatch.setattr(module, "TILES", tiles)
    monkeypatch.setattr(module, "POINTS", points)
    draw = torch.Generator().manual_seed(tiles)
    x = torch.randn(5, 6, 9, 14, dtype=torch.float64, generator=draw)
    w = torch.randn(10, 3, 3, 3, dtype=torch.float64, generator=draw)
    y = conv2d(x, w, padding=((0, 2), (3, 1)), groups=2, method="winograd")
    torch.testing.assert_close(y, F.conv2d(F.pad(x, (3, 1, 0, 2)), w, groups=2), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("more", [0, 1, 4, 11, 60])
@pytest.mark.parametrize(
    "padding", [((0, 0), (0, 0)), ((0, 3), (0, 0)), ((2, 1), (0, 4)), ((20, 9), (17, 30))]
)
def test_fft_in_any_tiles(
    more: int, padding: tuple[tuple[int, int], tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiles within the image, over its borders and beside it, several groups and outputs: the same sums."""
    module = sys.modules["convbook.algorithms.fft"]
    monkeypatch.setattr(module, "transform_side", lambda outputs, reach: reach + more)
    draw = torch.Generator().manual_seed(more)
    (top, bottom), (left, right) = padding
    for outputs, groups, stride, dilation in ((2, 2, 1, 1), (4, 2, (2, 1), (1, 3)), (3, 1, (1, 3), (2, 1))):
        x = torch.randn(3, 2, 13, 7, generator=draw, dtype=torch.float64)
        w = torch.randn(outputs, 2 // groups, 3, 2, generator=draw, dtype=torch.float64)
        wide = F.pad(x, (left, right, top, bottom))
        y = conv2d(x, w, stride=stride, padding=padding, dilation=dilation, groups=groups, method="fft")
        expected = F.conv2d(wide, w, None, stride, 0, dilation, groups)
        torch.testing.assert_close(y, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("numbers", [1, 60, 200, 900, 1 << 20])
@pytest.mark.parametrize(
    "padding", [((0, 0), (0, 0)), ((0, 0), (3, 0)), ((2, 1), (0, 0)), ((4, 9), (1, 2)), ((20, 30), (0, 40))]
)
@pytest.mark.parametrize("groups", [1, 2])
def test_lowering_in_any_strips(
    numbers: int,
    padding: tuple[tuple[int, int], tuple[int, int]],
    groups: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Buffers that go from strip to strip: nothing of an earlier strip stays where padding should be."""
    module = sys.modules["convbook.algorithms.lowering"]
    monkeypatch.setattr(module, "WHOLE", numbers)
    monkeypatch.setattr(module, "PART", numbers)
    draw = torch.Generator().manual_seed(numbers)
    (top, bottom), (left, right) = padding
    for batch, outputs, stride, dilation in (
        (1, groups, (1, 1), (1, 1)),
        (3, 4, (2, 1), (1, 3)),
        (2, 2, (1, 3), (2, 1)),
    ):
        x = torch.randint(-9, 10, (batch, 2, 13, 7), generator=draw)
        w = torch.randint(-9, 10, (outputs, 2 // groups, 3, 2), generator=draw)
        wide = F.pad(x, (left, right, top, bottom)).double()
        y = conv2d(x, w, stride=stride, padding=padding, dilation=dilation, groups=groups, method="lowering")
        expected = F.conv2d(wide, w.double(), None, stride, 0, dilation, groups)
        assert torch.equal(y.double(), expected)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 4),
    st.integers(1, 700),
    st.integers(1, 700),
    st.sampled_from([1, 8, 32]),
)
def test_strips_cover_each_output_row_once(
    batch: int, channels: int, height: int, width: int, block: int
) -> None:
    """No row twice, none left out, each strip a multiple of its block and about as large as the cache."""
    x = torch.empty(batch, channels, height, width, device="meta")
    setting = conv2d_setting(x, torch.empty(1, channels, 1, 1, device="meta"))
    seen = torch.zeros(batch, height, dtype=torch.int64)
    for strip in strips(x, setting, block):
        seen[strip.images, strip.top : strip.top + strip.rows] += 1
        assert strip.rows % strip.block == 0
        numbers = len(range(*strip.images.indices(batch))) * channels * strip.rows * width
        assert numbers <= max(STRIP, channels * width * block)
    assert (seen == 1).all()


@pytest.mark.parametrize("size", [(3, 3), (4, 2), (2, 5)])
def test_a_kernel_of_full_rank_keeps_its_whole_numbers(size: tuple[int, int]) -> None:
    """No elimination, no rounding: the factors of a full-rank kernel give its integers back exactly."""
    weight = torch.randint(-4, 5, (2, 3, *size), generator=torch.Generator().manual_seed(1)).double()
    columns, rows = rank_factors(weight)
    assert torch.equal(torch.einsum("ocra,ocrb->ocab", columns, rows), weight)
    x = torch.randint(-9, 10, (1, 3, 8, 9), generator=torch.Generator().manual_seed(2)).double()
    assert torch.equal(conv2d(x, weight, method="separable"), conv2d(x, weight, method="definition"))
