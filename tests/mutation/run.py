"""Break the arithmetic and the checks, one operator or branch at a time, and show that a test notices each.

    python tests/mutation/run.py                        # every module below, a few minutes
    python tests/mutation/run.py windows _checks        # some
    python tests/mutation/run.py --list                 # what would be broken

Each mutant changes one expression of one function: + to −, < to ≤, `and` to `or`, a condition to its
opposite, 0 to 1. Pytest collects the module's tests once; then, for each mutant, a forked process puts the
changed code into the function and runs the tests until one fails. A mutant that no test notices survives, is
printed, and makes the run fail, unless EQUIVALENT gives the reason why no test could notice it.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import os
import signal
import sys
import time
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)

TESTS = {
    "_forms": ["test_checks", "test_geometry"],
    "geometry": ["test_geometry", "test_checks"],
    "_checks": [
        *("test_checks", "test_pooling", "test_dense", "test_gradients", "test_layers", "test_windows"),
        *("test_conv", "test_correlation"),
    ],
    "correlation": ["test_correlation"],
    "windows": ["test_windows"],
    "conv": ["test_conv", "test_checks"],
    "gradients": ["test_gradients"],
    "dense": ["test_dense"],
    "pooling": ["test_pooling"],
    "algorithms/definition": ["test_algorithms"],
    "algorithms/shift": ["test_algorithms"],
    "algorithms/windows": ["test_algorithms"],
    "algorithms/im2col": ["test_algorithms"],
    "algorithms/torch_": ["test_algorithms", "test_conv"],
    "algorithms/transposed": ["test_algorithms", "test_conv"],
    "algorithms/_exact": ["test_algorithms"],
}
"""The modules that are broken, and the test files that must notice."""

LEFT_OUT = "compile"
"""Tests that are too slow to run for every mutant, by a part of their name; none of the counts needs them."""

SECONDS = 30
"""A mutant whose tests take longer has made something endless: killed."""

EQUIVALENT: dict[str, str] = {
    "windows: not torch.compiler.is_compiling() → torch.compiler.is_compiling()": (
        "seen by the tests that compile"
    ),
    "dense: h - 1 → h + 1": "a wider margin at the bottom, which nothing reads",
    "dense: w - 1 → w + 1": "a wider margin at the right, which nothing reads",
    "conv: padding_mode != 'zeros' and setting.padding != _checks.NO_PADDING → "
    "padding_mode != 'zeros' or setting.padding != _checks.NO_PADDING": (
        "the zeros are added here instead of by the method"
    ),
    "algorithms/windows: input.is_floating_point() or input.is_complex() or input.device.type == 'cpu' → "
    "input.is_floating_point() and input.is_complex() and (input.device.type == 'cpu')": (
        "the slower of two equal ways"
    ),
    "_checks: value.dim() > 2 → value.dim() >= 2": "asked only of what has not two dimensions",
    "geometry: s > 1 → s >= 1": "at stride 1 both ways give d·(k − 1)",
    "_forms: value >= 0 → value > 0": "0 takes the longer way to the same sides",
}
"""Mutants that change nothing a test could see: "module: text → change" to the reason."""


# --------------------------------------------------------------------------------------------------- mutants

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


@dataclass
class Mutant:
    """One change of one function."""

    module: str
    line: int
    before: str
    after: str
    code: types.CodeType
    killer: str = ""

    @property
    def key(self) -> str:
        """Name the mutant by what it changes, so that the name outlives moved lines."""
        return f"{self.module}: {self.before} → {self.after}"


def mutants(module: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    path = ROOT / "convbook" / f"{module}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for place, change in places(tree, inside=False):
        broken = copy.deepcopy(tree)
        parent: Any = broken
        for step in place[:-1]:
            parent = getattr(parent, step) if isinstance(step, str) else parent[step]
        last = place[-1]
        node = getattr(parent, last) if isinstance(last, str) else parent[last]
        before = ast.unparse(node)
        new = change(node)
        after = ast.unparse(new)
        if isinstance(last, str):
            setattr(parent, last, new)
        else:
            parent[last] = new
        code = compile(ast.fix_missing_locations(broken), str(path), "exec")
        yield Mutant(module, node.lineno, before, after, code)


def places(
    node: ast.AST, inside: bool, place: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield where to change what: paths into the tree, each with the change of the node that it finds "
    "there."""
    if isinstance(node, (ast.Raise, ast.JoinedStr, ast.Assert)):
        return  # the words of an error, not its condition
    if inside:
        yield from ((place, change) for change in changes(node))
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "args", "slice") and not isinstance(
            node, ast.Call
        ):
            continue  # types, defaults, and the numbers of axes
        enters = inside or isinstance(node, (ast.FunctionDef, ast.Lambda))
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                yield from places(child, enters, (*place, name, *(() if index is None else (index,))))


def changes(node: ast.AST) -> Iterator[Any]:
    """Yield functions that return a changed copy of a node."""
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        yield lambda n: ast.BinOp(n.left, SWAPS[type(n.op)](), n.right)
    if isinstance(node, ast.Compare):
        for position in range(len(node.ops)):
            yield lambda n, at=position: ast.Compare(
                n.left, [SWAPS[type(op)]() if i == at else op for i, op in enumerate(n.ops)], n.comparators
            )
    if isinstance(node, ast.BoolOp):
        yield lambda n: ast.BoolOp(SWAPS[type(n.op)](), n.values)
    # −1 is the last axis, and any other one raises
    sign = isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub))
    if sign and not isinstance(node.operand, ast.Constant):
        yield lambda n: n.operand
    if isinstance(node, (ast.If, ast.While)) and not isinstance(node.test, (ast.Compare, ast.UnaryOp)):
        yield lambda n: type(n)(ast.UnaryOp(ast.Not(), n.test), n.body, n.orelse)
    if isinstance(node, ast.IfExp) and not isinstance(node.test, (ast.Compare, ast.UnaryOp)):
        yield lambda n: ast.IfExp(ast.UnaryOp(ast.Not(), n.test), n.body, n.orelse)
    if isinstance(node, ast.BinOp):
        for side in ("left", "right"):
            number = getattr(node, side)
            if isinstance(number, ast.Constant) and type(number.value) is int and 0 <= number.value <= 2:
                yield lambda n, at=side: with_one_more(n, at)


def with_one_more(operation: ast.BinOp, side: str) -> ast.BinOp:
    """Return an operation with the number on one side raised by one."""
    new = copy.copy(operation)
    setattr(new, side, ast.Constant(getattr(operation, side).value + 1))
    return new


def code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield a code object and those of the functions that are defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from code_objects(constant)


def put_in(mutant: Mutant, functions: dict[tuple[str, str], list[types.FunctionType]]) -> None:
    """Give every function of the mutant's module its code of the mutant."""
    for code in code_objects(mutant.code):
        for function in functions.get((code.co_filename, code.co_qualname), []):
            if code.co_freevars == function.__code__.co_freevars:
                function.__code__ = code


# ---------------------------------------------------------------------------------------------------- running


class Runner:
    """Pytest's plugin: in place of the run of all tests, a run for each mutant, each in a forked process."""

    def __init__(self, module: str, say: Callable[[str], None]) -> None:
        self.found = list(mutants(module))
        self.say = say
        self.seconds = 0.0
        self.refusal = "pytest did not run; look at it with `pytest tests`"

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests for each mutant."""
        start = time.perf_counter()
        functions: dict[tuple[str, str], list[types.FunctionType]] = {}
        for thing in gc.get_objects():
            if isinstance(thing, types.FunctionType):
                functions.setdefault((thing.__code__.co_filename, thing.__code__.co_qualname), []).append(
                    thing
                )
        self.order = list(session.items)
        gc.freeze()  # a collection in a forked process would copy all of its memory
        if killer := self.in_a_process(session, None, functions):
            self.refusal = f"the tests fail without any mutant, or did not run: {killer}"
            return True
        self.refusal = ""
        for mutant in self.found:
            mutant.killer = self.in_a_process(session, mutant, functions)
            self.to_the_front(mutant.killer)
            if not mutant.killer and mutant.key not in EQUIVALENT:
                self.say(f"    survived: {mutant.module}.py:{mutant.line}: {mutant.before} → {mutant.after}")
        self.seconds = time.perf_counter() - start
        return True

    def to_the_front(self, killer: str) -> None:
        """Let the test that noticed this mutant be the first to look at the next: they are often alike."""
        self.order.sort(key=lambda item: item.nodeid != killer)

    def in_a_process(self, session: pytest.Session, mutant: Mutant | None, functions: Any) -> str:
        """Return the name of the test that noticed a mutant, "" where none did."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(SECONDS if mutant else 600)
            if mutant:
                put_in(mutant, functions)
            for item, following in zip(self.order, [*self.order[1:], None], strict=True):
                session.testsfailed = 0
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.testsfailed:
                    os.write(writing, item.nodeid.encode())
                    break
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            killer = pipe.read().decode()
        _, status = os.waitpid(child, 0)
        return killer or ("" if os.waitstatus_to_exitcode(status) == 0 else "it crashed or took too long")


def run(module: str, say: Callable[[str], None]) -> Runner:
    """Break one module in every way and return what happened."""
    runner = Runner(module, say)
    files = [str(ROOT / "tests" / f"{name}.py") for name in TESTS[module]]
    quiet = ["-q", "--no-header", "--no-summary", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore"]
    pytest.main([*quiet, "--rootdir", str(ROOT), "-k", f"not {LEFT_OUT}", *files], plugins=[runner])
    return runner


FIGURES = "figures "


def report(module: str, writing: int) -> None:
    """Break a module, and write each survivor as it is found, then the figures, into a pipe."""

    def say(line: str) -> None:
        os.write(writing, f"{line}\n".encode())

    runner = run(module, say)
    if runner.refusal:
        say(runner.refusal)
        say(f"{FIGURES}0 0 0 1 0")
        return
    alive = [m for m in runner.found if not m.killer]
    known = sum(m.key in EQUIVALENT for m in alive)
    count = len(runner.found)
    say(f"{FIGURES}{count} {count - len(alive)} {known} {len(alive) - known} {round(runner.seconds)}")


def silence() -> None:
    """Send what pytest prints of broken code nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def main() -> int:
    """Break the modules that were asked for and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", choices=[*TESTS, []], help="modules of convbook; default: all")
    parser.add_argument("--list", action="store_true", help="only print the mutants")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    for module in options.modules or TESTS:
        if options.list:
            print(*(f"{m.module}.py:{m.line}: {m.before} → {m.after}" for m in mutants(module)), sep="\n")
            continue
        # A process for each module, so that each starts from unbroken code.
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            silence()
            report(module, writing)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as pipe:
            for line in pipe:
                if line.startswith(FIGURES):
                    found, killed, known, survived, seconds = map(int, line.removeprefix(FIGURES).split())
                else:
                    print(line, end="", flush=True)
        os.waitpid(child, 0)
        total.update(found=found, killed=killed, equivalent=known, survived=survived)
        figures = f"{found:>5} mutants, {killed:>5} killed, {known:>3} equivalent, {survived:>3} survived"
        print(f"{module:<24}{figures}, {seconds:>4} s", flush=True)
    if not options.list:
        print("in all:", ", ".join(f"{count} {name}" for name, count in total.items()))
    return int(total["survived"] > 0)


if __name__ == "__main__":
    sys.exit(main())
