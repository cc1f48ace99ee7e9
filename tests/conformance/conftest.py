"""The conformance run's option, its ledger, and the table it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.frame import Ledger

LEDGER = Ledger()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--table",
        type=Path,
        metavar="PATH",
        help="write the table of what was run and skipped to this JSON file",
    )


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    """Return the count of what this whole run has compared."""
    return LEDGER


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Judge the table after everything that it counts."""
    items.sort(key=lambda item: item.path.name == "test_table.py")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what was run for each function, and each reason for a skip with its count."""
    if not LEDGER and not LEDGER.random:
        return
    write = terminalreporter.write_line
    terminalreporter.section("conformance with torch's own cases")
    write(
        f"{'function':<22}{'dtypes':>7}{'values':>8}{'gradients':>11}{'errors':>8}{'skipped':>9}{'declined':>10}"
    )
    for name in sorted(LEDGER):
        row = LEDGER[name]
        numbers = (len(row.dtypes), row.values, row.gradients, row.errors)
        write(
            f"{name:<22}{numbers[0]:>7}{numbers[1]:>8}{numbers[2]:>11}{numbers[3]:>8}"
            f"{row.skipped.total():>9}{row.declined.total():>10}"
        )
        for reason, count in sorted(row.skipped.items()):
            write(f"    skipped {count:>5}: {reason}")
        for method, count in sorted(row.declined.items()):
            write(f"    declined {count:>4}: method={method!r}, by name")
    for what, count in sorted(LEDGER.random.items()):
        write(f"random configurations {count:>6}: {what}")
    path = config.getoption("--table")
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(LEDGER.as_json(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
        write(f"table written to {path}")
