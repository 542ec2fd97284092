"""A websocket to the site for a websocket of a reader: what either says, the other hears."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Response
from websockets.typing import Subprotocol

from .answers import Answer
from .fields import Fields, passed
from .hops import Receive, Send

_LARGEST = 16 * 1024 * 1024  # bytes of a message, which is held whole
# What each end of the tunnel says of its own websocket alone (RFC 6455, section 11.3).
_OF_THE_HANDSHAKE = frozenset(
    b"sec-websocket-" + name for name in (b"accept", b"extensions", b"key", b"protocol", b"version")
)
# Codes that stand for no code, and are never sent (RFC 6455, section 7.4.1).
_UNSENT = {1005: 1000, 1006: 1011, 1015: 1011}


class _Connect(connect):
    """Goes where it was sent, and nowhere else: a redirect might lead to another machine."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def opened(
    url: SplitResult, host: bytes, target: bytes, fields: Fields, subprotocols: Sequence[str], *, patience: float
) -> connect:
    """Return a websocket to *target* on the machine of *url*, by the name *host*; ``async with`` opens it.

    That raises `websockets.exceptions.InvalidStatus` with the answer of a site that refuses it, another
    `WebSocketException` for an answer that makes no sense, and `OSError` where none comes within *patience* seconds.
    """
    encrypted = url.scheme == "https"
    own = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in passed(fields, _OF_THE_HANDSHAKE)]
    options: dict[str, Any] = {"server_hostname": url.hostname} if encrypted else {}
    return _Connect(
        f"{'wss' if encrypted else 'ws'}://{host.decode()}{target.decode()}",
        host=url.hostname,
        port=url.port or (443 if encrypted else 80),
        additional_headers=own,
        subprotocols=[Subprotocol(one) for one in subprotocols] or None,
        user_agent_header=None,
        proxy=None,
        open_timeout=patience,
        max_size=_LARGEST,
        **options,
    )


def handshake(answer: Response) -> Fields:
    """Return the fields of *answer*, with which the site took the websocket or refused it, that the reader gets."""
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.raw_items()]
    return passed(fields, _OF_THE_HANDSHAKE)


def refusal(error: InvalidStatus) -> Answer:
    """Return the answer of a site that refused a websocket."""
    answer = error.response
    fields = [(name, value) for name, value in handshake(answer) if name.lower() != b"content-length"]
    body = bytes(answer.body)
    return Answer(answer.status_code, [*fields, (b"content-length", str(len(body)).encode())], body)


async def join(site: ClientConnection, receive: Receive, send: Send) -> None:
    """Hand on what the *site* and the reader say, until one of them ends it."""
    there = asyncio.create_task(_to_site(site, receive))
    try:
        await _to_reader(site, send)
    finally:
        there.cancel()
        await asyncio.gather(there, return_exceptions=True)


async def _to_site(site: ClientConnection, receive: Receive) -> None:
    while (message := await receive())["type"] != "websocket.disconnect":
        said = message.get("bytes")
        try:
            await site.send(message["text"] if said is None else said)
        except ConnectionClosed:
            return  # the other way tells the reader why
    code: int = message.get("code", 1005)
    await site.close(_UNSENT.get(code, code), message.get("reason") or "")


async def _to_reader(site: ClientConnection, send: Send) -> None:
    try:
        async for said in site:
            kind = "text" if isinstance(said, str) else "bytes"
            await send({"type": "websocket.send", kind: said})
    except ConnectionClosed:
        pass
    code = site.close_code or 1006
    await send({"type": "websocket.close", "code": _UNSENT.get(code, code), "reason": site.close_reason or ""})
