"""Sizes, receptive fields and costs, each against a count that uses no formula."""

from __future__ import annotations

import re
import sys
import time
import warnings
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from convbook import (
    Cost,
    Layer,
    cost,
    effective_kernel_size,
    geometry,
    layers_until,
    output_size,
    pixel_uses,
    receptive_field,
    same_padding,
    transposed_output_size,
)

# One axis: size, kernel, stride, padding at the start, at the end, dilation.
AXIS = st.tuples(
    st.integers(1, 13),
    st.integers(1, 5),
    st.integers(1, 6),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(1, 4),
)


def says(kind, sentence):
    """Expect an error with exactly this sentence."""
    return pytest.raises(kind, match=f"^{re.escape(sentence)}$")


def reached(n, k, s, start, end, d):
    """Walk along the padded axis and list each window's positions; the image begins at `start`."""
    windows = []
    place = 0
    while place + d * (k - 1) < start + n + end:
        windows.append([place + d * tap for tap in range(k)])
        place += s
    return windows


def arguments(rows, columns):
    """Call arguments (input_size, kernel_size, stride, padding, dilation) of two axes."""
    (n, k, s, p, q, d), (n2, k2, s2, p2, q2, d2) = rows, columns
    return (n, n2), (k, k2), (s, s2), ((p, q), (p2, q2)), (d, d2)


# ----------------------------------------------------------------------------------------------- output_size


@given(AXIS, AXIS)
@settings(max_examples=300)
def test_output_size_counts_the_windows_that_fit(rows, columns):
    """The size is the number of places where the window lies inside; none is an error that says so."""
    wanted = len(reached(*rows)), len(reached(*columns))
    if 0 in wanted:
        with pytest.raises(ValueError, match="does not fit input"):
            output_size(*arguments(rows, columns))
    else:
        assert output_size(*arguments(rows, columns)) == wanted


@given(
    st.integers(1, 40),
    st.integers(1, 7),
    st.integers(1, 9),
    st.integers(0, 3),
    st.integers(1, 3),
    st.booleans(),
)
@settings(max_examples=300)
def test_output_size_is_torchs_pooling(n, k, s, p, d, ceil_mode):
    """On the sizes that torch's max pooling allows, floor and ceiling agree with it."""
    p = min(p, k // 2)
    image = torch.empty(1, 1, n, n + 3, device="meta")
    try:
        wanted = tuple(nn.functional.max_pool2d(image, k, s, p, d, ceil_mode).shape[-2:])
    except RuntimeError:
        with pytest.raises(ValueError, match="does not fit"):
            output_size((n, n + 3), k, s, p, d, ceil_mode)
    else:
        assert output_size((n, n + 3), k, s, p, d, ceil_mode) == wanted


@pytest.mark.parametrize(
    ("kernel", "padding", "stride", "wanted"),
    [
        (3, 1, 1, (8, 8)),
        ((5, 3), (2, 1), 1, (8, 8)),
        ((7, 5), (3, 2), 1, (8, 8)),
        (3, 1, 2, (4, 4)),
        ((3, 5), (0, 1), (3, 4), (2, 2)),
    ],
)
def test_five_shapes_of_the_notes(kernel, padding, stride, wanted):
    """Five layers on an 8×8 image, as the learners' notes print them."""
    assert output_size(8, kernel, stride, padding) == wanted


def test_ceiling_does_not_cover_every_element_when_the_stride_exceeds_the_kernel():
    """32 pixels, kernel 1, stride 2: a 17th window would start at 32, which is outside."""
    assert output_size(32, 1, 2, ceil_mode=True) == (16, 16)
    assert output_size(7, 2, 3, ceil_mode=True) == (3, 3)


def test_words_for_padding():
    """ "valid" pads nothing, "same" keeps the size at stride 1, whatever the dilation."""
    assert output_size((9, 8), (3, 4), padding="valid") == (7, 5)
    assert output_size((9, 8), (3, 4), padding="same", dilation=(2, 3)) == (9, 8)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: output_size(4, 5),
            "kernel 5×5 does not fit input 4×4 with padding 0: output height would be 4 − 5 + 1 = 0",
        ),
        (
            lambda: output_size((9, 4), (3, 5), (1, 2), (0, 0)),
            "kernel 3×5 does not fit input 9×4 with padding 0: output width would be ⌊(4 − 5) / 2⌋ + 1 = 0",
        ),
        (
            lambda: output_size((3, 4), 3, 2, (0, 1), 3),
            (
                "kernel 3×3, which reaches over 7×7 with dilation 3, does not fit input 3×4 with padding (0, "
                "1): output height would be ⌊(3 − 7) / 2⌋ + 1 = −1"
            ),
        ),
        (
            lambda: output_size(2, 9, 1, ((1, 0), (9, 9))),
            (
                "kernel 9×9 does not fit input 2×2 with padding ((1, 0), (9, 9)): output height would be "
                "2 + 1 + 0 − 9 + 1 = −5"
            ),
        ),
        (
            lambda: output_size(2, 9, 3, ceil_mode=True),
            "kernel 9×9 does not fit input 2×2 with padding 0: output height would be ⌈(2 − 9) / 3⌉ + 1 = −1",
        ),
        (
            lambda: output_size(2, 9, 1, ((0, 1), (0, 0))),
            (
                "kernel 9×9 does not fit input 2×2 with padding ((0, 1), (0, 0)): output height would be "
                "2 + 0 + 1 − 9 + 1 = −5"
            ),
        ),
        (
            lambda: output_size(2, 9, 1, ((1, 1), (0, 2))),
            (
                "kernel 9×9 does not fit input 2×2 with padding ((1, 1), (0, 2)): output height would be "
                "2 + 1 + 1 − 9 + 1 = −4"
            ),
        ),
        (lambda: output_size(0, 1), "input_size must be at least 1 on both axes, got 0"),
        (lambda: output_size(5, 1, stride=(1, 0)), "stride must be at least 1 on both axes, got (1, 0)"),
        (
            lambda: output_size(5, 1, padding=((0, -1), (0, 0))),
            (
                "padding must be at least 0 on every side, got ((0, -1), (0, 0)); to cut rows off, slice the "
                "input"
            ),
        ),
        (
            lambda: output_size(5, 1, padding="SAME"),
            (
                'padding must be an integer, a pair, ((top, bottom), (left, right)), "valid" or "same", '
                "got 'SAME'; write it in lower case: padding=\"same\""
            ),
        ),
        (
            lambda: output_size(5, (3, 2), padding="Full", dilation=(2, 1)),
            (
                'padding must be an integer, a pair, ((top, bottom), (left, right)), "valid" or "same", got '
                "'Full'; every window that meets a pixel: padding=(4, 1)"
            ),
        ),
        (
            lambda: output_size(5, 3, padding="half"),
            (
                'padding must be an integer, a pair, ((top, bottom), (left, right)), "valid" or "same", got '
                "'half'"
            ),
        ),
        (
            lambda: output_size(5, (3, 2), 2, padding="same", dilation=(1, 2)),
            (
                'padding="same" is not defined with stride 2: a strided output cannot keep the input\'s '
                "size; for "
                "⌈n / s⌉ rows and columns pass padding=same_padding((3, 2), (1, 2), 2, input_size)"
            ),
        ),
    ],
)
def test_output_size_says_what_is_wrong(call, sentence):
    """Each error names the argument, what came, what was needed and the arithmetic."""
    with says(ValueError, sentence):
        call()


def test_a_stride_that_is_not_an_integer_is_an_error():
    """2.0 is refused like 2.5, and the cure is offered where there is one."""
    sentence = (
        "stride must be an integer or a pair of integers (rows, columns), got 2.0 (a float); "
        "write stride=2 (a division // keeps integers)"
    )
    with says(TypeError, sentence):
        output_size(5, 2, stride=2.0)
    with pytest.raises(TypeError, match=r"got 2\.5 \(a float\)$"):
        output_size(5, 2, stride=2.5)


def test_sizes_of_any_length_are_exact():
    """Beyond 2⁶⁴ a float would lose the last digits."""
    n = 3 * 10**40 + 7
    assert output_size(n, 3) == (n - 2, n - 2)
    assert output_size(n, 10**40, 10**39, 5, 2)[0] == (n + 10 - 2 * (10**40 - 1) - 1) // 10**39 + 1
    assert effective_kernel_size(10**30, 10**30) == (10**60 - 10**30 + 1,) * 2
    assert transposed_output_size(n, 3, 2, 1, 1) == (2 * n, 2 * n)
    assert same_padding(10**30 + 1) == ((5 * 10**29,) * 2,) * 2
    assert cost(10**20, 1).multiply_adds == 10**40


# ------------------------------------------------------------------------------------- effective kernel size


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_effective_kernel_size_is_from_the_first_tap_to_the_last(k, k2, d, d2):
    """Lay the taps down and measure."""
    taps, taps2 = range(0, k * d, d), range(0, k2 * d2, d2)
    assert effective_kernel_size((k, k2), (d, d2)) == (taps[-1] - taps[0] + 1, taps2[-1] - taps2[0] + 1)


# ------------------------------------------------------------------------------------------------ transposed


@given(
    st.integers(1, 6),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(1, 3),
)
@settings(max_examples=300)
def test_transposed_size_is_torchs_and_leads_back(n, k, s, p, extra, d):
    """The size is that of torch, and the convolution with the same setting leads back to n."""
    image, weight = torch.zeros(1, 1, n, n + 1), torch.zeros(1, 1, k, k)
    try:
        wanted = nn.functional.conv_transpose2d(image, weight, None, s, p, extra, 1, d).shape[-2:]
    except RuntimeError:
        wanted = None
    if wanted is None or min(wanted) < 1:
        with pytest.raises(ValueError, match=r"cuts the whole output off|output_padding must be smaller"):
            transposed_output_size((n, n + 1), k, s, p, extra, d)
    else:
        found = transposed_output_size((n, n + 1), k, s, p, extra, d)
        assert found == tuple(wanted)
        if extra < s:
            assert output_size(found, k, s, p, d) == (n, n + 1)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: transposed_output_size(2, 2, 1, (1, 2)),
            (
                "padding 2 cuts the whole output off: output width would be 1·(2 − 1) − 2·2 + 2 + 0 = −1; "
                "a padding of at most 1 leaves something"
            ),
        ),
        (
            lambda: transposed_output_size(3, 3, (3, 2), 1, 2),
            (
                "output_padding must be smaller than the stride or the dilation: got 2 for the columns with "
                "stride 2 and dilation 1; it chooses among the sizes that the stride maps to one, so 0 to 1 "
                "are possible"
            ),
        ),
    ],
)
def test_transposed_size_says_what_is_wrong(call, sentence):
    """The arithmetic and the way out are in the sentence."""
    with says(ValueError, sentence):
        call()


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.integers(0, 9), st.integers(1, 3))
def test_the_padding_that_the_sentence_offers_is_the_largest_possible(n, k, s, p, d):
    """The offered padding works, and one more does not."""
    try:
        transposed_output_size(n, k, s, p, 0, d)
    except ValueError as problem:
        most = int(str(problem).split("at most ")[1].split(" ")[0])
        assert transposed_output_size(n, k, s, most, 0, d)[0] >= 1
        with pytest.raises(ValueError, match="cuts the whole output off"):
            transposed_output_size(n, k, s, most + 1, 0, d)


# ---------------------------------------------------------------------------------------------- same_padding


@given(
    st.integers(1, 40),
    st.integers(1, 8),
    st.integers(1, 6),
    st.integers(1, 4),
    st.sampled_from(["end", "start"]),
)
@settings(max_examples=300)
def test_same_padding_gives_the_rounded_up_size_with_the_fewest_rows(n, k, s, d, extra):
    """⌈n / s⌉ windows fit; with one row fewer they would not; the odd row goes where it was asked for."""
    (top, bottom), columns = same_padding(k, d, s, n, extra)
    assert (top, bottom) == columns
    wanted = -(-n // s)
    assert len(reached(n, k, s, top, bottom, d)) == wanted
    if top + bottom > 0 and s > 1:
        assert len(reached(n, k, s, top, bottom - 1, d)) < wanted
    assert (bottom - top if extra == "end" else top - bottom) in (0, 1)


def test_same_padding_at_stride_one_is_torchs():
    """Even kernels: torch's extra row stands at the bottom and the right."""
    image = torch.randn(1, 1, 5, 6)
    weight = torch.randn(1, 1, 2, 4)
    (top, bottom), (left, right) = same_padding((2, 4))
    padded = nn.functional.pad(image, (left, right, top, bottom))
    assert (top, bottom, left, right) == (0, 1, 1, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says, once, that an even kernel costs it a copy
        wanted = nn.functional.conv2d(image, weight, padding="same")
    torch.testing.assert_close(nn.functional.conv2d(padded, weight), wanted)


def test_same_padding_needs_the_size_at_a_stride():
    """At stride 2 the total depends on the input's size, and the sentence gives the formula."""
    sentence = (
        "same_padding needs input_size at stride 1×2: the total is max((⌈n / s⌉ − 1)·s + d·(k − 1) + 1 − n, "
        "0), which depends on the size n; for an image X pass input_size=X.shape[-2:]"
    )
    with says(ValueError, sentence):
        same_padding(3, stride=(1, 2))
    sentence = 'extra must be "end" (bottom and right) or "start" (top and left), got \'top\''
    with says(ValueError, sentence):
        same_padding(3, extra="top")


# ------------------------------------------------------------------------------------------- receptive field


def field_by_gradient(stack, output, size=64):
    """Find what an output cell depends on, where its gradient is not 0: the first pixel, and the size."""
    for layer in stack:
        if isinstance(layer, nn.Conv2d):
            nn.init.ones_(layer.weight)
    image = torch.zeros(1, 1, *size, dtype=torch.float64, requires_grad=True)
    cell = nn.Sequential(*stack).double()(image)[0, 0][output]
    (gradient,) = torch.autograd.grad(cell, image)
    rows, columns = gradient[0, 0].nonzero(as_tuple=True)
    first = int(rows.min()), int(columns.min())
    return first, (int(rows.max()) - first[0] + 1, int(columns.max()) - first[1] + 1)


@given(
    st.lists(
        st.tuples(
            st.tuples(st.integers(1, 4), st.integers(1, 4)),
            st.tuples(st.integers(1, 2), st.integers(1, 2)),
            st.tuples(st.integers(0, 2), st.integers(0, 2)),
            st.tuples(st.integers(1, 2), st.integers(1, 2)),
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=60)
def test_receptive_field_is_where_the_gradient_is(specification):
    """Size, first pixel and jump agree with the gradients of two output cells that lie inside the image."""
    stack = [nn.Conv2d(1, 1, k, s, p, d, bias=False) for k, s, p, d in specification]
    field = receptive_field(stack)
    at = tuple(
        -(start // jump) for start, jump in zip(field.start, field.jump, strict=True)
    )  # the first inside
    for output in (at, (at[0] + 1, at[1] + 2)):
        first = tuple(field.start[a] + output[a] * field.jump[a] for a in (0, 1))
        assert field_by_gradient(stack, output, (80, 90)) == (first, field.size)


def test_receptive_field_of_pooling_layers():
    """Average pooling has a window like a convolution's; a stride left at None is the window's size."""
    stack = [nn.Conv2d(1, 1, 3, bias=False), nn.AvgPool2d(2), nn.Conv2d(1, 1, 3, bias=False)]
    assert receptive_field(stack).size == (8, 8)
    assert field_by_gradient(stack, (1, 2), (20, 20)) == ((2, 4), (8, 8))
    assert receptive_field([nn.LPPool2d(2, 3), 3]) == receptive_field([(3, 3), 3])
    assert receptive_field([nn.MaxPool2d(3, 2, 1, 2)]) == ((5, 5), (2, 2), (-1, -1))


def test_every_form_of_a_layer_means_the_same():
    """int, tuple, list, mapping, Layer and module."""
    forms = [
        (3, 2, 1, 2),
        [3, (2, 2), ((1, 1), (1, 1)), 2],
        {"kernel_size": 3, "dilation": 2, "stride": 2, "padding": 1},
        Layer(3, 2, 1, 2),
        nn.Conv2d(1, 1, 3, 2, 1, 2),
    ]
    assert {receptive_field([form]) for form in forms} == {((5, 5), (2, 2), (-1, -1))}
    assert receptive_field([3]) == receptive_field([(3,)]) == ((3, 3), (1, 1), (0, 0))
    assert receptive_field([nn.Conv2d(1, 1, 4, padding="same")]).start == (-1, -1)
    assert receptive_field([SimpleNamespace(kernel_size=3)]) == receptive_field([3])


def test_an_empty_stack_sees_one_pixel():
    """Nothing in between: an output cell is its pixel."""
    assert receptive_field([]) == ((1, 1), (1, 1), (0, 0))


@pytest.mark.parametrize(
    ("layers", "kind", "sentence"),
    [
        (
            [3, (3, 0)],
            ValueError,
            "layer 1 of the stack, (3, 0): stride must be at least 1 on both axes, got 0",
        ),
        (
            [()],
            ValueError,
            "layer 0 of the stack, (): a tuple holds (kernel_size, stride, padding, dilation), got 0 values",
        ),
        (
            [{"size": 3}],
            ValueError,
            (
                "layer 0 of the stack, a value of type dict: keys are kernel_size and, optionally, stride, "
                "padding, dilation; got ['size']"
            ),
        ),
        (
            [{"stride": 2}],
            ValueError,
            (
                "layer 0 of the stack, a value of type dict: keys are kernel_size and, optionally, "
                "stride, padding, dilation; got ['stride']"
            ),
        ),
        (
            [{"kernel_size": 3, "strides": 2}],
            ValueError,
            (
                "layer 0 of the stack, a value of type dict: keys are kernel_size and, optionally, "
                "stride, padding, dilation; got ['kernel_size', 'strides']"
            ),
        ),
        (
            3,
            TypeError,
            (
                "layers must be several layers, from the input upwards, got 3; a single one goes into a "
                "list, receptive_field([layer])"
            ),
        ),
        (
            [nn.ReLU()],
            TypeError,
            (
                "layer 0 of the stack, a value of type ReLU: kernel_size must be an integer or a pair of "
                "integers (rows, columns), got a value of type ReLU"
            ),
        ),
        (
            [3, nn.ConvTranspose2d(1, 1, 3)],
            ValueError,
            (
                "layer 1 of the stack, a value of type ConvTranspose2d: a transposed convolution is not a "
                "window that moves over its input"
            ),
        ),
    ],
)
def test_receptive_field_names_the_layer_that_is_wrong(layers, kind, sentence):
    """In a stack of fifty the position is what one needs."""
    with says(kind, sentence):
        receptive_field(layers)


# ---------------------------------------------------------------------------------------------- layers_until


@given(
    st.tuples(st.integers(1, 50), st.integers(1, 50)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.integers(1, 12),
)
@settings(max_examples=400)
def test_layers_until_counts_layer_by_layer(size, kernel, stride, padding, target):
    """The number is that of applying `output_size` again and again; a size that never ends is an error."""
    count, now, seen = 0, size, set()
    while max(now) > target and now not in seen and len(seen) < 200:
        seen.add(now)
        try:
            now = output_size(now, kernel, stride, padding)
        except ValueError:
            break
        count += 1
    if (now in seen and max(now) > target and count == len(seen)) or len(seen) == 200:
        with pytest.raises(ValueError, match="the size never comes down to"):
            layers_until(size, kernel, stride, padding, target=target)
    else:
        assert layers_until(size, kernel, stride, padding, target=target) == count


def test_the_55_layers_of_the_notes():
    """5×5 kernels without padding: 224 falls by 4 a layer, to 4 after 55; a 56th does not fit."""
    assert layers_until(224, 5) == 55
    assert 224 - 55 * 4 == 4
    with pytest.raises(ValueError, match="does not fit"):
        output_size(4, 5)


def test_layers_until_needs_no_loop_over_a_huge_size():
    """A loop over 5·10²⁹ layers would never end, on one axis, on both, or beside a stride that is done."""
    start = time.process_time()
    assert layers_until(10**30, 3) == (10**30 - 1) // 2
    assert layers_until((10**30, 8), (5, 3), padding=(0, 1), target=8) == (10**30 - 8) // 4
    assert layers_until((10**30, 9), 3, stride=(1, 2), padding=(0, 1)) == (10**30 - 1) // 2
    assert layers_until(2**500, 2, 2) == 500
    # A kernel as large as the image, padded so that each layer takes one row.
    assert layers_until(10**30, 10**30, padding=10**30 // 2 - 1) == 10**30 - 1
    assert time.process_time() - start < 5


def test_layers_that_never_end_are_an_error():
    """ "Same" padding keeps the size for ever."""
    sentence = "the size never comes down to 1: a layer with kernel 3, stride 1 and padding 1 takes 8 to 8"
    with says(ValueError, sentence):
        layers_until(8, 3, padding=1)


# ------------------------------------------------------------------------------------------------ pixel_uses


@given(AXIS, AXIS)
@settings(max_examples=300)
def test_pixel_uses_counts_windows(rows, columns):
    """Walk over all windows and mark what they lie on."""
    windows, windows2 = reached(*rows), reached(*columns)
    if not windows or not windows2:
        return
    (n, n2), start, start2 = (rows[0], columns[0]), rows[3], columns[3]
    counts = [[0] * n2 for _ in range(n)]
    for window in windows:
        for window2 in windows2:
            for i in window:
                for j in window2:
                    if start <= i < start + n and start2 <= j < start2 + n2:
                        counts[i - start][j - start2] += 1
    assert pixel_uses(*arguments(rows, columns)) == tuple(map(tuple, counts))


def test_only_full_padding_uses_all_pixels_equally():
    """Kernel 3: "same" uses a corner 4, an edge 6 and the middle 9 times; padding 2 uses all 9 times."""
    assert pixel_uses(3, 3, padding=1) == ((4, 6, 4), (6, 9, 6), (4, 6, 4))
    assert pixel_uses(3, 3, padding=2) == ((9,) * 3,) * 3


def test_pixel_uses_is_quick_and_bounded():
    """A kernel of 10⁹ is counted, not walked over; a table of 10¹⁸ numbers is refused."""
    start = time.process_time()
    assert pixel_uses(2, 10**9, padding=10**9) == ((10**18,) * 2,) * 2
    sentence = (
        "pixel_uses lists every pixel: input_size 1000000000×1000000000 has 1000000000000000000, at most "
        "16777216 are allowed"
    )
    with says(ValueError, sentence):
        pixel_uses(10**9, 3)
    assert time.process_time() - start < 5


def test_the_largest_table_has_as_many_pixels_as_allowed(monkeypatch):
    """Rows times columns is what counts: up to the bound a table is made, above it refused."""
    monkeypatch.setattr(geometry, "_LARGEST_TABLE", 12)
    assert pixel_uses((3, 4), 1) == ((1,) * 4,) * 3
    with pytest.raises(ValueError, match="input_size 4×4 has 16, at most 12 are allowed"):
        pixel_uses(4, 1)


# ------------------------------------------------------------------------------------------------------ cost


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("bias", [True, False])
def test_cost_counts_what_the_layer_holds_and_does(groups, bias):
    """Parameters and bytes are those of torch's layer; multiply–adds are output cells times taps."""
    layer = nn.Conv2d(4, 8, (3, 2), stride=(2, 1), padding=1, dilation=(1, 2), groups=groups, bias=bias)
    image = torch.zeros(5, 4, 9, 7)
    answer = layer(image)
    found = cost((9, 7), (3, 2), 4, 8, (2, 1), 1, (1, 2), groups, bias=bias, batch=5)
    held = sum(parameter.numel() for parameter in layer.parameters())
    assert found.parameters == held
    assert found.parameter_bytes == 4 * held
    assert found.input_bytes == 4 * image.numel()
    assert found.output_bytes == 4 * answer.numel()
    assert found.multiply_adds == answer.numel() * layer.weight[0].numel()


def test_cost_of_nothing_and_of_wide_numbers():
    """An empty batch costs nothing but the parameters; itemsize scales the bytes alone."""
    empty = cost(5, 3, batch=0)
    assert (empty.multiply_adds, empty.parameters, empty.input_bytes, empty.output_bytes) == (0, 10, 0, 0)
    assert cost(5, 3, itemsize=8).parameter_bytes == 80
    assert cost(1, 1, itemsize=1) == Cost(1, 2, 1, 2, 1)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: cost(5, 3, 4, 6, groups=3),
            "groups=3 must divide in_channels=4 (remainder 1) and out_channels=6 (remainder 0)",
        ),
        (
            lambda: cost(5, 3, 6, 4, groups=3),
            "groups=3 must divide in_channels=6 (remainder 0) and out_channels=4 (remainder 1)",
        ),
        (lambda: cost(5, 3, 0), "in_channels must be at least 1, got 0"),
        (lambda: cost(5, 3, batch=-1), "batch must be at least 0, got -1"),
        (
            lambda: cost(2, 3),
            "kernel 3×3 does not fit input 2×2 with padding 0: output height would be 2 − 3 + 1 = 0",
        ),
    ],
)
def test_cost_says_what_is_wrong(call, sentence):
    """Each error names its argument."""
    with says(ValueError, sentence):
        call()


@pytest.mark.parametrize(
    ("value", "words"), [(1, "1"), (0, "0"), ("no", "'no' (a str)"), (None, "None"), (1.0, "1.0 (a float)")]
)
def test_true_or_false_is_no_number_and_no_word(value, words):
    """Sizes judge their flags as the operations do, so that "no" does not count as true."""
    with says(TypeError, f"ceil_mode must be True or False, got {words}"):
        output_size(5, 2, ceil_mode=value)
    with says(TypeError, f"bias must be True or False, got {words}"):
        cost(5, 2, bias=value)


def test_geometry_needs_no_torch():
    """The module and what it imports are pure Python."""
    modules = [sys.modules["convbook.geometry"], sys.modules["convbook._forms"]]
    for module in modules:
        imported = {getattr(value, "__name__", "") for value in vars(module).values()}
        assert not {name for name in imported if name.startswith("torch")}
