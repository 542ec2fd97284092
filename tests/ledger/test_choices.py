"""What readers chose: the database counts what a walk along the ledger counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from compliance.deadlines import midnight
from compliance.ledger import Ledger
from compliance.ledger.statistics import chosen, count
from compliance.store import Database
from support.decisions import KEY, entry

#: Noon in China, one second before midnight there, and midnight.
TIMES = (
    datetime(2026, 11, 24, 4, tzinfo=UTC),
    datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC),
    datetime(2026, 11, 24, 16, tzinfo=UTC),
)
CHOICES = (
    ("accept", {"analytics": True, "social": True}),
    ("custom", {"analytics": True, "social": False}),
    ("reject", {"analytics": False, "social": False}),
    ("withdraw", {"analytics": False, "social": False}),
    ("accept", {}),
)


@pytest.fixture
def book(database: Database) -> Ledger:
    made = Ledger(database, [KEY])
    made.append(
        [
            entry(time=time + timedelta(days=day), method=method, choices=choices, language=language, policy=policy)
            for day, (language, policy) in enumerate([("en", "1.0"), ("zh_CN", "1.0"), ("zh_CN", "1.1+2")])
            for time in TIMES
            for method, choices in CHOICES
        ]
    )
    return made


def test_days_are_counted_as_a_walk_counts_them(database: Database, book: Ledger) -> None:
    assert chosen(database, by="day") == count(book.links(), period="day")
    erased = next(book.links()).said["record"]
    book.erase(erased, now=TIMES[0])
    assert chosen(database, by="day") == count(book.links(), period="day")


def test_days_that_are_asked_for_are_counted_alone(database: Database, book: Ledger) -> None:
    since, until = (midnight(datetime(2026, 11, day).date()) for day in (25, 26))
    found = chosen(database, by="day", since=since, until=until)
    assert {key: cell.decisions for key, cell in found.items()} == {
        ("2026-11-25", "en"): 5,
        ("2026-11-25", "zh_CN"): 10,
    }


def test_versions_are_counted(database: Database, book: Ledger) -> None:
    found = chosen(database, by="policy")
    assert {key: (cell.decisions, cell.agreed, cell.partly) for key, cell in found.items()} == {
        ("1.0", "en"): (15, 6, 3),
        ("1.0", "zh_CN"): (15, 6, 3),
        ("1.1+2", "zh_CN"): (15, 6, 3),
    }
