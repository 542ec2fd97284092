"""The steps from one version of the tables to the next, under a version table of their own (Alembic)."""

from __future__ import annotations

import random
import time
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

_ATTEMPTS = 6
_OPTIONS: dict[str, Any] = {"version_table": "compliance_alembic_version"}  # beside a host's own `alembic_version`


def configuration() -> Config:
    """Return what Alembic must know of the steps; it needs no file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["options"] = _OPTIONS
    return config


@cache
def newest() -> str | None:
    """Return the newest version that there is a step to."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def version(connection: Connection) -> str | None:
    """Return the version of the tables, None where there are none."""
    return MigrationContext.configure(connection, opts=_OPTIONS).get_current_revision()


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest version.

    Workers that start together make them together: where one meets what another is making, it looks again.
    """
    for attempt in range(_ATTEMPTS):
        with engine.connect() as connection:
            if version(connection) == newest():
                return
        try:
            with engine.begin() as connection:
                config = configuration()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except DBAPIError as error:
            if error.connection_invalidated or attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))
