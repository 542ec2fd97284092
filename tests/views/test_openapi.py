"""The published description of the endpoints: complete, and true of what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from compliance import Compliance
from compliance.cases import HARMS, REPORT_CATEGORIES, REQUEST_CATEGORIES, Actor, Kind, State
from compliance.ledger import Ledger
from compliance.messages import LONGEST, Cases, Intake
from compliance.pictures import MOST
from compliance.store import Database
from compliance.views.addresses import ADDRESSES
from support.described import Schema, load, try_out
from support.examples import examples
from support.host import SETTINGS, create_app
from support.odd import ODD

JSON = {"Accept": "application/json"}
LARGE = {"body": "x" * 300_000}
MESSAGE = {"body": "第三段的年份有误。"}
REPORT = {"category": "rumour", "page": "/news/1", "body": "不实信息", "truth": "on"}
NUMBER = "R-20261124-000000-0"
# What no form takes.
REFUSED: list[dict[str, Any]] = [{"data": {}, "headers": {"Sec-Fetch-Site": "cross-site"}}, {"data": LARGE}]


def site(*, limited: bool = False) -> Flask:
    app = create_app()
    legal = Path(app.instance_path, "legal")
    (legal / "en").mkdir(parents=True)
    for version in (1, 2):
        head = f"---\ntitle: Privacy\nversion: {version}\neffective: 202{version}-01-01\nmaterial: true\n---\n"
        (legal / "en" / f"privacy.{version}.md").write_text(f"{head}Text {version}\n", encoding="utf-8")
    told = {"messages": {"challenge": "none"}, "limits": {"enabled": limited}, "legal": {"directory": str(legal)}}
    Compliance(app, settings={**SETTINGS, **told})
    return app


# Method and path of every operation, as the description has them. Two take nothing.
OPERATIONS = [(address.method, re.sub(r"<(?:path:)?(\w+)>", r"{\1}", address.path)) for address in ADDRESSES]
FILLED = [operation for operation in OPERATIONS if operation[1] not in ("/health", "/mourning", "/openapi.json")]


@pytest.fixture(scope="module")
def schema() -> Schema:
    """The description, with the site that it is of."""
    return load(site())


@pytest.fixture(scope="module")
def odd_schema() -> Schema:
    """The description with odd texts as the examples of every text that is not one of a few."""
    app = site()
    described: dict[str, Any] = app.test_client().get("/compliance/openapi.json").json
    texts = [make(600) for make in ODD.values()]
    for parameter in described["components"]["parameters"].values():
        if "enum" not in parameter["schema"]:
            parameter.pop("example", None)
            parameter["examples"] = {str(place): {"value": text} for place, text in enumerate(texts)}
    for name in ("Message", "Report"):
        for field in described["components"]["schemas"][name]["properties"].values():
            if "enum" not in field and field["type"] == "string":
                field["examples"] = texts
    return load(app, described)


@pytest.fixture(scope="module")
def raw(schema: Schema) -> dict[str, Any]:
    return schema.raw_schema


@pytest.fixture(scope="module")
def schemas(raw: dict[str, Any]) -> dict[str, Any]:
    return raw["components"]["schemas"]


# Hypothesis looks for new cases with every run. Meanwhile the ledger's own thread may draw lots.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize("accepted", ["application/json", "text/html"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.slow
def test_whatever_is_sent_is_answered_as_described(schema: Schema, method: str, path: str, accepted: str):
    try_out(schema, method, path, accepted, number=examples(10))


@pytest.mark.parametrize(("method", "path"), FILLED)
@pytest.mark.slow
def test_odd_texts_are_answered_as_described(odd_schema: Schema, method: str, path: str):
    try_out(odd_schema, method, path, "application/json", number=0)


def test_every_address_and_method_is_described(raw: dict[str, Any]):
    rules = {
        (re.sub(r"<(?:path:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/compliance")), method.lower())
        for rule in site().url_map.iter_rules()
        if rule.endpoint.startswith("compliance.")
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    assert {(path, method) for path, methods in raw["paths"].items() for method in methods} == rules


@pytest.mark.parametrize("name", ["Message", "Report"])
def test_texts_may_be_as_long_as_described(schemas: dict[str, Any], name: str):
    described = {field: text.get("maxLength") for field, text in schemas[name]["properties"].items()}
    assert described.items() >= {field: LONGEST[field] for field in LONGEST if field in described}.items()
    assert LONGEST.keys() - described.keys() <= {"seen", "subject", "enterprise", "credit_code"}


def test_what_can_be_chosen_is_described(schemas: dict[str, Any]):
    message, report = schemas["Message"]["properties"], schemas["Report"]["properties"]
    assert set(message["kind"]["enum"]) | {"report"} == set(Kind) == set(schemas["Case"]["properties"]["kind"]["enum"])
    assert message["category"]["enum"] == ["", *REQUEST_CATEGORIES]
    assert report["category"]["examples"] == list(REPORT_CATEGORIES)
    assert report["harm"]["enum"] == ["", *HARMS]
    assert schemas["State"]["enum"] == list(State)
    assert schemas["Event"]["properties"]["actor"]["enum"] == list(Actor)
    assert schemas["Pictures"]["properties"]["pictures"]["maxItems"] == MOST


def exchanges(app: Flask, raw: dict[str, Any]) -> Iterator[tuple[str, str, TestResponse]]:
    """Yield an answer of every kind that is described: address, method, answer."""
    client = app.test_client()

    def ask(
        method: str, path: str, *, name: str = "", number: str = "", form: str = "", version: str = "", **more: Any
    ):
        address = path.format(name=name, number=number, form=form, version=version, old="1", new="2")
        return path, method, client.open(f"/compliance{address}", method=method.upper(), **more)

    get, post = partial(ask, "get"), partial(ask, "post")

    for path, data in (("/message", MESSAGE), ("/report", REPORT)):
        key = {"Idempotency-Key": path}
        yield get(path)
        yield post(path, data=data)
        yield post(path, data={})
        yield post(path, data={}, headers=JSON)
        yield post(path, json=data, headers=JSON | key)
        yield post(path, json={**data, "body": "另一条"}, headers=JSON | key)
        for more in REFUSED:
            yield post(path, **more)
    yield get("/challenge/{form}", form="message")
    yield get("/challenge/{form}", form="other")
    receipt = client.post("/compliance/message", json=MESSAGE, headers=JSON).json
    number, opening = receipt["receipt"], {"number": receipt["receipt"], "code": receipt["code"]}
    yield get("/case")
    yield post("/case", data=opening)
    yield post("/case", json=opening, headers=JSON)
    yield post("/case", json=[], headers=JSON)
    yield post("/case", data={"number": NUMBER}, headers=JSON)
    for more in REFUSED:
        yield post("/case", **more)
    for headers in ({}, JSON):
        yield get("/receipt/{number}", number=number, headers=headers)
        yield get("/receipt/{number}", number="\x9f", headers=headers)
        yield post("/receipt/{number}", number=number, data=opening, headers=headers)
        yield post("/receipt/{number}", number=number, data=opening | {"action": "reopen"}, headers=headers)
        yield post("/receipt/{number}", number=NUMBER, data={"code": ""}, headers=headers)
    yield post("/receipt/{number}", number=number, json=[])
    for more in REFUSED:
        yield post("/receipt/{number}", number=number, **more)
    yield get("/record", headers=JSON)
    yield get("/consent")
    yield post("/consent", data={"choice": "accept"})
    yield post("/consent", data={"choice": "accept"}, headers=JSON)
    yield post("/consent", data={"choice": "accept", "policy": "old"})
    yield post("/consent", data={"choice": "none"})
    for more in REFUSED:
        yield post("/consent", **more)
    yield get("/consent/kept")
    yield get("/consent/kept", headers=JSON)
    yield get("/consent/kept", query_string={"next": "//elsewhere.example/"})
    yield get("/record")
    yield get("/record", headers=JSON)
    yield post("/record", data={"choice": "none"})
    for more in REFUSED:
        yield post("/record", **more)
    for headers in ({}, JSON):
        client.post("/compliance/consent", data={"choice": "accept"})
        yield post("/record", data={"choice": "erase"}, headers=headers)
    yield post("/record", data={"choice": "erase"})
    client.post("/compliance/consent", data={"choice": "accept"})
    version = app.extensions["compliance"].documents.get("privacy", "en").version
    for path in ("/corrections", "/legal/{name}", "/legal/{name}/{version}", "/legal/{name}/{old}/{new}"):
        shown = get(path, name="privacy", version=version)
        yield shown
        yield get(path, name="privacy", version=version, headers={"If-None-Match": shown[2].headers["ETag"]})
        yield get(path, name="none", version=version)
    for path, methods in raw["paths"].items():
        if "get" in methods:
            yield get(
                path, name="privacy", number=number, form="message", version=version, query_string={"lang": "zh\r\n"}
            )
    yield get("/static/{name}", name="compliance.css")
    yield get("/static/{name}", name="none")
    yield get("/mourning")
    yield get("/health")
    yield get("/health", headers={"X-Forwarded-For": "127.0.0.1"})
    yield get("/openapi.json")

    state = app.extensions["compliance"]
    database = Database("sqlite:///none.db", folder=Path("/dev/null"))
    parts = (database, state.vault, state.settings)
    state.store.database, state.store.box = database, replace(state.box, intake=Intake(*parts), cases=Cases(*parts))
    state.store.ledger = Ledger(database, [b"key"])
    yield get("/health")
    yield post("/record", data={"choice": "erase"})
    for headers in ({}, JSON):
        yield post("/message", data=MESSAGE, headers=headers)
        yield post("/report", data=REPORT, headers=headers)
        yield post("/case", data=opening, headers=headers)
        yield get("/receipt/{number}", number=number, headers=headers)
        yield post("/receipt/{number}", number=number, data=opening, headers=headers)

    client = site(limited=True).test_client()
    for _ in range(16):
        answers = [post("/report", data=REPORT), post("/message", data={**MESSAGE, "page": "/news/1"})]
        answers += [post("/case", data=opening), post("/receipt/{number}", number=number, data=opening)]
    yield from answers
    for _ in range(61):
        answer = get("/challenge/{form}", form="message")
    yield answer


@pytest.mark.slow
def test_every_described_answer_is_given(schema: Schema, raw: dict[str, Any]):
    given = set()
    for path, method, response in exchanges(site(), raw):
        schema[path][method].validate_response(response)
        given.add((path, method, str(response.status_code)))
    described = {
        (path, method, status)
        for path, methods in raw["paths"].items()
        for method, operation in methods.items()
        for status in operation["responses"]
    }
    assert given == described
