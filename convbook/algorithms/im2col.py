r"""Image to columns (im2col): each window a column, and the convolution is one matrix product.

.. math:: Y = W_{o,\,(c,a,b)}\; U_{(c,a,b),\,(i,j)}, \qquad U = \operatorname{unfold}(X)

Multiplications: the definition's, in the one routine that every machine has tuned best.  Memory: U, kernel
rows · kernel columns / (stride rows · stride columns) times the image; 3.6 GB for a 31×31 kernel on 1024²
pixels.  Accuracy: that of a matrix product.  Libraries took it for years, on small images with many channels.

References
----------
.. [1] K. Chellapilla, S. Puri and P. Simard, "High Performance Convolutional Neural Networks for Document
   Processing", 2006.  https://inria.hal.science/inria-00112631
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from convbook._judge import Setting
from convbook.algorithms._method import Method
from convbook.algorithms._steps import matmul, widened, with_bias
from convbook.windows import windows_as_columns


@widened
def im2col(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by multiplying the weight, a row for each output channel, with the matrix of the windows."""
    groups = setting.groups
    taps = math.prod(weight.shape[1:])
    columns = windows_as_columns(input, (weight.shape[2], weight.shape[3]), setting)
    u = torch.unflatten(columns, 1, (groups, taps))
    w = weight.reshape(groups, weight.shape[0] // groups, taps)
    y = matmul(w, u).flatten(1, 2)
    return with_bias(torch.unflatten(y, -1, setting.output_size), bias)


METHOD = Method("im2col", im2col, spreads="window", error=24)
