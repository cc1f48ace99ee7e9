"""What runs again after an edit: exactly the pages and scripts that can reach what was edited."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
staleness = importlib.import_module("staleness")
sys.path.pop(0)

PACKAGE = {
    "__init__.py": """
from convbook.sums import total, twice
from convbook import shapes
from convbook.tools import open_table
""",
    "sums.py": '''
"""Sums."""
from __future__ import annotations
from typing import TYPE_CHECKING
from convbook._core import add
from convbook.tools import LOG
if TYPE_CHECKING:
    from convbook.shapes import Square

LIMIT = 3

def total(x):
    return add(x) + LIMIT

def twice(x: Square):
    from convbook.shapes import area
    return 2 * area(x)

class Adder:
    def __call__(self, x):
        return total(x)
''',
    "_core.py": "def add(x):\n    return sum(x)\n\n\ndef unused():\n    return 0\n",
    "shapes.py": "SIDE = 2\n\n\nclass Square:\n    side = SIDE\n\n\ndef area(x):\n    return x * x\n",
    "tools.py": """
from pathlib import Path
LOG = {}

def noted(f):
    LOG[f.__name__] = f
    return f

@noted
def first():
    return 1

def open_table():
    return Path(__file__).with_name("table.json").read_text()
""",
    "table.json": "[1]",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of a small package that stands in for convbook."""
    folder = tmp_path / "convbook"
    folder.mkdir()
    for name, text in PACKAGE.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(staleness, "PACKAGE", folder)
    forget()
    monkeypatch.setattr(staleness, "_tools", lambda: b"the same tools")
    yield folder
    forget()


def forget() -> None:
    """Empty what a build remembers."""
    staleness._mentions.clear()
    for thing in vars(staleness).values():
        if hasattr(thing, "cache_clear"):
            thing.cache_clear()


def key(source: str) -> str:
    """The key of a page, as a new build computes it."""
    forget()
    return staleness.key(source)


PAGES = {
    "by name": "from convbook import total\ntotal([1])\n",
    "by module": "import convbook\nconvbook.twice(2)\n",
    "by attribute": "from convbook import shapes\nshapes.area(3)\n",
    "by class": "from convbook.sums import Adder\nAdder()([1])\n",
    "handed around": "import convbook\nprint(convbook)\n",
    "starred": "from convbook.shapes import *\narea(2)\n",
    "with a magic": "%matplotlib inline\nfrom convbook import total\n",
    "a table": "from convbook import open_table\nopen_table()\n",
    "nothing": "print(1)\n",
}
EVERY = {"handed around", "with a magic"}  # they may use anything


@pytest.mark.parametrize(
    ("file", "old", "new", "again"),
    [
        ("sums.py", "+ LIMIT", "- LIMIT", {"by name", "by class"}),
        ("sums.py", "LIMIT = 3", "LIMIT = 4", {"by name", "by class"}),
        ("sums.py", "2 * area", "3 * area", {"by module"}),
        ("_core.py", "sum(x)", "sum(x) + 0", {"by name", "by class"}),
        ("_core.py", "return 0", "return 1", set()),
        ("shapes.py", "x * x", "x**2", {"by module", "by attribute", "starred"}),
        # An annotation under TYPE_CHECKING runs nothing.
        ("shapes.py", "SIDE = 2", "SIDE = 3", {"starred"}),
        # A decorator of the package's own acts when the module is imported: all of that module depends on it.
        ("tools.py", "return 1", "return 2", {"a table"}),
        ("table.json", "[1]", "[2]", {"a table"}),
    ],
)
def test_an_edit_reaches_exactly_those_that_could_depend_on_it(
    package: Path, file: str, old: str, new: str, again: set[str]
) -> None:
    """After an edit of one definition the keys of its users change, direct and indirect, and no others."""
    before = {title: key(source) for title, source in PAGES.items()}
    path = package / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    after = {title: key(source) for title, source in PAGES.items()}
    changed = {title for title in PAGES if before[title] != after[title]}
    assert changed == again | EVERY


def test_a_page_depends_on_its_own_text_and_on_its_tools(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other versions of what computes and draws give another key; a comment above a definition does not."""
    source = PAGES["by name"]
    before = key(source)
    path = package / "_core.py"
    path.write_text("# a remark\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert key(source) == before
    monkeypatch.setattr(staleness, "_tools", lambda: b"other tools")
    assert key(source) != before


@pytest.mark.parametrize(
    ("source", "reached", "not_reached"),
    [
        (
            "from convbook import corr2d\n",
            ("convbook.correlation", "corr2d"),
            ("convbook.pooling", "max_pool2d"),
        ),
        (
            "import convbook\nconvbook.conv2d\n",
            ("convbook.algorithms.fft", "fft"),
            ("convbook.learning", "learn_kernel"),
        ),
        (
            "from convbook import drawing\ndrawing.grid\n",
            ("convbook.drawing", "grid"),
            ("convbook.drawing", "animate"),
        ),
    ],
)
def test_the_books_own_names_are_followed(
    source: str, reached: tuple[str, str], not_reached: tuple[str, str]
) -> None:
    """In the real package: through the front door to every algorithm, and not next door."""
    forget()
    found = staleness.reach(source)
    assert reached in found
    assert not_reached not in found


def test_every_page_and_script_has_a_key_of_its_own_reach() -> None:
    """No gallery script falls back to "may use anything", and each reaches something of the package."""
    forget()
    for script in sorted((ROOT / "gallery").rglob("[!_]*.py")):
        found = staleness.reach(script.read_text(encoding="utf-8"))
        assert found, script
        assert ("convbook", staleness.EVERYTHING) not in found, script


def test_the_cells_of_a_page_are_found() -> None:
    """Code cells with and without options, and nothing of the prose."""
    page = (
        "text\n\n```{code-cell} ipython3\n:tags: [hide-input]\na = 1\n```\n\n"
        "```{code-cell} ipython3\n---\nmystnb:\n  x: 1\n---\nb = 2\n```\n"
    )
    assert staleness.cells(page).split() == ["a", "=", "1", "b", "=", "2"]


def test_an_edited_extension_is_a_changed_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the extensions write into pages depends on their text, so an edit of one is seen by Sphinx."""
    monkeypatch.setattr(staleness, "__file__", str(tmp_path / "staleness.py"))
    (tmp_path / "mends.py").write_text("ONE = 1\n", encoding="utf-8")
    before = staleness.written_by()
    assert staleness.written_by() == before
    (tmp_path / "mends.py").write_text("ONE = 2\n", encoding="utf-8")
    edited = staleness.written_by()
    assert edited != before
    (tmp_path / "style.mplstyle").write_text("figure.dpi: 90\n", encoding="utf-8")
    assert staleness.written_by() != edited
