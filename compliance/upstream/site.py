"""The site itself: what is asked of it goes there as it came, and what it answers comes back, piece by piece."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult

import httpcore2
from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException

from . import tunnel
from .answers import Answer, Fault
from .fields import Fields, passed, sound, values
from .hops import Receive, Scope, Send, is_claim, told
from .reader import Reader

logger = logging.getLogger("compliance")

_WORDS = {"away": "cannot be reached", "slow": "did not answer in time", "odd": "gave an answer that makes no sense"}
_PROBE_SECONDS = 5
_HIGHEST_PORT = 65535
# A connection is for one request. Kept, it would show what a site sends beyond the length that it told, such as one of
# characters in place of bytes, to the reader who comes next: h11 keeps it, and httpcore2 does not look.
_ONCE = (b"connection", b"close")
# What the reader's server has met already, and what is said anew.
_ENDED_HERE = (b"expect", b"host")
# RFC 9110, section 7.2, with the underscore that no standard has and machines do.
_HOST = re.compile(rb"(?:[\w.~%!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds within which the site has to take a connection, and to go on taking what is sent or with its answer."""

    connect: float = 5
    read: float = 60


class _FaultError(Exception):
    def __init__(self, why: Fault) -> None:
        super().__init__(why)
        self.why = why


class Site:
    """An ASGI application: the site at *url*, of which scheme, host and port count.

    Args:
        name: the `Host` by which the site is asked, in place of the one that the reader sent.
        tell: makes what a reader is told in place of an answer.
    """

    def __init__(
        self, url: SplitResult, *, name: str | None, timeouts: Timeouts, tell: Callable[[Scope, Fault], Answer]
    ) -> None:
        self._url = url
        self._root = f"{url.scheme}://{url.netloc}/"
        self._name = name.encode() if name else None
        self._tell = tell
        self._patience = timeouts.read
        limits = {"connect": timeouts.connect, "pool": timeouts.connect, "read": timeouts.read, "write": timeouts.read}
        self._extensions = {"timeout": limits}
        self._pool = httpcore2.AsyncConnectionPool(max_connections=None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._tunnel(scope, receive, send)
        else:
            await self._exchange(scope, receive, send)

    def health(self) -> dict[str, dict[str, Any]]:
        """Ask whether the site is there, and wait for an answer; any will do. Not to be called in an event loop."""
        limits = dict.fromkeys(("connect", "pool", "read", "write"), _PROBE_SECONDS)
        host = self._name or self._url.netloc.encode()
        try:
            with httpcore2.ConnectionPool() as pool:
                pool.request("HEAD", self._root, headers=[(b"host", host)], extensions={"timeout": limits})
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException):
            return {"upstream": {"ok": False}}
        return {"upstream": {"ok": True}}

    async def _live(self, receive: Receive, send: Send) -> None:
        kind = ""
        while kind != "lifespan.shutdown":
            kind = (await receive())["type"]
            if kind == "lifespan.shutdown":
                await self._pool.aclose()
            await send({"type": f"{kind}.complete"})

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = whole = False
        try:
            async with Reader(scope["headers"], receive) as reader, self._answer(scope, reader) as answer:
                fields = _read(answer)
                begun = True
                await send({"type": "http.response.start", "status": answer.status, "headers": fields})
                async for piece in answer.aiter_stream():
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                whole = True
        except Exception as error:
            why = _why(error)
            if begun:  # it is left without its end, and the server breaks it off
                logger.warning("the site broke off its answer, and so did we: %s", type(error).__name__)
                return
            told = self._told(scope, why)
            await send({"type": "http.response.start", "status": told.status, "headers": told.fields})
            await send({"type": "http.response.body", "body": told.body})
        if whole:
            await send({"type": "http.response.body"})

    @asynccontextmanager
    async def _answer(self, scope: Scope, reader: Reader) -> AsyncIterator[httpcore2.Response]:
        answer = await self._pool.handle_async_request(self._request(scope, reader))
        try:
            yield answer
        finally:
            await answer.aclose()

    def _request(self, scope: Scope, reader: Reader) -> httpcore2.Request:
        host, fields = self._asked(scope)
        if reader.chunked:
            if values(scope["headers"], b"content-length"):  # one of the two lies (RFC 9112, section 6.1)
                raise _FaultError("request")
            fields.append((b"transfer-encoding", b"chunked"))
        scheme, name, port = self._url.scheme, self._url.hostname or "", self._url.port
        return httpcore2.Request(
            scope["method"],
            httpcore2.URL(scheme=scheme, host=name, port=port, target=_target(scope)),
            headers=[(b"host", self._name or host), *fields, _ONCE],
            content=reader if reader.sends else None,
            extensions=self._extensions,
        )

    def _asked(self, scope: Scope) -> tuple[bytes, Fields]:
        """Return the host that the reader asks for, and the other fields that the site gets."""
        if scope.get("method") == "TRACE":  # which would show cookies to scripts (RFC 9110, section 9.3.8)
            raise _FaultError("method")
        sent = scope["headers"]
        hosts = values(sent, b"host")
        if len(hosts) > 1 or not all(map(_is_host, hosts)):
            raise _FaultError("host")
        host = hosts[0] if hosts else self._url.netloc.encode()
        kept = [(name, value) for name, value in passed(sent, _ENDED_HERE) if not is_claim(name)]
        return host, [*kept, *told(scope, host)]

    async def _tunnel(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # that one is asked for
        try:
            host, fields = self._asked(scope)
            name, target = self._name or host, _target(scope)
            # Older servers hand the list on as it was written.
            offered = [one.strip() for told in scope["subprotocols"] for one in told.split(",")]
            try:
                opened = tunnel.opened(self._url, name, target, fields, offered, patience=self._patience)
            except ValueError as error:  # a protocol that is no name
                raise _FaultError("request") from error
            async with opened as site:
                assert site.response is not None
                headers = tunnel.handshake(site.response)
                await send({"type": "websocket.accept", "subprotocol": site.subprotocol, "headers": headers})
                await tunnel.join(site, receive, send)
        except Exception as error:
            told = tunnel.refusal(error) if isinstance(error, InvalidStatus) else self._told(scope, _why(error))
            await send({"type": "websocket.http.response.start", "status": told.status, "headers": told.fields})
            await send({"type": "websocket.http.response.body", "body": told.body})

    def _told(self, scope: Scope, why: Fault) -> Answer:
        if why in _WORDS:
            logger.warning("the site at %s %s", self._url.netloc, _WORDS[why])
        return self._tell(scope, why)


def _is_host(value: bytes) -> bool:
    match = _HOST.fullmatch(value)
    return match is not None and int(match[1] or 0) <= _HIGHEST_PORT


def _target(scope: Scope) -> bytes:
    """Return the target of a request as it came: no path is decoded or tidied on the way."""
    path: bytes = scope["raw_path"]
    if not path.startswith(b"/") and (path, scope.get("method")) != (b"*", "OPTIONS"):
        raise _FaultError("request")
    query: bytes = scope["query_string"]
    return b"%b?%b" % (path, query) if query else path


def _read(answer: httpcore2.Response) -> Fields:
    """Return the fields of *answer* that go on; `_FaultError` for an answer that no reader can be given."""
    if not 200 <= answer.status <= 599 or not sound(answer.headers):
        raise _FaultError("odd")
    # Where the end is told by pieces, a length is not believed (RFC 9112, section 6.3).
    chunked = values(answer.headers, b"transfer-encoding")
    return passed(answer.headers, (b"content-length",) if chunked else ())


def _why(error: Exception) -> Fault:
    """Return why there is no answer; raise *error* where that is a fault of ours."""
    match error:
        case _FaultError():
            return error.why
        case httpcore2.TimeoutException() | TimeoutError():
            return "slow"
        case httpcore2.LocalProtocolError():
            return "request"
        case InvalidURI():
            return "host"
        case httpcore2.RemoteProtocolError() | WebSocketException():
            return "odd"
        case httpcore2.NetworkError() | OSError():
            return "away"
    raise error
