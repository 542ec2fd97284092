"""Any ASGI application with everything of ours on it: Starlette, FastAPI, Quart, Django."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from . import engine
from .errors import ComplianceError, Message
from .middleware import Around, Middleware
from .middleware.asgi import ASGIApplication, AsyncMiddleware, Receive, Scope, Send, path_of, read_scope
from .settings import Settings
from .views import Application


class _Door(Around):
    """Leads what is asked of us to *own*, in a thread of its own, and everything else to *application*."""

    app: ASGIApplication

    def __init__(self, application: ASGIApplication, own: Application, middleware: Middleware) -> None:
        try:
            from a2wsgi import WSGIMiddleware
        except ModuleNotFoundError as error:
            raise ComplianceError(
                Message('a2wsgi is not installed; run pip install "flask-compliance[asgi]"')
            ) from error
        self.app = application
        self.answers = own.answers
        self.state = own.state
        self._watch = engine.watch(own.state)
        # Our pages carry what every page does, put on before they get here.
        self.own = cast(ASGIApplication, WSGIMiddleware(middleware))  # type: ignore[arg-type]  # it has types of its own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._watch.open:
            server = {"SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}"}
            self._watch.look({**read_scope(scope), **server, "REMOTE_ADDR": (scope.get("client") or ("",))[0]})
        if scope["type"] == "http" and self.answers({"PATH_INFO": path_of(scope)}):
            await self.own(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def wrap(
    application: ASGIApplication,
    *,
    settings: str | os.PathLike[str] | Mapping[str, Any] | Settings | None = None,
    secret_key: str | bytes | None = None,
    secret_key_fallbacks: Sequence[str | bytes] = (),
    encryption_keys: Sequence[str | bytes] = (),
    folder: Path | None = None,
) -> ASGIApplication:
    """Put consent banner, licence footer, reporting contact and message box on every page of *application*.

    Pages are changed as the application sends them; websockets, the lifespan and everything that is no page pass
    through. Takes what `compliance.wsgi.wrap` takes and raises what that raises, and `ComplianceError` where the extra
    `asgi` is not installed.

    .. versionadded:: 0.1
    """
    state = engine.around(
        application,
        settings=settings,
        secret_key=secret_key,
        secret_key_fallbacks=secret_key_fallbacks,
        encryption_keys=encryption_keys,
        folder=folder,
    )
    return join(application, Application(state))


def join(application: ASGIApplication, own: Application) -> ASGIApplication:
    """Put what *own* works with on every page of *application*, and let *own* answer what is asked of us."""
    state = own.state
    pages = AsyncMiddleware(application, state.elements, raise_errors=state.raise_errors)
    return _Door(pages, own, Middleware(own, state.elements, raise_errors=state.raise_errors))
