"""A convolution as a dense layer: its matrix, what is special about it, and the way back to a kernel.

A dense layer from image to image has one weight for each pair of an output cell and an input pixel.  Two
demands leave a convolution of it ([1]_, section 7.1):

* *translation invariance*: the weight depends on the offset between cell and pixel alone, not on where they
  are;
* *locality*: far offsets have weight 0.

References
----------
.. [1] A. Zhang, Z. Lipton, M. Li and A. Smola, "Dive into Deep Learning", 2023, section 7.1.
   https://doi.org/10.48550/arXiv.2106.11342
.. [2] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, section 4.1.
   https://doi.org/10.48550/arXiv.1603.07285
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from convbook import _judge
from convbook.windows import padded, windows_as_columns

if TYPE_CHECKING:
    from convbook._forms import IntOrPair, PaddingLike, Pair

__all__ = ["MatrixStructure", "conv_matrix", "dense_by_offset", "matrix_structure", "nearest_kernel"]


def conv_matrix(
    weight: Tensor,
    input_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Tensor:
    r"""Write a convolution as the weight matrix of a dense layer.

    ``conv_matrix(weight, X.shape[-2:]) @ X.flatten()`` is ``conv2d(X, weight).flatten()``.  Each row belongs
    to one output cell and holds the kernel's numbers at the pixels of its window, and 0 elsewhere.

    Parameters
    ----------
    weight : Tensor
        Shape (output channels, channels / groups, kernel rows, kernel columns).
    input_size : int or pair of int
        Rows and columns of the image.
    stride, padding, dilation, groups
        As for :func:`conv2d`.

    Returns
    -------
    Tensor
        Shape (output channels · output rows · output columns, channels · rows · columns), differentiable by
        `weight`.

    Raises
    ------
    ValueError
        If the setting is impossible, or the matrix would have more than 2²⁸ entries.
    TypeError
        If an argument is no tensor or no integer.

    See Also
    --------
    matrix_structure : its size and sparsity, without building it.
    nearest_kernel : the way back.

    Notes
    -----
    The matrix of :func:`conv_transpose2d` with the same arguments is the transpose.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, 2016, section 4.1.
       https://doi.org/10.48550/arXiv.1603.07285

    Examples
    --------
    Along a row the same two numbers move one pixel a time:

    >>> conv_matrix(torch.tensor([[[[1, -1]]]]), (1, 4))
    tensor([[ 1, -1,  0,  0],
            [ 0,  1, -1,  0],
            [ 0,  0,  1, -1]])

    With padding the outer taps meet no pixel, and their numbers are not in the matrix:

    >>> conv_matrix(torch.tensor([[[[1, 2, 3]]]]), (1, 3), padding="same")
    tensor([[2, 3, 0],
            [1, 2, 3],
            [0, 1, 2]])
    """
    size, setting = _judge.matrix_setting(weight, input_size, stride, padding, dilation, groups)
    channels, parts = weight.shape[1] * setting.groups, setting.groups
    pixels = _pixels_of_windows(channels, size, (weight.shape[2], weight.shape[3]), setting, weight.device)
    windows = pixels.shape[-1]
    # One row for each (output channel, window), one column more than pixels for what falls into the padding.
    where = torch.unflatten(pixels, 0, (parts, -1)).transpose(1, 2)[:, None]
    # In the wide type and back, because torch cannot scatter every dtype.
    wide = weight.to(_judge.accumulator(weight.dtype))
    numbers = torch.unflatten(wide.flatten(1), 0, (parts, -1))[:, :, None]
    shape = (parts, weight.shape[0] // parts, windows, numbers.shape[-1])
    matrix = wide.new_zeros((*shape[:3], channels * size[0] * size[1] + 1))
    matrix = matrix.scatter(-1, where.expand(shape), numbers.expand(shape))[..., 1:]
    return matrix.flatten(0, 2).to(weight.dtype).contiguous()


def _pixels_of_windows(
    channels: int, size: Pair, kernel: Pair, setting: _judge.Setting, device: torch.device
) -> Tensor:
    """Return which pixel, counted from 1, each tap meets in each window; 0 is padding."""
    numbers = torch.arange(1, channels * size[0] * size[1] + 1, device=device)
    return windows_as_columns(numbers.reshape(channels, *size), kernel, setting)


class MatrixStructure(NamedTuple):
    """What distinguishes a convolution's matrix from a dense layer's; see :func:`matrix_structure`.

    Attributes
    ----------
    shape : tuple of int
        (output numbers, input numbers).
    entries : int
        Their product: the parameters of a dense layer between the same images, without bias.
    nonzeros : int
        Entries that hold a weight of the kernel.
    parameters : int
        Different weights among them: the kernel's numbers.
    sparsity : Fraction
        Share of the entries that are 0.

    Examples
    --------
    >>> MatrixStructure((3, 4), 12, 6, 2, Fraction(1, 2)).parameters
    2
    """

    shape: Pair
    entries: int
    nonzeros: int
    parameters: int
    sparsity: Fraction


def matrix_structure(
    weight_size: Sequence[int],
    input_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> MatrixStructure:
    """Count a convolution's matrix without building it: all entries, those not zero, and different ones.

    Parameters
    ----------
    weight_size : sequence of int
        Shape of the weight, (output channels, channels / groups, kernel rows, kernel columns).
    input_size : int or pair of int
        Rows and columns of the image.
    stride, padding, dilation, groups
        As for :func:`conv2d`.

    Returns
    -------
    MatrixStructure

    Raises
    ------
    ValueError, TypeError
        As :func:`conv_matrix`, but no size is too large.

    See Also
    --------
    conv_matrix : the matrix itself.

    Examples
    --------
    From a 6×8 image to the 6×7 edges of a 1×2 kernel a dense layer would learn 42·48 = 2016 weights, the
    convolution 2:

    >>> matrix_structure((1, 1, 1, 2), (6, 8))
    MatrixStructure(shape=(42, 48), entries=2016, nonzeros=84, parameters=2, sparsity=Fraction(23, 24))
    """
    sizes, size, setting = _judge.structure_setting(
        weight_size, input_size, stride, padding, dilation, groups
    )
    outputs, per_group, *kernel = sizes
    met = []
    for axis in (0, 1):
        before = setting.padding[axis][0]
        windows = setting.output_size[axis], setting.stride[axis]
        up_to_the_end, before_the_image = (
            _taps_up_to(most, kernel[axis], setting.dilation[axis], *windows)
            for most in (before + size[axis] - 1, before - 1)
        )
        met.append(up_to_the_end - before_the_image)
    shape = (
        outputs * setting.output_size[0] * setting.output_size[1],
        per_group * setting.groups * size[0] * size[1],
    )
    entries, nonzeros = shape[0] * shape[1], outputs * per_group * met[0] * met[1]
    parameters = outputs * per_group * kernel[0] * kernel[1]
    return MatrixStructure(shape, entries, nonzeros, parameters, 1 - Fraction(nonzeros, entries))


def _taps_up_to(most: int, taps: int, gap: int, windows: int, step: int) -> int:
    """Count the pairs of a tap a and a window i at or before a position: a·gap + i·step ≤ most.

    In a closed form, so that a kernel of 10¹⁰ rows takes no longer than one of 3.
    """
    some = max(0, min(taps, most // gap + 1))  # taps that are there in the first window, at least
    all_of_them = max(0, min(some, (most - (windows - 1) * step) // gap + 1))  # and in every window
    # Tap a = some − 1 − b, in between, is there in ⌊(most − a·gap) / step⌋ + 1 windows.
    between = some - all_of_them
    return all_of_them * windows + between + _floor_sum(between, gap, most - (some - 1) * gap, step)


def _floor_sum(n: int, a: int, b: int, m: int) -> int:
    """Sum ⌊(a·i + b) / m⌋ over i < n, for a, b ≥ 0, by Euclid's algorithm.

    The sum counts the grid points under a line.  What whole multiples of m make of it is taken out; what is
    left is the same question with both axes exchanged, and smaller numbers [1]_.

    References
    ----------
    .. [1] R. L. Graham, D. E. Knuth and O. Patashnik, "Concrete Mathematics", 2nd edition, 1994, section 3.5.

    Examples
    --------
    >>> _floor_sum(4, 2, 1, 3)  # ⌊1/3⌋ + ⌊3/3⌋ + ⌊5/3⌋ + ⌊7/3⌋
    4
    """
    total = 0
    while n > 0:
        total += n * (n - 1) // 2 * (a // m) + n * (b // m)
        top = n * (a % m) + b % m
        n, b, m, a = top // m, top % m, a % m, m
    return total


def dense_by_offset(W: Tensor) -> Tensor:
    r"""Index a dense layer's weights by the offset from output cell to pixel, instead of by the pixel.

    .. math:: V_{i,j,\;h - 1 + a,\;w - 1 + b} = W_{i,j,\;i + a,\;j + b}

    and 0 where i + a, j + b is outside.  Nothing is lost: it is the first step from a dense layer to a
    convolution.  The layer is translation invariant where ``V[i, j]`` is the same at all i, j, and local
    where V is 0 for large a, b.

    Parameters
    ----------
    W : Tensor
        Shape (h, w, h, w): output cell (i, j), input pixel (k, l).

    Returns
    -------
    Tensor
        Shape (h, w, 2h − 1, 2w − 1); offset (0, 0) is in the middle, at (h − 1, w − 1).

    Raises
    ------
    ValueError
        If `W` has another shape.
    TypeError
        If `W` is no tensor of numbers.

    See Also
    --------
    nearest_kernel : takes the mean over the cells, near the middle.

    Examples
    --------
    The dense layer that copies its image has a weight of 1 at offset 0 everywhere:

    >>> W = torch.eye(6, dtype=torch.int64).reshape(2, 3, 2, 3)
    >>> V = dense_by_offset(W)
    >>> V[0, 0].equal(V[1, 2]), V[0, 0]
    (True, tensor([[0, 0, 0, 0, 0],
            [0, 0, 1, 0, 0],
            [0, 0, 0, 0, 0]]))
    """
    h, w = _judge.dense_weights(W)
    # With a margin of h − 1 rows and w − 1 columns, pixel (i + a, j + b) is at (h − 1 + i + a, w − 1 + j
    # + b).
    wide = padded(W, ((h - 1, h - 1), (w - 1, w - 1)))
    return torch.stack(
        [torch.stack([wide[i, j, i : i + 2 * h - 1, j : j + 2 * w - 1] for j in range(w)]) for i in range(h)]
    )


def nearest_kernel(W: Tensor, kernel_size: IntOrPair, padding: PaddingLike = 0) -> Tensor:
    """Kernel of the convolution whose weights differ least from a dense layer's, in the sum of squares.

    For each tap it is the mean of the dense weights that the tap stands for: sharing by averaging.  Pairs
    farther apart than the kernel reaches are left out: locality.

    Parameters
    ----------
    W : Tensor
        Weights of the dense layer, shape (output rows, output columns, rows, columns), floating or complex.
    kernel_size : int or pair of int
        Rows and columns of the kernel.
    padding : int, pair of int, ((top, bottom), (left, right)), "valid" or "same", optional
        As for :func:`conv2d`, such that the output has the layer's rows and columns.

    Returns
    -------
    Tensor
        Shape (kernel rows, kernel columns).  A tap that meets padding alone is 0.

    Raises
    ------
    ValueError
        If the shapes do not belong together.
    TypeError
        If `W` is no tensor of floating or complex numbers.

    See Also
    --------
    conv_matrix : back to a dense layer; their difference is what the convolution cannot say.

    Examples
    --------
    From the matrix of a convolution it gets the kernel back, and from noise around it nearly so:

    >>> kernel = torch.tensor([[1.0, -1.0], [0.0, 2.0]])
    >>> W = conv_matrix(kernel[None, None], (4, 5)).reshape(3, 4, 4, 5)
    >>> nearest_kernel(W, 2)
    tensor([[ 1., -1.],
            [ 0.,  2.]])
    """
    kernel, size, setting = _judge.dense_kernel_setting(W, kernel_size, padding)
    pixels = _pixels_of_windows(1, size, kernel, setting, W.device).transpose(0, 1)
    wide = W.to(_judge.accumulator(W.dtype))
    weights = torch.nn.functional.pad(wide.flatten(2).flatten(0, 1), (1, 0))  # column 0 is the padding's
    total = weights.gather(1, pixels).sum(0)
    pairs = (pixels > 0).sum(0).clamp(min=1)
    return torch.unflatten((total / pairs).to(W.dtype), 0, kernel)
