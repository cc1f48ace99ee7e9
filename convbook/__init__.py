"""ConvBook: the 2-D convolution layer, from a definition one can run.

The map, in reading order.  Each name is documented where it is defined.
"""

from __future__ import annotations

from convbook.correlation import convolve2d, corr2d, corr2d_multi_in, corr2d_multi_in_out
from convbook.geometry import (
    Cost,
    Layer,
    ReceptiveField,
    cost,
    effective_kernel_size,
    layers_until,
    output_size,
    pixel_uses,
    receptive_field,
    same_padding,
    transposed_output_size,
)
from convbook.windows import fold, pad, sliding_windows, unfold

__version__ = "0.1.0"

__all__ = [
    "Cost",
    "Layer",
    "ReceptiveField",
    "convolve2d",
    "corr2d",
    "corr2d_multi_in",
    "corr2d_multi_in_out",
    "cost",
    "effective_kernel_size",
    "fold",
    "layers_until",
    "output_size",
    "pad",
    "pixel_uses",
    "receptive_field",
    "same_padding",
    "sliding_windows",
    "transposed_output_size",
    "unfold",
]
