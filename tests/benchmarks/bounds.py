"""The bounds that convbook holds itself to: each a work, a limit and a measurement; printed as one table."""

from __future__ import annotations

import datetime
import functools
import json
import math
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import kornia.filters
import numpy as np
import scipy.ndimage
import scipy.signal
import skimage.filters
import torch
import torch.nn.functional as F
from torch import Tensor

import convbook
from convbook._checks import conv2d_setting
from convbook.algorithms import TABLE, choice, costs
from tests.benchmarks import elsewhere
from tests.benchmarks.shapes import JUDGING_SEED, Case, drawn
from tests.benchmarks.timing import Contestant, machine, medians

RECORD = Path(costs.__file__).with_name("measured.json")

SIDE = 1024


class Row(NamedTuple):
    """One line of the table."""

    work: str
    bound: float
    measured: float
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether the bound holds."""
        return self.measured <= self.bound


def measure(only: str, seconds: float, record: bool) -> bool:
    """Measure the sections whose name contains `only`, print the table, return whether all bounds hold."""
    cv2.setNumThreads(1)
    rows: list[Row] = []
    figures: dict[str, Any] = {}
    for name, section in SECTIONS.items():
        if only in name:
            print(f"-- {name}", flush=True)
            for row in section(seconds, figures):
                rows.append(row)
                print(_line(row), flush=True)
    missed = [row for row in rows if not row.met]
    print(f"\n{machine()}\n{len(rows) - len(missed)} of {len(rows)} bounds met; missed:")
    for row in missed:
        print(_line(row))
    if record:
        _record(rows, figures)
    return not missed


def _line(row: Row) -> str:
    verdict = "met" if row.met else "MISSED"
    return f"{row.work:<72}{row.measured:>8.3f}  ≤ {row.bound:<6.2f}{verdict:<8}{row.detail}".rstrip()


def _record(rows: list[Row], figures: dict[str, Any]) -> None:
    """Write what the book shows, keeping the sections that were not measured this time."""
    old = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    new = {row.work: [row.bound, round(row.measured, 4), row.detail] for row in rows}
    page = {
        "machine": machine(),
        "command": "nox -s bench -- table --record",
        "measured": datetime.date.today().isoformat(),
        "bounds": {**old.get("bounds", {}), **new},
        "figures": {**old.get("figures", {}), **figures},
    }
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(page, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"recorded in {RECORD.name}")


def _geomean(values: list[float]) -> float:
    return math.exp(statistics.fmean(math.log(v) for v in values))


def _auto(x: Tensor, w: Tensor, case: Case) -> Contestant:
    return lambda: convbook.conv2d(x, w, None, case.stride, case.padding, 1, case.groups)


def _torch(x: Tensor, w: Tensor, case: Case) -> Contestant:
    return lambda: F.conv2d(x, w, None, case.stride, case.padding, 1, case.groups)


# --------------------------------------------------------------------------------------------------- the grid

IMAGES = [
    Case("image", 1, 1, side, side, 1, (k, k), 1, k // 2)
    for side in (32, 64, 128, 256, 512, 1024)
    for k in (3, 7, 15)
]
LAYERS = [
    Case("layer", batch, channels, side, side, outputs, (k, k), stride, k // 2, groups)
    for batch, channels, side, outputs, k, stride, groups in (
        (1, 3, 224, 16, 7, 2, 1),
        (8, 3, 64, 16, 3, 1, 1),
        (32, 1, 28, 6, 5, 1, 1),
        (32, 6, 14, 16, 5, 1, 1),
        (4, 16, 32, 32, 3, 1, 1),
        (1, 32, 56, 64, 3, 2, 1),
        (1, 64, 56, 64, 3, 1, 1),
        (1, 64, 56, 64, 1, 1, 1),
        (16, 64, 28, 128, 1, 1, 1),
        (32, 128, 14, 128, 1, 1, 1),
        (1, 128, 28, 128, 3, 1, 1),
        (1, 64, 56, 64, 3, 1, 64),
        (1, 32, 112, 32, 3, 2, 32),
        (1, 32, 64, 32, 15, 1, 32),
    )
]


def grid(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Auto against torch, shape by shape."""
    ratios: dict[str, list[tuple[float, Case]]] = {"image": [], "layer": []}
    for case in IMAGES + LAYERS:
        x, w, _ = case.tensors()
        taken = medians({"auto": _auto(x, w, case), "torch": _torch(x, w, case)}, seconds)
        ratios[case.kind].append((taken["auto"] / taken["torch"], case))
    worst = max(ratios["image"] + ratios["layer"], key=lambda pair: pair[0])
    yield Row("any shape of the grid, auto / F.conv2d, the worst", 1.15, worst[0], str(worst[1]))
    yield Row(
        "images of the grid, auto / F.conv2d, geometric mean", 0.25, _geomean([r for r, _ in ratios["image"]])
    )
    yield Row(
        "layers of the grid, auto / F.conv2d, geometric mean", 0.85, _geomean([r for r, _ in ratios["layer"]])
    )
    figures["grid"] = {str(case): round(r, 4) for rows in ratios.values() for r, case in rows}


def regret(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Auto against the best method by name, on shapes that no rate was fitted to."""
    found = []
    for case in drawn(JUDGING_SEED, 60, 30):
        x, w, setting = case.tensors()
        contestants: dict[str, Contestant] = {"auto": _auto(x, w, case)}
        for method in choice.ANY_KERNEL:
            predicted = costs.cost(method, case.shape())
            if predicted is not None and not (method == "im2col" and case.lowered_bytes() > 1 << 29):
                contestants[method] = functools.partial(choice.RUN[method], x, w, None, setting)
        once = medians(contestants, 0, least=1)
        limit = 4 * min(once.values())
        close = {name: run for name, run in contestants.items() if once[name] < limit or name == "auto"}
        taken = medians(close, seconds)
        best = min((name for name in taken if name != "auto"), key=taken.__getitem__)
        found.append((taken["auto"] / min(taken[best], taken["auto"]), str(case), best))
    found.sort()
    values = [r for r, _, _ in found]
    detail = f"{found[-1][1]}, best by {found[-1][2]}"
    yield Row("regret on drawn shapes, auto / best method, median", 1.1, statistics.median(values))
    yield Row("regret on drawn shapes, 90 %", 1.3, values[int(0.9 * len(values))])
    yield Row("regret on drawn shapes, the worst", 2.0, values[-1], detail)
    figures["regret"] = [[round(r, 3), case, best] for r, case, best in found]


# -------------------------------------------------------------------------------------------- one large image


def general(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """A general filter on a megapixel, against torch in both memory formats and the image libraries."""
    lines = {}
    x = torch.randn(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    image = x[0, 0].numpy()
    by_strides = x.as_strided(x.shape, (SIDE * SIDE, 1, SIDE, 1))  # channels last; one channel is both
    for k in (3, 5, 7, 11, 15, 21, 31, 51):
        w = torch.randn(1, 1, k, k, generator=torch.Generator().manual_seed(k))
        kernel = w[0, 0].numpy()
        setting = conv2d_setting(x, w, None, 1, k // 2)
        contestants: dict[str, Contestant] = {
            "auto": lambda w=w, k=k: convbook.conv2d(x, w, None, 1, k // 2),
            "torch": lambda w=w, k=k: F.conv2d(x, w, None, 1, k // 2),
            "torch, channels last": lambda w=w, k=k: F.conv2d(by_strides, w, None, 1, k // 2),
            "OpenCV filter2D": lambda kernel=kernel: cv2.filter2D(
                image, -1, kernel, borderType=cv2.BORDER_CONSTANT
            ),
            "SciPy oaconvolve": lambda kernel=kernel: scipy.signal.oaconvolve(image, kernel, "same"),
            "kornia filter2d": lambda w=w: kornia.filters.filter2d(x, w[0], "constant"),
            "band": lambda w=w, setting=setting: TABLE["band"](x, w, None, setting),
            "fft": lambda w=w, setting=setting: TABLE["fft"](x, w, None, setting),
        }
        if k <= 15:
            contestants["lowering"] = lambda w=w, setting=setting: TABLE["lowering"](x, w, None, setting)
        if k <= 11:
            contestants["shift"] = lambda w=w, setting=setting: TABLE["shift"](x, w, None, setting)
            contestants["im2col"] = lambda w=w, setting=setting: TABLE["im2col"](x, w, None, setting)
            contestants["SciPy ndimage"] = lambda kernel=kernel: scipy.ndimage.correlate(
                image, kernel, mode="constant"
            )
        lines[str(k)] = taken = _a_few(contestants, seconds)
        yield Row(f"general {k}×{k} on {SIDE}², auto / F.conv2d", 0.10, taken["auto"] / taken["torch"])
        limit = 1.3 if k <= 7 else 1.0
        yield Row(
            f"general {k}×{k} on {SIDE}², auto / cv2.filter2D",
            limit,
            taken["auto"] / taken["OpenCV filter2D"],
        )
    figures["general"] = lines


def _a_few(contestants: dict[str, Contestant], seconds: float) -> dict[str, float]:
    """Return medians, giving those that take long fewer readings."""
    once = medians(contestants, 0, least=1)
    quick = {name: run for name, run in contestants.items() if once[name] < 0.15 or name in ("auto", "torch")}
    return {name: float(f"{t:.4g}") for name, t in (once | medians(quick, seconds)).items()}


def gaussian(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Gaussians on a megapixel, given to auto as any other kernel."""
    lines = {}
    x = torch.randn(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    image = x[0, 0].numpy()
    for k in (5, 9, 15, 21, 31, 51):
        sigma = k / 6
        column = cv2.getGaussianKernel(k, sigma).astype(np.float32)
        w = torch.from_numpy(column @ column.T)[None, None]
        contestants: dict[str, Contestant] = {
            "auto": lambda w=w, k=k: convbook.conv2d(x, w, None, 1, k // 2),
            "torch": lambda w=w, k=k: F.conv2d(x, w, None, 1, k // 2),
            "OpenCV sepFilter2D": lambda c=column: cv2.sepFilter2D(
                image, -1, c, c, borderType=cv2.BORDER_CONSTANT
            ),
            "OpenCV GaussianBlur": lambda k=k, sigma=sigma: cv2.GaussianBlur(
                image, (k, k), sigma, borderType=cv2.BORDER_CONSTANT
            ),
            "SciPy ndimage": lambda k=k, sigma=sigma: scipy.ndimage.gaussian_filter(
                image, sigma, mode="constant", radius=k // 2
            ),
            "scikit-image gaussian": lambda sigma=sigma: skimage.filters.gaussian(
                image, sigma, mode="constant"
            ),
            "kornia gaussian_blur2d": lambda k=k, sigma=sigma: kornia.filters.gaussian_blur2d(
                x, (k, k), (sigma, sigma), "constant"
            ),
        }
        lines[str(k)] = taken = _a_few(contestants, seconds)
        if k >= 15:
            ratio = taken["auto"] / taken["OpenCV GaussianBlur"]
            yield Row(f"Gaussian {k}×{k} on {SIDE}², auto / cv2.GaussianBlur", 1.0, ratio)
    figures["gaussian"] = lines


def separable(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """A column and a row without symmetry, which OpenCV's blurs make use of."""
    x = torch.randn(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    image = x[0, 0].numpy()
    for k in (21, 31, 51):
        column, row = torch.randn(2, k, generator=torch.Generator().manual_seed(k))
        w = torch.outer(column, row)[None, None]
        contestants: dict[str, Contestant] = {
            "auto": lambda w=w, k=k: convbook.conv2d(x, w, None, 1, k // 2),
            "OpenCV": functools.partial(
                cv2.sepFilter2D, image, -1, row.numpy(), column.numpy(), borderType=cv2.BORDER_CONSTANT
            ),
        }
        taken = medians(contestants, seconds)
        ratio = taken["auto"] / taken["OpenCV"]
        yield Row(f"separable {k}×{k} on {SIDE}², auto / cv2.sepFilter2D", 0.5, ratio)


def float64(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Double precision on a megapixel; torch's own runs out of memory at 41×41."""
    for k in (7, 11, 15):
        case = Case("image", 1, 1, SIDE, SIDE, 1, (k, k), 1, k // 2, 1, torch.float64)
        x, w, _ = case.tensors()
        taken = medians({"auto": _auto(x, w, case), "torch": _torch(x, w, case)}, seconds, least=3)
        yield Row(f"float64 {k}×{k} on {SIDE}², auto / F.conv2d", 0.03, taken["auto"] / taken["torch"])


def few_channels(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Batches of one-channel images, and few channels in or out."""
    cases = [
        Case("image", 64, 1, 28, 28, 1, (5, 5), 1, 2),
        Case("image", 16, 1, 128, 128, 1, (3, 3), 1, 1),
        Case("image", 16, 1, 128, 128, 1, (11, 11), 1, 5),
        Case("image", 8, 1, 250, 250, 1, (7, 7), 1, 3),
        Case("image", 1, 3, 512, 512, 3, (5, 5), 1, 2, 3),
        Case("image", 1, 3, 512, 512, 1, (5, 5), 1, 2),
        Case("image", 1, 1, 512, 512, 4, (7, 7), 1, 3),
        Case("image", 1, 3, 1024, 1024, 3, (3, 3), 1, 1),
    ]
    ratios = []
    for case in cases:
        x, w, _ = case.tensors()
        taken = medians({"auto": _auto(x, w, case), "torch": _torch(x, w, case)}, seconds)
        ratios.append(taken["auto"] / taken["torch"])
        yield Row(f"few channels, {case}", 0.3, ratios[-1])


# ------------------------------------------------------------------------------------------------- other work


def gradients(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Forward and backward together; the bound on any shape holds there too."""
    cases = [
        Case("image", 1, 1, side, side, 1, (k, k), 1, k // 2)
        for side, k in ((64, 3), (256, 7), (SIDE, 3), (SIDE, 15))
    ]
    digits = Case("layer", 8, 1, 28, 28, 6, (5, 5), 1, 2)
    for case in (*cases, digits):
        x, w = (t.requires_grad_() for t in case.tensors()[:2])
        seed = torch.randn(case.batch, case.outputs, case.height, case.width)

        def both(
            convolve: Callable[..., Tensor],
            x: Tensor = x,
            w: Tensor = w,
            p: int = case.padding,
            seed: Tensor = seed,
        ) -> None:
            with torch.enable_grad():
                torch.autograd.grad(convolve(x, w, None, 1, p), (x, w), seed)

        taken = medians(
            {"auto": lambda b=both: b(convbook.conv2d), "torch": lambda b=both: b(F.conv2d)}, seconds
        )
        name = f"{case.kernel[0]}×{case.kernel[0]} on {case.height}²" if case is not digits else str(case)
        yield Row(f"{name}, forward and backward, auto / F.conv2d", 1.15, taken["auto"] / taken["torch"])


def pooling(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Max pooling of (8, 64, 56, 56)."""
    x = torch.randn(8, 64, 56, 56)
    leaf = x.clone().requires_grad_()
    for kernel, stride, padding in ((2, 2, 0), (3, 1, 1), (3, 2, 1)):
        given = (kernel, stride, padding)

        def both(pool: Callable[..., Tensor], given: tuple[int, int, int] = given) -> None:
            with torch.enable_grad():
                y = pool(leaf, *given)
                torch.autograd.grad(y, leaf, torch.ones_like(y))

        forward = medians(
            {
                "convbook": lambda g=given: convbook.max_pool2d(x, *g),
                "torch": lambda g=given: F.max_pool2d(x, *g),
            },
            seconds,
        )
        backward = medians(
            {"convbook": lambda b=both: b(convbook.max_pool2d), "torch": lambda b=both: b(F.max_pool2d)},
            seconds,
        )
        name = f"max pooling {kernel}×{kernel}, stride {stride}"
        yield Row(f"{name}, inference, / F.max_pool2d", 0.12, forward["convbook"] / forward["torch"])
        yield Row(f"{name}, with backward, / F.max_pool2d", 0.5, backward["convbook"] / backward["torch"])


def winograd(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """3×3 between many channels, asked for by name; and what it costs in digits."""
    errors = []
    for batch, channels, side in ((1, 128, 28), (4, 128, 56), (1, 256, 28), (8, 256, 14), (1, 512, 28)):
        case = Case("layer", batch, channels, side, side, channels, (3, 3), 1, 1)
        x, w, setting = case.tensors()
        y = TABLE["winograd"](x, w, None, setting)
        exact = F.conv2d(x.double(), w.double(), None, 1, 1)
        errors.append(float((y - exact).abs().max() / exact.abs().max()))
        run = {
            "winograd": lambda x=x, w=w, s=setting: TABLE["winograd"](x, w, None, s),
            "torch": _torch(x, w, case),
        }
        taken = medians(run, seconds)
        yield Row(f"winograd, {case}, / F.conv2d", 0.6, taken["winograd"] / taken["torch"])
    yield Row("winograd, largest error / largest output, in 1e-5", 2.0, max(errors) * 1e5)


def small(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """The front door on a tiny image, where a microsecond is a sixth of the call."""
    x, w, b = torch.randn(1, 3, 12, 12), torch.randn(3, 3, 3, 3), torch.randn(3)
    taken = medians(
        {"auto": lambda: convbook.conv2d(x, w, b), "torch": lambda: F.conv2d(x, w, b)}, 2 * seconds, least=60
    )
    yield Row("every error sentence, 3×12×12, conv2d / F.conv2d", 1.10, taken["auto"] / taken["torch"])


def learning(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Ten steps of gradient descent on a 1×2 kernel, against the loop of the notes."""
    image = convbook.edge_image()
    target = convbook.corr2d(image, torch.tensor([[1.0, -1.0]]))

    def notes() -> None:
        with torch.enable_grad():
            layer = torch.nn.Conv2d(1, 1, (1, 2), bias=False)
            X, Y = image.reshape(1, 1, 6, 8), target.reshape(1, 1, 6, 7)
            for _ in range(10):
                loss = (layer(X) - Y) ** 2
                layer.zero_grad()
                loss.sum().backward()
                with torch.no_grad():
                    layer.weight -= 3e-2 * layer.weight.grad

    start = torch.zeros(1, 2)
    taken = medians(
        {"convbook": lambda: convbook.learn_kernel(image, target, (1, 2), weight=start), "notes": notes},
        seconds,
    )
    yield Row("learning a 1×2 kernel, ten steps, / the notes' loop", 0.1, taken["convbook"] / taken["notes"])


def memory(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """What each method takes beyond its input at its peak, in outputs, in a process of its own."""
    figures["memory"] = lines = {}
    for k in (3, 15, 31):
        methods = ["torch", "auto", "shift", "lowering", "band", "separable", "box", "fft"]
        methods += ["im2col"] if k <= 15 else []
        lines[str(k)] = {m: round(elsewhere.extra_memory(m, SIDE, k) / (4 * SIDE * SIDE), 3) for m in methods}
        yield Row(f"extra memory of auto, {k}×{k} on {SIDE}², in outputs", 1.1, lines[str(k)]["auto"])


def threads(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Two threads with OpenMP's default waiting, wall-clock time, while another process keeps a core busy."""
    for side, k in ((256, 7), (SIDE, 7)):
        ratio = elsewhere.two_threads(side, k, max(2.0, 4 * seconds))
        yield Row(f"two threads on a busy machine, {k}×{k} on {side}², auto / F.conv2d", 1.2, ratio)


def errors(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """The largest error against float64, in parts of the largest output."""
    figures["errors"] = lines = {}
    x = torch.randn(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    for k in (3, 7, 15, 31, 51):
        w = torch.randn(1, 1, k, k, generator=torch.Generator().manual_seed(k))
        setting = conv2d_setting(x, w, None, 1, k // 2)
        exact = TABLE["band"](x.double(), w.double(), None, setting)
        results = {
            "torch": F.conv2d(x, w, None, 1, k // 2),
            "auto": convbook.conv2d(x, w, None, 1, k // 2),
            "band": TABLE["band"](x, w, None, setting),
            "fft": TABLE["fft"](x, w, None, setting),
            "shift": TABLE["shift"](x, w, None, setting),
        }
        if k <= 15:
            results["lowering"] = TABLE["lowering"](x, w, None, setting)
        lines[str(k)] = relative = {
            name: float(f"{(y - exact).abs().max() / exact.abs().max():.3g}") for name, y in results.items()
        }
        allowed = max(4 * relative["torch"], 2e-6)
        yield Row(f"error of auto, {k}×{k} on {SIDE}², / what is allowed", 1.0, relative["auto"] / allowed)


def peaks(seconds: float, figures: dict[str, Any]) -> Iterator[Row]:
    """Measure what this machine can do at most on one thread: the two lines of the roofline."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    source, target = torch.randn(1 << 24), torch.empty(1 << 24)  # 64 MiB each, beyond the second-level cache
    runs = {"product": lambda: a @ b, "copy": lambda: target.copy_(source)}
    each = [medians(runs, 0.1) for _ in range(max(3, round(20 * seconds)))]
    taken = {name: min(reading[name] for reading in each) for name in runs}  # a ceiling is the best of all
    figures["peaks"] = {
        "multiplications a second": float(f"{1024**3 / taken['product']:.4g}"),
        "bytes a second": float(f"{2 * 4 * (1 << 24) / taken['copy']:.4g}"),
    }
    yield from ()


SECTIONS: dict[str, Callable[[float, dict[str, Any]], Iterator[Row]]] = {
    "grid": grid,
    "regret": regret,
    "general": general,
    "separable": separable,
    "gaussian": gaussian,
    "float64": float64,
    "few channels": few_channels,
    "gradients": gradients,
    "pooling": pooling,
    "winograd": winograd,
    "small": small,
    "learning": learning,
    "memory": memory,
    "threads": threads,
    "errors": errors,
    "peaks": peaks,
}
