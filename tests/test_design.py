"""The page on the architecture says what the source says."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "design.md"


def test_every_file_that_the_page_names_exists() -> None:
    """The page speaks of files and folders that are there."""
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:convbook|tests|gallery|docs)/[\w./*]*)`", text))
    assert len(named) > 8
    assert [name for name in sorted(named) if not list(ROOT.glob(name.rstrip("/")))] == []
