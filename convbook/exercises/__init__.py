"""Check your own answer: run it beside the definition, and see the first case that it gets wrong.

Each checker takes your function, calls it on chosen cases and on random ones (always the same, by a seed),
and compares what comes with the reference of this package.  At the first difference it shows the arguments,
what was expected, what came, and a hint at the usual cause.

>>> import torch
>>> from convbook.exercises import check_corr2d
>>> def my_corr2d(X, K):
...     h, w = K.shape
...     Y = torch.zeros(X.shape[0] - h, X.shape[1] - w)
...     for i in range(Y.shape[0]):
...         for j in range(Y.shape[1]):
...             Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
...     return Y
>>> print(check_corr2d(my_corr2d))
✗ corr2d: wrong in case 1 of 13, the example of the chapter
  X =
    [[0, 1, 2],
     [3, 4, 5],
     [6, 7, 8]]
  K =
    [[0, 1],
     [2, 3]]
  expected, of shape (2, 2):
    [[19, 25],
     [37, 43]]
  got, of shape (1, 1):
    [[19]]
  Hint: Off by one in the height and in the width: a window of h rows fits rows − h + 1
    times.

How a hint is found: every usual mistake is written down as a function, and the one that gives *your* numbers
in every case is the one you made.  Where none does, shapes and numbers are compared in general ways.
"""

from __future__ import annotations

from convbook.exercises._report import CheckResult
from convbook.exercises.channels import (
    check_conv2d,
    check_conv_1x1,
    check_corr2d_multi_in,
    check_corr2d_multi_in_out,
)
from convbook.exercises.correlation import (
    check_convolve2d,
    check_corr1d,
    check_corr2d,
    check_edge_kernel,
    check_flip,
    check_separable,
)
from convbook.exercises.gradients import check_conv2d_input, check_conv2d_weight
from convbook.exercises.layers import check_conv2d_layer, check_fold_batch_norm
from convbook.exercises.learning import check_learning_step, check_training_loop
from convbook.exercises.matrices import check_conv_matrix, check_conv_transpose2d, check_unfold
from convbook.exercises.pooling import (
    check_avg_pool2d,
    check_global_avg_pool2d,
    check_max_pool2d,
    check_max_pool2d_backward,
    check_pool2d,
)
from convbook.exercises.sizes import (
    check_multiply_adds,
    check_needed_input,
    check_output_size,
    check_parameter_count,
    check_receptive_field,
    check_same_padding,
)

__all__ = [
    "CheckResult",
    "check_avg_pool2d",
    "check_conv2d",
    "check_conv2d_input",
    "check_conv2d_layer",
    "check_conv2d_weight",
    "check_conv_1x1",
    "check_conv_matrix",
    "check_conv_transpose2d",
    "check_convolve2d",
    "check_corr1d",
    "check_corr2d",
    "check_corr2d_multi_in",
    "check_corr2d_multi_in_out",
    "check_edge_kernel",
    "check_flip",
    "check_fold_batch_norm",
    "check_global_avg_pool2d",
    "check_learning_step",
    "check_max_pool2d",
    "check_max_pool2d_backward",
    "check_multiply_adds",
    "check_needed_input",
    "check_output_size",
    "check_parameter_count",
    "check_pool2d",
    "check_receptive_field",
    "check_same_padding",
    "check_separable",
    "check_training_loop",
    "check_unfold",
]
