"""What all tests of the built pages share: a browser, and a host that sends the book as a real one does."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.host import hosted
from tests.docs.pages import FLAGS, ROOT, SITE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.docs.host import Host

# What takes long to prepare is prepared once, and kernels start one at a time: two that start in the same
# moment may choose the same port. Processes share the tests, but not those of such a file.
TOGETHER = ("test_explorer.py", "test_builds.py", "test_code.py", "test_pages.py")

PATIENCE = 180_000  # milliseconds


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Hand the tests out one by one, those of some files together."""
    from xdist.scheduler import LoadFileScheduling

    class OneByOne(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = super()._split_scope(nodeid)
            return path if path.endswith(TOGETHER) else nodeid

    return OneByOne(config, log)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium; a test opens a context of its own in it."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="the browser tests have a session of their own: nox -s site"
    )
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert executable, "no Chromium: set CHROMIUM, or run `nox -s site`, which installs one where it may"
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        # A machine with much else to do may take a minute over a page; what hangs is still seen.
        chromium.on("context", lambda context: context.set_default_timeout(PATIENCE))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """Return a running host of the book."""
    assert (SITE / "_headers").exists(), f"no built book in {SITE}: run `nox -s docs` first"
    with hosted(SITE) as running:
        yield running


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core's script, from the locked npm packages."""
    sys.path.insert(0, str(ROOT / "docs" / "_ext"))
    try:
        from node_tools import install_locked
    finally:
        sys.path.pop(0)
    return (install_locked() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
