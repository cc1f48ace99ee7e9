"""Layers: they hold what they were given, and give what the functions give."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from convbook import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    Conv2D,
    GlobalAvgPool2d,
    MaxPool2d,
    comp_conv2d,
    corr2d,
    receptive_field,
)


def says(kind, sentence):
    """Expect an error with exactly this sentence."""
    return pytest.raises(kind, match=f"^{re.escape(sentence)}$")


# --------------------------------------------------------------------------------------- Conv2D


def test_the_notes_layer_is_corr2d_and_a_bias():
    """corr2d(X, weight) + bias, for float and integer images."""
    layer = Conv2D((2, 3))
    with torch.no_grad():
        layer.bias.fill_(0.5)
    X = torch.arange(20.0).reshape(4, 5)
    assert torch.equal(layer(X), corr2d(X, layer.weight) + 0.5)
    assert torch.equal(layer(X.long()), layer(X))


def test_the_initial_weight_is_uniform_and_the_bias_zero():
    """A large kernel's weights fill [0, 1) evenly, and a seed repeats them."""
    torch.manual_seed(7)
    weight = Conv2D(100).weight
    assert weight.shape == (100, 100)
    assert 0 <= weight.min() < 0.01
    assert 0.99 < weight.max() < 1
    assert abs(weight.mean() - 0.5) < 0.01
    assert abs(weight.var() - 1 / 12) < 0.003
    torch.manual_seed(7)
    assert torch.equal(Conv2D(100).weight, weight)
    assert Conv2D(3).bias.tolist() == [0]


def test_its_parameters_are_trained():
    """Weight and bias are parameters, and one step of descent lowers the loss."""
    layer = Conv2D((1, 2))
    assert {name: tuple(p.shape) for name, p in layer.named_parameters()} == {"weight": (1, 2), "bias": (1,)}
    X, Y = torch.randn(6, 8), torch.randn(6, 7)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1e-3)
    before = (layer(X) - Y).square().sum()
    before.backward()
    optimizer.step()
    assert (layer(X) - Y).square().sum() < before


def test_it_is_saved_and_loaded():
    """The state has the two tensors; the repr shows the kernel's size."""
    layer, other = Conv2D((2, 3)), Conv2D((2, 3))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other.weight, layer.weight)
    assert repr(layer) == "Conv2D(kernel_size=(2, 3))"


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (
            lambda: Conv2D(),
            TypeError,
            "Conv2D.__init__() missing 1 required positional argument: 'kernel_size'",
        ),
        (
            lambda: Conv2D(None),
            TypeError,
            "kernel_size must be an integer or a pair of integers (rows, columns), got None",
        ),
        (lambda: Conv2D((0, 2)), ValueError, "kernel_size must be at least 1 on both axes, got (0, 2)"),
        (
            lambda: Conv2D((2, 2))(torch.ones(1, 4)),
            ValueError,
            "kernel 2×2 does not fit input 1×4 with padding 0: output height would be 1 − 2 + 1 = 0",
        ),
    ],
)
def test_a_layer_without_a_size_is_never_built(call, kind, sentence):
    """The mistake is told where it is made, when the layer is built."""
    with says(kind, sentence):
        call()


# --------------------------------------------------------------------------------------- pooling layers

PAIRS = [
    (MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 2, 1)),
    (
        MaxPool2d((3, 2), None, (1, 0), 2, ceil_mode=True),
        nn.MaxPool2d((3, 2), None, (1, 0), 2, ceil_mode=True),
    ),
    (AvgPool2d(2), nn.AvgPool2d(2)),
    (AvgPool2d(3, 2, 1, True, False), nn.AvgPool2d(3, 2, 1, True, False)),
    (AvgPool2d(3, divisor_override=4), nn.AvgPool2d(3, divisor_override=4)),
    (AdaptiveAvgPool2d((3, None)), nn.AdaptiveAvgPool2d((3, None))),
    (AdaptiveMaxPool2d(4), nn.AdaptiveMaxPool2d(4)),
    (GlobalAvgPool2d(), nn.AdaptiveAvgPool2d(1)),
]


@pytest.mark.parametrize(("ours", "torchs"), PAIRS, ids=lambda layer: repr(layer))
def test_pooling_layers_are_torchs(ours, torchs):
    """Values and gradients, for a batch and for one image."""
    x = torch.randn(2, 3, 9, 8, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(ours(x), torchs(x))
    torch.testing.assert_close(ours(x[1]), torchs(x[1]))
    torch.testing.assert_close(*(torch.autograd.grad(f(x).square().sum(), x)[0] for f in (ours, torchs)))
    assert list(ours.parameters()) == []


def test_indices_come_on_request():
    """With `return_indices` a layer gives both, as torch's does."""
    x = torch.randn(2, 3, 9, 8)
    for ours, torchs in (
        (MaxPool2d(2, return_indices=True), nn.MaxPool2d(2, return_indices=True)),
        (AdaptiveMaxPool2d(4, True), nn.AdaptiveMaxPool2d(4, True)),
    ):
        for found, wanted in zip(ours(x), torchs(x), strict=True):
            assert torch.equal(found, wanted)


def test_layers_stand_in_a_stack():
    """They take each other's results, show their settings, and have a receptive field."""
    stack = nn.Sequential(nn.Conv2d(1, 2, 3), MaxPool2d(2), AvgPool2d(3, 1), GlobalAvgPool2d())
    assert stack(torch.randn(5, 1, 12, 11)).shape == (5, 2, 1, 1)
    assert receptive_field(stack[:3]).size == (8, 8)
    assert repr(stack[1]) == (
        "MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), ceil_mode=False)"
    )
    assert repr(AvgPool2d(2, 1)) == (
        "AvgPool2d(kernel_size=(2, 2), stride=(1, 1), padding=(0, 0), ceil_mode=False, "
        "count_include_pad=True)"
    )
    assert repr(AdaptiveAvgPool2d((2, None))) == "AdaptiveAvgPool2d(output_size=(2, None))"
    assert repr(AdaptiveMaxPool2d(3)) == "AdaptiveMaxPool2d(output_size=(3, 3))"


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (
            lambda: MaxPool2d(2, padding=2),
            ValueError,
            (
                "padding of a pooling must be at most half the kernel: got 2 for the rows with kernel 2, 2 "
                "// 2 = 1; "
                "a larger one would leave windows without a pixel"
            ),
        ),
        (lambda: AvgPool2d(2, 0), ValueError, "stride must be at least 1 on both axes, got 0"),
        (
            lambda: AvgPool2d(2, divisor_override=0),
            ValueError,
            "divisor_override must not be 0: every window's sum is divided by it",
        ),
        (
            lambda: MaxPool2d(2, ceil_mode=2.0),
            TypeError,
            "ceil_mode must be True or False, got 2.0 (a float)",
        ),
        (lambda: AvgPool2d(2, ceil_mode=1), TypeError, "ceil_mode must be True or False, got 1"),
        (
            lambda: MaxPool2d(2, ""),
            TypeError,
            "stride must be an integer or a pair of integers (rows, columns), got '' (a str)",
        ),
        (
            lambda: AdaptiveAvgPool2d((1, 2, 3)),
            ValueError,
            "output_size must be an integer or a pair (rows, columns), got 3 values: (1, 2, 3)",
        ),
        (
            lambda: AdaptiveMaxPool2d(-1),
            ValueError,
            "output_size must be at least 0 on both axes, got -1",
        ),
    ],
)
def test_impossible_layers_are_never_built(call, kind, sentence):
    """What no image could cure is said when the layer is built."""
    with says(kind, sentence):
        call()


# --------------------------------------------------------------------------------------- comp_conv2d


def test_a_matrix_goes_through_a_layer_and_back():
    """Batch and channel are put on and taken off; the numbers are corr2d's."""
    layer = nn.Conv2d(1, 1, (2, 3), bias=False)
    X = torch.randn(5, 6)
    torch.testing.assert_close(comp_conv2d(layer, X), corr2d(X, layer.weight[0, 0]))
    assert comp_conv2d(nn.Conv2d(1, 1, (3, 5), (3, 4), (0, 1)), torch.rand(8, 8)).shape == (2, 2)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (
            lambda: comp_conv2d(3, torch.ones(2, 2)),
            TypeError,
            "conv must be a layer or a function of a tensor, got 3",
        ),
        (
            lambda: comp_conv2d(nn.Conv2d(1, 1, 1), torch.ones(1, 2, 2)),
            ValueError,
            "X must have 2 dimensions (rows, columns), got 3: shape (1, 2, 2); take the one plane with X[0]",
        ),
        (
            lambda: comp_conv2d(nn.Conv2d(1, 4, 1), torch.ones(2, 2)),
            ValueError,
            (
                "conv(X[None, None]) must have shape (1, 1, rows, columns), got (1, 4, 2, 2); a layer with "
                "one output "
                "channel gives it"
            ),
        ),
        (
            lambda: comp_conv2d(lambda x: x.tolist(), torch.ones(1, 1)),
            TypeError,
            (
                "conv(X[None, None]) must be a torch.Tensor, got [[[[1.0]]]]; make one with "
                "torch.tensor(conv(X[None, None]))"
            ),
        ),
    ],
)
def test_comp_conv2d_says_what_is_wrong(call, kind, sentence):
    """Before the layer runs, or about what came back."""
    with says(kind, sentence):
        call()
