"""A server that hangs costs one thread a moment, and those who come meanwhile nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import URL, make_url, text

from compliance.store import Database, StoreError
from support.databases import fresh
from support.proxy import Proxy

LONGEST = 15.0  # seconds: far more than the two that are meant, half of what a statement may take
THREADS = 6


@pytest.fixture(params=["postgresql", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    with fresh(request.param, tmp_path) as address:
        yield make_url(address)


@pytest.fixture
def proxy(url: URL) -> Iterator[Proxy]:
    with Proxy("127.0.0.1", url.port or 0) as proxy:
        yield proxy


@pytest.fixture
def database(url: URL, proxy: Proxy, tmp_path: Path) -> Iterator[Database]:
    through = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
    with closing(Database(through, folder=tmp_path)) as database:
        yield database


def asked(database: Database) -> bool:
    with suppress(StoreError), database.reading() as connection:
        return connection.scalar(text("SELECT 1")) == 1
    return False


def assert_soon_back(database: Database) -> None:
    begun = monotonic()
    while not asked(database):
        assert monotonic() - begun < LONGEST


def test_connection_that_was_kept_and_hangs_is_given_up_soon_and_nobody_else_waits(
    proxy: Proxy, database: Database
) -> None:
    with database.reading(), database.reading():  # two are kept
        pass
    proxy.hang()
    begun = monotonic()
    assert not asked(database)
    assert monotonic() - begun < LONGEST
    taken = proxy.accepted
    assert not any(asked(database) for _ in range(THREADS))
    assert proxy.accepted == taken
    proxy.restore()
    assert_soon_back(database)


def test_server_that_takes_connections_and_says_nothing_is_asked_by_one_at_a_time(
    proxy: Proxy, database: Database
) -> None:
    proxy.hang()
    begun = monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        assert not any(pool.map(asked, [database] * THREADS))
    assert monotonic() - begun < LONGEST
    assert proxy.accepted == 1
    proxy.restore()
    assert_soon_back(database)
    with closing(database.engine.raw_connection()) as connection:  # whose statements may take longer again
        held: Any = connection.driver_connection
        assert getattr(held, "limit", None) or held._read_timeout == 30


def test_server_that_refuses_at_once_is_asked_by_everybody(proxy: Proxy, database: Database) -> None:
    assert asked(database)
    proxy.cut()
    assert not asked(database)
    proxy.restore()
    assert asked(database)
