"""The package as a whole: who imports whom, what is public, what an import costs."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import convbook
from convbook.__main__ import report, tf32, version

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "convbook"


NEW_PROCESS = """
import runpy, sys
import convbook
from convbook import images
images.photograph(8)
print(*{name.partition('.')[0] for name in sys.modules} & {'matplotlib', 'numba'})
runpy.run_module('convbook', run_name='__main__')
"""


@pytest.fixture(scope="module")
def printed() -> list[str]:
    """Lines that a new process prints: what was loaded by importing convbook, and then the report."""
    done = subprocess.run(
        [sys.executable, "-c", NEW_PROCESS], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    return done.stdout.splitlines()


def test_importing_convbook_loads_no_matplotlib_and_no_numba(printed: list[str]) -> None:
    """A program that only computes does not wait for the drawing, even where it reads the photograph."""
    assert printed[0] == ""


# ------------------------------------------------------------------------------------------ what is public


def public_modules() -> list[str]:
    """The dotted names of the modules that a user may import."""
    files = [f"convbook.{path.stem}" for path in PACKAGE.glob("[a-z]*.py")]
    folders = [f"convbook.{path.parent.name}" for path in PACKAGE.glob("[a-z]*/__init__.py")]
    return ["convbook", *sorted(files + folders)]


def source_files(name: str) -> dict[str, Path]:
    """The files of a module, or of a package with its own modules, by dotted name."""
    path = Path(inspect.getfile(importlib.import_module(name)))
    if path.name != "__init__.py":
        return {name: path}
    return {name: path} | {f"{name}.{file.stem}": file for file in path.parent.glob("[!_]*.py")}


def defined_in(path: Path) -> set[str]:
    """The public names that a file binds at its top level; the name of a type may stay in its module."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found |= set() if ast.unparse(node.annotation) == "TypeAlias" else {node.target.id}
    return {name for name in found if not name.startswith("_")}


@functools.cache
def imported_inside() -> set[str]:
    """Every dotted name that some module of the package imports from another."""
    return {
        f"{node.module}.{alias.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("name", public_modules())
def test_all_is_what_the_module_defines(name: str) -> None:
    """`__all__` names each public thing that a module defines, and nothing else.

    A name without an underscore that is not listed is one that another module of the package shares.
    """
    module = importlib.import_module(name)
    assert hasattr(module, "__all__"), f"{name} has no __all__"
    listed = list(module.__all__)
    assert len(listed) == len(set(listed)), "a name is listed twice"
    assert all(hasattr(module, entry) for entry in listed)
    if name in ("convbook", "convbook.algorithms"):
        return  # these gather the names of others
    defined = {
        entry
        for source, path in source_files(name).items()
        for entry in defined_in(path)
        if entry in listed or f"{source}.{entry}" not in imported_inside()
    }
    elsewhere = {entry for entry in listed if entry not in defined}
    assert elsewhere <= {"CheckResult"}, "named, but not defined here"  # it stands in exercises/_report.py
    assert defined <= set(listed), "defined, but neither named nor used by another module"


@pytest.mark.parametrize("name", ["", "_judge", "algorithms", "learning", "exercises", "drawing"])
def test_no_function_hides_the_module_of_its_name(name: str) -> None:
    """Where a package has a module `images`, `package.images` is that module and no function."""
    package = importlib.import_module(f"convbook.{name}".rstrip("."))
    for path in (PACKAGE / name).glob("[!_]*.py"):
        assert inspect.ismodule(getattr(package, path.stem, package)), path


def surface() -> list[str]:
    """The public surface, a name and its signature a line; what the front page offers is listed there."""
    lines = []
    for name in public_modules():
        module = importlib.import_module(name)
        for entry in sorted(module.__all__):
            thing = getattr(module, entry)
            if module is not convbook and getattr(convbook, entry, None) is thing:
                continue  # listed with the front page
            lines += describe(f"{name}.{entry}", thing)
    return sorted(lines)


def describe(name: str, thing: object) -> list[str]:
    """One public thing: a function with its signature, a class with its public methods, or a value's type."""
    if inspect.isclass(thing):
        lines = [f"class {name}{signature(thing)}"]
        for key, value in sorted(vars(thing).items()):
            if not key.startswith("_") and inspect.isfunction(value):
                lines.append(f"{name}.{key}{signature(value)}")
            elif not key.startswith("_") and isinstance(value, property):
                lines.append(f"{name}.{key} (property)")
        return lines
    if callable(thing):
        return [f"{name}{signature(thing)}"]
    return [] if inspect.ismodule(thing) else [f"{name}: {type(thing).__name__}"]


def signature(thing: object) -> str:
    """A signature as one line: names, order and defaults are promised; annotations may become better."""
    try:
        found = inspect.signature(thing)  # type: ignore[arg-type]
    except ValueError:  # a class whose constructor is C's
        return "(…)"
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in found.parameters.values()]
    return re.sub(r" at 0x[0-9a-f]+", "", str(inspect.Signature(bare)))


def test_the_public_surface_is_the_one_in_the_list() -> None:
    """A change of the public surface fails until tests/public_api.txt and the changelog say so.

    `python -m tests.test_package` writes the list anew.
    """
    listed = (ROOT / "tests" / "public_api.txt").read_text(encoding="utf-8").splitlines()
    promised = {line for line in listed if line and not line.startswith("#")}
    there = set(surface())
    gone, new = sorted(promised - there), sorted(there - promised)
    cure = "the public surface changed: say so in CHANGELOG.md, then run `python -m tests.test_package`"
    changes = [f"  gone: {line}" for line in gone] + [f"  new:  {line}" for line in new]
    assert not changes, "\n".join([cure, *changes])


def test_the_front_page_offers_each_public_name_once() -> None:
    """`convbook.name` is the very object that its module defines."""
    for entry in convbook.__all__:
        thing = getattr(convbook, entry)
        home = getattr(thing, "__module__", None)
        if home and home.startswith("convbook.") and hasattr(thing, "__qualname__"):
            assert getattr(importlib.import_module(home), entry) is thing


def public_functions() -> dict[str, Callable[..., object]]:
    """Every public function by its dotted name."""
    found = {}
    for name in public_modules():
        if name == "convbook.algorithms":
            continue  # its functions share one signature, which the folder documents
        module = importlib.import_module(name)
        for entry in module.__all__:
            thing = getattr(module, entry)
            if inspect.isfunction(thing) and thing.__module__.startswith("convbook"):
                found[f"{thing.__module__}.{entry}"] = thing
    return dict(sorted(found.items()))


@pytest.mark.parametrize("name", public_functions())
def test_every_public_function_is_documented(name: str) -> None:
    """Each public function says what each argument is and what it returns, and shows an example."""
    function = public_functions()[name]
    text = inspect.getdoc(function) or ""
    returns = inspect.signature(function).return_annotation not in (None, "None")
    parts = ["Examples\n---", *(["Returns\n---"] if returns else [])]
    assert [part for part in parts if part not in text] == []
    described = text.partition("Parameters\n---")[2].partition("Returns\n---")[0]
    unnamed = [
        parameter
        for parameter in inspect.signature(function).parameters
        if not re.search(rf"^(.*, )?\*{{0,2}}{parameter}(,.*)?( :.*)?$", described, re.MULTILINE)
    ]
    assert unnamed == []


# -------------------------------------------------------------------------------------- the package itself


def test_the_version_is_stated_once() -> None:
    """`convbook.__version__` is pyproject's."""
    stated = re.search(
        r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert stated is not None
    assert convbook.__version__ == stated[1]


def test_the_package_says_that_it_is_typed() -> None:
    """Type checkers read the annotations only where py.typed says so."""
    assert (PACKAGE / "py.typed").exists()


def test_the_report_names_versions_devices_and_methods(printed: list[str]) -> None:
    """`python -m convbook` prints what a report of a fault needs."""
    first_words = [line.split()[0] for line in printed[1:]]
    assert first_words[:4] == ["convbook", "torch", "numpy", "matplotlib"]
    assert "device" in first_words
    assert any("definition" in line for line in printed)


def test_the_report_lists_each_gpu_with_what_changes_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine with a GPU: its name, capability and memory, CUDA, cuDNN, TF32, and mps."""
    found = SimpleNamespace(name="A GPU", major=9, minor=0, total_memory=80 * 2**30)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: found)
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 92000)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    lines = report().splitlines()
    assert "device      cuda:0: A GPU, capability 9.0, 80.0 GiB" in lines
    assert f"cuda        {torch.version.cuda}, cuDNN 92000, TF32 {tf32()}" in lines
    assert "device      mps" in lines
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", tf32() == "off")
    assert [line for line in report().splitlines() if line.startswith("cuda")] != [
        line for line in lines if line.startswith("cuda")
    ]


def test_the_report_holds_nothing_private() -> None:
    """It is pasted into public reports: no folder, no user, no name of the machine."""
    text = report()
    assert version("no-such-package-of-ours") == "not installed"
    for private in (str(Path.home()), str(ROOT), platform.node(), os.environ.get("USER", "")):
        assert len(private) < 3 or private not in text


if __name__ == "__main__":
    head = "# The public surface, held by tests/test_package.py. Written by `python -m tests.test_package`."
    target = ROOT / "tests" / "public_api.txt"
    target.write_text("\n".join([head, *surface(), ""]), encoding="utf-8")
    print(f"{target}: {len(surface())} entries")
