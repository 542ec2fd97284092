"""MariaDB on loopback: a server alone, and a Galera cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy import URL

from .delivery import until
from .programs import Program, free_ports, hand_over, installed, run

_PROVIDERS = ("/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so")
_USER = "mysql"  # what copies one node to another refuses to run as root
# One that is gone is noticed within seconds: nobody's network is between them.
_TIMES = "evs.keepalive_period=PT0.3S;evs.suspect_timeout=PT1.5S;evs.inactive_timeout=PT3S;evs.install_timeout=PT3S"


class Server(Program):
    """One server, whose data are in *folder*."""

    def __init__(self, folder: Path, port: int, *options: str, place: int = 0) -> None:
        self.port = port
        super().__init__(
            [
                *(installed("mariadbd", package="MariaDB"), "--no-defaults", f"--datadir={folder / f'data{place}'}"),
                *(f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={folder / f'{place}.sock'}"),
                *(f"--pid-file={folder / f'{place}.pid'}", "--innodb-buffer-pool-size=48M"),
                *("--innodb-log-file-size=16M", "--character-set-server=utf8mb4", *options),
            ],
            log=folder / f"{place}.log",
            answers=self.is_ready,
            user=_USER,
        )

    def address(self, name: str) -> str:
        """Return the address of the database *name* on this server."""
        return URL.create("mysql", "root", None, "127.0.0.1", self.port, name).render_as_string()

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run *statement* and return its rows."""
        with (
            pymysql.connect(host="127.0.0.1", port=self.port, user="root", read_timeout=10) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return list(cursor.fetchall())

    def is_ready(self) -> bool:
        """Return whether it takes connections."""
        with suppress(pymysql.Error):
            return self.ask("SELECT 1") == [(1,)]
        return False


class Node(Server):
    """One server of the cluster; `kill`, `freeze` and `part` it."""

    def __init__(self, folder: Path, provider: str, ports: list[int], groups: list[int], place: int) -> None:
        transfer, increments = ports[3 + place], ports[6 + place]
        host = "127.0.0.1"
        options = f"base_port={groups[place]};gmcast.listen_addr=tcp://{host}:{groups[place]};{_TIMES}"
        super().__init__(
            folder,
            ports[place],
            *("--binlog-format=ROW", "--innodb-autoinc-lock-mode=2"),
            *("--wsrep-on=ON", f"--wsrep-provider={provider}", "--wsrep-cluster-name=test"),
            f"--wsrep-cluster-address=gcomm://{','.join(f'{host}:{group}' for group in groups)}",
            *(f"--wsrep-node-address={host}:{groups[place]}", f"--wsrep-node-name=node{place}"),
            *("--wsrep-sst-method=rsync", f"--wsrep-sst-receive-address={host}:{transfer}"),
            f"--wsrep-provider-options={options};ist.recv_addr={host}:{increments};gcache.size=32M",
            place=place,
        )
        self.others: list[Node] = []

    def start(self, *options: str) -> None:
        """Start it; returns when it takes part.

        On a busy machine the script that copies another node may take its own server for somebody else's, and give up.
        """
        for _ in range(3):
            with suppress(AssertionError):
                return super().start(*options)
        super().start(*options)

    def is_ready(self) -> bool:
        """Return whether it takes part."""
        with suppress(pymysql.Error):
            return dict(self.ask("SHOW STATUS LIKE 'wsrep_local_state'")) == {"wsrep_local_state": "4"}
        return False

    def rejoin(self) -> None:
        """Let it go on, after the others have gone on without it; returns when it is among them again."""
        self.thaw()
        until(self.is_joined)

    def part(self) -> None:
        """Cut it off from the others; whoever uses it still reaches it."""
        self.ask("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")

    def join(self) -> None:
        """Let the others be reached again."""
        self.ask("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
        until(self.is_joined)

    def is_joined(self) -> bool:
        """Return whether it and all others know of each other; one that gave up is started again, as a service is."""
        if self._is_over():
            self.launch()
        with suppress(pymysql.Error):
            sizes = [node.ask("SHOW STATUS LIKE 'wsrep_cluster_size'")[0][1] for node in self.others]
            return set(sizes) == {"3"} and self.is_ready()
        return False


def _install(folder: Path) -> None:
    hand_over(folder, _USER)
    data = hand_over(folder / "data0", _USER)
    install = installed("mariadb-install-db", package="MariaDB"), "--no-defaults", "--skip-test-db"
    run(*install, f"--datadir={data}", "--auth-root-authentication-method=normal", user=_USER)


@contextmanager
def mariadb(folder: Path) -> Iterator[Server]:
    """Run a server alone."""
    [port] = free_ports(1)
    _install(folder)
    with Server(folder, port) as server:
        yield server


@contextmanager
def galera(folder: Path) -> Iterator[list[Node]]:
    """Run a cluster of three nodes."""
    provider = next((path for path in _PROVIDERS if Path(path).exists()), None)
    if provider is None:
        pytest.skip("Galera is not installed")
    installed("rsync", package="rsync")
    ports, groups = free_ports(9), free_ports(3)
    nodes = [Node(folder, provider, ports, groups, place) for place in range(3)]
    for node in nodes:
        node.others += [other for other in nodes if other is not node]
    _install(folder)
    for place in (1, 2):  # which copy the first
        hand_over(folder / f"data{place}", _USER)
    try:
        nodes[0].start("--wsrep-new-cluster")
        for node in nodes[1:]:
            node.start()
        yield nodes
    finally:
        for node in nodes:
            node.kill()
