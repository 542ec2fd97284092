"""Texts of messages as the search knows them, kept in a database and found again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from uuid6 import uuid7

from compliance.store import Database
from compliance.store.search import matching, terms
from compliance.store.tables import message

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def row(text: str, **values: Any) -> dict[str, Any]:
    number = uuid7()
    return {
        "id": number,
        "number": str(number)[:32],
        "code_hash": "",
        "kind": "message",
        "language": "zh_CN",
        "body": text,
        "body_hash": "",
        "state": "received",
        "created": NOW,
        "changed": NOW,
        "sender_wrote": NOW,
        "decide_due": NOW,
        "answer_due": NOW,
        "search": terms(text),
        **values,
    }


def keep(database: Database, *texts: str) -> list[UUID]:
    rows = [row(text) for text in texts]
    database.write(lambda connection: connection.execute(message.insert(), rows))
    return [row["id"] for row in rows]


def found(database: Database, query: str) -> set[UUID]:
    with database.reading() as connection:
        return set(connection.scalars(select(message.c.id).where(matching(database.dialect, query))))
