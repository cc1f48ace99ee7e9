"""What `auto` promises, on images and calls that are meant to break it; and that it says what it does."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from convbook import METHODS, conv2d, explain_plan
from convbook._judge import INTEGERS
from tests.test_algorithms import images

ERROR = 24
"""Roundings of Σ|x||w| by which an output may differ from its window's sum: see ``Method.error``."""


def bounded(x: Tensor, w: Tensor, **setting: object) -> Tensor:
    """Return the output of `auto`, which is within the bound of each window's own numbers."""
    got = conv2d(x, w, **setting)
    want = conv2d(x.double(), w.double(), **setting, method="shift")
    scale = conv2d(x.double().abs(), w.double().abs(), **setting, method="shift")
    assert ((got.double() - want).abs() <= ERROR * torch.finfo(x.dtype).eps * scale + 1e-44).all()
    return got


# -------------------------------------------------------------------------- 1. within rounding of each window


@pytest.mark.parametrize("name", images())
@pytest.mark.parametrize("kind", ["noise", "positive", "gaussian", "tailed", "box", "one bright tap"])
@pytest.mark.parametrize("channels", [1, 3])
def test_each_output_is_exact_to_the_digits_of_its_own_window(name: str, kind: str, channels: int) -> None:
    """Whatever stands elsewhere: a bright half, a spot, a frame; and where all is ≥ 0, so is the result."""
    torch.manual_seed(1)
    x = F.pad(images()[name], (20, 20, 30, 30), mode="reflect").expand(2, channels, -1, -1).clone()
    if channels == 3:
        x[:, 1] *= 1e-4
    i = torch.arange(13.0) - 6
    bell, tail = torch.exp(-(i**2) / 8), torch.exp(-(i**2) / 1.1)
    kernel = {
        "noise": torch.randn(13, 13),
        "positive": torch.rand(13, 13),
        "gaussian": bell[:, None] * bell / bell.sum() ** 2,
        "tailed": tail[:, None] * tail,
        "box": torch.full((13, 13), 0.1),
        "one bright tap": torch.rand(13, 13) * 1e-7 + (i == 0),
    }[kind]
    got = bounded(x, kernel.expand(2, channels, 13, 13), padding=6)
    if kind != "noise" and name != "alternating signs":
        assert got.min() >= 0


@pytest.mark.parametrize("name", ["a dark quarter", "a faint half", "a bright neighbor", "one bright pixel"])
def test_large_kernels_on_large_images_keep_each_window_too(name: str) -> None:
    """There a spectrum would be quicker, and would spread the rounding of bright pixels over dark ones."""
    torch.manual_seed(4)
    x, w = torch.rand(2, 1, 256, 256), torch.rand(1, 1, 31, 31)
    if name == "a dark quarter":
        x[..., 64:] = 0
    elif name == "a faint half":
        x[..., 128:] *= 1e-5
    elif name == "a bright neighbor":
        x[1] *= 1e4
    else:
        x[..., 10, 10] = 1e4
    assert bounded(x, w).min() >= 0
    assert conv2d(x, w)[:1].equal(conv2d(x[:1], w))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_setting_is_the_definition(data: st.DataObject) -> None:
    """In any dtype: integers exactly, floats within their bound; sizes on both sides of each threshold."""
    draw = data.draw
    groups = draw(st.integers(1, 3))
    depth, per_group = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    kernel = draw(st.tuples(st.integers(1, 3), st.sampled_from([1, 2, 3, 18])))
    dilation, stride = (draw(st.tuples(st.integers(1, 2), st.integers(1, 3))) for _ in range(2))
    padding = tuple(draw(st.tuples(st.integers(0, 4), st.integers(0, 4))) for _ in range(2))
    size = [(k - 1) * d + draw(st.integers(1, 60)) for k, d in zip(kernel, dilation, strict=True)]
    setting = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    dtype = draw(st.sampled_from([torch.float32, torch.float64, torch.int32, torch.uint8, torch.int64]))
    torch.manual_seed(draw(st.integers(0, 99)))
    x = (torch.randn(draw(st.integers(0, 2)), groups * depth, *size) * 40).abs().to(dtype)
    w = (torch.randn(groups * per_group, depth, *kernel) * 9).abs().to(dtype)
    if dtype in INTEGERS:
        assert conv2d(x, w, **setting).equal(conv2d(x, w, **setting, method="shift"))
    else:
        bounded(x, w, **setting)


# ------------------------------------------------------------ 2. neighbors, earlier calls, threads and layout


@pytest.mark.parametrize(("channels", "outputs"), [(1, 2), (3, 4), (16, 32)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_an_image_does_not_depend_on_what_the_others_of_its_batch_hold(
    channels: int, outputs: int, dtype: torch.dtype
) -> None:
    """To the last bit, in values and in the image's gradient: noise, a bright neighbor, a NaN, an Inf."""
    torch.manual_seed(2)
    w = torch.randn(outputs, channels, 3, 3, dtype=dtype)
    mine = torch.randn(1, channels, 40, 44, dtype=dtype)
    direction = torch.randn(1, outputs, 40, 44, dtype=dtype)
    seen = []
    for other in (torch.randn_like(mine), mine * 1e30, mine * torch.nan, mine / 0):
        x = torch.cat([other, mine, other]).requires_grad_()
        y = conv2d(x, w, padding=1)
        (grad,) = torch.autograd.grad(y, x, torch.cat([y[:1].detach(), direction, y[2:].detach()]))
        seen.append((y[1].detach(), grad[1]))
    for y, grad in seen[1:]:
        assert y.equal(seen[0][0])
        assert grad.equal(seen[0][1])


def test_images_with_few_outputs_do_not_depend_on_batch_layout_or_threads_at_all() -> None:
    """Where the loops are taken, to the last bit: another batch, another layout, one thread or two."""
    torch.manual_seed(3)
    x, w = torch.randn(3, 2, 300, 310), torch.randn(2, 2, 9, 9)
    assert explain_plan(x, w).method == "compiled"
    want = conv2d(x, w)
    assert conv2d(x[1:2], w).equal(want[1:2])
    assert conv2d(x.flip(0), w).flip(0).equal(want)
    assert conv2d(x.contiguous(memory_format=torch.channels_last), w).equal(want)
    assert conv2d(x.mT.contiguous().mT, w.mT.contiguous().mT).equal(want)
    threads = torch.get_num_threads()
    torch.set_num_threads(threads % 2 + 1)
    other = conv2d(x, w)
    torch.set_num_threads(threads)
    assert other.equal(want)


@pytest.mark.parametrize("shape", [(1, 64, 20, 20), (1, 1, 64, 64)])
def test_the_hundredth_call_is_the_first(shape: tuple[int, ...]) -> None:
    """Calls with other numbers of the same shape in between leave no trace: nothing is kept."""
    x = torch.ones(shape)
    w = torch.ones(shape[1], shape[1], 3, 3)
    infinite = w.clone()
    infinite[0, 0, 0, 0] = torch.inf
    first = [conv2d(x, w, padding=1), conv2d(x, infinite, padding=1)]
    assert first[1].isnan().sum() == 2 * shape[2] - 1, "Inf times the padding is NaN, above and to the left"
    for _ in range(5):
        assert conv2d(x, w, padding=1).equal(first[0])
        torch.testing.assert_close(conv2d(x, infinite, padding=1), first[1], equal_nan=True, rtol=0, atol=0)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("stride", [1, 2, (1, 2)])
def test_gradients_of_images_however_they_lie(mode: str, stride: object) -> None:
    """A transposed, a strided and a channels-last image have the gradients of their copies."""
    plain = torch.randn(2, 3, 70, 64, dtype=torch.float64)
    kernels = torch.randn(3, 3, 5, 5, dtype=torch.float64)
    for x in (
        plain[:, :1].mT.contiguous().mT,
        torch.stack([plain[:, :1]] * 2, -1)[..., 0],
        plain.contiguous(memory_format=torch.channels_last),
        plain[:, :1, ::2],
    ):
        grads = []
        for image, method in ((x, "auto"), (x.clone(memory_format=torch.contiguous_format), "shift")):
            leaf, w = image.detach().requires_grad_(), kernels[:, : x.shape[1]].clone().requires_grad_()
            y = conv2d(leaf, w, None, stride, 2, padding_mode=mode, method=method)
            grads.append(torch.autograd.grad(y.sin().sum(), (leaf, w)))
        torch.testing.assert_close(*grads, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("mode", ["zeros", "reflect"])
@pytest.mark.parametrize(
    "setting", [{}, {"stride": 2}, {"padding": 2}, {"stride": (1, 2), "padding": 1}], ids=str
)
def test_float32_gradients_of_images_however_they_lie(mode: str, setting: dict[str, object]) -> None:
    """The same in the dtype that torch has kernels of its own for: one channel, and three, channels last."""
    torch.manual_seed(5)
    for x, channels in (
        (torch.randn(2, 1, 32, 32).mT, 1),
        (torch.randn(2, 1, 32, 64)[..., ::2], 1),
        (torch.randn(2, 3, 32, 32).contiguous(memory_format=torch.channels_last), 3),
    ):
        w = torch.randn(3, channels, 5, 5)
        grads = []
        for dtype, method in ((torch.float32, "auto"), (torch.float64, "shift")):
            leaves = [
                t.to(dtype, memory_format=torch.preserve_format).requires_grad_() for t in (x.detach(), w)
            ]
            y = conv2d(*leaves, **setting, padding_mode=mode, method=method)
            grads.append([grad.double() for grad in torch.autograd.grad(y.sum(), leaves)])
        torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-3)


# ---------------------------------------------------------------------------------------- 4. integers, halves


@pytest.mark.parametrize("dtype", sorted(INTEGERS, key=str), ids=str)
@pytest.mark.parametrize("outputs", [1, 6])
def test_integer_images_are_exact(dtype: torch.dtype, outputs: int) -> None:
    """Every dtype on an image, with sums beyond its range, and beyond 2⁵³ where it can hold such numbers."""
    info = torch.iinfo(dtype)
    x = torch.randint(0, min(info.max, 2**62), (1, 1, 64, 66)).to(dtype)
    w = torch.randint(0, 100, (outputs, 1, 3, 3)).to(dtype)
    assert conv2d(x, w, padding=1).equal(conv2d(x, w, padding=1, method="shift"))


# ------------------------------------------------------------------------------------------ 5. what is called


def test_no_numbers_are_read_to_choose() -> None:
    """The choice is the same for numbers of any kind, and where there are none it is by shape."""
    for shape, kernel in (((1, 1, 80, 80), (1, 1, 5, 5)), ((1, 16, 20, 20), (32, 16, 3, 3))):
        seen = {
            explain_plan(torch.full(shape, value), torch.full(kernel, other)).method
            for value in (0.0, 1e30, torch.nan)
            for other in (1.0, torch.inf)
        }
        assert len(seen) == 1
        assert (
            explain_plan(torch.ones(shape, device="meta"), torch.ones(kernel, device="meta")).method
            == "torch"
        )


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python:torch.jit.TracerWarning")
def test_traces_and_transformations_hold_the_convolution() -> None:
    """What torch records or transforms is torch's own convolution, where loops are taken otherwise."""
    x, w = torch.randn(3, 1, 70, 72), torch.randn(2, 1, 3, 3)
    assert explain_plan(x, w).method == "compiled"
    want = F.conv2d(x, w, padding=1)
    run = lambda x: conv2d(x, w, padding=1)  # noqa: E731
    traced = torch.jit.trace(run, x)
    exported = torch.export.export(AsModule(run), (x,)).module()
    found = [traced(x), exported(x), torch.compile(run, backend="eager", fullgraph=True)(x)]
    found.append(torch.func.vmap(lambda one: run(one[None])[0])(x))
    found.append(torch.func.vjp(run, x)[0])
    for y in found:
        torch.testing.assert_close(y, want, rtol=1e-5, atol=1e-5)
    other = torch.randn(3, 1, 70, 72)
    torch.testing.assert_close(traced(other), F.conv2d(other, w, padding=1), rtol=1e-5, atol=1e-5)


class AsModule(torch.nn.Module):
    """A module around a function, for ``torch.export``."""

    def __init__(self, run) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.run = run

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x)


def test_without_numba_torch_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers stay the definition's, for floats and integers."""
    monkeypatch.setattr("convbook.auto.available", lambda: False)
    for dtype in (torch.float32, torch.uint8):
        x, w = torch.ones(1, 1, 80, 80).to(dtype), torch.ones(1, 1, 3, 3).to(dtype)
        plan = explain_plan(x, w)
        assert plan.method == "torch"
        assert "numba" in plan.reason
        assert conv2d(x, w).eq(9).all()


@pytest.mark.parametrize(
    ("shape", "kernel", "dtype", "method", "says"),
    [
        ((1, 1, 64, 64), (1, 1, 3, 3), torch.float32, "compiled", "loops are quickest"),
        ((1, 1, 512, 512), (1, 1, 31, 31), torch.float32, "compiled", "loops are quickest"),
        ((8, 3, 100, 100), (4, 3, 5, 5), torch.float64, "compiled", "loops are quickest"),
        ((1, 64, 56, 56), (64, 64, 3, 3), torch.float32, "torch", "matrix products"),
        ((1, 1, 12, 12), (1, 1, 3, 3), torch.float32, "torch", "small"),
        ((1, 3, 100, 30), (1, 3, 3, 3), torch.float32, "torch", "small"),
        ((1, 4, 100, 100), (4, 4, 1, 1), torch.float32, "torch", "1×1"),
        ((1, 64, 9, 9), (64, 64, 3, 3), torch.int16, "compiled", "integers"),
        ((1, 16, 100, 100), (4, 16, 3, 3), torch.float32, "compiled", "loops are quickest"),
        ((1, 3, 100, 100), (5, 3, 3, 3), torch.float32, "torch", "matrix products"),
        ((1, 3, 100, 34), (1, 3, 3, 3), torch.float32, "compiled", "loops are quickest"),
        ((1, 3, 34, 100), (1, 3, 3, 1), torch.float32, "compiled", "loops are quickest"),
    ],
)
def test_it_says_what_it_takes_and_why(
    shape: tuple[int, ...], kernel: tuple[int, ...], dtype: torch.dtype, method: str, says: str
) -> None:
    """One line for each reason of the rule; the sentence names the method, and one image has no batch."""
    x, w = torch.ones(shape, dtype=dtype), torch.ones(kernel, dtype=dtype)
    plan = explain_plan(x, w)
    assert plan.method == method
    assert says in plan.reason
    assert str(plan) == f"auto takes {method!r}: {plan.reason}"
    assert explain_plan(x[0], w, padding=1, padding_mode="reflect").method == method


@pytest.mark.parametrize("shape", [(1, 1, 64, 64), (2, 8, 10, 10)])
def test_it_calls_what_it_says(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """`conv2d` runs the very method that `explain_plan` names, and the path without rules is never taken."""
    from dataclasses import replace

    from convbook.algorithms import TABLE

    ran = []
    for name, method in TABLE.items():

        def spy(*call: object, name: str = name, run: object = method.run) -> Tensor:
            ran.append(name)
            return run(*call)  # type: ignore[operator, no-any-return]

        monkeypatch.setitem(TABLE, name, replace(method, run=spy))
    x, w = torch.ones(shape), torch.ones(2, shape[1], 3, 3)
    conv2d(x, w)
    assert ran == [explain_plan(x, w).method]
    assert set(ran) <= {"compiled", "torch"} < set(METHODS)
