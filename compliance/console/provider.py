"""Signing in with an account that lies elsewhere, by OpenID Connect (Core 1.0, with Discovery 1.0)."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

from flask import Blueprint, Flask, current_app, render_template, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..errors import ComplianceError, Message
from ..staff import Account, Provider
from ..staff.sessions import FRESH
from .access import InsecureError, anybody, is_private, local
from .sign_in import enter_fully
from .state import console, note

logger = logging.getLogger("compliance")

pages = Blueprint("provider", __name__)

_NAME = "compliance_console_provider"
_AGAIN = "again"
_PATIENCE = 10  # seconds that the provider has for an answer


def register(app: Flask, provider: Provider) -> None:
    """Let people sign in to *app* at *provider*. Raises `ComplianceError` where the extra `oidc` is not there."""
    try:
        from authlib.integrations.flask_client import OAuth  # type: ignore[import-untyped]  # it has no annotations
    except ModuleNotFoundError as error:
        raise ComplianceError(Message("a provider needs pip install 'flask-compliance[oidc]'")) from error

    app.extensions[_NAME] = OAuth(app).register(
        "provider",
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": _PATIENCE,
        },
    )


@pages.get("/sign-in/provider")
@anybody
def ask() -> Response | tuple[str, int]:
    """Send a browser to the provider; with `again` it asks who is there even if it knows."""
    client, _ = _client()
    if not is_private():
        raise InsecureError
    session["next"], session[_AGAIN] = local(request.args.get("next", "")), "again" in request.args
    for name in [name for name in session if name.startswith("_state_")]:
        del session[name]  # of a sign-in that was begun and left: a cookie holds one
    again = {"prompt": "login", "max_age": 0} if "again" in request.args else {}
    try:
        sent: Response = client.authorize_redirect(url_for("provider.back", _external=True), **again)
    except _faults() as error:
        return _refuse("away", error)
    return sent


@pages.get("/sign-in/provider/back")
@anybody
def back() -> Response | tuple[str, int]:
    """Take what the provider says, if it is said to this browser, and let in whom it names."""
    client, provider = _client()
    try:
        claims = dict(client.authorize_access_token()["userinfo"])
        if client.server_metadata["issuer"] != provider.issuer:
            raise ValueError("the provider calls itself by another address")
        subject = hashlib.sha256(json.dumps([provider.issuer, str(claims["sub"])]).encode()).hexdigest()
        proved = _is_proved(claims)
    except _faults() as error:
        note("sign_in_failed", "provider")
        return _refuse("refused", error)
    account = console().accounts.known_as(subject) or _bind(provider, claims, subject)
    if account is None or account.disabled:
        note("sign_in_failed", "provider", by=account)
        return _refuse("unknown", None)
    if session.pop(_AGAIN, False) and not proved:
        note("confirmation_failed", by=account)
        return _refuse("stale", None)
    return enter_fully(account, proved=proved)


def _client() -> tuple[Any, Provider]:
    provider = console().provider
    if provider is None:
        raise NotFound
    return current_app.extensions[_NAME], provider


def _is_proved(claims: dict[str, Any]) -> bool:
    """Return whether the provider has just looked at who is there, and not only known the browser.

    It says so where it was asked with `max_age` (OpenID Connect Core 1.0, section 3.1.2.1); the browser carries that
    question, and whoever sits at it can leave it out.
    """
    return int(claims["iat"]) - int(claims.get("auth_time") or 0) < FRESH.total_seconds()


def _bind(provider: Provider, claims: dict[str, Any], subject: str) -> Account | None:
    """Return the account that waits for who is named in *claims*, which is theirs from now on."""
    if provider.claim == "email" and claims.get("email_verified") is not True:
        return None
    name = claims.get(provider.claim)
    return console().accounts.bind(name.strip().lower(), subject) if isinstance(name, str) else None


def _faults() -> tuple[type[Exception], ...]:
    """Return what is raised where the provider does not answer, or says what cannot be believed."""
    from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
    from joserfc.errors import JoseError
    from requests import RequestException

    return (AuthlibBaseError, JoseError, RequestException, KeyError, RuntimeError, TypeError, ValueError)


def _refuse(reason: str, error: Exception | None) -> tuple[str, int]:
    if error is not None:
        logger.warning("nobody was let in by the provider of identities: %s", type(error).__name__)
    return render_template("console/provider.html", reason=reason), 503 if reason == "away" else 401
