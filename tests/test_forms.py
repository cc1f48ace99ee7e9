"""The forms of integer arguments: what is taken, what it becomes, and what is said of the rest."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convbook._forms import as_int, describe, flag, integer, number, pair, sides


class Index:
    """An integer of another library."""

    def __index__(self) -> int:
        return 3


class Broken:
    """Something that says it is an integer, and is none."""

    def __index__(self) -> int:
        raise TypeError("not today")


@given(st.integers())
def test_an_integer_of_any_size_stays_itself(value: int) -> None:
    """Python integers, and NumPy's, are taken; the result is a plain int."""
    assert as_int(value) == value
    if abs(value) < 2**63:
        assert type(as_int(np.int64(value))) is int


def test_what_counts_as_an_integer() -> None:
    """`__index__` does; bools, floats, strings and tensors (which would have to be waited for) do not."""
    assert as_int(Index()) == 3
    for value in (True, 2.0, "2", None, torch.tensor(2), Broken(), (2,), 2j):
        assert as_int(value) is None


@given(st.integers(1), st.integers(1))
def test_pair_keeps_rows_before_columns(rows: int, columns: int) -> None:
    """One integer counts twice; two keep their order; a list is as good as a tuple."""
    assert pair("stride", rows, 1) == pair("stride", (rows,), 1) == pair("stride", [rows], 1) == (rows, rows)
    assert pair("stride", (rows, columns), 1) == pair("stride", [rows, columns], 1) == (rows, columns)


@given(*[st.integers(0)] * 4)
def test_sides_has_three_forms(top: int, bottom: int, left: int, right: int) -> None:
    """One number for all, two for the axes, four for the sides."""
    assert sides("padding", top) == ((top, top), (top, top))
    assert sides("padding", (top, left)) == ((top, top), (left, left))
    assert sides("padding", [[top, bottom], (left, right)]) == ((top, bottom), (left, right))


def test_plain_integers_come_back() -> None:
    """NumPy's integers would overflow later, so they become Python's."""
    assert [type(n) for n in pair("stride", (np.int8(3), Index()), 1)] == [int, int]
    assert pair("stride", torch.Size([2]), 1) == (2, 2)
    assert sides("padding", [[np.int8(1), 2], (3, Index())]) == ((1, 2), (3, 3))
    assert integer("groups", np.int32(1), 1) == 1


# A judge with its value, and what the error says: the argument, what was needed, what arrived, the cure.
REFUSED: list[tuple[Any, Any, type[Exception], str]] = [
    (integer, 0, ValueError, "a must be at least 1, got 0"),
    (integer, 2.0, TypeError, "a must be an integer, got 2.0 (a float) … write a=2"),
    (integer, 2.0**52, TypeError, f"a must be an integer … write a={2**52}"),
    (integer, True, TypeError, "a must be an integer, got True (a bool)"),
    (integer, torch.tensor(2), TypeError, "a must be an integer, got a Tensor of shape () … a=int(a)"),
    (pair, 0, ValueError, "a must be at least 1 on both axes, got 0"),
    (pair, (1, 0), ValueError, "a must be at least 1 on both axes, got (1, 0)"),
    (pair, (0, 1), ValueError, "a must be at least 1 on both axes, got (0, 1)"),
    (pair, (), ValueError, "a must be one integer or a pair (rows, columns), got 0 values: ()"),
    (pair, (1, 2, 3), ValueError, "a must be one integer or a pair (rows, columns), got 3 values: (1, 2, 3)"),
    (pair, (1, 2.0), TypeError, "a must be an integer or a pair of integers (rows, columns), got (1, 2.0)"),
    (pair, (None, 1), TypeError, "a must be an integer or a pair … got (None, 1)"),
    (pair, 4.0, TypeError, "a must be an integer or a pair … got 4.0 (a float) … write a=4"),
    (pair, "2", TypeError, "a must be an integer or a pair … got '2' (a str)"),
    (pair, torch.ones(2), TypeError, "a must be … got a Tensor of shape (2,) … a=a.tolist()"),
    (sides, -1, ValueError, "a must be at least 0 on both axes, got -1"),
    (sides, (0, -2), ValueError, "a must be at least 0 on both axes, got (0, -2)"),
    (
        sides,
        (1, 2, 3, 4),
        ValueError,
        "a must be … ((top, bottom), (left, right)), got (1, 2, 3, 4) … two pairs",
    ),
    (flag, 1, TypeError, "a must be True or False, got 1"),
    (flag, np.True_, TypeError, "a must be True or False, got np.True_"),
    (number, "2", TypeError, "a must be a number, got '2' (a str)"),
    (number, True, TypeError, "a must be a number, got True (a bool)"),
    (number, torch.tensor(2.0), TypeError, "a must be a number, got a Tensor of shape ()"),
    (number, math.inf, ValueError, "a must be finite, got inf"),
    (number, 10**400, ValueError, "a must be finite, got 1000"),
]


@pytest.mark.parametrize(("judge", "value", "kind", "words"), REFUSED)
def test_the_error_names_the_argument_and_what_arrived(
    judge: Any, value: Any, kind: type[Exception], words: str
) -> None:
    """The argument's name, what was needed, what came, and a cure where one is known."""
    minimum = (1,) if judge in (integer, pair) else ()
    with pytest.raises(kind, match="^" + ".*".join(map(re.escape, words.split(" … ")))):
        judge("a", value, *minimum)


@pytest.mark.parametrize("value", [2.0**53, 2.5, 1e300])
def test_no_integer_is_offered_where_a_float_is_none(value: float) -> None:
    """From 2⁵³ on a float may stand for several integers."""
    with pytest.raises(TypeError, match=r"\(a float\)$"):
        integer("groups", value, 1)


@pytest.mark.parametrize(
    "value",
    [
        *(((0, 1), 1), ((0, 1), (1, 2), (3, 4)), ((0, 1, 2), (1,)), ((1,), (2, 3, 4))),
        *(((1, 2), (3, 4), 5), ((1, 2), 3, (4, 5)), ((1, 2),)),
    ],
)
def test_four_numbers_in_another_nesting_are_no_sides(value: Any) -> None:
    """Two pairs and nothing else: not three and one, and not two pairs beside a number."""
    with pytest.raises(ValueError, match=re.escape(f"((top, bottom), (left, right)), got {value!r}")):
        sides("padding", value)


@pytest.mark.parametrize("bad", [None, 0.5, -1])
@pytest.mark.parametrize("place", range(4))
def test_every_side_is_judged(place: int, bad: Any) -> None:
    """None, a fraction or a negative number on any one of the four sides is refused."""
    four: list[Any] = [1, 2, 3, 4]
    four[place] = bad
    value = (tuple(four[:2]), tuple(four[2:]))
    with pytest.raises(ValueError if bad == -1 else TypeError, match=re.escape(f"got {value!r}")):
        sides("padding", value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *((7, "7"), ([1, "a"], "[1, 'a']"), (None, "None"), (1j, "1j (a complex)"), (True, "True (a bool)")),
        *(("a", "'a' (a str)"), (1.5, "1.5 (a float)"), ({1}, "a value of type set")),
        (torch.zeros(1000, 2), "a Tensor of shape (1000, 2)"),
        (np.zeros(3), "an ndarray of shape (3,)"),
        (
            list(range(100)),
            "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, …",
        ),
    ],
)
def test_what_arrived_is_described_shortly(value: object, words: str) -> None:
    """Numbers as they are, other values with their type, arrays by their shape; nothing fills the screen."""
    assert describe(value).startswith(words)
    assert len(describe(value)) < 100
