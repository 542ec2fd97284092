"""Rows of the outbox taken by one worker for a while, and what became of them.

Plain SQL, a compare-and-set: whichever worker's update finds a row free has it. Some databases take the words "skip
locked" and lock nothing, so nothing here depends on locks. A worker that is gone, or was stopped for longer than its
lease, has lost its rows to the next one, and changes them no more.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select, update

from ..cases import OWING, Kind, State
from ..store import Database
from ..store.due import owed_by
from ..store.tables import event, message, outbox

#: In the place of a target: the sender of the case.
SENDER = "sender"
#: The most rows that become one notice, and that are looked at in one go.
MOST = 200
_LOOK = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows for one target that become one notice.

    *owner* is whoever claimed them before, where it is not known whether they were sent: then the same rows are sent
    once more as the same notice, under the same key.
    """

    target: str
    owner: str | None
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """A row, and what its notice may tell of the case: nothing that its sender wrote."""

    id: UUID
    message_id: UUID
    dedupe: str
    attempts: int
    number: str
    kind: Kind
    category: str
    harm: str
    language: str
    urgent: bool
    state: State
    due: datetime | None  # None where nothing is owed any more
    happened: str  # an event's kind, "" for a reminder
    became: str  # the state after it
    contact: str | None = field(repr=False)  # sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Rows that are one worker's until a point in time."""

    owner: str
    until: datetime
    entries: tuple[OutboxEntry, ...]


def due(database: Database, *, without: Collection[str], now: datetime) -> list[Batch]:
    """Return what is to be sent now, what is urgent first, to all targets but those in *without*."""
    query = (
        select(outbox.c.id, outbox.c.target, outbox.c.lease_owner)
        .join(message, message.c.id == outbox.c.message_id)
        .where(_free(now), outbox.c.target.not_in(without))
        .order_by(message.c.urgent.desc(), outbox.c.next_at, outbox.c.id)
        .limit(_LOOK)
    )
    batches: dict[tuple[Any, ...], list[UUID]] = {}
    with database.reading() as connection:
        for row in connection.execute(query):
            # Each sender gets a letter of their own.
            key = (SENDER, None, row.id) if row.target == SENDER else (row.target, row.lease_owner)
            batches.setdefault(key, []).append(row.id)
    return [Batch(target=key[0], owner=key[1], ids=tuple(ids[:MOST])) for key, ids in batches.items()]


def claim(database: Database, batch: Batch, *, lease: timedelta, now: datetime) -> Claim | None:
    """Take the rows of *batch* for the time of *lease*; None where other workers have them all."""
    owner, until = secrets.token_hex(16), now + lease

    def work(connection: Connection) -> Sequence[Row[Any]]:
        which = outbox.c.lease_owner == batch.owner if batch.owner else outbox.c.id.in_(batch.ids)
        taken = connection.execute(
            update(outbox)
            .where(which, outbox.c.target == batch.target, _free(now))
            .values(lease_owner=owner, lease_until=until, attempts=outbox.c.attempts + 1)
        )
        if not taken.rowcount:
            return ()
        mine = outbox.c.lease_owner == owner
        return connection.execute(_ENTRIES.where(mine, outbox.c.state == "pending" if batch.owner else which)).all()

    rows = database.write(work)
    return Claim(owner=owner, until=until, entries=tuple(map(_entry, rows))) if rows else None


def sent(database: Database, claim: Claim, *, now: datetime) -> int:
    """Note that *claim* was sent; return for how many of its rows that was still this worker's to say."""
    values = {"state": "sent", "sent": now, "error": "", "lease_owner": None, "lease_until": None}
    return database.write(lambda connection: _settle(connection, claim, claim.entries, values))


def failed(
    database: Database, claim: Claim, *, reason: str, pauses: Mapping[int, timedelta | None], now: datetime
) -> tuple[int, int]:
    """Note that *claim* was not sent, or it is not known; return how many rows wait again, and how many are dead.

    Args:
        pauses: how long rows wait, by their attempts; None for what is given up.
    """
    # Once more as the same notice. After that its parts go with whatever else there is: an outage leaves no queue of
    # small notices behind.
    again = claim.owner if all(entry.attempts == 1 for entry in claim.entries) else None

    def work(connection: Connection) -> tuple[int, int]:
        waiting = dead = 0
        for attempts, pause in pauses.items():
            entries = [entry for entry in claim.entries if entry.attempts == attempts]
            values: dict[str, Any] = {"error": reason[:200], "lease_until": None, "lease_owner": again}
            if pause is None:
                dead += _settle(
                    connection, claim, entries, values | {"state": "dead", "next_at": now, "lease_owner": None}
                )
            else:
                waiting += _settle(connection, claim, entries, values | {"next_at": now + pause})
        return waiting, dead

    return database.write(work)


_ENTRIES: Select[Any] = (
    select(
        *(outbox.c.id, outbox.c.message_id, outbox.c.dedupe, outbox.c.attempts),
        *(message.c.number, message.c.kind, message.c.category, message.c.harm, message.c.language, message.c.urgent),
        *(message.c.state, message.c.contact, owed_by.label("due")),
        *(event.c.kind.label("happened"), event.c.state.label("became")),
    )
    .join(message, message.c.id == outbox.c.message_id)
    .outerjoin(event, and_(event.c.message_id == outbox.c.message_id, event.c.sequence == outbox.c.sequence))
    .order_by(message.c.urgent.desc(), outbox.c.created, outbox.c.id)
)


def _entry(row: Row[Any]) -> OutboxEntry:
    values = row._asdict()
    state = State(row.state)
    values |= {"state": state, "kind": Kind(row.kind), "due": row.due if state in OWING else None}
    return OutboxEntry(**values | {"happened": row.happened or "", "became": row.became or ""})


def _free(now: datetime) -> ColumnElement[bool]:
    leased = outbox.c.lease_until
    return and_(outbox.c.state == "pending", outbox.c.next_at <= now, or_(leased.is_(None), leased < now))


def _settle(connection: Connection, claim: Claim, entries: Sequence[OutboxEntry], values: Mapping[str, Any]) -> int:
    mine = and_(outbox.c.lease_owner == claim.owner, outbox.c.state == "pending")
    rows = outbox.c.id.in_([entry.id for entry in entries])
    return connection.execute(update(outbox).where(rows, mine).values(**values)).rowcount
