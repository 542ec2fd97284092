"""A chain read again beside the requests of a server: how far that is stands in the database, for every process."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from ..errors import StoreError
from ..store import Database
from ..store.staff import verification
from .chain import Chained
from .verification import Book, Finding, Walk

T = TypeVar("T", bound=Chained)
R = TypeVar("R", bound=Chained, covariant=True)

log = logging.getLogger("compliance")

#: Which chain is read, by the number of the row that says how far that is.
LEDGER, TRAIL = 1, 2
_MOST = 100  # findings that are listed
_PACE = 1.0  # seconds between two notes of how far it is
#: What was at work no later than this ago is at work.
_SILENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One reading of a whole chain: by whom, how far it is, and what was found once it has *ended*.

    *more* findings are not listed; *end* is the last row that was read, by its number and hash.
    """

    actor: str
    begun: datetime
    seen: datetime
    ended: datetime | None
    rows: int
    length: int
    findings: tuple[Finding, ...]
    more: int
    end: str

    def is_at_work(self, now: datetime) -> bool:
        """Return whether it goes on; one that has not ended and does not has broken off."""
        return self.ended is None and now - self.seen < _SILENCE


class Counted(Book[R], Protocol[R]):
    """What keeps a chain, and knows how long it is."""

    def length(self) -> int:
        """Return how many rows there are."""


class Rounds(Generic[T]):
    """Reads *book* again in a thread of its own, one at a time on the whole site.

    Args:
        row: which chain it is, `LEDGER` or `TRAIL`.
        verify: tells what is wrong with the rows of a walk.
        clock: tells the time.
    """

    def __init__(
        self,
        database: Database,
        row: int,
        book: Counted[T],
        verify: Callable[[Walk[T], Iterable[T]], Iterator[Finding]],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._row = row
        self._book = book
        self._verify = verify
        self._clock = clock
        self._here = verification.c.id == row
        self._thread: threading.Thread | None = None

    def latest(self) -> Round | None:
        """Return the last one, or the one that is at work. Raises `StoreError`."""
        with self._database.reading() as connection:
            row = connection.execute(select(verification).where(self._here)).mappings().one_or_none()
        if row is None:
            return None
        findings = tuple(Finding(**one) for one in json.loads(row["findings"]))
        return Round(**{**{name: row[name] for name in Round.__dataclass_fields__}, "findings": findings})

    def begin(self, actor: str, done: Callable[[Round], None]) -> bool:
        """Begin one for *actor*, and call *done* with it at its end; return False where one is at work.

        Raises `StoreError`.
        """
        now, length = self._clock(), self._book.length()
        found = self.latest()
        if found and found.is_at_work(now):
            return False
        row = {"id": self._row, "actor": actor, "begun": now, "seen": now, "rows": 0, "length": length}
        row |= {"ended": None, "more": 0, "findings": "[]", "end": ""}

        def work(connection: Connection) -> None:
            connection.execute(delete(verification).where(self._here))
            connection.execute(insert(verification).values(row))

        self._database.write(work)
        self._thread = threading.Thread(target=self._read, args=(done,), name="compliance-verification", daemon=True)
        self._thread.start()
        return True

    def settle(self) -> None:
        """Wait until the one that this process has begun is over."""
        if self._thread:
            self._thread.join()

    def _read(self, done: Callable[[Round], None]) -> None:
        try:
            walk = Walk(self._book)
            found = self._verify(walk, self._noted(walk))
            listed = [{"reason": one.reason, "sequence": one.sequence} for one in islice(found, _MOST)]
            more = sum(1 for _ in found)
            end = f"{walk.end.sequence}:{walk.end.hash}" if walk.end else ""
            now = self._clock()
            self._note(rows=walk.rows, ended=now, seen=now, findings=json.dumps(listed), more=more, end=end)
            if latest := self.latest():
                done(latest)
        except StoreError as error:  # the page says that it broke off
            log.error("Compliance: a chain could not be read to its end: %s", error.reason)

    def _noted(self, walk: Walk[T]) -> Iterator[T]:
        """Yield the rows of *walk*, and note now and then how far that is."""
        last = time.monotonic()
        for link in walk:
            if time.monotonic() - last >= _PACE:
                self._note(rows=walk.rows, seen=self._clock())
                last = time.monotonic()
            yield link

    def _note(self, **values: object) -> None:
        noted = update(verification).where(self._here).values(**values)
        self._database.write(lambda connection: connection.execute(noted))
