r"""Shift and add: the loops turned inside out, over the taps instead of over the output.

.. math::
    Y = \sum_{a} \sum_{b} W_{\cdot,\cdot,a,b} \cdot S_{a,b} X, \qquad
    (S_{a,b} X)_{i,j} = X_{s_h i + d_h a,\;s_w j + d_w b}

Each tap sees the whole image, shifted by (a, b) and thinned by the stride: a slice, no copy.  What it adds to
the output is that slice with its channels mixed by a small matrix.

Multiplications: as many as the definition's, in kernel rows · kernel columns calls, whatever the image's
size.  Memory: two outputs.  Accuracy: sums of as many terms, channels first.  Wins over the definition from
the second output cell on, and over im2col where its matrix would not fit into memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._exact import matmul, widened
from convbook.algorithms._shared import with_bias
from convbook.windows import padded


@widened
def shift(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by adding one shifted image for each tap of the kernel."""
    x = torch.unflatten(padded(input, setting.padding), 1, (setting.groups, weight.shape[1]))
    w = torch.unflatten(weight, 0, (setting.groups, -1))
    terms = (
        matmul(w[..., a, b], _seen_by_tap(x, a, b, setting).flatten(-2))
        for a in range(weight.shape[2])
        for b in range(weight.shape[3])
    )
    total = next(terms)
    for term in terms:
        total = total + term
    return with_bias(torch.unflatten(total.flatten(1, 2), -1, setting.output_size), bias)


def _seen_by_tap(x: Tensor, a: int, b: int, setting: Setting) -> Tensor:
    """Slice of the padded image that tap (a, b) meets, one number for each output cell."""
    (rows, columns), (down, across) = setting.output_size, setting.stride
    top, left = a * setting.dilation[0], b * setting.dilation[1]
    return x[
        ...,
        top : top + down * (rows - 1) + 1 : down,
        left : left + across * (columns - 1) + 1 : across,
    ]
