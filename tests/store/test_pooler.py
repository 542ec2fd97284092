"""A database that is reached through PgBouncer, which gives a connection for one transaction only."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from compliance import Compliance, SettingsError
from compliance.store import Database, StoreError
from compliance.store.tables import message
from support.databases import fresh
from support.host import SETTINGS, create_app
from support.pooler import pooled
from support.texts import keep

pytestmark = pytest.mark.slow  # it has servers of its own

CLIENTS = 6
TEXTS = 20  # more than psycopg takes to prepare a statement


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database on PostgreSQL itself."""
    with fresh("postgresql", tmp_path) as url:
        yield url


def test_clients_share_few_connections(postgres: str, tmp_path: Path):
    def send(client: int) -> None:
        with closing(Database(url, folder=tmp_path, pooler=True)) as database:
            for place in range(TEXTS):
                keep(database, f"第{client}位读者的第{place}条留言")

    with pooled(postgres) as url, ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(send, range(CLIENTS)))
        with closing(Database(url, folder=tmp_path, pooler=True)) as database, database.reading() as connection:
            assert connection.scalar(select(func.count()).select_from(message)) == CLIENTS * TEXTS


def test_nobody_waits_without_end_and_nothing_is_left_behind(postgres: str, tmp_path: Path):
    with pooled(postgres, connections=1) as url, closing(Database(url, folder=tmp_path, pooler=True)) as database:
        with database.reading() as connection:
            assert connection.scalar(text("SHOW lock_timeout")) == "4s"
            assert connection.scalar(text("SHOW statement_timeout")) == "30s"
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            assert connection.scalar(text("SHOW lock_timeout")) == "0"


def test_an_application_takes_messages_through_it(postgres: str, tmp_path: Path):
    with pooled(postgres) as url:
        host = create_app()
        storage = {"url": url, "pooler": True}
        Compliance(host, settings={**SETTINGS, "storage": storage, "messages": {"challenge": "none"}})
        sent = host.test_client().post(
            "/compliance/message", data={"body": "路灯坏了"}, headers={"Accept": "application/json"}
        )
        assert sent.status_code == 201, sent.text
        host.extensions["compliance"].database.close()


@pytest.mark.parametrize("ignored", ["", "options"])
def test_a_pooler_that_was_not_named_is_told_with_the_remedy(ignored: str, postgres: str, tmp_path: Path):
    def send() -> None:
        # What one connection prepared, another client meets under the same name.
        databases = [Database(url, folder=tmp_path) for _ in range(CLIENTS)]
        try:
            for place in range(TEXTS):
                for database in databases:
                    keep(database, f"第{place}条留言")
        finally:
            for database in databases:
                database.close()

    with pooled(postgres, connections=1, ignored=ignored) as url, pytest.raises(StoreError, match=r"storage\.pooler"):
        send()


def test_a_process_holds_no_more_connections_than_it_may(tmp_path: Path):
    with (
        closing(Database("sqlite:///c.db", folder=tmp_path, patience=0.2, connections=2)) as database,
        database.reading(),
        database.reading(),
        pytest.raises(StoreError, match="too many requests"),
        database.reading(),
    ):
        pass


@pytest.mark.parametrize(("key", "value"), [("pool_size", 0), ("pool_size", "many"), ("pooler", 6432)])
def test_wrong_settings_are_told_by_name(key: str, value: object):
    with pytest.raises(SettingsError) as refused:
        Compliance(create_app(), settings={**SETTINGS, "storage": {key: value}})
    assert [problem.key for problem in refused.value.problems] == [f"storage.{key}"]


def test_options_that_a_pooler_would_not_pass_on_are_refused_at_the_start():
    storage = {"url": "postgresql://u@h/n?options=-csearch_path%3Dnews", "pooler": True}
    with pytest.raises(SettingsError) as refused:
        Compliance(create_app(), settings={**SETTINGS, "storage": storage})
    [problem] = refused.value.problems
    assert problem.key == "storage.url" and "ALTER ROLE" in problem.remedy
