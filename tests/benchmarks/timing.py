"""How the benchmarks time: one thread, CPU seconds, the contestants in turn, medians."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

Contestant = Callable[[], object]

SHORTEST = 2e-3
"""Seconds that one reading takes at least: quicker contestants are repeated inside it."""


def medians(contestants: Mapping[str, Contestant], seconds: float = 0.5, least: int = 5) -> dict[str, float]:
    """Return each contestant's median CPU seconds, read in turn so that a slow moment of the machine hits all
    of them."""
    repeats = {name: _repeats(run) for name, run in contestants.items()}
    readings: dict[str, list[float]] = {name: [] for name in contestants}
    end, rounds = time.monotonic() + seconds, 0
    while rounds < least or time.monotonic() < end:
        for name, run in contestants.items():
            readings[name].append(_reading(run, repeats[name]))
        rounds += 1
    return {name: statistics.median(values) for name, values in readings.items()}


def _repeats(run: Contestant) -> int:
    _reading(run, 1)  # the first call imports, compiles and allocates: it says nothing of the next
    return max(1, round(SHORTEST / max(min(_reading(run, 1), _reading(run, 1)), 1e-7)))


def _reading(run: Contestant, repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - start) / repeats


def machine() -> str:
    """Return the processor and the versions that a figure belongs to."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [
            line.split(":", 1)[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        name = lines[0] if lines else name
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{name}, {capability}, one thread; torch {torch.__version__}, Python {platform.python_version()}"
