"""Answers that editors are still writing: kept beside their case, one of each editor, until they are sent or let go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from ..cases import State
from ..store import Database
from ..store.tables import draft, message
from .case import CaseError, row_of
from .cases import LONGEST_ANSWER
from .submission import cleaned, is_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an editor has written so far. *review*: somebody else is asked to look at it."""

    number: str
    editor: str
    target: str  # the state that the answer is to lead to, empty where that is open
    language: str
    text: str
    review: bool
    version: int  # of the case as its editor saw it
    saved: datetime


def save(
    database: Database,
    number: str,
    *,
    editor: str,
    target: State | None,
    language: str,
    text: str,
    review: bool = False,
    version: int,
    now: datetime,
) -> None:
    """Keep what *editor* has written about a case in the place of what was kept; nothing is kept of an empty text.

    Raises `CaseError`: `unknown`, `text` (too long), `move` (its words are gone, nothing is added to them).
    """
    kept = cleaned(text, longest=LONGEST_ANSWER)
    if kept is None:
        raise CaseError("text")

    def work(connection: Connection) -> None:
        row = row_of(connection, number)
        if row.state == State.PURGED:
            raise CaseError("move")
        mine = draft.c.message_id == row.id, draft.c.editor == editor
        if is_empty(kept):
            connection.execute(delete(draft).where(*mine))
            return
        values: dict[str, Any] = {"target": target or "", "language": language, "text": kept}
        values |= {"review": review, "version": version, "saved": now}
        if not connection.execute(update(draft).where(*mine).values(**values)).rowcount:
            connection.execute(insert(draft).values(message_id=row.id, editor=editor, **values))

    database.write(work)


def discard(database: Database, number: str, *, editor: str) -> None:
    """Let go of what *editor* has written about a case."""
    case = select(message.c.id).where(message.c.number == number).scalar_subquery()
    database.write(
        lambda connection: connection.execute(delete(draft).where(draft.c.message_id == case, draft.c.editor == editor))
    )


def of_case(database: Database, number: str) -> list[Draft]:
    """Return what editors are writing about a case, the latest first."""
    return _found(database, message.c.number == number)


def of_editor(database: Database, editor: str, *, limit: int) -> list[Draft]:
    """Return what *editor* is writing, the latest first."""
    return _found(database, draft.c.editor == editor, limit=limit)


def for_review(database: Database, *, besides: str, limit: int) -> list[Draft]:
    """Return what others than the editor *besides* would have somebody look at, what waits longest first."""
    return _found(database, draft.c.review, draft.c.editor != besides, limit=limit)[::-1]


def count_for_review(database: Database, *, besides: str, most: int) -> int:
    """Return how many drafts `for_review` has, up to *most*."""
    found = select(draft.c.message_id).where(draft.c.review, draft.c.editor != besides).limit(most).subquery()
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(found)) or 0


def _found(database: Database, *conditions: Any, limit: int | None = None) -> list[Draft]:
    columns = (draft.c[name] for name in Draft.__slots__ if name != "number")
    query = (
        select(message.c.number, *columns)
        .join(message, message.c.id == draft.c.message_id)
        .where(*conditions)
        .order_by(draft.c.saved.desc(), draft.c.message_id)
        .limit(limit)
    )
    with database.reading() as connection:
        return [Draft(**row) for row in connection.execute(query).mappings()]
