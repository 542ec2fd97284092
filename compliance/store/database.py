"""The database: connected to, brought up to date at first use, read and written in transactions."""

from __future__ import annotations

import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ..errors import Message, StoreError
from . import addresses, engines
from .breaker import Breaker
from .faults import ConflictError, fault
from .migrations import upgrade
from .owner import Owner, adopt, claim

T = TypeVar("T")

#: Seconds that one waits for others; after that the sender is asked to try again.
PATIENCE = 10.0
_ATTEMPTS = 5


class Database:
    """One site's database.

    Args:
        url: see `addresses`; the path of an SQLite file is taken from *folder*, which is made at first use.
        owner: whose it is; at first use that is written down or compared. Without one nobody asks.
        patience: seconds that one waits for a lock or a connection.
        connections: how many a process holds at once.
        pooler: whether one that gives a connection for a transaction stands before PostgreSQL (PgBouncer).
        schema: the one of PostgreSQL that the tables are in, made at first use; it may be another site's neighbour.

    Raises `StoreError` where the address or its driver cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        folder: Path,
        owner: Owner | None = None,
        patience: float = PATIENCE,
        connections: int = engines.CONNECTIONS,
        pooler: bool = False,
        schema: str | None = None,
    ) -> None:
        self._owner = owner
        self._patience = patience
        self._connections = connections
        self._pooler = pooler
        self._schema = schema
        self._url = engines.located(addresses.read(url, pooler=pooler, schema=schema), folder)
        self._migrated = False
        self._lock = threading.Lock()
        self._joined = threading.local()
        self._breaker = Breaker()
        self._inherited: list[Engine] = []
        if hasattr(os, "register_at_fork"):
            forked = weakref.WeakMethod(self._forked)
            os.register_at_fork(after_in_child=lambda: (method := forked()) and method())

    @property
    def dialect(self) -> str:
        """The kind of database: `sqlite`, `postgresql`, `mysql`."""
        return "mysql" if self._url.get_backend_name() == "mariadb" else self._url.get_backend_name()

    @cached_property
    def engine(self) -> Engine:
        """The engine; nothing is connected to yet."""
        return engines.engine(
            self._url,
            patience=self._patience,
            connections=self._connections,
            pooler=self._pooler,
            schema=self._schema,
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        if (joined := self._joining) is not None:
            yield joined
            return
        with self._guarded(), self._connected() as connection:
            connection = connection.execution_options(compliance_reads=True)
            yield connection

    def together(self, work: Callable[[], T]) -> T:
        """Do *work* so that all that it reads and writes here, in this thread, is one transaction; as `write` does."""

        def joined(connection: Connection) -> T:
            self._joined.connection = connection
            try:
                return work()
            finally:
                self._joined.connection = None

        return self.write(joined)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do *work* in one transaction and commit it; from the start again where another transaction got in the way."""
        if (connection := self._joining) is not None:
            return work(connection)
        for attempt in range(_ATTEMPTS):
            try:
                with self._guarded(), self._connected() as connection, connection.begin():
                    return work(connection)
            except ConflictError:
                if attempt + 1 == _ATTEMPTS:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("unreachable")

    def migrate(self) -> None:
        """Bring the tables up to date and see whose they are, once; safe where several workers start together.

        Raises `StoreError`, and `OwnerError` where they are another site's.
        """
        with self._upgraded() as fresh:
            if fresh and self._owner:
                claim(self.engine, self._owner)

    def adopt(self) -> Owner | None:
        """Make the database its owner's, whosever it was; return whose. Raises `StoreError`."""
        assert self._owner is not None
        self._migrated = False
        with self._upgraded():
            return adopt(self.engine, self._owner)

    @contextmanager
    def _upgraded(self) -> Iterator[bool]:
        """Bring the tables up to date where that was not done; whether it was, and what is left to do for it."""
        if not self._lock.acquire(timeout=self._patience):
            raise StoreError(
                Message("the database is still being brought up to date, or does not answer; try again later")
            )
        try:
            if not self._migrated:
                if self._url.get_backend_name() == "sqlite" and self._url.database:
                    engines.make_file(Path(self._url.database))
                with self._breaker.attempt(), _faults():
                    upgrade(self.engine, self._schema)
                    yield True
                self._migrated = True
            else:
                yield False
        finally:
            self._lock.release()

    def settle(self) -> None:
        """Let what was deleted be gone from the disk: SQLite's log beside the file still has it until it is emptied.

        Where somebody is reading just now it stays until the next time. Within `together` it is left to who did that:
        as long as nothing is committed there is nothing to be gone.
        """
        if self._joining is None and self._url.get_backend_name() == "sqlite":
            with self._guarded(), closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                try:
                    cursor.execute("PRAGMA busy_timeout=200")  # writers wait as long as it does
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    cursor.execute(f"PRAGMA busy_timeout={int(self._patience * 1000)}")

    @property
    def _joining(self) -> Connection | None:
        """The connection of what is done `together` in this thread."""
        found: Connection | None = getattr(self._joined, "connection", None)
        return found

    def close(self) -> None:
        """Close every connection."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def _forked(self) -> None:
        """Begin anew in a process that was forked: the connections are its parent's, which goes on using them."""
        self._lock = threading.Lock()
        self._joined = threading.local()
        self._breaker = Breaker()
        if inherited := self.__dict__.pop("engine", None):
            self._inherited.append(inherited)  # kept, for to let go of it would close them

    def _connected(self) -> Connection:
        with self._breaker.attempt():
            try:
                connection = self.engine.connect()
            except DBAPIError as error:
                raise fault(error) or error from None
            except StoreError:  # one that was kept hangs, and so do the others
                self.engine.dispose()
                raise
        engines.hurry(connection)
        return connection

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if not self._migrated:
            self.migrate()
        with _faults():
            yield


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what the database says into words of ours: the statement and its values belong to a reader."""
    try:
        yield
    except PoolTimeoutError:
        raise StoreError(Message("too many requests wait for the database; try again later")) from None
    except DBAPIError as error:
        if (told := fault(error)) is None:
            raise
        raise told from None
