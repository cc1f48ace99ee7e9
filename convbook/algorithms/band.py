r"""Band: a few output rows at once are a small band matrix times a few image rows.

Write kernel column c as a matrix that makes b output rows from the b + kh − 1 image rows above them.  It is a
band, each row the column moved one step on (a Toeplitz matrix), here for kh = 3 and b = 4:

.. math:: T_c = \begin{pmatrix} K_{0c} & K_{1c} & K_{2c} & & & \\ & K_{0c} & K_{1c} & K_{2c} & & \\
          & & K_{0c} & K_{1c} & K_{2c} & \\ & & & K_{0c} & K_{1c} & K_{2c} \end{pmatrix},
          \qquad Y_{\text{block}} = \sum_{c} T_c\, X_{\text{block},\; c : c + \text{columns}}

- Multiplications: b + kh − 1 where the definition needs kh, for each output and kernel column: the band's
  zeros are multiplied too.  A matrix product does them at several times the speed of anything else.
- Memory: the blocks of image rows overlap by kh − 1 rows.
- Accuracy: that of the definition in another order of summing; integers exact.  NaN and Inf spread over the
  b rows of their block, because 0·∞ is not 0.

References
----------
.. [1] G. H. Golub and C. F. Van Loan, "Matrix computations", 4th edition, 2013, section 4.7 (Toeplitz
   matrices). https://doi.org/10.56021/9781421407944
"""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

from convbook._judge import Setting
from convbook.algorithms._method import Method
from convbook.algorithms._steps import every, matmul, widened, with_bias, with_padding

BLOCK = 4
"""Output rows in one block: more make larger products, and more zeros in them."""


@widened
def band(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve by products with band matrices, one for each kernel column.

    Examples
    --------
    >>> import torch
    >>> from convbook._judge import conv2d_setting
    >>> X, K = torch.arange(9).reshape(1, 1, 3, 3), torch.arange(4).reshape(1, 1, 2, 2)
    >>> band(X, K, None, conv2d_setting(X, K))
    tensor([[[[19, 25],
              [37, 43]]]])
    """
    (rows, columns), (down, across), (gap, apart) = setting.output_size, setting.stride, setting.dilation
    outputs, depth, _, kw = weight.shape
    groups, blocks = setting.groups, -(-rows // BLOCK)
    bands = band_matrices(weight.movedim(3, 0), BLOCK, down, gap)  # (kw, O, C, block, tall)
    tall = bands.shape[-1]
    x = with_padding(input, setting)
    missing = (blocks - 1) * BLOCK * down + tall - x.shape[2]  # the last block may end below the image
    x = F.pad(x, (0, 0, 0, max(missing, 0)))
    stacked = stacks(x, blocks, BLOCK * down, tall)  # (N, C, blocks, tall, image columns)
    by_group = torch.unflatten(stacked, 1, (groups, depth)).movedim(2, 3).flatten(3, 4)
    matrices = torch.unflatten(bands, 1, (groups, -1)).permute(0, 1, 2, 4, 3, 5).flatten(4).flatten(2, 3)
    products = [
        matmul(matrices[b].unsqueeze(1), every(by_group, -1, b * apart, across, columns)) for b in range(kw)
    ]
    y = torch.unflatten(functools.reduce(torch.add, products), 3, (outputs // groups, BLOCK))
    y = y.movedim(2, 3)  # (N, groups, O, blocks, block, columns)
    return with_bias(y.flatten(3, 4)[:, :, :, :rows].flatten(1, 2), bias)


def band_matrices(columns: Tensor, block: int, stride: int = 1, dilation: int = 1) -> Tensor:
    """Return the band matrices that make `block` output rows from the rows above them.

    Parameters
    ----------
    columns : Tensor
        Kernel columns, shape (…, kh).
    block : int
        Output rows.
    stride, dilation : int, optional
        The convolution's, along this axis.

    Returns
    -------
    Tensor
        Shape (…, block, rows): entry (p, p·stride + a·dilation) is column entry a, all others are zero.

    Examples
    --------
    >>> band_matrices(torch.tensor([1, 2]), 3)
    tensor([[1, 2, 0, 0],
            [0, 1, 2, 0],
            [0, 0, 1, 2]])
    """
    kh = columns.shape[-1]
    rows = (block - 1) * stride + (kh - 1) * dilation + 1
    apart = F.pad(columns.unsqueeze(-1), (0, dilation - 1)).flatten(-2)  # dilation − 1 zeros after each entry
    moved = [F.pad(apart, (p * stride, rows)).narrow(-1, 0, rows) for p in range(block)]
    return torch.stack(moved, -2)


def stacks(x: Tensor, blocks: int, step: int, tall: int) -> Tensor:
    """Return blocks of `tall` image rows, `step` rows apart: (N, C, blocks, tall, columns)."""
    return torch.stack([x.narrow(2, block * step, tall) for block in range(blocks)], 2)


METHOD = Method("band", band, spreads="block", error=24)
