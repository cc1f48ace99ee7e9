"""Torch's own convolution, with its known faults cured.

What ``torch.nn.functional.conv2d`` of torch 2.13 leaves to be done, each held by a test:

* on the CPU some tiny float16 convolutions with stride and dilation crash the process inside oneDNN, and
  bfloat16 is not always summed in float32: both go through float32;
* integers: int64 alone is meant to work; the others go through it, and off the CPU through im2col;
* padding with different rows at the top and at the bottom does not exist: the zeros are added first;
* oneDNN leaves the padded taps out, so that an Inf in the kernel times a zero of the padding is 0 and not
  NaN: a kernel that is not finite meets real zeros;
* an input without channels is refused.

Torch computes by one of two libraries, and takes oneDNN for any float32 kernel with both sides above 3 or
batch above 1.  oneDNN has to prepare each call, and pads one channel to sixteen; torch's older im2col begins
at once.  ``torch_im2col`` asks for that one; the plan says where it is the quicker.

Multiplications, memory and accuracy: the library's affair; see the chapter on algorithms for measurements.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from convbook._checks import NO_PADDING, Setting
from convbook.algorithms._exact import readable, widened
from convbook.algorithms.im2col import im2col
from convbook.windows import padded


def torch_(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by ``torch.nn.functional.conv2d``."""
    if input.shape[0] == 0 or input.shape[1] == 0:
        return im2col(input, weight, bias, setting)
    if input.device.type == "cpu":
        return _on_cpu(input, weight, bias, setting)
    if input.is_floating_point() or input.is_complex():
        return _call(input, weight, bias, setting)
    return im2col(input, weight, bias, setting)


def torch_im2col(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by the im2col that torch keeps for what oneDNN declines; without dilation and groups.

    The zeros of the padding are zeros there, also for an Inf in the kernel.  The cost model declines dilated
    and grouped calls, so none comes here.
    """
    (top, bottom), (left, right) = setting.padding
    if top != bottom or left != right:
        input = padded(input, setting.padding)
        top = left = 0
    # torch.nn.functional takes its own functions from there too, but the stubs leave this one out.
    result: Tensor = torch._C._nn.thnn_conv2d(  # type: ignore[attr-defined]
        input, weight, weight.shape[2:], bias, setting.stride, (top, left)
    )
    return result


@widened
def _on_cpu(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    # Only float32 goes to oneDNN.
    if setting.padding != NO_PADDING and weight.dtype == torch.float32 and not _known_finite(weight):
        input, setting = padded(input, setting.padding), setting._replace(padding=NO_PADDING)
    return _call(input, weight, bias, setting)


def _call(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    (top, bottom), (left, right) = setting.padding
    if top != bottom or left != right:
        input = padded(input, setting.padding)
        top = left = 0
    return F.conv2d(input, weight, bias, setting.stride, (top, left), setting.dilation, setting.groups)


def _known_finite(x: Tensor) -> bool:
    """Tell whether all numbers are seen to be finite; a sum that overflows only costs time."""
    return readable(x) and bool(x.detach().sum().isfinite())
