"""Sites that share one database of PostgreSQL: each has a schema of its own, and finds nothing outside of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import Connection, create_engine, inspect, make_url, select, text

from compliance import Compliance, SettingsError
from compliance.ledger import verify
from compliance.store import Database, Owner, StoreError
from compliance.store.migrations import configuration, newest, version
from compliance.store.owner import owner_of
from compliance.store.tables import PREFIX, message, metadata
from support.databases import fresh
from support.host import ROOT, SETTINGS, create_app
from support.pooler import pooled
from support.texts import found, keep

# As long as PostgreSQL takes them, and no different but at the end.
NAMES = ("n" * 62 + "a", "n" * 62 + "b")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database on PostgreSQL itself."""
    with fresh("postgresql", tmp_path) as url:
        yield url


@pytest.fixture(params=["direct", "pooled"])
def storage(request: pytest.FixtureRequest, postgres: str) -> Iterator[dict[str, Any]]:
    """How a site reaches it: as it is, or by way of a pooler that has one connection for all."""
    if request.param == "direct":
        yield {"url": postgres}
        return
    with pooled(postgres, connections=1) as url:
        yield {"url": url, "pooler": True}


@contextmanager
def connected(address: str, *, schema: str = "public") -> Iterator[Connection]:
    """Open a transaction on a connection of the test's own, and commit it."""
    engine = create_engine(address, connect_args={"options": f"-csearch_path={schema}"})
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def site(name: str, storage: dict[str, Any], folder: Path, **values: Any) -> Iterator[Flask]:
    """A site that keeps everything in the schema *name*, or where PostgreSQL looks for tables without one."""
    folder.mkdir(exist_ok=True)
    host = Flask("site", instance_path=str(folder))
    host.secret_key = f"key of {name}"
    Compliance(
        host,
        settings={
            **SETTINGS,
            "site": {**SETTINGS["site"], "url": f"https://{name[-1]}.example.org"},
            "storage": {**storage, **values},
            "messages": {"challenge": "none"},
            "limits": {"enabled": False},
        },
    )
    try:
        yield host
    finally:
        host.extensions["compliance"].database.close()


def texts(database: Database) -> list[str]:
    with database.reading() as connection:
        return sorted(connection.scalars(select(message.c.body)))


def relations(connection: Connection, schema: str) -> set[str]:
    """Return what has a name there: tables, parts, indexes."""
    query = text(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(:schema) AND relkind IN ('r','p','i','I')"
    )
    return set(connection.scalars(query, {"schema": schema}))


@pytest.mark.slow
def test_sites_share_a_database_and_nothing_in_it(storage: dict[str, Any], postgres: str, tmp_path: Path):
    places: list[tuple[str, dict[str, Any]]] = [("public", {}), *((name, {"schema": name}) for name in NAMES)]
    for name, values in places:
        with site(name, storage, tmp_path / name[-9:], **values) as host:
            client, inside = host.test_client(), host.extensions["compliance"]
            for place in range(2):
                assert client.post("/compliance/message", data={"body": f"路灯坏了 {name} {place}"}).status_code == 303
                assert client.post("/compliance/consent", data={"choice": "accept"}).status_code == 303
            assert inside.recorder.settle(60)
            assert (inside.ledger.length(), list(verify(inside.ledger))) == (2, [])
            assert texts(inside.database) == [f"路灯坏了 {name} {place}" for place in range(2)]
            assert len(found(inside.database, "路灯")) == 2
            for asked in ("db upgrade", "db status", "consents verify", "purge"):
                done = host.test_cli_runner().invoke(args=["compliance", *asked.split()])
                assert done.exit_code < 2, done.output  # 1: holidays are not known yet
            assert owner_of(inside.database.engine).url == f"https://{name[-1]}.example.org"
    with connected(postgres) as connection:
        first, *others = (relations(connection, name) for name, _ in places)
        assert first and others == [first, first]
        assert any(name.startswith(f"{PREFIX}decision_2") for name in first)


@pytest.mark.slow
def test_transactions_that_share_a_connection_each_find_their_own(storage: dict[str, Any], tmp_path: Path):
    databases = [Database(**storage, folder=tmp_path, schema=name) for name in NAMES]

    with closing(databases[0]), closing(databases[1]):
        for place in range(10):
            for name, database in zip(NAMES, databases, strict=True):
                keep(database, f"{name} {place}")
                assert texts(database) == [f"{name} {before}" for before in range(place + 1)]


@pytest.mark.slow
def test_another_site_in_the_schema_is_refused(storage: dict[str, Any], tmp_path: Path):
    with site("a", storage, tmp_path, schema="news") as one, site("b", storage, tmp_path, schema="news") as other:
        assert one.test_client().post("/compliance/message", data={"body": "Text"}).status_code == 303
        assert other.test_client().post("/compliance/message", data={"body": "Text"}).status_code == 503
        told = other.test_cli_runner().invoke(args=["compliance", "db", "status"])
        assert (told.exit_code, "https://a.example.org" in told.stderr, "storage.schema" in told.stderr) == (
            2,
            True,
            True,
        )


@pytest.mark.slow
def test_workers_that_start_together_make_the_schema_once(postgres: str, tmp_path: Path):
    databases = [Database(postgres, folder=tmp_path, schema="order") for _ in range(4)]
    together = Barrier(len(databases))

    def start(database: Database) -> list[str]:
        with closing(database):
            together.wait()
            return texts(database)

    with ThreadPoolExecutor(len(databases)) as workers:
        assert list(workers.map(start, databases)) == [[]] * len(databases)


@pytest.mark.slow
def test_tables_of_an_earlier_version_are_brought_up_to_date(storage: dict[str, Any], postgres: str, tmp_path: Path):
    with connected(postgres, schema="news") as connection:
        connection.execute(text("CREATE SCHEMA news"))
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    with closing(Database(**storage, folder=tmp_path, schema="news")) as database:
        keep(database, "留言")
        with database.reading() as connection:
            assert version(connection) == newest()
    with connected(postgres) as connection:
        there = inspect(connection)
        assert {table.name for table in metadata.sorted_tables} <= set(there.get_table_names("news"))
        assert there.get_table_names("public") == []


@pytest.mark.slow
def test_a_site_moves_into_a_schema_as_the_documentation_says(storage: dict[str, Any], postgres: str, tmp_path: Path):
    owner = Owner(name="News", url="https://news.example.org")
    with closing(Database(**storage, folder=tmp_path, owner=owner)) as database:
        keep(database, "留言")
    [move] = re.findall(r"```sql\n(CREATE SCHEMA .*?)```", (ROOT / "docs" / "storage.md").read_text("utf-8"), re.DOTALL)
    with connected(postgres) as connection:
        before = relations(connection, "public")
        connection.exec_driver_sql(move.replace("%", "%%"))
        assert (relations(connection, "news"), relations(connection, "public")) == (before, set())
    with closing(Database(**storage, folder=tmp_path, owner=owner, schema="news")) as database:
        assert texts(database) == ["留言"]


@pytest.mark.slow
@pytest.mark.parametrize("there", [False, True], ids=["no schema", "no right to it"])
def test_what_is_not_permitted_is_told_with_what_to_run(there: bool, postgres: str, tmp_path: Path):
    role = make_url(postgres).database  # a name that no other test has
    assert role
    try:
        with connected(postgres) as connection:
            connection.execute(text(f"CREATE ROLE {role} LOGIN"))
            if there:
                connection.execute(text("CREATE SCHEMA news"))
        url = make_url(postgres).set(username=role).render_as_string(hide_password=False)
        with closing(Database(url, folder=tmp_path, schema="news")) as database:
            with pytest.raises(StoreError) as refused:
                database.migrate()
            [remedy] = re.findall("CREATE SCHEMA .*|GRANT .*", str(refused.value))
            with connected(postgres) as connection:
                connection.execute(text(remedy))
            keep(database, "留言")
            assert texts(database) == ["留言"]
    finally:
        with connected(postgres) as connection:
            connection.execute(text(f"DROP OWNED BY {role} CASCADE"))
            connection.execute(text(f"DROP ROLE {role}"))


@pytest.mark.parametrize(
    "name", ["News", "pg_news", "information_schema", "n" * 64, "新闻", "a-b", 'a"b', "a b", "1a", "", 1], ids=str
)
def test_a_name_that_would_be_another_one_is_refused(name: object):
    with pytest.raises(SettingsError) as refused:
        Compliance(create_app(), settings={**SETTINGS, "storage": {"url": "postgresql://u@h/n", "schema": name}})
    assert [problem.key for problem in refused.value.problems] == ["storage.schema"]


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("sqlite:///compliance.db", "leave out storage.schema"),
        ("mysql://u@h/n", "leave out storage.schema"),
        ("mariadb://u@h/n", "leave out storage.schema"),
        ("postgresql://u@h/n?options=-csearch_path%3Dsport", "leave search_path out"),
    ],
)
def test_a_schema_that_the_address_has_no_place_for_is_refused_at_the_start(url: str, remedy: str):
    with pytest.raises(SettingsError) as refused:
        Compliance(create_app(), settings={**SETTINGS, "storage": {"url": url, "schema": "news"}})
    [problem] = refused.value.problems
    assert problem.key == "storage.url" and remedy in problem.remedy
