"""One case: read, given to somebody, noted on, and its sender's contact revealed."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import abort, render_template, request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from ...cases import PAUSED, RESULTS, Actor, State, deadline, is_overdue, ways
from ...errors import Message
from ...messages import Case, CaseError, drafts, replies
from ...messages.listing import Filter, days_left, entries
from ...staff import Permission
from ..access import allow
from ..pages import told
from ..state import console, me, note, now, together
from .routes import REFUSED, known, languages, opened, pages, to_case, version, words

#: How many others about the same page are shown beside a case.
BESIDE = 6
_LONGEST_REASON = 200


@pages.get("/cases/<number>")
@allow(Permission.READ_CASES)
def case(number: str) -> str | Response:
    """Show a case without its sender's name and contact; that it was looked at stands in the trail."""
    if number != known(number):
        return to_case(known(number))
    found = opened(number)
    note("case_viewed", found.number)
    return show(found)


@pages.get("/cases/<number>/pictures/<int:place>")
@allow(Permission.READ_CASES)
def picture(number: str, place: int) -> Response:
    """Serve a picture of a case as it was made anew at its acceptance, without what a camera wrote into it."""
    found = opened(number)
    if not 1 <= place <= len(found.pictures):
        abort(404)
    try:
        kept = console().store.box.cases.picture(found.pictures[place - 1])
    except CaseError:
        abort(404)
    note("picture_viewed", found.number, picture=place)
    return Response(kept.content, mimetype=kept.mimetype)


@pages.post("/cases/<number>/assign")
@allow(Permission.HANDLE_CASES)
def assign(number: str) -> Response | tuple[str, int]:
    """Give a case to somebody: oneself, or with more rights anybody."""
    number, to = known(number), request.form.get("to", "").strip()
    seen, asking = version(), me()
    here = console()
    if to != asking.account.name and not (asking.may(Permission.DIRECT_CASES) or _is_mine(number)):
        raise Forbidden
    if to and to not in words(here.accounts.all())["editors"]:
        abort(400)

    def work() -> None:
        here.store.box.cases.assign(number, by=asking.account.name, to=to, version=seen, now=now())
        note("case_assigned", number, to=to)

    return _done(number, work)


@pages.post("/cases/<number>/note")
@allow(Permission.HANDLE_CASES)
def add_note(number: str) -> Response | tuple[str, int]:
    """Add a note that no sender sees."""
    number, text = known(number), request.form.get("text", "")

    def work() -> None:
        console().store.box.cases.note(number, by=me().account.name, text=text, now=now())
        note("case_noted", number)

    return _done(number, work, anchor="history", note=text)


@pages.post("/cases/<number>/reveal")
@allow(Permission.REVEAL_CONTACTS, fresh=True)
def reveal(number: str) -> str | tuple[str, int]:
    """Show who sent a case, once who looked and why stands in the case and in the trail."""
    number, reason = known(number), " ".join(request.form.get("reason", "").split())
    if not reason or len(reason) > _LONGEST_REASON:
        message = Message("Say in at most 200 characters why you need to know who sent it.")
        return show(opened(number), wrong=told(message)), HTTPStatus.UNPROCESSABLE_ENTITY

    def work() -> Case:
        found = console().store.box.cases.reveal(number, by=me().account.name, reason=reason, now=now())
        note("contact_revealed", number, reason=reason)
        return found

    try:
        return show(together(work))
    except CaseError:
        abort(404)


@pages.post("/cases/<number>/hold")
@allow(Permission.DIRECT_CASES)
def hold(number: str) -> Response | tuple[str, int]:
    """Keep a case from being purged, for a reason; without one, let it go in its time again."""
    number, reason = known(number), " ".join(request.form.get("reason", "").split())[:_LONGEST_REASON]

    def work() -> None:
        console().store.box.cases.hold(number, by=me().account.name, reason=reason, now=now())
        note("case_held", number, reason=reason)

    return _done(number, work)


def show(found: Case, *, wrong: str = "", written: Any = None, **given: Any) -> str:
    """Return the page of a case; *written* is what its form was filled in with, else the draft of who asks."""
    here, asking, time = console(), me(), now()
    database = here.store.database
    others = []
    if found.page and found.state is not State.PURGED:
        which = Filter(states=frozenset(State) - {State.PURGED}, page=found.page)
        others = entries(database, which, newest=True, limit=BESIDE + 1, now=time)
    begun = drafts.of_case(database, found.number)
    mine = next((draft for draft in begun if draft.editor == asking.account.name), None)
    due = deadline(found.state, decided=found.decided, decide_due=found.decide_due, answer_due=found.answer_due)
    targets = ways(found.state, Actor.EDITOR) if asking.may(Permission.HANDLE_CASES) else frozenset()
    return render_template(
        "console/case.html",
        case=found,
        wrong=wrong,
        written=written or mine,
        drafts=[draft for draft in begun if draft is not mine],
        replies=replies.replies(database),
        others=[one for one in others if one.number != found.number][:BESIDE],
        due=due,
        left=days_left(due, time),
        overdue=is_overdue(due, time),
        targets=sorted(targets),
        told_in_words=RESULTS | PAUSED,
        answer_languages=languages(found.language),
        may=asking.may,
        **words(here.accounts.all()),
        **given,
    )


def _is_mine(number: str) -> bool:
    return opened(number).assignee == me().account.name


def _done(
    number: str, work: Callable[[], None], *, anchor: str | None = None, **given: Any
) -> Response | tuple[str, int]:
    """Do *work* and lead to the case; where it is not done show the case as it stands now with *given*, and say why."""
    try:
        together(work)
    except CaseError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if error.reason == "text" else HTTPStatus.CONFLICT
        wrong = told(Message("Nothing was changed: %(why)s.", why=REFUSED[error.reason]))
        return show(opened(number), wrong=wrong, **given), status
    return to_case(number, anchor=anchor)
