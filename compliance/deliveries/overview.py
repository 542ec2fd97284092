"""The outbox as an editor sees it: how much waits for how long, what was given up and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from ..settings import Settings
from ..store import Database
from ..store.tables import message, outbox
from .claims import SENDER

#: What waits longer than this is not on its way: nothing delivers it.
STUCK = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """Something that was given up."""

    id: UUID
    number: str
    target: str
    attempts: int
    reason: str
    created: datetime
    died: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What there is for one target; *oldest* of what waits, *reason* why one of it is not sent yet."""

    target: str
    waiting: int
    oldest: datetime | None
    reason: str
    dead: int


def dead(database: Database, settings: Settings) -> list[Dead]:
    """Return what was given up, the oldest first."""
    query = (
        select(outbox, message.c.number)
        .join(message, message.c.id == outbox.c.message_id)
        .where(outbox.c.state == "dead")
        .order_by(outbox.c.next_at, outbox.c.id)
    )
    names = _names(settings)
    with database.reading() as connection:
        return [
            Dead(
                id=row.id,
                number=row.number,
                target=names.get(row.target, row.target),
                attempts=row.attempts,
                reason=row.error,
                created=row.created,
                died=row.next_at,
            )
            for row in connection.execute(query)
        ]


def revive(database: Database, ids: Collection[UUID] | None, *, now: datetime) -> int:
    """Let what was given up be tried again from the start, all of it where *ids* is None; return how many."""
    which = outbox.c.state == "dead" if ids is None else (outbox.c.state == "dead") & outbox.c.id.in_(ids)
    values = {"state": "pending", "attempts": 0, "next_at": now, "error": ""}
    return database.write(lambda connection: connection.execute(update(outbox).where(which).values(**values)).rowcount)


def waiting(database: Database, settings: Settings) -> list[Waiting]:
    """Return what there is for each target: those in the settings, the senders, and any other that rows are left of."""
    columns = (func.count(), func.min(outbox.c.created), func.max(outbox.c.error))
    query = (
        select(outbox.c.target, outbox.c.state, *columns)
        .where(outbox.c.state.in_(("pending", "dead")))
        .group_by(outbox.c.target, outbox.c.state)
    )
    with database.reading() as connection:
        found = {(target, state): counts for target, state, *counts in connection.execute(query)}
    names = _names(settings)
    rows = []
    for target in dict.fromkeys((*names, *(target for target, _ in found))):
        count, oldest, reason = found.get((target, "pending"), (0, None, ""))
        gone, *_ = found.get((target, "dead"), (0,))
        name = names.get(target, target)
        rows.append(Waiting(target=name, waiting=count, oldest=oldest, reason=reason, dead=gone))
    return rows


def _names(settings: Settings) -> Mapping[str, str]:
    """Return what each target is called, which is not its address: that may hold a token."""
    places = enumerate(settings.messages.deliver_to)
    return {**{target.label: f"messages.deliver_to[{place}]" for place, target in places}, SENDER: SENDER}
