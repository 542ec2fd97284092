"""Reminders: a deadline is near or over, and nobody has done what is owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Connection, or_, select

from .. import deadlines
from ..cases import is_overdue
from ..store import Database
from ..store.due import overdue, owed, owed_by
from ..store.outbox import dedupe, put
from ..store.tables import message, outbox

#: A case that was written to or worked on less long ago than this needs no reminder.
QUIET = timedelta(hours=4)
_CHUNK = 500


def remind(database: Database, targets: Sequence[str], *, now: datetime) -> None:
    """Put into the outbox that *targets* are reminded of cases: of each deadline once before it, and once after it.

    Before it is on its own day and the working day before. Only in working hours, for nobody is helped by a reminder at
    midnight.
    """
    if not targets or not deadlines.is_working_hour(now):
        return
    near = deadlines.after(now, working_days=1)
    query = select(message.c.id, owed_by.label("due")).where(
        owed(), owed_by <= near, or_(overdue(now), message.c.changed <= now - QUIET)
    )
    with database.reading() as connection:
        rows = connection.execute(query).all()
    entries = [
        (identity, 0, target, f"{identity}:{'overdue' if is_overdue(due, now) else 'soon'}:{due.isoformat()}:{target}")
        for identity, due in rows
        for target in targets
    ]
    for start in range(0, len(entries), _CHUNK):
        database.write(partial(_put, entries=entries[start : start + _CHUNK], now=now))


def _put(connection: Connection, *, entries: Sequence[tuple[UUID, int, str, str]], now: datetime) -> None:
    """Put those of *entries* into the outbox that are not there yet."""
    keys = {dedupe(entry[3]): entry for entry in entries}
    known = set(connection.scalars(select(outbox.c.dedupe).where(outbox.c.dedupe.in_(keys))))
    put(connection, [entry for key, entry in keys.items() if key not in known], now)
