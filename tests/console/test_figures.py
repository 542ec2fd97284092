"""Figures in the console, and the report of a year."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]
from sqlalchemy import event

from compliance.cases import Kind, State
from compliance.ledger import Entry
from compliance.messages import Submission
from compliance.staff import Role
from support.desk import START, Office, heading
from support.desk import office as office

SPAN = "since=2026-11-20&until=2026-11-24"


def send(office: Office, body: str, *, days: float = 0, kind: Kind = Kind.REPORT, category: str = "rumour") -> str:
    told = Submission(kind=kind, category=category, page="https://www.ichongqing.info/a", language="en", body=body)
    then = START - timedelta(days=days)
    return office.console.store.box.intake.accept(told, key=None, proof=None, source=body, now=then).number


def answer(office: Office, number: str, *, days: float = 0) -> None:
    then = START - timedelta(days=days)
    office.console.store.box.cases.move(number, State.RESOLVED_ACTION, by="li.ming", text="It is gone.", now=then)


def decide(office: Office, record: str, *, days: int = 0, method: str = "accept", language: str = "en") -> None:
    given: dict[str, Any] = {"before": None, "policy": "1.0", "mode": "opt-in", "path": "/", "texts": {}}
    made = Entry(
        record=record,
        time=START - timedelta(days=days),
        method=method,
        choices={"analytics": method == "accept"},
        language=language,
        **given,
    )
    office.console.store.ledger.append([made])


@pytest.fixture
def filled(office: Office) -> Office:
    first = send(office, "one", days=4)
    send(office, "two", days=4, category="porn")
    send(office, "three", days=1)
    send(office, "long ago", days=200)
    answer(office, first, days=1)
    for number, (method, language) in enumerate([("accept", "en"), ("reject", "en"), ("accept", "zh_CN")]):
        decide(office, f"{number}", days=2, method=method, language=language)
    return office


def table(page: str, title: str) -> list[list[str]]:
    """What a table of a page shows, without its head."""
    html = page.partition(f'aria-label="{title}"')[2].partition("</table>")[0].partition("<tbody>")[2]
    return [
        [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in html.split("</tr>")[:-1]
    ]


def test_figures_are_of_the_days_that_are_asked_for(filled: Office) -> None:
    page = filled.of(Role.VIEWER).get(f"/figures?{SPAN}").text
    assert [row[1:] for row in table(page, "Received and answered")] == [
        ["2", "0"],
        ["0", "0"],
        ["0", "0"],
        ["1", "1"],
        ["0", "0"],
    ]
    assert table(page, "By kind")[-1][:7] == ["All", "3", "1", "1", "0", "2", "1"]
    rumours, porn = sorted(table(page, "By category"), key=lambda row: row[1], reverse=True)
    assert rumours[:4] == ["Report", "Rumours", "2", "1"] and porn[:4] == ["Report", "Pornography", "1", "0"]
    assert rumours[10:] == ["0", "1", "1"]  # from Friday to Monday
    assert [row[1:] for row in table(page, "What readers decided")] == [
        ["en", "2", "1", "0", "1", "0", "50"],
        ["zh_CN", "1", "1", "0", "0", "0", "100"],
    ]


def test_what_is_late_or_overdue_is_a_share_of_what_was_owed(filled: Office) -> None:
    filled.wait(days=60)
    page = filled.of(Role.VIEWER).get(f"/figures?{SPAN}").text
    row = table(page, "By kind")[-1]
    assert (row[5], row[6], row[9]) == ("2", "2", "66.7")


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=2026-11-25",
        "since=2026-11-20&until=2026-11-19",
        "since=2025-01-01",
        "until=1999-01-01",
        "until=9999-12-31",
        "until=0001-01-01",
    ],
)
@pytest.mark.parametrize("path", ["/figures", "/figures/charts/days.svg"])
def test_days_that_cannot_be_shown_are_refused(office: Office, path: str, query: str) -> None:
    assert office.of(Role.VIEWER).get(f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["days", "categories", "agreement"])
def test_charts_are_pictures_without_scripts(filled: Office, name: str, theme: str) -> None:
    browser = filled.of(Role.VIEWER)
    answered = browser.get(f"/figures/charts/{name}.svg?{SPAN}&theme={theme}")
    root = ElementTree.fromstring(answered.data)
    assert answered.mimetype == "image/svg+xml" and root.tag.endswith("svg")
    assert not [one for one in root.iter() if str(one.tag).endswith("script")]
    assert browser.get(f"/figures/charts/{name}.svg?{SPAN}&theme=pink").status_code == 400


def test_charts_are_drawn_of_nothing(office: Office) -> None:
    browser = office.of(Role.VIEWER)
    for name in ("days", "categories", "agreement"):
        assert browser.get(f"/figures/charts/{name}.svg").status_code == 200
    assert browser.get("/figures/charts/nothing.svg").status_code == 404


def test_tables_are_handed_out_and_that_stands_in_the_trail(filled: Office) -> None:
    browser = filled.of(Role.SUPERVISOR)
    span = {"since": "2026-11-20", "until": "2026-11-24"}
    answered = browser.post("/figures/export", {**span, "table": "days"})
    assert answered.headers["Content-Disposition"] == "attachment; filename=figures-2026-11-20-2026-11-24-days.csv"
    rows = list(csv.reader(answered.data.decode("utf-8-sig").splitlines()))
    assert rows[:2] == [["Day", "Received", "Answered"], ["2026-11-20", "2", "0"]]
    book = load_workbook(BytesIO(browser.post("/figures/export", span).data))
    assert book.sheetnames == ["Received and answered", "By kind", "By category", "What readers decided"]
    assert [cell.value for cell in book["Received and answered"][2]] == [datetime(2026, 11, 20), 2, 0]
    assert [act.said["table"] for act in filled.trail()] == ["days", "all"]
    assert browser.post("/figures/export", {"table": "nothing"}).status_code == 400
    filled.wait(minutes=11)
    assert heading(browser.post("/figures/export", span)) == "Is it you?"


def test_report_of_a_year_is_filled_in_and_kept_nowhere(filled: Office) -> None:
    browser = filled.of(Role.AUDITOR)
    page = browser.get("/figures/2026").text
    assert "Person responsible (signature)" in page
    assert table(page, "By kind")[-1][1] == "4"
    assert [row[1] for row in table(page, "What readers decided")] == ["en", "zh_CN"]
    assert sum(int(row[-1]) for row in table(page, "Received by month")) == 4
    written = browser.post("/figures/2026", {"duties": "<b>Met</b> monthly", "voices": "x" * 9_000}).text
    assert '<p class="said">&lt;b&gt;Met&lt;/b&gt; monthly</p>' in written and "x" * 5_000 in written
    assert "x" * 5_001 not in written
    book = load_workbook(BytesIO(browser.post("/figures/2026/export").data))
    assert "Results" in book.sheetnames
    assert [(act.action, act.about) for act in filled.trail()] == [("figures_exported", "2026")]
    assert table(browser.get("/figures/2025").text, "By kind")[-1][1] == "0"
    assert browser.get("/figures/1999").status_code == browser.get("/figures/9001").status_code == 404


@pytest.mark.parametrize("path", [f"/figures?{SPAN}", "/figures/2026"])
def test_queries_do_not_grow_with_what_is_counted(filled: Office, path: str) -> None:
    browser, statements = filled.of(Role.VIEWER), []
    engine = filled.console.store.database.engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    def queries() -> int:
        statements.clear()
        assert browser.get(path).status_code == 200
        return len(statements)

    queries()
    before = queries()
    for number in range(30):
        send(filled, f"more {number}", days=number % 4, category=("rumour", "porn", "fraud")[number % 3])
        decide(filled, f"more {number}", days=number % 4, language=("en", "fr", "ja")[number % 3])
    assert queries() == before


def test_days_are_those_of_china(office: Office) -> None:
    from compliance.messages.statistics import by_day

    office.console.clock = lambda: datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)
    send(office, "late in the evening", days=-0.49)  # 23:45 in China
    send(office, "after midnight", days=-0.51)
    found = by_day(office.console.store.database, date(2026, 11, 24), date(2026, 11, 25))
    assert [one.received for one in found] == [1, 1]


def test_pages_are_in_chinese(filled: Office) -> None:
    page = filled.of(Role.SUPERVISOR).get("/figures/2026?lang=zh_CN")
    assert heading(page) == "2026 年网络信息内容生态治理工作报告"
    assert "谣言" in page.text
