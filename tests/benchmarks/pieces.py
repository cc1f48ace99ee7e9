"""Pieces at work: the memory of a filtered file against the image's size, and one image on 1 and 2 processes.

`nox -s bench -- tiles` and `nox -s bench -- halo` print a table; `--record` keeps it for the book.
"""

from __future__ import annotations

import datetime
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from convbook.distributed import conv2d_rows, shares
from convbook.tiled import filter_file
from tests.benchmarks.timing import machine

RECORD = Path(__file__).parents[2] / "docs" / "_data" / "pieces.json"
SIDES = (1024, 4096, 16384, 32768)


# --------------------------------------------------------------------------------------------------- memory


def measure_tiles(record: bool) -> bool:
    """Filter images of growing size, each in a process of its own; print what memory and time it took."""
    rows = []
    for side in SIDES:
        command = [sys.executable, "-m", "tests.benchmarks.pieces", str(side)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
        rows.append({"side": side, **json.loads(done.stdout.splitlines()[-1])})
        print(
            "{side:>6}²: {megabytes:6.0f} MB beyond the imports, {seconds:7.1f} s".format(**rows[-1]),
            flush=True,
        )
    met = all(row["megabytes"] <= 300 for row in rows)
    print("bound, 300 MB whatever the image:", "met" if met else "MISSED")
    _keep("tiles", rows, record)
    return met


def filter_one(side: int) -> None:
    """Filter one image of side² float32 numbers with a 9×9 kernel, and print the memory that came on top."""
    torch.set_num_threads(1)
    kernel = torch.ones(9, 9) / 81
    with tempfile.TemporaryDirectory() as folder:
        small = np.zeros((256, 256), "f4")
        filter_file(small, f"{folder}/warm", kernel, tile=128, progress=False)  # imports, and compiled code
        mapped = np.memmap(f"{folder}/image", "f4", "w+", shape=(side, side))
        mapped[:: side // 16] = 1.0
        del mapped
        image = np.memmap(f"{folder}/image", "f4", "r", shape=(side, side))
        before, started = _peak(), time.perf_counter()
        result = filter_file(image, f"{folder}/result", kernel, progress=False)
        seconds, after = time.perf_counter() - started, _peak()
        expected = torch.nn.functional.conv2d(
            torch.from_numpy(np.array(image[:40, :40]))[None, None], kernel[None, None], padding=4
        )[0, 0, :32, :32]
        assert torch.allclose(torch.from_numpy(result[:32, :32]), expected, atol=1e-5)
    print(json.dumps({"megabytes": round(after - before, 1), "seconds": round(seconds, 1)}))


def _peak() -> float:
    """Return the largest amount of memory that this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


# ------------------------------------------------------------------------------------------------ processes


def measure_halo(record: bool) -> bool:
    """Convolve one image on 1 and on 2 processes, whole steps forward and backward; print the times."""
    rows = []
    for side in (128, 256, 512, 1024):
        seconds = {world: min(_step(world, side) for _ in range(3)) for world in (1, 2)}
        rows.append({"side": side, "one": seconds[1], "two": seconds[2]})
        print(
            f"{side:>5}²: {seconds[1] * 1e3:8.1f} ms on one, {seconds[2] * 1e3:8.1f} ms on two processes, "
            f"speed-up {seconds[1] / seconds[2]:.2f}",
            flush=True,
        )
    _keep("halo", rows, record)
    return True


def _step(world: int, side: int) -> float:
    """Return the seconds of the quickest of five steps on that many processes."""
    with tempfile.TemporaryDirectory() as folder:
        mp.start_processes(_work, (world, side, folder), nprocs=world, start_method="fork")
        return float(Path(folder, "seconds").read_text())


def _work(rank: int, world: int, side: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder}/store",
        rank=rank,
        world_size=world,
        timeout=datetime.timedelta(seconds=120),
    )
    start, stop = shares(side, world)[rank]
    x = torch.rand(1, 16, stop - start, side, requires_grad=True)
    w = torch.rand(16, 16, 3, 3, requires_grad=True)
    times = []
    for _ in range(6):
        dist.barrier()
        began = time.perf_counter()
        conv2d_rows(x, w, padding=1, input_rows=side, method="torch").sum().backward()
        dist.barrier()
        times.append(time.perf_counter() - began)
    if rank == 0:
        Path(folder, "seconds").write_text(str(min(times[1:])))
    dist.destroy_process_group()


def _keep(name: str, rows: list[dict[str, Any]], record: bool) -> None:
    if not record:
        return
    page = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    page[name] = {
        "machine": machine(),
        "processors": os.cpu_count(),
        "command": f"nox -s bench -- {name} --record",
        "measured": datetime.date.today().strftime("%B %Y"),
        "rows": rows,
    }
    RECORD.write_text(json.dumps(page, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"recorded in {RECORD.name}")


if __name__ == "__main__":
    filter_one(int(sys.argv[1]))
