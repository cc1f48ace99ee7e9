"""Times convbook against torch and OpenCV; `build` the book, `tiles` and `halo` the work in pieces."""

from __future__ import annotations

import argparse
import os
import sys

# One thread, said before anything loads a library that asks.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"


def main() -> None:
    """Read the command line and run what it names."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("what", nargs="?", default="table", choices=["table", "build", "tiles", "halo"])
    parser.add_argument("--only", default="", help="rows whose text contains this")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each comparison")
    parser.add_argument("--record", action="store_true", help="write the table that the book shows")
    given = parser.parse_args()
    if given.what == "build":
        from tests.benchmarks.build import measure as measure_build

        sys.exit(0 if measure_build() else 1)
    if given.what in ("tiles", "halo"):
        from tests.benchmarks import pieces

        work = {"tiles": pieces.measure_tiles, "halo": pieces.measure_halo}[given.what]
        sys.exit(0 if work(given.record) else 1)
    from tests.benchmarks.table import measure

    measure(given.only, given.seconds, given.record)


if __name__ == "__main__":
    main()
