"""Three nodes of Galera, one of which is lost in the middle of everything."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pymysql
import pytest
from sqlalchemy import event, func, make_url, select

from compliance.deliveries.digests import Render
from compliance.store import Database
from compliance.store.migrations import newest, version
from compliance.store.tables import message
from support.delivery import Office, until
from support.delivery import mail as mail
from support.delivery import render as render
from support.galera import Node, galera
from support.haproxy import haproxy
from support.host import ROOT
from support.load import Load, Site, closed
from support.programs import Program, free_ports
from support.proxy import FAULTS, Proxy
from support.smtp import MailServer
from support.texts import keep

MIGRATE = "import sys, pathlib, compliance.store as s; s.Database(sys.argv[1], folder=pathlib.Path()).migrate()"
LOSSES: dict[str, tuple[Callable[[Node], None], Callable[[Node], None]]] = {
    "killed": (Node.kill, Node.start),
    "stopped": (Node.freeze, Node.rejoin),
    "parted": (Node.part, Node.join),
}


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    with TemporaryDirectory() as folder, galera(Path(folder)) as nodes:
        yield nodes


@pytest.fixture
def addresses(nodes: list[Node]) -> list[str]:
    """The address of an empty database, by way of each node."""
    for node in nodes:
        until(node.is_joined)
    name = f"test_{secrets.token_hex(4)}"
    nodes[0].ask(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    return [node.address(name) for node in nodes]


@pytest.fixture
def sites(addresses: list[str], tmp_path: Path) -> Iterator[list[Site]]:
    """A server at each node."""
    with closed(Site(address, tmp_path / str(place)) for place, address in enumerate(addresses)) as made:
        yield made


@pytest.mark.parametrize("how", LOSSES)
def test_a_node_that_is_lost_costs_nothing_that_was_acknowledged(how: str, nodes: list[Node], sites: list[Site]):
    lose, mend = LOSSES[how]
    with Load(sites) as load:
        load.until(10)
        lose(nodes[1])
        load.until(10, [0, 2])
        if how == "parted":
            load.until_told(1, "Galera")
        mend(nodes[1])
        load.until(10)
    load.check(*(site.database for site in sites))


@contextmanager
def proxied(nodes: list[Node], address: str, folder: Path) -> Iterator[tuple[list[Site], Program, Proxy]]:
    """Yield two servers that reach the database at *address* as the documentation has it.

    With them the proxy between, and the network that leads to it.
    """
    [port] = free_ports(1)
    changes = {
        "127.0.0.1:3306": f"127.0.0.1:{port}",
        "/etc/haproxy/galera-check": f"{folder / 'galera-check'}",
        "--user=haproxy": "--user=root",
        **{f"10.0.0.{place + 1}:3306": f"127.0.0.1:{node.port}" for place, node in enumerate(nodes)},
    }
    page = ROOT / "docs" / "clusters.md"
    with haproxy(page, folder, changes, port=port) as program, Proxy("127.0.0.1", port) as network:
        until(lambda: _answers(port))
        through = make_url(address).set(port=network.port).render_as_string()
        with closed(Site(through, folder / str(place)) for place in range(2)) as sites:
            yield sites, program, network


@pytest.mark.parametrize("how", LOSSES)
def test_behind_a_proxy_the_others_go_on_for_every_server(
    how: str, nodes: list[Node], addresses: list[str], tmp_path: Path
):
    lose, mend = LOSSES[how]
    with proxied(nodes, addresses[0], tmp_path) as (sites, *_):
        with Load(sites) as load:
            load.until(10)
            lose(nodes[0])
            load.until(10)
            mend(nodes[0])
            load.until(10)
        load.check(sites[0].database)


@pytest.mark.parametrize("how", FAULTS)
def test_a_proxy_that_is_lost_costs_nothing_that_was_acknowledged(
    how: str, nodes: list[Node], addresses: list[str], tmp_path: Path
):
    lose, mend = FAULTS[how]
    with proxied(nodes, addresses[0], tmp_path) as (sites, program, network):
        with Load(sites) as load:
            load.until(10)
            lose(program, network)
            for place in range(2):
                load.until_told(place, "database")
            mend(program, network)
            load.until(10)
        load.check(sites[0].database)


def _answers(port: int) -> bool:
    try:
        pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=2).close()
    except pymysql.Error:
        return False
    return True


def test_what_one_node_acknowledged_every_other_one_shows_at_once(
    nodes: list[Node], addresses: list[str], tmp_path: Path
):
    def count() -> Any:
        with database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(message))

    with (
        closing(Database(addresses[0], folder=tmp_path)) as first,
        closing(Database(addresses[1], folder=tmp_path)) as database,
        pymysql.connect(host="127.0.0.1", port=nodes[1].port, user="root") as late,
        ThreadPoolExecutor(1) as reader,
    ):
        assert count() == 0
        with late.cursor() as cursor:
            cursor.execute("FLUSH TABLES WITH READ LOCK")  # nothing of what others write comes through
            keep(first, "路灯坏了")
            counted = reader.submit(count)
            until(lambda: counted.done() or _reads(nodes[1]))
            cursor.execute("UNLOCK TABLES")
        assert counted.result() == 1


def _reads(node: Node) -> bool:
    """Return whether somebody waits for the answer to a query."""
    listed = node.ask("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT count(*) AS %'")
    return listed == [(1,)]


def test_tables_that_two_nodes_make_at_once_have_one_version(addresses: list[str], tmp_path: Path):
    with closing(Database(addresses[1], folder=tmp_path)) as database:

        @event.listens_for(database.engine, "before_cursor_execute")
        def _(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith("INSERT INTO compliance_alembic_version") and not others:
                others.append(subprocess.run([sys.executable, "-c", MIGRATE, addresses[0]], cwd=ROOT, check=True))

        others: list[Any] = []
        database.migrate()
        assert others
        with database.reading() as connection:
            assert version(connection) == newest()


def test_workers_at_two_nodes_send_each_letter_once(
    addresses: list[str], settings: dict[str, Any], mail: MailServer, render: Render, tmp_path: Path
):
    settings["mail"] = {"host": "127.0.0.1", "port": mail.port}
    with ExitStack() as stack:
        databases = [stack.enter_context(closing(Database(one, folder=tmp_path))) for one in addresses[:2]]
        office = Office(databases[0], settings, render)
        office.fill(40)
        workers = [office.new_worker(database) for database in databases]
        with ThreadPoolExecutor(2) as pool:
            tallies = list(pool.map(lambda worker: worker.deliver(), workers))
    assert sum(tally.sent for tally in tallies) == 40
    assert len(mail.received) == 40
