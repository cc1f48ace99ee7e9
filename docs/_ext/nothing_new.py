"""Where nothing has changed since the last good build, there is nothing to do, and nothing is done.

Even with every page in place Sphinx loads all extensions, reads its notes and writes indices: seconds, for the same bytes.  So a good
build notes what it was made from: the command, the tools, and the content of every file of the repository that a build does not make
itself, whether it is known to be read or not.  It notes the size and time of every file that it made, too.  Where all that is the same,
the next build ends here.  Any doubt (no note, an option that asks for a fresh build, a file too few or too new) and Sphinx does its work.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

REMEMBERED = (
    "html",
    "dirhtml",
    "epub",
)  # a check of links, say, is asked for because the world may have changed
# What a build reads beside the files: see conf.py.
ASKED_FOR = ("CONVBOOK_ONLY", "READTHEDOCS_CANONICAL_URL", "SOURCE_DATE_EPOCH", "PYTHONPATH")
# What tools and builds write; nothing of a page comes from there.
TOOLS_OWN = {".git", ".nox", ".venv", "venv", "node_modules", "__pycache__", "build", "dist", "htmlcov"}
TOOLS_OWN |= {".hypothesis", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
MADE = ("_generated", "auto_gallery", "reference/generated")  # in the sources, by a build
BUILT = ("_build", "jupyter_execute")


def command() -> list[str] | None:
    """The options of ``sphinx-build``; nothing where this is no plain run of it, or one that shall make all anew."""
    from sphinx.cmd.build import get_parser

    program = Path(sys.argv[0])
    if program.stem != "sphinx-build" and program.parts[-2:] != ("sphinx", "__main__.py"):
        return None
    given = sys.argv[1:]
    given = given[1:] if given[:1] == ["build"] else given
    if given[:1] == ["-M"]:
        return None
    options = get_parser().parse_args(given)
    fresh = options.force_all or options.freshenv or options.filenames
    return None if fresh or options.builder not in REMEMBERED else given


def files(folder: Path, left_out: set[Path]) -> Iterator[Path]:
    """The files below a folder, without those folders that tools keep for themselves."""
    for place, folders, names in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(name for name in folders if name not in TOOLS_OWN and here / name not in left_out)
        yield from (here / name for name in sorted(names))


def sources(root: Path, docs: Path) -> str:
    """A digest of every file that a person may have written; catalogues are compiled by a build."""
    digest = hashlib.sha256()
    for path in files(root, {docs / name for name in MADE + BUILT}):
        if path.suffix not in (".mo", ".pyc") and path.is_file():
            content = hashlib.sha256(path.read_bytes()).digest()
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()


def tools() -> list[str]:
    """Python, and every installed package with its version: the names of the folders that pip writes for them."""
    found = [sys.version, sys.prefix]
    for place in sorted({Path(entry) for entry in sys.path if entry}):
        if place.is_dir():
            notes = (note for note in place.iterdir() if note.suffix in (".dist-info", ".pth"))
            found += sorted(f"{note.name} {note.stat().st_mtime_ns}" for note in notes)
    return found


def made(app: Sphinx) -> dict[str, tuple[int, int]]:
    """Size and time of every file that a build has made."""
    docs = Path(app.srcdir)
    places = [Path(app.outdir), *(docs / name for name in MADE)]
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for place in places
        for path in files(place, set())
    }


class Notes:
    """What the last good build of a folder was made from."""

    def __init__(self, app: Sphinx, given: list[str]) -> None:
        docs = Path(app.confdir)
        folder = hashlib.sha256(str(app.outdir).encode()).hexdigest()[:12]
        self.path = Path(app.doctreedir) / f"nothing-new-{folder}.json"
        asked = [f"{name}={os.environ.get(name)}" for name in ASKED_FOR]
        self.input = [*given, *asked, *tools(), sources(docs.parent, docs)]

    def agree(self, app: Sphinx) -> bool:
        """Whether the inputs are as they were, and the outputs as they were left."""
        try:
            noted = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        found = {name: list(state) for name, state in made(app).items()}
        return bool(noted["input"] == self.input and noted["made"] == found)

    def write(self, app: Sphinx) -> None:
        """Note a good build."""
        text = json.dumps({"input": self.input, "made": made(app)}, indent=0)
        self.path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """End here where nothing is new; otherwise let Sphinx work, and note a good end."""
    given = command()
    if given is not None:
        notes = Notes(
            app, given
        )  # the sources as they are now: one that changes during the build is new to the next
        if notes.agree(app):
            logger.info("nothing has changed since the last build: %s is up to date", app.outdir)
            raise SystemExit(0)
        notes.path.unlink(missing_ok=True)

        def note(app: Sphinx, problem: Exception | None) -> None:
            if problem is None and not app._warncount:
                notes.write(app)

        app.connect("build-finished", note, priority=995)  # after all that writes files at the end
    return {"parallel_read_safe": True, "parallel_write_safe": True}
