"""Receptive fields of models, measured by gradients; their costs, counted by torch and by another package."""

from __future__ import annotations

import copy
import random
import re
from fractions import Fraction

import pytest
import thop
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import convbook
from convbook import Cost, ReceptiveField, cost, models, receptive_field

PIXEL = models._Spans(1, ((0, 0),))


def spans(model):
    """The field of every cell, by the walk."""
    return models._FieldWalk(models._recorded(model)).run(models._Field(PIXEL, PIXEL))


def measured(model, size, cells):
    """First and last row and column with a gradient, for some output cells; all weights are 1."""
    model = copy.deepcopy(model).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1)
    images = torch.full(
        (len(cells), model_channels(model), *size), 0.5, dtype=torch.float64, requires_grad=True
    )
    outputs = model(images)
    total = sum(outputs[n, :, i, j].sum() for n, (i, j) in enumerate(cells))
    if not total.requires_grad:
        return [(None, None)] * len(cells)
    (gradient,) = torch.autograd.grad(total, images)
    found = []
    for image in gradient.abs().sum(1):
        axes = [image.sum(1 - axis).nonzero().flatten().tolist() for axis in (0, 1)]
        found.append(tuple((hit[0], hit[-1]) if hit else None for hit in axes))
    return found


def model_channels(model):
    return next((m.in_channels for m in model.modules() if hasattr(m, "in_channels")), 1)


class Branches(nn.Module):
    """Two paths that meet, by addition or side by side in the channels, and a number added to them."""

    def __init__(self, first, second, join):
        super().__init__()
        self.first, self.second, self.join = first, second, join

    def forward(self, x):
        if self.join == "skip":
            return F.relu(self.first(x) + x) + 1
        if self.join == "cat":
            return torch.cat([self.first(x), self.second(x)], dim=1).abs()
        return self.first(x).add(self.second(x))


def random_layer(rng, channels, up):
    """One layer from some channels to one, with settings of its own on both axes."""
    kernel, padding = [(rng.randint(1, 4), rng.randint(1, 4)) for _ in range(2)]
    stride, gap = [(rng.randint(1, 2), rng.randint(1, 2)) for _ in range(2)]
    sides = tuple((rng.randint(0, 2), rng.randint(0, 2)) for _ in range(2))
    kind = rng.choice(
        ["conv", "conv", "own", "pool", "pad", *(["transposed", "own transposed", "near", "linear"] * up)]
    )
    if kind == "conv":
        return nn.Conv2d(channels, 1, kernel, stride, tuple(min(p, 2) for p in padding), gap)
    if kind == "own":
        return convbook.Conv2d(
            channels, 1, kernel, stride, sides, gap, padding_mode=rng.choice(["zeros", "edge"])
        )
    if kind == "pool":
        window = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
        return nn.Sequential(nn.Conv2d(channels, 1, 1), nn.AvgPool2d(kernel, stride, window))
    if kind == "pad":
        return nn.Sequential(convbook.SymmetricPad2d(sides), nn.Conv2d(channels, 1, (2, 3)))
    if kind == "near":
        return nn.Sequential(nn.Conv2d(channels, 1, 1), nn.Upsample(scale_factor=(2, 3)))
    if kind == "linear":
        return nn.Sequential(
            nn.Conv2d(channels, 1, 1), nn.Upsample(scale_factor=rng.choice([2, 3]), mode="bilinear")
        )
    stride = (rng.randint(1, 3), rng.randint(1, 3))
    if kind == "transposed":
        return nn.ConvTranspose2d(channels, 1, kernel, stride, 1, 0, 1, True, gap)
    return convbook.ConvTranspose2d(channels, 1, kernel, stride, sides, 0, 1, False, gap)


def random_model(seed):
    """A few layers, activations and norms between them, and perhaps a branch."""
    rng = random.Random(seed)
    layers, channels = [], 1
    ups = rng.randint(0, 2)
    for position in range(rng.randint(2, 5)):
        layers.append(random_layer(rng, channels, up=position < ups))
        channels = 1
        layers.append(rng.choice([nn.ReLU(), nn.BatchNorm2d(1), nn.Dropout(0.5), nn.Identity(), nn.PReLU()]))
        if rng.random() < 0.4:
            join = rng.choice(["skip", "cat", "add"])
            same = [nn.Conv2d(1, 1, 2 * k + 1, padding=k * d, dilation=d) for k, d in ((1, 2), (2, 1))]
            layers.append(Branches(nn.Sequential(same[0], nn.ReLU()), same[1], join))
            channels = 2 if join == "cat" else 1
    return nn.Sequential(*layers)


SEEDS = [seed for seed in range(22) if seed not in (0, 4, 5, 8, 12, 16, 21)]  # too large or too slow


@pytest.mark.parametrize("seed", SEEDS)
def test_the_field_of_a_random_model_is_where_the_gradient_is(seed):
    """First and last row and column of several cells whose field lies well within the image."""
    model, size = random_model(seed), (70, 74)
    rows, columns = spans(model)
    shape = copy.deepcopy(model).eval()(torch.zeros(1, 1, *size)).shape[-2:]
    rng = random.Random(seed)

    def inside(axis, cell, length):
        span = axis.at(cell)
        # Near the border what is padded between layers is zero, and no longer a cell of the layer before.
        return span is None or (span[0] >= 8 and span[1] < length - 8)

    fitting = [
        [i for i in range(shape[a]) if inside(axis, i, size[a])] for a, axis in enumerate((rows, columns))
    ]
    assert all(fitting), "no field lies within the image"
    cells = [(rng.choice(fitting[0]), rng.choice(fitting[1])) for _ in range(6)]
    for (i, j), found in zip(cells, measured(model, size, cells), strict=True):
        wanted = rows.at(i), columns.at(j)
        assert found == (wanted if None not in wanted else (None, None)), (i, j)
    if all(span is not None for axis in (rows, columns) for span in axis.spans):
        field = receptive_field(model)
        for a, axis in enumerate((rows, columns)):
            spread = [axis.at(i) for i in range(200)]
            assert field.size[a] == max(last - first + 1 for first, last in spread)
            assert field.start[a] == spread[0][0]
            period = len(axis.spans)
            assert field.jump[a] * period == spread[period][0] - spread[0][0]


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        ([nn.Conv2d(1, 1, 3, 2, 1), nn.MaxPool2d(3, 2, 1, 2)], ((11, 11), (4, 4), (-3, -3))),
        ([convbook.MaxPool2d(2), convbook.LPPool2d(2, 3), nn.LPPool2d(2, 2)], ((12, 12), (12, 12), (0, 0))),
        ([nn.Conv2d(1, 1, 4, padding="same"), nn.GELU(), nn.GroupNorm(1, 1)], ((4, 4), (1, 1), (-1, -1))),
        ([nn.ReflectionPad2d((1, 2, 3, 4)), nn.Conv2d(1, 1, 3)], ((3, 3), (1, 1), (-3, -1))),
        ([nn.PixelUnshuffle(2), nn.Conv2d(4, 4, 3), nn.PixelShuffle(2)], ((6, 6), (1, 1), (0, 0))),
        ([nn.Upsample(scale_factor=2), nn.Conv2d(1, 1, 3)], ((2, 2), (Fraction(1, 2),) * 2, (0, 0))),
        ([nn.Upsample(scale_factor=3, mode="bilinear")], ((2, 2), (Fraction(1, 3),) * 2, (-1, -1))),
        ([nn.Upsample(scale_factor=3, mode="bicubic")], ((4, 4), (Fraction(1, 3),) * 2, (-2, -2))),
        ([nn.ConvTranspose2d(1, 1, 4, 2, 1), nn.Conv2d(1, 1, 4, 2, 1)], ((3, 3), (1, 1), (-1, -1))),
        ([], ((1, 1), (1, 1), (0, 0))),
    ],
)
def test_fields_worked_out_by_hand(layers, wanted):
    """Each kind of layer by itself or with one other."""
    assert receptive_field(nn.Sequential(*layers)) == ReceptiveField(*wanted)
    if len(layers) == 1:
        assert receptive_field(layers[0]) == ReceptiveField(*wanted), "a layer is a model"


def test_a_stack_without_branches_is_the_list_of_its_layers():
    """The walk and the rule for lists agree."""
    for seed in range(20):
        rng = random.Random(seed)
        stack = [random_layer(rng, 1, up=False) for _ in range(4)]
        stack = [layer for layer in stack if not isinstance(layer, nn.Sequential)]
        assert receptive_field(nn.Sequential(*stack)) == receptive_field(stack)


def test_functions_in_a_forward_are_followed():
    """Pools and convolutions written as functions; parameters alone see nothing."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.scale = nn.Conv2d(1, 2, 3), nn.Parameter(torch.ones(2, 1, 1))
            self.weight = nn.Parameter(torch.ones(2, 1, 2, 2))

        def forward(self, x):
            x = F.max_pool2d(F.relu(self.conv(x)), 2) * (self.scale * 2).exp()
            x = F.conv_transpose2d(x, self.weight, stride=2)
            x = F.interpolate(F.avg_pool2d(x, 2, stride=1), scale_factor=2)
            return F.conv2d(x, self.weight, dilation=3).contiguous()

    net = Net()
    rows, columns = spans(net)
    (found,) = measured(Averaging(net), (30, 30), [(20, 21)])
    assert found == (rows.at(20), columns.at(21))


class Averaging(nn.Module):
    """The model with each max pooling replaced by an average, whose gradient reaches every pixel."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.in_channels = 1

    def forward(self, x):
        largest, F.max_pool2d = F.max_pool2d, F.avg_pool2d
        try:
            return self.model(x)
        finally:
            F.max_pool2d = largest


class Shaped(nn.Module):
    def forward(self, x):
        return x.view(x.shape[0], -1)


class Deciding(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Two(nn.Module):
    def forward(self, x, y):
        return x + y


class Unpooling(nn.Module):
    def __init__(self):
        super().__init__()
        self.unpool = nn.MaxUnpool2d(1)

    def forward(self, x):
        return self.unpool(x, x)


class Jumps(nn.Module):
    def forward(self, x):
        return x + F.max_pool2d(x, 2)


REFUSED = {
    "AdaptiveAvgPool2d ('1' of the model)": nn.Sequential(nn.Conv2d(1, 1, 3), nn.AdaptiveAvgPool2d(1)),
    "GlobalAvgPool2d ('0' of the model)": convbook.GlobalAvgPool2d(),
    "FractionalMaxPool2d ('0' of the model)": nn.FractionalMaxPool2d(2, 3),
    "MaxUnpool2d ('unpool' of the model)": Unpooling(),
    "Fold ('0' of the model)": convbook.Fold(3, 2),
    "Linear ('1.0' of the model)": nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(2, 2))),
    "Upsample ('0' of the model)": nn.Upsample(size=(9, 9)),
    "LSTM ('0' of the model)": nn.LSTM(3, 3),
    "Conv1d ('0' of the model)": nn.Conv1d(1, 1, 3),
    "the function getattr": Shaped(),
    "Deciding cannot be recorded by torch.fx": Deciding(),
    "must take one image, got the inputs ['x', 'y']": Two(),
    "the branches that meet in the function add have jumps 1 and 2": Jumps(),
}


@pytest.mark.parametrize("says", REFUSED)
def test_what_has_no_field_is_refused_by_name(says):
    """The layer and its place, or the function; never a number."""
    with pytest.raises(ValueError, match=re.escape(says)):
        receptive_field(REFUSED[says])


# ------------------------------------------------------------------------------------------------------- cost


@pytest.mark.parametrize("seed", range(6))
def test_the_cost_of_a_random_model_is_torchs(seed):
    """FLOPs by torch's counter, which watches a run."""
    model = random_model(seed)
    found = cost(model, (40, 44), batch=2)
    x = torch.zeros(2, 1, 40, 44)
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        copy.deepcopy(model).eval()(x)
    assert found.flops == 2 * found.multiply_adds == counter.get_total_flops()
    assert found.parameters == sum(p.numel() for p in model.parameters())


def test_ultralytics_thop_counts_the_same():
    """Grouped, dilated, strided, transposed, linear: another package's count of multiply–adds."""
    net = nn.Sequential(
        *(nn.Conv2d(4, 8, (3, 2), 2, 1, groups=2), nn.ReLU(), nn.Conv2d(8, 6, 3, padding=2, dilation=2)),
        *(
            nn.ConvTranspose2d(6, 4, 3, 2, 1, 1, groups=2),
            nn.Conv2d(4, 1, 1),
            nn.Flatten(),
            nn.Linear(480, 7),
        ),
    )
    found = cost(net, (4, 20, 22), batch=3)
    assert (found.multiply_adds, found.parameters) == thop.profile(
        net, (torch.zeros(3, 4, 20, 22),), verbose=False
    )
    assert [layer.kind for layer in found.layers] == [
        "Conv2d",
        "Conv2d",
        "ConvTranspose2d",
        "Conv2d",
        "Linear",
    ]
    assert sum(layer.parameters for layer in found.layers) == found.parameters
    assert found.layers[-1].output_size == (3, 7)


def test_a_layer_by_its_numbers_and_as_a_model():
    """Both forms of cost say the same; the transposed layer counts its input's cells."""
    one = cost((9, 7), (3, 2), 4, 8, (2, 1), 1, (1, 2), 2, batch=5)
    assert isinstance(one, Cost)
    layer = nn.Conv2d(4, 8, (3, 2), (2, 1), 1, (1, 2), 2)
    for form in (cost(layer, (9, 7), batch=5), cost(model=layer, input_size=(4, 9, 7), batch=5)):
        assert (form.multiply_adds, form.flops, form.parameters) == (
            one.multiply_adds,
            one.flops,
            one.parameters,
        )
    assert cost(input_size=5, kernel_size=3) == cost(5, 3)
    assert cost(convbook.ConvTranspose2d(2, 3, 4, 2), 5).multiply_adds == 25 * 2 * 3 * 16


def test_a_model_is_counted_without_numbers_and_left_as_it_was():
    """A model too large for any memory; the state and the mode of a small one stay."""
    huge = nn.Sequential(nn.Conv2d(3, 2**16, 3, device="meta"), nn.Conv2d(2**16, 2**16, 3, device="meta"))
    assert cost(huge, 10**4).multiply_adds == 2**16 * 9 * (9998**2 * 3 + 9996**2 * 2**16)
    net = nn.Sequential(nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1), nn.Dropout())
    before = copy.deepcopy(net.state_dict())
    cost(net, 8)
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_shared_layers_count_each_time_and_their_parameters_once():
    """Used twice, a layer multiplies twice."""
    layer = nn.Conv2d(1, 1, 3, padding=1)
    found = cost(nn.Sequential(layer, nn.MaxPool2d(2), layer), 8)
    assert (found.multiply_adds, found.parameters, len(found.layers)) == (9 * 64 + 9 * 16, 10, 2)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: cost(nn.LSTM(3, 3), (3, 4, 4)), ValueError, "LSTM ('0' of the model)"),
        (lambda: cost(nn.Sequential(nn.Conv1d(1, 1, 1)), (1, 4, 4)), ValueError, "Conv1d ('0' of the model)"),
        (
            lambda: cost(nn.ReLU(), 8),
            ValueError,
            "no convolution that tells the channels: pass input_size=(channels,",
        ),
        (lambda: cost(nn.Conv2d(3, 1, 3), (4, 8, 8)), ValueError, "the model does not fit the input at 0: "),
        (lambda: cost(nn.Conv2d(3, 1, 3), (8.0, 8)), TypeError, "input_size must be an integer or a pair"),
        (lambda: cost(nn.Conv2d(3, 1, 3), 8, batch=0), ValueError, "batch must be at least 1, got 0"),
        (
            lambda: cost(nn.Conv2d(3, 1, 3), 8, padding=1),
            TypeError,
            "input_size and batch alone, got padding=1",
        ),
        (lambda: cost(nn.Conv2d(3, 1, 3), 8, 3), TypeError, "input_size and batch alone, got 3"),
        (lambda: cost(nn.Conv2d(3, 1, 3)), TypeError, "input_size must be an integer or a pair"),
        (lambda: cost(model=3, input_size=8), TypeError, "model must be a torch.nn.Module, got 3"),
        (lambda: cost(Deciding(), (1, 8, 8)), ValueError, "Deciding cannot be recorded by torch.fx"),
    ],
)
def test_cost_of_a_model_says_what_is_wrong(call, kind, says):
    """The layer that is not known, or the argument."""
    with pytest.raises(kind, match=re.escape(says)):
        call()
