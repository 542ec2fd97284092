"""The forms as readers and scripts send them: kept, or refused with the reason and every word still there."""

from __future__ import annotations

import html
import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import altcha
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, make_url, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from compliance import Compliance, signals
from compliance.cases import State
from compliance.messages import Box
from compliance.store import tables
from support.databases import fresh
from support.proxy import Proxy

pytestmark = pytest.mark.slow

BODY = "第三段的年份有误。"
JSON = {"Accept": "application/json"}
HERE = {"Sec-Fetch-Site": "same-origin"}
BROKEN = "ALTER TABLE compliance_event ALTER COLUMN kind TYPE integer USING 0"
PART = b'--b\r\nContent-Disposition: form-data; name="body"\r\n\r\nab\r\n'
REPORT = {"category": "rumour", "page": "/news/1", "body": BODY, "truth": "on"}


@pytest.fixture
def app(host: Flask, settings: dict[str, Any]) -> Flask:
    """A site with the default challenge."""
    settings["messages"] = {"receipt_prefix": "CQ", "deliver_to": ["editors@example.org"]}
    Compliance(host, settings=settings)
    return host


@pytest.fixture
def open_app(host: Flask, settings: dict[str, Any]) -> Flask:
    """A site that asks for no proof."""
    settings["messages"] = {"challenge": "none"}
    Compliance(host, settings=settings)
    return host


def box(app: Flask) -> Box:
    found: Box = app.extensions["compliance"].box
    return found


def ticket(client: FlaskClient, form: str = "message") -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', client.get(f"/compliance/{form}").text)
    assert found
    return html.unescape(found[1])


def solved(client: FlaskClient, form: str = "message") -> str:
    """What the widget sends."""
    challenge = altcha.Challenge.from_dict(client.get(f"/compliance/challenge/{form}").json)
    solution = altcha.solve_challenge(challenge)
    return str(altcha.Payload(challenge=challenge, solution=solution).to_base64())


def picture(format: str = "PNG", **save: Any) -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(data, format, **save)
    return io.BytesIO(data.getvalue())


def kept(app: Flask) -> list[Any]:
    with app.extensions["compliance"].database.reading() as connection:
        return list(connection.execute(select(tables.message).order_by(tables.message.c.id)))


def reasons(response: TestResponse) -> dict[str, str]:
    assert response.mimetype == "application/problem+json"
    found: dict[str, str] = response.json["errors"]
    return found


@pytest.mark.parametrize("form", ["message", "report"])
def test_without_a_script_a_message_waits_in_quarantine_with_a_receipt(form: str, app: Flask, client: FlaskClient):
    response = client.post(f"/compliance/{form}", data={**REPORT, "ticket": ticket(client, form)}, headers=HERE)
    assert response.status_code == 303
    [row] = kept(app)
    assert response.location == f"/compliance/receipt/{row.number}"
    assert (row.state, row.marks) == (State.QUARANTINED, "proof")
    page = client.get(response.location)
    assert row.number in page.text
    assert re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", page.text)
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.parametrize(("form", "other"), [("message", "report"), ("report", "message")])
def test_the_footer_of_a_form_leaves_out_that_form_alone(form: str, other: str, client: FlaskClient) -> None:
    footer = client.get(f"/compliance/{form}").text.partition('data-compliance="footer"')[2]
    assert f'data-compliance="{other}"' in footer and f'data-compliance="{form}"' not in footer


def test_a_proof_of_work_brings_a_message_to_the_editors(app: Flask, client: FlaskClient):
    data = {**REPORT, "altcha": solved(client, "report")}
    response = client.post("/compliance/report", data=data, headers=HERE | JSON)
    assert response.status_code == 201
    assert response.json.keys() >= {"receipt", "code"}
    [row] = kept(app)
    assert (row.number, row.state) == (response.json["receipt"], State.RECEIVED)


def test_json_is_taken_like_a_form(open_app: Flask):
    client = open_app.test_client()
    response = client.post("/compliance/report", json={**REPORT, "truth": True}, headers=JSON)
    assert response.status_code == 201
    assert client.post("/compliance/report", json=["no", "object"], headers=JSON).status_code == 400
    for value in ({"a": 1}, ["a"], 13800000000):  # which would be lost
        assert client.post("/compliance/report", json={**REPORT, "contact": value}, headers=JSON).status_code == 400
    for value in (None, False):
        assert client.post("/compliance/report", json={**REPORT, "contact": value}, headers=JSON).status_code == 201


@pytest.mark.parametrize(("asked", "told"), [("zh", "zh-CN"), ("¼", "en"), ("x" * 5000, "en")])
def test_the_way_to_the_receipt_names_a_language_of_the_site(asked: str, told: str, open_app: Flask):
    data = {"query_string": {"lang": asked}, "json": {"body": BODY}, "headers": JSON}
    answer = open_app.test_client().post("/compliance/message", **data)
    assert answer.json["url"] == answer.headers["Location"]
    assert answer.location.endswith(f"{answer.json['receipt']}?lang={told}")


def test_the_same_key_has_the_same_receipt(open_app: Flask):
    client = open_app.test_client()
    headers = JSON | {"Idempotency-Key": "3f1c"}
    first, again = (client.post("/compliance/message", data={"body": BODY}, headers=headers).json for _ in range(2))
    assert first == again
    other = client.post("/compliance/message", data={"body": "另一条留言"}, headers=headers)
    assert (other.status_code, reasons(other)) == (422, {"": "key"})
    assert len(kept(open_app)) == 1


def test_fifty_copies_at_once_are_one_message_with_one_receipt(open_app: Flask):
    def send(_: int) -> tuple[int, str]:
        data, headers = {"body": BODY}, JSON | {"Idempotency-Key": "k"}
        response = open_app.test_client().post("/compliance/message", data=data, headers=headers)
        return response.status_code, response.text

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(send, range(50)))
    assert len(answers) == 1
    assert {status for status, _ in answers} == {201}
    assert len(kept(open_app)) == 1


def test_a_ticket_is_good_once_and_its_form_comes_back_filled_in(app: Flask, client: FlaskClient):
    data = {"body": BODY, "ticket": ticket(client)}
    first = client.post("/compliance/message", data=data, headers=HERE)
    assert client.post("/compliance/message", data=data, headers=HERE).location == first.location
    again = client.post("/compliance/message", data={**data, "body": "别的内容"}, headers=HERE)
    assert again.status_code == 422
    assert "别的内容" in again.text
    assert len(kept(app)) == 1


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        ({}, "missing"),
        ({"ticket": "forged"}, "wrong"),
        ({"altcha": "x" * 2_000_000}, None),
        ({"altcha": "x" * 5000}, "size"),
        ({"altcha": "e30="}, "format"),
        ({"altcha": "eyJhbGdvcml0aG0iOiJTSEEtMjU2IiwiY2hhbGxlbmdlIjoiMCIsIm51bWJlciI6MX0="}, "format"),
    ],
)
def test_no_false_proof_is_taken(proof: dict[str, str], reason: str | None, app: Flask, client: FlaskClient):
    response = client.post("/compliance/message", data={"body": BODY, **proof}, headers=HERE | JSON)
    if reason is None:
        assert response.status_code == 413
    else:
        assert (response.status_code, reasons(response)) == (400, {"": reason})
    assert kept(app) == []


def test_after_some_messages_more_work_is_asked_for(app: Flask, client: FlaskClient):
    spare = solved(client)  # made while little was asked for
    for number in range(5):
        data = {"body": f"第{number}条留言", "altcha": solved(client)}
        assert client.post("/compliance/message", data=data, headers=HERE).status_code == 303
    again = client.post("/compliance/message", data=data, headers=HERE)
    assert again.status_code == 303  # an answer that was lost is given again, without more work
    weak = client.post("/compliance/message", data={"body": "第六条留言", "altcha": spare}, headers=HERE | JSON)
    assert (weak.status_code, reasons(weak)) == (400, {"": "weak"})
    enough = {"body": "第六条留言", "altcha": solved(client)}
    assert client.post("/compliance/message", data=enough, headers=HERE | JSON).status_code == 201
    assert len(kept(app)) == 6


def test_a_proof_for_one_form_does_not_open_the_other(app: Flask, client: FlaskClient):
    data = {**REPORT, "altcha": solved(client, "message")}
    response = client.post("/compliance/report", data=data, headers=HERE | JSON)
    assert reasons(response) == {"": "form"}


def test_a_form_in_error_keeps_every_word_and_marks_the_field(app: Flask, client: FlaskClient):
    data = {**REPORT, "body": "", "excerpt": "<b>引用</b>", "category": "rumour", "name": "王某"}
    response = client.post("/compliance/report?lang=zh-CN", data=data, headers=HERE)
    assert response.status_code == 400
    assert "&lt;b&gt;引用&lt;/b&gt;" in response.text
    assert 'value="王某"' in response.text
    assert 'value="rumour" selected' in response.text
    assert re.search(r'<textarea[^>]*id="compliance-body"[^>]*aria-invalid="true"', response.text)
    assert "+86-23-67158993" in response.text
    assert 'lang="zh-CN"' in response.text


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
@pytest.mark.parametrize("path", ["message", "report", "case", "receipt/CQ-20261124-000000-0"])
def test_another_site_cannot_send_a_form(path: str, headers: dict[str, str], app: Flask, client: FlaskClient):
    assert client.post(f"/compliance/{path}", data=REPORT, headers=headers).status_code == 403
    assert kept(app) == []


def test_a_trap_holds_back_what_fills_it_in(app: Flask, client: FlaskClient):
    data = {"body": BODY, "website": "https://spam.example", "altcha": solved(client)}
    assert client.post("/compliance/message", data=data, headers=HERE | JSON).status_code == 201
    assert [(row.state, row.marks) for row in kept(app)] == [(State.QUARANTINED, "honeypot")]


def test_many_links_hold_a_message_back(open_app: Flask):
    body = " ".join(f"https://spam{number}.example/" for number in range(5))
    assert open_app.test_client().post("/compliance/message", data={"body": body}).status_code == 303
    assert [row.marks for row in kept(open_app)] == ["links"]


def test_pictures_are_made_anew(open_app: Flask):
    exif = Image.Exif()
    exif[0x010F] = "camera of somebody"
    data = {"body": BODY, "pictures": [(picture("JPEG", exif=exif), "../../x.jpg"), (picture("WEBP"), "y.webp")]}
    assert open_app.test_client().post("/compliance/message", data=data).status_code == 303
    with open_app.extensions["compliance"].database.reading() as connection:
        rows = connection.execute(select(tables.attachment).order_by(tables.attachment.c.mimetype)).all()
    assert [row.mimetype for row in rows] == ["image/jpeg", "image/webp"]
    assert b"camera" not in rows[0].content


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([(io.BytesIO(b""), "a.png")], "broken"),
        ([(io.BytesIO(b"<svg onload=alert(1)>"), "a.png")], "type"),
        ([(io.BytesIO(picture().getvalue()[:60]), "a.png")], "broken"),
        ([(io.BytesIO(b"\0" * (5 * 2**20 + 1)), "a.png")], "size"),
        ([(picture(), f"{number}.png") for number in range(6)], "number"),
    ],
)
def test_no_other_file_is_taken(files: list[Any], reason: str, open_app: Flask):
    sent = [FileStorage(io.BytesIO(file.getvalue()), name, "pictures") for file, name in files]
    boundary, data = encode_multipart(MultiDict([("body", BODY), *(("pictures", file) for file in sent)]))
    headers = {**JSON, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    response = open_app.test_client().post("/compliance/message", data=data, headers=headers)
    assert (response.status_code, reasons(response)) == (400, {"pictures": reason})
    assert kept(open_app) == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"body=" + "谣言".encode("gbk") * 3, "application/x-www-form-urlencoded", 400),
        (b"body=%ed%a0%80%ed%a0%80", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"%d=1" % number for number in range(10_000)), "application/x-www-form-urlencoded", 413),
        (b"--b\r\n" * 3, "multipart/form-data", 400),
        (PART * 60 + b"--b--", "multipart/form-data; boundary=b", 413),
        (b"body=" + b"a" * 300_000, "application/x-www-form-urlencoded", 413),
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"", "text/plain", 400),
    ],
)
def test_a_body_that_is_no_form_is_refused(body: bytes, content_type: str, status: int, open_app: Flask):
    headers = {**JSON, "Content-Type": content_type}
    response = open_app.test_client().post("/compliance/message", data=body, headers=headers)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert kept(open_app) == []


def test_too_many_messages_are_refused_for_a_while_and_cost_nobody_a_word(open_app: Flask):
    client = open_app.test_client()
    answers = [client.post("/compliance/message", data={"body": f"第{number}条留言"}) for number in range(17)]
    assert [answer.status_code for answer in answers] == [303] * 15 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "第16条留言" in answers[-1].text
    assert len(kept(open_app)) == 15


def test_a_claimed_address_lifts_no_limit(open_app: Flask):
    client = open_app.test_client()
    for number in range(16):
        headers = {"X-Forwarded-For": f"198.51.{number}.7", "Forwarded": f"for=198.51.{number}.7"}
        answer = client.post("/compliance/message", data={"body": f"第{number}条留言"}, headers=headers)
    assert answer.status_code == 429


def test_a_fault_of_any_kind_costs_nobody_a_word(
    host: Flask, settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    with fresh("postgresql", tmp_path) as url:
        settings["messages"] = {"challenge": "none"}
        settings["storage"] = {"url": url}
        Compliance(host, settings=settings)
        host.extensions["compliance"].database.write(lambda connection: connection.exec_driver_sql(BROKEN))
        response = host.test_client().post("/compliance/message", data={"body": "不可丢失的话"})
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert "不可丢失的话" in response.text
        assert "could not be kept: DataError" in caplog.text and "不可丢失的话" not in caplog.text
        host.extensions["compliance"].database.close()


def test_a_store_that_is_away_costs_nobody_a_word(
    host: Flask, settings: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    with fresh("postgresql", tmp_path) as url, Proxy("127.0.0.1", make_url(url).port or 5432) as proxy:
        address = make_url(url).set(host="127.0.0.1", port=proxy.port)
        settings["messages"] = {"challenge": "none"}
        settings["storage"] = {"url": address.render_as_string(hide_password=False)}
        Compliance(host, settings=settings)
        client = host.test_client()
        data = {"body": "不可丢失的话", "name": "王某", "ticket": ticket(client)}
        proxy.cut()
        response = client.post("/compliance/message", data=data)
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert "不可丢失的话" in response.text
        # Whether the commit came through is not always known: the same ticket makes it the same message.
        assert data["ticket"] in response.text
        assert "+86-23-67158993" in response.text
        assert client.get("/compliance/receipt/R-20261124-000000-0").status_code == 200
        proxy.restore()
        assert client.post("/compliance/message", data=data).status_code == 303
        proxy.cut()
        assert client.post("/compliance/message", data={"body": BODY}, headers=JSON).status_code == 503
        proxy.restore()
        assert [row.body for row in kept(host)] == ["不可丢失的话"]
        host.extensions["compliance"].database.close()
    assert "不可丢失的话" not in caplog.text
    assert "王某" not in caplog.text


def test_what_was_received_is_signalled_without_a_word_of_it(open_app: Flask):
    sent: list[Any] = []
    client = open_app.test_client()
    with signals.report_received.connected_to(lambda app, **told: sent.append((app, told)), open_app):
        number = client.post("/compliance/report", data=REPORT, headers=JSON).json["receipt"]
        client.post("/compliance/message", data={"body": BODY})
    assert sent == [(open_app, {"number": number, "kind": "report", "category": "rumour"})]


def test_times_are_kept_in_utc(open_app: Flask):
    before = datetime.now(UTC)
    open_app.test_client().post("/compliance/message", data={"body": BODY})
    [row] = kept(open_app)
    assert before <= row.created <= datetime.now(UTC)
    assert row.created.tzinfo is UTC


def test_challenges_are_never_cached_and_limited(app: Flask, client: FlaskClient):
    answers = [client.get("/compliance/challenge/message") for _ in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert "no-store" in answers[0].headers["Cache-Control"]
    assert client.get("/compliance/challenge/other").status_code == 404


def test_nothing_is_kept_of_the_source_but_a_label(open_app: Flask):
    open_app.test_client().post("/compliance/message", data={"body": BODY}, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert "203.0.113" not in repr(kept(open_app))
    with open_app.extensions["compliance"].database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.event)) == 1


def test_a_host_that_a_client_makes_up_is_not_the_site(open_app: Flask):
    data = {"body": BODY, "page": "http://evil.example/x"}
    response = open_app.test_client().post("/compliance/message", data=data, headers=JSON | {"Host": "evil.example"})
    assert reasons(response) == {"page": "elsewhere"}


@pytest.mark.parametrize("form", ["message", "report"])
def test_forms_lead_to_the_privacy_policy_beside_personal_fields(client: FlaskClient, form: str) -> None:
    page = BeautifulSoup(client.get(f"/compliance/{form}?lang=en").text, "html.parser")
    group = page.select(".compliance-group")[-1]
    assert group.select_one('a[href^="/compliance/legal/privacy"]')
    assert "parent or other guardian" in group.get_text() and "nothing but the answer" not in group.get_text()


def test_entrance_for_reports_names_the_time_and_who_takes_those_about_other_sites(client: FlaskClient) -> None:
    page = BeautifulSoup(client.get("/compliance/report?lang=en").text, "html.parser")
    intro = " ".join(one.get_text() for one in page.select("main > p"))
    assert "within 10 working days" in intro and page.select_one('main > p a[href="https://www.12377.cn/"]')
    options = {option["value"] for option in page.select("select[name=category] option")}
    assert {"ai_unlabelled", "minors", "business"} <= options
    (enterprise,) = page.select("fieldset[data-for=business]")
    assert "Unified social credit code" in enterprise.get_text() and "business licence" in enterprise.get_text()
    kinds = {option["value"] for option in enterprise.select("select[name=harm] option")} - {""}
    assert kinds == {"posing", "misleading", "rumour", "insult", "privacy", "disturbance"}


def test_a_report_of_an_enterprise_is_refused_with_all_that_is_missing_and_kept_whole(open_app: Flask) -> None:
    client = open_app.test_client()
    said = {"category": "business", "page": "/news/1", "body": "冒用我公司名称。", "truth": "on", "harm": "posing"}
    refused = client.post("/compliance/report?lang=zh-CN", data=said)
    page = BeautifulSoup(refused.text, "html.parser")
    wrong = {link["href"] for link in page.select(".compliance-failed a[href^='#compliance']")}
    assert wrong == {f"#compliance-{name}" for name in ("enterprise", "name", "contact", "relation")}
    assert page.select_one("select[name=harm] option[selected]")["value"] == "posing"
    whole = {**said, "enterprise": "某某公司", "credit_code": "91500000ma5u00000w", "relation": "representative"}
    sent = client.post("/compliance/report?lang=zh-CN", data=whole | {"name": "王某", "contact": "023-00000000"})
    shown = client.get(sent.headers["Location"]).text
    assert "某某公司" in shown and "仿冒" in shown
