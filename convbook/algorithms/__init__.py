"""One convolution, many ways: the ladder of methods, each in a file of its own and in its plain form.

A method takes ``(input, weight, bias, setting)``: a batch of images, the kernels, a bias or None, and the
judged ``Setting``, with the zero padding in it.  Its file ends in ``METHOD``, which says all that is to be
known of it. :func:`convbook.conv2d` is the way in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convbook._judge import one_of
from convbook.algorithms import (
    band,
    box,
    compiled,
    definition,
    fft,
    im2col,
    lowering,
    separable,
    shift,
    torch_,
    windows,
    winograd,
)

if TYPE_CHECKING:
    from torch import Tensor

    from convbook._judge import Setting
    from convbook.algorithms._method import Method

__all__ = ["METHODS", "TABLE", "by_name"]

_LADDER = (
    definition, shift, windows, im2col, lowering, band, separable, box, fft, winograd, compiled, torch_
)  # fmt: skip

TABLE: dict[str, Method] = {module.METHOD.name: module.METHOD for module in _LADDER}
"""Every method by the name that ``conv2d(…, method=…)`` knows it by, from the definition upwards."""

METHODS = (*TABLE, "auto")
"""What ``method=`` takes: the names of the table, and "auto", which chooses among them."""


def by_name(method: object) -> Method | None:
    """Return the method of that name; None for "auto", which is a choice among them.

    Raises
    ------
    ValueError, TypeError
        If there is none; the message lists the names.

    Examples
    --------
    >>> by_name("shift").spreads
    'window'
    """
    return TABLE.get(one_of("method", method, METHODS))


def in_domain(method: Method, input: Tensor, weight: Tensor, setting: Setting) -> Method:
    """Return the method if it can do this.

    Raises
    ------
    NotImplementedError
        If it cannot; the message says why, and which methods can.
    """
    why = method.domain(input, weight, setting)
    if why:
        able = [repr(name) for name, other in TABLE.items() if not other.domain(input, weight, setting)]
        raise NotImplementedError(f"method {method.name!r} {why}; {', '.join(able)} and 'auto' can do this")
    return method
