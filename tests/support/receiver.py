"""A real web server that keeps what is posted to it, and answers as it is told."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request; *name* is what the client asked for when the connection was encrypted (SNI)."""

    path: str
    headers: dict[str, str]  # names in small letters
    body: bytes
    name: str | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class Answer:
    """How to answer; *drip* sends the body byte by byte until the client has enough."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    drip: bool = False
    hang: bool = False


class Receiver:
    """A web server on a free port of 127.0.0.1, encrypted where there is a *context*.

    It answers with *answers* one after the other, and with the last of them from then on:

        with Receiver() as receiver:
            receiver.answers = [Answer(status=503), Answer()]
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.posts: list[Post] = []
        self.connections = 0
        self.answers = [Answer()]
        self.closing = Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                name = getattr(self.connection, "asked_for", None)
                receiver.posts.append(Post(path=self.path, headers=headers, body=self.rfile.read(length), name=name))
                answer = receiver.answers[0] if len(receiver.answers) == 1 else receiver.answers.pop(0)
                if answer.hang:
                    receiver.closing.wait(30)
                    return
                # A client that has had enough goes away.
                with suppress(OSError):
                    self._answer(answer)

            def _answer(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for header, value in answer.headers.items():
                    self.send_header(header, value)
                if not answer.drip:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if not answer.drip:
                    self.wfile.write(answer.body)
                while answer.drip and not receiver.closing.wait(0.02):
                    self.wfile.write(b" ")

            def log_message(self, *arguments: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False

            def get_request(self) -> tuple[socket.socket, Any]:
                connection, address = super().get_request()
                receiver.connections += 1
                return connection, address

            def finish_request(self, request: Any, client_address: Any) -> None:
                if context is None:
                    super().finish_request(request, client_address)
                    return
                asked_for: list[str | None] = []
                # One handshake after the other in a test: the context can be told for each.
                context.sni_callback = lambda _, name, __: asked_for.append(name)
                with suppress(OSError), context.wrap_socket(request, server_side=True) as encrypted:
                    encrypted.asked_for = asked_for[0] if asked_for else None  # type: ignore[attr-defined]
                    super().finish_request(encrypted, client_address)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        self.scheme = "https" if context else "http"
        self._thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def __iter__(self) -> Iterator[Post]:
        return iter(self.posts)
