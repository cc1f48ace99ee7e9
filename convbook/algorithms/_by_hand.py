"""Gradients by hand: whatever algorithm goes forward, the way back is a convolution too.

An algorithm that writes into buffers, or factors its kernel, cannot be differentiated step by step, and need
not be: a convolution is linear in the image and in the kernel, so both gradients are known beforehand ([1]_,
chapter 4):

- the image's gradient is the output's gradient correlated with the kernel turned by 180°;
- the kernel's gradient is the image correlated with the output's gradient.

:class:`Correlation` says so to autograd once, for every algorithm, together with the rules of ``torch.func``:
under ``vmap`` a batch of images joins the batch, and a batch of kernels becomes groups.

References
----------
.. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016.
   https://doi.org/10.48550/arXiv.1603.07285
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor

from convbook._checks import HALVES, Setting
from convbook.algorithms._shared import Algorithm, with_padding
from convbook.algorithms.torch_ import torch_

Gradients = tuple[Tensor | None, Tensor | None]


def differentiable(method: Algorithm) -> Algorithm:
    """Give an algorithm that only goes forward its gradients, and its rules under ``torch.func``."""

    @functools.wraps(method)
    def wrapped(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
        if torch._C._are_functorch_transforms_active():
            rule: type[torch.autograd.Function] = UnderTransforms
        elif torch.autograd.forward_ad._current_level >= 0 or _needs_gradient(input, weight, bias):
            rule = Correlation
        else:
            return method(input, weight, bias, setting)
        result: Tensor = rule.apply(input, weight, bias, setting, method)  # type: ignore[no-untyped-call]
        return result

    return wrapped


def _needs_gradient(*tensors: Tensor | None) -> bool:
    return torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)


class Correlation(torch.autograd.Function):
    """A convolution computed by any algorithm, differentiated by what a convolution is."""

    @staticmethod
    def forward(
        ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting, method: Algorithm
    ) -> Tensor:
        """Run the algorithm, and remember what a product's derivative needs: both factors."""
        _remember(ctx, input, weight, bias, setting)
        return method(input, weight, bias, setting)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of image, kernel and bias."""
        (grad,) = grads
        input, weight = ctx.saved_tensors
        of_input, of_weight = gradients(grad, input, weight, ctx.setting, ctx.needs_input_grad[:2])
        of_bias = grad.sum((0, 2, 3)) if ctx.biased and ctx.needs_input_grad[2] else None
        return of_input, of_weight, of_bias, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        """Return the change of the output, for forward-mode differentiation: the product rule."""
        of_input, of_weight, of_bias = tangents[:3]
        input, weight = ctx.saved_tensors
        parts = []
        if of_input is not None:
            parts.append(torch_(of_input, weight, None, ctx.setting))
        if of_weight is not None:
            parts.append(torch_(input, of_weight, None, ctx.setting))
        if of_bias is not None:
            rows, columns = ctx.setting.output_size
            parts.append(of_bias.view(-1, 1, 1).expand(input.shape[0], -1, rows, columns).clone())
        change = parts[0]
        for part in parts[1:]:
            change = change + part
        return change


class UnderTransforms(Correlation):
    """The same under ``torch.func``, which wants forward and context apart; that costs 0.2 ms a call."""

    @staticmethod
    def forward(  # type: ignore[override]
        input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting, method: Algorithm
    ) -> Tensor:
        """Run the algorithm."""
        return method(input, weight, bias, setting)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Remember both factors."""
        _remember(ctx, *inputs[:4])

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> tuple[Tensor, int]:
        """Fold the mapped dimension into the batch or, where the kernel is mapped too, into the groups."""
        input, weight, bias, setting, method = args
        at_input, at_weight, at_bias = in_dims[:3]
        run, many = differentiable(method), info.batch_size
        if at_input is not None:
            input = input.movedim(at_input, 0)
        if at_weight is not None:
            output = _as_groups(run, input, at_input is None, weight.movedim(at_weight, 0), setting)
        elif at_input is not None:
            output = run(input.flatten(0, 1), weight, None, setting)
            output = output.reshape(many, input.shape[1], *output.shape[1:])
        else:
            output = run(input, weight, None, setting).unsqueeze(0)
        if bias is not None:
            bias = bias.movedim(at_bias, 0) if at_bias is not None else bias.unsqueeze(0)
            output = output + bias[:, None, :, None, None]
        return output.expand(many, *output.shape[1:]), 0


def _as_groups(run: Algorithm, input: Tensor, shared: bool, weight: Tensor, setting: Setting) -> Tensor:
    """Convolve with many kernel stacks at once, (many, O, …): each becomes a group with its own input."""
    many = weight.shape[0]
    side_by_side = input.unsqueeze(1).expand(-1, many, -1, -1, -1) if shared else input.transpose(0, 1)
    grouped = setting._replace(groups=many * setting.groups)
    output = run(side_by_side.flatten(1, 2), weight.flatten(0, 1), None, grouped)
    return output.reshape(output.shape[0], many, weight.shape[1], *output.shape[2:]).transpose(0, 1)


def _remember(ctx: Any, input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> None:
    ctx.setting, ctx.biased = setting, bias is not None
    ctx.save_for_backward(input, weight)
    ctx.save_for_forward(input, weight)


def gradients(
    grad: Tensor, input: Tensor, weight: Tensor, setting: Setting, needed: tuple[bool, bool]
) -> Gradients:
    """Return the gradients of image and kernel, themselves differentiable: torch's own, on any device."""
    if grad.is_complex():
        pull = torch.func.vjp(lambda x, w: torch_(x, w, None, setting), input, weight)[1]
        of_input, of_weight = pull(grad)
        return of_input if needed[0] else None, of_weight if needed[1] else None
    if grad.dtype in HALVES:
        wide = gradients(grad.float(), input.float(), weight.float(), setting, needed)
        return (
            None if wide[0] is None else wide[0].to(grad.dtype),
            None if wide[1] is None else wide[1].to(grad.dtype),
        )
    (top, bottom), (left, right) = setting.padding
    even = top == bottom and left == right
    through = torch.ops.aten.convolution_backward(
        grad,
        input if even else with_padding(input, setting.padding),
        weight,
        None,
        setting.stride,
        (top, left) if even else (0, 0),
        setting.dilation,
        False,
        (0, 0),
        setting.groups,
        (*needed, False),
    )
    of_image: Tensor | None = through[0] if needed[0] else None
    if of_image is not None and not even:
        rows, columns = input.shape[-2:]
        of_image = of_image[..., top : top + rows, left : left + columns]
    return of_image, through[1] if needed[1] else None
