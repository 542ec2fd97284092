"""Where a chain ends: the one row that whoever appends locks, sealed with a key that is not in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, insert, select, update

from ..errors import Message
from ..store import RefusedError
from ..store.tables import ledger
from .chain import Head

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

    def move(self, connection: Connection, head: Head) -> None:
        """Write down that the chain ends at *head*."""
        values = {name: getattr(head, name) for name in Head.__dataclass_fields__}  # `asdict` would copy each
        connection.execute(self._update, values | {"seal": head.seal(self._keys[0])})
