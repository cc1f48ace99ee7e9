"""The table of bounds: what is timed against what, and how large the ratio may be."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import torch
import torch.nn.functional as F

import convbook
from convbook import conv2d
from tests.benchmarks.memory import extra_memory
from tests.benchmarks.timing import machine, medians

RECORD = Path(__file__).parents[2] / "docs" / "_data" / "benchmarks.txt"
CONSTANT = cv2.BORDER_CONSTANT


class Comparison(NamedTuple):
    """A piece of work, done by convbook and by another library."""

    ours: Callable[[], object]
    theirs: Callable[[], object]


class Row(NamedTuple):
    """A line of the table: several comparisons of one kind, and the largest ratio that is allowed."""

    work: str
    against: str
    bound: float
    comparisons: list[Comparison]
    mean_bound: float = math.inf


def image(side: int, *channels: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Return a random image, of whole numbers where the dtype is one of integers."""
    x = torch.randn(*(channels or (1, 1)), side, side)
    return x.to(dtype) if dtype.is_floating_point else (x * 30).abs().to(dtype)


def filters(sides: tuple[int, ...], kernels: tuple[int, ...], library: str) -> Iterator[Comparison]:
    """General kernels on one-channel images."""
    for side in sides:
        for k in kernels:
            x, w = image(side), image(k)
            pixels, taps = x.numpy()[0, 0], w.numpy()[0, 0]
            other = {
                "cv2.filter2D": lambda p=pixels, t=taps: cv2.filter2D(p, -1, t, borderType=CONSTANT),
                "F.conv2d": lambda x=x, w=w: F.conv2d(x, w),
            }[library]
            yield Comparison(lambda x=x, w=w: conv2d(x, w), other)


def gaussians(kernels: tuple[int, ...], library: str) -> Iterator[Comparison]:
    """Gaussian kernels, which are a column times a row."""
    for side in (256, 1024):
        for k in kernels:
            column = cv2.getGaussianKernel(k, k / 5, cv2.CV_32F)[:, 0]
            x, w = image(side), torch.outer(*[torch.from_numpy(column)] * 2)[None, None]
            p = x.numpy()[0, 0]
            other = {
                "cv2.GaussianBlur": lambda p=p, k=k: cv2.GaussianBlur(p, (k, k), k / 5, borderType=CONSTANT),
                "cv2.sepFilter2D": lambda p=p, c=column: cv2.sepFilter2D(p, -1, c, c, borderType=CONSTANT),
            }[library]
            yield Comparison(lambda x=x, w=w: conv2d(x, w), other)


def sobels() -> Iterator[Comparison]:
    """The Sobel kernel."""
    w = convbook.kernels.kernel("sobel_vertical")[None, None]
    for side in (256, 1024):
        x = image(side)
        p = x.numpy()[0, 0]
        yield Comparison(lambda x=x: conv2d(x, w), lambda p=p: cv2.Sobel(p, -1, 1, 0, borderType=CONSTANT))


def layers(*shapes: tuple[int, int, int, int, int, int]) -> Iterator[Comparison]:
    """Convolutions of (images, channels in, channels out, side, kernel, groups), padded to keep the size."""
    for n, channels, outputs, side, k, groups in shapes:
        x, w = image(side, n, channels), image(k, outputs, channels // groups)
        setting = {"padding": k // 2, "groups": groups}
        yield Comparison(
            lambda x=x, w=w, s=setting: conv2d(x, w, **s), lambda x=x, w=w, s=setting: F.conv2d(x, w, **s)
        )


def there_and_back(convolve: Callable[..., torch.Tensor], *leaves: torch.Tensor) -> None:
    """Compute values and the gradients of their sum."""
    with torch.enable_grad():
        torch.autograd.grad(convolve(*leaves).sum(), leaves)


def trained(sides: tuple[int, ...], kernels: tuple[int, ...]) -> Iterator[Comparison]:
    """Forward and backward on one-channel images."""
    for side in sides:
        for k in kernels:
            x, w = image(side).requires_grad_(), image(k).requires_grad_()
            yield Comparison(
                lambda x=x, w=w: there_and_back(conv2d, x, w), lambda x=x, w=w: there_and_back(F.conv2d, x, w)
            )


def pooled(name: str, windows: tuple[tuple[int, int], ...], back: bool) -> Iterator[Comparison]:
    """Pooling of eight images of 64 channels, 56×56; windows are (side, stride)."""
    ours, theirs = getattr(convbook, name), getattr(F, name)
    for side, stride in windows:
        x = image(56, 8, 64).requires_grad_(back)
        calls = [lambda x, f=f, side=side, stride=stride: f(x, side, stride) for f in (ours, theirs)]
        if back:
            yield Comparison(*(lambda x=x, f=f: there_and_back(f, x) for f in calls))
        else:
            yield Comparison(*(lambda x=x, f=f: f(x) for f in calls))


def integers(*dtypes: torch.dtype) -> Iterator[Comparison]:
    """Integer images, against torch through float64 and back."""
    for dtype in dtypes:
        for side, k in ((256, 3), (256, 15), (1024, 7)):
            x, w = image(side, dtype=dtype), image(k, dtype=dtype)
            yield Comparison(
                lambda x=x, w=w: conv2d(x, w),
                lambda x=x, w=w, d=dtype: F.conv2d(x.double(), w.double()).to(d),
            )


def rows() -> list[Row]:
    """Return the table; each bound was set before it was measured."""
    torch.manual_seed(0)
    small, large, sides = (3, 5, 7, 9), (11, 15), (64, 256, 1024)
    channels = ((1, 1), (3, 3), (4, 4), (3, 8), (3, 16))
    few = [(1, c, o, side, k, 1) for c, o in channels for side, k in ((64, 5), (256, 3))]
    many = [
        (1, 16, 16, 56, 3, 1),
        (8, 16, 32, 56, 3, 1),
        (8, 64, 64, 28, 3, 1),
        (1, 64, 64, 56, 3, 1),
        (8, 256, 256, 14, 3, 1),
        (8, 64, 128, 28, 1, 1),
        (8, 32, 32, 56, 3, 32),
    ]
    windows = ((2, 2), (3, 2), (15, 15))
    cv, own = "cv2.filter2D", "F.conv2d"
    smooth = ("cv2.GaussianBlur", "cv2.sepFilter2D")
    more = (*windows, (3, 1), (7, 2))
    table = [Row(f"kernels 3 to 9, {n}²", cv, 0.9, [*filters((n,), small, cv)]) for n in sides]
    table += [Row(f"kernels 11 and 15, {n}²", cv, 1.1, [*filters((n,), large, cv)]) for n in sides]
    table += [Row(f"kernels 3 to 9, {n}²", own, 0.2, [*filters((n,), small, own)]) for n in sides]
    table += [Row(f"kernels 11 and 15, {n}²", own, 0.25, [*filters((n,), large, own)]) for n in sides]
    table += [
        Row("Gaussians 9 to 31, 256² and 1024²", cv, 1.0, [*gaussians((9, 15, 31), cv)]) for cv in smooth
    ]
    table += [Row("Gaussians 3 to 7, 256² and 1024²", cv, 1.3, [*gaussians((3, 5, 7), cv)]) for cv in smooth]
    table += [
        Row("Sobel, 256² and 1024²", "cv2.Sobel", 1.3, [*sobels()]),
        Row("layers of 16 and more channels", own, 1.1, [*layers(*many)]),
        Row("1 to 4 channels in, up to 16 out, 64² and 256²", own, 1.0, [*layers(*few)], 0.6),
        Row("there and back, kernels 3 to 15, 256² and 1024²", own, 0.2, [*trained((256, 1024), (3, 7, 15))]),
        Row("max pooling 2×2, 3×3, 15×15", "F.max_pool2d", 0.25, [*pooled("max_pool2d", windows, False)]),
        Row("the same, there and back", "F.max_pool2d", 1.0, [*pooled("max_pool2d", windows, True)]),
        Row("average pooling 2×2 to 15×15", "F.avg_pool2d", 0.5, [*pooled("avg_pool2d", more, False)]),
        Row("the same, there and back", "F.avg_pool2d", 1.0, [*pooled("avg_pool2d", more, True)]),
        Row("uint8 and int32, kernels 3 to 15", "float64", 0.1, [*integers(torch.uint8, torch.int32)]),
        Row("the smallest call: 3×12×12, kernel 3×3", own, 3.0, [*layers((1, 3, 4, 12, 3, 1))]),
    ]
    assert len(table) <= 30
    return table


def measure(only: str = "", seconds: float = 0.5, record: bool = False) -> None:
    """Time each row's comparisons in turn, print their ratios, and write the table of the page."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    lines = ["| work | against | largest ratio | mean | bound |", "|---|---|---|---|---|"]
    print(machine())
    for row in rows():
        if only not in f"{row.work} {row.against}":
            continue
        ratios = []
        for comparison in row.comparisons:
            with torch.no_grad():
                times = medians(comparison._asdict(), seconds)
            ratios.append(times["ours"] / times["theirs"])
        lines.append(line(row, ratios, statistics.geometric_mean(ratios)))
        print(lines[-1], flush=True)
    memory = Row("memory beyond a padded input, 3072²", "output", 0.2, [])
    if only in f"{memory.work} {memory.against}":
        ratios = extra_memory()
        lines.append(line(memory, ratios, statistics.mean(ratios)))
        print(lines[-1], flush=True)
    if record and not only:
        RECORD.write_text("\n".join([note(), "", *lines, ""]), encoding="utf-8")


def line(row: Row, ratios: list[float], mean: float) -> str:
    """Return a line of the table."""
    largest = max(ratios)
    bound = f"{row.bound:g}" + (f", mean {row.mean_bound:g}" if row.mean_bound < math.inf else "")
    bound += " (missed)" if largest > row.bound or mean > row.mean_bound else ""
    return f"| {row.work} | `{row.against}` | {largest:.2f} | {mean:.2f} | {bound} |"


def note() -> str:
    """Return the sentence above the table: what the ratios are, and of which machine."""
    return (
        'The ratio of CPU times, convbook with `method="auto"` over the other library, medians of runs '
        "in turn; under 1, convbook is quicker. The last line is about memory: what a call takes beyond its "
        "output and one padded input, over the output. Each bound was set before it was measured. "
        f"Measured on {machine()}, OpenCV {cv2.__version__}, by `nox -s bench -- --record`."
    )
