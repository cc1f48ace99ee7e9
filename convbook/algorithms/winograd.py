r"""Winograd: 3×3 kernels with fewer multiplications, for a few digits.

Two outputs of a filter with three taps need six multiplications by the definition, and four in another order;
in two dimensions 4×4 outputs need 36 instead of 144.  The idea is Lagrange's: a filter multiplies
polynomials, and polynomials can be multiplied at points ([1]_, [2]_).  With three constant matrices, for each
6×6 tile d of the image and each kernel g:

.. math:: Y = A^{\mathsf T} \bigl[ (G g G^{\mathsf T}) \odot (B^{\mathsf T} d B) \bigr] A

The sum over channels moves inside the brackets, where ⊙ becomes one matrix product for each of the 36 points.

- Multiplications: 36/16 = 2.25 for each output and channel with F(4,3), 4 with F(2,3); the definition needs
  9.  The transforms of image and output come on top, and pay only where many channels share them.
- Memory: the kernels at the 36 points, four times the weight, and 36/16 times image and output.
- Accuracy: the points 0, ±1, ±2 bring factors up to 8, and cancellation takes about two digits: 1e-5 of the
  largest number of the tile in float32.  That is why ``method="auto"`` never takes it.  NaN and Inf spread
  over the 4×4 outputs of their tile.

References
----------
.. [1] S. Winograd, "Arithmetic complexity of computations", SIAM, 1980.
   https://doi.org/10.1137/1.9781611970364
.. [2] A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016.
   https://doi.org/10.1109/CVPR.2016.435
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from convbook._judge import Setting
from convbook.algorithms._method import Method, floating
from convbook.algorithms._steps import widened, with_bias, with_padding

MATRICES: dict[int, tuple[list[list[float]], list[list[float]], list[list[float]]]] = {
    2: (
        [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 1, 1, 0], [0, 1, -1, -1]],
    ),
    4: (
        [
            [4, 0, -5, 0, 1, 0],
            [0, -4, -4, 1, 1, 0],
            [0, 4, -4, -1, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 2, -1, -2, 1, 0],
            [0, 4, 0, -5, 0, 1],
        ],
        [
            [1 / 4, 0, 0],
            [-1 / 6, -1 / 6, -1 / 6],
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ],
        [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
    ),
}
"""Bᵀ, G and Aᵀ of F(2,3) and F(4,3), as Lavin and Gray give them, by the outputs of a tile."""

OUTPUTS = 4
"""Outputs of a tile on each axis: F(4,3)."""


@widened
def winograd(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve with 3×3 kernels by products at 6×6 points.

    Examples
    --------
    >>> import torch
    >>> from convbook._judge import conv2d_setting
    >>> X, K = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3)
    >>> winograd(X, K, None, conv2d_setting(X, K)).round()
    tensor([[[[9., 9.],
              [9., 9.]]]])
    """
    (rows, columns), groups = setting.output_size, setting.groups
    to_image, to_kernel, to_output = (_matrix(numbers, input) for numbers in MATRICES[OUTPUTS])
    down, across, side = -(-rows // OUTPUTS), -(-columns // OUTPUTS), OUTPUTS + 2
    missing = (OUTPUTS * across - columns, OUTPUTS * down - rows)  # the last tiles may end beside the image
    x = F.pad(with_padding(input, setting), (0, missing[0], 0, missing[1]))
    tiles = _tiles(_tiles(x, 2, down, side), 4, across, side)  # (N, C, down, 6, across, 6)
    d = torch.einsum("px,nciyjx->nciyjp", to_image, tiles)
    d = torch.einsum("qy,nciyjp->nciqjp", to_image, d)
    g = torch.einsum("qa,ocab,pb->ocqp", to_kernel, weight, to_kernel)
    d = torch.unflatten(d, 1, (groups, weight.shape[1]))
    g = torch.unflatten(g, 0, (groups, -1))
    products = torch.einsum("ngciqjp,gocqp->ngoiqjp", d, g)
    y = torch.einsum("up,ngoiqjp->ngoiqju", to_output, products)
    y = torch.einsum("vq,ngoiqju->ngoivju", to_output, y)
    plane = y.flatten(1, 2).flatten(4, 5).flatten(2, 3)[:, :, :rows, :columns]
    return with_bias(plane.contiguous(), bias)


def _matrix(numbers: list[list[float]], like: Tensor) -> Tensor:
    """Return a small matrix on the device of the images, without copying a list from the host to it."""
    if like.device.type == "cpu":
        return torch.tensor(numbers, dtype=like.dtype, device=like.device)
    return torch.stack([torch.stack([like.new_full((), value) for value in row]) for row in numbers])


def _tiles(x: Tensor, dim: int, count: int, side: int) -> Tensor:
    """Split a dimension into `count` overlapping tiles of `side` numbers: (…, count, side, …)."""
    return torch.stack([x.narrow(dim, tile * OUTPUTS, side) for tile in range(count)], dim)


def _domain(input: Tensor, weight: Tensor, setting: Setting) -> str:
    kh, kw = weight.shape[2:]
    if (kh, kw) != (3, 3):
        return f"needs a 3×3 kernel, got {kh}×{kw}"
    if setting.stride != (1, 1) or setting.dilation != (1, 1):
        return f"needs stride 1 and dilation 1, got stride {setting.stride} and dilation {setting.dilation}"
    return floating(input, "its matrices hold fractions")


METHOD = Method("winograd", winograd, spreads="tile", error=512, domain=_domain)
