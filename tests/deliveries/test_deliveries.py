"""What waits is sent: to whom it belongs, with nothing in it that is a sender's, and again where that failed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from compliance.cases import Actor, Kind, State
from compliance.channels.posts import Poster
from compliance.channels.robots import DingTalk, Feishu, Robot, WeCom
from compliance.deliveries import Tally, claims, dead, retries, revive
from compliance.deliveries.digests import digest
from compliance.deliveries.reminders import remind
from compliance.store import tables
from compliance.vault import Vault
from support.delivery import ASKED, EDITORS, LEASE, NOW, Office
from support.delivery import lite as lite
from support.delivery import mail as mail
from support.delivery import make as make
from support.delivery import render as render
from support.receiver import Answer, Receiver
from support.smtp import MailServer

pytestmark = pytest.mark.slow


def text(received: Any) -> str:
    return str(received.message.get_content())


def test_editors_get_one_digest_of_all_that_happened(make: Callable[..., Office], mail: MailServer):
    office = make(deliver_to=[EDITORS])
    numbers = [office.report(), office.report(category="terror"), office.report(kind=Kind.CORRECTION, category="")]
    office.cases.add(numbers[0], text="补充", now=NOW)
    assert office.worker.deliver() == Tally(sent=4)
    [received] = mail.received
    assert received.recipients == (EDITORS,)
    assert received.message["Subject"] == "iChongqing: 3 cases to look at (1 urgent)"
    assert text(received).strip().splitlines() == [
        f"[urgent] {numbers[1]} · A report · Violence and terrorism · new · due November 25, 2026 11:59",
        f"{numbers[0]} · A report · Rumours · new · its sender added something · due November 27, 2026 23:59",
        f"{numbers[2]} · A correction of an article · new · due November 27, 2026 23:59",
    ]
    assert office.states() == ["sent"] * 4
    assert office.worker.deliver() == Tally()
    assert len(mail.received) == 1


def test_a_digest_names_what_is_done_to_an_enterprise(make: Callable[..., Office], mail: MailServer):
    office = make(deliver_to=[EDITORS])
    office.report(category="business", enterprise="某某公司", harm="posing", relation="self")
    office.worker.deliver()
    told = text(mail.received[0])
    assert "Infringement of the rights of businesses · Poses as the enterprise · new" in told
    assert "某某公司" not in told


def test_a_digest_holds_nothing_of_a_sender(lite: Callable[..., Office]):
    with Receiver() as receiver:
        office = lite(deliver_to=[EDITORS, receiver.url])
        entries = {name: f"<{name}>&值" for name in ("subject", "body", "page_title", "excerpt", "name", "seen")}
        office.report(**entries)
        claim = claims.claim(office.database, claims.due(office.database, without=[], now=NOW)[0], lease=LEASE, now=NOW)
        assert claim and "wang@example.cn" not in repr(claim)
        office.clock.pass_(minutes=2)
        office.worker.deliver()
        [post] = receiver.posts
    said = post.body.decode()
    assert [value for value in (*entries.values(), "wang@example.cn", ASKED.page) if value in said] == []
    assert post.json["data"]["count"] == 1


def test_a_program_gets_the_figures(lite: Callable[..., Office]):
    with Receiver() as receiver:
        office = lite(deliver_to=[{"url": receiver.url, "secret": "s"}], categories={"copied": {"name": "Copied"}})
        number = office.report(category="copied")
        office.worker.deliver()
        [post] = receiver.posts
    assert "Copied" in post.json["text"]
    assert post.json["data"] == {
        "count": 1,
        "urgent": 0,
        "cases": [
            {
                "receipt": number,
                "kind": "report",
                "category": "copied",
                "harm": "",
                "urgent": False,
                "held_back": False,
                "due": "2026-11-27T16:00:00+00:00",
                "news": ["received"],
            }
        ],
    }


def test_what_is_held_back_and_what_senders_do_is_told(lite: Callable[..., Office], mail: MailServer):
    office = lite(deliver_to=[EDITORS])
    held = office.report()
    office.database.write(lambda connection: connection.execute(update(tables.message).values(state=State.QUARANTINED)))
    closed = office.report()
    office.cases.move(closed, State.CLOSED, actor=Actor.SENDER, now=NOW)
    office.cases.move(closed, State.REOPENED, actor=Actor.SENDER, now=NOW)
    office.worker.deliver()
    lines = {line.split()[0]: line for line in text(mail.received[0]).splitlines() if line}
    assert "held back" in lines[held]
    assert "new · its sender closed it · its sender takes it up again" in lines[closed]


def test_a_long_digest_counts_what_it_does_not_list(lite: Callable[..., Office], mail: MailServer):
    office = lite(deliver_to=[EDITORS])
    office.fill(70, target=office.settings.messages.deliver_to[0].label)
    office.worker.deliver()
    [received] = mail.received
    assert "70 cases" in received.message["Subject"]
    assert text(received).strip().endswith("and 20 more")


@pytest.mark.parametrize("kind", [DingTalk, WeCom, Feishu])
@pytest.mark.parametrize("longest", [15_000, 2_000, 700])
def test_a_robot_lists_whole_lines_and_counts_the_rest(
    kind: type[Robot], longest: int, lite: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kind, "longest", longest)
    office = lite(deliver_to=[EDITORS])
    label = office.settings.messages.deliver_to[0].label
    office.fill(60, target=label)
    batch = next(iter(claims.due(office.database, without=(), now=office.clock())))
    claim = claims.claim(office.database, batch, lease=timedelta(minutes=5), now=office.clock())
    assert claim
    notice = digest(claim.entries, office.settings, office.render, now=office.clock())
    assert notice
    robot = kind(url="https://example.org/", secret=None, poster=Poster(allow_private=False, timeout=1))
    _, document = robot.message(notice, office.clock())
    post = document.get("content")
    said = post["post"]["zh_cn"]["content"][0][0]["text"] if post else document["text"]["content"]
    assert len(said.encode()) <= longest
    *cases, last = [line for line in said.splitlines() if line and "cases to look at" not in line]
    numbers = [line.split()[0] for line in cases]
    assert set(numbers) <= {entry.number for entry in claim.entries}
    assert last == f"and {60 - len(numbers)} more"
    assert len(numbers) > 3


@pytest.mark.parametrize(
    ("language", "state", "subject"),
    [
        ("zh_CN", State.RESOLVED_ACTION, "iChongqing：{} 已有答复"),
        ("en", State.RESOLVED_ACTION, "iChongqing: an answer to {}"),
        ("en", State.WAITING_SENDER, "iChongqing: a question about {}"),
        ("en", State.IN_PROGRESS, "iChongqing: news about {}"),
    ],
)
def test_a_sender_is_told_that_there_is_an_answer_and_where(
    language: str, state: State, subject: str, lite: Callable[..., Office], mail: MailServer
):
    office = lite()
    number = office.report(language=language)
    office.answer(number, state, text="机密内容")
    assert office.worker.deliver() == Tally(sent=1)
    [received] = mail.received
    assert received.recipients == ("wang@example.cn",)
    assert received.message["Subject"] == subject.format(number)
    assert f"https://www.ichongqing.info/compliance/receipt/{number}" in text(received).split()
    assert "机密内容" not in text(received) and ASKED.body not in text(received)


def test_a_name_is_written_as_it_is(settings: dict[str, Any], lite: Callable[..., Office], mail: MailServer):
    settings["site"]["name"] = "Today's <News> & More"
    office = lite(deliver_to=[EDITORS])
    office.report(contact="")
    office.fill(1)
    office.worker.deliver()
    subjects = [received.message["Subject"] for received in mail.received]
    assert [subject.partition(": ")[0] for subject in subjects] == ["Today's <News> & More"] * 2


def test_each_sender_gets_a_letter_of_the_own(make: Callable[..., Office], mail: MailServer):
    office = make()
    for contact in ("a@example.cn", "b@example.cn"):
        office.answer(office.report(contact=contact))
    office.worker.deliver()
    assert sorted(received.recipients for received in mail.received) == [("a@example.cn",), ("b@example.cn",)]


def test_who_is_not_in_the_settings_any_more_is_not_told(make: Callable[..., Office], mail: MailServer):
    office = make(deliver_to=[EDITORS])
    office.fill(1, target="0" * 32)
    assert office.worker.deliver() == Tally(dead=1)
    [gone] = dead(office.database, office.settings)
    assert (gone.reason, gone.target, mail.received) == ("target", "0" * 32, [])


def test_a_contact_that_cannot_be_read_is_not_written_to(lite: Callable[..., Office], mail: MailServer):
    office = lite()
    first, second = office.fill(2)
    values = update(tables.message).values(contact=None).where(tables.message.c.id == first)
    office.database.write(lambda connection: connection.execute(values))
    office.vault = Vault(["another key"])
    # A key that is not on this machine may be on the one that tries again.
    assert office.new_worker().deliver() == Tally(dead=1, failed=1)
    assert [letter.reason for letter in dead(office.database, office.settings)] == ["contact"]


def test_failures_are_tried_again_ever_later_and_then_given_up(make: Callable[..., Office], mail: MailServer):
    office = make(deliver_to=[EDITORS])
    mail.refuse["DATA"] = "451 4.3.0 editors@example.org: later"
    office.report()
    for number, pause in enumerate(retries.RETRIES, 1):
        assert office.worker.deliver() == Tally(failed=1)
        [row] = office.rows()
        assert (row.state, row.attempts, row.next_at) == ("pending", number, office.clock.now + pause)
        office.clock.now = row.next_at - timedelta(seconds=1)
        assert office.worker.deliver() == Tally()
        office.clock.pass_(seconds=1)
    assert office.worker.deliver() == Tally(dead=1)
    assert office.worker.deliver() == Tally()
    [gone] = dead(office.database, office.settings)
    assert (gone.reason, gone.attempts, gone.target) == ("smtp 451", 6, "messages.deliver_to[0]")
    assert gone.died == office.clock.now
    mail.refuse.clear()
    office.clock.pass_(minutes=5)
    assert revive(office.database, [gone.id], now=office.clock.now) == 1
    assert office.worker.deliver() == Tally(sent=1)
    assert len(mail.received) == 1


def test_what_is_refused_for_good_is_given_up_at_once(lite: Callable[..., Office], mail: MailServer):
    office = lite(deliver_to=[EDITORS])
    mail.refuse["RCPT"] = "550 5.1.1 no editors@example.org here"
    office.report()
    assert office.worker.deliver() == Tally(dead=1)
    assert "@" not in office.rows()[0].error


def test_a_mailbox_that_is_refused_stops_no_other(lite: Callable[..., Office], mail: MailServer):
    office = lite()
    office.fill(3)
    mail.refuse["RCPT"] = "450 4.2.0 later"
    assert office.worker.deliver() == Tally(failed=3)


def test_a_mail_server_that_is_gone_is_left_alone_for_a_minute(lite: Callable[..., Office], mail: MailServer):
    office = lite(deliver_to=[EDITORS, "chief@example.org"])
    office.report()
    office.fill(3)
    mail.refuse["MAIL"] = "421 4.3.2 closing"
    assert office.worker.deliver() == Tally(failed=1)
    mail.refuse.clear()
    office.clock.pass_(seconds=59)
    assert office.worker.deliver() == Tally()
    office.clock.pass_(seconds=1)
    assert office.worker.deliver() == Tally(sent=5)


def test_a_target_is_left_alone_for_as_long_as_it_asks(lite: Callable[..., Office]):
    with Receiver() as receiver:
        receiver.answers = [Answer(status=429, headers={"Retry-After": "600"}), Answer()]
        office = lite(deliver_to=[receiver.url])
        office.report()
        assert office.worker.deliver() == Tally(failed=1)
        office.report()
        office.clock.pass_(seconds=599)
        assert office.worker.deliver() == Tally()
        office.clock.pass_(seconds=1)
        assert office.worker.deliver() == Tally(sent=2)


def test_a_template_that_fails_stops_nothing_else(lite: Callable[..., Office], mail: MailServer, caplog: Any):
    office = lite(deliver_to=[EDITORS])
    real, personal = office.render, "wang@example.cn"

    def render(name: str, locale: str, context: Any) -> str:
        if "letter" in name:
            raise KeyError(personal)
        return real(name, locale, context)

    office.render = render
    office.fill(1)
    office.report()
    assert office.new_worker().deliver() == Tally(sent=1, failed=1)
    assert "KeyError" in {row.error for row in office.rows()}
    assert "wang" not in caplog.text and "in render" in caplog.text


def test_a_reminder_goes_out_once_before_a_deadline_and_once_after_it(make: Callable[..., Office], mail: MailServer):
    office = make(deliver_to=[EDITORS])
    number = office.report()  # to be decided on by Friday, 24:00
    office.worker.deliver()
    told = []
    for hour in range(24 * 8):
        office.clock.now = NOW + timedelta(hours=hour)
        if office.new_worker().deliver().sent:
            [line] = [line for line in text(mail.received[-1]).splitlines() if number in line]
            told.append((office.clock.now - NOW, line.split(" · ")[3]))
    # On Thursday and on the Monday after it, when the working hours begin.
    assert told == [(timedelta(hours=45), "due soon"), (timedelta(days=5, hours=21), "overdue")]
    assert len(mail.received) == 3


def test_an_urgent_case_that_nobody_looks_at_is_brought_up_after_some_hours(
    lite: Callable[..., Office], mail: MailServer
):
    office = lite(deliver_to=[EDITORS])
    office.report(category="terror")
    assert office.worker.deliver() == Tally(sent=1)
    office.clock.pass_(hours=3, minutes=59)
    assert office.worker.deliver() == Tally()
    office.clock.pass_(minutes=10)
    assert office.worker.deliver() == Tally(sent=1)
    assert "[urgent]" in text(mail.received[1]) and "due soon" in text(mail.received[1])


def test_nobody_is_reminded_of_what_is_done_or_waits_for_its_sender(lite: Callable[..., Office], mail: MailServer):
    office = lite(deliver_to=[EDITORS])
    numbers = [office.report(contact="") for _ in range(4)]
    office.answer(numbers[0])
    office.answer(numbers[1], State.WAITING_SENDER)
    office.cases.move(numbers[2], State.REJECTED_SPAM, now=NOW)
    office.worker.deliver()
    office.clock.pass_(days=30)
    assert office.new_worker().deliver() == Tally(sent=1)
    said = text(mail.received[1])
    assert [number in said for number in numbers] == [False, False, False, True]


def test_a_reminder_of_what_was_done_meanwhile_is_not_sent(lite: Callable[..., Office], mail: MailServer):
    office = lite(deliver_to=[EDITORS])
    number = office.report(contact="")
    office.worker.deliver()
    mail.refuse["MAIL"] = "451 4.3.2 later"
    office.clock.pass_(days=2)
    assert office.worker.deliver() == Tally(failed=1)
    mail.refuse.clear()
    office.answer(number)
    office.clock.pass_(minutes=1)
    assert office.worker.deliver() == Tally(sent=1)
    assert len(mail.received) == 1


def test_many_cases_are_brought_up_by_workers_at_once_without_a_copy(make: Callable[..., Office]):
    office = make(deliver_to=[EDITORS, "chief@example.org"])
    office.fill(600, target="0" * 32)
    values = {"state": State.IN_PROGRESS, "answered": None}
    office.database.write(lambda connection: connection.execute(update(tables.message).values(**values)))
    office.clock.now = NOW + timedelta(days=1)
    targets = tuple(target.label for target in office.settings.messages.deliver_to)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: remind(office.database, targets, now=office.clock.now), range(3)))
    rows = [row for row in office.rows() if row.sequence == 0]
    assert len(rows) == len({row.dedupe for row in rows}) == 1200


def test_letter_greets_and_is_signed_and_leads_to_the_case(lite: Callable[..., Office], mail: MailServer):
    office = lite()
    office.answer(office.report(contact="a@example.cn", language="zh_CN"))
    office.worker.deliver()
    (received,) = mail.received
    text = str(received.message.get_content()).replace("\r\n", "\n")
    assert text.startswith("您好！\n") and "登记编号：" in text and text.count("/compliance/receipt/") == 1
    assert text.rstrip().endswith("感谢您对本站的关心和监督。\n\niChongqing")
