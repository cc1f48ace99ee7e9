"""The judgements: what is refused, in which words, before anything is computed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import convbook as cb
from convbook import _checks, _forms

x = torch.ones(2, 3, 5, 7)
w = torch.ones(4, 3, 3, 3)
wt = torch.ones(3, 4, 3, 3)

METHODS = ", ".join(f'"{name}"' for name in cb.METHODS)
RETURNS = None
"""What torch does with a call that it does not refuse."""

# One entry a stumbling block that is a bad call, numbered as in the chapter on errors: our call, our whole
# sentence, and torch's answer to the same call.
STUMBLES: dict[str, tuple[Callable[[], Any], type[Exception], str, Callable[[], Any], str | None]] = {
    "4 same with stride": (
        lambda: cb.conv2d(x, w, padding="same", stride=2),
        ValueError,
        (
            'padding="same" is not defined with stride 2: a strided output cannot keep the input\'s size; '
            "for "
            "⌈n / s⌉ rows and "
            "columns pass padding=same_padding(3, 1, 2, input_size)"
        ),
        lambda: F.conv2d(x, w, padding="same", stride=2),
        "padding='same' is not supported for strided convolutions",
    ),
    "4 same in capitals": (
        lambda: cb.conv2d(x, w, padding="SAME"),
        ValueError,
        (
            'padding must be an integer, a pair, ((top, bottom), (left, right)), "valid" or "same", got '
            "'SAME'; write it in "
            'lower case: padding="same"'
        ),
        lambda: F.conv2d(x, w, padding="SAME"),
        "Invalid padding string: 'SAME'",
    ),
    "5 same at stride 2 without a size": (
        lambda: cb.same_padding(3, stride=2),
        ValueError,
        (
            "same_padding needs input_size at stride 2: the total is max((⌈n / s⌉ − 1)·s + d·(k − 1) + 1 − "
            "n, "
            "0), which depends on "
            "the size n; for an image X pass input_size=X.shape[-2:]"
        ),
        lambda: F.conv2d(x, w, padding="same", stride=2),
        "not supported",
    ),
    "6 integer image": (
        lambda: cb.conv2d(x.to(torch.uint8), w),
        TypeError,
        (
            "all tensors must have one dtype, got input is uint8, weight is float32; integer images need "
            "converting: "
            "input.to(weight.dtype)"
        ),
        lambda: F.conv2d(x.to(torch.uint8), w),
        "expected scalar type Byte but found Float|should be the same",
    ),
    "6 double image": (
        lambda: cb.conv2d(x.double(), w),
        TypeError,
        (
            "all tensors must have one dtype, got input is float64, weight is float32; convert one, for "
            "example "
            "weight.to(input.dtype)"
        ),
        lambda: F.conv2d(x.double(), w),
        "expected scalar type Double but found Float|should be the same",
    ),
    "6 integer bias": (
        lambda: cb.conv2d(x, w, torch.ones(4, dtype=torch.int64)),
        TypeError,
        (
            "all tensors must have one dtype, got input is float32, weight is float32, bias is int64; "
            "convert "
            "one, for example "
            "bias.to(input.dtype)"
        ),
        lambda: F.conv2d(x, w, torch.ones(4, dtype=torch.int64)),
        "should be the same",
    ),
    "7 a matrix to a layer": (
        lambda: cb.conv2d(x[0, 0], w),
        ValueError,
        (
            "input of conv2d must have 4 dimensions (batch, channels, rows, columns) or 3 (channels, rows, "
            "columns), got 2: "
            "shape (5, 7); a single image becomes a batch of one with one channel by input[None, None]"
        ),
        lambda: F.conv2d(x[0, 0], w),
        r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d",
    ),
    "7 a batch of matrices to a layer": (
        lambda: cb.conv2d(torch.ones(2, 5, 7), torch.ones(4, 1, 3, 3)),
        ValueError,
        (
            "input has 2 channels but weight takes 1: input (2, 5, 7), weight (4, 1, 3, 3); 3 dimensions "
            "mean "
            "one image "
            "(channels, rows, columns): a batch of one-channel images needs input.unsqueeze(1)"
        ),
        lambda: F.conv2d(torch.ones(2, 5, 7), torch.ones(4, 1, 3, 3)),
        "to have 1 channels, but got 2 channels instead",
    ),
    "7 a matrix as the kernel": (
        lambda: cb.conv2d(x, w[0, 0]),
        ValueError,
        (
            "weight must have 4 dimensions (output channels, input channels / groups, kernel rows, kernel "
            "columns), got 2: shape "
            "(3, 3); a single kernel becomes one with weight[None, None]"
        ),
        lambda: F.conv2d(x, w[0, 0]),
        "weight should have at least three dimensions",
    ),
    "7 a layer's batch to corr2d": (
        lambda: cb.corr2d(torch.ones(1, 1, 6, 8), torch.ones(1, 2)),
        ValueError,
        (
            "X must have 2 dimensions (rows, columns), got 4: shape (1, 1, 6, 8); take the one plane with "
            "X[0, "
            "0]"
        ),
        lambda: F.conv2d(torch.ones(1, 1, 6, 8), torch.ones(1, 2)),
        "weight should have at least three dimensions",
    ),
    "8 channels last": (
        lambda: cb.conv2d(torch.ones(2, 5, 7, 3), w),
        ValueError,
        (
            "input has 5 channels but weight takes 3: input (2, 5, 7, 3), weight (4, 3, 3, 3); if the "
            "channels "
            "stand last, bring "
            "them forward with input.permute(0, 3, 1, 2) (a reshape would scramble pixels)"
        ),
        lambda: F.conv2d(torch.ones(2, 5, 7, 3), w),
        "to have 3 channels, but got 5 channels instead",
    ),
    "8 channels last, one image": (
        lambda: cb.conv2d(torch.ones(28, 27, 1), torch.ones(4, 1, 3, 3)),
        ValueError,
        (
            "input has 28 channels but weight takes 1: input (28, 27, 1), weight (4, 1, 3, 3); if the "
            "channels "
            "stand last, bring "
            "them forward with input.permute(2, 0, 1) (a reshape would scramble pixels)"
        ),
        lambda: F.conv2d(torch.ones(28, 27, 1), torch.ones(4, 1, 3, 3)),
        "to have 1 channels, but got 28 channels instead",
    ),
    "10 kernel too large": (
        lambda: cb.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 5, 5)),
        ValueError,
        "kernel 5×5 does not fit input 4×4 with padding 0: output height would be 4 − 5 + 1 = 0",
        lambda: F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 5, 5)),
        "Kernel size can't be greater than actual input size",
    ),
    "10 kernel too large in one direction": (
        lambda: cb.corr2d(torch.ones(9, 4), torch.ones(2, 5)),
        ValueError,
        "kernel 2×5 does not fit input 9×4 with padding 0: output width would be 4 − 5 + 1 = 0",
        lambda: F.conv2d(torch.ones(1, 1, 9, 4), torch.ones(1, 1, 2, 5)),
        "Kernel size can't be greater than actual input size",
    ),
    "16 output_padding": (
        lambda: cb.conv_transpose2d(x, wt, stride=2, output_padding=2),
        ValueError,
        (
            "output_padding must be smaller than the stride or the dilation: got 2 for the rows with "
            "stride 2 "
            "and dilation 1; it "
            "chooses among the sizes that the stride maps to one, so 0 to 1 are possible"
        ),
        lambda: F.conv_transpose2d(x, wt, stride=2, output_padding=2),
        "output padding must be smaller than either stride or dilation",
    ),
    "17 conv2d's weight, transposed": (
        lambda: cb.conv_transpose2d(x, w),
        ValueError,
        (
            "input has 3 channels but weight takes 4: input (2, 3, 5, 7), weight (4, 3, 3, 3); the weight "
            "of a "
            "transposed "
            "convolution is (input channels, output channels / groups, rows, columns), the other way round "
            "than conv2d's"
        ),
        lambda: F.conv_transpose2d(x, w),
        "to have 4 channels, but got 3 channels instead",
    ),
    "18 same, transposed": (
        lambda: cb.conv_transpose2d(x, wt, padding="same"),
        TypeError,
        (
            "padding of conv_transpose2d must be an integer or a pair of integers (rows, columns), got "
            "'same': "
            "one output size "
            "has several inputs' sizes, so there is no single 'same'; compute it with transposed_output_size"
        ),
        lambda: nn.ConvTranspose2d(3, 4, 3, padding="same"),
        RETURNS,
    ),
    "19 a dilated kernel's reach": (
        lambda: cb.conv2d(x, w, dilation=3),
        ValueError,
        (
            "kernel 3×3, which reaches over 7×7 with dilation 3, does not fit input 5×7 with padding 0: "
            "output "
            "height would be "
            "5 − 7 + 1 = −1"
        ),
        lambda: F.conv2d(x, w, dilation=3),
        "Kernel size can't be greater than actual input size",
    ),
    "24 channels are not kept": (
        lambda: cb.conv2d(x, torch.ones(4, 1, 3, 3)),
        ValueError,
        (
            "input has 3 channels but weight takes 1: input (2, 3, 5, 7), weight (4, 1, 3, 3); for one "
            "kernel "
            "for each channel "
            "pass groups=3"
        ),
        lambda: F.conv2d(x, torch.ones(4, 1, 3, 3)),
        "to have 1 channels, but got 3 channels instead",
    ),
    "24 input and output channels swapped": (
        lambda: cb.conv2d(x, wt),
        ValueError,
        (
            "input has 3 channels but weight takes 4: input (2, 3, 5, 7), weight (3, 4, 3, 3); weight is "
            "(output channels, input "
            "channels, …): perhaps the two are swapped"
        ),
        lambda: F.conv2d(x, wt),
        "to have 4 channels, but got 3 channels instead",
    ),
    "fold needs as many columns as windows": (
        lambda: cb.fold(torch.ones(1, 12, 8), (4, 4), 2),
        ValueError,
        (
            "input of fold must have one column for each window: output_size 4×4 has 3·3 = 9 windows, got 8 "
            "columns: shape "
            "(1, 12, 8)"
        ),
        lambda: F.fold(torch.ones(1, 12, 8), (4, 4), 2),
        "to match the calculated number of sliding blocks",
    ),
}

# Other bad calls: our call and our whole sentence.
REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "groups and input": (
        lambda: cb.conv2d(x, w, groups=3),
        ValueError,
        (
            "input has 3 channels but weight takes 3 per group · 3 groups = 9: input (2, 3, 5, 7), weight "
            "(4, 3, 3, 3); weight.shape[1] is input channels / groups: for this input the weight is "
            "(4, 1, 3, 3)"
        ),
    ),
    "groups and output": (
        lambda: cb.conv2d(x, torch.ones(4, 1, 3, 3), groups=3),
        ValueError,
        "groups=3 must divide the 4 output channels (weight.shape[0]), remainder 1",
    ),
    "no groups": (lambda: cb.conv2d(x, w, groups=0), ValueError, "groups must be at least 1, got 0"),
    "true groups": (
        lambda: cb.conv2d(x, w, groups=True),
        TypeError,
        "groups must be an integer, got True (a bool)",
    ),
    "no stride": (
        lambda: cb.conv2d(x, w, stride=0),
        ValueError,
        "stride must be at least 1 on both axes, got 0",
    ),
    "float stride": (
        lambda: cb.conv2d(x, w, stride=2.0),
        TypeError,
        (
            "stride must be an integer or a pair of integers (rows, columns), got 2.0 (a float); write "
            "stride=2 (a division // "
            "keeps integers)"
        ),
    ),
    "half a float stride": (
        lambda: cb.conv2d(x, w, stride=(1, 2.7)),
        TypeError,
        "stride must be an integer or a pair of integers (rows, columns), got (1, 2.7)",
    ),
    "stride in a tensor": (
        lambda: cb.conv2d(x, w, stride=torch.tensor(2)),
        TypeError,
        (
            "stride must be an integer or a pair of integers (rows, columns), got a Tensor of shape (); read "
            "the number with stride=int(stride)"
        ),
    ),
    "three strides": (
        lambda: cb.conv2d(x, w, stride=(1, 2, 3)),
        ValueError,
        "stride must be one integer or a pair (rows, columns), got 3 values: (1, 2, 3)",
    ),
    "negative padding": (
        lambda: cb.conv2d(x, w, padding=-1),
        ValueError,
        "padding must be at least 0 on both axes, got -1",
    ),
    "a negative side": (
        lambda: cb.conv2d(x, w, padding=((0, -1), (0, 0))),
        ValueError,
        "padding must be at least 0 on every side, got ((0, -1), (0, 0)); to cut rows off, slice the input",
    ),
    "half explicit padding": (
        lambda: cb.conv2d(x, w, padding=((0, 1), 2)),
        ValueError,
        (
            "padding must be an integer, a pair (rows, columns) or ((top, bottom), (left, right)), got ((0, "
            "1), 2)"
        ),
    ),
    "float side": (
        lambda: cb.conv2d(x, w, padding=((0, 0.5), (0, 0))),
        TypeError,
        "padding must hold integers, ((top, bottom), (left, right)), got ((0, 0.5), (0, 0))",
    ),
    "no dilation": (
        lambda: cb.conv2d(x, w, dilation=(1, 0)),
        ValueError,
        "dilation must be at least 1 on both axes, got (1, 0)",
    ),
    "bias": (
        lambda: cb.conv2d(x, w, torch.ones(3)),
        ValueError,
        "bias must have one number for each of the 4 output channels, shape (4,), got (3,)",
    ),
    "bias as a column": (
        lambda: cb.conv2d(x, w, torch.ones(4, 1)),
        ValueError,
        (
            "bias must have one number for each of the 4 output channels, shape (4,), got (4, 1); write "
            "bias.flatten()"
        ),
    ),
    "no row": (
        lambda: cb.conv2d(torch.ones(2, 3, 0, 7), w),
        ValueError,
        (
            "input must have at least one row and one column, got shape (2, 3, 0, 7); only the batch may be "
            "empty"
        ),
    ),
    "no kernel": (
        lambda: cb.conv2d(x, torch.ones(0, 3, 3, 3)),
        ValueError,
        "weight must hold at least one kernel of at least one row and one column, got shape (0, 3, 3, 3)",
    ),
    "no channel to unfold": (
        lambda: cb.unfold(torch.ones(2, 0, 3, 3), 2),
        ValueError,
        "input of unfold must have at least one channel, got shape (2, 0, 3, 3); only the batch may be empty",
    ),
    "unknown padding mode": (
        lambda: cb.conv2d(x, w, padding=1, padding_mode="mirror"),
        ValueError,
        'padding_mode must be one of "zeros", "reflect", "replicate", "circular", got \'mirror\'',
    ),
    "padding mode of another type": (
        lambda: cb.conv2d(x, w, padding_mode=None),  # type: ignore[arg-type]
        TypeError,
        'padding_mode must be one of "zeros", "reflect", "replicate", "circular", got None',
    ),
    "reflecting too far": (
        lambda: cb.conv2d(x, w, padding=((0, 5), (0, 0)), padding_mode="reflect"),
        ValueError,
        (
            'padding_mode="reflect" can pad 5 rows by at most 4 on a side (the edge itself is not repeated), '
            "got 0 and 5"
        ),
    ),
    "wrapping too far": (
        lambda: cb.conv2d(x, w, padding=(0, 8), padding_mode="circular"),
        ValueError,
        (
            'padding_mode="circular" can pad 7 columns by at most 7 on a side (it would wrap around more '
            "than "
            "once), got 8 and 8"
        ),
    ),
    "method of another type": (
        lambda: cb.conv2d(x, w, method=["fft"]),  # type: ignore[arg-type]
        TypeError,
        f"method must be one of {METHODS}, got ['fft']",
    ),
    "unknown method": (
        lambda: cb.conv2d(x, w, method="gemm"),
        ValueError,
        f"method must be one of {METHODS}, got 'gemm'",
    ),
    "padding by a slip": (
        lambda: cb.conv2d(x, w, padding=10**9),
        ValueError,
        (
            "padding=1000000000 makes 6 planes of 2000000005×2000000007 = 4000000024000000035 cells, "
            "24000000144000000210 in all, "
            "out of an input of 5×7; at most 268435456 are allowed"
        ),
    ),
    "stride by a slip, transposed": (
        lambda: cb.conv_transpose2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 1), stride=2**20),
        ValueError,
        (
            "stride, padding or dilation=(1048576, 0, 1) makes a plane of 1048577×1048577 = 1099513724929 "
            "cells out of an input of "
            "2×2; at most 268435456 are allowed"
        ),
    ),
    "bool": (
        lambda: cb.conv2d(x.bool(), w.bool()),
        TypeError,
        "input must hold numbers, got bool; count with input.long() or measure with input.float()",
    ),
    "8 bits floating": (
        lambda: cb.conv2d(x.to(torch.float8_e4m3fn), w.to(torch.float8_e4m3fn)),
        TypeError,
        (
            "input must be floating (16 bits or more), complex or integer, got float8_e4m3fn; convert it "
            "with "
            ".float()"
        ),
    ),
    "sparse": (
        lambda: cb.conv2d(x.to_sparse(), w),
        TypeError,
        "input must be a dense tensor, got a sparse_coo one; convert it with input.to_dense()",
    ),
    "lists": (
        lambda: cb.conv2d([[1, 2]], w),  # type: ignore[arg-type]
        TypeError,
        "input must be a torch.Tensor, got [[1, 2]]; make one with torch.tensor(input)",
    ),
    "an array": (
        lambda: cb.conv2d(np.ones((2, 3, 5, 7), dtype=np.float32), w),  # type: ignore[arg-type]
        TypeError,
        (
            "input must be a torch.Tensor, got a ndarray of shape (2, 3, 5, 7); make one with "
            "torch.from_numpy(input)"
        ),
    ),
    "no weight": (
        lambda: cb.conv2d(x, None),  # type: ignore[arg-type]
        TypeError,
        "weight must be a torch.Tensor, got None",
    ),
    "two devices": (
        lambda: cb.conv2d(x, w.to("meta")),
        ValueError,
        (
            "all tensors must be on one device, got input on cpu, weight on meta; move them with "
            ".to(input.device)"
        ),
    ),
    "an unfolded matrix": (
        lambda: cb.unfold(torch.ones(4, 4), 2),
        ValueError,
        (
            "input of unfold must have 4 dimensions (batch, channels, rows, columns) or 3 (channels, rows, "
            "columns), got 2: shape "
            "(4, 4); a single image becomes a batch of one with one channel by input[None, None]"
        ),
    ),
    "a folded batch of batches": (
        lambda: cb.fold(torch.ones(1, 1, 4, 9), 4, 2),
        ValueError,
        (
            "input of fold must have 2 dimensions (channels · taps, windows) or 3 with a batch in front, got "
            "4: shape (1, 1, 4, 9)"
        ),
    ),
    "folding part of a window": (
        lambda: cb.fold(torch.ones(1, 13, 9), 4, 2),
        ValueError,
        (
            "input of fold must have channels · kernel rows · kernel columns rows, a multiple of 2·2 = 4; "
            "got "
            "13, remainder 1: "
            "shape (1, 13, 9)"
        ),
    ),
    "everything cut off": (
        lambda: cb.conv_transpose2d(torch.ones(1, 1, 1, 3), torch.ones(1, 1, 2, 2), padding=1),
        ValueError,
        (
            "padding 1 cuts the whole output off: output height would be 1·(1 − 1) − 2·1 + 2 + 0 = 0; a "
            "padding of at most 0 leaves "
            "something"
        ),
    ),
    "groups, transposed": (
        lambda: cb.conv_transpose2d(x, wt, groups=2),
        ValueError,
        "groups=2 must divide the 3 input channels, remainder 1",
    ),
    "bias, transposed": (
        lambda: cb.conv_transpose2d(x, wt, torch.ones(3)),
        ValueError,
        "bias must have one number for each of the 4 output channels, shape (4,), got (3,)",
    ),
    "a gradient's shape": (
        lambda: cb.conv2d_input((2, 3, 5, 7), w, torch.ones(2, 4, 3, 4)),
        ValueError,
        "grad_output must have the shape of the output, (2, 4, 3, 5), got (2, 4, 3, 4)",
    ),
    "a gradient's dtype": (
        lambda: cb.conv2d_weight(x, (4, 3, 3, 3), torch.ones(2, 4, 3, 5).double()),
        TypeError,
        (
            "all tensors must have one dtype, got grad_output is float64, input is float32; convert one, for "
            "example "
            "input.to(grad_output.dtype)"
        ),
    ),
    "a weight's size": (
        lambda: cb.conv2d_weight(x, (4, 3, 3), torch.ones(2, 4, 3, 5)),
        ValueError,
        (
            "weight_size must be a shape (output channels, input channels / groups, kernel rows, kernel "
            "columns), got 3 numbers: "
            "(4, 3, 3)"
        ),
    ),
    "an input's size that is none": (
        lambda: cb.conv2d_input(5, w, torch.ones(2, 4, 3, 5)),  # type: ignore[arg-type]
        TypeError,
        "input_size must be a shape (batch, channels, rows, columns) or (channels, rows, columns), got 5",
    ),
    "an input's negative size": (
        lambda: cb.conv2d_input((2, -3, 5, 7), w, torch.ones(2, 4, 3, 5)),
        ValueError,
        "input_size must be at least 0, got -3",
    ),
    "a large matrix": (
        lambda: cb.conv_matrix(w, 300),
        ValueError,
        (
            "the matrix of this convolution would have 355216 rows and 270000 columns, 95908320000 "
            "entries; at "
            "most 268435456 are "
            "allowed; count them with matrix_structure, or take a smaller image"
        ),
    ),
    "a fraction for integers": (
        lambda: cb.pad(torch.ones(3, 4, dtype=torch.int64), 1, value=0.5),
        TypeError,
        "value must be an integer for an input of int64, got 0.5 (a float)",
    ),
    "no number to pad with": (
        lambda: cb.pad(torch.ones(3, 4), 1, value=None),  # type: ignore[arg-type]
        TypeError,
        "value must be a number, got None",
    ),
    "a value for a mirror": (
        lambda: cb.pad(torch.ones(3, 4), 1, "reflect", value=0.5),
        ValueError,
        'value=0.5 is for mode="zeros"; mode="reflect" takes its numbers from the image',
    ),
    "padding a line": (
        lambda: cb.pad(torch.ones(3), 1),
        ValueError,
        (
            "input of pad must have at least 2 dimensions (…, rows, columns), at least one row and one "
            "column, "
            "got shape (3,)"
        ),
    ),
    "a dense layer between sizes": (
        lambda: cb.dense_by_offset(torch.ones(3, 4, 4, 4)),
        ValueError,
        "W must have the shape (rows, columns, rows, columns), output cell and input pixel, got (3, 4, 4, 4)",
    ),
    "a kernel of another size": (
        lambda: cb.nearest_kernel(torch.ones(3, 4, 4, 4), 2),
        ValueError,
        (
            "a kernel 2×2 takes 4×4 pixels to 3×3 cells, but W has 3×4: shape (3, 4, 4, 4); choose the "
            "padding "
            "so that they agree"
        ),
    ),
    "the mean of integers": (
        lambda: cb.nearest_kernel(torch.ones(3, 3, 4, 4, dtype=torch.int64), 2),
        TypeError,
        "W must be floating or complex, because weights are averaged, got int64; convert it with W.float()",
    ),
    "channels of corr2d_multi_in": (
        lambda: cb.corr2d_multi_in(torch.ones(3, 5, 5), torch.ones(1, 2, 2)),
        ValueError,
        (
            "X has 3 channels but K takes 1: X (3, 5, 5), K (1, 2, 2); each input channel needs a kernel of "
            "its own, and the "
            "results are summed"
        ),
    ),
    "a matrix to corr2d_multi_in": (
        lambda: cb.corr2d_multi_in(torch.ones(5, 5), torch.ones(1, 2, 2)),
        ValueError,
        "X must have 3 dimensions (channels, rows, columns), got 2: shape (5, 5)",
    ),
    "an empty stack": (
        lambda: cb.corr2d_multi_in(torch.ones(0, 5, 5), torch.ones(0, 2, 2)),
        ValueError,
        "X must not be empty, got shape (0, 5, 5)",
    ),
    "an empty matrix": (
        lambda: cb.corr2d(torch.ones(0, 5), torch.ones(2, 2)),
        ValueError,
        "X must have at least one row and one column, got shape (0, 5)",
    ),
    "channels to corr2d": (
        lambda: cb.corr2d(torch.ones(2, 5, 5), torch.ones(2, 2)),
        ValueError,
        (
            "X must have 2 dimensions (rows, columns), got 3: shape (2, 5, 5); for channels use "
            "corr2d_multi_in, for batches conv2d"
        ),
    ),
}


complex_or_more = "must be floating (16 bits or more), complex or integer, got"

REFUSED |= {
    "a byte that is a float": (
        lambda: cb.conv2d(x.to(torch.float8_e4m3fn), w.to(torch.float8_e4m3fn)),
        TypeError,
        f"input {complex_or_more} float8_e4m3fn; convert it with .float()",
    ),
    "half a byte": (
        lambda: cb.conv2d(torch.empty(x.shape, dtype=torch.uint4), torch.empty(w.shape, dtype=torch.uint4)),
        TypeError,
        f"input {complex_or_more} uint4",
    ),
    "the largest of bytes that are floats": (
        lambda: cb.max_pool2d(x.to(torch.float8_e4m3fn), 2),
        TypeError,
        (
            "input of max_pool2d must hold real numbers or integers, got float8_e4m3fn; convert it with "
            "input.float()"
        ),
    ),
    "an image without columns": (
        lambda: cb.corr2d(torch.ones(5, 0), torch.ones(2, 2)),
        ValueError,
        "X must have at least one row and one column, got shape (5, 0)",
    ),
    "true channels": (
        lambda: cb.corr2d_multi_in(torch.ones(3, 5, 5).bool(), torch.ones(3, 2, 2)),
        TypeError,
        "X must hold numbers, got bool; count with X.long() or measure with X.float()",
    ),
    "a kernel too large for its channels": (
        lambda: cb.corr2d_multi_in(torch.ones(3, 5, 5), torch.ones(3, 2, 6)),
        ValueError,
        "kernel 2×6 does not fit input 5×5 with padding 0: output width would be 5 − 6 + 1 = 0",
    ),
    "channels of corr2d_multi_in_out": (
        lambda: cb.corr2d_multi_in_out(torch.ones(3, 5, 5), torch.ones(4, 2, 2, 2)),
        ValueError,
        (
            "X has 3 channels but K takes 2: X (3, 5, 5), K (4, 2, 2, 2); each input channel needs a kernel "
            "of its own, and the results are summed"
        ),
    ),
    "true kernels of several outputs": (
        lambda: cb.corr2d_multi_in_out(torch.ones(3, 5, 5), torch.ones(4, 3, 2, 2).bool()),
        TypeError,
        "K must hold numbers, got bool; count with K.long() or measure with K.float()",
    ),
    "dtypes, transposed": (
        lambda: cb.conv_transpose2d(x.double(), wt),
        TypeError,
        (
            "all tensors must have one dtype, got input is float64, weight is float32; convert one, for "
            "example weight.to(input.dtype)"
        ),
    ),
    "a true matrix": (
        lambda: cb.conv_matrix(w.bool(), 5),
        TypeError,
        "weight must hold numbers, got bool; count with weight.long() or measure with weight.float()",
    ),
    "a dense layer that is one number": (
        lambda: cb.dense_by_offset(torch.ones(())),
        ValueError,
        "W must have the shape (rows, columns, rows, columns), output cell and input pixel, got ()",
    ),
    "a dense layer of five dimensions": (
        lambda: cb.dense_by_offset(torch.ones(2, 3, 2, 3, 1)),
        ValueError,
        (
            "W must have the shape (rows, columns, rows, columns), output cell and input pixel, got (2, 3, "
            "2, 3, 1)"
        ),
    ),
    "a dense layer without rows": (
        lambda: cb.dense_by_offset(torch.ones(0, 2, 0, 2)),
        ValueError,
        "W must have the shape (rows, columns, rows, columns), output cell and input pixel, got (0, 2, 0, 2)",
    ),
    "a true dense layer": (
        lambda: cb.dense_by_offset(torch.ones(2, 3, 2, 3).bool()),
        TypeError,
        "W must hold numbers, got bool; count with W.long() or measure with W.float()",
    ),
    "a dense layer without pixels": (
        lambda: cb.nearest_kernel(torch.ones(3, 4, 0, 4), 2),
        ValueError,
        "W must have 4 dimensions (output rows, output columns, rows, columns), got shape (3, 4, 0, 4)",
    ),
    "a gradient on another device": (
        lambda: cb.conv2d_input((2, 3, 5, 7), w, torch.ones(2, 4, 3, 5, device="meta")),
        ValueError,
        (
            "all tensors must be on one device, got grad_output on meta, weight on cpu; move them with "
            ".to(grad_output.device)"
        ),
    ),
    "no column": (
        lambda: cb.conv2d(torch.ones(2, 3, 5, 0), w),
        ValueError,
        (
            "input must have at least one row and one column, got shape (2, 3, 5, 0); only the batch may be "
            "empty"
        ),
    ),
    "a layer that leaves the channels out": (
        lambda: cb.comp_conv2d(lambda image: image[0], torch.ones(1, 3)),
        ValueError,
        (
            "conv(X[None, None]) must have shape (1, 1, rows, columns), got (1, 1, 3); a layer with one "
            "output channel gives it"
        ),
    ),
    "a layer that makes two of one": (
        lambda: cb.comp_conv2d(lambda image: torch.cat([image, image]), torch.ones(3, 4)),
        ValueError,
        (
            "conv(X[None, None]) must have shape (1, 1, rows, columns), got (2, 1, 3, 4); a layer with one "
            "output channel gives it"
        ),
    ),
    "a word in an array": (
        lambda: cb.pad(x, 1, np.array(["zeros"])),  # type: ignore[arg-type]
        TypeError,
        'mode must be one of "zeros", "reflect", "replicate", "circular", got a ndarray of shape (1,)',
    ),
    "an unsigned image": (
        lambda: cb.corr2d(torch.ones(3, 3, dtype=torch.uint16), torch.ones(2, 2, dtype=torch.int64)),
        TypeError,
        (
            "X and K must have one dtype, because torch promotes uint16, uint32 and uint64 to floats alone; "
            "got X is uint16, K is int64; convert one, for example K.to(X.dtype)"
        ),
    ),
    "an unsigned kernel": (
        lambda: cb.corr2d(torch.ones(3, 3, dtype=torch.uint8), torch.ones(2, 2, dtype=torch.uint32)),
        TypeError,
        (
            "X and K must have one dtype, because torch promotes uint16, uint32 and uint64 to floats alone; "
            "got X is uint8, K is uint32; convert one, for example K.to(X.dtype)"
        ),
    ),
    "one image of three channels for two": (
        lambda: cb.conv2d(torch.ones(3, 5, 7), torch.ones(4, 2, 3, 3)),
        ValueError,
        (
            "input has 3 channels but weight takes 2: input (3, 5, 7), weight (4, 2, 3, 3); weight.shape[1] "
            "is input channels / groups: for this input the weight is (4, 3, 3, 3)"
        ),
    ),
    "as many outputs as inputs, in groups": (
        lambda: cb.conv2d(torch.ones(2, 4, 5, 7), torch.ones(4, 3, 3, 3), groups=2),
        ValueError,
        (
            "input has 4 channels but weight takes 3 per group · 2 groups = 6: input (2, 4, 5, 7), weight "
            "(4, 3, 3, 3); weight.shape[1] is input channels / groups: for this input the weight is (4, 2, "
            "3, 3)"
        ),
    ),
    "one channel a kernel, in groups too few": (
        lambda: cb.conv2d(torch.ones(2, 4, 5, 7), torch.ones(6, 1, 3, 3), groups=2),
        ValueError,
        (
            "input has 4 channels but weight takes 1 per group · 2 groups = 2: input (2, 4, 5, 7), weight "
            "(6, 1, 3, 3); weight.shape[1] is input channels / groups: for this input the weight is (6, 2, "
            "3, 3)"
        ),
    ),
    "a kernel without rows": (
        lambda: cb.conv2d(x, torch.ones(4, 3, 0, 3)),
        ValueError,
        "weight must hold at least one kernel of at least one row and one column, got shape (4, 3, 0, 3)",
    ),
    "a kernel without columns": (
        lambda: cb.conv2d(x, torch.ones(4, 3, 3, 0)),
        ValueError,
        "weight must hold at least one kernel of at least one row and one column, got shape (4, 3, 3, 0)",
    ),
    "a kernel on another device": (
        lambda: cb.corr2d(torch.ones(3, 3), torch.ones(2, 2, device="meta")),
        ValueError,
        "all tensors must be on one device, got X on cpu, K on meta; move them with .to(X.device)",
    ),
    "a line to corr2d": (
        lambda: cb.corr2d(torch.ones(3), torch.ones(2, 2)),
        ValueError,
        "X must have 2 dimensions (rows, columns), got 1: shape (3,)",
    ),
    "one image of two channels to corr2d": (
        lambda: cb.corr2d(torch.ones(1, 2, 5, 5), torch.ones(2, 2)),
        ValueError,
        (
            "X must have 2 dimensions (rows, columns), got 4: shape (1, 2, 5, 5); for channels use "
            "corr2d_multi_in, for batches conv2d"
        ),
    ),
    "a complex image": (
        lambda: cb.conv2d(x.to(torch.complex64), w.to(torch.float32)),
        TypeError,
        (
            "all tensors must have one dtype, got input is complex64, weight is float32; "
            "convert one, for example weight.to(input.dtype)"
        ),
    ),
    "a complex kernel": (
        lambda: cb.conv2d(x.to(torch.int64), w.to(torch.complex64)),
        TypeError,
        (
            "all tensors must have one dtype, got input is int64, weight is complex64; "
            "integer images need converting: input.to(weight.dtype)"
        ),
    ),
    "two kinds of integers": (
        lambda: cb.conv2d(x.to(torch.int32), w.to(torch.int64)),
        TypeError,
        (
            "all tensors must have one dtype, got input is int32, weight is int64; "
            "convert one, for example weight.to(input.dtype)"
        ),
    ),
    "no output, transposed": (
        lambda: cb.conv_transpose2d(x, torch.ones(3, 0, 3, 3)),
        ValueError,
        "weight must have at least one output channel, got shape (3, 0, 3, 3)",
    ),
    "no input, transposed": (
        lambda: cb.conv_transpose2d(x[:, :0], torch.ones(0, 4, 3, 3)),
        ValueError,
        "weight must hold at least one kernel of at least one row and one column, got shape (0, 4, 3, 3)",
    ),
    "a power in words": (
        lambda: cb.lp_pool2d(x, "2", 2),  # type: ignore[arg-type]
        TypeError,
        "norm_type must be a number, got '2' (a str)",
    ),
    "padding no column": (
        lambda: cb.pad(torch.ones(3, 0), 1),
        ValueError,
        (
            "input of pad must have at least 2 dimensions (…, rows, columns), at least one row and one "
            "column, got shape (3, 0)"
        ),
    ),
    "padding no row": (
        lambda: cb.pad(torch.ones(0, 3), 1),
        ValueError,
        (
            "input of pad must have at least 2 dimensions (…, rows, columns), at least one row and one "
            "column, got shape (0, 3)"
        ),
    ),
    "true windows": (
        lambda: cb.fold(torch.ones(1, 4, 9).bool(), 4, 2),
        TypeError,
        "input must hold numbers, got bool; count with input.long() or measure with input.float()",
    ),
    "windows of no channel": (
        lambda: cb.fold(torch.ones(1, 0, 9), 4, 2),
        ValueError,
        (
            "input of fold must have channels · kernel rows · kernel columns rows, a multiple of 2·2 = 4; "
            "got 0, remainder 0: shape (1, 0, 9)"
        ),
    ),
    "channels that nothing explains": (
        lambda: cb.conv2d(x, torch.ones(5, 2, 3, 3)),
        ValueError,
        (
            "input has 3 channels but weight takes 2: input (2, 3, 5, 7), weight (5, 2, 3, 3); "
            "weight.shape[1] is input channels / groups: for this input the weight is (5, 3, 3, 3)"
        ),
    ),
    "groups that divide neither": (
        lambda: cb.conv2d(x, w, groups=2),
        ValueError,
        (
            "input has 3 channels but weight takes 3 per group · 2 groups = 6: input (2, 3, 5, 7), weight "
            "(4, 3, 3, 3); groups must divide the 3 input channels, remainder 1"
        ),
    ),
    "a stride in a tensor of one dimension": (
        lambda: cb.conv2d(x, w, stride=torch.tensor([2])),
        TypeError,
        "stride must be an integer or a pair of integers (rows, columns), got a Tensor of shape (1,)",
    ),
    "a kernel too wide for one row of windows": (
        lambda: cb.corr2d(torch.ones(2, 4), torch.ones(2, 5)),
        ValueError,
        "kernel 2×5 does not fit input 2×4 with padding 0: output width would be 4 − 5 + 1 = 0",
    ),
    "stride and padding by a slip, transposed": (
        lambda: cb.conv_transpose2d(
            torch.ones(1, 1, 3, 3), torch.ones(1, 1, 1, 1), stride=2**20, padding=(7, 9)
        ),
        ValueError,
        (
            "stride, padding or dilation=(1048576, (7, 9), 1) makes a plane of 2097153×2097153 = "
            "4398050705409 cells out of an input of 3×3; at most 268435456 are allowed"
        ),
    ),
    "padding by a slip, unfolded": (
        lambda: cb.unfold(torch.ones(1, 3, 4), 1, padding=(10**5, 10**6)),
        ValueError,
        (
            "padding=(100000, 1000000) makes a plane of 200003×2000004 = 400006800012 cells out of an input "
            "of 3×4; at most 268435456 are allowed"
        ),
    ),
    "a size by a slip, folded": (
        lambda: cb.fold(
            torch.ones(1, 4), (10**5, 10**6), 1, padding=(5, 8), stride=(10**5 + 5, 5 * 10**5 + 8)
        ),
        ValueError,
        (
            "output_size or padding=((100000, 1000000), (5, 8)) makes a plane of 100010×1000016 = "
            "100011600160 cells out of an input of 1×1; at most 268435456 are allowed"
        ),
    ),
    "mirroring too far": (
        lambda: cb.pad(torch.ones(3, 4), (3, 0), "reflect"),
        ValueError,
        'mode="reflect" can pad 3 rows by at most 2 on a side (the edge itself is not repeated), got 3 and 3',
    ),
    "too many numbers": (
        lambda: cb.conv2d_input((1, 1, 2**32, 2**31), torch.ones(1, 1, 1, 1), torch.ones(1, 1, 1, 1)),
        ValueError,
        (
            "input_size must be at most 2⁶³ − 1 numbers in all, got (1, 1, 4294967296, 2147483648): "
            "9223372036854775808"
        ),
    ),
    "a dense layer of three dimensions": (
        lambda: cb.nearest_kernel(torch.ones(3, 4, 4), 2),
        ValueError,
        "W must have 4 dimensions (output rows, output columns, rows, columns), got shape (3, 4, 4)",
    ),
}


@pytest.mark.parametrize("name", STUMBLES)
def test_each_stumbling_block_has_its_sentence(name: str) -> None:
    """The whole sentence is as written, its type is ValueError or TypeError, and torch says less, or "
    "nothing."""
    call, kind, sentence, torchs_call, torchs_words = STUMBLES[name]
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == sentence
    if torchs_words is RETURNS:
        torchs_call()
        return
    with pytest.raises(Exception) as torchs:  # noqa: PT011  RuntimeError, TypeError or IndexError, by version
        torchs_call()
    assert re.search(torchs_words, str(torchs.value))
    assert sentence not in str(torchs.value)


@pytest.mark.parametrize("name", REFUSED)
def test_each_bad_call_has_its_sentence(name: str) -> None:
    """The whole sentence is as written, and its type is ValueError or TypeError."""
    call, kind, sentence = REFUSED[name]
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == sentence


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_quantized_numbers_are_refused() -> None:
    """Their integers mean something else, which .dequantize() says."""
    image, kernel = (torch.quantize_per_tensor(t, 0.5, 0, torch.qint8) for t in (x, w))
    with pytest.raises(TypeError, match=f"^input {re.escape(complex_or_more)} qint8; convert it with .dequ"):
        cb.conv2d(image, kernel)


def test_the_smallest_sizes_are_allowed() -> None:
    """One pixel folded, no stride at all (torch's way to say the window's size), and a divisor near 2⁶³."""
    assert cb.fold(torch.full((1, 1), 7), 1, 1).tolist() == [[[7]]]
    assert cb.max_pool2d(x, 2, []).equal(cb.max_pool2d(x, 2))  # type: ignore[arg-type]
    assert cb.max_pool2d(x, 2, ()).equal(cb.max_pool2d(x, 2))  # type: ignore[arg-type]
    largest = 2**63 - 1
    assert cb.avg_pool2d(torch.full((1, 1, 2), largest), (1, 1), divisor_override=largest).tolist() == [
        [[1, 1]]
    ]
    assert cb.avg_pool2d(torch.ones(1, 1, 1), 1, divisor_override=-largest).item() == -(2.0**-63)


def test_unsigned_integers_meet_floats() -> None:
    """Torch promotes uint16 to floats, on either side."""
    wide, narrow = torch.ones(3, 3), torch.ones(2, 2)
    assert cb.corr2d(wide, narrow.to(torch.uint16)).tolist() == [[4.0, 4.0], [4.0, 4.0]]
    assert cb.corr2d(wide.to(torch.uint16), narrow).dtype == torch.float32


HUGE: dict[str, Callable[[], Any]] = {
    "kernel of 2³¹ rows": lambda: cb.conv2d(x, torch.ones(1).expand(1, 3, 2**31, 1)),
    "padding 10⁹": lambda: cb.conv2d(x, w, padding=10**9),
    "padding 10⁹ a side": lambda: cb.conv2d(x, w, padding=((10**9, 0), (0, 0))),
    "moderate padding of many planes": lambda: cb.conv2d(torch.ones(64, 3, 8, 8), w, padding=4000),
    "reflect 10⁹": lambda: cb.conv2d(x, w, padding=10**9, padding_mode="reflect"),
    "replicate 10⁹": lambda: cb.conv2d(x, w, padding=10**9, padding_mode="replicate"),
    "dilation 2⁶²": lambda: cb.conv2d(x, w, dilation=2**62),
    "transposed dilation 2⁶²": lambda: cb.conv_transpose2d(x, wt, dilation=2**62),
    "transposed stride 2⁶²": lambda: cb.conv_transpose2d(x, wt, stride=2**62),
    "unfold padding": lambda: cb.unfold(x, 2, padding=10**9),
    "pad": lambda: cb.pad(x, 10**9),
    "fold": lambda: cb.fold(torch.ones(1, 4, 1), 2**31, 2, stride=2**31),
    "groups": lambda: cb.conv2d(x, w, groups=2**62),
    "matrix": lambda: cb.conv_matrix(w, 10**6),
    "gradient's input": lambda: cb.conv2d_input((1, 3, 2**31, 2**31), w, torch.ones(1, 4, 1, 1)),
    "integers beyond 64 bits": lambda: cb.conv2d(x, w, padding=10**30),
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_numbers_are_refused_at_once(name: str) -> None:
    """No slip of the finger allocates gigabytes or takes long: the sentence comes within a tenth of a "
    "second."""
    start = time.process_time()
    with pytest.raises(ValueError, match=r"at most|does not fit|must|takes"):
        HUGE[name]()
    assert time.process_time() - start < 0.1


class Untouchable(torch.Tensor):
    """A tensor on which any computation raises: proof that the checks look at nothing but sizes."""

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise AssertionError(f"computed {func} before judging")


@pytest.mark.parametrize(
    "call",
    [
        lambda x, w: cb.conv2d(x, w, stride=0),
        lambda x, w: cb.conv2d(x, w, groups=2),
        lambda x, w: cb.conv2d(x, w, padding=3, padding_mode="reflect", dilation=9),
        lambda x, w: cb.conv2d(x, w, method="?"),
        lambda x, w: cb.conv_transpose2d(x, w, output_padding=7),
        lambda x, w: cb.unfold(x, 99),
        lambda x, w: cb.pad(x, -1),
        lambda x, w: cb.corr2d(x, w),
    ],
)
def test_nothing_is_computed_before_all_arguments_are_judged(call: Callable[..., Any]) -> None:
    """A bad call raises its sentence without a single operation on a tensor."""
    untouchable = (t.as_subclass(Untouchable) for t in (torch.ones(2, 3, 5, 7), torch.ones(3, 3, 3, 3)))
    with pytest.raises((ValueError, TypeError)):
        call(*untouchable)


def test_what_is_large_is_allowed_up_to_the_bound_and_beside_a_large_input() -> None:
    """2²⁸ cells are allowed, one row more is not; a large input may grow to four times its size."""
    sides = ((2**13 - 1, 2**13 - 1),) * 2
    one = torch.ones(1)
    assert _checks.pad_arguments(torch.ones(2, 2), sides, "zeros", 0)[1] == sides
    with pytest.raises(ValueError, match="at most 268435456"):
        _checks.pad_arguments(torch.ones(3, 2), sides, "zeros", 0)
    large = one.expand(2, 2**14, 2**12)  # 2²⁷ numbers that take the memory of one
    assert _checks.pad_arguments(large, ((0, 0), (0, 5 * 2**11)), "zeros", 0)
    with pytest.raises(ValueError, match="makes 2 planes of 16384×16385 = 268451840 cells, 536903680 in all"):
        _checks.pad_arguments(large, ((0, 0), (0, 3 * 2**12 + 1)), "zeros", 0)
    assert cb.conv_matrix(torch.ones(1, 1, 1, 1, device="meta"), 2**7).shape == (2**14, 2**14)


def test_settings_hold_no_step_that_torch_would_wrap() -> None:
    """A stride beyond the padded size is cut to it and a dilation without a gap is 1; neither changes an "
    "output."""
    setting = _checks.conv2d_setting(
        x, torch.ones(4, 3, 1, 3), stride=(2**40, 3), padding=1, dilation=(2**40, 2)
    )
    assert setting == _checks.Setting((7, 3), ((1, 1), (1, 1)), (1, 2), 1, (1, 2))
    transposed = _checks.conv_transpose2d_setting(
        torch.ones(1, 3, 1, 1), wt, stride=2**40, output_padding=0, dilation=(1, 2)
    )
    assert transposed.stride == (3, 5)
    assert transposed.output_size == (3, 5)


@pytest.mark.parametrize("dtype", sorted(_checks.INTEGERS, key=str))
def test_integers_are_summed_in_int64(dtype: torch.dtype) -> None:
    """Every integer dtype is summed in the widest, whose low bits are the narrow ones' sums."""
    assert _checks.accumulator(dtype) is torch.int64


def test_half_types_are_summed_in_single_precision() -> None:
    """bfloat16 alone stops counting at 256: 256 + 1 = 256."""
    assert torch.tensor(256, dtype=torch.bfloat16) + 1 == 256
    assert _checks.accumulator(torch.bfloat16) is torch.float32
    assert _checks.accumulator(torch.float16) is torch.float32
    assert _checks.accumulator(torch.complex32) is torch.complex64
    for wide in (torch.float32, torch.float64, torch.complex64, torch.complex128):
        assert _checks.accumulator(wide) is wide


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "True (a bool)"),
        ("a", "'a' (a str)"),
        (1.5, "1.5 (a float)"),
        ((1, 2), "(1, 2)"),
        (np.ones(3), "a ndarray of shape (3,)"),
        ({1}, "a value of type set"),
    ],
)
def test_what_arrived_is_described_shortly(value: object, words: str) -> None:
    """A description fits into a sentence, whatever arrived."""
    assert _forms.describe(value) == words


def test_a_whole_float_is_offered_as_an_integer_while_floats_are_exact() -> None:
    """2.0 is offered as 2; from 2⁵³ on a float may stand for several integers, and nothing is offered."""
    for value, cure in (
        (2.0, "; write stride=2 "),
        (2.0**52, f"; write stride={2**52} "),
        (2.0**53, None),
        (2.5, None),
    ):
        with pytest.raises(TypeError) as caught:
            _forms.pair("stride", value, 1)
        assert ("; write" in str(caught.value)) == (cure is not None)
        assert cure is None or cure in str(caught.value)


class Index:
    """An integer of another library."""

    def __index__(self) -> int:
        return 2


class Broken:
    """Something that says it is an integer, and is none."""

    def __index__(self) -> int:
        raise TypeError("no")


def test_integers_of_other_libraries_are_integers() -> None:
    """Whatever has __index__ counts as an integer, but bool, and a tensor, which would wait for its "
    "device."""
    assert _forms.pair("stride", np.int64(3), 1) == (3, 3)
    assert _forms.pair("stride", [Index(), 1], 1) == (2, 1)
    assert _forms.pair("stride", torch.Size([2]), 1) == (2, 2)
    assert _forms.sides("padding", [[np.int8(1), 2], (3, Index())]) == ((1, 2), (3, 2))
    for bad in (True, torch.tensor(2), Broken(), "2", 2.0, None):
        assert _forms.as_int(bad) is None
