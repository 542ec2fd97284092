"""Searches that editors keep: a name, and the part of an address that says which cases; of one editor, or of all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, or_, select
from uuid6 import uuid7

from ..errors import ReasonError
from ..store import Database
from ..store.tables import bookmark
from .submission import is_empty

LONGEST_NAME = 60
LONGEST_QUERY = 2_000
#: The most that one editor keeps.
MOST = 50


class BookmarkError(ReasonError):
    """One that cannot be kept: *reason* is `name`, `query` or `many`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A search that is kept."""

    id: UUID
    editor: str
    shared: bool  # with all editors
    name: str
    query: str


def bookmarks(database: Database, editor: str) -> list[Bookmark]:
    """Return those of *editor*, and those that others share."""
    query = (
        select(*(bookmark.c[name] for name in Bookmark.__slots__))
        .where(or_(bookmark.c.editor == editor, bookmark.c.shared))
        .order_by(bookmark.c.name, bookmark.c.id)
    )
    with database.reading() as connection:
        return [Bookmark(**row) for row in connection.execute(query).mappings()]


def keep(database: Database, *, editor: str, name: str, query: str, shared: bool, now: datetime) -> None:
    """Keep a search. Raises `BookmarkError`."""
    name = " ".join(name.split())
    if is_empty(name) or len(name) > LONGEST_NAME:
        raise BookmarkError("name")
    if len(query) > LONGEST_QUERY:
        raise BookmarkError("query")
    if sum(one.editor == editor for one in bookmarks(database, editor)) >= MOST:
        raise BookmarkError("many")
    values = {"id": uuid7(), "editor": editor, "shared": shared, "name": name, "query": query, "kept": now}
    database.write(lambda connection: connection.execute(insert(bookmark).values(**values)))


def discard(database: Database, id: UUID, *, editor: str, shared: bool = False) -> None:
    """Let go of a search of *editor*, with *shared* also of one that anybody shares, who may have gone."""
    theirs = or_(bookmark.c.editor == editor, bookmark.c.shared) if shared else bookmark.c.editor == editor
    database.write(lambda connection: connection.execute(delete(bookmark).where(bookmark.c.id == id, theirs)))
