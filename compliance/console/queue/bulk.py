"""Many cases at once: shown before, done one by one, taken back where the table of moves allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from uuid6 import uuid7
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from ...cases import PAUSED, PENDING, RESULTS, Actor, State, allowed
from ...errors import Message
from ...messages import replies
from ...messages.bulk import MOST, Done, done, each, undo
from ...messages.cases import LONGEST_ANSWER
from ...messages.listing import Filter, ListedCase, entries, named
from ...receipts import read_number
from ...staff import Account, Permission
from ..access import allow
from ..pages import told
from ..state import console, me, note, now, together
from .routes import REFUSED, editors, languages, pages, words

#: Cases that are chosen on one page.
_CHOSEN = 200
#: What can be done beside moving.
TAKE, GIVE = "take", "give"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be done to the cases that were chosen: moved to *target*, else given to somebody."""

    act: str
    target: State | None
    to: str
    text: str
    language: str


@pages.post("/messages/bulk")
@allow(Permission.HANDLE_CASES)
def bulk() -> Response | str | tuple[str, int]:
    """Show what a change would do, and do it where that was agreed to."""
    versions = _chosen()
    found = named(console().store.database, list(versions), now=now())
    change = _change(found)
    if "do" not in request.form:
        return _preview(found, versions, change)
    if request.form["do"] == "insert":
        return _preview(found, versions, _with_reply(change))
    if change.target in RESULTS | PAUSED and not change.text.strip() or len(change.text) > LONGEST_ANSWER:
        wrong = told(Message("Nothing was changed: %(why)s.", why=REFUSED["text"]))
        return _preview(found, versions, change, wrong=wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    if change.act == GIVE and not _is_somebody(change.to):
        wrong = told(Message("Choose to whom the cases are given."))
        return _preview(found, versions, change, wrong=wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    batch = uuid7()
    return _do([entry for entry in found if _refusal(entry, change) is None], versions, change, batch)


@pages.get("/messages/batches/<uuid:batch>")
@allow(Permission.READ_CASES)
def batch(batch: UUID) -> str:
    """Show what was done to many cases, and what of it can be taken back."""
    found = done(console().store.database, batch) or abort(404)
    mine = me().may(Permission.DIRECT_CASES) or all(one.by == me().account.name for one in found)
    accounts = console().accounts.all()
    gone = _gone(found, accounts)
    back = [one for one in found if one.untouched and one.back and one.number not in gone]
    return render_template(
        "console/batch.html",
        batch=batch,
        done=found,
        back=back if mine and me().may(Permission.HANDLE_CASES) else [],
        gone=gone,
        told_back=any(one.after in RESULTS | PAUSED for one in back),
        **words(accounts),
    )


@pages.post("/messages/batches/<uuid:batch>/undo")
@allow(Permission.HANDLE_CASES)
def take_back(batch: UUID) -> Response:
    """Take back what was done: one's own, or with more rights anybody's."""
    here, asking = console(), me()
    found = done(here.store.database, batch) or abort(404)
    if not asking.may(Permission.DIRECT_CASES) and any(one.by != asking.account.name for one in found):
        raise Forbidden
    text = request.form.get("text", "")[:LONGEST_ANSWER]
    gone = _gone(found, here.accounts.all())

    def back(one: Done) -> bool:
        for number, reason in undo(here.store.box.cases, [one], by=asking.account.name, text=text, now=now()):
            if reason:
                return False
            if one.kind == "assigned":
                note("case_assigned", number, to=one.assignee_before)
            else:
                note("case_answered" if text else "case_moved", number, state=one.back)
        return True

    count = sum(together(partial(back, one)) for one in found if one.number not in gone)
    note("cases_taken_back", str(batch), cases=count)
    flash(told(Message("Taken back: %(count)s of %(all)s cases.", count=count, all=len(found))))
    if gone:
        numbers = ", ".join(sorted(gone))
        flash(
            told(
                Message("These stay, since whoever had them cannot work on them any more: %(numbers)s", numbers=numbers)
            )
        )
    return redirect(url_for("queue.batch", batch=batch), HTTPStatus.SEE_OTHER)


@pages.get("/messages/hand-over")
@allow(Permission.HANDLE_CASES)
def hand_over() -> str:
    """Ask whose cases are to be given to whom."""
    return _hand_over()


@pages.post("/messages/hand-over")
@allow(Permission.HANDLE_CASES)
def send_hand_over() -> Response | str | tuple[str, int]:
    """Give all that somebody has open to somebody else: one's own, or with more rights anybody's."""
    asking = me()
    whose, to = request.form.get("whose", ""), request.form.get("to", "")
    if not whose or whose == to or (to and not _is_somebody(to)):
        wrong = told(Message("Choose to whom the cases are given."))
        return _hand_over(wrong=wrong), HTTPStatus.UNPROCESSABLE_ENTITY
    if whose != asking.account.name and not asking.may(Permission.DIRECT_CASES):
        raise Forbidden
    which = Filter(states=PENDING, assignee=whose)
    found = entries(console().store.database, which, limit=MOST, now=now())
    if not found:
        return _hand_over(wrong=told(Message("There is nothing to hand over."))), HTTPStatus.UNPROCESSABLE_ENTITY
    versions = {entry.number: entry.version for entry in found}
    return _do(found, versions, Change(act=GIVE, target=None, to=to, text="", language=""), uuid7())


def _hand_over(*, wrong: str = "") -> str:
    accounts = console().accounts.all()
    return render_template("console/hand_over.html", wrong=wrong, accounts=accounts, **words(accounts))


def _do(found: list[ListedCase], versions: dict[str, int], change: Change, batch: UUID) -> Response:
    """Change each case in a transaction of its own, and lead to what came of it."""
    here, by = console(), me().account.name

    def act(entry: ListedCase) -> None:
        version = versions[entry.number]
        if change.target is None:
            here.store.box.cases.assign(entry.number, by=by, to=change.to, version=version, batch=batch, now=now())
            note("case_assigned", entry.number, to=change.to)
            return
        values = replies.variables(entry, here.settings, change.language, now=now())
        text = replies.filled(change.text, values)
        here.store.box.cases.move(
            entry.number, change.target, by=by, text=text, version=version, batch=batch, now=now()
        )
        note("case_answered" if text else "case_moved", entry.number, state=change.target)

    failed = [entry.number for entry, reason in each(found, _whole(act)) if reason]
    flash(told(Message("Changed: %(count)s of %(all)s cases.", count=len(found) - len(failed), all=len(versions))))
    if failed:
        numbers = ", ".join(failed)
        flash(told(Message("Somebody changed these in the meantime; look at them again: %(numbers)s", numbers=numbers)))
    if len(failed) == len(found):
        return redirect(url_for("queue.queue"), HTTPStatus.SEE_OTHER)
    return redirect(url_for("queue.batch", batch=batch), HTTPStatus.SEE_OTHER)


def _whole(act: Callable[[ListedCase], None]) -> Callable[[ListedCase], None]:
    """Return *act* so that the change of a case and the line in the trail are one."""
    return lambda entry: together(lambda: act(entry))


def _preview(found: list[ListedCase], versions: dict[str, int], change: Change, *, wrong: str = "") -> str:
    refused = {entry.number: why for entry in found if (why := _refusal(entry, change)) is not None}
    able = [entry for entry in found if entry.number not in refused]
    here = console()
    first = replies.variables(able[0], here.settings, change.language, now=now()) if able else {}
    return render_template(
        "console/bulk.html",
        able=able,
        refused=[(entry, refused[entry.number]) for entry in found if entry.number in refused],
        versions=versions,
        change=change,
        wrong=wrong,
        needs_text=change.target in RESULTS | PAUSED,
        filled=replies.filled(change.text, first),
        replies=replies.replies(here.store.database),
        variables=replies.VARIABLES,
        answer_languages=languages(*(entry.language for entry in found)),
        **words(here.accounts.all()),
    )


def _refusal(entry: ListedCase, change: Change) -> Message | None:
    target = change.target
    if entry.state is State.PURGED or (target and not allowed(entry.state, target, Actor.EDITOR)):
        return REFUSED["move"]
    return None


def _chosen() -> dict[str, int]:
    """Return the cases that were chosen, with the version of each that was seen."""
    chosen: dict[str, int] = {}
    for value in request.form.getlist("case")[: _CHOSEN + 1]:
        number, _, version = value.partition(":")
        if not (kept := read_number(number[:64])) or not (
            version.isascii() and version.isdigit() and len(version) < 10
        ):
            abort(400)
        chosen[kept] = int(version)
    if len(chosen) > _CHOSEN:
        abort(413)
    return chosen


def _change(found: list[ListedCase]) -> Change:
    form, asking = request.form, me()
    act, to = form.get("act", ""), form.get("to", "")
    target = None if act in (TAKE, GIVE) else State(act) if act in set(State) else abort(400)
    if act == GIVE and not asking.may(Permission.DIRECT_CASES):
        raise Forbidden
    spoken = languages(*(entry.language for entry in found))
    language = form.get("language") or next(iter(spoken))
    if language not in spoken:
        abort(400)
    to = asking.account.name if act == TAKE else to
    return Change(act=act, target=target, to=to, text=form.get("text", ""), language=language)


def _with_reply(change: Change) -> Change:
    chosen = request.form.get("reply", "")
    found = [one.text for one in replies.replies(console().store.database) if str(one.id) == chosen]
    text = "\n\n".join(filter(None, (change.text.strip(), *found)))
    return Change(act=change.act, target=change.target, to=change.to, text=text, language=change.language)


def _gone(found: list[Done], accounts: list[Account]) -> frozenset[str]:
    """Return the cases that would go back to somebody who cannot work on them any more: they stay where they are.

    Whoever has no account was given them on the command line.
    """
    out = {account.name for account in accounts if not account.handles}
    return frozenset(one.number for one in found if one.kind == "assigned" and one.assignee_before in out)


def _is_somebody(name: str) -> bool:
    return name in editors(console().accounts.all())
