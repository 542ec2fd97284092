"""A wrapped site behind a real gunicorn, which can be killed in the middle of its work."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import Connection

from compliance import Compliance
from compliance.store import Database

KEY = "a long random value"
_TESTS = Path(__file__).resolve().parents[1]
T = TypeVar("T")


def site(path: str) -> Flask:
    """Return a site with the settings and the folder that the file *path* names."""
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    app = Flask("served", instance_path=told["folder"], root_path=told["folder"])
    app.config.update(SECRET_KEY=KEY)
    app.add_url_rule("/", "home", lambda: "<!doctype html><title>News</title><h1>News</h1>")
    Compliance(app, settings=told["settings"])
    return app


def hasty_site(path: str) -> Flask:
    """Return a site that gives a receipt before what it stands for is committed: what must never be."""
    app = site(path)
    database = app.extensions["compliance"].database
    database.write = _Hasty(database)
    return app


class _Hasty:
    """Commits what is written when the next is, and not before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._open: Connection | None = None

    def __call__(self, work: Callable[[Connection], T]) -> T:
        self._database.migrate()
        with self._lock:
            if self._open:
                self._open.commit()
                self._open.close()
            self._open = self._database.engine.connect()
            return work(self._open)


class Server:
    """A gunicorn with *workers* processes on a port that stays the same when it is killed and started again."""

    def __init__(
        self, folder: Path, settings: dict[str, Any], *, app: str = "site", workers: int = 2, threads: int = 4
    ) -> None:
        file = folder / "site.json"
        file.write_text(json.dumps({"folder": str(folder), "settings": settings}), encoding="utf-8")
        # Listened to here: a client that comes while the server is away waits in the queue instead of being refused.
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._command = [
            *(sys.executable, "-m", "gunicorn", "--preload", "--bind", f"fd://{self._listener.fileno()}"),
            *("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
            *("--pythonpath", f"{_TESTS.parent},{_TESTS}", f"support.served:{app}('{file}')"),
        ]
        self._log = folder / "gunicorn.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._listener.close()

    def start(self) -> None:
        """Start it, in a process group of its own; returns when it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stderr=log, pass_fds=[self._listener.fileno()], start_new_session=True
            )
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200, self._log.read_text(encoding="utf-8")
        connection.close()

    def kill(self) -> None:
        """End it and all its workers at once, wherever they are."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def workers(self) -> list[int]:
        """Return the processes that answer, oldest first."""
        assert self._process is not None
        told = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii")
        return [int(pid) for pid in told.split()]

    def kill_worker(self, place: int) -> None:
        """End one of the workers; the server starts another one in its place."""
        workers = self.workers()
        if workers:
            with suppress(ProcessLookupError):
                os.kill(workers[place % len(workers)], signal.SIGKILL)

    def post(self, path: str, data: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
        """Post *data*; return the status and the answer. Raises `OSError` or `HTTPException` where none comes."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {"Accept": "application/json", "Content-Type": "application/json", **headers}
            connection.request("POST", path, json.dumps(data), sent)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()
