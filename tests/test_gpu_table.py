"""The table of `python -m tests.gpu`, rehearsed on the CPU: right results pass, wrong ones are counted."""

from __future__ import annotations

import dataclasses

import torch

from tests.gpu import __main__ as table
from tests.operations import OPERATIONS

SOME = [operation for operation in OPERATIONS if operation.name in ("corr2d", "conv2d:auto", "max_pool2d")]


def test_right_operations_are_within_their_bounds(monkeypatch, capsys):
    """Each row has its seven numbers, none above 1."""
    monkeypatch.setattr(table, "OPERATIONS", SOME)
    assert table.print_errors("cpu") == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert len(rows) == 3
    assert all(0 <= float(value) <= 1 for row in rows for value in row[34:].split())


def test_a_wrong_number_and_a_nan_are_counted(monkeypatch):
    """One output off by a thousandth, or not a number, puts the operation beyond its bound."""
    right = SOME[0]
    for wrong in (1e-3, torch.nan):
        broken = dataclasses.replace(
            right, run=lambda *t, off=wrong: right.run(*t) + off, reference=right.run
        )
        monkeypatch.setattr(table, "OPERATIONS", [broken])
        assert table.print_errors("cpu") == 1
