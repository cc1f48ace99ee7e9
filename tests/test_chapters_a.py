"""The form of the first chapters: what each opens with, its exercises with executed solutions, its links.

That their code runs and their numbers hold is shown by the book's build, which executes every cell.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHAPTERS = ("correlation", "dense", "padding_stride", "channels", "two_kernels")
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n((?::[^\n]*\n)*)(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.parametrize("name", CHAPTERS),
    pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="a source distribution holds no chapters"),
]


def read(name):
    return (ROOT / "docs" / "chapters" / f"{name}.md").read_text(encoding="utf-8")


def test_opens_and_closes(name):
    """A chapter opens with what the reader will be able to do, and closes with a summary and exercises."""
    text = read(name)
    body = text.split("\n# ", 1)[1]
    assert "**After this chapter you can**" in body[:120]
    headings = re.findall(r"^## (.+)$", body, re.MULTILINE)
    assert headings[-2:] == ["Summary", "Exercises"]


def test_every_exercise_has_an_executed_solution(name):
    """At least five exercises; each is followed by one solution, which holds code that the build executes."""
    exercises = read(name).split("\n## Exercises\n")[1].split(":::{exercise}")[1:]
    assert len(exercises) >= 5
    for exercise in exercises:
        title = exercise.splitlines()[0]
        assert exercise.count(":::{solution-start}") == exercise.count(":::{solution-end}") == 1, title
        question, solution = exercise.split(":::{solution-start}")
        assert CELL.search(solution.split(":::{solution-end}")[0]), title
        assert not CELL.search(question), title


def test_assertions_are_real(name):
    """No cell computes a comparison whose result nobody looks at, and every chapter asserts its numbers."""
    asserts = 0
    for options, code in CELL.findall(read(name)):
        tree = ast.parse(code)
        asserts += sum(isinstance(node, ast.Assert) for node in ast.walk(tree))
        if "remove-cell" in options:
            idle = [node for node in tree.body if isinstance(node, ast.Expr)]
            assert not idle, ast.unparse(idle[0])
    assert asserts >= 10


def test_links_to_existing_scripts(name):
    """A link into the gallery names a script that exists."""
    links = re.findall(r"sphx_glr_auto_gallery_([a-z0-9_]+)\.py", read(name))
    there = {f"{path.parent.name}_{path.stem}" for path in (ROOT / "gallery").glob("*/*.py")}
    assert links
    assert set(links) <= there


def test_figures_say_what_they_show(name):
    """A cell that makes a figure gives it a text in place of the picture."""
    for _, code in CELL.findall(read(name)):
        if re.search(r"drawing\.(panels|images|sliding)\(", code):
            assert "alt=" in code, code.splitlines()[0]
