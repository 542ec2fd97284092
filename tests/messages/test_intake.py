"""Acceptance: what has a receipt is kept, whole, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from compliance.cases import Kind, State
from compliance.challenges import Proof
from compliance.messages import Intake, IntakeError, Submission
from compliance.pictures import Picture
from compliance.receipts import read_number, same_code
from compliance.settings import load
from compliance.store import Database, tables
from compliance.store.search import matching
from compliance.vault import Vault

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)  # Tuesday noon in China


def end_of(month: int, day: int) -> datetime:
    """The end of a day in China."""
    return datetime(2026, month, day, 16, tzinfo=UTC)


SUBMISSION = Submission(
    kind=Kind.REPORT,
    category="rumour",
    language="zh_CN",
    body="文中的数字没有出处。",
    page="https://www.ichongqing.info/news/1",
    name="王某",
    contact="wang@example.org",
)
PROOF = Proof(signature_hash="0" * 64, expires=NOW + timedelta(minutes=20))
PICTURE = Picture(mimetype="image/png", content=b"picture", width=1, height=1, sha256=sha256(b"picture").hexdigest())
WRITTEN = (tables.message, tables.event, tables.attachment, tables.outbox, tables.used_challenge, tables.idempotency)


def make(database: Database, settings: dict[str, Any], *keys: str, **messages: Any) -> Intake:
    told = ["a@example.org", "https://hook.example.org/"]
    settings["messages"] = {"receipt_prefix": "CQ", "deliver_to": told, **messages}
    return Intake(database, Vault(keys or ("key",)), load(settings))


@pytest.fixture
def intake(database: Database, settings: dict[str, Any]) -> Intake:
    return make(database, settings)


def accept(intake: Intake, submission: Submission = SUBMISSION, **more: Any) -> Any:
    return intake.accept(submission, **{"key": "k", "proof": PROOF, "source": "s", "now": NOW, **more})


def count(database: Database, table: Table) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def row(database: Database) -> Any:
    with database.reading() as connection:
        return connection.execute(select(tables.message)).one()


def test_everything_about_a_message_is_kept_together(intake: Intake, database: Database):
    receipt = accept(intake, pictures=[PICTURE])
    assert [count(database, table) for table in WRITTEN] == [1, 1, 1, 2, 1, 1]
    kept = row(database)
    assert (kept.number, kept.state, kept.created) == (receipt.number, State.RECEIVED, NOW)
    assert read_number(receipt.number) == receipt.number
    assert receipt.number.startswith("CQ-20261124-")
    assert same_code(receipt.code, kept.code_hash)


def test_name_and_contact_are_sealed_and_the_code_is_not_kept(intake: Intake, database: Database):
    receipt = accept(intake)
    kept = " ".join(map(str, row(database)))
    assert not [secret for secret in ("王某", "wang@example.org", receipt.code) if secret in kept]


def test_the_day_of_a_number_is_that_of_china(intake: Intake):
    assert accept(intake, now=datetime(2026, 12, 31, 16, tzinfo=UTC)).number.startswith("CQ-20270101-")


def test_the_same_submission_again_has_the_same_receipt(intake: Intake, database: Database):
    first = accept(intake)
    again = accept(intake, now=NOW + timedelta(minutes=1))
    assert again == replace(first, repeated=True)
    assert count(database, tables.message) == 1


def test_the_same_receipt_is_given_after_the_keys_were_rotated(database: Database, settings: dict[str, Any]):
    first = accept(make(database, settings, "old"))
    assert accept(make(database, settings, "old", "new")).code == first.code


def test_another_submission_under_the_same_key_is_refused(intake: Intake):
    accept(intake)
    with pytest.raises(IntakeError) as caught:
        accept(intake, replace(SUBMISSION, body="另一条"))
    assert caught.value.reason == "key"


def test_a_proof_is_good_for_one_message(intake: Intake, database: Database):
    accept(intake)
    with pytest.raises(IntakeError) as caught:
        accept(intake, replace(SUBMISSION, body="另一条"), key="other")
    assert caught.value.reason == "used"
    assert [count(database, table) for table in WRITTEN] == [1, 1, 0, 2, 1, 1]


def test_fifty_copies_at_once_are_one_message(intake: Intake, database: Database):
    with ThreadPoolExecutor(50) as pool:
        receipts = list(pool.map(lambda _: accept(intake), range(50)))
    assert len({(receipt.number, receipt.code) for receipt in receipts}) == 1
    assert sum(not receipt.repeated for receipt in receipts) == 1
    assert [count(database, table) for table in WRITTEN] == [1, 1, 0, 2, 1, 1]


def test_fifty_messages_at_once_are_fifty(intake: Intake, database: Database):
    def send(number: int) -> str:
        proof = replace(PROOF, signature_hash=f"{number:064}")
        return str(accept(intake, replace(SUBMISSION, body=f"第{number}条"), key=str(number), proof=proof).number)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(send, range(50)))) == 50
    assert count(database, tables.message) == 50


def test_a_doubt_holds_a_message_back_but_keeps_it(intake: Intake, database: Database):
    receipt = accept(intake, doubts=["honeypot"])
    assert receipt.state == State.QUARANTINED
    assert (row(database).state, row(database).marks) == (State.QUARANTINED, "honeypot")
    assert count(database, tables.outbox) == 2


def test_the_same_words_from_the_same_source_are_held_back(intake: Intake):
    accept(intake)
    second = accept(intake, key="2", proof=None, now=NOW + timedelta(hours=1))
    assert second.state == State.QUARANTINED
    assert accept(intake, key="3", proof=None, source="other").state == State.RECEIVED


def test_words_of_the_site_hold_back_or_make_urgent(database: Database, settings: dict[str, Any], tmp_path: Path):
    (tmp_path / "urgent.txt").write_text("自杀\n", encoding="utf-8")
    (tmp_path / "bad.txt").write_text("代开发票\n", encoding="utf-8")
    files = {"urgent_words": str(tmp_path / "urgent.txt"), "quarantine_words": str(tmp_path / "bad.txt")}
    intake = make(database, settings, **files)
    accept(intake, replace(SUBMISSION, body="有人要自杀"))
    assert row(database).urgent
    assert row(database).decide_due == NOW + timedelta(hours=24)
    receipt = accept(intake, replace(SUBMISSION, body="代 开 发 票"), key="2", proof=None)
    assert receipt.state == State.QUARANTINED


@pytest.mark.parametrize(
    ("kind", "category", "decide", "answer"),
    [
        # Three, ten and fifteen working days after a Tuesday.
        (Kind.REPORT, "rumour", end_of(11, 27), end_of(12, 8)),
        (Kind.REPORT, "terror", NOW + timedelta(hours=24), end_of(12, 8)),
        (Kind.PERSONAL_INFORMATION, "access", end_of(11, 27), end_of(12, 15)),
    ],
)
def test_every_kind_has_its_deadlines(
    kind: Kind, category: str, decide: datetime, answer: datetime, intake: Intake, database: Database
):
    accept(intake, replace(SUBMISSION, kind=kind, category=category))
    assert (row(database).decide_due, row(database).answer_due) == (decide, answer)


@pytest.mark.parametrize("query", ["数字", "出处。", "ichongqing", "nothing here"])
def test_what_was_sent_is_found_by_its_words(query: str, intake: Intake, database: Database):
    receipt = accept(intake)
    with database.reading() as connection:
        found = connection.scalars(select(tables.message.c.number).where(matching(database.dialect, query))).all()
    assert found == ([] if query == "nothing here" else [receipt.number])


def test_a_recipient_who_is_named_twice_is_told_once(database: Database, settings: dict[str, Any]):
    accept(make(database, settings, deliver_to=["a@example.org", "a@example.org"]))
    assert count(database, tables.outbox) == 1
