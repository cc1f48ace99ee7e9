"""Python in the page: every solution passes, every wrong answer gets torch's hint, and no fault ends the page."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import answers
from tests.docs.pages import SITE, VIEWS
from tests.docs.test_policy import WATCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.docs.host import Host

# ruff: noqa: E501  -- markup, and code for a browser
BOX = re.compile(
    r'<div class="try" data-key="([^"]+)" data-checks="([^"]+)">.*?<pre hidden="hidden">(.*?)</pre></div>',
    re.S,
)
CELL = re.compile(r'<div class="[^"]*cell_input[^"]*"[^>]*>.*?<pre>(.*?)</pre>', re.S)
RUN = """async ([code, checks]) => {
  const { run } = await import(new URL("app.bundle.js", document.querySelector('script[src*="start.bundle"]').src).href);
  const texts = [];
  const found = await run(code, checks, { progress() {}, started() {}, printed: (text) => texts.push(text) });
  return { ...found, printed: texts.join("") };
}"""


def plain(markup: str) -> str:
    """The text of a block of code."""
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).rstrip("\n")


def boxes() -> list[tuple[str, list[list[str]], str, str]]:
    """Every editor of the book: its key, its checks, what stands in it at first, and the solution that it offers."""
    found = []
    for path in sorted(SITE.glob("chapters/*.html")):
        if path.name.endswith(".slides.html"):
            continue
        text = path.read_text(encoding="utf-8")
        for match in BOX.finditer(text):
            key, checks, first = match.groups()
            solution = CELL.search(text, text.index('<details class="solution', match.end()))
            assert solution is not None, key
            pairs = [pair.split(":") for pair in checks.split()]
            found.append((key, pairs, plain(first), plain(solution.group(1))))
    return found


BOXES = boxes()


@pytest.fixture(scope="module")
def page(browser: Browser, host: Host) -> Iterator[Page]:
    """A page in which Python runs, under the policy of the book."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{host.address}{BOXES[0][0].partition('#')[0]}.html")
    yield page
    assert page.evaluate("refused") == []
    context.close()


def run(page: Page, code: str, checks: list[list[str]] | None = None) -> Any:
    """Run code in the page's Python, as its button does."""
    return page.evaluate(RUN, [code, checks or []])


def status(page: Page, box: Any) -> str:
    """What a box says when Python has answered."""
    for _ in range(3600):
        text: str = box.locator(".try-status").inner_text()
        if text and not text.startswith(("Loading", "Running", "正在")):
            return text
        page.wait_for_timeout(50)
    raise AssertionError("Python did not answer in three minutes")


def type_code(page: Page, box: Any, code: str) -> None:
    """Replace what stands in an editor, as a reader pastes."""
    box.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def test_most_exercises_with_a_checker_have_an_editor() -> None:
    """Every checker is in some editor, but for the two that need layers and gradients, and one that no exercise uses."""
    from convbook import exercises

    offered = {check for _, checks, _, _ in BOXES for check, _ in checks}
    absent = {"check_conv2d_layer", "check_training_loop", "check_conv2d_input"}
    assert offered == {name for name in exercises.__all__ if name.startswith("check_")} - absent
    assert len({key for key, *_ in BOXES}) == len(BOXES)


@pytest.mark.parametrize(("key", "checks", "first", "solution"), BOXES, ids=[box[0] for box in BOXES])
def test_the_solution_passes_unchanged(
    page: Page, key: str, checks: list[list[str]], first: str, solution: str
) -> None:
    """What stands in the editor at first is not yet right; the book's solution is."""
    found = run(page, solution, checks)
    assert "error" not in found, found["error"]
    assert [result["name"] for result in found["results"]] == [name for _, name in checks]
    assert all(result["passed"] for result in found["results"]), found["results"]
    begun = run(page, first, checks)
    assert "error" not in begun or begun["error"]["text"].startswith(("NameError", "TypeError"))
    assert "error" in begun or not all(result["passed"] for result in begun["results"])


def test_every_wrong_answer_gets_torchs_verdict_and_hint(page: Page) -> None:
    """The whole table: each right and wrong answer of the tests, judged by torch here and by the page there."""
    from convbook import exercises

    given = [*answers.RIGHT.items(), *(row[:2] for row in answers.WRONG)]
    here = [getattr(exercises, name)(answer) for name, answer in given]
    text = Path(answers.__file__).read_text(encoding="utf-8")
    there: list[Any] = []
    for start in range(0, len(given), 15):
        judging = f"""
import json
from convbook import exercises
for name, answer in [*RIGHT.items(), *(row[:2] for row in WRONG)][{start} : {start + 15}]:
    result = getattr(exercises, name)(answer)
    print(json.dumps([result.passed, result.failed_case, result.hint]))
"""
        found = run(page, text + judging)
        assert "ended" not in found, found
        assert "error" not in found, found
        there += [json.loads(line) for line in found["printed"].splitlines()]
    assert len(there) == len(here) > 170
    assert there == [[result.passed, result.failed_case, result.hint] for result in here]


def cells() -> list[tuple[str, str, str]]:
    """Every cell of the book that a reader can run: its page, its code, and what the book prints below it."""
    found = []
    for path in sorted(SITE.glob("chapters/*.html")):
        for part in re.split(r'<div class="[^"]*\btag_try-it\b', path.read_text(encoding="utf-8"))[1:]:
            code, output = re.findall(r"<pre>(.*?)</pre>", part, re.S)[:2]
            if not path.name.endswith(".slides.html"):
                found.append((path.stem, plain(code), plain(output)))
    return found


@pytest.mark.parametrize(("name", "code", "output"), cells(), ids=lambda part: part[:30])
def test_a_cell_prints_in_the_page_what_the_book_prints(
    page: Page, name: str, code: str, output: str
) -> None:
    found = run(page, code)
    assert "error" not in found, found["error"]
    assert found["printed"].split() == output.split()


FAULTS = {
    "print(1": "Is a bracket, a quote or a colon missing",
    "def f(n):\n    return f(n + 1)\n\nf(1)": "again and again without an end",
    "input()": "a keyboard that the page does not give it",
    "open('image.png')": "the page has no files",
    "import os": "no files and no network",
    "import js": "no files and no network",
    "numbers = [0] * 10**9": "more memory than the page may use",
    "numbers = []\nwhile True:\n    numbers.append(bytearray(10**7))": "more memory than the page may use",
    "x = 1\n" * 10_000: "a text of 10001 lines",
}


@pytest.mark.parametrize("code", FAULTS, ids=lambda code: code[:20])
def test_a_fault_is_a_sentence_and_the_page_lives(page: Page, code: str) -> None:
    error = run(page, code)["error"]
    assert FAULTS[code] in f"{error['text']} {error['sentence']}"
    assert run(page, "print(6 * 7)")["printed"] == "42\n"


def test_a_flood_of_prints_ends(page: Page) -> None:
    printed = run(page, "for n in range(200_000):\n    print(n)")["printed"]
    assert printed.startswith("0\n1\n")
    assert len(printed) < 21_000
    assert "the rest is not shown" in printed


def test_an_endless_loop_is_stopped_and_python_starts_again(page: Page) -> None:
    assert "Stopped after 10 seconds" in run(page, "while True:\n    pass")["ended"]
    assert run(page, "print(sum(torch.ones(3)))")["printed"] == "tensor(3.)\n"


def test_a_learner_is_wrong_and_then_right(browser: Browser, host: Host) -> None:
    """Open, get it wrong, read the hint and the cells that differ, mend it, see the tick, and find it again."""
    host.sent.clear()
    context = browser.new_context(**VIEWS["light"], accept_downloads=True)
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(host.address + "chapters/correlation.html")
    before = [place for place, _ in host.sent]
    assert not [
        place for place in before if "pyodide" in place or "app.bundle" in place or "python.json" in place
    ]
    box = page.locator(".try")
    box.get_by_role("button", name="Write and check it here").click()
    wrong = "def my_corr2d(X, K):\n    return corr2d(X, K.flip(0, 1))\n\n\ndef my_flip(K):\n    return K[9]\n"
    type_code(page, box, wrong)
    page.keyboard.press("Control+Enter")
    assert "my_corr2d is wrong in case 1 of 13" in status(page, box)
    output = box.locator(".try-output")
    assert "You flipped the kernel" in output.inner_text()
    assert output.locator("[data-name=my_corr2d] td.try-different").count() == 4
    assert "line 6, in my_flip: return K[9]" in output.inner_text()
    assert "There is no my_convolve2d yet." in output.inner_text()
    assert box.locator(".cm-wrong-line").inner_text() == "    return K[9]"
    address = output.get_by_role("link", name="See this case in the explorer").get_attribute("href")
    assert address is not None
    box.get_by_role("button", name="Next hint").click()
    assert page.locator("details.hint[open]").count() == 1
    box.get_by_role("button", name="Show the solution").click()
    box.get_by_role("button", name="Put the solution into the editor").click()
    box.get_by_role("button", name="Check").click()
    assert "my_flip is right: all 5 cases." in status(page, box)
    assert box.locator(".try-right").count() == 3
    assert page.locator(".exercise-title .solved-mark").count() == 1
    assert page.evaluate("refused") == []

    page.reload()
    assert page.locator(".exercise-title .solved-mark").count() == 1
    box.get_by_role("button", name="Write and check it here").click()
    assert "def my_flip(K):" in box.locator(".cm-content").inner_text()
    box.get_by_role("button", name="Start again").click()
    assert (
        box.locator(".cm-content").inner_text().split()
        == BOXES_BY_KEY["chapters/correlation#exercise-3"].split()
    )

    page.goto(host.address + address.removeprefix("../"))
    assert page.locator("conv-explorer").first.evaluate("e => e.state.kernel[0]") == [[0, 1], [2, 3]]
    what_is_solved_is_listed(page, host)
    context.close()


def what_is_solved_is_listed(page: Page, host: Host) -> None:
    """The list of chapters, the page of exercises, the file and the deletion."""
    page.goto(host.address + "chapters/index.html")
    assert page.locator(".solved-mark").all_inner_texts() == ["✓ 1 solved"]
    page.goto(host.address + "exercises.html")
    assert page.locator("main a[href$='correlation.html#exercise-3'] + .solved-mark").count() == 1
    sheet = page.locator(".solved-sheet")
    assert "Exercise 3. Write both operations" in sheet.locator("li").inner_text()
    assert "def my_flip(K):" in sheet.locator("li pre").inner_text()
    with page.expect_download() as expected:
        sheet.get_by_role("button", name="Save as a file").click()
    saved = json.loads(Path(expected.value.path()).read_text(encoding="utf-8"))
    assert list(saved) == ["chapters/correlation#exercise-3"]
    sheet.get_by_role("button", name="Delete all that I wrote").click()
    sheet.get_by_role("button", name="Delete it: really?").click()
    assert "Deleted." in sheet.inner_text()
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('convbook-'))") == []


BOXES_BY_KEY = {key: first for key, _, first, _ in BOXES}


def test_from_a_folder_a_sentence_says_how_to_serve_the_book(browser: Browser) -> None:
    page = browser.new_page()
    page.goto((SITE / "chapters" / "correlation.html").as_uri())
    page.get_by_role("button", name="Write and check it here").first.click()
    page.wait_for_selector(".try [role=status]")
    assert "python -m http.server" in page.locator(".try [role=status]").first.inner_text()
    page.close()
