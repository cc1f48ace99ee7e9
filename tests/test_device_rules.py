"""What every operation owes to a device that is not the CPU, proven without one.

Results stay on the device of the input. Nothing is made elsewhere and moved, and nothing waits for the
device in order to read a number: no ``item``, no ``cpu``, no ``numpy``, no branch on a value. The proof
runs each operation on tensors without data (FakeTensorMode on a device that is not the CPU, and the meta
device), where reading a number is impossible, watches every operator that torch is asked for, and reads the
source.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
)
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import convbook
from tests.operations import METHODS, OPERATIONS, READS_NUMBERS, Operation

PACKAGE = Path(convbook.__file__).parent
ROOT = Path(__file__).parents[1]


def stand_in() -> str:
    """Where tensors without data claim to be: "cuda", or "lazy" where torch was built for the CPU alone.

    Such a build can't index a tensor on "cuda", even one without data: Python's indexing asks for a guard
    of the device first. It has one for "lazy", which is another device that is not the CPU.
    """
    try:
        with FakeTensorMode():
            return str(torch.empty(2, device="cuda")[:1].copy_(torch.empty(1, device="cuda")).device)
    except RuntimeError:
        return "lazy:0"


GPU = torch.device(stand_in())
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


# ----------------------------------------------------------------------------------------------- the tripwire

READS = {"_local_scalar_dense", "equal", "nonzero", "is_nonzero", "unique_dim", "_unique2", "masked_select"}
"""Operators whose answer the host waits for: a number, or a size that depends on numbers."""

COPIES_FROM_HOST = {"lift_fresh", "lift_fresh_copy"}
"""What ``torch.tensor(a list)`` leads to: the numbers are copied to the device while the host waits."""


class Tripwire(TorchDispatchMode):
    """Records each operator that makes a tensor off the device, moves one, or reads a number."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.faults: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        result = func(*args, **(kwargs or {}))
        if name in READS:
            self.faults.append(f"{name} reads numbers from the device")
        if name in COPIES_FROM_HOST:
            self.faults.append(f"{name}: numbers of a Python list are copied to the device, which waits")
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor) and leaf.device.type != self.device.type:
                self.faults.append(f"{name} gives a tensor on {leaf.device}")
        return result


@contextmanager
def watched(device: torch.device) -> Iterator[None]:
    """Fail where the block did what it must not on that device."""
    with Tripwire(device) as wire:
        yield
    assert not wire.faults, sorted(set(wire.faults))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda x: x + torch.zeros(3), "zeros gives a tensor on cpu"),
        (lambda x: x * torch.tensor([1.0, 2.0, 3.0], device=x.device), "lift_fresh"),
        (lambda x: x.to("cpu"), "_to_copy gives a tensor on cpu"),
    ],
)
def test_the_tripwire_trips(wrong: Callable[[Tensor], Tensor], says: str) -> None:
    """Each thing it looks for is found: without this the tests below would prove nothing."""
    with (
        FakeTensorMode(),
        pytest.raises((AssertionError, RuntimeError), match=f"{says}|device"),
        watched(GPU),
    ):
        wrong(torch.empty(3, device=GPU))


@pytest.mark.parametrize("read", [Tensor.item, bool, float, int, Tensor.nonzero])
def test_data_cannot_be_read_without_data(read: Callable[[Tensor], object]) -> None:
    """Reading a number of a tensor without data raises, so a branch on values would be found."""
    with FakeTensorMode(), pytest.raises((DataDependentOutputException, DynamicOutputShapeException)):
        read(torch.empty(1, device=GPU))
    with pytest.raises((RuntimeError, NotImplementedError)):
        read(torch.empty(1, device="meta"))


# --------------------------------------------------------------------------------------------- the operations


@every_operation
def test_it_stays_on_the_device(operation: Operation) -> None:
    """The result is on the device of the tensors, with the shape and dtype that the CPU gives."""
    truth = operation.run(*operation.tensors(torch.float32))
    with FakeTensorMode(), torch.no_grad():
        tensors = [torch.empty(shape, device=GPU) for shape in operation.shapes]
        with watched(GPU):
            result = operation.run(*tensors)
        assert result.device == GPU
        assert (tuple(result.shape), result.dtype) == (tuple(truth.shape), truth.dtype)


@every_operation
def test_gradients_stay_on_the_device(operation: Operation) -> None:
    """Backward as well as forward: each gradient is on the device, and nothing was made or read elsewhere."""
    with FakeTensorMode():
        tensors = [torch.empty(shape, device=GPU, requires_grad=True) for shape in operation.shapes]
        with watched(GPU):
            gradients = torch.autograd.grad(operation.run(*tensors).sum(), tensors)
        assert [gradient.device for gradient in gradients] == [GPU] * len(tensors)
        assert [tuple(gradient.shape) for gradient in gradients] == [
            tuple(shape) for shape in operation.shapes
        ]


@every_operation
def test_it_needs_no_data(operation: Operation) -> None:
    """On the meta device, forward and backward, shapes alone are enough."""
    truth = operation.run(*operation.tensors(torch.float32))
    tensors = [torch.empty(shape, device="meta", requires_grad=True) for shape in operation.shapes]
    with watched(torch.device("meta")):
        result = operation.run(*tensors)
        gradients = torch.autograd.grad(result.sum(), tensors)
    assert (result.device.type, tuple(result.shape)) == ("meta", tuple(truth.shape))
    assert [tuple(gradient.shape) for gradient in gradients] == [tuple(shape) for shape in operation.shapes]


@every_operation
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_the_dtype_follows_the_input_on_the_device(operation: Operation, dtype: torch.dtype) -> None:
    """Half types are not returned as float32, nor float64 as float32, on a device either."""
    with FakeTensorMode(), torch.no_grad(), watched(GPU):
        result = operation.run(*(torch.empty(shape, device=GPU, dtype=dtype) for shape in operation.shapes))
        assert result.dtype == dtype


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if len(op.shapes) > 1], ids=str)
def test_tensors_on_two_devices_are_an_error_that_names_them(operation: Operation) -> None:
    """One tensor on the CPU and one on a GPU: the error says which is where, before any work."""
    with FakeTensorMode():
        tensors = [torch.empty(shape, device=GPU) for shape in operation.shapes]
        tensors[-1] = torch.empty(operation.shapes[-1], device="cpu")
        with pytest.raises(ValueError, match=rf"on {GPU}.*on cpu|on cpu.*on {GPU}"):
            operation.run(*tensors)


@pytest.mark.parametrize("method", READS_NUMBERS)
def test_a_method_that_reads_numbers_declines_a_device(method: str) -> None:
    """Off the CPU that would mean waiting for the device."""
    with FakeTensorMode():
        x, w = torch.empty(1, 1, 8, 8, device=GPU), torch.empty(1, 1, 3, 3, device=GPU)
        with pytest.raises(NotImplementedError, match=f"'{method}'"):
            convbook.conv2d(x, w, method=method)


def test_the_methods_that_run_on_a_device_are_all_others() -> None:
    """The table of operations leaves out these methods, and no other."""
    assert {op.name.partition(":")[2] for op in METHODS} == set(convbook.METHODS) - set(READS_NUMBERS)


# ----------------------------------------------------------------------- the GPU's own tests, from here


def gpu_session(*options: str) -> subprocess.CompletedProcess[str]:
    """What `nox -s gpu` runs."""
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "tests/gpu", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.skipif(
    torch.cuda.is_available(), reason="there is a GPU: `nox -s gpu` runs the tests themselves"
)
def test_the_gpu_session_fails_in_one_sentence_without_a_device() -> None:
    """No device: a clear sentence and an exit code that is not 0, never a row of skips."""
    done = gpu_session()
    assert done.returncode == 1
    assert "no CUDA device: torch" in done.stdout
    assert "nothing was tested on a GPU" in done.stdout
    assert "passed" not in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(
    torch.cuda.is_available(), reason="there is a GPU: `nox -s gpu` runs the tests themselves"
)
def test_the_gpu_session_is_rehearsed_on_the_cpu() -> None:
    """The code of tests/gpu runs: its names, shapes and bounds hold with the CPU in the device's place."""
    done = gpu_session("-p", "tests.gpu.rehearsal")
    assert done.returncode == 0, done.stdout[-4000:]
    assert "REHEARSAL ON THE CPU" in done.stdout


# ------------------------------------------------------------------------------------------------- the source

# Where the arithmetic may read numbers, because it asked first whether the tensor is on the CPU and outside
# of torch.compile and vmap: (module, function) → why.
MAY_READ: dict[tuple[str, str], str] = {
    ("_compile", "array"): "its callers asked `readable`",
    ("compiled", "correlate"): "the output that it has made, on the CPU",
    ("compiled", "_to_weight"): "the sums that it has made, on the CPU",
    ("_steps", "finite_sum"): "it asks `readable`",
    ("pooling", "max_unpool2d"): "it asks `readable`",
}

READING = {"item", "cpu", "numpy", "tolist", "cuda"}
FACTORIES = {
    f"torch.{name}"
    for name in ("zeros", "ones", "empty", "full", "arange", "eye", "linspace", "rand", "randn", "tensor")
}
# Layers make their parameters on torch's default device, as every module does; tiles come from arrays of
# other libraries and go back to them; kernels are judged on the CPU.
NOT_ARITHMETIC = {
    "tiled",
    "testing",
    "drawing",
    "images",
    "exercises",
    "learning",
    "__main__",
    "kernels",
    "layers",
}


def sources() -> list[Path]:
    """The modules of the arithmetic."""
    files = sorted(PACKAGE.rglob("*.py"))
    return [
        path for path in files if path.relative_to(PACKAGE).with_suffix("").parts[0] not in NOT_ARITHMETIC
    ]


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a module with the function that it is in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for outer in tree.body:
        inside = getattr(outer, "name", "<module>")
        yield from ((inside, node) for node in ast.walk(outer) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_arithmetic_reads_no_number_from_a_tensor(path: Path) -> None:
    """No ``.item()``, ``.cpu()``, ``.numpy()``, ``.tolist()`` or ``.cuda()`` but where a reason is given."""
    found = [
        (path.stem, inside, call.func.attr)
        for inside, call in calls(path)
        if isinstance(call.func, ast.Attribute) and call.func.attr in READING
    ]
    assert [entry for entry in found if entry[:2] not in MAY_READ] == []


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_tensor_is_made_on_a_stated_device(path: Path) -> None:
    """``torch.zeros(…)`` and its like say ``device=``; ``x.new_zeros(…)`` takes it from x."""
    for inside, call in calls(path):
        if ast.unparse(call.func) in FACTORIES:
            stated = {keyword.arg for keyword in call.keywords}
            assert "device" in stated, f"{path.name}, {inside}: {ast.unparse(call)}"
