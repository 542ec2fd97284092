from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, insert, inspect, text

from compliance.ledger import Ledger, verify
from compliance.ledger.chain import Head, decision
from compliance.store import Database, StoreError, tables
from compliance.store.migrations import configuration, newest, version
from support.databases import KINDS, fresh
from support.decisions import COOKIES, KEY, NOW, PRIVACY, TEXTS, entry
from support.examples import examples

pytestmark = pytest.mark.slow

# What steps make beside the tables, each kind of database in its own way: for the search, and what is owed first;
# tables of versions.
OWN = {
    *("compliance_alembic_version", "alembic_version"),
    *("ix_compliance_message_search", "ix_compliance_message_state_owed_by_id", "owed_by"),
}
PARTS = ("compliance_search", "compliance_decision_")

TOGETHER = """
import multiprocessing, sys
from pathlib import Path
from sqlalchemy import func, select
from compliance.store import Database, tables

fork = multiprocessing.get_context("fork")
barrier = fork.Barrier(8)

def work():
    database = Database(sys.argv[1], folder=Path(sys.argv[2]))
    barrier.wait()
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.message)) == 0

workers = [fork.Process(target=work) for _ in range(8)]
for worker in workers: worker.start()
for worker in workers: worker.join()
print([worker.exitcode for worker in workers])
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from compliance.store import Database
import compliance.store.migrations

def work(last):
    database = Database(sys.argv[1], folder=Path(sys.argv[2]))
    count = 0

    @event.listens_for(database.engine, "before_cursor_execute")
    def _(*_):
        nonlocal count
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

    database.migrate()

for last in range(1, 500, int(sys.argv[3])):
    if not (pid := os.fork()):
        try:
            work(last)
        except BaseException as error:
            print(last, error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != -signal.SIGKILL:
        print(last, status)
        break
"""


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path):
    """The address of a database without a table, of each kind in turn."""
    with fresh(request.param, tmp_path) as url:
        yield url


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stderr == ""
    return done.stdout.strip()


def differences(connection: Connection) -> list[Any]:
    def ours(_: Any, name: str | None, kind: str, reflected: bool, __: Any) -> bool:
        known = name in OWN or (kind == "table" and str(name).startswith(PARTS))
        return not (reflected and known)

    options = {"compare_type": True, "include_object": ours, "version_table": "compliance_alembic_version"}
    return compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata)


def assert_complete(url: str, folder: Path) -> None:
    with closing(Database(url, folder=folder)) as database, database.reading() as connection:
        assert version(connection) == newest()
        assert differences(connection) == []


def test_models_are_what_the_steps_make(empty: str, tmp_path: Path):
    assert_complete(empty, tmp_path)


def test_workers_that_start_together_make_the_tables_once(empty: str, tmp_path: Path):
    assert run(TOGETHER, empty, tmp_path) == str([0] * 8)
    assert_complete(empty, tmp_path)


def test_steps_cut_short_anywhere_are_done_at_the_next_start(empty: str, tmp_path: Path):
    # The others undo what was not committed.
    step = (90 if empty.startswith("mysql") else 300) // examples(30)
    cuts, status = map(int, run(KILLED, empty, tmp_path, step).split())
    assert cuts > 20
    assert status == 0
    assert_complete(empty, tmp_path)


def test_ledger_of_the_version_before_is_taken_along_and_a_process_of_it_changes_nothing_more(
    empty: str, tmp_path: Path
):
    engine = create_engine(empty)
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
    head, rows = Head(), []
    for number in range(2_100):
        rows.append(decision(entry(record=f"r{number}", texts=TEXTS), after=head, salt=f"{number:032x}"))
        head = Head(sequence=rows[-1].sequence, hash=rows[-1].hash)
    said = {"id": 1, "sequence": head.sequence, "hash": head.hash, "purged": 0, "purged_hash": head.purged_hash}
    with engine.begin() as connection:
        connection.execute(insert(tables.consent), [asdict(row) for row in rows])
        said["seal"] = head.seal(KEY)
        names = f"INSERT INTO compliance_ledger ({', '.join(said)}) VALUES (:{', :'.join(said)})"
        connection.execute(text(names), said)
    with closing(Database(empty, folder=tmp_path)) as database:
        book = Ledger(database, [KEY])
        book.append([entry(record="new", before="r7")], [PRIVACY, COOKIES])
        assert list(verify(book)) == []
        assert [link.hash for link in book.links()][:-1] == [row.hash for row in rows]
        assert book.erase("new", now=NOW) == 2
        assert (list(verify(book)), [sealed for _, sealed in book.months()]) == ([], [True, True])
    with engine.connect() as connection:  # what the version before looks at before it writes
        assert connection.scalar(text("SELECT seal FROM compliance_ledger WHERE id = 1")) == ""
    engine.dispose()


def test_a_hosts_own_version_table_stays_as_it_is(empty: str, tmp_path: Path):
    engine = create_engine(empty)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('of the host')"))
    assert_complete(empty, tmp_path)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [("of the host",)]
        names = inspect(connection).get_table_names()
        assert {name for name in names if not name.startswith("compliance_")} == {"alembic_version"}
    engine.dispose()


def test_tables_of_a_newer_version_are_told(empty: str, tmp_path: Path):
    assert_complete(empty, tmp_path)
    engine = create_engine(empty)
    with engine.begin() as connection:
        connection.execute(text("UPDATE compliance_alembic_version SET version_num = '9999'"))
        connection.execute(text("DELETE FROM compliance_suited"))
    engine.dispose()
    with closing(Database(empty, folder=tmp_path)) as database, pytest.raises(StoreError, match="newer version"):
        database.migrate()
