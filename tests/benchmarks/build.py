"""What building the book costs, in CPU seconds: cold, with nothing to do, and after one edit of each kind.

The yardstick is what cannot be avoided: all scripts and chapters run bare in one process, and the same pages
built with nothing executed.  Everything happens in a clone in a temporary folder.  Linux only: it
adopts the kernels to collect their time.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLD, NOTHING = 1.5, 4.0
PR_SET_CHILD_SUBREAPER = 36

BARE = r"""
import ast, os, re, sys, tempfile
from pathlib import Path
root = Path.cwd()
sys.path[:0] = [str(root), str(root / "docs" / "_ext")]
os.chdir(tempfile.mkdtemp())
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import staleness, themed_figures
themed_figures.install()
def draw():
    for number in plt.get_fignums():
        plt.figure(number).savefig("figure.svg", format="svg")
    plt.close("all")
plt.show = lambda *given, **named: draw()
for script in sorted((root / "gallery").rglob("*.py")):
    if not script.name.startswith("_"):
        exec(compile(script.read_text(), str(script), "exec"), {"__name__": "__main__"})
        draw()
for page in sorted((root / "docs").glob("*.md")) + sorted((root / "docs" / "chapters").glob("*.md")):
    text = page.read_text()
    if "file_format: mystnb" not in text:
        continue
    names = {"__name__": "__main__", "__file__": str(page)}
    for cell in re.findall(r"^```\{code-cell\}.*?^```", text, re.MULTILINE | re.DOTALL):
        code = staleness.cells(cell)
        try:
            exec(compile(code, str(page), "exec"), names)
        except Exception:
            if "raises-exception" not in cell:
                raise
        draw()
"""


def adopt() -> None:
    """Let processes whose parent has ended become this one's children, so that their time is counted."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spent(command: list[str], folder: Path, **more: str) -> float:
    """The CPU seconds of a command and of all that it started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    settings = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", **more}
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    while True:  # the warm kernel process ends a moment after the build
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def built(folder: Path) -> float:
    """The CPU seconds of one build of a clone."""
    made = folder / "docs" / "_build" / "stage"
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", "-b", "html"]
    return spent([*command, "-d", str(made / "doctrees"), "docs", str(made / "html")], folder)


def outputs(folder: Path) -> dict[str, float]:
    """When each script and each chapter ran last: from a script's checksum and the cache of outputs."""
    found = {
        path.relative_to(folder / "docs" / "auto_gallery")
        .as_posix()
        .removesuffix(".py.md5"): path.stat().st_mtime
        for path in (folder / "docs" / "auto_gallery").rglob("*.py.md5")
    }
    cache = folder / "docs" / "_build" / ".jupyter_cache" / "global.db"
    import sqlite3

    with sqlite3.connect(cache) as records:
        for address, when in records.execute("SELECT uri, MAX(created) FROM nbcache GROUP BY uri"):
            found[Path(address).relative_to(folder / "docs").with_suffix("").as_posix()] = hash(when)
    return found


def ran(before: dict[str, float], after: dict[str, float]) -> list[str]:
    """What ran between two looks."""
    return sorted(name for name, when in after.items() if before.get(name) != when)


def expected(folder: Path, old: Path) -> list[str]:
    """What should run after an edit: everything whose key differs between two states of the sources."""
    program = (
        "import json, sys; from pathlib import Path; sys.path.insert(0, 'docs/_ext')\n"
        "import staleness as s; found = {}\n"
        "for p in sorted(Path('gallery').rglob('*.py')):\n"
        "    found[p.relative_to('gallery').with_suffix('').as_posix()] = s.key(p.read_text())\n"
        "for p in sorted(Path('docs').glob('*.md')) + sorted(Path('docs/chapters').glob('*.md')):\n"
        "    t = p.read_text()\n"
        "    if 'file_format: mystnb' in t:\n"
        "        found[p.relative_to('docs').with_suffix('').as_posix()] = s.key(s.cells(t))\n"
        "print(json.dumps(found))"
    )
    keys = []
    for place in (old, folder):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=place, capture_output=True, text=True, check=True
        )
        keys.append(json.loads(done.stdout))
    return sorted(name for name in keys[1] if keys[0].get(name) != keys[1][name])


def edit(path: Path, old: str, new: str) -> None:
    """Change a file once; a change that finds nothing is an error."""
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise SystemExit(f"{path.name} no longer has the line that this benchmark edits: {old!r}")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# What is edited, and what must run again: the names, or None for "exactly those whose key has changed".
EDITS: list[tuple[str, str, str, str, list[str] | None]] = [
    (
        "one script",
        "gallery/correlation/four_windows_four_sums.py",
        "import torch\n",
        "import torch\n\nassert torch\n",
        ["correlation/four_windows_four_sums"],
    ),
    ("a chapter's prose", "docs/chapters/transposed.md", "\n## The size\n", "\n## The size of it\n", []),
    (
        "a chapter's code",
        "docs/chapters/transposed.md",
        "torch.manual_seed(0);",
        "torch.manual_seed(0)\nassert torch;",
        ["chapters/transposed"],
    ),
    (
        "a function of convbook",
        "convbook/geometry.py",
        "def pixel_uses(",
        "def pixel_uses(  # edited\n    ",
        None,
    ),
]


def measure() -> bool:
    """Measure everything, print the table, and say whether the bounds hold."""
    if not sys.platform.startswith("linux"):
        raise SystemExit("this benchmark adopts processes, as only Linux can")
    adopt()
    with tempfile.TemporaryDirectory() as place:
        folder, old = Path(place) / "book", Path(place) / "before"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        if (ROOT / "docs" / "node_modules").exists():  # npm's downloads are no part of a build
            shutil.copytree(ROOT / "docs" / "node_modules", folder / "docs" / "node_modules")
        bare = spent([sys.executable, "-c", BARE], folder)
        print(f"{'all scripts and chapters bare, in one process':52}{bare:7.1f} CPU s", flush=True)
        cold = built(folder)
        print(f"{'cold build':52}{cold:7.1f}", flush=True)
        shutil.rmtree(folder / "docs" / "_build" / "stage")
        pages = built(folder)
        print(f"{'the same site, nothing executed':52}{pages:7.1f}", flush=True)
        nothing = min(built(folder) for _ in range(2))
        print(f"{'nothing to do':52}{nothing:7.1f}", flush=True)
        ratio = cold / (bare + pages)
        good = True
        shutil.copytree(
            folder, old, ignore=shutil.ignore_patterns("_build", "node_modules", "auto_gallery", ".git")
        )
        for title, name, text, new, wanted in EDITS:
            before = outputs(folder)
            time.sleep(1.1)
            edit(folder / name, text, new)
            cost = built(folder)
            again = ran(before, outputs(folder))
            should = expected(folder, old) if wanted is None else wanted
            # A chapter's outputs carry no time where its text alone changed.
            right = again == should and (wanted is not None or 0 < len(again) < len(before))
            good &= right
            fault = "" if right else f"  WRONG: {again}, should be {should}"
            print(
                f"{title + ' edited':52}{cost:7.1f}   ran again: {len(again)} of {len(before)}{fault}",
                flush=True,
            )
    print(
        f"\ncold / (bare + pages) {ratio:.2f}, at most {COLD}; nothing to do {nothing:.1f}, at most {NOTHING}"
    )
    return good and ratio <= COLD and nothing <= NOTHING
