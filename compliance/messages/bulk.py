"""Many cases changed as one: each is whole by itself, and what was done is taken back where the table of moves allows.

What was done is known by the events of a batch: one that was cut short can be taken back as far as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from ..cases import State, taken_back
from ..store import Database
from ..store.tables import event, message
from .case import CaseError
from .cases import Cases
from .listing import ListedCase

#: The most cases that are changed at once.
MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done to one case, and whether and how it can be taken back."""

    number: str
    by: str
    at: datetime
    kind: str
    before: State
    after: State
    sequence: int
    assignee: str  # who has it by what was done
    assignee_before: str
    untouched: bool  # nothing has happened since but looks at it
    back: State | None  # where it goes when it is taken back; where it is, if it was assigned


def each(found: Iterable[ListedCase], act: Callable[[ListedCase], None]) -> Iterator[tuple[ListedCase, str]]:
    """Do *act* to each case, and yield it with the reason of the `CaseError` that came of it, empty where none did."""
    for entry in found:
        try:
            act(entry)
        except CaseError as error:
            yield entry, error.reason
        else:
            yield entry, ""


def done(database: Database, batch: UUID) -> list[Done]:
    """Return what was done to each case of *batch*, those of which nothing is left to tell but the state among them."""
    now, before, earlier, later = (
        event.alias("now"),
        event.alias("before"),
        event.alias("earlier"),
        event.alias("later"),
    )
    assigned = (
        select(earlier.c.text)
        .where(
            earlier.c.message_id == now.c.message_id,
            earlier.c.sequence < now.c.sequence,
            earlier.c.kind == "assigned",
        )
        .order_by(earlier.c.sequence.desc())
        .limit(1)
        .scalar_subquery()
    )
    touched = exists().where(
        later.c.message_id == now.c.message_id, later.c.sequence > now.c.sequence, later.c.kind != "viewed"
    )
    query = (
        select(
            message.c.number,
            *(now.c[name] for name in ("actor_name", "at", "kind", "state", "sequence", "text")),
            before.c.state.label("before"),
            assigned.label("assigned"),
            touched.label("touched"),
        )
        .select_from(now)
        .join(message, message.c.id == now.c.message_id)
        .join(before, (before.c.message_id == now.c.message_id) & (before.c.sequence == now.c.sequence - 1))
        .where(now.c.batch == batch)
        .order_by(now.c.at, message.c.id)
    )
    with database.reading() as connection:
        rows = connection.execute(query).all()
    return [
        Done(
            number=row.number,
            by=row.actor_name,
            at=row.at,
            kind=row.kind,
            before=State(row.before),
            after=State(row.state),
            sequence=row.sequence,
            assignee=row.text if row.kind == "assigned" else "",
            assignee_before=row.assigned or "",
            untouched=not row.touched,
            back=State(row.state) if row.kind == "assigned" else taken_back(State(row.before), State(row.state)),
        )
        for row in rows
    ]


def undo(cases: Cases, found: Iterable[Done], *, by: str, text: str = "", now: datetime) -> Iterator[tuple[str, str]]:
    """Take back what was done, each case by itself, and yield its number and why that failed, empty where it did not.

    *text* is what senders read about it. What was touched since stays as it is (`changed`), and so does what the table
    of moves lets nobody take back (`move`).
    """
    for one in found:
        reason = ""
        try:
            if one.kind == "assigned":
                cases.assign(one.number, by=by, to=one.assignee_before, version=one.sequence, now=now)
            elif one.back is None:
                raise CaseError("move")
            else:
                cases.move(one.number, one.back, by=by, text=text, version=one.sequence, now=now)
        except CaseError as error:
            reason = error.reason
        yield one.number, reason
