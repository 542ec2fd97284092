"""What senders are told: written, kept as a draft, and sent once nobody else was faster."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus

from flask import abort, flash, render_template, request
from werkzeug.wrappers import Response

from ...cases import PAUSED, RESULTS, Actor, State, ways
from ...errors import Message
from ...messages import Case, CaseError, drafts, replies
from ...staff import Permission
from ..access import allow
from ..pages import told
from ..state import console, me, note, now, together
from .case import show
from .routes import REFUSED, languages, opened, pages, to_case, version, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the form of an answer says."""

    target: State | None
    language: str
    text: str
    version: int
    review: bool


@pages.post("/cases/<number>/answer")
@allow(Permission.HANDLE_CASES)
def answer(number: str) -> Response | str | tuple[str, int]:
    """Do with an answer what its button says: send it, keep it, put a reply into it, let it go."""
    case = opened(number)
    act = {"send": _send, "keep": _keep, "insert": _insert, "discard": _discard}.get(request.form.get("do", "send"))
    return act(case, _written(case)) if act else abort(400)


@pages.post("/cases/<number>/draft")
@allow(Permission.HANDLE_CASES)
def draft(number: str) -> Response:
    """Keep a draft, for a script that does so while it is written."""
    case = opened(number)
    try:
        _save(case.number, _written(case))
    except CaseError:
        abort(HTTPStatus.UNPROCESSABLE_ENTITY)
    return Response(status=HTTPStatus.NO_CONTENT)


def _send(case: Case, written: Written) -> Response | str | tuple[str, int]:
    if written.target is None:
        return _unsent(case, written, Message("Choose what happens to the case."))
    here, asking, target, number = console(), me().account, written.target, case.number
    text = replies.filled(written.text, replies.variables(case, here.settings, written.language, now=now()))

    def work() -> None:
        here.store.box.cases.move(number, target, by=asking.name, text=text, version=written.version, now=now())
        drafts.discard(here.store.database, number, editor=asking.name)
        note("case_answered" if target in RESULTS | PAUSED else "case_moved", number, state=target)

    try:
        together(work)
    except CaseError as error:
        if error.reason in ("changed", "move"):
            return _conflict(number, written)
        return _unsent(case, written, Message("Nothing was changed: %(why)s.", why=REFUSED[error.reason]))
    flash(told(Message("Done. The sender sees it on the page of the receipt.")))
    return to_case(number)


def _unsent(case: Case, written: Written, why: Message) -> tuple[str, int]:
    return show(case, wrong=told(why), written=written), HTTPStatus.UNPROCESSABLE_ENTITY


def _conflict(number: str, written: Written) -> tuple[str, int]:
    """Show what was written beside what somebody else did in the meantime; what was written is kept as a draft."""
    case = opened(number)
    with suppress(CaseError):  # too long, or the words of the case are gone: it stands in the form all the same
        _save(number, written)
    page = render_template(
        "console/conflict.html",
        case=case,
        written=written,
        since=[event for event in case.events if event.sequence > written.version and event.kind != "viewed"],
        targets=sorted(ways(case.state, Actor.EDITOR)),
        told_in_words=RESULTS | PAUSED,
        answer_languages=languages(case.language),
        replies=(),
        **words(console().accounts.all()),
    )
    return page, HTTPStatus.CONFLICT


def _keep(case: Case, written: Written) -> Response | tuple[str, int]:
    try:
        _save(case.number, written)
    except CaseError as error:
        return _unsent(case, written, Message("Nothing was kept: %(why)s.", why=REFUSED[error.reason]))
    flash(told(Message("The draft is kept.")))
    return to_case(case.number, anchor="answer")


def _insert(case: Case, written: Written) -> Response | tuple[str, int]:
    """Put a reply that is given often below what is written."""
    chosen = request.form.get("reply", "")
    found = next((one for one in replies.replies(console().store.database) if str(one.id) == chosen), None)
    if found is None:
        return _keep(case, written)
    values = replies.variables(case, console().settings, found.language, now=now())
    text = "\n\n".join(filter(None, (written.text.strip(), replies.filled(found.text, values))))
    return _keep(case, replace(written, text=text))


def _discard(case: Case, written: Written) -> Response:
    drafts.discard(console().store.database, case.number, editor=me().account.name)
    flash(told(Message("The draft is let go of.")))
    return to_case(case.number, anchor="answer")


def _save(number: str, written: Written) -> None:
    drafts.save(
        console().store.database,
        number,
        editor=me().account.name,
        target=written.target,
        language=written.language,
        text=written.text,
        review=written.review,
        version=written.version,
        now=now(),
    )


def _written(case: Case) -> Written:
    form = request.form
    target, language = form.get("target", ""), form.get("language", case.language)
    if target not in {"", *State} or language not in languages(case.language):
        abort(400)
    return Written(
        target=State(target) if target else None,
        language=language,
        text=form.get("text", ""),
        version=version(),
        review="review" in form,
    )
