"""`python -m convbook`: the versions, devices and methods that a report of a fault needs."""

from __future__ import annotations

import importlib.metadata
import platform
import sys

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


if __name__ == "__main__":
    print(report())
