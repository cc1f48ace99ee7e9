"""Every public operation on a CUDA device, against the CPU's definition in float64.

Tolerances are derived, not chosen: see :func:`tests.operations.bound`. Run by `nox -s gpu`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

import convbook
from tests.operations import GENERAL, METHODS, OPERATIONS, Operation, bound, gradient_bound

pytestmark = pytest.mark.gpu

DEVICE = "cuda"
"""What tests/gpu/rehearsal.py replaces by "cpu"."""

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
every_method = pytest.mark.parametrize("operation", METHODS, ids=str)
VECTORIZED = [
    op for op in OPERATIONS if op.name not in ("conv2d:definition",) and not op.name.startswith("corr2d")
]

FLOATING_ONLY = {"separable", "fft", "winograd"}
"""Methods whose steps leave the integers: they decline them by name."""

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


def on_gpu(tensors: list[Tensor]) -> list[Tensor]:
    """The same numbers on the device."""
    return [tensor.detach().to(DEVICE) for tensor in tensors]


def error(result: Tensor, operation: Operation, tensors: list[Tensor]) -> Tensor:
    """How far each number of a result is from the CPU's definition in float64."""
    return (result.detach().cpu().double() - operation.exact(*tensors)).abs()


@contextmanager
def no_synchronization() -> Iterator[None]:
    """Let every wait for the device be an error."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


# ------------------------------------------------------------------------------------------------- numbers


@every_operation
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_results_are_within_the_derived_bound(operation: Operation, dtype: torch.dtype) -> None:
    """Without TF32, |GPU − definition| ≤ what roundings of this dtype add up to; device and dtype stay."""
    tensors = operation.tensors(dtype)
    result = operation.run(*on_gpu(tensors))
    assert (result.device.type, result.dtype) == (DEVICE, dtype)
    off = error(result, operation, tensors)
    limit = bound(operation, tensors, dtype)
    assert (off <= limit).all(), f"up to {(off / limit).max():.2f} of the bound"


@every_operation
def test_gradients_are_within_the_derived_bound_and_stay_on_the_device(operation: Operation) -> None:
    """The same for the gradients of all inputs, in float64."""
    tensors = operation.tensors(torch.float64)
    here = [tensor.clone().requires_grad_() for tensor in tensors]
    there = [tensor.requires_grad_() for tensor in on_gpu(tensors)]
    truth = torch.autograd.grad((operation.reference or operation.run)(*here).sum(), here)
    found = torch.autograd.grad(operation.run(*there).sum(), there)
    limits = gradient_bound(operation, tensors, torch.float64)
    for mine, theirs, limit in zip(found, truth, limits, strict=True):
        assert mine.device.type == DEVICE
        assert ((mine.cpu() - theirs).abs() <= limit).all()


def test_tf32_errs_more_and_stays_inside_its_own_bound() -> None:
    """cuDNN with TF32 on: a larger error than with TF32 off, within the bound for factors of 11 bits."""
    if torch.cuda.get_device_capability() < (8, 0):
        pytest.fail("this device has no TF32 (compute capability below 8.0): run on a newer one to test it")
    shapes = ((8, 64, 32, 32), (64, 64, 3, 3))
    operation = Operation(
        "conv2d:tf32",
        lambda x, w: convbook.conv2d(x, w, padding=1, method="torch"),
        shapes,
        64 * 9,
        reference=lambda x, w: torch.nn.functional.conv2d(x, w, padding=1),
    )
    tensors = operation.tensors(torch.float32)
    exact = error(operation.run(*on_gpu(tensors)), operation, tensors)
    torch.backends.cudnn.allow_tf32 = True
    rounded = error(operation.run(*on_gpu(tensors)), operation, tensors)
    assert rounded.max() > 10 * exact.max()
    assert (exact <= bound(operation, tensors, torch.float32)).all()
    assert (rounded <= bound(operation, tensors, torch.float32, tf32=True)).all()


@every_method
def test_the_same_call_twice_gives_the_same_bits(operation: Operation) -> None:
    """Forward results are deterministic, method by method."""
    tensors = on_gpu(operation.tensors(torch.float32))
    assert torch.equal(operation.run(*tensors), operation.run(*tensors))


@every_method
def test_integers_are_exact_on_the_device(operation: Operation) -> None:
    """int64 gives the exact integers, or the method declines integers by its name."""
    generator = torch.Generator().manual_seed(1)
    tensors = [torch.randint(-9, 10, shape, generator=generator) for shape in operation.shapes]
    method = operation.name.partition(":")[2]
    if method in FLOATING_ONLY:
        with pytest.raises(NotImplementedError, match=repr(method)):
            operation.run(*on_gpu(tensors))
        return
    result = operation.run(*on_gpu(tensors))
    assert result.dtype == torch.int64
    assert torch.equal(result.cpu().double(), operation.exact(*tensors))


# ---------------------------------------------------------------------------------------------- the device


@every_operation
def test_nothing_waits_for_the_device(operation: Operation) -> None:
    """No host synchronization inside an operation, forward and backward."""
    tensors = [tensor.requires_grad_() for tensor in on_gpu(operation.tensors(torch.float32))]
    torch.autograd.grad(
        operation.run(*tensors).sum(), tensors
    )  # libraries set themselves up at the first call
    with no_synchronization():
        torch.autograd.grad(operation.run(*tensors).sum(), tensors)


def test_the_alarm_for_waiting_works() -> None:
    """The debug mode that the test above relies on does find a wait."""
    with no_synchronization(), pytest.raises(RuntimeError, match="synchroniz"):
        torch.ones(1, device=DEVICE).item()


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if len(op.shapes) > 1], ids=str)
def test_tensors_on_two_devices_are_an_error_that_names_them(operation: Operation) -> None:
    """One tensor left on the CPU: the error says which is where."""
    tensors = operation.tensors(torch.float32)
    with pytest.raises(ValueError, match=r"on cuda.*on cpu|on cpu.*on cuda"):
        operation.run(*on_gpu(tensors)[:-1], tensors[-1])


def test_box_declines_the_device_by_name() -> None:
    """The one method that must look at the kernel's numbers does not wait for them: it says so."""
    x, w = torch.ones(1, 1, 8, 8, device=DEVICE), torch.ones(1, 1, 3, 3, device=DEVICE)
    with pytest.raises(NotImplementedError, match="'box'"):
        convbook.conv2d(x, w, method="box")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_autocast_runs_and_keeps_the_definition(dtype: torch.dtype) -> None:
    """Under autocast a float32 convolution is as good as one of the half type, and gradients are float32."""
    operation = next(op for op in METHODS if op.name == "conv2d:auto")
    tensors = [tensor.requires_grad_() for tensor in on_gpu(operation.tensors(torch.float32))]
    with torch.autocast(DEVICE, dtype=dtype):
        result = operation.run(*tensors)
    halves = [tensor.detach().cpu().to(dtype) for tensor in tensors]
    # Rounding the factors to the half type is allowed for twice: by autocast, and by comparing with them.
    assert (error(result, operation, halves) <= 3 * bound(operation, halves, dtype)).all()
    gradients = torch.autograd.grad(result.float().sum(), tensors)
    assert [gradient.dtype for gradient in gradients] == [torch.float32] * len(tensors)


@every_method
def test_channels_last_gives_the_same_numbers(operation: Operation) -> None:
    """Images and kernels stored channels last are the same tensors, within the same bound."""
    tensors = operation.tensors(torch.float32)
    x, w, b = on_gpu(tensors)
    last = operation.run(x.to(memory_format=torch.channels_last), w.to(memory_format=torch.channels_last), b)
    assert (error(last, operation, tensors) <= bound(operation, tensors, torch.float32)).all()


@pytest.mark.parametrize("operation", VECTORIZED, ids=str)
def test_a_graph_captures_and_replays_it(operation: Operation) -> None:
    """A CUDA graph of the operation, replayed on new numbers, gives what a call on them gives."""
    static = on_gpu(operation.tensors(torch.float32, seed=0))
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # warm-up on a side stream, as capturing asks for
        for _ in range(3):
            operation.run(*static)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = operation.run(*static)
    fresh = operation.tensors(torch.float32, seed=1)
    for place, numbers in zip(static, fresh, strict=True):
        place.copy_(numbers)
    graph.replay()
    torch.cuda.synchronize()
    assert (error(captured, operation, fresh) <= bound(operation, fresh, torch.float32)).all()


def test_several_devices_or_the_one_there_is() -> None:
    """The result is on the very device of the input, the last one where there are several."""
    device = torch.device(DEVICE, torch.cuda.device_count() - 1)
    x, w = torch.ones(1, 2, 6, 7, device=device), torch.ones(3, 2, 3, 2, device=device)
    assert convbook.conv2d(x, w).device == device


# ------------------------------------------------------------------------------------- memory and time, shown

SIDE, REPEATS = 64, 20
"""Rows of a large image and calls of a timing; tests/gpu/rehearsal.py has smaller ones."""


def large(method: str) -> list[Tensor]:
    """Tensors of a layer in the middle of a network, for `GENERAL` settings."""
    kernel = (32, 32, 3, 3) if method == "winograd" else (32, 16, 3, 2)
    shapes = ((8, 32, SIDE, SIDE), kernel, (32,))
    return [torch.randn(shape, device=DEVICE) for shape in shapes]


def call(method: str, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """One call of a method in the setting of the table."""
    settings = {"padding": 1} if method == "winograd" else GENERAL
    return convbook.conv2d(x, w, b, **settings, method=method)


def test_memory_of_each_method(capsys: pytest.CaptureFixture[str]) -> None:
    """Peak memory beside the inputs: torch's own and `auto` at most a few outputs; the table is printed."""
    lines = []
    for operation in METHODS:
        method = operation.name.partition(":")[2]
        if method == "definition":
            continue
        tensors = large(method)
        call(method, *tensors)
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        output = call(method, *tensors)
        torch.cuda.synchronize()
        extra = (torch.cuda.max_memory_allocated() - before) / (output.numel() * output.element_size())
        lines.append((method, extra))
    with capsys.disabled():
        print("\npeak memory, in outputs:", ", ".join(f"{method} {extra:.1f}" for method, extra in lines))
    table = dict(lines)
    assert all(extra >= 1 for extra in table.values())
    # im2col writes each input value once a tap: kernel taps × channels of a group, at least
    assert table["im2col"] > table["shift"]


def test_time_of_each_method_by_events(capsys: pytest.CaptureFixture[str]) -> None:
    """Times by CUDA events after a warm-up, the median of 20; `auto` takes at most twice torch's own."""
    times = {}
    for operation in METHODS:
        method = operation.name.partition(":")[2]
        if method != "definition":
            tensors = large(method)
            times[method] = median_milliseconds(method, tensors)
    with capsys.disabled():
        print("\nmilliseconds:", ", ".join(f"{method} {value:.3f}" for method, value in times.items()))
    assert times["auto"] <= 2 * times["torch"] + 0.05
    assert all(value > 0 for value in times.values())


def median_milliseconds(method: str, tensors: list[Tensor]) -> float:
    """The median time of a call, measured on the device: the host's clock would see the launch alone."""
    for _ in range(3):
        call(method, *tensors)
    found = []
    for _ in range(REPEATS):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        call(method, *tensors)
        end.record()
        end.synchronize()
        found.append(start.elapsed_time(end))
    return sorted(found)[REPEATS // 2]


def test_the_hosts_clock_sees_the_launch_alone() -> None:
    """Why events: a host that does not wait measures less than the work takes."""
    x = torch.randn(16, 64, 2 * SIDE, 2 * SIDE, device=DEVICE)
    w = torch.randn(64, 64, 5, 5, device=DEVICE)
    convbook.conv2d(x, w, method="torch")
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(10):
        convbook.conv2d(x, w, method="torch")
    launched = time.perf_counter() - start
    torch.cuda.synchronize()
    assert time.perf_counter() - start > launched
