"""Measurements that need a process of their own: peak memory, and two threads beside a busy neighbour."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]

MEMORY = """
import sys, torch
from convbook._checks import conv2d_setting
from convbook.algorithms import TABLE
method, side, k = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
def call(side, k):
    x = torch.ones(1, 1, side, side).normal_()
    w = torch.ones(1, 1, k, k) if method == "box" else torch.randn(1, 1, k, k)
    return x, w, conv2d_setting(x, w, None, 1, k // 2)
def kilobytes(what):
    line = next(line for line in open("/proc/self/status") if line.startswith(what))
    return int(line.split()[1])
x, w, setting = call(640, k)                # large enough for the methods of large images
TABLE[method](x, w, None, setting)          # the libraries' own set-up
x, w, setting = call(side, k)
open("/proc/self/clear_refs", "w").write("5")  # the peak begins again at what is held now
before = kilobytes("VmRSS")
y = TABLE[method](x, w, None, setting)
print(1024 * (kilobytes("VmHWM") - before))
"""

THREADS = """
import statistics, sys, time, torch, torch.nn.functional as F, convbook
side, k, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
torch.set_num_threads(2)
x, w = torch.randn(1, 1, side, side), torch.randn(1, 1, k, k)
runs = [lambda: convbook.conv2d(x, w, None, 1, k // 2), lambda: F.conv2d(x, w, None, 1, k // 2)]
readings = [[], []]
end = time.monotonic() + seconds
while time.monotonic() < end or len(readings[0]) < 5:
    for run, kept in zip(runs, readings):
        start = time.perf_counter()
        run()
        kept.append(time.perf_counter() - start)
print(statistics.median(readings[0]) / statistics.median(readings[1]))
"""


def extra_memory(method: str, side: int, k: int) -> int:
    """Return the bytes by which a call raises the peak of a fresh process; the output is among them."""
    return int(_run(MEMORY, method, side, k))


def two_threads(side: int, k: int, seconds: float) -> float:
    """Return auto's wall-clock time over torch's with two threads, while a neighbour spins on one core."""
    spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        return float(_run(THREADS, side, k, seconds))
    finally:
        spinner.kill()
        spinner.wait()


def _run(script: str, *arguments: object) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "MKL_"))}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, cwd=ROOT)
    return done.stdout
