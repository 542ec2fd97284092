"""Programs that serve on loopback, and what may befall them: killed, stopped, started again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from bench.nginx import listens

from .delivery import until


def installed(program: str, *, package: str) -> str:
    """Return where *program* is; skip the test where *package* is not installed."""
    path = os.pathsep.join((os.environ["PATH"], "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))))
    if not (found := shutil.which(program, path=path)):
        pytest.skip(f"{package} is not installed")
    return found


def free_ports(count: int) -> list[int]:
    """Return as many ports that nobody listens on.

    They are below those that clients are given, so that none takes the port of a server while it is away; and so are
    those 10,000 above, where servers of a Redis cluster speak with each other.
    """
    ports = random.sample(range(12_000, 22_000), 10 * count)
    return [port for port in ports if not listens(port) and not listens(port + 10_000)][:count]


def hand_over(folder: Path, user: str) -> Path:
    """Return *folder*, which is made where it is not there yet, as one that *user* alone may use."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if whose := _chosen(user):
        shutil.chown(folder, whose)
    return folder


def run(*command: object, user: str) -> None:
    """Run *command* as *user*, where this process may choose."""
    words, whose = list(map(str, command)), _chosen(user)
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, user=whose, cwd="/")
    assert done.returncode == 0, done.stdout


def _chosen(user: str | None) -> str | None:
    return user if os.geteuid() == 0 else None


class Program:
    """A server that runs *command* and logs to *log*, with all processes that it starts.

    Args:
        answers: whether it does; `start` waits until then.
        user: whom it runs as, where this process may choose.
    """

    def __init__(
        self, command: Sequence[str], *, log: Path, answers: Callable[[], bool], user: str | None = None
    ) -> None:
        self.command = list(command)
        self.log = log
        self._answers = answers
        self._user = _chosen(user)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def launch(self, *options: str) -> None:
        """Start it, with more *options* for once."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.command, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                cwd="/",
                start_new_session=True,
            )

    def start(self, *options: str) -> None:
        """Start it; returns when it answers."""
        self.launch(*options)
        self.ready()

    def ready(self) -> None:
        """Return when it answers."""
        until(lambda: self._is_over() or self._answers())
        assert not self._is_over(), self.log.read_text(encoding="utf-8", errors="replace")[-4000:]

    def kill(self) -> None:
        """End it at once, wherever it is."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def freeze(self) -> None:
        """Let it stand still, with its connections open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _is_over(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _signal(self, number: signal.Signals) -> None:
        if self._process and not self._is_over():
            self._send(self._process.pid, number)

    def _send(self, process: int, number: signal.Signals) -> None:
        # The parent first, which then starts no more: PostgreSQL puts each of its processes into a session of its own.
        with suppress(ProcessLookupError, FileNotFoundError):
            children = Path(f"/proc/{process}/task/{process}/children")
            if number is not signal.SIGKILL:
                os.kill(process, number)
            found = children.read_text(encoding="ascii").split()
            if number is signal.SIGKILL:
                os.kill(process, number)
            for child in found:
                self._send(int(child), number)
