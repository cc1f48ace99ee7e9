"""The forms an integer argument may take: one integer, a pair (rows, columns), or padding on each side.

Pure Python, so that :mod:`convbook.geometry` needs no torch.  Each function judges one argument and returns
the value that is used from then on: what was checked is what is computed with.
"""

from __future__ import annotations

import math
import numbers
import operator
from typing import SupportsIndex, TypeAlias

IntOrPair: TypeAlias = SupportsIndex | tuple[SupportsIndex, ...] | list[SupportsIndex]
"""One integer for rows and columns alike, or a pair (rows, columns)."""

Pair: TypeAlias = tuple[int, int]
"""A normalized pair (rows, columns)."""

Sides: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""Normalized padding, ((top, bottom), (left, right))."""

ExplicitPadding: TypeAlias = tuple[tuple[SupportsIndex, SupportsIndex], tuple[SupportsIndex, SupportsIndex]]
PaddingLike: TypeAlias = IntOrPair | ExplicitPadding | str

AXES = ("rows", "columns")


def as_int(value: object) -> int | None:
    """Return `value` as an int where it is an integer of any kind, else None; a bool is none here."""
    if type(value) is int:
        return value
    # A tensor of one integer has __index__ too, but reading it would wait for the device that holds it.
    if isinstance(value, bool) or hasattr(value, "requires_grad"):
        return None
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None


def integer(name: str, value: object, minimum: int) -> int:
    """Judge one integer argument.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : object
        What arrived.
    minimum : int
        The smallest value allowed.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `value` is not an integer; a float is refused even where it is whole.
    ValueError
        If it is below `minimum`.

    Examples
    --------
    >>> integer("groups", 3, 1)
    3
    >>> integer("groups", 0, 1)
    Traceback (most recent call last):
    ValueError: groups must be at least 1, got 0
    """
    number = as_int(value)
    if number is None:
        raise TypeError(f"{name} must be an integer, got {describe(value)}{_integer_cure(name, value)}")
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {number}")
    return number


def pair(name: str, value: object, minimum: int) -> Pair:
    """Judge an int-or-pair argument and return it as (rows, columns).

    A sequence of one integer counts for both axes, as in torch.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : object
        What arrived.
    minimum : int
        The smallest value allowed on either axis.

    Returns
    -------
    tuple of int
        (rows, columns).

    Raises
    ------
    TypeError
        If `value` is neither an integer nor a sequence of integers.
    ValueError
        If it has another length than one or two, or an entry below `minimum`.

    Examples
    --------
    >>> pair("stride", 2, 1), pair("stride", (3, 4), 1)
    ((2, 2), (3, 4))
    >>> pair("stride", (1, 2, 3), 1)
    Traceback (most recent call last):
    ValueError: stride must be one integer or a pair (rows, columns), got 3 values: (1, 2, 3)
    """
    if type(value) is int:  # the common case, first
        both: tuple[int | None, ...] = (value, value)
    elif isinstance(value, (tuple, list)):
        if len(value) not in (1, 2):
            raise ValueError(
                f"{name} must be one integer or a pair (rows, columns), got {len(value)} values: "
                f"{describe(value)}"
            )
        both = tuple(as_int(entry) for entry in value) * (2 // len(value))
    else:
        both = (as_int(value),) * 2
    rows, columns = both
    if rows is None or columns is None:
        raise TypeError(
            f"{name} must be an integer or a pair of integers (rows, columns), got "
            f"{describe(value)}{_integer_cure(name, value)}"
        )
    if rows < minimum or columns < minimum:
        raise ValueError(f"{name} must be at least {minimum} on both axes, got {describe(value)}")
    return rows, columns


def sides(name: str, value: object) -> Sides:
    """Judge a padding argument that is not a word and return it side by side.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : object
        An integer (all four sides), a pair (top and bottom, left and right), or the four sides
        ((top, bottom), (left, right)).

    Returns
    -------
    tuple of tuple of int
        ((top, bottom), (left, right)).

    Raises
    ------
    TypeError
        If an entry is not an integer.
    ValueError
        If an entry is negative, or the nesting is another one.

    Examples
    --------
    >>> sides("padding", 1)
    ((1, 1), (1, 1))
    >>> sides("padding", (2, 1))
    ((2, 2), (1, 1))
    >>> sides("padding", ((0, 1), (2, 3)))
    ((0, 1), (2, 3))
    """
    if type(value) is int and value >= 0:  # the common case, first
        return (value, value), (value, value)
    if isinstance(value, (tuple, list)) and len(value) == 4:
        raise ValueError(
            f"{name} must be an integer, a pair (rows, columns) or ((top, bottom), (left, right)), got "
            f"{describe(value)}; four sides are written as two pairs"
        )
    if isinstance(value, (tuple, list)) and any(isinstance(entry, (tuple, list)) for entry in value):
        flat = [entry for two in value if isinstance(two, (tuple, list)) and len(two) == 2 for entry in two]
        if len(value) != 2 or len(flat) != 4:
            raise ValueError(
                f"{name} must be an integer, a pair (rows, columns) or ((top, bottom), (left, right)), "
                f"got {describe(value)}"
            )
        top, bottom, left, right = (as_int(entry) for entry in flat)
        if top is None or bottom is None or left is None or right is None:
            raise TypeError(f"{name} must hold integers, ((top, bottom), (left, right)), got {value!r}")
        if min(top, bottom, left, right) < 0:
            raise ValueError(
                f"{name} must be at least 0 on every side, got {value!r}; to cut rows off, slice the input"
            )
        return (top, bottom), (left, right)
    rows, columns = pair(name, value, 0)
    return (rows, rows), (columns, columns)


def flag(name: str, value: object) -> bool:
    """Judge a true-or-false argument; a number is neither, as for torch.

    Examples
    --------
    >>> flag("ceil_mode", True)
    True
    >>> flag("ceil_mode", 1)
    Traceback (most recent call last):
    TypeError: ceil_mode must be True or False, got 1
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {describe(value)}")
    return value


def number(name: str, value: object, *, finite: bool = True) -> float:
    """Judge a real number; with ``finite=False`` it may be infinite, but not NaN.

    Examples
    --------
    >>> number("sigma", 2)
    2.0
    >>> number("sigma", "2")
    Traceback (most recent call last):
    TypeError: sigma must be a number, got '2' (a str)
    >>> number("sigma", float("nan"))
    Traceback (most recent call last):
    ValueError: sigma must be finite, got nan
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {describe(value)}")
    try:
        real = float(value)
    except OverflowError:
        real = math.inf
    if math.isnan(real) or (finite and math.isinf(real)):
        raise ValueError(f"{name} must be finite, got {describe(value).removesuffix(' (a float)')}")
    return real


def describe(value: object) -> str:
    """Return a short description of what arrived, for an error message.

    Examples
    --------
    >>> describe(1.5), describe((1, "a")), describe(None)
    ('1.5 (a float)', "(1, 'a')", 'None')
    """
    if value is None or (isinstance(value, (int, tuple, list)) and not isinstance(value, bool)):
        return _shortened(repr(value))
    if isinstance(value, (bool, float, complex, str)):
        return f"{_shortened(repr(value))} (a {type(value).__name__})"
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if shape == () and type(value).__module__ == "numpy":
        return repr(value)
    if isinstance(shape, tuple):
        return f"{'an' if kind[0] in 'aeion' else 'a'} {kind} of shape {tuple(shape)}"
    return f"a value of type {kind}"


def _shortened(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _integer_cure(name: str, value: object) -> str:
    """Offer the integer where somebody wrote 2.0, the usual result of a division, or a tensor or an array."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return f"; write {name}={int(value)} (a division // keeps integers)"
    shape = getattr(value, "shape", None)
    if shape == () and hasattr(value, "item"):
        return f"; read the number with {name}=int({name})"
    if isinstance(shape, tuple) and shape == (2,) and hasattr(value, "tolist"):
        return f"; read the pair with {name}={name}.tolist()"
    if name == "padding" and isinstance(value, (tuple, list)) and len(value) == 2:
        return "; to pad the four sides differently, call pad first"
    return ""
