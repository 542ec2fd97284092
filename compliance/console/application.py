"""The console: an application of its own, which shares with the site what is kept and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager  # type: ignore[import-untyped]  # it has no annotations
from flask_wtf import CSRFProtect  # type: ignore[import-untyped]  # it has no annotations
from werkzeug.middleware.proxy_fix import ProxyFix

from .. import assets, engine
from ..paths import CONSOLE_STATIC, TEMPLATES
from ..settings import Settings, find
from ..staff import Provider
from ..views import SiteState
from . import account, acts, consents, faults, figures, home, pages, queue, sign_in, staff, static
from . import provider as identities
from .access import admit
from .state import NAME, Console, Visitor, console, is_unasked, now

#: The largest form, in bytes: the longest answer, each character of it written in nine.
_LARGEST_FORM = 256 * 1024
_PARTS = 1_000
_BLUEPRINTS = (static, home, queue, consents, figures, sign_in, identities, account, staff, acts)


class _Sessions(SecureCookieSessionInterface):
    """A cookie for this host and HTTPS alone; on this machine, where there is no HTTPS, one of another name."""

    def get_cookie_name(self, app: Flask) -> str:
        return "__Host-compliance_console" if request.is_secure else "compliance_console"

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


@engine.in_words()
def create_console(
    settings: str | os.PathLike[str] | Mapping[str, Any] | Settings | None = None,
    *,
    secret_key: str | bytes,
    secret_key_fallbacks: Sequence[str | bytes] = (),
    encryption_keys: Sequence[str | bytes] = (),
    folder: Path | None = None,
    proxies: int = 0,
    provider: Provider | None = None,
    history: Path | None = None,
) -> Flask:
    """Return the console of a site as an application for any WSGI server, on a host name or path of its own.

    Args:
        settings: the settings of the site: as `Compliance` takes them, looked for from the working directory.
        secret_key: the key of the site, and so the others: with other keys what is kept cannot be opened.
        secret_key_fallbacks: its earlier keys, the oldest first.
        encryption_keys: what seals names and contacts in place of the other keys, the oldest first.
        folder: where the path of an SQLite file begins; the folder of the settings file unless it is given.
        proxies: how many proxies stand in front, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
        provider: where people can sign in, too, with an account that they have there.
        history: the file of `check --history`, of which the console tells what the last look at the site found.

    Raises `SettingsError` with everything that is wrong with the settings.

    .. versionadded:: 0.1
    """
    found = engine.read(partial(find, Path.cwd(), None, settings), folder=Path.cwd(), named="create_console()")
    keys = encryption_keys or [*secret_key_fallbacks, secret_key]
    store = engine.open_store(found, keys, folder or (found.path.parent if found.path else Path.cwd()))
    made = Console(settings=found, store=store, assets=assets.load(CONSOLE_STATIC), provider=provider, history=history)
    return build(made, proxies=proxies)


def beside(
    site: SiteState, *, proxies: int = 0, provider: Provider | None = None, history: Path | None = None
) -> Flask:
    """Return the console of a *site* that is in this process, for a server of its own."""
    made = Console(
        settings=site.settings,
        store=site.store,
        assets=assets.load(CONSOLE_STATIC),
        provider=provider,
        history=history,
    )
    return build(made, proxies=proxies)


def build(here: Console, *, proxies: int = 0) -> Flask:
    """Return the application around *here*."""
    app = Flask("compliance.console", template_folder=str(TEMPLATES), static_folder=None)
    key, *earlier = here.store.vault.keys("console")
    app.config.update(
        SECRET_KEY=key,
        SECRET_KEY_FALLBACKS=earlier,
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # links in letters lead in
        MAX_CONTENT_LENGTH=_LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM,
        MAX_FORM_PARTS=_PARTS,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
    )
    app.session_interface = _Sessions()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions[NAME] = here
    login = LoginManager(app, add_context_processor=False)
    login.session_protection = None  # telephones change their networks; sessions are rows that can be ended
    login.user_loader(_visitor)
    app.before_request(admit)
    CSRFProtect(app)
    app.context_processor(pages.context)
    app.after_request(pages.harden)
    faults.register(app)
    for module in _BLUEPRINTS:
        app.register_blueprint(module.pages)
    if here.provider is not None:
        identities.register(app, here.provider)
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    return app


def _visitor(key: str) -> Visitor | None:
    found = console().sessions.find(key, used=not is_unasked(), now=now())
    return Visitor(key, *found) if found else None
