"""The ledger in the database as it is written: appended to, erased from, let go."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ..errors import StoreError
from ..store import Database, partitions
from ..store.tables import decision as decision_
from ..store.tables import ledger, period, published, tombstone
from .chain import DECISION, Entry, Head, Link, Month, decision, erasure, month, record_hash
from .ends import SealError
from .reading import MONTH, ROW, Reader, Text, month_of, written_since
from .rows import packed, said

_NOTHING: Any = {"salt": None, "content": None}
# Built once: for a single decision that takes as long as the disk does.
_INSERT = insert(decision_)


class Ledger(Reader):
    """Every decision, in order: appended to, erased from, let go."""

    def __init__(self, database: Database, keys: Sequence[bytes]) -> None:
        super().__init__(database, keys)
        self._kept: set[str] = set()
        self._months: set[int] = set()  # whose partition is there

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
            # An id is random: only where it turns out that one is there already is it looked for, or where it may be
            # there in an earlier month, of which this one knows nothing.
            there = _known(connection, wanted, oldest) if tried or waited or oldest < head.period else set()
            tried = True
            erased = _erased(connection, wanted) if waited else {}
            if waited:
                there |= _too_old(connection, wanted)
            links: list[Link] = []
            for key, entry in wanted.items():
                if key not in there:
                    links.append(decision(entry, after=_after(links, head), salt=_salt()))
            if links and newest > head.period:
                head = self._turn(connection, head, newest)
            empty = [replace(link, **_NOTHING) if link.record_hash in erased else link for link in links]
            self._extend(connection, empty, head, parts)
            for link in links:
                if at := erased.get(link.record_hash):
                    self._bury(connection, link, at)
            if fresh:
                _publish(connection, fresh, now=max(entry.time for entry in entries))
            return len(links)

        if not wanted:
            return 0
        oldest, newest = (month(pick(entry.time for entry in entries)) for pick in (min, max))
        if newest not in self._months:
            self._database.migrate()
            partitions.make(self._database, newest)
            with suppress(StoreError):  # it has time: whoever reads the table when a month begins, holds nobody up
                partitions.make(self._database, _following(newest))
            self._months.add(newest)
        parts: dict[str | None, tuple[str, str]] = {entry.content: packed(entry) for entry in wanted.values()}
        self._rows.prepare(alike for alike, _ in parts.values())
        count = self._database.write(work)
        self._kept |= fresh.keys()
        return count

    def erase(self, record: str, *, now: datetime) -> int:
        """Erase what is personal in the rows of *record* and of its reader's earlier decisions; return how many.

        Rows say that it was done. What is not here yet, because it waits on the disk of another machine, is erased when
        it comes. Raises `StoreError`, and `SealError` where the end is sealed with none of our keys.
        """
        with self._database.reading() as connection:
            began = (self._end.read(connection)[0] or Head()).period
            # Before the end is locked: a reader's rows are looked for one after the other, and others wait meanwhile.
            found, missing = self._history(connection, record)

        def work(connection: Connection) -> int:
            head = self._end.locked(connection)
            more, rest = self._history(connection, missing, first=began)  # it may just have come
            _entomb(connection, rest, now)
            return self._empty(connection, (*found, *more), head, now)

        count = self._database.write(work)
        if count:
            self._database.settle()
        return count

    def purge(self, before: datetime) -> Iterator[int]:
        """Let go of the rows at the head of the chain that are older than *before*; yield how many, batch by batch.

        A month that is older as a whole goes at once. What follows stays verifiable: the hash that it begins from is
        kept. What comes late and is as old is not kept. Raises `StoreError`, and `SealError` where the end is sealed
        with none of our keys.
        """

        def note(connection: Connection) -> None:
            self._end.locked(connection)
            connection.execute(update(ledger).where(ledger.c.id == ROW).values(let_go=before))
            connection.execute(delete(tombstone).where(tombstone.c.at < before))

        self._database.write(note)
        yield from self._let_go(
            lambda one: one.youngest is not None and one.youngest < before, lambda row: bool(row.at < before)
        )

    def let_go(self, last: int) -> Iterator[int]:
        """Let go of the months up to *last*, however young, but not of the one that is written; yield as `purge` does.

        What comes late all the same is kept with what is written then. Raises as `purge` does.
        """
        yield from self._let_go(lambda one: one.id <= last, lambda row: bool(row.period <= last))

    def renew(self) -> bool:
        """Seal the ends of all months with the newest key; return False where one is sealed with none of ours."""

        def work(connection: Connection) -> bool:
            try:
                self._end.move(connection, self._end.locked(connection))
            except SealError:
                return False
            return self._seal_months(connection, anyhow=False)

        return self._database.write(work)

    def seal(self) -> None:
        """Seal the chain as it is: for a key that is gone, once nothing else was found to be wrong."""

        def work(connection: Connection) -> None:
            head = self._end.read(connection, lock=True)[0] or self._end.locked(connection)
            query = select(decision_.c.sequence, decision_.c.hash, decision_.c.previous).limit(1)
            first = connection.execute(query.order_by(decision_.c.sequence)).one_or_none()
            last = connection.execute(query.order_by(decision_.c.sequence.desc())).one_or_none()
            if first and last:
                purged = {"purged": first.sequence - 1, "purged_hash": first.previous}
                head = replace(head, sequence=last.sequence, hash=last.hash, **purged)
            self._end.move(connection, head)
            self._seal_months(connection, anyhow=True)

        self._database.write(work)

    def _extend(
        self,
        connection: Connection,
        links: Sequence[Link],
        head: Head,
        parts: Mapping[str | None, tuple[str, str]] = {},  # only read
    ) -> None:
        """Append *links* to the month of *head*, and move it; *parts* is how their contents are packed."""
        if links:
            connection.execute(_INSERT, self._rows.values(connection, links, head.period, parts))
            times = [link.at for link in links] + ([head.youngest] if head.youngest else [])
            last = links[-1]
            self._end.move(connection, replace(head, sequence=last.sequence, hash=last.hash, youngest=max(times)))

    def _turn(self, connection: Connection, head: Head, newest: int) -> Head:
        """Seal the month of *head*, and return the same as the beginning of the month *newest*."""
        over = Month.of(head)
        if over.sequence > over.begun:
            connection.execute(insert(period).values(**asdict(over), seal=over.seal(self._keys[0]), dropped=False))
        return replace(head, period=newest, begun=head.sequence, begun_hash=head.hash, youngest=None)

    def _seal_months(self, connection: Connection, *, anyhow: bool) -> bool:
        """Seal all months that are over with the newest key; return whether all were sealed with one of ours."""
        held = True
        for row in connection.execute(select(*MONTH)).all():
            one = month_of(row)
            if anyhow or one.is_sealed(row.seal, self._keys):
                seal = one.seal(self._keys[0])
                connection.execute(update(period).where(period.c.id == one.id).values(seal=seal))
            else:
                held = False
        return held

    def _empty(self, connection: Connection, links: Iterable[Link], head: Head, now: datetime) -> int:
        """Erase what is personal in those of *links* that have it, and append that it was done; return how many."""
        there = decision_.c.sequence.in_(link.sequence for link in links), decision_.c.content.is_not(None)
        full = [link for link in reversed(self._found(connection, *there)) if link.kind == DECISION]
        numbers = self._rows.numbers(connection, (_emptied(link) for link in full))
        for link in full:
            values = {**_NOTHING, "circumstance": numbers[_emptied(link)]}
            connection.execute(update(decision_).where(decision_.c.sequence == link.sequence).values(values))
        self._tell(connection, [link.sequence for link in full], head, now)
        return len(full)

    def _tell(self, connection: Connection, rows: Iterable[int], head: Head, now: datetime) -> None:
        """Append that *rows* were erased."""
        told: list[Link] = []
        for sequence in rows:
            told.append(erasure(sequence, now=now, after=_after(told, head), salt=_salt()))
        self._extend(connection, told, head)

    def _bury(self, connection: Connection, link: Link, at: datetime) -> None:
        """Append that *link*, which has come without its content, was erased, and erase its reader's decisions before.

        *at* is when that was asked for.
        """
        self._tell(connection, [link.sequence], self._end.locked(connection), at)
        found, missing = self._history(connection, link.said["before"])
        _entomb(connection, missing, at)
        self._empty(connection, found, self._end.locked(connection), at)

    def _let_go(self, whole: Callable[[Month], bool], goes: Callable[[Any], bool]) -> Iterator[int]:
        """Let go of months that are over and go as a *whole*, and of rows at the head of the chain while one *goes*."""
        while count := self._database.write(lambda connection: self._shorten(connection, whole, goes)):
            self._drop()
            yield count
        self._database.settle()

    def _shorten(self, connection: Connection, whole: Callable[[Month], bool], goes: Callable[[Any], bool]) -> int:
        head = self._end.locked(connection)
        after = select(*MONTH).where(period.c.sequence > head.purged).order_by(period.c.id).limit(1)
        row = connection.execute(after).one_or_none()
        oldest = month_of(row) if row else None
        if (
            row
            and oldest
            and self._database.dialect in partitions.DIALECTS
            and oldest.is_sealed(row.seal, self._keys)
            and whole(oldest)
        ):
            self._end.move(connection, replace(head, purged=oldest.sequence, purged_hash=oldest.hash))
            return oldest.sequence - max(head.purged, oldest.begun)
        # What waited in a spool is younger than its place: it and what follows stay until they are all old enough.
        within = decision_.c.period == (oldest.id if oldest else head.period)
        return self._end.shorten(connection, head, decision_, goes, within)

    def _drop(self) -> None:
        """Drop the partitions of months that were let go of, also where somebody was killed before that."""
        purged = select(ledger.c.purged).where(ledger.c.id == ROW).scalar_subquery()
        with self._database.reading() as connection:
            over = select(period.c.id).where(period.c.sequence <= purged, period.c.dropped.is_(False))
            months = connection.scalars(over).all()
        for one in months:
            partitions.drop(self._database, one)
            done = update(period).where(period.c.id == one).values(dropped=True)
            self._database.write(partial(Connection.execute, statement=done))


def _following(month: int) -> int:
    return month + (89 if month % 100 == 12 else 1)


def _emptied(link: Link) -> str:
    """Return what is left of the circumstance of *link* once it is erased."""
    return said(link.kind, link.policy, link.mode)


def _erased(connection: Connection, hashes: Iterable[str]) -> dict[str, datetime]:
    """Return which of *hashes* were erased before they came, and when."""
    rows = connection.execute(select(tombstone).where(tombstone.c.record_hash.in_(hashes)))
    return {row.record_hash: row.at for row in rows}


def _too_old(connection: Connection, entries: Mapping[str, Entry]) -> set[str]:
    """Return those of *entries*, by their hash, that are as old as what was let go of."""
    before = connection.scalar(select(ledger.c.let_go).where(ledger.c.id == ROW))
    return {hashed for hashed, entry in entries.items() if before and entry.time < before}


def _entomb(connection: Connection, record: str | None, at: datetime) -> None:
    """Note that *record*, if it is any, is erased before it is here."""
    if record and not _erased(connection, [record_hash(record)]):
        connection.execute(insert(tombstone).values(record_hash=record_hash(record), at=at))


def _known(connection: Connection, hashes: Iterable[str], oldest: int) -> set[str]:
    """Return which of *hashes* are there already; *oldest* is the month of the oldest of them."""
    there = decision_.c.record_hash.in_(hashes), written_since(oldest)
    return set(connection.scalars(select(decision_.c.record_hash).where(*there)))


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
