"""Folders that are replaced whole and compared byte for byte: the end of a build and of a publication."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

__all__ = ["different", "replace"]


def replace(made: Path, place: Path, *leave_out: str) -> None:
    """Put a copy of a finished folder in its place, so that a reader finds the old one or the new one, whole.

    The copy is made beside the place. A copy that fails (a full disk) or is interrupted leaves the place as
    it was, and its remains are removed here or by the next call.
    """
    fresh, old = place.with_name(f".{place.name}.new"), place.with_name(f".{place.name}.old")
    if old.exists() and not place.exists():  # interrupted between two renames
        old.rename(place)
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        shutil.copytree(made, fresh, ignore=shutil.ignore_patterns(*leave_out))
        if not place.exists():
            fresh.rename(place)
        elif not exchange(fresh, place):
            swap(fresh, place, old)
    finally:
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)


def swap(fresh: Path, place: Path, old: Path) -> None:
    """Rename twice, and put the old folder back if the second renaming fails."""
    place.rename(old)
    try:
        fresh.rename(place)
    except BaseException:
        old.rename(place)
        raise


def exchange(one: Path, two: Path) -> bool:
    """Let two folders change places in a single step, and say whether the system can (Linux: renameat2)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # a C library from before 2018
        return False
    here, exchanging = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    done: int = renameat2(here, os.fsencode(one), here, os.fsencode(two), exchanging)
    return done == 0


def different(one: Path, two: Path) -> list[str]:
    """Return the names of the files that two folders do not share byte for byte."""
    names = {
        path.relative_to(folder) for folder in (one, two) for path in folder.rglob("*") if path.is_file()
    }

    def same(name: Path) -> bool:
        a, b = one / name, two / name
        return a.is_file() and b.is_file() and a.read_bytes() == b.read_bytes()

    return sorted(name.as_posix() for name in names if not same(name))
