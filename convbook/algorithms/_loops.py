"""The definition's loops, as numba compiles them; ``compiled.py`` calls them.

The image comes with its padding, and with its columns sorted so that what one tap multiplies lies side by
side.  A call adds what one run of taps makes: `width` taps of each kernel row that multiply neighboring
numbers.  `width` is a tuple of that length: numba makes a function for each type, and the type of a tuple
holds its length, so that the loop over the taps has a known end and is unrolled, and the loop over the
columns around it becomes vector instructions.

Two output rows whose windows overlap are made together, because each number of the image is then loaded
once for both.  Rows are cut out as slices: an index that might be negative, or a step in the innermost one,
would leave the vector instructions out.
"""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import numpy as np

from convbook._compile import jit

ROWS = 8
"""Output rows that are made by factors before they are looked at: few enough to be in the cache still."""

Numbers: TypeAlias = np.ndarray[Any, Any]
Length: TypeAlias = tuple[None, ...]


@jit
def add_row(y: Numbers, x: Numbers, k: Numbers, width: Length, begin: bool) -> None:
    """Add to a row of the output, or begin it with, what one run of taps makes of a row of the image."""
    for j in range(len(y)):
        total = k[0] * x[j]
        for b in range(1, len(width)):
            total += k[b] * x[j + b]
        y[j] = total if begin else y[j] + total


@jit
def add_two_rows(
    y: Numbers, z: Numbers, x: Numbers, k_of_y: Numbers, k_of_z: Numbers, width: Length, begin: bool
) -> None:
    """Add to two rows of the output, y and z, what their taps make of one row of the image; or begin z."""
    for j in range(len(y)):
        to_y = k_of_y[0] * x[j]
        to_z = k_of_z[0] * x[j]
        for b in range(1, len(width)):
            to_y += k_of_y[b] * x[j + b]
            to_z += k_of_z[b] * x[j + b]
        y[j] += to_y
        z[j] = to_z if begin else z[j] + to_z


@jit
def correlate(
    x: Numbers,
    w: Numbers,
    bias: Numbers,
    y: Numbers,
    steps: tuple[int, ...],
    width: Length,
    begin: bool,
    start: int,
    stop: int,
) -> None:
    """Add the correlation by one run of taps to `y`, or begin it.

    x : (N, C, rows, columns); w : (O, C / groups, kh, width); y : (N, O, rows, columns).
    bias : (O,), or empty.
    steps : stride and dilation down the rows; how far apart two rows that are made together lie, and by how
    many taps their windows differ; the number of groups; the column of the image where the run begins.
    start, stop : which of the blocks of rows, image after image, this call makes.
    """
    down, gap, apart, later, groups, column = steps
    outputs, depth, kh = w.shape[:3]
    rows = y.shape[2]
    blocks = -(-rows // (2 * apart))
    for unit in range(start, stop):
        n, block = divmod(unit, blocks)
        top = block * 2 * apart
        for i in range(top, min(top + apart, rows)):
            two = i + apart < rows
            for o in range(outputs):
                first = o // (outputs // groups) * depth
                upper, lower = y[n, o, i], y[n, o, i + apart if two else i]
                for c in range(depth):
                    new = begin and c == 0
                    # Tap a of the upper row and tap a − later of the lower multiply one row of the image.
                    for a in range(kh + later if two else kh):
                        row = x[n, first + c, i * down + a * gap, column:]
                        if two and later <= a < kh:
                            k_of_upper, k_of_lower = w[o, c, a], w[o, c, a - later]
                            add_two_rows(upper, lower, row, k_of_upper, k_of_lower, width, new and a == later)
                        elif a < kh:
                            add_row(upper, row, w[o, c, a], width, new and a == 0)
                        elif a >= later:
                            add_row(lower, row, w[o, c, a - later], width, new and a == later)
                if len(bias):
                    upper += bias[o]
                    if two:
                        lower += bias[o]


@functools.partial(jit, reassociate=True)
def products(g: Numbers, x0: Numbers, x1: Numbers, x2: Numbers, x3: Numbers) -> tuple[Any, ...]:
    """Return the sums of products of one row with four others."""
    s0, s1, s2, s3 = g[0] * x0[0], g[0] * x1[0], g[0] * x2[0], g[0] * x3[0]
    for j in range(1, len(g)):
        s0 += g[j] * x0[j]
        s1 += g[j] * x1[j]
        s2 += g[j] * x2[j]
        s3 += g[j] * x3[j]
    return s0, s1, s2, s3


@jit
def weigh(
    x: Numbers, g: Numbers, w: Numbers, steps: tuple[int, ...], offsets: Numbers, units: tuple[int, int]
) -> None:
    """Set `w` to the kernel's gradient: the image's rows times those of the output's gradient g.

    x : (N, C, rows, columns); g : (N, O, rows, columns); w : (O, C / groups, kh, kw), in float64 or
    complex128, so that the sums over the rows of the whole batch lose nothing.
    offsets : where in the image's row each tap begins, four at a time: the last is repeated.
    units : the first and the last kernel row, counted over all kernels, that this call makes.
    """
    down, gap, groups = steps
    outputs, depth, kh, kw = w.shape
    for unit in range(units[0], units[1]):
        plane, a = divmod(unit, kh)
        o, c = divmod(plane, depth)
        channel = o // (outputs // groups) * depth + c
        w[o, c, a] = 0
        for n in range(len(g)):
            for i in range(g.shape[2]):
                grads, row = g[n, o, i], x[n, channel, i * down + a * gap]
                for b in range(0, kw, 4):
                    four = products(
                        grads,
                        row[offsets[b] :],
                        row[offsets[b + 1] :],
                        row[offsets[b + 2] :],
                        row[offsets[b + 3] :],
                    )
                    for t in range(min(4, kw - b)):
                        w[o, c, a, b + t] += four[t]


@jit
def factors(w: Numbers, tolerance: float, smallest: float) -> tuple[Numbers, Numbers]:
    """Return the kernels' columns and rows, or empty arrays where a tap is not their product.

    w : (O, 1, kh, kw).  The columns, (O, kh), go through the largest taps, and the rows, (O, kw), are divided
    by them; `tolerance` is relative to each tap.
    smallest : the least number with all its digits.  A product below it is rounded by more than `tolerance`,
    so it is a tap's only if it is exactly zero because a factor is.
    """
    outputs, _, kh, kw = w.shape
    columns, rows = np.empty((outputs, kh), w.dtype), np.empty((outputs, kw), w.dtype)
    for o in range(outputs):
        k = w[o, 0]
        p, q = 0, 0
        for a in range(kh):
            for b in range(kw):
                if abs(k[a, b]) > abs(k[p, q]):
                    p, q = a, b
        if not abs(k[p, q]) > 0:  # zeros, or NaN
            return columns[:0], rows[:0]
        for a in range(kh):
            columns[o, a] = k[a, q]
        for b in range(kw):
            rows[o, b] = k[p, b] / k[p, q]
        for a in range(kh):
            for b in range(kw):
                if not abs(k[a, b] - columns[o, a] * rows[o, b]) <= tolerance * abs(k[a, b]):
                    return columns[:0], rows[:0]
                if abs(k[a, b]) < smallest and columns[o, a] != 0 and rows[o, b] != 0:
                    return columns[:0], rows[:0]
    return columns, rows


@jit
def add_down(y: Numbers, x: Numbers, top: int, first: int, k: Numbers, height: Length) -> None:
    """Add to a row, or begin it with, what `height` taps of a column make of the rows below `top`."""
    for j in range(len(y)):
        total = k[0] * x[top + first, j]
        for a in range(1, len(height)):
            total += k[a] * x[top + first + a, j]
        y[j] = total if first == 0 else y[j] + total


@functools.partial(jit, reassociate=True)
def all_finite(y: Numbers) -> bool:
    """Return whether all numbers are finite: zero times any other is NaN."""
    zero = y.dtype.type(0)
    total = zero * y[0]
    for j in range(1, len(y)):
        total += zero * y[j]
    return bool(total == 0)


@jit
def mend(
    y: Numbers,
    x: Numbers,
    w: Numbers,
    room: Numbers,
    along: Numbers,
    singles: Numbers,
    width: Length,
    one: Length,
) -> None:
    """Compute by the definition each number of a row that is not finite.

    The sum down a column may be too large for the dtype where a small tap of the row would bring it back.
    """
    again = room[: len(y)]
    for a in range(len(w)):
        for b in along:
            add_row(again, x[a, b:], w[a, b:], width, a + b == 0)
        for b in singles:
            add_row(again, x[a, b:], w[a, b:], one, False)
    for j in range(len(y)):
        if not abs(y[j]) < np.inf:
            y[j] = again[j]


@jit
def correlate_by_factors(
    x: Numbers,
    w: Numbers,
    columns: Numbers,
    rows: Numbers,
    bias: Numbers,
    y: Numbers,
    runs: tuple[Numbers, ...],
    widths: tuple[Length, ...],
    start: int,
    stop: int,
) -> None:
    """Set `y` to the correlation with columns times rows, at stride 1: by the column first, then by the row.

    x : (N, groups, rows, columns), w : (O, 1, kh, kw), y : (N, O, rows, columns).
    runs : the first taps of a column's runs, its single taps, and the same for a row.
    widths : the lengths of these four kinds of runs, as tuples.
    start, stop : which of the blocks of ROWS rows, image after image, this call makes.
    """
    down, down_singles, along, along_singles = runs
    height, one, width, _ = widths
    outputs = y.shape[1]
    blocks = -(-y.shape[2] // ROWS)
    middle = np.empty(x.shape[3], x.dtype)
    for unit in range(start, stop):
        image, block = divmod(unit, blocks)
        n, o = divmod(image, outputs)
        source = x[n, o // (outputs // x.shape[1]), block * ROWS :]
        target = y[n, o, block * ROWS : (block + 1) * ROWS]
        for i in range(len(target)):
            for a in down:
                add_down(middle, source, i, a, columns[o, a:], height)
            for a in down_singles:
                add_down(middle, source, i, a, columns[o, a:], one)
            for b in along:
                add_row(target[i], middle[b:], rows[o, b:], width, b == 0)
            for b in along_singles:
                add_row(target[i], middle[b:], rows[o, b:], one, False)
        if not all_finite(target.ravel()):
            for i in range(len(target)):
                mend(target[i], source[i:], w[o, 0], middle, along, along_singles, width, one)
        if len(bias):
            target += bias[o]
