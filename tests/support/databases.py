"""The kinds of databases that are supported, real ones: each test process has one of each for itself."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, make_url, text

from compliance.store import Database, tables

KINDS = ("sqlite", "postgresql", "mysql")
SERVERS = {
    "postgresql": os.environ.get("COMPLIANCE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mysql": os.environ.get("COMPLIANCE_TEST_MYSQL", "mysql+pymysql://root@127.0.0.1:3306"),
}


@contextmanager
def fresh(kind: str, folder: Path) -> Iterator[str]:
    """Make an empty database of *kind*, yield its address, drop it again."""
    name = f"compliance_test_{os.getpid()}_{secrets.token_hex(4)}"
    if kind == "sqlite":
        yield f"sqlite:///{folder / name}.db"
        return
    server = create_engine(make_url(SERVERS[kind]), isolation_level="AUTOCOMMIT")
    suffix = " CHARACTER SET utf8mb4" if kind == "mysql" else ""
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}{suffix}"))
            if kind == "postgresql":  # no test cuts the server's power, and each commit would wait for its disk
                connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit TO off"))
        yield make_url(SERVERS[kind]).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            force = " WITH (FORCE)" if kind == "postgresql" else ""
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}{force}"))
        server.dispose()


@pytest.fixture(scope="session", params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database that the tests of this process share: its tables stay, their rows do not."""
    with fresh(request.param, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture
def database(address: str, tmp_path: Path) -> Iterator[Database]:
    """A database with empty tables, of each kind in turn."""
    database = Database(address, folder=tmp_path)
    database.write(_empty)
    yield database
    database.close()


def _empty(connection: Connection) -> None:
    for table in reversed(tables.metadata.sorted_tables):
        connection.execute(table.delete())
