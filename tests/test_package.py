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

# -------------------------------------------------------------------------------- the direction of imports

# Which modules of the package each module may import, from the ground up. A module that is not listed fails
# the test: whoever adds one decides where it stands. `algorithms` stands for its folder, inside which imports
# are free.
GROUND = {"_forms"}
JUDGED = GROUND | {"geometry", "_checks"}
FORMS = JUDGED | {"correlation", "windows"}
ENGINE = FORMS | {"algorithms"}
FRONT = ENGINE | {"conv"}
ALL = FRONT | {"gradients", "pooling", "dense", "kernels", "edges", "images", "layers", "learning"}

MAY_IMPORT: dict[str, set[str]] = {
    "_forms": set(),
    "geometry": GROUND,
    "images": GROUND,
    "kernels": GROUND,
    "_checks": GROUND | {"geometry"},
    "correlation": JUDGED,
    "windows": JUDGED,
    "algorithms": FORMS,
    "conv": ENGINE,
    "pooling": ENGINE,
    "gradients": FRONT,
    "dense": FRONT,
    "edges": FRONT | {"kernels"},
    "layers": FRONT | {"gradients", "pooling"},
    "learning": FRONT | {"gradients"},
    "exercises": ALL,
    # Draws what it is given: it may ask for sizes, but computes nothing.
    "drawing": GROUND | {"geometry"},
}


def modules() -> list[Path]:
    """Every source file of the package but the two that see it whole."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.stem not in ("__main__",) and path != INIT]


INIT = PACKAGE / "__init__.py"


def room(path: Path) -> str:
    """The name under which a source file stands in the table: its module, or the folder it is in."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """Every module that a source file imports anywhere, absolute, as dotted names."""
    package = ["convbook", *path.relative_to(PACKAGE).parent.parts]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *filter(None, [node.module])])
            # Both `from convbook import _checks` and `from convbook._checks import name` start the same.
            found |= {f"{source}.{alias.name}" for alias in node.names}
    return found


def rooms_imported(path: Path) -> set[str]:
    """The rooms of the package that a source file imports from."""
    rooms = set()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "convbook" and len(parts) > 1:
            rooms.add(parts[1])
        elif parts[0] == "convbook":
            rooms.add("__init__")
    return rooms


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    """A module imports only what stands below it."""
    name = room(path)
    assert name in MAY_IMPORT, f"convbook/{name} is new: say in MAY_IMPORT which modules it may import"
    allowed = MAY_IMPORT[name] | ({name} if path.parent != PACKAGE else set())
    assert rooms_imported(path) <= allowed, f"{path.name} imports {sorted(rooms_imported(path) - allowed)}"


def test_the_table_of_imports_has_no_circle() -> None:
    """The table itself runs one way, and names no module that is gone."""
    order: list[str] = []
    left = dict(MAY_IMPORT)
    while left:
        ready = [name for name, below in left.items() if below <= set(order)]
        assert ready, f"these modules may import each other in a circle: {sorted(left)}"
        order += ready
        left = {name: below for name, below in left.items() if name not in ready}
    assert {room(path) for path in modules()} <= set(order)


def test_the_definition_shares_no_code_with_its_twins() -> None:
    """`correlation` imports neither the windows nor an algorithm, directly or through another module."""
    reached, todo = set(), {"correlation"}
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= rooms_imported(PACKAGE / f"{name}.py") - reached
    assert reached <= {"correlation", "_checks", "_forms", "geometry"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_drawing_imports_matplotlib(path: Path) -> None:
    """Matplotlib is imported by `drawing`, and inside a function of `images` for the photograph it ships."""
    asked = {name for name in imports(path) if name.partition(".")[0] == "matplotlib"}
    if path.stem == "images":
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = {name for node in tree.body for name in _names(node)}
        assert not any(name.startswith("matplotlib") for name in top)
        assert all(name.startswith(("matplotlib.cbook", "matplotlib.get_data_path")) for name in asked), asked
    elif path.stem != "drawing":
        assert not asked


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


@pytest.mark.parametrize("name", ["geometry", "_forms"])
def test_sizes_need_no_torch(name: str) -> None:
    """The arithmetic of sizes is about integers: its modules import no torch, at any depth."""
    heavy = {"torch", "numpy", "matplotlib"}
    assert not heavy & {found.partition(".")[0] for found in imports(PACKAGE / f"{name}.py")}


def test_importing_convbook_loads_no_matplotlib() -> None:
    """A program that only computes pays nothing for the drawing."""
    code = "import sys, convbook; print(*(m for m in sys.modules if m.partition('.')[0] == 'matplotlib'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


# ------------------------------------------------------------------------------------------ what is public


def public_modules() -> list[str]:
    """The dotted names of the modules that a user may import."""
    files = [f"convbook.{path.stem}" for path in PACKAGE.glob("[a-z]*.py")]
    folders = [f"convbook.{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")]
    return ["convbook", *sorted(files + folders)]


@functools.cache
def imported_inside() -> set[str]:
    """Every dotted name that some module of the package imports."""
    return set().union(*(imports(path) for path in modules()))


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
    if name == "convbook" or name == "convbook.algorithms":
        return  # these gather the names of others
    tree = ast.parse(Path(inspect.getfile(module)).read_text(encoding="utf-8"))
    defined = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined.add(node.name)
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            # The name of a type may stay in its module: it documents annotations.
            defined |= set() if ast.unparse(node.annotation) == "TypeAlias" else {node.target.id}
    public = {entry for entry in defined if not entry.startswith("_")}
    shared = {entry for entry in public - set(listed) if f"{name}.{entry}" in imported_inside()}
    assert set(listed) == public - shared


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


def test_the_report_names_versions_devices_and_methods() -> None:
    """`python -m convbook` prints what a report of a fault needs."""
    done = subprocess.run(
        [sys.executable, "-m", "convbook"], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    first_words = [line.split()[0] for line in done.stdout.splitlines()]
    assert first_words[:4] == ["convbook", "torch", "numpy", "matplotlib"]
    assert "device" in first_words
    assert "definition" in done.stdout


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
