"""The figures of a year, as a yearly report on the governance of a site's content needs them.

The year is that of the calendar in China. Platforms publish such a report each year (Provisions on the Governance of
the Online Information Content Ecosystem, article 17).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, and_, case, func, literal, not_, or_, select

from .. import charts, deadlines
from ..cases import PENDING, RESULTS, Kind, State
from ..store import Database
from ..store.days import china_day
from ..store.due import overdue
from ..store.tables import event, message
from .listing import batches

_BATCH = 1_000
_LABELS = {
    Kind.MESSAGE: "Messages",
    Kind.REPORT: "Reports",
    Kind.PERSONAL_INFORMATION: "Requests about personal information",
    Kind.CORRECTION: "Corrections",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long cases took: half of them at most *median*, nine of ten at most *ninetieth*; None where there is none."""

    median: float | None
    ninetieth: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of the cases of a year.

    Each of them was *answered* (*in_time* or *late*), is *pending* (some of them *overdue*), was *spam*, or *ended*
    without an answer, as when its sender took it back.
    """

    received: int
    months: tuple[int, ...]
    categories: Mapping[str, int]
    states: Mapping[str, int]
    results: Mapping[str, int]
    answered: int
    in_time: int
    late: int
    pending: int
    overdue: int
    spam: int
    ended: int
    working_days: Spread
    hours: Spread

    @property
    def late_share(self) -> float | None:
        """The share of what was answered late, or is overdue, in all that was or is to be answered; None of nothing."""
        owed = self.answered + self.pending
        return (self.late + self.overdue) / owed if owed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How many cases were *received* on a day, and how many *answered*, whenever those had come."""

    day: date
    received: int
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The figures of the cases that were received from the *first* day to the *last*.

    Of all, of those of each kind, and of those of each kind and category.
    """

    first: date
    last: date
    made: datetime
    total: Figures
    kinds: Mapping[str, Figures]
    categories: Mapping[tuple[str, str], Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The figures of all cases of a year, and of those of each kind."""

    year: int
    made: datetime
    total: Figures
    kinds: Mapping[str, Figures]


@dataclass(slots=True)
class _Tally:
    """The figures while they are counted, so many cases of the same at once."""

    months: list[int] = field(default_factory=lambda: [0] * 12)
    counts: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    days: Counter[int] = field(default_factory=Counter)
    hours: array[float] = field(default_factory=lambda: array("d"))

    def add(self, row: Row[Any]) -> None:
        """Count the cases of a *row* of `_alike`."""
        self.months[int(row.came[5:7]) - 1] += row.cases
        self.categories[row.category] += row.cases
        self.states[row.state] += row.cases
        for outcome in _outcomes(row):
            self.counts[outcome] += row.cases
        if row.told:
            self.days[_working_days(row.came, row.told)] += row.cases
            if row.result:
                self.results[row.result] += row.cases

    @classmethod
    def of(cls, parts: Iterable[_Tally]) -> _Tally:
        """Return what is counted in all *parts* together."""
        made = cls()
        for part in parts:
            made.months = [*map(sum, zip(made.months, part.months, strict=True))]
            for name in ("counts", "categories", "states", "results", "days"):
                getattr(made, name).update(getattr(part, name))
        return made

    def figures(self) -> Figures:
        names = ("answered", "in_time", "late", "pending", "overdue", "spam", "ended")
        return Figures(
            received=sum(self.months),
            months=tuple(self.months),
            categories=dict(sorted((name, count) for name, count in self.categories.items() if name)),
            states=dict(sorted(self.states.items())),
            results=dict(sorted(self.results.items())),
            working_days=_spread(sorted(self.days.elements())),
            hours=_spread(sorted(self.hours)),
            **{name: self.counts[name] for name in names},
        )


def of_year(database: Database, year: int, *, now: datetime) -> Year:
    """Return the figures of the cases that were received in *year*, as they stand *now*.

    For the hours that they took, every one that was answered is read.
    """
    first, after = date(year, 1, 1), date(year + 1, 1, 1)
    tallies = _by_kind(_counted(database, first, after, results=True, now=now))
    total = _Tally.of(tallies.values())
    table = message.c
    query = select(table.id, table.kind, table.created, table.answered).where(
        table.created >= deadlines.midnight(first), table.created < deadlines.midnight(after)
    )
    for rows, _ in batches(database, query, size=_BATCH, beside=lambda *_: None):
        for row in rows:
            if row.answered:
                for tally in (total, tallies[row.kind]):
                    tally.hours.append((row.answered - row.created).total_seconds() / 3600)
    kinds = {kind: tally.figures() for kind, tally in tallies.items()}
    return Year(year=year, made=now, total=total.figures(), kinds=kinds)


def of_days(database: Database, first: date, last: date, *, results: bool = False, now: datetime) -> Days:
    """Return the figures of the cases that were received from the *first* day to the *last*, as they stand *now*.

    Without hours; how they came out only where *results* are asked for, for which what happened to each is looked up.
    One query; the database counts.
    """
    categories = _counted(database, first, last + timedelta(days=1), results=results, now=now)
    kinds = _by_kind(categories)
    return Days(
        first=first,
        last=last,
        made=now,
        total=_Tally.of(kinds.values()).figures(),
        kinds={kind: tally.figures() for kind, tally in kinds.items()},
        categories={key: tally.figures() for key, tally in sorted(categories.items())},
    )


def by_day(database: Database, first: date, last: date) -> list[Day]:
    """Return what was received and what was answered on each day from the *first* to the *last*, in order.

    A case that was taken up again counts on each day on which it was answered. Two queries; the database counts.
    """
    start, end = deadlines.midnight(first), deadlines.midnight(last + timedelta(days=1))
    came, told = china_day(message.c.created), china_day(event.c.at)
    coming = select(came, func.count()).where(message.c.created >= start, message.c.created < end).group_by(came)
    going = (
        select(told, func.count(event.c.message_id.distinct()))
        .where(event.c.at >= start, event.c.at < end, event.c.kind == "answered")
        .group_by(told)
    )
    with database.reading() as connection:
        found = [{row[0]: row[1] for row in connection.execute(query)} for query in (coming, going)]
    came_on, told_on = found
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [Day(day=day, received=came_on.get(f"{day}", 0), answered=told_on.get(f"{day}", 0)) for day in days]


def quantile(values: Sequence[float], part: float) -> float | None:
    """Return what *part* of the sorted *values* do not exceed, interpolated between two of them; None where none are.

    The definition that spreadsheets have as PERCENTILE.INC (Hyndman and Fan, type 7).
    """
    if not values:
        return None
    place = (len(values) - 1) * part
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


def chart(year: Year) -> bytes:
    """Return what was received in each month, by kind, as SVG. Raises `ComplianceError` where pygal is missing."""
    return charts.svg(
        "StackedBar",
        {_LABELS[Kind(kind)]: figures.months for kind, figures in year.kinds.items()},
        style={"colors": ("#1f6feb", "#c2410c", "#15803d", "#7c3aed")},
        title=f"Received in {year.year}",
        x_labels=[str(month) for month in range(1, 13)],
        legend_at_bottom=True,
        order_min=0,
        range=(0, max(1, *year.total.months)),
        value_formatter=lambda value: f"{value:.0f}",
    )


def _counted(
    database: Database, first: date, after: date, *, results: bool, now: datetime
) -> dict[tuple[str, str], _Tally]:
    """Return the figures of each kind and category, from the *first* day to that before *after*."""
    found: dict[tuple[str, str], _Tally] = {}
    for row in _alike(database, first, after, results=results, now=now):
        found.setdefault((row.kind, row.category), _Tally()).add(row)
    return found


def _by_kind(categories: Mapping[tuple[str, str], _Tally]) -> dict[str, _Tally]:
    return {kind.value: _Tally.of(tally for (one, _), tally in categories.items() if one == kind) for kind in Kind}


def _alike(database: Database, first: date, after: date, *, results: bool, now: datetime) -> Sequence[Row[Any]]:
    """Return how many *cases* from the *first* day to that before *after* are alike in all that figures count.

    That is: `kind`, `category`, `state`, their `last` state before a purge, the `result`, the days of China on which
    they `came` and were `told` an answer, and whether they are `late`.
    """
    table = message.c
    past = select(event.c.state).where(event.c.message_id == table.id).order_by(event.c.sequence.desc()).limit(1)
    kept = past.where(event.c.state != State.PURGED).scalar_subquery()
    result = past.where(event.c.state.in_(RESULTS)).scalar_subquery()
    each = (
        select(
            *(table.kind, table.category, table.state),
            case((table.state == State.PURGED, kept), else_=table.state).label("last"),
            case(
                (or_(table.answered.is_(None), not_(literal(results))), ""),
                (table.state.in_(RESULTS), table.state),
                else_=result,
            ).label("result"),
            china_day(table.created).label("came"),
            china_day(table.answered).label("told"),
            case(
                (or_(table.answered > table.answer_due, and_(table.answered.is_(None), overdue(now))), 1), else_=0
            ).label("late"),
        )
        .where(table.created >= deadlines.midnight(first), table.created < deadlines.midnight(after))
        .subquery()
    )
    query: Select[Any] = select(*each.c, func.count().label("cases")).group_by(*each.c)
    with database.reading() as connection:
        return connection.execute(query).all()


def _outcomes(row: Row[Any]) -> Iterator[str]:
    if row.told:
        yield "answered"
        yield "late" if row.late else "in_time"
    elif row.last in PENDING:
        yield "pending"
        if row.late:
            yield "overdue"
    else:
        yield "spam" if row.last == State.REJECTED_SPAM else "ended"


@lru_cache(maxsize=10_000)
def _working_days(came: str, told: str) -> int:
    first, last = (deadlines.midnight(date.fromisoformat(day)) for day in (came, told))
    return deadlines.working_days_between(first, last + timedelta(days=1))


def _spread(ordered: Sequence[float]) -> Spread:
    return Spread(median=_rounded(quantile(ordered, 0.5)), ninetieth=_rounded(quantile(ordered, 0.9)))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
