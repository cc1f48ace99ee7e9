"""The gradients as convolutions: torch's numbers, torch.nn.grad's signatures, and the formulas of the
docstrings.
"""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import Tensor

from convbook import conv2d, conv2d_input, conv2d_weight

# (input, weight, stride, padding, dilation, groups)
CASES = [
    ((2, 1, 5, 4), (1, 1, 2, 3), 1, 0, 1, 1),
    ((2, 3, 5, 7), (4, 3, 3, 3), 1, 1, 1, 1),
    ((3, 4, 7, 6), (6, 2, 2, 3), (2, 3), (2, 1), (1, 2), 2),
    ((2, 3, 8, 9), (6, 1, 3, 2), (3, 2), ((1, 0), (0, 2)), (2, 1), 3),
    ((2, 2, 5, 6), (3, 2, 4, 2), 1, "same", (1, 3), 1),
    ((0, 2, 5, 6), (3, 2, 2, 2), 2, 0, 1, 1),
    ((1, 1, 9, 9), (1, 1, 2, 2), (4, 5), 0, 1, 1),
    # A side left out of, or taken off, the count of rows after the last window would make the gradient too
    # short.
    ((1, 1, 9, 9), (1, 1, 2, 2), 3, ((0, 1), (1, 0)), 1, 1),
    ((1, 1, 9, 9), (1, 1, 2, 2), 3, ((1, 0), (0, 1)), 1, 1),
]

every_case = pytest.mark.parametrize("case", CASES, ids=str)
functions = {"conv2d_input": conv2d_input, "conv2d_weight": conv2d_weight}


def problem(case: tuple, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:  # type: ignore[type-arg]
    """Return input, weight and a random gradient of the output."""
    shape, kernel, *setting = case
    x, w = torch.randn(shape, dtype=dtype), torch.randn(kernel, dtype=dtype)
    return x, w, torch.randn_like(conv2d(x, w, None, *setting))


@every_case
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128], ids=str)
def test_they_are_what_autograd_finds(case: tuple, dtype: torch.dtype) -> None:  # type: ignore[type-arg]
    """Both gradients equal autograd's through torch's convolution, complex conjugates included."""
    setting = case[2:]
    x, w, g = problem(case, dtype)
    x.requires_grad_()
    w.requires_grad_()
    of_x, of_w = torch.autograd.grad(conv2d(x, w, None, *setting, method="torch"), (x, w), g)
    torch.testing.assert_close(conv2d_input(x.shape, w, g, *setting), of_x)
    torch.testing.assert_close(conv2d_weight(x, w.shape, g, *setting), of_w)


@every_case
def test_torchs_own_helpers_agree(case: tuple) -> None:  # type: ignore[type-arg]
    """torch.nn.grad gives the same where it knows the padding; signatures and defaults are the same."""
    x, w, g = problem(case)
    if isinstance(case[3], (int, tuple)) and not (
        isinstance(case[3], tuple) and isinstance(case[3][0], tuple)
    ):
        torch.testing.assert_close(
            conv2d_input(x.shape, w, g, *case[2:]), torch.nn.grad.conv2d_input(x.shape, w, g, *case[2:])
        )
        torch.testing.assert_close(
            conv2d_weight(x, w.shape, g, *case[2:]), torch.nn.grad.conv2d_weight(x, w.shape, g, *case[2:])
        )


@pytest.mark.parametrize("name", functions)
def test_signatures_are_torchs(name: str) -> None:
    """Names, order and defaults of the parameters."""
    ours = inspect.signature(functions[name]).parameters
    torchs = inspect.signature(getattr(torch.nn.grad, name)).parameters
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in torchs.values()]


@every_case
def test_they_are_adjoints(case: tuple) -> None:  # type: ignore[type-arg]
    """⟨conv(x, w), g⟩ = ⟨x, conv2d_input(w, g)⟩ = ⟨w, conv2d_weight(x, g)⟩: both are read off the sum of
    products.
    """
    setting = case[2:]
    x, w, g = problem(case)
    product = (conv2d(x, w, None, *setting) * g).sum()
    torch.testing.assert_close((x * conv2d_input(x.shape, w, g, *setting)).sum(), product)
    torch.testing.assert_close((w * conv2d_weight(x, w.shape, g, *setting)).sum(), product)


def test_at_stride_one_the_inputs_gradient_is_a_correlation_with_the_turned_kernel() -> None:
    """The gradient padded by k − 1, correlated with the kernel turned by 180° and its channels exchanged."""
    x, w = torch.randn(2, 3, 5, 6), torch.randn(4, 3, 3, 2)
    g = torch.randn(2, 4, 3, 5)
    turned = w.flip(2, 3).transpose(0, 1)
    torch.testing.assert_close(conv2d_input(x.shape, w, g), conv2d(g, turned, padding=(2, 1)))


def test_the_weights_gradient_is_a_correlation_with_the_gradient_as_kernel() -> None:
    """For one image and one channel: the image correlated with the output's gradient."""
    x, g = torch.randn(1, 1, 5, 6), torch.randn(1, 1, 3, 5)
    torch.testing.assert_close(conv2d_weight(x, (1, 1, 3, 2), g), conv2d(x, g))


def test_one_image_without_a_batch() -> None:
    """Shapes without a batch give the gradients of a batch of one."""
    x, w, g = torch.randn(3, 5, 6), torch.randn(4, 3, 3, 2), torch.randn(4, 3, 5)
    of_x = conv2d_input((3, 5, 6), w, g)
    assert of_x.shape == (3, 5, 6)
    torch.testing.assert_close(of_x, conv2d_input((1, 3, 5, 6), w, g[None])[0])
    torch.testing.assert_close(conv2d_weight(x, w.shape, g), conv2d_weight(x[None], w.shape, g[None]))


def test_rows_that_no_window_reached_get_no_gradient() -> None:
    """At stride 4 a 2×2 kernel leaves rows and columns out, between windows and after the last."""
    of_x = conv2d_input((1, 1, 9, 9), torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2), stride=4)
    reached = [0, 1, 4, 5]
    want = torch.zeros(1, 1, 9, 9)
    want[0, 0, [[i] for i in reached], reached] = 1
    assert of_x.equal(want)


@pytest.mark.parametrize("dtype", [torch.int32, torch.bfloat16], ids=str)
def test_the_dtype_stays(dtype: torch.dtype) -> None:
    """Integers stay exact, and half types are summed in float32: 900 ones are 900."""
    x, g = torch.ones(1, 1, 31, 31, dtype=dtype), torch.ones(1, 1, 30, 30, dtype=dtype)
    of_w = conv2d_weight(x, (1, 1, 2, 2), g)
    of_x = conv2d_input(x.shape, torch.ones(1, 1, 2, 2, dtype=dtype), g)
    assert of_w.equal(torch.full((1, 1, 2, 2), 900, dtype=dtype))
    assert of_x[0, 0, 1, 1] == 4
    assert of_x.dtype == dtype


@pytest.mark.parametrize("case", CASES[:3], ids=str)
def test_gradients_of_the_gradients(case: tuple) -> None:  # type: ignore[type-arg]
    """They are differentiable themselves, and work under vmap and on the meta device."""
    setting = case[2:]
    x, w, g = problem(case)
    for t in (x, w, g):
        t.requires_grad_()

    def by_input(w: Tensor, g: Tensor) -> Tensor:
        return conv2d_input(case[0], w, g, *setting)

    def by_weight(x: Tensor, g: Tensor) -> Tensor:
        return conv2d_weight(x, case[1], g, *setting)

    assert torch.autograd.gradcheck(by_input, (w, g), fast_mode=True)
    assert torch.autograd.gradcheck(by_weight, (x, g), fast_mode=True)
    for f, first in ((by_input, w), (by_weight, x)):
        two = torch.stack([g, 2 * g])
        got = torch.func.vmap(f, (None, 0))(first, two)
        torch.testing.assert_close(got, torch.stack([f(first, each) for each in two]))
        assert f(first.to("meta"), g.to("meta")).shape == got.shape[1:]
