"""A message box, its editors, the servers that they are told over, and workers for it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Event
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from uuid6 import uuid7

from compliance import Compliance
from compliance.cases import Actor, Kind, State
from compliance.cli.deliver import plain_text
from compliance.deliveries import Worker, claims
from compliance.deliveries.digests import Render
from compliance.messages import Cases, Intake, Submission
from compliance.settings import Settings, load
from compliance.store import Database, tables
from compliance.store.outbox import announce
from compliance.vault import Vault
from support.host import SETTINGS, create_app
from support.served import KEY
from support.smtp import MailServer

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)  # Tuesday noon in China
LEASE = timedelta(seconds=60)
EDITORS = "editors@example.org"
ASKED = Submission(
    kind=Kind.REPORT,
    category="rumour",
    language="zh_CN",
    subject="传言",
    body="文中的数字没有出处。",
    page="https://www.ichongqing.info/news/1",
    name="王某",
    contact="wang@example.cn",
)


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Office:
    """A message box, its editors, and workers for it."""

    def __init__(self, database: Database, data: dict[str, Any], render: Render, **messages: Any) -> None:
        data["messages"] = {"receipt_prefix": "CQ", "private_targets": True, **messages}
        self.database, self.render, self.clock = database, render, Clock()
        self.settings: Settings = load(data)
        self.vault = Vault([KEY])
        self.intake = Intake(database, self.vault, self.settings)
        self.cases = Cases(database, self.vault, self.settings)
        self.worker = self.new_worker()

    def new_worker(self, database: Database | None = None, **options: Any) -> Worker:
        defaults = {"clock": self.clock, "jitter": lambda: 0.0, "timeout": timedelta(seconds=10), **options}
        return Worker(database or self.database, self.vault, self.settings, **{"render": self.render, **defaults})

    def report(self, number: int = 0, **changes: Any) -> str:
        """Take a report, and return its number."""
        submission = Submission(**{**{name: getattr(ASKED, name) for name in ASKED.__slots__}, **changes})
        now = self.clock()
        return self.intake.accept(submission, key=None, proof=None, source=f"s{uuid7()}", now=now).number

    def answer(self, number: str, state: State = State.RESOLVED_ACTION, text: str = "已更正。") -> None:
        self.cases.move(number, state, text=text, now=self.clock())

    def rows(self) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(select(tables.outbox).order_by(tables.outbox.c.id)))

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]

    def fill(self, count: int, target: str = claims.SENDER) -> list[UUID]:
        """Put *count* answered cases and a row for each into the database at once."""
        numbers = [f"CQ-{uuid7().hex[:20]}-{number}" for number in range(count)]
        return self.database.write(lambda connection: [self._put(connection, number, target) for number in numbers])

    def _put(self, connection: Any, number: str, target: str) -> UUID:
        identity, now = uuid7(), self.clock()
        contact = self.vault.seal("wang@example.cn", table="message", column="contact", row=str(identity))
        times = dict.fromkeys(("created", "changed", "sender_wrote", "decide_due", "answer_due", "answered"), now)
        words = {"number": number, "code_hash": "", "kind": Kind.MESSAGE, "language": "en", "body": "b"}
        values = {"id": identity, "body_hash": "", "state": State.RESOLVED_ACTION, "contact": contact, "decided": now}
        connection.execute(insert(tables.message), {**words, **times, **values})
        happened = {"kind": "answered", "actor": Actor.EDITOR, "public": True, "state": State.RESOLVED_ACTION}
        connection.execute(insert(tables.event), {"message_id": identity, "sequence": 2, "at": now, **happened})
        announce(connection, identity, 2, [target], now)
        return identity


@pytest.fixture(scope="session")
def render() -> Render:
    """What the command line renders with."""
    app = create_app()
    Compliance(app, settings=SETTINGS)
    return plain_text(app.extensions["compliance"].renderer.render)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """The site's mail server."""
    with MailServer() as server:
        yield server


@pytest.fixture
def make(database: Database, settings: dict[str, Any], mail: MailServer, render: Render) -> Callable[..., Office]:
    settings["mail"] = {"host": "127.0.0.1", "port": mail.port}
    return lambda **messages: Office(database, settings, render, **messages)


@pytest.fixture
def lite(tmp_path: Path, settings: dict[str, Any], mail: MailServer, render: Render) -> Iterator[Callable[..., Office]]:
    """Where one kind of database is enough."""
    settings["mail"] = {"host": "127.0.0.1", "port": mail.port}
    database = Database("sqlite:///lite.db", folder=tmp_path)
    yield lambda **messages: Office(database, settings, render, **messages)
    database.close()


def until(met: Callable[[], Any], seconds: float = 90) -> None:
    """Return once something is so."""
    end = monotonic() + seconds
    while not met():
        assert monotonic() < end, "it did not come to that"
        Event().wait(0.01)


@contextmanager
def started(folder: Path, settings: dict[str, Any], *arguments: str) -> Iterator[Popen[str]]:
    """`flask compliance deliver` with *arguments* in a process of its own, for a site with *settings*."""
    tests = Path(__file__).resolve().parents[1]
    file = folder / "site.json"
    file.write_text(json.dumps({"folder": str(folder), "settings": settings}), encoding="utf-8")
    command = [sys.executable, "-m", "flask", "--app", f"support.served:site({str(file)!r})", "compliance", "deliver"]
    paths = {"PYTHONPATH": os.pathsep.join((str(tests), str(tests.parent)))}
    with Popen(
        [*command, *arguments], cwd=folder, env={**os.environ, **paths}, stdout=PIPE, stderr=PIPE, text=True
    ) as it:
        try:
            yield it
        finally:
            it.kill()
