"""A message box as its editors know it: through Python, and through the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from compliance.cases import Kind, State
from compliance.messages import Box, Case, Cases, Intake, Submission
from compliance.messages.listing import Filter, ListedCase, entries
from compliance.pictures import Picture
from compliance.settings import Settings, load
from compliance.store import Database
from compliance.vault import Vault
from support.host import SETTINGS

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)  # Tuesday noon in China
PAGE = "https://www.ichongqing.info/news/1"
PICTURE = Picture(mimetype="image/png", content=b"picture", width=4, height=3, sha256=sha256(b"picture").hexdigest())
EVERY = Filter(states=frozenset(State))


def report(**values: Any) -> dict[str, Any]:
    return {"kind": Kind.REPORT, "category": "rumour", "page": PAGE, **values}


class Desk:
    """A message box, and the editor who looks into it."""

    def __init__(self, database: Database, settings: Settings | None = None, *, key: str | bytes = "key") -> None:
        settings = settings or load(SETTINGS)
        vault = Vault([key])
        self.database = database
        self.intake = Intake(database, vault, settings)
        self.cases = Cases(database, vault, settings)

    def send(self, body: str = "Hello", *, now: datetime = NOW, doubts: tuple[str, ...] = (), **values: Any) -> str:
        source = values.pop("source", f"{body[:20]}{now}")
        submission = Submission(**{"kind": Kind.MESSAGE, "language": "en", "body": body, **values})
        return self.intake.accept(submission, key=None, proof=None, doubts=doubts, source=source, now=now).number

    def list(self, which: Filter | None = None, **options: Any) -> list[str]:
        return [entry.number for entry in self.entries(which, **options)]

    def entries(self, which: Filter | None = None, **options: Any) -> list[ListedCase]:
        return entries(self.database, which or Filter(), **{"limit": 50, "now": NOW, **options})


class Editor:
    """A site with a message box, and its editor at a terminal."""

    def __init__(self, app: Flask) -> None:
        self.runner = app.test_cli_runner()
        self.box: Box = app.extensions["compliance"].box
        self.database: Database = app.extensions["compliance"].database

    def __call__(self, *arguments: str, text: Any = None, status: int = 0) -> Result:
        result = self.runner.invoke(args=["compliance", "messages", *arguments], input=text)
        assert result.exit_code == status, result.output
        return result

    def send(self, body: str = "这条消息不实。", *, doubts: tuple[str, ...] = (), **values: Any) -> str:
        submission = Submission(
            **{"kind": Kind.REPORT, "category": "rumour", "page": PAGE, **values}, body=body, language="zh_CN"
        )
        return self.box.intake.accept(
            submission, pictures=[PICTURE], key=None, proof=None, doubts=doubts, source=body[:9], now=datetime.now(UTC)
        ).number

    def get(self, number: str) -> Case:
        return self.box.cases.get(number)


@pytest.fixture
def desk(database: Database) -> Desk:
    """An empty box on each kind of database."""
    return Desk(database)


@pytest.fixture
def editor(app: Flask) -> Editor:
    return Editor(app)
