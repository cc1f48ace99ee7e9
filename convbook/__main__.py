"""`python -m convbook`: the versions, devices and methods that a report of a fault needs.

``python -m convbook check my_module:my_conv2d`` holds a kernel against the definition, and
``python -m convbook vectors folder`` writes test vectors; ``-h`` after either names the options.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import convbook


def report() -> str:
    """Return what a maintainer asks for first, one fact a line.

    Returns
    -------
    str
        Versions of Python and of the packages, the machine, the devices with the settings that change their
        numbers, and the names of the methods.

    Examples
    --------
    >>> report().splitlines()[0].split()[0]
    'convbook'
    """
    lines = [f"{name:<12}{version(name)}" for name in ("convbook", "torch", "numpy", "matplotlib")]
    lines += [
        f"{'python':<12}{platform.python_version()} ({sys.implementation.name})",
        f"{'system':<12}{platform.system()} {platform.machine()}",
        f"{'threads':<12}{torch.get_num_threads()}",
        *devices(),
        f"{'methods':<12}{', '.join(convbook.METHODS)}",
    ]
    return "\n".join(lines)


def version(name: str) -> str:
    """Return the installed version of a package, or say that there is none.

    Parameters
    ----------
    name : str
        The name of a distribution.

    Returns
    -------
    str
        The version, or "not installed".

    Examples
    --------
    >>> version("no-such-package-of-ours")
    'not installed'
    """
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def devices() -> list[str]:
    """Return a line for each device that torch can compute on.

    Returns
    -------
    list of str
        The CPU, each CUDA device with its memory, then the settings of cuDNN that change its numbers.

    Examples
    --------
    >>> devices()[0].split()[:2]
    ['device', 'cpu:']
    """
    lines = [f"{'device':<12}cpu: {torch.backends.cpu.get_cpu_capability()}"]
    for index in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(index)
        capability = f"{found.major}.{found.minor}"
        memory = found.total_memory / 2**30
        lines.append(f"{'device':<12}cuda:{index}: {found.name}, capability {capability}, {memory:.1f} GiB")
    if torch.cuda.is_available():
        cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
        lines.append(f"{'cuda':<12}{torch.version.cuda}, cuDNN {cudnn}, TF32 {tf32()}")
    if torch.backends.mps.is_available():
        lines.append(f"{'device':<12}mps")
    return lines


def tf32() -> str:
    """Say whether cuDNN's convolutions may round float32 to 10 bits of mantissa.

    Returns
    -------
    str
        "on" or "off".

    Examples
    --------
    >>> tf32() in ("on", "off")
    True
    """
    return "on" if torch.backends.cudnn.allow_tf32 else "off"


def main(words: Sequence[str]) -> int:
    """Run a command line.

    Parameters
    ----------
    words : sequence of str
        The arguments after ``python -m convbook``; none for the report.

    Returns
    -------
    int
        The exit status: 0, or 1 where a kernel was found wrong.

    Examples
    --------
    >>> main(["check", "torch.nn.functional:avg_pool2d", "--cases", "1"])  # doctest: +ELLIPSIS
    ✓ avg_pool2d by avg_pool2d: 1 cases, 1 right, 0 wrong, 0 not supported
    ...
    0
    """
    if not words:
        print(report())
        return 0
    parser = argparse.ArgumentParser(prog="python -m convbook", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="hold a kernel against the definition")
    check.add_argument(
        "kernel", nargs="+", help="module:function; or, with --command, a program and its arguments"
    )
    check.add_argument("--command", action="store_true", dest="program", help="the kernel is a program")
    check.add_argument("--name", help="the operation, where the function has another name")
    check.add_argument("--cases", type=int, default=2000)
    check.add_argument("--seed", type=int, default=0)
    check.add_argument("--arrays", choices=("auto", "torch", "numpy"), default="auto")
    check.add_argument("--supports", nargs="+", help='features that must not raise an error, or "all"')
    check.add_argument("--json", type=Path, help="write the report there, also when stopped by Ctrl-C")
    check.add_argument("--resume", type=Path, help="go on from a report that --json wrote")
    vectors = commands.add_parser("vectors", help="write test vectors")
    vectors.add_argument("folder", type=Path)
    asked = parser.parse_args(words)
    try:
        return _check(asked) if asked.command == "check" else _vectors(asked.folder)
    except (ValueError, TypeError, ImportError, AttributeError, OSError) as error:
        parser.error(str(error))


def _check(asked: Any) -> int:
    """Run ``check``: print the report, and write it where it is wanted."""
    from convbook.testing import Report, check_kernel

    if asked.program:
        kernel, name = asked.kernel, asked.name
    else:
        if len(asked.kernel) > 1:
            raise ValueError("kernel must be one module:function; a program needs --command")
        sys.path.insert(0, "")
        module, _, path = asked.kernel[0].partition(":")
        if not path:
            raise ValueError(f"kernel must be module:function, got {asked.kernel[0]!r}")
        kernel = importlib.import_module(module)
        for part in path.split("."):
            kernel = getattr(kernel, part)
        name = asked.name or path.rpartition(".")[2].removeprefix("my_")
    supports = "all" if asked.supports == ["all"] else asked.supports
    start = Report.from_json(asked.resume.read_text(encoding="utf-8")) if asked.resume else 0
    found = check_kernel(
        name, kernel, supports=supports, cases=asked.cases, seed=asked.seed, arrays=asked.arrays, start=start
    )
    print(found)
    if asked.json:
        asked.json.write_text(found.to_json() + "\n", encoding="utf-8")
    return 0 if found else 1


def _vectors(folder: Path) -> int:
    """Run ``vectors``: write the files and name them."""
    from convbook.testing import write_vectors

    for path in write_vectors(folder):
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
