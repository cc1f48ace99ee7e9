"""One page for each public module of ``convbook``, one entry for each name in its ``__all__``.

A name is documented on the page of the outermost module below ``convbook`` that offers it, and under the shortest path by which readers
import it: ``corr2d`` stands on the page of ``convbook.correlation`` as ``convbook.corr2d``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import staleness
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

FOLDER = "reference/generated"


def public_modules() -> dict[str, ModuleType]:
    """The package's modules without a leading underscore, outermost first."""
    package = importlib.import_module("convbook")
    names = [
        info.name for info in pkgutil.walk_packages(package.__path__, "convbook.") if "._" not in info.name
    ]
    return {
        name: importlib.import_module(name)
        for name in sorted(names, key=lambda name: (name.count("."), name))
    }


def entries() -> dict[str, list[str]]:
    """For each page its names, in the order in which the module binds them; a name has one page."""
    seen: set[int] = set()
    homes: set[str] = set()
    found = {}
    for page, module in public_modules().items():
        bound = list(vars(module))
        offered = sorted(getattr(module, "__all__", []), key=bound.index)
        own = [name for name in offered if id(vars(module)[name]) not in seen]
        if own or page not in homes:  # a module whose names stand on its package's page needs none
            found[page] = own
        seen |= {id(vars(module)[name]) for name in own}
        homes |= {getattr(vars(module)[name], "__module__", page) for name in own}
    return found


@cache
def constants() -> dict[str, str]:
    """What stands below each constant in the module that defines it; autodoc looks where the constant is offered only."""
    modules = sorted(name for name in sys.modules if name.startswith("convbook."))
    noted = [ModuleAnalyzer.for_module(name).find_attr_docs() for name in modules]
    return {
        name: " ".join(text).strip() for docs in noted for (owner, name), text in docs.items() if not owner
    }


def page(module: str, names: list[str]) -> str:
    """The source of a module's page."""
    here, package = importlib.import_module(module), importlib.import_module("convbook")
    lines = [module, "=" * len(module), "", f".. automodule:: {module}", "   :no-members:", ""]
    full = {}
    for name in names:
        top = getattr(package, name, None) is vars(here)[name]
        full[name] = f"convbook.{name}" if top else f"{module}.{name}"
    if names:
        lines += [".. autosummary::", "   :nosignatures:", ""]
        lines += [f"   {path.removeprefix(f'{module}.')}" for path in full.values()]
    for name, path in full.items():
        thing = vars(here)[name]
        kind = "class" if inspect.isclass(thing) else "function" if inspect.isroutine(thing) else "data"
        shown = {
            "class": [f".. autoclass:: {path}", "   :members:"],
            "function": [f".. autofunction:: {path}"],
            "data": [f".. py:data:: {path}", "", f"   {constants().get(name, '')}"],
        }[kind]
        lines += ["", name, "-" * len(name), "", *shown, "", f".. minigallery:: {path}"]
    return "\n".join(lines) + "\n"


def contents(pages: dict[str, list[str]]) -> str:
    """The pages with what each is for, in the order in which ``convbook/__init__.py`` introduces their names."""
    order = list(vars(importlib.import_module("convbook")))
    last = len(order)

    def place(module: str) -> tuple[int, str]:
        top = ".".join(module.split(".")[:2])
        return min((order.index(name) for name in pages.get(top, []) if name in order), default=last), module

    lines = []
    for module in sorted(pages, key=place):
        words = inspect.getdoc(importlib.import_module(module)) or ""
        lines += [
            f":doc:`{module} </{FOLDER}/{module}>`",
            f"    {' '.join(words.split(chr(10) * 2)[0].split())}",
            "",
        ]
    lines += [".. toctree::", "   :hidden:", ""]
    lines += [f"   {m.removeprefix('convbook.')} </{FOLDER}/{m}>" for m in sorted(pages, key=place)]
    return "\n".join(lines) + "\n"


def write_pages(app: Sphinx) -> None:
    """Write the pages of another state of the package anew; an unchanged package is not imported."""
    folder = Path(app.srcdir) / FOLDER
    noted = folder / "key.txt"
    current = staleness.digest([Path(__file__)], staleness.key())
    if noted.exists() and noted.read_text() == current:
        return
    pages = entries()
    texts = {f"{module}.rst": page(module, names) for module, names in pages.items()}
    texts |= {"contents.txt": contents(pages), "key.txt": current}
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def short_name(app: Sphinx, env: Any, node: Any, contnode: Any) -> Any:
    """Let ``corr2d`` in a docstring mean ``convbook.corr2d``, whichever module's page the docstring stands on."""
    if node.get("refdomain") != "py":
        return None
    domain, target = env.domains.python_domain, node["reftarget"].removeprefix("convbook.")
    last = target.rpartition(".")[2]
    found = [name for name in domain.objects if name == f"convbook.{last}" or name.endswith(f".{target}")]
    if not found:
        return None
    here = min(found, key=lambda name: (name != f"convbook.{target}", name.count("."), name))
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", here, node, contnode)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", write_pages, priority=80)
    app.connect("missing-reference", short_name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
