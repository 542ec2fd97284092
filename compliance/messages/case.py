"""A case as it is kept: as its editors see it, as its sender follows it, and what has happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from ..cases import OPEN, RESULTS, Actor, Kind, State, allowed
from ..errors import ReasonError
from ..store.tables import event, message

#: How long after its end a sender may take a case up again, once.
REOPENABLE = timedelta(days=15)


class CaseError(ReasonError):
    """A change that a case does not allow.

    *reason*: `unknown` (no such case), `move` (not from this state), `changed` (somebody else was first), `text` (words
    are missing or too many), `limit` (added to too often), `late` (its time to be taken up again is over).
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a case."""

    sequence: int
    kind: str
    actor: Actor
    actor_name: str
    public: bool
    state: State
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A case as its sender sees it: nothing that is internal, nobody's name."""

    number: str
    kind: Kind
    category: str
    enterprise: str
    harm: str
    subject: str
    body: str
    page: str
    state: State
    created: datetime
    answer_due: datetime
    pictures: int
    events: tuple[Event, ...]
    actions: frozenset[str]  # of "add", "close", "reopen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as an editor sees it."""

    id: UUID
    number: str
    kind: Kind
    category: str
    language: str
    subject: str
    body: str
    page: str
    page_title: str
    excerpt: str
    seen: str
    relation: str
    enterprise: str
    credit_code: str
    harm: str
    name: str
    contact: str
    state: State
    urgent: bool
    marks: str
    assignee: str
    version: int
    created: datetime
    changed: datetime
    decide_due: datetime
    answer_due: datetime
    paused: datetime | None
    decided: datetime | None
    answered: datetime | None
    closed: datetime | None
    hold: str
    personal: tuple[str, ...]  # which of name and contact there are, opened or not
    events: tuple[Event, ...]
    pictures: tuple[UUID, ...]


def row_of(connection: Connection, number: str) -> Row[Any]:
    """Return the row of the case *number*; `CaseError` where there is none."""
    row = connection.execute(select(message).where(message.c.number == number)).one_or_none()
    if row is None:
        raise CaseError("unknown")
    return row


def events_of(connection: Connection, identity: UUID, *, public: bool = False) -> tuple[Event, ...]:
    """Return what has happened to a case in order; *public*: what its sender sees of it, without names."""
    query = select(event).where(event.c.message_id == identity).order_by(event.c.sequence)
    rows = connection.execute(query.where(event.c.public) if public else query)
    return tuple(
        Event(
            sequence=row.sequence,
            kind=row.kind,
            actor=Actor(row.actor),
            actor_name="" if public else row.actor_name,
            public=row.public,
            state=State(row.state),
            text=row.text,
            at=row.at,
        )
        for row in rows
    )


def actions_of(row: Row[Any], now: datetime) -> frozenset[str]:
    """Return what its sender can do with a case."""
    state = State(row.state)
    actions = set()
    if state in OPEN or state in RESULTS or state is State.QUARANTINED:
        actions.add("add")
    if allowed(state, State.CLOSED, Actor.SENDER):
        actions.add("close")
    if state is State.CLOSED and not row.reopened and row.closed and now - row.closed <= REOPENABLE:
        actions.add("reopen")
    return frozenset(actions)
