"""One JSON document posted to one address, or what lies there asked for, and the answer."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from socket import getaddrinfo
from typing import Any
from urllib.parse import quote, urlsplit

from ..outside.hosts import ascii_host
from .connections import Deadline, Resolver, connect
from .notices import DeliveryError

LONGEST_ANSWER = 64 * 1024
_PORTS = {"https": 443, "http": 80}
_SAFE = "/%:@!$&'()*+,;=~?"  # what need not be quoted in a query, besides letters and digits (RFC 3986, appendix A)


def encoded(document: Mapping[str, Any]) -> bytes:
    """Return *document* as JSON, with characters as they are: the robots limit bodies by bytes."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered: at most `LONGEST_ANSWER` bytes of it."""

    status: int
    retry_after: int | None
    body: bytes

    def check(self) -> None:
        """Raise `DeliveryError` unless the status says that all went well (RFC 9110, section 15)."""
        if 300 <= self.status < 400:
            raise DeliveryError("redirect", permanent=True)
        if not 200 <= self.status < 300:
            permanent = 400 <= self.status < 500 and self.status not in (408, 429)
            raise DeliveryError(f"http {self.status}", permanent=permanent, retry_after=self.retry_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """Posts to addresses in the Internet, over HTTPS; *allow_private* takes both away, for a receiver next door.

    Redirects are not followed, and proxies in the environment not used: both would lead around what was checked.
    """

    allow_private: bool
    timeout: float
    resolve: Resolver = getaddrinfo

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Post *body*, which is JSON, to *url*. Raises `DeliveryError` where there is no answer."""
        typed = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        return self._asked("POST", url, body, typed)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for *url*. Raises `DeliveryError` where there is no answer."""
        return self._asked("GET", url, None, headers or {})

    def _asked(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        deadline = Deadline(self.timeout)
        try:
            parts = urlsplit(url)
            host, port = ascii_host(parts.hostname or ""), parts.port or _PORTS[parts.scheme]
            path = quote(parts.path or "/", safe=_SAFE.removesuffix("?"))
            path += f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
        except (KeyError, ValueError):
            raise DeliveryError("address", permanent=True) from None
        if not host or "@" in parts.netloc:
            raise DeliveryError("address", permanent=True)
        if parts.scheme != "https" and not self.allow_private:
            raise DeliveryError("https", permanent=True)
        socket = connect(
            host,
            port,
            deadline=deadline,
            allow_private=self.allow_private,
            context=ssl.create_default_context() if parts.scheme == "https" else None,
            resolve=self.resolve,
        )
        connection = HTTPConnection(host, port)
        connection.sock = socket
        named = f"[{host}]" if ":" in host else host
        sent = {
            "Host": named if port == _PORTS[parts.scheme] else f"{named}:{port}",
            "User-Agent": "flask-compliance",
            "Connection": "close",
            **headers,
        }
        try:
            with deadline.over(lambda: socket):
                connection.request(method, path, body, sent)
                response = connection.getresponse()
                after = response.getheader("Retry-After", "")
                return Answer(
                    status=response.status,
                    retry_after=int(after) if after.isdecimal() and len(after) < 7 else None,
                    body=response.read(LONGEST_ANSWER),
                )
        finally:
            connection.close()
            socket.close()
