"""What editors keep beside the cases: drafts, answers that are given often, searches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.cases import Kind, State
from compliance.messages import CaseError, Submission, bookmarks, drafts, replies, retention
from compliance.messages.bookmarks import BookmarkError
from compliance.messages.replies import VARIABLES, ReplyError, filled
from compliance.settings import load
from support.editors import NOW, Desk, report
from support.editors import desk as desk
from support.host import SETTINGS

RULES = load(SETTINGS)
MINUTE = timedelta(minutes=1)


def write(desk: Desk, number: str, text: str, *, editor: str = "Li", **values: Any) -> None:
    drafts.save(
        desk.database,
        number,
        **{"editor": editor, "target": State.REJECTED, "language": "en", "version": 1, "now": NOW, **values},
        text=text,
    )


def test_each_editor_has_one_draft_of_a_case(desk: Desk):
    first, second = desk.send("a"), desk.send("b")
    write(desk, first, "Dear")
    write(desk, first, "Dear reader", now=NOW + MINUTE)
    write(desk, first, "您好", editor="Zhao", language="zh_CN", review=True)
    write(desk, second, "Hello")
    found = [(draft.editor, draft.text, draft.language, draft.review) for draft in drafts.of_case(desk.database, first)]
    assert found == [("Li", "Dear reader", "en", False), ("Zhao", "您好", "zh_CN", True)]
    assert {draft.number for draft in drafts.of_editor(desk.database, "Li", limit=9)} == {first, second}
    assert [draft.number for draft in drafts.for_review(desk.database, besides="Li", limit=9)] == [first]
    assert drafts.for_review(desk.database, besides="Zhao", limit=9) == []
    write(desk, first, " \n", now=NOW + MINUTE)
    drafts.discard(desk.database, second, editor="Li")
    assert drafts.of_editor(desk.database, "Li", limit=9) == []
    assert len(drafts.of_case(desk.database, first)) == 1


def test_a_draft_that_cannot_be_kept_is_refused(desk: Desk):
    for number, text, reason in (("R-20261124-000000-7", "a", "unknown"), (desk.send(), "字" * 10_001, "text")):
        with pytest.raises(CaseError) as caught:
            write(desk, number, text)
        assert caught.value.reason == reason


def test_drafts_written_at_once_are_one(desk: Desk):
    number = desk.send()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda place: write(desk, number, f"text {place}"), range(8)))
    assert len(drafts.of_case(desk.database, number)) == 1


def test_no_sender_sees_a_note_a_draft_or_who_is_at_work(desk: Desk):
    sent = Submission(kind=Kind.MESSAGE, language="en", body="Hello", name="Wang", contact="wang@example.org")
    receipt = desk.intake.accept(sent, key=None, proof=None, source="", now=NOW)
    write(desk, receipt.number, "secret draft", editor="secret editor")
    desk.cases.note(receipt.number, by="secret editor", text="secret note", now=NOW)
    desk.cases.assign(receipt.number, by="secret editor", to="secret editor", now=NOW)
    desk.cases.reveal(receipt.number, by="secret editor", reason="secret reason", now=NOW)
    desk.cases.move(receipt.number, State.REJECTED, by="secret editor", text="An answer.", now=NOW)
    followed = desk.cases.follow(receipt.number, receipt.code, now=NOW)
    assert followed and "An answer." in repr(followed) and "secret" not in repr(followed)


def test_a_draft_goes_with_the_words_of_its_case(desk: Desk):
    number = desk.send()
    write(desk, number, "Titel")
    desk.cases.move(number, State.CLOSED, now=NOW)
    later = NOW + timedelta(days=4_000)
    assert ("purged", "message") in list(retention.purge(desk.database, desk.cases, RULES, now=later))
    assert drafts.of_case(desk.database, number) == []
    with pytest.raises(CaseError):
        write(desk, number, "again")


def test_an_answer_is_filled_from_the_case_and_nothing_else(desk: Desk):
    number = desk.send(**report(page_title="{site} {number}"))
    text = "尊敬的读者：您对《{title}》的举报（{number}）于{received}收悉，{due}前答复。{site} {{number}} {secret_key}"
    case = desk.cases.get(number, opened=False)
    values = replies.variables(case, RULES, "zh_CN", now=NOW)
    assert set(values) == set(VARIABLES)
    # What a sender wrote is filled in as it stands, and read for no places of its own.
    site = RULES.site.name.get("zh_CN")
    assert filled(text, values) == (
        f"尊敬的读者：您对《{{site}} {{number}}》的举报（{number}）于2026年11月24日收悉，2026年12月8日前答复。{site} "
        f"{{{number}}} {{secret_key}}"
    )
    assert "November 24, 2026" in filled("{received}", replies.variables(case, RULES, "en", now=NOW))


@given(st.text(alphabet="{}ab number%s\n"), st.dictionaries(st.sampled_from(VARIABLES), st.text(alphabet="{}number")))
def test_filling_changes_nothing_but_known_places(text: str, values: dict[str, str]):
    for name in values:
        text = text.replace(f"{{{name}}}", "")
    assert filled(text, values) == text


def test_answers_that_are_given_often_are_kept_by_language_and_name(desk: Desk):
    options: dict[str, Any] = {"by": "Li", "now": NOW}
    first = replies.keep(desk.database, name=" Thank  you ", language="zh_CN", text="谢谢", **options)
    replies.keep(desk.database, name="Thanks", language="en", text="Thank you for {number}.", **options)
    replies.keep(desk.database, id=first, name="致谢", language="zh_CN", text="感谢您", **options)
    found = [(reply.language, reply.name, reply.text) for reply in replies.replies(desk.database)]
    assert found == [("en", "Thanks", "Thank you for {number}."), ("zh_CN", "致谢", "感谢您")]
    replies.discard(desk.database, first)
    assert len(replies.replies(desk.database)) == 1


@pytest.mark.parametrize(
    ("values", "reason", "strange"),
    [
        ({"name": " "}, "name", ()),
        ({"name": "字" * 61}, "name", ()),
        ({"text": "\u200b"}, "text", ()),
        ({"text": "字" * 10_001}, "text", ()),
        ({"text": "{number} {contact} {config.secret} {contact}"}, "variable", ("contact", "config.secret")),
        ({"id": uuid4()}, "unknown", ()),
    ],
)
def test_answers_that_cannot_be_kept_are_refused(
    desk: Desk, values: dict[str, Any], reason: str, strange: tuple[str, ...]
):
    with pytest.raises(ReplyError) as caught:
        replies.keep(desk.database, **{"name": "a", "language": "en", "text": "b", "by": "Li", "now": NOW, **values})
    assert (caught.value.reason, caught.value.found) == (reason, strange)
    assert replies.replies(desk.database) == []


def test_searches_are_an_editors_own_unless_they_are_shared(desk: Desk):
    options: dict[str, Any] = {"query": "state=overdue", "now": NOW}
    bookmarks.keep(desk.database, editor="Li", name="Late", shared=False, **options)
    bookmarks.keep(desk.database, editor="Li", name="For all", shared=True, **options)
    bookmarks.keep(desk.database, editor="Zhao", name="Mine", shared=False, **options)
    assert [one.name for one in bookmarks.bookmarks(desk.database, "Zhao")] == ["For all", "Mine"]
    for one in bookmarks.bookmarks(desk.database, "Li"):
        bookmarks.discard(desk.database, one.id, editor="Zhao")
    assert [one.name for one in bookmarks.bookmarks(desk.database, "Li")] == ["For all", "Late"]


@pytest.mark.parametrize(
    ("values", "reason"), [({"name": ""}, "name"), ({"name": "a" * 61}, "name"), ({"query": "a" * 2_001}, "query")]
)
def test_searches_that_cannot_be_kept_are_refused(desk: Desk, values: dict[str, Any], reason: str):
    with pytest.raises(BookmarkError) as caught:
        bookmarks.keep(
            desk.database, **{"editor": "Li", "name": "a", "query": "", "shared": False, "now": NOW, **values}
        )
    assert caught.value.reason == reason
