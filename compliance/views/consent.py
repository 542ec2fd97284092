"""Consent: the decision, and the page on which it is looked at and changed."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from ..consent import COOKIE, NECESSARY, Record
from ..cookies import taken
from ..errors import ConsentError
from ..notes import noted
from ..outside.hosts import host_of
from ..recipients import recipients
from ..signals import consent_given, consent_withdrawn
from .pages import Refusal, body, page, private, reader_locale, require_same_site, source, wants_json, way_back
from .record import cookie_path, decision, each_once, entry, forget, last_decision, texts
from .requests import base, request, state

#: Browsers follow twenty redirections at most (Fetch standard, section 4.4).
_MOST_ANSWERS = 18


def preferences() -> Response:
    """Show what is stored and let the reader change it."""
    # The page is the choice itself: a banner above it would ask the same question twice.
    noted(request.environ).omitted = frozenset({"banner"})
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


def decide() -> Response:
    """Take a decision: 303 back to the page, or 204 for a script, with the cookie."""
    require_same_site()
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
    response = _answer(made, target, keeps=not _shows_whether_it_keeps())
    _put(response, made)
    if made.given:
        state().host.send(consent_given, request.environ, record=made)
    elif made.method == "withdraw" or (before and before.given):
        state().host.send(consent_withdrawn, request.environ, record=made)
    earlier = last_decision()
    about = texts()
    if here.throttle.decide(source(now)).allowed:
        here.recorder.record(entry(made, about, before=earlier.id if earlier else None, target=target), about)
    else:
        here.recorder.pass_over()
    return private(response)


def kept() -> Response:
    """Do what a decision left to be done: take the rest of the cookies away, and look whether it was kept at all."""
    target, made = way_back(request.args.get("next")), decision()
    left = min(request.args.get("left", 0, int), _MOST_ANSWERS) - 1
    if made is None:
        response = Response(status=HTTPStatus.NO_CONTENT) if wants_json() else _back(target, "compliance-unsaved")
    else:
        response = _answer(made, target, after=request.args.get("after", ""), left=left)
    return private(response)


def _answer(made: Record, target: str, *, after: str = "", left: int = _MOST_ANSWERS, keeps: bool = True) -> Response:
    """Return the way back to *target*, and with it the end of cookies that *made* does not allow.

    The script does the same on the page, but sees no cookie that is for servers only, and may not run. What one answer
    has no room for, and whether this browser *keeps* anything, is left to the next, which goes on with the names that
    come *after* this one; *left* says how many more there may be.
    """
    names = state().cookies.unwanted(request.cookies, partial(_allows, made))
    host = host_of(request.host_url)
    lines, last = taken((name for name in names if name > after), host, secure=request.is_secure)
    if left > 0 and (last or not keeps):
        rest = urlencode({"after": last or "", "left": left, "next": target})
        response = redirect(f"{base()}/consent/kept?{rest}", HTTPStatus.SEE_OTHER)
    elif wants_json():
        response = Response(status=HTTPStatus.NO_CONTENT)
    else:
        response = redirect(target, HTTPStatus.SEE_OTHER)
    for line in lines:
        response.headers.add("Set-Cookie", line)
    return response


def _allows(made: Record, category: str) -> bool:
    if category == NECESSARY or (made.noticed and made.method == "accept"):
        return True
    return made.choices.get(category, False)


def _shows_whether_it_keeps() -> bool:
    """Return whether a browser without scripts decides for the first time: some keep no cookie, or none in a frame."""
    navigates = request.headers.get("Sec-Fetch-Mode") == "navigate" and not wants_json()
    return navigates and COOKIE not in request.cookies


def _back(target: str, fragment: str) -> Response:
    return redirect(f"{target.partition('#')[0]}#{fragment}", HTTPStatus.SEE_OTHER)


def _put(response: Response, made: Record) -> None:
    """Set the cookie, in place of all others of this site that the browser may hold for other domains and paths."""
    here = state()
    domain = here.settings.consent.domain_for(host_of(request.host_url))
    forget(response, but=domain)
    response.set_cookie(
        COOKIE,
        here.decisions.sign(made),
        max_age=here.decisions.lifetime,
        path=cookie_path(),
        domain=domain,
        secure=request.is_secure,
        samesite="Lax",
    )
