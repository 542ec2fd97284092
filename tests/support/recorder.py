"""A web server that stands for all the hosts of the world, encrypted or not, and keeps what is asked of it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from support.certificates import Authority

Reply = tuple[int, Mapping[str, str], bytes]
_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
_TLS = b"\x16"  # what a client that wants encryption says first (RFC 8446, section 5.1)


class Recorder:
    """What was asked, as host and path; *scripts* gives some addresses a script of their own."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.scripts: dict[str, str] = {}
        #: What some addresses answer, by the headers of the request: status, headers, body.
        self.replies: dict[str, Callable[[Mapping[str, str]], Reply]] = {}
        #: The header Set-Cookie of some addresses.
        self.cookies: dict[str, str] = {}
        context = Authority(folder).context("every.host.test")
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                address = self.headers["Host"] + self.path
                recorder.asked.append(address)
                if reply := recorder.replies.get(address.partition("?")[0]):
                    return self.answer(*reply(self.headers))
                accepted = self.headers.get("Accept", "")
                if accepted.startswith("text/html"):
                    kind, body = "text/html", f"<!doctype html><title>{address}</title>".encode()
                elif accepted.startswith("image/"):
                    kind, body = "image/gif", _PIXEL
                else:
                    script = recorder.scripts.get(address.partition("?")[0], "")
                    kind, body = "text/javascript", f'(window.ran ??= []).push("{address}");{script}'.encode()
                headers = {"Content-Type": kind, "Cache-Control": "no-store"}
                if cookie := recorder.cookies.get(address.partition("?")[0]):
                    headers["Set-Cookie"] = cookie
                self.answer(200, headers, body)

            def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                if status not in (204, 304):
                    self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.do_GET()

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request: socket.socket, client_address: Any) -> None:
                # A browser closes connections that it has no more use for.
                with suppress(OSError):
                    if request.recv(1, socket.MSG_PEEK) != _TLS:
                        return super().finish_request(request, client_address)
                    with context.wrap_socket(request, server_side=True) as encrypted:
                        super().finish_request(encrypted, client_address)

            def handle_error(self, *_: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_port

    @contextmanager
    def running(self) -> Iterator[Recorder]:
        """Answer until the block ends."""
        thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    @property
    def hosts(self) -> set[str]:
        """The hosts that were asked for anything."""
        return {address.partition("/")[0] for address in self.asked}
