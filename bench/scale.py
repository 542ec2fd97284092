"""What a ledger of four years costs: `make bench-large ROWS=50000000` for one of as many rows, 1,000,000 without.

Its rows are hashed here and copied into PostgreSQL, for the package would take an hour to append them; the first of
each month, and those that are timed, it appends itself. That all are as it writes them is what verifying shows.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import Connection

from compliance.deadlines import SHANGHAI
from compliance.ledger import Ledger, Walk, archive, verify
from compliance.ledger.chain import Head
from compliance.ledger.ends import End
from compliance.ledger.reading import ROW
from compliance.ledger.rows import Rows, packed
from compliance.store import Database
from compliance.store.tables import decision

from .decisions import BYTES, LOT, READ, _bytes, _taken
from .ledger import KEY, TEXT, _database, _entry
from .measure import peak
from .table import Row

MANY = 1_000_000
ROWS = int(os.environ.get("ROWS", MANY))
SIZES = [*(size for size in (100_000, MANY, 5_000_000) if size < ROWS), ROWS]
MONTHS = [datetime(2022 + (place + 11) // 12, (place + 11) % 12 + 1, 1, tzinfo=SHANGHAI) for place in range(49)]
MEMORY = 16  # MB that the last month takes more than the first
COPIED = 50_000  # at once
TIMED = 10_000
_COLUMNS = ("sequence", "period", "at", "circumstance", "record_hash", "salt", "content", "content_hash")
_COPY = f"COPY {decision.name} ({', '.join(_COLUMNS)}, previous, hash) FROM STDIN"
_KINDS = 6  # of decisions that `_entry` makes


def rows() -> Iterator[Row]:
    """Let a ledger of four years have more and more rows, and look at each cost at each size."""
    for size in SIZES:
        with (
            _database("postgresql") as url,
            TemporaryDirectory() as folder,
            closing(Database(url, folder=Path(folder))) as database,
        ):
            yield from _costs(size, database, url, Path(folder))


def _costs(size: int, database: Database, url: str, folder: Path) -> Iterator[Row]:
    book = Ledger(database, [KEY])

    def row(subject: str, share: float, measured: str = "", goal: float | None = None) -> Row:
        at_least = subject.startswith("rows")
        goal = goal if size >= MANY else None  # a page that few rows of a month fill in part is a large part of theirs
        return Row(page=f"{size:,}", subject=subject, measured=measured, share=share, goal=goal, at_least=at_least)

    begun = perf_counter()
    for place, (begins, following) in enumerate(zip(MONTHS, MONTHS[1:], strict=False)):
        numbers = range(size * place // 48, size * (place + 1) // 48)
        _fill(database, book, numbers, begins, (following - begins) / (len(numbers) + 1))
    yield row("rows copied a second", size / (perf_counter() - begun))
    entries = [replace(_entry(size + number), time=MONTHS[-1] - timedelta(seconds=1)) for number in range(TIMED)]
    for way, append in (("at once", book.append), ("after they waited", book.append_late)):
        lots = (partial(append, entries[start : start + LOT], [TEXT]) for start in range(0, len(entries), LOT))
        yield row(f"rows appended {way} a second", LOT / statistics.median(map(_taken, lots)), f"lots of {LOT}")
        entries = [replace(entry, record=f"late-{entry.record}") for entry in entries]
    looks = (partial(book.history, f"record-{size * look // 100:09}") for look in range(100))
    yield row("ms to find a record", statistics.median(map(_taken, looks)) * 1000)
    yield row("bytes of a decision", _bytes(database, "postgresql") / book.length(), goal=BYTES)
    command = [sys.executable, "-m", __name__, url, str(folder), "1" if size <= MANY else "12"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    months = [list(map(float, line.split())) for line in told]
    slowest = max(seconds for _, _, seconds, _ in months)
    rate, memory = f"{slowest:.1f} s", f"{months[-1][3]:.0f} MB"
    # By the time of this processor: that of the server is beside it.
    read = statistics.median(rows / processor for rows, processor, *_ in months)
    yield row("rows of a month verified a second", read, rate, READ)
    yield row("MB more for the last month", months[-1][3] - months[0][3], memory, MEMORY)
    month = book.months()[0]
    with (folder / "month.gz").open("wb") as file:
        seconds = _taken(partial(archive.write, book, month[0], file, [KEY]))
    yield row("s to archive a month", seconds, f"{(folder / 'month.gz').stat().st_size / 1e6:.1f} MB")
    yield row("s to let go of a month", _taken(lambda: list(book.let_go(month[0].id))), f"{size // 48:,} rows")


def _fill(database: Database, book: Ledger, numbers: Sequence[int], begins: datetime, pace: timedelta) -> None:
    """Have as many decisions as *numbers* in the month that *begins*, one after the other at a *pace*."""
    book.append([replace(_entry(numbers[0]), time=begins)], [TEXT])
    head, _ = book.head()
    assert head
    known = Rows(database)
    alike = [packed(_entry(kind))[0] for kind in range(_KINDS)]
    known.prepare(alike)
    with database.reading() as connection:
        placed = known.numbers(connection, alike)
    circumstances = [placed[one] for one in alike]
    for start in range(1, len(numbers), COPIED):
        # A row's time has no parts of a second, as those of decisions.
        times = (begins + number * pace for number in range(start, min(start + COPIED, len(numbers))))
        moments = [time.astimezone(UTC).replace(microsecond=0) for time in times]
        lines, head = _hashed(numbers[start : start + COPIED], moments, circumstances, head)
        database.write(partial(_copy, lines=lines, head=head))


def _copy(connection: Connection, *, lines: bytes, head: Head) -> None:
    driver = connection.connection.driver_connection
    assert driver
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.write(lines)
    End(ROW, [KEY]).move(connection, head)


def _hashed(
    numbers: Sequence[int], moments: Sequence[datetime], circumstances: Sequence[int], head: Head
) -> tuple[bytes, Head]:
    """Return rows as PostgreSQL copies them, and the *head* after them."""
    salts = os.urandom(16 * len(numbers)).hex()
    shapes = []
    for kind in range(_KINDS):
        entry = _entry(kind)
        said = (entry.content, packed(entry)[1])
        shapes.append([part for text in said for part in text.split(entry.record)])
    sequence, previous, lines = head.sequence, head.hash, []
    for place, (number, moment) in enumerate(zip(numbers, moments, strict=True)):
        before, after, left, right = shapes[number % _KINDS]
        record, salt, time = f"record-{number:09}", salts[32 * place : 32 * place + 32], moment.isoformat()
        known = sha256(f"compliance.consent:{record}".encode()).hexdigest()
        content = sha256(f"{salt}{before}{record}{after}".encode()).hexdigest()
        sequence += 1
        link = f'[{sequence},"decision","{known}","{time}","1.0+1.0","opt-in","{content}","{previous}"]'
        hashed = sha256(link.encode()).hexdigest()
        lines.append(
            f"{sequence}\t{head.period}\t{time}\t{circumstances[number % _KINDS]}\t\\\\x{known}\t\\\\x{salt}"
            f"\t{left}{record}{right}\t\\\\x{content}\t\\\\x{previous}\t\\\\x{hashed}\n"
        )
        previous = hashed
    return "".join(lines).encode(), replace(head, sequence=sequence, hash=previous, youngest=moments[-1])


def _verify(url: str, folder: str, every: str) -> None:
    """Print of some months the rows, the seconds of this processor and of the clock, and the peak of memory in MB."""
    with closing(Database(url, folder=Path(folder))) as database:
        book = Ledger(database, [KEY])
        for month in book.months()[:: int(every)]:
            begun, used = perf_counter(), process_time()
            walk = Walk(book, month=month)
            assert not list(verify(book, walk))
            print(walk.rows, process_time() - used, perf_counter() - begun, peak())


if __name__ == "__main__":
    _verify(*sys.argv[1:])
