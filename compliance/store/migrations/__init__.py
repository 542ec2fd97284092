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

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from ...errors import Message, StoreError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

# Alembic is imported where it is used, at the first use of the database: no start of a site waits for it.
_ATTEMPTS = 6
_TURN = 25  # seconds that a worker waits for its turn: less than servers give a request
_ONE_AT_A_TIME = Lock()  # Alembic keeps what it works on in the globals of its modules
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


def _is_known(engine: Engine) -> bool:
    with engine.connect() as connection:
        now = version(connection)
    return now in {None, *(step.revision for step in _steps().walk_revisions())}


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Hold other workers off where half a step is seen at once (MySQL); elsewhere a step is whole or was never done.

    Those at other nodes of a Galera cluster are not held off, for a named lock is known to its own node alone. Where
    one meets what another made, a table or the version that is noted, it looks again.
    """
    if engine.dialect.name != "mysql":
        yield
        return
    with engine.connect() as connection:
        connection.detach()  # what is held ends with it
        if not connection.scalar(select(func.get_lock(func.sha1(func.concat("compliance ", func.database())), _TURN))):
            raise StoreError(Message("the tables are being brought up to date by another worker; try again later"))
        yield


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest version.

    Workers that start together do it one after the other, or look again where one meets what another is making. Raises
    `StoreError` for the tables of a version that is not known.
    """
    with engine.connect() as connection:
        if version(connection) == newest():
            return
    with _turn(engine):
        _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.util import CommandError

    for attempt in range(_ATTEMPTS):
        with engine.connect() as connection:
            if version(connection) == newest():
                return
        try:
            with engine.begin() as connection:
                config = configuration()
                config.attributes["connection"] = connection
                with _ONE_AT_A_TIME:
                    command.upgrade(config, "head")
        except CommandError:
            # Another worker may have noted the same step in the meantime, where what is made is seen at once (MySQL).
            if attempt + 1 == _ATTEMPTS or not _is_known(engine):
                raise StoreError(
                    Message("the tables are those of a newer version of this package; install that one")
                ) from None
        except DBAPIError as error:
            if error.connection_invalidated or attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))
