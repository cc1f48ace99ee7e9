"""Pooling's loops for the compiler: maxima, places of maxima, sums, and the sums' gradient.

Planes are arrays of shape (planes, rows, columns).  The windows on an axis are two arrays of whole numbers:
window i covers every `step`-th pixel from ``start[i]`` up to, and without, ``end[i]``, at least one.

Each window is worked on down its rows first, for all columns of the image at once, then along the columns: h
+ w steps for a window of h·w pixels.  No window borrows from another one's result, so that a NaN, an
infinity or a rounding error stays inside its own windows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convbook._compile import jit

Array = np.ndarray[Any, Any]


# ------------------------------------------------------------------------------------------------ the maximum


@jit
def _keep_larger(line: Array, row: Array) -> None:
    """Raise each number of a line to the row's where that is larger, or NaN."""
    for c in range(line.size):
        v = row[c]
        line[c] = v if (v > line[c]) | (v != v) else line[c]


@jit
def _largest_along(line: Array, output: Array, start: Array, end: Array, step: int, longest: int) -> None:
    """Write the largest number of each window of a line; one tap of all windows at a time."""
    for j in range(output.size):
        output[j] = line[start[j]]
    for tap in range(1, longest):
        for j in range(output.size):
            c = start[j] + tap * step
            v = line[c if c < end[j] else start[j]]
            output[j] = v if (v > output[j]) | (v != v) else output[j]


@jit
def maxima(
    planes: Array,
    row_start: Array,
    row_end: Array,
    row_step: int,
    column_start: Array,
    column_end: Array,
    column_step: int,
    longest: int,
    output: Array,
) -> None:
    """Write the largest number of each window; `longest` is the number of cells of the widest window."""
    line = np.empty(planes.shape[2], planes.dtype)
    for p in range(planes.shape[0]):
        for i in range(row_start.size):
            line[:] = planes[p, row_start[i]]
            for r in range(row_start[i] + row_step, row_end[i], row_step):
                _keep_larger(line, planes[p, r])
            _largest_along(line, output[p, i], column_start, column_end, column_step, longest)


@jit
def _keep_larger_and_its_row(line: Array, rows: Array, row: Array, r: int) -> None:
    """As `_keep_larger`, and note where it came from; of equal numbers (or NaNs) the earlier row stays."""
    for c in range(line.size):
        v, best = row[c], line[c]
        larger = (v > best) | ((v != v) & (best == best))
        line[c] = v if larger else best
        rows[c] = r if larger else rows[c]


@jit
def _first_largest_along(
    line: Array, rows: Array, output: Array, start: Array, end: Array, step: int
) -> None:
    """Write row · columns + column of each window's maximum; of equal ones the first in reading order."""
    for j in range(output.size):
        at = start[j]
        best, row = line[at], rows[at]
        for c in range(start[j] + step, end[j], step):
            v = line[c]
            equal = (v == best) | ((v != v) & (best != best))
            if (v > best) | ((v != v) & (best == best)) | (equal & (rows[c] < row)):
                best, row, at = v, rows[c], c
        output[j] = row * line.size + at


@jit
def first_maxima(
    planes: Array,
    row_start: Array,
    row_end: Array,
    row_step: int,
    column_start: Array,
    column_end: Array,
    column_step: int,
    output: Array,
) -> None:
    """Write where each window's first maximum is, row · columns + column; a NaN is the maximum."""
    line = np.empty(planes.shape[2], planes.dtype)
    rows = np.empty(planes.shape[2], np.int32)
    for p in range(planes.shape[0]):
        for i in range(row_start.size):
            line[:] = planes[p, row_start[i]]
            rows[:] = row_start[i]
            for r in range(row_start[i] + row_step, row_end[i], row_step):
                _keep_larger_and_its_row(line, rows, planes[p, r], r)
            _first_largest_along(line, rows, output[p, i], column_start, column_end, column_step)


# ----------------------------------------------------------------------------------------------------- sums


@jit
def _add(line: Array, row: Array) -> None:
    """Add a row to a line."""
    for c in range(line.size):
        line[c] += row[c]


@jit
def _sums_along(line: Array, output: Array, start: Array, end: Array) -> None:
    """Write the sum of each window of a line."""
    for j in range(output.size):
        total = line[start[j]]
        for c in range(start[j] + 1, end[j]):
            total += line[c]
        output[j] = total


@jit
def sums(
    planes: Array, row_start: Array, row_end: Array, column_start: Array, column_end: Array, output: Array
) -> None:
    """Write the sum of each window without gaps."""
    line = np.empty(planes.shape[2], planes.dtype)
    for p in range(planes.shape[0]):
        for i in range(row_start.size):
            line[:] = planes[p, row_start[i]]
            for r in range(row_start[i] + 1, row_end[i]):
                _add(line, planes[p, r])
            _sums_along(line, output[p, i], column_start, column_end)


@jit
def _spread_along(numbers: Array, line: Array, start: Array, end: Array) -> None:
    """Add each window's number to all of its places in a line."""
    for j in range(numbers.size):
        for c in range(start[j], end[j]):
            line[c] += numbers[j]


@jit
def spread(
    numbers: Array, row_start: Array, row_end: Array, column_start: Array, column_end: Array, output: Array
) -> None:
    """Write, for each pixel, the sum of the numbers of all windows that cover it: the adjoint of `sums`."""
    line = np.empty(output.shape[2], output.dtype)
    for p in range(output.shape[0]):
        output[p] = 0
        for i in range(row_start.size):
            line[:] = 0
            _spread_along(numbers[p, i], line, column_start, column_end)
            for r in range(row_start[i], row_end[i]):
                _add(output[p, r], line)
