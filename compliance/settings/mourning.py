"""Days on which the State Council decrees mourning, and pages lose their colours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from ..deadlines import SHANGHAI, midnight
from ..errors import Message
from .table import Table


def _moment(value: Any) -> Any:
    if not isinstance(value, date):
        raise ValueError(
            Message("write a day such as 2026-12-13, or a moment such as 2026-12-13T20:00:00, without quotes")
        )
    return value


Moment = Annotated[datetime | date, BeforeValidator(_moment)]


class Period(Table):
    """One time of mourning, by the clock of Shanghai."""

    first: Moment = Field(
        description="Its first day; or a moment, where it begins within a day.", examples=["2026-12-13"]
    )
    last: Moment = Field(
        description="Its last day, which belongs to it; or a moment, where it ends within a day.",
        examples=["2026-12-13"],
    )

    @field_validator("last")
    @classmethod
    def _ends_after_it_begins(cls, last: date, info: ValidationInfo) -> date:
        first = info.data.get("first")
        if first is not None and _end(last) <= _begin(first):
            raise ValueError(Message("write the last day here, on or after %(first)s", first=str(first)))
        return last

    def moments(self) -> tuple[datetime, datetime]:
        """Return when it begins, and when it is over."""
        return _begin(self.first), _end(self.last)


class Mourning(Table):
    """The days of mourning."""

    periods: tuple[Period, ...] = Field(default=(), description="The days, as far as they are known.")

    def lasts(self, now: datetime) -> bool:
        """Return whether pages are grey *now*."""
        return any(begin <= now < end for begin, end in self._moments())

    def steady(self, now: datetime) -> timedelta:
        """Return for how long from *now* on nothing changes."""
        coming = (moment - now for period in self._moments() for moment in period if moment > now)
        return min(coming, default=timedelta.max)

    def _moments(self) -> Iterator[tuple[datetime, datetime]]:
        return (period.moments() for period in self.periods)


def _begin(first: date) -> datetime:
    if isinstance(first, datetime):
        return first if first.tzinfo else first.replace(tzinfo=SHANGHAI)
    return midnight(first)


def _end(last: date) -> datetime:
    return _begin(last if isinstance(last, datetime) else last + timedelta(days=1))
