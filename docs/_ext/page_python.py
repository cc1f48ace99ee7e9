"""The Python that runs in a page: the page's torch, the package's own files that need no more, and what the checkers compare with."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ROOT / "docs" / "_static" / "code"
PACKAGE = ROOT / "convbook"


def written(key: str, sheets: str | None = None) -> str:
    """All files by their place in the page, as one JSON text, under the key of what they were computed with."""
    return json.dumps({"key": key} | python_files(sheets), separators=(",", ":"), ensure_ascii=False)


def python_files(sheets: str | None = None) -> dict[str, str]:
    """Every file: the page's own, those that the package shares with it, and what the checkers compare with."""
    places = {
        "torch.py": CODE / "torch.py",
        "page.py": CODE / "page.py",
        "convbook/__init__.py": CODE / "convbook.py",
        "convbook/exercises/__init__.py": CODE / "exercises.py",
    }
    judging = (f"exercises/_{name}.py" for name in ("edge_kernel", "hints", "report", "sheets", "verdict"))
    arguments = (f"_judge/{path.name}" for path in sorted((PACKAGE / "_judge").glob("*.py")))
    shared = ("_forms.py", "geometry.py", "correlation.py", *arguments, *judging)
    places |= {f"convbook/{name}": PACKAGE / name for name in shared}
    files = {place: path.read_text(encoding="utf-8") for place, path in places.items()}
    return files | {"convbook/exercises/sheets.json": sheets or written_sheets()}


def written_sheets() -> str:
    """The checkers' cases, expected numbers and mistakes."""
    from convbook.exercises._sheets import plain_sheets

    return json.dumps(plain_sheets(), separators=(",", ":"), ensure_ascii=False)
