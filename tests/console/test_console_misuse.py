"""Odd input to every page of the console: an answer in words, never a fault, and nothing of it in the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, Request

from compliance.console.access import access_of
from compliance.staff import Role, Stage
from support.desk import Office
from support.desk import office as office
from support.fields import Recording

pytestmark = pytest.mark.slow

ODD = {
    "signs": "a<script>alert(1)</script>{{ 7 * 7 }}' OR 1=1; --\u202e../../x%00%ff" + "e\u0301\u0301" * 50,
    "long": "长" * 300,
    "number": "9" * 40,
    "day": "9999-12-31",
}


def addresses(app: Flask, value: str) -> Iterator[tuple[str, str]]:
    """Every address with its method, *value* wherever one of them has a place for a text."""
    for rule in app.url_map.iter_rules():
        needs = access_of(app.view_functions[rule.endpoint])
        if needs is None or (needs.stages and Stage.FULL not in needs.stages) or rule.endpoint == "sign_in.sign_out":
            continue
        texts = dict.fromkeys(rule.arguments, value or "x")
        kinds = {name: rule._converters[name] for name in rule.arguments}
        if any(type(kind).__name__ not in ("UnicodeConverter", "PathConverter") for kind in kinds.values()):
            texts = {
                name: {"IntegerConverter": 2**62, "UUIDConverter": "0" * 8 + "-0000-0000-0000-" + "0" * 12}.get(
                    type(kind).__name__, "x"
                )
                for name, kind in kinds.items()
            }
        with app.test_request_context():
            path = str(app.url_map.bind("localhost").build(rule.endpoint, texts))
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield method, path


@pytest.mark.parametrize("value", ODD.values(), ids=ODD.keys())
def test_odd_input_is_answered_in_words(office: Office, value: str, caplog: pytest.LogCaptureFixture) -> None:
    """One field at a time, for the first that is refused hides the others."""
    office.app.request_class = type("Asked", (Request,), {"parameter_storage_class": Recording})
    browser = office.of(Role.ADMINISTRATOR)
    tried = 0
    for method, path in addresses(office.app, value):

        def send(sent: dict[str, str], method: str = method, path: str = path) -> None:
            answer = browser.get(path, query_string=sent) if method == "GET" else browser.post(path, sent)
            assert answer.status_code < 500, (method, path, sent)
            assert answer.mimetype != "text/html" or b"<script>alert" not in answer.data, path

        Recording.asked.clear()
        send({})
        for name in sorted(Recording.asked - {"csrf_token"}):
            send({name: value})
            tried += 1
    assert tried > 40
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("get", "/messages", {"assignee": "\0"}),
        ("get", "/trail", {"actor": "a\0"}),
        ("get", "/accounts/a%00", {}),
        ("post", "/messages/searches", {"name": "a\0", "query": "q=a"}),
        ("post", "/messages/replies", {"name": "a", "language": "zh_CN", "text": "a\0"}),
        ("post", "/sign-in", {"name": "a\0", "password": "b"}),
    ],
)
def test_what_postgresql_cannot_keep_is_refused(office: Office, method: str, path: str, sent: dict[str, str]) -> None:
    for browser in (office.of(Role.ADMINISTRATOR), office.of(Role.VIEWER)):
        answer = browser.get(path, query_string=sent) if method == "get" else browser.post(path, sent)
        assert answer.status_code == 400 and "Nothing was changed" in answer.text
