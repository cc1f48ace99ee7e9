"""The place that knows numba: optional, imported late, results kept on disk, short-lived threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from convbook import _compile

ROOT = Path(__file__).parents[1]

numba = pytest.importorskip("numba", reason="numba is optional")


def in_new_process(code: str) -> str:
    """What a program prints, in a process that has this checkout's package."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


LOOP = """
from convbook import _compile
@_compile.jit
def total(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s
"""


FIRST = """
import sys, convbook
assert "numba" not in sys.modules, "import convbook loads numba"
"""

THEN = """
import numpy, os
from loop import total
from convbook._compile import in_parts
assert total(numpy.ones(3)) == 3
in_parts(lambda first, last: None, 4, 2)
child = os.fork() or os._exit(in_parts(lambda first, last: None, 4, 2) or 7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7, "a forked process cannot use threads again"
print(sum(total.stats.cache_hits.values()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_second_process_finds_the_compiled_function(tmp_path: Path) -> None:
    """Compiling happens once where the module's folder is writable, and never in `import convbook`.

    The same processes show that one forked from a process that has used threads, as the book's kernels are,
    can use them again.
    """
    (tmp_path / "loop.py").write_text(LOOP, encoding="utf-8")
    code = f"{FIRST}sys.path.insert(0, {str(tmp_path)!r}){THEN}"
    assert [int(in_new_process(code)) for _ in range(2)] == [0, 1]


def test_a_function_without_a_file_is_compiled_all_the_same() -> None:
    """Numba refuses to cache what has no file, as what stands in a folder where nothing may be written."""
    scope: dict[str, object] = {}
    exec(compile(LOOP, "<no file>", "exec"), scope)
    total = scope["total"]
    assert callable(total)
    assert total(np.ones(3)) == 3


@pytest.mark.parametrize(
    "make", [lambda x: x, lambda x: x.T, lambda x: x[:, ::2], lambda x: x.requires_grad_()]
)
def test_array_holds_the_tensors_numbers_in_row_major_order(make) -> None:
    """Whatever the strides; numba then compiles one form only."""
    x = make(torch.arange(12.0).reshape(3, 4))
    got = _compile.array(x)
    assert got.flags.c_contiguous
    assert got.tolist() == x.tolist()


def test_array_resolves_lazy_conjugates() -> None:
    """A conjugated view keeps its numbers as they were; the array must not."""
    x = torch.tensor([[1 + 2j]]).conj()
    assert _compile.array(x)[0, 0] == 1 - 2j
    assert _compile.array(x.imag)[0, 0] == -2


@pytest.mark.parametrize("count", [0, 1, 2, 5, 8])
@pytest.mark.parametrize("parts", [1, 2, 3, 9])
def test_parts_cover_the_range_once(count: int, parts: int) -> None:
    """Each number of the range falls into one part, in threads of their own."""
    seen: list[int] = []
    threads = set()

    def run(first: int, last: int) -> None:
        threads.add(threading.get_ident())
        seen.extend(range(first, last))

    _compile.in_parts(run, count, parts)
    assert sorted(seen) == list(range(count))
    assert threading.get_ident() in threads


def test_an_error_in_any_part_reaches_the_caller() -> None:
    """Not only one in the caller's own thread."""

    def run(first: int, last: int) -> None:
        if first:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _compile.in_parts(run, 4, 2)


@pytest.mark.filterwarnings("ignore:.*deprecated")  # torch.jit, which torch's own forward mode uses too
def test_loops_may_not_read_what_is_recorded_or_transformed() -> None:
    """Their result would be missing in the record, or wrong under the transformation, without an error."""
    seen = []

    def look(x: torch.Tensor) -> torch.Tensor:
        seen.append(_compile.readable(x, None))
        return x * 2

    x = torch.ones(2)
    look(x)
    look(x.clone().requires_grad_())
    look(torch.nn.Parameter(x))
    assert seen == [True] * 3
    seen.clear()
    torch.func.vmap(look)(x)
    torch.func.grad(lambda x: look(x).sum())(x)
    torch.func.jvp(look, (x,), (x,))
    with torch.autograd.forward_ad.dual_level():
        look(torch.autograd.forward_ad.make_dual(x, x))
    torch.compile(look, backend="eager", fullgraph=True)(x)
    torch.jit.trace(look, x, check_trace=False)
    look(x.to("meta"))
    with FakeTensorMode():
        look(torch.ones(2))
    assert seen == [False] * len(seen)
    assert len(seen) >= 7
