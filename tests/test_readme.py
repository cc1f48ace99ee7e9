"""README's figure is drawn by the package, and its commands and links are there."""

from __future__ import annotations

import io
import re
import tomllib
from pathlib import Path

import matplotlib as mpl
import pytest
import torch
from matplotlib import pyplot as plt

from convbook import corr2d, drawing

ROOT = Path(__file__).parents[1]
FIGURE = ROOT / "docs" / "_static" / "readme.svg"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def drawn() -> str:
    """Draw the figure on top of README: the definition at work on one window."""
    X = torch.arange(9).reshape(3, 3)
    K = torch.arange(4).reshape(2, 2)
    axes = drawing.sliding(X, K, corr2d(X, K), (1, 0), titles=("input X", "kernel K", "output Y"))
    figure = axes[0].get_figure(root=True)
    file = io.StringIO()
    # Texts as outlines: the figure is the same where the font is missing. No date: the same tomorrow.
    with mpl.rc_context({**drawing.STYLE, "svg.fonttype": "path"}):
        # A background of its own: the page that shows README may be a dark one.
        figure.savefig(file, format="svg", facecolor="white", metadata={"Date": None})
    plt.close(figure)
    return "\n".join([*(line.rstrip() for line in file.getvalue().splitlines()), ""])


def test_the_package_draws_the_figure_byte_for_byte() -> None:
    """docs/_static/readme.svg is what the code draws; `python -m tests.test_readme` draws it anew."""
    kept = FIGURE.read_text(encoding="utf-8")
    drawn_by = re.search(r"Matplotlib v(\S+),", kept)
    assert drawn_by is not None
    if mpl.__version__ != drawn_by[1]:
        pytest.skip(f"drawn by Matplotlib {drawn_by[1]}; {mpl.__version__} writes other bytes")
    assert drawn() == kept


def test_the_figure_was_drawn_by_the_matplotlib_of_the_pins() -> None:
    """The comparison above runs in CI, where the pinned versions are."""
    pinned = re.search(r"^matplotlib==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    assert f"Matplotlib v{pinned[1]}," in FIGURE.read_text(encoding="utf-8")


def test_it_opens_with_the_figure_and_the_two_commands() -> None:
    """A reader finds the figure, how to build the book and how to run the tests within the first screen."""
    first_screen = README.splitlines()[:40]
    assert any("docs/_static/readme.svg" in line for line in first_screen)
    assert "python -m pip install nox && nox -s docs" in README
    assert any(line.startswith("python -m pip install nox && nox -s docs") for line in first_screen)
    assert any(line.split("#")[0].strip() == "nox" for line in first_screen)


def test_the_chinese_readme_has_the_same_code_and_links() -> None:
    """Each block of code is the same, and so is each place that a link leads to."""
    chinese = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    for pattern in (r"```\w+\n.*?```", r"\]\(([^)]+)\)"):
        blocks = [re.findall(pattern, text, re.DOTALL) for text in (README, chinese)]
        assert blocks[0]
        others = [set(found) - {"README.md", "README.zh-CN.md"} for found in blocks]  # one links the other
        assert others[0] == others[1]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_to_files_lead_somewhere(page: str) -> None:
    """Every relative link of the pages beside the code points to a file or folder that exists."""
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'src="([^"]+)"', text)
    dead = [link for link in targets if "://" not in link and not (ROOT / link).exists()]
    assert not dead


def test_each_session_named_in_the_pages_exists() -> None:
    """`nox -s name` in README, CONTRIBUTING and the workflows names a session of noxfile.py."""
    sessions = set(
        re.findall(r"^def (\w+)\(session: nox\.Session\)", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    )
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / ".github").rglob("*.yml")]
    for page in pages:
        for named in re.findall(r"nox -s ([a-z]+)", page.read_text(encoding="utf-8")):
            assert named in sessions, f"{page.name} names a session {named!r}"


def test_the_citation_names_this_version() -> None:
    """CITATION.cff and CHANGELOG.md speak of the version in pyproject.toml."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(
        rf"^## \[?{re.escape(version)}", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )


if __name__ == "__main__":
    FIGURE.write_text(drawn(), encoding="utf-8")
    print(f"{FIGURE}: {FIGURE.stat().st_size} bytes")
