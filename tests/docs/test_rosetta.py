"""The converter of the page of other frameworks writes what the tables hold, which `nox -s rosetta` runs."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, SITE, VIEWS, axe_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

TABLES = sorted((ROOT / "docs" / "reference" / "rosetta").glob("*.csv"))
CLAIMS = [
    {name: text.strip("`") for name, text in row.items()}
    for path in TABLES
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
]
ROWS = """call => {
  const lab = document.querySelector("conv-rosetta");
  lab.sizes[2].value = call.includes("(1, 1,") ? 1 : 4;
  lab.call.value = call;
  lab.call.dispatchEvent(new Event("input"));
  const text = (cell) => cell.textContent;
  return [...lab.body.rows].map((row) => [row.className, ...[...row.cells].map(text)]);
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """The page, opened once; nothing on it may throw."""
    problems: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto((SITE / "reference" / "rosetta.html").as_uri())
    page.wait_for_selector("conv-rosetta .lab-first")
    yield page
    context.close()
    assert problems == []


def test_it_writes_each_claim_of_the_tables(page: Page) -> None:
    """Framework, call, weight, verdict and reason, word by word."""
    found = {call: page.evaluate(ROWS, call) for call in {claim["call"] for claim in CLAIMS}}
    for claim in CLAIMS:
        kind = f"rosetta-{claim['same'].replace(' ', '-')}"
        verdict = {"yes": "yes", "no": "no", "not run": "should"}[claim["same"]]
        said = f"{verdict} {claim['why']}".strip()
        row = [kind, claim["framework"], claim["written"], claim["weight"], said]
        assert row in found[claim["call"]], claim
    assert len(CLAIMS) > 100


def test_what_it_writes_it_reads_again(page: Page) -> None:
    """The call that it writes for PyTorch, Keras or Flax is one that it reads as the same layer."""
    for call in sorted({claim["call"] for claim in CLAIMS}):
        rows = page.evaluate(ROWS, call)
        again = next(row[2] for row in rows if row[1] == "PyTorch")
        if again.startswith("nn.Sequential"):
            continue
        assert page.evaluate(ROWS, again) == rows, call


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("", "A call looks like"),
        ("nn.Linear(3, 4)", "nn.Linear is not one of nn.Conv2d"),
        ("nn.Conv2d(4, 6)", "kernel_size is missing"),
        ("nn.Conv2d(4, 6, 3, stride=0)", "stride must be an integer of at least 1"),
        ("nn.Conv2d(4, 6, 3, groups=3)", "groups=3 must divide the channels 4 and 6"),
        ("nn.Conv2d(4, 6, 9)", "A kernel that reaches over 9 does not fit into 8"),
        ("nn.Conv2d(4, 6, 3, stride=2, padding='same')", 'no padding="same" with a stride'),
        ("nn.Conv2d(4, 6, (3, 4", "A call looks like"),
        ("nn.Conv2d(4, 6, alert(1))", "is no number, pair or word"),
    ],
)
def test_what_cannot_be_read_is_told(page: Page, call: str, says: str) -> None:
    """A sentence, and no rows."""
    assert page.evaluate(ROWS, call) == []
    assert says in page.locator("conv-rosetta .lab-note").inner_text()
    assert page.locator("#rosetta-call").get_attribute("aria-invalid") == "true"


def test_it_is_used_by_the_keyboard_and_is_light(page: Page) -> None:
    """Each field has a label; typing is enough; the script is small and on this page alone."""
    field = page.get_by_label("A layer of PyTorch, Keras or Flax")
    field.fill("nn.MaxPool2d(2)")
    assert "keras.layers.MaxPooling2D(2)" in page.locator("conv-rosetta").inner_text()
    for label in ("rows of the input", "columns", "channels, where the call does not say"):
        assert page.get_by_label(label, exact=True).is_visible()
    script = (SITE / "_static" / "labs" / "rosetta.bundle.js").read_bytes()
    assert len(gzip.compress(script, 9)) <= 8_500


def test_axe_finds_no_violation(browser: Browser, axe: str) -> None:
    """In the converter, light and dark, with rows of all kinds and with a message."""
    context = browser.new_context(**VIEWS["light"])
    page = context.new_page()
    page.goto((SITE / "reference" / "rosetta.html").as_uri())
    page.wait_for_selector("conv-rosetta .lab-first")
    for call in ("nn.Conv2d(4, 6, 3, stride=2, padding=1)", "nn.Conv2d(4"):
        page.evaluate(ROWS, call)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe_faults(page, axe, "conv-rosetta", colors_only=scheme == "dark") == []
    context.close()


def test_without_scripts_a_sentence_and_the_tables(browser: Browser) -> None:
    """All claims stand on the page."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((SITE / "reference" / "rosetta.html").as_uri())
    assert "With JavaScript this is a converter" in page.locator("conv-rosetta").inner_text()
    assert page.locator("table tbody tr").count() >= len(CLAIMS)
    context.close()
