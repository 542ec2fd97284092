"""Consent in the console: found, verified, exported, erased; texts and what readers chose."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from compliance.ledger import Entry, Text, rounds
from compliance.staff import Role
from compliance.store.tables import decision
from support.desk import START, Office, hash_quickly, heading
from support.desk import office as office
from support.host import SETTINGS

TEXT = Text(name="privacy", version="1.0", language="en", text="Privacy\n\nWe keep what you decide.\n")
OURS = """---
title: Privacy policy
version: "{version}"
effective: {effective}
material: true
---

## What we keep

{text}
"""


def decide(office: Office, record: str, *, days: int = 0, method: str = "accept", **values: Any) -> None:
    given = {"before": None, "policy": "1.0", "mode": "opt-in", "language": "en", "path": "/news/1"}
    given |= {"choices": {"analytics": method == "accept"}, "texts": {"privacy": TEXT.hash}}
    time = START - timedelta(days=10 - days)
    made = Entry(**{"record": record, "time": time, "method": method, **given, **values})
    office.console.store.ledger.append([made], [TEXT])


@pytest.fixture
def filled(office: Office) -> Office:
    decide(office, "first")
    decide(office, "second", days=1, method="withdraw", before="first")
    decide(office, "other", days=2, method="reject", language="zh_CN", policy="1.1")
    return office


def test_record_is_found_without_standing_in_an_address(filled: Office) -> None:
    browser = filled.of(Role.SUPERVISOR)
    answer = browser.post("/consents/find", {"record": " second "})
    assert (answer.status_code, answer.location) == (303, "/consents/2")
    page = browser.get("/consents/2")
    assert heading(page) == "Decision 2"
    assert "withdrew" in page.text and "agreed to everything" in page.text  # and what it was before
    (act,) = filled.trail()
    assert (act.action, act.about) == ("consent_viewed", "2")


@pytest.mark.parametrize("record", ["", "nothing", "x" * 5_000])
def test_record_that_is_not_there_is_said_so(filled: Office, record: str) -> None:
    answer = filled.of(Role.SUPERVISOR).post("/consents/find", {"record": record})
    assert answer.status_code == 404 and 'role="alert"' in answer.text
    assert filled.trail() == []


@pytest.mark.parametrize("path", ["4", "0", "kept/nothing", "99999999999999999999"])
def test_what_is_not_there_is_404(filled: Office, path: str) -> None:
    assert filled.of(Role.SUPERVISOR).get(f"/consents/{path}").status_code == 404


def test_document_is_shown_as_readers_could_read_it(filled: Office) -> None:
    browser = filled.of(Role.AUDITOR)
    assert f'href="/consents/kept/{TEXT.hash}"' in browser.get("/consents/1").text
    assert "We keep what you decide." in browser.get(f"/consents/kept/{TEXT.hash}").text


def test_erasure_is_of_all_decisions_of_the_reader_and_stands_in_the_trail(filled: Office) -> None:
    browser = filled.of(Role.SUPERVISOR)
    assert browser.post("/consents/2/erase", {"reason": "  "}).status_code == 422
    filled.wait(minutes=11)
    assert heading(browser.post("/consents/2/erase", {"reason": "asked for"})) == "Is it you?"
    browser.post("/consents/2/erase", {"reason": "asked for", "confirmation": "seven dry pears"})
    page = browser.get("/consents/2")
    assert "What is personal was erased" in page.text and "2 rows erased." in page.text
    assert [link.said for link in filled.console.store.ledger.links()][:2] == [{}, {}]
    act = filled.trail()[-1]
    assert (act.action, act.about, act.said) == ("consents_erased", "2", {"rows": 2, "reason": "asked for"})
    assert "first" not in str(filled.trail()) and "second" not in str(filled.trail())
    assert browser.post("/consents/2/erase", {"reason": "again"}).status_code == 422
    # The row that says so leads to the other.
    assert 'href="/consents/2"' in browser.get("/consents/4").text


def test_erasure_and_its_entry_are_kept_together_or_not_at_all(filled: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = filled.of(Role.SUPERVISOR)
    monkeypatch.setattr(filled.console.trail, "append", lambda *_, **__: 1 // 0)
    assert browser.post("/consents/1/erase", {"reason": "asked for"}).status_code == 500
    assert filled.console.store.ledger.history("first")[0].said


def test_record_that_is_not_here_yet_is_erased_when_it_comes(filled: Office) -> None:
    browser = filled.of(Role.SUPERVISOR)
    assert browser.post("/consents/erase-ahead", {"record": "late"}).status_code == 422
    assert browser.post("/consents/erase-ahead", {"record": "late", "reason": "asked for"}).status_code == 303
    assert "late" not in str(filled.trail()[-1])
    ledger = filled.console.store.ledger
    made = ledger.history("first")[0].said
    late = {name: made[name] for name in ("method", "choices", "language", "path", "texts")} | {"record": "late"}
    ledger.append_late([Entry(before=None, time=START, policy="1.0", mode="opt-in", **late)])
    assert ledger.history("late")[0].said == {}


def test_export_is_for_days_and_reasons_and_stands_in_the_trail(filled: Office) -> None:
    browser = filled.of(Role.SUPERVISOR)
    form = {"since": "2026-11-15", "until": "2026-11-15", "reason": "the CAC asked", "form": "csv"}
    answer = browser.post("/consents/export", form)
    assert answer.headers["Content-Disposition"] == "attachment; filename=consents-20261124.csv"
    rows = list(csv.DictReader(answer.data.decode("utf-8-sig").splitlines()))
    assert [row["record"] for row in rows] == ["second"]
    answer = browser.post("/consents/export", {"form": "json", "reason": "all"})
    assert [row["record"] for row in json.loads(answer.data)] == ["first", "second", "other"]
    assert [act.said["reason"] for act in filled.trail()] == ["the CAC asked", "all"]
    one = browser.post("/consents/2/export")
    assert [row["record"] for row in json.loads(one.data)] == ["second", "first"]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"reason": ""}, 422),
        ({"reason": "x", "since": "2026-11-15", "until": "2026-11-14"}, 422),
        ({"reason": "x", "since": "yesterday"}, 400),
        ({"reason": "x", "form": "exe"}, 400),
    ],
)
def test_export_refuses_what_it_cannot_read(filled: Office, form: dict[str, str], status: int) -> None:
    assert filled.of(Role.SUPERVISOR).post("/consents/export", form).status_code == status
    assert filled.trail() == []


def test_ledger_is_verified_beside_the_requests(filled: Office) -> None:
    browser = filled.of(Role.AUDITOR)
    assert "not read again" in browser.get("/consents/verification").text
    assert browser.post("/consents/verification").location == "/consents/verification"
    filled.console.rounds.settle()
    head = filled.console.store.ledger.head()[0]
    assert head
    page = browser.get("/consents/verification").text
    assert "Every row is as it was written" in page and f"{head.sequence}:{head.hash}" in page
    changed = update(decision).where(decision.c.sequence == 2).values(content_hash="0" * 64)
    filled.console.store.database.write(lambda connection: connection.execute(changed))
    browser.post("/consents/verification")
    filled.console.rounds.settle()
    assert "was changed" in browser.get("/consents/verification").text
    acts = [act for act in filled.trail() if act.action == "consents_verified"]
    assert [(act.actor, act.said) for act in acts] == [
        ("auditor", {"rows": 3, "findings": 0}),
        ("auditor", {"rows": 3, "findings": 1}),
    ]


def test_progress_is_shown_to_every_process_and_a_second_reading_waits(
    filled: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, other = filled.of(Role.AUDITOR), Office(tmp_path)
    seen = []

    def look(walk: Any) -> Any:
        for link in walk:
            filled.console.rounds._note(rows=walk.rows)
            seen.append(other.of(Role.SUPERVISOR).get("/consents/verification").text)
            assert not other.console.rounds.begin("li.ming", print)
            yield link

    monkeypatch.setattr(filled.console.rounds, "_noted", look)
    browser.post("/consents/verification")
    filled.console.rounds.settle()
    assert ["2 of 3 rows" in page for page in seen] == [False, True, False]
    assert all('hx-trigger="every 2s"' in page and "Look again" in page for page in seen)


def test_reading_that_broke_off_is_said_so_and_can_be_begun_again(
    filled: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds.Rounds, "_read", lambda self, done: None)
    browser = filled.of(Role.AUDITOR)
    browser.post("/consents/verification")
    filled.wait(minutes=2)
    assert "broke off" in browser.get("/consents/verification").text
    assert filled.console.rounds.begin("li.ming", print)


def test_choices_are_counted_by_version(filled: Office) -> None:
    decide(filled, "third", days=3, method="custom", choices={"analytics": True, "social": False})
    browser = filled.of(Role.VIEWER)
    assert browser.get("/consents/choices").status_code == 403
    page = filled.of(Role.AUDITOR).get("/consents/choices").text
    assert page.index("1.1") < page.index(">1.0<")
    assert ">66.7 %<" in page and ">0.0 %<" in page


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A site with a privacy policy of its own in two versions, and one to come."""
    hash_quickly(monkeypatch)
    folder = tmp_path / "legal" / "en"
    folder.mkdir(parents=True)
    for version, effective, text in (
        ("1.0", "2026-01-01", "We keep logs for 30 days."),
        ("2.0", "2026-10-01", "We keep logs for 60 days."),
        ("3.0", "2027-01-01", "We keep logs for 60 days, and <no> more."),
    ):
        body = OURS.format(version=version, effective=effective, text=text)
        (folder / f"privacy.{version}.md").write_text(body, encoding="utf-8")
    return Office(tmp_path, {**SETTINGS, "legal": {"directory": str(tmp_path / "legal")}})


def test_texts_are_listed_with_what_changed(written: Office) -> None:
    browser = written.of(Role.SUPERVISOR)
    page = browser.get("/consents/texts").text
    assert "/consents/texts/privacy/en/1.0/2.0" in page and "/consents/texts/privacy/en/2.0/3.0" in page
    assert "to come" in page and "asks readers again" in page
    diff = browser.get("/consents/texts/privacy/en/1.0/2.0").text
    assert "30" in diff.partition("<del>")[2].partition("</del>")[0]
    assert "60" in diff.partition("<ins>")[2].partition("</ins>")[0]
    assert "and &lt;no&gt; more" in browser.get("/consents/texts/privacy/en/2.0/3.0").text
    assert "30 days" in browser.get("/consents/texts/privacy/en/1.0").text
    for path in ("privacy/en/9", "privacy/fr/1.0", "nothing/en/1.0", "privacy/en/1.0/9"):
        assert browser.get(f"/consents/texts/{path}").status_code == 404


@pytest.mark.parametrize("path", ["", "/choices", "/texts", "/1", "/verification"])
def test_queries_do_not_grow_with_the_ledger(filled: Office, path: str) -> None:
    browser, statements = filled.of(Role.AUDITOR), []
    event.listen(
        filled.console.store.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )

    def queries() -> int:
        statements.clear()
        assert browser.get(f"/consents{path}").status_code == 200
        return len(statements)

    queries()
    before = queries()
    for number in range(30):
        decide(filled, f"more {number}", days=number % 9, language=("en", "fr")[number % 2])
    assert queries() == before


def test_pages_are_in_chinese(filled: Office) -> None:
    browser = filled.of(Role.SUPERVISOR)
    assert heading(browser.get("/consents?lang=zh_CN")) == "同意记录"
