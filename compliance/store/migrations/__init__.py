"""The steps from one version of the tables to the next, under a version table of their own (Alembic)."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, delete, exists, func, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from ...errors import Message, StoreError
from .. import schemas
from ..tables import suited

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

# Alembic is imported where it is used, at the first use of the database: no start of a site waits for it.
_ATTEMPTS = 6
_TURN = 25  # seconds that a worker waits for its turn: less than servers give a request
_ONE_AT_A_TIME = Lock()  # Alembic keeps what it works on in the globals of its modules
# Alembic's own takes several versions: one that a worker notes late stays there beside that of a worker ahead of it.
_ONE_VERSION = """
    CREATE TABLE IF NOT EXISTS compliance_alembic_version (
        version_num VARCHAR(32) NOT NULL PRIMARY KEY, one BOOLEAN NOT NULL DEFAULT TRUE UNIQUE
    ) ENGINE = InnoDB
"""
_OPTIONS: dict[str, Any] = {"version_table": "compliance_alembic_version"}  # beside a host's own `alembic_version`


def configuration() -> Config:
    """Return what Alembic must know of the steps; it needs no file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["options"] = _OPTIONS
    return config


@cache
def _steps() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(configuration())


def newest() -> str | None:
    """Return the newest version that there is a step to."""
    return _steps().get_current_head()


def version(connection: Connection) -> str | None:
    """Return the version of the tables, None where there are none."""
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection, opts=_OPTIONS).get_current_revision()


def _suited() -> list[str]:
    """Return the versions whose processes work on the newest tables: those since a step took something away.

    Every other step adds, so that what was written for the tables before it works on. One that `takes_away` says so;
    the package of the version before it has no use any more for what goes.
    """
    found = []
    for step in _steps().walk_revisions():
        found.append(step.revision)
        if getattr(step.module, "takes_away", False):
            break
    return found


def _note_suited(connection: Connection) -> None:
    """Tell processes of older versions, which know nothing of the newest steps, that they may work on."""
    connection.execute(delete(suited))
    connection.execute(insert(suited), [{"version": one} for one in _suited()])


def _is_usable(connection: Connection) -> bool:
    """Return whether this process works on the tables as they are: they are its own, or it is told that they suit."""
    now = version(connection)
    if now == newest() or _is_known(now):
        return now == newest()
    there = inspect(connection).has_table(suited.name)
    return there and bool(connection.scalar(select(exists().where(suited.c.version == newest()))))


def _is_known(now: str | None) -> bool:
    return now in {None, *(step.revision for step in _steps().walk_revisions())}


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Hold other workers off where half a step is seen at once (MySQL); elsewhere a step is whole or was never done.

    Those at other nodes of a Galera cluster are not held off, for a named lock is known to its own node alone. Where
    one meets what another made, a table or the version that is noted, it looks again; the table of versions holds one.
    """
    if engine.dialect.name != "mysql":
        yield
        return
    with engine.connect() as connection:
        connection.detach()  # what is held ends with it
        if not connection.scalar(select(func.get_lock(func.sha1(func.concat("compliance ", func.database())), _TURN))):
            raise StoreError(Message("the tables are being brought up to date by another worker; try again later"))
        connection.exec_driver_sql(_ONE_VERSION)
        yield


def upgrade(engine: Engine, schema: str | None = None) -> None:
    """Bring the tables, those in *schema* where one is named, to the newest version.

    Workers that start together do it one after the other, or look again where one meets what another is making. Tables
    of a version that is not known are left as they are. Raises `StoreError` where they do not suit this one.
    """
    with engine.connect() as connection:
        if _is_usable(connection):
            return
    with _turn(engine):
        _upgrade(engine, schema)


def _upgrade(engine: Engine, schema: str | None) -> None:
    from alembic import command
    from alembic.util import CommandError

    for attempt in range(_ATTEMPTS):
        with engine.connect() as connection:
            now = version(connection)
        if now == newest():
            return
        try:
            with engine.begin() as connection:
                if schema:
                    schemas.prepare(connection, schema)
                config = configuration()
                config.attributes["connection"] = connection
                with _ONE_AT_A_TIME:
                    command.upgrade(config, "head")
                _note_suited(connection)
        except CommandError:
            # Another worker may have noted the same step in the meantime, where what is made is seen at once (MySQL).
            if attempt + 1 == _ATTEMPTS or not _is_known(now):
                raise StoreError(
                    Message("the tables are those of a newer version of this package; install that one")
                ) from None
        except DBAPIError as error:
            if error.connection_invalidated or attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))
