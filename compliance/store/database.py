"""The database: connected to, brought up to date at first use, read and written in transactions."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
)

from ..errors import ComplianceError
from .migrations import upgrade

T = TypeVar("T")

#: Seconds that a writer waits for others; after that the sender is asked to try again.
PATIENCE = 10.0
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "secure_delete=ON")
# Another transaction got in the way: SQLSTATE of serialization failure and deadlock, MySQL's lock timeout and deadlock.
_ATTEMPTS = 5
_CONFLICTS = {"40001", "40P01", 1205, 1213}


class StoreError(ComplianceError):
    """The database cannot be used now; *reason* says in a word what is the matter, never with what data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ConflictError(StoreError):
    """Another transaction got in the way; the same work may well pass when it is tried again."""


class Database:
    """One site's database.

    Args:
        url: as SQLAlchemy writes it; the path of an SQLite file is taken from *folder*, which is made at first use.

    Raises `StoreError` where the address or its driver cannot be used.
    """

    def __init__(self, url: str, *, folder: Path) -> None:
        self._folder = folder
        try:
            self._url = _located(make_url(url), folder)
            self._url.get_dialect().import_dbapi()
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StoreError(f"the address of the database cannot be used: {type(error).__name__}") from error
        self._migrated = False
        self._lock = threading.Lock()

    @property
    def dialect(self) -> str:
        """The kind of database: `sqlite`, `postgresql`, `mysql`."""
        return "mysql" if self._url.get_backend_name() == "mariadb" else self._url.get_backend_name()

    @cached_property
    def engine(self) -> Engine:
        """The engine; nothing is connected to yet."""
        if self.dialect == "sqlite":
            return _sqlite(self._url)
        timeouts: dict[str, Any] = {"connect_timeout": int(PATIENCE)}
        if self.dialect == "postgresql":
            timeouts["options"] = f"-c lock_timeout={int(PATIENCE)}s -c statement_timeout={int(PATIENCE) * 3}s"
        else:
            timeouts |= {"read_timeout": int(PATIENCE) * 3, "write_timeout": int(PATIENCE), "charset": "utf8mb4"}
        return create_engine(
            self._url, pool_pre_ping=True, pool_recycle=1800, pool_timeout=PATIENCE, connect_args=timeouts
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with self._guarded(), self.engine.connect() as connection:
            connection = connection.execution_options(compliance_reads=True)
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do *work* in one transaction and commit it; from the start again where another transaction got in the way."""
        for attempt in range(_ATTEMPTS):
            try:
                with self._guarded(), self.engine.begin() as connection:
                    return work(connection)
            except ConflictError:
                if attempt + 1 == _ATTEMPTS:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise AssertionError("unreachable")

    def migrate(self) -> None:
        """Bring the tables up to date, once; safe where several workers start together."""
        with self._lock:
            if self._migrated:
                return
            if self.dialect == "sqlite" and self._url.database:
                Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
            upgrade(self.engine)
            self._migrated = True

    def close(self) -> None:
        """Close every connection; a process that was forked needs its own."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            if not self._migrated:
                self.migrate()
            yield
        except DBAPIError as error:
            # The statement and its values belong to a reader: only the kind of fault may be told.
            reason = type(error.orig).__name__
            if _is_conflict(error):
                raise ConflictError(reason) from None
            if isinstance(error, OperationalError | InterfaceError | InternalError) or error.connection_invalidated:
                raise StoreError(reason) from None
            raise
        except OSError as error:
            raise StoreError(error.strerror or type(error).__name__) from error


def _is_conflict(error: DBAPIError) -> bool:
    origin = error.orig
    code = getattr(origin, "sqlstate", None) or next(iter(getattr(origin, "args", ())), None)
    return code in _CONFLICTS or isinstance(error, IntegrityError)


def _located(url: URL, folder: Path) -> URL:
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return url
    return url.set(database=str(folder / url.database))


def _sqlite(url: URL) -> Engine:
    """Make an engine that begins its transactions itself: `sqlite3` would begin too late, and never for reads."""
    engine = create_engine(url, connect_args={"timeout": PATIENCE, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        for pragma in _PRAGMAS:
            # Changing to WAL needs the file for itself for a moment: other workers may be doing the same.
            _patiently(connection, f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that will write takes its place at once: one that began by reading may have to give up later.
        reads = connection.get_execution_options().get("compliance_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _patiently(connection: Any, statement: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute(statement).close()
            return
        except Exception as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
