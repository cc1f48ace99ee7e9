"""Auto: whatever it picks is the definition, in value, dtype, gradient and NaN; and it says why."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from convbook import conv2d
from convbook._checks import Setting, conv2d_setting
from convbook.algorithms import METHODS, TABLE, costs
from convbook.algorithms.choice import (
    ANY_KERNEL,
    RUN,
    SPREADS,
    ByPlan,
    Plan,
    _quickest,
    _rows_to_see,
    choose,
    explain_plan,
    forward,
    plan,
    planned_gradients,
    small_call,
)
from convbook.algorithms.separable import rank_one_factors
from convbook.algorithms.torch_ import torch_im2col

auto = TABLE["auto"]
NAMES = ("float32", "float64", "bfloat16", "float16", "complex64", "int64", "uint8")
DTYPES = [getattr(torch, name) for name in NAMES]
CHOICES = [m for m in RUN if not m.startswith("torch")]


def torchs_own(x: Tensor, w: Tensor, b: Tensor | None, setting: Setting) -> Tensor:
    """Torch's convolution on the padded image: zeros of the padding are zeros, also for an Inf."""
    (top, bottom), (left, right) = setting.padding
    padded = F.pad(x, (left, right, top, bottom))
    return F.conv2d(padded, w, b, setting.stride, 0, setting.dilation, setting.groups)


def shape(x: Tensor, w: Tensor, setting: Setting) -> costs.Shape:
    return costs.Shape.of(x, w, setting)


def chosen(x: Tensor, w: Tensor, setting: Setting) -> str:
    """The method that the plan and the numbers call for."""
    return choose(plan(shape(x, w, setting)), x, w)[0]


@pytest.fixture
def force(monkeypatch: pytest.MonkeyPatch):
    """Make the plan choose a method whatever the predictions say."""

    def forced(method: str) -> None:
        monkeypatch.setattr("convbook.algorithms.choice.choose", lambda *_, **__: (method, None))

    return forced


# ------------------------------------------------------------------------------------------------------ right


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_auto_is_torch(data: st.DataObject) -> None:
    """In any setting and dtype: integers exactly, others to the roundings that the sum allows."""
    draw = data.draw
    groups = draw(st.integers(1, 3))
    depth, per_group = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    dilation, stride = (draw(st.tuples(st.integers(1, 3), st.integers(1, 3))) for _ in range(2))
    padding = tuple(draw(st.tuples(st.integers(0, 4), st.integers(0, 4))) for _ in range(2))
    reach = [(k - 1) * d + 1 - sum(p) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    size = [draw(st.integers(max(1, r), max(1, r) + 40)) for r in reach]
    batch = draw(st.integers(0, 3))
    dtype = draw(st.sampled_from(DTYPES))
    torch.manual_seed(draw(st.integers(0, 99)))
    x = torch.randint(-5, 6, (batch, groups * depth, *size))
    w = torch.randint(-5, 6, (groups * per_group, depth, *kernel))
    b = torch.randint(-5, 6, (groups * per_group,)) if draw(st.booleans()) else None
    exact = torchs_own(x, w, b, conv2d_setting(x, w, b, stride, padding, dilation, groups))
    x, w, b = x.to(dtype), w.to(dtype), None if b is None else b.to(dtype)
    y = auto(x, w, b, conv2d_setting(x, w, b, stride, padding, dilation, groups))
    assert (y.dtype, y.shape) == (dtype, exact.shape)
    if dtype in (torch.int64, torch.uint8):
        assert torch.equal(y, exact.to(dtype))
    else:
        torch.testing.assert_close(y, exact.to(dtype), rtol=2e-3 if dtype.itemsize == 2 else 1e-6, atol=2e-3)


@pytest.mark.parametrize("method", CHOICES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_each_choice_is_exact_enough(method: str, dtype: torch.dtype, force) -> None:
    """Against float64, at most four times torch's own error, or 2e-6 of the largest output."""
    torch.manual_seed(3)
    for size, k in (((70, 96), 3), ((130, 128), 9), ((200, 176), 31)):
        x, w, b = torch.randn(1, 1, *size), torch.randn(1, 1, k, k), torch.randn(1)
        w = torch.full_like(w, 0.37) if method == "box" else w
        w = w[..., :1] * w[:, :, :1] if method == "separable" else w
        x, w, b = x.to(dtype), w.to(dtype), b.to(dtype)
        setting = conv2d_setting(x, w, b, 1, k // 2)
        exact = torchs_own(x.double(), w.double(), b.double(), setting)
        error_of_torch = (F.conv2d(x, w, b, 1, k // 2) - exact).abs().max()
        force(method)
        error = (forward(x, w, b, setting) - exact).abs().max()
        limit = 2e-6 if dtype == torch.float32 else 4e-15
        assert error <= max(4 * error_of_torch, limit * exact.abs().max()), (size, k)


@pytest.mark.parametrize(
    ("method", "bad", "where"),
    [
        case
        for case in itertools.product(
            CHOICES, (float("nan"), float("inf"), -float("inf")), ("image", "kernel")
        )
        if case[0] != "box"
        or str(case[1]) != "nan"
        or case[2] == "image"  # a NaN equals nothing, so no box has one
    ],
)
def test_nan_and_infinity_land_where_the_definition_puts_them(
    method: str, bad: float, where: str, force
) -> None:
    """Also where the choice would spread them: its output is looked at, and computed again by torch."""
    torch.manual_seed(4)
    x, w = torch.randn(2, 1, 40, 32), torch.full((1, 1, 5, 5), 0.5)
    if where == "image":
        x[1, 0, 20, 11] = bad
    elif method == "box":
        w = w * bad
    else:
        w[0, 0, 0, 0] = bad
    setting = conv2d_setting(x, w, None, 1, 2)
    expected = torchs_own(x, w, None, setting)
    force(method)
    y = forward(x, w, None, setting)
    assert torch.equal(y.isnan(), expected.isnan())
    assert torch.equal(y.isinf(), expected.isinf())
    assert not expected.isfinite().all()


def test_the_methods_that_spread_are_known() -> None:
    """A method outside SPREADS leaves a NaN in its windows, so its output need not be looked at."""
    x = torch.randn(1, 1, 40, 32)
    x[0, 0, 20, 11] = float("nan")
    w = torch.full((1, 1, 5, 5), 0.5)
    setting = conv2d_setting(x, w, None, 1, 2)
    for method in set(RUN) - SPREADS:
        assert int(RUN[method](x, w, None, setting).isnan().sum()) == 25, method


@pytest.mark.parametrize("method", ["band", "lowering"])
@pytest.mark.parametrize("rows", [19, 20, 21, 23])
@pytest.mark.parametrize(
    ("padding", "stride", "dilation"), [(0, 1, 1), (1, 1, 1), (3, 1, 1), (5, 1, 1), (1, 2, 1), (2, 1, 2)]
)
def test_no_bad_pixel_hides_from_the_look_at_the_output(
    padding: int, stride: int, dilation: int, rows: int, method: str, force, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A NaN at any pixel shows in the rows that are looked at, also behind padding and at the edges."""
    force(method)
    monkeypatch.setattr("convbook.algorithms.choice.FEW", 0)
    for at in itertools.product(range(rows), (0, 16)):
        x, w = torch.ones(1, 1, rows, 17), torch.ones(1, 1, 4, 3)
        x[0, 0, at[0], at[1]] = float("nan")
        setting = conv2d_setting(x, w, None, stride, padding, dilation)
        expected = torchs_own(x, w, None, setting).isnan()
        assert torch.equal(forward(x, w, None, setting).isnan(), expected), at


def test_each_image_row_is_under_a_row_that_is_looked_at() -> None:
    """Counted out for small sizes: no row of the image is in the windows of unseen output rows alone."""
    for reach, height, padding in itertools.product(range(1, 8), range(7, 30), range(7)):
        x, w = torch.ones(1, 1, height, 7), torch.ones(1, 1, reach, 1)
        setting = conv2d_setting(x, w, None, 1, padding)
        outputs = setting.output_size[0]
        step, last_is_seen = _rows_to_see(setting, reach)
        seen = {*range(0, outputs, step), *(() if last_is_seen else (outputs - 1,))}
        for row in range(height):
            over = range(max(0, row + padding - reach + 1), min(outputs, row + padding + 1))
            assert not over or seen & set(over), (reach, height, padding, row)


def test_few_rows_are_looked_at() -> None:
    """Of a large output about one row in as many as the kernel has; all behind a stride or a dilation."""
    x, w = torch.ones(1, 1, 1024, 300), torch.ones(1, 1, 7, 7)
    for padding in (0, 1, 3):
        assert 4 <= _rows_to_see(conv2d_setting(x, w, None, 1, padding), 7)[0] <= 7
    assert _rows_to_see(conv2d_setting(x, w, None, 2), 7) == (1, True)
    assert _rows_to_see(conv2d_setting(x, w, None, 1, 0, 2), 7) == (1, True)


def test_depthwise_kernels_may_change_the_memory_format() -> None:
    """A large depthwise kernel is quicker channels last; the result comes back in the usual format."""
    x, w = torch.randn(1, 32, 40, 41), torch.randn(32, 1, 15, 15)
    setting = conv2d_setting(x, w, None, 1, 7, 1, 32)
    assert chosen(x, w, setting) == "torch, channels last"
    assert explain_plan(x, w, None, 1, 7, 1, 32).method == "torch"
    y = auto(x, w, None, setting)
    assert y.is_contiguous()
    torch.testing.assert_close(y, torchs_own(x, w, None, setting), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("padding", [0, 2, ((2, 0), (1, 3))])
@pytest.mark.parametrize("stride", [1, (2, 3)])
def test_torchs_im2col_is_the_definition(dtype: torch.dtype, padding, stride) -> None:
    """With several images and channels, a bias, other padding at each side; zeros are zeros for an Inf."""
    torch.manual_seed(8)
    x, w = torch.randn(3, 2, 11, 13, dtype=dtype), torch.randn(4, 2, 5, 4, dtype=dtype)
    b = torch.randn(4, dtype=dtype)
    setting = conv2d_setting(x, w, b, stride, padding)
    torch.testing.assert_close(torch_im2col(x, w, b, setting), TABLE["definition"](x, w, b, setting))
    w[0, 0, 0, 0] = torch.inf
    found, expected = torch_im2col(x, w, b, setting), torchs_own(x, w, b, setting)
    assert torch.equal(found.isnan(), expected.isnan())


def test_small_images_with_large_kernels_spare_onednns_set_up() -> None:
    """A 5×5 layer on a digit goes to torch's older im2col, at the second call without judging again."""
    x, w = torch.randn(1, 1, 28, 28), torch.randn(6, 1, 5, 5)
    setting = conv2d_setting(x, w, None, 1, 2)
    assert chosen(x, w, setting) == "torch, im2col"
    assert explain_plan(x, w, None, 1, 2).method == "torch"
    assert "torch, im2col" not in plan(shape(x, w, setting._replace(groups=2))).costs
    first = conv2d(x, w, None, 1, 2)
    again = small_call(x, w, None, 1, 2, 1, 1)
    assert again is not None
    assert torch.equal(first, again)
    torch.testing.assert_close(first, torchs_own(x, w, None, setting))


@pytest.mark.parametrize(
    ("there", "channels", "outputs", "stride", "learned", "native"),
    [
        ("torch, im2col", 1, 6, 1, "weight", True),  # quicker there
        ("torch", 1, 8, 2, "both", True),  # oneDNN's way back to one channel is slow
        ("torch", 1, 8, 2, "weight", False),
        ("torch", 1, 1, 2, "both", False),
        ("torch", 4, 8, 1, "both", False),
    ],
)
def test_the_way_back_is_torchs_quicker_one(
    there: str,
    channels: int,
    outputs: int,
    stride: int,
    learned: str,
    native: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Gradients and gradients of gradients are torch's, by whichever of its two ways; whatever the rates."""
    planned = Plan(there, there, (), {"torch": 1.0, "torch, im2col": 1.0})
    monkeypatch.setattr("convbook.algorithms.choice.plan", lambda *_: planned)
    monkeypatch.setattr("convbook.algorithms.choice._PLANNED", {})
    torch.manual_seed(9)
    x = torch.randn(2, channels, 40, 40, requires_grad=learned == "both")
    w = torch.randn(outputs, channels, 5, 5, requires_grad=True)
    y = conv2d(x, w, None, stride, 2)
    assert (type(y.grad_fn).__name__ == "SlowConv2DBackward0") == native
    leaves = [t for t in (x, w) if t.requires_grad]
    seed = torch.randn_like(y)
    mine = torch.autograd.grad(y, leaves, seed)
    theirs = torch.autograd.grad(F.conv2d(x, w, None, stride, 2), leaves, seed)
    for found, expected in zip(mine, theirs, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3 * float(expected.abs().max()))


def test_gradients_of_gradients_by_torchs_im2col() -> None:
    x = torch.randn(2, 1, 7, 6, dtype=torch.float64, requires_grad=True)
    w = torch.randn(3, 1, 5, 4, dtype=torch.float64, requires_grad=True)
    setting = conv2d_setting(x, w, None, 1, 1)
    assert torch.autograd.gradgradcheck(lambda x, w: torch_im2col(x, w, None, setting), (x, w))


def test_a_huge_pixel_keeps_the_fft_away() -> None:
    """Beside 10⁷ in a corner, outputs far from it keep the digits that torch gives them."""
    torch.manual_seed(5)
    x, w = torch.randn(1, 1, 300, 300), torch.randn(1, 1, 41, 41)
    setting = conv2d_setting(x, w)
    assert chosen(x, w, setting) == "fft"
    x[0, 0, 0, 0] = 1e7
    assert chosen(x, w, setting) != "fft"
    far = torchs_own(x.double(), w.double(), None, setting)[..., 60:, 60:]
    assert (auto(x, w, None, setting)[..., 60:, 60:] - far).abs().max() <= 2e-6 * far.abs().max()


@pytest.mark.parametrize(
    ("dtype", "largest"),
    [(torch.uint8, 255), (torch.int8, 127), (torch.int16, 9999), (torch.int32, 2**30), (torch.int64, 2**50)],
)
def test_integers_are_exact_whatever_their_size(dtype: torch.dtype, largest: int) -> None:
    """In float32, in float64 and beyond 2⁵³ alike; sums that leave the dtype wrap as its arithmetic does."""
    generator = torch.Generator().manual_seed(6)
    x = torch.randint(0, largest + 1, (1, 1, 200, 190), generator=generator)
    w = torch.randint(-9, 10, (1, 1, 5, 5), generator=generator)
    b = torch.tensor([3])
    exact = torchs_own(x, w, b, conv2d_setting(x, w, b, 1, 2))
    x, w, b = x.to(dtype), w.to(dtype), b.to(dtype)
    if dtype == torch.uint8:
        exact = torchs_own(x.long(), w.long(), b.long(), conv2d_setting(x, w, b, 1, 2))
    assert torch.equal(auto(x, w, b, conv2d_setting(x, w, b, 1, 2)), exact.to(dtype))


def test_integer_plans_leave_fractions_out() -> None:
    """Neither spectra nor rank factors for integers held in floating point."""
    x, w = torch.ones(1, 1, 600, 600), torch.ones(1, 1, 51, 51)
    planned = plan(shape(x, w, conv2d_setting(x, w)), integers=True)
    assert not {"fft", "separable"} & planned.costs.keys()
    assert "box" in planned.special


# -------------------------------------------------------------------------------------------------- gradients


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("k", [3, 8, 21])
@pytest.mark.parametrize("padding", [0, "same"])
def test_planned_gradients_are_torchs(dtype: torch.dtype, k: int, padding: int | str) -> None:
    """On an image large enough for own methods on the way back, one of which the plan does take."""
    torch.manual_seed(k)
    x, w, b = (
        torch.randn(1, 1, 260, 256, dtype=dtype),
        torch.randn(1, 1, k, k, dtype=dtype),
        torch.randn(1, dtype=dtype),
    )
    setting = conv2d_setting(x, w, b, 1, padding)
    mine = [t.clone().requires_grad_() for t in (x, w, b)]
    exact = [t.double().requires_grad_() for t in (x, w, b)]
    y = auto(*mine, setting)
    assert y.grad_fn is not None
    if k > 3:  # between 3×3 and torch in float64 the rates of the machine decide
        assert "ByPlan" in type(y.grad_fn).__name__
    seed = torch.randn_like(y)
    y.backward(seed)
    torchs_own(*exact, setting).backward(seed.double())
    for got, wanted in zip(mine, exact, strict=True):
        assert got.grad is not None
        assert wanted.grad is not None
        # A gradient is a sum over the whole image, whose terms cancel: their size sets the scale.
        scale = max(float(wanted.grad.abs().max()), float(seed.square().sum().sqrt()))
        tolerance = (1e-5 if dtype == torch.float32 else 1e-13) * scale  # twice what torch itself is off
        assert (got.grad - wanted.grad).abs().max() <= tolerance


@pytest.mark.parametrize(
    ("of_input", "of_weight"), [(True, False), (False, True), (True, True), (False, False)]
)
def test_only_the_gradients_that_are_needed(of_input: bool, of_weight: bool) -> None:
    x, w = torch.randn(2, 1, 64, 60), torch.randn(1, 1, 5, 3)
    setting = conv2d_setting(x, w, None, 1, 1)
    grad = torch.randn(2, 1, *setting.output_size)
    got = planned_gradients(grad, x, w, setting, (of_input, of_weight))
    assert [g is not None for g in got] == [of_input, of_weight]


def test_a_nan_on_the_way_back_stays_in_its_window() -> None:
    """One bad cell of the output's gradient reaches the pixels of its window alone."""
    x, w = torch.randn(1, 1, 256, 256, requires_grad=True), torch.randn(1, 1, 7, 7)
    y = auto(x, w, None, conv2d_setting(x, w))
    seed = torch.zeros_like(y)
    seed[0, 0, 100, 50] = float("nan")
    y.backward(seed)
    assert x.grad is not None
    assert int(x.grad.isnan().sum()) == 49


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("groups", [1, 2])
def test_first_and_second_derivatives(stride: int, groups: int, force) -> None:
    torch.manual_seed(8)
    x, w, b = (
        torch.randn(s, dtype=torch.float64, requires_grad=True)
        for s in ((1, 2, 7, 6), (2, 2 // groups, 3, 2), (2,))
    )
    setting = conv2d_setting(x, w, b, stride, ((1, 2), (0, 1)), 1, groups)
    force("band")

    def by_plan(*tensors: Tensor) -> Tensor:
        return ByPlan.apply(*tensors, setting, forward)

    assert torch.autograd.gradcheck(by_plan, (x, w, b))
    assert torch.autograd.gradgradcheck(by_plan, (x, w, b), fast_mode=True)


@pytest.mark.parametrize("outputs", [1, 16])
def test_torch_goes_back_where_its_way_is_shorter(outputs: int) -> None:
    """A plan of its own for the way back where it gains time: on large images, not between many channels."""
    x, w = torch.randn(1, 1, 400, 400), torch.randn(outputs, 1, 7, 7, requires_grad=True)
    tiny = torch.randn(1, 1, 32, 32, requires_grad=True)
    ways = {
        "large": auto(x, w, None, conv2d_setting(x, w, None, 1, 3)),
        "tiny": auto(tiny, w, None, conv2d_setting(tiny, w, None, 1, 3)),
    }
    own = {name: "ByPlan" in type(y.grad_fn).__name__ for name, y in ways.items()}
    assert own == {"large": outputs == 1, "tiny": False}


def test_under_torch_func() -> None:
    """``vmap``, ``grad`` and ``jacfwd`` see an ordinary function, at a size where auto would plan."""
    torch.manual_seed(9)
    x, w = torch.randn(3, 1, 1, 80, 90, dtype=torch.float64), torch.randn(1, 1, 3, 3, dtype=torch.float64)
    setting = conv2d_setting(x[0], w)

    def loss(kernel: Tensor, image: Tensor) -> Tensor:
        return auto(image, kernel, None, setting).square().mean()

    each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(w, x)
    for i in range(3):
        twin = w.clone().requires_grad_()
        torchs_own(x[i], twin, None, setting).square().mean().backward()
        torch.testing.assert_close(each[i], twin.grad)
    outputs = torch.func.vmap(lambda image: auto(image, w, None, setting))(x)
    torch.testing.assert_close(outputs[1], torchs_own(x[1], w, None, setting))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int64, torch.complex64])
def test_without_numbers_the_shape_is_enough(dtype: torch.dtype) -> None:
    """Meta tensors, large enough for a plan: nothing is looked at."""
    x = torch.empty(2, 1, 700, 700, dtype=dtype, device="meta")
    w = torch.empty(3, 1, 9, 9, dtype=dtype, device="meta")
    y = auto(x, w, None, conv2d_setting(x, w, None, 2))
    assert (y.shape, y.device.type, y.dtype) == ((2, 3, 346, 346), "meta", dtype)
    assert explain_plan(x, w).method == "torch"


# --------------------------------------------------------------------------------------------------- the plan


SHAPES = [
    ((1, 1, 24, 24), (1, 1, 3, 3), 1, 1),
    ((1, 1, 1024, 1024), (1, 1, 3, 3), 1, 1),
    ((1, 1, 1024, 1000), (1, 1, 51, 51), 1, 1),
    ((8, 1, 100, 90), (1, 1, 9, 9), 1, 1),
    ((2, 3, 240, 250), (3, 1, 5, 5), 1, 3),
    ((4, 64, 56, 56), (64, 64, 3, 3), 1, 1),
    ((16, 32, 28, 28), (32, 32, 1, 1), 1, 1),
    ((2, 32, 60, 60), (32, 1, 3, 3), 2, 32),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("image", "kernel", "stride", "groups"), SHAPES)
def test_a_plan_is_the_cheapest_of_its_predictions(
    image: tuple[int, ...], kernel: tuple[int, ...], stride: int, groups: int, dtype: torch.dtype
) -> None:
    x, w = torch.empty(image, dtype=dtype, device="meta"), torch.empty(kernel, dtype=dtype, device="meta")
    planned = plan(shape(x, w, conv2d_setting(x, w, None, stride, 0, 1, groups)))
    assert planned.costs["torch"] > 0
    assert all(seconds > 0 for seconds in planned.costs.values())
    any_kernel = {m: t for m, t in planned.costs.items() if m in ANY_KERNEL}
    best = min(any_kernel, key=any_kernel.__getitem__)
    assert planned.general == ("torch" if any_kernel[best] >= 0.85 * any_kernel["torch"] else best)
    assert planned.steady != "fft"
    assert all(planned.costs[m] < planned.costs[planned.general] for m in planned.special)


def test_plans_are_made_once() -> None:
    x, w = torch.randn(1, 1, 333, 217), torch.randn(1, 1, 4, 4)
    setting = conv2d_setting(x, w)
    auto(x, w, None, setting)
    before = plan.cache_info()
    auto(x, w, None, setting)
    after = plan.cache_info()
    assert after.misses == before.misses
    assert after.hits > before.hits


def test_large_images_do_not_go_to_torch() -> None:
    """The point of it all: on a one-channel megapixel no plan is torch's convolution."""
    x = torch.empty(1, 1, 1024, 1024, device="meta")
    for k in (3, 5, 7, 11, 15, 31, 51):
        w = torch.empty(1, 1, k, k, device="meta")
        planned = plan(shape(x, w, conv2d_setting(x, w)))
        assert planned.general != "torch", k
        assert planned.costs[planned.general] < planned.costs["torch"] / 4, k


def test_a_kernel_of_rank_one_is_seen() -> None:
    x = torch.randn(1, 1, 900, 910)
    column, row = torch.rand(25, 1), torch.rand(1, 25)
    separable, general = (column @ row)[None, None], torch.rand(1, 1, 25, 25)
    assert chosen(x, separable, conv2d_setting(x, separable)) in ("separable", "box")
    assert chosen(x, general, conv2d_setting(x, general)) not in ("separable", "box")
    assert rank_one_factors(separable) is not None
    assert rank_one_factors(general) is None


def test_the_table_of_rates_is_whole() -> None:
    """Five rates that are not negative for each method and dtype, and the machine's name."""
    table = costs.rates()
    assert table["machine"]
    for dtype, rows in table["rates"].items():
        torchs = {"torch, im2col"}
        if dtype == "float32":
            forms = ("oneDNN", "depthwise", "large depthwise", "channels last")
            torchs |= {f"torch, {form}" for form in forms}
        assert rows.keys() == torchs | {"band", "im2col", "lowering", "separable", "box", "fft"}
        assert all(len(row) == 5 and min(row) >= 0 and max(row) > 0 for row in rows.values())


def test_winograd_is_never_a_candidate() -> None:
    assert "winograd" not in costs.CANDIDATES
    assert {method.partition(",")[0] for method in costs.CANDIDATES} <= set(METHODS)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int32, torch.complex64])
def test_an_explanation_names_what_would_run(dtype: torch.dtype) -> None:
    x, w = torch.ones(1, 300, 310, dtype=dtype), torch.ones(1, 1, 15, 15, dtype=dtype)
    explained = explain_plan(x, w, padding=7, padding_mode="reflect")
    assert explained.method in METHODS
    assert f"auto uses {explained.method!r}: " in str(explained)
    if dtype != torch.complex64:
        assert list(explained.costs.values()) == sorted(explained.costs.values())
        assert f"→ {explained.method}" in str(explained)
        assert explained.machine in str(explained)


def test_explanations_give_the_reason() -> None:
    x = torch.randn(1, 1, 900, 910)
    w = torch.randn(1, 1, 35, 35)
    assert explain_plan(x, w).reason.startswith("predicted to be the quickest for this shape")
    assert "a column times a row" in explain_plan(x, w[..., :1] * w[:, :, :1]).reason
    assert explain_plan(x[..., :20, :20], w[..., :3, :3]).reason == "small calls go to torch at once"
    x[..., 0, 0] = float("nan")
    assert "a huge pixel, or one that is not finite, rules the fft out" in explain_plan(x, w).reason


def test_torch_is_left_only_for_a_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth less than torch is within what predictions are off, and the explanation says so."""
    predicted = {"torch": 1e-3, "im2col": 9e-4, "separable": 1e-4}
    made = Plan("torch", "torch", ("separable",), predicted)
    assert _quickest(["torch", "im2col"], predicted) == "torch"
    assert _quickest(["torch", "im2col"], {**predicted, "im2col": 8e-4}) == "im2col"
    monkeypatch.setattr("convbook.algorithms.choice.plan", lambda *_: made)
    explained = explain_plan(torch.randn(1, 1, 100, 100), torch.randn(1, 1, 5, 5))
    assert explained.reason == (
        "no other method is predicted to take less than 0.85 of its time, "
        "and the kernel is not one for 'separable'"
    )


# ------------------------------------------------------------------------------------------------ small calls

GOOD = {"input": None, "weight": None, "bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def small(**given: object) -> Tensor | None:
    """A small call with one argument changed."""
    arguments = {**GOOD, "input": torch.randn(1, 2, 6, 7), "weight": torch.randn(3, 2, 3, 3), **given}
    return small_call(*arguments.values())


def test_a_small_call_is_torchs() -> None:
    x, w, b = torch.randn(2, 4, 9, 8), torch.randn(6, 4, 3, 3), torch.randn(6)
    for stride, padding, dilation in itertools.product((1, 2), (0, 1), (1, 2)):
        y = small_call(x, w, b, stride, padding, dilation, 1)
        assert y is not None
        torch.testing.assert_close(y, F.conv2d(x, w, b, stride, padding, dilation))


@pytest.mark.parametrize(
    "given",
    [
        {"stride": 2**31 + 1},
        {"stride": 0},
        {"stride": 1.0},
        {"stride": True},
        {"dilation": 2**40},
        {"padding": 10**9},
        {"padding": -1},
        {"padding": "same"},
        {"groups": 0},
        {"groups": 3},
        {"input": torch.empty(0, 2, 6, 7)},
        {"input": torch.ones(1, 2, 6, 7, dtype=torch.float16)},
        {"input": torch.ones(1, 2, 6, 7, dtype=torch.float64)},
        {"input": torch.ones(1, 2, 6, 7, device="meta")},
        {"input": torch.ones(1, 2, 200, 200)},
        {"input": torch.ones(1, 3, 6, 7)},
        {"input": torch.ones(6, 7)},
        {"input": [[1.0]]},
        {"input": None},
        {"weight": torch.ones(3, 2, 3, 3, dtype=torch.float64)},
        {"weight": torch.ones(3, 2, 9, 9)},
        {"weight": torch.ones(2, 3, 3)},
        {"weight": 3},
        {"bias": torch.ones(4)},
        {"bias": torch.ones(3, dtype=torch.float64)},
        {"bias": 1.0},
    ],
    ids=str,
)
def test_what_has_to_be_judged_is_left_to_the_judge(given: dict[str, object]) -> None:
    """Nothing that convbook refuses, plans or widens comes back from the shortcut."""
    assert small(**given) is None


@settings(max_examples=200, deadline=None)
@given(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4), st.integers(0, 4)),
    st.integers(-1, 4),
    st.integers(-1, 5),
    st.integers(-1, 3),
    st.integers(-1, 3),
    st.one_of(st.none(), st.integers(0, 4)),
)
def test_the_shortcut_accepts_nothing_that_the_judge_refuses(
    image: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: int,
    padding: int,
    dilation: int,
    groups: int,
    bias: int | None,
) -> None:
    """Random small calls, most of them wrong: an answer means that every judgement would have passed."""
    x, w, b = torch.ones(image), torch.ones(kernel), None if bias is None else torch.ones(bias)
    y = small_call(x, w, b, stride, padding, dilation, groups)
    if y is not None:
        assert y.shape[2:] == conv2d_setting(x, w, b, stride, padding, dilation, groups).output_size


def test_a_shape_that_was_planned_for_torch_is_not_planned_again() -> None:
    """The first call of a layer is judged and planned; the next goes straight to torch."""
    x, w, b = torch.randn(2, 64, 30, 31), torch.randn(70, 64, 3, 3), torch.randn(70)
    assert small_call(x, w, b, 1, 1, 1, 1) is None
    auto(x, w, b, conv2d_setting(x, w, b, 1, 1))
    y = small_call(x, w, b, 1, 1, 1, 1)
    assert y is not None
    assert torch.equal(y, F.conv2d(x, w, b, 1, 1))
    assert small_call(x, w, b, 1, 0, 1, 1) is None
    assert small_call(x, w, torch.randn(69), 1, 1, 1, 1) is None
    assert small_call(x.double(), w.double(), b.double(), 1, 1, 1, 1) is None


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_known_plan_is_carried_out_unjudged(dtype: torch.dtype) -> None:
    """A shape whose plan is an own method: the same numbers and gradients, and every other call is judged."""
    torch.manual_seed(8)
    x, w, b = (torch.randn(s, dtype=dtype) for s in ((1, 1, 301, 299), (1, 1, 9, 9), (1,)))
    given = (x, w, b, 1, 2, 1, 1)
    assert small_call(*given) is None
    setting = conv2d_setting(*given)
    exact = auto(x, w, b, setting)
    y = small_call(*given)
    assert y is not None
    assert torch.equal(y, exact)
    assert not torch.equal(y, F.conv2d(x, w, b, 1, 2))  # its own method, with roundings of its own
    leaf = w.clone().requires_grad_()
    y = small_call(x, leaf, b, 1, 2, 1, 1)
    assert y is not None
    (grad,) = torch.autograd.grad(y.sum(), leaf)
    exact = F.conv2d(x.double(), leaf.double(), b.double(), 1, 2)
    torch.testing.assert_close(
        grad.double(), torch.autograd.grad(exact.sum(), leaf)[0].double(), rtol=1e-4, atol=1e-2
    )
    other = torch.float64 if dtype == torch.float32 else torch.float32
    for change in (
        {0: x[..., 1:]},
        {0: x.to(other)},
        {1: w.to(other)},
        {1: w.to("meta")},
        {1: w[0]},
        {1: 3.0},
        {2: b.to(other)},
        {2: b.to("meta")},
        {2: torch.ones(2, dtype=dtype)},
        {2: torch.ones(1, 1, dtype=dtype)},
        {2: 1.0},
        {3: 2},
        {4: 3},
        {5: 2},
    ):
        assert small_call(*({**dict(enumerate(given)), **change}).values()) is None
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert small_call(*given) is None
    torch.func.vmap(lambda k: x.new_zeros(()) if small_call(x, k, b, 1, 2, 1, 1) is None else k.fail())(
        w[None]
    )


def test_an_infinite_kernel_meets_the_zeros_of_the_padding() -> None:
    """oneDNN leaves padded taps out; the shortcut declines, and the whole call gives NaN."""
    w = torch.ones(1, 1, 3, 3)
    w[0, 0, 0, 0] = float("inf")
    x = torch.ones(2, 1, 6, 6)
    assert small_call(x, w, None, 1, 1, 1, 1) is None
    assert bool(auto(x, w, None, conv2d_setting(x, w, None, 1, 1))[0, 0, 0, 0].isnan())


def test_the_shortcut_leaves_autocast_to_the_judge() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert small() is None


@pytest.mark.parametrize(("shape", "groups"), [((3, 2, 3, 3), 1), ((6, 1, 1, 1), 2), ((2, 2, 2, 4), 1)])
def test_the_shortcut_is_for_what_torch_does_at_once(
    shape: tuple[int, ...], groups: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups, which torch goes through one by one, and wide kernels are planned however small the image."""
    x, w = torch.randn(1, 2, 5, 6), torch.randn(shape)
    unplanned = groups == 1 and shape[3] <= 3
    assert (explain_plan(x, w, groups=groups).reason == "small calls go to torch at once") == unplanned
    monkeypatch.setattr("convbook.algorithms.choice._PLANNED", {})
    assert (small_call(x, w, None, 1, 0, 1, groups) is not None) == unplanned
    torch.testing.assert_close(conv2d(x, w, groups=groups), F.conv2d(x, w, groups=groups))


def test_gradients_pass_through_the_shortcut() -> None:
    w = torch.randn(3, 2, 3, 3, requires_grad=True)
    y = small(weight=w)
    assert y is not None
    y.sum().backward()
    assert w.grad is not None


def test_auto_is_in_the_table() -> None:
    """The front door's table leads here, not straight to torch."""
    assert auto.__module__ == "convbook.algorithms.choice"
