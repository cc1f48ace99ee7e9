r"""The gradients of a convolution, written as convolutions.

A convolution is a sum of products X·W, so that its derivative by one factor is the other.  Collecting the
terms of the chain rule turns the loops around, and what comes out are convolutions again:

* by the input: every output cell's gradient stamps the kernel back, which is the *transposed* convolution.
  At stride 1 it is also the correlation of the gradient, padded by k − 1 on each side, with the kernel turned
  by 180°;
* by the weight: the input correlated with the output's gradient *as the kernel*, stride and dilation having
  changed places;
* by the bias: the sum of the gradient, ``grad_output.sum((0, 2, 3))``.

References
----------
.. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.
   https://doi.org/10.48550/arXiv.1603.07285
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from convbook import _judge
from convbook.conv import conv2d, conv_transpose2d
from convbook.windows import padded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from convbook._forms import IntOrPair, PaddingLike

__all__ = ["conv2d_input", "conv2d_weight"]


def conv2d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Tensor:
    r"""Gradient of :func:`conv2d` by its input: the transposed convolution of the output's gradient.

    .. math::
        \frac{\partial L}{\partial X_{n,c,\;s_h i + d_h a,\;s_w j + d_w b}} \mathrel{+}=
        \sum_{o} G_{n,o,i,j}\, W_{o,c,a,b}

    Parameters
    ----------
    input_size : sequence of int
        Shape of the input, (batch, channels, rows, columns) or (channels, rows, columns).  The output's size
        does not tell it: a stride maps several input sizes to one.
    weight : Tensor
        Shape (output channels, channels / groups, kernel rows, kernel columns).
    grad_output : Tensor
        Gradient with respect to the output, in the output's shape.
    stride, padding, dilation, groups
        As :func:`conv2d` had them.

    Returns
    -------
    Tensor
        Shape `input_size`.  For complex numbers the kernel is conjugated, as autograd does.

    Raises
    ------
    ValueError
        If the shapes do not belong to one convolution.
    TypeError
        If an argument is no tensor or no integer, or the dtypes differ.

    See Also
    --------
    conv2d_weight : the gradient with respect to the other factor.
    conv_transpose2d : does the work.

    Notes
    -----
    As many multiplications as the convolution itself.  Rows that no window reached get a gradient of 0: they
    are the `output_padding` of the transposed convolution.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, 2016, chapter 4.
       https://doi.org/10.48550/arXiv.1603.07285

    Examples
    --------
    With a gradient of 1 in every output cell, each pixel gets the sum of the weights that it met:

    >>> weight = torch.tensor([[[[1.0, 10.0]]]])
    >>> conv2d_input((1, 1, 1, 4), weight, torch.ones(1, 1, 1, 3))
    tensor([[[[ 1., 11., 11., 10.]]]])
    """
    setting = _judge.conv2d_input_setting(input_size, weight, grad_output, stride, padding, dilation, groups)
    kernel = (weight.shape[2], weight.shape[3])
    (top, bottom), (left, right) = setting.padding
    rows, columns = input_size[-2], input_size[-1]
    never_reached = (
        _left_over(rows + top + bottom, kernel[0], setting.dilation[0], setting.stride[0]),
        _left_over(columns + left + right, kernel[1], setting.dilation[1], setting.stride[1]),
    )
    with_padding = conv_transpose2d(
        grad_output, weight.conj(), None, setting.stride, 0, never_reached, setting.groups, setting.dilation
    )
    return with_padding[..., top : top + rows, left : left + columns].contiguous()


def conv2d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: IntOrPair = 1,
    padding: PaddingLike = 0,
    dilation: IntOrPair = 1,
    groups: int = 1,
) -> Tensor:
    r"""Gradient of :func:`conv2d` by its weight: the input correlated with the output's gradient.

    .. math::
        \frac{\partial L}{\partial W_{o,c,a,b}} =
        \sum_{n} \sum_{i} \sum_{j} X_{n,c,\;d_h a + s_h i,\;d_w b + s_w j}\, G_{n,o,i,j}

    which is a convolution with G as its kernel.  The batch has become the channels that are summed over, the
    dilation is the stride from one result to the next, and the stride is the dilation of the kernel.

    Parameters
    ----------
    input : Tensor
        Shape (batch, channels, rows, columns) or (channels, rows, columns).
    weight_size : sequence of int
        Shape of the weight, (output channels, channels / groups, kernel rows, kernel columns).
    grad_output : Tensor
        Gradient with respect to the output, in the output's shape.
    stride, padding, dilation, groups
        As :func:`conv2d` had them.

    Returns
    -------
    Tensor
        Shape `weight_size`.  For complex numbers the input is conjugated, as autograd does.

    Raises
    ------
    ValueError
        If the shapes do not belong to one convolution.
    TypeError
        If an argument is no tensor or no integer, or the dtypes differ.

    See Also
    --------
    conv2d_input : the gradient with respect to the other factor.
    conv2d : does the work.

    Notes
    -----
    As many multiplications as the convolution itself.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, 2016, chapter 4.
       https://doi.org/10.48550/arXiv.1603.07285

    Examples
    --------
    With a gradient of 1 in every output cell, each weight gets the sum of the pixels that it met, 0 + 1 + 2
    and 1 + 2 + 3:

    >>> X = torch.arange(4.0).reshape(1, 1, 1, 4)
    >>> conv2d_weight(X, (1, 1, 1, 2), torch.ones(1, 1, 1, 3))
    tensor([[[[3., 6.]]]])
    """
    setting = _judge.conv2d_weight_setting(input, weight_size, grad_output, stride, padding, dilation, groups)
    images = input if input.dim() == 4 else input.unsqueeze(0)
    grads = grad_output if grad_output.dim() == 4 else grad_output.unsqueeze(0)
    seen = _seen(padded(images.conj(), setting.padding), weight_size, setting)
    # Channels of a group → batch; batch → channels that are summed over, one set for each group.
    by_group = torch.unflatten(seen, 1, (setting.groups, weight_size[1])).permute(2, 1, 0, 3, 4)
    weight = conv2d(
        by_group.flatten(1, 2),
        grads.transpose(0, 1),
        stride=setting.dilation,
        dilation=setting.stride,
        groups=setting.groups,
    )
    return weight.transpose(0, 1).contiguous()


def _seen(x: Tensor, weight_size: Sequence[int], setting: _judge.Setting) -> Tensor:
    """Cut off the rows and columns at the end that no window reached."""
    rows, columns = (
        step * (count - 1) + gap * (taps - 1) + 1
        for step, count, gap, taps in zip(
            setting.stride, setting.output_size, setting.dilation, weight_size[-2:], strict=True
        )
    )
    return x[..., :rows, :columns]


def _left_over(length: int, taps: int, gap: int, step: int) -> int:
    """Count the rows or columns after the last window."""
    return (length - gap * (taps - 1) - 1) % step
