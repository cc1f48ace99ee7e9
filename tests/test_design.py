"""The page on the architecture says what the source says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_package import MAY_IMPORT, modules, room, rooms_imported

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "design.md"
BLOCK = re.compile(r"(<!-- imports: [^\n]*-->\n)(.*?)(<!-- end of imports -->)", re.DOTALL)


def imports_by_room() -> dict[str, set[str]]:
    """For each module, or folder of modules, the others that it imports."""
    found: dict[str, set[str]] = {}
    for path in modules():
        found.setdefault(room(path), set()).update(rooms_imported(path) - {room(path)})
    return found


def storeys() -> list[list[str]]:
    """The modules by height: each stands one above the highest that it imports."""
    left, height = imports_by_room(), {}
    while left:
        ready = {name for name, below in left.items() if below <= set(height)}
        for name in ready:
            height[name] = 1 + max((height[other] for other in left[name]), default=-1)
        left = {name: below for name, below in left.items() if name not in ready}
    return [
        sorted(name for name in height if height[name] == level) for level in range(max(height.values()) + 1)
    ]


def table() -> str:
    """The imports as a table, from the ground up."""
    found = imports_by_room()
    rows = [
        f"| {level} | `{name}` | {', '.join(f'`{other}`' for other in sorted(found[name])) or '–'} |"
        for level, names in enumerate(storeys())
        for name in names
    ]
    return "\n".join(["", "| storey | module | imports |", "| --- | --- | --- |", *rows, "", ""])


def test_the_page_lists_the_imports_that_there_are() -> None:
    """The table on docs/design.md is the source's; `python -m tests.test_design` writes it anew."""
    written = BLOCK.search(PAGE.read_text(encoding="utf-8"))
    assert written is not None
    assert written[2] == table()


def test_every_file_that_the_page_names_exists() -> None:
    """The page speaks of files and folders that are there."""
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:convbook|tests|gallery|docs)/[\w./*]*)`", text))
    assert len(named) > 8
    assert [name for name in sorted(named) if not list(ROOT.glob(name.rstrip("/")))] == []


def test_every_room_of_the_table_of_permissions_is_lived_in() -> None:
    """A module that is gone leaves the table of permissions."""
    assert set(MAY_IMPORT) - {"exercises"} <= set(imports_by_room())


if __name__ == "__main__":
    fresh = BLOCK.sub(lambda match: match[1] + table() + match[3], PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(fresh, encoding="utf-8")
    print(table())
