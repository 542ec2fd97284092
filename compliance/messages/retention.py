"""What is let go in its time: contacts first, then all words of a case. Number, kind, dates and result remain.

Personal information is kept no longer than its purpose needs (Personal Information Protection Law, articles 19 and 47).
What is held for a legal reason stays, and so does what its sender wrote to in the last days.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Row, and_, delete, func, or_, select, update

from ..cases import MOVES, RESULTS, Actor, Kind, State
from ..settings import Settings
from ..store import Database
from ..store.tables import attachment, draft, event, idempotency, message, outbox, used_challenge
from .attachments import Attachments, keys_of
from .case import REOPENABLE, CaseError
from .cases import Cases, change

logger = logging.getLogger(__name__)

#: How long a case is not purged after its sender wrote: who adds something just now still counts on it.
FRESH = timedelta(days=7)
#: How long it is known what was sent to whom.
SENT = timedelta(days=30)
_BATCH = 100
_MOST_SKIPPED = 1_000  # cases that others are changing just now; the next run finds them
_ENDED = [state for state, moves in MOVES.items() if State.PURGED in moves]

#: What was done, to a case of which kind.
Done = tuple[str, str]

_CONTACTS = {"name": None, "contact": None, "contact_hash": None, "source": "", "contact_purge_after": None}
_WORDS = {
    **dict.fromkeys(("subject", "body", "page", "page_title", "page_hash", "excerpt", "seen", "relation"), ""),
    **dict.fromkeys(("enterprise", "credit_code", "harm"), ""),
    **dict.fromkeys(("body_hash", "marks", "assignee", "search"), ""),
    "purge_after": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One kind of thing to do, the cases that it is due for, and how it is done: returns those that it was done to."""

    name: str
    due: ColumnElement[bool]
    act: Callable[[Sequence[Row[Any]]], set[UUID]]


def due(database: Database, cases: Cases, settings: Settings, *, now: datetime) -> Counter[Done]:
    """Return how much `purge` would do."""
    counts: Counter[Done] = Counter()
    with database.reading() as connection:
        for step in _steps(database, cases, settings, now):
            query = select(message.c.kind, func.count()).where(step.due).group_by(message.c.kind)
            for kind, count in connection.execute(query):
                counts[step.name, kind] = count
        for name, key, spent in _spent(now):
            if count := connection.scalar(select(func.count(key)).where(spent)):
                counts[name, ""] = count
    if count := sum(1 for _ in cases.attachments.orphans(now)):
        counts["pictures", ""] = count
    return counts


def purge(database: Database, cases: Cases, settings: Settings, *, now: datetime) -> Iterator[Done]:
    """Let go what is due, in small transactions, and yield each thing once it is done.

    What somebody else changes at the same time is left to the next run. Its log says how much, and nothing of what.
    """
    counts: Counter[Done] = Counter()
    for done in _purged(database, cases, settings, now):
        counts[done] += 1
        yield done
    database.settle()
    for (name, kind), count in sorted(counts.items()):
        logger.info("purge: %s %s: %d", name, kind or "rows", count)


def _purged(database: Database, cases: Cases, settings: Settings, now: datetime) -> Iterator[Done]:
    query = select(*(message.c[name] for name in ("id", "number", "kind", "state", "version"))).limit(_BATCH)
    for step in _steps(database, cases, settings, now):
        skipped: set[UUID] = set()
        while len(skipped) < _MOST_SKIPPED:
            with database.reading() as connection:
                rows = connection.execute(query.where(step.due, message.c.id.not_in(skipped))).all()
            if not rows:
                break
            done = step.act(rows)
            skipped |= {row.id for row in rows} - done
            yield from ((step.name, row.kind) for row in rows if row.id in done)
    yield from (("pictures", "") for _ in cases.attachments.sweep(now))
    for name, key, spent in _spent(now):
        while keys := database.write(partial(_delete, key=key, spent=spent)):
            yield from ((name, "") for _ in keys)


def _steps(database: Database, cases: Cases, settings: Settings, now: datetime) -> list[_Step]:
    table = message.c
    free = and_(table.hold == "", table.sender_wrote <= now - FRESH)
    answered = (
        select(func.max(event.c.at)).where(event.c.message_id == table.id, event.c.kind == "answered").scalar_subquery()
    )
    ended = and_(table.purge_after <= now, table.state.in_(_ENDED), free)
    waits = or_(table.purge_after.is_(None), table.purge_after > now)
    spam = now - timedelta(days=settings.retention.spam)
    return [
        _Step(
            name="closed",
            due=and_(table.state.in_(RESULTS), answered <= now - REOPENABLE),
            act=partial(_move, cases, State.CLOSED, now),
        ),
        _Step(
            name="rejected",
            # A report is never turned away unseen, nor what waits only because it was sent without a script.
            due=and_(
                *(table.state == State.QUARANTINED, table.created <= spam, free),
                *(table.kind != Kind.REPORT, table.marks != "proof"),
            ),
            act=partial(_move, cases, State.REJECTED_SPAM, now),
        ),
        _Step(name="purged", due=ended, act=partial(_buried, database, cases.attachments, now)),
        _Step(
            name="contacts",
            due=and_(table.contact_purge_after <= now, waits, free),
            act=partial(_in_one, database, _strip, now),
        ),
    ]


def _spent(now: datetime) -> list[tuple[str, Column[Any], ColumnElement[bool]]]:
    """Return what of no case is left, by its key. Reminders stay as long as their case: each is sent once."""
    sent = and_(outbox.c.state == "sent", outbox.c.sent <= now - SENT, outbox.c.sequence > 0)
    return [
        ("challenges", used_challenge.c.signature_hash, used_challenge.c.expires <= now),
        ("submissions", idempotency.c.key_hash, idempotency.c.expires <= now),
        ("sent", outbox.c.id, sent),
    ]


def _move(cases: Cases, target: State, now: datetime, rows: Sequence[Row[Any]]) -> set[UUID]:
    moved = set()
    for row in rows:
        try:
            cases.move(row.number, target, actor=Actor.SYSTEM, version=row.version, now=now)
        except CaseError:
            continue  # somebody was first
        moved.add(row.id)
    return moved


def _in_one(
    database: Database,
    work: Callable[[Connection, Sequence[Row[Any]], datetime], set[UUID]],
    now: datetime,
    rows: Sequence[Row[Any]],
) -> set[UUID]:
    return database.write(lambda connection: work(connection, rows, now))


def _strip(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> set[UUID]:
    """Take names and contacts away."""
    return _changed(connection, rows, _CONTACTS, kind="stripped", public=False, now=now)


def _buried(database: Database, attachments: Attachments, now: datetime, rows: Sequence[Row[Any]]) -> set[UUID]:
    """Take away every word that was written, and the pictures: those in the bucket once no row names them."""
    buried, keys = database.write(lambda connection: _bury(connection, rows, now))
    attachments.erase(keys)
    return buried


def _bury(connection: Connection, rows: Sequence[Row[Any]], now: datetime) -> tuple[set[UUID], Sequence[str]]:
    values, keys = {**_CONTACTS, **_WORDS, "state": State.PURGED}, []
    buried = _changed(connection, rows, values, kind="moved", public=True, now=now)
    if buried:
        keys = keys_of(connection, buried)
        for beside in (attachment, draft, outbox):
            connection.execute(delete(beside).where(beside.c.message_id.in_(buried)))
        connection.execute(update(event).where(event.c.message_id.in_(buried)).values(text="", actor_name=""))
    return buried, keys


def _changed(
    connection: Connection,
    rows: Sequence[Row[Any]],
    values: Mapping[str, Any],
    *,
    kind: str,
    public: bool,
    now: datetime,
) -> set[UUID]:
    """Change those of *rows* that nobody has changed since they were read."""
    changed = set()
    for row in rows:
        state = values.get("state", row.state)
        if change(connection, row, values, kind=kind, actor=Actor.SYSTEM, state=state, public=public, now=now):
            changed.add(row.id)
    return changed


def _delete(connection: Connection, *, key: Column[Any], spent: ColumnElement[bool]) -> Sequence[Any]:
    """Delete some of the rows that are spent, by their keys: not every kind of database deletes up to a limit."""
    keys = connection.scalars(select(key).where(spent).limit(_BATCH * 10)).all()
    connection.execute(delete(key.table).where(key.in_(keys)))
    return keys
