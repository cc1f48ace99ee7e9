r"""The transposed convolution: each input cell stamps the kernel, times its value, into the output.

.. math::
    Y_{n,o,\;s_h i + d_h a - p_h,\;s_w j + d_w b - p_w} \mathrel{+}= \sum_{c} X_{n,c,i,j}\, W_{c,o,a,b}

im2col read backwards: there the windows are laid out (unfold) and multiplied with W; here the input is
multiplied with the transposed W, which gives the windows, and fold adds them up where they overlap.

Multiplications: batch · input channels · input cells · output channels of a group · taps.  Memory: one window
for each input cell.  Accuracy: that of a matrix product and a sum over the overlapping stamps.

References
----------
.. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.
   https://doi.org/10.48550/arXiv.1603.07285
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from convbook._judge import Setting, TransposedSetting, accumulator
from convbook.algorithms._steps import matmul, with_bias
from convbook.windows import columns_as_windows


def stamps(input: Tensor, weight: Tensor, bias: Tensor | None, setting: TransposedSetting) -> Tensor:
    """Convolve, transposed, by one matrix product and a fold."""
    dtype = input.dtype
    wide = accumulator(dtype)
    kernel = (weight.shape[2], weight.shape[3])
    channels, taps = weight.shape[0] // setting.groups, math.prod(weight.shape[1:])
    x = torch.unflatten(input.to(wide).flatten(2), 1, (setting.groups, channels))
    w = weight.to(wide).reshape(setting.groups, channels, taps)
    columns = matmul(w.transpose(1, 2), x).flatten(1, 2)
    where = Setting(setting.stride, setting.padding, setting.dilation, 1, (input.shape[2], input.shape[3]))
    y = columns_as_windows(columns, setting.output_size, kernel, where)
    return with_bias(y, None if bias is None else bias.to(wide)).to(dtype)


def torch_transposed(
    input: Tensor, weight: Tensor, bias: Tensor | None, setting: TransposedSetting
) -> Tensor:
    """Convolve, transposed, by ``torch.nn.functional.conv_transpose2d``; by stamps what it cannot do.

    On the CPU half types go through float32 and integers through int64, as in
    :mod:`convbook.algorithms.torch_`.
    """
    number = input.is_floating_point() or input.is_complex()
    on_cpu = input.device.type == "cpu"
    if input.shape[0] == 0 or not (number or on_cpu):
        return stamps(input, weight, bias, setting)
    wide = accumulator(input.dtype) if on_cpu else input.dtype
    (top, bottom), (left, right) = setting.padding
    cut = (min(top, bottom), min(left, right))  # torch cuts both ends alike; the rest is cut off below
    y = F.conv_transpose2d(
        input.to(wide),
        weight.to(wide),
        None if bias is None else bias.to(wide),
        setting.stride,
        cut,
        setting.output_padding,
        setting.groups,
        setting.dilation,
    )
    if top != bottom or left != right:
        rows, columns = setting.output_size
        y = y.narrow(2, top - cut[0], rows).narrow(3, left - cut[1], columns)
        y = y.clone(memory_format=torch.contiguous_format)  # contiguous() would fix an export's open sizes
    return y.to(input.dtype)
