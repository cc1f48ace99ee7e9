"""What readers take along from a chapter: its notebook, which runs elsewhere, and its slides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.pages import SITE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.docs.host import Host

nbformat = pytest.importorskip("nbformat", reason="the site has a session of its own: nox -s site")
NOTEBOOKS = sorted(path.relative_to(SITE).as_posix() for path in (SITE / "chapters").glob("*.ipynb"))


def test_every_chapter_that_runs_has_both() -> None:
    """A chapter with cells links its notebook and its slides, and both are there."""
    pages = [page for page in (SITE / "chapters").glob("*.html") if not page.name.endswith(".slides.html")]
    running = [page for page in pages if 'class="cell_input' in page.read_text(encoding="utf-8")]
    assert len(running) > 12
    for page in running:
        for name in (f"{page.stem}.ipynb", f"{page.stem}.slides.html"):
            assert f'href="{name}"' in page.read_text(encoding="utf-8")
            assert (page.parent / name).exists()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_reads_no_file_of_the_book(name: str) -> None:
    """No cell looks for a file beside a module or above its folder: the notebook holds the stored results."""
    cells = nbformat.read(SITE / name, as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert [source for source in code if re.search(r"__file__|\.\./", source)] == []


def test_a_notebook_with_stored_results_holds_them() -> None:
    """The cell that loads the record of the chapter on two kernels gives its eight results anywhere."""
    cells = nbformat.read(SITE / "chapters" / "two_kernels.ipynb", as_version=4).cells
    (loading,) = [
        cell.source for cell in cells if cell.cell_type == "code" and "\nstored = json" in cell.source
    ]
    names: dict[str, Any] = {}
    exec(loading, names)
    assert all(len(runs["shares"]) == 8 for runs in names["stored"]["networks"].values())


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_plain_and_has_its_outputs(name: str) -> None:
    """It is valid, installs first, shows outputs, and holds neither the book's markup nor relative links."""
    notebook = nbformat.read(SITE / name, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# ")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert "pip" in code[0].source
    assert any(cell.outputs for cell in code)
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert not re.findall(r"\{(?:ref|doc|term|eq|py:\w+)\}|^:::|<math", words, re.MULTILINE)
    assert not [link for link in re.findall(r'(?:href|src)="([^"]*)"', words) if not link.startswith("http")]
    assert "\n\n" not in words.replace("\n\n#", "")


def test_a_notebook_runs_in_an_empty_folder(tmp_path: Path) -> None:
    """All cells of a chapter's notebook run from top to bottom, where nothing but the packages is at hand."""
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(SITE / "chapters" / "edges.ipynb", as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()


def test_slides_open_in_a_browser(browser: Browser, host: Host) -> None:
    """Under the strict policy the slides start, have pictures and several sections, and turn by keyboard."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{host.address}chapters/edges.slides.html")
    page.wait_for_function("Reveal.isReady()")
    assert page.evaluate("Reveal.getTotalSlides()") > 15
    assert page.evaluate("document.querySelectorAll('.slides img').length") > 3
    before = page.evaluate("Reveal.getProgress()")
    page.keyboard.press("Space")
    assert page.evaluate("Reveal.getProgress()") > before
    assert faults == []
    page.context.close()
