"""The files around the package: workflows, pins, Markdown."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if "==" in line
)


def test_there_are_workflows_to_look_at() -> None:
    """The tests below would pass on an empty folder."""
    assert {path.stem for path in WORKFLOWS} == {"gpu", "pages", "tests"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    """A tag can be moved to other code; a commit cannot. The comment says which release it is."""
    uses = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_and_no_more(path: Path) -> None:
    """Permission to write is given to a single job, never to a whole workflow, and only for the pages."""
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^permissions:\n  contents: read\n\n", text, re.MULTILINE)
    assert text.count(": write") == (2 if path.stem == "pages" else 0)
    assert "pull_request_target" not in text
    assert re.findall(r"\$\{\{ *secrets", text) == []


def test_a_name_that_strangers_choose_never_reaches_a_shell() -> None:
    """No `run:` line holds an expression: a branch's name would be run as code. It comes by `env:`."""
    for path in WORKFLOWS:
        for block in re.findall(
            r"run: \|\n((?: {10,}.*\n|\n)+)|run: (.+)\n", path.read_text(encoding="utf-8")
        ):
            assert "${{" not in "".join(block), path.name


def test_the_pins_are_versions_and_nothing_else() -> None:
    """constraints.txt holds exact public versions, sorted: no path, no host, no local build."""
    lines = [
        line
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line[:1] not in ("#", "")
    ]
    assert lines == sorted(lines)
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line), line


def test_every_requirement_has_a_pin_that_it_allows() -> None:
    """Each requirement of the package and of the groups is pinned, at or above its floor."""
    stated = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["build-system"]["requires"]]
    stated += [
        need for group in PYPROJECT["dependency-groups"].values() for need in group if isinstance(need, str)
    ]
    for need in stated:
        name, floor = need.split(">=")
        assert number(PINS[name]) >= number(floor), need


def number(version: str) -> list[int]:
    """A version as numbers, to compare."""
    return [int(part) for part in re.findall(r"\d+", version)]


def test_pre_commit_uses_the_pinned_versions() -> None:
    """What checks a commit is what the lint session runs."""
    named = re.findall(
        r"\[([\w-]+)==([\w.]+)\]", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    )
    assert named
    assert {name: PINS[name] for name, _ in named} == dict(named)


# --------------------------------------------------------------------------------------------- Markdown

LEFT_OUT = {"node_modules", "auto_gallery", "_build", ".nox", "generated", ".pytest_cache"}
PAGES = sorted(path for path in ROOT.rglob("*.md") if not LEFT_OUT & set(path.relative_to(ROOT).parts))
FENCE = re.compile(r"^( *)(`{3,}|:{3,}|~{3,}).*?^\1\2[`:~]* *$", re.MULTILINE | re.DOTALL)


def slug(heading: str) -> str:
    """The anchor that a host of repositories gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_there_are_pages_to_look_at() -> None:
    """The tests below would pass on an empty list; sphinx-lint leaves Markdown out."""
    assert {"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} <= {page.name for page in PAGES}
    assert len(PAGES) > 25


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_markdown_is_clean(page: Path) -> None:
    """No space at the end of a line, no tab, no Windows line end, one newline at the end, fences in pairs."""
    text = page.read_bytes().decode("utf-8")
    lines = text.splitlines()
    assert [number for number, line in enumerate(lines, 1) if line != line.rstrip() or "\t" in line] == []
    assert "\r" not in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    left = FENCE.sub("", text)
    for _ in range(3):  # fences inside fences
        left = FENCE.sub("", left)
    assert [line for line in left.splitlines() if re.match(r" *(```|~~~)", line)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_in_markdown_leads_somewhere(page: Path) -> None:
    """Each relative link names a file or folder that is there, and a heading that the file has."""
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link) or "*" in link:
            continue
        target = (page.parent / path) if path else page
        if not target.exists():
            dead.append(link)
        elif anchor and target.suffix == ".md":
            body = target.read_text(encoding="utf-8")
            headings = {slug(heading) for heading in re.findall(r"^#+ (.+)$", body, re.MULTILINE)}
            labels = set(re.findall(r"^\(([\w-]+)\)=$", body, re.MULTILINE))
            dead += [link] if anchor not in headings | labels else []
    assert dead == []
