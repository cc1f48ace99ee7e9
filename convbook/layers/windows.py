"""Unfold, fold and padding as layers: torch's names, and one mode of padding that torch does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from convbook import _judge
from convbook._forms import IntOrPair, describe, pair, sides
from convbook.layers._settings import Settings
from convbook.windows import fold, pad, unfold

if TYPE_CHECKING:
    from typing import TypeAlias

    from convbook._forms import ExplicitPadding, Sides

    FourSides: TypeAlias = int | tuple[int, int, int, int] | ExplicitPadding

__all__ = [
    "CircularPad2d",
    "ConstantPad2d",
    "Fold",
    "ReflectionPad2d",
    "ReplicationPad2d",
    "SymmetricPad2d",
    "Unfold",
    "ZeroPad2d",
]

# A tracer records these calls whole, as it does those of torch's own layers.
torch.fx.wrap("fold")
torch.fx.wrap("pad")
torch.fx.wrap("unfold")


class Unfold(Settings):
    """:func:`unfold` as a layer.

    Parameters
    ----------
    kernel_size, dilation, padding, stride : int or pair of int
        The window, as for :func:`unfold`; the order is torch's.

    Raises
    ------
    ValueError, TypeError
        If the window is not possible whatever the image.

    Examples
    --------
    >>> Unfold(2)(torch.arange(9).reshape(1, 3, 3)).shape  # four windows of four pixels
    torch.Size([4, 4])
    """

    def __init__(
        self,
        kernel_size: IntOrPair,
        dilation: IntOrPair = 1,
        padding: IntOrPair = 0,
        stride: IntOrPair = 1,
    ) -> None:
        super().__init__()
        self.kernel_size = pair("kernel_size", kernel_size, 1)
        self.dilation = pair("dilation", dilation, 1)
        self.padding = pair("padding", padding, 0)
        self.stride = pair("stride", stride, 1)

    def forward(self, input: Tensor) -> Tensor:
        """Lay every window of a batch of images, or of one image, out as a column."""
        return unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)


class Fold(Settings):
    """:func:`fold` as a layer.

    Parameters
    ----------
    output_size : int or pair of int
        Rows and columns of the image to make.
    kernel_size, dilation, padding, stride : int or pair of int
        The window, as for :func:`fold`; the order is torch's.

    Raises
    ------
    ValueError, TypeError
        If the window is not possible whatever the columns.

    Examples
    --------
    >>> Fold(3, 2)(torch.ones(4, 4, dtype=torch.int64))  # how many 2×2 windows see each pixel
    tensor([[[1, 2, 1],
             [2, 4, 2],
             [1, 2, 1]]])
    """

    def __init__(
        self,
        output_size: IntOrPair,
        kernel_size: IntOrPair,
        dilation: IntOrPair = 1,
        padding: IntOrPair = 0,
        stride: IntOrPair = 1,
    ) -> None:
        super().__init__()
        self.output_size = pair("output_size", output_size, 1)
        self.kernel_size = pair("kernel_size", kernel_size, 1)
        self.dilation = pair("dilation", dilation, 1)
        self.padding = pair("padding", padding, 0)
        self.stride = pair("stride", stride, 1)

    def forward(self, input: Tensor) -> Tensor:
        """Put the columns back into a batch of images, or into one, and add where windows overlap."""
        return fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)


class _Padding(Settings):
    """What the padding layers share; `padding` is kept as torch keeps it, (left, right, top, bottom)."""

    def __init__(self, padding: FourSides, mode: str) -> None:
        super().__init__()
        self.mode = mode
        (top, bottom), (left, right) = _four_sides(padding)
        self.padding = (left, right, top, bottom)

    def forward(self, input: Tensor) -> Tensor:
        """Put rows and columns around images."""
        left, right, top, bottom = self.padding
        return pad(input, ((top, bottom), (left, right)), self.mode)


def _four_sides(padding: object) -> Sides:
    """Judge a padding layer's sides: torch's forms, and this package's ((top, bottom), (left, right))."""
    if isinstance(padding, (tuple, list)):
        if len(padding) == 4:
            left, right, top, bottom = padding
            return sides("padding", ((top, bottom), (left, right)))
        if not any(isinstance(two, (tuple, list)) for two in padding):
            raise ValueError(
                "padding of a padding layer must be one integer, (left, right, top, bottom) as in torch, or "
                f"((top, bottom), (left, right)), got {describe(padding)}"
            )
    return sides("padding", padding)


class ZeroPad2d(_Padding):
    """:func:`pad` with zeros as a layer.

    Parameters
    ----------
    padding : int, (left, right, top, bottom) or ((top, bottom), (left, right))
        How many columns and rows on each side; four numbers in torch's order, two pairs in this package's.

    Raises
    ------
    ValueError, TypeError
        If a side is negative, or it is not clear which side is meant: torch takes a pair for (left, right).

    Examples
    --------
    >>> ZeroPad2d((0, 1, 0, 0))(torch.tensor([[[7]]]))
    tensor([[[7, 0]]])
    """

    def __init__(self, padding: FourSides) -> None:
        super().__init__(padding, "zeros")


class ConstantPad2d(_Padding):
    """:func:`pad` with a number as a layer.

    Parameters
    ----------
    padding : int, (left, right, top, bottom) or ((top, bottom), (left, right))
        As for :class:`ZeroPad2d`.
    value : number
        What stands in the new rows and columns.

    Raises
    ------
    ValueError, TypeError
        As for :class:`ZeroPad2d`, or if `value` is no number.

    Examples
    --------
    >>> ConstantPad2d((0, 1, 0, 0), -1)(torch.tensor([[[7]]]))
    tensor([[[ 7, -1]]])
    """

    def __init__(self, padding: FourSides, value: float) -> None:
        super().__init__(padding, "zeros")
        self.value = _judge.fill_value(value)

    def forward(self, input: Tensor) -> Tensor:
        """Put rows and columns of the number around images."""
        left, right, top, bottom = self.padding
        return pad(input, ((top, bottom), (left, right)), self.mode, self.value)


class ReflectionPad2d(_Padding):
    """:func:`pad` with ``mode="reflect"`` as a layer: mirrored in the outermost row, which is not repeated.

    Parameters
    ----------
    padding : int, (left, right, top, bottom) or ((top, bottom), (left, right))
        As for :class:`ZeroPad2d`.

    Raises
    ------
    ValueError, TypeError
        As for :class:`ZeroPad2d`.

    Examples
    --------
    >>> ReflectionPad2d((2, 0, 0, 0))(torch.tensor([[[1, 2, 3]]]))
    tensor([[[3, 2, 1, 2, 3]]])
    """

    def __init__(self, padding: FourSides) -> None:
        super().__init__(padding, "reflect")


class ReplicationPad2d(_Padding):
    """:func:`pad` with ``mode="replicate"`` as a layer: the outermost rows and columns go on.

    Parameters
    ----------
    padding : int, (left, right, top, bottom) or ((top, bottom), (left, right))
        As for :class:`ZeroPad2d`.

    Raises
    ------
    ValueError, TypeError
        As for :class:`ZeroPad2d`.

    Examples
    --------
    >>> ReplicationPad2d((2, 0, 0, 0))(torch.tensor([[[1, 2, 3]]]))
    tensor([[[1, 1, 1, 2, 3]]])
    """

    def __init__(self, padding: FourSides) -> None:
        super().__init__(padding, "replicate")


class CircularPad2d(_Padding):
    """:func:`pad` with ``mode="circular"`` as a layer: beyond its last row the image begins anew.

    Parameters
    ----------
    padding : int, (left, right, top, bottom) or ((top, bottom), (left, right))
        As for :class:`ZeroPad2d`.

    Raises
    ------
    ValueError, TypeError
        As for :class:`ZeroPad2d`.

    Examples
    --------
    >>> CircularPad2d((2, 0, 0, 0))(torch.tensor([[[1, 2, 3]]]))
    tensor([[[2, 3, 1, 2, 3]]])
    """

    def __init__(self, padding: FourSides) -> None:
        super().__init__(padding, "circular")


class SymmetricPad2d(_Padding):
    """:func:`pad` with ``mode="symmetric"`` as a layer: mirrored with the outermost row; not in torch.

    Parameters
    ----------
    padding : int, (left, right, top, bottom) or ((top, bottom), (left, right))
        As for :class:`ZeroPad2d`.

    Raises
    ------
    ValueError, TypeError
        As for :class:`ZeroPad2d`.

    Examples
    --------
    >>> SymmetricPad2d((2, 0, 0, 0))(torch.tensor([[[1, 2, 3]]]))
    tensor([[[2, 1, 1, 2, 3]]])
    """

    def __init__(self, padding: FourSides) -> None:
        super().__init__(padding, "symmetric")
