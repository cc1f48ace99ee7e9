"""Outputs are re-made when what they depend on changes, the package included.

MyST-NB's cache sees the cells of a page and sphinx-gallery the text of a script; neither sees the package that both run on.  Here a
page or script gets a key: the text of every module of ``convbook`` that it can reach, and the versions of what computes and draws.
The key goes into the notebook's kernel name (which the cache hashes) and beside each script's checksum.
"""

from __future__ import annotations

import ast
import hashlib
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "convbook"
DRAWN_BY = ["themed_figures.py", "convbook.mplstyle", "forked_kernel.py"]
COMPUTED_BY = ["torch", "numpy", "matplotlib"]


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    """A module's syntax tree, parsed once a build."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(module: str) -> frozenset[str]:
    """The package's own modules that a module's text imports, wherever the import stands."""
    return frozenset(_imports(tree(modules()[module]), package=_package_of(module)))


def _package_of(module: str) -> str:
    return module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]


def _imports(source: ast.Module, package: str = "") -> set[str]:
    found: set[str] = set()
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            found |= {_module_of(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            found |= {_origin(base, alias.name) for alias in node.names}
    return found & set(modules())


def _module_of(name: str) -> str:
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name


@cache
def exported() -> dict[str, str]:
    """Where each short name of the package comes from: ``corr2d`` from ``convbook.correlation``."""
    origin = {}
    for node in ast.walk(tree(PACKAGE / "__init__.py")):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                origin[alias.asname or alias.name] = _origin(node.module, alias.name)
    return origin


def _origin(base: str, name: str) -> str:
    """The module that ``from base import name`` depends on."""
    if f"{base}.{name}" in modules():
        return f"{base}.{name}"
    if base == "convbook" and name != "*":
        return exported().get(name, base)
    return _module_of(base)


def reach(source: str) -> set[str]:
    """The modules that a script or the cells of a page can run: what it imports or names, and what those import."""
    try:
        start = _imports(ast.parse(source))
    except SyntaxError:  # cells with magics, or wrong on purpose
        start = set(modules())
    if re.search(r"^\s*import convbook\s*(#|$|,|as)", source, re.MULTILINE):
        start.discard("convbook")
        names = set(re.findall(r"\bconvbook\.(\w+)", source))
        start |= {_origin("convbook", name) for name in names} if names else {"convbook"}
    if "convbook" in start:  # a bare or starred import may use anything
        start |= set(modules())
    seen: set[str] = set()
    while start:
        module = start.pop()
        if module and module not in seen:
            seen.add(module)
            start |= imported(module) - seen
    return seen


@cache
def _tools() -> bytes:
    """What computes and draws: versions, and the texts that style the figures."""
    versions = [f"{name} {version(name)}" for name in COMPUTED_BY]
    texts = [(Path(__file__).parent / name).read_text(encoding="utf-8") for name in DRAWN_BY]
    return "\n".join(versions + texts).encode()


@cache
def _digest(module: str) -> bytes:
    return hashlib.sha256(modules()[module].read_bytes()).digest()


def key(source: str) -> str:
    """Twelve hex digits that change when anything the source can reach changes."""
    digest = hashlib.sha256(_tools())
    for module in sorted(reach(source)):
        digest.update(module.encode() + b"\0" + _digest(module))
    return digest.hexdigest()[:12]


def cells(markdown: str) -> str:
    """The code of a text notebook."""
    return "\n".join(
        re.findall(
            r"^```\{code-cell\}[^\n]*\n(?:(?:---.*?---|(?::[^\n]*\n)+))?(.*?)^```",
            markdown,
            re.MULTILINE | re.DOTALL,
        )
    )


def forget_stale_scripts(app: Sphinx) -> None:
    """Before sphinx-gallery looks: remove the checksum of each script whose key has changed, so that it runs again."""
    if not app.config.sphinx_gallery_conf.get("plot_gallery", True):
        return
    source = (Path(app.srcdir) / app.config.sphinx_gallery_conf["examples_dirs"]).resolve()
    target = Path(app.srcdir) / app.config.sphinx_gallery_conf["gallery_dirs"]
    app.gallery_keys = {}  # type: ignore[attr-defined]
    for script in sorted(source.rglob("*.py")):
        copy = target / script.relative_to(source)
        noted, checksum = copy.with_suffix(".key"), copy.with_name(copy.name + ".md5")
        text = script.read_text(encoding="utf-8")
        current = key(text) + hashlib.sha256(text.encode()).hexdigest()[:12]
        if checksum.exists() and noted.exists() and noted.read_text() == current:
            continue
        noted.unlink(missing_ok=True)
        checksum.unlink(missing_ok=True)
        for picture in sorted((copy.parent / "images").rglob(f"sphx_glr_{script.stem}_*")):
            picture.unlink()  # a thumbnail of another format, or of a script that had failed, would be kept
        app.gallery_keys[noted] = current  # type: ignore[attr-defined]


def note_scripts(app: Sphinx) -> None:
    """After sphinx-gallery: note the keys of what ran.

    It writes a script's checksum before its page and its thumbnail.  So a checksum without a key is of a run that was interrupted.
    """
    for noted, current in getattr(app, "gallery_keys", {}).items():
        if noted.parent.exists():
            noted.write_text(current)


def put_key_into_page(app: Sphinx, docname: str, content: list[str]) -> None:
    """The cache of notebooks hashes the kernel's display name: the key goes there."""
    if "file_format: mystnb" in content[0]:
        current = key(cells(content[0]))
        content[0] = re.sub(
            r"^(\s+display_name:).*$", rf"\1 Python 3 {current}", content[0], count=1, flags=re.MULTILINE
        )


def reread_stale_pages(app: Sphinx, env: BuildEnvironment, *changes: Any) -> list[str]:
    """Pages whose key has changed are read again, although their own text has not."""
    known: dict[str, str] = getattr(env, "convbook_keys", {})
    current = {}
    for docname in sorted(env.found_docs):
        path = Path(env.doc2path(docname))
        if path.suffix == ".md" and "file_format: mystnb" in (text := path.read_text(encoding="utf-8")):
            current[docname] = key(cells(text))
        elif docname.startswith(app.config.reference_folder + "/"):
            current[docname] = _package_key()
    env.convbook_keys = current  # type: ignore[attr-defined]
    return [docname for docname, value in current.items() if known.get(docname, value) != value]


@cache
def _package_key() -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in modules().values())).hexdigest()


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", forget_stale_scripts, priority=100)  # sphinx-gallery runs at 500
    app.connect("builder-inited", note_scripts, priority=600)
    app.connect("source-read", put_key_into_page)
    app.connect("env-get-outdated", reread_stale_pages)
    return {"parallel_read_safe": True}
