"""The explorer's words in two languages: the same ones, and nothing English on a Chinese page."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import convbook
from tests.docs.pages import ROOT, SITE
from tests.docs.test_explorer import random_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

sys.path.insert(0, str(ROOT / "docs" / "_ext"))

MODULES = ROOT / "docs" / "_static" / "explorer"
# What stays as it is in a Chinese sentence: keys of the keyboard, names of code, of people and of file types.
NAMES = set(
    "Ctrl Shift Home End Tab Enter Esc PNG SVG torch convbook Roberts Prewitt Sobel Scharr LoG ReLU math inf "
    "value max Conv1d Conv2d conv1d conv2d padding padding_mode output_padding kernel_size stride dilation "
    "pad mode reflect circular zeros replicate ceil_mode count_include_pad".split()
)
SHAPE = """
const flat = (value, name) => (typeof value === "function" ? [[name, value.length]]
  : typeof value === "string" ? [[name, 0]]
  : Object.entries(value).flatMap(([key, part]) => flat(part, `${name}.${key}`)));
const { words } = await import(ENGLISH);
const english = flat(words, "");
const { CHINESE } = await import(CHINESE_FILE);
const call = ([name, value]) => {
  const given = GIVEN[name] ?? [0, 1].flatMap((n) => [0, 1].map((m) => [n, m, n, m, n, m, n, m]));
  return given.map((some) => value(...some));
};
const texts = (value, name) => (typeof value === "function" ? call([name, value])
  : typeof value === "string" ? [value]
  : Object.entries(value).flatMap(([key, part]) => texts(part, key)));
console.log(JSON.stringify([english, flat(CHINESE, ""), texts(CHINESE, "")]));
"""
GIVEN = {
    "kernelName": [[name] for name in convbook.KERNELS],
    "ofAxis": [[key, axis] for key in ("stride", "dilation", "outputPadding") for axis in (0, 1)],
    "gradientOf": [["输入"]],
    "used": [["输入", count, uses] for count, uses in ((1, 1), (2, 5))],
    "seen": [["输入", count, won] for count, won in ((1, 1), (1, 0), (3, 3), (3, 1))],
    "noArgument": [["Conv2d", None, 3], ["Conv2d", "mode", 3]],
    "cardOf": [["A", "输出"]],
    "volumeSum": [
        [[[0, "3"], [1, "−2"]], None, False, "1"],
        [[[0, "3"]], "1", True, "4"],
        [[], None, False, "0"],
    ],
    "nameOf": [[kind, 1, 2, 3] for kind in "xkb"],
    "paddingTooFar": [["mode", mode, 4, 0, 3, 5, 5] for mode in ("reflect", "circular")],
}


def english_in(text: str) -> list[str]:
    """The words of three letters or more that are no names."""
    return [word for word in re.findall(r"[A-Za-z][A-Za-z0-9_]{2,}", text) if word not in NAMES]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, list[str]]:
    """Return the English and the Chinese names with their numbers of arguments, and all Chinese texts."""
    from node_tools import node_command

    folder = tmp_path_factory.mktemp("words")
    for name in ("words", "words_zh_CN"):
        text = (MODULES / f"{name}.js").read_text(encoding="utf-8").replace("./words.js", "./words.mjs")
        (folder / f"{name}.mjs").write_text(text, encoding="utf-8")
    program = (
        SHAPE.replace("CHINESE_FILE", json.dumps((folder / "words_zh_CN.mjs").as_uri()))
        .replace("ENGLISH", json.dumps((folder / "words.mjs").as_uri()))
        .replace("GIVEN", json.dumps(GIVEN))
    )
    (folder / "shape.mjs").write_text(program, encoding="utf-8")
    done = subprocess.run(
        node_command(folder / "shape.mjs"), capture_output=True, text=True, check=True, encoding="utf-8"
    )
    english, chinese, texts = json.loads(done.stdout)
    return english, chinese, texts


def test_both_languages_have_the_same_words(words: tuple[Any, Any, list[str]]) -> None:
    """Each text is there in both, and each sentence takes the same values."""
    english, chinese, _ = words
    assert len(english) > 150
    assert sorted(chinese) == sorted(english)


def test_no_english_is_left_in_the_chinese_words(words: tuple[Any, Any, list[str]]) -> None:
    """No word of three letters but names; no space beside a Chinese sign, and no comma of English."""
    _, _, texts = words
    assert len(texts) > 250
    assert {text: english_in(text) for text in texts if english_in(text)} == {}
    sign = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
    wrong = re.compile(f"{sign} [^=+]|[^=+] {sign}|{sign}[,;:?!]|undefined|NaN")
    assert [text for text in texts if wrong.search(text.replace("max(0, ", ""))] == []


def chinese_script(folder: Path) -> str:
    """The explorer's script as a Chinese book has it."""
    from explorer import bundle, explorer_modules

    assert explorer_modules("zh_CN")[0] == "explorer/words_zh_CN.js"
    assert explorer_modules("en")[0] == "explorer/explorer.js"
    bundle(folder / "zh.js", *explorer_modules("zh_CN"))
    return (folder / "zh.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Return the explorer's page with the script of a Chinese book."""
    script = chinese_script(tmp_path_factory.mktemp("zh"))
    opened = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.route(
        "**/explorer.bundle.js*", lambda route: route.fulfill(body=script, content_type="text/javascript")
    )
    opened.goto((SITE / "explorer.html").as_uri())
    opened.wait_for_selector("conv-explorer .cx-output")
    yield opened
    opened.context.close()
    assert problems == []


SHOWN = """states => states.map((state) => {
  const element = document.querySelector("conv-explorer");
  element.setState({ filters: 1, bias: [], relu: false, gradient: "", ...state });
  if (element.output && state.reach) element.showReach(...state.reach);
  return texts(element);
})"""
TEXTS = """() => { globalThis.texts = (element) => {
  const found = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE && !node.parentElement.closest("pre")) found.push(node.nodeValue);
    for (const name of ["aria-label", "aria-valuetext", "title"]) found.push(node.getAttribute?.(name) ?? "");
  }
  return found;
}; }"""


def left(texts: list[str]) -> set[str]:
    """The texts that hold an English word."""
    return {text for text in texts if english_in(text)}


def test_the_chinese_explorer_shows_no_english(page: Page) -> None:
    """For 60 settings, possible and not: every label, number's name, sentence and error."""
    rng = random.Random(20)
    states = [
        random_state(rng)
        | {"gradient": rng.choice(["", "lit", "sum"]), "reach": [0, 0, 1]}
        | {"line": rng.random() < 0.3, "volume": rng.random() < 0.3}
        | {"other": rng.choice(["", "op=correlate&x=1,2;3,4&k=1", "op=max&x=1,2,3,4;5,6,7,8"])}
        for _ in range(60)
    ]
    page.evaluate(TEXTS)
    shown = page.evaluate(SHOWN, states)
    assert left([text for texts in shown for text in texts]) == set()
    assert any("放不进" in text for texts in shown for text in texts)
    assert any("参与计算" in text for texts in shown for text in texts)


def test_what_is_said_about_typing_is_chinese(page: Page) -> None:
    """A word in a cell, a size that is none, broken code, a broken link, the keys; the laboratory."""
    page.evaluate(TEXTS)
    page.evaluate("document.querySelector('conv-explorer').reset()")
    notice = page.locator("conv-explorer > .cx-notice")
    said = []
    page.locator("[data-place='x0,0,0']").focus()
    page.keyboard.type("abc")
    page.keyboard.press("Enter")
    said.append(notice.inner_text().replace("abc", ""))
    page.keyboard.press("Tab")
    said.append(notice.inner_text().replace("abc", ""))
    rows = page.locator("[data-control='rows']")
    rows.fill("99")
    rows.press("Tab")
    said.append(notice.inner_text())
    code = page.locator("[data-control='code']")
    for text in (
        "nn.Conv2d(1, 2",
        "nn.Conv2d(1, 2)",
        "nn.Conv2d(1, 2, 3, groups=2)",
        "nn.Conv2d(64, 128, 3)",
        "x",
    ):
        code.fill(text)
        code.press("Enter")
        said.append(notice.inner_text())
    page.keyboard.press("Escape")
    page.locator("[data-place='y0,0,0']").focus()
    page.keyboard.press("?")
    said += page.evaluate("texts(document.querySelector('conv-explorer dialog'))")
    page.keyboard.press("Escape")
    page.evaluate("location.hash = '#op=correlate&x=1,2;3&k=1'")
    page.wait_for_function("document.querySelector('conv-explorer .cx-notice').textContent.includes('链接')")
    page.locator("conv-image-lab").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('conv-image-lab').finished")
    for view in ("absolute", "picture", "signed"):
        page.locator("#cx-lab-view").select_option(view)
        page.wait_for_timeout(50)
        said += page.evaluate("texts(document.querySelector('conv-image-lab'))")
    assert all(said[:8])
    assert left(said) == set()
