r"""Half lowering: copy each pixel once a kernel column, not once a tap.

im2col writes each pixel kh·kw times, so that a convolution becomes one matrix product.  Only the columns need
that.  Write each image row kw times, moved by one pixel each time, the copies below each other:

.. math:: Z_{r,\,b,\,j} = X_{r,\;s_w j + d_w b}

Row i of the output is then a sum of kh small products, each of one kernel row with one row of Z:

.. math:: Y_i = \sum_{a} W_{\cdot,a,\cdot}\; Z_{s_h i + d_h a}

- Multiplications: the definition's.
- Memory: Z, which is kw times as large as the image, where im2col takes kh·kw times as much.
- Accuracy: that of the definition in another order of summing; integers exact; nothing spreads.

References
----------
.. [1] M. Cho and D. Brand, "MEC: memory-efficient convolution for deep neural network", ICML 2017.
   https://doi.org/10.48550/arXiv.1706.06873
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from convbook._judge import Setting
from convbook.algorithms._method import Method
from convbook.algorithms._steps import every, matmul, widened, with_bias, with_padding


@widened
def lowering(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by adding, for each kernel row, its products with the image's rows.

    Examples
    --------
    >>> import torch
    >>> from convbook._judge import conv2d_setting
    >>> X, K = torch.arange(9).reshape(1, 1, 3, 3), torch.arange(4).reshape(1, 1, 2, 2)
    >>> lowering(X, K, None, conv2d_setting(X, K))
    tensor([[[[19, 25],
              [37, 43]]]])
    """
    (rows, columns), (down, across), (gap, apart) = setting.output_size, setting.stride, setting.dilation
    _, depth, kh, kw = weight.shape
    x = torch.unflatten(with_padding(input, setting), 1, (setting.groups, depth))
    moved = [every(x, -1, b * apart, across, columns) for b in range(kw)]
    z = (
        torch.stack(moved, 3).permute(0, 1, 4, 2, 3, 5).flatten(3, 4)
    )  # (N, groups, image rows, C · kw, columns)
    w = (
        torch.unflatten(weight, 0, (setting.groups, -1)).permute(3, 0, 1, 2, 4).flatten(3)
    )  # (kh, groups, O, C · kw)
    products = [matmul(w[a].unsqueeze(1), every(z, 2, a * gap, down, rows)) for a in range(kh)]
    y = functools.reduce(torch.add, products)  # (N, groups, rows, O, columns)
    return with_bias(y.movedim(2, 3).flatten(1, 2), bias)


METHOD = Method("lowering", lowering, spreads="window", error=24)
