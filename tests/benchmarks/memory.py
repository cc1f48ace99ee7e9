"""How much memory a convolution takes beyond its output and one padded copy of its input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import torch

from convbook import conv2d

SIDE = 3072
"""Rows and columns of the images: so many that the memory of each array is taken anew and given back."""


def extra_memory() -> list[float]:
    """Return the ratios of a process of its own, whose memory no earlier work has spread."""
    command = [sys.executable, "-m", "tests.benchmarks.memory"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    ratios: list[float] = json.loads(done.stdout.splitlines()[-1])
    return ratios


def ratio(x: torch.Tensor, w: torch.Tensor, **setting: int) -> float:
    """Return what a call takes beyond its output and a padded input, over the output."""
    conv2d(x[..., :99, :99].contiguous(), w, **setting)  # imports, and compiled code
    Path("/proc/self/clear_refs").write_text("5")  # the largest amount so far is forgotten
    before = _resident("VmRSS")
    y = conv2d(x, w, **setting)
    padded = (SIDE + 2 * setting.get("padding", 0)) ** 2 * x.element_size()
    output = y.numel() * y.element_size()
    return max(0.0, (_resident("VmHWM") - before - padded - output) / output)


def _resident(word: str) -> int:
    """Return bytes in the memory: those of now, VmRSS, or the most at any time, VmHWM."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(word)).split()[1])


def main() -> None:
    """Print the ratios of general, Gaussian, padded and strided work, of floats and of integers."""
    torch.set_num_threads(1)
    bell = torch.exp(-((torch.arange(15.0) - 7) ** 2) / 18)
    found = []
    for dtype in (torch.float32, torch.float64, torch.uint8):
        x = torch.ones(1, 1, SIDE, SIDE, dtype=dtype)
        for kernel, setting in (
            (torch.rand(3, 3), {}),
            (torch.rand(15, 15), {"padding": 7}),
            (bell[:, None] * bell, {"padding": 7}),
            (torch.rand(15, 15), {"stride": 2}),
        ):
            found.append(ratio(x, (kernel * 9).to(dtype)[None, None], **setting))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
