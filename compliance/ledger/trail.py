"""The trail: what was done in the console, and by whom, as rows of a chain that shows later changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select

from ..store import Database
from ..store.staff import act
from ..vault import Vault
from .chain import Head, canonical
from .ends import BATCH, End, SealError

_ROW = 2  # the end of the ledger is 1
_INSERT = insert(act)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One row: who did what to what, and when.

    *actor* is the name of an account, empty where nobody was signed in; *detail* is JSON. What a reader wrote, or is
    called, stands in none.
    """

    sequence: int
    at: datetime
    actor: str
    role: str
    action: str
    about: str
    network: str
    detail: str
    previous: str
    hash: str

    @property
    def said(self) -> Mapping[str, Any]:
        """The detail, read."""
        found: Mapping[str, Any] = json.loads(self.detail)
        return found

    @property
    def fault(self) -> str | None:
        """`changed` where the row is not what was hashed."""
        return None if self.hash == _hash(self) else "changed"


_COLUMNS = tuple(act.c[name] for name in Act.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """Which acts; what is left empty does not matter."""

    actor: str = ""
    action: str = ""
    about: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Trail:
    """The trail of one site; *vault* has the keys for the seal of its end."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._end = End(_ROW, vault.keys("trail"), "flask compliance staff verify --seal")

    def append(
        self,
        action: str,
        *,
        actor: str,
        role: str = "",
        about: str = "",
        network: str = "",
        detail: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> None:
        """Append an act; within `Database.together` it is of the same transaction as what was done.

        Raises `StoreError`, and `SealError` where the end is sealed with none of our keys.
        """

        def work(connection: Connection) -> None:
            head = self._end.locked(connection)
            made = Act(
                sequence=head.sequence + 1,
                at=now,
                actor=actor,
                role=role,
                action=action,
                about=about,
                network=network,
                detail=canonical(detail or {}),
                previous=head.hash,
                hash="",
            )
            made = replace(made, hash=_hash(made))
            connection.execute(_INSERT, {name: getattr(made, name) for name in Act.__dataclass_fields__})
            self._end.move(connection, replace(head, sequence=made.sequence, hash=made.hash))

        self._database.write(work)

    def latest(self, which: Acts, *, before: int | None = None, limit: int) -> list[Act]:
        """Return the last *limit* acts before the one of that number, the latest first. Raises `StoreError`."""
        query = select(*_COLUMNS).order_by(act.c.sequence.desc()).limit(limit)
        wanted: list[tuple[object, Callable[[], ColumnElement[bool]]]] = [
            (which.actor, lambda: act.c.actor == which.actor),
            (which.action, lambda: act.c.action == which.action),
            (which.about, lambda: act.c.about == which.about),
            (which.since, lambda: act.c.at >= which.since),
            (which.until, lambda: act.c.at < which.until),
            (before, lambda: act.c.sequence < before),
        ]
        with self._database.reading() as connection:
            rows = connection.execute(query.where(*(condition() for asked, condition in wanted if asked))).all()
        return [Act(**row._mapping) for row in rows]

    def links(self, after: int = 0, *, last: int | None = None) -> Iterator[Act]:
        """Yield the acts after number *after*, up to *last*, in order; each batch in a transaction of its own."""
        query = select(*_COLUMNS).order_by(act.c.sequence).limit(BATCH)
        if last is not None:
            query = query.where(act.c.sequence <= last)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query.where(act.c.sequence > after)).all()
            for row in rows:
                yield Act(**row._mapping)
            if len(rows) < BATCH:
                return
            after = rows[-1].sequence

    def outdated(self, before: datetime) -> int:
        """Return how many acts are older than *before*."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).where(act.c.at < before)) or 0

    def purge(self, before: datetime) -> Iterator[int]:
        """Let go of what is older than *before*, and yield how many acts each time that was written down.

        The chain goes on from the last of them. Raises `StoreError`, and `SealError` where the end is sealed with none
        of our keys.
        """

        def work(connection: Connection) -> int:
            return self._end.shorten(connection, self._end.locked(connection), act, lambda row: bool(row.at < before))

        while count := self._database.write(work):
            yield count
        self._database.settle()

    def begin(self) -> datetime | None:
        """Return when the first act was done that is still here, None where there is none."""
        with self._database.reading() as connection:
            return connection.scalar(select(act.c.at).order_by(act.c.sequence).limit(1))

    def span(self, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """Return the number before the first act from *since* on, and that of the last one before *until*."""
        number = act.c.sequence
        first = select(func.min(number)).where(*([act.c.at >= since] if since else []))
        last = select(func.max(number)).where(*([act.c.at < until] if until else []))
        with self._database.reading() as connection:
            begin, end = connection.scalar(first), connection.scalar(last)
        return (begin - 1, end) if begin and end else (0, 0)

    def head(self) -> tuple[Head | None, bool]:
        """Return where the chain ends, None where that is not written down, and whether the seal holds."""
        with self._database.reading() as connection:
            return self._end.read(connection)

    def renew(self) -> bool:
        """Seal the end with the newest key; return False, and leave it, where it is sealed with no key of ours."""
        try:
            self._database.write(lambda connection: self._end.move(connection, self._end.locked(connection)))
        except SealError:
            return False
        return True

    def seal(self) -> None:
        """Seal the end as it is: for a key that is gone, once nothing else was found to be wrong."""

        def work(connection: Connection) -> None:
            head, _ = self._end.read(connection, lock=True)
            self._end.move(connection, head or self._end.locked(connection))

        self._database.write(work)

    def length(self) -> int:
        """Return how many acts there are."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(act)) or 0


def _hash(row: Act) -> str:
    time = row.at.astimezone(UTC).isoformat()
    said = [row.sequence, time, row.actor, row.role, row.action, row.about, row.network, row.detail, row.previous]
    return hashlib.sha256(canonical(said).encode()).hexdigest()
