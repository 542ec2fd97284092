"""The audit log in the console: read, verified, exported."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from compliance.ledger import extract
from compliance.staff import Role
from compliance.store.staff import act
from support.desk import PASSWORD, Office
from support.desk import office as office


def test_log_is_verified_beside_the_requests(office: Office) -> None:
    browser = office.of(Role.AUDITOR)
    assert "not read again" in browser.get("/trail/verification?lang=en").text
    office.console.trail.append("refused", actor="li.ming", now=office.now)
    assert browser.post("/trail/verification").location == "/trail/verification"
    office.console.trail_rounds.settle()
    assert "Every row is as it was written" in browser.get("/trail/verification").text
    assert "not read again" in browser.get("/consents/verification").text  # the ledger is another chain
    changed = update(act).where(act.c.sequence == 1).values(actor="wang")
    office.console.store.database.write(lambda connection: connection.execute(changed))
    browser.post("/trail/verification")
    office.console.trail_rounds.settle()
    page = browser.get("/trail/verification").text
    assert "The audit log was changed" in page and "Row 1:" in page
    assert [one.said["findings"] for one in office.trail() if one.action == "trail_verified"] == [0, 1]


def test_auditor_hands_out_what_proves_itself(office: Office, tmp_path: Path) -> None:
    for day in range(3):
        office.console.trail.append("refused", actor=f"actor{day}", now=office.now)
        office.wait(days=1)
    browser = office.of(Role.AUDITOR)
    form = {"since": "2026-11-24", "until": "2026-11-25", "form": "jsonl"}
    answer = browser.post("/trail/export", form)
    assert answer.mimetype == "application/x-ndjson" and "audit-log-20261127.jsonl" in str(answer.headers)
    file = tmp_path / "log.jsonl"
    file.write_bytes(answer.data)
    read = extract.verify(file, office.console.store.vault.keys("trail"))
    assert (read.rows, read.findings) == (2, []) and "actor2" not in answer.text
    table = browser.post("/trail/export", {"form": "csv"}).text
    assert "actor0" in table and "trail_exported" in table and office.trail()[-1].hash in table
    noted = [one.said for one in office.trail() if one.action == "trail_exported"]
    assert noted == [form, {"form": "csv"}]


def test_export_asks_who_one_is_and_refuses_what_it_cannot_do(office: Office) -> None:
    browser = office.of(Role.AUDITOR)
    assert browser.post("/trail/export", {"form": "xlsx"}).status_code == 400
    wrong = browser.post("/trail/export?lang=en", {"since": "2026-11-25", "until": "2026-11-24"})
    assert wrong.status_code == 422 and "lies before the first one" in wrong.text
    office.wait(minutes=11)
    assert browser.post("/trail/export").status_code == 403
    assert browser.post("/trail/export", {"confirmation": PASSWORD}).status_code == 200


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_details_are_told_in_words(office: Office, language: str) -> None:
    office.console.trail.append("case_moved", actor="wang", detail={"state": "in_progress", "count": 3}, now=office.now)
    page = office.of(Role.AUDITOR).get(f"/trail?lang={language}").text
    assert {"en": "state: In progress", "zh_CN": "状态：办理中"}[language] in page
