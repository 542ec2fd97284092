"""What a ledger of many decisions costs: taken under load, read while readers decide, and how each cost grows."""

from __future__ import annotations

import statistics
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep

from sqlalchemy import text

from compliance.errors import StoreError
from compliance.ledger import Entry, Ledger, Recorder, Spool, Text, Walk, archive, verify
from compliance.ledger.chain import Month
from compliance.store import Database
from compliance.store.tables import decision

from .ledger import KEY, KINDS, NOW, TEXT, _database, _entry
from .measure import rate
from .table import Row

SECONDS = 4
THREADS = 64
TIMES = 5.0  # single decisions
OFFERED = 600  # a second
SLOWEST = 0.3
WAITING = (1_000, 10_000)
DRAINED = 2.0  # seconds after the database is back
RUNS = 1_000
DECIDED = 200  # a second,
READERS = 8  # by so many at once
KEPT = timedelta(seconds=2)
SIZES = (10_000, 100_000, 1_000_000)
LOT = 200
BYTES = 400
READ = 30_000  # rows a second
SIZE = {
    "sqlite": f"SELECT SUM(pgsize) FROM dbstat WHERE name LIKE '%{decision.name}%'",
    "postgresql": "SELECT SUM(pg_total_relation_size(inhrelid)) FROM pg_inherits"
    f" WHERE inhparent = '{decision.name}'::regclass",
    "mariadb": "SELECT SUM(data_length + index_length) FROM information_schema.tables"
    f" WHERE table_schema = database() AND table_name = '{decision.name}'",
}


def offered_rows() -> Iterator[Row]:
    """Decide one after the other, then by many at once, then at a pace: each is answered once it is on a disk."""
    for kind in KINDS:
        with _database(kind) as url, TemporaryDirectory() as folder:
            with closing(Database(url, folder=Path(folder))) as database:
                book, numbers = Ledger(database, [KEY]), count()
                recorder = Recorder(book, Spool(Path(folder) / "spool"))

                def decide(recorder: Recorder = recorder, numbers: Iterator[int] = numbers) -> None:
                    assert recorder.record(_entry(next(numbers)), [TEXT])

                decide()
                # Each begins with the database, also where it was slow for a moment before.
                assert recorder.settle(60)
                single = rate(decide, seconds=SECONDS)
                assert recorder.settle(60)
                together = rate(decide, seconds=SECONDS, threads=THREADS)
                assert recorder.settle(60)
                taken = _paced(decide)
                assert recorder.settle(60)
                assert [link.sequence for link in book.links()] == list(range(1, next(numbers) + 1))
            yield Row(
                page=f"{THREADS} at once",
                subject=f"decided, {kind}",
                measured=f"{together:.0f} a second",
                share=together / single,
                goal=TIMES,
                at_least=True,
            )
            yield Row(
                page=f"{OFFERED} a second",
                subject=f"slowest of 100, {kind}",
                measured=f"{statistics.median(taken) * 1000:.0f} ms",
                share=statistics.quantiles(taken, n=100)[98],
                goal=SLOWEST,
            )


def drained_rows() -> Iterator[Row]:
    """Let decisions wait on the disk, have the database come back, and look when nothing waits any more."""
    for kind in KINDS:
        for size in WAITING:
            with _database(kind) as url, TemporaryDirectory() as folder:
                with closing(Database(url, folder=Path(folder))) as database:
                    away, spool = threading.Event(), Spool(Path(folder) / "spool")
                    recorder = Recorder(_Away(database, away), spool)
                    recorder.record(_entry(size), [TEXT])
                    recorder.settle()
                    away.set()
                    with ThreadPoolExecutor(THREADS) as pool:
                        assert all(pool.map(partial(recorder.record, texts=[TEXT]), map(_entry, range(size))))
                    away.clear()
                    seconds = _taken(partial(recorder.settle, 300))
                    assert recorder.backlog.size == 0
                yield Row(
                    page=f"{size:,} waited",
                    subject=f"in the ledger, {kind}",
                    measured=f"{size / seconds:.0f} a second",
                    share=seconds,
                    goal=DRAINED if size == WAITING[0] else None,
                )


class _Away(Ledger):
    """A ledger whose database does not answer while *away* is set."""

    def __init__(self, database: Database, away: threading.Event) -> None:
        super().__init__(database, [KEY])
        self._away = away

    def _append(self, entries: Sequence[Entry], texts: Sequence[Text], late: Callable[[], bool]) -> int:
        if self._away.is_set():
            raise StoreError("away")
        return super()._append(entries, texts, late)


def alarm_rows() -> Iterator[Row]:
    """Verify again and again while readers decide and old rows are let go of; the share is how often it was wrong.

    Every other time it goes on from the row that was the last one the time before.
    """
    for kind in KINDS:
        with _database(kind) as url, TemporaryDirectory() as folder:
            with closing(Database(url, folder=Path(folder))) as database:
                book, read = Ledger(database, [KEY]), 0
                database.migrate()
                command = [sys.executable, "-m", __name__, url, folder]
                with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as readers:
                    assert readers.stdout
                    readers.stdout.readline()
                    start, alarms, noted = perf_counter(), 0, None
                    for number in range(RUNS):
                        walk = Walk(book, noted if number % 2 else None)
                        alarms += bool(list(verify(book, walk)))
                        noted, read = walk.end, read + walk.rows
                    seconds = perf_counter() - start
                    decided, _ = readers.communicate()
                alarms += bool(list(verify(book)))
            yield Row(
                page=f"{int(decided) / seconds:.0f} a second",
                subject=f"false alarms of {RUNS:,}, {kind}",
                measured=f"{read / RUNS:.0f} rows each",
                share=float(alarms),
                goal=0,
            )


def _decide(url: str, folder: str) -> None:
    """Decide at a pace, by several readers at once, until nobody listens; print how many decided."""
    with closing(Database(url, folder=Path(folder))) as database:
        book, numbers, over = Ledger(database, [KEY]), count(), threading.Event()
        recorder = Recorder(book, Spool(Path(folder) / "spool"))

        def decide(first: bool) -> int:
            start, decided = perf_counter(), 0
            while not over.wait(max(0.0, start + decided * READERS / DECIDED - perf_counter())):
                assert recorder.record(replace(_entry(next(numbers)), time=datetime.now(UTC)), [TEXT])
                decided += 1
                if first and decided % DECIDED == 0:
                    list(book.purge(datetime.now(UTC) - KEPT))
            return decided

        print(decide.__name__, flush=True)
        with ThreadPoolExecutor(READERS) as pool:
            work = [pool.submit(decide, not place) for place in range(READERS)]
            sys.stdin.read()
            over.set()
        print(sum(one.result() for one in work))
        assert recorder.settle(60)


def growth_rows() -> Iterator[Row]:
    """Let a ledger grow, and look at each cost at each size; the share is in the words of the subject."""
    for kind in KINDS:
        with (
            _database(kind) as url,
            TemporaryDirectory() as folder,
            closing(Database(url, folder=Path(folder))) as database,
        ):
            yield from _grown(kind, database, Path(folder))


def _grown(kind: str, database: Database, folder: Path) -> Iterator[Row]:
    book, kept = Ledger(database, [KEY]), 0

    def row(subject: str, share: float, measured: str = "", goal: float | None = None) -> Row:
        at_least = subject.startswith("rows")
        page, subject = f"{kept:,}", f"{subject}, {kind}"
        return Row(page=page, subject=subject, measured=measured, share=share, goal=goal, at_least=at_least)

    for size in SIZES:
        begun = perf_counter()
        for start in range(kept, size, LOT):
            book.append([_entry(number) for number in range(start, min(start + LOT, size))], [TEXT])
        appended, kept = (size - kept) / (perf_counter() - begun), size
        yield row("rows appended a second", appended, f"lots of {LOT}")
        month = book.months()[0]
        rows = month[0].sequence - month[0].begun
        begun = process_time()
        seconds = _taken(partial(_whole, book, month))
        # By the time of this processor: that of the server is beside it.
        yield row("rows of a month verified a second", rows / (process_time() - begun), f"{seconds:.1f} s", READ)
        looks = (_taken(partial(book.history, f"record-{size // 2:09}")) for _ in range(51))
        yield row("ms to find a record", statistics.median(looks) * 1000)
        yield row("bytes of a decision", _bytes(database, kind) / size, goal=BYTES)
    with (folder / "month.gz").open("wb") as file:
        seconds = _taken(partial(archive.write, book, month[0], file, [KEY]))
    yield row("bytes of a decision in a file", (folder / "month.gz").stat().st_size / rows, f"{seconds:.1f} s")
    # Something is written in another month, so that this one is over.
    book.append([replace(_entry(size), time=NOW + timedelta(days=400))], [TEXT])
    seconds = _taken(lambda: list(book.let_go(month[0].id)))
    yield row("s to let go of a month", seconds, f"{rows:,} rows")


def _whole(book: Ledger, month: tuple[Month, bool]) -> None:
    assert not list(verify(book, Walk(book, month=month)))


def _bytes(database: Database, kind: str) -> int:
    if kind == "mariadb":
        with database.engine.connect() as connection:
            connection.execute(text(f"ANALYZE TABLE {decision.name}")).all()
    with database.reading() as connection:
        return int(connection.scalar(text(SIZE[kind])) or 0)


def _taken(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def _paced(call: Callable[[], None]) -> list[float]:
    """Return how long after its turn each call was over, at a pace that waits for none of them."""
    start, turns = perf_counter(), count()
    taken: list[float] = []

    def work(_: int) -> None:
        while (turn := next(turns)) < OFFERED * 2 * SECONDS:
            due = start + turn / OFFERED
            sleep(max(0.0, due - perf_counter()))
            call()
            taken.append(perf_counter() - due)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    return taken


if __name__ == "__main__":
    _decide(*sys.argv[1:])
