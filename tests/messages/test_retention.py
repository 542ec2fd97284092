"""What is let go: in its time and not before, all of it, and never against a hold, a sender or an editor."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Table, func, select, update

from compliance import deadlines
from compliance.cases import Actor, Kind, State
from compliance.challenges import Proof
from compliance.messages import Case, CaseError, Submission, retention
from compliance.settings import load
from compliance.store import Database, tables
from support.editors import NOW, PAGE, PICTURE, Desk, Editor, report
from support.editors import editor as editor
from support.examples import examples
from support.host import SETTINGS

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
KEPT = {"messages": 10, "reports": 40, "personal_information": 50, "spam": 20, "contacts": 5}
RULES = load({**SETTINGS, "retention": KEPT, "messages": {"deliver_to": ["editors@example.org"]}})
# What was written into a case, and must not be found after its time.
WORDS = (
    "Titel",
    *("Firma", "91500000MA5U00000W", "posing"),
    "Inhalt",
    "王某",
    "wang@example.org",
    "Stelle",
    "Seite",
    "Antwort",
    "Zusatz",
    "Notiz",
    "Zhao",
    "news/1",
)


def purge(desk: Desk, now: datetime) -> Counter[retention.Done]:
    due = retention.due(desk.database, desk.cases, RULES, now=now)
    done = Counter(retention.purge(desk.database, desk.cases, RULES, now=now))
    assert done == due
    return done


def count(desk: Desk, table: Table) -> int:
    with desk.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def everything(desk: Desk) -> str:
    with desk.database.reading() as connection:
        return "\n".join(
            str(row) for table in tables.metadata.sorted_tables for row in connection.execute(select(table))
        )


@pytest.fixture
def desk(database: Database) -> Desk:
    """An empty box that keeps things for a short time."""
    return Desk(database, RULES)


def full(desk: Desk, now: datetime = NOW) -> str:
    """A closed case with everything in it that there can be."""
    submission = Submission(
        kind=Kind.REPORT,
        category="rumour",
        language="en",
        **{"subject": "Titel", "body": "Inhalt", "page": PAGE, "page_title": "Seite", "excerpt": "Stelle"},
        **{"name": "王某", "contact": "wang@example.org", "relation": "self", "seen": "2026"},
        **{"enterprise": "Firma", "credit_code": "91500000MA5U00000W", "harm": "posing"},
    )
    proof = Proof(signature_hash="0" * 64, expires=now + DAY)
    receipt = desk.intake.accept(
        submission, pictures=[PICTURE], key="key", proof=proof, doubts=["words"], source="net", now=now
    )
    cases, number = desk.cases, receipt.number
    cases.add(number, text="Zusatz", now=now)
    cases.move(number, State.RECEIVED, by="Zhao", now=now)
    cases.note(number, by="Zhao", text="Notiz", now=now)
    cases.assign(number, by="Zhao", to="Zhao", now=now)
    cases.move(number, State.RESOLVED_ACTION, by="Zhao", text="Antwort", now=now)
    cases.move(number, State.CLOSED, by="Zhao", now=now)
    return number


def closed(desk: Desk, now: datetime = NOW, **values: Any) -> str:
    number = desk.send(now=now, **values)
    desk.cases.move(number, State.CLOSED, now=now)
    return number


def test_contacts_go_first_then_every_word_and_what_happened_when_stays(desk: Desk, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    number = full(desk)
    before = desk.cases.get(number)
    assert purge(desk, NOW + 7 * DAY)["contacts", "report"] == 1
    case = desk.cases.get(number)
    assert (case.name, case.contact, case.subject, case.state) == ("", "", "Titel", State.CLOSED)
    assert purge(desk, NOW + 40 * DAY) == {("purged", "report"): 1}
    kept = everything(desk)
    assert [word for word in WORDS if word in kept] == []
    case = desk.cases.get(number)
    assert (case.state, case.kind, case.category, case.version) == (
        State.PURGED,
        Kind.REPORT,
        "rumour",
        before.version + 2,
    )
    for name in ("created", "decided", "answered", "closed", "answer_due"):
        assert getattr(case, name) == getattr(before, name)
    told = [(event.kind, event.state, event.at) for event in case.events]
    assert told[: before.version] == [(event.kind, event.state, event.at) for event in before.events]
    assert [kind for kind, _, _ in told[before.version :]] == ["stripped", "moved"]
    assert [count(desk, table) for table in (tables.attachment, tables.outbox)] == [0, 0]
    assert [word for word in (*WORDS, number) if word in caplog.text] == []
    assert "purge: purged report: 1" in caplog.text


def test_nothing_of_it_is_left_in_a_file(tmp_path: Path):
    """Nor in the log beside it, while the site goes on."""
    desk = Desk(Database("sqlite:///c.db", folder=tmp_path), RULES)
    full(desk)
    # Beside it lies what stays, so that the purged text stood in pages of its own and in shared ones.
    for place in range(50):
        desk.send(f"bleibt {place}", **report())
    purge(desk, NOW + 40 * DAY)
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    desk.database.close()
    assert b"bleibt 49" in content
    assert [word for word in WORDS if word.encode() in content and word != "news/1"] == []


@pytest.mark.parametrize(
    ("kind", "days"), [("message", 10), ("correction", 10), ("report", 40), ("personal_information", 50)]
)
def test_each_kind_is_kept_as_long_as_the_settings_say(desk: Desk, kind: str, days: int):
    number = closed(desk, kind=Kind(kind), category="access" if kind == "personal_information" else "")
    due = NOW + days * DAY
    assert purge(desk, due - TICK)["purged", kind] == 0
    assert desk.cases.get(number).body == "Hello"
    assert purge(desk, due)["purged", kind] == 1
    assert desk.cases.get(number).state is State.PURGED


def test_contacts_are_kept_as_long_as_the_settings_say(desk: Desk):
    closed(desk, contact="wang@example.org", **report())
    assert purge(desk, NOW + 7 * DAY - TICK) == {}
    assert purge(desk, NOW + 7 * DAY) == {("contacts", "report"): 1}


def test_spam_is_kept_as_long_as_the_settings_say(desk: Desk):
    number = desk.send()
    desk.cases.move(number, State.REJECTED_SPAM, now=NOW)
    assert purge(desk, NOW + 20 * DAY - TICK) == {}
    assert purge(desk, NOW + 20 * DAY) == {("purged", "message"): 1}


def test_what_nobody_looked_at_is_rejected_then_purged(desk: Desk):
    number = desk.send(doubts=("honeypot",))
    assert purge(desk, NOW + 20 * DAY - TICK) == {}
    assert purge(desk, NOW + 20 * DAY) == {("rejected", "message"): 1}
    assert desk.cases.get(number).events[-1].actor is Actor.SYSTEM
    assert purge(desk, NOW + 40 * DAY - TICK) == {}
    assert purge(desk, NOW + 40 * DAY) == {("purged", "message"): 1}


def test_a_result_that_nobody_answers_is_closed(desk: Desk):
    number = desk.send()
    desk.cases.move(number, State.FORWARDED, text="x", now=NOW)
    desk.cases.note(number, by="Li", text="a note is no reaction", now=NOW + 14 * DAY)
    assert purge(desk, NOW + 15 * DAY - TICK) == {}
    assert purge(desk, NOW + 15 * DAY) == {("closed", "message"): 1}
    assert desk.cases.get(number).closed == NOW + 15 * DAY


def test_the_last_result_counts(desk: Desk):
    number = desk.send()
    desk.cases.move(number, State.REJECTED, text="x", now=NOW)
    desk.cases.add(number, text="But …", now=NOW + DAY)
    assert purge(desk, NOW + 16 * DAY) == {}
    desk.cases.move(number, State.REJECTED, text="x", now=NOW + 16 * DAY)
    assert purge(desk, NOW + 30 * DAY) == {}
    assert purge(desk, NOW + 31 * DAY) == {("closed", "message"): 1}


@pytest.mark.parametrize("state", sorted({State.RECEIVED, State.ACCEPTED, State.IN_PROGRESS, State.WAITING_SENDER}))
def test_what_is_open_is_never_purged(desk: Desk, state: State):
    number = desk.send(contact="wang@example.org")
    if state is not State.RECEIVED:
        desk.cases.move(number, state, text="x", now=NOW)
    assert purge(desk, NOW + 4000 * DAY) == {}
    assert desk.cases.get(number).contact


def test_what_is_taken_up_again_is_not_purged(desk: Desk):
    number = closed(desk, contact="wang@example.org")
    desk.cases.move(number, State.REOPENED, actor=Actor.SENDER, now=NOW + DAY)
    assert purge(desk, NOW + 4000 * DAY) == {}


def test_a_hold_keeps_everything_until_it_is_released(desk: Desk):
    number = closed(desk, contact="wang@example.org")
    desk.cases.hold(number, by="Li", reason="lawsuit", now=NOW)
    held = desk.send("b", doubts=("honeypot",))
    desk.cases.hold(held, by="Li", reason="lawsuit", now=NOW)
    assert purge(desk, NOW + 4000 * DAY) == {}
    assert desk.cases.get(number).contact
    desk.cases.hold(number, by="Li", reason="", now=NOW)
    assert purge(desk, NOW + 4000 * DAY) == {("purged", "message"): 1}


def test_what_its_sender_wrote_to_in_the_last_days_stays(desk: Desk):
    number = desk.send(doubts=("honeypot",))
    desk.cases.add(number, text="I am no robot.", now=NOW + 19 * DAY)
    assert purge(desk, NOW + 26 * DAY - TICK) == {}
    assert purge(desk, NOW + 26 * DAY) == {("rejected", "message"): 1}
    added = desk.send("b")
    desk.cases.add(added, text="Also.", now=NOW + 9 * DAY)
    desk.cases.move(added, State.CLOSED, now=NOW)
    assert ("purged", "message") not in purge(desk, NOW + 16 * DAY - TICK)
    assert purge(desk, NOW + 16 * DAY)["purged", "message"] == 1


def test_a_second_run_finds_nothing(desk: Desk):
    full(desk)
    closed(desk, body="b")
    assert purge(desk, NOW + 40 * DAY)
    before = everything(desk)
    assert purge(desk, NOW + 40 * DAY) == {}
    assert everything(desk) == before


def test_proofs_and_keys_go_when_they_are_spent_and_notices_a_month_after_they_were_sent(desk: Desk):
    full(desk)
    sent = tables.outbox.update().where(tables.outbox.c.sequence == 1).values(state="sent", sent=NOW)
    desk.database.write(lambda connection: connection.execute(sent))
    assert purge(desk, NOW + DAY - TICK) == {}
    assert purge(desk, NOW + DAY) == {("challenges", ""): 1}
    assert purge(desk, NOW + 2 * DAY) == {("submissions", ""): 1}
    waiting = count(desk, tables.outbox)
    assert purge(desk, NOW + 30 * DAY) == {("contacts", "report"): 1, ("sent", ""): 1}
    assert count(desk, tables.outbox) == waiting - 1 > 0


def test_a_reminder_is_known_as_long_as_its_case(desk: Desk):
    number = desk.send()
    values = {"state": "sent", "sent": NOW, "sequence": 0}
    desk.database.write(lambda connection: connection.execute(update(tables.outbox).values(values)))
    assert purge(desk, NOW + 100 * DAY) == {}
    assert count(desk, tables.outbox) == 1
    assert desk.cases.get(number).state is State.RECEIVED


def test_more_than_a_batch_is_all_done(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "_BATCH", 3)
    for place in range(8):
        closed(desk, body=str(place), contact="wang@example.org", **(report() if place % 2 else {}))
    assert purge(desk, NOW + 10 * DAY) == {("purged", "message"): 4, ("contacts", "report"): 4}


def test_an_editor_who_is_writing_wins(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """Between the look at what is due and the change, an editor takes the case up again."""
    number, other = closed(desk, body="a"), closed(desk, body="b")
    now = NOW + 10 * DAY
    changed: Callable[..., Any] = retention._changed

    def late(*arguments: Any, **options: Any) -> Any:
        if desk.cases.get(number).state is State.CLOSED:
            ThreadPoolExecutor(1).submit(desk.cases.move, number, State.REOPENED, now=now).result()
        return changed(*arguments, **options)

    if desk.database.dialect == "sqlite":  # there one writes at a time: the editor comes before the transaction
        buried = retention._buried

        def early(*arguments: Any) -> Any:
            if desk.cases.get(number).state is State.CLOSED:
                desk.cases.move(number, State.REOPENED, now=now)
            return buried(*arguments)

        monkeypatch.setattr(retention, "_buried", early)
    else:
        monkeypatch.setattr(retention, "_changed", late)
    done = Counter(retention.purge(desk.database, desk.cases, RULES, now=now))
    assert done == {("purged", "message"): 1}
    assert desk.cases.get(number).state is State.REOPENED
    assert desk.cases.get(number).body == "a"
    assert desk.cases.get(other).state is State.PURGED


def test_purges_and_editors_at_once_leave_whole_cases(desk: Desk):
    numbers = [closed(desk, body=str(place)) for place in range(12)]
    now = NOW + 10 * DAY
    start = Barrier(4)

    def let_go() -> int:
        start.wait()
        return sum(1 for done in retention.purge(desk.database, desk.cases, RULES, now=now) if done[0] == "purged")

    def take_up() -> int:
        start.wait()
        taken = 0
        for number in reversed(numbers):
            try:
                desk.cases.move(number, State.REOPENED, by="Li", now=now)
                taken += 1
            except CaseError as error:
                assert error.reason == "move"
        return taken

    with ThreadPoolExecutor(4) as pool:
        purges = [pool.submit(let_go) for _ in range(2)]
        editors = [pool.submit(take_up) for _ in range(2)]
        purged, taken = (sum(future.result() for future in futures) for futures in (purges, editors))
    cases = [desk.cases.get(number) for number in numbers]
    assert purged + taken == len(numbers)
    assert sum(case.state is State.PURGED for case in cases) == purged
    for case in cases:
        assert bool(case.body) == (case.state is State.REOPENED)
        assert [event.sequence for event in case.events] == list(range(1, case.version + 1))


class Keeping(RuleBasedStateMachine):
    """Whatever happens to a case, and however often it is purged: what is owed and what is fresh stays."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.desk = Desk(Database("sqlite:///c.db", folder=Path(self.folder.name)), RULES)
        self.now = NOW
        self.number = self.desk.send(contact="wang@example.org", **report())
        self.before = self.case

    @property
    def case(self) -> Case:
        return self.desk.cases.get(self.number)

    def teardown(self) -> None:
        self.desk.database.close()
        self.folder.cleanup()

    @rule(days=st.integers(0, 45))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @rule(aim=st.sampled_from(State), actor=st.sampled_from([Actor.EDITOR, Actor.SENDER]))
    def move(self, aim: State, actor: Actor) -> None:
        try:
            self.desk.cases.move(self.number, aim, actor=actor, text="x", now=self.now)
        except CaseError:
            return

    @rule()
    def add(self) -> None:
        try:
            self.desk.cases.add(self.number, text="Also.", now=self.now)
        except CaseError:
            return

    @rule(reason=st.sampled_from(["", "lawsuit"]))
    def hold(self, reason: str) -> None:
        try:
            self.desk.cases.hold(self.number, by="Li", reason=reason, now=self.now)
        except CaseError:
            assert self.case.state is State.PURGED

    @rule()
    def purge(self) -> None:
        before = self.case
        done = purge(self.desk, self.now)
        after = self.case
        wrote = max(event.at for event in before.events if event.kind in ("received", "added"))
        if before.hold or self.now - wrote < 7 * DAY or before.state not in retention._ENDED:
            assert not {name for name, _ in done} & {"purged", "contacts"}
            assert (after.body, after.contact) == (before.body, before.contact)
        if after.state is State.PURGED:
            assert not after.body and not after.contact and not any(event.text for event in after.events)

    @invariant()
    def number_kind_and_dates_stay(self) -> None:
        case = self.case
        for name in ("number", "kind", "category", "created", "language"):
            assert getattr(case, name) == getattr(self.before, name)
        assert [event.sequence for event in case.events] == list(range(1, case.version + 1))
        assert case.events[-1].state is case.state


Keeping.TestCase.settings = hypothesis.settings(max_examples=examples(20), stateful_step_count=20, deadline=None)
TestKeeping = Keeping.TestCase


def command(editor: Editor, *arguments: str) -> Any:
    result = editor.runner.invoke(args=["compliance", "purge", "--format", "json", *arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_command_says_what_it_would_do_then_does_it(editor: Editor):
    number = editor.send(kind=Kind.MESSAGE, category="", doubts=("honeypot",), contact="wang@example.org")
    assert command(editor) == []
    long_ago = tables.message.update().values(created=NOW - 900 * DAY, sender_wrote=NOW - 900 * DAY)
    editor.database.write(lambda connection: connection.execute(long_ago))
    expected = [{"what": "rejected", "kind": "message", "number": 1}]
    assert command(editor, "--dry-run") == expected
    assert editor.get(number).state is State.QUARANTINED
    assert command(editor) == expected
    assert editor.get(number).state is State.REJECTED_SPAM
    assert command(editor) == []


def test_a_calendar_that_is_out_of_date_is_logged_each_day(editor: Editor, caplog: pytest.LogCaptureFixture):
    command(editor)
    missing = deadlines.unannounced(datetime.now(UTC))
    assert [str(year) in caplog.text for year in missing] == [True] * len(missing)
    assert ("chinesecalendar" in caplog.text) == bool(missing)
