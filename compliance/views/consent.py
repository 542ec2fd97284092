"""Consent: the decision, and the page on which it is looked at and changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice, product

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from ..consent import COOKIE, NECESSARY, Record
from ..errors import ConsentError
from ..outside.hosts import host_of
from ..recipients import recipients
from ..signals import consent_given, consent_withdrawn
from .pages import Refusal, body, page, private, reader_locale, same_site, wants_json, way_back
from .record import decision, each_once, entry, last_decision, texts
from .requests import request, routes, state

#: What the name of a cookie is written with (RFC 6265, section 4.1.1).
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Proxies take a few kilobytes of headers (nginx four, unless told otherwise).
_MOST_EXPIRED = 20


@routes.get("/consent")
def preferences() -> Response:
    """Show what is stored and let the reader change it."""
    # The page is the choice itself: a banner above it would ask the same question twice.
    request.environ["compliance.omitted"] = frozenset({"banner"})
    held = decision()
    # Without one on today's policy the cookie may hold a decision on an earlier one.
    earlier = held or last_decision()
    changes = state().documents.revisions(reader_locale(), earlier.policy) if earlier else ()
    told = recipients(state().settings)
    return private(
        page(
            "consent",
            record=held,
            earlier=earlier,
            changes=changes,
            choices=state().elements.consent(request.environ).choices,
            refuses=request.headers.get("Sec-GPC") == "1",
            recipients=told,
        )
    )


@routes.post("/consent")
def decide() -> Response:
    """Take a decision: 303 back to the page, or 204 for a script, with the cookie."""
    if not same_site():
        raise Refusal("origin")
    body()
    form, now, here = request.form, datetime.now(UTC), state()
    each_once(form, "choice", "next", "policy")
    target = way_back(form.get("next"))
    before = decision()
    try:
        made = here.decisions.decide(form.get("choice"), form.getlist("category"), policy=here.elements.policy, now=now)
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
        state().host.send(consent_given, request.environ, record=made)
    elif made.method == "withdraw" or (before and before.given):
        state().host.send(consent_withdrawn, request.environ, record=made)
    earlier = last_decision()
    about = texts()
    here.recorder.record(entry(made, about, before=earlier.id if earlier else None, target=target), about)
    return private(response)


def _take_away(response: Response, made: Record) -> None:
    """Expire the cookies of this site that *made* does not allow, on this host and on those above it.

    The script does the same on the page, but sees no cookie that is for servers only, and may not run.
    """
    host = host_of(request.host_url)
    labels = [] if re.search(r":|\d$", host) else host.split(".")  # an address has no hosts above it
    domains = [None, *(".".join(labels[place:]) for place in range(len(labels) - 1))]
    unwanted = (name for name in request.cookies if _NAME.fullmatch(name) and not _allowed(name, made))
    for name, domain in islice(product(unwanted, domains), _MOST_EXPIRED):
        response.delete_cookie(name, path="/", domain=domain, secure=request.is_secure)


def _allowed(name: str, made: Record) -> bool:
    owners = [category for category, names in state().cookies if names.match(name)]
    return not owners or any(owner == NECESSARY or made.choices.get(owner, False) for owner in owners)
