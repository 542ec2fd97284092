"""What waits is sent: each row at least once, to whom it belongs, with nothing in it that is a sender's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from conftest import create_app
from receiver import Answer, Receiver
from smtp import MailServer
from sqlalchemy import insert, select, update
from uuid6 import uuid7

from compliance import Compliance
from compliance.cases import Actor, Kind, State
from compliance.cli.deliver import plain_text
from compliance.deliveries import Tally, Worker, claims, dead, retries, revive
from compliance.deliveries.digests import Render
from compliance.messages import Cases, Intake, Submission
from compliance.settings import Settings, load
from compliance.store import Database, tables
from compliance.store.outbox import announce
from compliance.vault import Vault

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)  # Tuesday noon in China
LEASE = timedelta(seconds=60)
EDITORS = "editors@example.org"
ASKED = Submission(
    kind=Kind.REPORT,
    category="rumour",
    language="zh_CN",
    subject="传言",
    body="文中的数字没有出处。",
    page="https://www.ichongqing.info/news/1",
    name="王某",
    contact="wang@example.cn",
)


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Site:
    """A message box, its editors, and workers for it."""

    def __init__(self, database: Database, data: dict[str, Any], render: Render, **messages: Any) -> None:
        data["messages"] = {"receipt_prefix": "CQ", "private_targets": True, **messages}
        self.database, self.render, self.clock = database, render, Clock()
        self.settings: Settings = load(data)
        self.vault = Vault(["key"])
        self.intake = Intake(database, self.vault, self.settings)
        self.cases = Cases(database, self.vault, self.settings)
        self.worker = self.new_worker()

    def new_worker(self, database: Database | None = None, **options: Any) -> Worker:
        defaults = {"clock": self.clock, "jitter": lambda: 0.0, "timeout": timedelta(seconds=10), **options}
        return Worker(database or self.database, self.vault, self.settings, **{"render": self.render, **defaults})

    def report(self, number: int = 0, **changes: Any) -> str:
        """Take a report, and return its number."""
        submission = Submission(**{**{name: getattr(ASKED, name) for name in ASKED.__slots__}, **changes})
        now = self.clock()
        return self.intake.accept(submission, key=None, proof=None, source=f"s{uuid7()}", now=now).number

    def answer(self, number: str, state: State = State.RESOLVED_ACTION, text: str = "已更正。") -> None:
        self.cases.move(number, state, text=text, now=self.clock())

    def rows(self) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(select(tables.outbox).order_by(tables.outbox.c.id)))

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]

    def fill(self, count: int, target: str = claims.SENDER) -> list[UUID]:
        """Put *count* answered cases and a row for each into the database at once."""
        numbers = [f"CQ-{uuid7().hex[:20]}-{number}" for number in range(count)]
        return self.database.write(lambda connection: [self._put(connection, number, target) for number in numbers])

    def _put(self, connection: Any, number: str, target: str) -> UUID:
        identity, now = uuid7(), self.clock()
        contact = self.vault.seal("wang@example.cn", table="message", column="contact", row=str(identity))
        times = dict.fromkeys(("created", "changed", "sender_wrote", "decide_due", "answer_due", "answered"), now)
        words = {"number": number, "code_hash": "", "kind": Kind.MESSAGE, "language": "en", "body": "b"}
        values = {"id": identity, "body_hash": "", "state": State.RESOLVED_ACTION, "contact": contact, "decided": now}
        connection.execute(insert(tables.message), {**words, **times, **values})
        happened = {"kind": "answered", "actor": Actor.EDITOR, "public": True, "state": State.RESOLVED_ACTION}
        connection.execute(insert(tables.event), {"message_id": identity, "sequence": 2, "at": now, **happened})
        announce(connection, identity, 2, [target], now)
        return identity


@pytest.fixture(scope="session")
def render() -> Render:
    """What the command line renders with."""
    app = create_app()
    Compliance(app, settings={"site": {"name": "x", "url": "https://x.cn", "operator": "x", "email": "a@x.cn"}
        | {"languages": ["en", "zh_CN"]}, "licences": {"icp": "渝ICP备20009753号-2"}})  # fmt: skip
    return plain_text(app.extensions["compliance"].render)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """The site's mail server."""
    with MailServer() as server:
        yield server


@pytest.fixture
def make(database: Database, settings: dict[str, Any], mail: MailServer, render: Render) -> Callable[..., Site]:
    settings["mail"] = {"host": "127.0.0.1", "port": mail.port}
    return lambda **messages: Site(database, settings, render, **messages)


@pytest.fixture
def lite(tmp_path: Path, settings: dict[str, Any], mail: MailServer, render: Render) -> Iterator[Callable[..., Site]]:
    """Where one kind of database is enough."""
    settings["mail"] = {"host": "127.0.0.1", "port": mail.port}
    database = Database("sqlite:///lite.db", folder=tmp_path)
    yield lambda **messages: Site(database, settings, render, **messages)
    database.close()


def text(received: Any) -> str:
    return str(received.message.get_content())


# What is told


def test_editors_get_one_digest_of_all_that_happened(make: Callable[..., Site], mail: MailServer):
    site = make(deliver_to=[EDITORS])
    numbers = [site.report(), site.report(category="terror"), site.report(kind=Kind.CORRECTION, category="")]
    site.cases.add(numbers[0], text="补充", now=NOW)
    assert site.worker.deliver() == Tally(sent=4)
    [received] = mail.received
    assert received.recipients == (EDITORS,)
    assert received.message["Subject"] == "iChongqing: 3 cases to look at (1 urgent)"
    first, *others = text(received).strip().splitlines()
    assert first.startswith(f"[urgent] {numbers[1]} · A report · Violence and terrorism · new · due 2026-11-25 12:00")
    assert others[0].startswith(f"{numbers[0]} · A report · Rumours · new · its sender added something · due")
    assert others[1].startswith(f"{numbers[2]} · A correction of an article · new · due")
    assert site.states() == ["sent"] * 4
    assert site.worker.deliver() == Tally()
    assert len(mail.received) == 1


def test_a_digest_holds_nothing_of_a_sender(lite: Callable[..., Site]):
    with Receiver() as receiver:
        site = lite(deliver_to=[EDITORS, receiver.url])
        entries = {name: f"<{name}>&值" for name in ("subject", "body", "page_title", "excerpt", "name", "seen")}
        site.report(**entries)
        claim = claims.claim(site.database, claims.due(site.database, without=[], now=NOW)[0], lease=LEASE, now=NOW)
        assert claim and "wang@example.cn" not in repr(claim)
        site.clock.pass_(minutes=2)
        site.worker.deliver()
        [post] = receiver.posts
    said = post.body.decode()
    assert [value for value in (*entries.values(), "wang@example.cn", ASKED.page) if value in said] == []
    assert post.json["data"]["count"] == 1


def test_a_program_gets_the_figures(lite: Callable[..., Site]):
    with Receiver() as receiver:
        site = lite(deliver_to=[{"url": receiver.url, "secret": "s"}], categories={"copied": {"name": "Copied"}})
        number = site.report(category="copied")
        site.worker.deliver()
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
                "urgent": False,
                "held_back": False,
                "due": "2026-11-27T16:00:00+00:00",
                "news": ["received"],
            }
        ],
    }


def test_what_is_held_back_and_what_senders_do_is_told(lite: Callable[..., Site], mail: MailServer):
    site = lite(deliver_to=[EDITORS])
    held = site.report()
    site.database.write(lambda connection: connection.execute(update(tables.message).values(state=State.QUARANTINED)))
    closed = site.report()
    site.cases.move(closed, State.CLOSED, actor=Actor.SENDER, now=NOW)
    site.cases.move(closed, State.REOPENED, actor=Actor.SENDER, now=NOW)
    site.worker.deliver()
    lines = {line.split()[0]: line for line in text(mail.received[0]).splitlines() if line}
    assert "held back" in lines[held]
    assert "new · its sender closed it · its sender takes it up again" in lines[closed]


def test_a_long_digest_counts_what_it_does_not_list(lite: Callable[..., Site], mail: MailServer):
    site = lite(deliver_to=[EDITORS])
    site.fill(70, target=site.settings.messages.deliver_to[0].label)
    site.worker.deliver()
    [received] = mail.received
    assert "70 cases" in received.message["Subject"]
    assert text(received).strip().endswith("and 20 more")


@pytest.mark.parametrize(
    ("language", "state", "subject"),
    [
        ("zh_CN", State.RESOLVED_ACTION, "iChongqing：{}已有答复"),
        ("en", State.RESOLVED_ACTION, "iChongqing: an answer to {}"),
        ("en", State.WAITING_SENDER, "iChongqing: a question about {}"),
        ("en", State.IN_PROGRESS, "iChongqing: news about {}"),
    ],
)
def test_a_sender_is_told_that_there_is_an_answer_and_where(
    language: str, state: State, subject: str, lite: Callable[..., Site], mail: MailServer
):
    site = lite()
    number = site.report(language=language)
    site.answer(number, state, text="机密内容")
    assert site.worker.deliver() == Tally(sent=1)
    [received] = mail.received
    assert received.recipients == ("wang@example.cn",)
    assert received.message["Subject"] == subject.format(number)
    assert text(received).strip().endswith(f"https://www.ichongqing.info/compliance/receipt/{number}")
    assert "机密内容" not in text(received) and ASKED.body not in text(received)


def test_each_sender_gets_a_letter_of_the_own(make: Callable[..., Site], mail: MailServer):
    site = make()
    for contact in ("a@example.cn", "b@example.cn"):
        site.answer(site.report(contact=contact))
    site.worker.deliver()
    assert sorted(received.recipients for received in mail.received) == [("a@example.cn",), ("b@example.cn",)]


# What goes wrong


def test_who_is_not_in_the_settings_any_more_is_not_told(make: Callable[..., Site], mail: MailServer):
    site = make(deliver_to=[EDITORS])
    site.fill(1, target="0" * 32)
    assert site.worker.deliver() == Tally(dead=1)
    [gone] = dead(site.database, site.settings)
    assert (gone.reason, gone.target, mail.received) == ("target", "0" * 32, [])


def test_a_contact_that_cannot_be_read_is_not_written_to(lite: Callable[..., Site], mail: MailServer):
    site = lite()
    first, second = site.fill(2)
    values = update(tables.message).values(contact=None).where(tables.message.c.id == first)
    site.database.write(lambda connection: connection.execute(values))
    site.vault = Vault(["another key"])
    assert site.new_worker().deliver() == Tally(dead=2)
    assert sorted(letter.reason for letter in dead(site.database, site.settings)) == ["contact", "key"]


def test_failures_are_tried_again_ever_later_and_then_given_up(make: Callable[..., Site], mail: MailServer):
    site = make(deliver_to=[EDITORS])
    mail.refuse["DATA"] = "451 4.3.0 editors@example.org: later"
    site.report()
    for number, pause in enumerate(retries.RETRIES, 1):
        assert site.worker.deliver() == Tally(failed=1)
        [row] = site.rows()
        assert (row.state, row.attempts, row.next_at) == ("pending", number, site.clock.now + pause)
        site.clock.now = row.next_at - timedelta(seconds=1)
        assert site.worker.deliver() == Tally()
        site.clock.pass_(seconds=1)
    assert site.worker.deliver() == Tally(dead=1)
    assert site.worker.deliver() == Tally()
    [gone] = dead(site.database, site.settings)
    assert (gone.reason, gone.attempts, gone.target) == ("smtp 451", 6, "messages.deliver_to[0]")
    assert gone.died == site.clock.now
    mail.refuse.clear()
    site.clock.pass_(minutes=5)
    assert revive(site.database, [gone.id], now=site.clock.now) == 1
    assert site.worker.deliver() == Tally(sent=1)
    assert len(mail.received) == 1


def test_what_is_refused_for_good_is_given_up_at_once(lite: Callable[..., Site], mail: MailServer):
    site = lite(deliver_to=[EDITORS])
    mail.refuse["RCPT"] = "550 5.1.1 no editors@example.org here"
    site.report()
    assert site.worker.deliver() == Tally(dead=1)
    assert "@" not in site.rows()[0].error


def test_a_mailbox_that_is_refused_stops_no_other(lite: Callable[..., Site], mail: MailServer):
    site = lite()
    site.fill(3)
    mail.refuse["RCPT"] = "450 4.2.0 later"
    assert site.worker.deliver() == Tally(failed=3)


def test_a_mail_server_that_is_gone_is_left_alone_for_a_minute(lite: Callable[..., Site], mail: MailServer):
    site = lite(deliver_to=[EDITORS, "chief@example.org"])
    site.report()
    site.fill(3)
    mail.refuse["MAIL"] = "421 4.3.2 closing"
    assert site.worker.deliver() == Tally(failed=1)
    mail.refuse.clear()
    site.clock.pass_(seconds=59)
    assert site.worker.deliver() == Tally()
    site.clock.pass_(seconds=1)
    assert site.worker.deliver() == Tally(sent=5)


def test_a_target_is_left_alone_for_as_long_as_it_asks(lite: Callable[..., Site]):
    with Receiver() as receiver:
        receiver.answers = [Answer(status=429, headers={"Retry-After": "600"}), Answer()]
        site = lite(deliver_to=[receiver.url])
        site.report()
        assert site.worker.deliver() == Tally(failed=1)
        site.report()
        site.clock.pass_(seconds=599)
        assert site.worker.deliver() == Tally()
        site.clock.pass_(seconds=1)
        assert site.worker.deliver() == Tally(sent=2)


def test_a_template_that_fails_stops_nothing_else(lite: Callable[..., Site], mail: MailServer, caplog: Any):
    site = lite(deliver_to=[EDITORS])
    real = site.render

    def render(name: str, locale: str, context: Any) -> str:
        if "letter" in name:
            raise KeyError("wang@example.cn")
        return real(name, locale, context)

    site.render = render
    site.fill(1)
    site.report()
    assert site.new_worker().deliver() == Tally(sent=1, failed=1)
    assert "KeyError" in {row.error for row in site.rows()}
    assert "wang" not in caplog.text
