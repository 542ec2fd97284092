"""Whatever the console is asked, by whom, on each kind of database: never a fault, and nothing of somebody else's."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from flask import Request
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from compliance.console.access import access_of
from compliance.messages import bookmarks, drafts
from compliance.staff import Permission, Role, may
from compliance.store import Database
from support.desk import PASSWORD, Browser, Office, hash_quickly
from support.examples import examples
from support.fields import Recording
from support.host import SETTINGS

ODD = (
    *("", " ", "%", "_", "\\", "%' OR 1=1; --", "a\0b", "\ud800", "\uffff", "\u202e\u200b", "\x01\x1b", "a\r\nb"),
    *("的", "𠮷", "🏳️‍🌈" * 30, "长" * 20_000, "ﬃ" * 1_000, "e\u0301\u0301" * 100, "İ" * 200),
    *("-1", "0", "9" * 40, f"-{'9' * 40}", str(2**31), str(2**63), str(2**64), "1e9", "0x10", "１２", "٣", "²"),
    *("0001-01-01", "9999-12-31", "10000-01-01", "0000-00-00", "2026-02-30", "2026-13-01T00:00"),
    *("newest", "due", "all", "held", "me", "-", "1", "a.0.1", ".1.", "R-20261124-000000-7"),
    *(f"R-20261124-000000-7.0.{2**63}", f"R-20261124-000000-7.1.{'9' * 80}", "R-20261124-000000-7.2.1"),
    *("https://[::1", "//", "javascript:alert(1)", "/" * 3_000, "{}", "[]", "null", "xx", "g" * 64, "0" * 64),
)
#: What the forms of the console have, so that more is reached than what is refused first.
KNOWN = {
    **{"version": "1", "text": "a", "target": "accepted", "act": "take", "do": "go", "language": "zh_CN", "name": "a"},
    **{"reason": "a", "confirmation": PASSWORD, "role": "viewer", "to": "zhao", "whose": "zhao", "query": "q=a"},
    **{
        "since": "2026-11-01",
        "until": "2026-11-24",
        "state": "all",
        "kind": "report",
        "sort": "newest",
        "theme": "dark",
    },
}


class Planted(NamedTuple):
    """What is in the console, and whose it is: each of these texts stands nowhere else."""

    office: Office
    number: str
    objects: dict[str, str]  # what stands in addresses, by the names of their places
    secrets: dict[str, Permission | None]  # what lets one read it; None is its owner's alone

    def send(self, role: Role, method: str, path: str, fields: list[tuple[str, str]]) -> TestResponse:
        """Ask for *path* as somebody of *role* who has just signed in; a text may have what UTF-8 has not."""
        browser = self.office.of(role)
        sent = urlencode([(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in fields])
        if method == "GET":
            return browser.get(f"{path}?{sent}")
        return _post(browser, path, f"{urlencode({'csrf_token': browser.token()})}&{sent}")

    def check(self, role: Role, answer: TestResponse, said: object) -> None:
        assert answer.status_code < 500, said
        for secret, needed in self.secrets.items():
            if needed is None or not may(role, needed):
                assert secret.encode() not in answer.data, (secret, said)


def _post(browser: Browser, path: str, body: str) -> TestResponse:
    return browser.client.post(path, data=body, content_type="application/x-www-form-urlencoded")


@pytest.fixture
def planted(address: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planted]:
    hash_quickly(monkeypatch)
    office = Office(tmp_path, {**SETTINGS, "storage": {"url": address}})
    office.app.request_class = type("Asked", (Request,), {"parameter_storage_class": Recording})
    zhao = office.add("zhao")
    office.of(zhao)
    (session,) = office.console.sessions.of(zhao, now=office.now)
    number = office.send("江北的一封信", name="王某某", contact="wang@example.org")
    cases = office.console.store.box.cases
    cases.note(number, by="zhao", text="内部的一句话", now=office.now)
    kept: dict[str, Any] = {"editor": "zhao", "now": office.now}
    drafts.save(database, number, target="", language="zh_CN", text="还没写完的答复", review=False, version=2, **kept)
    bookmarks.keep(database, name="赵的筛选", query="q=a", shared=False, **kept)
    (bookmark,) = bookmarks.bookmarks(database, "zhao")
    done = office.of(zhao).post("/messages/bulk", {"case": f"{number}:2", "act": "take", "do": "go"})
    objects = {
        **{"number": number, "name": "zhao", "key_hash": session.key_hash, "identity": str(bookmark.id)},
        **{"batch": done.location.rpartition("/")[2], "year": "2026", "place": "1", "row": "1"},
    }
    secrets = {
        **dict.fromkeys(("江北的一封信", "内部的一句话"), Permission.READ_CASES),
        **dict.fromkeys(("王某某", "wang@example.org"), Permission.REVEAL_CONTACTS),
        **dict.fromkeys(("还没写完的答复", "赵的筛选", session.key_hash), None),
    }
    yield Planted(office, number, objects, secrets)
    office.console.store.database.close()


def rules(office: Office) -> Iterator[tuple[Rule, str]]:
    """Every address of the console with its methods, but for the way out."""
    for rule in office.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            if rule.endpoint != "sign_in.sign_out":
                yield rule, method


def written(rule: Rule, values: dict[str, str]) -> str:
    """Return the address of *rule* with *values* in its places, fitting or not."""
    return re.sub(
        r"<(?:[^>]+:)?(\w+)>", lambda place: quote(values[place[1]].encode("utf-8", "surrogatepass")), rule.rule
    )


def fields(planted: Planted) -> dict[tuple[str, str], list[str]]:
    """Return the fields that each address asks for, once it is given what it knows of them."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for rule, method in [*rules(planted.office)] * 3:
        key = method, rule.rule
        objects = {name: planted.objects.get(name, "nothing") for name in rule.arguments}
        Recording.asked.clear()
        known = {"case": f"{planted.number}:3", **KNOWN}
        planted.send(
            Role.ADMINISTRATOR, method, written(rule, objects), [(name, known.get(name, "1")) for name in found[key]]
        )
        found[key] |= Recording.asked - {"csrf_token"}
    return {key: sorted(names) for key, names in found.items()}


@pytest.mark.parametrize("role", Role)
def test_nobody_is_shown_what_is_anothers_by_its_name(planted: Planted, role: Role) -> None:
    reveals = access_of(planted.office.app.view_functions["queue.reveal"])
    assert reveals and reveals.permission is Permission.REVEAL_CONTACTS
    for rule, method in rules(planted.office):
        path = written(rule, {name: planted.objects.get(name, "nothing") for name in rule.arguments})
        planted.check(role, planted.send(role, method, path, [*KNOWN.items()]), (method, path))


def test_no_input_is_a_fault_and_what_is_refused_changes_nothing(
    planted: Planted, caplog: pytest.LogCaptureFixture
) -> None:
    office = planted.office
    asked = fields(planted)
    assert sum(map(len, asked.values())) > 130
    odd = st.one_of(
        st.sampled_from(ODD), st.text(max_size=40), st.integers().map(str), st.dates(date.min, date.max).map(str)
    )

    @hypothesis_settings(max_examples=examples(400))
    @given(st.data(), st.sampled_from([*rules(office)]), st.sampled_from([*Role, *[Role.ADMINISTRATOR] * 3]))
    def ask(data: st.DataObject, where: tuple[Rule, str], role: Role) -> None:
        rule, method = where
        office.wait(hours=1)  # whoever gave wrong passwords waits for the next one
        objects = {name: data.draw(st.just(planted.objects.get(name, "x")) | odd) for name in sorted(rule.arguments)}
        sent = []
        for name in asked[method, rule.rule]:
            known = f"{planted.number}:{office.get(planted.number).version}" if name == "case" else KNOWN.get(name, "1")
            for value in data.draw(st.lists(st.just(known) | odd, max_size=2)):
                sent.append((name + data.draw(st.sampled_from(["", "", "", "[]"])), value))
        before = office.get(planted.number).version
        answer = planted.send(role, method, written(rule, objects), sent)
        planted.check(role, answer, (method, rule.rule))
        if answer.status_code >= 400:
            assert office.get(planted.number).version == before, (method, rule.rule, answer.status_code)

    ask()
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


BIG = "x" * 10_000_000


def test_a_form_of_ten_megabytes_is_refused_wherever_one_is_sent(planted: Planted) -> None:
    browser = planted.office.of(Role.ADMINISTRATOR)
    for rule, method in rules(planted.office):
        if method == "POST":
            path = written(rule, {name: planted.objects.get(name, "nothing") for name in rule.arguments})
            for answer in (_post(browser, path, f"text={BIG}"), browser.client.post(path, data={"text": BIG})):
                assert answer.status_code == 413 and "more than the console takes" in answer.text, path
