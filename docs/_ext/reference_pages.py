"""One page per public module, one entry per public name, written from the package's ``__all__`` without importing it.

A name that ``convbook`` re-exports is documented as ``convbook.name``, the form that readers type; any other under its module.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from staleness import PACKAGE, exported, modules, tree


def public_names(path: Path) -> list[str]:
    """The strings of ``__all__``, in the order in which the module defines them."""
    listed: list[str] = []
    defined: list[str] = []
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and target.id == "__all__" and node.value is not None:
                    listed = [str(name) for name in ast.literal_eval(node.value)]
                elif isinstance(target, ast.Name):
                    defined.append(target.id)
    order = {name: i for i, name in enumerate(defined)}
    return sorted(listed, key=lambda name: order.get(name, len(order)))


def kind(path: Path, name: str) -> str:
    """Which autodoc directive documents a name of a module."""
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return "autoclass"
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return "autofunction"
    return "autodata"


def defines(path: Path, name: str) -> bool:
    """Whether the module itself defines the name (a package's ``__init__`` may only hand it on)."""
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return True
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == name for t in node.targets
        ):
            return True
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            return True
    return False


def home(name: str) -> str:
    """The module that defines a short name of the package, even where a subpackage hands it on."""
    module = exported().get(name, "")
    while module in modules() and not defines(modules()[module], name):
        handed_on = [
            node.module
            for node in tree(modules()[module]).body
            if isinstance(node, ast.ImportFrom) and node.module and name in {a.name for a in node.names}
        ]
        if not handed_on:
            break
        module = handed_on[0]
    return module


def page(module: str, path: Path, names: list[str]) -> str:
    """The source of a module's page."""
    lines = [module, "=" * len(module), "", f".. automodule:: {module}", "   :no-members:", ""]
    if not names:
        return "\n".join(lines)
    owner = {name: "convbook" if home(name) == module else module for name in names}
    lines += [".. autosummary::", "   :nosignatures:", ""]
    lines += [f"   {name}" if owner[name] == module else f"   {owner[name]}.{name}" for name in names]
    for name in names:
        full = f"{owner[name]}.{name}"
        directive = kind(path, name)
        lines += ["", "", name, "-" * len(name), "", f".. {directive}:: {full}"]
        if directive == "autoclass":
            lines += ["   :members:"]
        if directive == "autodata":
            lines += ["   :no-value:"]
        lines += ["", f".. minigallery:: {full}", ""]
    return "\n".join(lines) + "\n"


def reading_order(found: list[str]) -> list[str]:
    """The modules as ``convbook/__init__.py`` introduces them, each followed by its own; the others follow by name."""
    first: dict[str, int] = {}
    for number, origin in enumerate(exported().values()):
        first.setdefault(".".join(origin.split(".")[:2]), number)
    return sorted(
        found, key=lambda module: (first.get(".".join(module.split(".")[:2]), len(exported())), module)
    )


def summary(path: Path) -> str:
    """The first line of a module's docstring."""
    text = ast.get_docstring(tree(path)) or ""
    return " ".join(text.split("\n\n")[0].split())


def contents(order: list[str], folder: str) -> str:
    """The list of modules, each with what it is for, and the table of contents behind it."""
    lines = []
    for module in order:
        lines += [f":doc:`{module} </{folder}/{module}>`", f"    {summary(modules()[module])}", ""]
    lines += [".. toctree::", "   :hidden:", ""]
    lines += [f"   {module.removeprefix('convbook.')} </{folder}/{module}>" for module in order]
    return "\n".join(lines) + "\n"


def write_pages(app: Sphinx) -> None:
    """Write the pages that changed, and their list, into the reference's folder."""
    folder = Path(app.srcdir) / app.config.reference_folder
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {}
    for module, path in modules().items():
        last = module.rpartition(".")[2]
        if last.startswith("_") or path.parent.name.startswith("_") or module == PACKAGE.name:
            continue
        names = [name for name in public_names(path) if defines(path, name)]
        wanted[f"{module}.rst"] = page(module, path, names)
    order = reading_order([name.removesuffix(".rst") for name in wanted])
    wanted["contents.txt"] = contents(order, app.config.reference_folder)
    for name, text in wanted.items():
        target = folder / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
    for stale in folder.glob("*.rst"):
        if stale.name not in wanted:
            stale.unlink()


def short_name(app: Sphinx, env: Any, node: Any, contnode: Any) -> Any:
    """Let ``corr2d`` in a docstring mean ``convbook.corr2d``, whichever module's page the docstring stands on."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    where = [exported().get(target, ""), node.get("py:module") or "", *modules()]
    domain = env.domains.python_domain
    for full in ["convbook." + target, *(f"{module}.{target}" for module in where if module)]:
        if full in domain.objects:
            return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", full, node, contnode)
    return None


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("reference_folder", "reference/generated", "env")
    app.connect("builder-inited", write_pages, priority=80)
    app.connect("missing-reference", short_name)
    return {"parallel_read_safe": True}
