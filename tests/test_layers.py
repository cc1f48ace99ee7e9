"""Layers: they hold what they were given, and give what the functions give."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import re

import numpy as np
import pytest
import torch
from torch import nn

import convbook
from convbook import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    CircularPad2d,
    ConstantPad2d,
    Conv2D,
    Conv2d,
    ConvTranspose2d,
    Fold,
    GlobalAvgPool2d,
    LPPool2d,
    MaxPool2d,
    MaxUnpool2d,
    ReflectionPad2d,
    ReplicationPad2d,
    SymmetricPad2d,
    Unfold,
    ZeroPad2d,
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


# --------------------------------------------------------------------------------------- torch's layers

CONVOLUTIONS = [
    ("Conv2d", (4, 6, 3), {}),
    ("Conv2d", (4, 6, (3, 2), (2, 1), (1, 0), (1, 2), 2, False), {}),
    ("Conv2d", (4, 4, 3, 1, "same"), {"dilation": 2, "groups": 4, "dtype": torch.float64}),
    ("Conv2d", (4, 6, 3, 2, "valid"), {"dtype": torch.complex64}),
    *(
        ("Conv2d", (4, 6, (3, 5)), {"padding": (1, 2), "padding_mode": mode})
        for mode in ("reflect", "replicate", "circular")
    ),
    ("ConvTranspose2d", (4, 6, 3), {}),
    ("ConvTranspose2d", (4, 6, (3, 2), (2, 3), (1, 0), (1, 2), 2, False, (1, 2)), {}),
    ("ConvTranspose2d", (4, 6, 3, 2), {"padding": 1, "dtype": torch.float64}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CONVOLUTIONS)
def test_convolutions_are_torchs(name, args, kwargs):
    """First weights, state, attributes, values and gradients; and torch's layer takes the state back."""
    torch.manual_seed(3)
    ours = getattr(convbook, name)(*args, **kwargs)
    torch.manual_seed(3)
    theirs = getattr(nn, name)(*args, **kwargs)
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    for key, value in state.items():
        assert torch.equal(ours.state_dict()[key], value), "the first weights are torch's, number by number"
    for key in inspect.signature(type(theirs)).parameters:
        if key not in ("bias", "device", "dtype"):
            assert getattr(ours, key) == getattr(theirs, key), key
    assert ours.transposed == theirs.transposed

    other = getattr(convbook, name)(*args, **kwargs)
    other.load_state_dict(state)
    theirs.load_state_dict(other.state_dict())
    if not other.weight.is_complex():
        other, theirs = other.double(), theirs.double()
    x = torch.randn(2, 4, 7, 8, dtype=other.weight.dtype)
    torch.testing.assert_close(other(x), theirs(x))
    torch.testing.assert_close(other(x[0]), theirs(x[0]))
    for layer in (other, theirs):
        layer(x).abs().square().sum().backward()
    for mine, wanted in zip(other.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, wanted.grad)


def test_the_first_weights_are_drawn_again():
    """`reset_parameters` draws new ones, within 1 / √(channels · taps) of 0."""
    for layer in (Conv2d(8, 16, 3), ConvTranspose2d(16, 8, 3), Conv2d(8, 16, 3, bias=False)):
        before = layer.weight.clone()
        layer.reset_parameters()
        assert not torch.equal(layer.weight, before)
        bound = 1 / 72**0.5
        assert 0.95 * bound < layer.weight.abs().max() <= bound
        assert layer.bias is None or 0.5 * bound < layer.bias.abs().max() <= bound


def test_parameters_live_where_they_are_asked_to():
    """`device` and `dtype`, and torch's defaults without them."""
    for make in (Conv2d, ConvTranspose2d):
        layer = make(1, 2, 3, device="meta", dtype=torch.bfloat16)
        assert all(p.device.type == "meta" and p.dtype == torch.bfloat16 for p in layer.parameters())
        with torch.device("meta"):
            assert make(1, 2, 3).weight.is_meta
        torch.set_default_dtype(torch.float64)
        try:
            assert make(1, 2, 3).bias.dtype == torch.float64
        finally:
            torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular", "symmetric"])
def test_each_side_may_be_padded_by_itself(mode):
    """Asymmetric padding in every mode: NumPy's padding, then torch's layer without any."""
    ours = Conv2d(2, 3, 3, 2, ((2, 0), (1, 3)), padding_mode=mode).double()
    theirs = nn.Conv2d(2, 3, 3, 2).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 2, 6, 7, dtype=torch.float64)
    words = {"zeros": "constant", "replicate": "edge", "circular": "wrap"}
    around = np.pad(x.numpy(), ((0, 0), (0, 0), (2, 0), (1, 3)), mode=words.get(mode, mode))
    torch.testing.assert_close(ours(x), theirs(torch.from_numpy(around)))
    assert ours.padding == ((2, 0), (1, 3))


def test_a_transposed_layer_cuts_each_side_by_itself():
    """With four sides it is torch's whole result, cut; and the gradient of the padded convolution."""
    ours = ConvTranspose2d(2, 3, 3, 2, ((2, 0), (1, 0)), output_padding=1).double()
    theirs = nn.ConvTranspose2d(2, 3, 3, 2, 0, 1).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 2, 4, 5, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x)[:, :, 2:, 1:])
    assert ours(x).is_contiguous()
    down = Conv2d(3, 2, 3, 2, ((2, 0), (1, 0)), bias=False).double()
    image = torch.randn(2, 3, *ours(x).shape[2:], dtype=torch.float64, requires_grad=True)
    (wanted,) = torch.autograd.grad(down(image), image, x)
    found = ours.load_state_dict({"weight": down.weight.detach(), "bias": torch.zeros(3)}) and ours(x)
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("size", [(9, 13), (10, 14), (10, 13)])
def test_the_size_that_a_stride_took_away_comes_back(size):
    """`output_size` as torch's layer takes it: a pair, or the whole shape, and it replaces output_padding."""
    ours, theirs = ConvTranspose2d(4, 2, 3, 2, 1, 1), nn.ConvTranspose2d(4, 2, 3, 2, 1, 1)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 4, 5, 7)
    for images, shape in ((x, (2, 2)), (x[0], (2,))):
        for asked in (size, torch.Size((*shape, *size))):
            torch.testing.assert_close(ours(images, asked), theirs(images, list(asked)))
            assert ours(images, output_size=asked).shape[-2:] == size
    with pytest.raises(ValueError, match="output_size asks for 11 rows; this setting can give 9 to 10"):
        ours(x, (11, 13))


# ---------------------------------------------------------------------------- layers without parameters

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
    (LPPool2d(2, (2, 3), 2, True), nn.LPPool2d(2, (2, 3), 2, True)),
    (Unfold((2, 3), (1, 2), (1, 0), 2), nn.Unfold((2, 3), (1, 2), (1, 0), 2)),
    (ZeroPad2d(1), nn.ZeroPad2d(1)),
    (ZeroPad2d((1, 2, 0, 3)), nn.ZeroPad2d((1, 2, 0, 3))),
    (ConstantPad2d((1, 2, 0, 3), 0.5), nn.ConstantPad2d((1, 2, 0, 3), 0.5)),
    (ReflectionPad2d((1, 2, 0, 3)), nn.ReflectionPad2d((1, 2, 0, 3))),
    (ReplicationPad2d(((0, 3), (1, 2))), nn.ReplicationPad2d((1, 2, 0, 3))),
    (CircularPad2d((1, 2, 0, 3)), nn.CircularPad2d((1, 2, 0, 3))),
]


@pytest.mark.parametrize(("ours", "torchs"), PAIRS, ids=lambda layer: repr(layer))
def test_layers_without_parameters_are_torchs(ours, torchs):
    """Attributes, values and gradients, for a batch and for one image."""
    if "Pad" in repr(ours):
        assert ours.padding == torchs.padding
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


def test_fold_is_torchs():
    """On columns, with a batch and without."""
    ours, torchs = (kind.Fold((6, 7), (2, 3), (2, 1), (1, 0), (1, 2)) for kind in (convbook, nn))
    u = torch.randn(2, 12, 18, dtype=torch.float64)
    torch.testing.assert_close(ours(u), torchs(u))
    torch.testing.assert_close(ours(u[0]), torchs(u[0]))


def test_symmetric_padding_is_numpys():
    """torch has no such layer."""
    x = torch.arange(24).reshape(1, 4, 6)
    wanted = np.pad(x.numpy(), ((0, 0), (3, 4), (1, 2)), mode="symmetric")
    assert np.array_equal(SymmetricPad2d((1, 2, 3, 4))(x).numpy(), wanted)


EVERY_LAYER = [
    *(layer for layer, _ in PAIRS),
    SymmetricPad2d(2),
    MaxUnpool2d(2, padding=1),
    Fold(4, 2),
    Conv2D((2, 3)),
    Conv2d(4, 6, 3),
    Conv2d(4, 6, 3, 2, ((0, 1), (2, 0)), 2, 2, False, "wrap"),
    Conv2d(4, 6, 3, padding="same"),
    ConvTranspose2d(4, 6, 3),
    ConvTranspose2d(4, 6, 3, 2, ((0, 1), (2, 0)), 1, 2, False, 3),
]


@pytest.mark.parametrize("first", EVERY_LAYER, ids=repr)
def test_a_layer_shows_its_settings_and_is_copied_and_pickled(first):
    """What its repr says makes the same layer again; a copy has the same state."""
    again = eval(repr(first), vars(convbook).copy())
    assert repr(again) == repr(first)
    if not list(first.parameters()) and not isinstance(first, GlobalAvgPool2d):
        for name in inspect.signature(type(first)).parameters:
            assert f"{name}={getattr(first, name)}" in repr(first)
    saved = io.BytesIO()
    torch.save(first.state_dict(), saved)
    saved.seek(0)
    again.load_state_dict(torch.load(saved))
    for other in (again, copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        assert repr(other) == repr(first)
        for mine, wanted in zip(other.parameters(), first.parameters(), strict=True):
            assert mine is not wanted
            assert torch.equal(mine, wanted)


def test_every_layer_is_held():
    """The list above forgets none."""
    assert {type(layer).__name__ for layer in EVERY_LAYER} == set(convbook.layers.__all__) - {"comp_conv2d"}


def test_layers_stand_in_a_stack():
    """They take each other's results, and have a receptive field."""
    stack = nn.Sequential(nn.Conv2d(1, 2, 3), MaxPool2d(2), AvgPool2d(3, 1), GlobalAvgPool2d())
    assert stack(torch.randn(5, 1, 12, 11)).shape == (5, 2, 1, 1)
    assert receptive_field(stack[:3]).size == (8, 8)


@pytest.mark.parametrize(
    ("call", "kind", "sentence"),
    [
        (
            lambda: MaxPool2d(2, padding=2),
            ValueError,
            (
                "padding of a pooling must be at most half the kernel, as in torch: got 2 for the rows with "
                "kernel 2, 2 // 2 = 1; to pad more, call pad first (for a maximum with value=-math.inf)"
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
        (lambda: Conv2d(0, 1, 3), ValueError, "in_channels must be at least 1, got 0"),
        (
            lambda: Conv2d(4, 6, 3, groups=3),
            ValueError,
            "groups=3 must divide in_channels=4 (remainder 1) and out_channels=6 (remainder 0)",
        ),
        (lambda: Conv2d(1, 1, 3, bias=1), TypeError, "bias must be True or False, got 1"),
        (
            lambda: Conv2d(1, 1, 3, dtype=torch.int64),
            TypeError,
            (
                "dtype of a layer must be floating (16 bits or more) or complex, since its weight gets a "
                "gradient, got int64; for integers call conv2d"
            ),
        ),
        (
            lambda: Conv2d(1, 1, 3, 2, "same"),
            ValueError,
            (
                'padding="same" is not defined with stride 2: a strided output cannot keep the input\'s '
                "size; for ⌈n / s⌉ rows and columns pass padding=same_padding(3, 1, 2, input_size)"
            ),
        ),
        (
            lambda: ConvTranspose2d(1, 1, 3, padding_mode="reflect"),
            ValueError,
            "padding_mode of ConvTranspose2d must be \"zeros\": padding is cut off; got 'reflect'",
        ),
        (
            lambda: ConvTranspose2d(1, 1, 3, 2, output_padding=2),
            ValueError,
            (
                "output_padding must be smaller than the stride or the dilation: got 2 for the rows with "
                "stride 2 and dilation 1; it chooses among the sizes that the stride maps to one, so 0 to 1 "
                "are possible"
            ),
        ),
        (
            lambda: ZeroPad2d((1, 2)),
            ValueError,
            (
                "padding of a padding layer must be one integer, (left, right, top, bottom) as in torch, "
                "or ((top, bottom), (left, right)), got (1, 2)"
            ),
        ),
        (
            lambda: ReflectionPad2d((1, -2, 0, 0)),
            ValueError,
            (
                "padding must be at least 0 on every side, got ((0, 0), (1, -2)); to cut rows off, slice the "
                "input"
            ),
        ),
        (lambda: ConstantPad2d(1, "0"), TypeError, "value must be a number, got '0' (a str)"),
        (
            lambda: LPPool2d(0, 2),
            ValueError,
            "norm_type must be positive and finite, got 0",
        ),
        (lambda: Fold((0, 1), 2), ValueError, "output_size must be at least 1 on both axes, got (0, 1)"),
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
                "one output channel gives it"
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
