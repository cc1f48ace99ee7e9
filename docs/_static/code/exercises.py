"""The checkers in the page: the same verdict by the same rules, on cases and numbers that the build wrote down."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from convbook.exercises._edge_kernel import judge_edge_kernel as check_edge_kernel
from convbook.exercises._report import CheckResult
from convbook.exercises._sheets import read_sheet
from convbook.exercises._verdict import Sheet, judge

__all__ = ["CheckResult", "check_edge_kernel"]

WRITTEN = json.loads((Path(__file__).parent / "sheets.json").read_text(encoding="utf-8"))


@functools.cache
def sheet(name: str) -> Sheet:
    """What answers to one checker are held against."""
    return read_sheet(WRITTEN[name])


def __getattr__(name: str) -> Any:
    if name not in WRITTEN:
        raise AttributeError(
            f"`{name}` needs layers or gradients, which the page has not; in the notebook it works"
        )

    def check(answer: Any) -> CheckResult:
        return judge(answer, sheet(name))

    check.__name__ = name
    return check
