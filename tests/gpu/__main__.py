"""One table of convbook on a GPU: `python -m tests.gpu`, from a plain checkout, in a few minutes.

It needs torch with CUDA, pytest, hypothesis and SciPy, and no network.  First it runs the tests of this
folder, then it prints a row for each operation: the largest error in units of its bound (1 is the bound),
and a row for each method: its memory and its time by CUDA events, beside torch's own.  `python -m
tests.gpu --device cpu` rehearses the table where there is no GPU; the numbers of memory and time are left
out there.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import convbook
from convbook.__main__ import report
from tests.operations import METHODS, OPERATIONS, Operation, bound, gradient_bound

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def main() -> int:
    """Run the tests and print the table; return how many things failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__)
    parser.add_argument("--device", default="cuda", help="cuda, or cpu for a rehearsal of the table")
    device = parser.parse_args().device
    if device == "cuda" and not torch.cuda.is_available():
        print(f"no CUDA device: torch {torch.__version__} sees none, so nothing was tested on a GPU")
        return 1
    tests = pytest.main(["-q", "-m", "gpu", "tests/gpu"]) if device == "cuda" else 0
    print(report())
    beyond = print_errors(device)
    if device == "cuda":
        print_methods()
    print(f"{beyond} operations beyond their bound; the tests ended with {int(tests)}")
    return beyond + int(tests)


# ------------------------------------------------------------------------------------------------- errors


def print_errors(device: str) -> int:
    """Print each operation's largest error over its bound, by dtype; return how many went beyond it."""
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    columns = [str(dtype).removeprefix("torch.") for dtype in DTYPES] + ["TF32", "channels_last", "gradients"]
    print(f"\n{'error / bound':<34}" + "".join(f"{name:>14}" for name in columns))
    beyond = 0
    for operation in OPERATIONS:
        found = [forward(operation, device, dtype) for dtype in DTYPES]
        found.append(forward(operation, device, torch.float32, tf32=True))
        found.append(forward(operation, device, torch.float32, memory_format=torch.channels_last))
        found.append(backward(operation, device))
        worst = max(found)
        beyond += not worst <= 1
        print(f"{operation.name:<34}" + "".join(f"{value:>14.3f}" for value in found), flush=True)
    return beyond


def forward(
    operation: Operation,
    device: str,
    dtype: torch.dtype,
    tf32: bool = False,
    memory_format: torch.memory_format = torch.preserve_format,
) -> float:
    """Return the largest error of a result, in units of its bound."""
    tensors = operation.tensors(dtype)
    inputs = [t.to(device) for t in tensors]
    if memory_format is torch.channels_last:
        inputs = [t.contiguous(memory_format=memory_format) if t.dim() == 4 else t for t in inputs]
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = tf32
    try:
        result = operation.run(*inputs)
    finally:
        torch.backends.cudnn.allow_tf32 = before
    off = (result.detach().cpu().double() - operation.exact(*tensors)).abs()
    return largest(off, bound(operation, tensors, dtype, tf32=tf32))


def backward(operation: Operation, device: str) -> float:
    """Return the largest error of the gradients in float64, in units of their bounds."""
    tensors = operation.tensors(torch.float64)
    here = [t.clone().requires_grad_() for t in tensors]
    there = [t.to(device).requires_grad_() for t in tensors]
    truth = torch.autograd.grad((operation.reference or operation.run)(*here).sum(), here)
    found = torch.autograd.grad(operation.run(*there).sum(), there)
    limits = gradient_bound(operation, tensors, torch.float64)
    return max(
        largest((mine.cpu() - theirs).abs(), limit)
        for mine, theirs, limit in zip(found, truth, limits, strict=True)
    )


def largest(off: Tensor, limit: Tensor) -> float:
    """Return the largest quotient; an error where none is allowed counts as infinite."""
    quotient = torch.where(off == 0, 0.0, off / limit)
    return float(quotient.max()) if quotient.numel() else 0.0


# ----------------------------------------------------------------------------------------- memory and time


def print_methods() -> None:
    """Print each method's memory in outputs and its time by events, over torch's own, for two layers."""
    layers = {
        "1 channel, 1024², 7×7": ((1, 1, 1024, 1024), (1, 1, 7, 7)),
        "64 channels, 56², 3×3": ((8, 64, 56, 56), (64, 64, 3, 3)),
    }
    for name, (image, kernel) in layers.items():
        x, w = torch.randn(image, device="cuda"), torch.randn(kernel, device="cuda")
        base = milliseconds(functools.partial(torch.nn.functional.conv2d, x, w))
        print(f"\n{name}: torch.nn.functional.conv2d {base:.3f} ms on {torch.cuda.get_device_name()}")
        for operation in METHODS:
            method = operation.name.partition(":")[2]
            if method == "definition":
                continue
            run = functools.partial(convbook.conv2d, x, w, method=method)
            try:
                outputs, ratio = memory(run), milliseconds(run) / base
            except NotImplementedError as declined:
                print(f"{method:<12}declines: {str(declined)[:90]}")
            else:
                print(f"{method:<12}{outputs:>8.1f} outputs of memory{ratio:>10.2f} of its time", flush=True)


def memory(run: Callable[[], Tensor]) -> float:
    """Return the peak memory of a call, in outputs."""
    run()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    output = run()
    torch.cuda.synchronize()
    return (torch.cuda.max_memory_allocated() - before) / (output.numel() * output.element_size())


def milliseconds(run: Callable[[], Tensor]) -> float:
    """Return the median time of 20 calls by CUDA events, after a warm-up."""
    for _ in range(3):
        run()
    found = []
    for _ in range(20):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run()
        end.record()
        end.synchronize()
        found.append(start.elapsed_time(end))
    return statistics.median(found)


if __name__ == "__main__":
    sys.exit(main())
