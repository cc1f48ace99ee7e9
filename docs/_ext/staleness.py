"""Outputs are re-made when what they depend on changes, the package included.

MyST-NB's cache sees the cells of a page and sphinx-gallery the text of a script; neither sees the package that both run on.  Here a
page or script gets a key: the text of every definition of ``convbook`` that it can reach, name by name, and the versions of what
computes and draws.  The key goes into the notebook's kernel name (which the cache hashes) and beside each script's checksum.

A name reaches the names in its text.  Where the text does not say which (a module handed around as a value, a starred import,
cells that Python cannot parse), it reaches them all: an output may be made once too often, never once too seldom.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "convbook"
DRAWN_BY = ["themed_figures.py", "convbook.mplstyle", "forked_kernel.py"]
COMPUTED_BY = ["torch", "numpy", "matplotlib"]
KEYS, MANY = "keys.json", 500
EVERYTHING = "*"  # in the place of a name: the whole module


# ------------------------------------------------------------------------------------------------- the package's text


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    """A module's syntax tree, parsed once a build."""
    return ast.parse(path.read_text(encoding="utf-8"))


class Name(NamedTuple):
    """A name of a module, or with ``EVERYTHING`` the module itself."""

    module: str
    name: str


class Contents:
    """What a text binds at its top level, and what it does there."""

    def __init__(self, source: ast.Module, package: str = "") -> None:
        self.bound: dict[str, Name] = {}
        self.defined: dict[str, list[ast.stmt]] = {}
        self.done: list[ast.stmt] = []  # statements that act when the module is imported
        for node in source.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.bound |= bindings(node, package)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.defined.setdefault(node.name, []).append(node)
            elif names := list(_assigned(node)):
                for name in names:
                    self.defined.setdefault(name, []).append(node)
            elif not _does_nothing(node):
                self.done.append(node)
        # A decorator of the package's own may note what it decorates: it acts too.
        own = self.bound.keys() | self.defined.keys()
        self.done += [
            node
            for nodes in self.defined.values()
            for node in nodes
            if any(
                isinstance(part, ast.Name) and part.id in own
                for mark in getattr(node, "decorator_list", [])
                for part in ast.walk(mark)
            )
        ]


def _assigned(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for part in (part for target in targets for part in ast.walk(target)):
            if isinstance(part, ast.Attribute | ast.Subscript):
                return  # it changes something that another name holds
        for part in (part for target in targets for part in ast.walk(target)):
            if isinstance(part, ast.Name):
                yield part.id


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    test = node.test if isinstance(node, ast.If) else None
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
    )


def bindings(node: ast.Import | ast.ImportFrom, package: str = "") -> dict[str, Name]:
    """The names that an import binds, as far as they are the package's; a starred one binds ``*``."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: Name(
                alias.name if alias.asname else alias.name.partition(".")[0], EVERYTHING
            )
            for alias in node.names
            if alias.name in modules()
        }
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, base] if base else above)
    if base not in modules():
        return {}
    found = {}
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        found[alias.asname or alias.name] = (
            Name(inner, EVERYTHING) if inner in modules() else Name(base, alias.name)
        )
    return found


@cache
def contents(module: str) -> Contents:
    """What a module of the package binds."""
    path = modules()[module]
    return Contents(tree(path), module if path.name == "__init__.py" else module.rpartition(".")[0])


@cache
def exported() -> dict[str, str]:
    """Where each short name of the package comes from: ``corr2d`` from ``convbook.correlation``."""
    origin = {}
    for node in ast.walk(tree(PACKAGE / "__init__.py")):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                origin[alias.asname or alias.name] = inner if inner in modules() else node.module
    return origin


# ------------------------------------------------------------------------------------------------- what reaches what


class Mentions(NamedTuple):
    """What a piece of text mentions: names with what is taken from them, imports, data files."""

    names: set[tuple[str, ...]]
    imports: list[ast.Import | ast.ImportFrom]
    files: set[str]


_mentions: dict[ast.AST, Mentions] = {}


def mentions(piece: ast.AST) -> Mentions:
    """Look a text through, once (a build does this for every definition of the package)."""
    if piece in _mentions:
        return _mentions[piece]
    found = Mentions(set(), [], set())
    waiting: list[Any] = [piece]
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind is ast.Attribute or kind is ast.Name:
            chain: list[str] = []
            while type(node) is ast.Attribute:
                chain.append(node.attr)
                node = node.value
            if type(node) is ast.Name:
                found.names.add((node.id, *reversed(chain)))
                continue
        elif kind is ast.Constant:
            if isinstance(node.value, str) and node.value.endswith(".json"):
                found.files.add(node.value)
            continue
        elif kind is ast.Import or kind is ast.ImportFrom:
            found.imports.append(node)
            continue
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                waiting.append(value)
            elif isinstance(value, list):
                waiting += [part for part in value if isinstance(part, ast.AST)]
    _mentions[piece] = found
    return found


def _uses(pieces: Iterable[ast.AST], bound: dict[str, Name], package: str) -> set[Name]:
    """The package's names that pieces of text mention; ``bound`` says what their free names mean."""
    found: set[Name] = set()
    for piece in pieces:
        seen = mentions(piece)
        here = dict(bound) if seen.imports else bound
        for node in seen.imports:  # inside a function, or at the top of a page's cell
            here |= bindings(node, package)
        if "*" in here:
            found.add(here["*"]._replace(name=EVERYTHING))
        found |= {meant for chain in seen.names if (meant := _meaning(chain, here))}
    return found


def _meaning(chain: tuple[str, ...], bound: dict[str, Name]) -> Name | None:
    """What ``convbook.edges.magnitude`` means, where it starts with a name of the package."""
    meant = bound.get(chain[0])
    for part in chain[1:]:
        if meant is None or meant.name != EVERYTHING:
            break
        inner = f"{meant.module}.{part}"
        meant = Name(inner, EVERYTHING) if inner in modules() else Name(meant.module, part)
    return meant


@cache
def _next(name: Name) -> frozenset[Name]:
    """The names that one name of the package reaches directly."""
    if name.module not in modules():
        return frozenset()
    here = contents(name.module)
    path = modules()[name.module]
    package = name.module if path.name == "__init__.py" else name.module.rpartition(".")[0]
    own = {local: Name(name.module, local) for local in here.defined}
    if name.name == EVERYTHING:
        inner = [Name(module, EVERYTHING) for module in modules() if module.startswith(f"{name.module}.")]
        return frozenset([*own.values(), *here.bound.values(), *inner])
    if name.name in here.defined:
        return frozenset(_uses([*here.defined[name.name], *here.done], {**here.bound, **own}, package))
    if name.name in here.bound:
        return frozenset([here.bound[name.name]])
    return frozenset([Name(name.module, EVERYTHING)] if not name.name.startswith("__") else [])


@cache
def _reach_of_page(source: str) -> frozenset[Name]:
    try:
        page = ast.parse(source)
    except SyntaxError:  # cells with magics, or wrong on purpose
        start = {Name(module, EVERYTHING) for module in modules()}
    else:
        start = _uses([page], {}, "")
        # What a page imports by name it may use where no text shows it: in a string that is evaluated.
        named = [bindings(node).values() for node in mentions(page).imports]
        start |= {name for names in named for name in names if name.name != EVERYTHING}
    seen: set[Name] = set()
    while start:
        name = start.pop()
        seen.add(name)
        start |= _next(name) - seen
    return frozenset(seen)


def reach(source: str) -> frozenset[Name]:
    """The names of the package that a script or the cells of a page can run: those in its text, and those in theirs."""
    return _reach_of_page(source)


# ------------------------------------------------------------------------------------------------- keys


@cache
def _tools() -> bytes:
    """What computes and draws: versions, and the texts that style the figures."""
    versions = [f"{name} {version(name)}" for name in COMPUTED_BY]
    texts = [(Path(__file__).parent / name).read_text(encoding="utf-8") for name in DRAWN_BY]
    return "\n".join(versions + texts).encode()


@cache
def _lines(module: str) -> list[str]:
    return modules()[module].read_text(encoding="utf-8").splitlines()


@cache
def _digest(name: Name) -> bytes:
    """The text of a name's definition, of what its module does when imported, and of the tables that these name."""
    if name.module not in modules() or name.name not in contents(name.module).defined:
        return b""
    here = contents(name.module)
    digest = hashlib.sha256()
    for node in [*here.defined[name.name], *here.done]:
        first = min([node.lineno, *(mark.lineno for mark in getattr(node, "decorator_list", []))])
        digest.update("\n".join(_lines(name.module)[first - 1 : node.end_lineno]).encode() + b"\0")
        digest.update(_tables(node, modules()[name.module].parent))
    return digest.digest()


def _tables(node: ast.AST, folder: Path) -> bytes:
    """The content of the data files whose names stand in a text."""
    files = [folder / name for name in sorted(mentions(node).files)]
    return b"\0".join(file.read_bytes() for file in files if file.is_file())


_known: dict[str, str] = {}  # keys by all that they can depend on, from build to build


@cache
def _whole() -> bytes:
    """What every key can depend on: the package with its tables, the tools, and the rules of this module."""
    digest = hashlib.sha256(sys.version.encode() + b"\0" + _tools() + b"\0" + Path(__file__).read_bytes())
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            content = hashlib.sha256(path.read_bytes()).digest()
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + content)
    return digest.digest()


def key(source: str) -> str:
    """Twelve hex digits that change when anything the source can reach changes."""
    if ".json" in source:  # a table outside the package
        return _key(source)
    stamp = hashlib.sha256(_whole() + source.encode()).hexdigest()
    if stamp not in _known:
        _known[stamp] = _key(source)
    return _known[stamp]


@cache
def _key(source: str) -> str:
    digest = hashlib.sha256(_tools())
    for name in sorted(reach(source)):
        digest.update(".".join(name).encode() + b"\0" + _digest(name))
    try:
        digest.update(_tables(ast.parse(source), ROOT))
    except SyntaxError:
        digest.update(b"")
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


def recall_keys(app: Sphinx, config: Any) -> None:
    """Take up the keys that the last build found: to find one, the whole package is parsed."""
    noted = Path(app.doctreedir) / KEYS
    with contextlib.suppress(OSError, ValueError):
        _known.update(json.loads(noted.read_text(encoding="utf-8")))
    app.known_keys = len(_known)


def note_keys(app: Sphinx, exception: Exception | None) -> None:
    """Keep the keys for the next build, those of one package: a few more are no harm, all of all time would be."""
    if exception is None and len(_known) != app.known_keys:
        newest = dict(list(_known.items())[-MANY:])
        (Path(app.doctreedir) / KEYS).write_text(json.dumps(newest, indent=0), encoding="utf-8")


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


def written_by() -> str:
    """A digest of the extensions: Sphinx reads every page again where a setting of the kind ``env`` has changed."""
    texts = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.*")) if path.is_file()]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("written_by", written_by(), "env", str)
    app.connect("config-inited", recall_keys, priority=40)  # identity.py asks for a key at 50
    app.connect("build-finished", note_keys)
    app.connect("builder-inited", forget_stale_scripts, priority=100)  # sphinx-gallery runs at 500
    app.connect("builder-inited", note_scripts, priority=600)
    app.connect("source-read", put_key_into_page)
    app.connect("env-get-outdated", reread_stale_pages)
    return {"parallel_read_safe": True}
