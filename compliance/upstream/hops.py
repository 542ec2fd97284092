"""Who asked, by the word of the proxies in front; and what the site is told of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from ipaddress import ip_address
from typing import Any

from .fields import Fields, tokens, values

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

_CHAIN = "compliance.chain"
_PORT = re.compile(r"(\d+(?:\.\d+){3})(?::\d+)?|\[([0-9a-f:.]+)\](?::\d+)?", re.IGNORECASE | re.ASCII)
_ENCRYPTED = {"http": "https", "ws": "wss"}


class Hops:
    """Stands around *app*, and believes what *proxies* proxies in front say of a request: none, unless it is told.

    Each of them adds to `X-Forwarded-For` whom it was asked by, and says in `X-Forwarded-Proto` by which scheme. What
    stands in these headers before the entries of so many proxies, a client has written itself.
    """

    def __init__(self, app: ASGIApplication, proxies: int) -> None:
        self.app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def dated(message: Message) -> None:
            # The clock of a site may be missing (RFC 9110, section 6.6.1).
            if message["type"] == "http.response.start" and not values(message["headers"], b"date"):
                headers = [*message["headers"], (b"date", formatdate(usegmt=True).encode())]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(self._seen(scope), receive, dated)

    def _seen(self, scope: Scope) -> Scope:
        """Return *scope* with the client and the scheme that the proxies in front name."""
        client = scope.get("client")
        peer = _address(client[0]) if client else None
        believed = [_address(one) for one in self._last(scope, b"x-forwarded-for")]
        chain = [address for address in (*believed, peer) if address]
        seen = {**scope, _CHAIN: chain}
        if believed and believed[0]:
            seen["client"] = (believed[0], 0)
        if self._last(scope, b"x-forwarded-proto")[:1] == ["https"]:
            seen["scheme"] = _ENCRYPTED.get(scope["scheme"], scope["scheme"])
        return seen

    def _last(self, scope: Scope, name: bytes) -> list[str]:
        """Return what the proxies in front wrote into the list *name*; nothing where there are not as many entries."""
        if not self._proxies:
            return []
        told = [token.decode("latin-1") for value in values(scope["headers"], name) for token in tokens(value)]
        return told[-self._proxies :] if len(told) >= self._proxies else []


#: What a client may not say for itself. Some servers take an underscore for a hyphen.
_CLAIMS = re.compile(rb"forwarded|x[-_]forwarded[-_].*|x[-_]real[-_]ip|proxy", re.IGNORECASE | re.DOTALL)


def told(scope: Scope, host: bytes) -> Fields:
    """Return the fields by which the site learns who asked, and for which *host* (RFC 7239)."""
    chain: list[str] = scope[_CHAIN]
    scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
    fields = [(b"x-forwarded-for", ", ".join(chain).encode()), (b"x-real-ip", chain[0].encode())] if chain else []
    fields += [(b"x-forwarded-proto", scheme.encode()), (b"x-forwarded-host", host)]
    nodes = [f'for="[{one}]"' if ":" in one else f"for={one}" for one in chain or ["unknown"]]
    first, *others = nodes
    forwarded = ", ".join((f"{first};proto={scheme}", *others)).encode()
    return [*fields, (b"forwarded", forwarded.replace(b";", b';host="%b";' % host, 1)), (b"via", b"1.1 compliance")]


def is_claim(name: bytes) -> bool:
    """Return whether the field *name* says who asked, which a client may not, or sets a program's proxy (httpoxy)."""
    return _CLAIMS.fullmatch(name) is not None


def _address(text: str) -> str | None:
    """Return the address that *text* is, less a port; ``None`` for what is none, such as the name of a socket."""
    match = _PORT.fullmatch(text)
    try:
        return str(ip_address(match[1] or match[2] if match else text))
    except ValueError:
        return None
