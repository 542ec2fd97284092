"""How many readers decide, and how many of them agree: by day, by month, by language."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, null, select

from .. import charts
from ..deadlines import SHANGHAI
from ..store import Database
from ..store.days import china_day, in_json
from ..store.tables import circumstance, decision
from .chain import DECISION, Link

_FORMS = {"day": "%Y-%m-%d", "month": "%Y-%m"}
#: How rows can be counted.
PERIODS = (*_FORMS, "language")


@dataclass(slots=True, kw_only=True)
class Cell:
    """The decisions of one period in one language; *agreed* to everything or, *partly*, to some of it."""

    decisions: int = 0
    agreed: int = 0
    partly: int = 0
    refused: int = 0
    withdrawn: int = 0

    @property
    def share(self) -> float | None:
        """The share of decisions that agree, None where there are none."""
        return (self.agreed + self.partly) / self.decisions if self.decisions else None

    def add(self, other: Cell) -> None:
        """Add what *other* counts."""
        for name in Cell.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def count(links: Iterable[Link], *, period: str) -> dict[tuple[str, str], Cell]:
    """Return what *links* count by *period* (`day`, `month`; days of China) and language.

    What was erased counts nowhere. It takes no more memory than the cells do.
    """
    cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
    form = _FORMS[period]
    for link in links:
        if link.kind == DECISION and (said := link.said):
            _count(cells[f"{link.at.astimezone(SHANGHAI):{form}}", said["language"]], said)
    return dict(sorted(cells.items()))


def chosen(
    database: Database, *, by: str, since: datetime | None = None, until: datetime | None = None
) -> dict[tuple[str, str], Cell]:
    """Return what readers decided from *since* on and before *until*, *by* `day` (of China) or `policy`, and language.

    The database counts: what `count` says of the same rows. Raises `StoreError`.
    """
    row, dialect = decision.c, database.dialect
    there = [row.at >= since] if since else []
    there += [row.at < until] if until else []
    # What an earlier version wrote is not taken apart (`rows`).
    old = row.content.like("{%")
    names = ("language", "method", "choices")
    what = china_day(row.at).label("day") if by == "day" else literal("").label("day")
    whole = (in_json(row.content, name, dialect).label(name) for name in names)
    none = (null().label(name) for name in names)
    with database.reading() as connection:
        found: list[Any] = []
        for there_too, parts in ((row.content.like("[%"), none), (old, whole)):
            each = select(what, row.circumstance, *parts).where(there_too, *there).subquery()
            found += connection.execute(select(*each.c, func.count().label("times")).group_by(*each.c)).all()
        said = {one.id: json.loads(one.said) for one in connection.execute(select(circumstance))}
    cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
    for one in found:
        kind, policy, _, alike = said[one.circumstance]
        if kind == DECISION:
            told = alike or {"language": one.language, "method": one.method, "choices": json.loads(one.choices)}
            _count(cells[one.day if by == "day" else policy, told["language"]], told, one.times)
    return dict(sorted(cells.items()))


def along(cells: Mapping[tuple[str, str], Cell], place: int) -> dict[str, Cell]:
    """Return *cells* added up by their period (0) or their language (1)."""
    sums: dict[str, Cell] = defaultdict(Cell)
    for key, cell in cells.items():
        sums[key[place]].add(cell)
    return dict(sorted(sums.items()))


def chart(cells: Mapping[tuple[str, str], Cell]) -> bytes:
    """Return the share of agreement over time as SVG: of all readers, and by language.

    Raises `ComplianceError` where pygal is missing.
    """
    periods, languages = along(cells, 0), along(cells, 1)
    series = {"all": _percent(periods.values())}
    for language in languages if len(languages) > 1 else ():
        series[language] = _percent(cells.get((period, language)) for period in periods)
    return charts.svg(
        "Line",
        series,
        style={"background": "white", "plot_background": "white"},
        title="Agreement, percent of decisions",
        x_labels=list(periods),
        range=(0, 100),
        x_label_rotation=45,
        show_minor_x_labels=len(periods) <= 40,
        x_labels_major_every=max(1, len(periods) // 40 + 1),
    )


def _percent(cells: Iterable[Cell | None]) -> Sequence[float | None]:
    return [round(cell.share * 100, 1) if cell and cell.share is not None else None for cell in cells]


def _count(cell: Cell, said: Mapping[str, object], times: int = 1) -> None:
    choices = said["choices"]
    assert isinstance(choices, dict)
    cell.decisions += times
    if said["method"] == "accept" or (choices and all(choices.values())):
        cell.agreed += times
    elif any(choices.values()):
        cell.partly += times
    elif said["method"] == "withdraw":
        cell.withdrawn += times
    else:
        cell.refused += times
