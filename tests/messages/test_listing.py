"""Cases listed: the right ones, in order, page by page, without what names their senders."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.event import listen

from compliance.cases import OWING, Kind, State, deadline, is_overdue
from compliance.deliveries.reminders import remind
from compliance.messages import CaseError
from compliance.messages.listing import SHOWN, Filter, Place, counts, days_left, groups, named
from compliance.messages.statistics import of_year
from compliance.store import Database
from compliance.store.outbox import dedupe
from compliance.store.tables import message, outbox
from support.editors import EVERY, NOW, PAGE, Desk, report
from support.editors import desk as desk
from support.examples import examples

DAY = timedelta(days=1)


def test_what_is_due_first_comes_first_whatever_its_state(desk: Desk):
    later, first, second = desk.send("c", now=NOW + DAY), desk.send("a", now=NOW - DAY), desk.send("b")
    for number, state in ((second, State.ACCEPTED), (first, State.IN_PROGRESS), (later, State.IN_PROGRESS)):
        desk.cases.move(number, state, now=NOW)
    assert desk.list() == [first, second, later]
    assert desk.list(newest=True) == [later, second, first]


MOMENTS = [timedelta(hours=hours) for hours in (-1, 0, 1)]
STATES = set(State) - {State.PURGED}  # whose last state its events tell


@pytest.mark.parametrize("decided", [None, NOW])
@pytest.mark.slow
def test_list_reminders_and_figures_call_the_same_overdue(desk: Desk, decided: datetime | None):
    late = {}
    for state, decide, answer in product(STATES, MOMENTS, MOMENTS):
        number = desk.send(f"{state} {decide} {answer}")
        values = {"state": state, "decided": decided, "decide_due": NOW + decide, "answer_due": NOW + answer}
        change = update(message).where(message.c.number == number).values(**values)
        desk.database.write(lambda connection, change=change: connection.execute(change))
        due = deadline(state, decided=decided, decide_due=NOW + decide, answer_due=NOW + answer)
        if is_overdue(due, NOW):
            late[number] = due
    assert len(late) == len(OWING) * (3 if decided else 5)
    assert set(desk.list(Filter(states=frozenset(State), overdue=True), limit=200)) == late.keys()
    assert {entry.number for entry in desk.entries(EVERY, limit=200) if entry.overdue} == late.keys()
    assert of_year(desk.database, 2026, now=NOW).total.overdue == len(late)
    remind(desk.database, ["editors"], now=NOW)
    with desk.database.reading() as connection:
        rows = connection.execute(select(message.c.id, message.c.number, outbox.c.dedupe).join(outbox)).all()
    told = {row.number for row in rows for due in [late.get(row.number)] if due and row.dedupe == _overdue(row.id, due)}
    assert told == late.keys()


def _overdue(identity: UUID, due: datetime) -> str:
    return dedupe(f"{identity}:overdue:{due.isoformat()}:editors")


def test_what_is_closed_or_held_back_is_listed_when_it_is_asked_for(desk: Desk):
    desk.send("a", doubts=("honeypot",))
    closed = desk.send("b")
    desk.cases.move(closed, State.CLOSED, now=NOW)
    assert desk.list() == []
    assert desk.list(Filter(states=frozenset({State.CLOSED}))) == [closed]
    assert [entry.marks for entry in desk.entries(Filter(states=frozenset({State.QUARANTINED})))] == ["honeypot"]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({"kinds": frozenset({Kind.REPORT})}, {"rumour", "terror"}),
        ({"category": "rumour"}, {"rumour"}),
        ({"urgent": True}, {"terror"}),
        ({"assignee": "Li"}, {"mine"}),
        ({"assignee": ""}, {"rumour", "terror", "old"}),
        ({"search": "谣言"}, {"rumour"}),
        ({"search": "谣言 mine"}, set()),
        ({"page": "http://www.ichongqing.info/news/1/"}, {"rumour"}),
        ({"since": NOW}, {"rumour", "terror", "mine"}),
        ({"until": NOW}, {"old"}),
        ({"overdue": True}, {"old"}),
        ({"overdue": True, "urgent": True}, set()),
    ],
)
def test_each_filter_finds_what_it_says(desk: Desk, which: dict[str, Any], expected: set[str]):
    numbers = {
        desk.send("这是谣言", **report()): "rumour",
        desk.send("terror", **report(category="terror", page=f"{PAGE}0")): "terror",
        desk.send("mine"): "mine",
        desk.send("old", now=NOW - 60 * DAY): "old",
    }
    desk.cases.assign(next(number for number, name in numbers.items() if name == "mine"), by="", to="Li", now=NOW)
    assert {numbers[number] for number in desk.list(Filter(**which))} == expected


def test_an_urgent_report_is_late_before_its_answer_is(desk: Desk):
    number = desk.send(**report(category="terror"))
    assert desk.list(Filter(overdue=True), now=NOW + timedelta(hours=24)) == []
    late = NOW + timedelta(hours=24, microseconds=1)
    assert [entry.overdue for entry in desk.entries(Filter(overdue=True), now=late)] == [True]
    desk.cases.move(number, State.ACCEPTED, now=late)
    assert desk.list(Filter(overdue=True), now=late) == []


def test_nothing_is_late_while_its_sender_is_asked(desk: Desk):
    number = desk.send()
    desk.cases.move(number, State.WAITING_SENDER, text="Which page?", now=NOW)
    later = NOW + 90 * DAY
    assert desk.list(Filter(overdue=True), now=later) == []
    assert [(entry.overdue, entry.waiting) for entry in desk.entries(now=later)] == [(False, None)]


def test_a_listing_says_what_was_written_how_long_ago_and_nobodys_name(desk: Desk):
    desk.send("First\n\nsecond " * 50, subject="A word", name="Wang", contact="wang@example.org", page=PAGE)
    (entry,) = desk.entries(now=NOW + 7 * DAY)
    assert entry.text.startswith("A word First second") and len(entry.text) == SHOWN and entry.text.endswith("…")
    assert (entry.waiting, entry.page) == (5, PAGE)
    assert not {"name", "contact"} & asdict(entry).keys()
    assert not [word for word in ("Wang", "example.org") if word in str(entry)]


def test_pages_go_on_after_a_case(desk: Desk):
    for hour in range(7):
        desk.send(str(hour), now=NOW + timedelta(hours=hour % 3))
    for newest, known in product((False, True), (Place.read, lambda text: Place(Place.read(text).number))):
        whole = desk.list(newest=newest)
        pages, after = [], None
        while page := desk.entries(newest=newest, limit=3, after=after):
            pages += [entry.number for entry in page]
            after = known(page[-1].place)
        assert (len(whole), pages) == (7, whole)
    with pytest.raises(CaseError):
        desk.list(after=Place("R-20261124-000000-0"))


def test_what_is_done_with_a_case_meanwhile_leaves_none_out_of_the_next_page(desk: Desk):
    first, last, third, fourth = (desk.send(body) for body in "abcd")
    page = desk.entries(limit=2)
    assert [entry.number for entry in page] == [first, last]
    desk.cases.move(last, State.ACCEPTED, now=NOW)  # it is not due for days
    assert desk.list(limit=2, after=Place.read(page[-1].place)) == [third, fourth]
    desk.cases.move(last, State.WAITING_SENDER, text="Which?", now=NOW)  # and now owes nothing
    assert desk.list(limit=2, after=Place.read(page[-1].place)) == [third, fourth]


def test_what_is_owed_first_comes_first_be_it_a_decision_or_an_answer(desk: Desk):
    """And what waits for its sender, to whom nothing is owed, comes last, whatever its date was."""
    decided, asked = desk.send("decided", now=NOW - 3 * DAY), desk.send("asked", now=NOW - 90 * DAY)
    desk.cases.move(decided, State.ACCEPTED, now=NOW)
    desk.cases.move(asked, State.WAITING_SENDER, text="Which?", now=NOW)
    undecided = desk.send("undecided", now=NOW - DAY)  # answered later than the first, but decided on before
    urgent = desk.send("urgent", **report(category="terror"))
    assert desk.list() == [urgent, undecided, decided, asked]
    assert desk.list(limit=2, after=Place(undecided)) == [decided, asked]
    assert desk.list(after=Place(decided)) == [asked]
    found = desk.entries()
    assert [entry.due for entry in found] == sorted(entry.due for entry in found if entry.due) + [None]


def test_named_cases_come_in_the_order_of_their_names(desk: Desk):
    numbers = [desk.send(body) for body in "abc"][::-1]
    found = named(desk.database, [*numbers, "R-20261124-000000-0", numbers[0]], now=NOW)
    assert [entry.number for entry in found] == numbers


def test_reports_of_one_page_and_category_come_together(desk: Desk):
    for body, contact in (("a", "wang@example.org"), ("b", "wang@example.org"), ("c", "li@example.org")):
        desk.send(body, contact=contact, **report())
    for body, source in (("d", "net"), ("e", "net"), ("f", "")):
        desk.send(body, source=source, **report())
    desk.send("g", **report(category="terror"))
    desk.send("no page")
    found = groups(desk.database, Filter(), limit=10, now=NOW)
    assert [(group.page, group.category, group.cases, group.reporters, group.urgent) for group in found] == [
        (PAGE, "rumour", 6, 4, 0),
        (PAGE, "terror", 1, 1, 1),
    ]
    assert groups(desk.database, Filter(category="terror"), limit=1, now=NOW) == found[1:]
    assert groups(desk.database, Filter(), limit=1, now=NOW) == found[:1]


@pytest.mark.parametrize(
    ("which", "newest"),
    [(Filter(), False), (EVERY, False), (EVERY, True), (Filter(states=frozenset({State.CLOSED})), True)],
)
def test_a_listing_sorts_no_more_than_it_shows(tmp_path: Path, which: Filter, newest: bool):
    """A page of it takes as long with a million cases: an index has the order, but for the few that are open."""
    desk = Desk(Database("sqlite:///c.db", folder=tmp_path))
    after = Place(desk.send())
    ran: list[tuple[str, Any]] = []
    listen(desk.database.engine, "before_cursor_execute", lambda *call: ran.append((call[2], call[3])))
    desk.list(which, newest=newest, after=after)
    plans = []
    with desk.database.reading() as connection:
        for statement, parameters in ran:
            if statement.startswith("SELECT"):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans += [step.detail for step in plan]
    assert len(plans) >= 2
    assert [step for step in plans if "SCAN" in step and "INDEX" not in step or "TEMP B-TREE FOR ORDER" in step] == []


@hypothesis_settings(max_examples=examples(30))
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, *State])), max_size=8), st.integers(1, 4))
def test_pages_together_are_the_whole(cases: list[tuple[int, State | None]], limit: int):
    """Each case once and in order, whatever states and equal dates there are."""
    with TemporaryDirectory() as folder:
        desk = Desk(Database("sqlite:///c.db", folder=Path(folder)))
        for place, (day, state) in enumerate(cases):
            number = desk.send(str(place), now=NOW + day * DAY)
            if state:
                desk.database.write(
                    lambda connection, state=state, number=number: connection.execute(
                        text("UPDATE compliance_message SET state = :state WHERE number = :number"),
                        {"state": state, "number": number},
                    )
                )
        for newest in (False, True):
            listed, after = [], None
            while page := desk.entries(EVERY, newest=newest, limit=limit, after=after):
                listed += page
                after = Place.read(page[-1].place)
            owing = [entry.due for entry in listed if entry.due]
            key = [entry.created for entry in listed] if newest else owing
            assert newest or [entry.due for entry in listed[: len(owing)]] == owing
            assert (len({entry.number for entry in listed}), key) == (len(cases), sorted(key, reverse=newest))
        desk.database.close()


def test_what_is_owed_says_by_when_in_working_days(desk: Desk):
    late = desk.send("late", now=NOW - 30 * DAY)
    soon = desk.send("soon", now=NOW - 3 * DAY, **report())  # Saturday: decided on by Wednesday
    held, asked = desk.send("held", doubts=("proof",)), desk.send("asked")
    desk.cases.move(asked, State.WAITING_SENDER, text="Which?", now=NOW)
    found = {entry.number: entry for entry in desk.entries(EVERY)}
    assert found[late].overdue and (found[late].left or 0) < -10
    assert (found[soon].due, found[soon].left) == (found[soon].decide_due, 1)
    assert (found[held].due, found[held].left) == (found[held].decide_due, 3)
    assert (found[asked].due, found[asked].left) == (None, None)
    assert (found[soon].language, found[soon].page_title) == ("en", "")
    due = found[soon].due
    assert desk.list(Filter(states=OWING, due=due)) == [late, soon]
    assert desk.list(Filter(states=OWING, due=due, overdue=True)) == [late]


@pytest.mark.parametrize(
    ("hours", "left"), [(-24, -1), (-1, 0), (0, 0), (1, 0), (12, 0), (36, 1), (-24 * 4, -2), (24 * 5, 3)]
)
def test_days_left_are_working_days(hours: int, left: int):
    """Seen on Tuesday noon: four days before it was Friday, five days later is Sunday."""
    assert days_left(NOW + timedelta(hours=hours), NOW) == left


def test_many_counts_are_one_query_and_end_at_the_most(desk: Desk):
    for body in ("river", "bridge", "harbour"):
        desk.send(body, **report())
    desk.send("d", doubts=("proof",))
    held = frozenset({State.QUARANTINED})
    asked = [Filter(), Filter(states=held), Filter(category="rumour"), Filter(search="bridge"), Filter(assignee="Li")]
    ran: list[str] = []
    listen(desk.database.engine, "before_cursor_execute", lambda *call: ran.append(call[2]))
    assert counts(desk.database, asked, most=9, now=NOW) == [3, 1, 3, 1, 0]
    assert counts(desk.database, asked, most=2, now=NOW) == [2, 1, 2, 1, 0]
    assert len([statement for statement in ran if statement.startswith("SELECT")]) == 2
