"""A console as those who work in it know it, each with a browser that is signed in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import insert
from uuid6 import uuid7
from werkzeug.test import TestResponse

from compliance.cases import Kind
from compliance.console import create_console
from compliance.console.state import NAME, Console
from compliance.ledger import Act, Acts
from compliance.messages import Case, Submission
from compliance.staff import Account, Role, Stage, passwords
from compliance.store.staff import staff
from support.editors import PAGE, PICTURE
from support.host import SETTINGS

PASSWORD = "seven dry pears"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
START = datetime(2026, 11, 24, 4, tzinfo=UTC)  # Tuesday noon in China
_CSRF = "token"


class Browser:
    """A browser; forms that it sends carry the token of its session."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, token: bool = True, **options: Any
    ) -> TestResponse:
        where = {name: options[name] for name in ("base_url", "environ_base") if name in options}
        signed = {"csrf_token": self.token(path, **where)} if token else {}
        return self.client.post(path, data={**(data or {}), **signed}, **options)

    def token(self, path: str = "/", **where: Any) -> str:
        """What a form at *path* carries to show that it is one of the console's."""
        with self.client.session_transaction(path, **where) as session:
            session.setdefault("csrf_token", _CSRF)
            signed = URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(session["csrf_token"])
        assert isinstance(signed, str)
        return signed

    def sign_in(self, name: str, password: str = PASSWORD, **options: Any) -> TestResponse:
        return self.post("/sign-in", {"name": name, "password": password}, **options)


class Office:
    """A console whose clock stands still until it is moved on."""

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None, **options: Any) -> None:
        self.app = create_console(settings or SETTINGS, secret_key="a key of the tests", folder=folder, **options)
        self.console: Console = self.app.extensions[NAME]
        self.now = START
        self.console.clock = lambda: self.now

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def add(self, name: str, role: Role = Role.HANDLER, **values: Any) -> Account:
        """Somebody whose password and telephone are set up."""
        identity = uuid7()
        sealed = self.console.store.vault.seal(SECRET, table="staff", column="second_factor", row=str(identity))
        row = {
            "id": identity,
            "name": name,
            "full_name": "",
            "role": role,
            "password": passwords.hashed(PASSWORD),
            "temporary": False,
        }
        row |= {"second_factor": sealed, "last_step": 0, "created": self.now}
        self.console.store.database.write(lambda connection: connection.execute(insert(staff).values(row | values)))
        return self.console.accounts.get(name)

    def browser(self) -> Browser:
        """A browser that nobody is signed in with."""
        return Browser(self.app)

    def of(self, who: Account | Role, *, stage: Stage = Stage.FULL) -> Browser:
        """A browser in which *who* has just signed in, or somebody of that role."""
        who = self.known(who) if isinstance(who, Role) else who
        key = self.console.sessions.begin(who, stage, agent="Mozilla/5.0", network="127.0.0.0/24", now=self.now)
        browser = self.browser()
        with browser.client.session_transaction() as session:
            session["_user_id"] = key
        return browser

    def known(self, role: Role) -> Account:
        """The account of that role, made where there is none."""
        known = [one for one in self.console.accounts.all() if one.name == role]
        return known[0] if known else self.add(role, role)

    def send(self, body: str = "这条消息不实。", *, doubts: tuple[str, ...] = (), days: int = 0, **values: Any) -> str:
        """A reader's report of some days ago; returns its number."""
        told = {"kind": Kind.REPORT, "category": "rumour", "page": PAGE, "language": "zh_CN", **values}
        then = self.now - timedelta(days=days)
        return self.console.store.box.intake.accept(
            Submission(**told, body=body),
            pictures=[PICTURE],
            key=None,
            proof=None,
            doubts=doubts,
            source=body[:9],
            now=then,
        ).number

    def get(self, number: str) -> Case:
        return self.console.store.box.cases.get(number)

    def code(self) -> str:
        """What the telephones of all show now."""
        return pyotp.TOTP(SECRET).at(self.now)

    def trail(self) -> list[Act]:
        """What was done, the first first."""
        return self.console.trail.latest(Acts(), limit=1_000)[::-1]

    def actions(self) -> list[str]:
        return [act.action for act in self.trail()]


def hash_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords in no time: that it takes some is a library's doing, which one test is of."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", lambda: quick)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    hash_quickly(monkeypatch)
    return Office(tmp_path)


def heading(response: TestResponse) -> str:
    found = re.search(r"<h1>(.*?)</h1>", response.text)
    assert found
    return found[1]
