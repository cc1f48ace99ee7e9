"""Pieces against what they promise: computed alone, they make up the whole output."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from convbook import needed_input, needed_input_transposed, needed_inputs, tiles
from convbook.geometry import output_size

row_of = st.integers(1, 12)


def numbers(*shape):
    return torch.randint(-9, 10, shape, generator=torch.Generator().manual_seed(0)).double()


@given(
    row_of,
    st.integers(1, 5),
    st.integers(1, 4),
    st.tuples(*[st.integers(0, 6)] * 2),
    st.integers(1, 3),
    row_of,
)
def test_tiles_of_a_convolution_make_up_the_whole(n, k, s, p, d, most):
    """Each tile, convolved alone with its rest of padding, equals its rows of the whole result, exactly."""
    assume(n + sum(p) > d * (k - 1))
    x, w = numbers(1, 1, n, 1), numbers(1, 1, k, 1)
    whole = F.conv2d(F.pad(x, (0, 0, *p)), w, stride=(s, 1), dilation=(d, 1))
    assert whole.shape[2] == output_size((n, 1), (k, 1), (s, 1), (p, (0, 0)), (d, 1))[0]
    parts = []
    for run in tiles(whole.shape[2], most):
        piece = needed_input(run, n, k, s, p, d)
        assert 0 <= piece.start <= piece.stop <= n
        rows = F.pad(x[:, :, piece.start : piece.stop], (0, 0, piece.before, piece.after))
        assert rows.shape[2] == (run[1] - run[0] - 1) * s + d * (k - 1) + 1  # not a row too many
        parts.append(F.conv2d(rows, w, stride=(s, 1), dilation=(d, 1)))
    assert torch.equal(torch.cat(parts, 2), whole)


@given(
    row_of,
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 3),
    st.integers(0, 4),
    st.integers(1, 3),
    row_of,
)
def test_tiles_of_a_transposed_convolution_make_up_the_whole(n, k, s, p, more, d, most):
    """Likewise when the rows that `before` and `after` count are cut off, or added as zeros."""
    assume(more < max(s, d) and s * (n - 1) - 2 * p + d * (k - 1) + more >= 0)
    x, w = numbers(1, 1, n, 1), numbers(1, 1, k, 1)
    whole = F.conv_transpose2d(x, w, None, (s, 1), (p, 0), (more, 0), 1, (d, 1))
    parts = []
    for run in tiles(whole.shape[2], most):
        start, stop, before, after = needed_input_transposed(run, n, k, s, p, more, d)
        stamps = torch.zeros(1, 1, 0, 1, dtype=x.dtype)
        if stop > start:
            stamps = F.conv_transpose2d(x[:, :, start:stop], w, None, (s, 1), 0, 0, 1, (d, 1))
        parts.append(F.pad(stamps, (0, 0, -before, -after)))
    assert torch.equal(torch.cat(parts, 2), whole)


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)),
        min_size=1,
        max_size=4,
    ),
    st.data(),
)
def test_a_stack_needs_what_its_gradient_reaches(layers, data):
    """The rows read are those between the first and the last that the chosen outputs depend on."""
    n = 40
    x = torch.ones(1, 1, n, 1, dtype=torch.float64, requires_grad=True)
    y = x
    for k, s, p, d in layers:
        assume(y.shape[2] + 2 * p > d * (k - 1))
        y = F.conv2d(y, torch.ones(1, 1, k, 1, dtype=y.dtype), None, (s, 1), (p, 0), (d, 1))
    a = data.draw(st.integers(0, y.shape[2] - 1))
    b = data.draw(st.integers(a + 1, y.shape[2]))
    y[:, :, a:b].sum().backward()
    reached = x.grad.flatten().nonzero().flatten().tolist()
    piece = needed_inputs((a, b), n, layers)[0]
    assert piece.start <= min(reached, default=n)
    assert piece.stop > max(reached, default=-1)
    if all(s == d == 1 and p == 0 for _, s, p, d in layers):
        assert (piece.start, piece.stop) == (min(reached), max(reached) + 1)  # and no row more


def test_modules_are_layers():
    """Pooling, transposed and dilated modules of torch are read; a piece through them gives the same rows."""
    stack = [
        torch.nn.Conv2d(1, 1, (3, 1), padding=(2, 0), dilation=(2, 1), bias=False),
        torch.nn.MaxPool2d((3, 1), (2, 1), (1, 0), ceil_mode=True),
        torch.nn.ConvTranspose2d(1, 1, (3, 1), (2, 1), (1, 0), (1, 0), bias=False),
    ]
    x = numbers(1, 1, 23, 1).float()
    with torch.no_grad():
        whole = torch.nn.Sequential(*stack)(x)
        first, second, third = needed_inputs((9, 14), 23, stack)
        rows = F.pad(x[:, :, first.start : first.stop], (0, 0, first.before, first.after))
        rows = F.conv2d(rows, stack[0].weight, dilation=(2, 1))
        assert rows.shape[2] == second.stop - second.start
        rows = F.pad(rows, (0, 0, second.before, second.after), value=-torch.inf)
        rows = F.max_pool2d(rows, (3, 1), (2, 1))
        assert rows.shape[2] == third.stop - third.start
        rows = F.pad(
            F.conv_transpose2d(rows, stack[2].weight, stride=(2, 1)), (0, 0, -third.before, -third.after)
        )
    assert torch.allclose(rows, whole[:, :, 9:14])


def test_forms_of_a_layer():
    """A mapping, words for padding and a pooling without a stride mean what they mean elsewhere."""
    same, valid = torch.nn.Conv2d(1, 1, 4, padding="same"), torch.nn.Conv2d(1, 1, 4, padding="valid")
    assert needed_inputs((0, 1), 9, [same]) == ((0, 3, 1, 0),)
    assert needed_inputs((0, 1), 9, [valid]) == ((0, 4, 0, 0),)
    assert needed_inputs((1, 2), 9, [{"kernel_size": 3, "stride": (2, 1)}]) == ((2, 5, 0, 0),)
    assert needed_inputs((1, 2), 9, [{"kernel_size": 3, "stride": (2, 1)}], axis=1) == ((1, 4, 0, 0),)
    assert needed_inputs((1, 2), 9, [torch.nn.MaxPool2d(3)]) == ((3, 6, 0, 0),)


def test_huge_sizes_are_exact():
    """Beyond 2⁵³ nothing is rounded."""
    n = 10**30
    assert needed_input((n - 2, n - 1), n, 3, padding=1) == (n - 3, n, 0, 0)
    assert needed_input((n - 1, n), n, 3, padding=1) == (n - 2, n, 0, 1)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: needed_input((0, 9), 8, 3, padding=1), ValueError, "output must .* stop ≤ 8"),
        (lambda: needed_input((3, 3), 8, 3, padding=1), ValueError, "output"),
        (lambda: needed_input((0, 1.0), 8, 3), TypeError, "output"),
        (lambda: needed_input((0, 1), 2, 3), ValueError, "does not fit"),
        (lambda: needed_input((0, 1), 8, 3, padding=(1, 2, 3)), ValueError, "padding"),
        (lambda: needed_input((0, 1), 8, 3, padding=-1), ValueError, "padding"),
        (lambda: needed_inputs((0, 1), 8, []), ValueError, "layers"),
        (lambda: needed_inputs((0, 1), 8, 3), TypeError, "layers"),
        (lambda: needed_inputs((0, 1), 8, [3, 9]), ValueError, "layer 1"),
        (lambda: needed_inputs((0, 1), 8, [{"size": 3}]), ValueError, "layer 0"),
        (lambda: needed_inputs((0, 1), 8, [3], axis=2), ValueError, "axis"),
        (lambda: needed_inputs((0, 1), 8, [(3, 1, 1, 1, 1)]), ValueError, "layer 0"),
        (lambda: needed_input([1], 8, 3), TypeError, "output"),
        (lambda: tiles(0, 3), ValueError, "size"),
        (lambda: tiles(3, 0), ValueError, "most"),
    ],
)
def test_what_is_refused(call, kind, words):
    """Bad input is refused by the argument's name."""
    with pytest.raises(kind, match=words):
        call()
