"""The form of the chapters: how each opens and ends, its exercises, questions, links and words.

That their code runs and their numbers hold is shown by the book's build, which executes every cell.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import convbook.exercises

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "chapters"
CHAPTERS = (
    "first_steps",
    "correlation",
    "edges",
    "dense",
    "learning",
    "padding_stride",
    "channels",
    "pooling",
    "two_kernels",
    "receptive_fields",
    "gradients",
    "transposed",
    "lenet",
    "from_lenet_to_resnet",
    "layer_in_the_world",
    "gpu",
    "many_workers",
    "check_your_kernel",
    "algorithms",
    "error_gallery",
)
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n((?::[^\n]*\n)*)(.*?)^```$", re.MULTILINE | re.DOTALL)
MARKS = {"warm-up", "standard", "hard", "open"}
KINDS = {"predict", "compute", "prove", "debug", "design", "data"}
# What is no prose, or a link already: cells, formulas, code, headings.  Questionnaires are judged too.
NO_PROSE = re.compile(
    r"(?P<kept>\{term\}`[^`]*`)|^```.*?^```$|^:::\{try-code\}.*?^:::$|\$\$.*?\$\$|\$[^$\n]+\$|\{[\w:]+\}`[^`]*`|`[^`\n]+`"
    r"|^#+ [^\n]*$|^:::\{exercise\}[^\n]*$|^:\w+:[^\n]*$|\[[^\]\n]*\]\([^)\n]*\)",
    re.MULTILINE | re.DOTALL,
)

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="a source distribution holds no chapters")
every_chapter = pytest.mark.parametrize("name", CHAPTERS)


def read(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def exercises(name: str) -> list[str]:
    return read(name).split("\n## Questionnaire\n")[0].split("\n:::{exercise} ")[1:]


def unlinked(name: str) -> list[str]:
    """The terms of the glossary whose first use in a chapter is neither a link nor a definition in bold."""
    text = read(name)
    text = text[text.index("\n## ") :]
    text = NO_PROSE.sub(lambda match: match["kept"] or " " * len(match.group()), text)
    entries = re.findall(r"^(\S[^\n]*)\n\S[^\n]*\n  ", read("glossary"), re.MULTILINE)
    missing = []
    for term in sorted((entry for entry in entries if "(" not in entry), key=len, reverse=True):
        use = re.compile(
            rf"\{{term\}}`[^`]*\b{term}>?`|\*\*[^*\n]*\b{term}\b[^*\n]*\*\*|\b{term}(s|es)?\b", re.IGNORECASE
        )
        first = use.search(text)
        if first and not first.group().startswith(("{term}", "**")):
            missing.append(term)
        text = use.sub(lambda match: " " * len(match.group()), text)
    return missing


@every_chapter
def test_opens_and_ends(name: str) -> None:
    """A chapter opens with its aims, asks for predictions, and ends with the same three sections."""
    body = read(name).split("\n# ", 1)[1]
    assert "**After this chapter you can**" in body[:120]
    assert body.count("\n:::{predict} ") >= 3
    assert re.findall(r"^## (.+)$", body, re.MULTILINE)[-3:] == ["Summary", "Exercises", "Questionnaire"]
    questions = body.split("\n## Questionnaire\n")[1].split("\n:::{question} ")[1:]
    assert 8 <= len(questions) <= 12
    assert all(question.count("\n- [x] ") == 1 <= question.count("\n- [ ] ") for question in questions)


@every_chapter
def test_exercises(name: str) -> None:
    """At least eight exercises, each with a mark, a kind and one solution whose code the build runs."""
    assert len(exercises(name)) >= 8
    for exercise in exercises(name):
        title, mark, kind = exercise.splitlines()[:3]
        assert mark.removeprefix(":mark: ") in MARKS, title
        assert kind.removeprefix(":kind: ") in KINDS, title
        assert exercise.count(":::{solution-start}") == exercise.count(":::{solution-end}") == 1, title
        question, solution = exercise.split(":::{solution-start}")
        assert CELL.search(solution.split(":::{solution-end}")[0]), title
        assert not CELL.search(question), title


@every_chapter
def test_assertions_and_figures(name: str) -> None:
    """A hidden cell asserts what it compares, and a cell that draws a figure describes it in words."""
    for options, code in CELL.findall(read(name)):
        if "remove-cell" in options:
            idle = [node for node in ast.parse(code).body if isinstance(node, ast.Expr)]
            assert all(re.search(r"glue|assert_", ast.unparse(node)) for node in idle), ast.unparse(idle[0])
        if re.search(r"drawing\.(panels|images|sliding)\(", code):
            assert "alt=" in code, code.splitlines()[0]


@every_chapter
def test_links_to_existing_scripts(name: str) -> None:
    """A link into the gallery names a script that exists."""
    links = re.findall(r"sphx_glr_auto_gallery_([a-z0-9_]+)\.py", read(name))
    assert links
    assert set(links) <= {f"{path.parent.name}_{path.stem}" for path in (ROOT / "gallery").glob("*/*.py")}


@every_chapter
def test_first_use_of_a_term(name: str) -> None:
    """In each chapter the first use of a word of the glossary links to it, or is its definition in bold."""
    assert unlinked(name) == []


def test_the_whole_book() -> None:
    """At least 130 exercises; every checker is named at one; every source is cited."""
    pages = [path for path in FOLDER.glob("*.md") if "\n:::{exercise} " in path.read_text(encoding="utf-8")]
    tasks = [exercise for page in pages for exercise in exercises(page.stem)]
    assert len(tasks) >= 130
    checkers = {checker for checker in convbook.exercises.__all__ if checker.startswith("check_")}
    assert checkers <= set(re.findall(r"check_\w+", "".join(tasks)))
    sources = [*FOLDER.glob("*.md"), *(ROOT / "gallery").rglob("*.py")]
    cited = "".join(
        re.findall(r"cite:\w+[:}]+`[^`]*`", "".join(path.read_text(encoding="utf-8") for path in sources))
    )
    entries = re.findall(
        r"^@\w+\{(\w+),", (ROOT / "docs" / "references.bib").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [entry for entry in entries if entry not in cited] == []
