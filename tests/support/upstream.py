"""A site that answers byte for byte as it is told, and `python -m compliance serve` in front of a site."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from compliance.settings.toml import written
from support.host import ROOT, SETTINGS

KEY = "a long random value"
TEXT = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
Handler = Callable[[socket.socket, bytes, BinaryIO], None]


class Upstream:
    """A site that takes one request on each connection; *heads* are those that came, request line and fields."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self._answers: dict[bytes, Handler] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Upstream:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):  # it is closed
            self._listener.shutdown(socket.SHUT_RDWR)  # which alone wakes who waits for one
        self._listener.close()

    def on(self, path: str, answer: bytes | Handler) -> None:
        """Answer with these bytes what asks for *path*, or by what is called with the connection, head and body."""
        self._answers[path.encode()] = (
            answer if callable(answer) else lambda connection, _head, _body: connection.sendall(answer)
        )

    def _listen(self) -> None:
        with suppress(OSError):  # it is closed
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as sent, suppress(OSError):
            head = b"".join(iter(sent.readline, b"\r\n"))
            self.heads.append(head)
            answer = self._answers.get(head.split()[1].partition(b"?")[0])
            if answer is None:
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            else:
                answer(connection, head, sent)


@pytest.fixture(scope="module")
def site() -> Iterator[Upstream]:
    with Upstream() as site:
        yield site


def fields_of(head: bytes) -> list[tuple[bytes, bytes]]:
    """The fields in a head that came."""
    return [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:] if line]  # type: ignore[misc]


class Server:
    """`serve` in a process of its own, which listens on 127.0.0.1:*port* or at a *path*; *log* is what it has told."""

    def __init__(self, process: subprocess.Popen[str], workers: int) -> None:
        self.process = process
        self.log: list[str] = []
        self._heard = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        running = self.wait_for(r"running on (?:unix socket (\S+)|http://127.0.0.1:(\d+))")
        self.path, self.port = running[1], int(running[2] or 0)
        # Several processes listen each when it is ready.
        self.wait_for(rf"(?s)(startup complete.*){{{workers}}}")

    def connect(self) -> closing[HTTPConnection]:
        """Return a connection to it."""
        connection = HTTPConnection("127.0.0.1", self.port or 80, timeout=60)
        if self.path:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(self.path)
        return closing(connection)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the log has *pattern*."""
        with self._heard:
            found = lambda: re.search(pattern, "".join(self.log))  # noqa: E731
            assert self._heard.wait_for(lambda: found() or self.process.poll() is not None, timeout=60), self.log
            match = found()
            assert match, "".join(self.log)
            return match

    def stop(self) -> int:
        """Stop it as a system does, and return how it ended."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=60)
        finally:
            self.process.kill()
            self._reader.join()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._heard:
                self.log.append(line)
                self._heard.notify_all()


def settings_file(**settings: Any) -> str:
    """What a settings file says with *settings* over those of the model page."""
    return "".join(f"{name} = {written(value)}\n" for name, value in (SETTINGS | settings).items())


@contextmanager
def serve(
    folder: Path, upstream: str, *options: str, workers: int = 1, bind: str = "127.0.0.1:0", **settings: Any
) -> Iterator[Server]:
    """Serve with *settings* over those of the model page in front of *upstream*; what is kept lies in *folder*."""
    (folder / "compliance.toml").write_text(settings_file(**settings), encoding="utf-8")
    (folder / "key").write_text(KEY, encoding="utf-8")
    command = [sys.executable, "-m", "compliance", "--key-file", "key", "serve"]
    command += ["--upstream", upstream, "--bind", bind, "--workers", str(workers), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LANGUAGE": "en"}
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        server = Server(process, workers)
        try:
            yield server
        finally:
            server.stop()
