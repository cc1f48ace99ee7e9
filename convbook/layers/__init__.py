"""Layers: modules that hold parameters and settings, and leave the arithmetic to the functions they name.

Where torch has a layer of the same name, its arguments, their order and defaults, attributes, first weights
and state_dicts are the ones here, and the one can take the other's place: in :class:`torch.nn.Sequential`, in
copies and pickles, and under ``torch.compile``, ``torch.export`` and ``torch.fx``.
"""

from __future__ import annotations

from convbook.layers.convolution import Conv2d, ConvTranspose2d
from convbook.layers.one_channel import Conv2D, comp_conv2d
from convbook.layers.pooling import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    GlobalAvgPool2d,
    LPPool2d,
    MaxPool2d,
    MaxUnpool2d,
)
from convbook.layers.windows import (
    CircularPad2d,
    ConstantPad2d,
    Fold,
    ReflectionPad2d,
    ReplicationPad2d,
    SymmetricPad2d,
    Unfold,
    ZeroPad2d,
)

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "CircularPad2d",
    "ConstantPad2d",
    "Conv2D",
    "Conv2d",
    "ConvTranspose2d",
    "Fold",
    "GlobalAvgPool2d",
    "LPPool2d",
    "MaxPool2d",
    "MaxUnpool2d",
    "ReflectionPad2d",
    "ReplicationPad2d",
    "SymmetricPad2d",
    "Unfold",
    "ZeroPad2d",
    "comp_conv2d",
]
