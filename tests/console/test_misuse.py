"""Odd input to every page of the console: an answer in words, never a fault, and nothing of it in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from compliance.console.access import access_of
from compliance.paths import TEMPLATES
from compliance.staff import Role, Stage
from support.desk import Office
from support.desk import office as office

pytestmark = pytest.mark.slow

#: What forms and filters are called, in every page.
FIELDS = sorted(
    {
        name
        for page in (TEMPLATES / "console").glob("*.html")
        for name in re.findall(r'(?:name=|field\()"([a-z_]+)"', page.read_text(encoding="utf-8"))
    }
    - {"csrf_token"}
    | {"before", "after", "next", "lang", "sort", "page", "version", "limit"}
)
ODD = {
    "signs": "a\0<script>alert(1)</script>{{ 7 * 7 }}' OR 1=1; --\u202e../../x%00%ff" + "e\u0301\u0301" * 50,
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
    browser = office.of(Role.ADMINISTRATOR)
    sent = dict.fromkeys(FIELDS, value)
    for method, path in addresses(office.app, value):
        answer = browser.get(path, query_string=sent) if method == "GET" else browser.post(path, sent)
        assert answer.status_code < 500, (method, path, answer.status_code)
        assert "<script>alert" not in answer.text, path
        if answer.status_code == 303 and answer.location.startswith("/sign-in"):
            browser = office.of(Role.ADMINISTRATOR)
    faults = [record.getMessage() for record in caplog.records if record.exc_info]
    assert faults == []
