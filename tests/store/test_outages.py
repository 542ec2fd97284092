"""What the site relies on goes away and comes back while readers send: all are told in time, and none loses a word.

What the store itself makes of a fault is tested with the store; here it is what a reader is answered.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import make_url, select
from werkzeug.test import TestResponse

from compliance import Compliance
from compliance.messages import Cases, Intake
from compliance.store import Database, tables
from compliance.throttle import Throttle
from support.databases import fresh
from support.proxy import Proxy

REDIS = os.environ.get("COMPLIANCE_TEST_REDIS", "redis://127.0.0.1:6379/0")
JSON = {"Accept": "application/json"}
TEXT = "不可丢失的话"
PATIENCE = 0.5
# A statement that is under way may take three times the patience, up to five seconds; to make sure of a connection two
# seconds, and a new one as long.
LONGEST = 3 * PATIENCE + 2 * 2
SLACK = 30.0  # of the busiest machine; who waits for ever waits longer
CLIENTS = 4
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


def wrap(host: Flask, settings: dict[str, Any], *, patience: float = PATIENCE) -> Database:
    """Wrap *host* as a site without a challenge, whose store waits for nobody for more than *patience*."""
    settings["messages"] = {"challenge": "none", "deliver_to": ["editors@example.org"]}
    settings.setdefault("limits", {"enabled": False})
    Compliance(host, settings=settings)
    state = host.extensions["compliance"]
    database = Database(state.settings.storage.url, folder=Path(host.instance_path), patience=patience)
    parts = (database, state.vault, state.settings)
    state.store.database, state.store.box = database, replace(state.box, intake=Intake(*parts), cases=Cases(*parts))
    return database


def bodies(database: Database) -> list[str]:
    with database.reading() as connection:
        return sorted(connection.scalars(select(tables.message.c.body)))


class Senders:
    """Clients that send one message after the other until they are told to stop, each from its *source*."""

    def __init__(self, host: Flask, *, source: Callable[[int], str] = "203.0.113.{}".format) -> None:
        self.host = host
        self.source = source
        self.answers: list[tuple[str, int]] = []
        self.receipts: dict[str, tuple[str, str]] = {}
        self.longest = 0.0
        self._over = threading.Event()
        self._changed = threading.Condition()

    def __enter__(self) -> Senders:
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._work = [self._pool.submit(self._run, client) for client in range(CLIENTS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for work in self._work:
            work.result(timeout=60)
        self._pool.shutdown()

    def until(self, status: int, times: int) -> None:
        """Wait until *status* was answered so many times more; at once where a client failed."""
        with self._changed:
            before = Counter(status for _, status in self.answers)[status]

            def enough() -> bool:
                return Counter(status for _, status in self.answers)[status] >= before + times or self._failed()

            assert self._changed.wait_for(enough, timeout=60), Counter(status for _, status in self.answers)

    def send(self, key: str, client: int = 0) -> int:
        """Send the message *key*, and note what came of it."""
        begun = time.monotonic()
        response = self.host.test_client().post(
            "/compliance/message",
            json={"body": key},
            headers=JSON | {"Idempotency-Key": key},
            environ_base={"REMOTE_ADDR": self.source(client)},
        )
        if response.status_code != 201:
            assert int(response.headers["Retry-After"]) > 0
        with self._changed:
            self.longest = max(self.longest, time.monotonic() - begun)
            self.answers.append((key, response.status_code))
            if response.status_code == 201:
                self.receipts[key] = response.json["receipt"], response.json["code"]
            self._changed.notify_all()
        return response.status_code

    def _run(self, client: int) -> None:
        try:
            number = 0
            while not self._over.is_set():
                self.send(f"留言 {client}-{number}", client)
                number += 1
        finally:
            with self._changed:
                self._changed.notify_all()

    def _failed(self) -> bool:
        return any(work.done() and work.exception() for work in self._work)


@pytest.mark.parametrize("how", ["cut", "hang"])
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_database_that_goes_and_comes_back_is_told_in_time_and_costs_no_message(
    kind: str, how: str, host: Flask, settings: dict[str, Any], tmp_path: Path
):
    with fresh(kind, tmp_path) as url, Proxy("127.0.0.1", make_url(url).port or 0) as proxy:
        address = make_url(url).set(host="127.0.0.1", port=proxy.port)
        settings["storage"] = {"url": address.render_as_string(hide_password=False)}
        database = wrap(host, settings)
        with Senders(host) as senders:
            senders.until(201, 10)
            getattr(proxy, how)()
            senders.until(503, CLIENTS + 1)
            proxy.restore()
            senders.until(201, 10)
        answers = dict(senders.answers)
        assert set(answers.values()) == {201, 503}
        assert senders.longest < LONGEST + SLACK
        for key in (key for key, status in answers.items() if status == 503):
            assert senders.send(key) == 201
        assert bodies(database) == sorted(answers)
        assert len(set(senders.receipts.values())) == len(answers)
        database.close()


@pytest.mark.parametrize("how", ["cut", "hang"])
@pytest.mark.slow
def test_limits_hold_and_nobody_is_failed_while_redis_is_away(how: str, host: Flask, settings: dict[str, Any]):
    parts = urlsplit(REDIS)
    with Proxy(parts.hostname or "", parts.port or 6379) as proxy:
        settings["limits"] = {"storage": f"redis://127.0.0.1:{proxy.port}{parts.path}"}
        database = wrap(host, settings, patience=30)
        state = host.extensions["compliance"]
        # Counts apart from every other test, and soon asks again.
        key = secrets.token_bytes(32)
        throttle = Throttle(enabled=True, site=3000, storage=settings["limits"]["storage"], key=key, pause=0.05)
        state.store.throttle = throttle
        # Two sources of two clients each.
        with Senders(host, source=lambda client: f"203.0.{client % 2}.{client}") as senders:
            senders.until(201, 8)
            getattr(proxy, how)()
            senders.until(429, 8)
            proxy.restore()
            senders.until(429, 8)
        assert {status for _, status in senders.answers} == {201, 429}
        # Fifteen an hour of each source, counted once by Redis and once in memory.
        accepted = Counter(int(key.removeprefix("留言 ")[0]) % 2 for key in senders.receipts)
        assert max(accepted.values()) <= 2 * 15
        assert bodies(database) == sorted(senders.receipts)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Use up what is left of *disk*."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return filler


def send(host: Flask, text: str) -> TestResponse:
    return host.test_client().post("/compliance/message", data={"body": text, "name": "王某"})


def assert_kept_in_the_form(response: TestResponse, text: str) -> None:
    """The reader is told to try again or to call, and sees every word."""
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert text in response.text
    assert 'value="王某"' in response.text
    assert "+86-23-67158993" in response.text


@pytest.mark.parametrize("used_before", [True, False])
def test_a_full_disk_costs_nobody_a_word_and_is_over_when_there_is_room(
    used_before: bool, disk: Path, host: Flask, settings: dict[str, Any]
):
    host.instance_path = str(disk)
    database = wrap(host, settings)
    texts = [f"{TEXT} {number} " + "字" * 4900 for number in range(100)]
    accepted = []
    if used_before:
        assert send(host, texts[0]).status_code == 303
        accepted.append(texts.pop(0))
    filler = fill(disk)
    for text in texts:
        # What was made ready before may still take some.
        response = send(host, text)
        if response.status_code != 303:
            break
        accepted.append(text)
    assert_kept_in_the_form(response, text)
    assert host.test_client().get("/compliance/message").status_code == 200
    assert host.test_client().get("/").status_code == 200
    filler.unlink()
    assert send(host, text).status_code == 303
    assert bodies(database) == sorted([*accepted, text])
    database.close()
    with closing(sqlite3.connect(disk / "compliance.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_database_that_another_process_holds_is_waited_for_and_then_given_up(host: Flask, settings: dict[str, Any]):
    database = wrap(host, settings)
    assert send(host, "第一条留言").status_code == 303
    file = Path(host.instance_path) / "compliance.db"
    command = [sys.executable, "-c", HOLDER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        begun = time.monotonic()
        assert_kept_in_the_form(send(host, TEXT), TEXT)
        assert PATIENCE <= time.monotonic() - begun < PATIENCE + SLACK
        # Who only reads does not wait.
        assert host.test_client().get("/compliance/case").status_code == 200
        assert bodies(database) == ["第一条留言"]
        # One who comes while it is still held, and is let in as soon as it is not.
        holder.stdin.close()
        assert holder.wait() == 0
    assert send(host, TEXT).status_code == 303
    assert bodies(database) == sorted(["第一条留言", TEXT])
    database.close()
