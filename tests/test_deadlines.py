from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from compliance.deadlines import (
    HORIZON,
    SHANGHAI,
    after,
    is_working_day,
    is_working_hour,
    missing_years,
    next_working_hour,
    resumed,
    unannounced,
    working_days_between,
)

FIRST, LAST = datetime(2004, 1, 2), datetime(2036, 12, 31)  # from the first year in the calendar to years beyond it
midnights = st.dates(FIRST.date(), LAST.date()).map(lambda day: datetime.combine(day, time(), SHANGHAI).astimezone(UTC))
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC)) | midnights
numbers = st.integers(1, 40)
spans = st.timedeltas(timedelta(), timedelta(days=60))


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def end_of(text: str) -> datetime:
    return shanghai(text) + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-11-24", True),  # a Tuesday
        ("2026-11-28", False),  # a Saturday
        ("2026-09-20", True),  # a Sunday that makes up for National Day
        ("2026-09-30", True),
        ("2026-10-01", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # a Saturday that makes up for National Day
        ("2026-10-11", False),
        ("2026-02-14", True),  # a Saturday that makes up for the Spring Festival
        ("2024-02-29", True),
        ("2028-02-29", True),
        ("2003-10-01", True),  # in a year that the calendar does not know
        ("2100-10-01", True),
        ("2100-10-02", False),
    ],
)
def test_day_is_worked_by_the_calendar_and_without_one_on_monday_to_friday(day: str, worked: bool) -> None:
    assert is_working_day(date.fromisoformat(day)) is worked


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2004-01-01", "2026-12-31", ()),
        ("2002-12-31", "2004-01-01", (2002, 2003)),
        ("2026-12-31", "2100-01-01", range(2027, 2101)),
        ("2100-06-01", "2100-06-01", (2100,)),
        ("2101-01-01", "2100-01-01", ()),
    ],
)
def test_years_without_a_calendar_are_named(start: str, end: str, years: tuple[int, ...]) -> None:
    missing = missing_years(date.fromisoformat(start), date.fromisoformat(end))
    known = {day.year for day in chinese_calendar.holidays}
    assert missing == tuple(year for year in years if year not in known)


@pytest.mark.parametrize(
    ("start", "working_days", "end"),
    [
        ("2026-11-24 10:00", 0, "2026-11-24"),
        ("2026-11-24 10:00", 1, "2026-11-25"),
        ("2026-11-24 10:00", 3, "2026-11-27"),
        ("2026-11-24 10:00", 4, "2026-11-30"),
        ("2026-11-28 10:00", 1, "2026-11-30"),  # from a Saturday
        ("2026-09-30 18:00", 1, "2026-10-08"),
        ("2026-09-30 18:00", 3, "2026-10-10"),  # the Saturday counts
        ("2026-09-30 18:00", 4, "2026-10-12"),
        ("2026-10-03 12:00", 1, "2026-10-08"),
        ("2026-09-18 12:00", 1, "2026-09-20"),  # the Sunday counts
        ("2024-02-28 12:00", 1, "2024-02-29"),
        ("2024-02-29 12:00", 1, "2024-03-01"),
        ("2023-02-28 12:00", 1, "2023-03-01"),
        ("2025-12-31 23:59", 1, "2026-01-04"),  # the Sunday that makes up for New Year
        ("2100-09-30 12:00", 2, "2100-10-04"),
    ],
)
def test_time_ends_with_the_last_working_day(start: str, working_days: int, end: str) -> None:
    assert after(shanghai(start), working_days=working_days) == end_of(end)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-24T15:59:59.999999+00:00", "2026-11-25T16:00:00+00:00"),  # 23:59 in Shanghai
        ("2026-11-24T16:00:00+00:00", "2026-11-26T16:00:00+00:00"),  # 24:00 in Shanghai: the next day has begun
        ("2026-11-25T00:00:00+00:00", "2026-11-26T16:00:00+00:00"),  # midnight of UTC changes nothing
        ("2026-11-24T23:30:00-05:00", "2026-11-26T16:00:00+00:00"),
    ],
)
def test_day_changes_at_midnight_in_shanghai(start: str, end: str) -> None:
    ends = after(datetime.fromisoformat(start), working_days=1)
    assert (ends, ends.tzinfo) == (datetime.fromisoformat(end), UTC)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-11-24 10:00", "2026-11-24 18:00", 0),
        ("2026-11-24 10:00", "2026-11-25 00:00", 0),  # 24:00 still is the day itself
        ("2026-11-24 10:00", "2026-11-25 00:01", 1),
        ("2026-11-27 10:00", "2026-11-29 10:00", 0),
        ("2026-11-28 10:00", "2026-11-30 10:00", 1),
        ("2026-09-30 10:00", "2026-10-12 10:00", 4),
        ("2026-11-25 10:00", "2026-11-24 10:00", 0),  # a clock that was set back
        ("2026-11-25 10:00", "2025-11-24 10:00", 0),
    ],
)
def test_working_days_between_leave_out_the_first_day(start: str, end: str, days: int) -> None:
    assert working_days_between(shanghai(start), shanghai(end)) == days


@given(start=moments, working_days=numbers, span=spans)
@example(start=shanghai("2026-11-24 00:00"), working_days=1, span=timedelta(days=2))
def test_what_was_done_within_n_working_days_took_at_most_n(
    start: datetime, working_days: int, span: timedelta
) -> None:
    end, ends = start + span, after(start, working_days=working_days)
    assert working_days_between(start, ends) == working_days
    took = working_days_between(start, end)
    assert took <= working_days if end <= ends else took >= working_days


@given(start=moments, working_days=numbers)
def test_days_agree_with_the_calendar_that_they_come_from(start: datetime, working_days: int) -> None:
    ends = after(start, working_days=working_days)
    first, last = start.astimezone(SHANGHAI).date(), ends.astimezone(SHANGHAI).date() - timedelta(days=1)
    assume(not missing_years(first, last))
    assert len(chinese_calendar.get_workdays(first + timedelta(days=1), last)) == working_days
    assert chinese_calendar.is_workday(last)
    assert ends.astimezone(SHANGHAI).time() == time()


@given(one=moments, other=moments, working_days=numbers, more=numbers)
def test_later_start_or_more_days_never_end_earlier(
    one: datetime, other: datetime, working_days: int, more: int
) -> None:
    one, other = sorted((one, other))
    assert after(one, working_days=working_days) <= after(other, working_days=working_days)
    assert after(one, working_days=working_days) < after(one, working_days=working_days + more)
    assert after(one, working_days=working_days) > one


@pytest.mark.parametrize(
    ("due", "paused", "now", "moved"),
    [
        ("2026-11-26", "2026-11-24 10:00", "2026-11-24 17:00", "2026-11-26"),
        ("2026-11-26", "2026-11-24 10:00", "2026-11-25 00:00", "2026-11-27"),
        ("2026-11-26", "2026-11-24 10:00", "2026-11-25 17:00", "2026-11-27"),
        ("2026-11-26", "2026-11-24 10:00", "2026-11-26 09:00", "2026-11-30"),
        ("2026-11-30", "2026-11-28 10:00", "2026-11-29 10:00", "2026-11-30"),  # a weekend takes nothing away
        ("2026-11-27", "2026-11-27 10:00", "2026-11-29 10:00", "2026-11-30"),  # what was left of Friday comes back
        ("2026-09-30", "2026-09-30 10:00", "2026-10-06 10:00", "2026-10-08"),
        ("2026-10-08", "2026-09-30 10:00", "2026-10-09 10:00", "2026-10-10"),
        ("2026-11-20", "2026-11-24 10:00", "2026-11-25 10:00", "2026-11-23"),  # overdue, and no more than it was
        ("2026-11-26", "2026-11-24 10:00", "2026-11-20 10:00", "2026-11-26"),  # a clock that was set back
        ("2024-02-28", "2024-02-27 10:00", "2024-02-28 10:00", "2024-02-29"),
    ],
)
def test_due_time_moves_by_the_working_days_that_passed(due: str, paused: str, now: str, moved: str) -> None:
    assert resumed(end_of(due), paused=shanghai(paused), now=shanghai(now)) == end_of(moved)


def test_due_time_within_a_day_moves_by_the_hours_that_passed() -> None:
    due, paused, now = shanghai("2026-11-28 10:00"), shanghai("2026-11-27 18:00"), shanghai("2026-11-29 12:00")
    assert resumed(due, paused=paused, now=now) == shanghai("2026-11-30 04:00")


@given(due=moments, paused=moments, pause=st.timedeltas(timedelta(days=-400), timedelta(days=400)), later=spans)
def test_resumed_time_is_never_earlier_and_grows_with_the_pause(
    due: datetime, paused: datetime, pause: timedelta, later: timedelta
) -> None:
    now = paused + pause
    moved = resumed(due, paused=paused, now=now)
    assert moved >= due
    assert resumed(due, paused=paused, now=now + later) >= moved
    assert resumed(due, paused=paused, now=paused) == due


@given(start=moments, working_days=numbers, wait=spans, pause=spans, hours=st.none() | st.integers(1, 72))
@example(
    start=datetime(2004, 1, 2, 15, tzinfo=UTC),
    working_days=1,
    wait=timedelta(hours=1),
    pause=timedelta(days=2),
    hours=25,  # the end of a Saturday
)
def test_what_was_not_overdue_when_paused_is_not_overdue_when_resumed(
    start: datetime, working_days: int, wait: timedelta, pause: timedelta, hours: int | None
) -> None:
    due = after(start, working_days=working_days) if hours is None else start + timedelta(hours=hours)
    paused = start + wait
    assume(paused < due)
    moved = resumed(due, paused=paused, now=paused + pause)
    assert moved > paused + pause
    if hours is None:  # the day that was going on comes back as a whole one, and no more
        assert working_days_between(paused + pause, moved) <= working_days_between(paused, due) + 1


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-24 08:59", "2026-11-24 09:00"),
        ("2026-11-24 09:00", None),
        ("2026-11-24 17:59", None),
        ("2026-11-24 18:00", "2026-11-25 09:00"),
        ("2026-11-27 23:00", "2026-11-30 09:00"),
        ("2026-11-28 08:00", "2026-11-30 09:00"),
        ("2026-11-28 12:00", "2026-11-30 09:00"),
        ("2026-10-10 12:00", None),
        ("2026-09-30 19:00", "2026-10-08 09:00"),
        ("2024-02-28 20:00", "2024-02-29 09:00"),
    ],
)
def test_working_hours_are_nine_to_six_on_working_days(now: str, opens: str | None) -> None:
    moment = shanghai(now)
    assert is_working_hour(moment) is (opens is None)
    assert next_working_hour(moment) == shanghai(opens or now)
    assert next_working_hour(moment).tzinfo is UTC


@given(now=moments, later=spans)
def test_next_working_hour_is_the_first_one(now: datetime, later: timedelta) -> None:
    opens = next_working_hour(now)
    assert opens >= now and opens.tzinfo is UTC and is_working_hour(opens)
    assert next_working_hour(opens) == opens
    assert next_working_hour(now + later) >= opens
    assert not is_working_hour(now + (opens - now) * 0.999) or opens == now


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_deadlines_do_not_depend_on_the_zone_of_the_server(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 9, 30, 15, 59, tzinfo=UTC)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        clock.tzset()
        ends, opens = after(now, working_days=1), next_working_hour(now)
    clock.tzset()
    assert (ends, opens) == (end_of("2026-10-08"), shanghai("2026-10-08 09:00"))


def test_a_year_is_missed_some_time_before_it_begins():
    last = max(chinese_calendar.holidays).year
    begins = datetime(last + 1, 1, 1, tzinfo=SHANGHAI)
    assert unannounced(begins - HORIZON - timedelta.resolution) == ()
    assert unannounced(begins - HORIZON) == (last + 1,)
    assert unannounced(begins) == (last + 1,)
