"""A kernel that is a program: it reads a call from an .npz file and writes its answer to another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from convbook._forms import describe
from convbook.testing._operations import Call

SECONDS = 60
"""How long a program may take for one call."""


class CrashError(Exception):
    """A program that a signal ended."""


class Command:
    """A program that is run for each call, with the names of two files added to its arguments."""

    def __init__(self, words: Sequence[object]) -> None:
        if not words or not all(isinstance(word, (str, os.PathLike)) for word in words):
            raise TypeError(f"a command must be a list of strings, the program first, got {describe(words)}")
        self.words = [str(word) for word in words]
        if shutil.which(self.words[0]) is None:
            raise ValueError(f"there is no program {self.words[0]!r}")
        self.__qualname__ = " ".join(Path(word).name for word in self.words)

    def __call__(self, call: Call) -> Any:
        """Run the program on one call; its exit status 0 says that it answered."""
        with tempfile.TemporaryDirectory() as folder:
            asked, answered = Path(folder) / "call.npz", Path(folder) / "answer.npz"
            np.savez(asked, **as_arrays(call))
            done = subprocess.run(
                [*self.words, str(asked), str(answered)],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            if done.returncode < 0:
                raise CrashError(f"the program was ended by signal {-done.returncode}")
            if done.returncode > 0:
                last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
                raise RuntimeError(last[0])
            with np.load(answered) as found:
                output = found["output"]
                return (output, found["indices"]) if "indices" in found else output


def as_arrays(call: Call) -> dict[str, Any]:
    """Return the arrays of a call, and what is no array as JSON under the name "call"."""
    both = call.arguments | call.options
    arrays = {name: value.numpy() for name, value in both.items() if isinstance(value, Tensor)}
    settings = {name: value for name, value in both.items() if not isinstance(value, (Tensor, torch.Size))}
    text = json.dumps({"operation": call.operation, "settings": settings})
    return {**arrays, "call": np.array(text)}
