"""The boundary itself: conditions of requests in, responses out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from . import headers
from .around import Around
from .conditions import CONDITIONS, Conditions
from .exchange import Body, Exchange
from .state import Injection, MiddlewareState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Middleware(Around):
    """Wraps *app*: every HTML page of it carries what *injection* gives.

    *raise_errors* says whether a fault of ours is raised (in tests and while debugging) or logged, the page going
    out as the application made it.
    """

    app: WSGIApplication

    def __init__(self, app: WSGIApplication, injection: Injection, *, raise_errors: Callable[[], bool]) -> None:
        self.app = app
        self._state = MiddlewareState(injection, raise_errors)
        self._conditions = Conditions(self._state)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if (
            "HTTP_IF_NONE_MATCH" in environ
            or "HTTP_IF_MODIFIED_SINCE" in environ
            or "HTTP_IF_MATCH" in environ
            or "HTTP_IF_RANGE" in environ
        ):
            return self._conditional(environ, start_response)
        exchange = Exchange(self._state, environ, start_response, {})
        exchange.run(self.app)
        return exchange.answer()

    def _exchanged(self, environ: WSGIEnvironment, start_response: StartResponse, sent: dict[str, str]) -> Exchange:
        exchange = Exchange(self._state, environ, start_response, sent)
        exchange.run(self.app)
        return exchange

    def _conditional(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        shown, sent = self._conditions.shown(environ)
        exchange = self._exchanged(shown, start_response, sent)
        if not exchange.status.startswith("304") or not self._conditions.is_stale(shown, exchange):
            return exchange.answer()
        # The page did not change, but what goes into it did, and only the application knows whether it is a page.
        anew = {key: value for key, value in environ.items() if key not in CONDITIONS}
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
