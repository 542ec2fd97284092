from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import Connection, func, insert, make_url, select, text, update

from compliance.store import Database, StoreError
from compliance.store.tables import message, used_challenge
from support.databases import KINDS, SERVERS, fresh
from support.delivery import until
from support.proxy import Proxy
from support.texts import found, keep

NOW = datetime(2026, 11, 24, 3, 0, 0, 123456, tzinfo=UTC)
SERVED = tuple(kind for kind in KINDS if kind != "sqlite")
ROOT = Path(__file__).parents[2]


@contextmanager
def opened(url: str, folder: Path, *, patience: float = 10) -> Iterator[Database]:
    with closing(Database(url, folder=folder, patience=patience)) as database:
        yield database


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The path of an SQLite file that is not there yet."""
    return tmp_path / "instance" / "compliance.db"


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database on a server, of each kind in turn."""
    with fresh(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def proxy(served: str) -> Iterator[Proxy]:
    """A cable to that server."""
    url = make_url(served)
    assert url.host and url.port
    with Proxy(url.host, url.port) as proxy:
        yield proxy


def through(proxy: Proxy, url: str) -> str:
    return make_url(url).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)


def use(database: Database, name: str, expires: datetime = NOW) -> None:
    database.write(lambda connection: _use(connection, name, expires))


def _use(connection: Connection, name: str, expires: datetime = NOW) -> None:
    connection.execute(insert(used_challenge), {"signature_hash": name, "expires": expires})


def used(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(connection.scalars(select(used_challenge.c.signature_hash)))


@contextmanager
def refused(match: str) -> Iterator[None]:
    with pytest.raises(StoreError, match=match) as caught:
        yield
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_sqlite_needs_nothing_to_be_set_up(place: Path) -> None:
    with opened("sqlite:///compliance.db", place.parent) as database:
        assert used(database) == set()
    assert place.exists()


def test_what_is_written_is_read(database: Database) -> None:
    use(database, "a")
    assert used(database) == {"a"}


def test_times_come_back_in_utc_to_the_microsecond(database: Database) -> None:
    use(database, "a", NOW.astimezone(timezone(timedelta(hours=8))))
    with database.reading() as connection:
        (time,) = connection.scalars(select(used_challenge.c.expires))
    assert (time, time.tzinfo) == (NOW, UTC)


def test_work_that_fails_leaves_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        _use(connection, "a")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write(work)
    assert used(database) == set()


@pytest.mark.parametrize("url", ["nonsense", "oracle+nothing://secret", "sqlite+secret:///x"])
def test_unusable_address_is_told_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        Database(url, folder=tmp_path)
    assert "secret" not in str(caught.value)


# The file of SQLite.


def test_others_on_the_machine_cannot_read_the_file(place: Path) -> None:
    before = os.umask(0)
    try:
        with opened("sqlite:///compliance.db", place.parent / "new" / "instance") as database:
            use(database, "b")
        with opened("sqlite:///compliance.db", place.parent) as database:
            use(database, "a")
            files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in place.parent.iterdir() if path.is_file()}
    finally:
        os.umask(before)
    assert files == dict.fromkeys(("compliance.db", "compliance.db-wal", "compliance.db-shm"), 0o600)
    for folder in (place.parent, place.parent / "new", place.parent / "new" / "instance"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_that_is_there_keeps_its_rights(place: Path) -> None:
    place.parent.mkdir(mode=0o750)
    place.touch(mode=0o640)
    with opened("sqlite:///compliance.db", place.parent) as database:
        use(database, "a")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (place.parent, place)] == [0o750, 0o640]


def test_commits_reach_the_disk(place: Path) -> None:
    with opened("sqlite:///compliance.db", place.parent) as database, database.reading() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        assert [connection.scalar(text(f"PRAGMA {name}")) for name in pragmas] == ["wal", 2, 1]


@pytest.mark.parametrize("folder", ["/proc/compliance", "/sys/kernel"])
def test_folder_that_cannot_be_written_is_told(folder: str) -> None:
    with opened("sqlite:///compliance.db", Path(folder)) as database, refused(f"{folder}/compliance.db cannot.*; let"):
        database.migrate()


def test_file_that_is_no_database_is_told(place: Path) -> None:
    place.parent.mkdir()
    place.write_bytes(b"A letter, and no database at all. " * 100)
    with opened("sqlite:///compliance.db", place.parent) as database, refused("put a backup in its place"):
        use(database, "a")


def test_locked_file_is_told_after_a_while(place: Path) -> None:
    with opened("sqlite:///compliance.db", place.parent, patience=0.3) as database:
        use(database, "a")
        with closing(sqlite3.connect(place, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            start = monotonic()
            with refused("another process has held the database"):
                use(database, "secret")
            assert 0.3 <= monotonic() - start < 5
            assert used(database) == {"a"}
            other.execute("ROLLBACK")
        use(database, "b")
        assert used(database) == {"a", "b"}


def test_backup_of_a_file_in_use_is_whole(place: Path, tmp_path: Path) -> None:
    with opened("sqlite:///compliance.db", place.parent) as database:
        gone, kept = keep(database, "先来的", "后来的")
        database.write(lambda connection: connection.execute(message.delete().where(message.c.id == gone)))
        with closing(sqlite3.connect(place)) as source, closing(sqlite3.connect(tmp_path / "online.db")) as online:
            later = iter("bc")
            source.backup(online, pages=5, progress=lambda *_: [use(database, name) for name in islice(later, 1)])
            source.execute("VACUUM INTO ?", (str(tmp_path / "vacuum.db"),))
    for name in ("online", "vacuum"):
        with opened(f"sqlite:///{name}.db", tmp_path) as copy:
            with copy.reading() as connection:
                assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert (used(copy), found(copy, "后来")) == ({"b", "c"}, {kept})


FULL = """
import os, sys
from pathlib import Path
from sqlalchemy import insert, text
from compliance.store import Database, StoreError
from compliance.store.tables import used_challenge
from support.texts import keep, found

folder = Path(sys.argv[1])
database = Database("sqlite:///compliance.db", folder=folder)
database.migrate()
kept = []
reason = None
for _ in range(100):
    try:
        kept += keep(database, "平安 " + os.urandom(50_000).hex())
    except StoreError as error:
        reason = error.reason
        break
assert found(database, "平安") == set(kept)
database.close()
with open(folder / "compliance.db", "rb+") as file:
    assert len(kept) > 3
os.unlink(folder / "filler")
kept += keep(database, "平安 " + os.urandom(50_000).hex())
assert found(database, "平安") == set(kept)
with database.reading() as connection:
    assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
database.close()
print(reason)
"""


@pytest.mark.slow
def test_full_disk_is_told_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    # The disk belongs to the process that fills it, and goes with it.
    disk = 'mount -t tmpfs -o size=4m tmpfs "$0" && head -c 1000000 /dev/zero >"$0/filler" && exec "$@"'
    command = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else []), "sh", "-c", disk]
    script = [str(tmp_path), sys.executable, "-c", FULL, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(command + script, capture_output=True, text=True, env=environment)
    assert (done.stdout.strip(), done.stderr) == ("the disk of the database is full; make room on it", "")


# A server.


def test_server_that_is_gone_and_back(served: str, proxy: Proxy, tmp_path: Path) -> None:
    with opened(through(proxy, served), tmp_path, patience=2) as database:
        proxy.cut()
        with refused("does not answer"):
            use(database, "secret")
        proxy.restore()
        use(database, "a")
        proxy.cut()
        proxy.restore()
        assert used(database) == {"a"}  # nobody asked while it was gone
        for _ in range(2):
            proxy.cut()
            with refused("does not answer"):
                use(database, "secret")
            with refused("does not answer"):
                used(database)
            proxy.restore()
            assert used(database) == {"a"}
        use(database, "b")
        assert used(database) == {"a", "b"}


def test_server_that_goes_in_the_middle_of_a_transaction(served: str, proxy: Proxy, tmp_path: Path) -> None:
    def work(connection: Connection) -> None:
        _use(connection, "secret")
        proxy.cut()
        _use(connection, "secret too")

    with opened(through(proxy, served), tmp_path, patience=2) as database:
        database.migrate()
        with refused("does not answer"):
            database.write(work)
        proxy.restore()
        assert used(database) == set()


def test_server_that_hangs_is_not_waited_for_without_end(served: str, proxy: Proxy, tmp_path: Path) -> None:
    with opened(through(proxy, served), tmp_path, patience=0.5) as database:
        use(database, "a")
        proxy.hang()
        start = monotonic()
        with refused("does not answer"):
            use(database, "secret")
        assert monotonic() - start < 20
        proxy.restore()
        until(lambda: is_used(database, "a"))


def is_used(database: Database, *values: str) -> bool:
    """Whether *values* are there: for a moment after a server hung everybody is refused without its being asked."""
    with suppress(StoreError):
        return used(database) >= set(values)
    return False


def test_row_that_another_holds_is_told_after_a_while(served: str, tmp_path: Path) -> None:
    def work(connection: Connection) -> None:
        connection.execute(update(used_challenge).values(expires=NOW))

    with opened(served, tmp_path, patience=1) as database:
        use(database, "a")
        with database.engine.connect() as other:
            work(other)
            start = monotonic()
            with refused("another process has held the database"):
                database.write(work)
            assert monotonic() - start < 5
        database.write(work)


def test_transactions_that_block_each_other_both_pass(served: str, tmp_path: Path) -> None:
    barrier = threading.Barrier(2)

    def write(database: Database, first: str, second: str) -> None:
        tried = False

        def work(connection: Connection) -> None:
            nonlocal tried
            _touch(connection, first)
            if not tried:
                tried = True
                barrier.wait(10)
            _touch(connection, second)

        database.write(work)

    def _touch(connection: Connection, name: str) -> None:
        later = NOW + timedelta(days=1)
        connection.execute(update(used_challenge).where(used_challenge.c.signature_hash == name).values(expires=later))

    failed: list[BaseException] = []

    def run(*names: str) -> None:
        try:
            write(database, *names)
        except BaseException as error:
            failed.append(error)

    with opened(served, tmp_path) as database:
        use(database, "a")
        use(database, "b")
        threads = [threading.Thread(target=run, args=names) for names in (("a", "b"), ("b", "a"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


@pytest.mark.parametrize("kind", SERVED)
@pytest.mark.parametrize("changed", [{"database": "secret"}, {"username": "secret", "password": "secret"}])
def test_server_that_refuses_the_log_in_is_told(kind: str, changed: dict[str, str], tmp_path: Path) -> None:
    url = make_url(SERVERS[kind]).set(**changed)
    with opened(url.render_as_string(hide_password=False), tmp_path) as database, refused("log-in|does not answer"):
        database.migrate()


def test_too_many_at_once_are_told(served: str, tmp_path: Path) -> None:
    with opened(served, tmp_path, patience=0.2) as database:
        database.migrate()
        taken = [database.engine.connect() for _ in range(15)]
        with refused("too many requests"):
            use(database, "secret")
        for connection in taken:
            connection.close()
        use(database, "a")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query", ["SELECT hold FROM compliance_absent", "SELECT absent FROM compliance_event"])
def test_table_or_column_that_is_missing_is_told(kind: str, query: str, tmp_path: Path) -> None:
    with (
        fresh(kind, tmp_path) as url,
        opened(url, tmp_path) as database,
        pytest.raises(StoreError, match="is missing"),
    ):
        database.write(lambda connection: connection.exec_driver_sql(query))


def test_fault_of_ours_does_not_show_values(database: Database) -> None:
    with pytest.raises(Exception) as caught:
        database.write(lambda connection: connection.execute(text("SELECT :value FROM nothing"), {"value": "secret"}))
    assert "secret" not in str(caught.value)


def test_process_that_was_forked_has_connections_of_its_own(database: Database) -> None:
    use(database, "parent")
    connections = set()
    for number in range(2):
        reader, writer = os.pipe()
        if not (child := os.fork()):
            status = 1
            try:
                with database.reading() as connection:
                    os.write(writer, str(id(connection.connection.driver_connection)).encode())
                use(database, f"child {number}")
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            connections.add(pipe.read())
        assert os.waitpid(child, 0)[1] == 0
        use(database, f"parent {number}")
    assert used(database) == {"parent", "child 0", "child 1", "parent 0", "parent 1"}
    with database.reading() as connection:
        assert str(id(connection.connection.driver_connection)) not in connections
        assert connection.scalar(select(func.count()).select_from(used_challenge)) == 5
