"""Pooling where operations are recorded, mapped or compiled: torch's own operations, at every size."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from convbook import AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, GlobalAvgPool2d, MaxPool2d
from tests.test_pooling import EVERY, each


class Together(torch.nn.Module):
    """All poolings of one image, so that one graph holds them."""

    def forward(self, x):
        return [pool(x) for pool in EVERY.values()]


@pytest.mark.slow
def test_under_compile():
    """All of them in one graph, without a break; forward and backward."""
    torch.compiler.reset()

    together = Together()
    compiled = torch.compile(together, fullgraph=True, backend="aot_eager", dynamic=False)
    x = torch.randn(2, 3, 7, 6, requires_grad=True)
    found, wanted = compiled(x), together(x)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(
        *(torch.autograd.grad(sum(y.square().sum() for y in ys), x)[0] for ys in (found, wanted))
    )


# With ceil_mode the number of windows is a choice between two, which a trace records as it was (torch warns)
# and an export guards.
OF_ANY_SIZE = torch.nn.ModuleList(
    [
        MaxPool2d(3, 2, 1, 2),
        AvgPool2d(3, 2, 1, count_include_pad=False),
        *(AdaptiveAvgPool2d(3), AdaptiveMaxPool2d((None, 4)), GlobalAvgPool2d()),
    ]
)
OTHERS = [(2, 3, 17, 19), (5, 2, 8, 7)]


class Layers(torch.nn.Module):
    """Those layers on one image."""

    def forward(self, x):
        return [layer(x) for layer in OF_ANY_SIZE]


def test_an_export_holds_at_other_sizes():
    """A program exported at one size gives the right numbers at another, larger and smaller."""
    sizes = {"x": dict.fromkeys(range(4), torch.export.Dim.AUTO)}
    exported = torch.export.export(Layers(), (torch.randn(2, 3, 12, 11),), dynamic_shapes=sizes).module()
    for shape in OTHERS:
        x = torch.randn(shape)
        torch.testing.assert_close(list(exported(x)), Layers()(x))


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_a_trace_holds_at_other_sizes():
    """The same of torch.jit.trace, where sizes are recorded too."""
    traced = torch.jit.trace(Layers(), torch.randn(2, 3, 12, 11))
    for shape in OTHERS:
        x = torch.randn(shape)
        torch.testing.assert_close(list(traced(x)), Layers()(x))


# The first use of forward mode loads a part of torch that calls torch.jit.script.
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
@each
def test_large_images_under_vmap_make_fx_and_forward_mode(pool):
    """Where operations are recorded or mapped, they are torch's: never a constant from another image."""
    x, other, tangent = (torch.randn(2, 3, 17, 16, dtype=torch.float64) for _ in range(3))
    torch.testing.assert_close(torch.func.vmap(pool)(x), pool(x))
    torch.testing.assert_close(make_fx(pool)(x)(other), pool(other))
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, tangent)
        found = torch.autograd.forward_ad.unpack_dual(pool(dual)).tangent
    torch.testing.assert_close(found, torch.func.jvp(pool, (x,), (tangent,))[1])
    tracked = x.clone().requires_grad_()
    y = pool(tracked)
    several = torch.randn(2, *y.shape, dtype=y.dtype)
    (batched,) = torch.autograd.grad(y, tracked, several, is_grads_batched=True, retain_graph=True)
    for one, gradient in zip(several, batched, strict=True):
        torch.testing.assert_close(torch.autograd.grad(y, tracked, one, retain_graph=True)[0], gradient)


@each
def test_on_meta_and_fake_devices(pool):
    """Shapes come out, everything stays on the input's device, and nothing reads a value."""
    wanted = pool(torch.rand(2, 3, 7, 6)).shape
    assert pool(torch.rand(2, 3, 7, 6, device="meta")).shape == wanted
    with FakeTensorMode():
        found = pool(torch.rand(2, 3, 7, 6, device="cuda"))
    assert found.shape == wanted
    assert found.device.type == "cuda"
