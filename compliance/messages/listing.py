"""Cases listed: filtered, page by page in an order that an index has, without anybody's name or contact."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
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
from ..cases import OPEN, OWING, PENDING, Kind, State, is_overdue
from ..receipts import read_number
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
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_PLACE = 100  # characters
_GROUPED = ("page", "page_hash", "category", "urgent", "created")
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
    place: str  # where a listing goes on behind it, see `Place`


@dataclass(frozen=True, slots=True)
class Place:
    """Behind the case *number*, as it stood when it was listed: what is done with it since leaves nobody out.

    Without *owed_by* it is as it stands now. What owes nothing, and is *idle*, comes after all that does.
    """

    number: str
    idle: bool = False
    owed_by: datetime | None = None

    def __str__(self) -> str:
        """Return what `read` makes a place of again."""
        if self.owed_by is None:
            return self.number
        return f"{self.number}.{self.idle:d}.{(self.owed_by - _EPOCH) // timedelta.resolution}"

    @classmethod
    def of(cls, row: Row[Any]) -> Place:
        """Return the place behind the case of *row* as it stands there."""
        return cls(row.number, row.state not in OWING, row.owed_by)

    @classmethod
    def read(cls, text: str) -> Place:
        """Return the place that *text* says. Raises `CaseError` where it says none."""
        said, *stood = text[:_LONGEST_PLACE].split(".")
        number = read_number(said)
        if number and not stood:
            return cls(number)
        if number and len(stood) == 2 and stood[0] in ("0", "1") and stood[1].isascii() and stood[1].isdigit():
            with suppress(OverflowError):
                return cls(number, stood[0] == "1", _EPOCH + int(stood[1]) * timedelta.resolution)
        raise CaseError("unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cases of one category about one page."""

    page: str
    category: str
    cases: int
    reporters: int
    urgent: int
    first: datetime
    due: datetime | None  # by when the next thing is owed; None where nothing is


def entries(
    database: Database, which: Filter, *, newest: bool = False, after: Place | None = None, limit: int, now: datetime
) -> list[ListedCase]:
    """Return the next *limit* cases *after* a place: by what is owed first, or the *newest* first.

    Raises `CaseError` where there is no case *after* which to go on.
    """
    table = message.c
    with database.reading() as connection:
        last = None
        if after:
            query = select(table.id, table.number, table.created, table.state, owed_by.label("owed_by"))
            last = connection.execute(query.where(table.number == after.number)).one_or_none()
            if last is None:
                raise CaseError("unknown")
        common = is_common(connection, which.search)
        base = select(*_columns()).where(*conditions(which, database.dialect, now, common=common)).limit(limit)
        if newest:
            if last:
                earlier = or_(table.created < last.created, table.id < last.id)
                base = base.where(table.created <= last.created, earlier)
            # Most cases are in these states: better to walk along the index of times than to sort all that are found.
            many = which.states & {State.CLOSED, State.PURGED}
            column = func.coalesce(table.state, "") if many else table.state
            ordered = base.where(column.in_(which.states)).order_by(table.created.desc(), table.id.desc())
            rows: Iterable[Row[Any]] = connection.execute(ordered).all()
        else:
            place = Place.of(last) if last and after and not after.owed_by else after
            # Of one editor there are few: better to sort those than to look for them among all that are due.
            due = func.coalesce(owed_by, table.created) if which.assignee else owed_by
            found = []
            # The index orders the cases of one state; those of several are merged.
            for state in sorted(which.states):
                ordered, idle = base.where(table.state == state).order_by(due, table.id), state not in OWING
                if place and last and idle == place.idle:
                    ordered = ordered.where(owed_by >= place.owed_by, or_(owed_by > place.owed_by, table.id > last.id))
                if place is None or idle >= place.idle:
                    found.append(connection.execute(ordered))
            rows = islice(heapq.merge(*found, key=lambda row: (row.state not in OWING, row.owed_by, row.id)), limit)
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
    due = case((owed(), owed_by)).label("due")
    columns = [*(message.c[name] for name in _GROUPED), reporter.label("reporter"), due]
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
            func.min(table.due).label("due"),
        )
        .group_by(table.page_hash, table.category)
        .order_by(func.count().desc(), func.min(table.due).is_(None), func.min(table.due))
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
    return query if which.assignee is not None else query.order_by(owed_by)


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
    body = func.substr(message.c.body, 1, _READ).label("body")
    return [*(message.c[name] for name in _COLUMNS), owed_by.label("owed_by"), body]


def _entry(row: Row[Any], now: datetime) -> ListedCase:
    state = State(row.state)
    due = row.owed_by if state in OWING else None
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
        place=str(Place.of(row)),
    )
