"""Many cases changed as one, what came of it, and the way back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from uuid6 import uuid7

from compliance.cases import PENDING, Actor, State, allowed, taken_back
from compliance.messages import CaseError
from compliance.messages.bulk import done, each, undo
from compliance.messages.listing import named
from compliance.store import Database
from support.editors import NOW, Desk, report
from support.editors import desk as desk


def test_each_case_is_changed_by_itself(desk: Desk):
    numbers = [desk.send(body) for body in "abc"]
    found = named(desk.database, numbers, now=NOW)
    desk.cases.note(numbers[1], by="Li", text="Wait.", now=NOW)
    outcomes = each(
        found, lambda entry: desk.cases.move(entry.number, State.ACCEPTED, version=entry.version, by="Zhao", now=NOW)
    )
    assert [(entry.number, reason) for entry, reason in outcomes] == list(
        zip(numbers, ("", "changed", ""), strict=True)
    )
    assert [desk.cases.get(number).state for number in numbers] == ["accepted", "received", "accepted"]


def test_what_was_done_to_many_is_taken_back_where_nobody_touched_it_since(desk: Desk):
    numbers = [desk.send(body) for body in "abcd"]
    desk.cases.assign(numbers[0], by="Li", to="Li", now=NOW)
    batch = uuid7()
    for number in numbers[:3]:
        desk.cases.assign(number, by="Zhao", to="Wang", batch=batch, now=NOW)
    desk.cases.note(numbers[1], by="Li", text="Mine.", now=NOW)
    desk.cases.viewed([numbers[2]], by="Li", now=NOW)
    found = done(desk.database, batch)
    assert [(one.number, one.by, one.assignee, one.assignee_before, one.untouched) for one in found] == [
        (numbers[0], "Zhao", "Wang", "Li", True),
        (numbers[1], "Zhao", "Wang", "", False),
        (numbers[2], "Zhao", "Wang", "", True),
    ]
    assert [reason for _, reason in undo(desk.cases, found, by="Zhao", now=NOW)] == ["", "changed", ""]
    assert [desk.cases.get(number).assignee for number in numbers] == ["Li", "Wang", "", ""]
    # Nothing is taken back twice.
    assert [reason for _, reason in undo(desk.cases, found, by="Zhao", now=NOW)] == ["changed"] * 3


def test_a_move_goes_back_to_where_the_table_has_a_way(desk: Desk):
    spam, answered, accepted = (desk.send(body, **report()) for body in "abc")
    batch = uuid7()
    desk.cases.move(spam, State.REJECTED_SPAM, batch=batch, now=NOW)
    desk.cases.move(answered, State.REJECTED, text="No.", batch=batch, now=NOW)
    desk.cases.move(accepted, State.ACCEPTED, batch=batch, now=NOW)
    found = {one.number: one for one in done(desk.database, batch)}
    assert {number: (one.before, one.after, one.back) for number, one in found.items()} == {
        spam: ("received", "rejected_spam", "received"),
        answered: ("received", "rejected", "in_progress"),
        accepted: ("received", "accepted", None),
    }
    outcomes = dict(undo(desk.cases, found.values(), by="Li", text="We look at it again.", now=NOW))
    assert outcomes == {spam: "", answered: "", accepted: "move"}
    assert [desk.cases.get(number).state for number in (spam, answered, accepted)] == [
        *("received", "in_progress", "accepted")
    ]
    assert desk.cases.get(answered).events[-1].text == "We look at it again."


def test_what_is_taken_back_is_a_move_that_there_is():
    for before, after in product(State, State):
        back = taken_back(before, after)
        assert back is None or allowed(after, back, Actor.EDITOR)
        # Nothing that is under way goes anywhere but where it was.
        assert back in (None, before) or after not in PENDING


KILLED = """
import os, signal, sys
from pathlib import Path
from uuid import UUID
from sqlalchemy import event
from compliance.cases import State
from compliance.messages.bulk import each
from compliance.messages.listing import Filter, entries
from compliance.store import Database
from support.editors import NOW, Desk

database = Database(sys.argv[1], folder=Path(sys.argv[2]))
desk = Desk(database)
found = desk.entries()
count = 0

@event.listens_for(database.engine, "before_cursor_execute")
def _(*_):
    global count
    count += 1
    if count == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

list(each(found, lambda entry: desk.cases.move(
    entry.number, State.REJECTED, text="No.", by="Li", version=entry.version, batch=UUID(sys.argv[3]), now=NOW)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("last", [6, 14])
def test_a_bulk_change_that_is_killed_leaves_each_case_whole(
    database: Database, address: str, tmp_path: Path, last: int
):
    desk = Desk(database)
    numbers = [desk.send(str(place), contact="wang@example.org") for place in range(5)]
    batch = uuid7()
    arguments = [sys.executable, "-c", KILLED, address, str(tmp_path), str(batch), str(last)]
    tests = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run(arguments, env=tests, cwd=Path(__file__).parents[2]).returncode == -signal.SIGKILL
    cases = [desk.cases.get(number) for number in numbers]
    states = [(case.state, case.version, len(case.events)) for case in cases]
    assert set(states) <= {("received", 1, 1), ("rejected", 2, 2)}
    assert states.count(("rejected", 2, 2)) in range(1, 5)
    found = done(desk.database, batch)
    assert {one.number for one in found} == {case.number for case in cases if case.state == "rejected"}
    assert not [reason for _, reason in undo(desk.cases, found, by="Li", now=NOW) if reason]


def test_only_the_first_of_two_editors_is_heard(desk: Desk):
    number = desk.send(contact="wang@example.org")
    seen = desk.cases.get(number, opened=False)
    desk.cases.viewed([number], by="Zhao", now=NOW)  # a look changes nothing
    desk.cases.assign(number, by="Li", to="Li", version=seen.version, now=NOW)
    for act in (
        lambda: desk.cases.assign(number, by="Zhao", to="Zhao", version=seen.version, now=NOW),
        lambda: desk.cases.move(number, State.ACCEPTED, by="Zhao", version=seen.version, now=NOW),
        lambda: desk.cases.move(number, State.ACCEPTED, by="Zhao", version=99, now=NOW),
    ):
        with pytest.raises(CaseError) as caught:
            act()
        assert caught.value.reason == "changed"
    assert desk.cases.get(number).assignee == "Li"


def test_a_contact_is_shown_once_it_is_noted_who_looked_and_why(desk: Desk):
    number = desk.send(name="王某", contact="wang@example.org")
    plain = desk.cases.get(number, opened=False)
    assert (plain.name, plain.contact, plain.personal) == ("", "", ("name", "contact"))
    shown = desk.cases.reveal(number, by="Li", reason="To call back", now=NOW)
    assert (shown.name, shown.contact) == ("王某", "wang@example.org")
    last = shown.events[-1]
    assert (last.kind, last.actor_name, last.text, last.public) == ("viewed", "Li", "To call back", False)
