"""The ledger in the database: appended to, looked into, erased from, let go."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import takewhile

from sqlalchemy import Connection, delete, func, insert, select, update

from ..store import Database
from ..store.tables import consent, ledger, published
from .chain import DECISION, Entry, Head, Link, decision, erasure, record_hash

_BATCH = 2_000
_LONGEST = 1_000  # decisions of one reader that are followed
_ROW = 1  # there is one head
# Built once: for a single decision that takes as long as the disk does.
_HEAD = select(ledger).where(ledger.c.id == _ROW)
_LOCKED_HEAD = _HEAD.with_for_update()
_MOVE = update(ledger).where(ledger.c.id == _ROW)
_INSERT = insert(consent)
_NAMES = tuple(Link.__dataclass_fields__)
_COLUMNS = tuple(consent.c[name] for name in _NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One version of a document in one language, as readers could read it.

    *hash* is what the ledger knows it by: who has made it hands it over, since a text has tens of kilobytes.
    """

    name: str
    version: str
    language: str
    text: str
    hash: str = ""

    def __post_init__(self) -> None:
        """Make the hash where it was not handed over."""
        if not self.hash:
            object.__setattr__(self, "hash", self.rehashed)

    @property
    def rehashed(self) -> str:
        """The hash made anew, for who doubts the one that was kept."""
        return sha256(self.text.encode()).hexdigest()


class Ledger:
    """Every decision, in order.

    Args:
        keys: for the seal of the end, newest first; the first one seals, all of them are known.
    """

    def __init__(self, database: Database, keys: Sequence[bytes]) -> None:
        self._database = database
        self._keys = tuple(keys)
        self._kept: set[str] = set()

    def append(self, entries: Sequence[Entry], texts: Sequence[Text] = ()) -> int:
        """Append *entries* in one transaction, and keep *texts*; return how many were new.

        A record that is there already, or was erased, is left out. Raises `StoreError`.
        """
        wanted = {record_hash(entry.record): entry for entry in entries}
        fresh = {text.hash: text for text in texts if text.hash not in self._kept}
        tried = False

        def work(connection: Connection) -> int:
            nonlocal tried
            head, valid = self._locked(connection)
            # An id is random: only where it turns out that one is there already is it looked for.
            there = _known(connection, wanted) if tried else set()
            tried = True
            links: list[Link] = []
            for entry in (entry for key, entry in wanted.items() if key not in there):
                links.append(decision(entry, after=_end(links, head), salt=_salt()))
            self._extend(connection, links, head, valid)
            if fresh:
                _publish(connection, fresh, now=max(entry.time for entry in entries))
            return len(links)

        if not wanted:
            return 0
        count = self._database.write(work)
        self._kept |= fresh.keys()
        return count

    def history(self, record: str) -> list[Link]:
        """Return the rows of *record* and of the decisions that the same reader made before, the newest first.

        A row that was erased, or one whose predecessor was let go of, is the last. Raises `StoreError`.
        """
        with self._database.reading() as connection:
            return list(_history(connection, record))

    def erase(self, record: str, *, now: datetime) -> int:
        """Erase what is personal in the rows of *record* and of its reader's earlier decisions; return how many.

        Rows say that it was done. Raises `StoreError`.
        """

        def work(connection: Connection) -> int:
            head, valid = self._locked(connection)
            rows = [link.sequence for link in _history(connection, record) if link.content is not None]
            empty = {"salt": None, "content": None}
            connection.execute(update(consent).where(consent.c.sequence.in_(rows)).values(**empty))
            said: list[Link] = []
            for sequence in rows:
                said.append(erasure(sequence, now=now, after=_end(said, head), salt=_salt()))
            self._extend(connection, said, head, valid)
            return len(rows)

        count = self._database.write(work)
        if count:
            self._database.settle()
        return count

    def purge(self, before: datetime) -> Iterator[int]:
        """Let go of the rows at the head of the chain that are older than *before*; yield how many, batch by batch.

        What follows stays verifiable: the hash that it begins from is kept. Raises `StoreError`.
        """
        while count := self._database.write(lambda connection: self._purge(connection, before)):
            yield count
        self._database.settle()

    def outdated(self, before: datetime) -> int:
        """Return how many rows are older than *before*."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).where(consent.c.at < before).select_from(consent)) or 0

    def links(self, after: int = 0) -> Iterator[Link]:
        """Yield the rows after number *after*, in order; each batch is read in a transaction of its own."""
        query = select(*_COLUMNS).order_by(consent.c.sequence).limit(_BATCH)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query.where(consent.c.sequence > after)).all()
            for row in rows:
                yield Link(**row._mapping)
            if len(rows) < _BATCH:
                return
            after = rows[-1].sequence

    def head(self) -> tuple[Head | None, bool]:
        """Return where the chain ends, None where that is not written down, and whether the seal holds."""
        with self._database.reading() as connection:
            return self._head(connection)

    def renew(self) -> bool:
        """Seal the end with the newest key; return False, and leave it, where it is not sealed with any key of ours."""

        def work(connection: Connection) -> bool:
            head, valid = self._locked(connection)
            if valid:
                self._move(connection, head, valid)
            return valid

        return self._database.write(work)

    def seal(self) -> None:
        """Seal the chain as it is: for a key that is gone, once nothing else was found to be wrong."""

        def work(connection: Connection) -> None:
            head, _ = self._locked(connection)
            query = select(consent.c.sequence, consent.c.hash, consent.c.previous).limit(1)
            first = connection.execute(query.order_by(consent.c.sequence)).one_or_none()
            last = connection.execute(query.order_by(consent.c.sequence.desc())).one_or_none()
            if first and last:
                purged = {"purged": first.sequence - 1, "purged_hash": first.previous}
                head = Head(sequence=last.sequence, hash=last.hash, **purged)
            self._move(connection, head, valid=True)

        self._database.write(work)

    def length(self) -> int:
        """Return how many rows there are."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(consent)) or 0

    def text(self, hashed: str) -> Text | None:
        """Return the text that *hashed* is the hash of."""
        columns = (published.c[name] for name in Text.__dataclass_fields__)
        with self._database.reading() as connection:
            row = connection.execute(select(*columns).where(published.c.hash == hashed)).one_or_none()
        return Text(**row._mapping) if row else None

    def _extend(self, connection: Connection, links: Sequence[Link], head: Head, valid: bool) -> None:
        """Append *links* and move the *head*; a seal that did not hold does not become one that does."""
        if not links:
            return
        connection.execute(_INSERT, [{name: getattr(link, name) for name in _NAMES} for link in links])
        self._move(connection, replace(head, sequence=links[-1].sequence, hash=links[-1].hash), valid)

    def _purge(self, connection: Connection, before: datetime) -> int:
        head, valid = self._locked(connection)
        columns = (consent.c.sequence, consent.c.hash, consent.c.at)
        oldest = connection.execute(select(*columns).order_by(consent.c.sequence).limit(_BATCH)).all()
        # What waited in a spool is younger than its place: it and what follows stay until they are all old enough.
        rows = list(takewhile(lambda row: row.at < before, oldest))
        if rows:
            last = rows[-1]
            connection.execute(delete(consent).where(consent.c.sequence <= last.sequence))
            self._move(connection, replace(head, purged=last.sequence, purged_hash=last.hash), valid)
        return len(rows)

    def _locked(self, connection: Connection) -> tuple[Head, bool]:
        """Return the head and whether its seal holds, while nobody else appends."""
        head, valid = self._head(connection, lock=True)
        if head is None:
            head, valid = Head(), True
            connection.execute(insert(ledger).values(id=_ROW, **asdict(head), seal=head.seal(self._keys[0])))
        return head, valid

    def _head(self, connection: Connection, *, lock: bool = False) -> tuple[Head | None, bool]:
        row = connection.execute(_LOCKED_HEAD if lock else _HEAD).one_or_none()
        if row is None:
            return None, False
        head = Head(**{name: row._mapping[name] for name in Head.__dataclass_fields__})
        return head, head.is_sealed(row.seal, self._keys)

    def _move(self, connection: Connection, head: Head, valid: bool) -> None:
        seal = head.seal(self._keys[0]) if valid else ""
        connection.execute(_MOVE, asdict(head) | {"seal": seal})


def _history(connection: Connection, record: str) -> Iterator[Link]:
    before: str | None = record
    seen: set[str] = set()
    while before and before not in seen and len(seen) < _LONGEST:
        seen.add(before)
        query = select(*_COLUMNS).where(consent.c.record_hash == record_hash(before), consent.c.kind == DECISION)
        row = connection.execute(query).one_or_none()
        if row is None:
            return
        link = Link(**row._mapping)
        yield link
        before = link.said.get("before")


def _known(connection: Connection, hashes: Iterable[str]) -> set[str]:
    return set(connection.scalars(select(consent.c.record_hash).where(consent.c.record_hash.in_(hashes))))


def _end(links: Sequence[Link], head: Head) -> Head:
    """Return where the chain ends after *links*, or at *head* where there are none."""
    return Head(sequence=links[-1].sequence, hash=links[-1].hash) if links else head


def _publish(connection: Connection, texts: dict[str, Text], *, now: datetime) -> None:
    """Keep those of *texts*, by their hash, that are not there yet."""
    known = set(connection.scalars(select(published.c.hash).where(published.c.hash.in_(texts))))
    rows = [asdict(text) | {"kept": now} for hashed, text in texts.items() if hashed not in known]
    if rows:
        connection.execute(insert(published), rows)


def _salt() -> str:
    return secrets.token_hex(16)
