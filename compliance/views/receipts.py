"""Receipts: a case followed by who knows its number and code."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import segno
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from .. import deadlines
from ..cases import Actor, State
from ..errors import StoreError
from ..languages import tag
from ..messages import CaseError, Followed, shown_again
from ..pictures import PictureError
from ..receipts import read_code, read_number
from .pages import Refusal, fields, json_response, page, private, problem, require_same_site, secret, source, wants_json
from .requests import absolute, base, request, state
from .uploads import OftenError, uploaded

logger = logging.getLogger(__name__)

COOKIE = "compliance_receipt"
#: How long a browser knows the code of a receipt, so that its page can be looked at again.
REMEMBERED = timedelta(minutes=30)
_MOST_COOKIES = 10  # of the name that are looked at: browsers keep one for each path


def address(number: str) -> str:
    """Return where the case *number* is followed."""
    query = f"?lang={tag(state().elements.locale(asked))}" if (asked := request.args.get("lang")) else ""
    return f"{base()}/receipt/{number}{query}"


def remember(response: Response, number: str, code: str) -> None:
    """Let this browser open the case *number* for a while: the code stands in no address and no script can read it."""
    response.set_cookie(
        COOKIE,
        _signer().dumps([number, read_code(code)]),
        max_age=REMEMBERED,
        path=f"{base()}/receipt/{number}",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def probe(response: Response) -> Response:
    """Let a form find out whether this browser keeps cookies: one that does sends this one with the form."""
    if COOKIE not in request.cookies:
        response.set_cookie(COOKIE, "0", path=base(), secure=request.is_secure, httponly=True, samesite="Strict")
    return response


def keeps_cookies(form: Mapping[str, str]) -> bool:
    """Return whether the browser that sent *form* keeps cookies; one that did not look for any is believed to."""
    return COOKIE in request.cookies or "cookies" not in form


def show_at_once(number: str, code: str, *, status: int) -> Response:
    """Show the case *number* in the answer itself, to a browser that cannot be told its code by a cookie."""
    followed = _follow(number, code)
    return _unknown(number) if followed is None else _shown(followed, code, carried=True, status=status)


def find() -> Response:
    """Ask for number and code."""
    return secret(probe(page("case_find", number=shown_again(request.args.get("number", ""))[:40], reasons={})))


def look_up() -> Response:
    """Open the case whose number and code are given."""
    return _open(fields().get("number", ""))


def case(number: str) -> Response:
    """Show a case to the browser that knows its code, and to any other ask for the code."""
    code = _remembered(number)
    followed = _follow(number, code) if code else None
    if followed is None:
        return secret(probe(page("case_find", number=shown_again(number)[:40], reasons={})))
    return _shown(followed, code)


def change(number: str) -> Response:
    """Open a case with its code; add to it, close it, take it up again, or forget it in this browser."""
    require_same_site()
    form = fields()
    action = form.get("action", "open")
    if action == "open":
        return _open(number)
    if action == "forget":
        if not read_number(number):
            return _unknown(number)
        response = redirect(address(number), HTTPStatus.SEE_OTHER)
        remember(response, number, "")
        return private(response)
    code = _remembered(number) or form.get("code", "")
    followed = _follow(number, code)
    if followed is None:
        return _unknown(number)
    try:
        _act(action, followed, form)
    except CaseError as error:
        return _shown(followed, code, reasons={action: error.reason}, values=form, status=HTTPStatus.CONFLICT)
    except PictureError as error:
        return _shown(followed, code, reasons={action: error.reason}, values=form, status=HTTPStatus.BAD_REQUEST)
    except OftenError as error:
        response = _shown(followed, code, reasons={action: "often"}, values=form, status=HTTPStatus.TOO_MANY_REQUESTS)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except StoreError as error:
        logger.error("a case could not be changed: %s", error.reason)
        response = _shown(followed, code, reasons={action: "store"}, values=form, status=HTTPStatus.SERVICE_UNAVAILABLE)
        response.headers["Retry-After"] = "30"
        return response
    if wants_json():
        return _shown(_follow(number, code) or followed, code)
    if not keeps_cookies(form):
        return show_at_once(number, code, status=HTTPStatus.OK)
    response = redirect(address(number), HTTPStatus.SEE_OTHER)
    remember(response, followed.number, code)
    return private(response)


def _open(number: str) -> Response:
    require_same_site()
    form = fields()
    code = form.get("code", "")
    followed = _follow(number, code)
    if followed is None:
        return _unknown(number)
    if wants_json():
        return _shown(followed, code)
    if not keeps_cookies(form):
        return _shown(followed, code, carried=True)
    response = redirect(address(followed.number), HTTPStatus.SEE_OTHER)
    remember(response, followed.number, code)
    return private(response)


def _count(number: str) -> None:
    """Count a code that opened nothing. Raises `Refusal` where there were too many."""
    verdict = state().throttle.track(source(datetime.now(UTC)), read_number(number) or "")
    if not verdict.allowed:
        raise Refusal("often", retry_after=verdict.retry_after)


def _follow(number: str, code: str) -> Followed | None:
    try:
        return state().box.cases.follow(read_number(number) or "", code, now=datetime.now(UTC))
    except StoreError as error:
        logger.error("a case could not be read: %s", error.reason)
        raise Refusal("store", retry_after=30) from error


def _act(action: str, followed: Followed, form: Mapping[str, str]) -> None:
    cases, now = state().box.cases, datetime.now(UTC)
    if action not in followed.actions:
        raise CaseError("move")
    if action == "add":
        cases.add(followed.number, text=form.get("text", ""), pictures=uploaded(now), now=now)
    else:
        target = State.CLOSED if action == "close" else State.REOPENED
        cases.move(followed.number, target, actor=Actor.SENDER, text=form.get("text", ""), now=now)


def _unknown(number: str) -> Response:
    """Answer for a wrong code and for an unknown number alike. Raises `Refusal` where there were too many."""
    _count(number)
    if wants_json():
        return problem(HTTPStatus.NOT_FOUND, "case")
    response = page("case_find", number=shown_again(number)[:40], reasons={"": "case"})
    response.status_code = HTTPStatus.NOT_FOUND
    return secret(response)


def _shown(
    followed: Followed,
    code: str,
    *,
    reasons: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    carried: bool = False,
    status: int = HTTPStatus.OK,
) -> Response:
    """Show a case; its forms carry the code where no cookie does."""
    if wants_json():
        if reasons:
            return problem(status, "form", errors=dict(reasons))
        return secret(json_response(_as_json(followed)))
    own = state().settings.messages.categories
    response = page(
        "case",
        case=followed,
        code=code,
        carried=carried or COOKIE not in request.cookies,
        own_categories=own,
        pictures=state().settings.messages.pictures,
        here=address(followed.number),
        whole=(whole := absolute(address(followed.number))),
        # The code, which is in no address, is printed beside the picture.
        qr=segno.make(whole, micro=False).svg_inline(scale=4, border=2, omitsize=True),
        due=deadlines.last_day(followed.answer_due),
        result=next((event for event in reversed(followed.events) if event.kind == "answered"), None),
        reasons=reasons or {},
        values=values or {},
    )
    response.status_code = status
    return secret(response)


def _as_json(followed: Followed) -> dict[str, Any]:
    return {
        "receipt": followed.number,
        "kind": followed.kind,
        "category": followed.category,
        "state": followed.state,
        "created": followed.created.isoformat(),
        "answer_due": followed.answer_due.isoformat(),
        "pictures": followed.pictures,
        "actions": sorted(followed.actions),
        "events": [
            {
                "kind": event.kind,
                "actor": event.actor,
                "state": event.state,
                "text": event.text,
                "at": event.at.isoformat(),
            }
            for event in followed.events
        ],
    }


def _signer() -> URLSafeTimedSerializer:
    keys = list(reversed(state().vault.keys("receipt cookie")))
    return URLSafeTimedSerializer(keys, salt="compliance.receipt")


def _remembered(number: str) -> str:
    """Return the code that this browser was told, as long as it may be."""
    # Beside it the browser may send the one that `probe` set, for a shorter path.
    for value in request.cookies.getlist(COOKIE)[:_MOST_COOKIES]:
        try:
            known, code = _signer().loads(value, max_age=int(REMEMBERED.total_seconds()))
        except (BadData, ValueError, TypeError):
            continue
        if known in (number, read_number(number)):
            return str(code)
    return ""
