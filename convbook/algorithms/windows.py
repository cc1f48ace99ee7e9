r"""All windows at once: the formula as one einsum over the strided view.

.. math::
    Y_{n,o,i,j} = \sum_{c,a,b} V_{n,c,i,j,a,b}\, W_{o,c,a,b}, \qquad
    V_{n,c,i,j,a,b} = X_{n,c,\;s_h i + d_h a,\;s_w j + d_w b}

The view V costs nothing (:func:`convbook.sliding_windows`); the einsum's letters are the formula's indices.

Multiplications: the definition's.  Memory: inside, the einsum lays V out for a matrix product, so as much as
im2col.  Accuracy: that of a matrix product.  It is the shortest form that any setting can take.
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook._judge import Setting
from convbook.algorithms._method import Method
from convbook.algorithms._steps import widened, with_bias, with_padding
from convbook.windows import sliding_windows


@widened
def windows(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by one product and sum over the view of all windows."""
    kernel = (weight.shape[2], weight.shape[3])
    x = with_padding(input, setting)
    view = sliding_windows(x, kernel, setting.stride, setting.dilation, setting.output_size)
    v = torch.unflatten(view, 1, (setting.groups, weight.shape[1]))
    w = torch.unflatten(weight, 0, (setting.groups, -1))
    if input.is_floating_point() or input.is_complex() or input.device.type == "cpu":
        y = torch.einsum("ngcijab, gocab -> ngoij", v, w)
    else:  # matrix products of other devices, einsum's among them, know no integers
        y = (v.unsqueeze(2) * w[:, :, :, None, None]).sum((3, -2, -1))
    return with_bias(y.flatten(1, 2), bias)


METHOD = Method("windows", windows, spreads="window", error=24)
