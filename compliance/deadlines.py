"""Working days and hours of the Chinese calendar.

A day is a day in Shanghai, whatever the server's clock is set to, and ends at 24:00 there. Holidays and the weekends
worked to make up for them are announced by the State Council each autumn for the year that follows; the package
`chinesecalendar` carries them, and needs an update each year.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from .errors import Message

SHANGHAI = ZoneInfo("Asia/Shanghai")
_OPENS, _CLOSES = time(9), time(18)
_DAY = timedelta(days=1)
#: How far deadlines reach, with what they are moved off by: fifteen working days, over the longest holidays.
HORIZON = timedelta(days=60)


def day(moment: datetime) -> date:
    """Return the day that it is in Shanghai at *moment*."""
    return moment.astimezone(SHANGHAI).date()


def last_day(end: datetime) -> date:
    """Return the day that is going on just before *end*: 24:00 belongs to the day that it ends."""
    return day(end - timedelta.resolution)


def midnight(day: date) -> datetime:
    """Return when *day* begins in Shanghai, in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def minute(moment: datetime) -> str:
    """Return *moment* as lists have it: day and time in Shanghai, such as `2026-11-24 12:00`."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@lru_cache(maxsize=4096)  # the package looks through all of its years for each answer
def is_working_day(day: date) -> bool:
    """Return whether *day* is worked: by the calendar, and in a year that it does not know on Monday to Friday."""
    import chinese_calendar  # type: ignore[import-untyped]  # without annotations, and with a table for each day

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def missing_years(start: date, end: date) -> tuple[int, ...]:
    """Return the years from *start* to *end* that the calendar knows nothing about: holidays in them count as worked.

    Where it is not empty, an update of `chinesecalendar` is due.
    """
    return tuple(year for year in range(start.year, end.year + 1) if not _is_known(year))


def unannounced(now: datetime) -> tuple[int, ...]:
    """Return the years that deadlines set *now* may reach and that the calendar knows nothing about."""
    return missing_years(day(now), day(now + HORIZON))


def after(start: datetime, *, working_days: int) -> datetime:
    """Return when the *working_days*-th working day after the day of *start* ends, in UTC; none is the day itself."""
    return midnight(_moved(day(start), working_days) + _DAY)


def working_days_between(start: datetime, end: datetime) -> int:
    """Return how many working days it took from *start* to *end*: the day of *start* is not counted, that of *end* is.

    So it is at most n wherever *end* is not after `after(start, working_days=n)`.
    """
    return _count(day(start) + _DAY, last_day(end) + _DAY)


def resumed(due: datetime, *, paused: datetime, now: datetime) -> datetime:
    """Return *due* moved by the working days that passed since *paused*: those that were over by *now*. Never earlier.

    What was not overdue when the clock was stopped is not overdue now. A time within a day, or at the end of
    one that is not worked, was counted in hours, so it moves by all the time that passed.
    """
    last = last_day(due)
    if due != midnight(day(due)) or not is_working_day(last):
        return due + max(now - paused, timedelta())
    passed = _count(day(paused), day(now))
    return due + (_moved(last, passed) - last)


def is_working_hour(now: datetime) -> bool:
    """Return whether it is between 9:00 and 18:00 on a working day in Shanghai."""
    local = now.astimezone(SHANGHAI)
    return is_working_day(local.date()) and _OPENS <= local.time() < _CLOSES


def next_working_hour(now: datetime) -> datetime:
    """Return *now* where it is a working hour, else when the next one begins, in UTC."""
    if is_working_hour(now):
        return now.astimezone(UTC)
    local = now.astimezone(SHANGHAI)
    first = local.date() if local.time() < _OPENS else local.date() + _DAY
    return datetime.combine(next(_working_days(first)), _OPENS, SHANGHAI).astimezone(UTC)


def missing_holidays(year: int) -> Message:
    """Return what to do about a *year* that the calendar does not know."""
    return Message(
        "no holidays of %(year)s are known, so its Mondays to Fridays count as worked; update chinesecalendar",
        year=year,
    )


def _is_known(year: int) -> bool:
    import chinese_calendar

    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def _working_days(first: date) -> Iterator[date]:
    """Yield the working days from *first* on."""
    while True:
        if is_working_day(first):
            yield first
        first += _DAY


def _moved(day: date, working_days: int) -> date:
    """Return the *working_days*-th working day after *day*; *day* itself for none."""
    return next(islice(_working_days(day + _DAY), working_days - 1, None)) if working_days else day


def _count(first: date, end: date) -> int:
    """Return the number of working days from *first* to the day before *end*."""
    return sum(is_working_day(first + timedelta(days=number)) for number in range((end - first).days))
