"""Where a chain ends: the one row that whoever appends locks, sealed with a key that is not in the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from ..errors import Message
from ..store import RefusedError
from ..store.tables import ledger
from .chain import Head

#: Rows that are read, or let go of, at once.
BATCH = 2_000
_TOLD = ("sequence", "hash", "at", "period")  # by which it is known whether a row goes
_REMEDY = "flask compliance consents verify --seal"


class SealError(RefusedError):
    """The end of a chain is sealed with no key of ours: whoever cannot check a seal changes nothing under it."""

    def __init__(self, remedy: str = _REMEDY) -> None:
        super().__init__(
            Message(
                "the end of the ledger is sealed with a key that is not here, or was changed: give this machine the key"
                " that the others have (COMPLIANCE_KEYS, else SECRET_KEY and SECRET_KEY_FALLBACKS) and start it again;"
                " where that key is gone for good, run `%(remedy)s`",
                remedy=remedy,
            )
        )


class End:
    """The end of one chain.

    Args:
        row: which chain, by the number that its end has.
        keys: for the seal, newest first; the first one seals, all of them are known.
        remedy: the command that seals the chain anew where its key is gone.
    """

    def __init__(self, row: int, keys: Sequence[bytes], remedy: str = _REMEDY) -> None:
        self._keys = tuple(keys)
        self._remedy = remedy
        # Built once: for a single row that takes as long as the disk does.
        self._query = select(ledger).where(ledger.c.id == row)
        self._locking = self._query.with_for_update()
        self._update = update(ledger).where(ledger.c.id == row)
        self._insert = insert(ledger).values(id=row)

    def locked(self, connection: Connection) -> Head:
        """Return the head, while nobody else appends; `SealError` where it is sealed with none of our keys."""
        head, valid = self.read(connection, lock=True)
        if head is None:
            head, valid = Head(), True
            connection.execute(self._insert.values(**asdict(head), seal=head.seal(self._keys[0])))
        if not valid:
            raise SealError(self._remedy)
        return head

    def read(self, connection: Connection, *, lock: bool = False) -> tuple[Head | None, bool]:
        """Return the head, None where it is not written down, and whether the seal holds."""
        row = connection.execute(self._locking if lock else self._query).one_or_none()
        if row is None:
            return None, False
        head = Head(**{name: row._mapping[name] for name in Head.__dataclass_fields__})
        return head, head.is_sealed(row.seal, self._keys)

    def shorten(
        self, connection: Connection, head: Head, table: Table, goes: Callable[[Any], bool], *within: Any
    ) -> int:
        """Let go of the first rows of *table*, up to `BATCH` while one *goes*, and note it; return how many.

        Which row was the last of them is sealed with the end, so that the chain is verified from there on. *within*:
        conditions by which the database finds the first rows sooner.
        """
        columns = (column for column in table.c if column.name in _TOLD)
        query = select(*columns).where(table.c.sequence > head.purged, *within).order_by(table.c.sequence)
        rows = list(takewhile(goes, connection.execute(query.limit(BATCH)).all()))
        if rows:
            last = rows[-1]
            connection.execute(delete(table).where(table.c.sequence <= last.sequence, *within))
            self.move(connection, replace(head, purged=last.sequence, purged_hash=last.hash))
        return len(rows)

    def move(self, connection: Connection, head: Head) -> None:
        """Write down that the chain ends at *head*."""
        values = {name: getattr(head, name) for name in Head.__dataclass_fields__}  # `asdict` would copy each
        connection.execute(self._update, values | {"seal": head.seal(self._keys[0])})
