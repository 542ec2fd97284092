"""The ledger in the database: appended to, looked into, erased from, let go."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from ..store import Database
from ..store.tables import consent, ledger, published, tombstone
from .chain import DECISION, Entry, Head, Link, decision, erasure, record_hash
from .ends import End, SealError

_BATCH = 2_000
_LONGEST = 1_000  # decisions of one reader that are followed
_ROW = 1  # its end; that of the trail is 2
_NOTHING: Any = {"salt": None, "content": None}
# Built once: for a single decision that takes as long as the disk does.
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
        self._end = End(_ROW, keys)
        self._kept: set[str] = set()

    def append(
        self, entries: Sequence[Entry], texts: Sequence[Text] = (), *, late: Callable[[], bool] = lambda: False
    ) -> int:
        """Append *entries* in one transaction, and keep *texts*; return how many were new.

        A record that is there already, or was erased, is left out. Raises `StoreError`, and `SealError` where the
        end is sealed with none of our keys.

        Args:
            late: whether they have come to wait by the time that it is their turn, as for `append_late`.
        """
        return self._append(entries, texts, late)

    def append_late(self, entries: Sequence[Entry], texts: Sequence[Text] = ()) -> int:
        """Append *entries* that waited somewhere: in the meantime their readers may have had them erased.

        Of those the row says that there was a decision, and nothing else; what is older than what was let go of is
        left out. Raises as `append` does.
        """
        return self._append(entries, texts, lambda: True)

    def _append(self, entries: Sequence[Entry], texts: Sequence[Text], late: Callable[[], bool]) -> int:
        wanted = {record_hash(entry.record): entry for entry in entries}
        fresh = {text.hash: text for text in texts if text.hash not in self._kept}
        tried = False

        def work(connection: Connection) -> int:
            nonlocal tried
            head = self._end.locked(connection)
            waited = late()
            # An id is random: only where it turns out that one is there already is it looked for.
            there = _known(connection, wanted) if tried else set()
            tried = True
            erased = _erased(connection, wanted) if waited else {}
            if waited:
                there |= _too_old(connection, wanted)
            links: list[Link] = []
            for key, entry in wanted.items():
                if key not in there:
                    links.append(decision(entry, after=_after(links, head), salt=_salt()))
            empty = [replace(link, **_NOTHING) if link.record_hash in erased else link for link in links]
            self._extend(connection, empty, head)
            for link in links:
                if at := erased.get(link.record_hash):
                    self._bury(connection, link, at)
            if fresh:
                _publish(connection, fresh, now=max(entry.time for entry in entries))
            return len(links)

        if not wanted:
            return 0
        count = self._database.write(work)
        self._kept |= fresh.keys()
        return count

    def history(self, record: str, *, most: int = _LONGEST) -> list[Link]:
        """Return the rows of *record* and of the decisions that the same reader made before, the newest first.

        A row that was erased, or one whose predecessor was let go of, is the last. Each is looked for by itself, no
        more than *most* of them. Raises `StoreError`.
        """
        with self._database.reading() as connection:
            return _history(connection, record, most=most)[0]

    def row(self, number: int) -> Link | None:
        """Return the row of that *number*, None where it was let go of, or never was. Raises `StoreError`."""
        return next(self.links(number - 1, last=number), None)

    def erase(self, record: str, *, now: datetime) -> int:
        """Erase what is personal in the rows of *record* and of its reader's earlier decisions; return how many.

        Rows say that it was done. What is not here yet, because it waits on the disk of another machine, is erased when
        it comes. Raises `StoreError`, and `SealError` where the end is sealed with none of our keys.
        """
        with self._database.reading() as connection:
            # Before the end is locked: a reader's rows are looked for one after the other, and others wait meanwhile.
            found, missing = _history(connection, record)

        def work(connection: Connection) -> int:
            head = self._end.locked(connection)
            more, rest = _history(connection, missing)  # it may just have come
            _entomb(connection, rest, now)
            return self._empty(connection, [link.sequence for link in (*found, *more)], head, now)

        count = self._database.write(work)
        if count:
            self._database.settle()
        return count

    def purge(self, before: datetime) -> Iterator[int]:
        """Let go of the rows at the head of the chain that are older than *before*; yield how many, batch by batch.

        What follows stays verifiable: the hash that it begins from is kept. What comes late and is as old is not kept.
        Raises `StoreError`, and `SealError` where the end is sealed with none of our keys.
        """
        while count := self._database.write(lambda connection: self._purge(connection, before)):
            yield count
        self._database.settle()

    def outdated(self, before: datetime) -> int:
        """Return how many rows are older than *before*."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).where(consent.c.at < before).select_from(consent)) or 0

    def links(self, after: int = 0, *, last: int | None = None) -> Iterator[Link]:
        """Yield the rows after number *after*, up to *last*, in order; each batch in a transaction of its own."""
        query = select(*_COLUMNS).order_by(consent.c.sequence).limit(_BATCH)
        if last is not None:
            query = query.where(consent.c.sequence <= last)
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
            return self._end.read(connection)

    def renew(self) -> bool:
        """Seal the end with the newest key; return False, and leave it, where it is not sealed with any key of ours."""

        try:
            self._database.write(lambda connection: self._end.move(connection, self._end.locked(connection)))
        except SealError:
            return False
        return True

    def seal(self) -> None:
        """Seal the chain as it is: for a key that is gone, once nothing else was found to be wrong."""

        def work(connection: Connection) -> None:
            head = self._end.read(connection, lock=True)[0] or self._end.locked(connection)
            query = select(consent.c.sequence, consent.c.hash, consent.c.previous).limit(1)
            first = connection.execute(query.order_by(consent.c.sequence)).one_or_none()
            last = connection.execute(query.order_by(consent.c.sequence.desc())).one_or_none()
            if first and last:
                purged = {"purged": first.sequence - 1, "purged_hash": first.previous}
                head = Head(sequence=last.sequence, hash=last.hash, **purged)
            self._end.move(connection, head)

        self._database.write(work)

    def length(self, after: Head | None = None) -> int:
        """Return how many rows there are, or how many after that one: by the head, since they are not counted."""
        head = self.head()[0] or Head()
        return head.sequence - max(head.purged, after.sequence if after else 0)

    def has(self, row: Head) -> bool:
        """Return whether a row is there by its number and hash, or was the last of those that were let go of."""
        with self._database.reading() as connection:
            hashed = connection.scalar(select(consent.c.hash).where(consent.c.sequence == row.sequence))
            head = self._end.read(connection)[0] or Head()
        return row.hash in (hashed, head.purged_hash if row.sequence == head.purged else None)

    def text(self, hashed: str) -> Text | None:
        """Return the text that *hashed* is the hash of."""
        columns = (published.c[name] for name in Text.__dataclass_fields__)
        with self._database.reading() as connection:
            row = connection.execute(select(*columns).where(published.c.hash == hashed)).one_or_none()
        return Text(**row._mapping) if row else None

    def _extend(self, connection: Connection, links: Sequence[Link], head: Head) -> None:
        """Append *links* and move the *head*."""
        if links:
            connection.execute(_INSERT, [{name: getattr(link, name) for name in _NAMES} for link in links])
            self._end.move(connection, replace(head, sequence=links[-1].sequence, hash=links[-1].hash))

    def _empty(self, connection: Connection, rows: Iterable[int], head: Head, now: datetime) -> int:
        """Erase what is personal in those of *rows* that have it, and append that it was done; return how many."""
        there = consent.c.sequence.in_(rows), consent.c.kind == DECISION, consent.c.content.is_not(None)
        full = connection.scalars(select(consent.c.sequence).where(*there).order_by(consent.c.sequence.desc())).all()
        connection.execute(update(consent).where(consent.c.sequence.in_(full)).values(**_NOTHING))
        self._tell(connection, full, head, now)
        return len(full)

    def _tell(self, connection: Connection, rows: Iterable[int], head: Head, now: datetime) -> None:
        """Append that *rows* were erased."""
        said: list[Link] = []
        for sequence in rows:
            said.append(erasure(sequence, now=now, after=_after(said, head), salt=_salt()))
        self._extend(connection, said, head)

    def _bury(self, connection: Connection, link: Link, at: datetime) -> None:
        """Append that *link*, which has come without its content, was erased, and erase its reader's decisions before.

        *at* is when that was asked for.
        """
        self._tell(connection, [link.sequence], self._end.locked(connection), at)
        found, missing = _history(connection, link.said["before"])
        _entomb(connection, missing, at)
        self._empty(connection, [before.sequence for before in found], self._end.locked(connection), at)

    def _purge(self, connection: Connection, before: datetime) -> int:
        head = self._end.locked(connection)
        columns = (consent.c.sequence, consent.c.hash, consent.c.at)
        oldest = connection.execute(select(*columns).order_by(consent.c.sequence).limit(_BATCH)).all()
        # What waited in a spool is younger than its place: it and what follows stay until they are all old enough.
        rows = list(takewhile(lambda row: row.at < before, oldest))
        connection.execute(update(ledger).where(ledger.c.id == _ROW).values(let_go=before))
        connection.execute(delete(tombstone).where(tombstone.c.at < before))
        if rows:
            last = rows[-1]
            connection.execute(delete(consent).where(consent.c.sequence <= last.sequence))
            self._end.move(connection, replace(head, purged=last.sequence, purged_hash=last.hash))
        return len(rows)


def _row(connection: Connection, record: str) -> Link | None:
    query = select(*_COLUMNS).where(consent.c.record_hash == record_hash(record), consent.c.kind == DECISION)
    row = connection.execute(query).one_or_none()
    return Link(**row._mapping) if row else None


def _history(connection: Connection, record: str | None, *, most: int = _LONGEST) -> tuple[list[Link], str | None]:
    """Return the rows of *record* and of the decisions before it, and the id of the first that is not there, if any."""
    before = record
    found: dict[str, Link] = {}
    while before and before not in found and len(found) < most:
        link = _row(connection, before)
        if link is None:
            return list(found.values()), before
        found[before] = link
        before = link.said.get("before")
    return list(found.values()), None


def _erased(connection: Connection, hashes: Iterable[str]) -> dict[str, datetime]:
    """Return which of *hashes* were erased before they came, and when."""
    rows = connection.execute(select(tombstone).where(tombstone.c.record_hash.in_(hashes)))
    return {row.record_hash: row.at for row in rows}


def _too_old(connection: Connection, entries: Mapping[str, Entry]) -> set[str]:
    """Return those of *entries*, by their hash, that are as old as what was let go of."""
    before = connection.scalar(select(ledger.c.let_go).where(ledger.c.id == _ROW))
    return {hashed for hashed, entry in entries.items() if before and entry.time < before}


def _entomb(connection: Connection, record: str | None, at: datetime) -> None:
    """Note that *record*, if it is any, is erased before it is here."""
    if record and not _erased(connection, [record_hash(record)]):
        connection.execute(insert(tombstone).values(record_hash=record_hash(record), at=at))


def _known(connection: Connection, hashes: Iterable[str]) -> set[str]:
    return set(connection.scalars(select(consent.c.record_hash).where(consent.c.record_hash.in_(hashes))))


def _after(links: Sequence[Link], head: Head) -> Head:
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
