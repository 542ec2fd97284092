"""Decisions are taken at once and end up in the ledger, whatever database, disk and process do meanwhile."""

from __future__ import annotations

import json
import logging
import os
import random
import re
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from errno import EIO
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous.encoding import base64_decode
from sqlalchemy import make_url

from compliance.ledger import Backlog, Entry, Ledger, Recorder, Spool, Text, verify
from compliance.store import Database, StoreError
from compliance.vault import Vault
from support.databases import fresh
from support.delivery import until
from support.examples import examples
from support.host import SETTINGS
from support.proxy import Proxy
from support.served import KEY, Server

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
TEXT = Text(name="privacy", version="1.0", language="zh_CN", text="隐私政策\n\n我们保存您的选择。")
ROOT = Path(__file__).parents[2]
LONGEST = 30.0  # seconds: far less than waiting would take each time, and far more than the busiest machine


def entry(record: str) -> Entry:
    return Entry(
        record=record,
        before=None,
        time=NOW,
        policy="1.0",
        mode="opt-in",
        method="accept",
        choices={"analytics": True},
        language="zh_CN",
        path="/news/secret",
        texts={"privacy": TEXT.hash},
    )


class Taken:
    """Takes what a spool hands over, or fails."""

    def __init__(self) -> None:
        self.records: list[str] = []
        self.texts: list[Text] = []
        self.fails = False

    def __call__(self, entries: Sequence[Entry], texts: Sequence[Text]) -> None:
        if self.fails:
            raise StoreError("away")
        self.records += [each.record for each in entries]
        self.texts += texts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def taken() -> Taken:
    return Taken()


def filled(folder: Path, *records: str) -> Spool:
    spool = Spool(folder)
    for record in records:
        spool.add(entry(record), [TEXT])
    return spool


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


# The spool.


def test_what_waits_is_handed_over_in_order_and_once(folder: Path, taken: Taken) -> None:
    spool = filled(folder, "a", "b", "c")
    assert spool.waits
    assert (spool.drain(taken), taken.records, taken.texts) == (3, ["a", "b", "c"], [TEXT])
    assert (spool.drain(taken), spool.waits, files(folder)) == (0, False, [])


def test_entry_comes_back_as_it_was(folder: Path) -> None:
    handed: list[Entry] = []
    filled(folder, "a").drain(lambda entries, _: handed.extend(entries))
    assert handed == [entry("a")]


def test_many_are_handed_over_in_parts(folder: Path) -> None:
    spool = filled(folder, *map(str, range(501)))
    parts: list[int] = []
    spool.drain(lambda entries, _: parts.append(len(entries)))
    assert parts == [500, 1]


def test_others_on_the_machine_cannot_read_what_waits(folder: Path) -> None:
    before = os.umask(0)
    try:
        filled(folder / "instance" / "spool", "a")
    finally:
        os.umask(before)
    places = (folder / "instance", folder / "instance" / "spool", *files(folder / "instance" / "spool"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in places] == [0o700, 0o700, 0o600]


def test_what_is_not_taken_stays(folder: Path, taken: Taken) -> None:
    spool = filled(folder, "a")
    taken.fails = True
    with pytest.raises(StoreError):
        spool.drain(taken)
    spool.add(entry("b"), [TEXT])
    taken.fails = False
    assert (spool.drain(taken), taken.records) == (2, ["a", "b"])


def test_file_of_a_living_process_is_left_alone(folder: Path, taken: Taken) -> None:
    living = filled(folder, "a")
    other = Spool(folder)
    assert (other.has_others, other.drain(taken), taken.records) == (True, 0, [])
    assert living.drain(taken) == 1


def test_file_of_a_dead_process_is_taken_over_first(folder: Path, taken: Taken) -> None:
    filled(folder, "a", "b").reset()
    spool = filled(folder, "c")
    assert (spool.drain(taken), taken.records, files(folder)) == (3, ["a", "b", "c"], [])


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    disk = SlowDisk()
    monkeypatch.setattr(os, "fsync", disk.sync)
    return disk


class SlowDisk:
    """The disk, which holds each sync of a file up until it is told to go on."""

    def __init__(self) -> None:
        self.syncs = 0
        self.fails = False
        self.begun, self.goes_on = threading.Event(), threading.Event()
        self._sync = os.fsync

    def sync(self, file: int) -> None:
        if stat.S_ISREG(os.fstat(file).st_mode):
            self.syncs += 1
            self.begun.set()
            assert self.goes_on.wait(LONGEST)
            if self.fails:
                raise OSError(EIO, os.strerror(EIO))
        self._sync(file)


def test_what_comes_while_another_is_brought_to_the_disk_goes_there_together(
    folder: Path, taken: Taken, disk: SlowDisk
) -> None:
    spool = Spool(folder)
    with ThreadPoolExecutor(9) as pool:
        work = [pool.submit(spool.add, entry("first"), [TEXT])]
        assert disk.begun.wait(LONGEST)
        for number in range(8):
            work.append(pool.submit(spool.add, entry(str(number)), [TEXT]))
            until(lambda: len(spool._lines) == len(work) - 1)
        assert not any(one.done() for one in work)  # nobody is answered before it is there
        disk.goes_on.set()
    assert [one.result() for one in work] == [None] * 9
    assert disk.syncs == 2
    assert (spool.drain(taken), taken.records) == (9, ["first", *map(str, range(8))])
    assert taken.texts == [TEXT]


def test_what_did_not_come_to_the_disk_together_is_promised_to_none_of_them(
    folder: Path, taken: Taken, disk: SlowDisk
) -> None:
    spool = Spool(folder)
    disk.fails = True
    with ThreadPoolExecutor(3) as pool:
        work = [pool.submit(spool.add, entry(record), [TEXT]) for record in "abc"]
        disk.goes_on.set()
    assert [getattr(one.exception(), "errno", None) for one in work] == [EIO] * 3
    disk.fails = False
    spool.add(entry("next"), [TEXT])
    assert (spool.drain(taken), taken.records, taken.texts) == (1, ["next"], [TEXT])


@given(data=st.data())
def test_line_that_was_being_written_at_death_is_no_entry(data: st.DataObject, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("spool")
    filled(folder, "a", "b").reset()
    (path,) = files(folder)
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    length = data.draw(st.integers(0, len(content)))
    path.write_bytes(content[:length])
    taken = Taken()
    Spool(folder).drain(taken)
    whole = sum(length >= len(b"".join(lines[: number + 1])) for number in range(1, 3))
    assert (taken.records, files(folder)) == (["a", "b"][:whole], [])


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_damaged_line_costs_no_other(place: int, bit: int, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("spool")
    filled(folder, "a", "b", "c").reset()
    (path,) = files(folder)
    lines = path.read_bytes().splitlines(keepends=True)
    changed = bytearray(lines[2])
    place %= len(changed) - 1
    changed[place] ^= 1 << bit
    path.write_bytes(b"".join([*lines[:2], bytes(changed), lines[3]]))
    taken = Taken()
    Spool(folder).drain(taken)
    assert taken.records == ["a", "c"]
    assert [path.suffix for path in files(folder)] == [".damaged"]


# The recorder.


@pytest.fixture
def recorder(database: Database, folder: Path) -> Iterator[Recorder]:
    recorder = Recorder(Ledger(database, [b"key"]), Spool(folder), patience=5)
    yield recorder
    assert recorder.settle()


def records(ledger: Ledger) -> list[str]:
    return [link.said["record"] for link in ledger.links()]


def test_decision_is_in_the_ledger_at_once(recorder: Recorder, database: Database, folder: Path) -> None:
    assert recorder.record(entry("a"), [TEXT])
    ledger = Ledger(database, [b"key"])
    assert (records(ledger), ledger.text(TEXT.hash), files(folder)) == (["a"], TEXT, [])


def test_what_a_dead_process_left_comes_first(recorder: Recorder, database: Database, folder: Path) -> None:
    filled(folder, "a", "b").reset()
    assert recorder.record(entry("c"), [TEXT])
    assert recorder.settle()
    ledger = Ledger(database, [b"key"])
    assert (records(ledger), files(folder)) == (["a", "b", "c"], [])
    assert recorder.record(entry("d"), [TEXT]) and not recorder.away


def test_what_is_both_in_the_ledger_and_on_the_disk_is_one_row(database: Database, folder: Path) -> None:
    ledger = Ledger(database, [b"key"])
    ledger.append([entry("a")], [TEXT])
    filled(folder, "a", "b").reset()
    recorder = Recorder(ledger, Spool(folder))
    assert recorder.drain() == 2
    assert records(ledger) == ["a", "b"]
    assert list(verify(ledger)) == []


@pytest.mark.parametrize("how", ["cut", "hang"])
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_database_that_is_away_costs_no_reader_time_and_no_decision(
    kind: str, how: str, tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with fresh(kind, tmp_path) as url, Proxy("127.0.0.1", make_url(url).port or 0) as proxy:
        through = make_url(url).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        with closing(Database(through, folder=tmp_path, patience=1)) as database:
            ledger = Ledger(database, [b"key"])
            recorder = Recorder(ledger, Spool(folder))
            database.migrate()
            expected = [f"record-{number}" for number in range(60)]
            start = 0.0
            for number, record in enumerate(expected):
                if number == 20:
                    start = monotonic()
                    getattr(proxy, how)()
                if number == 40:
                    assert monotonic() - start < LONGEST
                    proxy.restore()
                assert recorder.record(entry(record), [TEXT])
            assert recorder.settle(60)
            assert records(ledger) == expected
            assert list(verify(ledger)) == []
            assert files(folder) == []
    assert "decisions wait in" in caplog.text
    assert not any(word in caplog.text for word in ("record-", "secret", "analytics"))


def test_locked_database_costs_one_reader_a_moment(tmp_path: Path, folder: Path) -> None:
    with closing(Database("sqlite:///c.db", folder=tmp_path, patience=2 * LONGEST)) as database:
        ledger = Ledger(database, [b"key"])
        recorder = Recorder(ledger, Spool(folder), patience=0.2)
        database.migrate()
        with closing(sqlite3.connect(tmp_path / "c.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            start = monotonic()
            for number in range(20):
                assert recorder.record(entry(str(number)), [TEXT])
            assert monotonic() - start < LONGEST
            assert recorder.away
            other.execute("ROLLBACK")
        assert recorder.settle(30)
        assert sorted(records(ledger), key=int) == [str(number) for number in range(20)]
        assert not recorder.away


def test_decisions_of_many_threads_are_kept_once_while_the_database_comes_and_goes(
    tmp_path: Path, folder: Path
) -> None:
    with fresh("postgresql", tmp_path) as url, Proxy("127.0.0.1", make_url(url).port or 0) as proxy:
        through = make_url(url).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        with closing(Database(through, folder=tmp_path, patience=1)) as database:
            recorder = Recorder(Ledger(database, [b"key"]), Spool(folder), patience=0.1)
            done = threading.Semaphore(0)

            def decide(client: int) -> bool:
                kept = []
                for number in range(40):
                    kept.append(recorder.record(entry(f"{client}-{number}"), [TEXT]))
                    done.release()
                return all(kept)

            with ThreadPoolExecutor(4) as pool:
                work = [pool.submit(decide, client) for client in range(4)]
                for _ in range(3):
                    for _ in range(20):
                        done.acquire()
                    proxy.cut()
                    for _ in range(20):
                        done.acquire()
                    proxy.restore()
                assert all(future.result(60) for future in work)
            assert recorder.settle(60)
            ledger = Ledger(database, [b"key"])
            found = records(ledger)
            assert len(found) == 160
            for client in range(4):
                own = [record for record in found if record.startswith(f"{client}-")]
                assert own == [f"{client}-{number}" for number in range(40)]
            assert list(verify(ledger)) == []


def test_decision_counts_where_nothing_can_be_written(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = Path("/proc/compliance")
    database = Database("sqlite:///c.db", folder=nowhere, patience=1)
    recorder = Recorder(Ledger(database, [b"key"]), Spool(nowhere))
    assert recorder.record(entry("record-1"), [TEXT]) is False
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "counts, but is not in the ledger" in record.getMessage()
    assert not any(word in caplog.text for word in ("record-1", "secret", "analytics"))


def test_what_waits_is_bounded(folder: Path, taken: Taken) -> None:
    spool = Spool(folder, most=3_000)
    with pytest.raises(OSError, match="3,000 bytes wait already"):
        for number in range(100):
            spool.add(entry(f"record-{number}"), [TEXT])
    size = files(folder)[0].stat().st_size
    assert 2_000 < size <= 3_000
    assert spool.drain(taken) == len(taken.records) > 3  # what was promised is there
    spool.add(entry("next"), [TEXT])


def test_flood_that_is_not_kept_is_counted_without_a_flood_of_lines(
    recorder: Recorder, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1_234):
        recorder.pass_over()
    counts = [re.findall(r"\d+", record.getMessage()) for record in caplog.records]
    assert counts == [["1"], ["10"], ["100"], ["1000"]]


def test_decision_that_is_erased_while_it_is_being_written_is_erased(database: Database, folder: Path) -> None:
    """Its reader was sent on meanwhile, by way of the spool, and asks another machine for the erasure at once."""

    class Slow(Ledger):
        def append(self, entries: Sequence[Entry], texts: Sequence[Text] = (), **given: Any) -> int:
            assert sent_on.wait(LONGEST)
            Ledger(database, [b"key"]).erase("a", now=NOW)
            return super().append(entries, texts, **given)

    sent_on = threading.Event()
    recorder = Recorder(Slow(database, [b"key"]), Spool(folder), patience=0.1)
    assert recorder.record(entry("a"), [TEXT])
    sent_on.set()
    assert recorder.settle(LONGEST)
    ledger = Ledger(database, [b"key"])
    assert [(link.kind, link.content is None) for link in ledger.links()] == [("decision", True), ("erasure", False)]
    assert list(verify(ledger)) == []


def test_what_waits_can_be_watched(folder: Path, taken: Taken) -> None:
    spool = Spool(folder)
    assert spool.backlog == Backlog(size=0, oldest=None, damaged=0)
    before = datetime.now(UTC).replace(microsecond=0)
    filled(folder, "a").reset()
    spool.add(entry("b"), [TEXT])
    (folder / "20260101T000000-0.damaged").touch()
    waits = spool.backlog
    assert waits.size == sum(path.stat().st_size for path in files(folder))
    assert waits.oldest and before <= waits.oldest <= datetime.now(UTC)
    assert waits.damaged == 1
    spool.drain(taken)
    assert spool.backlog == Backlog(size=0, oldest=None, damaged=1)


# Keys that are rotated, one machine after the other.


def test_machine_without_the_key_of_the_seal_keeps_decisions_until_it_has_it(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Three machines at once: one is ahead, one in step, one has missed the first step and is put right later."""
    keys: dict[str, list[bytes]] = {"ahead": [b"new", b"old"], "in step": [b"old", b"new"], "behind": [b"old"]}
    expected = {f"{name}-{number}" for name in keys for number in range(30)}
    spools = {name: Spool(tmp_path / name) for name in keys}

    def machine(name: str) -> Recorder:
        return Recorder(Ledger(database, keys[name]), spools[name], patience=5)

    def load(name: str) -> None:
        recorder = machines[name]
        assert all(recorder.record(entry(f"{name}-{number}"), [TEXT]) for number in range(30))

    first = Ledger(database, [b"new"])
    first.append([entry("first")])
    machines = {name: machine(name) for name in keys}
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(load, keys))
    assert machines["ahead"].settle(60) and machines["in step"].settle(60)
    assert [finding.reason for finding in verify(Ledger(database, keys["ahead"]))] == []
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(told) <= 1 and all("COMPLIANCE_KEYS" in line for line in told)
    assert Ledger(database, keys["ahead"]).renew()
    last = Ledger(database, [b"new"])
    keys["behind"] = [b"new"]
    machine("behind").drain()
    assert set(records(last)) == expected | {"first"}
    assert list(verify(last)) == []


FULL = """
import os, sys
from contextlib import suppress
from pathlib import Path
from test_recorder import TEXT, Ledger, Recorder, Spool, entry, records
from compliance.store import Database

folder = Path(sys.argv[1])
database = Database("sqlite:///c.db", folder=folder, patience=1)
database.migrate()
ledger = Ledger(database, [b"key"])
recorder = Recorder(ledger, Spool(folder / "spool"), patience=1)
kept = [f"{number}" for number in range(3) if recorder.record(entry(f"{number}"), [TEXT])]
with open(folder / "filler", "ab", buffering=0) as file, suppress(OSError):
    while True:
        file.write(b"x" * 4096)
for number in range(3, 200):
    if not recorder.record(entry(f"{number}"), [TEXT]):
        break
    kept.append(f"{number}")
else:
    sys.exit("the disk was never full")
os.unlink(folder / "filler")
assert recorder.record(entry("last"), [TEXT])
assert recorder.settle(60)
assert records(ledger) == [*kept, "last"], (records(ledger), kept)
print("well")
"""


def test_full_disk_costs_nothing_that_was_promised(tmp_path: Path) -> None:
    # The disk belongs to the process that fills it, and goes with it.
    disk = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'
    command = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else []), "sh", "-c", disk]
    script = [str(tmp_path), sys.executable, "-c", FULL, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests", Path(__file__).parent)))}
    done = subprocess.run(command + script, capture_output=True, text=True, env=environment)
    assert done.stdout == "well\n", done.stderr


# Killed.


class Readers:
    """Readers who decide, one after the other, on a site that is killed meanwhile."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.acknowledged: set[str] = set()
        self._lock = threading.Lock()

    def round(self, count: int, *, kill_at: int, chance: random.Random) -> None:
        """Decide *count* times, and kill the server once *kill_at* decisions were acknowledged."""
        before = len(self.acknowledged)
        killed = threading.Event()

        def client(_: int) -> None:
            for _ in range(count):
                self.decide()
                if len(self.acknowledged) - before >= kill_at and not killed.is_set():
                    with self._lock:
                        if not killed.is_set():
                            killed.set()
                            threading.Event().wait(chance.uniform(0, 0.02))
                            self.server.kill()
                            self.server.start()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(client, range(4)))
        assert killed.is_set()

    def decide(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        with suppress(OSError, HTTPException), closing(connection) as http:
            headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
            http.request("POST", "/compliance/consent", urlencode({"choice": "accept", "next": "/news/1"}), headers)
            response = http.getresponse()
            assert response.status == 204
            value = (response.headers["Set-Cookie"]).partition("=")[2].partition(".")[0]
            self.acknowledged.add(json.loads(base64_decode(value))["id"])


@pytest.mark.parametrize(("kind", "away"), [("sqlite", False), ("postgresql", False), ("postgresql", True)])
def test_no_acknowledged_decision_is_lost_when_the_site_is_killed(kind: str, away: bool, tmp_path: Path) -> None:
    chance = random.Random()
    with fresh(kind, tmp_path) as url, Proxy("127.0.0.1", make_url(url).port or 1) as proxy:
        address = make_url(url)
        if kind != "sqlite":
            address = address.set(host="127.0.0.1", port=proxy.port)
        settings = SETTINGS | {"storage": {"url": address.render_as_string(hide_password=False)}}
        with Server(tmp_path, settings) as server:
            readers = Readers(server)
            for number in range(max(2, examples(3))):
                if away and number:
                    proxy.cut()
                readers.round(10, kill_at=chance.randrange(5, 20), chance=chance)
                proxy.restore()
        with closing(Database(url, folder=tmp_path)) as database:
            ledger = Ledger(database, Vault([KEY]).keys("ledger"))
            spool = Spool(tmp_path / "compliance-consents")
            while spool.has_others:  # a worker that was killed holds its lock until it is gone
                spool.drain(ledger.append)
            found = records(ledger)
            assert len(found) == len(set(found))
            assert readers.acknowledged - set(found) == set()
            assert len(readers.acknowledged) >= 20
            assert list(verify(ledger)) == []
