"""The ledger in the database as it is read: its rows, its months and its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, literal, or_, select

from ..store import Database
from ..store.tables import decision, ledger, period, published
from .chain import DECISION, ERASURE, Head, Link, Month, month, record_hash
from .ends import BATCH, End
from .rows import COLUMNS, Rows

ROW = 3  # its end; that of the trail is 2, that of earlier versions 1
MONTH = (*(period.c[name] for name in Month.__dataclass_fields__), period.c.seal)
_LONGEST = 1_000  # decisions of one reader that are followed
_ROWS = select(*COLUMNS).order_by(decision.c.sequence).limit(BATCH)


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


class Reader:
    """Every decision, in order.

    Args:
        keys: for the seal of the end, newest first; the first one seals, all of them are known.
    """

    def __init__(self, database: Database, keys: Sequence[bytes]) -> None:
        self._database = database
        self._keys = tuple(keys)
        self._end = End(ROW, keys)
        self._rows = Rows(database)

    def history(self, record: str, *, most: int = _LONGEST, since: datetime | None = None) -> list[Link]:
        """Return the rows of *record* and of the decisions that the same reader made before, the newest first.

        A row that was erased, or one whose predecessor was let go of, is the last. Each is looked for by itself, no
        more than *most* of them; the first not in months before *since*, where that is known. Raises `StoreError`.
        """
        with self._database.reading() as connection:
            return self._history(connection, record, most=most, first=month(since) if since else 0)[0]

    def row(self, number: int) -> Link | None:
        """Return the row of that *number*, None where it was let go of, or never was. Raises `StoreError`."""
        return next(self.links(number - 1, last=number), None)

    def outdated(self, before: datetime) -> int:
        """Return how many rows are older than *before*, as far as they were written in the order of their times."""
        with self._database.reading() as connection:
            head = self._end.read(connection)[0] or Head()
            low, high = head.purged, head.sequence
            query = select(decision.c.at).order_by(decision.c.sequence).limit(1)
            while low < high:
                middle = (low + high + 1) // 2
                at = connection.scalar(query.where(decision.c.sequence >= middle))
                low, high = (middle, high) if at and at < before else (low, middle - 1)
            return low - head.purged

    def links(self, after: int = 0, *, last: int | None = None) -> Iterator[Link]:
        """Yield the rows after number *after*, up to *last*, in order; each batch in a transaction of its own."""
        query = _ROWS if last is None else _ROWS.where(decision.c.sequence <= last)
        begun = select(func.min(period.c.id)).where(period.c.sequence > after).scalar_subquery()
        current: Any = select(ledger.c.period).where(ledger.c.id == ROW).scalar_subquery()
        with self._database.reading() as connection:
            here, now = connection.execute(select(begun, current)).one()
            if now is None:  # somebody took the end away
                now = connection.scalar(select(func.max(decision.c.period)))
                current = literal(now)
        here = now if here is None else here
        while here is not None:
            later = select(func.min(period.c.id)).where(period.c.id > here).scalar_subquery()
            within = query.where(decision.c.period == here)
            with self._database.reading() as connection:
                # Which month comes next is asked before the rows: then one that is over is read to its end.
                upcoming, now = connection.execute(select(later, current)).one()
                rows = connection.execute(within.where(decision.c.sequence > after)).all()
                links = self._rows.links(connection, rows)
            yield from links
            if rows:
                after = links[-1].sequence
            if len(rows) < BATCH:
                upcoming = now if upcoming is None and now is not None and now > here else upcoming
                here = upcoming

    def months(self) -> list[tuple[Month, bool]]:
        """Return the months that are over, in order, and the one that is written; of each whether its seal holds."""
        with self._database.reading() as connection:
            rows = connection.execute(select(*MONTH).order_by(period.c.id)).all()
            head, sealed = self._end.read(connection)
        months = [(month_of(row), row.seal) for row in rows]
        found = [(one, one.is_sealed(seal, self._keys)) for one, seal in months]
        return [*found, *([(Month.of(head), sealed)] if head and head.sequence > head.begun else [])]

    def is_erased(self, sequence: int) -> bool:
        """Return whether a row says that the content of row *sequence* was erased."""
        hashed = record_hash(f"erased {sequence}")
        with self._database.reading() as connection:
            found = self._found(connection, decision.c.record_hash == hashed)
        return any(link.kind == ERASURE and link.said.get("erased") == sequence for link in found)

    def head(self) -> tuple[Head | None, bool]:
        """Return where the chain ends, None where that is not written down, and whether the seal holds."""
        with self._database.reading() as connection:
            return self._end.read(connection)

    def length(self, after: Head | None = None) -> int:
        """Return how many rows there are, or how many after that one: by the head, since they are not counted."""
        head = self.head()[0] or Head()
        return head.sequence - max(head.purged, after.sequence if after else 0)

    def has(self, row: Head) -> bool:
        """Return whether a row is there by its number and hash, or was the last of those that were let go of."""
        with self._database.reading() as connection:
            hashed = connection.scalar(select(decision.c.hash).where(decision.c.sequence == row.sequence))
            head = self._end.read(connection)[0] or Head()
        return row.hash in (hashed, head.purged_hash if row.sequence == head.purged else None)

    def text(self, hashed: str) -> Text | None:
        """Return the text that *hashed* is the hash of."""
        columns = (published.c[name] for name in Text.__dataclass_fields__)
        with self._database.reading() as connection:
            row = connection.execute(select(*columns).where(published.c.hash == hashed)).one_or_none()
        return Text(**row._mapping) if row else None

    def _found(self, connection: Connection, *conditions: Any) -> list[Link]:
        """Return the rows for which *conditions* hold, in order."""
        query = select(*COLUMNS).where(*conditions).order_by(decision.c.sequence)
        return self._rows.links(connection, connection.execute(query).all())

    def _history(
        self, connection: Connection, record: str | None, *, most: int = _LONGEST, first: int = 0
    ) -> tuple[list[Link], str | None]:
        """Return the rows of *record* and of the decisions before it, and the id of the first that is not there.

        That of *record* itself is looked for in the month *first* and later ones.
        """
        before = record
        found: dict[str, Link] = {}
        within = [written_since(first)] if first else []
        while before and before not in found and len(found) < most:
            rows = self._found(connection, decision.c.record_hash == record_hash(before), *within)
            within = []  # when the ones before were decided is not known
            link = next((row for row in rows if row.kind == DECISION), None)
            if link is None:
                return list(found.values()), before
            found[before] = link
            before = link.said.get("before")
        return list(found.values()), None


def written_since(first: int) -> ColumnElement[bool]:
    """Return where a decision of the month *first* may be: there, later if it came late, or among those of no month."""
    return or_(decision.c.period >= first, decision.c.period == 0)


def month_of(row: Row[Any]) -> Month:
    """Return what *row*, of `MONTH`, says."""
    return Month(**{name: row._mapping[name] for name in Month.__dataclass_fields__})
