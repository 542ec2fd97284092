"""Signing in with an account that lies elsewhere: by OpenID Connect (Core 1.0, Discovery 1.0), or at a workplace."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hmac import compare_digest
from typing import Any

from flask import Blueprint, Flask, current_app, redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ..errors import ComplianceError, Message
from ..staff import Account, Provider, Stage
from ..staff.sessions import FRESH
from .access import InsecureError, anybody, is_private, local
from .sign_in import begin, enter_fully
from .state import console, note
from .workplaces import IdentityError, Workplace, workplace

logger = logging.getLogger("compliance")

pages = Blueprint("provider", __name__)

_NAME = "compliance_console_provider"
_AGAIN, _BEGUN = "again", "workplace"
_PATIENCE = 10  # seconds that the provider has for an answer
_LONGEST_CODE = 512


def register(app: Flask, provider: Provider) -> None:
    """Let people sign in to *app* at *provider*. Raises `ComplianceError` where the extra `oidc` is missing for it."""
    if not provider.proves:
        app.extensions[_NAME] = workplace(provider)
        return
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
    back = url_for("provider.back", _external=True)
    if isinstance(client, Workplace):
        return redirect(_begin(client, back))
    for name in [name for name in session if name.startswith("_state_")]:
        del session[name]  # of a sign-in that was begun and left: a cookie holds one
    again = {"prompt": "login", "max_age": 0} if "again" in request.args else {}
    try:
        sent: Response = client.authorize_redirect(back, **again)
    except _faults() as error:
        return _refuse("away", error)
    return sent


@pages.get("/sign-in/provider/back")
@anybody
def back() -> Response | tuple[str, int]:
    """Take what the provider says, if it is said to this browser, and let in whom it names."""
    client, provider = _client()
    return _from_workplace(client) if isinstance(client, Workplace) else _from_provider(client, provider)


def _from_provider(client: Any, provider: Provider) -> Response | tuple[str, int]:
    try:
        claims = dict(client.authorize_access_token()["userinfo"])
        if client.server_metadata["issuer"] != provider.issuer:
            raise ValueError("the provider calls itself by another address")
        subject = _hash([provider.issuer, str(claims["sub"])])
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


def _begin(client: Workplace, back: str) -> str:
    """Return where the workplace asks who is there, and note in the cookie what its answer is held against."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    session[_BEGUN] = {"state": state, "verifier": verifier}
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()  # RFC 7636, 4.2
    return client.leads_to(back=back, state=state, challenge=challenge if client.challenged else "")


def _from_workplace(client: Workplace) -> Response | tuple[str, int]:
    """Take who came back for somebody who typed the right password: what it asked them is not told."""
    begun, state, code = session.pop(_BEGUN, None), request.args.get("state", ""), request.args.get(client.code, "")
    try:
        if not begun or not compare_digest(begun["state"].encode(), state.encode()):
            raise IdentityError("refused", "state")
        if not 0 < len(code) <= _LONGEST_CODE:
            raise IdentityError("refused", request.args.get("error", "code"))
        found = client.identity(code, back=url_for("provider.back", _external=True), verifier=begun["verifier"])
    except IdentityError as error:
        note("sign_in_failed", "provider")
        return _refuse(error.reason, error)
    subject = _hash([client.kind, found.organization, found.id])
    accounts = console().accounts
    account = accounts.known_as(subject) or (accounts.bind(found.name, subject) if found.name else None)
    if account is None or account.disabled:
        note("sign_in_failed", "provider", by=account)
        return _refuse("unknown", None, subject="" if account else subject)
    begin(account, Stage.PASSWORD if account.has_second_factor else Stage.SET_UP)
    return redirect(url_for("sign_in.second_factor" if account.has_second_factor else "account.set_up"), 303)


def _client() -> tuple[Any, Provider]:
    provider = console().provider
    if provider is None:
        raise NotFound
    return current_app.extensions[_NAME], provider


def _hash(parts: Sequence[str]) -> str:
    """Return what the database knows somebody by; who they are elsewhere stands nowhere in it."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


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


def _refuse(reason: str, error: Exception | None, *, subject: str = "") -> tuple[str, int]:
    """Tell why nobody was let in; *subject* is what an administrator links to an account."""
    if error is not None:
        code = f" {error.reason} {error.code}".rstrip() if isinstance(error, IdentityError) else ""
        logger.warning("nobody was let in by the provider of identities: %s%s", type(error).__name__, code)
    return render_template("console/provider.html", reason=reason, subject=subject), 503 if reason == "away" else 401
