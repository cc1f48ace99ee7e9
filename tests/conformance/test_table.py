"""The table that the docs show is what the run counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.conformance.frame import Ledger
from tests.conformance.subjects import SUBJECTS

TABLE = Path(__file__).parents[2] / "docs" / "_data" / "conformance.json"
RENEW = f"pytest tests/conformance --table {TABLE.relative_to(Path(__file__).parents[2])}"


def test_the_committed_table_is_what_this_run_counted(request: pytest.FixtureRequest, ledger: Ledger) -> None:
    """Each row of the committed table has the counts of this run, if all of the row's cases were run."""
    if request.config.getoption("--table"):
        return  # it is being written
    committed = json.loads(TABLE.read_text(encoding="utf-8"))
    if committed["torch"] != torch.__version__.partition("+")[0]:
        assert committed["functions"].keys() == {subject.name for subject in SUBJECTS}
        return  # another torch has other samples
    selected = request.config.getoption("keyword") or request.config.getoption("markexpr")
    files = {item.path.name for item in request.session.items}
    if selected or "test_opinfo.py" not in files or any("::" in arg for arg in request.config.args):
        return  # a part of the run proves nothing about the whole
    assert ledger.as_json() == committed, f"the table is out of date; write it anew: {RENEW}"
