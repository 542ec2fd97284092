"""The ledger by months: each a chain between two ends, verified alone, kept as a file, let go of as a whole."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select, text, update

from compliance.ledger import Finding, Ledger, Walk, archive, verify
from compliance.ledger.archive import ArchiveError
from compliance.ledger.chain import Month
from compliance.store import Database, StoreError, partitions
from compliance.store.tables import decision, period
from support.databases import fresh
from support.decisions import COOKIES, KEY, NOW, PRIVACY, TEXTS, entry

MONTHS = (202609, 202610, 202611)
EACH = 5


@pytest.fixture
def book(database: Database) -> Ledger:
    return Ledger(database, [KEY])


@pytest.fixture
def filled(book: Ledger) -> Ledger:
    """A ledger of three months, the last of which is written; the reader of `a` decides in each."""
    before = None
    for month in (9, 10, 11):
        made = [entry(time=datetime(2026, month, day, tzinfo=UTC), texts=TEXTS) for day in range(2, 1 + EACH)]
        own = f"a{month}"
        book.append([*made, entry(record=own, before=before, time=datetime(2026, month, 9, tzinfo=UTC), texts=TEXTS)])
        before = own
    book.append([entry(time=datetime(2026, 11, 10, tzinfo=UTC), texts=TEXTS)], [PRIVACY, COOKIES])
    return book


def months(book: Ledger) -> list[Month]:
    return [month for month, sealed in book.months() if sealed]


def told(findings: list[Finding]) -> list[tuple[str, int]]:
    return [(finding.reason, finding.sequence) for finding in findings]


def change(database: Database, sequence: int, **values: Any) -> None:
    database.write(lambda c: c.execute(update(decision).where(decision.c.sequence == sequence).values(**values)))


def alone(book: Ledger, number: int) -> list[tuple[str, int]]:
    (found,) = [one for one in book.months() if one[0].id == number]
    return told(list(verify(book, Walk(book, month=found))))


def test_each_month_goes_on_from_the_end_of_the_one_before(filled: Ledger) -> None:
    first, second, third = months(filled)
    assert (first.id, second.id, third.id) == MONTHS
    assert (first.begun, second.begun, third.begun, third.sequence) == (0, EACH, 2 * EACH, 3 * EACH + 1)
    assert (second.start, third.start) == (first.end, second.end)
    assert [list(verify(filled)), *(alone(filled, number) for number in MONTHS)] == [[]] * 4


def test_month_is_that_of_china(book: Ledger) -> None:
    book.append([entry(time=datetime(2026, 10, 31, 15, 59, tzinfo=UTC))])
    book.append([entry(time=datetime(2026, 10, 31, 16, tzinfo=UTC))])
    assert [month.id for month in months(book)] == [202610, 202611]


def test_what_is_there_already_is_known_in_whichever_month_it_was_written(filled: Ledger, database: Database) -> None:
    september = datetime(2026, 9, 5, tzinfo=UTC)
    late = entry(time=september)
    assert filled.append_late([late]) == 1
    known = [late, *(entry(record=f"a{month}", time=datetime(2026, month, 9, tzinfo=UTC)) for month in (9, 10, 11))]
    assert filled.append_late(known) == 0
    first = next(filled.links())
    change(database, first.sequence, period=0)  # written before there were months
    assert filled.append_late([entry(record=first.said["record"], time=first.at), entry(time=first.at)]) == 1
    for one, when in ((late.record, september), (first.said["record"], first.at), ("a11", known[-1].time)):
        assert filled.history(one, since=when) == filled.history(one) != []


def test_decision_that_comes_just_when_its_month_ends_and_it_is_erased_is_erased(
    filled: Ledger, database: Database
) -> None:
    """It is there once the end is locked, and was not when it was looked for; the one before it lies far back."""

    class Busy(Ledger):
        def _history(self, *given: Any, **named: Any) -> Any:
            found = super()._history(*given, **named)
            if not came:
                came.append(filled.append([entry(record="late", before="a9", time=datetime(2026, 11, 20, tzinfo=UTC))]))
                filled.append([entry(time=datetime(2026, 12, 2, tzinfo=UTC))])
            return found

    came: list[int] = []
    for number in (202612, 202701):  # who looks up the decision holds none of them up
        partitions.make(database, number)
    assert Busy(database, [KEY]).erase("late", now=NOW) == 2
    assert [link.content for link in (*filled.history("late"), *filled.history("a9"))] == [None, None]
    assert list(verify(filled)) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_backup_holds_up_neither_a_month_that_begins_nor_who_comes_after_one_that_cannot(
    kind: str, tmp_path: Path
) -> None:
    with (
        fresh(kind, tmp_path) as url,
        closing(Database(url, folder=tmp_path, patience=1)) as database,
        closing(Database(url, folder=tmp_path)) as other,
    ):
        book = Ledger(database, [KEY])
        book.append([entry(time=datetime(2026, 11, 2, tzinfo=UTC))])
        following = [entry(time=datetime(2027, 1, 2, tzinfo=UTC))]
        with other.reading() as backup:
            assert len(backup.execute(select(decision)).all()) == 1
            book.append([entry(time=datetime(2026, 12, 2, tzinfo=UTC))])
            with pytest.raises(StoreError, match="has held the database for too long"):
                book.append(following)
            book.append([entry(time=datetime(2026, 12, 3, tzinfo=UTC))])
        book.append(following)
        assert ([month.id for month in months(book)], book.length()) == ([202611, 202612, 202701], 4)


def test_what_comes_late_is_written_in_the_month_that_goes_on(filled: Ledger) -> None:
    assert filled.append_late([entry(time=datetime(2026, 9, 30, tzinfo=UTC))]) == 1
    assert [month.sequence - month.begun for month in months(filled)] == [EACH, EACH, EACH + 2]
    assert list(verify(filled)) == []


@pytest.mark.parametrize("append", ["append", "append_late"])
def test_record_of_an_earlier_month_does_not_come_again(filled: Ledger, append: str) -> None:
    again = entry(record="a9", time=datetime(2026, 9, 9, tzinfo=UTC))
    assert getattr(filled, append)([again]) == 0
    assert [link.sequence for link in filled.history("a11")] == [3 * EACH, 2 * EACH, EACH]


def test_month_whose_rows_were_erased_later_is_whole_by_itself(filled: Ledger, database: Database) -> None:
    assert filled.erase("a11", now=datetime(2026, 11, 20, tzinfo=UTC)) == 3
    assert [alone(filled, number) for number in MONTHS] == [[]] * 3
    change(database, 2, salt=None, content=None)
    assert alone(filled, MONTHS[0]) == [("erased", 2)]
    assert alone(filled, MONTHS[1]) == []


def test_change_is_found_in_its_own_month_alone(filled: Ledger, database: Database) -> None:
    change(database, EACH, hash="0" * 64)
    assert alone(filled, MONTHS[0]) == [("changed", EACH), ("month", EACH), ("end", EACH)]
    assert alone(filled, MONTHS[1]) == alone(filled, MONTHS[2]) == []


@pytest.mark.parametrize(("column", "value"), [("begun", 1), ("begun_hash", "1" * 64), ("youngest", datetime.now(UTC))])
def test_ends_of_a_month_are_sealed(filled: Ledger, database: Database, column: str, value: Any) -> None:
    database.write(lambda c: c.execute(update(period).where(period.c.id == MONTHS[1]).values({column: value})))
    assert ("month", 2 * EACH) in told(list(verify(filled)))
    assert [sealed for _, sealed in Ledger(database, [b"other"]).months()] == [False] * 3


def parts(database: Database) -> set[str]:
    """The names of the parts of the table, where it has any."""
    if database.dialect == "mysql":
        names = "SELECT partition_name FROM information_schema.partitions WHERE table_schema = database()"
        with database.reading() as connection:
            found = connection.scalars(text(f"{names} AND partition_name IS NOT NULL")).all()
    else:
        found = inspect(database.engine).get_table_names()
    return {name.rpartition("_")[2] for name in found if name.startswith("compliance_decision_")}


def test_months_that_are_old_enough_go_as_a_whole(filled: Ledger, database: Database) -> None:
    before = datetime(2026, 10, 5, tzinfo=UTC)
    assert filled.outdated(before) == EACH + 3
    assert sum(filled.purge(before)) == EACH + 3
    assert [link.sequence for link in filled.links()] == list(range(EACH + 4, 3 * EACH + 2))
    assert list(verify(filled)) == []
    assert [link.said["record"] for link in filled.history("a11")] == ["a11", "a10"]
    if database.dialect != "sqlite":
        assert parts(database) & set(map(str, MONTHS)) == {"202610", "202611"}
    assert sum(filled.purge(datetime(2026, 12, 1, tzinfo=UTC))) == 2 * EACH + 1 - 3
    assert (list(filled.links()), list(verify(filled))) == ([], [])
    filled.append([entry(time=datetime(2026, 11, 30, tzinfo=UTC))])
    assert list(verify(filled)) == []


def test_months_are_let_go_of_however_young_but_not_the_one_that_is_written(filled: Ledger) -> None:
    assert sum(filled.let_go(202610)) == 2 * EACH
    assert sum(filled.let_go(202612)) in (0, EACH + 1)
    assert list(verify(filled)) == []


def test_part_that_was_not_dropped_by_one_who_was_killed_is_dropped_by_the_next(
    filled: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.dialect == "sqlite":
        return
    monkeypatch.setattr(Ledger, "_drop", lambda _: None)
    sum(filled.let_go(202609))
    assert list(verify(filled)) == []
    monkeypatch.undo()
    sum(filled.let_go(202610))
    assert parts(database) & set(map(str, MONTHS)) == {"202611"}
    assert list(verify(filled)) == []


# As a file.


@pytest.fixture
def kept(filled: Ledger, tmp_path: Path) -> Path:
    path = tmp_path / "202610.gz"
    with path.open("wb") as file:
        assert archive.write(filled, months(filled)[1], file, [KEY]) == EACH
    return path


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in gzip.open(path)]


def rewritten(path: Path, change: Callable[[list[Any]], object]) -> None:
    found = lines(path)
    change(found)
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in found).encode()))


def test_month_proves_itself_without_the_database(filled: Ledger, kept: Path) -> None:
    read = archive.verify(kept, [b"newer", KEY])
    assert (read.month, read.rows, read.findings) == (months(filled)[1], EACH, [])
    assert {value["hash"] for kind, value in lines(kept) if kind == "text"} == {PRIVACY.hash, COOKIES.hash}
    assert told(archive.verify(kept, [b"other"]).findings) == [("seal", 2 * EACH)]


CHANGES: dict[str, tuple[Callable[[list[Any]], object], tuple[str, int]]] = {
    "row": (lambda found: found[4][1].update(policy="2.0"), ("changed", 7)),
    "content": (lambda found: found[4][1].update(content="{}"), ("content", 7)),
    "row gone": (lambda found: found.pop(4), ("missing", 7)),
    "last row gone": (lambda found: found.pop(-2), ("end", 9)),
    "text": (lambda found: found[1][1].update(text="Yes to everything"), ("text", 6)),
    "month": (lambda found: found[0][1].update(id=202509), ("seal", 10)),
    "erased": (lambda found: found[4][1].update(content=None, salt=None), ("erased", 7)),
    "erased and said to be": (
        lambda found: (found[4][1].update(content=None, salt=None), found[-1][1]["erased"].append(7)),
        ("seal", 10),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_of_a_file_is_found(kept: Path, name: str) -> None:
    change, finding = CHANGES[name]
    rewritten(kept, change)
    assert finding in told(archive.verify(kept, [KEY]).findings)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.pop(),
        lambda found: found.append(found[-1]),
        lambda found: found[0][1].update(format="another"),
        lambda found: found.clear(),
        lambda found: found[3][1].pop("hash"),
    ],
)
def test_file_that_is_none_is_told(kept: Path, change: Callable[[list[Any]], object]) -> None:
    rewritten(kept, change)
    with pytest.raises(ArchiveError, match="take another copy"):
        archive.verify(kept, [KEY])
    kept.write_bytes(kept.read_bytes()[:-20])
    with pytest.raises(ArchiveError):
        archive.verify(kept, [KEY])


def test_what_is_personal_is_erased_in_a_file_too(filled: Ledger, kept: Path) -> None:
    assert archive.erase(kept, "a10", [KEY]) == 1
    assert archive.verify(kept, [KEY]).findings == []
    assert not any("a10" in (value.get("content") or "") for _, value in lines(kept))
    assert archive.erase(kept, "a10", [KEY]) == 0
    rewritten(kept, CHANGES["row"][0])
    with pytest.raises(ArchiveError, match="not as it was written"):
        archive.erase(kept, "nobody", [KEY])


def test_what_was_erased_before_is_so_in_the_file(filled: Ledger, tmp_path: Path) -> None:
    filled.erase("a11", now=datetime(2026, 11, 20, tzinfo=UTC))
    with (tmp_path / "file").open("wb") as file:
        archive.write(filled, months(filled)[0], file, [KEY])
    assert archive.verify(tmp_path / "file", [KEY]).findings == []
    assert lines(tmp_path / "file")[-1][1]["erased"] == [EACH]
