"""The list of published versions: there where versions stand side by side, silent anywhere else."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, SITE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

PAGE, GONE = "chapters/edges.html", "chapters/gpu.html"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve two releases and the latest book, put in their places by the script that publishes."""
    pages = tmp_path_factory.mktemp("pages")
    for version in ("0.1.0", "0.2.0", "latest"):
        command = [sys.executable, str(ROOT / ".ci" / "publish.py"), str(SITE), str(pages), version]
        subprocess.run(command, check=True, timeout=120)
    (pages / "0.1.0" / GONE).unlink()
    shutil.copytree(SITE, pages / "alone" / "book")
    handler = functools.partial(Quiet, directory=str(pages))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page that fails the test if a script of it fails or a file is not there."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda answer: faults.append(answer.url) if answer.status >= 400 else None)
    yield page
    page.context.close()
    assert faults == []


def test_the_list_names_the_versions_and_keeps_the_page(page: Page, address: str) -> None:
    """By keyboard alone: open the list, walk to a release, and stand at the same place there."""
    page.goto(f"{address}/latest/{PAGE}#summary")
    summary = page.locator("details.versions > summary")
    summary.wait_for(state="visible")
    assert summary.inner_text().split() == ["Version", "latest"]
    summary.focus()
    page.keyboard.press("Enter")
    links = page.locator("details.versions a")
    assert links.all_inner_texts() == ["latest", "0.2.0 (stable)", "0.1.0"]
    assert links.nth(0).get_attribute("aria-current") == "true"
    page.wait_for_function(f"document.querySelectorAll('.versions a')[2].href.includes('{PAGE}')")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/0.1.0/{PAGE}#summary")
    assert page.locator("details.versions > summary").inner_text().split() == ["Version", "0.1.0"]


def test_a_version_without_the_page_opens_at_its_first(browser: Browser, address: str) -> None:
    """The earlier release has no such chapter: its link leads to its first page, not to a dead end."""
    page = browser.new_context().new_page()
    page.goto(f"{address}/latest/{GONE}")
    page.locator("details.versions > summary").click()
    page.wait_for_function(f"document.querySelectorAll('.versions a')[1].href.includes('{GONE}')")
    page.wait_for_function("document.querySelectorAll('.versions a')[2].dataset.asked === ''")
    page.locator("details.versions a").nth(2).click()
    page.wait_for_url(f"{address}/0.1.0/")
    page.context.close()


@pytest.mark.parametrize("place", ["disk", "folder of another name"])
def test_a_book_that_stands_alone_asks_for_nothing(page: Page, address: str, place: str) -> None:
    """From a disk, or from a server where it is the only one, there is no list, no request and no error."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/alone/book/{PAGE}" if place != "disk" else (SITE / PAGE).as_uri())
    page.wait_for_load_state("networkidle")
    assert not page.locator("details.versions").is_visible()
    assert [url for url in asked if "versions.json" in url] == []


def test_the_open_list_has_no_fault_that_axe_can_find(page: Page, address: str) -> None:
    """Names, roles and contrast of the list, open, in light and in dark."""
    sys.path.insert(0, str(ROOT / "docs" / "_ext"))
    try:
        from node_tools import ensure_packages
    finally:
        sys.path.pop(0)
    axe = (ensure_packages(tests=True) / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{address}/latest/{PAGE}")
        page.locator("details.versions > summary").click()
        page.evaluate(axe)
        found = page.evaluate("axe.run('details.versions', {resultTypes: ['violations']})")["violations"]
        assert [rule["id"] for rule in found] == []
