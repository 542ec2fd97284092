"""Odd texts through every field of every endpoint: answered as any other, at a cost that grows as they do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, run_wsgi_app

from compliance import Compliance
from compliance.outside.text import LONGEST_RUN
from compliance.views.addresses import ADDRESSES
from support.host import SETTINGS, create_app
from support.odd import ODD, Cost, counted
from support.smtp import MailServer

JSON = {"Accept": "application/json", "Content-Type": "application/json"}
TEXTS = ("subject", "body", "page", "page_title", "excerpt", "seen", "name", "contact")
#: What addresses take beside a language: their fields, and what is named in their query.
FIELDS = {
    "POST /consent": ("choice", "category", "next", "policy"),
    "GET /consent/kept": ("next", "left", "after"),
    "GET /message": ("kind", "category", "page", "title", "lang"),
    "GET /report": ("kind", "category", "page", "title", "lang"),
    "POST /message": (*TEXTS, "kind", "category", "relation", "ticket", "altcha", "key", "website", "lang"),
    "POST /report": (*TEXTS, "category", "truth", "lang"),
    "GET /case": ("number", "lang"),
    "POST /case": ("number", "code", "cookies"),
    "POST /receipt/<number>": ("action", "code", "text"),
    "POST /record": ("choice", "category"),
}
#: What comes with a request beside them.
HEADERS = ("Accept-Language", "Cookie", "Idempotency-Key", "If-None-Match", "Origin", "Range", "Referer", "Sec-GPC")


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    app = create_app()
    messages = {"challenge": "none", "receipt_prefix": "CQ"}
    Compliance(app, settings={**SETTINGS, "messages": messages, "limits": {"enabled": False}})
    client = app.test_client()
    for address in ADDRESSES:  # what is made once
        client.open(f"/compliance{address.path}", method=address.method)
    yield client


@pytest.fixture(scope="module")
def receipt(client: FlaskClient) -> str:
    response = client.post("/compliance/message", json={"body": "第三段的年份有误。"}, headers=JSON)
    client.get(response.json["url"])
    return str(response.json["receipt"])


@pytest.mark.parametrize("address", FIELDS)
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.slow
def test_the_cost_of_a_request_grows_as_it_does(odd: str, address: str, client: FlaskClient, receipt: str):
    method, _, path = address.partition(" ")

    def sent(length: int) -> Cost:
        said = dict.fromkeys(FIELDS[address], ODD[odd](length))
        if "action" in said:
            said["action"] = "add"
        what = {"query_string": said} if method == "GET" else {"data": json.dumps(said, ensure_ascii=False)}
        with counted() as cost:
            answer = client.open(f"/compliance{path.replace('<number>', receipt)}", method=method, headers=JSON, **what)
        assert answer.status_code < 500
        assert cost.longest_run <= 2 * LONGEST_RUN + 2
        return cost

    assert_linear(sent)


@pytest.mark.parametrize("odd", ["marks in turns", "what stands for eighteen", "jamo", "turns of direction", "stops"])
@pytest.mark.slow
def test_the_cost_of_a_path_a_language_and_headers_grows_as_they_do(odd: str, client: FlaskClient):
    """Every address in one: what is read before an endpoint is the same for all of them."""

    def sent(length: int) -> Cost:
        text = ODD[odd](length)
        headers = dict.fromkeys(HEADERS, text.replace("\x01", "").encode().decode("latin-1"))
        with counted() as cost:
            for address in ADDRESSES:
                path = f"/compliance{re.sub('<.*?>', quote(text), address.path)}"
                answer = client.open(path, method=address.method, query_string={"lang": text})
                assert answer.status_code < 500
            for path in ("consent", "record", "message", "legal/privacy"):
                assert client.get(f"/compliance/{path}", headers=headers).status_code < 500
        assert cost.longest_run <= 2 * LONGEST_RUN + 2
        return cost

    assert_linear(sent)


@pytest.mark.parametrize("odd", ODD)
def test_the_cost_of_names_of_pictures_grows_as_they_do(odd: str, client: FlaskClient):
    def sent(length: int) -> Cost:
        files = [(BytesIO(b"no picture"), ODD[odd](length).replace("\x01", "")) for _ in range(3)]
        with counted() as cost:
            answer = client.post("/compliance/message", data={"body": "Text", "pictures": files})
        assert answer.status_code < 500
        return cost

    assert_linear(sent)


def assert_linear(sent: Callable[[int], Cost]) -> None:
    """Assert that eight times the length costs eight times as much at most, and what a request costs in any case."""
    # The first is short enough for the name of a host, the second for no name.
    short, long = sent(200), sent(1_600)
    assert long.steps <= 9 * short.steps + 5_000
    assert long.calls <= 9 * short.calls + 2_000


@pytest.mark.parametrize("accepted", ["text/html", "application/json"])
@pytest.mark.parametrize("odd", ODD)
def test_an_addition_to_a_case_costs_what_it_is_long(odd: str, accepted: str, client: FlaskClient, receipt: str):
    with counted() as cost:
        said = {"action": "add", "text": ODD[odd](40_000)}
        response = client.post(f"/compliance/receipt/{receipt}", data=said, headers={"Accept": accepted})
    assert response.status_code < 500
    assert cost.longest_run <= 2 * LONGEST_RUN + 2


@pytest.mark.parametrize("title", ["�" * 400, "a" * 5_000, "a" + "\u0315" * 5_000, "\u202e\u0000题"])
@pytest.mark.parametrize("form", ["message", "report"])
def test_no_title_of_a_page_makes_it_impossible_to_write(form: str, title: str, client: FlaskClient):
    said = {"body": "不实信息", "category": "rumour", "page": "/news/1", "truth": "on", "page_title": title}
    assert client.post(f"/compliance/{form}", data=said).status_code == 303
    shown = client.get(f"/compliance/{form}", query_string={"title": title, "page": "/news/1"})
    assert re.search('name="page_title" value="[^"]*"', shown.text)


@pytest.mark.parametrize(
    ("host", "page"),
    [
        ("m.ichongqing.info", "https://m.ichongqing.info/news/1"),
        ("ichongqing.info", "https://ichongqing.info/news/1"),
        ("en.ichongqing.info", "https://www.ichongqing.info/news/1"),
        ("www.ichongqing.info", "https://en.ichongqing.info/news/1"),
        ("www.ichongqing.info", "https://deep.en.ichongqing.info./news/1"),
        ("192.168.0.7:8000", "http://192.168.0.7:8000/news/1"),
        ("[::1]:8000", "http://[::1]:8000/news/1"),
    ],
)
def test_pages_of_every_host_of_the_site_can_be_written_about(host: str, page: str, client: FlaskClient):
    said = {"body": "不实信息", "category": "rumour", "page": page, "truth": "on"}
    response = client.post("/compliance/report", data=said, headers={"Host": host})
    assert response.status_code == 303


@pytest.mark.parametrize("host", ["127.evil.example", "localhost.evil.example", "ichongqing.info.evil.example"])
def test_no_name_that_a_client_makes_up_is_this_machine(host: str, client: FlaskClient):
    said = {"body": "不实信息", "page": f"http://{host}/news/1"}
    response = client.post("/compliance/message", json=said, headers=JSON | {"Host": host})
    assert response.json["errors"] == {"page": "elsewhere"}


def test_hosts_that_the_application_trusts_belong_to_the_site():
    app: Flask = create_app(TRUSTED_HOSTS=["mirror.example", "www.ichongqing.info"])
    Compliance(app, settings={**SETTINGS, "messages": {"challenge": "none"}})
    said = {"body": "不实信息", "page": "https://mirror.example/news/1"}
    response = app.test_client().post("/compliance/message", json=said, headers=JSON | {"Host": "mirror.example"})
    assert response.status_code == 201


@pytest.mark.parametrize("international", [True, False])
@pytest.mark.slow
def test_the_form_tells_where_no_answer_could_arrive(international: bool):
    with MailServer(international=international) as server:
        app = create_app()
        settings = {"messages": {"challenge": "none"}, "mail": {"host": "127.0.0.1", "port": server.port}}
        Compliance(app, settings={**SETTINGS, **settings})
        said = {"body": "不实信息", "contact": "邮箱：张三@例子.中国"}
        response = app.test_client().post("/compliance/message", data=said)
        assert response.status_code == (303 if international else 400)
        assert ("Our mail server cannot send" in response.text) != international


@pytest.mark.parametrize("host", ["新闻.cn", "xn--efvy88h.cn", "XN--EFVY88H.CN"])
@pytest.mark.parametrize("url", ["https://新闻.cn", "https://xn--efvy88h.cn"])
def test_both_spellings_of_an_international_host_are_one(url: str, host: str):
    app = create_app()
    site = {**SETTINGS["site"], "url": url}
    Compliance(app, settings={**SETTINGS, "site": site, "messages": {"challenge": "none"}})
    client = app.test_client()
    said = {"body": "不实信息", "page": f"https://{host}/news/1"}
    origin = {"Origin": f"https://{host.encode('idna').decode()}"}
    response = client.post("/compliance/message", json=said, headers=JSON | origin | {"Host": "127.0.0.1:5000"})
    assert response.status_code == 201


@pytest.mark.parametrize("end", ["%0d%0a", "%0d%0aX-A: b", "%00", "%0a", "%C2%85", "%E2%80%A8", "%1b[2J"])
@pytest.mark.parametrize("said", [{"action": "forget"}, {"action": "add", "text": "a"}, {}])
def test_a_path_with_controls_leads_nowhere(
    said: dict[str, str], end: str, receipt: str, caplog: Any, client: FlaskClient
):
    for path in (f"receipt/{receipt}{end}", f"challenge/message{end}", f"legal/privacy{end}", f"static/form.css{end}"):
        assert client.get(f"/compliance/{path}").status_code == 404
    response = client.post(f"/compliance/receipt/{receipt}{end}", data={"code": "0", **said})
    assert response.status_code == 404
    assert caplog.text == ""


@pytest.mark.parametrize("text", ["\r\n", "\r\nX-A: b", "\x00", "\x85", "\u2028"])
def test_a_query_with_controls_is_refused(text: str, client: FlaskClient):
    for path, name in (("message", "lang"), ("message", "page"), ("case", "number"), ("legal/privacy", "lang")):
        for query in ({name: f"en{text}"}, {f"{name}{text}": "en"}):
            response = client.get(f"/compliance/{path}", query_string=query)
            assert response.status_code == 400
            assert "X-A" not in response.headers and "no address has" in response.text
    # A title is what some page says of itself, and must keep nobody from writing of that page.
    response = client.get("/compliance/message", query_string={"title": f"en{text}"})
    assert response.status_code == 200 and "\x00" not in response.text


@pytest.mark.parametrize(
    "name", ["..", ".", "a..b", "[::1", "a:b", "a:99999", "u@localhost", "xn--", "a b", "%00", "é"]
)
def test_a_host_that_is_none_is_refused_in_one_line(name: str, client: FlaskClient, caplog: Any):
    environ = EnvironBuilder("/compliance/message").get_environ()
    environ["HTTP_HOST"] = name.encode().decode("latin-1")
    _, status, _ = run_wsgi_app(client.application, environ, buffered=True)
    assert status.startswith("400")
    assert len(caplog.records) <= 1 and "\n" not in caplog.text.strip() and "Traceback" not in caplog.text


def test_cookies_without_end_are_not_read_to_it(client: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    tried: list[str] = []
    decisions = client.application.extensions["compliance"].decisions
    loads = decisions._serializer.loads
    monkeypatch.setattr(decisions._serializer, "loads", lambda value, **how: tried.append(value) or loads(value, **how))
    cookies = "; ".join(f"compliance_consent=a{number}.b.c" for number in range(30_000))
    for path in ("/", "/compliance/consent", "/compliance/message", "/compliance/record"):
        client.get(path, headers={"Cookie": cookies, "Accept": "text/html"})
    assert len(tried) < 200
