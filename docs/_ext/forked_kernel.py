"""Chapters run in Jupyter kernels that are forked from Sphinx, which has imported what every chapter imports.

Importing torch and pyplot for each chapter would take half of the build.  Where a process cannot fork, a kernel is a new process.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import logging
import multiprocessing
import os
import random
import sys
import warnings
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

EVERY_CHAPTER_NEEDS = (
    "torch",
    "torch._dynamo",  # torch imports it when the first optimizer is made, and no public name imports it earlier
    "convbook",
    "convbook.drawing",
    "imageio_ffmpeg",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_svg",
    "matplotlib_inline.backend_inline",
    "numba",
)


def become_kernel(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Turn this process into a kernel whose state is that of a new one."""
    os.environ.update(environment, MPLBACKEND="module://matplotlib_inline.backend_inline")
    os.chdir(folder)
    # The present event loop is at work in the process that was forked.
    asyncio.set_event_loop(asyncio.new_event_loop())
    import matplotlib.pyplot as plt
    import numpy
    import themed_figures
    import torch
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    random.seed(0)
    numpy.random.seed(0)  # noqa: NPY002  -- a chapter may use either kind of generator
    torch.manual_seed(0)
    plt.rcdefaults()
    warnings.simplefilter("default")
    config = Config()
    config.InteractiveShellApp.matplotlib = "inline"
    config.InlineBackend.figure_formats = {"svg"}
    config.InlineBackend.print_figure_kwargs = {"bbox_inches": None}
    config.InteractiveShell.xmode = "Minimal"  # a page shows what an error says, not the paths of the machine
    # The profile of whoever builds must not change the book; Jupyter's remark on encryption does not concern a local connection.
    config.IPKernelApp.update(ipython_dir=folder, log_level=logging.ERROR, parent_handle=os.getppid())
    kernel = IPKernelApp.instance(config=config)
    kernel.initialize(arguments)
    plt.uninstall_repl_displayhook()  # it would draw each figure for a screen before it is drawn for the page
    themed_figures.install()
    # What a cell prints arrives in one piece at its end; by the clock it would arrive in pieces, with a line between them.
    sys.stdout.flush_interval = sys.stderr.flush_interval = 3600
    kernel.start()


class Fork(multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn").Process):  # type: ignore[misc]
    """A forked process with the methods of `subprocess.Popen` that Jupyter calls."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        """Return the exit code of a process that has ended."""
        return self.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end."""
        self.join(timeout)
        return self.exitcode

    def send_signal(self, number: int) -> None:
        """Interrupt a cell that takes too long."""
        os.kill(self.pid, number)


class Provisioner(LocalProvisioner):
    """Starts kernels as forks."""

    async def launch_kernel(self, cmd: list[str], **given: Any) -> Any:
        """Fork a kernel with the arguments of the command."""
        arguments = cmd[cmd.index("-f") :], given.get("cwd", os.getcwd()), given["env"]
        self.process = Fork(target=become_kernel, args=arguments)
        self.process.start()
        self.pid = self.process.pid
        return self.connection_info


def import_first(app: Any, env: Any, docnames: list[str]) -> None:
    """Import what every chapter imports, once, if there are chapters to read, and let all processes read some."""
    if docnames:
        # Sphinx gives each process a run of neighbors; in the order of their names nearly all chapters would go to one.
        docnames.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
        for name in EVERY_CHAPTER_NEEDS:
            importlib.import_module(name)


def setup(app: Any) -> dict[str, Any]:
    place = EntryPoint("convbook", f"{__name__}:{Provisioner.__name__}", "jupyter_client.kernel_provisioners")
    KernelProvisionerFactory.instance().provisioners["convbook"] = place
    # A page's text must not depend on the width of the terminal that built it, nor on the number of cores.
    os.environ.update(JUPYTER_DEFAULT_PROVISIONER_NAME="convbook", COLUMNS="100", OMP_NUM_THREADS="1")
    app.connect("env-before-read-docs", import_first)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
