"""What no reader sends by a form of ours: broken bodies, strange characters, forged headers, clocks that jump."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import altcha
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from compliance import Compliance
from compliance.cases import Actor, State
from compliance.messages import Cases
from compliance.store import tables
from support.host import SETTINGS
from support.served import Server

pytestmark = pytest.mark.slow

BODY = "第三段的年份有误。"
REPORT = {"category": "rumour", "page": "/news/1", "body": BODY, "truth": "on"}
JSON = {"Accept": "application/json"}
FORM = "application/x-www-form-urlencoded"
FILES = "multipart/form-data; boundary=b"
PART = '--b\r\nContent-Disposition: form-data; name="body"\r\n\r\n第三段\r\n--b--\r\n'.encode()
CLEVER = "{{ 4099 * 4099 }} {% raw %} <svg onload=alert(1)> <!-- \" ' onmouseover=alert(1) [x](javascript:alert(1))"


@pytest.fixture
def app(host: Flask, settings: dict[str, Any]) -> Flask:
    """A site that asks for no proof and sets no limit."""
    settings["messages"] = {"challenge": "none"}
    settings["limits"] = {"enabled": False}
    Compliance(host, settings=settings)
    return host


def kept(app: Flask) -> list[Any]:
    with app.extensions["compliance"].database.reading() as connection:
        return list(connection.execute(select(tables.message)))


# Characters


@pytest.mark.parametrize("accepted", ["text/html", "application/json"])
@pytest.mark.parametrize("path", ["message", "report", "case", "receipt/R-20261124-000000-0"])
@pytest.mark.parametrize("text", ["a\ud800b", "\udcff" * 3])
def test_half_a_character_is_refused_in_any_field(text: str, path: str, accepted: str, app: Flask, client: FlaskClient):
    for field in ("body", "page", "name", "kind", "category", "key", "altcha", "ticket", "number", "code", "action"):
        data = json.dumps({**REPORT, field: text})
        headers = {"Accept": accepted, "Content-Type": "application/json"}
        assert client.post(f"/compliance/{path}", data=data, headers=headers).status_code == 400
    assert kept(app) == []


def test_what_looks_like_code_is_text_wherever_it_is_shown(app: Flask, client: FlaskClient):
    refused = client.post("/compliance/report", data={**REPORT, "truth": "", "body": CLEVER, "subject": CLEVER[:90]})
    sent = client.post("/compliance/message", data={"body": CLEVER, "subject": CLEVER[:90]})
    opened = client.get(sent.location)
    prefilled = client.get("/compliance/message", query_string={"page": CLEVER, "title": CLEVER, "kind": CLEVER})
    for page in (refused, opened, prefilled):
        assert "{{ 4099 * 4099 }}" in page.text
        assert str(4099 * 4099) not in page.text
        elements = BeautifulSoup(page.text, "html.parser").find_all(True)
        assert not [name for element in elements for name in element.attrs if name.startswith("on")]
        assert not [element for element in elements if str(element.get("href", "")).startswith("javascript:")]
    assert [row.body for row in kept(app)] == [CLEVER]


# Bodies and headers, as they come over a real connection


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one process of three threads."""
    settings = deepcopy(SETTINGS) | {"messages": {"challenge": "none"}, "limits": {"enabled": False}}
    with Server(tmp_path_factory.mktemp("site"), settings, workers=1, threads=3) as server:
        yield server


def open_request(server: Server, path: str, *headers: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    head = (f"POST /compliance/{path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", *headers)
    connection.sendall("\r\n".join((*head, "", "")).encode())
    return connection


def answer(connection: socket.socket) -> int:
    """The status that comes once all was sent that will be."""
    connection.shutdown(socket.SHUT_WR)
    with connection:
        line = connection.makefile("rb").readline()
    return int(line.split()[1])


@pytest.mark.parametrize("path", ["message", "consent"])
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([f"Content-Type: {FORM}", "Content-Length: 1000"], "body=第三段&number=1&choice=accept".encode()),
        (["Content-Type: application/json", "Content-Length: 1000"], b'{"body": "abc"}'),
        ([f"Content-Type: {FORM}", "Transfer-Encoding: chunked"], b"b\r\nbody=abc\r\n"),
        ([f"Content-Type: {FORM}", "Transfer-Encoding: chunked"], b"zz\r\nbody=abc\r\n0\r\n\r\n"),
        ([f"Content-Type: {FILES}", "Content-Length: 1000"], PART[:-8]),
        ([f"Content-Type: {FILES}", "Transfer-Encoding: chunked"], b"zz\r\n" + PART),
        ([f"Content-Type: {FILES}", f"Content-Length: {len(PART) - 10}"], PART),
        ([f"Content-Type: {FORM}", "Content-Length: -5"], b"body=abc"),
        ([f"Content-Type: {FORM}", "Content-Length: 8", "Content-Length: 9"], b"body=abc"),
        ([f"Content-Type: {FORM}", "Content-Length: 8", "Transfer-Encoding: chunked"], b"8\r\nbody=abc\r\n0\r\n\r\n"),
    ],
    ids=["form", "json", "chunks", "no chunk", "files", "files, no chunk", "short", "negative", "two", "both"],
)
def test_half_a_message_is_no_message(path: str, headers: list[str], body: bytes, server: Server):
    connection = open_request(server, path, *headers)
    connection.sendall(body)
    assert answer(connection) == 400


def test_who_sends_a_byte_at_a_time_holds_nobody_else_up(server: Server):
    body = f"body={BODY}".encode()
    slow = [open_request(server, "message", f"Content-Type: {FORM}", f"Content-Length: {len(body)}") for _ in range(2)]
    for place, byte in enumerate(body):
        for connection in slow:
            connection.sendall(bytes([byte]))
        assert server.post("/compliance/message", {"body": f"留言 {place}"})[0] == 201
    assert [answer(connection) for connection in slow] == [201, 201]


# Files


@pytest.mark.parametrize(
    "name", ["../../x.png", "..\\..\\x.png", "x" * 4096 + ".png", 'a"b\r\nX: y.png', "\x00.png", "图.png", "x.php"]
)
def test_the_name_of_a_file_means_nothing(name: str, app: Flask, client: FlaskClient):
    data = io.BytesIO()
    Image.new("RGB", (4, 3)).save(data, "PNG")
    sent = {"body": BODY, "pictures": FileStorage(io.BytesIO(data.getvalue()), name, "pictures")}
    assert client.post("/compliance/message", data=sent, headers=JSON).status_code == 201
    with app.extensions["compliance"].database.reading() as connection:
        [row] = connection.execute(select(tables.attachment))
    assert row.mimetype == "image/png"
    assert not [value for value in row if isinstance(value, str) and value in name]
    assert {path.name.partition("-")[0] for path in Path(app.instance_path).iterdir()} == {"compliance.db"}


def test_of_two_thousand_frames_one_is_kept(app: Flask, client: FlaskClient):
    data, frames = io.BytesIO(), [Image.new("L", (2, 2), number % 256) for number in range(2000)]
    frames[0].save(data, "WEBP", save_all=True, append_images=frames[1:], lossless=True, method=0)
    sent = {"body": BODY, "pictures": (io.BytesIO(data.getvalue()), "x.webp")}
    assert client.post("/compliance/message", data=sent, headers=JSON).status_code == 201
    with app.extensions["compliance"].database.reading() as connection:
        [content] = connection.scalars(select(tables.attachment.c.content))
    with Image.open(io.BytesIO(content)) as image:
        assert getattr(image, "n_frames", 1) == 1


def test_pictures_are_given_out_by_no_address(app: Flask, client: FlaskClient):
    data = io.BytesIO()
    Image.new("RGB", (4, 3)).save(data, "PNG")
    sent = {"body": BODY, "pictures": (io.BytesIO(data.getvalue()), "x.png")}
    receipt = client.post("/compliance/message", data=sent, headers=JSON).json
    with app.extensions["compliance"].database.reading() as connection:
        [(identity, digest)] = connection.execute(select(tables.attachment.c.id, tables.attachment.c.sha256))
    page = client.get(f"/compliance/receipt/{receipt['receipt']}").text
    assert str(identity) not in page
    assert digest not in page
    for rest in ("pictures", "attachments", f"pictures/{identity}", str(identity), "export", "notes"):
        assert client.get(f"/compliance/receipt/{receipt['receipt']}/{rest}").status_code == 404
        assert client.get(f"/compliance/{rest}").status_code == 404


# Who sends


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "same-origin, cross-site"},
        # What a browser says of itself counts more than an origin that could be right.
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "http://evil.example/localhost"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "http://localhost, http://evil.example"},
        {"Origin": "http://[::1"},
        {"Origin": "file://"},
        {"Origin": "http://evil.example", "Referer": "http://localhost/"},
        {"Referer": "http://evil.example/?http://localhost/"},
        {"Referer": "about:blank"},
        {"Referer": "x"},
    ],
)
def test_a_forged_origin_opens_no_form(headers: dict[str, str], app: Flask, client: FlaskClient):
    for path in ("message", "report", "case", "consent"):
        response = client.post(f"/compliance/{path}", data=REPORT, headers=headers)
        assert response.status_code == 403
        assert "Access-Control-Allow-Origin" not in response.headers
    assert kept(app) == []


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, ["Sec-Fetch-Site is 'cross-site'", "on this one"]),
        ({"Origin": "null"}, ["Origin is 'null'", "Referrer-Policy: same-origin"]),
        ({"Origin": "https://news.example"}, ["Origin is 'news.example'", "Host 'localhost'", "proxy_set_header Host"]),
        ({"Referer": "https://news.example/?name=Zhang"}, ["Referer is 'news.example'", "proxy_set_header Host"]),
        ({"Origin": "https://news.example", "X-Forwarded-Host": "news.example"}, ["news.example", "x_host=1"]),
    ],
)
def test_why_a_form_was_refused_is_logged_once(
    headers: dict[str, str], said: list[str], client: FlaskClient, caplog: pytest.LogCaptureFixture
):
    for path in ("message", "consent", "record", "message"):
        assert client.post(f"/compliance/{path}", data=REPORT, headers=headers).status_code == 403
    (told,) = [one.getMessage() for one in caplog.records if "refused as one of another site" in one.getMessage()]
    assert all(words in told for words in said)
    assert "Zhang" not in told


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost"}, {"Referer": "http://localhost/news/1"}])
def test_the_own_origin_does(headers: dict[str, str], client: FlaskClient):
    assert client.post("/compliance/message", data={"body": BODY}, headers=headers).status_code == 303


def test_a_code_changes_its_own_case_alone(app: Flask, client: FlaskClient):
    one, other = (
        client.post("/compliance/message", json={"body": text}, headers=JSON).json for text in ("甲甲", "乙乙")
    )
    stranger = app.test_client()
    for action in ("open", "add", "close", "reopen"):
        data = {"action": action, "code": one["code"], "text": "改"}
        assert stranger.post(f"/compliance/receipt/{other['receipt']}", data=data, headers=JSON).status_code == 404
    shown = stranger.post(f"/compliance/receipt/{other['receipt']}", data={"code": other["code"]}, headers=JSON).json
    assert [event["kind"] for event in shown["events"]] == ["received"]


def test_a_proof_of_work_is_good_for_one_message(host: Flask, settings: dict[str, Any]):
    Compliance(host, settings=settings)
    client = host.test_client()
    challenge = altcha.Challenge.from_dict(client.get("/compliance/challenge/message").json)
    payload = str(altcha.Payload(challenge=challenge, solution=altcha.solve_challenge(challenge)).to_base64())
    first, again, other = (
        client.post("/compliance/message", data={"body": body, "altcha": payload}, headers=JSON)
        for body in (BODY, BODY, "另一条")
    )
    assert (first.status_code, other.status_code) == (201, 422)
    assert again.json == first.json
    assert len(kept(host)) == 1


# Time


def test_a_clock_that_jumps_back_puts_nothing_out_of_order(app: Flask, client: FlaskClient):
    receipt = client.post("/compliance/message", json={"body": BODY}, headers=JSON).json
    cases: Cases = app.extensions["compliance"].box.cases
    number, now = receipt["receipt"], datetime.now(UTC)
    cases.move(number, State.ACCEPTED, now=now + timedelta(days=400))
    cases.move(number, State.WAITING_SENDER, text="请问是哪一段？", now=now + timedelta(days=400))
    # The clock is put right while the sender is asked.
    cases.add(number, text="第三段", pictures=[], now=now)
    cases.move(number, State.RESOLVED_ACTION, text="已更正", now=now - timedelta(days=1))
    cases.move(number, State.CLOSED, actor=Actor.SENDER, now=now)
    followed = cases.follow(number, receipt["code"], now=now)
    assert followed is not None
    assert [event.sequence for event in followed.events] == sorted(event.sequence for event in followed.events)
    assert [event.state for event in followed.events][-2:] == [State.RESOLVED_ACTION, State.CLOSED]
    assert followed.actions == {"reopen"}
    assert followed.answer_due >= followed.created
    assert client.get(f"/compliance/receipt/{number}").status_code == 200
