"""The outbox: rows that are written in the transaction of what they tell of, and sent later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection
from uuid6 import uuid7

from .rows import NewRow, insert
from .tables import outbox


def announce(connection: Connection, identity: UUID, sequence: int, to: Iterable[str], now: datetime) -> None:
    """Put into the outbox that *to* are told of an event; each is told once, however often it is sent."""
    insert(connection, announced(identity, sequence, to, now))


def announced(identity: UUID, sequence: int, to: Iterable[str], now: datetime) -> list[NewRow]:
    """Return the rows that `announce` puts there."""
    return _rows([(identity, sequence, target, f"{identity}:{sequence}:{target}") for target in to], now)


def put(connection: Connection, entries: Iterable[tuple[UUID, int, str, str]], now: datetime) -> None:
    """Put *entries* into the outbox: case, event, target, and the key under which there is one of it and no more."""
    insert(connection, _rows(entries, now))


def _rows(entries: Iterable[tuple[UUID, int, str, str]], now: datetime) -> list[NewRow]:
    return [
        (
            outbox,
            {
                "id": uuid7(),
                "message_id": identity,
                "sequence": sequence,
                "target": target,
                "dedupe": dedupe(key),
                "state": "pending",
                "next_at": now,
                "created": now,
            },
        )
        for identity, sequence, target, key in entries
    ]


def dedupe(key: str) -> str:
    """Return how the outbox writes *key*."""
    return sha256(key.encode()).hexdigest()
