"""Output sizes, padding, receptive fields, parameters and multiply–adds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from convbook import geometry, pieces
from convbook.exercises._compare import Mistake, compare, plain_settings
from convbook.exercises._report import CheckResult
from convbook.exercises._verdict import Case


def _one_axis_size(n: int, k: int, stride: int, padding: int, dilation: int) -> int:
    return geometry.output_size(n, k, stride, padding, dilation)[0]


_OUTPUT_SIZE_MISTAKES = (
    Mistake(
        "The + 1 is missing: the first window counts too.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * (k - 1) - 1) // stride,
    ),
    Mistake(
        "The + 1 is missing: the first window counts too.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - k) // stride,
    ),
    Mistake(
        "The + 1 stands inside the division: divide first, then count the first window.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * (k - 1)) // stride,
    ),
    Mistake(
        "The padding counts once: it is added on both sides, 2 · padding.",
        lambda n, k, stride, padding, dilation: (n + padding - dilation * (k - 1) - 1) // stride + 1,
    ),
    Mistake(
        "Rounded up: a window that does not fit whole is left out, so round down.",
        lambda n, k, stride, padding, dilation: (
            math.ceil((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1
        ),
    ),
    Mistake(
        "Rounded to the nearest: a window that does not fit whole is left out, so round down.",
        lambda n, k, stride, padding, dilation: (
            round((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1
        ),
    ),
    Mistake(
        "A fraction: divide with //, which rounds down.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * (k - 1) - 1) / stride + 1,
    ),
    Mistake(
        "The dilation is ignored: a dilated kernel reaches over dilation · (k − 1) + 1 pixels.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - k) // stride + 1,
    ),
    Mistake(
        "A dilated kernel reaches over dilation · (k − 1) + 1 pixels, not over dilation · k.",
        lambda n, k, stride, padding, dilation: (n + 2 * padding - dilation * k) // stride + 1,
    ),
    Mistake(
        "The stride is ignored.", lambda n, k, stride, padding, dilation: n + 2 * padding - dilation * (k - 1)
    ),
    Mistake(
        "The padding is ignored.",
        lambda n, k, stride, padding, dilation: (n - dilation * (k - 1) - 1) // stride + 1,
    ),
)


@plain_settings()
def check_output_size(my_output_size: Callable[..., Any]) -> CheckResult:
    """Check the output's length, called as ``my_output_size(n, k, stride=…, padding=…, dilation=…)``.

    One axis, so integers in and an integer out.

    Parameters
    ----------
    my_output_size : callable
        Your function; `padding` is on each side.

    Returns
    -------
    CheckResult

    See Also
    --------
    output_size : the reference, for both axes.

    Examples
    --------
    >>> print(check_output_size(lambda n, k, stride, padding, dilation: (n + 2 * padding - k) // stride).hint)
    The + 1 is missing: the first window counts too.
    """
    settings = [
        ("a kernel on an image", 8, 3, 1, 0, 1),
        ("padding", 8, 3, 1, 1, 1),
        ("stride that fits", 9, 3, 2, 0, 1),
        ("stride that leaves a rest", 8, 3, 2, 0, 1),
        ("stride and padding", 8, 3, 2, 1, 1),
        ("stride 4, padding and a rest", 8, 5, 4, 1, 1),
        ("dilation", 9, 3, 1, 0, 2),
        ("everything at once", 224, 7, 2, 3, 1),
        ("everything at once", 31, 4, 3, 2, 3),
    ]
    cases = [
        Case(about, {"n": n, "k": k}, {"stride": s, "padding": p, "dilation": d})
        for about, n, k, s, p, d in settings
    ]
    return compare("output_size", my_output_size, _one_axis_size, cases, _OUTPUT_SIZE_MISTAKES)


_SAME_PADDING_MISTAKES = (
    Mistake("k − 1 is the total. Half of it goes to each side.", lambda k, dilation: (k - 1, k - 1)),
    Mistake(
        "k − 1 is the total. Half of it goes to each side.", lambda k, dilation: (dilation * (k - 1),) * 2
    ),
    Mistake(
        "The extra zero of an even kernel stands at the end, as torch has it; you put it first.",
        lambda k, dilation: (dilation * (k - 1) - dilation * (k - 1) // 2, dilation * (k - 1) // 2),
    ),
    Mistake(
        "k // 2 on both sides makes an even kernel's output one longer: the two must add up to k − 1.",
        lambda k, dilation: (dilation * k // 2, dilation * k // 2),
    ),
    Mistake(
        "k // 2 on both sides makes an even kernel's output one longer: the two must add up to k − 1.",
        lambda k, dilation: (dilation * (k // 2), dilation * (k // 2)),
    ),
    Mistake(
        "(k − 1) // 2 on both sides makes an even kernel's output one shorter: the two must add up to k − 1.",
        lambda k, dilation: (dilation * (k - 1) // 2,) * 2,
    ),
    Mistake(
        "The dilation is ignored: a dilated kernel needs dilation · (k − 1) in all.",
        lambda k, dilation: ((k - 1) // 2, k - 1 - (k - 1) // 2),
    ),
)


@plain_settings()
def check_same_padding(my_same_padding: Callable[..., Any]) -> CheckResult:
    """Check the padding that keeps the size at stride 1, called as ``my_same_padding(k, dilation=…)``.

    Parameters
    ----------
    my_same_padding : callable
        Your function; returns (before, after) for one axis.  For an even kernel the extra zero stands at the
        end, as torch has it.

    Returns
    -------
    CheckResult

    See Also
    --------
    same_padding : the reference, for both axes.

    Examples
    --------
    >>> print(check_same_padding(lambda k, dilation: (k - 1, k - 1)).hint)
    k − 1 is the total. Half of it goes to each side.
    """
    cases = [
        *(Case("odd kernels", {"k": k}, {"dilation": 1}) for k in (3, 5, 1)),
        *(Case("even kernels", {"k": k}, {"dilation": 1}) for k in (2, 4)),
        *(Case("dilated kernels", {"k": k}, {"dilation": d}) for k, d in ((3, 2), (4, 3))),
    ]

    def reference(k: int, dilation: int) -> tuple[int, int]:
        return geometry.same_padding(k, dilation)[0]

    return compare("same_padding", my_same_padding, reference, cases, _SAME_PADDING_MISTAKES)


def _field_of_view(layers: list[tuple[int, int]]) -> int:
    field_, jump = 1, 1
    for k, s in layers:
        field_ += (k - 1) * jump
        jump *= s
    return field_


def _late_jump(layers: list[tuple[int, int]]) -> int:
    """Field of view with each layer's stride already counted for its own kernel."""
    field_, jump = 1, 1
    for k, s in layers:
        jump *= s
        field_ += (k - 1) * jump
    return field_


_RECEPTIVE_FIELD_MISTAKES = (
    Mistake(
        "The strides are ignored: after a stride of s one step of the next kernel is s pixels.",
        lambda layers: 1 + sum(k - 1 for k, _ in layers),
    ),
    Mistake(
        "The kernel sizes are summed: neighboring windows overlap, so add k − 1 and start with 1.",
        lambda layers: sum(k for k, _ in layers),
    ),
    Mistake(
        "Kernel sizes do not multiply: each layer adds (k − 1) · jump.",
        lambda layers: math.prod(k for k, _ in layers),
    ),
    Mistake(
        "A layer's stride counts for the layers after it, not for itself: add first, then multiply.",
        _late_jump,
    ),
    Mistake("It starts with 1, the output pixel itself.", lambda layers: _field_of_view(layers) - 1),
    Mistake(
        "The layers are taken from the last to the first: begin at the input.",
        lambda layers: _field_of_view(layers[::-1]),
    ),
    Mistake(
        "Only the stride of the layer before counts: the strides of all earlier layers multiply.",
        lambda layers: (
            1 + sum((k - 1) * before for (k, _), (_, before) in zip(layers, [(0, 1), *layers], strict=False))
        ),
    ),
)


@plain_settings()
def check_receptive_field(my_receptive_field: Callable[..., Any]) -> CheckResult:
    """Check the receptive field of a stack of layers, called as ``my_receptive_field(layers)``.

    Parameters
    ----------
    my_receptive_field : callable
        Your function; `layers` is a list of (kernel size, stride), the first layer first; returns how many
        pixels of one axis the last output sees.

    Returns
    -------
    CheckResult

    See Also
    --------
    receptive_field : the reference, for both axes.

    Examples
    --------
    >>> print(check_receptive_field(lambda layers: 1 + sum(k - 1 for k, s in layers)).hint)
    The strides are ignored: after a stride of s one step of the next kernel is s pixels.
    """
    stacks = {
        "one layer": [(3, 1)],
        "two layers": [(3, 1), (3, 1)],
        "a stride in the last layer": [(3, 1), (5, 2)],
        "a stride in the first layer": [(3, 2), (3, 1)],
        "the layers of LeNet": [(5, 1), (2, 2), (5, 1), (2, 2)],
        "strides in every layer": [(7, 2), (3, 2), (3, 3), (1, 1)],
    }
    cases = [Case(about, {"layers": layers}) for about, layers in stacks.items()]
    return compare("receptive_field", my_receptive_field, _field_of_view, cases, _RECEPTIVE_FIELD_MISTAKES)


def _parameter_count(cin: int, cout: int, kernel_size: tuple[int, int], groups: int, bias: bool) -> int:
    return cout * (cin // groups * kernel_size[0] * kernel_size[1] + bias)


_PARAMETER_COUNT_MISTAKES = (
    Mistake(
        "The bias is missing: one number for each output channel.",
        lambda cin, cout, kernel_size, groups, bias: _parameter_count(cin, cout, kernel_size, groups, False),
    ),
    Mistake(
        "The bias is missing: one number for each output channel.",
        lambda cin, cout, kernel_size, groups, bias: _parameter_count(cin, cout, kernel_size, 1, False),
    ),
    Mistake(
        "The bias is counted although the layer has none.",
        lambda cin, cout, kernel_size, groups, bias: _parameter_count(cin, cout, kernel_size, groups, True),
    ),
    Mistake(
        "The groups are ignored: an output channel sees cin / groups channels.",
        lambda cin, cout, kernel_size, groups, bias: _parameter_count(cin, cout, kernel_size, 1, bias),
    ),
    Mistake(
        "The input channels are forgotten: each output channel has a kernel for each of them.",
        lambda cin, cout, kernel_size, groups, bias: _parameter_count(1, cout, kernel_size, 1, bias),
    ),
    Mistake(
        "One bias for each pair of channels: there is one for each output channel.",
        lambda cin, cout, kernel_size, groups, bias: (
            _parameter_count(cin, cout, kernel_size, groups, False) + bias * cin * cout
        ),
    ),
    Mistake(
        "One bias in all: there is one for each output channel.",
        lambda cin, cout, kernel_size, groups, bias: (
            _parameter_count(cin, cout, kernel_size, groups, False) + bias
        ),
    ),
    Mistake(
        "The kernel is taken for square: rows times columns.",
        lambda cin, cout, kernel_size, groups, bias: _parameter_count(
            cin, cout, (kernel_size[0],) * 2, groups, bias
        ),
    ),
)


@plain_settings()
def check_parameter_count(my_parameter_count: Callable[..., Any]) -> CheckResult:
    """Check the number of parameters of a layer, called as ``my_parameter_count(cin, cout, kernel_size, …)``.

    Parameters
    ----------
    my_parameter_count : callable
        Your function, called with ``cin, cout, (rows, columns), groups=…, bias=…``.

    Returns
    -------
    CheckResult

    Examples
    --------
    >>> def my_count(cin, cout, kernel_size, groups, bias):
    ...     return cin * cout * kernel_size[0] * kernel_size[1]
    >>> print(check_parameter_count(my_count).hint)
    The bias is missing: one number for each output channel.
    """
    settings = [
        ("three channels to 64, with a bias", 3, 64, (3, 3), 1, True),
        ("a kernel that is not square", 2, 5, (1, 7), 1, True),
        ("without a bias", 4, 6, (3, 2), 1, False),
        ("groups", 4, 6, (3, 3), 2, True),
        ("depthwise", 8, 8, (5, 5), 8, False),
    ]
    cases = [
        Case(about, {"cin": i, "cout": o, "kernel_size": k}, {"groups": g, "bias": b})
        for about, i, o, k, g, b in settings
    ]
    return compare("parameter_count", my_parameter_count, _parameter_count, cases, _PARAMETER_COUNT_MISTAKES)


def _multiply_adds(
    cin: int, cout: int, kernel_size: tuple[int, int], output_size: tuple[int, int], groups: int
) -> int:
    return cout * cin // groups * math.prod(kernel_size) * math.prod(output_size)


_MULTIPLY_ADDS_MISTAKES = (
    Mistake(
        "That is one output pixel: multiply by how many there are.",
        lambda cin, cout, kernel_size, output_size, groups: _multiply_adds(
            cin, cout, kernel_size, (1, 1), groups
        ),
    ),
    Mistake(
        "The groups are ignored: an output channel sees cin / groups channels.",
        lambda cin, cout, kernel_size, output_size, groups: _multiply_adds(
            cin, cout, kernel_size, output_size, 1
        ),
    ),
    Mistake(
        "The output channels are forgotten: each costs as much as the first.",
        lambda cin, cout, kernel_size, output_size, groups: _multiply_adds(
            cin, 1, kernel_size, output_size, groups
        ),
    ),
    Mistake(
        "The input channels are forgotten: a kernel for each of them is multiplied.",
        lambda cin, cout, kernel_size, output_size, groups: _multiply_adds(
            1, cout, kernel_size, output_size, 1
        ),
    ),
    Mistake(
        "Multiplications and additions are counted apart: a multiply–add is one.",
        lambda cin, cout, kernel_size, output_size, groups: (
            2 * _multiply_adds(cin, cout, kernel_size, output_size, groups)
        ),
    ),
    Mistake(
        "Rows alone: kernel and output have columns too.",
        lambda cin, cout, kernel_size, output_size, groups: _multiply_adds(
            cin, cout, (kernel_size[0],) * 2, (output_size[0],) * 2, groups
        ),
    ),
)


@plain_settings()
def check_multiply_adds(my_multiply_adds: Callable[..., Any]) -> CheckResult:
    """Check a layer's multiplications, called as ``my_multiply_adds(cin, cout, k, out, groups=…)``.

    Parameters
    ----------
    my_multiply_adds : callable
        Your function, called with ``cin, cout, (kernel rows, columns), (output rows, columns), groups=…``;
        for one image, without the bias.

    Returns
    -------
    CheckResult

    Examples
    --------
    >>> def per_pixel(cin, cout, kernel_size, output_size, groups):
    ...     return cin // groups * cout * kernel_size[0] * kernel_size[1]
    >>> print(check_multiply_adds(per_pixel).hint)
    That is one output pixel: multiply by how many there are.
    """
    settings = [
        ("three channels to 64", 3, 64, (3, 3), (10, 10), 1),
        ("nothing square", 2, 5, (1, 7), (6, 9), 1),
        ("groups", 4, 6, (3, 3), (5, 8), 2),
        ("depthwise", 8, 8, (5, 5), (7, 4), 8),
    ]
    cases = [
        Case(about, {"cin": i, "cout": o, "kernel_size": k, "output_size": out}, {"groups": g})
        for about, i, o, k, out, g in settings
    ]
    return compare("multiply_adds", my_multiply_adds, _multiply_adds, cases, _MULTIPLY_ADDS_MISTAKES)


def _needed_input(
    start: int, stop: int, n: int, k: int, stride: int, padding: int, dilation: int
) -> tuple[int, ...]:
    return tuple(pieces.needed_input((start, stop), n, k, stride, padding, dilation))


def _unclipped(
    start: int, stop: int, n: int, k: int, stride: int, padding: int, dilation: int
) -> tuple[int, int]:
    return stride * start - padding, stride * (stop - 1) - padding + dilation * (k - 1) + 1


def _clipped_run(first: int, last: int, n: int) -> tuple[int, int, int, int]:
    return max(first, 0), min(last, n), max(0, -first), max(0, last - n)


_NEEDED_INPUT_MISTAKES = (
    Mistake(
        "The rows are not cut at the ends of the image: what lies below 0 or beyond n is padding.",
        lambda start, stop, n, k, **s: (*_unclipped(start, stop, n, k, **s), 0, 0),
    ),
    Mistake(
        "The stride is ignored: output row i begins at input row stride · i − padding.",
        lambda start, stop, n, k, stride, **s: _clipped_run(*_unclipped(start, stop, n, k, stride=1, **s), n),
    ),
    Mistake(
        "The padding is ignored: output row 0 begins at input row −padding.",
        lambda start, stop, n, k, padding, **s: _clipped_run(
            *_unclipped(start, stop, n, k, padding=0, **s), n
        ),
    ),
    Mistake(
        "The dilation is ignored: the last tap is dilation · (k − 1) rows below the first.",
        lambda start, stop, n, k, dilation, **s: _clipped_run(
            *_unclipped(start, stop, n, k, dilation=1, **s), n
        ),
    ),
    Mistake(
        "The last row is missing: stop is one more than the last row that is needed.",
        lambda start, stop, n, k, **s: _clipped_run(
            _unclipped(start, stop, n, k, **s)[0], _unclipped(start, stop, n, k, **s)[1] - 1, n
        ),
    ),
    Mistake(
        "One window too many: the last output row is stop − 1.",
        lambda start, stop, n, k, **s: _clipped_run(*_unclipped(start, stop + 1, n, k, **s), n),
    ),
    Mistake(
        "Every piece gets the whole padding: only rows outside the image are padding.",
        lambda start, stop, n, k, padding, **s: (
            *_clipped_run(*_unclipped(start, stop, n, k, padding=padding, **s), n)[:2],
            padding,
            padding,
        ),
    ),
    Mistake(
        "The rows are those of the output: a window reads k rows.",
        lambda start, stop, n, k, **s: (start, stop, 0, 0),
    ),
)


@plain_settings()
def check_needed_input(my_needed_input: Callable[..., Any]) -> CheckResult:
    """Check the input rows of some output rows, called as ``my_needed_input(start, stop, n, k, …)``.

    Parameters
    ----------
    my_needed_input : callable
        Your function, called with ``start, stop, n, k, stride=…, padding=…, dilation=…``, one axis; returns
        (start, stop, before, after): the input rows, and the rows of padding that remain at both ends.

    Returns
    -------
    CheckResult

    See Also
    --------
    needed_input : the reference.

    Examples
    --------
    >>> print(
    ...     check_needed_input(lambda start, stop, n, k, stride, padding, dilation: (start, stop, 0, 0)).hint
    ... )
    The rows are those of the output: a window reads k rows.
    """
    settings = [
        ("the first rows", 0, 4, 8, 3, 1, 1, 1),
        ("the last rows", 4, 8, 8, 3, 1, 1, 1),
        ("rows in the middle", 3, 5, 12, 5, 1, 2, 1),
        ("a stride", 1, 3, 9, 3, 2, 0, 1),
        ("a dilation", 2, 3, 12, 3, 1, 2, 2),
        ("all rows", 0, 4, 8, 3, 2, 1, 1),
        ("everything at once", 2, 5, 31, 4, 3, 5, 2),
    ]
    cases = [
        Case(
            about,
            {"start": start, "stop": stop, "n": n, "k": k},
            {"stride": s, "padding": p, "dilation": d},
        )
        for about, start, stop, n, k, s, p, d in settings
    ]
    return compare("needed_input", my_needed_input, _needed_input, cases, _NEEDED_INPUT_MISTAKES)
