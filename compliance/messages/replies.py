"""Answers that are given often, kept under a name; their places are filled from the case, and from nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update
from uuid6 import uuid7

from .. import deadlines
from ..errors import ReasonError
from ..i18n import helpers
from ..settings import Settings
from ..store import Database
from ..store.tables import reply
from .case import Case
from .cases import LONGEST_ANSWER
from .listing import ListedCase
from .submission import cleaned, is_empty

#: What can stand between braces, such as ``{number}``.
VARIABLES = ("number", "site", "page", "title", "received", "due", "today")
LONGEST_NAME = 60
_PLACE = re.compile(r"\{([^{}\n]{1,40})\}")


class ReplyError(ReasonError):
    """An answer that cannot be kept, for *reason*: `name`, `text`, `variable` (*found* are none), `unknown`."""

    def __init__(self, reason: str, found: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.found = found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that is given often."""

    id: UUID
    name: str
    language: str
    text: str
    editor: str  # who wrote it
    changed: datetime


def replies(database: Database) -> list[Reply]:
    """Return all of them, by language and name."""
    query = select(*(reply.c[name] for name in Reply.__slots__)).order_by(reply.c.language, reply.c.name, reply.c.id)
    with database.reading() as connection:
        return [Reply(**row) for row in connection.execute(query).mappings()]


def keep(
    database: Database, *, id: UUID | None = None, name: str, language: str, text: str, by: str, now: datetime
) -> UUID:
    """Keep an answer, in the place of *id* where there is one, and return its id. Raises `ReplyError`."""
    name = " ".join(name.split())
    kept = cleaned(text, longest=LONGEST_ANSWER)
    if is_empty(name) or len(name) > LONGEST_NAME:
        raise ReplyError("name")
    if kept is None or is_empty(kept):
        raise ReplyError("text")
    if strange := tuple(dict.fromkeys(found for found in _PLACE.findall(kept) if found not in VARIABLES)):
        raise ReplyError("variable", strange)
    values = {"name": name, "language": language, "text": kept, "editor": by, "changed": now}
    identity = id or uuid7()

    def work(connection: Connection) -> None:
        if id is None:
            connection.execute(insert(reply).values(id=identity, **values))
        elif not connection.execute(update(reply).where(reply.c.id == id).values(**values)).rowcount:
            raise ReplyError("unknown")

    database.write(work)
    return identity


def discard(database: Database, id: UUID) -> None:
    """Let go of an answer."""
    database.write(lambda connection: connection.execute(delete(reply).where(reply.c.id == id)))


def variables(case: Case | ListedCase, settings: Settings, language: str, *, now: datetime) -> Mapping[str, str]:
    """Return what stands for each of `VARIABLES` in an answer to *case* in *language*."""
    day = helpers(language)["format_date"]
    return {
        "number": case.number,
        "site": settings.site.name.get(language),
        "page": case.page,
        "title": case.page_title or case.page,
        "received": day(deadlines.day(case.created), "long"),
        "due": day(deadlines.last_day(case.answer_due), "long"),
        "today": day(deadlines.day(now), "long"),
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with *values* in their places; anything else between braces is text. Each place is filled once."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)
