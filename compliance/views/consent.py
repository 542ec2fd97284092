"""Consent: decisions, the preference page, the reader's own record."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from flask import current_app, jsonify, redirect, request
from werkzeug.wrappers import Response

from ..consent import COOKIE, Consent, Record
from ..errors import ConsentError
from ..signals import consent_given, consent_withdrawn
from .pages import Refusal, blueprint, body, page, private, same_site, state, wants_json, way_back


def record() -> Record | None:
    """Return the valid decision that this request's cookie holds."""
    return state().decisions.read(request.environ.get("HTTP_COOKIE"), policy=state().policy(), now=datetime.now(UTC))


def consent() -> Consent:
    """Return what this request's reader allows."""
    return state().decisions.consent(record(), refuses=request.headers.get("Sec-GPC") == "1")


@blueprint.get("/consent")
def preferences() -> Response:
    """Show what is stored and let the reader change it."""
    # The page is the choice itself: a banner above it would ask the same question twice.
    request.environ["compliance.omitted"] = frozenset({"banner"})
    return private(page("consent", record=record(), choices=consent().choices))


@blueprint.post("/consent")
def decide() -> Response:
    """Take a decision: 303 back to the page, or 204 for a script, with the cookie."""
    if not same_site():
        raise Refusal("origin")
    body()
    form, now, here = request.form, datetime.now(UTC), state()
    target = way_back(form.get("next"))
    before = record()
    try:
        made = here.decisions.decide(form.get("choice"), form.getlist("category"), policy=here.policy(), now=now)
    except ConsentError as error:
        raise Refusal(error.reason) from error
    # A page from a cache may still show the text before last; agreeing to that is not agreeing to today's.
    if made.given and form.get("policy", made.policy) != made.policy:
        raise Refusal("policy")
    response = Response(status=HTTPStatus.NO_CONTENT) if wants_json() else redirect(target, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        COOKIE,
        here.decisions.sign(made),
        max_age=here.decisions.lifetime,
        path="/",
        secure=request.is_secure,
        samesite="Lax",
    )
    application = current_app._get_current_object()  # type: ignore[attr-defined]  # a signal's sender is no proxy
    if made.given:
        consent_given.send(application, record=made)
    elif made.method == "withdraw" or (before and before.given):
        consent_withdrawn.send(application, record=made)
    return private(response)


@blueprint.get("/receipt")
def receipt() -> Response:
    """Show the reader's own record, as a page or as JSON."""
    held = record()
    if held is None:
        raise Refusal("record")
    until = held.time + state().decisions.lifetime
    if not wants_json():
        return private(page("receipt", record=held, until=until))
    return private(
        jsonify(
            id=held.id,
            policy=held.policy,
            method=held.method,
            given=held.given,
            choices=dict(held.choices),
            time=held.time.isoformat(),
            until=until.isoformat(),
        )
    )
