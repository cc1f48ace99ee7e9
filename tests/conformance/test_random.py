"""Random settings, possible and impossible, held against torch: both answer alike, or both refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

import convbook as cb
from convbook import METHODS
from tests.conformance.frame import (
    EVERYDAY_FACTOR,
    FACTOR,
    NEVER_DECLINE,
    Ledger,
    torchs_own_warnings_ignored,
)
from tests.conformance.subjects import torch_pad

Pair = tuple[int, int]
small = st.integers(1, 4)
two = st.tuples(small, small)
sides = st.tuples(st.integers(0, 3), st.integers(0, 3))


@dataclass(frozen=True)
class Setting:
    """A convolution's sizes; anything may be impossible."""

    batch: int
    groups: int
    inputs: int
    outputs: int
    size: Pair
    kernel: Pair
    stride: Pair
    padding: tuple[Pair, Pair]
    dilation: Pair
    bias: bool
    seed: int

    def tensors(self, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return image, kernel and bias: small integers in any dtype."""
        generator = torch.Generator().manual_seed(self.seed)

        def draw(*shape: int) -> Tensor:
            return torch.randint(-4, 5, shape, generator=generator).to(dtype)

        x = draw(self.batch, self.groups * self.inputs, *self.size)
        w = draw(self.groups * self.outputs, self.inputs, *self.kernel)
        return x, w, draw(w.shape[0]) if self.bias else None


convolutions = st.builds(
    Setting,
    batch=st.integers(0, 3),
    groups=st.integers(1, 3),
    inputs=st.integers(1, 3),
    outputs=st.integers(1, 3),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=two,
    stride=two,
    padding=st.tuples(sides, sides),
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    bias=st.booleans(),
    seed=st.integers(0, 2**32),
)


def answer(call: Callable[[], Any], refusals: tuple[type[Exception], ...]) -> Any:
    """Return what a call returns, or the type of its refusal."""
    try:
        with torchs_own_warnings_ignored():
            return call()
    except NotImplementedError:
        raise
    except refusals as error:
        return type(error)


def alike(got: Any, want: Any, scale: float = 0.0, method: str = "") -> None:
    """Assert that both refused, or that both answered the same."""
    if isinstance(want, type) or isinstance(got, type):
        assert isinstance(want, type), f"torch answers {tuple(want.shape)}, convbook refuses"
        assert isinstance(got, type), f"torch refuses, convbook answers {tuple(got.shape)}"
        return
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    if got.is_floating_point() or got.is_complex():
        torch.testing.assert_close(
            got, want, rtol=0, atol=FACTOR.get(method, EVERYDAY_FACTOR) * torch.finfo(got.dtype).eps * scale
        )
    else:
        assert got.equal(want)


OURS = (ValueError, TypeError)
TORCHS = (RuntimeError, ValueError, TypeError, IndexError)


@given(setting=convolutions, mode=st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
@settings(max_examples=150)
def test_conv2d_with_every_padding_mode(setting: Setting, mode: str, ledger: Ledger) -> None:
    """Asymmetric padding in every mode, then torch's convolution: the same numbers, or a refusal by both."""
    x, w, b = setting.tensors(torch.int64)
    if mode != "zeros" and not setting.batch:
        x = torch.zeros(1, *x.shape[1:], dtype=torch.int64)  # torch has rules of its own for empty batches
    rest = (setting.stride, 0, setting.dilation, setting.groups)
    got = answer(
        lambda: cb.conv2d(
            x, w, b, setting.stride, setting.padding, setting.dilation, setting.groups, padding_mode=mode
        ),
        OURS,
    )
    if mode == "circular" and any(max(s) > n for s, n in zip(setting.padding, setting.size, strict=True)):
        assert isinstance(got, type)
        return
    # In float64, exact here: torch mirrors and convolves floats in every build.
    xs, ws, bs = (None if t is None else t.double() for t in (x, w, b))
    want = answer(lambda: F.conv2d(torch_pad(xs, setting.padding, mode), ws, bs, *rest).long(), TORCHS)
    if not isinstance(want, type) and 0 in want.shape[2:]:
        want = ValueError  # torch's checks are skipped on empty batches
    alike(got, want)
    ledger.random[f"conv2d, {mode}: {'refused' if isinstance(got, type) else 'equal'}"] += 1


@pytest.mark.parametrize("method", METHODS)
@given(setting=convolutions)
@settings(max_examples=40)
def test_every_method_on_random_settings(method: str, setting: Setting, ledger: Ledger) -> None:
    """Each method gives torch's numbers within its bound, refuses what torch refuses, or declines by name."""
    x, w, b = setting.tensors()
    if method == "box":
        w = w[:, :, :1, :1].expand(w.shape)
    args = (setting.stride, setting.padding, setting.dilation, setting.groups)
    try:
        got = answer(lambda: cb.conv2d(x, w, b, *args, method=method), OURS)
    except NotImplementedError as error:
        assert method not in NEVER_DECLINE
        assert repr(method) in str(error)
        ledger.random[f"conv2d, method {method}: declined"] += 1
        return
    want = answer(lambda: F.conv2d(torch_pad(x, setting.padding), w, b, args[0], 0, *args[2:]), TORCHS)
    if not isinstance(want, type) and 0 in want.shape[2:]:
        want = ValueError
    terms = setting.inputs * setting.kernel[0] * setting.kernel[1] + 1
    alike(got, want, scale=16.0 * terms, method=method)
    ledger.random[f"conv2d, method {method}: {'refused' if isinstance(got, type) else 'equal'}"] += 1


@given(setting=convolutions, more=st.tuples(st.integers(0, 1), st.integers(0, 1)), cut=sides)
@settings(max_examples=200)
def test_conv_transpose2d(setting: Setting, more: Pair, cut: Pair, ledger: Ledger) -> None:
    """Random strides, cuts and output paddings: the same numbers, or a refusal by both."""
    setting = replace(setting, batch=max(1, setting.batch))
    generator = torch.Generator().manual_seed(setting.seed)
    x = torch.randint(
        -4, 5, (setting.batch, setting.groups * setting.inputs, *setting.size), generator=generator
    )
    w = torch.randint(-4, 5, (x.shape[1], setting.outputs, *setting.kernel), generator=generator)
    b = torch.arange(setting.outputs * setting.groups) if setting.bias else None
    args = (setting.stride, cut, more, setting.groups, setting.dilation)
    got = answer(lambda: cb.conv_transpose2d(x, w, b, *args), OURS)
    alike(got, answer(lambda: F.conv_transpose2d(x, w, b, *args), TORCHS))
    ledger.random[f"conv_transpose2d: {'refused' if isinstance(got, type) else 'equal'}"] += 1


@given(setting=convolutions, cut=sides)
@settings(max_examples=200)
def test_unfold_and_fold(setting: Setting, cut: Pair, ledger: Ledger) -> None:
    """Random windows there and back: the same numbers, or a refusal by both."""
    x, _, _ = setting.tensors()
    window = (setting.kernel, setting.dilation, cut, setting.stride)
    got = answer(lambda: cb.unfold(x, *window), OURS)
    want = answer(lambda: F.unfold(x, *window), TORCHS)
    alike(got, want)
    if not isinstance(want, type):
        alike(cb.fold(want, setting.size, *window), F.fold(want, setting.size, *window))
    ledger.random[f"unfold and fold: {'refused' if isinstance(got, type) else 'equal'}"] += 1


@given(setting=convolutions)
@settings(max_examples=100)
def test_gradients_as_convolutions(setting: Setting, ledger: Ledger) -> None:
    """conv2d_input and conv2d_weight give autograd's gradients exactly, for whole numbers in float64."""
    x, w, _ = setting.tensors()
    args = (setting.stride, setting.padding, setting.dilation, setting.groups)
    y = answer(lambda: F.conv2d(torch_pad(x, setting.padding), w, None, args[0], 0, *args[2:]), TORCHS)
    if isinstance(y, type) or 0 in y.shape[2:]:
        g = torch.ones(setting.batch, w.shape[0], 1, 1, dtype=torch.float64)
        for call in (
            lambda: cb.conv2d_input(x.shape, w, g, *args),
            lambda: cb.conv2d_weight(x, w.shape, g, *args),
        ):
            with pytest.raises(ValueError, match="does not fit"):
                call()
        ledger.random["gradients: refused"] += 1
        return
    leaves = [t.requires_grad_() for t in (x, w)]
    g = torch.randint(-4, 5, y.shape).double()
    y = F.conv2d(torch_pad(x, setting.padding), w, None, args[0], 0, *args[2:])
    of_x, of_w = torch.autograd.grad(y, leaves, g)
    assert cb.conv2d_input(x.shape, w.detach(), g, *args).equal(of_x)
    assert cb.conv2d_weight(x.detach(), w.shape, g, *args).equal(of_w)
    ledger.random["gradients: equal"] += 1


# Ways to spoil a possible call: each names an argument and what it becomes, from the call's own arguments.
SPOILS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "stride 0": lambda c: {"stride": (1, 0)},
    "negative stride": lambda c: {"stride": -1},
    "three strides": lambda c: {"stride": (1, 1, 1)},
    "half a stride": lambda c: {"stride": 1.5},
    "negative padding": lambda c: {"padding": (-1, 0)},
    "text for padding": lambda c: {"padding": "full"},
    "no dilation": lambda c: {"dilation": 0},
    "no groups": lambda c: {"groups": 0},
    "too many groups": lambda c: {"groups": c["groups"] * 7},
    "half a group": lambda c: {"groups": 1.0},
    "one channel more": lambda c: {"input": torch.cat([c["input"], c["input"][:, :1]], 1)},
    "no channel dimension": lambda c: {"input": c["input"][0, 0]},
    "one dimension more": lambda c: {"input": c["input"][None]},
    "a kernel without channels": lambda c: {"weight": c["weight"][:, 0]},
    "a kernel of another dtype": lambda c: {"weight": c["weight"].float()},
    "a bias too long": lambda c: {"bias": torch.zeros(c["weight"].shape[0] + 1).double()},
    "a bias as a matrix": lambda c: {"bias": torch.zeros(c["weight"].shape[0], 1).double()},
    "a kernel too large": lambda c: {"weight": torch.ones(*c["weight"].shape[:2], 40, 1).double()},
    "a kernel without rows": lambda c: {"weight": c["weight"][:, :, :0]},
    "an image without columns": lambda c: {"input": c["input"][..., :0]},
    "lists for tensors": lambda c: {"input": c["input"].tolist()},
    "nothing for a kernel": lambda c: {"weight": None},
}


@pytest.mark.parametrize("spoil", SPOILS)
@given(setting=convolutions, method=st.sampled_from(METHODS))
@settings(max_examples=12)
def test_spoiled_calls_are_refused_by_both(spoil: str, setting: Setting, method: str, ledger: Ledger) -> None:
    """Whatever the setting and the method, a spoiled argument is refused by a sentence, as torch refuses
    it.
    """
    x, w, b = replace(setting, batch=2, size=(9, 9), kernel=(2, 3), dilation=(1, 2)).tensors()
    call: dict[str, Any] = {"input": x, "weight": w, "bias": b, "stride": setting.stride, "padding": 1}
    call |= {"dilation": (1, 2), "groups": setting.groups}
    call |= SPOILS[spoil](call)
    with pytest.raises(TORCHS):
        F.conv2d(**call)
    with pytest.raises(OURS) as caught:
        cb.conv2d(**call, method=method)
    assert len(str(caught.value)) > 20
    ledger.random[f"conv2d, spoiled: {spoil}"] += 1
