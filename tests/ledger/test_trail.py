"""The trail of the console: a chain of its own, in one transaction with what it tells of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from compliance.ledger import Act, Acts, Ledger, SealError, Trail, Walk, extract, verify_acts
from compliance.ledger.archive import ArchiveError
from compliance.store import Database
from compliance.store.staff import act
from compliance.store.tables import ledger, told
from compliance.vault import Vault
from support.databases import address as address
from support.databases import database as database

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


def filled(database: Database, *, key: str = "key") -> Trail:
    trail = Trail(database, Vault([key]))
    for number in range(4):
        trail.append(
            ("signed_in", "refused")[number % 2],
            actor=("wang", "li")[number // 2],
            role="viewer",
            about=f"R-{number}",
            network="203.0.113.0/24",
            detail={"number": number, "字": "词"},
            now=NOW + timedelta(hours=number, microseconds=number),
        )
    return trail


def findings(trail: Trail) -> list[tuple[str, int]]:
    return [(finding.reason, finding.sequence) for finding in verify_acts(trail)]


def test_acts_come_back_as_they_were_written_the_latest_first(database: Database) -> None:
    trail = filled(database)
    found = trail.latest(Acts(), limit=10)
    assert [one.sequence for one in found] == [4, 3, 2, 1]
    assert found[0].said == {"number": 3, "字": "词"} and found[0].at == NOW + timedelta(hours=3, microseconds=3)
    assert findings(trail) == [] and trail.length() == 4


@pytest.mark.parametrize(
    ("which", "numbers"),
    [
        ({"actor": "li"}, [4, 3]),
        ({"action": "refused"}, [4, 2]),
        ({"about": "R-2"}, [3]),
        ({"since": NOW + timedelta(hours=1), "until": NOW + timedelta(hours=3)}, [3, 2]),
        ({"actor": "li", "action": "refused"}, [4]),
        ({"actor": "nobody"}, []),
    ],
)
def test_acts_are_filtered(database: Database, which: dict[str, Any], numbers: list[int]) -> None:
    trail = filled(database)
    assert [one.sequence for one in trail.latest(Acts(**which), limit=10)] == numbers
    assert [one.sequence for one in trail.latest(Acts(**which), before=4, limit=1)] == [n for n in numbers if n < 4][:1]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (update(act).where(act.c.sequence == 2).values(actor="wang2"), [("changed", 2)]),
        (update(act).where(act.c.sequence == 2).values(detail="{}"), [("changed", 2)]),
        (update(act).where(act.c.sequence == 3).values(at=NOW), [("changed", 3)]),
        (update(act).where(act.c.sequence == 2).values(hash="0" * 64), [("changed", 2), ("previous", 3)]),
        (delete(act).where(act.c.sequence == 2), [("missing", 2)]),
        (delete(act).where(act.c.sequence == 4), [("end", 3)]),
        (delete(act), [("end", 0)]),
        (update(ledger).where(ledger.c.id == 2).values(sequence=3), [("seal", 4), ("end", 4)]),
    ],
    ids=["actor", "detail", "time", "hash", "taken out", "cut off", "emptied", "end"],
)
def test_any_change_is_found(database: Database, change: Any, expected: list[tuple[str, int]]) -> None:
    trail = filled(database)
    database.write(lambda connection: connection.execute(change))
    assert findings(trail) == expected


def test_the_ledger_of_consents_has_an_end_of_its_own(database: Database) -> None:
    filled(database)
    book = Ledger(database, Vault(["key"]).keys("ledger"))
    assert book.head() == (None, False) and book.length() == 0


def test_nothing_is_appended_under_a_seal_of_another_key(database: Database) -> None:
    filled(database)
    other = Trail(database, Vault(["other"]))
    with pytest.raises(SealError, match="staff verify --seal"):
        other.append("signed_in", actor="wang", now=NOW)
    assert findings(other) == [("seal", 4)] and other.renew() is False
    assert Trail(database, Vault(["key", "other"])).renew() is True
    assert findings(other) == []
    Trail(database, Vault(["third"])).seal()
    assert findings(Trail(database, Vault(["third"]))) == []


def test_a_change_and_its_act_are_one_transaction(database: Database) -> None:
    trail = filled(database)

    def work(fail: bool) -> None:
        database.write(lambda connection: connection.execute(told.insert().values(key_hash="1" * 64, at=NOW)))
        trail.append("refused", actor="wang", now=NOW)
        with database.reading() as connection:
            assert connection.scalar(select(func.count()).select_from(told)) == 1  # what it changed itself
        if fail:
            raise ValueError

    with pytest.raises(ValueError):
        database.together(lambda: work(True))
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(told)) == 0
    assert trail.length() == 4 and findings(trail) == []
    database.together(lambda: work(False))
    assert trail.length() == 5 and findings(trail) == []


def test_many_at_once_make_one_chain(database: Database) -> None:
    trail = filled(database)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: trail.append("refused", actor=f"n{number}", now=NOW), range(12)))
    assert trail.length() == 16 and findings(trail) == []


# What is let go of


def test_what_is_let_go_of_leaves_a_chain_that_holds(database: Database) -> None:
    trail = filled(database)
    assert trail.outdated(NOW + timedelta(hours=2)) == 2
    assert list(trail.purge(NOW + timedelta(hours=2))) == [2]
    assert [one.sequence for one in trail.links()] == [3, 4] and trail.begin() == trail.latest(Acts(), limit=9)[-1].at
    trail.append("trail_purged", actor="", now=NOW + timedelta(days=1))
    assert findings(trail) == []
    assert list(trail.purge(NOW + timedelta(days=2))) == [3]
    trail.append("refused", actor="wang", now=NOW + timedelta(days=3))
    assert findings(trail) == [] and [one.sequence for one in trail.links()] == [6]


def test_who_takes_out_more_than_was_let_go_of_is_found_out(database: Database) -> None:
    trail = filled(database)
    list(trail.purge(NOW + timedelta(hours=2)))
    database.write(lambda connection: connection.execute(delete(act).where(act.c.sequence == 3)))
    assert findings(trail) == [("missing", 3)]
    values = {"purged": 3, "purged_hash": trail.latest(Acts(), limit=1)[0].previous}
    purged = update(ledger).where(ledger.c.id == 2).values(values)
    database.write(lambda connection: connection.execute(purged))
    assert findings(trail) == [("seal", 4)]


def test_what_is_let_go_of_while_it_is_read_is_not_missed(database: Database) -> None:
    trail = filled(database)
    walk = Walk(trail)

    def rows() -> Iterator[Act]:
        list(trail.purge(NOW + timedelta(hours=2)))
        yield from walk

    assert list(verify_acts(trail, walk, rows())) == []


# What is handed out


def exported(trail: Trail, path: Path, since: datetime | None = None, until: datetime | None = None) -> Path:
    keys = Vault(["key"]).keys("trail")
    path.write_bytes(b"".join(extract.parts(extract.within(trail, since, until), keys)))
    return path


@pytest.mark.parametrize(
    ("since", "until", "rows", "end"),
    [
        (None, None, 4, 4),
        (NOW + timedelta(hours=1), NOW + timedelta(hours=3), 2, 3),
        (NOW + timedelta(days=1), None, 0, 0),
        (None, NOW, 0, 0),
    ],
)
def test_an_export_proves_itself_without_the_database(
    database: Database, tmp_path: Path, since: datetime | None, until: datetime | None, rows: int, end: int
) -> None:
    path = exported(filled(database), tmp_path / "log.jsonl", since, until)
    read = extract.verify(path, Vault(["other", "key"]).keys("trail"))
    assert (read.rows, read.end.sequence, read.findings) == (rows, end, [])
    assert [one.reason for one in extract.verify(path, Vault(["other"]).keys("trail")).findings] == ["seal"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda lines: lines[:2] + lines[3:], [("missing", 2)]),
        (lambda lines: lines[:4] + lines[5:], [("end", 3)]),
        (lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]], [("missing", 2), ("inserted", 2), ("missing", 3)]),
        (lambda lines: [lines[0], *lines[2:]], [("missing", 1)]),
        (lambda lines: [one.replace(b"R-1", b"R-9") for one in lines], [("changed", 2)]),
        (lambda lines: [one.replace(b'"after":0', b'"after":1') for one in lines], [("inserted", 1), ("seal", 4)]),
    ],
    ids=["taken out", "cut off", "swapped", "begun later", "changed", "another beginning"],
)
def test_any_change_of_an_export_is_found(
    database: Database, tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], expected: list[tuple[str, int]]
) -> None:
    path = exported(filled(database), tmp_path / "log.jsonl")
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    read = extract.verify(path, Vault(["key"]).keys("trail"))
    assert [(one.reason, one.sequence) for one in read.findings] == expected


def test_a_piece_of_an_export_is_none(database: Database, tmp_path: Path) -> None:
    path = exported(filled(database), tmp_path / "log.jsonl")
    whole = path.read_bytes()
    for piece in (*(whole[:cut] for cut in range(0, len(whole), 7)), whole[:-1], whole + b"\n", b"[" * 100_000 + b"\n"):
        path.write_bytes(piece)
        with pytest.raises(ArchiveError):
            extract.verify(path, Vault(["key"]).keys("trail"))
