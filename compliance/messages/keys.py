"""Keys rotated: names and contacts that an older key sealed are sealed again with the newest."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, or_, select, update

from ..store import Database
from ..store.tables import message
from ..vault import Vault, VaultError

logger = logging.getLogger(__name__)

_BATCH = 200
_COLUMNS = ("name", "contact")
_SEALED = or_(*(message.c[name].is_not(None) for name in _COLUMNS))


def sealed(database: Database) -> int:
    """Return how many cases have something that is sealed."""
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(message).where(_SEALED)) or 0


def rekey(database: Database, vault: Vault) -> Iterator[str]:
    """Seal again what is not sealed with the newest key; yield for each case `kept`, `sealed`, or `broken`.

    Each batch is a transaction of its own, and what is done is not done again: it may be stopped and run anew. What
    cannot be opened stays as it is; the log names its place.
    """
    last: UUID | None = None
    while True:
        outcomes, last = database.write(partial(_batch, vault=vault, last=last))
        yield from outcomes
        if len(outcomes) < _BATCH:
            return


def _batch(connection: Connection, *, vault: Vault, last: UUID | None) -> tuple[list[str], UUID | None]:
    columns = (message.c[name] for name in ("id", *_COLUMNS))
    query = select(*columns).where(_SEALED).order_by(message.c.id).limit(_BATCH)
    rows = connection.execute(query if last is None else query.where(message.c.id > last)).all()
    return [_rekeyed(connection, row, vault) for row in rows], rows[-1].id if rows else last


def _rekeyed(connection: Connection, row: Row[Any], vault: Vault) -> str:
    values: dict[str, str] = {}
    as_read = [message.c.id == row.id]
    for name in _COLUMNS:
        old = getattr(row, name)
        if old is None or vault.is_current(old):
            continue
        place = {"table": "message", "column": name, "row": str(row.id)}
        try:
            text = vault.open(old, **place)
        except VaultError as error:
            logger.warning("rekey: %s", error)
            return "broken"
        as_read.append(message.c[name] == old)
        values[name] = vault.seal(text, **place)
        if name == "contact":
            values["contact_hash"] = vault.digest("contact", text)
    # A contact that is purged meanwhile does not come back.
    if values and connection.execute(update(message).where(*as_read).values(**values)).rowcount:
        return "sealed"
    return "kept"
