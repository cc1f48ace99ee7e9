"""Layers where operations are recorded or compiled: one graph, right at every size."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

from convbook import (
    AdaptiveAvgPool2d,
    Conv2d,
    ConvTranspose2d,
    Fold,
    GlobalAvgPool2d,
    LPPool2d,
    MaxPool2d,
    MaxUnpool2d,
    ReflectionPad2d,
    SymmetricPad2d,
    Unfold,
)


class ThereAndBack(nn.Module):
    """Sizes that a stride and a pooling take away come back by `output_size`."""

    def __init__(self) -> None:
        super().__init__()
        sides = ((1, 0), (0, 1))
        self.down, self.up = Conv2d(3, 6, 3, 2, sides), ConvTranspose2d(6, 3, 3, 2, sides)
        self.pool, self.unpool = MaxPool2d(2, return_indices=True), MaxUnpool2d(2)

    def forward(self, x):
        values, indices = self.pool(x)
        return self.up(self.down(x), x.shape[-2:]) + self.unpool(values, indices, x.shape)


class Layers(nn.Module):
    """Each kind of layer on one image."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                Conv2d(3, 6, 3, padding="same", padding_mode="circular"),
                Conv2d(3, 2, (3, 2), 2, ((0, 2), (1, 0)), padding_mode="symmetric"),
                nn.Sequential(ReflectionPad2d(1), Conv2d(3, 2, 3, groups=1)),
                ThereAndBack(),
                LPPool2d(2, 2, 1),
                Unfold(3, 2, 1, 2),
                nn.Sequential(AdaptiveAvgPool2d(2), nn.Flatten(2), Fold(5, 3, 1, 0, 2)),
            ]
        )

    def forward(self, x):
        x = torch.cat([x, x, x], 1)[:, :9]
        return [layer(x[:, :3] if i < 6 else x) for i, layer in enumerate(self.layers)]


class Plain(nn.Module):
    """The part that torch.fx can trace with torch's own layers too: nothing depends on a shape."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(Conv2d(3, 4, 3, padding="same", padding_mode="mirror"), nn.ReLU())
        self.pool, self.unpool = MaxPool2d(2, return_indices=True), MaxUnpool2d(2)
        self.up = ConvTranspose2d(4, 4, 3, 2, 1, 1)
        self.tail = nn.Sequential(SymmetricPad2d(1), Conv2d(4, 2, 3), AdaptiveAvgPool2d(3), GlobalAvgPool2d())

    def forward(self, x):
        y = self.stem(x)
        pooled = self.pool(y)
        y = y + self.unpool(pooled[0], pooled[1])
        return self.tail(self.up(y))


OTHERS = [(2, 3, 17, 19), (5, 3, 8, 11), (2, 3, 40, 33)]


def images(shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_an_export_holds_at_other_sizes():
    """A program exported at one size, batch, rows and columns left open, is right at others."""
    network = Layers().double()
    sizes = {"x": {0: torch.export.Dim.AUTO, 2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}}
    exported = torch.export.export(network, (images((2, 3, 12, 11)),), dynamic_shapes=sizes).module()
    for shape in OTHERS:
        x = images(shape)
        torch.testing.assert_close(list(exported(x)), network(x))


def test_a_compiled_network_holds_at_other_sizes():
    """One graph without a break, forward and backward, made once for all sizes."""
    torch.compiler.reset()
    network = Layers().double()
    compiled = torch.compile(network, fullgraph=True, backend="eager", dynamic=True)
    for shape in OTHERS[:2]:
        x = images(shape)
        found, wanted = compiled(x), network(x)
        torch.testing.assert_close(found, wanted)
        weights = list(network.parameters())
        gradients = [
            torch.autograd.grad(sum(y.square().sum() for y in ys), weights) for ys in (found, wanted)
        ]
        torch.testing.assert_close(*gradients)


def test_a_symbolic_trace_holds_at_other_sizes():
    """torch.fx records each layer's call; the graph is copied and pickled, and right at other sizes."""
    plain = Plain().double()
    traced = torch.fx.symbolic_trace(plain)
    called = [node.target.__name__ for node in traced.graph.nodes if node.op == "call_function"]
    assert {"conv2d", "conv_transpose2d", "max_pool2d", "max_unpool2d", "pad"} <= set(called)
    for graph in (traced, copy.deepcopy(traced), pickle.loads(pickle.dumps(traced))):
        for shape in [(2, 3, 12, 10), (5, 3, 8, 14)]:
            torch.testing.assert_close(graph(images(shape)), plain(images(shape)))


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_a_trace_holds_at_other_sizes():
    """The same of torch.jit.trace."""
    plain = Plain().double()
    traced = torch.jit.trace(plain, images((2, 3, 12, 10)))
    for shape in [(2, 3, 12, 10), (5, 3, 8, 14)]:
        torch.testing.assert_close(traced(images(shape)), plain(images(shape)))
