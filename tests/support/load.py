"""Servers of one site that take messages and decisions; what they acknowledged is held against what is kept."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count, takewhile
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import select

from compliance.haste import haste
from compliance.ledger import Ledger, Recorder, Spool, verify
from compliance.ledger.chain import record_hash
from compliance.messages import Intake, Submission
from compliance.settings import load as settings
from compliance.store import Database, StoreError, tables
from compliance.vault import Vault

from .decisions import KEY, PRIVACY, entry
from .delivery import ASKED, until
from .host import SETTINGS

PATIENCE = 1.0  # seconds that a server waits for a lock; for an answer it waits three times as long, five at most
T = TypeVar("T")
_CLIENTS = 2  # of each kind, for each server


class Site:
    """One of the servers: with connections and a disk of its own."""

    def __init__(self, url: str, folder: Path, *, pooler: bool = False, patience: float = PATIENCE) -> None:
        self.database = Database(url, folder=folder, patience=patience, pooler=pooler)
        self.intake = Intake(self.database, Vault(["a key"]), settings(SETTINGS))
        self.recorder = Recorder(Ledger(self.database, [KEY]), Spool(folder / "spool"))

    def send(self, text: str) -> str:
        """Take a message, the same one however often it is sent; return its receipt."""
        told = Submission(**{name: getattr(ASKED, name) for name in ASKED.__slots__} | {"body": text})
        with haste():
            return self.intake.accept(told, key=text, proof=None, source=text, now=datetime.now(UTC)).number

    def decide(self, record: str) -> bool:
        """Take a decision; return whether it is kept."""
        return self.recorder.record(entry(record=record, time=datetime.now(UTC)), [PRIVACY])


@contextmanager
def closed(sites: Iterable[Site]) -> Iterator[list[Site]]:
    """Hand out *sites*, and close their connections at the end."""
    with ExitStack() as stack:
        made = list(sites)
        for site in made:
            stack.callback(site.database.close)
        yield made


class Load:
    """Readers of every one of *sites*, each with one thing after the other.

    Who is not told that a message is kept sends it again, as the script of the form does.
    """

    def __init__(self, sites: Sequence[Site]) -> None:
        self.sites = sites
        self.receipts: dict[str, str] = {}
        self.decisions: set[str] = set()
        #: What was told to senders, by server.
        self.told: list[set[str]] = [set() for _ in sites]
        self.longest = 0.0
        self._taken: Counter[tuple[int, str]] = Counter()
        self._over = threading.Event()
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        work = [
            (run, place, client)
            for place in range(len(self.sites))
            for client in range(_CLIENTS)
            for run in (self._send, self._decide)
        ]
        self._pool = ThreadPoolExecutor(len(work))
        self._work = [self._pool.submit(*one) for one in work]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for work in self._work:
            work.result(timeout=60)
        self._pool.shutdown()

    def until(self, more: int, places: Iterable[int] = ()) -> None:
        """Return when each server, or each at *places*, has acknowledged so many *more* messages and decisions."""
        wanted = [(place, kind) for place in places or range(len(self.sites)) for kind in ("message", "decision")]
        with self._changed:
            before = self._taken.copy()

            def enough() -> bool:
                return self._failed() or all(self._taken[one] >= before[one] + more for one in wanted)

            assert self._changed.wait_for(enough, timeout=90), (before, self._taken, self.told)

    def until_told(self, place: int, text: str) -> None:
        """Return when a sender at the server *place* was told something with *text* in it."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(text in told for told in self.told[place]), 60), self.told

    def check(self, *databases: Database) -> None:
        """Assert that each of *databases* has all that was acknowledged, once, and a chain that is whole."""
        for site in self.sites:
            until(site.recorder.settle)
        for database in databases:
            with database.reading() as connection:
                kept = connection.execute(select(tables.message.c.body, tables.message.c.number)).all()
                records = Counter(connection.scalars(select(tables.decision.c.record_hash)))
            assert len(kept) == len({row.body for row in kept})
            assert {row.body: row.number for row in kept}.items() >= self.receipts.items()
            assert set(records) >= set(map(record_hash, self.decisions))
            assert set(records.values()) == {1}
            assert list(verify(Ledger(database, [KEY]))) == []

    def _send(self, place: int, client: int) -> None:
        for number in self._numbers():
            text = f"第{place}台服务器，第{client}位读者，第{number}条留言"
            while not self._over.is_set():
                try:
                    receipt = self._timed(self.sites[place].send, text)
                except StoreError as error:
                    with self._changed:
                        self.told[place].add(str(error))
                        self._changed.notify_all()
                    self._over.wait(0.05)
                else:
                    self.receipts[text] = receipt
                    self._count(place, "message")
                    break

    def _decide(self, place: int, client: int) -> None:
        for number in self._numbers():
            record = f"{place}-{client}-{number}"
            assert self._timed(self.sites[place].decide, record)
            self.decisions.add(record)
            self._count(place, "decision")
            self._over.wait(0.02)  # a disk takes thousands where the database is away

    def _numbers(self) -> Iterator[int]:
        yield from takewhile(lambda _: not self._over.is_set(), count())

    def _timed(self, work: Callable[[str], T], what: str) -> T:
        begun = monotonic()
        try:
            return work(what)
        finally:
            self.longest = max(self.longest, monotonic() - begun)

    def _count(self, place: int, kind: str) -> None:
        with self._changed:
            self._taken[place, kind] += 1
            self._changed.notify_all()

    def _failed(self) -> bool:
        return any(work.done() and work.exception() for work in self._work)
