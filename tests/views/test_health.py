"""`GET /compliance/health`: who is told, and what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compliance import Compliance, deadlines
from compliance.ledger import Ledger
from compliance.messages import Submission
from compliance.store import Database
from support.host import SETTINGS, create_app

pytestmark = pytest.mark.slow

HEALTH = "/compliance/health"


def parts(client: FlaskClient) -> dict[str, Any]:
    return dict(client.get(HEALTH).get_json()["parts"])


def site(**tables: Any) -> Flask:
    app = create_app()
    Compliance(app, settings={**SETTINGS, **tables})
    return app


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.7", "192.168.3.4", "fd00::7", "::ffff:10.0.0.7", ""])
def test_programs_beside_the_site_are_told(client: FlaskClient, address: str) -> None:
    answer = client.get(HEALTH, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["203.0.114.9", "2a00::1", "::ffff:8.8.8.8", "unix", "10.0.0.7.evil.example"])
def test_nobody_else_is(client: FlaskClient, address: str) -> None:
    assert client.get(HEALTH, environ_base={"REMOTE_ADDR": address}).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_nobody_is_through_a_proxy(client: FlaskClient, header: str) -> None:
    assert client.get(HEALTH, headers={header: "127.0.0.1"}).status_code == 404


def test_all_parts_are_told_of(client: FlaskClient) -> None:
    told = client.get(HEALTH).get_json()
    assert set(told["parts"]) == {"store", "ledger", "outbox", "spool", "limits", "calendar", "licences"}
    assert told["ok"] == all(part["ok"] for part in told["parts"].values())
    missing = deadlines.unannounced(datetime.now(UTC))
    assert told["parts"]["calendar"] == {"ok": not missing, "missing": list(missing)}


def test_a_database_that_is_away_is_503(app: Flask, client: FlaskClient) -> None:
    client.get(HEALTH)
    store = app.extensions["compliance"].store
    store.database = Database("sqlite:///none.db", folder=Path("/dev/null"))
    store.ledger = Ledger(store.database, [b"key"])
    answer = client.get(HEALTH)
    assert answer.status_code == 503
    found = answer.get_json()["parts"]
    assert not found["store"]["ok"]
    assert found["store"]["reason"]
    assert {"spool", "limits", "calendar", "licences"} < set(found)
    assert not {"ledger", "outbox"} & set(found)


def test_a_ledger_under_another_key_is_told(app: Flask, client: FlaskClient) -> None:
    client.post("/compliance/consent", data={"choice": "accept"})
    state = app.extensions["compliance"]
    assert state.recorder.settle()
    assert parts(client)["ledger"] == {"ok": True}
    state.store.ledger = Ledger(state.database, [b"another key"])
    assert parts(client)["ledger"] == {"ok": False}


def test_notices_that_nobody_sends_are_told() -> None:
    app = site(messages={"deliver_to": ["editors@example.org"]})
    client = app.test_client()
    box = app.extensions["compliance"].box
    now = datetime.now(UTC)
    for age, ok in ((timedelta(minutes=59), True), (timedelta(minutes=61), False)):
        sent = Submission(kind="message", language="en", body=f"Wrong since {age}")
        box.intake.accept(sent, pictures=[], key=None, proof=None, source="s", now=now - age)
        assert parts(client)["outbox"]["ok"] is ok
    assert parts(client)["outbox"]["waiting"] == 2
    assert parts(client)["outbox"]["dead"] == 0


@pytest.mark.parametrize(("age", "ok"), [(timedelta(minutes=4), True), (timedelta(minutes=6), False)])
def test_decisions_that_wait_for_long_are_told(app: Flask, client: FlaskClient, age: timedelta, ok: bool) -> None:
    assert parts(client)["spool"] == {"ok": True, "waiting": 0, "oldest": None}
    since = datetime.now(UTC) - age
    folder = app.extensions["compliance"].recorder.folder
    folder.mkdir()
    (folder / f"{since:%Y%m%dT%H%M%S}-0.jsonl").write_text("line\n")
    told = parts(client)["spool"]
    assert (told["ok"], told["waiting"], told["oldest"][:19]) == (ok, 5, since.isoformat()[:19])


@pytest.mark.parametrize(("days", "ok"), [(40, True), (20, False), (-1, False)])
def test_a_licence_that_ends_is_told(days: int, ok: bool) -> None:
    news = {"number": "50120220004", "expires": deadlines.day(datetime.now(UTC)) + timedelta(days=days)}
    found = parts(site(licences={"news": news}).test_client())["licences"]
    assert found["ok"] is ok
    assert [(one["kind"], one["days"]) for one in found["ending"]] == ([] if ok else [("news", days)])


def test_limits_that_nobody_counts_are_told() -> None:
    found = parts(site(limits={"storage": "redis://127.0.0.1:1/0"}).test_client())
    assert found["limits"] == {"ok": False}
