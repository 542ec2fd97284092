"""The pictures beside messages: in the database, or in a bucket where the site has one.

What is acknowledged is kept. So a picture is in the bucket before the row that names it is committed, and where the
bucket does not take it, it stays in the row, from where `move` takes it later. Each attempt has a key of its own, which
one row names or none: what no row names after a day is let go of by `sweep`.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection, exists, func, insert, select, update
from uuid6 import uuid7

from ..errors import BucketError, Message, StoreError
from ..pictures import Picture
from ..store import Database
from ..store.tables import attachment, bucket

if TYPE_CHECKING:
    from ..store.bucket import Bucket

logger = logging.getLogger(__name__)

#: How long a picture may be in the bucket before a row names it, and after how long it is let go of if none does.
FRESH = timedelta(hours=1)
ORPHANED = timedelta(days=1)
_PATIENCE = 10.0  # seconds that one request gives the bucket for all of its pictures
_AT_ONCE = 10.0  # seconds that pictures are moved in one go
_REST = 300.0  # seconds until a bucket that took nothing is tried again
_LOT = 500  # keys that the database is asked about at once
_ROW = 1
_NO_BUCKET = Message("a picture is in a bucket, and storage.pictures names none; put the address back")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A picture on its way into a row: its id, its key in the bucket, None where it is not there, and since when."""

    identity: UUID
    picture: Picture
    key: str | None
    at: float


def keys_of(connection: Connection, messages: Iterable[UUID]) -> list[str]:
    """Return the keys of what *messages* have in the bucket."""
    named = attachment.c.message_id.in_(messages), attachment.c.object.is_not(None)
    return list(connection.scalars(select(attachment.c.object).where(*named)))


class Attachments:
    """The pictures of one site, in its *database* and in the *store* beside it."""

    def __init__(self, database: Database, store: Bucket | None = None) -> None:
        self._database = database
        self._store = store
        self._rests_until = 0.0

    @property
    def outside(self) -> bool:
        """Whether there is a bucket."""
        return self._store is not None

    def send(self, pictures: Sequence[Picture]) -> list[Sent]:
        """Put *pictures* into the bucket; those that it does not take, or not in time, are kept in the database."""
        begun, away, sent = time.monotonic(), self._store is None, []
        for picture in pictures:
            identity, key = uuid7(), None
            away = away or time.monotonic() - begun > _PATIENCE
            if self._store and not away:
                try:
                    key = self._put(self._store, identity, picture.content)
                except StoreError as error:
                    away = True
                    logger.warning("pictures are kept in the database for now: %s", error.reason)
            sent.append(Sent(identity=identity, picture=picture, key=key, at=time.time()))
        return sent

    def attach(self, connection: Connection, identity: UUID, sent: Iterable[Sent], now: datetime) -> None:
        """Keep what was *sent* with a message."""
        # What took longer, such as a process that stood still, may have been taken for something that no row names.
        since = time.time() - FRESH.total_seconds()
        rows = [
            {
                "id": one.identity,
                "message_id": identity,
                "mimetype": one.picture.mimetype,
                "width": one.picture.width,
                "height": one.picture.height,
                "size": len(one.picture.content),
                "sha256": one.picture.sha256,
                "object": key,
                "content": b"" if key else one.picture.content,
                "created": now,
            }
            for one in sent
            for key in [one.key if one.at > since else None]
        ]
        if rows:
            connection.execute(insert(attachment), rows)

    def read(self, identity: UUID) -> Picture | None:
        """Return a picture, None where it is gone. Raises `BucketError` where it is not what was kept."""
        columns = (attachment.c[name] for name in (*Picture.__slots__, "size", "object"))
        with self._database.reading() as connection:
            row = connection.execute(select(*columns).where(attachment.c.id == identity)).one_or_none()
        if row is None:
            return None
        values = row._asdict()
        size, key = values.pop("size"), values.pop("object")
        if key:
            if self._store is None:
                raise BucketError(_NO_BUCKET)
            values["content"] = self._store.get(key, size=size)
        if sha256(values["content"]).hexdigest() != row.sha256:
            raise BucketError(
                Message("the picture %(identity)s is not what was kept; restore it from a backup", identity=identity)
            )
        return Picture(**values)

    def erase(self, keys: Iterable[str]) -> None:
        """Let go of what is under *keys*, which no row names any more; what cannot be goes with the next `sweep`."""
        for key in keys:
            try:
                if self._store is None:
                    raise BucketError(_NO_BUCKET)
                self._store.erase(key)
            except StoreError as error:
                logger.warning("pictures that were let go of are still in the bucket: %s", error.reason)
                return

    def move(self) -> int:
        """Take pictures out of the database and into the bucket, for some seconds; return how many."""
        begun, moved = time.monotonic(), 0
        if self._store is None or begun < self._rests_until:
            return 0
        there = select(attachment.c.id, attachment.c.content).where(attachment.c.object.is_(None)).limit(1)
        while time.monotonic() - begun < _AT_ONCE:
            with self._database.reading() as connection:
                row = connection.execute(there).one_or_none()
            if row is None:
                break
            try:
                key = self._put(self._store, row.id, row.content)
            except StoreError as error:
                self._rests_until = time.monotonic() + _REST
                logger.warning("pictures wait in the database: %s", error.reason)
                break
            if self._name(row.id, key):
                moved += 1
            else:  # it was moved by somebody else, or let go of
                self.erase([key])
        return moved

    def waiting(self) -> tuple[int, datetime | None]:
        """Return how many pictures wait in the database for the bucket, and since when the oldest does."""
        if self._store is None:
            return 0, None
        query = select(func.count(), func.min(attachment.c.created)).where(attachment.c.object.is_(None))
        with self._database.reading() as connection:
            count, oldest = connection.execute(query.select_from(attachment)).one()
        return count, oldest

    def orphans(self, now: datetime) -> Iterator[str]:
        """Yield the keys of what was put into the bucket a day before *now*, or earlier, and no row names."""
        if self._store is None:
            return
        old = (key for key, changed in self._store.keys(self._folder) if changed <= now - ORPHANED)
        while some := list(islice(old, _LOT)):
            query = select(attachment.c.object).where(attachment.c.object.in_(some))
            with self._database.reading() as connection:
                named = set(connection.scalars(query))
            yield from (key for key in some if key not in named)

    def sweep(self, now: datetime) -> Iterator[str]:
        """Let go of `orphans`, and yield each once it is gone; a bucket that is away is left to the next time."""
        try:
            for key in self.orphans(now):
                if self._store:
                    self._store.erase(key)
                    yield key
        except StoreError as error:
            logger.warning("the bucket was not swept: %s", error.reason)

    def look(self) -> Iterator[str]:
        """Yield what is wrong with where pictures are; the bucket is really asked."""
        if self._store is not None:
            yield from self._store.look(self._folder)
            return
        with self._database.reading() as connection:
            if connection.scalar(select(exists().where(attachment.c.object.is_not(None)))):
                yield _NO_BUCKET

    def _put(self, store: Bucket, identity: UUID, content: bytes) -> str:
        key = f"{self._folder}/{identity.hex}-{secrets.token_hex(16)}"
        store.put(key, content)
        return key

    def _name(self, identity: UUID, key: str) -> bool:
        """Let the row of a picture name *key* in the place of its content; return whether it was there."""
        here = attachment.c.id == identity, attachment.c.object.is_(None)
        statement = update(attachment).where(*here).values(object=key, content=b"")
        return bool(self._database.write(lambda connection: connection.execute(statement).rowcount))

    @cached_property
    def _folder(self) -> str:
        """The part of the bucket that is this database's own: what another one put there is none of our business."""

        def work(connection: Connection) -> str:
            if found := connection.scalar(select(bucket.c.folder).where(bucket.c.id == _ROW)):
                return str(found)
            made = secrets.token_hex(16)
            connection.execute(insert(bucket).values(id=_ROW, folder=made))
            return made

        return self._database.write(work)
