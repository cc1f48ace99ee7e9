"""The labs and the checker on a Chinese page: the same words in both languages, no English sentence."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests import test_page_verdicts as verdicts
from tests.docs.pages import ROOT, VIEWS, axe_faults
from tests.docs.test_code import status, type_code
from tests.docs.test_labs import LABS
from tests.docs.test_policy import WATCH, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page, Route

    from tests.docs.host import Host

sys.path[:0] = [str(ROOT / "docs" / "_ext"), str(ROOT / "docs" / "locales")]
explorer, node_tools, catalogue = map(importlib.import_module, ("explorer", "node_tools", "catalogue"))
del sys.path[:2]

PAGES = LABS | {"rosetta": "reference/rosetta.html"}
ENGLISH = re.compile(r"[A-Za-z][A-Za-z'’-]*(?: [A-Za-z][A-Za-z'’-]*){2,}")  # three words in a row

# ruff: noqa: E501  -- code for a browser, and calls

# ---------------------------------------------------------------------------------------------- tables of words

# What some sentences are given; the others get numbers.
GIVEN = {
    "unsure": [[[["71", "72"], ["73", "74"]]]],
    "confused": [["71", "72", []], ["71", "72", [["73", "74"], ["75", "76"]]]],
    "pooled": [[["71", "72", "73", "74"], "75"]],
    "factors": [[[["71", "72"], ["73", "74"]], 0], [[["71", "72"]], 0.5]],
    "sure": [["", "71", "72", "73"], ["71", "72", "73", "74"]],
    "samples": [["71", True], ["71", False]],
    "pen": [[True, "71", "72"], [False, "71", "72"]],
    "place": [[layer, "72", "73", "74"] for layer in range(4)],
    "kernel": [[0, "71"], [1, "71"]],
    "node": [[0], [71]],
    "map": [[0, "71"], [71, "72"]],
}
TEXTS = """
const given = GIVEN;
const called = (name, value) => (given[name] ?? [Array.from({ length: value.length }, (_, k) => 71 + k)]).map((some) => value(...some));
const texts = (value, name, path) => (typeof value === "function" ? [[path, value.length, called(name, value)]]
  : typeof value === "string" ? [[path, 0, [value]]]
  : Object.entries(value).flatMap(([key, part]) => texts(part, key, `${path}.${key}`)));
const found = {};
for (const [name, folder] of FOLDERS) {
  const module = await import(`${folder}/words.js`);
  const words = module.WORDS ?? module.SHARED;
  const english = texts(words, "", "");
  await import(`${folder}/words_zh_CN.js`);
  found[name] = [english, texts(words, "", "")];
}
console.log(JSON.stringify(found));
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Return each lab's words in English and in Chinese: names, numbers of values, and texts."""
    labs = ROOT / "docs" / "_static" / "labs"
    folders = [(name, (labs / name).as_uri()) for name in ("house", *explorer.LABS)]
    program = tmp_path_factory.mktemp("words") / "texts.mjs"
    given = TEXTS.replace("GIVEN", json.dumps(GIVEN)).replace("FOLDERS", json.dumps(folders))
    program.write_text(given, encoding="utf-8")
    command = node_tools.node_command(program)
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    found: dict[str, list[Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["house", *explorer.LABS])
def test_a_lab_has_the_same_words_in_both_languages(tables: dict[str, list[Any]], name: str) -> None:
    """Each text is there twice and takes the same values; no number and no term is lost."""
    english, chinese = tables[name]
    assert [(path, values) for path, values, _ in english] == [(path, values) for path, values, _ in chinese]
    wrong = []
    for (path, _, before), (_, _, after) in zip(english, chinese, strict=True):
        for source, target in zip(before, after, strict=True):
            exempt = CODE_WORDS.get(path, set())
            wrong += [
                (path, fault, target)
                for fault in catalogue.faults(plain(source), plain(target), "zh_CN", exempt)
            ]
            wrong += [(path, "English", target) for _ in ENGLISH.findall(target)]
            wrong += [(path, "no Chinese", target) for _ in ENGLISH.findall(source) if source == target]
    assert wrong == []


def plain(text: str) -> str:
    """A text without the calls in it, whose parentheses are no Chinese ones."""
    return re.sub(r"[A-Za-z_.]*\w\([^()]*\)|\([^()]*\)", "X", text, flags=re.A)


# Words of code, which stay.
CODE_WORDS = {
    ".errors.noStride": {"padding"},
    ".why.kerasDown": {"padding"},
    ".why.flaxStrides": {"stride"},
    ".why.onnxZeros": {"edge"},
}

# ------------------------------------------------------------------------------------------------------- pages

SEEN = """element => {
  const found = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE && !node.parentElement.closest("pre, code, .cm-editor")) found.push(node.nodeValue);
    for (const name of ["aria-label", "aria-valuetext", "title", "placeholder"]) found.push(node.getAttribute?.(name) ?? "");
  }
  return found;
}"""


def english_in(part: Locator) -> list[str]:
    """The English sentences that a part of a page shows or tells."""
    texts: list[str] = part.evaluate(SEEN)
    assert any("\u4e00" <= sign <= "\u9fff" for text in texts for sign in text)
    return [text for text in texts if ENGLISH.search(text)]


@pytest.fixture(scope="module")
def chinese(
    browser: Browser, host: Host, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Page]]:
    """Return a function that opens a page as a Chinese book has it: with its language, and its scripts of the labs."""
    folder = tmp_path_factory.mktemp("labs")
    context = browser.new_context(**VIEWS["light"], reduced_motion="reduce")
    context.add_init_script(WATCH)
    problems: list[str] = []

    def in_chinese(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace('<html lang="en"', '<html lang="zh-CN"', 1)
        assert 'lang="zh-CN"' in body
        route.fulfill(response=answer, body=body)

    def script(route: Route) -> None:
        name = re.search(r"labs/(\w+)\.bundle", route.request.url)[1]  # type: ignore[index]
        route.fulfill(body=lab_script(folder, name), content_type="text/javascript")

    context.route(re.compile(r"\.html(\?|#|$)"), in_chinese)
    context.route("**/labs/*.bundle.js*", script)

    def open_page(place: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(host.address + place)
        return page

    yield open_page
    for page in context.pages:
        assert page.evaluate("refused") == []
    context.close()
    assert problems == []


def lab_script(folder: Path, name: str) -> str:
    """A lab's script as a Chinese book has it."""
    modules = explorer.lab_modules("zh_CN", name)
    assert modules[0] == f"labs/{name}/words_zh_CN.js"
    target = folder / f"{name}.js"
    if not target.exists():
        explorer.bundle(target, *modules)
    return target.read_text(encoding="utf-8")


# What is done in a lab, so that its sentences and errors are shown.
SETTINGS: dict[str, list[Any]] = {
    "learn": [
        {"lr": 0.02, "bias": True, "t": 3}, {"lr": 0.05, "momentum": 0.9}, {"lr": 1 / 30}, {"x": [0] * 48}, {"x": [1] * 48, "noise": 0.5, "batch": 7},
    ],
    "digit": [
        {"s": 3}, {"s": 12, "e": [3, 0.5]}, {"s": -1, "d": [[[20, 20], [70, 80]]], "at": [1, 2, 3, 4]}, {"at": [2, 3, 4, 5]}, {"at": [3, 3, 1, 2]}, {"s": -1, "d": []},
    ],
    "stack": [
        {"layers": "convk3s1p1d1o64r,convk3s1p1d1o64r+0", "inputs": 64, "seed": 3}, {"layers": "convk11s1p0d1o1,convk11s1p0d1o1"},
        {"layers": "maxk2s2p3d1o1"}, {"layers": "upk4s4p0d1o1"}, {"layers": "convk3s1p0d1o1+0"}, {"layers": "convk3s1p1d1o2+0"},
    ],
}  # fmt: skip
CALLS = [
    "nn.Conv2d(4, 6, 3, stride=2, padding=1)", "nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1)", "nn.MaxPool2d(3, stride=2, padding=1)",
    "nn.AvgPool2d(2)", 'keras.layers.Conv2D(6, 3, padding="same")', "nn.Conv2d(1, 1, 3, padding=1)", "nn.Conv2d(4, 6, 3, stride=0)", "nn.Conv2d(4, 6",
    "nn.Linear(3, 4)", "nn.Conv2d(4, 6, 99)", "nn.Conv2d(4, 6, 3, groups=3)", "nn.Conv2d(4, six, 3)", "Conv2d",
]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_lab_on_a_chinese_page_shows_no_english(
    chinese: Callable[[str], Page], axe: str, name: str
) -> None:
    """As it stands at first, with other settings, after a broken link and after an error; axe finds no fault."""
    page = chinese(PAGES[name])
    lab = page.locator(f"conv-{name}")
    lab.scroll_into_view_if_needed()
    page.wait_for_selector(f"conv-{name} .lab-first")
    if name == "digit":
        wait_until(page, "Boolean(document.querySelector('conv-digit').answer)")
    left = english_in(lab)
    for setting in SETTINGS.get(name, []):
        lab.evaluate("(lab, setting) => lab.set({ ...lab.usual, ...setting })", setting)
        left += english_in(lab)
    if name == "rosetta":
        for call in CALLS:
            page.locator("#rosetta-call").fill(call)
            left += english_in(lab)
        page.locator("#rosetta-call").fill(CALLS[0])
    else:
        page.evaluate("name => { location.hash = `#${name}.nothing=1`; }", name)
        wait_until(page, f"document.querySelector('conv-{name} .lab-note').textContent !== ''")
        left += english_in(lab)
    field = {"learn": "学习率的数值", "digit": "偏置"}.get(name)
    if field:
        lab.get_by_label(field, exact=True).last.fill("three")
        lab.get_by_label(field, exact=True).last.press("Enter")
        assert "仍用原来的数" in lab.locator(".lab-note").inner_text()
        left += english_in(lab)
    assert left == []
    assert axe_faults(page, axe, f"conv-{name}") == []


def test_an_exercise_speaks_chinese(chinese: Callable[[str], Page], axe: str) -> None:
    """Wrong, with an error, without an answer, a hint, right; and every line as the table has it."""
    page = chinese("chapters/correlation.html")
    box = page.locator(".try")
    box.get_by_role("button").click()
    output = box.locator(".try-output")
    wrong = "def my_corr2d(X, K):\n    return corr2d(X, K.flip(0, 1))\n\n\ndef my_flip(K):\n    return K[9]\n"
    type_code(page, box, wrong)
    box.get_by_role("button", name="检查").click()
    assert "没有通过" in status(page, box)
    told = output.inner_text()
    assert "my_corr2d没有通过第1个用例（共13个）：本章的例子。" in told
    assert "提示：你翻转了卷积核。互相关不翻转；卷积才翻转。" in told
    assert "第6行，my_flip中：return K[9]" in told
    assert "还没有定义my_convolve2d。" in told
    # The error itself is Python's, which a reader looks up as it is.
    pythons = re.compile(r"^IndexError: .*$", re.M)
    assert [text for text in english_in(box) if not pythons.search(text)] == []
    assert axe_faults(page, axe, ".try") == []
    box.get_by_role("button", name="下一条提示").click()
    assert page.locator("details.hint[open]").count() == 1
    type_code(page, box, "while True print(1)")
    page.keyboard.press("Control+Enter")
    assert "Python读不懂这一行" in status(page, box)
    type_code(
        page,
        box,
        "for n in range(100_000):\n    print(n)\nmy_corr2d = corr2d\nmy_convolve2d = convolve2d\ndef my_flip(K):\n    return K.flip(0, 1)\n",
    )
    page.keyboard.press("Control+Enter")
    assert "my_flip正确：5个用例全部通过。" in status(page, box)
    assert output.locator(".try-printed").inner_text().endswith("……输出超过了20000个字符，其余的不再显示。")
    assert english_in(box) == []


def test_the_page_translates_by_the_same_rule_as_the_tests(chinese: Callable[[str], Page]) -> None:
    """Each line of the table, with numbers in its places: the page's script and the tests' function agree."""
    page = chinese("chapters/correlation.html")
    lines = [verdicts.PLACE.sub("height and in the width", line) for line in verdicts.CHINESE["lines"]]
    lines += ["Take the first", "ValueError: The bias is missing.", "x = 1"]
    there = page.evaluate(
        """async (lines) => {
          const { said } = await import(new URL("app.bundle.js", document.querySelector('script[src*="start.bundle"]').src).href);
          return lines.map(said);
        }""",
        lines,
    )
    assert there == [verdicts.said(line) or line for line in lines]
