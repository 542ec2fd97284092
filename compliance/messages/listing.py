"""Cases listed: filtered, page by page in an order that an index has, without anybody's name or contact."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from .. import deadlines
from ..cases import OPEN, PENDING, Kind, State, deadline, is_overdue
from ..store import Database
from ..store.due import overdue, owed, owed_by
from ..store.search import is_common, matching
from ..store.tables import message
from .case import CaseError
from .submission import page_hash

T = TypeVar("T")

#: How much of a text a listing shows.
SHOWN = 120
_READ = 4 * SHOWN  # characters of the text that are read for it: some are line breaks
#: Cases of a state that are put together by their pages.
MOST_GROUPED = 100_000
_GROUPED = ("page", "page_hash", "category", "urgent", "created", "answer_due")
_COLUMNS = (
    *(
        "id",
        "number",
        "kind",
        "category",
        "harm",
        "state",
        "urgent",
        "enterprise",
        "language",
        "subject",
        "page",
        "page_title",
        "marks",
        "assignee",
        "version",
    ),
    *("created", "sender_wrote", "decide_due", "answer_due", "decided"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which cases; what is left empty does not matter."""

    states: frozenset[State] = OPEN
    kinds: frozenset[Kind] = frozenset(Kind)
    category: str = ""
    urgent: bool = False
    overdue: bool = False
    due: datetime | None = None  # the next thing is owed by then
    assignee: str | None = None  # empty: nobody's
    search: str = ""
    page: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCase:
    """A case in a listing."""

    number: str
    kind: Kind
    category: str
    harm: str  # what the information does to an enterprise
    state: State
    urgent: bool
    overdue: bool
    decide_due: datetime | None  # None once it is decided on
    answer_due: datetime
    due: datetime | None  # by when the next thing is owed; None where nothing is
    left: int | None  # working days until then, below zero those since
    created: datetime
    waiting: int | None  # working days since its sender wrote; None where nothing is owed
    language: str  # of its sender
    marks: str
    assignee: str
    text: str
    page: str
    page_title: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cases of one category about one page."""

    page: str
    category: str
    cases: int
    reporters: int
    urgent: int
    first: datetime
    answer_due: datetime


def entries(
    database: Database, which: Filter, *, newest: bool = False, after: str = "", limit: int, now: datetime
) -> list[ListedCase]:
    """Return the next *limit* cases *after* the one of that number: by what is due first, or the *newest* first.

    Raises `CaseError` where there is no case *after* which to go on.
    """
    table = message.c
    with database.reading() as connection:
        place = None
        if after:
            query = select(table.id, table.created, table.answer_due).where(table.number == after)
            place = connection.execute(query).one_or_none()
            if place is None:
                raise CaseError("unknown")
        common = is_common(connection, which.search)
        base = select(*_columns()).where(*conditions(which, database.dialect, now, common=common)).limit(limit)
        if newest:
            if place:
                earlier = or_(table.created < place.created, table.id < place.id)
                base = base.where(table.created <= place.created, earlier)
            # Most cases are in these states: better to walk along the index of times than to sort all that are found.
            many = which.states & {State.CLOSED, State.PURGED}
            state = func.coalesce(table.state, "") if many else table.state
            ordered = base.where(state.in_(which.states)).order_by(table.created.desc(), table.id.desc())
            rows: Iterable[Row[Any]] = connection.execute(ordered).all()
        else:
            # The index orders the cases of one state; those of several are merged.
            if place:
                later = or_(table.answer_due > place.answer_due, table.id > place.id)
                base = base.where(table.answer_due >= place.answer_due, later)
            # Of one editor there are few: better to sort those than to look for them among all that are due.
            due = func.coalesce(table.answer_due, table.created) if which.assignee else table.answer_due
            ordered = base.order_by(due, table.id)
            found = [connection.execute(ordered.where(table.state == state)) for state in sorted(which.states)]
            rows = islice(heapq.merge(*found, key=attrgetter("answer_due", "id")), limit)
        return [_entry(row, now) for row in rows]


def named(database: Database, numbers: Sequence[str], *, now: datetime) -> list[ListedCase]:
    """Return the cases of *numbers* in that order; those that there are not are missing."""
    with database.reading() as connection:
        rows = connection.execute(select(*_columns()).where(message.c.number.in_(numbers))).all()
    found = {row.number: _entry(row, now) for row in rows}
    return [found[number] for number in dict.fromkeys(numbers) if number in found]


def count(database: Database, which: Filter, *, now: datetime) -> int:
    """Return how many cases there are."""
    query = select(func.count()).where(message.c.state.in_(which.states), *conditions(which, database.dialect, now))
    with database.reading() as connection:
        return connection.scalar(query.select_from(message)) or 0


def last_accepted(database: Database) -> datetime | None:
    """Return when the last case was accepted, None where there is none."""
    with database.reading() as connection:
        return connection.scalar(select(message.c.created).order_by(message.c.created.desc()).limit(1))


def counts(database: Database, which: Sequence[Filter], *, most: int, now: datetime) -> list[int]:
    """Return how many cases there are of each of *which*, up to *most*: nobody waits until a million are counted."""
    columns = []
    for place, one in enumerate(which):
        found = [
            select(
                _due_first(one, state, database.dialect, now, limit=most, columns=[literal(1).label("one")]).subquery()
            )
            for state in sorted(one.states)
        ]
        together = union_all(*found).limit(most).subquery()
        columns.append(select(func.count()).select_from(together).scalar_subquery().label(f"count{place}"))
    with database.reading() as connection:
        return list(connection.execute(select(*columns)).one())


def groups(database: Database, which: Filter, *, limit: int, among: int = MOST_GROUPED, now: datetime) -> list[Group]:
    """Return the cases together that are about the same page and of the same category, most cases first.

    Of each state those count that are due first, *among* so many.

    How many reporters there are is known by their contacts; those without any, by the label of their network, which
    changes every day.
    """
    reporter = func.coalesce(message.c.contact_hash, func.nullif(message.c.source, ""), cast(message.c.id, String(36)))
    columns = [*(message.c[name] for name in _GROUPED), reporter.label("reporter")]
    first = [
        _due_first(which, state, database.dialect, now, limit=among, columns=columns).where(message.c.page_hash != "")
        for state in sorted(which.states)
    ]
    table = union_all(*(select(one.subquery()) for one in first)).subquery().c
    query = (
        select(
            func.min(table.page).label("page"),
            table.category,
            func.count().label("cases"),
            func.count(table.reporter.distinct()).label("reporters"),
            func.sum(case((table.urgent, 1), else_=0)).label("urgent"),
            func.min(table.created).label("first"),
            func.min(table.answer_due).label("answer_due"),
        )
        .group_by(table.page_hash, table.category)
        .order_by(func.count().desc(), func.min(table.answer_due))
        .limit(limit)
    )
    with database.reading() as connection:
        return [Group(**{**row, "urgent": int(row["urgent"])}) for row in connection.execute(query).mappings()]


def batches(
    database: Database, query: Select[Any], *, size: int, beside: Callable[[Connection, Sequence[Row[Any]]], T]
) -> Iterator[tuple[Sequence[Row[Any]], T]]:
    """Yield the cases of *query*, the oldest first, *size* at a time, and what is *beside* them.

    Each is read in a transaction of its own: nobody waits for the whole. *query* selects `id` and `created`.
    """
    table = message.c
    rest = query = query.order_by(table.created, table.id).limit(size)
    while True:
        with database.reading() as connection:
            rows = connection.execute(rest).all()
            found = beside(connection, rows)
        yield rows, found
        if len(rows) < size:
            return
        last = rows[-1]
        rest = query.where(table.created >= last.created, or_(table.created > last.created, table.id > last.id))


def conditions(which: Filter, dialect: str, now: datetime, *, common: bool = False) -> list[ColumnElement[bool]]:
    """Return everything that *which* asks for but the states; *common*: its search finds so many (`is_common`)."""
    table = message.c
    wanted: list[tuple[object, Callable[[], ColumnElement[bool]]]] = [
        (which.kinds != frozenset(Kind), lambda: table.kind.in_(which.kinds)),
        (which.category, lambda: table.category == which.category),
        (which.urgent, lambda: table.urgent),
        (which.overdue, lambda: overdue(now)),
        (which.due, lambda: and_(owed(), owed_by <= which.due)),
        (which.assignee is not None, lambda: table.assignee == which.assignee),
        (which.search, lambda: matching(dialect, which.search, common=common)),
        (which.page, lambda: table.page_hash == page_hash(which.page)),
        (which.since, lambda: table.created >= which.since),
        (which.until, lambda: table.created < which.until),
    ]
    return [condition() for asked, condition in wanted if asked]


def _due_first(
    which: Filter, state: State, dialect: str, now: datetime, *, limit: int, columns: Sequence[ColumnElement[Any]]
) -> Select[Any]:
    """Return *columns* of the first cases of one state that are due; the index of that order finds them.

    Where no order is asked for, a database that takes all states to be equally common reads every row.
    """
    query = select(*columns).where(message.c.state == state, *conditions(which, dialect, now)).limit(limit)
    return query if which.assignee is not None else query.order_by(message.c.answer_due)


def days_left(due: datetime | None, now: datetime) -> int | None:
    """Return how many working days there are from *now* until *due*; below zero, how many there were since.

    Zero tells nothing of whether it is late.
    """
    if due is None:
        return None
    return (
        deadlines.working_days_between(now, due)
        if now <= due
        else -deadlines.working_days_between(due - timedelta.resolution, now)
    )


def _columns() -> list[ColumnElement[Any]]:
    return [*(message.c[name] for name in _COLUMNS), func.substr(message.c.body, 1, _READ).label("body")]


def _entry(row: Row[Any], now: datetime) -> ListedCase:
    state = State(row.state)
    due = deadline(state, decided=row.decided, decide_due=row.decide_due, answer_due=row.answer_due)
    undecided = row.decided is None and state in PENDING
    text = " ".join(f"{row.enterprise} {row.subject} {row.body}".split())
    return ListedCase(
        number=row.number,
        kind=Kind(row.kind),
        category=row.category,
        harm=row.harm,
        state=state,
        urgent=row.urgent,
        overdue=is_overdue(due, now),
        decide_due=row.decide_due if undecided else None,
        answer_due=row.answer_due,
        due=due,
        left=days_left(due, now),
        created=row.created,
        waiting=deadlines.working_days_between(row.sender_wrote, now) if due else None,
        language=row.language,
        marks=row.marks,
        assignee=row.assignee,
        text=text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…",
        page=row.page,
        page_title=row.page_title,
        version=row.version,
    )
