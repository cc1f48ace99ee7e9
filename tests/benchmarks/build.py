"""The CPU seconds that building the book takes: cold, nothing executed, nothing to do, after an edit."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST = {
    "cold": 150,
    "nothing executed": 60,
    "nothing to do": 5,
    "a chapter edited": 20,
    "a script edited": 20,
}


def built(book: Path) -> float:
    """The CPU seconds of one build, with those of all processes that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    made = book / "docs" / "_build" / "stage"
    command = [
        "sphinx-build",
        "-W",
        "-n",
        "-q",
        "-j",
        "auto",
        "-d",
        f"{made}/doctrees",
        "docs",
        f"{made}/html",
    ]
    settings = {**os.environ, "PYTHONPATH": str(book), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=book, env=settings, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def prepare(step: str, book: Path) -> None:
    """Bring a clone into the state whose build is to be measured."""
    if step == "nothing executed":
        shutil.rmtree(book / "docs" / "_build" / "stage")
    elif step == "a chapter edited":
        page = book / "docs" / "chapters" / "edges.md"
        page.write_text(
            page.read_text(encoding="utf-8").replace("import math\n", "import math, sys\n", 1),
            encoding="utf-8",
        )
    elif step == "a script edited":
        script = book / "gallery" / "edges" / "sobel_on_a_photograph.py"
        script.write_text(script.read_text(encoding="utf-8") + "\nassert True\n", encoding="utf-8")


def measure() -> bool:
    """Build a clone in each state, print the table, and say whether the bounds hold."""
    good = True
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(book)], check=True)
        if (ROOT / "docs" / "node_modules").exists():  # downloads are no part of a build
            shutil.copytree(ROOT / "docs" / "node_modules", book / "docs" / "node_modules")
        for step, most in MOST.items():
            prepare(step, book)
            cost = built(book)
            good &= cost <= most
            print(
                f"{step:20}{cost:7.1f} CPU s, at most {most}{'' if cost <= most else '  MISSED'}", flush=True
            )
    return good
