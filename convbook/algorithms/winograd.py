r"""Winograd: 3×3 kernels with fewer multiplications, for a few digits.

Two outputs of a filter with three taps need six multiplications by the definition, and four in a cleverer
order; in two dimensions 4×4 outputs need 36 instead of 144.  The trick is Lagrange's: a filter multiplies
polynomials, and polynomials can be multiplied at points ([1]_, [2]_).  With three constant matrices, for each
6×6 tile d of the image and each kernel g:

.. math:: Y = A^{\mathsf T} \bigl[ (G g G^{\mathsf T}) \odot (B^{\mathsf T} d B) \bigr] A

The sum over channels moves inside the brackets, where ⊙ becomes one matrix product for each of the 36 points.

- Multiplications: 36/16 = 2.25 for each output and channel with F(4,3), 4 with F(2,3); the definition needs
  9.  The transforms of image and output come on top, and pay only where many channels share them.
- Memory: 2.25 times input and output.
- Accuracy: the points 0, ±1, ±2 bring factors up to 8, and cancellation eats about two digits: 1e-5 of the
  largest output in float32. That is why `auto` never picks it: it is for those who ask.  NaN and Inf spoil
  the 4×4 outputs of their tile.
- Wins for 3×3 with 64 channels and more.

References
----------
.. [1] S. Winograd, "Arithmetic complexity of computations", SIAM, 1980.
   https://doi.org/10.1137/1.9781611970364
.. [2] A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016.
   https://doi.org/10.1109/CVPR.2016.435
"""

from __future__ import annotations

from torch import Tensor

from convbook._checks import Setting
from convbook.algorithms._by_hand import differentiable
from convbook.algorithms._exact import widened
from convbook.algorithms._shared import decline, declines_integers, with_bias, with_padding

__all__ = ["MATRICES", "winograd"]

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
"""Bᵀ, G and Aᵀ of F(2,3) and F(4,3), as in [2]_, by the outputs of a tile."""

OUTPUTS = 4
"""Outputs of a tile on each axis: F(4,3)."""


@differentiable
@declines_integers("winograd", "its matrices hold fractions")
@widened
def winograd(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
    """Convolve with 3×3 kernels by products at 6×6 points.

    Parameters
    ----------
    input : Tensor
        Shape (N, C, H, W), floating or complex.
    weight : Tensor
        Shape (O, C / groups, 3, 3).
    bias : Tensor or None
        Shape (O,).
    setting : Setting
        Judged padding, groups and output size; stride and dilation are 1.

    Returns
    -------
    Tensor
        Shape (N, O, rows, columns).

    Raises
    ------
    NotImplementedError
        For another kernel than 3×3, for stride or dilation, and for integers (the matrices hold fractions).

    Examples
    --------
    >>> import torch
    >>> from convbook._checks import conv2d_setting
    >>> X, K = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3)
    >>> winograd(X, K, None, conv2d_setting(X, K)).round()
    tensor([[[[9., 9.],
              [9., 9.]]]])
    """
    kh, kw = weight.shape[2:]
    if (kh, kw) != (3, 3):
        raise decline("winograd", f"needs a 3×3 kernel, got {kh}×{kw}", "im2col, band and fft")
    if setting.stride != (1, 1) or setting.dilation != (1, 1):
        raise decline(
            "winograd",
            f"needs stride 1 and dilation 1, got stride {setting.stride} and dilation {setting.dilation}",
            "im2col, band and shift",
        )
    to_image, to_kernel, to_output = (input.new_tensor(matrix) for matrix in MATRICES[OUTPUTS])
    rows, columns = setting.output_size
    tiles = _tiles(with_padding(input, setting.padding), rows, columns)
    at_points = _products(_both_sides(to_image, tiles), _both_sides(to_kernel, weight), setting.groups)
    y = _both_sides(to_output, at_points)  # (N, O, tiles down, tiles along, 4, 4)
    y = y.transpose(3, 4).flatten(4, 5).flatten(2, 3)[:, :, :rows, :columns]
    return with_bias(y, bias).contiguous()


def _tiles(input: Tensor, rows: int, columns: int) -> Tensor:
    """Return the overlapping 6×6 tiles, a view of shape (N, C, tiles down, tiles along, 6, 6)."""
    down, along = -(-rows // OUTPUTS), -(-columns // OUTPUTS)
    side = OUTPUTS + 2
    missing = ((0, down * OUTPUTS + 2 - input.shape[2]), (0, along * OUTPUTS + 2 - input.shape[3]))
    return with_padding(input, missing).unfold(2, side, OUTPUTS).unfold(3, side, OUTPUTS)


def _both_sides(matrix: Tensor, planes: Tensor) -> Tensor:
    """Return M P Mᵀ for each plane P: the one-dimensional transform along columns and rows."""
    return matrix @ planes @ matrix.mT


def _products(image: Tensor, kernel: Tensor, groups: int) -> Tensor:
    """Return Σ_channels kernel ⊙ image: a matrix product over channels at each of the 36 points."""
    batch, _, down, along, side, _ = image.shape
    outputs, depth = kernel.shape[:2]
    at_points = image.view(batch, groups, depth, down * along, side * side).permute(4, 1, 2, 0, 3)
    at_points = at_points.reshape(side * side, groups, depth, batch * down * along)
    weights = kernel.view(groups, outputs // groups, depth, side * side).permute(3, 0, 1, 2)
    sums = (weights @ at_points).view(side, side, groups, outputs // groups, batch, down, along)
    return sums.permute(4, 2, 3, 5, 6, 0, 1).flatten(1, 2)
