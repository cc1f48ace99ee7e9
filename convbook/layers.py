"""Layers: modules that hold parameters and settings, and leave the arithmetic to the functions they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from convbook import _checks
from convbook._forms import pair
from convbook.correlation import corr2d
from convbook.pooling import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    global_avg_pool2d,
    max_pool2d,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from convbook._forms import IntOrPair

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "Conv2D",
    "GlobalAvgPool2d",
    "MaxPool2d",
    "comp_conv2d",
]


class Conv2D(nn.Module):
    """The one-channel layer that one writes by hand: ``corr2d(X, weight) + bias``.

    Not :class:`torch.nn.Conv2d`, which takes channels first and batches of images.

    Parameters
    ----------
    kernel_size : int or pair of int
        Rows and columns of the kernel.  There is no default: without it nothing is built.

    Attributes
    ----------
    weight : torch.nn.Parameter
        Shape (kernel rows, kernel columns), drawn uniformly from [0, 1) with torch's generator.
    bias : torch.nn.Parameter
        Shape (1,), zero.

    Raises
    ------
    TypeError
        If the kernel's size is missing or not an integer.
    ValueError
        If it is below 1.

    See Also
    --------
    corr2d : the arithmetic.
    learn_kernel : trains such a kernel.

    Examples
    --------
    >>> layer = Conv2D((1, 2))
    >>> layer.weight.shape, layer.bias
    (torch.Size([1, 2]), Parameter containing:
    tensor([0.], requires_grad=True))
    >>> with torch.no_grad():
    ...     _ = layer.weight.copy_(torch.tensor([[1.0, -1.0]]))
    >>> layer(torch.tensor([[1.0, 1.0, 0.0, 0.0]]))
    tensor([[0., 1., 0.]], grad_fn=<AddBackward0>)
    """

    def __init__(self, kernel_size: IntOrPair) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(pair("kernel_size", kernel_size, 1)))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, X: Tensor) -> Tensor:
        """Cross-correlate a matrix with the weight and add the bias.

        Parameters
        ----------
        X : Tensor
            Shape (rows, columns).

        Returns
        -------
        Tensor
            Shape (rows − kernel rows + 1, columns − kernel columns + 1).
        """
        return corr2d(X, self.weight) + self.bias

    def extra_repr(self) -> str:
        """Show the kernel's size.

        Returns
        -------
        str
            What stands between the brackets of the layer's repr.
        """
        return f"kernel_size={tuple(self.weight.shape)}"


class MaxPool2d(nn.Module):
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
        window = _checks.pool_window(kernel_size, stride, padding, dilation)
        self.kernel_size, self.stride, self.padding, self.dilation = window
        self.return_indices = _checks.flag("return_indices", return_indices)
        self.ceil_mode = _checks.flag("ceil_mode", ceil_mode)

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Pool a batch of images, or one image of several channels.

        Parameters
        ----------
        input : Tensor
            Shape (batch, channels, rows, columns) or (channels, rows, columns).

        Returns
        -------
        Tensor, or tuple of Tensor with `return_indices`
            As :func:`max_pool2d`.
        """
        window = (self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)
        if self.return_indices:
            return max_pool2d(input, *window, return_indices=True)
        return max_pool2d(input, *window)

    def extra_repr(self) -> str:
        """Show the window.

        Returns
        -------
        str
            What stands between the brackets of the layer's repr.
        """
        return _settings(self, "kernel_size", "stride", "padding", "dilation", "ceil_mode")


class AvgPool2d(nn.Module):
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
        self.kernel_size, self.stride, self.padding, _ = _checks.pool_window(kernel_size, stride, padding)
        self.ceil_mode = _checks.flag("ceil_mode", ceil_mode)
        self.count_include_pad = _checks.flag("count_include_pad", count_include_pad)
        self.divisor_override = _checks.divisor_override(divisor_override)

    def forward(self, input: Tensor) -> Tensor:
        """Pool a batch of images, or one image of several channels.

        Parameters
        ----------
        input : Tensor
            Shape (batch, channels, rows, columns) or (channels, rows, columns).

        Returns
        -------
        Tensor
            As :func:`avg_pool2d`.
        """
        window = (self.kernel_size, self.stride, self.padding, self.ceil_mode)
        return avg_pool2d(input, *window, self.count_include_pad, self.divisor_override)

    def extra_repr(self) -> str:
        """Show the window.

        Returns
        -------
        str
            What stands between the brackets of the layer's repr.
        """
        return _settings(self, "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")


class AdaptiveMaxPool2d(nn.Module):
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
        self.output_size = _checks.wanted_size(output_size)
        self.return_indices = _checks.flag("return_indices", return_indices)

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Pool a batch of images, or one image of several channels.

        Parameters
        ----------
        input : Tensor
            Shape (batch, channels, rows, columns) or (channels, rows, columns).

        Returns
        -------
        Tensor, or tuple of Tensor with `return_indices`
            As :func:`adaptive_max_pool2d`.
        """
        if self.return_indices:
            return adaptive_max_pool2d(input, self.output_size, return_indices=True)
        return adaptive_max_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        """Show the output's size.

        Returns
        -------
        str
            What stands between the brackets of the layer's repr.
        """
        return _settings(self, "output_size")


class AdaptiveAvgPool2d(nn.Module):
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
        self.output_size = _checks.wanted_size(output_size)

    def forward(self, input: Tensor) -> Tensor:
        """Pool a batch of images, or one image of several channels.

        Parameters
        ----------
        input : Tensor
            Shape (batch, channels, rows, columns) or (channels, rows, columns).

        Returns
        -------
        Tensor
            As :func:`adaptive_avg_pool2d`.
        """
        return adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        """Show the output's size.

        Returns
        -------
        str
            What stands between the brackets of the layer's repr.
        """
        return _settings(self, "output_size")


class GlobalAvgPool2d(nn.Module):
    """:func:`global_avg_pool2d` as a layer.

    Examples
    --------
    >>> GlobalAvgPool2d()(torch.arange(8.0).reshape(2, 2, 2)).shape
    torch.Size([2, 1, 1])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Average each plane.

        Parameters
        ----------
        input : Tensor
            Shape (batch, channels, rows, columns) or (channels, rows, columns).

        Returns
        -------
        Tensor
            Shape (…, channels, 1, 1).
        """
        return global_avg_pool2d(input)


def comp_conv2d(conv: Callable[[Tensor], Tensor], X: Tensor) -> Tensor:
    """Send a matrix through a layer that wants batch and channels, and take them off again.

    Parameters
    ----------
    conv : callable
        Such as a :class:`torch.nn.Conv2d` with one input and one output channel.
    X : Tensor
        Shape (rows, columns).

    Returns
    -------
    Tensor
        Shape (output rows, output columns).

    Raises
    ------
    ValueError
        If `X` is not a matrix, or what comes back is not one image with one channel.
    TypeError
        If `conv` cannot be called, or `X` or what comes back is not a tensor.

    See Also
    --------
    output_size : the shape alone.

    Examples
    --------
    >>> layer = torch.nn.Conv2d(1, 1, kernel_size=3, padding=1, stride=2)
    >>> comp_conv2d(layer, torch.rand(8, 8)).shape
    torch.Size([4, 4])
    """
    layer = _checks.layer("conv", conv)
    X = _checks.matrix("X", X)
    return _checks.one_plane("conv(X[None, None])", layer(X[None, None]))[0, 0]


def _settings(module: nn.Module, *names: str) -> str:
    """List a layer's settings as its call would."""
    return ", ".join(f"{name}={getattr(module, name)}" for name in names)
