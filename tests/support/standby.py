"""PostgreSQL on loopback: a server alone, and one with synchronous standbys and the network between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from .delivery import until
from .programs import Program, free_ports, hand_over, installed, run
from .proxy import Proxy

USER = "postgres"  # PostgreSQL refuses to run as root
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
    """One server."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.parent.chmod(0o755)
        self.port = port
        self.folder = folder
        super().__init__(
            [installed("postgres", package="PostgreSQL"), "-D", str(folder), "-p", str(port)],
            log=folder.with_suffix(".log"),
            answers=self.is_ready,
            user=USER,
        )

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run *statement* and return its rows."""
        where = f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres connect_timeout=5"
        with psycopg.connect(where, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def make(self) -> None:
        """Make what it keeps, empty."""
        initialize = installed("initdb", package="PostgreSQL"), "-A", "trust", "--no-sync", "-E", "UTF8"
        run(*initialize, "-U", USER, "-D", hand_over(self.folder, USER), user=USER)
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(_SETTINGS)

    def address(self, name: str) -> str:
        """Return the address of the database *name*."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def is_ready(self) -> bool:
        """Return whether it takes connections."""
        with suppress(psycopg.Error):
            return self.ask("SELECT 1") == [(1,)]
        return False


class Group:
    """A *primary*, whose commits wait for one of its *standbys*, and the *network* between them."""

    def __init__(self, primary: Server, standbys: list[Server], network: Proxy) -> None:
        self.primary = primary
        self.standbys = standbys
        self.network = network

    @property
    def url(self) -> str:
        """The address of all: whichever takes changes."""
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in (self.primary, *self.standbys))
        return f"postgresql://{USER}@{hosts}/postgres?target_session_attrs=read-write"

    def is_synchronous(self) -> bool:
        """Return whether all standbys follow."""
        states = self.primary.ask("SELECT sync_state FROM pg_stat_replication")
        return states == [("quorum",)] * len(self.standbys)

    def promote(self, standby: Server) -> None:
        """Let *standby* take changes; nobody stands by it yet."""
        standby.ask("SELECT pg_promote()")
        standby.ask("ALTER SYSTEM SET synchronous_standby_names = ''")
        standby.ask("SELECT pg_reload_conf()")

    def replace(self) -> Server:
        """Let the standby that has most take changes, and the others follow it; return it."""
        for standby in self.standbys:  # who still received something would count as one that has less
            standby.ask("ALTER SYSTEM SET primary_conninfo = ''")
            standby.ask("SELECT pg_reload_conf()")
            until(lambda standby=standby: standby.ask("SELECT count(*) FROM pg_stat_wal_receiver") == [(0,)])
        received = {standby: standby.ask("SELECT pg_last_wal_receive_lsn() - '0/0'")[0][0] for standby in self.standbys}
        furthest = max(received, key=lambda standby: received[standby])
        furthest.ask("SELECT pg_promote()")
        for standby in set(self.standbys) - {furthest}:
            source = f"host=127.0.0.1 port={furthest.port} user={USER}"
            standby.ask(f"ALTER SYSTEM SET primary_conninfo = '{source}'")
            standby.ask("SELECT pg_reload_conf()")
        return furthest


@contextmanager
def postgresql(folder: Path) -> Iterator[Server]:
    """Run a server alone."""
    [port] = free_ports(1)
    server = Server(folder / "first", port)
    server.make()
    with server:
        yield server


@contextmanager
def group(folder: Path, *, standbys: int = 1) -> Iterator[Group]:
    """Run a server and its standbys, all empty."""
    servers = [Server(folder / str(place), port) for place, port in enumerate(free_ports(1 + standbys))]
    primary, *others = servers
    primary.make()
    with (primary.folder / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(_SYNCHRONOUS)
    with Proxy("127.0.0.1", primary.port) as network:
        try:
            primary.start()
            source = f"host=127.0.0.1 port={network.port} user={USER}"
            copy = installed("pg_basebackup", package="PostgreSQL"), "-R", "-c", "fast", "--no-sync"
            for standby in others:
                run(*copy, "-d", source, "-D", hand_over(standby.folder, USER), user=USER)
                standby.start()
            made = Group(primary, others, network)
            until(made.is_synchronous)
            yield made
        finally:
            for server in servers:
                server.kill()
