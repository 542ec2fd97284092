"""What it costs to keep a message so that no power cut takes it, and whether a full box is as fast as a new one."""

from __future__ import annotations

import os
import re
import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy import insert as inserting
from sqlalchemy.event import listen, remove
from uuid6 import uuid7
from werkzeug.datastructures import MultiDict

from compliance.cases import State
from compliance.console.queue.case import BESIDE
from compliance.console.queue.listing import AMONG, COUNTED, TABS
from compliance.console.queue.search import SHOWN, read
from compliance.messages import Cases
from compliance.messages.drafts import of_case
from compliance.messages.listing import Filter, Place, counts, entries, groups
from compliance.messages.replies import replies
from compliance.settings import load
from compliance.store import Database
from compliance.store.outbox import announced
from compliance.store.rows import insert
from compliance.store.search import terms
from compliance.store.tables import event, idempotency, message, used_challenge
from compliance.vault import Vault

from .injection import SETTINGS
from .table import Row

POSTGRESQL = os.environ.get("COMPLIANCE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
GOALS = {"sqlite": 0.30, "postgresql": 0.17}
ROUNDS = 15
TURN_SECONDS = 0.4
PACE = 100  # messages per second
PACED_SECONDS = 10
WRITERS = 4
SLOWEST = 0.5
SIZES = (10_000, 1_000_000)
GROWTH = 3.0
PAGE_MILLISECONDS = 50.0
LOT = 10_000
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
WORDS = re.findall(
    "..", "地铁出口牌子写成老人容易走错尽快改正噪声扰民夜间施工垃圾分类照片文中数字没有出处江北渝中报道记者"
)
BODY = "新的地铁口在三号出口的牌子写成了二号，老人容易走错，请尽快改正。The sign is at the station near the river."


def rows() -> Iterator[Row]:
    """Accept with one writer and in turns with a bare append and sync, whose median ratio is the share."""
    for kind in GOALS:
        with _database(kind) as database, TemporaryDirectory() as folder:
            file = os.open(Path(folder) / "appended", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
            rates: dict[str, list[float]] = {"appended": [], "accepted": []}
            for number in range(ROUNDS + 1):
                for name, call in (("appended", partial(_append, file)), ("accepted", partial(_accept, database))):
                    rate = _rate(call)
                    if number:  # the first round warms up
                        rates[name].append(rate)
            os.close(file)
            shares = [ours / bare for ours, bare in zip(rates["accepted"], rates["appended"], strict=True)]
            yield Row(
                page="6 rows",
                subject=f"accepted, {kind}",
                measured=f"{statistics.median(rates['accepted']):.0f} a second",
                share=statistics.median(shares),
                goal=GOALS[kind],
                at_least=True,
            )


def paced_rows() -> Iterator[Row]:
    """Accept at an even pace from several threads; the share is the slowest of all, in seconds."""
    for kind in GOALS:
        with _database(kind) as database, ThreadPoolExecutor(WRITERS) as pool:
            taken = [second for seconds in pool.map(_paced, [database] * WRITERS) for second in seconds]
        yield Row(
            page=f"{PACE} a s",
            subject=f"slowest of {len(taken)}, {kind}",
            measured=f"{statistics.median(taken) * 1000:.1f} ms",
            share=max(taken),
            goal=SLOWEST,
        )


def growth_rows() -> Iterator[Row]:
    """List and search a box with few and with many messages; the share is many ÷ few."""
    for kind in GOALS:
        taken: dict[str, list[float]] = {}
        with _database(kind) as database:
            kept = 0
            for size in SIZES:
                _fill(database, range(kept, size))
                kept = size
                for name, call in _questions(database, size).items():
                    taken.setdefault(name, []).append(_median(call))
        for name, (few, many) in taken.items():
            yield Row(
                page=f"{SIZES[-1]:,}",
                subject=f"{name}, {kind}",
                measured=f"{many * 1000:.1f} ms",
                share=many / few,
                goal=GROWTH,
            )


def console_rows() -> Iterator[Row]:
    """Ask a full box for what pages of the console show; the share is what all SQL of a page takes, in milliseconds."""
    for kind in GOALS:
        with _database(kind) as database:
            _fill(database, range(SIZES[-1]))
            for name, call in _pages(database).items():
                took = _sql(database, call)
                yield Row(
                    page=f"{SIZES[-1]:,}",
                    subject=f"{name}, {kind}",
                    measured=f"{took:.1f} ms",
                    share=took,
                    goal=PAGE_MILLISECONDS,
                )


def _pages(database: Database) -> dict[str, Callable[[], object]]:
    """Return what reads for a page of the console; every page of the queue counts for its tabs, too."""
    home = "https://www.ichongqing.info"

    def asked(query: str) -> Filter:
        return read(MultiDict(parse_qsl(query)), me="li", home=home, now=NOW).which

    def queue(query: str, *, newest: bool = False, after: bool = False) -> Callable[[], object]:
        which, tabs = asked(query), [asked(tab.query) for tab in TABS]
        place = Place(_number(SIZES[-1] // 2)) if after else None  # it is among those that are open
        return lambda: (
            counts(database, tabs, most=COUNTED, now=NOW),
            entries(database, which, newest=newest, after=place, limit=SHOWN + 1, now=NOW),
        )

    def case() -> None:
        found = Cases(database, Vault(["key"]), load(SETTINGS)).get(_number(SIZES[-1] // 2), opened=False)
        about = Filter(states=frozenset(State) - {State.PURGED}, page=f"{home}/another")
        entries(database, about, newest=True, limit=BESIDE + 1, now=NOW)
        of_case(database, found.number)
        replies(database)

    return {
        "console, what is due": queue(""),
        "console, what is due further on": queue("", after=True),
        "console, my own": queue("assignee=me"),
        "console, overdue": queue("overdue=1"),
        "console, all, newest first": queue("state=all", newest=True),
        "console, search, found 50 times": queue("q=万分之一&state=all", newest=True),
        "console, search, found in half": queue("q=地铁&state=all", newest=True),
        "console, together by page": lambda: groups(database, Filter(), limit=SHOWN, among=AMONG, now=NOW),
        "console, a case": case,
    }


def _sql(database: Database, call: Callable[[], object]) -> float:
    """Return the milliseconds that the statements of *call* take together, with their rows fetched: the least of many.

    Whatever else the machine does only adds to it.
    """
    ran: list[tuple[str, Any]] = []

    def note(*told: Any) -> None:
        ran.append((told[2], told[3]))

    listen(database.engine, "before_cursor_execute", note)
    call()
    remove(database.engine, "before_cursor_execute", note)
    taken = []
    for _ in range(11):
        with database.engine.connect() as connection:
            start = perf_counter()
            for statement, parameters in ran:
                if statement.startswith("SELECT"):
                    connection.exec_driver_sql(statement, parameters).all()
            taken.append(perf_counter() - start)
    return min(taken) * 1000


def _questions(database: Database, size: int) -> dict[str, Callable[[], object]]:
    some = Filter(states=frozenset(State))
    ask = partial(entries, database, limit=50, now=NOW)
    return {
        "newest first": partial(ask, some, newest=True),
        "a page in the middle": partial(ask, some, newest=True, after=Place(_number(size // 2))),
        "what is due": partial(ask, Filter()),
        "search for a number": partial(ask, replace(some, search=_number(size // 2)), newest=True),
        "search, found 50 times": partial(ask, replace(some, search="万分之一"), newest=True),
        "search, found in half": partial(ask, replace(some, search="地铁"), newest=True),
    }


def _number(index: int) -> str:
    return f"CQ-20261124-{index:06}-X"


def _message(index: int, body: str, searched: str, now: datetime) -> dict[str, Any]:
    number = _number(index)
    label = f"{index:064}"
    return {
        **dict.fromkeys(("code_hash", "body_hash", "page_hash", "contact_hash", "source"), label),
        **dict.fromkeys(("created", "changed", "sender_wrote"), now),
        **{"decide_due": now + timedelta(days=3), "answer_due": now + timedelta(days=10)},
        "id": uuid7(),
        "number": number,
        "kind": "report",
        "category": "rumour",
        "language": "zh_CN",
        "body": body,
        "page": "https://www.ichongqing.info/articles/consuls-general-two-sessions",
        "contact": "sealed" * 20,
        "state": "received",
        "search": f"{terms(number)} {searched}",
    }


def _accept(database: Database, index: Iterator[int] = count()) -> None:  # noqa: B008 - counts on
    """Write what an accepted message is: its row, what it used up, its first event, two recipients to be told."""
    number, now = next(index), datetime.now(UTC)
    label = f"{number:064}"
    body = f"{BODY} {number}"
    row = _message(number, body, terms(body), now)
    happened = {"message_id": row["id"], "sequence": 1, "kind": "received", "actor": "sender", "public": True}

    def work(connection: Connection) -> None:
        used = {"key_hash": label, "request_hash": label, "message_id": row["id"], "expires": now}
        insert(connection, [(idempotency, used)])
        told = announced(row["id"], 1, ("a", "b"), now)
        begun = {**happened, "state": "received", "at": now}
        proof = {"signature_hash": label, "expires": now}
        insert(connection, [(message, row), (event, begun), *told, (used_challenge, proof)])

    database.write(work)


def _append(file: int) -> None:
    os.write(file, bytes(4096))
    os.fsync(file)


def _rate(call: Callable[[], object]) -> float:
    start = perf_counter()
    calls = 0
    while perf_counter() - start < TURN_SECONDS:
        call()
        calls += 1
    return calls / (perf_counter() - start)


def _paced(database: Database) -> list[float]:
    start = perf_counter()
    taken = []
    for turn in range(PACE * PACED_SECONDS // WRITERS):
        due = start + turn * WRITERS / PACE
        sleep(max(0.0, due - perf_counter()))
        began = perf_counter()
        _accept(database)
        taken.append(perf_counter() - began)
    return taken


def _median(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(11):
        start = perf_counter()
        call()
        taken.append(perf_counter() - start)
    return statistics.median(taken)


def _fill(database: Database, indexes: range) -> None:
    """Keep messages: one in fifty is open, half speak of the underground, 50 of one in ten thousand."""
    random = Random(len(indexes))
    bodies = ["，".join(random.sample(WORDS, 12)) for _ in range(2000)]
    texts = [(body, terms(body)) for body in bodies]
    for start in range(indexes.start, indexes.stop, LOT):
        lot = []
        for index in range(start, min(start + LOT, indexes.stop)):
            body, searched = texts[index % len(texts)]
            created = NOW - timedelta(minutes=SIZES[-1] - index)
            row = _message(index, body, searched, created)
            if index % 50:
                row["state"] = "closed"
            if index < 10_000 and not index % 200:
                row["search"] += f" {terms('万分之一')}"
            lot.append(row)
        database.write(lambda connection, lot=lot: connection.execute(inserting(message), lot))
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


@contextmanager
def _database(kind: str) -> Iterator[Database]:
    """Make an empty database of *kind*, and drop it."""
    with TemporaryDirectory() as folder:
        if kind == "sqlite":
            with closing(Database("sqlite:///bench.db", folder=Path(folder))) as database:
                yield database
            return
        server = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
        name = f"compliance_bench_{os.getpid()}"
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            url = make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)
            with closing(Database(url, folder=Path(folder))) as database:
                yield database
        finally:
            with server.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
            server.dispose()
