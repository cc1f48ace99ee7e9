"""Convolutions as layers: torch's arguments, attributes, first weights and state_dicts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from convbook import _judge
from convbook._forms import IntOrPair, Sides, pair, sides
from convbook.conv import conv2d, conv_transpose2d
from convbook.geometry import grouped_channels, output_padding_fits, padding_sides

if TYPE_CHECKING:
    from convbook._forms import ExplicitPadding, PaddingLike, Pair

__all__ = ["Conv2d", "ConvTranspose2d"]

# A tracer records these calls whole, as it does those of torch's own layers.
torch.fx.wrap("conv2d")
torch.fx.wrap("conv_transpose2d")


class _Convolution(nn.Module):
    """What both layers share: the parameters, their first numbers, and how settings are shown."""

    transposed: bool
    bias: nn.Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntOrPair,
        stride: IntOrPair,
        dilation: IntOrPair,
        groups: int,
        bias: bool,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
    ) -> None:
        super().__init__()
        self.in_channels, self.out_channels, self.groups = grouped_channels(in_channels, out_channels, groups)
        self.kernel_size = pair("kernel_size", kernel_size, 1)
        self.stride = pair("stride", stride, 1)
        self.dilation = pair("dilation", dilation, 1)
        with_bias = _judge.flag("bias", bias)
        _judge.layer_options(dtype, device)
        channels = self.out_channels, self.in_channels
        first, second = channels[::-1] if self.transposed else channels
        shape = (first, second // self.groups, *self.kernel_size)
        self.weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        numbers = torch.empty(self.out_channels, device=device, dtype=dtype) if with_bias else None
        self.register_parameter("bias", None if numbers is None else nn.Parameter(numbers))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias uniformly from ±1 / √(weight.shape[1] · taps), by torch's generator."""
        # The bound √(6 / ((1 + a²) · fan)) of [1] in the docstrings is 1 / √fan at a = √5.
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            nn.init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """Return the settings that are not the defaults, as the layer's call would have them."""
        usual = {
            "padding": (0, 0),
            "output_padding": (0, 0),
            "dilation": (1, 1),
            "groups": 1,
            "padding_mode": "zeros",
        }
        shown = ["kernel_size", "stride"]
        shown += [name for name, value in usual.items() if getattr(self, name, value) != value]
        words = [f"{name}={getattr(self, name)!r}" for name in shown]
        words += ["bias=False"] if self.bias is None else []
        return ", ".join([f"{self.in_channels}, {self.out_channels}", *words])


def _shortest(around: Sides) -> Pair | Sides:
    """Return padding as torch keeps it, (rows, columns), where both ends are alike."""
    (top, bottom), (left, right) = around
    return (top, left) if top == bottom and left == right else around


class Conv2d(_Convolution):
    """:func:`conv2d` as a layer, with the arguments, attributes and state of :class:`torch.nn.Conv2d`.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the images that come and go.
    kernel_size, stride, dilation : int or pair of int
        The window, as for :func:`conv2d`.
    padding : int, pair of int, ((top, bottom), (left, right)), "valid" or "same", optional
        As for :func:`conv2d`; each side by itself is what torch's layer does not have.
    groups : int, optional
        In how many parts the channels are split.
    bias : bool, optional
        Whether a number is added to each output channel.
    padding_mode : {"zeros", "reflect", "replicate", "circular", "symmetric"}, optional
        As for :func:`pad`.
    device : torch.device or str, optional
        Where the parameters live, by default torch's default device.
    dtype : torch.dtype, optional
        Their type, by default torch's default one; floating or complex.

    Attributes
    ----------
    weight : torch.nn.Parameter
        Shape (out_channels, in_channels / groups, kernel rows, kernel columns).
    bias : torch.nn.Parameter or None
        Shape (out_channels,).

    Raises
    ------
    ValueError, TypeError
        If no image could make the setting possible; the message names the argument.

    See Also
    --------
    conv2d : the function, and what it does otherwise than torch.
    Conv2D : the layer for one matrix that one writes by hand.
    ConvTranspose2d : the way back.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers", 2015, the first weights.
       https://doi.org/10.48550/arXiv.1502.01852

    Examples
    --------
    >>> layer = Conv2d(3, 8, 3, stride=2, padding=((0, 1), (0, 1)))
    >>> layer(torch.ones(1, 3, 8, 8)).shape
    torch.Size([1, 8, 4, 4])
    >>> layer
    Conv2d(3, 8, kernel_size=(3, 3), stride=(2, 2), padding=((0, 1), (0, 1)))

    It takes the weights of torch's layer:

    >>> ours, theirs = Conv2d(3, 8, 3), torch.nn.Conv2d(3, 8, 3)
    >>> ours.load_state_dict(theirs.state_dict())
    <All keys matched successfully>
    """

    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntOrPair,
        stride: IntOrPair = 1,
        padding: PaddingLike = 0,
        dilation: IntOrPair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, dilation, groups, bias, device, dtype
        )
        around = padding_sides(padding, self.kernel_size, self.stride, self.dilation)
        self.padding = padding if isinstance(padding, str) else _shortest(around)
        self.padding_mode = _judge.padding_mode("padding_mode", padding_mode)

    def forward(self, input: Tensor) -> Tensor:
        """Cross-correlate a batch of images, or one image, with the weight and add the bias."""
        setting = self.stride, self.padding, self.dilation, self.groups
        return conv2d(input, self.weight, self.bias, *setting, padding_mode=self.padding_mode)


class ConvTranspose2d(_Convolution):
    """:func:`conv_transpose2d` as a layer, with the arguments and state of :class:`torch.nn.ConvTranspose2d`.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the images that come and go.
    kernel_size, stride : int or pair of int
        The window of the convolution that this one transposes.
    padding : int, pair of int or ((top, bottom), (left, right)), optional
        Its padding, which is cut off here.
    output_padding : int or pair of int, optional
        Rows and columns computed in addition at the bottom and right.
    groups : int, optional
        In how many parts the channels are split.
    bias : bool, optional
        Whether a number is added to each output channel.
    dilation : int or pair of int, optional
        Distance between neighboring taps.
    padding_mode : {"zeros"}, optional
        No other is defined, as in torch.
    device : torch.device or str, optional
        Where the parameters live, by default torch's default device.
    dtype : torch.dtype, optional
        Their type, by default torch's default one; floating or complex.

    Attributes
    ----------
    weight : torch.nn.Parameter
        Shape (in_channels, out_channels / groups, kernel rows, kernel columns).
    bias : torch.nn.Parameter or None
        Shape (out_channels,).

    Raises
    ------
    ValueError, TypeError
        If no image could make the setting possible; the message names the argument.

    See Also
    --------
    conv_transpose2d : the function, and what it does otherwise than torch.
    Conv2d : the way there.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers", 2015, the first weights.
       https://doi.org/10.48550/arXiv.1502.01852

    Examples
    --------
    The size that a stride of 2 took away comes back by `output_size`:

    >>> image = torch.ones(1, 3, 8, 8)
    >>> down, up = Conv2d(3, 4, 3, stride=2), ConvTranspose2d(4, 3, 3, stride=2)
    >>> up(down(image)).shape, up(down(image), output_size=image.shape).shape
    (torch.Size([1, 3, 7, 7]), torch.Size([1, 3, 8, 8]))
    """

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntOrPair,
        stride: IntOrPair = 1,
        padding: IntOrPair | ExplicitPadding = 0,
        output_padding: IntOrPair = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: IntOrPair = 1,
        padding_mode: str = "zeros",
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, dilation, groups, bias, device, dtype
        )
        self.padding = _shortest(sides("padding", padding))
        self.output_padding = pair("output_padding", output_padding, 0)
        output_padding_fits(self.output_padding, self.stride, self.dilation)
        self.padding_mode = _judge.padding_mode("padding_mode", padding_mode)
        if self.padding_mode != "zeros":
            raise ValueError(
                f'padding_mode of ConvTranspose2d must be "zeros": padding is cut off; got {padding_mode!r}'
            )

    def forward(self, input: Tensor, output_size: IntOrPair | None = None) -> Tensor:
        """Stamp the weight for each cell of a batch of images, or of one image, and add the bias."""
        setting = self.stride, self.padding, self.output_padding, self.groups, self.dilation
        return conv_transpose2d(input, self.weight, self.bias, *setting, output_size=output_size)
