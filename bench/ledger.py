"""What it costs to keep a decision, and to read a ledger of a million again: time, and memory that does not grow."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from flask import Flask
from sqlalchemy import create_engine, make_url, select, text, update
from werkzeug.test import EnvironBuilder, run_wsgi_app

from compliance import Compliance
from compliance.ledger import Entry, Ledger, Recorder, Spool, Text, verify
from compliance.store import Database
from compliance.store.tables import decision as consent
from compliance.vault import Vault

from .injection import SETTINGS
from .measure import peak, rate
from .store import POSTGRESQL
from .table import Row

SERVERS = {
    "postgresql": POSTGRESQL,
    "mariadb": os.environ.get("COMPLIANCE_TEST_MYSQL", "mysql+pymysql://root@127.0.0.1:3306"),
}
KINDS = ("sqlite", *SERVERS)
GOALS = {"recorded, sqlite": 0.30, "posted, sqlite": 0.30}
ROUNDS = 11
TURN_SECONDS = 0.4
THREADS = 4
SIZES = (10_000, 1_000_000)
LOT = 10_000
CHAINS = (125, 1_000)
GROWTH = 2.0
MEMORY = 16  # MB beside what the small ledger takes
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
KEY = b"k" * 32
SECRET = "a key of sixteen bytes or more"
TEXT = Text(name="privacy", version="1.0", language="zh_CN", text="隐私政策\n\n" + "我们保存您的选择。" * 200)
TEXTS = dict.fromkeys(("privacy", "cookies"), TEXT.hash)


def rows() -> Iterator[Row]:
    """Decide in turns with a bare append and sync, whose median ratio is the share."""
    for kind in ("sqlite", "postgresql"):
        with _database(kind) as url, TemporaryDirectory() as folder:
            app = _site(url, folder)
            with closing(Database(url, folder=Path(folder))) as database:
                keys = Vault([SECRET.encode()]).keys("ledger")  # the two share a ledger
                recorder = Recorder(Ledger(database, keys), Spool(Path(folder) / "spool"), patience=10)
                file = os.open(Path(folder) / "appended", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
                calls: dict[str, tuple[Callable[[], object], int]] = {
                    "appended": (partial(_append, file), 1),
                    f"recorded, {kind}": (partial(_record, recorder), 1),
                    f"posted, {kind}": (partial(_post, app), 1),
                    f"posted by {THREADS} at once, {kind}": (partial(_post, app), THREADS),
                }
                rates: dict[str, list[float]] = {name: [] for name in calls}
                for number in range(ROUNDS + 1):
                    for name, (call, threads) in calls.items():
                        counted = rate(call, seconds=TURN_SECONDS, threads=threads)
                        if number:  # the first round warms up
                            rates[name].append(counted)
                os.close(file)
                app.extensions["compliance"].recorder.settle()
                app.extensions["compliance"].database.close()
        bare = rates.pop("appended")
        for name, ours in rates.items():
            yield Row(
                page="decision",
                subject=name,
                measured=f"{statistics.median(ours):.0f} a second",
                share=statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True)),
                goal=GOALS.get(name),
                at_least=True,
            )


def record_rows() -> Iterator[Row]:
    """Look up a record behind few decisions of its reader and behind many; the share is many ÷ few."""
    for kind in KINDS:
        with _database(kind) as url, TemporaryDirectory() as folder:
            with closing(Database(url, folder=Path(folder))) as database:
                book, lasts = Ledger(database, [KEY]), []
                for reader, size in enumerate(CHAINS):
                    records = [f"{reader}-{number}" for number in range(size)]
                    pairs = zip(records, [None, *records], strict=False)
                    book.append([replace(_entry(0), record=record, before=before) for record, before in pairs], [TEXT])
                    lasts.append(records[-1])
                calls = [partial(book.history, last, most=1) for last in lasts]
                few, many = map(
                    statistics.median, zip(*([_taken(call) for call in calls] for _ in range(51)), strict=True)
                )
            yield Row(
                page=f"{CHAINS[-1]} before",
                subject=f"own record, {kind}",
                measured=f"{many * 1000:.1f} ms",
                share=many / few,
                goal=GROWTH,
            )


def _taken(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def verified_rows() -> Iterator[Row]:
    """Verify few rows and many, each in a process of its own; the share is the memory that the many take more, in MB.

    Then one bit is flipped, and has to be found.
    """
    for kind in KINDS:
        with _database(kind) as url, TemporaryDirectory() as folder:
            peaks = []
            with closing(Database(url, folder=Path(folder))) as database:
                kept = 0
                for size in SIZES:
                    _fill(Ledger(database, [KEY]), range(kept, size))
                    kept = size
                    found, peak, seconds = _verified(url, folder)
                    assert found == "", found
                    peaks.append(peak)
                yield Row(
                    page=f"{kept:,}",
                    subject=f"verified, {kind}",
                    measured=f"{seconds:.1f} s",
                    share=peaks[-1] - peaks[0],
                    goal=MEMORY,
                )
                place = kept * 7 // 9
                _flip(database, place)
            found, _, seconds = _verified(url, folder)
            yield Row(
                page=f"{kept:,}",
                subject=f"flipped bit found, {kind}",
                measured=f"{seconds:.1f} s",
                share=float(found != f"content:{place}"),
                goal=0,
            )


def _site(url: str, folder: str) -> Flask:
    app = Flask(__name__, instance_path=folder)
    app.secret_key = SECRET
    settings = {**SETTINGS, "storage": {"url": url.replace("bench.db", "site.db")}, "limits": {"enabled": False}}
    Compliance(app, settings=settings)
    app.extensions["compliance"].database.migrate()
    return app


def _entry(number: int) -> Entry:
    return Entry(
        record=f"record-{number:09}",
        before=None,
        time=NOW + timedelta(seconds=number),
        policy="1.0+1.0",
        mode="opt-in",
        method="accept" if number % 3 else "reject",
        choices=dict.fromkeys(("functional", "analytics", "advertising", "social"), bool(number % 3)),
        language="zh_CN" if number % 2 else "en",
        path="/articles/consuls-general-two-sessions",
        texts=TEXTS,
    )


def _record(recorder: Recorder, numbers: Iterator[int] = count()) -> None:  # noqa: B008 - counts on
    assert recorder.record(_entry(next(numbers)), [TEXT])


def _post(app: Flask) -> None:
    environ = EnvironBuilder("/compliance/consent", method="POST", data={"choice": "accept", "next": "/"}).get_environ()
    body, status, _ = run_wsgi_app(app, environ, buffered=True)
    assert status.startswith("303"), b"".join(body)


def _append(file: int) -> None:
    os.write(file, bytes(4096))
    os.fsync(file)


def _fill(ledger: Ledger, numbers: range) -> None:
    for start in range(numbers.start, numbers.stop, LOT):
        ledger.append([_entry(number) for number in range(start, min(start + LOT, numbers.stop))], [TEXT])


def _flip(database: Database, place: int) -> None:
    row = consent.c.sequence == place
    with database.reading() as connection:
        content = connection.scalars(select(consent.c.content).where(row)).one()
    assert content
    changed = content[:20] + chr(ord(content[20]) ^ 1) + content[21:]
    database.write(lambda connection: connection.execute(update(consent).where(row).values(content=changed)))


def _verified(url: str, folder: str) -> tuple[str, float, float]:
    """Return what is wrong, the peak of memory in MB, and the seconds."""
    command = [sys.executable, "-m", __name__, url, folder]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found, peak, seconds = output.split("|")
    return found, float(peak), float(seconds)


@contextmanager
def _database(kind: str) -> Iterator[str]:
    """Make an empty database of *kind*, yield its address, and drop it."""
    if kind == "sqlite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/bench.db"
        return
    server = create_engine(SERVERS[kind], isolation_level="AUTOCOMMIT")
    name = f"compliance_bench_{os.getpid()}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(SERVERS[kind]).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}{' WITH (FORCE)' if kind == 'postgresql' else ''}"))
        server.dispose()


def _verify(url: str, folder: str) -> None:
    with closing(Database(url, folder=Path(folder))) as database:
        start = perf_counter()
        found = ",".join(f"{finding.reason}:{finding.sequence}" for finding in verify(Ledger(database, [KEY])))
        seconds = perf_counter() - start
    print(found, peak(), seconds, sep="|")


if __name__ == "__main__":
    _verify(*sys.argv[1:])
