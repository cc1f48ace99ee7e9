"""One convolution, many ways: each algorithm in a file of its own, all with one signature.

An algorithm takes ``(input, weight, bias, setting)``: a batch of images, the kernels, a bias or None, and the
judged ``Setting`` of ``convbook._checks`` with zero padding in it.  One that cannot do a setting declines by
name; none falls back in silence.  :func:`convbook.conv2d` is the way in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convbook._checks import one_of
from convbook.algorithms.band import band
from convbook.algorithms.box import box
from convbook.algorithms.choice import auto, explain_plan, small_call
from convbook.algorithms.definition import definition
from convbook.algorithms.fft import fft
from convbook.algorithms.im2col import im2col
from convbook.algorithms.lowering import lowering
from convbook.algorithms.separable import separable
from convbook.algorithms.shift import shift
from convbook.algorithms.torch_ import torch_
from convbook.algorithms.windows import windows
from convbook.algorithms.winograd import winograd

if TYPE_CHECKING:
    from convbook.algorithms._shared import Algorithm

__all__ = ["METHODS", "TABLE", "by_name", "explain_plan", "small_call"]

TABLE: dict[str, Algorithm] = {
    "definition": definition,
    "shift": shift,
    "windows": windows,
    "im2col": im2col,
    "lowering": lowering,
    "band": band,
    "separable": separable,
    "box": box,
    "fft": fft,
    "winograd": winograd,
    "torch": torch_,
    "auto": auto,
}
"""Every algorithm by the name that ``conv2d(…, method=…)`` knows it by, from the definition upwards."""

METHODS = tuple(TABLE)


def by_name(method: object) -> Algorithm:
    """Return the algorithm of that name.

    Raises
    ------
    ValueError, TypeError
        If there is none; the message lists the names.

    Examples
    --------
    >>> by_name("shift").__name__
    'shift'
    """
    return TABLE[one_of("method", method, METHODS)]
