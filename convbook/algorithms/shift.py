r"""Shift and add: the loops turned inside out, over the taps instead of over the output.

.. math::
    Y = \sum_{a} \sum_{b} W_{\cdot,\cdot,a,b} \cdot S_{a,b} X, \qquad
    (S_{a,b} X)_{i,j} = X_{s_h i + d_h a,\;s_w j + d_w b}

Each tap multiplies the whole image, shifted by (a, b) and thinned by the stride: a slice, no copy.  What it
adds to the output is that slice with its channels mixed by a small matrix.

Multiplications: as many as the definition's, in kernel rows · kernel columns calls, whatever the image's
size.  Memory: two outputs.  Accuracy: sums of as many terms, channels first.  It is quicker than the
definition from the second output cell on, and takes less memory than im2col.
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._judge import Setting
from convbook.algorithms._method import Method
from convbook.algorithms._steps import every, matmul, widened, with_bias, with_padding


@widened
def shift(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by adding one shifted image for each tap of the kernel."""
    x = torch.unflatten(with_padding(input, setting), 1, (setting.groups, weight.shape[1]))
    w = torch.unflatten(weight, 0, (setting.groups, -1))
    terms = (
        matmul(w[..., a, b], seen_by_tap(x, a, b, setting).flatten(-2))
        for a in range(weight.shape[2])
        for b in range(weight.shape[3])
    )
    total = next(terms)
    for term in terms:
        total = total + term
    return with_bias(torch.unflatten(total.flatten(1, 2), -1, setting.output_size), bias)


def seen_by_tap(x: Tensor, a: int, b: int, setting: Setting) -> Tensor:
    """Return the part of the padded image that tap (a, b) multiplies, one number for each output cell."""
    (rows, columns), (down, across) = setting.output_size, setting.stride
    below = every(x, -2, a * setting.dilation[0], down, rows)
    return every(below, -1, b * setting.dilation[1], across, columns)


METHOD = Method("shift", shift, spreads="window", error=24)
