"""A server of a database stands still in the middle of everything, with its connections open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from compliance.store.database import PATIENCE
from support import galera, standby
from support.load import Load, Site, closed

# Of what is under way a reader waits five seconds for the answer; who comes then, two for a connection that was kept
# and two for a new one. A statement of a command may take thirty.
LONGEST = 5 + 2 + 2
SLACK = 10  # of a busy machine
RUNNING: dict[str, Callable[[Path], AbstractContextManager[standby.Server | galera.Server]]] = {
    "postgresql": standby.postgresql,
    "mariadb": galera.mariadb,
}


@pytest.fixture(params=RUNNING)
def server(request: pytest.FixtureRequest) -> Iterator[standby.Server | galera.Server]:
    with TemporaryDirectory() as folder, RUNNING[request.param](Path(folder)) as server:
        server.ask("CREATE DATABASE news")
        yield server


def test_readers_of_a_server_that_stands_still_are_told_soon(server: standby.Server | galera.Server, tmp_path: Path):
    address = server.address("news")
    with closed(Site(address, tmp_path / str(place), patience=PATIENCE) for place in range(3)) as sites:
        with Load(sites) as load:
            load.until(10)
            server.freeze()
            for place in range(3):
                load.until_told(place, "does not answer")
            server.thaw()
            load.until(10)
        assert load.longest < LONGEST + SLACK
        load.check(sites[0].database)
