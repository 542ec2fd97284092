"""Limits that several servers count together, while Redis is lost and another one takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from compliance.throttle import Throttle
from support.certificates import Authority
from support.delivery import until
from support.programs import free_ports
from support.proxy import FAULTS
from support.redis import Server, clustered, told, watched

LIMIT = 15  # submissions of one source within an hour
KEY = b"the key of the site"


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(folder)


def process(storage: str) -> Throttle:
    """The limits of one process; it soon asks again."""
    return Throttle(enabled=True, site=3000, storage=storage, key=KEY, pause=0.05)


def taken(throttle: Throttle, most: int = 2 * LIMIT) -> int:
    """How many submissions of one source are allowed before one is refused."""
    for number in range(most):
        if not throttle.submit("a", page=None).allowed:
            return number
    return most


def counts_together(throttle: Throttle) -> bool:
    return throttle.answers and bool(throttle.look("a")) and not throttle._lost


@pytest.mark.parametrize("how", FAULTS)
def test_a_replica_goes_on_where_its_server_was(how: str, folder: Path):
    """Of what is allowed no more than once more for each process is taken, by what it counts while nobody answers."""
    with watched(folder) as (address, master, replica, network):
        processes = [process(address) for _ in range(2)]
        assert [taken(one, 3) for one in processes] == [3, 3]
        until(lambda: told(replica)["slave_repl_offset"] == told(master)["master_repl_offset"])
        FAULTS[how][0](master, network)
        assert [taken(one) for one in processes] == [LIMIT, LIMIT]
        for one in processes:
            until(lambda one=one: counts_together(one))
        assert sum(taken(one) for one in processes) == LIMIT - 6


def test_a_cluster_counts_and_goes_on_without_one_of_its_servers(folder: Path):
    with clustered(folder) as (address, servers):
        processes = [process(address) for _ in range(2)]
        assert [taken(one, 3) for one in processes] == [3, 3]
        assert not any(one._lost for one in processes)
        before = sum(taken(one) for one in processes)
        assert before == LIMIT - 6
        servers[0].kill()
        for one in processes:
            until(lambda one=one: counts_together(one))
            for source in map(str, range(20)):  # each of them on one of the servers
                until(lambda one=one, source=source: one.submit(source, page=None).allowed and not one._lost)


def test_a_cluster_that_is_away_at_the_start_is_counted_in_as_soon_as_it_is_there(folder: Path):
    with clustered(folder) as (address, servers):
        for server in servers:
            server.freeze()
        one, other = process(address), process(address)
        assert not one.answers
        assert taken(one) == LIMIT
        for server in servers:
            server.thaw()
        for each in (one, other):
            until(lambda each=each: counts_together(each))
        assert taken(one, 10) + taken(other) == LIMIT


def test_counts_are_shared_by_way_of_tls(folder: Path):
    authority = Authority(folder)
    authority.context("127.0.0.1")
    certificate = str(folder / "127.0.0.1.pem")
    [port] = free_ports(1)
    options = ("--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", "--save", "")
    files = ("--tls-cert-file", certificate, "--tls-key-file", certificate, "--tls-ca-cert-file", str(authority.bundle))
    server = Server(folder / "server", port, *options, *files)
    server.launch()
    try:
        address = f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={authority.bundle}"
        until(lambda: process(address).answers)
        assert sum(taken(process(address), 8) for _ in range(3)) == LIMIT
        assert not process(f"rediss://127.0.0.1:{port}/0").answers  # by an authority that nobody here knows
    finally:
        server.kill()
