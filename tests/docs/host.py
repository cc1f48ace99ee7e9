"""A small web host for the built book, with gzip and the headers of its ``_headers`` file.

``python -m tests.docs.host`` shows the book at a local address under exactly those headers.
"""

from __future__ import annotations

import contextlib
import gzip
import mimetypes
import threading
import time
import zlib
from fnmatch import fnmatchcase
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.docs.pages import SITE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase

PACKED = {
    ".html",
    ".css",
    ".js",
    ".mjs",
    ".wasm",
    ".svg",
    ".json",
    ".txt",
    ".xml",
    ".py",
    ".ipynb",
    ".rst",
    ".inv",
}


def rules(site: Path) -> list[tuple[str, dict[str, str]]]:
    """The paths of the site's ``_headers`` file, each with its headers."""
    found: list[tuple[str, dict[str, str]]] = []
    for line in (site / "_headers").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("/"):
            found.append((line.strip(), {}))
        else:
            name, _, value = line.strip().partition(": ")
            found[-1][1][name] = value
    return found


@cache
def packed(path: Path) -> tuple[bytes, bool]:
    """A file's bytes as they go over the wire, and whether they were compressed (once for all)."""
    text = path.read_bytes()
    if path.suffix not in PACKED or len(text) < 500:
        return text, False
    return gzip.compress(text, 9, mtime=0), True


class Host(ThreadingHTTPServer):
    """Serves a folder, and notes what it sent."""

    daemon_threads = True
    request_queue_size = 64
    prefix = "/"  # where the book lies on its host
    rate: float | None = None  # bytes a second that all answers share, or as many as go
    latency = 0.0  # seconds before each answer

    def __init__(self, site: Path) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.site = site
        self.line = threading.Lock()
        self.rules = rules(site)
        self.sent: list[
            tuple[str, int]
        ] = []  # what was asked for, and the bytes of the answer with its headers

    @property
    def address(self) -> str:
        """The root of the book."""
        return f"http://127.0.0.1:{self.server_port}/"

    def send(self, visitor: BufferedIOBase, answer: bytes) -> None:
        """Write an answer at the line's pace."""
        time.sleep(self.latency)
        if self.rate is None:
            visitor.write(answer)
            return
        for start in range(0, len(answer), 20_000):
            part = answer[start : start + 20_000]
            with self.line:  # only for the time that it takes: a visitor who does not read holds up nobody
                time.sleep(len(part) / self.rate)
            visitor.write(part)


class Visit(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Host

    def do_HEAD(self) -> None:
        """Say whether a file is there."""
        self.do_GET()

    def do_GET(self) -> None:
        """Send a file, or word that the visitor's copy is still good."""
        asked = unquote(urlsplit(self.path).path)
        inside = asked.removeprefix(self.server.prefix)
        path = (self.server.site / inside.lstrip("/")).resolve()
        if path.is_dir():
            path = path / "index.html"
        lost = not path.is_file() or self.server.site.resolve() not in path.parents
        if lost:
            path = self.server.site / "404.html"
        body, compressed = packed(path)
        tag = f'"{zlib.crc32(body):x}"'
        fresh = self.headers.get("If-None-Match") == tag
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind.endswith(("javascript", "json", "xml"))
        headers = {"ETag": tag, "Content-Length": "0" if fresh else str(len(body))}
        for pattern, wanted in self.server.rules:
            if fnmatchcase("/" + inside.lstrip("/"), pattern):
                headers |= wanted
        if not fresh:
            headers["Content-Type"] = kind + ("; charset=utf-8" if text else "")
            if compressed:
                headers["Content-Encoding"] = "gzip"
        status = "304 Not Modified" if fresh else "404 Not Found" if lost else "200 OK"
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        answer = "\r\n".join(lines).encode() + (b"" if fresh or self.command == "HEAD" else body)
        self.server.sent.append((asked, len(answer)))
        with contextlib.suppress(ConnectionError):  # a visitor may leave in the middle
            self.server.send(self.wfile, answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def hosted(site: Path = SITE) -> Iterator[Host]:
    """Serve the site while the block runs."""
    host = Host(site)
    thread = threading.Thread(target=host.serve_forever, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        host.shutdown()
        host.server_close()
        thread.join()


if __name__ == "__main__":
    with hosted() as running, contextlib.suppress(KeyboardInterrupt):
        print(running.address, flush=True)
        threading.Event().wait()
