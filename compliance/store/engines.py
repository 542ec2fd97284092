"""How each kind of database is connected to: durable, and never waited for without end."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL

from .. import haste
from ..errors import Message, StoreError
from ..paths import private_folder
from .addresses import given
from .breaker import LIMIT
from .faults import GONE, NOT_READY

# An accepted message changes a little in many places: small pages, written back in large lots, write less.
_PRAGMAS = (
    "page_size=2048",
    "journal_mode=WAL",
    "synchronous=FULL",
    "wal_autocheckpoint=4000",
    "foreign_keys=ON",
    "secure_delete=ON",
)
#: Connections that a process holds at most, and those that it keeps open.
CONNECTIONS = 15
_KEPT = 5
#: A statement may take so many times the patience that a lock is given,
_STATEMENT = 3
#: and seconds, where a reader waits for it.
_HASTE = 5.0
#: Seconds that a server makes somebody wait for a lock, and that one waits for a connection: less than that.
_LOCKED = 4.0
#: Where a connection of each driver holds the seconds that it waits for an answer.
_WAITS = {"psycopg": "limit", "pymysql": "_read_timeout"}


def engine(
    url: URL, *, patience: float, connections: int = CONNECTIONS, pooler: bool = False, schema: str | None = None
) -> Engine:
    """Return an engine that has not connected yet; nobody waits for a lock for more than *patience* seconds.

    On a server it is four seconds at most.

    Args:
        connections: how many it holds at once; whoever comes then waits for one.
        pooler: whether PostgreSQL is reached through one that gives a connection for a transaction (PgBouncer).
        schema: the one of PostgreSQL in which every statement looks for tables, and nowhere else.
    """
    kept = min(_KEPT, connections)
    waits = patience if url.get_backend_name() == "sqlite" else min(patience, _LOCKED)
    pool = {"pool_timeout": waits, "pool_size": kept, "max_overflow": connections - kept}
    if url.get_backend_name() == "postgresql":
        wanted: dict[str, object] = {**_limits(patience), **({"search_path": f'"{schema}"'} if schema else {})}
        return _pooled(url, patience, wanted, pool) if pooler else _postgresql(url, patience, wanted, pool)
    return (_sqlite if url.get_backend_name() == "sqlite" else _mysql)(url, patience, pool)


def located(url: URL, folder: Path) -> URL:
    """Return *url* with the path of an SQLite file below *folder*, unless it says where it lies itself."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return url
    return url.set(database=str(folder / url.database))


def make_file(path: Path) -> None:
    """Make an SQLite file that its owner alone may read, and its folder where there is none.

    What is there already keeps its rights. Raises `StoreError` where it cannot be made.
    """
    try:
        private_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(
            Message(
                "%(path)s cannot be written (%(reason)s); let the user that the site runs as write it and its folder",
                path=str(path),
                reason=reason,
            )
        ) from None


def hurry(connection: Connection) -> None:
    """Let the server have as long for each answer to *connection* as whoever waits has."""
    if name := _WAITS.get(connection.engine.driver):
        driver = connection.connection.driver_connection
        usual = connection.info.setdefault("usual", getattr(driver, name))
        setattr(driver, name, min(usual, _HASTE) if haste.is_needed() else usual)


def _sqlite(url: URL, patience: float, pool: dict[str, Any]) -> Engine:
    """Make an engine that begins its transactions itself: `sqlite3` would begin too late, and never for reads."""
    arguments = {"timeout": given(url).get("timeout", patience), "isolation_level": None}
    made = create_engine(url, hide_parameters=True, connect_args=arguments, **pool)

    @event.listens_for(made, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        deadline = monotonic() + patience
        for pragma in _PRAGMAS:
            # Changing to WAL needs the file for itself for a moment: other workers may be doing the same.
            while True:
                try:
                    connection.execute(f"PRAGMA {pragma}").close()
                    break
                except Exception as error:
                    if "locked" not in str(error) or monotonic() > deadline:
                        raise
                    time.sleep(0.01)

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that will write takes its place at once: one that began by reading may have to give up later.
        reads = connection.get_execution_options().get("compliance_reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return made


def _postgresql(url: URL, patience: float, wanted: dict[str, object], pool: dict[str, Any]) -> Engine:
    # Of a setting that is named twice the last one counts: the site's own.
    ours = " ".join(f"-c {name}={value}" for name, value in wanted.items())
    options = f"{ours} {given(url).get('options', '')}".rstrip()
    return _bounded(url, patience, {"options": options}, pool)


def _pooled(url: URL, patience: float, wanted: dict[str, object], pool: dict[str, Any]) -> Engine:
    """Make an engine that leaves nothing behind on a connection: the next transaction may be another client's.

    A pooler takes no options with the connection, and one before PgBouncer 1.21 knows no prepared statements.
    """
    unprepared = {"prepare_threshold": None} if url.get_driver_name() == "psycopg" else {}
    made = _bounded(url, patience, unprepared, pool)
    ours = "; ".join(f"SET LOCAL {name} = {value}" for name, value in wanted.items())

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(ours)

    return made


def _limits(patience: float) -> dict[str, int]:
    """Return how many milliseconds PostgreSQL waits for a lock, and works on a statement."""
    return {
        "lock_timeout": int(min(patience, _LOCKED) * 1000),
        "statement_timeout": int(patience * 1000) * _STATEMENT,
    }


def _bounded(url: URL, patience: float, arguments: dict[str, Any], pool: dict[str, Any]) -> Engine:
    made = _served(url, {"connect_timeout": int(LIMIT), **given(url), **arguments}, pool)
    if url.get_driver_name() == "psycopg":

        @event.listens_for(made, "do_connect")
        def _connect(_dialect: Any, _record: Any, _positional: Any, arguments: dict[str, Any]) -> Any:
            return _bounded_connection(patience * _STATEMENT).connect(**arguments)

    return made


def _mysql(url: URL, patience: float, pool: dict[str, Any]) -> Engine:
    seconds, locked = (max(1, int(limit)) for limit in (patience, min(patience, _LOCKED)))
    arguments: dict[str, Any] = {"connect_timeout": int(LIMIT), "charset": "utf8mb4"}
    arguments |= {"read_timeout": seconds * _STATEMENT, "write_timeout": seconds, **given(url)}
    made = _served(url, arguments, pool)
    if url.get_driver_name() == "pymysql":

        @event.listens_for(made, "do_connect")
        def _connect(dialect: Any, _record: Any, positional: Any, arguments: dict[str, Any]) -> Any:
            # A server that hangs takes connections, and says nothing.
            usual = arguments["read_timeout"]
            connection = dialect.connect(*positional, **arguments | {"read_timeout": min(usual, LIMIT)})
            setattr(connection, _WAITS["pymysql"], usual)
            return connection

    @event.listens_for(made, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {locked}")
            # Who changes a table waits for all who read it, and all who come later wait for that.
            cursor.execute(
                "SET SESSION lock_wait_timeout = IF(@@SESSION.lock_wait_timeout = @@GLOBAL.lock_wait_timeout,"
                f" {locked}, @@SESSION.lock_wait_timeout)"
            )
            cursor.execute("SHOW VARIABLES LIKE 'wsrep_on'")
            if ("wsrep_on", "ON") in cursor.fetchall():
                # Galera: each transaction begins with all that any node has committed, such as a case just received.
                cursor.execute("SET SESSION wsrep_sync_wait = 1")

    @event.listens_for(made, "handle_error")
    def _leave(context: ExceptionContext) -> None:
        # Its node is apart from the others, and answers nothing: a proxy in front leads to one that does.
        if getattr(context.original_exception, "args", ())[:1] == (NOT_READY,):
            context.is_disconnect = True

    return made


def _served(url: URL, arguments: dict[str, Any], pool: dict[str, Any]) -> Engine:
    """Make an engine that asks each connection that was kept whether it lives, for no more than `LIMIT` seconds."""
    made = create_engine(
        url, hide_parameters=True, pool_pre_ping=True, pool_recycle=1800, connect_args=arguments, **pool
    )
    if name := _WAITS.get(url.get_driver_name()):
        ask = made.dialect.do_ping

        def lives(dbapi_connection: Any) -> bool:
            usual, begun = getattr(dbapi_connection, name), monotonic()
            setattr(dbapi_connection, name, min(usual, LIMIT))
            try:
                return ask(dbapi_connection)
            except Exception:
                if monotonic() - begun < LIMIT:
                    raise
                # What hangs is not asked for another connection on top: that would take as long again.
                raise StoreError(GONE) from None
            finally:
                setattr(dbapi_connection, name, usual)

        made.dialect.do_ping = lives  # type: ignore[method-assign]
    return made


def _bounded_connection(seconds: float) -> Any:
    """Return psycopg's class of connections with an end to waiting: a server that hangs sends no error."""
    import psycopg  # an extra

    class Bounded(psycopg.Connection[Any]):
        limit = seconds

        def __del__(self, *_: Any) -> None:
            if hasattr(self, "pgconn"):  # one that was in use when all others of its pool were given up
                self.pgconn.finish()

        def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
            return super().wait(self._bounded(gen), *arguments, **named)

        def _bounded(self, gen: Any) -> Generator[Any, Any, Any]:
            deadline = monotonic() + self.limit
            try:
                wanted = next(gen)
                while True:
                    ready = yield wanted
                    if not ready and monotonic() > deadline:
                        self.pgconn.finish()
                        raise psycopg.OperationalError("the server does not answer")
                    wanted = gen.send(ready)
            except StopIteration as end:
                return end.value

    return Bounded
