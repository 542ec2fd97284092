"""Servers of Redis on loopback: one with a replica and sentinels, and a cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import redis

from .delivery import until
from .programs import Program, free_ports, installed
from .proxy import Proxy

_NAME = "news"
_SENTINEL = """\
bind 127.0.0.1
port {port}
sentinel monitor {name} 127.0.0.1 {master} 2
sentinel down-after-milliseconds {name} 1000
sentinel failover-timeout {name} 3000
"""


class Server(Program):
    """A server that keeps everything in memory."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        self.port = port
        folder.mkdir()
        program = installed("redis-server", package="Redis")
        command = [program, *options, "--dir", str(folder)]
        super().__init__(command, log=folder / "log", answers=self._answers_now)

    def ask(self, *command: object) -> object:
        """Run *command* and return its answer."""
        with redis.Redis(port=self.port, socket_timeout=2, decode_responses=True) as client:
            return client.execute_command(*command)  # type: ignore[no-untyped-call]

    def _answers_now(self) -> bool:
        with suppress(redis.RedisError):
            return bool(self.ask("PING"))
        return False


def _server(folder: Path, port: int, *options: str) -> Server:
    served = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--repl-diskless-sync-delay", "0")
    return Server(folder / str(port), port, *served, *options)


@contextmanager
def watched(folder: Path) -> Iterator[tuple[str, Server, Server, Proxy]]:
    """Yield the address by way of three sentinels of a server, that server, its replica, and the network to the first.

    Everybody reaches it by that network: readers' processes, the replica and the sentinels.
    """
    first, second, *watchers = free_ports(5)
    with ExitStack() as stack:
        master = stack.enter_context(_server(folder, first))
        network = stack.enter_context(Proxy("127.0.0.1", first))
        replica = stack.enter_context(_server(folder, second, "--replicaof", "127.0.0.1", str(network.port)))
        until(lambda: told(replica)["master_link_status"] == "up")
        for port in watchers:
            file = folder / f"{port}.conf"
            file.write_text(_SENTINEL.format(port=port, name=_NAME, master=network.port), encoding="utf-8")
            sentinel = stack.enter_context(Server(folder / str(port), port, str(file), "--sentinel"))
            until(lambda sentinel=sentinel: _number(sentinel, "num-slaves") == 1)
        until(lambda: _number(sentinel, "num-other-sentinels") == 2)
        hosts = ",".join(f"127.0.0.1:{port}" for port in watchers)
        yield f"redis+sentinel://{hosts}/{_NAME}", master, replica, network


@contextmanager
def clustered(folder: Path) -> Iterator[tuple[str, list[Server]]]:
    """Yield the address of a cluster of three servers with a replica each, and its servers."""
    ports = free_ports(6)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(_server(folder, port, "--cluster-enabled", "yes", "--cluster-node-timeout", "1500"))
            for port in ports
        ]
        create = [installed("redis-cli", package="Redis"), "--cluster", "create", "--cluster-replicas", "1"]
        hosts = [f"127.0.0.1:{port}" for port in ports]
        subprocess.run([*create, *hosts, "--cluster-yes"], check=True, capture_output=True)
        for server in servers:
            until(lambda server=server: "cluster_state:ok" in str(server.ask("CLUSTER", "INFO")))
            until(lambda server=server: told(server).get("master_link_status", "up") == "up")
        yield f"redis+cluster://{','.join(hosts)}", servers


def told(server: Server) -> dict[str, Any]:
    """Return what *server* says of its copies."""
    with redis.Redis(port=server.port, socket_timeout=2) as client:
        found = client.info("replication")
    assert isinstance(found, dict)
    return found


def _number(sentinel: Server, name: str) -> int:
    told = sentinel.ask("SENTINEL", "MASTER", _NAME)
    return int(told[name]) if isinstance(told, dict) else 0
