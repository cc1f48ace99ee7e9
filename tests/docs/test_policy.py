"""The book under the content security policy that it gives to hosts, on every kind of page."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pages import KINDS, ROOT, SITE, find

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.docs.host import Host

sys.path.insert(0, str(ROOT / "docs" / "_ext"))
policy = importlib.import_module("policy")
sys.path.pop(0)

WATCH = """
globalThis.refused = [];
addEventListener("securitypolicyviolation", (event) =>
  refused.push(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample} ${event.sourceFile}`));
"""


def open_page(browser: Browser, host: Host, kind: str, **view: Any) -> tuple[Page, list[str]]:
    """Open a page as its host sends it; what goes wrong is noted in the list."""
    page = browser.new_context(accept_downloads=True, **view).new_page()
    wrong: list[str] = []
    page.add_init_script(WATCH)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    answer = page.goto(host.address + find(kind))
    assert answer is not None
    sent = answer.headers.get("content-security-policy", "")
    assert "default-src 'none'" in sent
    assert "script-src 'self'" in sent
    page.wait_for_load_state("load")
    return page, wrong


def wait_until(page: Page, expression: str) -> None:
    """Wait until an expression holds (Playwright's own way needs eval, which is forbidden)."""
    for _ in range(1200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"a minute went by without: {expression}")


def close(page: Page, wrong: list[str]) -> None:
    """Nothing was refused and nothing went wrong."""
    page.wait_for_timeout(100)
    refused = page.evaluate("refused")
    page.context.close()
    assert refused == []
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_does_what_the_policy_forbids(browser: Browser, host: Host, kind: str) -> None:
    """Every kind of page loads, scrolls and turns dark under the policy, and nothing is refused."""
    page, wrong = open_page(browser, host, kind)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(300)
    if kind != "404.html":
        before = page.evaluate("document.body.dataset.theme")
        page.locator("button.theme").click()
        assert page.evaluate("document.body.dataset.theme") != before
    if kind.startswith("search"):
        page.wait_for_selector("#search-results .search-words")
    close(page, wrong)


def test_the_explorer_works_whole_under_the_policy(browser: Browser, host: Host) -> None:
    """Typing, stepping, exports, copying, the photograph and a picture of one's own: nothing is refused."""
    page, wrong = open_page(browser, host, "explorer.html")
    page.locator("[data-place='x0,0,0']").focus()
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    place = "document.querySelector('conv-explorer .cx-steps input').value"
    first = page.evaluate(place)
    page.get_by_role("button", name="Play").click()
    wait_until(page, f"{place} !== '{first}'")
    page.get_by_role("button", name="Pause").click()
    for name, start in (("Save SVG", b"<svg"), ("Save PNG", b"\x89PNG")):
        with page.expect_download() as expected:
            page.locator("conv-explorer").get_by_role("button", name=name).click()
        assert Path(expected.value.path()).read_bytes()[:4] == start
    page.locator("conv-explorer").get_by_role("button", name="Copy link").click()
    lab = page.locator("conv-image-lab")
    lab.scroll_into_view_if_needed()
    wait_until(page, "Boolean(document.querySelector('conv-image-lab').grey)")
    before = lab.evaluate("lab => lab.grey.reduce((a, b) => a + b, 0)")
    page.get_by_label("Your own").set_input_files(SITE / "_static" / "card.png")
    wait_until(page, f"document.querySelector('conv-image-lab').grey.reduce((a, b) => a + b, 0) !== {before}")
    close(page, wrong)


def test_a_picture_of_ones_own_is_sent_nowhere(browser: Browser, host: Host) -> None:
    """From the moment a file is chosen, and while it is filtered, the page asks nobody for anything."""
    page, wrong = open_page(browser, host, "explorer.html")
    page.locator("conv-image-lab").scroll_into_view_if_needed()
    wait_until(page, "Boolean(document.querySelector('conv-image-lab').grey)")
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Your own").set_input_files(SITE / "_static" / "card.png")
    page.locator("#cx-lab-kind").select_option("derivative")
    page.wait_for_timeout(500)
    # When an address changes, Chromium itself asks for the icon of the tab again.
    own = ("blob:", "data:", f"{host.address}_static/favicon")
    assert [url for url in asked if not url.startswith(own)] == []
    close(page, wrong)


def test_text_that_got_into_a_page_does_not_run(browser: Browser, host: Host) -> None:
    """The policy is in force: a script, a handler, a style and a request from elsewhere are refused."""
    page, _ = open_page(browser, host, "index.html")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "globalThis.ran = true";
          document.body.append(script);
          const button = document.createElement("button");
          button.setAttribute("onclick", "globalThis.ran = true");
          document.body.append(button);
          button.click();
          const style = document.createElement("style");
          style.textContent = "body { display: none }";
          document.head.append(style);
          fetch("https://example.org/").catch(() => {});
        }"""
    )
    for kind in ("script-src-elem", "script-src-attr", "style-src-elem", "connect-src"):
        wait_until(page, f"refused.some((text) => text.startsWith('{kind}:'))")
    assert page.evaluate("globalThis.ran") is None
    assert page.evaluate("getComputedStyle(document.body).display") != "none"
    page.context.close()


def test_a_page_holds_no_handler() -> None:
    """No element of a page carries a script in an attribute."""
    for path in sorted(SITE.rglob("*.html")):
        if "_static" not in path.parts:
            assert not re.search(r"<\w[^>]*\son\w+=", path.read_text(encoding="utf-8")), path


def test_the_site_brings_its_headers() -> None:
    """What the build wrote is the policy, with hashes only for what stands inside a page."""
    written = (SITE / "_headers").read_text(encoding="utf-8")
    assert written == policy.HEADERS
    assert policy.source(policy.EARLY_SCRIPT) in written
    assert "immutable" in written


def test_a_hash_is_the_browsers() -> None:
    """The hash of a known text, from CSP Level 2, section 7.17 (hash usage for elements)."""
    assert policy.source("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
