"""Run what a reader wrote in a page, and say in a sentence what went wrong, with the reader's own line numbers."""

from __future__ import annotations

import ast
import builtins
import functools
import linecache
import math
import sys
import traceback
from collections.abc import Callable
from typing import Any

import torch

from convbook import exercises
from convbook.exercises._report import CheckResult, differing

FILE = "your code"
MOST_LINES, MOST_LETTERS, MOST_PRINTED = 2000, 100_000, 20_000
PRELUDE = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\nfrom convbook import *\n"
ALLOWED = set(
    "__future__ abc array bisect cmath collections contextlib convbook copy dataclasses datetime decimal enum fractions functools heapq "
    "inspect itertools json math numbers operator pprint random re statistics string textwrap time timeit torch types typing".split()
)
CLOSED = set(
    "asyncio builtins concurrent ctypes http importlib io js multiprocessing os pathlib pyodide pyodide_js shutil signal socket sqlite3 ssl "
    "subprocess sys tempfile threading urllib webbrowser".split()
)


class NotHere(Exception):
    """Something that a page cannot do, in a sentence."""


def _refuse(sentence: str) -> Callable[..., Any]:
    def refused(*given: Any, **options: Any) -> Any:
        raise NotHere(sentence)

    return refused


def _import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    top = name.partition(".")[0]
    if top in CLOSED:
        raise NotHere(
            f"`import {top}` does not work in the page, which has no files and no network. In the notebook it works."
        )
    if top not in ALLOWED:
        raise NotHere(f"`{top}` is not in the page; in the notebook it works.")
    module = builtins.__import__(name, globals, locals, fromlist, level)
    for part in fromlist or ():
        if part != "*" and not hasattr(module, part):
            getattr(module, part)
    return module


BUILTINS = vars(builtins) | {
    "__import__": _import,
    "input": _refuse(
        "input() would wait for a keyboard that the page does not give it. Write the value into the code."
    ),
    "open": _refuse(
        "open() finds nothing: the page has no files. Write the numbers into the code, or use the notebook."
    ),
    "exit": _refuse("exit() ends nothing here: the code ends after its last line."),
    "quit": _refuse("quit() ends nothing here: the code ends after its last line."),
    "breakpoint": _refuse(
        "breakpoint() needs a debugger, which the page does not have. Print what you want to see."
    ),
    "help": _refuse("help() is long: the reference of this book, and of torch, say more."),
}


class Printer:
    """Passes what is printed on, up to a bound."""

    def __init__(self, emit: Callable[[str], Any]) -> None:
        self.emit, self.left, self.waiting = emit, MOST_PRINTED, ""

    def write(self, text: str) -> int:
        if self.left >= 0:
            self.waiting += text[: self.left]
            self.left -= len(text)
            if ("\n" in text and len(self.waiting) > 1000) or self.left < 0:
                self.flush()
            if self.left < 0:
                self.emit(f"\n… more than {MOST_PRINTED} letters were printed; the rest is not shown.")
        return len(text)

    def flush(self) -> None:
        if self.waiting:
            self.emit(self.waiting)
        self.waiting = ""


SENTENCES: tuple[tuple[type[BaseException], str], ...] = (
    (
        RecursionError,
        "A function calls itself again and again without an end. Which call should have stopped it?",
    ),
    (MemoryError, "That needs more memory than the page may use. Make it smaller."),
    (IndentationError, "Python reads the indentation: lines that belong together begin in the same column."),
    (
        SyntaxError,
        "Python cannot read this line. Is a bracket, a quote or a colon missing, here or just above?",
    ),
    (torch.NotInThePage, ""),
    (NotHere, ""),
    (SystemExit, "The code ended itself."),
)


def explained(error: BaseException) -> dict[str, Any]:
    """The reader's part of a traceback, the error as Python prints it, and a sentence."""
    steps = [step for step in traceback.extract_tb(error.__traceback__) if step.filename == FILE]
    lines = [
        f"line {step.lineno}{'' if step.name == '<module>' else f', in {step.name}'}: {(step.line or '').strip()}"
        for step in steps
    ]
    if len(lines) > 6:
        lines = [*lines[:3], f"… {len(lines) - 6} more", *lines[-3:]]
    number = steps[-1].lineno if steps else None
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError) and error.filename == FILE:
        number = error.lineno
        lines = [f"line {number}: {(error.text or '').strip()}"]
        text = f"{type(error).__name__}: {error.msg}"
    sentence = next((words for kind, words in SENTENCES if isinstance(error, kind)), "")
    if isinstance(error, (torch.NotInThePage, NotHere)):
        text, sentence = str(error).rstrip(".") + ".", ""
    if isinstance(error, RecursionError):
        lines = lines[:3]
    return {"lines": lines, "line": number, "text": text, "sentence": sentence}


def run(code: str, checks: list[tuple[str, str]], emit: Callable[[str], Any]) -> dict[str, Any]:
    """Run the code, then hold its functions against their checkers; what it prints is emitted."""
    printer, before = Printer(emit), (sys.stdout, sys.stderr)
    sys.stdout = sys.stderr = printer  # type: ignore[assignment]
    try:
        return _run(code, checks)
    except BaseException as error:
        return {"error": explained(error)}
    finally:
        printer.flush()
        sys.stdout, sys.stderr = before


def _run(code: str, checks: list[tuple[str, str]]) -> dict[str, Any]:
    lines = code.count("\n") + 1
    if lines > MOST_LINES or len(code) > MOST_LETTERS:
        raise NotHere(
            f"This is a text of {lines} lines; the page runs {MOST_LINES} lines and {MOST_LETTERS} letters at most."
        )
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)
    names: dict[str, Any] = {"__builtins__": BUILTINS, "__name__": "__main__"}
    exec(PRELUDE, names)
    tree = ast.parse(code, FILE)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, FILE, "exec"), names)
    if last is not None:  # as a notebook does, the value of the last line is shown
        value = eval(compile(ast.Expression(last.value), FILE, "eval"), names)
        if value is not None:
            print(repr(value))
    return {"results": [judged(check, name, names) for check, name in checks]}


def judged(check: str, name: str, names: dict[str, Any]) -> dict[str, Any]:
    """The verdict on one of the reader's names, as plain lists and numbers."""
    if name not in names:
        return {"name": name, "passed": False, "missing": True}
    answer, errors = names[name], []

    def watched(*given: Any, **options: Any) -> Any:
        try:
            return answer(*given, **options)
        except Exception as error:
            errors.append(error)
            raise

    if callable(answer):
        functools.update_wrapper(watched, answer)
    result: CheckResult = getattr(exercises, check)(watched if callable(answer) else answer)
    absent = next((error for error in errors if isinstance(error, (torch.NotInThePage, NotHere))), None)
    if absent is not None:
        raise absent
    found: dict[str, Any] = {
        "name": name, "check": check, "passed": result.passed, "report": repr(result), "cases": result.cases,
        "failed_case": result.failed_case, "about": result.about, "hint": result.hint,
    }  # fmt: skip
    if not result.passed:
        found["arguments"] = {key: _shown(value) for key, value in result.arguments.items()}
        found["expected"], found["got"] = _shown(result.expected), _shown(result.got)
        if errors and isinstance(result.got, str):
            found["error"] = explained(errors[0])
        if isinstance(result.got, torch.Tensor) and result.got.shape == result.expected.shape:
            found["differing"] = differing(result.expected, result.got).tolist()
    return found


def _shown(value: Any) -> Any:
    """A value as lists and words; numbers that JSON does not know become words."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_shown(part) for part in value]
    if isinstance(value, float):
        return (
            (int(value) if value.is_integer() and abs(value) < 1e15 else float(f"{value:.6g}"))
            if math.isfinite(value)
            else str(value)
        )
    return value if value is None or isinstance(value, (int, str)) else str(value)
