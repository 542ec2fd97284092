"""Receipts: opened with number and code alone, and never by guessing."""

from __future__ import annotations

import html
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import segno
from flask import Flask
from flask.testing import FlaskClient
from turbohtml import parse

from compliance import Compliance
from compliance.cases import State
from compliance.messages import Cases

pytestmark = pytest.mark.slow

JSON = {"Accept": "application/json"}
UNKNOWN = "R-20261124-000000-0"


@pytest.fixture
def app(host: Flask, settings: dict[str, Any]) -> Flask:
    """A site that asks for no proof."""
    settings["messages"] = {"challenge": "none"}
    Compliance(host, settings=settings)
    return host


@pytest.fixture
def receipt(app: Flask) -> dict[str, str]:
    """The receipt of a message."""
    data = {"body": "第三段的年份有误。", "contact": "wang@example.org", "name": "王某"}
    answer: dict[str, str] = app.test_client().post("/compliance/message", data=data, headers=JSON).json
    return answer


@pytest.fixture
def cases(app: Flask) -> Cases:
    """What the editors work with."""
    found: Cases = app.extensions["compliance"].box.cases
    return found


def follow(client: FlaskClient, receipt: dict[str, str]) -> Any:
    path = f"/compliance/receipt/{receipt['receipt']}"
    return client.post(path, data={"code": receipt["code"]}, headers=JSON).json


def test_number_and_code_open_a_case(client: FlaskClient, receipt: dict[str, str]):
    data = {"number": f" {receipt['receipt'].lower()} ", "code": receipt["code"].replace("-", " ")}
    response = client.post("/compliance/case", data=data)
    assert response.status_code == 303
    page = client.get(response.location)
    assert "王某" not in page.text
    assert receipt["code"] in page.text
    assert receipt["code"] not in response.location
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "QR code of the address of this receipt"), ("zh-CN", "回执页网址的二维码")],
)
def test_the_picture_of_the_address_says_whose_it_is(
    client: FlaskClient, receipt: dict[str, str], language: str, name: str
):
    path = f"/compliance/receipt/{receipt['receipt']}"
    tree = parse(client.post(f"{path}?lang={language}", data={"code": receipt["code"]}, follow_redirects=True).text)
    (picture,) = tree.select("[role=img]")
    assert picture.attrs["aria-label"] == name
    (dark,) = picture.select("path[stroke]")
    assert dark.attrs["d"] in segno.make(f"https://www.ichongqing.info{path}?lang={language}").svg_inline(border=2)


def test_the_cookie_is_for_one_receipt_and_not_for_scripts(client: FlaskClient, receipt: dict[str, str]):
    response = client.post(f"/compliance/receipt/{receipt['receipt']}", data={"code": receipt["code"]})
    [cookie] = response.headers.getlist("Set-Cookie")
    assert f"Path=/compliance/receipt/{receipt['receipt']}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_a_wrong_code_and_an_unknown_number_are_answered_alike(client: FlaskClient, receipt: dict[str, str]):
    wrong, unknown = (
        client.post(f"/compliance/receipt/{number}", data={"code": "ABCD-EFGH-JKMN-PQRS"})
        for number in (receipt["receipt"], UNKNOWN)
    )
    assert wrong.status_code == unknown.status_code == 404
    assert wrong.text.replace(receipt["receipt"], UNKNOWN) == unknown.text
    assert (
        client.get(f"/compliance/receipt/{receipt['receipt']}").text.replace(receipt["receipt"], UNKNOWN)
        == client.get(f"/compliance/receipt/{UNKNOWN}").text
    )


@pytest.mark.parametrize("code", ["", " ", "\x00", "x" * 10_000, "０" * 16])
def test_no_other_code_opens_a_case(code: str, client: FlaskClient, receipt: dict[str, str]):
    assert client.post(f"/compliance/receipt/{receipt['receipt']}", data={"code": code}).status_code == 404
    assert client.post("/compliance/case", data={"number": "", "code": code}).status_code == 404


def test_guessing_is_limited(client: FlaskClient, receipt: dict[str, str]):
    path = f"/compliance/receipt/{receipt['receipt']}"
    answers = [client.post(path, data={"code": str(number)}) for number in range(11)]
    assert [answer.status_code for answer in answers] == [404] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    # Who guesses locks nobody out: the right code opens, from here and from elsewhere.
    assert client.post(path, data={"code": receipt["code"]}).status_code == 303
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.post(path, data={"code": "0"}, environ_base=elsewhere).status_code == 404
    assert client.post(path, data={"code": receipt["code"]}, environ_base=elsewhere).status_code == 303


def test_right_codes_are_not_counted(client: FlaskClient, receipt: dict[str, str]):
    said = {"number": receipt["receipt"], "code": receipt["code"]}
    assert [client.post("/compliance/case", data=said).status_code for _ in range(15)] == [303] * 15


def test_a_forged_cookie_opens_nothing(client: FlaskClient, receipt: dict[str, str]):
    path = f"/compliance/receipt/{receipt['receipt']}"
    client.post(path, data={"code": receipt["code"]})
    held = client.get_cookie("compliance_receipt", path=path)
    assert held is not None
    for value in ("x", held.value[:-1], f"{held.value}x", ""):
        client.set_cookie("compliance_receipt", value, path=path)
        assert receipt["code"] not in client.get(path).text


def test_the_cookie_of_one_case_does_not_open_another(app: Flask, client: FlaskClient, receipt: dict[str, str]):
    other = client.post("/compliance/message", data={"body": "另一条留言"}, headers=JSON).json
    held = client.get_cookie("compliance_receipt", path=f"/compliance/receipt/{other['receipt']}")
    assert held is not None
    path = f"/compliance/receipt/{receipt['receipt']}"
    client.set_cookie("compliance_receipt", held.value, path=path)
    assert receipt["code"] not in client.get(path).text


def test_the_sender_sees_the_answer_and_nothing_internal(
    client: FlaskClient, receipt: dict[str, str], cases: Cases, app: Flask
):
    number, now = receipt["receipt"], datetime.now(UTC)
    cases.move(number, State.ACCEPTED, by="李编辑", now=now)
    cases.note(number, by="李编辑", text="内部备注：查过原稿", now=now)
    cases.assign(number, by="李编辑", to="赵主任", now=now)
    cases.move(number, State.RESOLVED_ACTION, by="李编辑", text="已更正，谢谢！<script>alert(1)</script>", now=now)
    followed = follow(client, receipt)
    assert followed["state"] == "resolved_action"
    assert [event["state"] for event in followed["events"]] == ["received", "accepted", "resolved_action"]
    client.post(f"/compliance/receipt/{number}", data={"code": receipt["code"]})
    page = client.get(f"/compliance/receipt/{number}?lang=zh-CN").text
    assert "已更正，谢谢！&lt;script&gt;" in page
    assert not [word for word in ("李编辑", "赵主任", "内部备注", "王某", "wang@example.org") if word in page]


def test_the_sender_adds_closes_and_takes_up_again(client: FlaskClient, receipt: dict[str, str], cases: Cases):
    path = f"/compliance/receipt/{receipt['receipt']}"
    client.post(path, data={"code": receipt["code"]})
    cases.move(receipt["receipt"], State.WAITING_SENDER, text="请问是哪一段？", now=datetime.now(UTC))
    assert client.post(path, data={"action": "add", "text": "第三段"}).status_code == 303
    assert follow(client, receipt)["state"] == "in_progress"
    assert client.post(path, data={"action": "close"}).status_code == 303
    assert follow(client, receipt)["actions"] == ["reopen"]
    assert client.post(path, data={"action": "add", "text": "还有"}).status_code == 409
    assert client.post(path, data={"action": "reopen"}).status_code == 303
    assert client.post(path, data={"action": "close"}).status_code == 303
    assert client.post(path, data={"action": "reopen"}).status_code == 409  # once
    assert [event["kind"] for event in follow(client, receipt)["events"]].count("added") == 1


def test_a_change_needs_the_code(client: FlaskClient, receipt: dict[str, str]):
    path = f"/compliance/receipt/{receipt['receipt']}"
    for data in ({"action": "close"}, {"action": "close", "code": "wrong"}):
        assert client.post(path, data=data).status_code == 404
    assert client.post(path, data={"action": "close", "code": receipt["code"]}).status_code == 303
    assert client.post(path, data={"action": "burn", "code": receipt["code"]}).status_code == 409


def test_an_addition_that_is_refused_keeps_its_words(client: FlaskClient, receipt: dict[str, str]):
    path = f"/compliance/receipt/{receipt['receipt']}"
    client.post(path, data={"code": receipt["code"]})
    response = client.post(path, data={"action": "add", "text": "字" * 5001})
    assert response.status_code == 409
    assert "字" * 5001 in response.text


def test_pictures_that_are_added_are_limited_before_they_are_decoded(client: FlaskClient, receipt: dict[str, str]):
    path = f"/compliance/receipt/{receipt['receipt']}"
    client.post(path, data={"code": receipt["code"]})
    answers = [
        client.post(path, data={"action": "add", "text": "又一张", "pictures": (io.BytesIO(b"none"), "x.png")})
        for _ in range(11)
    ]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "又一张" in answers[-1].text


@pytest.mark.parametrize("number", ["%0d%0aX:y", "x;Domain=y", UNKNOWN.replace("0-0", "0-1"), "%00"])
def test_there_is_nothing_to_forget_of_what_is_no_number(number: str, client: FlaskClient):
    response = client.post(f"/compliance/receipt/{number}", data={"action": "forget"})
    assert response.status_code == 404
    assert "Set-Cookie" not in response.headers


def test_a_browser_forgets_when_it_is_told_to(client: FlaskClient, receipt: dict[str, str]):
    path = f"/compliance/receipt/{receipt['receipt']}"
    client.post(path, data={"code": receipt["code"]})
    assert receipt["code"] in client.get(path).text
    client.post(path, data={"action": "forget"})
    assert receipt["code"] not in client.get(path).text


def test_the_code_is_in_no_log(client: FlaskClient, receipt: dict[str, str], caplog: pytest.LogCaptureFixture):
    client.post(f"/compliance/receipt/{receipt['receipt']}", data={"code": receipt["code"]})
    assert receipt["code"] not in caplog.text


def test_the_picture_leads_to_the_page_without_the_code(client: FlaskClient, receipt: dict[str, str]):
    path = f"/compliance/receipt/{receipt['receipt']}"
    client.post(path, data={"code": receipt["code"]})
    assert re.search(r"<svg[^>]*>.*?</svg>", client.get(path).text, re.DOTALL)


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the forms on a page."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields}


def test_without_cookies_the_receipt_stands_in_the_answer_and_its_forms_work(app: Flask):
    client = app.test_client(use_cookies=False)
    sent = form_of(client.get("/compliance/message").text)
    response = client.post("/compliance/message", data={**sent, "body": "没有 Cookie 的读者"})
    assert response.status_code == 201
    code = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", response.text)
    number = re.search(r"R-\d{8}-[0-9A-Z]{6}-[0-9A-Z]", response.text)
    assert code
    assert number
    path = f"/compliance/receipt/{number[0]}"
    closed = client.post(path, data={**form_of(response.text), "action": "close"})
    assert closed.status_code == 200
    assert "Closed" in closed.text
    found = form_of(client.get("/compliance/case").text)
    opened = client.post("/compliance/case", data={**found, "number": number[0], "code": code[0]})
    assert opened.status_code == 200
    assert code[0] in opened.text


def test_with_cookies_no_form_carries_the_code(client: FlaskClient):
    sent = form_of(client.get("/compliance/message").text)
    response = client.post("/compliance/message", data={**sent, "body": "有 Cookie 的读者"})
    assert response.status_code == 303
    assert "code" not in form_of(client.get(response.location).text)
