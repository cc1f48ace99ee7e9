"""The forms of integer arguments: what is taken, what it becomes, and what is said of the rest."""

from __future__ import annotations

import re

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convbook._forms import as_int, describe, flag, integer, pair, sides


def says(kind, sentence):
    """Expect an error with exactly this sentence."""
    return pytest.raises(kind, match=f"^{re.escape(sentence)}$")


# --------------------------------------------------------------------------------------- one integer


@given(st.integers())
def test_an_integer_of_any_size_stays_itself(number):
    """Python integers, and NumPy's, are taken; the result is a plain int."""
    assert as_int(number) == number
    if abs(number) < 2**63:
        found = as_int(numpy.int64(number))
        assert found == number
        assert type(found) is int


class Index:
    """Something that counts as an integer in Python."""

    def __index__(self):
        return 3


class Broken:
    """Something that only looks like an integer."""

    def __index__(self):
        raise TypeError("not today")


def test_what_counts_as_an_integer():
    """`__index__` does; bools, floats, strings and tensors (which would have to be waited for) do not."""
    assert as_int(Index()) == 3
    for value in (True, 2.0, "2", None, torch.tensor(2), Broken(), (2,), 2j):
        assert as_int(value) is None


def test_integer_takes_from_the_minimum_on():
    """The minimum itself is allowed, one less is not."""
    assert integer("groups", numpy.int32(1), 1) == 1
    with says(ValueError, "groups must be at least 1, got 0"):
        integer("groups", 0, 1)
    with says(
        TypeError,
        "groups must be an integer, got 2.0 (a float); write groups=2 (a division // keeps integers)",
    ):
        integer("groups", 2.0, 1)
    with says(TypeError, "groups must be an integer, got True (a bool)"):
        integer("groups", True, 1)
    with says(TypeError, "groups must be an integer, got 1e+300 (a float)"):
        integer("groups", 1e300, 1)
    with says(
        TypeError,
        "groups must be an integer, got a Tensor of shape (); read the number with groups=int(groups)",
    ):
        integer("groups", torch.tensor(2), 1)


def test_a_flag_is_a_bool_and_nothing_else():
    """True and False come back; a number is neither, nor what NumPy has for them, as for torch."""
    assert flag("ceil_mode", True) is True
    assert flag("ceil_mode", False) is False
    with says(TypeError, "ceil_mode must be True or False, got 1"):
        flag("ceil_mode", 1)
    with says(TypeError, "ceil_mode must be True or False, got a bool of shape ()"):
        flag("ceil_mode", numpy.True_)


# --------------------------------------------------------------------------------------- pairs


@given(st.integers(1), st.integers(1))
def test_pair_keeps_rows_before_columns(rows, columns):
    """One integer counts twice; two keep their order; a list is as good as a tuple."""
    assert pair("stride", rows, 1) == pair("stride", (rows,), 1) == pair("stride", [rows], 1) == (rows, rows)
    assert pair("stride", (rows, columns), 1) == pair("stride", [rows, columns], 1) == (rows, columns)


def test_pair_gives_plain_integers():
    """NumPy's integers would overflow later, so they become Python's."""
    assert [type(n) for n in pair("stride", (numpy.int8(3), Index()), 1)] == [int, int]


@pytest.mark.parametrize(
    ("value", "kind", "sentence"),
    [
        (0, ValueError, "stride must be at least 1 on both axes, got 0"),
        ((1, 0), ValueError, "stride must be at least 1 on both axes, got (1, 0)"),
        ((0, 1), ValueError, "stride must be at least 1 on both axes, got (0, 1)"),
        ((), ValueError, "stride must be one integer or a pair (rows, columns), got 0 values: ()"),
        (
            (1, 2, 3),
            ValueError,
            "stride must be one integer or a pair (rows, columns), got 3 values: (1, 2, 3)",
        ),
        (
            (1, 2.0),
            TypeError,
            "stride must be an integer or a pair of integers (rows, columns), got (1, 2.0)",
        ),
        (
            4.0,
            TypeError,
            (
                "stride must be an integer or a pair of integers (rows, columns), got 4.0 (a float); "
                "write stride=4 (a division // keeps integers)"
            ),
        ),
        (
            "2",
            TypeError,
            "stride must be an integer or a pair of integers (rows, columns), got '2' (a str)",
        ),
        (None, TypeError, "stride must be an integer or a pair of integers (rows, columns), got None"),
        (
            True,
            TypeError,
            "stride must be an integer or a pair of integers (rows, columns), got True (a bool)",
        ),
        (
            torch.ones(2),
            TypeError,
            "stride must be an integer or a pair of integers (rows, columns), got a Tensor of shape (2,)",
        ),
    ],
)
def test_pair_says_what_is_wrong(value, kind, sentence):
    """The argument's name, what was needed, what came, and a cure where one is known."""
    with says(kind, sentence):
        pair("stride", value, 1)


# --------------------------------------------------------------------------------------- sides


@given(*[st.integers(0)] * 4)
def test_sides_has_three_forms(top, bottom, left, right):
    """One number for all, two for the axes, four for the sides."""
    assert sides("padding", top) == ((top, top), (top, top))
    assert sides("padding", (top, left)) == ((top, top), (left, left))
    assert sides("padding", [[top, bottom], (left, right)]) == ((top, bottom), (left, right))


@pytest.mark.parametrize(
    ("value", "kind", "sentence"),
    [
        (-1, ValueError, "padding must be at least 0 on both axes, got -1"),
        ((0, -2), ValueError, "padding must be at least 0 on both axes, got (0, -2)"),
        (
            ((0, 1), (-1, 0)),
            ValueError,
            (
                "padding must be at least 0 on every side, got ((0, 1), (-1, 0)); to cut rows off, slice the "
                "input"
            ),
        ),
        (
            ((0, 1), 1),
            ValueError,
            (
                "padding must be an integer, a pair (rows, columns) or ((top, bottom), (left, right)), got "
                "((0, 1), 1)"
            ),
        ),
        (
            ((0, 1), (1, 2), (3, 4)),
            ValueError,
            (
                "padding must be an integer, a pair (rows, columns) or ((top, bottom), (left, right)), "
                "got ((0, 1), (1, 2), (3, 4))"
            ),
        ),
        (
            ((0, 1, 2), (1,)),
            ValueError,
            (
                "padding must be an integer, a pair (rows, columns) or ((top, bottom), (left, right)), "
                "got ((0, 1, 2), (1,))"
            ),
        ),
        (
            ((0, 1.0), (1, 2)),
            TypeError,
            "padding must hold integers, ((top, bottom), (left, right)), got ((0, 1.0), (1, 2))",
        ),
        (
            (1, 2, 3, 4),
            ValueError,
            "padding must be one integer or a pair (rows, columns), got 4 values: (1, 2, 3, 4)",
        ),
    ],
)
def test_sides_says_what_is_wrong(value, kind, sentence):
    """Negative sides, other nestings and other types each have their sentence."""
    with says(kind, sentence):
        sides("padding", value)


@pytest.mark.parametrize(
    "value", [((-1, 0), (0, 0)), ((0, -1), (0, 0)), ((0, 0), (-1, 0)), ((0, 0), (0, -1))]
)
def test_no_side_may_be_negative(value):
    """Each of the four is looked at."""
    with pytest.raises(ValueError, match="padding must be at least 0 on every side"):
        sides("padding", value)


# --------------------------------------------------------------------------------------- describe


def test_describe_is_short_and_names_the_type_where_it_helps():
    """Numbers as they are, other values with their type, arrays by their shape and not their numbers."""
    assert describe(7) == "7"
    assert describe([1, "a"]) == "[1, 'a']"
    assert describe(None) == "None"
    assert describe(1j) == "1j (a complex)"
    assert describe(torch.zeros(1000, 2)) == "a Tensor of shape (1000, 2)"
    assert describe(numpy.zeros(3)) == "a ndarray of shape (3,)"
    assert describe({1}) == "a value of type set"
