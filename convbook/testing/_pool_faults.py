"""Usual mistakes of pooling, padding, windows and the one-image functions, each as a kernel that makes it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

import convbook
from convbook.testing._faults import (
    CONV2D,
    CONV2D_INPUT,
    CONV2D_WEIGHT,
    CONV_TRANSPOSE2D,
    EVERY_INPUT,
    Fault,
    Made,
    by_axis,
    every_output,
    finite,
    in_floats,
    mirrored,
    on_output,
    on_tensor,
    without_not_a_number,
)
from convbook.testing._operations import Call, Pair


def ceil_always(call: Call) -> Any:
    """Round the output's size up without being asked."""
    return call.but(ceil_mode=True).answer()


def windows_of(call: Call, size: Pair, overhang: int | float) -> Tensor:
    """Return windows (…, rows, columns, window rows, window columns) for an output of a given size."""
    x = call.value("input")
    steps, cuts = call.two("stride"), call.two("padding") if call.operation != "lp_pool2d" else (0, 0)
    gaps = call.two("dilation") if call.operation == "max_pool2d" else (1, 1)
    taps = call.two("kernel_size")
    ends = [
        max(0, (count - 1) * step + gap * (k - 1) + 1 - cut - length)
        for count, step, gap, k, cut, length in zip(size, steps, gaps, taps, cuts, x.shape[-2:], strict=True)
    ]
    fill = overhang if x.is_floating_point() or overhang == 0 else torch.iinfo(x.dtype).min
    padded = convbook.pad(x, ((cuts[0], ends[0]), (cuts[1], ends[1])), value=fill)
    return convbook.sliding_windows(padded, taps, steps, gaps, size)


def every_window(call: Call) -> Pair:
    """Return the output's size if windows may start in the padding at the end."""
    x = call.value("input")
    gaps = call.two("dilation") if call.operation == "max_pool2d" else (1, 1)
    cuts = call.two("padding")
    rows, columns = (
        -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1
        for n, p, d, k, s in zip(
            x.shape[-2:], cuts, gaps, call.two("kernel_size"), call.two("stride"), strict=True
        )
    )
    return rows, columns


def with_extra_windows(call: Call) -> Any:
    """Keep a last window of ceil_mode that starts in the padding at the end."""
    if not call.value("ceil_mode") or call.options.get("return_indices"):
        return call.answer()
    size = every_window(call)
    if call.operation == "max_pool2d":
        return windows_of(call, size, -math.inf).amax((-1, -2))
    known = call.answer()
    total = windows_of(call, size, 0).sum((-1, -2))
    grown = torch.zeros_like(total)
    grown[..., : known.shape[-2], : known.shape[-1]] = known
    return grown


def padded_with_zeros(call: Call) -> Any:
    """Let the zeros of the padding take part in the maximum."""
    if call.options.get("return_indices"):
        return call.answer()
    rows, columns = call.two("padding")
    zeros = F.pad(call.value("input"), (columns, columns, rows, rows))
    return call.but(input=zeros, padding=0).answer()


def largest_from(start: float) -> Made:
    """Return a maximum that starts at a number instead of −∞."""

    def change(y: Tensor, call: Call) -> Tensor:
        return y.clamp(min=start) if y.is_floating_point() or start >= 1 or start == 0 else y.clamp(min=0)

    return on_output(change)


def ignoring_nan(call: Call) -> Any:
    """Take the largest number beside NaN."""
    x = call.value("input")
    return (
        call.but(input=x.nan_to_num(-math.inf, math.inf, -math.inf)).answer()
        if x.is_floating_point()
        else call.answer()
    )


def on_indices(change: Callable[[Tensor, Call], Tensor]) -> Made:
    """Return a maximum that counts places in another way."""

    def made(call: Call) -> Any:
        answer = call.answer()
        return (answer[0], change(answer[1], call)) if isinstance(answer, tuple) else answer

    return made


def _in_padded(places: Tensor, call: Call) -> Any:
    columns = call.value("input").shape[-1]
    cut = call.two("padding")
    return (places // columns + cut[0]) * (columns + 2 * cut[1]) + places % columns + cut[1]


def _in_window(places: Tensor, call: Call) -> Any:
    columns = call.value("input").shape[-1]
    row = torch.arange(places.shape[-2])[:, None] * call.two("stride")[0] - call.two("padding")[0]
    column = torch.arange(places.shape[-1]) * call.two("stride")[1] - call.two("padding")[1]
    gaps = call.two("dilation")
    taps = call.two("kernel_size")[1]
    return (places // columns - row) // gaps[0] * taps + (places % columns - column) // gaps[1]


def _over_planes(places: Tensor, call: Call) -> Any:
    rows, columns = call.value("input").shape[-2:]
    planes = math.prod(places.shape[:-2])
    first = torch.arange(planes).reshape(*places.shape[:-2], 1, 1) * rows * columns
    return places + first


def _columns_first(places: Tensor, call: Call) -> Any:
    rows, columns = call.value("input").shape[-2:]
    return places % columns * rows + places // columns


INDICES = [
    Fault("counts indices over all planes, not in each", on_indices(_over_planes)),
    Fault("counts indices down the columns first", on_indices(_columns_first)),
]
POOLS = [
    *by_axis("stride")[1:],
    Fault("ignores stride: windows side by side", lambda call: call.but(stride=None).answer()),
    Fault("moves windows by one pixel", lambda call: call.but(stride=1).answer()),
    Fault("moves windows by one pixel where no stride is given", lambda call: call.but(
        stride=1 if call.value("stride") is None else call.value("stride")).answer()),
    Fault("exchanges the window's rows and columns", lambda call: call.but(
        kernel_size=call.two("kernel_size")[::-1], stride=call.two("stride")).answer()),
    Fault("ignores ceil_mode", lambda call: call.but(ceil_mode=False).answer()),
    Fault("rounds the output's size up without ceil_mode", ceil_always),
    *EVERY_INPUT, *every_output(),
]  # fmt: skip
PADDED = [
    Fault("ignores padding", lambda call: call.but(padding=0).answer()),
    Fault(
        "takes padding as (columns, rows)", lambda call: call.but(padding=call.two("padding")[::-1]).answer()
    ),
    Fault("keeps a last window of ceil_mode that starts in the padding", with_extra_windows),
]
MAXIMUM = [
    Fault("starts the maximum at 0", largest_from(0.0)),
    Fault("starts the maximum at the smallest positive number", largest_from(2.0**-126)),
    Fault("takes the smallest number", lambda call: (-1 * call.but(input=-call.value("input")).answer())
          if not call.options.get("return_indices") and call.value("input").dtype is not torch.uint8
          else call.answer()),
    Fault("takes the largest magnitude", on_tensor("input", lambda x: x.abs())),
    Fault("leaves NaN out", ignoring_nan),
]  # fmt: skip
MAX_POOL2D = [
    Fault("pads with zeros, which are larger than negative pixels", padded_with_zeros),
    *POOLS, *PADDED, *by_axis("dilation"), *MAXIMUM,
    Fault("counts indices in the padded image", on_indices(_in_padded)),
    Fault("counts indices inside the window", on_indices(_in_window)),
    *INDICES,
]  # fmt: skip


# ------------------------------------------------------------------------------------------- the averages


def divided(count: Callable[[Call, Pair], Tensor | int]) -> Made:
    """Return an average whose divisor is counted in another way."""

    def made(call: Call) -> Any:
        right = call.answer()
        size = (right.shape[-2], right.shape[-1])
        wide = call.mapped(lambda x: x.double() if x.is_floating_point() else x)
        total = windows_of(wide, size, 0).sum((-1, -2))
        divisor = count(call, size)
        mode = None if total.is_floating_point() else "trunc"
        return total.div(divisor, rounding_mode=mode).to(right.dtype)

    return made


def _with_overhang(call: Call, size: Pair) -> Tensor | int:
    if call.value("divisor_override") is not None:
        return int(call.value("divisor_override"))
    if call.value("count_include_pad"):
        return math.prod(call.two("kernel_size"))
    return _pixels(call, size)


def _pixels(call: Call, size: Pair) -> Tensor:
    ones = call.but(input=torch.ones_like(call.value("input"), dtype=torch.int64))
    return windows_of(ones, size, 0).sum((-1, -2)).clamp(min=1)


def _override_as_well(call: Call) -> Any:
    divisor = call.value("divisor_override")
    return (
        call.answer()
        if divisor is None
        else (call.but(divisor_override=None).answer() / divisor).to(call.value("input").dtype)
    )


def _rounded_down(call: Call) -> Any:
    x = call.value("input")
    if x.is_floating_point():
        return call.answer()
    return call.but(input=x.double()).answer().floor().to(x.dtype)


def _summed(call: Call) -> Any:
    return call.but(divisor_override=1).answer()


def _by_one_side(call: Call) -> Any:
    if call.value("divisor_override") is not None:
        return call.answer()
    return call.answer() * call.two("kernel_size")[1]


AVG_POOL2D = [
    Fault("counts the overhang of ceil_mode in the divisor", divided(_with_overhang)),
    Fault("counts the padding in the divisor though count_include_pad is false",
          lambda call: call.but(count_include_pad=True).answer()),
    Fault("leaves the padding out of the divisor though count_include_pad is true",
          lambda call: call.but(count_include_pad=False).answer()),
    Fault("ignores divisor_override", lambda call: call.but(divisor_override=None).answer()),
    Fault("divides by the window's size as well as by divisor_override", _override_as_well),
    Fault("sums instead of averaging", _summed),
    Fault("divides by one side of the window", _by_one_side),
    Fault("rounds the average of integers down", _rounded_down),
    Fault("computes integers in float32, which holds no more than 24 bits", in_floats(torch.float32)),
    *POOLS, *PADDED,
    Fault("treats NaN as 0", lambda call: call.mapped(without_not_a_number).answer()),
    Fault("treats NaN and infinity as 0", lambda call: call.mapped(finite).answer()),
]  # fmt: skip


def _without_root(call: Call) -> Any:
    power = call.value("norm_type")
    return (call.answer().double() ** power).to(call.value("input").dtype)


def _root_of_mean(call: Call) -> Any:
    count = math.prod(call.two("kernel_size"))
    return (call.answer().double() / count ** (1 / call.value("norm_type"))).to(call.value("input").dtype)


def _not_scaled(call: Call) -> Any:
    right, power = call.answer(), call.value("norm_type")
    total = windows_of(call.but(input=call.value("input").double() ** power), tuple(right.shape[-2:]), 0)
    return (total.sum((-1, -2)) ** (1 / power)).to(right.dtype)


LP_POOL2D = [
    Fault("takes no root", _without_root),
    Fault("takes the root of the mean, not of the sum", _root_of_mean),
    Fault("uses the power 2 whatever norm_type", lambda call: call.but(norm_type=2.0).answer()),
    Fault("uses the power 1 whatever norm_type", lambda call: call.but(norm_type=1.0).answer()),
    Fault("does not scale a last window that hangs over the end", _not_scaled),
    *POOLS,
]  # fmt: skip


# ---------------------------------------------------------------------------------------------- adaptive


def by_windows(bounds: Callable[[int, int, int], tuple[int, int]]) -> Made:
    """Return an adaptive pooling whose window i of m on n pixels has other ends."""

    def made(call: Call) -> Any:
        x, right = call.value("input"), call.answer()
        if isinstance(right, tuple):
            return right
        wide = x.double()
        reduce: Any = torch.mean if "avg" in call.operation else torch.amax
        rows, columns = (
            [bounds(i, n, m) for i in range(m)] for n, m in zip(x.shape[-2:], right.shape[-2:], strict=True)
        )
        cells = [[reduce(wide[..., a:b, c:d], (-1, -2)) for c, d in columns] for a, b in rows]
        return torch.stack([torch.stack(row, -1) for row in cells], -2).to(x.dtype)

    return made


def _swapped_size(call: Call) -> Any:
    size = call.value("output_size")
    return call.answer() if isinstance(size, int) else call.but(output_size=tuple(size)[::-1]).answer()


def _none_as_one(call: Call) -> Any:
    size = call.value("output_size")
    if isinstance(size, int):
        return call.answer()
    return call.but(output_size=tuple(1 if wanted is None else wanted for wanted in size)).answer()


ADAPTIVE = [
    Fault("ends each window a pixel too early where the sizes do not divide",
          by_windows(lambda i, n, m: (i * n // m, max((i + 1) * n // m, i * n // m + 1)))),
    Fault("uses windows of equal size, n // m, and leaves out the rest",
          by_windows(lambda i, n, m: (min(i * max(n // m, 1), n - 1),
                                      min(i * max(n // m, 1), n - 1) + max(n // m, 1)))),
    Fault("uses windows of equal size at equal steps, as a pooling does",
          by_windows(lambda i, n, m: (i * (n // m) if n >= m else i * n // m,
                                      i * (n // m) + n - (m - 1) * (n // m) if n >= m else i * n // m + 1))),
    Fault("takes output_size as (columns, rows)", _swapped_size),
    Fault("takes None in output_size for 1", _none_as_one),
    *EVERY_INPUT, *every_output(),
]  # fmt: skip
ADAPTIVE_AVG = [
    *ADAPTIVE,
    Fault("treats NaN as 0", lambda call: call.mapped(without_not_a_number).answer()),
]
ADAPTIVE_MAX = [
    *ADAPTIVE,
    *[fault for fault in MAXIMUM if "magnitude" not in fault.words],
    *INDICES,
]
GLOBAL_AVG = [
    Fault("drops the last two axes", on_output(lambda y, call: y[..., 0, 0])),
    Fault("averages over the channels too", on_output(lambda y, call: y.mean(-3, keepdim=True))),
    Fault(
        "sums instead of averaging", on_output(lambda y, call: y * math.prod(call.value("input").shape[-2:]))
    ),
    Fault("takes the maximum", lambda call: call.value("input").amax((-1, -2), keepdim=True)),
    Fault("averages along the rows alone", lambda call: call.value("input").mean(-1, keepdim=True)),
    *EVERY_INPUT,
    *[
        fault
        for fault in every_output()
        if "leaves out" not in fault.words and "exchanged" not in fault.words
    ],
]


# --------------------------------------------------------------------------------- padding and windows


def _pad_changed(change: Callable[[int, int, int, int], tuple[Pair, Pair]]) -> Made:
    def made(call: Call) -> Any:
        (top, bottom), (left, right) = call.value("padding")
        return call.but(padding=change(top, bottom, left, right)).answer()

    return made


def _pad_mode(asked: str, taken: str) -> Made:
    return lambda call: call.but(mode=taken).answer() if call.value("mode") == asked else call.answer()


def _pad_mirrored(call: Call) -> Any:
    if call.value("mode") != "reflect":
        return call.answer()
    return mirrored(call.value("input"), call.value("padding"))


PAD = [
    Fault("takes the sides as (columns, rows)", _pad_changed(lambda t, b, le, r: ((le, r), (t, b)))),
    Fault("exchanges the sides: top with bottom, left with right", _pad_changed(
        lambda t, b, le, r: ((b, t), (r, le)))),
    Fault("pads the bottom and right as much as the top and left", _pad_changed(
        lambda t, b, le, r: ((t, t), (le, le)))),
    Fault("ignores padding", _pad_changed(lambda t, b, le, r: ((0, 0), (0, 0)))),
    Fault("ignores padding on the first axis", _pad_changed(lambda t, b, le, r: ((0, 0), (le, r)))),
    Fault("ignores padding on the second axis", _pad_changed(lambda t, b, le, r: ((t, b), (0, 0)))),
    Fault("ignores value", lambda call: call.but(value=0).answer()),
    Fault("pads with zeros whatever the mode", lambda call: call.but(mode="zeros").answer()),
    Fault('repeats the edge where mode="reflect" leaves it out', _pad_mirrored),
    Fault('takes mode="replicate" for "reflect"', _pad_mode("reflect", "replicate")),
    Fault('takes mode="circular" for "replicate"', _pad_mode("circular", "replicate")),
    *EVERY_INPUT, *every_output(),
]  # fmt: skip


def _taps_first(y: Tensor, call: Call) -> Any:
    taps = math.prod(call.two("kernel_size"))
    return torch.unflatten(y, -2, (-1, taps)).transpose(-2, -3).flatten(-3, -2)


def _size_of_windows(call: Call) -> Pair:
    size = call.value("input").shape[-2:] if call.operation == "unfold" else call.two("output_size")
    rows, columns = convbook.output_size(
        tuple(size), call.two("kernel_size"), call.two("stride"), call.two("padding"), call.two("dilation")
    )
    return rows, columns


def _columns_in_turn(y: Tensor, call: Call) -> Any:
    return torch.unflatten(y, -1, _size_of_windows(call)).mT.flatten(-2)


def _window_turned(y: Tensor, call: Call) -> Any:
    taps = call.two("kernel_size")
    return torch.unflatten(y, -2, (-1, *taps)).transpose(-2, -3).flatten(-4, -2)


UNFOLD = [
    *by_axis("stride"), *by_axis("dilation"), *by_axis("padding", 0),
    Fault("puts the taps before the channels", on_output(_taps_first)),
    Fault("numbers the windows down the columns first", on_output(_columns_in_turn)),
    Fault("lists each window down its columns first", on_output(_window_turned)),
    Fault("exchanges the window's rows and columns", lambda call: call.but(
        kernel_size=call.two("kernel_size")[::-1]).answer()),
    *EVERY_INPUT, *every_output(channels=False),
]  # fmt: skip


def _last_one_wins(call: Call) -> Any:
    u, right = call.value("input"), call.answer()
    taps, (rows, columns) = call.two("kernel_size"), _size_of_windows(call)
    step, gap, cut = call.two("stride"), call.two("dilation"), call.two("padding")
    cells = torch.unflatten(torch.unflatten(u, -2, (-1, *taps)), -1, (rows, columns))
    y = torch.zeros_like(right)
    for i in range(rows):
        for j in range(columns):
            for a in range(taps[0]):
                for b in range(taps[1]):
                    r, c = i * step[0] + a * gap[0] - cut[0], j * step[1] + b * gap[1] - cut[1]
                    if 0 <= r < y.shape[-2] and 0 <= c < y.shape[-1]:
                        y[..., r, c] = cells[..., a, b, i, j]
    return y


def _divided_by_counts(call: Call) -> Any:
    ones = call.but(input=torch.ones_like(call.value("input"), dtype=torch.int64)).answer()
    right = call.answer()
    if right.is_floating_point() or right.is_complex():
        return right / ones.clamp(min=1)
    return right // ones.clamp(min=1).to(right.dtype)


FOLD = [
    Fault("writes windows that overlap instead of adding them", _last_one_wins),
    Fault("divides by the number of windows on each pixel", _divided_by_counts),
    Fault("takes the taps before the channels", lambda call: call.but(
        input=torch.unflatten(call.value("input"), -2, (math.prod(call.two("kernel_size")), -1))
        .transpose(-2, -3).flatten(-3, -2)).answer()),
    Fault("takes the windows down the columns first", lambda call: call.but(
        input=torch.unflatten(call.value("input"), -1, _size_of_windows(call)[::-1]).mT.flatten(-2)
    ).answer()),
    *EVERY_INPUT[:1], *every_output(),
]  # fmt: skip


# -------------------------------------------------------------------------------------------- one image

MATRIX = [
    Fault("exchanges the kernel's rows and columns", on_tensor("K", lambda K: K.mT)),
    Fault("conjugates the kernel of complex numbers", on_tensor("K", lambda K: K.conj().resolve_conj())),
    Fault("flips the kernel's rows alone", on_tensor("K", lambda K: K.flip(-2))),
    Fault("flips the kernel's columns alone", on_tensor("K", lambda K: K.flip(-1))),
    Fault("computes integers in float32, which holds no more than 24 bits", in_floats(torch.float32)),
    Fault("treats NaN as 0", lambda call: call.mapped(without_not_a_number).answer()),
    Fault("treats NaN and infinity as 0", lambda call: call.mapped(finite).answer()),
    *every_output(channels=False),
]
FLIPPED = Fault(
    "flips the kernel, as the mathematician's convolution does", on_tensor("K", lambda K: K.flip(-1, -2))
)
CHANNELS = [
    Fault(
        "uses the first channel alone",
        on_tensor("K", lambda K: torch.cat([K.narrow(-3, 0, 1), 0 * K.narrow(-3, 1, K.shape[-3] - 1)], -3)),
    ),
]
POOL2D = [
    Fault('takes mode="avg" for "max"', lambda call: call.but(mode="max").answer()),
    Fault(
        "sums instead of averaging",
        on_output(lambda y, call: y * math.prod(_pair(call)) if call.value("mode") == "avg" else y),
    ),
    Fault(
        "starts the maximum at 0",
        on_output(lambda y, call: y.clamp(min=0) if call.value("mode") == "max" else y),
    ),
    Fault(
        "exchanges the window's rows and columns", lambda call: call.but(pool_size=_pair(call)[::-1]).answer()
    ),
    Fault("puts windows side by side", on_output(lambda y, call: y[:: _pair(call)[0], :: _pair(call)[1]])),
    Fault("leaves NaN out", on_tensor("X", lambda X: X.nan_to_num(-math.inf, math.inf, -math.inf))),
    *every_output(channels=False),
]


def _pair(call: Call) -> Pair:
    return call.two("pool_size")


def _columns_of(call: Call) -> int:
    return int(call.answer().shape[-1])


UNPOOL = [
    Fault("puts each maximum into the first pixel of its window", lambda call: call.but(
        indices=_corners(call)).answer()),
    Fault("ignores output_size", lambda call: call.but(output_size=None).answer()),
    Fault("spreads each maximum over its window", lambda call: torch.zeros_like(call.answer()) + F.pad(
        _spread(call), (0, _columns_of(call) - _spread(call).shape[-1],
                        0, call.answer().shape[-2] - _spread(call).shape[-2]))),
    *every_output(),
]  # fmt: skip


def _corners(call: Call) -> Tensor:
    rows, columns = call.two("kernel_size")
    shape = call.value("indices").shape
    places = torch.arange(shape[-2])[:, None] * rows * _columns_of(call) + torch.arange(shape[-1]) * columns
    return places.expand(shape).contiguous()


def _spread(call: Call) -> Tensor:
    rows, columns = call.two("kernel_size")
    return torch.repeat_interleave(torch.repeat_interleave(call.value("input"), rows, -2), columns, -1)


FAULTS: dict[str, list[Fault]] = {
    "conv2d": CONV2D,
    "conv_transpose2d": CONV_TRANSPOSE2D,
    "conv2d_input": CONV2D_INPUT,
    "conv2d_weight": CONV2D_WEIGHT,
    "max_pool2d": MAX_POOL2D,
    "avg_pool2d": AVG_POOL2D,
    "lp_pool2d": LP_POOL2D,
    "adaptive_avg_pool2d": ADAPTIVE_AVG,
    "adaptive_max_pool2d": ADAPTIVE_MAX,
    "global_avg_pool2d": GLOBAL_AVG,
    "pool2d": POOL2D,
    "max_unpool2d": UNPOOL,
    "pad": PAD,
    "unfold": UNFOLD,
    "fold": FOLD,
    "corr2d": [FLIPPED, *MATRIX],
    "convolve2d": [Fault("does not flip the kernel", FLIPPED.made), *MATRIX],
    "corr2d_multi_in": [FLIPPED, *CHANNELS, *MATRIX],
    "corr2d_multi_in_out": [FLIPPED, *CHANNELS, *MATRIX],
}
"""The mistakes of each operation, by name."""
