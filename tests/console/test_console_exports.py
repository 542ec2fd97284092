"""Cases handed out from the console, and what the audit log tells of it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]
from sqlalchemy.event import listen
from werkzeug.test import TestResponse

from compliance.cases import State
from compliance.console.queue import exports
from compliance.messages import exports as records
from compliance.staff import Role, roles
from support.desk import Browser, Office, heading
from support.desk import office as office

MONTH = {"since": "2026-11-01", "until": "2026-11-30", "state": "all", "reason": "For the archive"}
SENDER = {"name": "王芳", "contact": "wang@example.org"}


def table(answer: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def taken(browser: Browser, **form: Any) -> TestResponse:
    return browser.post("/messages/export", MONTH | form)


def test_supervisor_takes_a_month_and_that_stands_in_the_trail(office: Office) -> None:
    number, _ = office.send("第三段不实。", **SENDER), office.send("五十天前", days=50)
    office.console.store.box.cases.move(number, State.RESOLVED_ACTION, by="li", text="已更正。", now=office.now)
    answer = taken(office.of(Role.SUPERVISOR))
    assert answer.headers["Content-Disposition"] == "attachment; filename=cases-2026-11-01-2026-11-30.csv"
    (row,) = table(answer)
    assert (row["Receipt number"], row["Kind"], row["Category"], row["State"]) == (
        number,
        "Report",
        "Rumours",
        "Resolved: action taken",
    )
    assert (row["Text"], row["Answer"], row["Received at"]) == ("第三段不实。", "已更正。", "2026-11-24 12:00:00")
    assert "王芳" not in answer.text and "wang@" not in answer.text
    (act,) = office.trail()
    assert (act.action, act.actor) == ("cases_exported", "supervisor")
    assert act.said == MONTH | {"form": "csv", "rows": 1}


def test_workbook_has_the_same_rows_and_times_that_are_times(office: Office) -> None:
    number = office.send("=HYPERLINK(1)")
    answer = taken(office.of(Role.SUPERVISOR), form="xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    answer.close()
    head, row = ([cell.value for cell in one] for one in sheet.rows)
    found = dict(zip(head, row, strict=True))
    assert (found["Receipt number"], found["Text"]) == (number, "=HYPERLINK(1)")
    assert f"{found['Received at']}" == "2026-11-24 12:00:00"
    assert "f" not in {cell.data_type for cell in sheet[2]}
    assert sheet.freeze_panes == "A2"


def test_no_cell_of_the_table_is_a_formula(office: Office) -> None:
    office.send("=cmd|'/c calc'!A0")
    (row,) = table(taken(office.of(Role.SUPERVISOR)))
    assert row["Text"] == "'=cmd|'/c calc'!A0"


def test_contacts_are_taken_by_who_asks_for_them_and_each_case_tells(office: Office) -> None:
    number, other = office.send(**SENDER), office.send("没有姓名")
    (named, unnamed) = table(taken(office.of(Role.SUPERVISOR), contacts="1"))
    assert (named["Name of the sender"], named["Contact"]) == ("王芳", "wang@example.org")
    assert unnamed["Contact"] == ""
    (event,) = [one for one in office.get(number).events if one.kind == "viewed"]
    assert (event.actor_name, event.text) == ("supervisor", "For the archive")
    assert not [one for one in office.get(other).events if one.kind == "viewed"]
    assert office.trail()[-1].said["contacts"] is True


def test_contacts_are_not_taken_by_who_may_not_reveal_them(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    less = roles.ALLOWED[Role.SUPERVISOR] - {roles.Permission.REVEAL_CONTACTS}
    monkeypatch.setattr(roles, "ALLOWED", {**roles.ALLOWED, Role.SUPERVISOR: less})
    office.send(**SENDER)
    browser = office.of(Role.SUPERVISOR)
    assert 'name="contacts"' not in browser.get("/messages/export").text
    assert taken(browser, contacts="1").status_code == 403
    assert taken(browser).status_code == 200


def test_password_is_asked_for_and_what_was_filled_in_is_kept(office: Office) -> None:
    office.send()
    browser = office.of(Role.SUPERVISOR)
    office.wait(minutes=11)
    held = taken(browser)
    assert heading(held) == "Is it you?" and 'name="reason" value="For the archive"' in held.text
    assert office.actions() == []
    assert len(table(taken(browser, confirmation="seven dry pears"))) == 1


def test_trail_does_not_tell_what_was_searched_for(office: Office) -> None:
    office.send("张三的文章")
    browser = office.of(Role.SUPERVISOR)
    (row,) = table(taken(browser, q="张三", kind="report", assignee="-", urgent=""))
    assert row["Text"] == "张三的文章"
    (act,) = office.trail()
    assert act.said["searched"] is True and "张三" not in act.detail
    assert (act.said["kind"], act.said["assignee"]) == ("report", "-")
    page = office.of(Role.AUDITOR).get("/trail?action=cases_exported").text
    assert "kind: Report" in page and "words were searched for: yes" in page and "state: any" in page


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"reason": "  "}, "Say for whom"),
        ({"since": ""}, "Choose the first and the last day"),
        ({"since": "2026-12-01"}, "lies before the first"),
        ({"since": "yesterday"}, "This is no day: yesterday"),
        ({"state": "nothing"}, "There is no such state: nothing"),
    ],
    ids=str,
)
def test_what_cannot_be_handed_out_is_told_and_what_was_typed_is_kept(
    office: Office, form: dict[str, str], told: str
) -> None:
    answer = taken(office.of(Role.SUPERVISOR), **form)
    assert answer.status_code == 422 and told in answer.text
    assert f'name="reason" value="{form.get("reason", MONTH["reason"])}"' in answer.text
    assert office.actions() == []


def test_strange_format_is_refused(office: Office) -> None:
    assert taken(office.of(Role.SUPERVISOR), form="exe").status_code == 400


def test_workbook_has_a_bound_and_the_table_none(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_MOST", 1)
    office.send("one"), office.send("two")
    browser = office.of(Role.SUPERVISOR)
    answer = taken(browser, form="xlsx")
    assert answer.status_code == 422 and "at most 1 cases, not 2" in answer.text
    assert len(table(taken(browser))) == 2


def test_table_is_sent_as_it_is_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_BATCH", 2)
    numbers = [office.send(f"Case {place}") for place in range(9)]
    asked: list[str] = []
    listen(office.console.store.database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    with taken(office.of(Role.SUPERVISOR)) as answer:
        parts = iter(answer.iter_encoded())
        first, before = next(parts).decode(), len(asked)
        rest = b"".join(parts).decode()
    assert numbers[0] in first and numbers[2] not in first
    assert numbers[8] in rest and len(asked) >= before + 4 * 3  # of each further batch: cases, answers, pictures


def test_page_begins_with_the_month_before_and_counts(office: Office) -> None:
    office.send("im Oktober", days=30)
    browser = office.of(Role.SUPERVISOR)
    page = browser.get("/messages/export").text
    assert 'value="2026-10-01"' in page and 'value="2026-10-31"' in page and "1 case fits." in page
    assert 'href="/messages/export?state=open"' in browser.get("/messages").text
    counted = browser.post("/messages/export/count", MONTH | {"q": "Oktober"})
    assert counted.status_code == 200 and "0 cases fit." in counted.text and 'value="Oktober"' in counted.text


def test_table_is_in_the_language_of_who_takes_it(office: Office) -> None:
    office.send()
    browser = office.of(Role.SUPERVISOR)
    assert heading(browser.get("/messages/export?lang=zh_CN")) == "导出办件"
    (row,) = table(taken(browser))
    assert row["类别"] == "谣言类"
