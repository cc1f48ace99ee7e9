"""Every operation under torch's transforms, and on tensors however they lie in memory.

A warning is an error here as everywhere: torch warns where it has no rule for ``vmap`` and loops instead.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from tests.operations import OPERATIONS, Operation

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


def energy(operation: Operation, *tensors: Tensor) -> Tensor:
    """Return a number whose gradient depends on all of the result."""
    return operation.run(*tensors).pow(2).sum()


@every_operation
def test_vmap_is_a_loop(operation: Operation) -> None:
    """Over a stack of images, or of weights, or of both: the answers are those of one call each."""
    ones = operation.tensors()
    stacks = [torch.stack([t, t / 2 + 1, t - 2]) for t in ones]
    for mapped in [(True,) * len(ones), *(tuple(i == j for j in range(len(ones))) for i in range(len(ones)))]:
        call = [s if m else t for s, t, m in zip(stacks, ones, mapped, strict=True)]
        got = torch.func.vmap(operation.run, in_dims=tuple(0 if m else None for m in mapped))(*call)
        for k in range(3):
            want = operation.run(*(t[k] if m else t for t, m in zip(call, mapped, strict=True)))
            torch.testing.assert_close(got[k], want, rtol=1e-9, atol=1e-9)


@every_operation
def test_a_gradient_for_each_sample_is_a_loop_of_gradients(operation: Operation) -> None:
    """vmap(grad), which per-sample gradients need, and the gradient through a vmap, by every tensor."""
    stacks = [torch.stack([t, t / 2 + 1]) for t in operation.tensors()]

    def total(*stacked: Tensor) -> Tensor:
        return torch.func.vmap(lambda *t: energy(operation, *t))(*stacked).sum()

    for i in range(len(stacks)):
        for_each = torch.func.vmap(torch.func.grad(lambda *t: energy(operation, *t), argnums=i))(*stacks)
        through = torch.func.grad(total, argnums=i)(*stacks)
        for k in range(2):
            leaves = [s[k].clone().requires_grad_(i == j) for j, s in enumerate(stacks)]
            (want,) = torch.autograd.grad(energy(operation, *leaves), leaves[i])
            torch.testing.assert_close(for_each[k], want, rtol=1e-9, atol=1e-9)
            torch.testing.assert_close(through[k], want, rtol=1e-9, atol=1e-9)


@every_operation
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # torch's own forward mode uses it
def test_forward_and_reverse_mode_are_transposes(operation: Operation) -> None:
    """⟨J v, u⟩ = ⟨v, Jᵀ u⟩ for random v and u, by all tensors at once."""
    tensors = tuple(operation.tensors())
    directions = tuple(torch.randn_like(t) for t in tensors)
    _, forward = torch.func.jvp(operation.run, tensors, directions)
    u = torch.randn_like(forward)
    _, pull = torch.func.vjp(operation.run, *tensors)
    backward = sum((g * v).sum() for g, v in zip(pull(u), directions, strict=True))
    torch.testing.assert_close((forward * u).sum(), backward, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "operation", [op for op in OPERATIONS if op.name.startswith(("conv2d_", "conv_matrix", "fold"))], ids=str
)
def test_compiled_without_a_break(operation: Operation) -> None:
    """The gradients as convolutions, a convolution's matrix, and fold; the others have tests of their own."""
    leaves = [t.requires_grad_() for t in operation.tensors()]
    compiled = torch.compile(operation.run, fullgraph=True, backend="aot_eager")(*leaves)
    plain = operation.run(*leaves)
    torch.testing.assert_close(compiled, plain)
    found, wanted = (torch.autograd.grad(y.pow(2).sum(), leaves) for y in (compiled, plain))
    torch.testing.assert_close(found, wanted)


def layouts(t: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield the numbers of a tensor, or some of them again and again, lying differently in memory."""
    if t.dim() == 4:
        yield "channels last", t.contiguous(memory_format=torch.channels_last)
    if t.dim() > 1:
        yield "columns first", t.mT.contiguous().mT
    every_second = t.new_zeros([2 * n for n in t.shape])[tuple(slice(None, None, 2) for _ in t.shape)]
    yield "every second number", every_second.copy_(t)
    yield "behind others", torch.cat([t.new_zeros(3), t.flatten()])[3:].view(t.shape)
    yield "one column for all", t[..., :1].expand(t.shape)
    yield "one for all", t.narrow(0, 0, 1).expand(t.shape)
    yield "a negative that waits", torch.complex(torch.zeros_like(t), -t).conj().imag


@every_operation
def test_how_a_tensor_lies_in_memory_does_not_matter(operation: Operation) -> None:
    """Value and gradient are those of a contiguous copy; the input stays as it was and is not shared."""
    plain = operation.tensors()
    for i in range(len(plain)):
        for name, view in layouts(plain[i]):
            before = view.clone(memory_format=torch.contiguous_format)
            results = []
            for tensor in (view, before.clone()):
                leaf = tensor.detach().requires_grad_()
                y = operation.run(*plain[:i], leaf, *plain[i + 1 :])
                assert y.untyped_storage().data_ptr() != view.untyped_storage().data_ptr()
                results.append((y, *torch.autograd.grad(y.pow(2).sum(), leaf)))
            torch.testing.assert_close(*results, rtol=1e-9, atol=1e-9, msg=lambda m, n=name: f"{n}: {m}")
            assert view.equal(before), name
