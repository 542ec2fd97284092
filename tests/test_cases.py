"""The life of a case: every move is one that is allowed, every change one event, every clock right."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from compliance import deadlines
from compliance.cases import MOVES, OPEN, PAUSED, RESULTS, Actor, Kind, State, allowed
from compliance.messages import Case, CaseError, Cases, Followed, Intake, Receipt, Submission
from compliance.settings import load
from compliance.store import Database, tables
from compliance.vault import Vault
from support.examples import examples
from support.host import SETTINGS

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
OWED = {*OPEN, State.QUARANTINED}


class Site:
    """One site's cases, with a case to work on."""

    def __init__(self, database: Database, **submission: Any) -> None:
        settings = load({**SETTINGS, "messages": {"deliver_to": ["editors@example.org"]}})
        vault = Vault(["key"])
        self.database = database
        self.cases = Cases(database, vault, settings)
        self.intake = Intake(database, vault, settings)
        self.receipt = self.send(**submission)
        self.number = self.receipt.number

    def send(self, *, doubts: tuple[str, ...] = (), now: datetime = NOW, **submission: Any) -> Receipt:
        told = {"kind": Kind.MESSAGE, "language": "en", "body": "Hello", "contact": "wang@example.org", **submission}
        return self.intake.accept(Submission(**told), key=None, proof=None, doubts=doubts, source=str(now), now=now)

    def get(self) -> Case:
        return self.cases.get(self.number)

    def follow(self, now: datetime = NOW) -> Followed:
        followed = self.cases.follow(self.number, self.receipt.code, now=now)
        assert followed is not None
        return followed

    def told(self) -> list[tuple[int, str]]:
        """What stands in the outbox: the event, and whether its sender or the editors are told of it."""
        with self.database.reading() as connection:
            rows = connection.execute(select(tables.outbox).order_by(tables.outbox.c.sequence)).all()
        return [(row.sequence, row.target if row.target == "sender" else "editors") for row in rows]


@pytest.fixture
def site(database: Database) -> Site:
    """A case on each kind of database."""
    return Site(database)


def reason(change: Callable[[], None]) -> str:
    with pytest.raises(CaseError) as caught:
        change()
    return caught.value.reason


def test_every_state_has_its_moves_and_none_leads_nowhere():
    assert set(MOVES) == set(State)
    assert [state for state, moves in MOVES.items() if not moves] == [State.PURGED]
    assert {target for moves in MOVES.values() for target in moves} == set(State) - {State.QUARANTINED}
    assert not allowed(State.RECEIVED, State.PURGED, Actor.EDITOR)
    assert not allowed(State.RECEIVED, State.ACCEPTED, Actor.SENDER)


@pytest.mark.parametrize("state", sorted(RESULTS | PAUSED))
@pytest.mark.parametrize("text", ["", " \n", "\u200b", "字" * 10_001])
def test_a_result_and_a_question_need_words(state: State, text: str, tmp_path: Path):
    site = Site(Database("sqlite:///c.db", folder=tmp_path))
    assert reason(lambda: site.cases.move(site.number, state, text=text, now=NOW)) == "text"
    assert site.get().version == 1
    site.database.close()


def test_an_answer_is_announced_to_its_sender_once(site: Site):
    site.cases.move(site.number, State.ACCEPTED, now=NOW)
    site.cases.move(site.number, State.RESOLVED_ACTION, by="Li", text="Corrected.", now=NOW + HOUR)
    assert site.told() == [(1, "editors"), (3, "sender")]
    case = site.get()
    assert (case.decided, case.answered) == (NOW, NOW + HOUR)
    assert [(event.kind, event.text) for event in case.events][-1] == ("answered", "Corrected.")


def test_who_left_no_mailbox_is_not_written_to(database: Database):
    site = Site(database, contact="13800000000")
    site.cases.move(site.number, State.RESOLVED_ACTION, text="Corrected.", now=NOW)
    assert site.told() == [(1, "editors")]


def test_a_move_that_is_not_there_changes_nothing(site: Site):
    assert reason(lambda: site.cases.move(site.number, State.PURGED, now=NOW)) == "move"
    assert reason(lambda: site.cases.move("R-20261124-000000-0", State.CLOSED, now=NOW)) == "unknown"
    assert site.get().version == len(site.get().events) == 1


def test_who_saw_an_older_version_is_told(site: Site):
    site.cases.move(site.number, State.ACCEPTED, version=1, now=NOW)
    assert reason(lambda: site.cases.move(site.number, State.CLOSED, version=1, now=NOW)) == "changed"
    assert site.get().state is State.ACCEPTED


def test_of_two_editors_at_once_one_is_first(site: Site):
    def answer(name: str) -> str:
        try:
            site.cases.move(site.number, State.RESOLVED_ACTION, by=name, text=name, version=1, now=NOW)
        except CaseError as error:
            return error.reason
        return "first"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(answer, map(str, range(8)))) == ["changed"] * 7 + ["first"]
    assert site.get().version == 2


def test_notes_at_once_are_all_kept(site: Site):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: site.cases.note(site.number, by="Li", text=str(number), now=NOW), range(4)))
    assert [event.sequence for event in site.get().events] == [1, 2, 3, 4, 5]
    assert len(site.follow().events) == 1


def test_the_clock_stands_still_while_its_sender_is_asked(site: Site):
    due = site.get().answer_due
    site.cases.move(site.number, State.WAITING_SENDER, text="Which page?", now=NOW)
    assert site.get().paused == NOW
    later = NOW + timedelta(days=7)
    site.cases.add(site.number, text="This one.", now=later)
    case = site.get()
    assert (case.state, case.paused) == (State.IN_PROGRESS, None)
    assert case.answer_due == deadlines.resumed(due, paused=NOW, now=later) > due
    assert site.told()[-1] == (3, "editors")


def test_an_addition_after_the_answer_asks_for_another_in_time(site: Site):
    site.cases.move(site.number, State.REJECTED, text="No.", now=NOW)
    later = NOW + timedelta(days=30)
    site.cases.add(site.number, text="But see here.", now=later)
    assert site.get().state is State.IN_PROGRESS
    assert site.get().answer_due == deadlines.after(later, working_days=10)


def test_an_editors_answer_does_not_move_the_deadline(site: Site):
    due = site.get().answer_due
    site.cases.move(site.number, State.IN_PROGRESS, now=NOW + HOUR)
    site.cases.note(site.number, by="Li", text="Asked the author.", now=NOW + HOUR)
    assert site.get().answer_due == due


def test_a_closed_case_is_taken_up_again_for_fifteen_days_and_once(site: Site):
    site.cases.move(site.number, State.CLOSED, now=NOW)

    def reopen(now: datetime) -> None:
        site.cases.move(site.number, State.REOPENED, actor=Actor.SENDER, now=now)

    assert reason(lambda: reopen(NOW + timedelta(days=15, seconds=1))) == "late"
    reopen(NOW + timedelta(days=15))
    site.cases.move(site.number, State.CLOSED, now=NOW + timedelta(days=16))
    assert reason(lambda: reopen(NOW + timedelta(days=17))) == "late"
    site.cases.move(site.number, State.REOPENED, now=NOW + timedelta(days=40))  # an editor, any time
    assert site.get().closed is None


def test_a_sender_cannot_add_without_end(site: Site):
    for number in range(20):
        site.cases.add(site.number, text=str(number), now=NOW)
    assert reason(lambda: site.cases.add(site.number, text="more", now=NOW)) == "limit"


def test_names_are_opened_for_editors_and_for_nobody_else(site: Site):
    assert site.get().contact == "wang@example.org"
    assert "wang" not in repr(site.follow())


class Life(RuleBasedStateMachine):
    """A case that senders, editors and time do anything with; beside it what must be true of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.now = NOW
        self.changes = 1
        self.public = 1
        self.paused_for = timedelta(0)

    def teardown(self) -> None:
        self.site.database.close()
        self.folder.cleanup()

    @initialize(held=st.booleans(), kind=st.sampled_from(Kind))
    def arrive(self, held: bool, kind: Kind) -> None:
        category = {Kind.REPORT: "rumour", Kind.PERSONAL_INFORMATION: "access"}.get(kind, "")
        database = Database("sqlite:///life.db", folder=Path(self.folder.name))
        self.site = Site(database, kind=kind, category=category, doubts=("proof",) if held else ())
        self.state = State.QUARANTINED if held else State.RECEIVED

    @rule(hours=st.integers(0, 24 * 9))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(aim=st.sampled_from(State), actor=st.sampled_from([Actor.EDITOR, Actor.SYSTEM]), worded=st.booleans())
    def move(self, aim: State, actor: Actor, worded: bool) -> None:
        before = self.site.get()
        text = "Because." if worded else ""
        try:
            self.site.cases.move(self.site.number, aim, actor=actor, text=text, now=self.now)
        except CaseError as error:
            wordless = aim in RESULTS | PAUSED and not worded
            assert error.reason == ("text" if wordless else "move")
            assert wordless or not allowed(self.state, aim, actor)
            assert self.site.get() == before
        else:
            assert allowed(self.state, aim, actor)
            self.state = aim
            self.changes += 1
            self.public += 1

    @rule(action=st.sampled_from(["add", "close", "reopen"]))
    def send(self, action: str) -> None:
        offered = action in self.site.follow(self.now).actions
        try:
            if action == "add":
                self.site.cases.add(self.site.number, text="Also.", now=self.now)
            else:
                target = State.CLOSED if action == "close" else State.REOPENED
                self.site.cases.move(self.site.number, target, actor=Actor.SENDER, now=self.now)
        except CaseError as error:
            assert not offered or error.reason == "limit"
            return
        assert offered
        if action == "add":
            self.state = State.IN_PROGRESS if self.state in RESULTS | PAUSED else self.state
        else:
            self.state = State.CLOSED if action == "close" else State.REOPENED
        self.changes += 1
        self.public += 1

    @precondition(lambda self: self.changes < 20 and self.state is not State.PURGED)
    @rule(what=st.sampled_from(["note", "assign", "hold"]))
    def work(self, what: str) -> None:
        cases, number = self.site.cases, self.site.number
        if what == "note":
            cases.note(number, by="Li", text="internal", now=self.now)
        elif what == "assign":
            cases.assign(number, by="Li", to="Zhao", now=self.now)
        else:
            cases.hold(number, by="Li", reason="internal", now=self.now)
        self.changes += 1

    @invariant()
    def every_change_is_one_event(self) -> None:
        case = self.site.get()
        assert [event.sequence for event in case.events] == list(range(1, case.version + 1))
        assert case.version == self.changes
        assert case.state is self.state is case.events[-1].state
        assert [event.at for event in case.events] == sorted(event.at for event in case.events)

    @invariant()
    def clocks_are_right(self) -> None:
        case = self.site.get()
        assert (case.paused is not None) == (case.state in PAUSED)
        if case.state is not State.PURGED:  # which spam comes to without being closed
            assert (case.closed is not None) == (case.state is State.CLOSED)
        assert case.answer_due > case.created
        if case.answered:
            assert case.decided
            assert case.decided <= case.answered

    @invariant()
    def its_sender_sees_what_is_public(self) -> None:
        followed = self.site.follow(self.now)
        assert followed.state is self.state
        assert len(followed.events) == self.public
        assert "internal" not in repr(followed)
        assert "Li" not in repr(followed)

    @invariant()
    def whoever_is_told_is_told_once(self) -> None:
        told = self.site.told()
        assert len(told) == len(set(told))
        kinds = {event.sequence: event for event in self.site.get().events}
        assert all(kinds[sequence].actor is not Actor.SENDER for sequence, target in told if target == "sender")


Life.TestCase.settings = hypothesis.settings(max_examples=examples(25), stateful_step_count=25, deadline=None)
TestLife = Life.TestCase
