"""Torch's own convolution, with its known faults cured.

What ``torch.nn.functional.conv2d`` of torch 2.13 leaves to be done, each held by a test:

* on the CPU some tiny float16 convolutions with stride and dilation crash the process inside oneDNN, and
  bfloat16 is not always summed in float32: both go through float32;
* integers: int64 alone is meant to work; the others go through it, and off the CPU through im2col;
* oneDNN leaves the padded taps out, so that an Inf in the kernel times a zero of the padding is 0 and not
  NaN, and an Inf in the gradient likewise: on the CPU the zeros are added first, which costs a copy of the
  image, where the weights are not seen to be finite or a gradient is asked for;
* padding with different rows at the top and at the bottom does not exist: there, too, zeros are added first;
* an input without channels, or without images, is refused or loses its gradient: im2col takes it.

On the CPU, float32 goes to oneDNN, which prepares each call and pads few channels to sixteen; the other
dtypes go through an im2col of torch's.  What other images of the batch hold changes no bit of a result;
another *number* of images, or another layout in memory, may change the order in which oneDNN sums, and so the
last bits.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from convbook._judge import NO_PADDING, Setting
from convbook.algorithms._method import Method
from convbook.algorithms._steps import finite_sum, widened, with_padding
from convbook.algorithms.im2col import im2col


def torch_(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by ``torch.nn.functional.conv2d``."""
    number = input.is_cpu or input.is_floating_point() or input.is_complex()
    if input.shape[0] == 0 or input.shape[1] == 0 or not number:
        return im2col(input, weight, bias, setting)
    if input.is_cpu:
        return _after_padding(input, weight, bias, setting)
    (top, bottom), (left, right) = setting.padding
    if top != bottom or left != right:
        input, top, left = with_padding(input, setting), 0, 0
    return F.conv2d(input, weight, bias, setting.stride, (top, left), setting.dilation, setting.groups)


@widened
def _after_padding(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    (top, bottom), (left, right) = setting.padding
    even = top == bottom and left == right
    if setting.padding != NO_PADDING and not (even and _may_leave_zeros_out(input, weight)):
        input, top, left = with_padding(input, setting), 0, 0
    return F.conv2d(input, weight, bias, setting.stride, (top, left), setting.dilation, setting.groups)


def _may_leave_zeros_out(input: Tensor, weight: Tensor) -> bool:
    """Return whether all weights are seen to be finite, and no gradient will come back to meet zeros."""
    if torch.is_grad_enabled() and (input.requires_grad or weight.requires_grad):
        return False
    return finite_sum(weight)


METHOD = Method("torch", torch_, spreads="window", error=24)
