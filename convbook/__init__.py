"""ConvBook: the 2-D convolution layer, from a definition one can run.

The map, in reading order.  Each name is documented where it is defined.
"""

# ruff: noqa: I001  -- the imports stand in reading order
from __future__ import annotations

from convbook.correlation import convolve2d, corr2d, corr2d_multi_in, corr2d_multi_in_out
from convbook.geometry import (
    Cost,
    Layer,
    ReceptiveField,
    effective_kernel_size,
    layers_until,
    output_size,
    pixel_uses,
    same_padding,
    transposed_output_size,
)
from convbook.pieces import Piece, needed_input, needed_input_transposed, needed_inputs, tiles
from convbook.windows import fold, pad, sliding_windows, unfold
from convbook.algorithms import METHODS
from convbook.auto import explain_plan
from convbook.conv import conv2d, conv_transpose2d
from convbook.dense import MatrixStructure, conv_matrix, dense_by_offset, matrix_structure, nearest_kernel
from convbook.gradients import conv2d_input, conv2d_weight
from convbook.pooling import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    global_avg_pool2d,
    lp_pool2d,
    max_pool2d,
    max_unpool2d,
    pool2d,
)
from convbook.layers import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    CircularPad2d,
    ConstantPad2d,
    Conv2D,
    Conv2d,
    ConvTranspose2d,
    Fold,
    GlobalAvgPool2d,
    LPPool2d,
    MaxPool2d,
    MaxUnpool2d,
    ReflectionPad2d,
    ReplicationPad2d,
    SymmetricPad2d,
    Unfold,
    ZeroPad2d,
    comp_conv2d,
)
from convbook.models import LayerCost, ModelCost, cost, receptive_field
from convbook.images import edge_image, photograph
from convbook.kernels import KERNELS
from convbook.edges import detect_edges, image_gradient, magnitude, orientation
from convbook.learning import (
    KernelFit,
    KernelSolution,
    LearningTheory,
    learn_kernel,
    learning_theory,
    least_squares_kernel,
)

__version__ = "0.1.0"

__all__ = [
    "KERNELS",
    "METHODS",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "CircularPad2d",
    "ConstantPad2d",
    "Conv2D",
    "Conv2d",
    "ConvTranspose2d",
    "Cost",
    "Fold",
    "GlobalAvgPool2d",
    "KernelFit",
    "KernelSolution",
    "LPPool2d",
    "Layer",
    "LayerCost",
    "LearningTheory",
    "MatrixStructure",
    "MaxPool2d",
    "MaxUnpool2d",
    "ModelCost",
    "Piece",
    "ReceptiveField",
    "ReflectionPad2d",
    "ReplicationPad2d",
    "SymmetricPad2d",
    "Unfold",
    "ZeroPad2d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "comp_conv2d",
    "conv2d",
    "conv2d_input",
    "conv2d_weight",
    "conv_matrix",
    "conv_transpose2d",
    "convolve2d",
    "corr2d",
    "corr2d_multi_in",
    "corr2d_multi_in_out",
    "cost",
    "dense_by_offset",
    "detect_edges",
    "edge_image",
    "effective_kernel_size",
    "explain_plan",
    "fold",
    "global_avg_pool2d",
    "image_gradient",
    "layers_until",
    "learn_kernel",
    "learning_theory",
    "least_squares_kernel",
    "lp_pool2d",
    "magnitude",
    "matrix_structure",
    "max_pool2d",
    "max_unpool2d",
    "nearest_kernel",
    "needed_input",
    "needed_input_transposed",
    "needed_inputs",
    "orientation",
    "output_size",
    "pad",
    "photograph",
    "pixel_uses",
    "pool2d",
    "receptive_field",
    "same_padding",
    "sliding_windows",
    "tiles",
    "transposed_output_size",
    "unfold",
]
