"""Pooling, its way back, and adaptive pooling as layers: torch's names, order and defaults of arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from convbook import _judge
from convbook.layers._settings import Settings
from convbook.pooling import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    global_avg_pool2d,
    lp_pool2d,
    max_pool2d,
    max_unpool2d,
)

if TYPE_CHECKING:
    from convbook._forms import IntOrPair

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "GlobalAvgPool2d",
    "LPPool2d",
    "MaxPool2d",
    "MaxUnpool2d",
]

# A tracer records these calls whole, as it does those of torch's own layers.
torch.fx.wrap("adaptive_avg_pool2d")
torch.fx.wrap("adaptive_max_pool2d")
torch.fx.wrap("avg_pool2d")
torch.fx.wrap("global_avg_pool2d")
torch.fx.wrap("lp_pool2d")
torch.fx.wrap("max_pool2d")
torch.fx.wrap("max_unpool2d")


class MaxPool2d(Settings):
    """:func:`max_pool2d` as a layer.

    Parameters
    ----------
    kernel_size, stride, padding, dilation : int or pair of int
        The window, as for :func:`max_pool2d`.
    return_indices, ceil_mode : bool, optional
        As for :func:`max_pool2d`; the order is that of :class:`torch.nn.MaxPool2d`.

    Raises
    ------
    ValueError, TypeError
        If the window is not possible whatever the image.

    Examples
    --------
    >>> MaxPool2d(2)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    def __init__(
        self,
        kernel_size: IntOrPair,
        stride: IntOrPair | None = None,
        padding: IntOrPair = 0,
        dilation: IntOrPair = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        window = _judge.pool_window(kernel_size, stride, padding, dilation)
        self.kernel_size, self.stride, self.padding, self.dilation = window
        self.return_indices = _judge.flag("return_indices", return_indices)
        self.ceil_mode = _judge.flag("ceil_mode", ceil_mode)

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Pool a batch of images, or one image of several channels."""
        window = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        if self.return_indices:
            return max_pool2d(input, *window, return_indices=True)
        return max_pool2d(input, *window)


class AvgPool2d(Settings):
    """:func:`avg_pool2d` as a layer.

    Parameters
    ----------
    kernel_size, stride, padding : int or pair of int
        The window, as for :func:`avg_pool2d`.
    ceil_mode, count_include_pad : bool, optional
        As for :func:`avg_pool2d`.
    divisor_override : int, optional
        As for :func:`avg_pool2d`.

    Raises
    ------
    ValueError, TypeError
        If the window is not possible whatever the image.

    Examples
    --------
    >>> AvgPool2d(2)(torch.arange(16.0).reshape(1, 4, 4))
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """

    def __init__(
        self,
        kernel_size: IntOrPair,
        stride: IntOrPair | None = None,
        padding: IntOrPair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding, _ = _judge.pool_window(kernel_size, stride, padding)
        self.ceil_mode = _judge.flag("ceil_mode", ceil_mode)
        self.count_include_pad = _judge.flag("count_include_pad", count_include_pad)
        self.divisor_override = _judge.divisor_override(divisor_override)

    def forward(self, input: Tensor) -> Tensor:
        """Pool a batch of images, or one image of several channels."""
        window = (self.kernel_size, self.stride, self.padding, self.ceil_mode)
        return avg_pool2d(input, *window, self.count_include_pad, self.divisor_override)


class MaxUnpool2d(Settings):
    """:func:`max_unpool2d` as a layer.

    Parameters
    ----------
    kernel_size, stride, padding : int or pair of int
        The window of the pooling that is taken back.

    Raises
    ------
    ValueError, TypeError
        If the window is not possible whatever the image.

    Examples
    --------
    >>> largest, where = MaxPool2d(2, return_indices=True)(torch.arange(16.0).reshape(1, 4, 4))
    >>> MaxUnpool2d(2)(largest, where)
    tensor([[[ 0.,  0.,  0.,  0.],
             [ 0.,  5.,  0.,  7.],
             [ 0.,  0.,  0.,  0.],
             [ 0., 13.,  0., 15.]]])
    """

    def __init__(
        self, kernel_size: IntOrPair, stride: IntOrPair | None = None, padding: IntOrPair = 0
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding, _ = _judge.pool_window(kernel_size, stride, padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: IntOrPair | None = None) -> Tensor:
        """Put the numbers of a batch of images, or of one image, back to their pixels."""
        return max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class LPPool2d(Settings):
    """:func:`lp_pool2d` as a layer.

    Parameters
    ----------
    norm_type : float
        The exponent, positive and finite.
    kernel_size, stride : int or pair of int
        The window, as for :func:`lp_pool2d`.
    ceil_mode : bool, optional
        As for :func:`lp_pool2d`.

    Raises
    ------
    ValueError, TypeError
        If the window or the exponent is not possible whatever the image.

    Examples
    --------
    >>> LPPool2d(2, (1, 2))(torch.tensor([[[3.0, 4.0]]]))
    tensor([[[5.]]])
    """

    def __init__(
        self,
        norm_type: float,
        kernel_size: IntOrPair,
        stride: IntOrPair | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.norm_type = _judge.norm_type(norm_type)
        self.kernel_size, self.stride, _, _ = _judge.pool_window(kernel_size, stride)
        self.ceil_mode = _judge.flag("ceil_mode", ceil_mode)

    def forward(self, input: Tensor) -> Tensor:
        """Pool a batch of images, or one image of several channels."""
        return lp_pool2d(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class AdaptiveMaxPool2d(Settings):
    """:func:`adaptive_max_pool2d` as a layer.

    Parameters
    ----------
    output_size : int or pair of int or None
        Rows and columns wanted; None keeps the input's size on that axis.
    return_indices : bool, optional
        Return the position of each maximum too.

    Examples
    --------
    >>> AdaptiveMaxPool2d((1, 2))(torch.arange(15.0).reshape(1, 3, 5))
    tensor([[[12., 14.]]])
    """

    def __init__(
        self, output_size: IntOrPair | tuple[int | None, int | None], return_indices: bool = False
    ) -> None:
        super().__init__()
        self.output_size = _judge.wanted_size(output_size)
        self.return_indices = _judge.flag("return_indices", return_indices)

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Pool a batch of images, or one image of several channels."""
        if self.return_indices:
            return adaptive_max_pool2d(input, self.output_size, return_indices=True)
        return adaptive_max_pool2d(input, self.output_size)


class AdaptiveAvgPool2d(Settings):
    """:func:`adaptive_avg_pool2d` as a layer.

    Parameters
    ----------
    output_size : int or pair of int or None
        Rows and columns wanted; None keeps the input's size on that axis.

    Examples
    --------
    >>> AdaptiveAvgPool2d((1, 2))(torch.arange(15.0).reshape(1, 3, 5))
    tensor([[[6., 8.]]])
    """

    def __init__(self, output_size: IntOrPair | tuple[int | None, int | None]) -> None:
        super().__init__()
        self.output_size = _judge.wanted_size(output_size)

    def forward(self, input: Tensor) -> Tensor:
        """Pool a batch of images, or one image of several channels."""
        return adaptive_avg_pool2d(input, self.output_size)


class GlobalAvgPool2d(nn.Module):
    """:func:`global_avg_pool2d` as a layer.

    Examples
    --------
    >>> GlobalAvgPool2d()(torch.arange(8.0).reshape(2, 2, 2)).shape
    torch.Size([2, 1, 1])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Average each plane."""
        return global_avg_pool2d(input)
