"""From the first click to the first verdict, on a slow line: `python -m tests.docs.first_click`.

It needs a built book.  The host sends 1.6 Mbit/s, 150 ms after each question, as Lighthouse's slow 4G; the
slow line of a browser does not reach the worker that loads Python.  The page is slowed four times,
the worker's cannot be.  The second visit finds Python in the browser.
"""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.docs.host import hosted
from tests.docs.pages import FLAGS
from tests.docs.test_weight import PHONE, taken

if TYPE_CHECKING:
    from playwright.sync_api import Page

RATE, LATENCY = 1_600_000 / 8, 0.15  # bytes a second, seconds


def seconds_to_verdict(page: Page) -> tuple[float, float]:
    """Check what stands in an editor at first: the seconds to the editor, and to the verdict."""
    box = page.locator(".try").first
    begun = time.monotonic()
    box.get_by_role("button").first.click()
    box.locator(".cm-content").wait_for(timeout=120_000)
    opened = time.monotonic() - begun
    box.get_by_role("button", name="Check").click()
    box.locator(".try-verdict").first.wait_for(timeout=300_000)
    return opened, time.monotonic() - begun


def main() -> None:
    """Measure a first and a second visit."""
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with hosted() as host, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        context = browser.new_context(**PHONE)
        for visit in ("first", "second"):
            host.rate, host.latency = None, 0
            page = context.new_page()
            session = context.new_cdp_session(page)
            page.goto(host.address + "chapters/correlation.html", wait_until="load")
            session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
            host.rate, host.latency = RATE, LATENCY
            taken(host)
            opened, verdict = seconds_to_verdict(page)
            megabytes = taken(host) / 1e6
            print(f"{visit} visit: editor {opened:.1f} s, verdict {verdict:.1f} s, {megabytes:.1f} MB")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
