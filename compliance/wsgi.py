"""Any WSGI application with everything of ours on it: Django, Bottle, a proxy in front of another site."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import engine
from .middleware import Around, Middleware
from .settings import Settings
from .views import Application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _Door(Around):
    """Leads what is asked of us to *own*, and everything else to *application*."""

    app: WSGIApplication

    def __init__(self, application: WSGIApplication, own: Application) -> None:
        self.app = application
        self.own = own
        self.state = own.state
        self._watch = engine.watch(own.state)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._watch.open:
            self._watch.look(environ)
        return (self.own if self.own.answers(environ) else self.app)(environ, start_response)


def wrap(
    application: WSGIApplication,
    *,
    settings: str | os.PathLike[str] | Mapping[str, Any] | Settings | None = None,
    secret_key: str | bytes | None = None,
    secret_key_fallbacks: Sequence[str | bytes] = (),
    encryption_keys: Sequence[str | bytes] = (),
    folder: Path | None = None,
) -> Middleware:
    """Put consent banner, licence footer, reporting contact and message box on every page of *application*.

    Whatever else the application is to be wrapped in, such as Werkzeug's `ProxyFix`, is put around the result.

    Args:
        settings: the path of a settings file, a mapping of the same shape, or `Settings`; without it they are looked
            for in the environment variable `COMPLIANCE_SETTINGS` and in `compliance.toml` in the working directory.
        secret_key: signs the consent cookie, and seals the names and contacts of those who write.
        secret_key_fallbacks: earlier keys, the oldest first: what they signed still counts.
        encryption_keys: what seals names and contacts in place of the other keys, the oldest first.
        folder: where the path of an SQLite file begins, and where decisions wait while the database is away; the
            folder of the settings file unless it is given, else the working directory.

    Raises `SettingsError` with everything that is wrong with the settings, and `DocumentError` for a legal document
    that cannot be shown.

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
    return Middleware(_Door(application, Application(state)), state.elements, raise_errors=state.raise_errors)
