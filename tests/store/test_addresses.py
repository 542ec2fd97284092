"""The address of a database: taken as people write it, or refused at start with what to write instead."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from compliance import Compliance, SettingsError
from compliance.store import Database, StoreError
from compliance.store.addresses import read
from support.databases import SERVERS, fresh
from support.host import SETTINGS, create_app


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///compliance.db", "sqlite:///compliance.db"),
        ("sqlite:////var/lib/compliance.db", "sqlite:////var/lib/compliance.db"),
        ("SQLite:///compliance.db?timeout=5", "sqlite:///compliance.db?timeout=5"),
        ("postgres://u@h/n", "postgresql+psycopg://u@h/n"),
        ("postgresql://u:p%40ss@h:5433/n", "postgresql+psycopg://u:p%40ss@h:5433/n"),
        ("postgresql+psycopg://u@[::1]:5432/n", "postgresql+psycopg://u@[::1]:5432/n"),
        ("postgresql:///n?host=/run/postgresql", "postgresql+psycopg:///n?host=%2Frun%2Fpostgresql"),
        ("postgres://u@h1:1,h2:2/n", "postgresql+psycopg://u@/n?host=h1%3A1&host=h2%3A2"),
        (
            "postgresql://u@h1,h2:2/n?target_session_attrs=read-write",
            "postgresql+psycopg://u@/n?host=h1&host=h2%3A2&target_session_attrs=read-write",
        ),
        ("mysql://u@h/n", "mysql+pymysql://u@h/n"),
        ("mariadb://u@h/n?ssl_ca=/etc/ca.pem", "mariadb+pymysql://u@h/n?ssl_ca=%2Fetc%2Fca.pem"),
    ],
)
def test_address_is_taken_as_people_write_it(written: str, meant: str):
    assert read(written) == make_url(meant)


WRONG = [
    ("sqlite://compliance.db", "sqlite:///compliance.db"),
    ("sqlite:compliance.db", "sqlite:///compliance.db"),
    ("sqlite://", "sqlite:///compliance.db"),
    ("sqlite:///", "sqlite:///compliance.db"),
    ("sqlite:///:memory:", "sqlite:///compliance.db"),
    ("sqlite:///file:x?mode=memory&uri=true", "sqlite:///compliance.db"),
    ("sqlite+aiosqlite:///compliance.db", "write sqlite://"),
    ("sqlite:///compliance.db?isolation_level=IMMEDIATE", "isolation_level"),
    ("postgresql+asyncpg://u:secret@h/n", "flask-compliance[postgres]"),
    ("postgresql+psycopg2://u:secret@h/n", "flask-compliance[postgres]"),
    ("postgresql+nothing://u:secret@h/n", "flask-compliance[postgres]"),
    ("mysql+mysqldb://u:secret@h/n", "flask-compliance[mysql]"),
    ("oracle://u:secret@h/n", "postgresql://"),
    ("http://u:secret@h/n", "postgresql://"),
    ("postgresql://u:secret@h:port/n", "port"),
    ("postgresql://u:secret@h:99999/n", "port"),
    ("postgresql://u:secret@h:0/n", "port"),
    ("postgresql://u:secret@h:５４３２/n", "port"),
    ("postgresql://u:sec/ret@h/n", "%2F"),
    ("postgresql://u:secret@h1:1,h2:x/n", "port"),
    ("mysql://u:secret@h1,h2/n", "proxy"),
    ("postgresql://u:secret@h/n?sslmod=require", "sslmod"),
    ("mysql://u:secret@h/n?ssl_verify=1&foo=2", "foo"),
    ("mysql://u:secret@h/n?charset=gbk", "utf8mb4"),
]


@pytest.mark.parametrize(("written", "told"), WRONG)
def test_what_is_no_address_is_told_at_start_with_the_remedy(written: str, told: str):
    settings = {**SETTINGS, "storage": {"url": written}}
    with pytest.raises(SettingsError) as refused:
        Compliance(create_app(), settings=settings)
    [problem] = refused.value.problems
    assert problem.key == "storage.url"
    if "://" in written:
        assert told in problem.remedy
    assert "sec" not in str(refused.value)


def test_options_of_the_site_count_beside_ours(tmp_path: Path):
    query = {
        "options": "-csearch_path=s1 -c statement_timeout=7000",
        "application_name": "news",
        "connect_timeout": "9",
    }
    with fresh("postgresql", tmp_path) as url:
        with closing(Database(url, folder=tmp_path)) as plain:
            plain.write(lambda connection: connection.execute(text("CREATE SCHEMA s1")))
        given = make_url(url).update_query_dict(query).render_as_string(hide_password=False)
        with closing(Database(given, folder=tmp_path)) as database, database.reading() as connection:
            shown = [
                connection.scalar(text(f"SHOW {name}"))
                for name in ("search_path", "statement_timeout", "lock_timeout", "application_name")
            ]
            where = connection.scalar(text("SELECT to_regclass('s1.compliance_message')::text"))
    assert (shown, where) == (["s1", "7s", "4s", "news"], "compliance_message")


def test_command_of_the_site_runs_beside_ours(tmp_path: Path):
    names = ("lock_wait_timeout", "innodb_lock_wait_timeout")
    with fresh("mysql", tmp_path) as url:
        command = {"init_command": "SET SESSION lock_wait_timeout = 77"}
        given = make_url(url).update_query_dict(command).render_as_string(hide_password=False)
        with closing(Database(given, folder=tmp_path)) as database, database.reading() as connection:
            assert [connection.scalar(text(f"SELECT @@SESSION.{name}")) for name in names] == [77, 4]


def test_of_several_hosts_the_one_that_answers_is_used(tmp_path: Path):
    with fresh("postgresql", tmp_path) as url:
        server = make_url(url)
        user = f"{server.username}:{server.password}@" if server.password else f"{server.username}@"
        hosts = f"127.0.0.1:1,{server.host}:{server.port}"
        address = f"postgres://{user}{hosts}/{server.database}?target_session_attrs=read-write"
        with closing(Database(address, folder=tmp_path)) as database, database.reading() as connection:
            assert connection.scalar(text("SELECT 1")) == 1


def test_nothing_that_is_wrong_is_found_late(tmp_path: Path):
    """Whatever is taken can be connected to, or the server alone is the reason."""
    with pytest.raises(StoreError, match="does not answer"):
        Database(make_url(SERVERS["postgresql"]).set(port=1).render_as_string(), folder=tmp_path, patience=1).migrate()
