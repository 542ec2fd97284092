"""The boundary itself: conditions of requests in, responses out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from .exchange import Exchange
from .state import Injection, State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Middleware:
    """Wraps *app*: every HTML page of it carries what *injection* gives.

    *raise_errors* tells whether a fault of ours is raised (in tests and while debugging) or logged, the page going
    out as the application made it.
    """

    def __init__(self, app: WSGIApplication, injection: Injection, *, raise_errors: Callable[[], bool]) -> None:
        self.app = app
        self._state = State(injection, raise_errors)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        sent: dict[str, str] = {}
        if "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MATCH" in environ:
            letters = "ud" if self._state.injection.decided(environ) else "ub"
            sent = self._state.suffix.strip(environ, letters)
        exchange = Exchange(self.app, self._state, environ, start_response, sent)
        body = exchange.run()
        if exchange.stale():
            # The page did not change, but what we add to it did. Only the site knows the page.
            del environ["HTTP_IF_MODIFIED_SINCE"]
            again = Exchange(self.app, self._state, environ, start_response, sent)
            fresh = again.run()
            if again.page:
                body.close()
                return again.answer(fresh)
            fresh.close()
        return exchange.answer(body)
