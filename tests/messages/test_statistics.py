"""The figures of a year: every case is counted once, in the right year, and times are what they were."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from compliance.cases import RESULTS, Kind, State
from compliance.messages.statistics import Figures, Spread, by_day, chart, of_days, of_year, quantile
from compliance.store import Database
from support.editors import NOW, Desk, Editor, report
from support.editors import desk as desk
from support.editors import editor as editor
from support.examples import examples

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LATER = NOW + 200 * DAY


def figures(desk: Desk, *, year: int = 2026, now: datetime = LATER) -> Figures:
    return of_year(desk.database, year, now=now).total


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=60))
def test_quantiles_are_those_of_the_standard_library(values: list[float]):
    ordered = sorted(values)
    cuts = statistics.quantiles(ordered, n=10, method="inclusive")
    assert quantile(ordered, 0.9) == pytest.approx(cuts[8])
    assert quantile(ordered, 0.5) == pytest.approx(statistics.median(ordered))


def test_of_no_cases_there_is_no_time_and_one_case_is_all():
    assert quantile([], 0.5) is None
    assert quantile([3.0], 0.9) == 3.0


@pytest.mark.parametrize(
    ("received", "year", "month"),
    [
        (datetime(2025, 12, 31, 15, 59, 59, 999_999, tzinfo=UTC), 2025, 12),
        (datetime(2025, 12, 31, 16, tzinfo=UTC), 2026, 1),
        (datetime(2026, 2, 28, 16, tzinfo=UTC), 2026, 3),
        (datetime(2028, 2, 28, 16, tzinfo=UTC), 2028, 2),  # a leap day has begun
        (datetime(2028, 2, 29, 16, tzinfo=UTC), 2028, 3),
        (datetime(2026, 12, 31, 16, tzinfo=UTC), 2027, 1),
    ],
)
def test_years_and_months_are_those_of_china(desk: Desk, received: datetime, year: int, month: int):
    desk.send(now=received)
    counted = {number: figures(desk, year=number, now=received + DAY) for number in range(year - 1, year + 2)}
    assert [counted[number].received for number in counted] == [0, 1, 0]
    assert counted[year].months.index(1) == month - 1


def test_each_case_has_one_outcome(desk: Desk):
    in_time, late, open_, waiting, spam, closed, held = (
        *(desk.send(name, **report()) for name in "abcd"),
        desk.send("e", doubts=("honeypot",)),
        desk.send("f"),
        desk.send("g", doubts=("honeypot",)),
    )
    cases = desk.cases
    cases.move(in_time, State.RESOLVED_ACTION, text="x", now=NOW + 26 * HOUR)
    cases.move(late, State.REJECTED, text="x", now=NOW + 30 * DAY)
    cases.move(waiting, State.WAITING_SENDER, text="x", now=NOW)
    cases.move(spam, State.REJECTED_SPAM, now=NOW)
    cases.move(closed, State.CLOSED, now=NOW)
    found = figures(desk)
    assert (found.received, found.answered, found.in_time, found.late) == (7, 2, 1, 1)
    assert (found.pending, found.overdue, found.spam, found.ended) == (3, 2, 1, 1)
    assert found.results == {"rejected": 1, "resolved_action": 1}
    assert found.categories == {"rumour": 4}
    assert found.states == {
        **{"closed": 1, "quarantined": 1, "received": 1, "rejected": 1, "rejected_spam": 1},
        **{"resolved_action": 1, "waiting_sender": 1},
    }
    assert {cases.get(number).state for number in (open_, held)} == {"received", "quarantined"}


def test_the_last_moment_of_a_deadline_is_in_time(desk: Desk):
    first, second = desk.send("a"), desk.send("b")
    due = desk.cases.get(first).answer_due
    desk.cases.move(first, State.REJECTED, text="x", now=due)
    desk.cases.move(second, State.REJECTED, text="x", now=due + timedelta(microseconds=1))
    assert (figures(desk).in_time, figures(desk).late) == (1, 1)


def test_a_case_is_overdue_after_the_last_moment(desk: Desk):
    number = desk.send()
    desk.cases.move(number, State.ACCEPTED, now=NOW)
    due = desk.cases.get(number).answer_due
    assert [figures(desk, now=due + part).overdue for part in (timedelta(), timedelta(microseconds=1))] == [0, 1]


def test_times_are_hours_and_working_days(desk: Desk):
    for place, hours in enumerate((1, 2, 3, 24, 24 * 7)):
        number = desk.send(str(place))
        desk.cases.move(number, State.REJECTED, text="x", now=NOW + hours * HOUR)
    found = figures(desk)
    assert found.hours == Spread(median=3.0, ninetieth=110.4)
    assert found.working_days == Spread(median=0.0, ninetieth=3.4)


def test_what_was_purged_still_counts_as_what_it_was(desk: Desk):
    answered, spam, closed = desk.send("a"), desk.send("b"), desk.send("c")
    desk.cases.move(answered, State.FORWARDED, text="x", now=NOW)
    for number, states in (
        (answered, (State.CLOSED, State.PURGED)),
        (spam, (State.REJECTED_SPAM, State.PURGED)),
        (closed, (State.CLOSED, State.PURGED)),
    ):
        for state in states:
            desk.cases.move(number, state, actor="system" if state is State.PURGED else "editor", now=NOW)
    found = figures(desk)
    assert (found.states, found.results) == ({"purged": 3}, {"forwarded": 1})
    assert (found.answered, found.spam, found.ended) == (1, 1, 1)


def test_each_kind_has_figures_of_its_own(desk: Desk):
    desk.send("a", kind=Kind.PERSONAL_INFORMATION, category="delete")
    desk.send("b", **report())
    year = of_year(desk.database, 2026, now=NOW)
    assert year.kinds.keys() == {kind.value for kind in Kind}
    assert year.kinds["personal_information"].categories == {"delete": 1}
    assert [year.kinds[kind].received for kind in ("personal_information", "report", "message")] == [1, 1, 0]


@hypothesis_settings(max_examples=examples(25))
@given(st.lists(st.tuples(st.sampled_from(Kind), st.lists(st.sampled_from(State), max_size=4), st.integers(0, 40))))
def test_the_parts_are_the_whole(cases: list[tuple[Kind, list[State], int]]):
    with TemporaryDirectory() as folder:
        desk = Desk(Database("sqlite:///c.db", folder=Path(folder)))
        for place, (kind, states, days) in enumerate(cases):
            number = desk.send(str(place), kind=kind, doubts=("x",) if place % 5 == 0 else ())
            for state in states:
                try:
                    desk.cases.move(number, state, text="x", now=NOW + days * DAY)
                except Exception as error:
                    assert getattr(error, "reason", "") == "move"
        year = of_year(desk.database, 2026, now=LATER)
        desk.database.close()
    assert sum(part.received for part in year.kinds.values()) == year.total.received == len(cases)
    for found in (year.total, *year.kinds.values()):
        assert found.received == found.answered + found.pending + found.spam + found.ended
        assert found.answered == found.in_time + found.late == sum(found.results.values())
        assert found.received == sum(found.months) == sum(found.states.values())
        assert found.overdue <= found.pending
        assert set(found.results) <= RESULTS


def test_more_cases_than_a_batch_are_all_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("compliance.messages.statistics._BATCH", 3)
    desk = Desk(Database("sqlite:///c.db", folder=tmp_path))
    for place in range(10):
        desk.send(str(place), now=NOW + (place // 4) * HOUR)
    assert figures(desk).received == 10
    desk.database.close()


def test_the_chart_is_a_picture_and_nothing_else(desk: Desk):
    desk.send("a", **report())
    root = ElementTree.fromstring(chart(of_year(desk.database, 2026, now=NOW)))
    assert "pygal" not in {type(hook).__module__ for hook in sys.meta_path}
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert "rect" in tags and not {"script", "foreignObject", "image"} & tags
    text = " ".join(root.itertext())
    assert "Received in 2026" in text and "Requests about personal information" in text
    assert not [value for element in root.iter() for value in element.attrib.values() if "//" in value]


def test_a_year_without_cases_has_a_report_and_a_chart(editor: Editor):
    assert "all: 0" in editor("report", "--year", "2001").output
    assert editor("report", "--year", "2001", "--format", "svg").output.startswith("<?xml")


def test_the_report_as_text_and_json(editor: Editor, tmp_path: Path):
    number = editor.send()
    editor("answer", number, "--result", "rejected", "--text", "No.")
    text = editor("report").output
    for part in ("all: 1", "report: 1", "1 (1 in time, 0 late; 100.0% in time)", "rejected 1", "rumour 1"):
        assert part in text
    path = tmp_path / "report.json"
    editor("report", "--format", "json", "-o", str(path))
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert (kept["total"]["answered"], kept["kinds"]["report"]["categories"]) == (1, {"rumour": 1})
    assert datetime.fromisoformat(kept["made"]).tzinfo


@pytest.mark.slow
def test_without_pygal_the_chart_says_what_to_install():
    code = (
        "import sys; sys.modules['pygal'] = None\n"
        "from support.host import SETTINGS, create_app; from compliance import Compliance\n"
        "app = create_app(); Compliance(app, settings=SETTINGS)\n"
        "result = app.test_cli_runner().invoke(args='compliance messages report --format svg'.split())\n"
        "print(result.exit_code, result.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert run.stdout == "2 Error: charts need pygal: pip install flask-compliance[charts]\n\n"


def test_days_are_those_of_china_and_count_what_was_answered_on_them(desk: Desk):
    evening = datetime(2026, 11, 24, 15, 59, 59, 999_999, tzinfo=UTC)
    numbers = [desk.send(body, now=now) for body, now in (("one", evening), ("two", evening + timedelta.resolution))]
    desk.cases.move(numbers[0], State.RESOLVED_ACTION, text="It is gone.", now=evening + DAY)
    found = by_day(desk.database, date(2026, 11, 23), date(2026, 11, 26))
    assert [(one.received, one.answered) for one in found] == [(0, 0), (1, 0), (1, 1), (0, 0)]


def test_days_of_a_year_are_the_year(desk: Desk):
    for number in range(4):
        desk.send(f"{number}", now=NOW - number * 40 * DAY, **report(category=("rumour", "porn")[number % 2]))
    answered = desk.send("answered", now=NOW - 80 * DAY, **report(category="porn"))
    desk.cases.move(answered, State.REJECTED, text="x", now=NOW - 79 * DAY)
    year = of_year(desk.database, 2026, now=LATER)
    days = of_days(desk.database, date(2026, 1, 1), date(2026, 12, 31), results=True, now=LATER)
    kinds = {kind: replace(figures, hours=Spread(median=None, ninetieth=None)) for kind, figures in year.kinds.items()}
    assert (days.total, days.kinds) == (replace(year.total, hours=days.total.hours), kinds)
    assert of_days(desk.database, days.first, days.last, now=LATER).total == replace(days.total, results={})
    assert {key: figures.received for key, figures in days.categories.items()} == {
        (Kind.REPORT, "porn"): 3,
        (Kind.REPORT, "rumour"): 2,
    }
    assert days.total.late_share == 0.8
    assert of_days(desk.database, date(2025, 1, 1), date(2025, 1, 1), now=LATER).total.late_share is None
