"""Builds that go wrong, on a book of two pages: what the next build makes of it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("myst_nb", reason="the tests of the built book have a session of their own: nox -s site")

ROOT = Path(__file__).parents[2]

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "docs" / "_ext")!r})
extensions = ["interrupted", "same_bytes", "myst_nb"]
project = "Two pages"
exclude_patterns = ["_build"]
html_theme = "basic"
nb_execution_mode = "cache"
nb_execution_cache_path = __file__.replace("conf.py", "_build/.jupyter_cache")
nb_execution_raise_on_error = False
nb_execution_show_tb = True
html_copy_source = False
"""
NOTEBOOK = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
# A chapter

```{code-cell} ipython3
%s
```
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """The sources of a book with one chapter that runs."""
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text("# First\n\n{doc}`chapter`\n\n```{toctree}\nchapter\n```\n")
    (folder / "chapter.md").write_text(NOTEBOOK % "print(6 * 7)")
    return folder


def command(book: Path) -> list[str]:
    """What `nox -s docs` runs, in small."""
    stage = book / "_build"
    options = ["-W", "-n", "--keep-going", "-q", "-b", "html", "-d", str(stage / "doctrees")]
    return [sys.executable, "-m", "sphinx", *options, str(book), str(stage / "html")]


def build(book: Path, file_limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """Build the book; with a limit no file may become larger, which is how a full disk looks to a writer."""

    def limited() -> None:
        if file_limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "IPYTHONDIR": str(book / "_build" / "ipython"),
    }
    return subprocess.run(
        command(book),
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=limited,
        env=environment,
        check=False,
    )


def pages(book: Path) -> dict[str, bytes]:
    """What a reader would get."""
    made = book / "_build" / "html"
    kept = [path for path in made.rglob("*") if path.is_file() and not path.name.startswith(".buildinfo")]
    return {path.relative_to(made).as_posix(): path.read_bytes() for path in sorted(kept)}


@pytest.mark.parametrize(
    ("page", "text", "says"),
    [
        ("chapter.md", NOTEBOOK % "raise ValueError('seven')", "raise ValueError('seven')"),
        ("index.md", "# First\n\n{doc}`gone`\n\n```{toctree}\nchapter\n```\n", "unknown document"),
        ("index.md", "# First\n\n![words](missing.png)\n\n```{toctree}\nchapter\n```\n", "missing.png"),
    ],
    ids=["a chapter that raises", "a dead reference", "a missing figure"],
)
def test_a_fault_is_named_each_time_until_it_is_mended(book: Path, page: str, text: str, says: str) -> None:
    """The second build of the same faulty book fails as the first did; the mended book builds as if new."""
    assert build(book).returncode == 0
    good, right = pages(book), (book / page).read_text()
    (book / page).write_text(text)
    for _ in range(2):
        done = build(book)
        assert done.returncode == 1
        assert says in done.stderr
        assert page in done.stderr or page.removesuffix(".md") in done.stderr
    (book / page).write_text(right)
    assert build(book).returncode == 0
    assert pages(book) == good


def test_a_full_disk_fails_the_build_and_the_next_gives_the_same_bytes(book: Path) -> None:
    """Files that cannot grow beyond some kilobytes end the build; with room again the bytes are right."""
    assert build(book).returncode == 0
    good = pages(book)
    (book / "chapter.md").write_text(NOTEBOOK % "print(6 * 8)")
    done = build(book, file_limit=6_000)
    assert done.returncode != 0
    assert "File too large" in done.stderr
    (book / "chapter.md").write_text(NOTEBOOK % "print(6 * 7)")
    assert build(book).returncode == 0
    assert pages(book) == good


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_a_build_that_is_stopped_is_made_good_by_the_next(book: Path, number: signal.Signals) -> None:
    """Stopped at three moments from the first page to the last file, then run to its end: the same bytes."""
    assert build(book).returncode == 0
    good = pages(book)
    for moment in range(3):
        (book / "chapter.md").write_text(NOTEBOOK % "print(6 * 9)")
        with subprocess.Popen(
            command(book), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            wait_for(book / "_build" / "doctrees" / "unfinished", process)
            time.sleep(0.7 * moment)
            process.send_signal(number)
        (book / "chapter.md").write_text(NOTEBOOK % "print(6 * 7)")
        assert build(book).returncode == 0
        assert pages(book) == good


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until a build has begun."""
    while not path.exists() and process.poll() is None:
        time.sleep(0.01)
