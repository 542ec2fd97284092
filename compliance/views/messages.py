"""The message box and the report form: shown, taken in, answered with a receipt."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from traceback import format_tb
from typing import Any
from urllib.parse import urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from ..cases import NATIONAL_CATEGORIES, REQUEST_CATEGORIES, Kind
from ..challenges import ChallengeError, Proof
from ..errors import StoreError
from ..messages import LONGEST, Box, IntakeError, Receipt, Submission, SubmissionError, read, shown_again
from ..notes import noted
from ..outside.hosts import host_of, is_local
from ..pictures import Picture, PictureError
from ..signals import message_received, report_received
from .pages import (
    Refusal,
    fields,
    host,
    json_response,
    page,
    private,
    problem,
    reader_locale,
    require_same_site,
    source,
    wants_json,
)
from .receipts import address, keeps_cookies, probe, remember, show_at_once
from .requests import base, request, state
from .uploads import OftenError, uploaded

logger = logging.getLogger(__name__)

#: Seconds after which a sender may try again when nothing could be kept.
PAUSE = 30
#: More links than this hold a message back.
MOST_LINKS = 4
LONGEST_KEY = 200
_KINDS = {
    "message": (Kind.MESSAGE, Kind.CORRECTION, Kind.PERSONAL_INFORMATION),
    "report": (Kind.REPORT,),
}


class _Refused(Exception):
    """A submission that was not accepted: the form is shown again as it was filled in."""

    def __init__(self, status: int, reasons: Mapping[str, str], *, retry_after: int | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.reasons = dict(reasons)
        self.retry_after = retry_after


def message() -> Response:
    """Show the message form."""
    return _form("message", _told())


def report() -> Response:
    """Show the form for illegal and undesirable information."""
    return _form("report", _told())


def send_message() -> Response:
    """Take a message, a correction or a request about personal information."""
    return _take("message")


def send_report() -> Response:
    """Take a report of illegal or undesirable information."""
    return _take("report")


def challenge(form: str) -> Response:
    """Give out a proof of work for a form."""
    if form not in _KINDS:
        raise Refusal("document")
    box, now = _box(), datetime.now(UTC)
    sender = source(now)
    verdict = state().throttle.challenge(sender)
    if not verdict.allowed:
        raise Refusal("often", retry_after=verdict.retry_after)
    return private(json_response(box.challenges.issue(form, factor=state().throttle.look(sender), now=now)))


def _box() -> Box:
    return state().box


def _take(form: str) -> Response:
    require_same_site()
    values = fields()
    try:
        submission, receipt = _accept(form, values)
    except _Refused as refused:
        return _again(form, values, refused)
    if not receipt.repeated:
        signal = report_received if form == "report" else message_received
        state().host.send(
            signal, request.environ, number=receipt.number, kind=submission.kind.value, category=submission.category
        )
    location = address(receipt.number)
    if wants_json():
        response = json_response({"receipt": receipt.number, "code": receipt.code, "url": location})
        response.status_code = HTTPStatus.CREATED
        response.headers["Location"] = location
    elif not keeps_cookies(values):
        return show_at_once(receipt.number, receipt.code, status=HTTPStatus.CREATED)
    else:
        response = redirect(location, HTTPStatus.SEE_OTHER)
    remember(response, receipt.number, receipt.code)
    return private(response)


def _accept(form: str, values: Mapping[str, str]) -> tuple[Submission, Receipt]:
    """Check what was sent and keep it. Raises `_Refused`."""
    box, now = _box(), datetime.now(UTC)
    submission = _read(form, values)
    sender = source(now)
    doubts = ["honeypot"] if values.get("website") else []
    if submission.body.count("://") > MOST_LINKS:
        doubts.append("links")
    proof = _proof(form, values, now, doubts)
    key = request.headers.get("Idempotency-Key") or values.get("key") or (proof.signature_hash if proof else None)
    if key is not None and len(key) > LONGEST_KEY:
        raise _Refused(HTTPStatus.BAD_REQUEST, {"": "key"})

    def permit() -> Sequence[str]:
        about = f"{submission.page} {submission.category}" if submission.page else None
        verdict = state().throttle.submit(sender, page=about)
        if not verdict.allowed:
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, {"": "often"}, retry_after=verdict.retry_after)
        # Asked here, so that what was accepted before is sent again without more work. A ticket is quarantined anyway.
        if proof and 0 < proof.factor < verdict.factor:
            raise _Refused(HTTPStatus.BAD_REQUEST, {"": "weak"})
        return ("flood",) if verdict.flooded else ()

    try:
        receipt = box.intake.accept(
            submission,
            pictures=_pictures(now),
            key=key,
            proof=proof,
            doubts=doubts,
            source=sender,
            permit=permit,
            now=now,
        )
    except IntakeError as error:
        raise _Refused(HTTPStatus.UNPROCESSABLE_ENTITY, {"": error.reason}) from error
    except StoreError as error:
        logger.error("a message could not be kept: %s", error.reason)
        raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, {"": "store"}, retry_after=PAUSE) from error
    except _Refused:
        raise
    except Exception as error:  # whatever it is, nothing is acknowledged and no word is lost; nor is any of them logged
        trace = "".join(format_tb(error.__traceback__))
        logger.error("a message could not be kept: %s\n%s", type(error).__name__, trace)
        raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, {"": "store"}, retry_after=PAUSE) from error
    return submission, receipt


def _read(form: str, values: Mapping[str, str]) -> Submission:
    kinds = _KINDS[form]
    kind = next((kind for kind in kinds if kind == values.get("kind", kinds[0])), None)
    if kind is None:
        raise _Refused(HTTPStatus.BAD_REQUEST, {"kind": "unknown"})
    settings = state().settings
    try:
        return read(
            values,
            kind=kind,
            language=reader_locale(),
            categories=settings.messages.report_categories,
            hosts=_box().hosts | _own_hosts(),
            home=settings.site.url,
            international=_box().international,
        )
    except SubmissionError as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, error.reasons) from error


def _own_hosts() -> set[str]:
    """Return the name that this request came for, where it can be believed; elsewhere `Host` is what a client says.

    It can where it is this machine or one of its network, and where the application names the hosts that it answers.
    """
    name = host_of(request.host_url)
    return {name} if name and (is_local(name) or state().host.trusted_hosts) else set()


def _pictures(now: datetime) -> list[Picture]:
    try:
        return uploaded(now)
    except PictureError as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, {"pictures": error.reason}) from error
    except OftenError as error:
        raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, {"": "often"}, retry_after=error.retry_after) from error


def _proof(form: str, values: Mapping[str, str], now: datetime, doubts: list[str]) -> Proof | None:
    """Return the proof of work, else the ticket of the form, which raises a doubt where proofs are asked for."""
    challenges = _box().challenges
    asked = state().settings.messages.challenge == "altcha"
    try:
        if asked and values.get("altcha"):
            return challenges.verify(values["altcha"], form, factor=1, now=now)
        if asked or values.get("ticket"):
            ticket = challenges.read_ticket(values.get("ticket", ""), form, now=now)
            if asked:
                doubts.append("proof")
            return ticket
    except ChallengeError as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, {"": error.reason}) from error
    return None


def _again(form: str, values: Mapping[str, str], refused: _Refused) -> Response:
    if wants_json():
        response = problem(refused.status, "form", errors=refused.reasons)
    else:
        # A commit may have come through though its answer did not: sent again with its ticket, it is the same message.
        kept = values.get("ticket") if refused.status == HTTPStatus.SERVICE_UNAVAILABLE else None
        response = _form(form, values, reasons=refused.reasons, ticket=kept)
        response.status_code = refused.status
    if refused.retry_after:
        response.headers["Retry-After"] = str(refused.retry_after)
    return response


def _form(
    form: str, values: Mapping[str, str], *, reasons: Mapping[str, str] | None = None, ticket: str | None = None
) -> Response:
    noted(request.environ).omitted = frozenset({form})  # what the page itself is
    messages = state().settings.messages
    shown = page(
        f"{form}_page",
        form=form,
        values=_shown(values),
        reasons=reasons or {},
        longest=LONGEST,
        kinds=[kind.value for kind in _KINDS[form]],
        national_categories=NATIONAL_CATEGORIES,
        further_categories=messages.report_categories[len(NATIONAL_CATEGORIES) :],
        own_categories=messages.categories,
        request_categories=REQUEST_CATEGORIES,
        pictures=messages.pictures,
        chosen=any(file.filename for file in request.files.getlist("pictures")),
        answer_days=messages.answer_days,
        request_days=messages.personal_information_days,
        challenge=messages.challenge,
        ticket=ticket or _box().challenges.ticket(form, now=datetime.now(UTC)),
    )
    return private(probe(shown))


def _told() -> dict[str, str]:
    """Return what the form can say already: by the link that led to it, else by the page that the link stood on."""
    told = {name: request.args[name] for name in ("kind", "category", "page") if name in request.args}
    told["page_title"] = request.args.get("title", "")
    referrer = request.headers.get("Referer", "")
    # Many sites tell only where they are, not which page: a bare host says nothing.
    if host(referrer) == host(request.host_url) and (path := urlsplit(referrer).path) not in ("", "/"):
        own = path.startswith(f"{base()}/")
        told.setdefault("page", "" if own else referrer)
    return told


def _shown(values: Mapping[str, Any]) -> dict[str, str]:
    """Return *values* as a form shows them again; a link to the form may fill in the page that it stands on."""
    return {name: shown_again(str(value)) for name, value in values.items()}
