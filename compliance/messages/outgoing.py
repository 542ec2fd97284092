"""What goes beside a message, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert
from uuid6 import uuid7

from ..pictures import Picture
from ..settings import Settings
from ..store.tables import attachment


def targets(settings: Settings) -> tuple[str, ...]:
    """Return the recipients in the settings, each once, as the outbox has them."""
    return tuple(dict.fromkeys(target.label for target in settings.messages.deliver_to))


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
