"""The page's Python, run here by CPython: torch's verdicts and hints, and a sentence for every fault."""

# ruff: noqa: E501  -- code that is handed to another Python

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from convbook import exercises
from convbook.exercises import _sheets
from tests import answers

ROOT = Path(__file__).parents[1]
CODE = ROOT / "docs" / "_static" / "code"
TABLE = """
import json, sys
import answers
from convbook import exercises

rows = []
for name, answer in [*answers.RIGHT.items(), *(row[:2] for row in answers.WRONG)]:
    result = getattr(exercises, name)(answer)
    rows.append([name, result.passed, result.failed_case, result.hint])
json.dump(rows, sys.stdout)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files that a page loads, in a folder."""
    found = importlib.util.spec_from_file_location("page_python", ROOT / "docs" / "_ext" / "page_python.py")
    assert found is not None
    assert found.loader is not None
    page_python = importlib.util.module_from_spec(found)
    found.loader.exec_module(page_python)
    place = tmp_path_factory.mktemp("page")
    for name, text in page_python.python_files().items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    (place / "answers.py").write_text(Path(answers.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    return place


def in_the_page(folder: Path, code: str) -> Any:
    """Run code where the page's torch is the only torch, and read what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"],
        cwd=folder, env={}, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def judged() -> list[tuple[str, exercises.CheckResult]]:
    """The right answers of the tests, and every wrong one, judged by torch."""
    given = [*answers.RIGHT.items(), *(row[:2] for row in answers.WRONG)]
    return [(name, getattr(exercises, name)(answer)) for name, answer in given]


def test_every_answer_gets_torchs_verdict_and_hint(
    folder: Path, judged: list[tuple[str, exercises.CheckResult]]
) -> None:
    """Passed or not, in which case, and why."""
    here = [[name, result.passed, result.failed_case, result.hint] for name, result in judged]
    assert len(here) > 170
    assert in_the_page(folder, TABLE) == here


def test_every_known_mistake_gets_its_hint(folder: Path) -> None:
    """An answer that gives what a mistake gives in each case is told that mistake."""
    code = """
import json, sys
from convbook.exercises import WRITTEN, sheet
from convbook.exercises._verdict import Outcome, _hint

rows = []
for name in WRITTEN:
    for hint, values in sheet(name).mistakes():
        outcomes = [Outcome(value, None if value is not None else "a fault") for value in values]
        wrong = [n for n, (right, value) in enumerate(zip(sheet(name).expected, values)) if value is None or right.tolist() != value.tolist()]
        if wrong and values[wrong[0]] is not None:
            rows.append([name, hint, _hint(sheet(name), outcomes, wrong[0])])
json.dump(rows, sys.stdout)
"""
    rows = in_the_page(folder, code)
    assert len(rows) > 180
    alike = [row for row in rows if row[1] != row[2]]
    assert len(alike) <= 8, alike  # two mistakes can give the same numbers in all cases


def test_the_sheets_are_read_as_they_were_written() -> None:
    """A sheet that was written and read judges as the checker itself does."""
    written = _sheets.plain_sheets()
    assert len(written) == 27
    sheet = _sheets.read_sheet(json.loads(json.dumps(written["check_separable"])))
    assert sheet.cases[0].about == "Sobel's kernel"
    assert sheet.cases[0].arguments["K"].tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    unfold = _sheets.read_sheet(written["check_unfold"])
    assert unfold.cases[1].arguments["kernel_size"] == (1, 3)
    assert unfold.cases[3].options == {"stride": 2, "padding": 1}


FAULTS = {
    "print(1": ("SyntaxError", "Is a bracket, a quote or a colon missing", 1),
    "x = 1\n  y = 2": ("IndentationError", "begin in the same column", 2),
    "def f(n):\n    return f(n + 1)\n\nf(1)": ("RecursionError", "again and again without an end", 2),
    "input('name? ')": ("input() would wait for a keyboard", "", 1),
    "open('image.png')": ("the page has no files", "", 1),
    "import os": ("which has no files and no network", "", 1),
    "from os import path": ("which has no files and no network", "", 1),
    "\nimport numpy as np": ("`numpy` is not in the page; in the notebook it works", "", 2),
    "torch.svd(torch.ones(2, 2))": (
        "`torch.svd` is not in the page's torch; in the notebook it works",
        "",
        1,
    ),
    "from torch import svd": ("`torch.svd` is not in the page's torch; in the notebook it works", "", 1),
    "x = 1\nprint(y)": ("NameError: name 'y' is not defined", "", 2),
    "torch.ones(3)[7]": ("IndexError: index 7 is out of bounds for dimension 0 with size 3", "", 1),
    "x = 0\n" * 10_000: ("a text of 10001 lines", "", None),
    "raise SystemExit": ("SystemExit", "The code ended itself", 1),
    "raise MemoryError": ("MemoryError", "more memory than the page may use", 1),
}


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """Return what the page says to each fault."""
    code = f"""
import json, sys, page
json.dump({{code: page.run(code, [], lambda text: None) for code in {list(FAULTS)!r}}}, sys.__stdout__)
"""
    result: dict[str, Any] = in_the_page(folder, code)
    return result


@pytest.mark.parametrize("code", FAULTS, ids=lambda code: code[:24])
def test_each_fault_has_a_sentence_and_the_readers_line(found: dict[str, Any], code: str) -> None:
    text, sentence, line = FAULTS[code]
    error = found[code]["error"]
    assert text in error["text"]
    assert sentence in error["sentence"]
    assert error["line"] == line
    assert all("page.py" not in step for step in error["lines"])


def test_a_flood_of_prints_ends(folder: Path) -> None:
    code = """
import json, sys, page
texts = []
page.run("for n in range(100_000):\\n    print(n)", [], texts.append)
json.dump("".join(texts), sys.__stdout__)
"""
    text = in_the_page(folder, code)
    assert text.startswith("0\n1\n2\n")
    assert 20_000 <= len(text) < 20_200
    assert text.endswith("the rest is not shown.")


def test_a_fault_inside_an_answer_has_the_readers_line(folder: Path) -> None:
    code = """
import json, sys, page
found = page.run("import math\\n\\ndef my_flip(K):\\n    return K[9]\\n", [("check_flip", "my_flip"), ("check_corr2d", "mine")], print)
json.dump(found["results"], sys.__stdout__)
"""
    flip, missing = in_the_page(folder, code)
    assert flip["error"]["lines"] == ["line 4, in my_flip: return K[9]"]
    assert flip["hint"].startswith("An index ran over the edge")
    assert missing == {"name": "mine", "passed": False, "missing": True}


def test_the_cells_that_differ_are_marked(folder: Path) -> None:
    code = """
import json, sys, page
found = page.run("def mine(X, K):\\n    Y = corr2d(X, K)\\n    Y[0, 0] += 1\\n    return Y\\n", [("check_corr2d", "mine")], print)
json.dump(found["results"][0], sys.__stdout__)
"""
    result = in_the_page(folder, code)
    assert result["differing"] == [[True, False], [False, False]]
    assert result["got"] == [[20, 25], [37, 43]]
    assert result["arguments"]["X"] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


# ------------------------------------------------------------------------------------------------- in Chinese

CHINESE = json.loads((CODE / "verdicts.zh.json").read_text(encoding="utf-8"))
PLACE = re.compile(r"\{(\w+)\}")


def said(line: str) -> str | None:
    """The Chinese of what Python says, by the rule of the page's said.js; None where the table has none."""
    if line in CHINESE["lines"]:
        return str(CHINESE["lines"][line])
    for template, translation in CHINESE["lines"].items():
        parts = PLACE.split(template)
        pattern = "".join(f"(?P<{part}>.+?)" if k % 2 else re.escape(part) for k, part in enumerate(parts))
        places = re.fullmatch(pattern, line, re.S) if len(parts) > 1 else None
        if places:
            given = places.groupdict()
            for word, its in CHINESE["words of axes"].items():
                given["axes"] = given.get("axes", "").replace(word, its)
            return PLACE.sub(lambda place, given=given: given[place[1]], translation)  # type: ignore[misc]
    return None


def sentences(path: Path) -> list[str]:
    """The sentences in a file of Python, without its docstrings; a 7 stands where a value is put in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts.append("".join(v.value if isinstance(v, ast.Constant) else "7" for v in node.values))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in pieces | docstrings
        ):
            texts.append(node.value)
    return [text.strip() for text in texts if re.search(r"\w \w.*[.?]$", text, re.S)]


def lines_of_the_checkers(judged: list[tuple[str, exercises.CheckResult]]) -> list[str]:
    """What every checker of the page can say: its cases, the hints of its mistakes, and all general ones."""
    said_here = [
        text for _, result in judged for text in (result.about, result.hint, result.got, *result.covered)
    ]
    for sheet in _sheets.plain_sheets().values():
        said_here += [about for about, _, _ in sheet["cases"]] + [hint for hint, _ in sheet["mistakes"]]
    for path in ("_hints.py", "_edge_kernel.py"):
        said_here += sentences(ROOT / "convbook" / "exercises" / path)
    said_here += sentences(CODE / "page.py")
    return list(dict.fromkeys(text for text in said_here if isinstance(text, str) and text))


PYTHONS_OWN = re.compile(r"\w+(?:Error|Exit|Interrupt): ")


def test_whatever_a_checker_says_has_its_chinese(judged: list[tuple[str, exercises.CheckResult]]) -> None:
    """Each case, hint and fault; errors of Python and of torch stay as they are."""
    lines = lines_of_the_checkers(judged)
    assert len(lines) > 300
    assert [line for line in lines if said(line) is None and not PYTHONS_OWN.match(line)] == []
    whole = {line for line in CHINESE["lines"] if not PLACE.search(line) and not PYTHONS_OWN.match(line)}
    assert whole - set(lines) == set(), "nothing says this any more"


@pytest.mark.parametrize("code", FAULTS, ids=lambda code: code[:24])
def test_what_the_page_says_of_a_fault_has_its_chinese(found: dict[str, Any], code: str) -> None:
    error = found[code]["error"]
    told = [error["text"], error["sentence"], *error["lines"]]
    assert [line for line in told if line and said(line) is None and not PYTHONS_OWN.match(line)] == []


def test_axes_are_translated() -> None:
    assert said("Off by one in the height and in the width: a window of h rows fits rows − h + 1 times.") == (
        "高度和宽度差一：h行的窗口放得下（行数 − h + 1）次。"
    )
    assert (
        said(
            "The shape is wrong: the channels by -1, the height by +2. Write down the output's size before the loops."
        )
        or ""
    ).startswith("形状不对：通道数差-1，高度差+2。")


FORMULAS = ("(k − 1)", "weight − lr · gradient", "stride · i − padding", "return weight, bias")


def test_no_translation_loses_a_number_a_name_or_a_term() -> None:
    """Numbers, calls, names and places are kept, and terms are translated as the book's table says."""
    found = importlib.util.spec_from_file_location("catalogue", ROOT / "docs" / "locales" / "catalogue.py")
    assert found is not None
    assert found.loader is not None
    catalogue = importlib.util.module_from_spec(found)
    found.loader.exec_module(catalogue)
    code = re.compile("|".join([*map(re.escape, FORMULAS), r"[A-Za-z_.]*\w\([^()]*\)", "`[^`]*`"]), re.A)
    name = re.compile(r"\w+\[[^]]*\]|[A-Za-z_]\w*\.[A-Za-z]\w*|\w*_\w+|[+*/@]=?|[+-]=|√\([^)]*\)", re.A)
    wrong = []
    for line, translation in CHINESE["lines"].items():
        if sorted(PLACE.findall(line)) != sorted(PLACE.findall(translation)):
            wrong.append(f"places: {line}")
        kept = [*code.findall(line), *name.findall(code.sub("", line))]
        wrong += [f"{part} lost: {line}" for part in kept if part not in translation]
        words = [code.sub("X", text) for text in (line, translation)]
        wrong += [f"{fault}: {line}" for fault in catalogue.faults(*words, "zh_CN")]
    assert wrong == []
