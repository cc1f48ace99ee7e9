"""What the quicker algorithms share: their signature, padding, bias, and declining by name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor

from convbook._checks import NO_PADDING, Setting
from convbook._forms import Sides
from convbook.windows import padded

Algorithm: TypeAlias = Callable[[Tensor, Tensor, Tensor | None, Setting], Tensor]
"""(input, weight, bias, setting) → output; `input` is 4-D and everything has been judged."""


def with_padding(input: Tensor, padding: Sides) -> Tensor:
    """Return the images with zeros around them; the very same tensor where there is nothing to add."""
    return input if padding == NO_PADDING else padded(input, padding)


def with_bias(output: Tensor, bias: Tensor | None) -> Tensor:
    """Return the output with its channel's bias added to each cell."""
    return output if bias is None else output + bias.view(-1, 1, 1)


def decline(method: str, why: str, able: str) -> NotImplementedError:
    """Return the error by which a method declines a setting, naming itself and those that can.

    Examples
    --------
    >>> print(decline("winograd", "needs a 3×3 kernel, got 5×5", "im2col, band and fft"))
    method 'winograd' needs a 3×3 kernel, got 5×5; im2col, band and fft can do this, and so can 'auto'
    """
    return NotImplementedError(f"method {method!r} {why}; {able} can do this, and so can 'auto'")


def declines_integers(method: str, why: str) -> Callable[[Algorithm], Algorithm]:
    """Make an algorithm decline integers, where its steps leave the integers."""

    def decorate(algorithm: Algorithm) -> Algorithm:
        @functools.wraps(algorithm)
        def checked(input: Tensor, weight: Tensor, bias: Tensor | None, setting: Setting) -> Tensor:
            if not (input.is_floating_point() or input.is_complex()):
                name = str(input.dtype).removeprefix("torch.")
                raise decline(method, f"needs floating numbers, got {name}: {why}", "im2col, band and shift")
            return algorithm(input, weight, bias, setting)

        return checked

    return decorate
