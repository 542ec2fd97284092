"""A decision on its way into the ledger: what becomes a row, what never does, how a reader erases theirs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from compliance import Compliance, deadlines
from compliance.consent import COOKIE
from compliance.elements import Elements
from compliance.ledger import Ledger, Link, verify
from compliance.signals import consent_given
from compliance.store import Database
from support.host import create_app

pytestmark = pytest.mark.slow

URL = "/compliance/consent"
RECORD = "/compliance/record"
JSON = {"Accept": "application/json"}


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    categories = {"analytics": {}, "maps": {"name": "Maps", "description": "Shows maps."}}
    cookie = {"name": "_pk*", "category": "analytics", "provider": "Matomo", "purpose": "Counts.", "lifetime": "1 day"}
    other = {"name": "m", "category": "analytics", "provider": "Map Maker", "purpose": "Counts."}
    tracker = {"host": "stats.example.org", "category": "maps", "provider": "Map Maker", "country": "US"}
    site = settings["site"] | {"address": "Yubei, Chongqing"}
    return settings | {
        "site": site,
        "consent": {
            "mode": "opt-in",
            "categories": categories,
            "cookies": [cookie, other],
            "trackers": [tracker],
            "lifetime_days": 180,
        },
    }


def rows(app: Flask) -> list[Link]:
    state = app.extensions["compliance"]
    assert state.recorder.settle()
    assert list(verify(state.ledger)) == []
    return list(state.ledger.links())


def said(app: Flask) -> list[tuple[str, str]]:
    return [(link.said.get("method", ""), link.said.get("path", "")) for link in rows(app)]


def own_record(client: FlaskClient) -> dict[str, Any]:
    told: dict[str, Any] = client.get(RECORD, headers=JSON).get_json()
    return told


def test_every_decision_is_a_row_with_what_proves_it(app: Flask, client: FlaskClient) -> None:
    client.post(URL, data={"choice": "custom", "category": "maps", "next": "/news/1?session=secret"})
    (row,) = rows(app)
    state = app.extensions["compliance"]
    assert (row.policy, row.mode, row.kind) == (state.elements.policy, "opt-in", "decision")
    texts = row.said["texts"]
    assert row.said == {
        "record": own_record(client)["record_id"],
        "before": None,
        "method": "custom",
        "choices": {"analytics": False, "maps": True},
        "language": "en",
        "path": "/news/1",
        "texts": texts,
    }
    for name in ("privacy", "cookies"):
        text = state.ledger.text(texts[name])
        assert text.text == state.documents.get(name, "en").text
        assert sha256(text.text.encode()).hexdigest() == texts[name] == state.documents.get(name, "en").text_hash


def test_network_is_kept_as_a_label_only_where_the_site_asks(host: Flask, settings: dict[str, Any]) -> None:
    settings["consent"]["keep_source"] = True
    Compliance(host, settings=settings)
    for address in ("203.0.113.9", "203.0.113.200", "198.51.100.1"):
        host.test_client().post(URL, data={"choice": "accept"}, environ_base={"REMOTE_ADDR": address})
    first, second, third = (row.said["source"] for row in rows(host))
    assert first == second != third
    assert "203.0.113" not in repr(rows(host))


def test_text_is_that_of_the_readers_language(app: Flask, client: FlaskClient) -> None:
    client.post(URL, data={"choice": "accept", "lang": "zh-CN"})
    (row,) = rows(app)
    text = app.extensions["compliance"].ledger.text(row.said["texts"]["privacy"])
    assert (row.said["language"], text.language) == ("zh_CN", "zh_CN")


def test_decisions_of_one_reader_are_linked_in_what_is_personal(app: Flask, client: FlaskClient) -> None:
    for choice in ("accept", "withdraw"):
        client.post(URL, data={"choice": choice})
    first, second = rows(app)
    assert second.said["before"] == first.said["record"]


def test_page_is_kept_without_its_query_and_no_longer_than_needed(app: Flask, client: FlaskClient) -> None:
    client.post(URL, data={"choice": "accept", "next": "/" + "x" * 1000})
    client.post(URL, data={"choice": "accept"}, headers={"Referer": "http://localhost/zh?q=secret#x"})
    assert said(app) == [("accept", "/" + "x" * 199), ("accept", "/zh")]


# What is no decision is no row.

LARGE = "x" * 20_000


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ([("choice", "agree")], {}, 400),
        ([], {}, 400),
        ([("choice", "custom"), ("category", "weather")], {}, 400),
        ([("choice", "custom"), ("category", "necessary"), ("category", "' OR 1=1")], {}, 400),
        ([("choice", "accept"), ("choice", "reject")], {}, 400),
        ([("choice", "custom"), ("category", "maps"), ("category", "maps")], {}, 400),
        ([("choice", "accept"), ("next", "/a"), ("next", "/b")], {}, 400),
        ([("choice", "accept"), ("next", "//evil.example")], {}, 400),
        ([("choice", "accept"), ("policy", "old")], {}, 409),
        ([("choice", "accept"), ("category", LARGE)], {}, 413),
        ([("choice", "custom"), *(("category", f"c{number}") for number in range(1500))], {}, 413),
        ([("choice", LARGE)], {}, 413),
        ([("choice", "accept")], {"Sec-Fetch-Site": "cross-site"}, 403),
        ([("choice", "accept")], {"Origin": "https://evil.example"}, 403),
    ],
)
def test_bad_input_is_never_a_row(
    app: Flask, client: FlaskClient, fields: list[tuple[str, str]], headers: dict[str, str], status: int
) -> None:
    content_type = "application/x-www-form-urlencoded"
    response = client.post(URL, data=urlencode(fields), content_type=content_type, headers=headers)
    assert response.status_code == status
    assert "Set-Cookie" not in response.headers
    assert rows(app) == []


@pytest.mark.parametrize("cookie", ["garbled", "a.b.c", "x" * 5000])
def test_cookie_that_is_not_ours_does_not_get_into_the_row(app: Flask, cookie: str) -> None:
    client = app.test_client(use_cookies=False)
    client.post(URL, data={"choice": "accept"}, headers={"Cookie": f"{COOKIE}={cookie}"})
    (row,) = rows(app)
    assert row.said["before"] is None


def test_cookie_of_another_site_leads_to_no_row_and_no_record(app: Flask, settings: dict[str, Any]) -> None:
    other = create_app()
    other.config["SECRET_KEY"] = "other"
    Compliance(other, settings=settings)
    foreign = other.test_client().post(URL, data={"choice": "accept"}).headers["Set-Cookie"].partition(";")[0]
    client = app.test_client(use_cookies=False)
    headers = {"Cookie": foreign}
    assert client.get(RECORD, headers=headers).status_code == 404
    assert client.post(RECORD, data={"choice": "erase"}, headers=headers).status_code == 404
    client.post(URL, data={"choice": "accept"}, headers=headers)
    (row,) = rows(app)
    assert row.said["before"] is None


def test_replayed_cookie_makes_no_row(app: Flask, client: FlaskClient) -> None:
    response = client.post(URL, data={"choice": "accept"})
    cookie = {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}
    again = app.test_client(use_cookies=False)
    for path in ("/", RECORD, URL):
        assert again.get(path, headers=cookie).status_code == 200
    assert len(rows(app)) == 1


def test_receiver_that_fails_leaves_no_row_of_a_decision_that_was_not_answered(app: Flask, client: FlaskClient) -> None:
    def fail(_: Flask, **__: object) -> None:
        raise RuntimeError

    with consent_given.connected_to(fail, sender=app), pytest.raises(RuntimeError):
        client.post(URL, data={"choice": "accept"})
    assert rows(app) == []


# The record.


def test_record_has_the_structure_of_a_consent_record(app: Flask, client: FlaskClient) -> None:
    client.post(URL, data={"choice": "accept"})
    client.post(URL, data={"choice": "custom", "category": "maps"})
    client.post(URL, data={"choice": "withdraw"})
    last = rows(app)[-1]
    told = own_record(client)
    assert told["schema_version"].endswith("ISO/IEC TS 27560:2023")
    assert told["record_id"] == told["pii_principal_id"] == told["decision"]["id"] == last.said["record"]
    processing = told["pii_processing"]
    assert processing["language"] == "en"
    assert [(notice["name"], notice["sha256"]) for notice in processing["privacy_notice"]] == [
        (name, last.said["texts"][name]) for name in ("privacy", "cookies")
    ]
    assert client.get(processing["privacy_notice"][0]["url"]).status_code == 200
    analytics, maps = processing["purposes"]
    assert (analytics["purpose_type"], analytics["lawful_basis"]) == ("analytics", "consent")
    operator, *others = told["party_identification"]
    names = {party["party_id"]: (party["party_name"], party["party_address"]) for party in others}
    assert [names[party] for party in analytics["recipient_third_parties"]] == [
        ("Matomo", None),
        ("Map Maker", "US"),
    ]
    assert [names[party] for party in maps["recipient_third_parties"]] == [("Map Maker", "US")]
    assert analytics["pii_information"][0] == {
        "pii_type": "cookie _pk*",
        "pii_optional": True,
        "retention_period": "1 day",
    }
    assert maps["purpose"] == "Shows maps."
    assert client.get(maps["withdrawal_method"]).status_code == 200
    assert (operator["party_name"], operator["party_address"]) == (
        "Chongqing International Communication Center",
        "Yubei, Chongqing",
    )
    states = [(event["purpose_type"], event["event_state"]) for event in told["events"]]
    assert states == [
        *(("analytics", "withdrawn"), ("maps", "withdrawn")),
        *(("analytics", "refused"), ("maps", "given")),
        *(("analytics", "given"), ("maps", "given")),
    ]
    assert {event["validity_duration"] for event in told["events"]} == {"P180D"}
    assert told["ledger"] == {"state": "kept", "sequence": 3, "hash": last.hash, "previous": last.previous}


def test_record_page_says_where_the_record_is(app: Flask, client: FlaskClient) -> None:
    client.post(URL, data={"choice": "accept"})
    rows(app)
    assert "as entry 1 of our ledger" in client.get(RECORD).text
    assert "已存入我们的同意台账，编号为 1。" in client.get(RECORD + "?lang=zh-CN").text


def test_record_is_shown_while_the_database_is_away(app: Flask, client: FlaskClient) -> None:
    client.post(URL, data={"choice": "accept"})
    rows(app)
    _away(app)
    assert own_record(client)["ledger"] == {"state": "unknown"}
    assert client.get(RECORD).status_code == 200


# Erasure.


def test_reader_erases_their_record_and_is_asked_again(app: Flask, client: FlaskClient) -> None:
    for choice in ("accept", "withdraw"):
        client.post(URL, data={"choice": choice, "next": "/news/1"})
    app.test_client().post(URL, data={"choice": "accept", "next": "/news/2"})
    page = client.get(RECORD).text
    assert 'name="choice" value="erase"' in page
    response = client.post(RECORD, data={"choice": "erase"})
    assert (response.status_code, response.location) == (303, URL)
    assert client.get_cookie(COOKIE) is None
    assert client.get(RECORD).status_code == 404
    assert said(app) == [("", ""), ("", ""), ("accept", "/news/2"), ("", ""), ("", "")]
    assert client.post(RECORD, data={"choice": "erase"}).status_code == 404


def test_script_erases_too(client: FlaskClient) -> None:
    client.post(URL, data={"choice": "accept"})
    assert client.post(RECORD, data={"choice": "erase"}, headers=JSON).status_code == 204


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({}, {}, 400),
        ({"choice": "accept"}, {}, 400),
        ({"choice": ["erase", "erase"]}, {}, 400),
        ({"choice": "erase"}, {"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_nothing_else_erases(
    app: Flask, client: FlaskClient, fields: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    client.post(URL, data={"choice": "accept", "next": "/"})
    assert client.post(RECORD, data=fields, headers=headers).status_code == status
    assert said(app) == [("accept", "/")]
    assert client.get(RECORD).status_code == 200


def test_record_about_an_earlier_policy_can_be_erased(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(URL, data={"choice": "accept"})
    rows(app)
    monkeypatch.setattr(Elements, "policy", "9.9")
    assert client.get(RECORD).status_code == 404
    assert client.post(RECORD, data={"choice": "erase"}).status_code == 303
    assert rows(app)[0].content is None


def test_erasing_while_the_database_is_away_is_told_and_keeps_the_cookie(app: Flask, client: FlaskClient) -> None:
    client.post(URL, data={"choice": "accept"})
    rows(app)
    _away(app)
    assert client.post(RECORD, data={"choice": "erase"}).status_code == 503
    assert client.get(RECORD).status_code == 200


def test_copy_of_a_cookie_shows_that_its_record_was_erased(app: Flask, client: FlaskClient) -> None:
    cookie = client.post(URL, data={"choice": "accept"}).headers["Set-Cookie"].partition(";")[0]
    client.post(RECORD, data={"choice": "erase"})
    assert app.extensions["compliance"].recorder.settle()
    copy = app.test_client(use_cookies=False)
    assert copy.get(RECORD, headers={"Cookie": cookie, **JSON}).get_json()["ledger"]["state"] == "erased"
    assert "erased from our ledger" in copy.get(RECORD, headers={"Cookie": cookie}).text


def test_flood_from_one_network_is_not_kept_and_counts_for_its_readers(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    state = app.extensions["compliance"]
    client.post(URL, data={"choice": "accept"})
    source = state.throttle.source("127.0.0.1", day=deadlines.day(datetime.now(UTC)))
    while state.throttle.decide(source).allowed:
        pass
    for choice in ("reject", "accept") * 5:
        answer = client.post(URL, data={"choice": choice})
        assert (answer.status_code, COOKIE in answer.headers["Set-Cookie"]) == (303, True)
    elsewhere = client.post(URL, data={"choice": "reject"}, environ_overrides={"REMOTE_ADDR": "203.0.113.1"})
    assert elsewhere.status_code == 303
    assert [method for method, _ in said(app)] == ["accept", "reject"]
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert ["more come from one network" in line for line in told] == [True, True]  # the first, the tenth
    assert own_record(client)["decision"]["method"] == "reject"


def test_page_of_the_record_reads_one_row_however_many_came_before(app: Flask, client: FlaskClient) -> None:
    for _ in range(6):
        client.post(URL, data={"choice": "accept"})
    rows(app)
    read: list[str] = []

    @event.listens_for(app.extensions["compliance"].database.engine, "before_cursor_execute")
    def _(_: Any, __: Any, statement: str, *___: Any) -> None:
        read.extend(re.findall("FROM compliance_decision", statement))

    client.get(RECORD)
    assert len(read) == 1
    assert len(own_record(client)["events"]) == 12
    assert len(read) == 1 + 6


def _away(app: Flask) -> None:
    database = Database("sqlite:///none.db", folder=Path("/dev/null"))
    app.extensions["compliance"].store.ledger = Ledger(database, [b"key"])
