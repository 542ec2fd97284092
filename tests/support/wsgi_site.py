"""A plain WSGI site, what is injected into it, and a client that reads it wrapped."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import brotli
from werkzeug.test import Client
from werkzeug.wrappers import Response as Answer

from compliance.middleware import Middleware
from compliance.page.injection import Markup
from compliance.page.policies import Nonces
from compliance.page.trackers import Gate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAGE = "<!DOCTYPE html>\n<html lang='en'>\n<head><title>t</title></head>\n<body>\n<p>Text</p>\n</body>\n</html>\n"
CHANGED = PAGE.replace("<body>", "<body>[en banner]").replace("</p>", "</p>[en footer]")
CHANGE_TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CODINGS = {
    "gzip": (gzip.compress, gzip.decompress),
    "deflate": (zlib.compress, zlib.decompress),
    "br": (brotli.compress, brotli.decompress),
    "zstd": (zstd.compress, zstd.decompress),
}


class Injected:
    """Marks that tell what the middleware asked for."""

    digest = "0123456789"
    changed = CHANGE_TIME

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.fails = False

    def decided(self, environ: dict[str, Any]) -> bool:
        return "decided" in environ.get("HTTP_COOKIE", "")

    def gate(self, environ: dict[str, Any], *, private: bool) -> Gate | None:
        return None

    def address(self, environ: dict[str, Any]) -> None:
        return None

    def hints(self, environ: dict[str, Any], nonces: Nonces) -> str:
        return "</ours.css>; rel=preload; as=style"

    def markup(
        self,
        *,
        lang: str | None,
        charset: str,
        environ: object,
        decided: bool,
        placed: frozenset[str],
        absolute: bool = False,
        calm: bool = False,
    ) -> Markup:
        self.asked.append({"lang": lang, "charset": charset, "decided": decided, "placed": placed})
        if self.fails:
            raise RuntimeError("ours")
        head = "" if decided or "banner" in placed else f"[{lang} banner]"
        foot = "" if "footer" in placed else f"[{lang} footer]"
        codec = {"us-ascii": "ascii"}.get(charset, charset)
        return Markup(head=head.encode(codec), foot=foot.encode(codec))


class Reader(Client):
    """A client that reads each answer to its end and closes it."""

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__(app, Answer, use_cookies=False)

    def open(self, *args: Any, **arguments: Any) -> Any:
        return super().open(*args, buffered=True, **arguments)


def wrap(app: Callable[..., Iterable[bytes]], *, raises: bool = True, injected: Injected | None = None) -> Reader:
    return Reader(Middleware(app, injected or Injected(), raise_errors=lambda: raises))


def site(
    body: str | bytes | Callable[[], Iterable[bytes]] = PAGE, status: str = "200 OK", **headers: str
) -> Callable[..., Any]:
    """Return a plain WSGI application that answers *body*; a header ``content_type`` is Content-Type."""
    fields = {"content_type": "text/html; charset=utf-8", **headers}

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        data = body.encode() if isinstance(body, str) else body
        start_response(status, [(name.replace("_", "-").title(), value) for name, value in fields.items() if value])
        if callable(data):
            return data()
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]

    return app


class Source:
    """A body that counts how often it is closed."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = iter(pieces)
        self.closed = 0

    def __iter__(self) -> Source:
        return self

    def __next__(self) -> bytes:
        piece = next(self.pieces)
        if isinstance(piece, Exception):
            raise piece
        return piece

    def close(self) -> None:
        self.closed += 1
