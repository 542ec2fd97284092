"""The tables behind figures: for a page, a spreadsheet, a chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..errors import Message
from ..ledger.statistics import Cell
from ..messages.statistics import Day, Days, Figures
from .pages import case_words, told

Value = str | int | float | date | None

_COUNTED: Mapping[Message, Callable[[Figures], Value]] = {
    Message("Received"): lambda one: one.received,
    Message("Answered"): lambda one: one.answered,
    Message("In time"): lambda one: one.in_time,
    Message("Late"): lambda one: one.late,
    Message("Pending"): lambda one: one.pending,
    Message("Overdue"): lambda one: one.overdue,
    Message("Spam"): lambda one: one.spam,
    Message("Ended without an answer"): lambda one: one.ended,
    Message("Late or overdue, %"): lambda one: percent(one.late_share),
    Message("Median, working days"): lambda one: one.working_days.median,
    Message("90th percentile, working days"): lambda one: one.working_days.ninetieth,
}
_DECIDED: Mapping[Message, Callable[[Cell], Value]] = {
    Message("Decisions"): lambda cell: cell.decisions,
    Message("Agreed"): lambda cell: cell.agreed,
    Message("Partly"): lambda cell: cell.partly,
    Message("Refused"): lambda cell: cell.refused,
    Message("Withdrawn"): lambda cell: cell.withdrawn,
    Message("Agreement, %"): lambda cell: percent(cell.share),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a *head*, in the language of this request; *key* is what it is known by in addresses."""

    key: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Value]]

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as records."""
        return (dict(zip(self.head, row, strict=True)) for row in self.rows)

    def sheet(self) -> tuple[str, Iterator[Sequence[Any]]]:
        """Return what a workbook is made of."""
        rows = (["" if value is None else value for value in row] for row in self.rows)
        return self.title, iter([self.head, *rows])


def percent(share: float | None) -> float | None:
    """Return a *share* in percent, as tables show it."""
    return None if share is None else round(share * 100, 1)


def by_kind(found: Days) -> Table:
    """Return the figures of each kind, and of all."""
    words = case_words()
    rows: list[list[Value]] = [
        [words["kinds"].get(kind, kind), *_values(_COUNTED, figures)] for kind, figures in found.kinds.items()
    ]
    rows.append([told(Message("All")), *_values(_COUNTED, found.total)])
    return _table("kinds", Message("By kind"), [Message("Kind"), *_COUNTED], rows)


def by_category(found: Days) -> Table:
    """Return the figures of each category that something was received in."""
    words = case_words()
    rows: list[list[Value]] = [
        [words["kinds"].get(kind, kind), words["categories"].get(name, name), *_values(_COUNTED, figures)]
        for (kind, name), figures in found.categories.items()
        if name
    ]
    return _table("categories", Message("By category"), [Message("Kind"), Message("Category"), *_COUNTED], rows)


def by_result(found: Days) -> Table:
    """Return how what was answered came out."""
    states = case_words()["states"]
    rows: list[list[Value]] = [[states.get(name, name), count] for name, count in found.total.results.items()]
    return _table("results", Message("Results"), [Message("Result"), Message("Cases")], rows)


def by_month(found: Days) -> Table:
    """Return what was received in each month, of each kind."""
    words = case_words()
    head = [Message("Month"), *(words["kinds"].get(kind, kind) for kind in found.kinds), Message("All")]
    rows: list[list[Value]] = [
        [month, *(figures.months[month - 1] for figures in found.kinds.values()), found.total.months[month - 1]]
        for month in range(1, 13)
    ]
    return _table("months", Message("Received by month"), head, rows)


def daily(days: Iterable[Day]) -> Table:
    """Return what was received and answered on each day."""
    rows: list[list[Value]] = [[one.day, one.received, one.answered] for one in days]
    return _table(
        "days", Message("Received and answered"), [Message("Day"), Message("Received"), Message("Answered")], rows
    )


def agreement(cells: Mapping[tuple[str, str], Cell], *, what: Message) -> Table:
    """Return what readers decided by *what*, such as the day, and language."""
    rows: list[list[Value]] = [[name, language, *_values(_DECIDED, cell)] for (name, language), cell in cells.items()]
    return _table("agreement", Message("What readers decided"), [what, Message("Language"), *_DECIDED], rows)


def _table(key: str, title: Message, head: Sequence[str], rows: Sequence[Sequence[Value]]) -> Table:
    return Table(key=key, title=told(title), head=[told(one) for one in head], rows=rows)


def _values(columns: Mapping[Message, Callable[[Any], Value]], of: object) -> list[Value]:
    return [value(of) for value in columns.values()]
