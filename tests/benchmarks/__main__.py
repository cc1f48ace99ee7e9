"""Times convbook against torch and other libraries: `python -m tests.benchmarks`, or `… calibrate`."""

from __future__ import annotations

import argparse
import os
import sys

# One thread, said before anything loads a library that asks.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"


def main() -> None:
    """Read the sub-command and run it."""
    given = _arguments().parse_args(sys.argv[1:] or ["table"])
    if given.command == "build":
        from tests.benchmarks.build import measure as measure_build

        sys.exit(0 if measure_build() else 1)
    import torch

    torch.set_num_threads(1)
    with torch.no_grad():
        if given.command == "calibrate":
            from tests.benchmarks.calibrate import calibrate

            calibrate(not given.dry_run, given.images, given.layers, given.seconds, given.only)
        else:
            from tests.benchmarks.bounds import measure

            sys.exit(0 if measure(given.only, given.seconds, given.record) else 1)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    table = commands.add_parser("table", help="measure every bound and print the table (the default)")
    table.add_argument("--only", default="", help="sections whose name contains this")
    table.add_argument("--seconds", type=float, default=0.5, help="for each comparison")
    table.add_argument("--record", action="store_true", help="write the figures that the book shows")
    again = commands.add_parser("calibrate", help="measure the rates that auto plans by again")
    again.add_argument("--dry-run", action="store_true", help="print what changed, keep the old table")
    again.add_argument("--only", default="", help="methods whose name contains this; the others' rates stay")
    again.add_argument("--images", type=int, default=70)
    again.add_argument("--layers", type=int, default=45)
    again.add_argument("--seconds", type=float, default=0.12, help="for each shape")
    commands.add_parser("build", help="the CPU seconds that building the book costs, cold and after edits")
    return parser


if __name__ == "__main__":
    main()
