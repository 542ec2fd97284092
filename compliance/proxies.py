"""What requests show of a proxy in front whose word the application does not hear."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import Message, Problem
from .outside.hosts import host_of, is_local, is_private

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def unread_address() -> Problem:
    """Return what to do where readers' addresses are those of the proxy."""
    remedy = Message(
        "put werkzeug.middleware.proxy_fix.ProxyFix around the application, or give `serve` --proxies, for as many"
        " proxies as there are: all readers share one limit, as one"
    )
    return Problem(key="X-Forwarded-For", value=Message("not read"), remedy=remedy)


def unread_scheme() -> Problem:
    """Return what to do where `https` ends at the proxy and the application does not know."""
    remedy = Message(
        "put werkzeug.middleware.proxy_fix.ProxyFix around the application, or give `serve` --proxies, for as many"
        " proxies as there are: cookies would not be Secure"
    )
    return Problem(
        key="X-Forwarded-Proto", value=Message("http for the application, and site.url is https"), remedy=remedy
    )


# What of a request is looked at.
_TELLING = (
    "REMOTE_ADDR",
    "HTTP_HOST",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_ORIGIN",
    "HTTP_REFERER",
    "SERVER_PROTOCOL",
    "wsgi.url_scheme",
)


class Watch:
    """Looks at requests to the site at *url* until one shows whether a proxy is heard; *tells* where it is not.

    One from this machine to this machine shows nothing: it may be a developer's, or ask whether the site is alive.
    """

    def __init__(self, url: str, tells: Callable[[Problem], None]) -> None:
        self._scheme, self._host = urlsplit(url).scheme, host_of(url)
        self._tells = tells
        self.open = not is_local(self._host)
        self._seen: tuple[object, ...] = ()

    def saw(self, environ: WSGIEnvironment) -> bool:
        """Return whether the request of *environ* is like the last that was looked at, and so shows no more."""
        return tuple(map(environ.get, _TELLING)) == self._seen

    def look(self, environ: WSGIEnvironment) -> None:
        """Look at the request of *environ*, as it reaches the application."""
        if self.saw(environ):
            return
        problem = self._overlooked(environ)
        if problem is not None and self.open:
            self._tells(problem)
        self.open = self.open and problem is None and not self._is_known(environ)
        self._seen = tuple(map(environ.get, _TELLING))

    def _is_known(self, environ: WSGIEnvironment) -> bool:
        return not _is_near(environ.get("REMOTE_ADDR", "")) or self._asked(environ) == self._host

    def _asked(self, environ: WSGIEnvironment) -> str:
        return host_of(f"//{environ.get('HTTP_HOST', '')}")

    def _overlooked(self, environ: WSGIEnvironment) -> Problem | None:
        remote = environ.get("REMOTE_ADDR", "")
        if not _is_near(remote):
            return None
        told = environ.get("HTTP_X_FORWARDED_FOR", "")
        if told and remote not in [one.strip() for one in told.split(",")]:
            return unread_address()
        asked = self._asked(environ)
        plain = self._scheme == "https" and environ["wsgi.url_scheme"] != "https"
        if plain and (asked == self._host or environ.get("HTTP_X_FORWARDED_PROTO") == "https"):
            return unread_scheme()
        # nginx names itself, and speaks HTTP/1.0, unless it is told otherwise (ngx_http_proxy_module).
        named = is_local(asked) or "." not in asked
        if named and (environ.get("SERVER_PROTOCOL") == "HTTP/1.0" or self._comes_from_us(environ)):
            remedy = Message(
                "the proxy in front names itself: let it send Host, X-Forwarded-For and X-Forwarded-Proto, and put"
                " werkzeug.middleware.proxy_fix.ProxyFix around the application, or give `serve` --proxies"
            )
            return Problem(key="Host", value=asked or "''", remedy=remedy)
        return None

    def _comes_from_us(self, environ: WSGIEnvironment) -> bool:
        return self._host in map(host_of, (environ.get("HTTP_ORIGIN", ""), environ.get("HTTP_REFERER", "")))


def _is_near(address: str) -> bool:
    """Return whether *address* is of this machine or network, or a socket's, which has none."""
    try:
        return is_private(address)
    except ValueError:
        return True
