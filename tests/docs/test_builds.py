"""Builds that go wrong, on a book of two pages: what stays in place, and what the next build makes of it."""

from __future__ import annotations

import importlib.util
import os
import resource
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

REASON = "the tests of the built book have a session of their own: nox -s site"
nox = pytest.importorskip("nox", reason=REASON)
pytest.importorskip("myst_nb", reason=REASON)

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]

CONF = """
extensions = ["myst_nb"]
project = "Two pages"
exclude_patterns = ["_build"]
html_theme = "basic"
nb_execution_mode = "cache"
nb_execution_cache_path = __file__.replace("conf.py", "_build/.jupyter_cache")
nb_execution_show_tb = True
html_copy_source = False

import os
import signal
from pathlib import Path

def stop(app, page, *rest):
    (Path(app.outdir) / page).with_suffix(".html").write_text("<p>half a p")
    os.kill(os.getpid(), signal.SIGKILL)

def setup(app):
    if "KILLED" in os.environ:
        app.connect("html-page-context", stop)
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


class Failed(Exception):
    """A session that ended with an error, and what the command had said."""


class Session:
    """What the functions of the noxfile use of a session of nox."""

    def __init__(self, folder: Path, file_limit: int | None = None, **settings: str) -> None:
        self.settings = {**os.environ, "IPYTHONDIR": str(folder / "_build" / "ipython"), **settings}
        self.file_limit = file_limit
        self.said = ""

    def limited(self) -> None:
        """Let no file become larger than the limit, which is how a full disk looks to a writer."""
        if self.file_limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_limit, self.file_limit))

    def run(self, *command: str) -> None:
        """Run a command, as nox does."""
        done = subprocess.run(
            command, capture_output=True, text=True, preexec_fn=self.limited, env=self.settings, check=False
        )
        self.said = done.stderr
        if done.returncode:
            raise nox.command.CommandFailed("failed", return_code=done.returncode)

    def error(self, words: str) -> None:
        """End the session."""
        raise Failed(f"{words}\n{self.said}")


@pytest.fixture(scope="module")
def noxfile(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Return the project's noxfile, at work on a book with one chapter that runs; a test leaves it good."""
    spec = importlib.util.spec_from_file_location("noxfile", ROOT / "noxfile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    root = tmp_path_factory.mktemp("book")
    docs = root / "docs"
    docs.mkdir()
    places = {"ROOT": root, "DOCS": docs, "BUILD": docs / "_build", "SITE": docs / "_build" / "html"}
    vars(module).update(places, LANGUAGES=["en"])
    (docs / "conf.py").write_text(CONF)
    (docs / "index.md").write_text("# First\n\n{doc}`chapter`\n\n```{toctree}\nchapter\n```\n")
    (docs / "chapter.md").write_text(NOTEBOOK % "print(6 * 7)")
    return module


@pytest.fixture(scope="module")
def good(noxfile: ModuleType) -> dict[str, bytes]:
    """Build the book once; return what a reader gets of it."""
    return build(noxfile)


def build(noxfile: ModuleType, file_limit: int | None = None, **settings: str) -> dict[str, bytes]:
    """Build and publish the book; return what a reader gets."""
    noxfile.sphinx(Session(noxfile.DOCS, file_limit, **settings), "html")
    noxfile.publish()
    return pages(noxfile)


def pages(noxfile: ModuleType) -> dict[str, bytes]:
    """What a reader gets."""
    # These two link MyST-NB's style by its checksum from a second build on; the book's theme leaves it out.
    left_out = ("genindex.html", "search.html")
    files = [path for path in sorted(noxfile.SITE.rglob("*")) if path.is_file() and path.name not in left_out]
    return {path.relative_to(noxfile.SITE).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("page", "text", "says"),
    [
        ("chapter.md", NOTEBOOK % "raise ValueError('seven')", "raise ValueError('seven')"),
        ("index.md", "# First\n\n{doc}`gone`\n\n```{toctree}\nchapter\n```\n", "unknown document"),
    ],
    ids=["a chapter that raises", "a dead reference"],
)
def test_a_fault_is_named_each_time_until_it_is_corrected(
    noxfile: ModuleType, good: dict[str, bytes], page: str, text: str, says: str
) -> None:
    """Each build of a faulty book fails and leaves the last good site; the corrected one is good again."""
    path = noxfile.DOCS / page
    right = path.read_text()
    path.write_text(text)
    for _ in range(2):
        with pytest.raises(Failed, match="last good book is untouched") as failed:
            build(noxfile)
        assert says in str(failed.value)
        assert page in str(failed.value)
        assert pages(noxfile) == good
    path.write_text(right)
    assert build(noxfile) == good


def test_a_full_disk_fails_the_build_and_the_next_gives_the_same_bytes(
    noxfile: ModuleType, good: dict[str, bytes]
) -> None:
    """Files that cannot grow beyond some kilobytes end the build; with room again the bytes are right."""
    shutil.rmtree(noxfile.stage("en"))
    with pytest.raises(Failed, match="400 MB of free disk"):
        build(noxfile, file_limit=6_000)
    assert pages(noxfile) == good
    assert build(noxfile) == good


def test_a_build_that_is_killed_is_made_good_by_the_next(noxfile: ModuleType, good: dict[str, bytes]) -> None:
    """After a build that was killed with half a page written, the next one gives the right bytes."""
    chapter = noxfile.DOCS / "chapter.md"
    chapter.write_text(NOTEBOOK % "print(6 * 9)")
    with pytest.raises(Failed):
        build(noxfile, KILLED="yes")
    assert pages(noxfile) == good
    chapter.write_text(NOTEBOOK % "print(6 * 7)")
    assert build(noxfile) == good


def test_a_copy_that_breaks_off_leaves_the_old_site(
    noxfile: ModuleType, good: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills while the new site is copied: the old one stands, and the next copy is whole."""
    whole = shutil.copytree

    def breaks_off(*given: Any, **options: Any) -> None:
        whole(*given, **options)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copytree", breaks_off)
        with pytest.raises(OSError, match="No space left"):
            build(noxfile)
    assert pages(noxfile) == good
    assert build(noxfile) == good
    assert [path.name for path in noxfile.BUILD.glob("html*")] == ["html"]
