"""What runs again: everything after an edit to the package, and nothing otherwise."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("sphinx", reason="the tests of the built book have a session of their own: nox -s site")

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
staleness = importlib.import_module("staleness")
sys.path.pop(0)

PAGE = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n# Page\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small package that stands in for convbook."""
    folder = tmp_path / "convbook"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "sums.py").write_text("def add(x, y):\n    return x + y\n")
    (folder / "table.json").write_text("[1]")
    monkeypatch.setattr(staleness, "PACKAGE", folder)
    staleness.key.cache_clear()
    return folder


def key() -> str:
    """The key, as a new build computes it."""
    staleness.key.cache_clear()
    return str(staleness.key())


@pytest.mark.parametrize("name", ["inner/sums.py", "table.json", "inner/new.py"])
def test_the_key_changes_with_the_package(package: Path, name: str) -> None:
    """An edited module, an edited table and a new file give another key; compiled files do not."""
    before = key()
    (package / "inner" / "__pycache__").mkdir()
    for compiled in ("sums.pyc", "sums.add.nbi"):  # Python's, and numba's
        (package / "inner" / "__pycache__" / compiled).write_text("compiled")
    assert key() == before
    path = package / name
    path.write_text((path.read_text() if path.exists() else "") + "\n")
    assert key() != before


def test_outputs_of_another_key_are_forgotten(package: Path, tmp_path: Path) -> None:
    """Scripts keep their outputs while the key is the same; the name of a chapter's kernel holds the key."""
    app = SimpleNamespace(
        srcdir=tmp_path, config=SimpleNamespace(sphinx_gallery_conf={"gallery_dirs": "auto_gallery"})
    )
    output = tmp_path / "auto_gallery" / "script.py.md5"
    staleness.forget_stale_scripts(app)
    output.write_text("checksum")
    staleness.forget_stale_scripts(app)
    assert output.exists()
    (package / "table.json").write_text("[2]")
    content = [PAGE]
    staleness.put_key_into_page(app, "page", content)
    assert f"  display_name: Python 3 {staleness.key()}\n" in content[0]
    before = staleness.key()
    assert key() != before
    staleness.forget_stale_scripts(app)
    assert not output.exists()
