"""The layer that one writes by hand, for matrices, and a matrix's way through a layer of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from convbook import _judge
from convbook._forms import pair
from convbook.correlation import corr2d

if TYPE_CHECKING:
    from collections.abc import Callable

    from convbook._forms import IntOrPair

__all__ = ["Conv2D", "comp_conv2d"]

torch.fx.wrap("corr2d")  # a tracer records the call, and its checks run when the graph does


class Conv2D(nn.Module):
    """The one-channel layer that one writes by hand: ``corr2d(X, weight) + bias``.

    Not :class:`torch.nn.Conv2d`, whose first arguments are numbers of channels, and which takes batches of
    images.

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
        """Show the kernel's size."""
        return f"kernel_size={tuple(self.weight.shape)}"


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
    layer = _judge.layer("conv", conv)
    X = _judge.matrix("X", X)
    return _judge.one_plane("conv(X[None, None])", layer(X[None, None]))[0, 0]
