"""What goes into the outbox and beside a message: rows that are written in the transaction of what they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert
from uuid6 import uuid7

from ..pictures import Picture
from ..settings import Settings
from ..store.tables import attachment, outbox
from .submission import EMAIL


def target_hash(url: str) -> str:
    """Return what stands in the outbox for a recipient: addresses and their tokens stay in the settings."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def targets(settings: Settings) -> tuple[str, ...]:
    """Return the recipients in the settings, as the outbox has them."""
    return tuple(target_hash(target.url) for target in settings.messages.deliver_to)


def email_of(contact: str) -> str | None:
    """Return *contact* where it is a mailbox."""
    return contact if EMAIL.fullmatch(contact) else None


def announce(connection: Connection, identity: UUID, sequence: int, to: Iterable[str], now: datetime) -> None:
    """Put into the outbox that *to* are told of an event; each is told once, however often it is sent."""
    rows = [
        {
            "id": uuid7(),
            "message_id": identity,
            "sequence": sequence,
            "target": target,
            "dedupe": hashlib.sha256(f"{identity}:{sequence}:{target}".encode()).hexdigest(),
            "state": "pending",
            "next_at": now,
            "created": now,
        }
        for target in to
    ]
    if rows:
        connection.execute(insert(outbox), rows)


def attach(connection: Connection, identity: UUID, pictures: Sequence[Picture], now: datetime) -> None:
    """Keep *pictures* with a message."""
    rows = [
        {
            "id": uuid7(),
            "message_id": identity,
            "mimetype": picture.mimetype,
            "width": picture.width,
            "height": picture.height,
            "size": len(picture.content),
            "sha256": picture.sha256,
            "content": picture.content,
            "created": now,
        }
        for picture in pictures
    ]
    if rows:
        connection.execute(insert(attachment), rows)
