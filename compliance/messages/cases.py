"""Cases after their acceptance: looked at and followed, moved, answered, added to; each change is one event.

The event's number is the version that the change makes, so that of two changes at once only one can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from .. import deadlines, receipts
from ..cases import OPEN, PAUSED, RESULTS, Actor, Kind, State, allowed
from ..outside.mailboxes import mailbox
from ..pictures import Picture
from ..settings import Settings
from ..store import ConflictError, Database
from ..store.outbox import announce
from ..store.tables import attachment, event, message
from ..vault import Vault
from .attachments import Attachments
from .case import Case, CaseError, Followed, actions_of, events_of, row_of
from .outgoing import targets
from .submission import cleaned, is_empty

#: The longest text of an editor, and how often a sender may add to a case.
LONGEST_ANSWER = 10_000
LONGEST_ADDITION = 5_000
MOST_ADDITIONS = 20
#: What `same_code` compares with where there is no such case, so that both answers take the same time.
_NO_HASH = receipts.code_hash("")
_PERSONAL = ("name", "contact")


class Cases:
    """The cases of one site."""

    def __init__(
        self, database: Database, vault: Vault, settings: Settings, attachments: Attachments | None = None
    ) -> None:
        self._database = database
        #: The pictures of all cases.
        self.attachments = attachments or Attachments(database)
        self._vault = vault
        self._settings = settings

    def get(self, number: str, *, opened: bool = True) -> Case:
        """Return the case *number*; its sender's name and contact where they are *opened*, which `reveal` notes.

        Raises `CaseError` where there is no such case.
        """
        with self._database.reading() as connection:
            row = row_of(connection, number)
            events = events_of(connection, row.id)
            query = select(attachment.c.id).where(attachment.c.message_id == row.id).order_by(attachment.c.id)
            pictures = connection.scalars(query).all()
        values = row._asdict()
        shown = {name: values[name] for name in Case.__slots__ if name in values}
        shown |= {"kind": Kind(row.kind), "state": State(row.state)}
        shown |= {name: self._opened(row, name) if opened else "" for name in _PERSONAL}
        personal = tuple(name for name in _PERSONAL if values[name])
        return Case(**shown, personal=personal, events=events, pictures=tuple(pictures))

    def follow(self, number: str, code: str, *, now: datetime) -> Followed | None:
        """Return the case *number* for who knows its *code*; None for a wrong code and an unknown number alike."""
        with self._database.reading() as connection:
            row = connection.execute(select(message).where(message.c.number == number)).one_or_none()
            known = receipts.same_code(code, row.code_hash if row else _NO_HASH)
            if row is None or not known:
                return None
            events = events_of(connection, row.id, public=True)
            count = select(func.count()).select_from(attachment).where(attachment.c.message_id == row.id)
            pictures = connection.scalar(count) or 0
        state = State(row.state)
        return Followed(
            number=row.number,
            kind=Kind(row.kind),
            category=row.category,
            enterprise=row.enterprise,
            harm=row.harm,
            subject=row.subject,
            body=row.body,
            page=row.page,
            state=state,
            created=row.created,
            answer_due=row.answer_due,
            pictures=pictures,
            events=events,
            actions=actions_of(row, now),
        )

    def move(
        self,
        number: str,
        target: State,
        *,
        actor: Actor = Actor.EDITOR,
        by: str = "",
        text: str = "",
        version: int | None = None,
        batch: UUID | None = None,
        now: datetime,
    ) -> None:
        """Move a case to *target*; a result, and a question to its sender, need a *text*, which the sender reads.

        Where *version* is given, only if nothing has happened since but looks at it. *batch* is what the moves of
        several cases have in common (`bulk`). Raises `CaseError`.
        """
        text = _checked(text, needed=target in RESULTS or target in PAUSED, longest=LONGEST_ANSWER)

        def work(connection: Connection) -> None:
            row = _unchanged(connection, number, version)
            state = State(row.state)
            if not allowed(state, target, actor):
                raise CaseError("move")
            if target is State.REOPENED and actor is Actor.SENDER and "reopen" not in actions_of(row, now):
                raise CaseError("late")
            kind = "answered" if target in RESULTS else "asked" if target in PAUSED else "moved"
            values = self._moved(row, state, target, now)
            _change(
                connection,
                row,
                values,
                kind=kind,
                actor=actor,
                by=by,
                state=target,
                text=text,
                batch=batch,
                now=now,
            )
            if actor is Actor.SENDER:
                announce(connection, row.id, row.version + 1, targets(self._settings), now)
            elif text and mailbox(self._opened(row, "contact")):
                announce(connection, row.id, row.version + 1, ("sender",), now)

        self._database.write(work)

    def add(self, number: str, *, text: str, pictures: Sequence[Picture] = (), now: datetime) -> None:
        """Add a sender's *text* and *pictures*; a case that waited for it, or was answered, goes on.

        Raises `CaseError`.
        """
        text = _checked(text, needed=True, longest=LONGEST_ADDITION)

        def addable(connection: Connection) -> Row[Any]:
            row = row_of(connection, number)
            if "add" not in actions_of(row, now):
                raise CaseError("move")
            additions = select(func.count()).where(event.c.message_id == row.id, event.c.kind == "added")
            if (connection.scalar(additions) or 0) >= MOST_ADDITIONS:
                raise CaseError("limit")
            return row

        if pictures and self.attachments.outside:
            with self._database.reading() as connection:
                addable(connection)
        sent = self.attachments.send(pictures)

        def work(connection: Connection) -> None:
            row = addable(connection)
            state = State(row.state)
            goes_on = state in PAUSED or state in RESULTS
            target = State.IN_PROGRESS if goes_on else state
            values = {**(self._moved(row, state, target, now) if goes_on else {}), "sender_wrote": now}
            _change(connection, row, values, kind="added", actor=Actor.SENDER, state=target, text=text, now=now)
            self.attachments.attach(connection, row.id, sent, now)
            announce(connection, row.id, row.version + 1, targets(self._settings), now)

        self._database.write(work)

    def picture(self, identity: UUID) -> Picture:
        """Return the picture *identity* of a case; `CaseError` where it is gone, `StoreError` where it is another."""
        if (found := self.attachments.read(identity)) is None:
            raise CaseError("unknown")
        return found

    def reveal(self, number: str, *, by: str, reason: str = "", now: datetime) -> Case:
        """Return a case with its sender's name and contact, once it is noted who looked at them and why.

        Raises `CaseError`.
        """
        self.viewed([number], by=by, reason=reason, now=now)
        return self.get(number)

    def viewed(self, numbers: Iterable[str], *, by: str, reason: str = "", now: datetime) -> None:
        """Note who looked at names, contacts and pictures, and why. Raises `CaseError`."""

        def work(connection: Connection) -> None:
            for number in numbers:
                row = row_of(connection, number)
                state = State(row.state)
                _change(connection, row, {}, kind="viewed", by=by, state=state, text=reason, public=False, now=now)

        self._database.write(work)

    def note(self, number: str, *, by: str, text: str, now: datetime) -> None:
        """Add a note of the editors, which no sender sees. Raises `CaseError`."""
        self._edit(number, {}, kind="noted", by=by, text=_checked(text, needed=True), now=now)

    def assign(
        self,
        number: str,
        *,
        by: str,
        to: str,
        version: int | None = None,
        batch: UUID | None = None,
        now: datetime,
    ) -> None:
        """Give a case to an editor, or to nobody; *version* and *batch* as in `move`. Raises `CaseError`."""
        self._edit(number, {"assignee": to}, kind="assigned", by=by, text=to, version=version, batch=batch, now=now)

    def hold(self, number: str, *, by: str, reason: str, now: datetime) -> None:
        """Keep a case from being purged for *reason*; an empty one lifts the hold. Raises `CaseError`."""
        self._edit(number, {"hold": reason}, kind="held" if reason else "released", by=by, text=reason, now=now)

    def _edit(
        self, number: str, values: dict[str, Any], *, version: int | None = None, now: datetime, **what: Any
    ) -> None:
        def work(connection: Connection) -> None:
            row = _unchanged(connection, number, version)
            if row.state == State.PURGED:
                raise CaseError("move")
            _change(connection, row, values, state=State(row.state), public=False, now=now, **what)

        self._database.write(work)

    def _moved(self, row: Row[Any], state: State, target: State, now: datetime) -> dict[str, Any]:
        """Return what changes beside the state: the clock, and what depends on the end."""
        values: dict[str, Any] = {}
        if state in PAUSED and row.paused:
            values = {
                "paused": None,
                "decide_due": deadlines.resumed(row.decide_due, paused=row.paused, now=now),
                "answer_due": deadlines.resumed(row.answer_due, paused=row.paused, now=now),
            }
        if target in PAUSED:
            values["paused"] = now
        if row.decided is None and target in {*OPEN, *RESULTS} - {State.RECEIVED}:
            values["decided"] = now
        if target in RESULTS and row.answered is None:
            values["answered"] = now
        if state in {*RESULTS, State.CLOSED} and target in OPEN:
            # Taken up again: a new answer is owed.
            values["answer_due"] = deadlines.after(now, working_days=self._settings.messages.answer_days)
        if target is State.REOPENED:
            values |= {"reopened": True, "closed": None, "purge_after": None, "contact_purge_after": None}
        if target is State.REJECTED_SPAM:
            values["purge_after"] = now + timedelta(days=self._settings.retention.spam)
        elif state is State.REJECTED_SPAM:
            values["purge_after"] = None
        if target is State.CLOSED:
            kept = timedelta(days=self._kept(Kind(row.kind)))
            contacts = min(kept, timedelta(days=self._settings.retention.contacts))
            values |= {"closed": now, "purge_after": now + kept, "contact_purge_after": now + contacts}
        return values

    def _kept(self, kind: Kind) -> int:
        retention = self._settings.retention
        kept = {Kind.REPORT: retention.reports, Kind.PERSONAL_INFORMATION: retention.personal_information}
        return kept.get(kind, retention.messages)

    def _opened(self, row: Row[Any], column: str) -> str:
        sealed = getattr(row, column)
        return self._vault.open(sealed, table="message", column=column, row=str(row.id)) if sealed else ""


def change(
    connection: Connection,
    row: Row[Any],
    values: Mapping[str, Any],
    *,
    kind: str,
    actor: Actor,
    by: str = "",
    state: State,
    text: str = "",
    public: bool = True,
    batch: UUID | None = None,
    now: datetime,
) -> bool:
    """Change a case, with the event that says so, if it is still as *row* was read; return whether it was."""
    version = row.version + 1
    as_read = and_(message.c.id == row.id, message.c.version == row.version)
    changed = {**values, "state": state, "changed": now, "version": version}
    if connection.execute(update(message).where(as_read).values(**changed)).rowcount != 1:
        return False
    happened: dict[str, Any] = {
        "kind": kind,
        "actor": actor,
        "actor_name": by,
        "public": public,
        "state": state,
        "text": text,
    }
    happened |= {"message_id": row.id, "sequence": version, "batch": batch, "at": now}
    connection.execute(insert(event), happened)
    return True


def _change(
    connection: Connection, row: Row[Any], values: Mapping[str, Any], *, actor: Actor = Actor.EDITOR, **what: Any
) -> None:
    if not change(connection, row, values, actor=actor, **what):
        raise ConflictError("changed")


def _unchanged(connection: Connection, number: str, version: int | None) -> Row[Any]:
    """Return the row of a case to which nothing has happened since *version* but looks at it. Raises `CaseError`."""
    row = row_of(connection, number)
    if version not in (None, row.version):
        since = event.c.message_id == row.id, event.c.sequence > version, event.c.kind != "viewed"
        if version > row.version or connection.scalar(select(func.count()).where(*since)):
            raise CaseError("changed")
    return row


def _checked(text: str, *, needed: bool, longest: int = LONGEST_ANSWER) -> str:
    kept = cleaned(text, longest=longest)
    if kept is None or (needed and is_empty(kept)):
        raise CaseError("text")
    return kept
