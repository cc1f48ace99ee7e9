"""A build with nothing to do ends at once, and only then: on a book of two pages in a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the tests of the built book have a session of their own: nox -s site")

ROOT = Path(__file__).parents[2]

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "docs" / "_ext")!r})
extensions = ["nothing_new"]
project = "Two pages"
exclude_patterns = ["_build"]
html_theme = "basic"
"""
IDLE = "nothing has changed since the last build"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Return the sources of a book, in a repository with a package beside it."""
    folder = tmp_path / "repository" / "docs"
    folder.mkdir(parents=True)
    (folder / "conf.py").write_text(CONF)
    (folder / "index.rst").write_text("First\n=====\n\n.. toctree::\n\n   second\n")
    (folder / "second.rst").write_text("Second\n======\n\n.. include:: ../CHANGELOG\n")
    (folder.parent / "CHANGELOG").write_text("News.\n")
    (folder.parent / "package").mkdir()
    (folder.parent / "package" / "table.json").write_text("[1]")
    return folder


def build(book: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Build the book as `nox -s docs` does, in small."""
    made = book / "_build"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html", *options]
    command += ["-d", str(made / "doctrees"), str(book), str(made / "html")]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**os.environ, **settings}, check=False
    )


def idle(book: Path, *options: str, **settings: str) -> bool:
    """Whether a build that went well had nothing to do."""
    done = build(book, *options, **settings)
    assert done.returncode == 0, done.stderr
    return IDLE in done.stdout


def test_the_second_build_has_nothing_to_do(book: Path) -> None:
    """The first build of a book works; the second and third end at once, and leave every file as it was."""
    assert not idle(book)
    before = {path: path.stat().st_mtime_ns for path in (book / "_build").rglob("*") if path.is_file()}
    assert idle(book)
    assert idle(book)
    after = {path: path.stat().st_mtime_ns for path in (book / "_build").rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize(
    "change",
    [
        "index.rst",
        "conf.py",
        "../CHANGELOG",
        "../package/table.json",
        "../package/new.py",
        "_static/new.css",
    ],
)
def test_any_changed_file_of_the_repository_is_seen(book: Path, change: str) -> None:
    """A page, the settings, an included text, a table, a new file: Sphinx looks again, once."""
    assert not idle(book)
    path = book / change
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + "\n")
    assert not idle(book)
    assert idle(book)


def test_what_was_built_is_guarded(book: Path) -> None:
    """A page that is gone or that somebody wrote over is made again."""
    assert not idle(book)
    page = book / "_build" / "html" / "second.html"
    good = page.read_bytes()
    page.unlink()
    assert not idle(book)
    assert page.read_bytes() == good
    (book / "_build" / "html" / "stray.html").write_text("?")
    assert not idle(book)


def test_other_orders_are_other_builds(book: Path) -> None:
    """Another setting, another address of the site and a wish for a fresh build are heard."""
    assert not idle(book)
    assert not idle(book, "-D", "html_title=Another")
    assert not idle(book, READTHEDOCS_CANONICAL_URL="https://example.org/")
    assert not idle(book, "-E")
    assert not idle(book, "-a")
    assert not idle(book)
    assert idle(book)


def test_a_build_with_a_warning_is_no_good_build(book: Path) -> None:
    """A fault is named by each build until it is mended, also where warnings are no errors."""
    (book / "index.rst").write_text("First\n=====\n\n.. toctree::\n\n   second\n   gone\n")
    for _ in range(2):
        done = build(book)
        assert done.returncode == 1
        assert "gone" in done.stderr


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git knows what is made and what is written")
def test_what_a_build_writes_wakes_no_server() -> None:
    """`nox -s serve` watches the sources, but nothing that git ignores there: no build starts the next."""
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    session = noxfile.partition("def serve(")[2].partition("\ndef ")[0]
    written = re.search(r"written = \(([^)]+)\)", session)
    assert written is not None
    left_out = set(re.findall(r'"([^"]+)"', written[1]))
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "docs"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    ignored = {name.removeprefix("docs/").rstrip("/") for name in listed if "__pycache__" not in name}
    assert {"_build", "auto_gallery"} <= ignored  # the session's own build
    assert ignored <= left_out
