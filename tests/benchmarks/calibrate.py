"""Measure the rates of this machine again: the table that `auto` plans by."""

from __future__ import annotations

import datetime
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls

from convbook.algorithms import choice, costs
from convbook.algorithms.separable import by_factors, rank_one_factors
from tests.benchmarks.shapes import CALIBRATION_SEED, Case, drawn
from tests.benchmarks.timing import Contestant, machine, medians

TABLE = Path(costs.__file__).with_name("rates.json")

HOPELESS = 12.0
"""A method this many times slower than the quickest is not measured for long: nobody will choose it there."""

LONG = 0.25
"""Seconds from which one reading has to do."""


def calibrate(write: bool, images: int, layers: int, seconds: float, only: str = "") -> None:
    """Time the candidates whose name contains `only` on drawn shapes, fit their rates, say what changed."""
    rows: dict[str, dict[str, list[tuple[tuple[float, ...], float]]]] = {"float32": {}, "float64": {}}
    cases = fixed() + drawn(CALIBRATION_SEED, images, layers)
    for number, case in enumerate(cases, 1):
        shape = case.shape()
        for method, taken in timed(case, seconds, only).items():
            done = costs.work(method, shape)
            if done is not None:
                dtype = "float64" if case.dtype == torch.float64 else "float32"
                rows[dtype].setdefault(costs.regime(method, shape), []).append((tuple(done), taken))
        print(f"\r{number}/{len(cases)} shapes", end="", flush=True)
    print()
    table: dict[str, Any] = {
        "machine": machine(),
        "measured": datetime.date.today().isoformat(),
        "columns": ["set-up", "call", "multiplication", "number moved", "number in new memory"],
        "rates": {dtype: {m: _fit(m, dtype, r) for m, r in sorted(by.items())} for dtype, by in rows.items()},
    }
    if only and TABLE.exists():
        kept = json.loads(TABLE.read_text(encoding="utf-8"))["rates"]
        table["rates"] = {dtype: {**kept[dtype], **fitted} for dtype, fitted in table["rates"].items()}
    _say_what_changed(table)
    if write:
        TABLE.write_text(_layout(table), encoding="utf-8")
        print(f"written to {TABLE.name}")


def fixed() -> list[Case]:
    """Return the square images of the bounds, whole, so that the fit does not extrapolate there."""
    f32 = [
        Case("image", 1, 1, side, side, 1, (k, k), 1, padding)
        for side in (32, 64, 128, 256, 512, 1024)
        for k in (3, 7, 15, 31)
        if k < side
        for padding in (0, k // 2)
    ]
    f64 = [
        Case("image", 1, 1, side, side, 1, (k, k), 1, k // 2, 1, torch.float64)
        for side in (64, 256, 512)
        for k in (3, 7, 15)
    ]
    depthwise = [
        Case("layer", 1, channels, side, side, channels, (k, k), 1, k // 2, channels)
        for channels, side in ((3, 128), (16, 100), (32, 64), (64, 56))
        for k in (3, 5, 9, 15, 21)
    ]
    pointwise = [
        Case("layer", batch, channels, side, side, outputs, (1, 1))
        for batch, channels, side, outputs in (
            (1, 64, 56, 64),
            (16, 64, 28, 128),
            (32, 128, 14, 128),
            (64, 32, 28, 32),
        )
    ]
    by_group = [  # which torch does group by group
        Case("layer", batch, channels, side, side, channels, (k, k), 1, k // 2, channels, dtype)
        for batch, channels, side, k, dtype in (
            (2, 64, 30, 1, torch.float32),
            (4, 16, 20, 1, torch.float32),
            (1, 192, 40, 1, torch.float32),
            (1, 32, 40, 3, torch.float64),
            (3, 8, 28, 5, torch.float64),
        )
    ]
    return f32 + f64 + depthwise + pointwise + by_group


def timed(case: Case, seconds: float, only: str = "") -> dict[str, float]:
    """Return the CPU seconds of every candidate that can do the case and is not hopeless."""
    x, w, setting = case.tensors()
    shape = case.shape()
    box = w[:, :, :1, :1].expand_as(w).contiguous()
    rank_one = case.tensors(rank_one=True)[1]
    kernels = {"box": box}
    contestants: dict[str, Contestant] = {}
    for method in costs.CANDIDATES:
        if (
            only in method
            and costs.work(method, shape) is not None
            and not (method == "im2col" and case.lowered_bytes() > 1 << 29)
        ):
            kernel = kernels.get(method, w)
            contestants[method] = lambda method=method, kernel=kernel: choice.RUN[method](
                x, kernel, None, setting
            )
    factors = rank_one_factors(rank_one)
    if "separable" in contestants and factors is not None:  # auto has found them when it comes to computing
        contestants["separable"] = lambda: by_factors(x, *factors, None, setting)
    if not contestants:
        return {}
    once = medians(contestants, 0, least=1)
    best = min(once.values())
    worth = {name: run for name, run in contestants.items() if once[name] < min(HOPELESS * best, LONG)}
    return once | medians(worth, seconds * min(1.0, len(worth) / 4), least=4)


def _fit(method: str, dtype: str, rows: list[tuple[tuple[float, ...], float]]) -> list[float]:
    """Return non-negative rates with small relative errors; outliers, which a busy machine makes, count
    less."""
    counts = np.array([[1.0, *done] for done, _ in rows])
    taken = np.array([seconds for _, seconds in rows])
    weights = np.ones(len(rows))
    solution = np.zeros(counts.shape[1])
    scale = np.maximum(counts.max(0), 1e-12)
    for _ in range(12):
        solution = nnls(counts / scale / taken[:, None] * weights[:, None], weights)[0] / scale
        misses = np.abs(counts @ solution / taken - 1)
        weights = 1 / np.sqrt(np.maximum(misses, 0.05))
    ratios = np.sort(counts @ solution / taken)
    low, high = (float(np.quantile(ratios, q)) for q in (0.1, 0.9))
    print(f"{dtype} {method:<18} {len(rows):4} readings, predicted / measured {low:.2f} … {high:.2f}")
    return [float(f"{v:.3g}") for v in solution]


def _say_what_changed(table: dict[str, Any]) -> None:
    if not TABLE.exists():
        return
    old = json.loads(TABLE.read_text(encoding="utf-8"))
    print(f"the table before: {old['machine']}\nthe table now:    {table['machine']}")
    cases = drawn(CALIBRATION_SEED, 60, 20)
    for dtype, rows in table["rates"].items():
        for method, row in rows.items():
            before = old["rates"].get(dtype, {}).get(method)
            ratios = [
                _predict(row, done) / max(_predict(before, done), 1e-12)
                for case in cases
                if before and (shape := case.shape()) and costs.regime(method.split(",")[0], shape) == method
                for done in [costs.work(method.split(",")[0], shape)]
                if done is not None
            ]
            change = (
                f"{statistics.median(ratios):.2f} times the time before" if ratios else "no reading before"
            )
            print(f"{dtype} {method:<18} {change}")


def _predict(row: list[float], done: costs.Work) -> float:
    return row[0] + sum(n * t for n, t in zip(done, row[1:], strict=True))


def _layout(table: dict[str, Any]) -> str:
    """Return the JSON with one method a line, so that a change reads well."""
    text = {key: json.dumps(value) for key, value in table.items() if key != "rates"}
    lines = [f"  {json.dumps(key)}: {value}" for key, value in text.items()]
    kinds = []
    for dtype, rows in table["rates"].items():
        inner = ",\n".join(f"      {json.dumps(method)}: {json.dumps(row)}" for method, row in rows.items())
        kinds.append(f"    {json.dumps(dtype)}: {{\n{inner}\n    }}")
    lines.append('  "rates": {\n' + ",\n".join(kinds) + "\n  }")
    return "{\n" + ",\n".join(lines) + "\n}\n"
