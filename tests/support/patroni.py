"""PostgreSQL under Patroni on loopback: three servers, and the etcd by which they agree who takes changes."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from bench.nginx import listens

from .delivery import until
from .programs import Program, free_ports, hand_over, installed
from .standby import USER

# Patroni waits 20 seconds for a leader at least, unless it is told of less from the start.
_TIMES = {"ttl": 6, "loop_wait": 1, "retry_timeout": 2}
_LOCAL = ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]


class Node(Program):
    """One server and the Patroni that runs it; both are killed and stopped together, as their machine is."""

    def __init__(self, folder: Path, place: int, ports: tuple[int, int], etcd: int) -> None:
        self.port, told = ports
        self.folder = folder / f"data{place}"
        settings = {
            "scope": "news",
            "name": f"node{place}",
            "restapi": {"listen": f"127.0.0.1:{told}", "connect_address": f"127.0.0.1:{told}"},
            "etcd3": {"host": f"127.0.0.1:{etcd}"},
            "bootstrap": {
                "dcs": {**_TIMES, "synchronous_mode": True, "synchronous_mode_strict": True},
                "initdb": [{"encoding": "UTF8"}, {"auth": "trust"}],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}",
                "connect_address": f"127.0.0.1:{self.port}",
                "data_dir": str(self.folder),
                "bin_dir": str(Path(installed("pg_controldata", package="PostgreSQL")).parent),
                "pgpass": str(folder / f"pgpass{place}"),
                "authentication": {"superuser": {"username": USER}, "replication": {"username": USER}},
                "parameters": {"unix_socket_directories": "", "shared_buffers": "32MB"},
                "pg_hba": _LOCAL,
            },
        }
        file = folder / f"{place}.yml"
        file.write_text(json.dumps(settings), encoding="utf-8")
        command = [installed("patroni", package="Patroni"), str(file)]
        super().__init__(command, log=folder / f"{place}.log", answers=self.is_ready, user=USER)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """Run *statement* and return its rows."""
        where = f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres connect_timeout=2"
        with psycopg.connect(where, autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def is_ready(self) -> bool:
        """Return whether it takes connections."""
        with suppress(psycopg.Error):
            return self.ask("SELECT 1") == [(1,)]
        return False

    def leads(self) -> bool:
        """Return whether it takes changes, and a standby follows it."""
        with suppress(psycopg.Error):
            return self.ask("SELECT sync_state FROM pg_stat_replication WHERE sync_state = 'sync'") == [("sync",)]
        return False

    def _signal(self, number: signal.Signals) -> None:
        super()._signal(number)
        with suppress(FileNotFoundError):  # its server is no child of it
            self._send(int((self.folder / "postmaster.pid").read_text(encoding="ascii").split()[0]), number)


@contextmanager
def patroni(folder: Path) -> Iterator[tuple[str, list[Node]]]:
    """Yield the address of the servers together, and each of them; the first takes changes."""
    client, peer, *ports = free_ports(8)
    folder.chmod(0o755)
    hand_over(folder, USER)
    etcd = [installed("etcd", package="etcd"), "--name", "one", "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync"]
    for kind, port in (("client", client), ("peer", peer)):
        etcd += [f"--listen-{kind}-urls", f"http://127.0.0.1:{port}"]
    etcd += ["--advertise-client-urls", f"http://127.0.0.1:{client}"]
    etcd += ["--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}"]
    etcd += ["--initial-cluster", f"one=http://127.0.0.1:{peer}"]
    with ExitStack() as stack:
        stack.enter_context(Program(etcd, log=folder / "etcd.log", answers=lambda: listens(client), user=USER))
        places = zip(ports[::2], ports[1::2], strict=True)
        nodes = [Node(folder, place, pair, client) for place, pair in enumerate(places)]
        for node in nodes:
            stack.enter_context(node)
        until(nodes[0].leads)
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
        yield f"postgresql://{USER}@{hosts}/postgres?target_session_attrs=read-write", nodes
