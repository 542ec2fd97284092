"""PostgreSQL on loopback: a server alone, and one with a synchronous standby and the network between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from .delivery import until
from .programs import Program, free_ports, hand_over, installed, run
from .proxy import Proxy

_USER = "postgres"  # PostgreSQL refuses to run as root
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
shared_buffers = '32MB'
wal_keep_size = '64MB'
wal_sender_timeout = '2s'
wal_receiver_timeout = '2s'
wal_retrieve_retry_interval = '200ms'
"""
_SYNCHRONOUS = """
synchronous_standby_names = 'ANY 1 ("*")'
"""


class Server(Program):
    """One of the pair."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.parent.chmod(0o755)
        self.port = port
        self.folder = folder
        super().__init__(
            [installed("postgres", package="PostgreSQL"), "-D", str(folder), "-p", str(port)],
            log=folder.with_suffix(".log"),
            answers=self.is_ready,
            user=_USER,
        )

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run *statement* and return its rows."""
        where = f"host=127.0.0.1 port={self.port} user={_USER} dbname=postgres connect_timeout=5"
        with psycopg.connect(where, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def make(self) -> None:
        """Make what it keeps, empty."""
        initialize = installed("initdb", package="PostgreSQL"), "-A", "trust", "--no-sync", "-E", "UTF8"
        run(*initialize, "-U", _USER, "-D", hand_over(self.folder, _USER), user=_USER)
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(_SETTINGS)

    def address(self, name: str) -> str:
        """Return the address of the database *name*."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{name}"

    def is_ready(self) -> bool:
        """Return whether it takes connections."""
        with suppress(psycopg.Error):
            return self.ask("SELECT 1") == [(1,)]
        return False


class Pair:
    """A *primary*, whose commits wait for its *standby*, and the *network* between them."""

    def __init__(self, primary: Server, standby: Server, network: Proxy) -> None:
        self.primary = primary
        self.standby = standby
        self.network = network

    @property
    def url(self) -> str:
        """The address of both: whichever takes changes."""
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        return f"postgresql://{_USER}@{hosts}/postgres?target_session_attrs=read-write"

    def is_synchronous(self) -> bool:
        """Return whether the standby follows."""
        return self.primary.ask("SELECT sync_state FROM pg_stat_replication") == [("quorum",)]

    def promote(self) -> None:
        """Let the standby take changes; nobody stands by it yet."""
        self.standby.ask("SELECT pg_promote()")
        self.standby.ask("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.standby.ask("SELECT pg_reload_conf()")


@contextmanager
def postgresql(folder: Path) -> Iterator[Server]:
    """Run a server alone."""
    [port] = free_ports(1)
    server = Server(folder / "first", port)
    server.make()
    with server:
        yield server


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """Run a server and its standby, both empty."""
    ports = free_ports(2)
    servers = [Server(folder / name, port) for name, port in zip(("first", "second"), ports, strict=True)]
    primary, standby = servers
    primary.make()
    with (primary.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(_SYNCHRONOUS)
    with Proxy("127.0.0.1", primary.port) as network:
        try:
            primary.start()
            source = f"host=127.0.0.1 port={network.port} user={_USER}"
            copy = installed("pg_basebackup", package="PostgreSQL"), "-R", "-c", "fast", "--no-sync"
            run(*copy, "-d", source, "-D", hand_over(standby.folder, _USER), user=_USER)
            standby.start()
            both = Pair(primary, standby, network)
            until(both.is_synchronous)
            yield both
        finally:
            for server in servers:
                server.kill()
