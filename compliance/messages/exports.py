"""Cases exported as CSV that no spreadsheet takes for formulas, or as JSON: batch by batch, however many there are."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from .. import deadlines
from ..outside.text import normalised
from ..store import Database
from ..store.tables import attachment, event, message
from ..vault import Vault
from .listing import Filter, batches, conditions

_KEPT = (
    *("number", "kind", "category", "language", "state", "urgent", "marks", "assignee", "subject", "body"),
    *("page", "page_title", "excerpt", "seen", "relation"),
    *("created", "decide_due", "answer_due", "decided", "answered", "closed", "hold"),
)
#: What is known of each case; `result` and `answer` are the last that its sender was told.
COLUMNS = (*_KEPT, "result", "answer", "pictures")
CONTACTS = ("name", "contact")
_BATCH = 500

# What a spreadsheet begins a formula with, and what it may overlook before it: space, quotes, what is not seen.
_TRIGGERS = frozenset("=+-@\t\r\n\u2212")
_QUOTES = frozenset("\"'`\u2018\u2019\u201c\u201d\uff02\uff07")
_BOM = "\ufeff"  # without it Excel reads Chinese as the system's old code page


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


def as_csv(records: Iterable[dict[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
    """Yield *records* as CSV in UTF-8, with times of China, as a spreadsheet reads them."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(_BOM)
    writer.writerow(columns)
    for record in records:
        writer.writerow([neutral(_cell(record[column])) for column in columns])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def as_json(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield *records* as one JSON array, times in ISO 8601."""
    before = b"[\n"
    for record in records:
        yield before + _json(record)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def as_lines(records: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield *records* as JSON, one a line."""
    return (_json(record) + b"\n" for record in records)


#: How records are written: as text for spreadsheets, as JSON for programs.
FORMS: Mapping[str, Callable[[Iterable[dict[str, Any]], Sequence[str]], Iterator[bytes]]] = {
    "csv": as_csv,
    "json": lambda records, _: as_json(records),
    "jsonl": lambda records, _: as_lines(records),
}


def neutral(cell: str) -> str:
    """Return *cell* with an apostrophe before it where a spreadsheet could take it for a formula."""
    for character in cell:
        if normalised(character, longest=1, form="NFKC")[:1] in _TRIGGERS:
            return f"'{cell}"
        if not (character.isspace() or character in _QUOTES or unicodedata.category(character) == "Cf"):
            break
    return cell


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


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(deadlines.SHANGHAI):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _json(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, default=datetime.isoformat).encode()
