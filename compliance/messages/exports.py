"""Cases exported: as records, batch by batch, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from ..store import Database
from ..store.tables import attachment, event, message
from ..vault import Vault
from .listing import Filter, batches, conditions

_KEPT = (
    *("number", "kind", "category", "language", "state", "urgent", "marks", "assignee", "subject", "body"),
    *("page", "page_title", "excerpt", "seen", "relation", "enterprise", "credit_code", "harm"),
    *("created", "decide_due", "answer_due", "decided", "answered", "closed", "hold"),
)
#: What is known of each case; `result` and `answer` are the last that its sender was told.
COLUMNS = (*_KEPT, "result", "answer", "pictures")
CONTACTS = ("name", "contact")
_BATCH = 500


def records(
    database: Database,
    vault: Vault,
    which: Filter,
    *,
    look: Callable[[Sequence[str]], None] | None = None,
    now: datetime,
) -> Iterator[dict[str, Any]]:
    """Yield the cases of *which*, the oldest first, each as a record of `COLUMNS`.

    Args:
        look: is told the numbers of cases before their names and contacts are shown; without it they are not shown.

    Raises `VaultError` for a name or contact that cannot be opened.
    """
    table = message.c
    names = (*_KEPT, *(CONTACTS if look else ()))
    query = select(table.id, *(table[name] for name in names)).where(
        table.state.in_(which.states), *conditions(which, database.dialect, now)
    )
    for batch, told in batches(database, query, size=_BATCH, beside=_told):
        if look and (numbers := [row.number for row in batch if row.name or row.contact]):
            look(numbers)
        for row in batch:
            yield _record(row, names, vault) | told[row.id]


def _told(connection: Connection, rows: Sequence[Row[Any]]) -> dict[UUID, dict[str, Any]]:
    """Return the last result and how many pictures there are, of each case."""
    identities = [row.id for row in rows]
    told: dict[UUID, dict[str, Any]] = {
        identity: {"result": "", "answer": "", "pictures": 0} for identity in identities
    }
    answers = select(event.c.message_id, event.c.state, event.c.text).where(
        event.c.message_id.in_(identities), event.c.kind == "answered"
    )
    for row in connection.execute(answers.order_by(event.c.message_id, event.c.sequence)):
        told[row.message_id] |= {"result": row.state, "answer": row.text}
    pictures = select(attachment.c.message_id, func.count().label("number")).where(
        attachment.c.message_id.in_(identities)
    )
    for row in connection.execute(pictures.group_by(attachment.c.message_id)):
        told[row.message_id]["pictures"] = row.number
    return told


def _record(row: Row[Any], names: Sequence[str], vault: Vault) -> dict[str, Any]:
    record = {name: getattr(row, name) for name in names}
    for name in CONTACTS:
        if name in record:
            sealed = record[name]
            record[name] = vault.open(sealed, table="message", column=name, row=str(row.id)) if sealed else ""
    return record
