"""Consent: decisions, the preference page, the reader's own record."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice, product
from urllib.parse import urlsplit

from flask import jsonify, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from ..consent import COOKIE, NECESSARY, Consent, Record
from ..documents import POLICIES
from ..errors import ConsentError
from ..ledger import Entry, Link, Text, consent_record
from ..recipients import recipients
from ..signals import consent_given, consent_withdrawn
from ..store import StoreError
from .pages import (
    Refusal,
    application,
    blueprint,
    body,
    page,
    private,
    reader_locale,
    same_site,
    secret,
    source,
    state,
    wants_json,
    way_back,
)

_LONGEST_PATH = 200
#: What the name of a cookie is written with (RFC 6265, section 4.1.1).
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Proxies take a few kilobytes of headers (nginx four, unless told otherwise).
_MOST_EXPIRED = 20


def record() -> Record | None:
    """Return the valid decision that this request's cookie holds."""
    return _record(state().policy())


def consent() -> Consent:
    """Return what this request's reader allows."""
    return state().decisions.of(
        request.environ.get("HTTP_COOKIE"),
        policy=state().policy(),
        refuses=request.headers.get("Sec-GPC") == "1",
        now=datetime.now(UTC),
    )


@blueprint.get("/consent")
def preferences() -> Response:
    """Show what is stored and let the reader change it."""
    # The page is the choice itself: a banner above it would ask the same question twice.
    request.environ["compliance.omitted"] = frozenset({"banner"})
    held = record()
    # Without one on today's policy the cookie may hold a decision on an earlier one.
    earlier = held or _record(None)
    changes = state().documents.revisions(reader_locale(), earlier.policy) if earlier else ()
    told = recipients(state().settings)
    return private(
        page("consent", record=held, earlier=earlier, changes=changes, choices=consent().choices, recipients=told)
    )


@blueprint.post("/consent")
def decide() -> Response:
    """Take a decision: 303 back to the page, or 204 for a script, with the cookie."""
    if not same_site():
        raise Refusal("origin")
    body()
    form, now, here = request.form, datetime.now(UTC), state()
    _each_once(form, "choice", "next", "policy")
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
    _take_away(response, made)
    if made.given:
        consent_given.send(application(), record=made)
    elif made.method == "withdraw" or (before and before.given):
        consent_withdrawn.send(application(), record=made)
    earlier = _record(None)
    texts = _texts()
    here.recorder.record(_entry(made, texts, before=earlier.id if earlier else None, target=target), texts)
    return private(response)


@blueprint.get("/receipt")
def receipt() -> Response:
    """Show the reader's own record, as a page or as JSON (ISO/IEC TS 27560:2023)."""
    held = record()
    if held is None:
        raise Refusal("record")
    here = state()
    until = held.time + here.decisions.lifetime
    history = _history(held)
    if not wants_json():
        return secret(page("receipt", record=held, until=until, link=history[0] if history else None))
    texts = _texts()
    told = consent_record(
        _entry(held, texts, before=None, target="/"),
        texts,
        settings=here.settings,
        lifetime=here.decisions.lifetime,
        address=request.host_url.rstrip("/") + request.script_root + here.settings.site.prefix,
        history=history or (),
    )
    decision = {
        "id": held.id,
        "policy": held.policy,
        "method": held.method,
        "given": held.given,
        "choices": dict(held.choices),
        "time": held.time.isoformat(),
        "until": until.isoformat(),
    }
    return secret(jsonify(told | {"decision": decision, "ledger": _place(history)}))


@blueprint.post("/receipt")
def erase() -> Response:
    """Erase the reader's own record and those of the decisions before it, from the ledger and from the browser."""
    if not same_site():
        raise Refusal("origin")
    body()
    _each_once(request.form, "choice")
    if request.form.get("choice") != "erase":
        raise Refusal("choice")
    held, here = _record(None), state()
    if held is None:
        raise Refusal("record")
    try:
        here.recorder.drain()
        here.ledger.erase(held.id, now=datetime.now(UTC))
    except StoreError as error:
        raise Refusal("store") from error
    target = here.context(reader_locale(), request.environ)["urls"]["preferences"]
    response = Response(status=HTTPStatus.NO_CONTENT) if wants_json() else redirect(target, HTTPStatus.SEE_OTHER)
    response.delete_cookie(COOKIE, path="/", secure=request.is_secure, samesite="Lax")
    return private(response)


def _take_away(response: Response, made: Record) -> None:
    """Expire the cookies of this site that *made* does not allow, on this host and on those above it.

    The script does the same on the page, but sees no cookie that is for servers only, and may not run.
    """
    host = urlsplit(request.host_url).hostname or ""
    labels = [] if re.search(r":|\d$", host) else host.split(".")  # an address has no hosts above it
    domains = [None, *(".".join(labels[place:]) for place in range(len(labels) - 1))]
    unwanted = (name for name in request.cookies if _NAME.fullmatch(name) and not _allowed(name, made))
    for name, domain in islice(product(unwanted, domains), _MOST_EXPIRED):
        response.delete_cookie(name, path="/", domain=domain, secure=request.is_secure)


def _allowed(name: str, made: Record) -> bool:
    owners = [category for category, names in state().cookies if names.match(name)]
    return not owners or any(owner == NECESSARY or made.choices.get(owner, False) for owner in owners)


def _record(policy: str | None) -> Record | None:
    return state().decisions.read(request.environ.get("HTTP_COOKIE"), policy=policy, now=datetime.now(UTC))


def _each_once(form: MultiDict[str, str], *names: str) -> None:
    """Refuse a form that says one thing twice: which of both was meant is anybody's guess."""
    for name in names:
        if len(form.getlist(name)) > 1:
            raise Refusal(name)
    if len(chosen := form.getlist("category")) > len(set(chosen)):
        raise Refusal("category")


def _texts() -> list[Text]:
    """Return what this reader could read before deciding."""
    locale, library = reader_locale(), state().documents
    found = (library.get(name, locale) for name in POLICIES)
    return [Text(name=one.name, version=one.version, language=one.language, text=one.text) for one in found if one]


def _entry(made: Record, texts: Iterable[Text], *, before: str | None, target: str) -> Entry:
    return Entry(
        record=made.id,
        before=before,
        time=made.time,
        policy=made.policy,
        mode=state().settings.consent.mode,
        method=made.method,
        choices=dict(made.choices),
        language=reader_locale(),
        path=urlsplit(target).path[:_LONGEST_PATH],
        texts={text.name: text.hash for text in texts},
        source=source(made.time) if state().settings.consent.keep_source else None,
    )


def _history(held: Record) -> list[Link] | None:
    """Return the rows of the ledger about this reader, None where it cannot be looked into just now."""
    if state().recorder.away:
        return None
    try:
        return state().ledger.history(held.id)
    except StoreError:
        return None


def _place(history: list[Link] | None) -> dict[str, object]:
    """Return where the ledger has the record: with this a reader can prove it was there."""
    if not history:
        return {"state": "unknown" if history is None else "waiting"}
    link = history[0]
    state = "kept" if link.content is not None else "erased"
    return {"state": state, "sequence": link.sequence, "hash": link.hash, "previous": link.previous}
