"""A build that did not end well leaves nothing behind that the next build would trust.

Sphinx reads and writes only what is out of date, by time.  So half a page left by a killed build would count as a page, and a page with
a warning would not be read again: the second build would pass although nothing was mended.  A mark stands beside Sphinx's notes from
the first step of a build to its last.  Where the next build finds it, Sphinx's notes go, and every page is read and written anew; after
a build that did not reach its end, the outputs of the chapters too, since its last one may be half a file.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

MARK = "unfinished"
RUNNING, FAILED = "running", "failed"


def begin(app: Sphinx, config: Any) -> None:
    """Forget what an unfinished build noted, and put up the mark of this one."""
    forget(Path(app.doctreedir), Path(config.nb_execution_cache_path))
    shutil.rmtree(
        Path(app.outdir) / "reports", ignore_errors=True
    )  # MyST-NB's tracebacks, with the machine's paths
    Path(app.doctreedir).mkdir(parents=True, exist_ok=True)
    (Path(app.doctreedir) / MARK).write_text(RUNNING, encoding="utf-8")


def forget(doctrees: Path, outputs: Path) -> None:
    """Remove Sphinx's notes if a mark stands there, and the chapters' outputs if it is of a build that never ended."""
    mark = doctrees / MARK
    if not mark.exists():
        return
    state = mark.read_text(encoding="utf-8")
    logger.info(
        "the last build %s: every page is made anew", "failed" if state == FAILED else "was interrupted"
    )
    if state != FAILED:
        shutil.rmtree(outputs, ignore_errors=True)
    # The mark goes last: an interruption here is one more unfinished build.
    for path in doctrees.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != mark:
            path.unlink()
    mark.unlink()


def end(app: Sphinx, exception: Exception | None) -> None:
    """Take the mark down after a good build; where only warnings failed it, what was computed is whole and stays."""
    mark = Path(app.doctreedir) / MARK
    strict = getattr(app, "_fail_on_warnings", False) or getattr(app, "warningiserror", False)
    if exception is None and strict and app._warncount:
        mark.write_text(FAILED, encoding="utf-8")
    elif exception is None:
        mark.unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", begin, priority=10)
    app.connect("build-finished", end, priority=990)  # after what writes files at the end
    return {"parallel_read_safe": True, "parallel_write_safe": True}
