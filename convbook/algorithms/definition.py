r"""The definition: one window, one product, one sum for each cell of the output.

.. math::
    Y_{n,o,i,j} = b_o + \sum_{c} \sum_{a} \sum_{b}
    X_{n,\;c_0(o) + c,\;s_h i + d_h a,\;s_w j + d_w b}\, W_{o,c,a,b}

where X has its zeros around it already and :math:`c_0(o)` is the first channel of the group of o.

Multiplications: batch · output channels · output cells · channels of a group · taps; each cell costs a few
calls of the interpreter.  Memory: the output.  Accuracy: that of a plain sum.  It is the
slowest; every other method is compared with it, and shares no code with it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._forms import Sides
from convbook._judge import Setting, accumulator
from convbook.algorithms._method import Method


def definition(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by loops over the output's cells; the batch alone goes in parallel."""
    wide = accumulator(input.dtype)
    x = _zeros_around(input.to(wide), setting.padding)
    w = weight.to(wide)
    outputs, channels, kernel_rows, kernel_columns = w.shape
    (down, across), (gap_rows, gap_columns) = setting.stride, setting.dilation
    planes = []
    for o in range(outputs):
        first = o // (outputs // setting.groups) * channels
        plane = []
        for i in range(setting.output_size[0]):
            row = []
            for j in range(setting.output_size[1]):
                window = x[
                    :,
                    first : first + channels,
                    i * down : i * down + gap_rows * (kernel_rows - 1) + 1 : gap_rows,
                    j * across : j * across + gap_columns * (kernel_columns - 1) + 1 : gap_columns,
                ]
                row.append((window * w[o]).sum((1, 2, 3)))
            plane.append(torch.stack(row, -1))
        planes.append(torch.stack(plane, -2))
    y = torch.stack(planes, 1)
    if bias is not None:
        y = y + bias.to(wide)[:, None, None]
    return y.to(input.dtype)


def _zeros_around(x: Tensor, padding: Sides) -> Tensor:
    (top, bottom), (left, right) = padding
    above, below = (x.new_zeros((*x.shape[:-2], rows, x.shape[-1])) for rows in (top, bottom))
    x = torch.cat([above, x, below], -2)
    before, after = (x.new_zeros((*x.shape[:-1], columns)) for columns in (left, right))
    return torch.cat([before, x, after], -1)


METHOD = Method("definition", definition, spreads="window", error=24)
