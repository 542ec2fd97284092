"""What a ledger of many decisions costs: taken under load, read while readers decide, and how each cost grows."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep

from sqlalchemy import text

from compliance.ledger import Ledger, Recorder, Spool, Walk, archive, verify
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
RUNS = 1_000
DECIDED = 200  # a second
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
                single = rate(decide, seconds=SECONDS)
                together = rate(decide, seconds=SECONDS, threads=THREADS)
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


def alarm_rows() -> Iterator[Row]:
    """Verify again and again while readers decide and old rows are let go of; the share is how often it was wrong."""
    for kind in KINDS:
        with _database(kind) as url, TemporaryDirectory() as folder:
            with closing(Database(url, folder=Path(folder))) as database:
                book, over, numbers = Ledger(database, [KEY]), threading.Event(), count()

                def decide(book: Ledger = book, over: threading.Event = over, numbers: Iterator[int] = numbers) -> None:
                    start = perf_counter()
                    for number in numbers:
                        if over.is_set():
                            return
                        sleep(max(0.0, start + number / DECIDED - perf_counter()))
                        book.append([replace(_entry(number), time=datetime.now(UTC))], [TEXT])
                        if number % (2 * DECIDED) == 0:
                            list(book.purge(datetime.now(UTC) - KEPT))

                with ThreadPoolExecutor(1) as pool:
                    work = pool.submit(decide)
                    start = perf_counter()
                    alarms = sum(bool(list(verify(book))) for _ in range(RUNS))
                    seconds = perf_counter() - start
                    over.set()
                    work.result()
            yield Row(
                page=f"{next(numbers) / seconds:.0f} a second",
                subject=f"false alarms of {RUNS:,}, {kind}",
                measured=f"{seconds / RUNS * 1000:.0f} ms each",
                share=float(alarms),
                goal=0,
            )


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
