"""A Jupyter kernel that is forked from one warm process, instead of importing torch and pyplot for every page.

Run as ``forked_kernel.py SOCKET CONNECTION_FILE`` by Jupyter.  The first run finds no socket, starts the warm process and waits for
it.  Then each run asks it to fork, forwards signals, and lives as long as the kernel.  The warm process ends with the build.
Importing this module as a Sphinx extension writes the kernelspec.  Where a process cannot fork, pages use the plain kernel.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NAME = "convbook"
EVERY_PAGE_NEEDS = (
    "convbook",
    "imageio_ffmpeg",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_svg",
    "matplotlib.style",
    "matplotlib_inline.backend_inline",
)
STARTUP = """
import sys
sys.path.insert(0, {folder!r})
import themed_figures
themed_figures.install()
# What a cell prints arrives in one piece at its end; by the clock it would arrive in pieces, with a line between them.
sys.stdout.flush_interval = sys.stderr.flush_interval = 3600
del sys, themed_figures
"""
CONFIG = """
c.InteractiveShellApp.matplotlib = "inline"
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": None}
c.InteractiveShell.xmode = "Minimal"  # a page shows what an error says, not the paths of the machine
c.IPKernelApp.log_level = 40  # the connection is local: Jupyter's remark on encryption is no news
"""


# ------------------------------------------------------------------ what Jupyter runs: a small client


def client(address: str, connection_file: str) -> int:
    """Ask the warm process for a kernel, and stand for it until it ends."""
    link = _reach_server(address)
    request = {"connection_file": connection_file, "cwd": os.getcwd(), "env": dict(os.environ)}
    link.sendall(json.dumps(request).encode() + b"\n")
    answers = link.makefile("r")
    kernel = json.loads(answers.readline())["pid"]

    def forward(number: int, frame: Any) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(kernel, number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, forward)
    answers.read()  # the kernel holds the other end: this returns when it has ended
    return 0


def _reach_server(address: str) -> socket.socket:
    started = None
    for _ in range(1200):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.connect(address)
            return link
        except (FileNotFoundError, ConnectionRefusedError):
            link.close()
        if started is None:
            started = subprocess.Popen(
                [sys.executable, __file__, "--serve", address],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
            )
        elif started.poll() not in (None, 0):
            raise SystemExit("the warm kernel process ended before it could answer")
        time.sleep(0.05)
    raise SystemExit("the warm kernel process did not answer within a minute")


# ------------------------------------------------------------------ the warm process


def serve(address: str) -> None:
    """Load what every page loads, then fork a kernel per request until the build that owns the socket has ended."""
    owner = int(Path(address).with_name("owner").read_text())
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(address)
    except OSError:
        return  # another page's client was quicker
    _warm_up()
    listener.listen()
    listener.settimeout(1.0)
    while _alive(owner) and Path(address).exists():
        _reap()
        try:
            link, _ = listener.accept()
        except TimeoutError:
            continue
        link.settimeout(None)
        request = json.loads(link.makefile("r").readline())
        pid = os.fork()
        if pid == 0:
            listener.close()
            link.sendall(json.dumps({"pid": os.getpid()}).encode() + b"\n")
            _become_kernel(link, request)
        link.close()
    _reap()


def _reap() -> None:
    """Take leave of kernels that have ended: their time then counts as this process's, and can be measured."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _warm_up() -> None:
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    import gc
    import importlib

    import matplotlib.pyplot
    import torch
    from PIL import Image

    for name in EVERY_PAGE_NEEDS:
        importlib.import_module(name)
    # One thread: a forked process must not inherit a pool, and pages are too small to need one.
    torch.set_num_threads(1)
    # pyplot picks its backend, its fonts and its first figure's machinery now, once for all the pages.
    matplotlib.use("agg")
    figure, _ = matplotlib.pyplot.subplots()
    figure.canvas.draw()
    matplotlib.pyplot.close(figure)
    Image.preinit()
    # What is here now, every page shares: collections of garbage neither look through it nor copy it.
    gc.collect()
    gc.freeze()


def _become_kernel(link: socket.socket, request: dict[str, Any]) -> None:
    import threading

    from ipykernel.kernelapp import IPKernelApp

    os.environ.clear()
    os.environ.update(request["env"])
    os.environ.pop("JPY_PARENT_PID", None)  # this process's parent is the warm one, not Jupyter
    os.chdir(request["cwd"])
    sys.argv = ["ipykernel_launcher", "-f", request["connection_file"]]

    def end_with_client() -> None:
        link.recv(1)
        os._exit(0)

    threading.Thread(target=end_with_client, daemon=True).start()
    code = 1
    try:
        IPKernelApp.launch_instance(sys.argv[1:])
        code = 0
    finally:
        os._exit(code)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# ------------------------------------------------------------------ the Sphinx extension


def start(app: Any) -> None:
    """Write the kernelspec and the IPython profile of this build into a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="convbook-kernel-"))
    app.kernel_folder = folder
    (folder / "owner").write_text(str(os.getpid()))
    startup = folder / "ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "00-figures.py").write_text(STARTUP.format(folder=str(Path(__file__).parent)))
    (startup.parent / "ipython_kernel_config.py").write_text(CONFIG)
    if hasattr(os, "fork") and sys.platform == "linux":
        argv = [sys.executable, str(Path(__file__).resolve()), str(folder / "socket"), "{connection_file}"]
    else:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = folder / "jupyter/kernels" / NAME
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps(
            {"argv": argv, "display_name": "Python 3", "language": "python", "interrupt_mode": "signal"}
        )
    )
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        filter(None, [str(folder / "jupyter"), os.environ.get("JUPYTER_PATH")])
    )
    os.environ["IPYTHONDIR"] = str(folder / "ipython")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH")])
    )
    # A page's text must not depend on the width of the terminal that built it, nor on the number of cores.
    os.environ.update(COLUMNS="100", OMP_NUM_THREADS="1", PYTHONHASHSEED="0")


def finish(app: Any, exception: Exception | None) -> None:
    """Take the socket away: the warm process sees it and ends."""
    shutil.rmtree(app.kernel_folder, ignore_errors=True)


def setup(app: Any) -> dict[str, Any]:
    app.connect("builder-inited", start, priority=90)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True}


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        sys.exit(client(sys.argv[1], sys.argv[2]))
