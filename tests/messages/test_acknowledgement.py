"""What is acknowledged is kept, whichever process dies at which moment, and what is sent again is one message."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from compliance.settings import load
from compliance.store import Database, tables
from support.databases import fresh
from support.editors import Desk
from support.examples import examples
from support.host import SETTINGS
from support.served import KEY, Server

pytestmark = pytest.mark.slow

ROUNDS = max(2, examples(5))
CLIENTS = 4
EACH = 40  # submissions of one client in one round
TOLD = ["editors@example.org", "https://hook.example.org/"]


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The settings of a site that anybody may write to as often as they like."""
    with fresh(request.param, tmp_path) as url:
        told = deepcopy(SETTINGS)
        told["messages"] = {"challenge": "none", "deliver_to": TOLD}
        told["limits"] = {"enabled": False}
        told["storage"] = {"url": url}
        yield told


@pytest.fixture
def desk(settings: dict[str, Any], tmp_path: Path) -> Iterator[Desk]:
    """The same site's box, in the process of the test."""
    read = load(settings)
    desk = Desk(Database(read.storage.url, folder=tmp_path), read, key=KEY)
    yield desk
    desk.database.close()


class Load:
    """Clients that send, and a hand that kills the server at moments of chance."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.server = server
        self.chance = chance
        self.acknowledged: dict[str, tuple[str, str]] = {}
        self.unanswered: set[str] = set()
        self._lock = threading.Lock()
        self._hand = threading.Lock()
        self._killing: dict[int, str] = {}

    def round(self, name: str, *kills: str) -> None:
        """Let every client send, and do each of *kills* once so many receipts have been given out."""
        before = len(self.acknowledged)
        moments = sorted(self.chance.sample(range(CLIENTS, CLIENTS * EACH // 2), len(kills)))
        self._killing = {before + moment: kill for moment, kill in zip(moments, kills, strict=True)}
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._client, (f"{name}-{client}" for client in range(CLIENTS))))
        assert self._killing == {}

    def send(self, key: str) -> None:
        """Send the submission *key* and note whether there is a receipt for it."""
        headers = {"Idempotency-Key": key}
        try:
            status, answer = self.server.post("/compliance/message", {"body": f"留言 {key}"}, **headers)
        except (OSError, HTTPException):
            status, answer = 0, {}
        with self._lock:
            if status == 201:
                self.acknowledged[key] = answer["receipt"], answer["code"]
                self.unanswered.discard(key)
            else:
                assert status in (0, 503), (status, answer)
                self.unanswered.add(key)
            kill = self._killing.pop(len(self.acknowledged), None) if status == 201 else None
        if kill:
            # Somewhere within the time that one acceptance takes.
            threading.Event().wait(self.chance.uniform(0, 0.02))
            with self._hand:
                if kill == "worker":
                    self.server.kill_worker(self.chance.randrange(2))
                else:
                    self.server.kill()
                    self.server.start()

    def _client(self, name: str) -> None:
        for number in range(EACH):
            self.send(f"{name}-{number}")


def lost(desk: Desk, acknowledged: dict[str, tuple[str, str]]) -> set[str]:
    """Return the keys whose receipt opens nothing."""
    now = datetime.now(UTC)
    return {key for key, (number, code) in acknowledged.items() if not _opens(desk, number, code, key, now)}


def _opens(desk: Desk, number: str, code: str, key: str, now: datetime) -> bool:
    followed = desk.cases.follow(number, code, now=now)
    return followed is not None and followed.body == f"留言 {key}" and len(followed.events) == 1


def torn(desk: Desk) -> dict[str, int]:
    """Return how many messages there are for each way of being less than whole: none, that is."""
    message, event, outbox, idempotency = tables.message, tables.event, tables.outbox, tables.idempotency
    counted = select(func.count()).select_from(message)
    told = select(func.count()).where(outbox.c.message_id == message.c.id).scalar_subquery()
    queries = {
        "event": counted.where(~select(event).where(event.c.message_id == message.c.id).exists()),
        "outbox": counted.where(told != len(TOLD)),
        "key": counted.where(~select(idempotency).where(idempotency.c.message_id == message.c.id).exists()),
        "message": select(func.count())
        .select_from(idempotency)
        .where(~select(message).where(message.c.id == idempotency.c.message_id).exists()),
    }
    with desk.database.reading() as connection:
        counts = {name: connection.scalar(query) for name, query in queries.items()}
    return {name: count for name, count in counts.items() if count}


def count(desk: Desk) -> int:
    with desk.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(tables.message)) or 0


def test_nothing_acknowledged_is_lost_and_nothing_is_kept_twice(settings: dict[str, Any], desk: Desk, tmp_path: Path):
    with Server(tmp_path, settings) as server:
        load = Load(server, random.Random())
        for number in range(ROUNDS):
            # Workers alone die in some rounds, in others all that belongs to the server.
            before = set(load.acknowledged)
            load.round(str(number), "worker", "worker", "all" if number % 2 else "worker")
            assert lost(desk, {key: load.acknowledged[key] for key in load.acknowledged.keys() - before}) == set()
            assert torn(desk) == {}
        unanswered, already = set(load.unanswered), count(desk) - len(load.acknowledged)
        assert unanswered, "no request was hit: this run shows nothing"
        assert 0 <= already <= len(unanswered)
        for key in unanswered:
            load.send(key)
    assert load.unanswered == set()
    assert len(load.acknowledged) == len(set(load.acknowledged.values())) == count(desk) == ROUNDS * CLIENTS * EACH
    assert lost(desk, load.acknowledged) == set()
    assert torn(desk) == {}
    if desk.database.dialect == "sqlite":
        with desk.database.reading() as connection:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"


def test_a_receipt_that_comes_before_the_commit_is_seen_to_be_lost(
    settings: dict[str, Any], desk: Desk, tmp_path: Path
):
    with Server(tmp_path, settings, app="hasty_site", workers=1) as server:
        load = Load(server, random.Random())
        load.round("hasty")
        server.kill()
        assert lost(desk, load.acknowledged)
