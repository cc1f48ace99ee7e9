"""The definition: cross-correlation by loops that read like the formula.

Nothing here is clever and nothing is shared with the quicker forms, so that a mistake in one cannot hide in
the other. Every other function of the package is compared with these.

References
----------
.. [1] A. Zhang, Z. Lipton, M. Li and A. Smola, "Dive into Deep Learning", 2023, chapter 7.
   https://doi.org/10.48550/arXiv.2106.11342
"""

from __future__ import annotations

import torch
from torch import Tensor

from convbook import _judge

__all__ = ["convolve2d", "corr2d", "corr2d_multi_in", "corr2d_multi_in_out"]


def corr2d(X: Tensor, K: Tensor) -> Tensor:
    r"""Cross-correlate an image with a kernel; the kernel is not flipped.

    .. math:: Y_{i,j} = \sum_{a=0}^{h-1} \sum_{b=0}^{w-1} X_{i+a,\,j+b}\, K_{a,b}

    "Valid": the kernel stays inside the image.  This is what deep learning calls a convolution; for the
    mathematician's, which flips the kernel, see :func:`convolve2d`.

    Parameters
    ----------
    X : Tensor
        The image, shape (rows, columns).
    K : Tensor
        The kernel, shape (h, w), nowhere larger than the image.

    Returns
    -------
    Tensor
        Shape (rows − h + 1, columns − w + 1), in the promoted dtype of `X` and `K`.  Integers are exact as
        long as the sum fits the dtype; half types are summed in float32 and rounded once.

    Raises
    ------
    ValueError
        If an argument is not a matrix, the kernel does not fit ("kernel 5×5 does not fit input 4×4 with
        padding 0: output height would be 4 − 5 + 1 = 0"), or the two are on different devices.
    TypeError
        If an argument is not a tensor of numbers.

    See Also
    --------
    convolve2d : flips the kernel.
    conv2d : stride, padding, dilation, channels, groups; and quick.
    output_size : the size alone.

    Notes
    -----
    (rows − h + 1)(columns − w + 1)·h·w multiplications, one by one in the interpreter's loop over the output:
    right for reading and for comparing, slow for images.

    Examples
    --------
    The first number is 0·0 + 1·1 + 3·2 + 4·3 = 19:

    >>> X = torch.arange(9).reshape(3, 3)
    >>> K = torch.arange(4).reshape(2, 2)
    >>> corr2d(X, K)
    tensor([[19, 25],
            [37, 43]])

    An impulse gives the kernel turned around, which shows that it was not flipped on the way:

    >>> corr2d(torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 0]]), K)
    tensor([[3, 2],
            [1, 0]])
    """
    X, K = _judge.corr2d_arguments(X, K)
    dtype = torch.promote_types(X.dtype, K.dtype)
    wide = _judge.accumulator(dtype)
    X, K = X.to(wide), K.to(wide)
    h, w = K.shape
    rows = []
    for i in range(X.shape[0] - h + 1):
        row = []
        for j in range(X.shape[1] - w + 1):
            row.append((X[i : i + h, j : j + w] * K).sum())
        rows.append(torch.stack(row))
    return torch.stack(rows).to(dtype)


def convolve2d(X: Tensor, K: Tensor) -> Tensor:
    r"""Convolve an image with a kernel, as mathematics means it: the kernel is flipped in both directions.

    .. math:: Y_{i,j} = \sum_{a=0}^{h-1} \sum_{b=0}^{w-1} X_{i+h-1-a,\,j+w-1-b}\, K_{a,b}

    "Valid": the part where the kernel stays inside the image.

    Parameters
    ----------
    X, K : Tensor
        As for :func:`corr2d`.

    Returns
    -------
    Tensor
        Shape (rows − h + 1, columns − w + 1).

    Raises
    ------
    ValueError, TypeError
        As :func:`corr2d`.

    See Also
    --------
    corr2d : without the flip; what layers compute.

    Notes
    -----
    The flip is what makes convolution commutative and associative.  A layer learns its kernel, so it learns
    the flipped one just as well, and saves the flip.

    Examples
    --------
    >>> X = torch.arange(9).reshape(3, 3)
    >>> convolve2d(X, torch.tensor([[0, 1], [2, 3]]))  # 4·0 + 3·1 + 1·2 + 0·3 = 5 comes first
    tensor([[ 5, 11],
            [23, 29]])

    An impulse in the middle gives the kernel itself:

    >>> convolve2d(torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 0]]), torch.tensor([[0, 1], [2, 3]]))
    tensor([[0, 1],
            [2, 3]])
    """
    X, K = _judge.corr2d_arguments(X, K)
    # In the wide type and back, because torch cannot flip every dtype; no number changes on the way.
    flipped = K.to(_judge.accumulator(K.dtype)).flip(0, 1)
    return corr2d(X, flipped.to(K.dtype))


def corr2d_multi_in(X: Tensor, K: Tensor) -> Tensor:
    r"""Cross-correlate an image of several channels with one kernel a channel, and sum over the channels.

    .. math:: Y = \sum_{c} \operatorname{corr2d}(X_c, K_c)

    Parameters
    ----------
    X : Tensor
        Shape (channels, rows, columns).
    K : Tensor
        Shape (channels, h, w): as many kernels as channels.

    Returns
    -------
    Tensor
        Shape (rows − h + 1, columns − w + 1): the channels are gone.

    Raises
    ------
    ValueError
        If the numbers of channels differ, or as :func:`corr2d`.
    TypeError
        As :func:`corr2d`.

    See Also
    --------
    corr2d_multi_in_out : several outputs.

    Examples
    --------
    >>> X = torch.stack([torch.arange(9).reshape(3, 3), torch.arange(1, 10).reshape(3, 3)])
    >>> K = torch.stack([torch.arange(4).reshape(2, 2), torch.arange(1, 5).reshape(2, 2)])
    >>> corr2d_multi_in(X, K)  # 19 + 37 comes first
    tensor([[ 56,  72],
            [104, 120]])
    """
    X, K = _judge.multi_in_arguments(X, K)
    dtype = torch.promote_types(X.dtype, K.dtype)
    wide = _judge.accumulator(dtype)
    channels = [corr2d(x, k) for x, k in zip(X.to(wide), K.to(wide), strict=True)]
    return torch.stack(channels).sum(0).to(dtype)


def corr2d_multi_in_out(X: Tensor, K: Tensor) -> Tensor:
    r"""Cross-correlate an image of several channels with several stacks of kernels, one output channel each.

    .. math:: Y_o = \operatorname{corr2d\_multi\_in}(X, K_o)

    Parameters
    ----------
    X : Tensor
        Shape (channels, rows, columns).
    K : Tensor
        Shape (output channels, channels, h, w).

    Returns
    -------
    Tensor
        Shape (output channels, rows − h + 1, columns − w + 1).

    Raises
    ------
    ValueError, TypeError
        As :func:`corr2d_multi_in`.

    See Also
    --------
    conv2d : the same for batches, with stride, padding, dilation and groups.

    Examples
    --------
    A 1×1 kernel mixes the channels of each pixel, and nothing else:

    >>> X = torch.tensor([[[1, 2]], [[10, 20]]])
    >>> corr2d_multi_in_out(X, torch.tensor([[[[1]], [[1]]], [[[1]], [[-1]]]]))
    tensor([[[ 11,  22]],
    <BLANKLINE>
            [[ -9, -18]]])
    """
    X, K = _judge.multi_in_out_arguments(X, K)
    return torch.stack([corr2d_multi_in(X, kernels) for kernels in K])
