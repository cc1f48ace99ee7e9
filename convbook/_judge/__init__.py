"""Every judgment of an argument: shapes, channels, groups, dtypes and devices, each decided and worded once.

A function here either raises, naming the argument, what arrived, what was needed and the cure, or returns the
normalized setting that the arithmetic uses from then on.  Nothing is computed and nothing allocated.
Values (shapes and devices among them) are ``ValueError``; types and dtypes are ``TypeError``.

Callers write ``from convbook import _judge``.  What is judged stands in the file of its name: single tensors
in `tensors`, padding, unfold and fold in `windows`, the one-channel forms in `correlation`, layers and their
gradients in `conv`, matrices in `dense`, then `pooling` and `learning`.
"""

from __future__ import annotations

from convbook._forms import flag, number
from convbook._judge.conv import (
    TransposedSetting,
    conv2d_input_setting,
    conv2d_setting,
    conv2d_weight_setting,
    conv_transpose2d_setting,
)
from convbook._judge.correlation import corr2d_arguments, multi_in_arguments, multi_in_out_arguments
from convbook._judge.dense import dense_kernel_setting, dense_weights, matrix_setting, structure_setting
from convbook._judge.learning import (
    batch_size,
    first_kernel,
    generator_for,
    image_and_kernel_size,
    learning_rate,
    loss_scale,
    momentum,
    output_image,
    steps,
)
from convbook._judge.pooling import (
    PoolSetting,
    adaptive_size,
    averaged_dtype,
    divisor_override,
    norm_type,
    ordered_dtype,
    pool2d_arguments,
    pool2d_setting,
    pool_window,
    unpool_size,
    wanted_size,
)
from convbook._judge.tensors import (
    HALVES,
    INTEGERS,
    accumulator,
    arithmetic_dtype,
    channels_forward,
    channels_seem_last,
    dtype_name,
    images,
    layer,
    layer_options,
    made_size,
    matrix,
    one_of,
    one_plane,
    same_device,
    same_dtype,
    tensor,
    tensor_options,
)
from convbook._judge.windows import (
    NO_PADDING,
    Setting,
    fill_value,
    fold_setting,
    pad_arguments,
    padding_mode,
    unfold_setting,
)

__all__ = [
    "HALVES",
    "INTEGERS",
    "NO_PADDING",
    "PoolSetting",
    "Setting",
    "TransposedSetting",
    "accumulator",
    "adaptive_size",
    "arithmetic_dtype",
    "averaged_dtype",
    "batch_size",
    "channels_forward",
    "channels_seem_last",
    "conv2d_input_setting",
    "conv2d_setting",
    "conv2d_weight_setting",
    "conv_transpose2d_setting",
    "corr2d_arguments",
    "dense_kernel_setting",
    "dense_weights",
    "divisor_override",
    "dtype_name",
    "fill_value",
    "first_kernel",
    "flag",
    "fold_setting",
    "generator_for",
    "image_and_kernel_size",
    "images",
    "layer",
    "layer_options",
    "learning_rate",
    "loss_scale",
    "made_size",
    "matrix",
    "matrix_setting",
    "momentum",
    "multi_in_arguments",
    "multi_in_out_arguments",
    "norm_type",
    "number",
    "one_of",
    "one_plane",
    "ordered_dtype",
    "output_image",
    "pad_arguments",
    "padding_mode",
    "pool2d_arguments",
    "pool2d_setting",
    "pool_window",
    "same_device",
    "same_dtype",
    "steps",
    "structure_setting",
    "tensor",
    "tensor_options",
    "unfold_setting",
    "unpool_size",
    "wanted_size",
]
