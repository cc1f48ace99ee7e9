"""Times convbook against torch and other libraries: `python -m tests.benchmarks`, or `… calibrate`."""

from __future__ import annotations

import argparse
import os

# One thread, said before anything loads a library that asks.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"


def main() -> None:
    """Read the sub-command and run it."""
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    again = commands.add_parser("calibrate", help="measure the rates that auto plans by again")
    again.add_argument("--dry-run", action="store_true", help="print the table, leave the old one")
    again.add_argument("--images", type=int, default=70)
    again.add_argument("--layers", type=int, default=45)
    again.add_argument("--seconds", type=float, default=0.12, help="for each shape")
    given = parser.parse_args()
    if given.command == "calibrate":
        from tests.benchmarks.calibrate import calibrate

        with torch.no_grad():
            calibrate(not given.dry_run, given.images, given.layers, given.seconds)


if __name__ == "__main__":
    main()
