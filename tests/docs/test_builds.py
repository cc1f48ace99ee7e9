"""Builds that go wrong, on a book of two pages: what the next build makes of it."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
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

import os
from pathlib import Path

def stop(app, page=None, *rest):
    if os.environ["STOP_AT"] == "html-page-context":
        (Path(app.outdir) / page).with_suffix(".html").write_text("<p>half a p")
    os.kill(os.getpid(), int(os.environ["STOP_BY"]))

def setup(app):
    if "STOP_AT" in os.environ:
        app.connect(os.environ["STOP_AT"], stop, priority=980)  # "unfinished" is taken back at 990
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


def build(book: Path, file_limit: int | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """Build the book; with a limit no file may become larger, which is how a full disk looks to a writer."""

    def limited() -> None:
        if file_limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    environment = {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "1",
        "IPYTHONDIR": str(book / "_build" / "ipython"),
        **settings,
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
    shutil.rmtree(book / "_build")
    done = build(book, file_limit=6_000)
    assert done.returncode != 0
    assert "File too large" in done.stderr
    assert build(book).returncode == 0
    assert pages(book) == good


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_a_build_that_is_stopped_is_made_good_by_the_next(book: Path, number: signal.Signals) -> None:
    """Stopped while it reads, with half a page written or at its end: the next gives the right bytes."""
    texts, right = [NOTEBOOK % f"print(6 * {factor})" for factor in (9, 7)], []
    for text in texts:
        (book / "chapter.md").write_text(text)
        assert build(book).returncode == 0
        right.append(pages(book))
    for turn, moment in enumerate(["source-read", "html-page-context", "build-finished"]):
        (book / "chapter.md").write_text(texts[turn % 2])
        assert build(book, STOP_AT=moment, STOP_BY=str(int(number))).returncode != 0
        assert build(book).returncode == 0
        assert pages(book) == right[turn % 2]
