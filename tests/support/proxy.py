"""A TCP proxy in front of a real service, whose cable can be pulled."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from .programs import Program


class Proxy:
    """Forwards what connects to 127.0.0.1:`port` to *host*:*port*.

    `cut` ends every connection and refuses new ones, `hang` keeps connections and takes new ones but lets nothing
    pass, `restore` mends either; what waited meanwhile passes then.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        # Bound but not listening: nobody else gets the port while it is cut.
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]
        #: How many connections were taken so far.
        self.accepted = 0
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._control = threading.Lock()
        self._lock = threading.Lock()
        self._flows = threading.Event()

    def __enter__(self) -> Proxy:
        self.restore()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._place.close()

    def restore(self) -> None:
        """Let everything pass."""
        with self._control:
            self._flows.set()
            if self._listener is None:
                self._listener = _bound(self.port)
                self._listener.listen(128)
                self._start(self._accept, self._listener)

    def hang(self) -> None:
        """Let nothing pass, but end nothing."""
        self._flows.clear()

    def cut(self) -> None:
        """End every connection, and refuse new ones; returns when all are gone."""
        with self._control:
            if self._listener is not None:
                _end(self._listener)
                self._listener = None
            with self._lock:
                for end in self._open:
                    _end(end)
            self._flows.set()
            # The first of them takes connections: once it is gone, no more come.
            for thread in self._threads:
                thread.join()
            self._threads.clear()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with self._lock:
                    self.accepted += 1
                    self._open.add(client)
                self._start(self._serve, client, listener)

    def _serve(self, client: socket.socket, listener: socket.socket) -> None:
        with client:
            self._flows.wait()
            with suppress(OSError), socket.create_connection(self._target) as server:
                with self._lock:
                    self._open.add(server)
                if listener is self._listener:  # else it was cut meanwhile
                    answers = threading.Thread(target=self._pump, args=(server, client), daemon=True)
                    answers.start()
                    self._pump(client, server)
                    answers.join()
                with self._lock:
                    self._open.discard(server)
            with self._lock:
                self._open.discard(client)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def _bound(port: int) -> socket.socket:
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.bind(("127.0.0.1", port))
    return place


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


Fault = Callable[[Program, Proxy], None]
#: How a program is lost, or the network that leads to it, and how it is found again.
FAULTS: dict[str, tuple[Fault, Fault]] = {
    "killed": (lambda program, _: program.kill(), lambda program, _: program.start()),
    "stopped": (lambda program, _: program.freeze(), lambda program, _: program.thaw()),
    "parted": (lambda _, network: network.hang(), lambda _, network: network.restore()),
}
