"""What a method is: one way to compute a convolution, and all that is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from convbook._judge import Setting, dtype_name

Algorithm: TypeAlias = Callable[[Tensor, Tensor, Tensor | None, Setting], Tensor]
"""(input, weight, bias, setting) → output; `input` is 4-D and everything has been judged."""

Domain: TypeAlias = Callable[[Tensor, Tensor, Setting], str]
"""(input, weight, setting) → why a method cannot do this; an empty text where it can."""


def anything(input: Tensor, weight: Tensor, setting: Setting) -> str:
    """Decline nothing: the domain of a method that can do every setting."""
    return ""


@dataclass(frozen=True)
class Method:
    """One way to compute a convolution, and all that is to be known of it.

    Attributes
    ----------
    name : str
        What ``conv2d(…, method=name)`` calls it.
    run : callable
        (input, weight, bias, setting) → output.
    spreads : str
        Which outputs a NaN or an Inf of the image reaches: those of its own "window", as the definition says,
        or also those of the same "block", "tile" or "image".
    error : int
        How far an output may be off, at most: error · eps · Σ|x||w|.  The sum is over the output's window;
        where `spreads` is "image", the largest such sum of the image counts, and where it is "tile", that
        of the tile.
    domain : callable
        (input, weight, setting) → why it cannot do this, or an empty text.
    """

    name: str
    run: Algorithm
    spreads: str
    error: int
    domain: Domain = anything


def floating(input: Tensor, why: str) -> str:
    """Return why a method declines a tensor of integers; `why` tells how its steps leave them."""
    if input.is_floating_point() or input.is_complex():
        return ""
    return f"needs floating numbers, got {dtype_name(input.dtype)}: {why}"
