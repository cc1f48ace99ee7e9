"""The judgments: what is refused, in which words, before anything is computed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn, ones

import convbook as cb
from convbook import _judge

x = ones(2, 3, 5, 7)
w = ones(4, 3, 3, 3)
wt = ones(3, 4, 3, 3)
NAMES = {**vars(cb), "torch": torch, "np": np, "F": F, "nn": nn, "ones": ones, "x": x, "w": w, "wt": wt}

# A call → what its message says: the argument, what was needed, what arrived, the cure.
VALUES = r"""
conv2d(x, w, padding='same', stride=2) → padding="same" is not defined with stride 2: … for ⌈n / s⌉ rows
conv2d(x, w, padding='SAME') → padding must be an integer, a pair, … got 'SAME' … write it in lower case:
same_padding(3, stride=2) → same_padding needs input_size at stride 2: the … for an image X pass
conv2d(x[0, 0], w) → input of conv2d must have 4 dimensions … got 2: shape (5, 7) … a single image becomes a
conv2d(ones(2, 5, 7), ones(4, 1, 3, 3)) → input has 2 channels but weight … 3 dimensions mean one image
conv2d(x, w[0, 0]) → weight must have 4 dimensions … got 2: shape (3, 3) … a single kernel becomes
corr2d(ones(1, 1, 6, 8), ones(1, 2)) → X must have 2 … got 4: shape (1, 1, 6, … take the one plane
conv2d(ones(2, 5, 7, 3), w) → input has 5 channels but weight takes 3: … if the channels stand last, bring
conv2d(ones(28, 27, 1), ones(4, 1, 3, 3)) → input has 28 channels but weight … if the channels stand last,
conv2d(ones(1, 1, 4, 4), ones(1, 1, 5, 5)) → kernel 5×5 does not fit input 4×4 with padding
corr2d(ones(9, 4), ones(2, 5)) → kernel 2×5 does not fit input 9×4 with padding
conv_transpose2d(x, wt, stride=2, output_padding=2) → output_padding must be smaller … it chooses among the
conv_transpose2d(x, w) → input has 3 channels but weight takes 4: … the weight of a transposed convolution
conv2d(x, w, dilation=3) → kernel 3×3, which reaches over 7×7 with dilation 3,
conv2d(x, ones(4, 1, 3, 3)) → input has 3 channels but weight takes 1: input … a kernel of its own for each
conv2d(x, wt) → input has 3 channels but weight takes 4: … weight is (output channels, input channels,
fold(ones(1, 12, 8), (4, 4), 2) → input of fold must have one column for … got 8 columns: shape (1, 12, 8)
conv2d(x, w, groups=3) → input has 3 channels but weight takes … weight.shape[1] is input channels /
conv2d(x, ones(4, 1, 3, 3), groups=3) → groups=3 must divide the 4 output channels (weight.shape[0])
conv2d(x, w, groups=0) → groups must be at least 1 … got 0
conv2d(x, w, stride=0) → stride must be at least 1 on both axes … got 0
conv2d(x, w, stride=(1, 2, 3)) → stride must be one integer or a pair (rows, … got 3 values: (1, 2, 3)
conv2d(x, w, padding=-1) → padding must be at least 0 on both axes … got -1
conv2d(x, w, padding=((0, -1), (0, 0))) → padding must be at … got ((0, -1), (0, 0)) … to cut rows off,
conv2d(x, w, padding=((0, 1), 2)) → padding must be an integer, a pair (rows, columns) … got ((0, 1), 2)
conv2d(x, w, dilation=(1, 0)) → dilation must be at least 1 on both axes … got (1, 0)
conv2d(x, w, ones(3)) → bias must have one number for each of the … got (3,)
conv2d(x, w, ones(4, 1)) → bias must have one number for each of the … got (4, 1) … write bias.flatten()
conv2d(ones(2, 3, 0, 7), w) → input must have at least one … got shape (2, 3, 0, 7) … only the batch may be
conv2d(x, ones(0, 3, 3, 3)) → weight must hold at least one kernel of at … got shape (0, 3, 3, 3)
unfold(ones(2, 0, 3, 3), 2) → input of unfold must have at … got shape (2, 0, 3, 3) … only the batch may be
conv2d(x, w, padding=1, padding_mode='nearest') → padding_mode must be one of "zeros", … got 'nearest'
conv2d(x, w, padding=((0, 5), (0, 0)), padding_mode='reflect') → padding_mode="reflect" can … got 0 and 5
conv2d(x, w, padding=(0, 8), padding_mode='circular') → padding_mode="circular" can pad 7 … got 8 and 8
conv2d(x, w, method='gemm') → method must be one of "definition", "shift", "windows", "im2col", … got 'gemm'
conv2d(x, w, padding=10**9) → padding=1000000000 makes 6 planes of … at most 268435456 are
conv_transpose2d(ones(1, 1, 2, 2), ones(1, 1, 1, 1), stride=2**20) → stride, padding or … at most 268435456
conv2d(x, w.to('meta')) → all tensors must be … got input on cpu, … move them with .to(input.device)
unfold(ones(4, 4), 2) → input of unfold must have 4 … got 2: shape (4, 4) … a single image becomes a
fold(ones(1, 1, 4, 9), 4, 2) → input of fold must have 2 dimensions (channels · … got 4: shape (1, 1, 4, 9)
fold(ones(1, 13, 9), 4, 2) → input of fold must have channels · kernel … got 13, remainder 1: shape (1,
conv_transpose2d(ones(1, 1, 1, 3), ones(1, 1, 2, 2), padding=1) → padding 1 cuts the whole … a padding of at
conv_transpose2d(x, wt, groups=2) → groups=2 must divide the 3 input channels, remainder 1
conv_transpose2d(x, wt, ones(3)) → bias must have one number for each of the … got (3,)
conv2d_input((2, 3, 5, 7), w, ones(2, 4, 3, 4)) → grad_output must have the shape of the … got (2, 4, 3, 4)
conv2d_weight(x, (4, 3, 3), ones(2, 4, 3, 5)) → weight_size must be a shape … got 3 numbers: (4, 3, 3)
conv2d_input((2, -3, 5, 7), w, ones(2, 4, 3, 5)) → input_size must be at least 0 … got -3
conv_matrix(w, 300) → the matrix of input_size 300×300 and weight (4, … at most 268435456 are allowed; count
pad(ones(3, 4), 1, 'reflect', value=0.5) → value=0.5 is for mode="zeros" … mode="reflect" takes its numbers
pad(ones(3), 1) → input of pad must have at least 2 dimensions … got shape (3,)
dense_by_offset(ones(3, 4, 4, 4)) → W must have the shape (rows, columns, rows, columns), … got (3, 4, 4, 4)
nearest_kernel(ones(3, 4, 4, 4), 2) → a kernel 2×2 takes 4×4 pixels to 3×3 … choose the padding so that they
corr2d_multi_in(ones(3, 5, 5), ones(1, 2, 2)) → X has 3 channels but K takes … each input channel needs a
corr2d_multi_in(ones(5, 5), ones(1, 2, 2)) → X must have 3 dimensions (channels, rows, … got 2: shape (5, 5)
corr2d_multi_in(ones(0, 5, 5), ones(0, 2, 2)) → X must not be empty … got shape (0, 5, 5)
corr2d(ones(0, 5), ones(2, 2)) → X must have at least one row and one … got shape (0, 5)
corr2d(ones(2, 5, 5), ones(2, 2)) → X must have 2 … got 3: shape (2, 5, … for channels use
corr2d(ones(5, 0), ones(2, 2)) → X must have at least one row and one … got shape (5, 0)
corr2d_multi_in(ones(3, 5, 5), ones(3, 2, 6)) → kernel 2×6 does not fit input 5×5 with padding
corr2d_multi_in_out(ones(3, 5, 5), ones(4, 2, 2, 2)) → X has 3 channels but K … each input channel needs a
dense_by_offset(ones(())) → W must have the shape (rows, columns, rows, columns), … got ()
dense_by_offset(ones(2, 3, 2, 3, 1)) → W must have the shape (rows, columns, rows, … got (2, 3, 2, 3, 1)
dense_by_offset(ones(0, 2, 0, 2)) → W must have the shape (rows, columns, rows, columns), … got (0, 2, 0, 2)
nearest_kernel(ones(3, 4, 0, 4), 2) → W must have 4 dimensions (output rows, output … got shape (3, 4, 0, 4)
conv2d_input((2, 3, 5, 7), w, ones(2, 4, 3, 5, device='meta')) → all tensors … got grad_output … move them
conv2d(ones(2, 3, 5, 0), w) → input must have at least one … got shape (2, 3, 5, 0) … only the batch may be
comp_conv2d(lambda image: image[0], ones(1, 3)) → conv(X[None, None]) must … got (1, 1, 3) … a layer with
comp_conv2d(lambda image: torch.cat([image, image]), ones(3, 4)) → conv(X[None, … got (2, 1, 3,
conv2d(ones(3, 5, 7), ones(4, 2, 3, 3)) → input has 3 channels but … weight.shape[1] is input channels
conv2d(ones(2, 4, 5, 7), ones(4, 3, 3, 3), groups=2) → input has 4 channels … weight.shape[1] is input
conv2d(ones(2, 4, 5, 7), ones(6, 1, 3, 3), groups=2) → input has 4 channels … weight.shape[1] is input
conv2d(x, ones(4, 3, 0, 3)) → weight must hold at least one kernel of at … got shape (4, 3, 0, 3)
conv2d(x, ones(4, 3, 3, 0)) → weight must hold at least one kernel of at … got shape (4, 3, 3, 0)
corr2d(ones(3, 3), ones(2, 2, device='meta')) → all tensors must be … got X on cpu, K on … move them with
corr2d(ones(3), ones(2, 2)) → X must have 2 dimensions (rows, columns) … got 1: shape (3,)
corr2d(ones(1, 2, 5, 5), ones(2, 2)) → X must have 2 … got 4: shape (1, 2, … for channels use
conv_transpose2d(x, ones(3, 0, 3, 3)) → weight must have at least one output … got shape (3, 0, 3, 3)
conv_transpose2d(x[:, :0], ones(0, 4, 3, 3)) → weight must hold at least one kernel … got shape (0, 4, 3, 3)
pad(ones(3, 0), 1) → input of pad must have at least 2 dimensions … got shape (3, 0)
pad(ones(0, 3), 1) → input of pad must have at least 2 dimensions … got shape (0, 3)
fold(ones(1, 0, 9), 4, 2) → input of fold must have channels · kernel … got 0, remainder 0: shape (1,
conv2d(x, ones(5, 2, 3, 3)) → input has 3 channels but weight takes … weight.shape[1] is input channels /
conv2d(x, w, groups=2) → input has 3 channels but weight takes 3 … groups must divide the 3 input
corr2d(ones(2, 4), ones(2, 5)) → kernel 2×5 does not fit input 2×4 with padding
conv_transpose2d(ones(1, 1, 3, 3), ones(1, 1, 1, 1), stride=2**20, padding=(7, 9)) → stride,
unfold(ones(1, 3, 4), 1, padding=(10**5, 10**6)) → padding=(100000, 1000000) makes a … at most 268435456 are
fold(ones(1, 4), (10**5, 10**6), 1, padding=(5, 8), stride=(10**5 + 5, 5 * 10**5 + 8)) → output_size
pad(ones(3, 4), (3, 0), 'reflect') → mode="reflect" can pad 3 rows by at most 2 … got 3 and 3
conv2d_input((1, 1, 2**32, 2**31), ones(1, 1, 1, 1), ones(1, 1, 1, 1)) → input_size must be at … got (1, 1,
nearest_kernel(ones(3, 4, 4), 2) → W must have 4 dimensions (output rows, output … got shape (3, 4, 4)
conv2d(ones(1, 3, 8, 8), ones(3, 1, 3, 3)) → input has 3 channels but weight takes 1 … pass groups=3
conv2d(ones(1, 3, 8, 8), ones(4, 1, 3, 3)) → input has 3 channels but … needs groups=3 and a multiple of 3
conv2d(ones(48, 64, 3), ones(4, 1, 3, 3)) → input has 48 channels but weight … input.permute(2, 0, 1)
conv2d_input((1, 1, 5, 7), w, ones(1, 4, 3, 5)) → input_size has 1 channel but weight takes 3: input_size
conv2d_weight(x, (4, 1, 3, 3), ones(2, 4, 3, 5)) → input has 3 channels but weight_size takes 1
conv2d(x, w, padding=(1, 1, 2, 2)) → padding … ((top, bottom), (left, right)), got (1, 1, 2, 2) … two pairs
conv2d(x, w, padding=1, padding_mode='Reflect') → padding_mode … got 'Reflect' … did you mean "reflect"?
conv2d(x, w, method='FFT') → method must be one of … got 'FFT' … did you mean "fft"?
corr2d(ones(48, 64, 3), ones(3, 3)) → X must have 2 … X.float().mean(-1) … X.permute(2, 0, 1)
max_pool2d(x, 3, padding=2) → padding of a pooling … as in torch … got 2 … kernel 3 … call pad first
adaptive_avg_pool2d(x, (1, 2, 3)) → output_size must be an integer or a pair … got 3 values: (1, 2, 3)
learn_kernel(ones(48, 64, 3), ones(46, 62), 3) → Y must have shape (48, 62, 1) … a color image is averaged
learn_kernel(ones(9, 9), ones(7, 7), 3, steps=10**12) → steps=1000000000000 keeps … at most 268435456
learn_kernel(ones(9, 9), ones(7, 7), 3, lr=-1) → lr must be above 0, got -1
"""

TYPES = r"""
conv2d(x.to(torch.uint8), w) → all tensors must have … got input is uint8, … integer images need converting:
conv2d(x.double(), w) → all tensors must have one … got input is float64, … convert one, for example
conv2d(x, w, ones(4, dtype=torch.int64)) → all tensors must have … got input is … convert one, for
conv_transpose2d(x, wt, padding='same') → padding of conv_transpose2d … got 'same': … use
conv2d(x, w, groups=True) → groups must be an integer … got True (a bool)
conv2d(x, w, stride=2.0) → stride must be an integer or … got 2.0 (a float) … write stride=2 (a division //
conv2d(x, w, stride=(1, 2.7)) → stride must be an integer or a pair of … got (1, 2.7)
conv2d(x, w, stride=torch.tensor(2)) → stride must be an … got a Tensor of shape () … read the number with
conv2d(x, w, padding=((0, 0.5), (0, 0))) → padding must hold integers, ((top, … got ((0, 0.5), (0, 0))
conv2d(x, w, padding_mode=None) → padding_mode must be one of "zeros", "reflect", "replicate", … got None
conv2d(x, w, method=['fft']) → method must be one of "definition", "shift", "windows", … got ['fft']
conv2d(x.bool(), w.bool()) → input must hold numbers … got bool … count with input.long() or measure with
conv2d(x.to(torch.float8_e4m3fn), w.to(torch.float8_e4m3fn)) → input must … got float8_e4m3f … convert it
conv2d(x.to_sparse(), w) → input must be a dense … got a sparse_coo one … convert it with input.to_dense()
conv2d([[1, 2]], w) → input must be a torch.Tensor … got [[1, 2]] … make one with torch.tensor(input)
conv2d(np.ones((2, 3, 5, 7), dtype=np.float32), w) → input must be a … got an ndarray of … make one with
conv2d(x, None) → weight must be a torch.Tensor … got None
conv2d_weight(x, (4, 3, 3, 3), ones(2, 4, 3, 5).double()) → all tensors … got grad_output … convert one,
conv2d_input(5, w, ones(2, 4, 3, 5)) → input_size must be a shape (batch, channels, rows, columns) … got 5
pad(ones(3, 4, dtype=torch.int64), 1, value=0.5) → value must be an integer for an input … got 0.5 (a float)
pad(ones(3, 4), 1, value=None) → value must be a number … got None
nearest_kernel(ones(3, 3, 4, 4, dtype=torch.int64), 2) → W must be floating … got int64 … convert it with
conv2d(torch.empty(x.shape, dtype=torch.uint4), torch.empty(w.shape, dtype=torch.uint4)) → input … got uint4
max_pool2d(x.to(torch.float8_e4m3fn), 2) → input of max_pool2d must … got float8_e4m3fn … convert it with
corr2d_multi_in(ones(3, 5, 5).bool(), ones(3, 2, 2)) → X must hold numbers … got bool … count with X.long()
corr2d_multi_in_out(ones(3, 5, 5), ones(4, 3, 2, 2).bool()) → K must hold … got bool … count with K.long()
conv_transpose2d(x.double(), wt) → all tensors must have … got input is float64, … convert one, for example
conv_matrix(w.bool(), 5) → weight must hold numbers … got bool … count with weight.long() or measure with
dense_by_offset(ones(2, 3, 2, 3).bool()) → W must hold numbers … got bool … count with W.long() or measure
pad(x, 1, np.array(['zeros'])) → mode must be one of "zeros", "reflect", … got an ndarray of shape (1,)
corr2d(ones(3, 3, dtype=torch.uint16), ones(2, 2, dtype=torch.int64)) → X and K must have … got X is uint16,
corr2d(ones(3, 3, dtype=torch.uint8), ones(2, 2, dtype=torch.uint32)) → X and K must have … got X is uint8,
conv2d(x.to(torch.complex64), w.to(torch.float32)) → all tensors must have … got input is … convert one, for
conv2d(x.to(torch.int64), w.to(torch.complex64)) → all tensors must … got input is … integer images need
conv2d(x.to(torch.int32), w.to(torch.int64)) → all tensors must … got input is … convert one, for
lp_pool2d(x, '2', 2) → norm_type must be a number … got '2' (a str)
fold(ones(1, 4, 9).bool(), 4, 2) → input must hold numbers … got bool … count with input.long() or measure
conv2d(x, w, stride=np.array([2, 1])) → stride must be … got an ndarray of shape (2,) … stride.tolist()
conv2d(np.float32(2), w) → input must be a torch.Tensor … make one with torch.tensor(input)
max_pool2d(x, 2, padding=((0, 1), (0, 1))) → padding must be an integer or a pair … call pad first
max_pool2d(x.bool(), 2) → input of max_pool2d must hold real … got bool … convert it with input.long()
adaptive_avg_pool2d(x, 2.0) → output_size must be an integer … got 2.0 (a float) … write output_size=2
conv2d(x, w, stride=torch.tensor([2])) → stride must be an integer or a pair of … got a Tensor of shape (1,)
"""


# What torch answers to bad calls of the chapter on errors; None where it does not refuse them.
TORCH: list[tuple[str, str | None]] = [
    ("F.conv2d(x, w, padding='same', stride=2)", "not supported"),
    ("F.conv2d(x, w, padding='SAME')", "Invalid padding string: 'SAME'"),
    ("F.conv2d(x.to(torch.uint8), w)", "expected scalar type Byte but found Float|should be the same"),
    ("F.conv2d(x.double(), w)", "expected scalar type Double but found Float|should be the same"),
    ("F.conv2d(x, w, ones(4, dtype=torch.int64))", "should be the same"),
    ("F.conv2d(x[0, 0], w)", "Expected 3D \\(unbatched\\) or 4D \\(batched\\) input to conv2d"),
    ("F.conv2d(ones(2, 5, 7), ones(4, 1, 3, 3))", "to have 1 channels, but got 2 channels instead"),
    ("F.conv2d(x, w[0, 0])", "weight should have at least three dimensions"),
    ("F.conv2d(ones(1, 1, 6, 8), ones(1, 2))", "weight should have at least three dimensions"),
    ("F.conv2d(ones(2, 5, 7, 3), w)", "to have 3 channels, but got 5 channels instead"),
    ("F.conv2d(ones(28, 27, 1), ones(4, 1, 3, 3))", "to have 1 channels, but got 28 channels instead"),
    ("F.conv2d(ones(1, 1, 4, 4), ones(1, 1, 5, 5))", "Kernel size can't be greater than actual input size"),
    ("F.conv2d(ones(1, 1, 9, 4), ones(1, 1, 2, 5))", "Kernel size can't be greater than actual input size"),
    (
        "F.conv_transpose2d(x, wt, stride=2, output_padding=2)",
        "output padding must be smaller than either stride or dilation",
    ),
    ("F.conv_transpose2d(x, w)", "to have 4 channels, but got 3 channels instead"),
    ("nn.ConvTranspose2d(3, 4, 3, padding='same')", None),
    ("F.conv2d(x, w, dilation=3)", "Kernel size can't be greater than actual input size"),
    ("F.conv2d(x, ones(4, 1, 3, 3))", "to have 1 channels, but got 3 channels instead"),
    ("F.conv2d(x, wt)", "to have 4 channels, but got 3 channels instead"),
    ("F.fold(ones(1, 12, 8), (4, 4), 2)", "to match the calculated number of sliding blocks"),
]


def lines(text: str) -> list[tuple[str, str]]:
    return [(call, words) for call, _, words in (line.partition(" → ") for line in text.strip().split("\n"))]


@pytest.mark.parametrize(("call", "words"), lines(VALUES) + lines(TYPES))
def test_bad_calls_are_refused_in_words_that_help(call: str, words: str) -> None:
    """The error has the right type, and its message says each of the words, in this order."""
    kind = TypeError if (call, words) in lines(TYPES) else ValueError
    with pytest.raises(kind, match="(?s)^" + ".*".join(map(re.escape, words.split(" … ")))):
        eval(call, NAMES)


@pytest.mark.parametrize(("call", "words"), TORCH, ids=[call for call, _ in TORCH])
def test_torch_says_less_or_nothing(call: str, words: str | None) -> None:
    """What the chapter on errors says of torch's own messages is true of the torch that is installed."""
    if words is None:
        eval(call, NAMES)
        return
    with pytest.raises((RuntimeError, ValueError, TypeError), match=words):
        eval(call, NAMES)


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize("function", [cb.conv2d, cb.corr2d, cb.max_pool2d, cb.avg_pool2d, cb.unfold, cb.pad])
def test_quantized_numbers_are_refused(function: Callable[..., Any]) -> None:
    """Their integers stand for other numbers, which dequantize gives."""
    image = torch.quantize_per_tensor(x, 0.5, 0, torch.qint8)
    second = image if function in (cb.conv2d, cb.corr2d) else 2
    with pytest.raises(TypeError, match=r"^(input|X) must .*, got qint8.*\.dequantize\(\)$"):
        function(image, second)


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
    """No slip of the finger allocates gigabytes: the message comes within a second."""
    start = time.process_time()
    with pytest.raises(ValueError, match=r"at most|does not fit|must|takes"):
        HUGE[name]()
    assert time.process_time() - start < 1


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
    assert _judge.pad_arguments(torch.ones(2, 2), sides, "zeros", 0)[1] == sides
    with pytest.raises(ValueError, match="at most 268435456"):
        _judge.pad_arguments(torch.ones(3, 2), sides, "zeros", 0)
    large = one.expand(2, 2**14, 2**12)  # 2²⁷ numbers that take the memory of one
    assert _judge.pad_arguments(large, ((0, 0), (0, 5 * 2**11)), "zeros", 0)
    with pytest.raises(ValueError, match="makes 2 planes of 16384×16385 = 268451840 cells, 536903680 in all"):
        _judge.pad_arguments(large, ((0, 0), (0, 3 * 2**12 + 1)), "zeros", 0)
    assert cb.conv_matrix(torch.ones(1, 1, 1, 1, device="meta"), 2**7).shape == (2**14, 2**14)


def test_settings_hold_no_step_that_torch_would_wrap() -> None:
    """A stride beyond the padded size is cut to it, a dilation without a gap is 1; no output changes."""
    setting = _judge.conv2d_setting(
        x, torch.ones(4, 3, 1, 3), stride=(2**40, 3), padding=1, dilation=(2**40, 2)
    )
    assert setting == _judge.Setting((7, 3), ((1, 1), (1, 1)), (1, 2), 1, (1, 2))
    transposed = _judge.conv_transpose2d_setting(
        torch.ones(1, 3, 1, 1), wt, stride=2**40, output_padding=0, dilation=(1, 2)
    )
    assert transposed.stride == (3, 5)
    assert transposed.output_size == (3, 5)


@pytest.mark.parametrize("dtype", sorted(_judge.INTEGERS, key=str))
def test_integers_are_summed_in_int64(dtype: torch.dtype) -> None:
    """Every integer dtype is summed in the widest, whose low bits are the narrow ones' sums."""
    assert _judge.accumulator(dtype) is torch.int64


def test_half_types_are_summed_in_single_precision() -> None:
    """bfloat16 alone stops counting at 256: 256 + 1 = 256."""
    assert torch.tensor(256, dtype=torch.bfloat16) + 1 == 256
    assert _judge.accumulator(torch.bfloat16) is torch.float32
    assert _judge.accumulator(torch.float16) is torch.float32
    assert _judge.accumulator(torch.complex32) is torch.complex64
    for wide in (torch.float32, torch.float64, torch.complex64, torch.complex128):
        assert _judge.accumulator(wide) is wide
