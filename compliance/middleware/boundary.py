"""The boundary itself: conditions of requests in, responses out."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from . import headers
from .exchange import Body, Exchange
from .state import Injection, State
from .validators import UNIFORM, date, opaque

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CONDITIONS = frozenset(
    {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_IF_RANGE", "HTTP_RANGE"}
)
# Destinations of a request that may be a page (Fetch standard, section 2.2.5); "empty" is that of a script's fetch.
_PAGES = frozenset({"document", "embed", "empty", "frame", "iframe", "object"})


class Middleware:
    """Wraps *app*: every HTML page of it carries what *injection* gives.

    *raise_errors* tells whether a fault of ours is raised (in tests and while debugging) or logged, the page going
    out as the application made it.
    """

    def __init__(self, app: WSGIApplication, injection: Injection, *, raise_errors: Callable[[], bool]) -> None:
        self.app = app
        self._state = State(injection, raise_errors)

    def __getattr__(self, name: str) -> Any:
        # Hosts read attributes of what they wrapped their application in themselves, off whatever stands around it.
        if name == "app":  # which a copy that is being made does not have yet
            raise AttributeError(name)
        return getattr(self.app, name)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["compliance.through"] = True
        if (
            "HTTP_IF_NONE_MATCH" in environ
            or "HTTP_IF_MODIFIED_SINCE" in environ
            or "HTTP_IF_MATCH" in environ
            or "HTTP_IF_RANGE" in environ
        ):
            return self._conditional(environ, start_response)
        return self._exchanged(environ, start_response, {}).answer()

    def _exchanged(self, environ: WSGIEnvironment, start_response: StartResponse, sent: dict[str, str]) -> Exchange:
        exchange = Exchange(self._state, environ, start_response, sent)
        exchange.run(self.app)
        return exchange

    def _conditional(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        sent: dict[str, str] = {}
        shown = environ
        try:
            shown, sent = self._shown(environ)
        except Exception:
            self._state.fault("the conditions of a request could not be read")
        exchange = self._exchanged(shown, start_response, sent)
        if not exchange.status.startswith("304") or not self._stale(shown, exchange):
            return exchange.answer()
        # The page did not change, but what goes into it did, and only the application knows whether it is a page.
        anew = {key: value for key, value in environ.items() if key not in _CONDITIONS}
        try:
            changed = self._changed(anew, start_response)
        except BaseException:
            exchange.close()
            raise
        if changed is None:
            return exchange.answer()
        exchange.close()
        return changed

    def _changed(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
        """Return the response to a request without conditions; ``None`` if it is none that changes."""
        started: list[Any] = []
        written: list[bytes] = []

        def hold(status: str, fields: headers.Fields, exc_info: Any = None, /) -> Callable[[bytes], object]:
            if exc_info is not None:
                raise exc_info[1].with_traceback(exc_info[2])
            started[:] = status, fields
            return written.append

        exchange = self._exchanged(environ, hold, {})
        try:
            pieces = iter(exchange.answer() if exchange.is_page else ())
            first = list(islice(pieces, 1))  # with it the response has started
        except BaseException:
            exchange.close()
            raise
        if not exchange.changed:
            exchange.close()
            return None
        start_response(*started)
        return Body(chain(written, first, pieces), exchange.close)

    def _shown(self, environ: WSGIEnvironment) -> tuple[WSGIEnvironment, dict[str, str]]:
        """Return the request as the site is to see it, and the tags in it that were ours.

        A suffix of another day, or of a page that this reader would not get now, stays: it matches nothing.
        """
        suffix, shown = self._state.suffix, dict(environ)
        asked = environ.get("HTTP_IF_NONE_MATCH", "")
        fitting = {UNIFORM}
        if suffix.letters(asked) - fitting:
            fitting.add(self._state.letter(environ, self._state.gate(environ, private=True)))
        shown["HTTP_IF_NONE_MATCH"], sent = suffix.strip(asked, fitting)
        if not asked:
            del shown["HTTP_IF_NONE_MATCH"]
        # What a reader may change is the site's page, whatever was added to it for whom. A piece of the site's page
        # must not complete one that we changed, though.
        if "HTTP_IF_MATCH" in environ and "HTTP_RANGE" not in environ:
            shown["HTTP_IF_MATCH"], _ = suffix.strip(environ["HTTP_IF_MATCH"], None)
        if date(environ.get("HTTP_IF_RANGE")) is not None and "text/html" in environ.get("HTTP_ACCEPT", ""):
            shown.pop("HTTP_RANGE", None)
        return shown, sent

    def _stale(self, environ: WSGIEnvironment, exchange: Exchange) -> bool:
        """Tell whether "304 Not Modified" may be for a copy of a page without what goes into it now."""
        if (
            environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            or environ.get("compliance.exempt")
            or environ.get("CONTENT_LENGTH", "") not in ("", "0")
            or mimetypes.guess_type(environ.get("PATH_INFO", ""))[0] not in (None, "text/html")
        ):
            return False
        accepted = environ.get("HTTP_ACCEPT", "")
        if "HTTP_IF_NONE_MATCH" in environ:
            tag = opaque(headers.value(exchange.fields, "etag") or "")
            return "text/html" in accepted and tag in environ["HTTP_IF_NONE_MATCH"] and not exchange.restores(tag)
        since, changed = date(environ.get("HTTP_IF_MODIFIED_SINCE")), self._state.changed
        return (
            since is not None
            and changed is not None
            and since < changed
            and environ.get("HTTP_SEC_FETCH_DEST", "document") in _PAGES
        )
