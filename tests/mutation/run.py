"""Break the arithmetic and the checks, one operator or branch at a time, and show that a test notices each.

    python tests/mutation/run.py                        # every module below, a few minutes
    python tests/mutation/run.py windows _checks        # some
    python tests/mutation/run.py --list                 # what would be broken
    python tests/mutation/run.py --again survivors.txt  # only what an earlier run printed as survivors

Each mutant changes one place of one function: + to −, < to ≤, `and` to `or`, one of two conditions left out,
a condition to its opposite, 0 to 1, `min` to `max`, True to False, a call that only judges left out. Pytest
collects the module's tests once, and a first run notes which test calls which function. Then, for each
mutant, a forked process puts the changed code into the function and runs the tests that call it, quick ones
first, until one fails. A mutant that no test notices survives, is printed, and makes the run fail, unless
EQUIVALENT gives the reason why no test could notice it.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import json
import os
import resource
import signal
import sys
import time
import types
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
    "_forms": ["test_forms", "test_checks", "test_geometry"],
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

SECONDS = 2
"""A test that computes for so much longer than four times as long as without a mutant is endless: killed."""

MEMORY = 8 * 2**30
"""Bytes that the tests of a mutant may hold: some mutants remove what stops a padding of 10⁹."""

EQUIVALENT: dict[str, str] = {
    "windows: not torch.compiler.is_compiling() → torch.compiler.is_compiling()": (
        "seen by the tests that compile"
    ),
    "conv: padding_mode != 'zeros' and setting.padding != _checks.NO_PADDING → "
    "setting.padding != _checks.NO_PADDING": "the zeros are added here instead of by the method",
    "conv: padding_mode != 'zeros' and setting.padding != _checks.NO_PADDING → padding_mode != 'zeros'": (
        "nothing is added around: the image is copied once more"
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
    "geometry: size[a] > goal[a] → size[a] >= goal[a]": "one layer by itself, then as many at once as before",
    "pooling: with_padding=True → with_padding=False": "lp_pool2d has no padding",
    "pooling: total.masked_fill(nothing, 1) → total.masked_fill(nothing, 2)": "any number that has a root",
    **{
        f"pooling: {change}": "a mask of windows of padding alone is made, and marks none"
        for change in (
            *("p > 0 and d > 1 → p > 0 or d > 1", "p > 0 and d > 1 → p > 0", "p > 0 and d > 1 → d > 1"),
            *("p > 0 → p >= 0", "d > 1 → d >= 1"),
        )
    },
    "_checks: Setting(_short(step, size, around), around, _between(gap, kernel), 1, out) → "
    "Setting(_short(step, size, around), around, _between(gap, kernel), 2, out)": (
        "unfold and fold read no groups"
    ),
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
    in_time: bool = True

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
        new = ast.copy_location(change(node), node)
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
        if name in ("annotation", "returns", "decorator_list", "args") and not isinstance(node, ast.Call):
            continue  # types and defaults
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
        if len(node.values) > 2:  # with two, one of them alone decides
            for position in range(len(node.values)):
                yield lambda n, at=position: ast.BoolOp(n.op, n.values[:at] + n.values[at + 1 :])
        else:
            yield lambda n: n.values[0]
            yield lambda n: n.values[1]
    if isinstance(node, ast.AugAssign) and type(node.op) in SWAPS:
        yield lambda n: ast.AugAssign(n.target, SWAPS[type(n.op)](), n.value)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield lambda n: ast.Pass()
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in TWINS:
            yield lambda n: ast.Call(ast.Name(TWINS[n.func.id], ast.Load()), n.args, n.keywords)
        for position, argument in enumerate(node.args):
            if is_small(argument):
                yield lambda n, at=position: ast.Call(
                    n.func,
                    [ast.Constant(arg.value + 1) if i == at else arg for i, arg in enumerate(n.args)],
                    n.keywords,
                )
    # zip(strict=True) guards against slips in the code itself, and no caller can make one
    if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant) and node.arg != "strict":
        if isinstance(node.value.value, bool):
            yield lambda n: ast.keyword(n.arg, ast.Constant(not n.value.value))
        elif is_small(node.value):
            yield lambda n: ast.keyword(n.arg, ast.Constant(n.value.value + 1))
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
            if is_small(getattr(node, side)):
                yield lambda n, at=side: with_one_more(n, at)


TWINS = {"min": "max", "max": "min", "all": "any", "any": "all"}


def is_small(node: ast.AST) -> bool:
    """Tell whether a node is a number from 0 to 2, which a formula may have one too small."""
    return isinstance(node, ast.Constant) and type(node.value) is int and 0 <= node.value <= 2


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


@dataclass
class Usual:
    """What a test does without a mutant: how long it takes, and which functions of the module it calls."""

    seconds: float
    calls: frozenset[tuple[str, int]]


class Runner:
    """Pytest's plugin: in place of the run of all tests, a run for each mutant, each in a forked process."""

    def __init__(self, module: str, say: Callable[[str], None], earlier: str) -> None:
        self.path = str(ROOT / "convbook" / f"{module}.py")
        self.found = [m for m in mutants(module) if not earlier or f"{m.before} → {m.after}\n" in earlier]
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
        gc.freeze()  # a collection in a forked process would copy all of its memory
        usual = self.without_a_mutant(session)
        if len(usual) < len(session.items):
            broken = session.items[len(usual)].nodeid
            self.refusal = f"the tests fail without any mutant, or did not run: {broken}"
            return True
        self.refusal = ""
        killers: list[pytest.Item] = []  # the latest first: mutants of one place are often noticed alike
        for mutant in self.found:
            order = self.tests_for(mutant, session.items, usual)
            order.sort(key=lambda item: killers.index(item) if item in killers else len(killers))
            noticed = self.in_a_process(session, mutant, functions, order, usual)
            if noticed is not None:
                killers = [noticed, *(item for item in killers if item is not noticed)][:3]
            if not mutant.killer and mutant.key not in EQUIVALENT:
                self.say(
                    f"    survived {len(order)} tests: {mutant.module}.py:{mutant.line}: {mutant.before} → "
                    f"{mutant.after}"
                )
        self.seconds = time.perf_counter() - start
        return True

    def without_a_mutant(self, session: pytest.Session) -> dict[str, Usual]:
        """Run every test once, in a forked process, and return what each does; stop at one that fails."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            for item, following in zip(session.items, [*session.items[1:], None], strict=True):
                called: set[tuple[str, int]] = set()

                def note(frame: types.FrameType, event: str, _: Any, called: Any = called) -> None:
                    code = frame.f_code
                    if event == "call" and code.co_filename == self.path:
                        called.add((code.co_qualname, code.co_firstlineno))

                start = time.process_time()
                sys.setprofile(note)
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                sys.setprofile(None)
                if session.testsfailed:
                    break
                line = [item.nodeid, time.process_time() - start, sorted(called)]
                os.write(writing, (json.dumps(line) + "\n").encode())
            os._exit(0)
        os.close(writing)
        found = {}
        with os.fdopen(reading, encoding="utf-8") as pipe:
            for line in pipe:
                name, seconds, calls = json.loads(line)
                found[name] = Usual(seconds, frozenset((a, b) for a, b in calls))
        os.waitpid(child, 0)
        return found

    def tests_for(
        self, mutant: Mutant, items: list[pytest.Item], usual: dict[str, Usual]
    ) -> list[pytest.Item]:
        """Return the tests that call the function that a mutant changes, the quick ones first."""
        around = {
            (code.co_qualname, code.co_firstlineno)
            for code in code_objects(mutant.code)
            if code.co_name != "<module>"
            and code.co_firstlineno <= mutant.line <= max(line or 0 for *_, line in code.co_lines())
        }
        chosen = [item for item in items if usual[item.nodeid].calls & around]
        return sorted(chosen, key=lambda item: usual[item.nodeid].seconds)

    def in_a_process(
        self,
        session: pytest.Session,
        mutant: Mutant,
        functions: dict[tuple[str, str], list[types.FunctionType]],
        order: list[pytest.Item],
        usual: dict[str, Usual],
    ) -> pytest.Item | None:
        """Run tests on a mutant until one notices; return that test."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            put_in(mutant, functions)
            for number, (item, following) in enumerate(zip(order, [*order[1:], None], strict=True)):
                os.write(writing, f"{number}\n".encode())
                signal.setitimer(signal.ITIMER_PROF, SECONDS + 4 * usual[item.nodeid].seconds)
                session.testsfailed = 0
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.testsfailed:
                    os._exit(1)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as pipe:
            started = pipe.read().split()
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if ended == 0:
            return None
        noticed = order[int(started[-1])]
        mutant.killer, mutant.in_time = noticed.nodeid, ended != -signal.SIGPROF
        return noticed


def run(module: str, say: Callable[[str], None], earlier: str) -> Runner:
    """Break one module in every way and return what happened."""
    runner = Runner(module, say, earlier)
    files = [str(ROOT / "tests" / f"{name}.py") for name in TESTS[module]]
    quiet = ["-q", "--no-header", "--no-summary", "--tb=no", "-p", "no:cacheprovider", "-W", "ignore"]
    pytest.main([*quiet, "--rootdir", str(ROOT), "-k", f"not {LEFT_OUT}", *files], plugins=[runner])
    return runner


FIGURES = "figures "


def report(module: str, writing: int, earlier: str) -> None:
    """Break a module, and write each survivor as it is found, then the figures, into a pipe."""

    def say(line: str) -> None:
        os.write(writing, f"{line}\n".encode())

    runner = run(module, say, earlier)
    if runner.refusal:
        say(runner.refusal)
        say(f"{FIGURES}0 0 0 0 1 0")
        return
    alive = [m for m in runner.found if not m.killer]
    known = sum(m.key in EQUIVALENT for m in alive)
    count, slow = len(runner.found), sum(not m.in_time for m in runner.found)
    figures = (count, count - len(alive), slow, known, len(alive) - known, round(runner.seconds))
    say(FIGURES + " ".join(map(str, figures)))


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
    parser.add_argument("--again", type=Path, metavar="FILE", help="only what that output names as survivors")
    options = parser.parse_args()
    earlier = options.again.read_text(encoding="utf-8") if options.again else ""
    rows: dict[str, list[int]] = {}
    for module in options.modules or TESTS:
        if options.list:
            print(*(f"{m.module}.py:{m.line}: {m.before} → {m.after}" for m in mutants(module)), sep="\n")
            continue
        # A process for each module, so that each starts from unbroken code.
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            silence()
            report(module, writing, earlier)
            os._exit(0)
        os.close(writing)
        print(module, flush=True)
        with os.fdopen(reading, encoding="utf-8") as pipe:
            for line in pipe:
                if line.startswith(FIGURES):
                    rows[module] = [int(number) for number in line.removeprefix(FIGURES).split()]
                else:
                    print(line, end="", flush=True)
        os.waitpid(child, 0)
        rows.setdefault(module, [0, 0, 0, 0, 1, 0])  # it ended without a word
    if options.list:
        return 0
    print(*table(rows), sep="\n")
    return int(any(row[4] for row in rows.values()))


def table(rows: dict[str, list[int]]) -> Iterator[str]:
    """Yield the lines of a table of what was found in each module."""
    head = ("module", "mutants", "killed", "by time", "equivalent", "survived", "seconds")
    total = [sum(column) for column in zip(*rows.values(), strict=True)]
    for name, *row in (head, *((name, *row) for name, row in rows.items()), ("in all", *total)):
        yield f"{name:<24}" + "".join(f"{entry:>12}" for entry in row)


if __name__ == "__main__":
    sys.exit(main())
