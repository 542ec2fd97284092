"""Workers that are many, slow, stopped, cut off or killed: each row is delivered at least once."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as runs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import make_url

from compliance import channels
from compliance.deliveries import Stop, Tally, claims, dead, retries, revive, waiting
from compliance.deliveries.digests import Render
from compliance.deliveries.paces import Pace
from compliance.store import Database
from support.databases import SERVERS, fresh
from support.delivery import EDITORS, LEASE, NOW, Clock, Office, started, until
from support.delivery import lite as lite
from support.delivery import mail as mail
from support.delivery import make as make
from support.delivery import render as render
from support.examples import examples
from support.host import SETTINGS
from support.proxy import Proxy
from support.receiver import Answer, Receiver
from support.smtp import MailServer

pytestmark = pytest.mark.slow


def identities(mail: MailServer) -> Counter[str]:
    return Counter(received.message["Message-ID"] for received in mail.received)


@contextmanager
def watching(office: Office, **options: Any) -> Iterator[None]:
    """A worker that goes on by the real clock."""
    stop = Stop()
    worker = office.new_worker(**options)
    thread = Thread(target=worker.watch, args=(stop,), kwargs={"interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@given(attempts=st.integers(1, 30), jitter=st.floats(0, 1), wanted=st.none() | st.integers(0, 10**7))
@example(attempts=6, jitter=0.0, wanted=10**6)
def test_pauses_grow_and_end(attempts: int, jitter: float, wanted: int | None):
    pause = retries.pause(attempts, jitter=jitter, wanted=wanted)
    if attempts > 5:
        assert pause is None
        return
    assert pause is not None
    least = retries.RETRIES[attempts - 1]
    assert least <= pause <= timedelta(hours=12) * (1 + retries.SPREAD)
    if wanted is None:
        assert pause <= least * (1 + retries.SPREAD)
    else:
        assert pause >= min(timedelta(seconds=wanted), timedelta(hours=12))


@given(per_minute=st.integers(1, 120), steps=st.lists(st.floats(-100, 200), max_size=200))
def test_no_minute_holds_more_than_a_pace_allows(per_minute: int, steps: list[float]):
    pace, clock, taken = Pace(per_minute), Clock(), []
    real = 0.0
    for step in steps:
        clock.pass_(seconds=step)  # which may be set back
        real += max(step, 0.0)
        while pace.ready(clock()):
            pace.take(clock())
            taken.append(real)
        # What the bucket held at first, and what flowed in.
        assert len(taken) <= per_minute + real * per_minute / 60 + 1e-6


@pytest.mark.parametrize(
    ("url", "per_minute"),
    [
        ("https://oapi.dingtalk.com/robot/send?access_token=x", 1),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x", 1),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/x", 1),
        ("https://hook.example.org/", 60),
    ],
)
def test_a_chat_hears_one_digest_a_minute(url: str, per_minute: int):
    channel = channels.channel(channels.Target(url=url), mail=None, allow_private=False, timeout=1)
    pace = Pace.of(channel)
    for _ in range(per_minute):
        assert pace.ready(NOW)
        pace.take(NOW)
    assert not pace.ready(NOW)
    assert pace.ready(NOW + timedelta(minutes=1))


def test_a_target_is_written_to_as_often_as_it_bears(lite: Callable[..., Office]):
    with Receiver() as receiver:
        office = lite(deliver_to=[receiver.url])
        for _ in range(61):
            office.report(contact="")
            office.worker.deliver()
        assert len(receiver.posts) == 60
        office.clock.pass_(seconds=1)
        assert office.worker.deliver() == Tally(sent=1)


def test_what_is_urgent_goes_first(make: Callable[..., Office], mail: MailServer):
    office = make()
    for category in ("rumour", "other", "terror"):
        office.answer(office.report(category=category, contact=f"{category}@example.cn"))
    office.worker.deliver()
    assert mail.received[0].recipients == ("terror@example.cn",)


def test_a_row_is_one_workers_until_its_lease_is_over(make: Callable[..., Office]):
    office = make()
    office.fill(1)
    [batch] = claims.due(office.database, without=[], now=NOW)
    first = claims.claim(office.database, batch, lease=LEASE, now=NOW)
    assert first and claims.claim(office.database, batch, lease=LEASE, now=NOW) is None
    assert claims.due(office.database, without=[], now=NOW + LEASE) == []
    later = NOW + LEASE + timedelta(milliseconds=1)
    second = claims.claim(office.database, batch, lease=LEASE, now=later)
    assert second and second.entries[0].attempts == 2
    # The first worker wakes: what it says of its rows is not heard any more.
    assert claims.sent(office.database, first, now=later) == 0
    assert claims.failed(office.database, first, reason="x", pauses={1: None}, now=later) == (0, 0)
    assert office.states() == ["pending"]
    assert claims.sent(office.database, second, now=later) == 1
    assert claims.failed(office.database, second, reason="x", pauses={2: None}, now=later) == (0, 0)
    assert (office.states(), office.rows()[0].sent) == (["sent"], later)


def test_a_worker_that_was_stopped_sends_nothing_of_what_it_held(lite: Callable[..., Office], mail: MailServer):
    office = lite()
    office.fill(1)
    real = office.render

    def render(*given: Any) -> str:
        office.clock.pass_(seconds=55)
        return real(*given)

    office.render = render
    assert office.new_worker().deliver() == Tally()
    assert (mail.received, office.states()) == ([], ["pending"])
    office.render = real
    office.clock.pass_(seconds=10)
    assert office.new_worker().deliver() == Tally(sent=1)


def test_what_may_have_been_sent_is_sent_again_as_the_same_notice(make: Callable[..., Office], mail: MailServer):
    office = make(deliver_to=[EDITORS])
    office.report(contact="")
    office.report(contact="")
    # A worker that dies after it has sent the digest, and before it says so.
    office.new_worker(clock=Clock(NOW)).deliver()
    [sent] = identities(mail)
    mail.received.clear()
    owner = {"state": "pending", "sent": None, "lease_owner": "dead worker", "lease_until": NOW + LEASE}
    office.database.write(lambda connection: connection.execute(claims.outbox.update().values(**owner)))
    office.report(contact="")
    office.clock.pass_(minutes=2)
    assert office.worker.deliver() == Tally(sent=3)
    assert len(mail.received) == 2
    assert identities(mail)[sent] == 1


def test_a_webhook_is_sent_the_same_again_once_and_then_all_together(lite: Callable[..., Office]):
    with Receiver() as receiver:
        receiver.answers = [Answer(status=503), Answer(status=503), Answer()]
        office = lite(deliver_to=[receiver.url])
        office.report(contact="")
        assert office.worker.deliver() == Tally(failed=1)
        office.clock.pass_(minutes=1)
        office.report(contact="")
        tally = office.worker.deliver()
        assert (tally.failed, tally.sent) == (1, 0)
        office.clock.pass_(minutes=5)
        assert office.worker.deliver() == Tally(sent=2)
        first, again, together = (post.headers["webhook-id"] for post in receiver.posts)
    assert first == again != together
    assert receiver.posts[2].json["data"]["count"] == 2


@pytest.mark.parametrize("stage", ["MAIL", "DATA"])
def test_a_mail_server_that_hangs_keeps_no_reader_waiting(stage: str, lite: Callable[..., Office], mail: MailServer):
    mail.hang.add(stage)
    office = lite(deliver_to=[EDITORS])
    office.clock = Clock(datetime.now(UTC))
    office.report()
    with watching(office, clock=lambda: datetime.now(UTC), timeout=LEASE / 2):
        until(lambda: mail.held)
        for _ in range(20):
            office.report()
        # All of them are kept, and the first notice is still under way.
        assert [(row.state, row.error) for row in office.rows()] == [("pending", "")] * 21
        mail.hang.clear()
        until(lambda: set(office.states()) == {"sent"})
    assert mail.held == 1


@pytest.mark.parametrize("stage", ["MAIL", "DATA"])
def test_a_mail_server_that_hangs_is_waited_for_once(stage: str, lite: Callable[..., Office], mail: MailServer):
    mail.hang.add(stage)
    office = lite(deliver_to=[EDITORS, "chief@example.org"])
    office.report()
    worker = office.new_worker(timeout=timedelta(seconds=1))
    assert worker.deliver() == Tally(failed=1)
    # The second mailbox is not tried: one timeout is enough to know.
    assert sorted(row.attempts for row in office.rows()) == [0, 1]
    assert waiting(office.database, office.settings)[0].reason == "timeout"
    mail.hang.clear()
    office.clock.pass_(minutes=5)
    assert office.new_worker().deliver() == Tally(sent=2)


def test_a_mail_server_that_goes_and_comes_back_gets_everything(make: Callable[..., Office], mail: MailServer):
    office = make(deliver_to=[EDITORS])
    with Proxy("127.0.0.1", mail.port) as proxy:
        office.settings = office.settings.model_copy(
            update={"mail": office.settings.mail.model_copy(update={"port": proxy.port})}
        )
        worker = office.new_worker()
        office.fill(5)
        assert worker.deliver() == Tally(sent=5)
        proxy.cut()
        office.report()
        office.fill(5)
        assert worker.deliver() == Tally(failed=1)
        assert {row.error for row in office.rows()} == {"", "connection"}
        proxy.restore()
        office.clock.pass_(minutes=1)
        assert worker.deliver() == Tally(sent=6)
    assert set(identities(mail).values()) == {1} and len(mail.received) == 11


def test_a_database_that_goes_and_comes_back_is_waited_for(
    settings: dict[str, Any], mail: MailServer, render: Render, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    settings["mail"] = {"host": "127.0.0.1", "port": mail.port}
    server = make_url(SERVERS["postgresql"])
    with fresh("postgresql", tmp_path) as url, Proxy(server.host or "", server.port or 5432) as proxy:
        behind = make_url(url).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        with closing(Database(url, folder=tmp_path)) as near, closing(Database(behind, folder=tmp_path)) as far:
            office = Office(near, settings, render)
            office.fill(3)
            with watching(office, database=far):
                until(lambda: office.states() == ["sent"] * 3)
                proxy.cut()
                office.fill(3)
                until(lambda: "deliveries wait" in caplog.text)
                proxy.restore()
                until(lambda: office.states() == ["sent"] * 6)
    assert len(identities(mail)) == len(mail.received) == 6


@pytest.mark.parametrize("target", ["sender", "webhook"])
def test_many_workers_take_each_row_once(target: str, make: Callable[..., Office], mail: MailServer, address: str):
    with Receiver() as receiver:
        office = make(deliver_to=[receiver.url])
        label = office.settings.messages.deliver_to[0].label if target == "webhook" else claims.SENDER
        office.fill(rows := 40 * examples(3), target=label)

        def work(_: int) -> Tally:
            with closing(Database(address, folder=Path())) as database:
                return office.new_worker(database).deliver()

        with ThreadPoolExecutor(4) as pool:
            tallies = list(pool.map(work, range(4)))
        assert sum(tally.sent for tally in tallies) == rows
        if target == "webhook":
            told = [case["receipt"] for post in receiver.posts for case in post.json["data"]["cases"]]
        else:
            told = [received.message["Message-ID"] for received in mail.received]
    assert len(told) == len(set(told)) == rows
    assert {(row.state, row.attempts) for row in office.rows()} == {("sent", 1)}


class Outbox(RuleBasedStateMachine):
    """Rows in the hands of workers who may be slow, fail, die and wake again."""

    @initialize()
    def open(self) -> None:
        self.folder = TemporaryDirectory()
        self.database = Database("sqlite:///outbox.db", folder=Path(self.folder.name))
        self.office = Office(self.database, {**SETTINGS, "mail": {}}, lambda *given: "", deliver_to=[EDITORS])
        self.target = self.office.settings.messages.deliver_to[0].label
        self.held: list[claims.Claim] = []
        self.sent: set[Any] = set()
        self.lost: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    @property
    def now(self) -> datetime:
        return self.office.clock.now

    @rule(count=st.integers(1, 3), to_sender=st.booleans())
    def put(self, count: int, to_sender: bool) -> None:
        self.office.fill(count, target=claims.SENDER if to_sender else self.target)

    @rule(seconds=st.sampled_from([1, 59, 60, 61, 300, 1800, 7200, 43200]))
    def wait(self, seconds: int) -> None:
        self.office.clock.pass_(seconds=seconds)

    @rule(choice=st.integers(0, 9))
    def claim(self, choice: int) -> None:
        batches = claims.due(self.database, without=[], now=self.now)
        if not batches:
            return
        claim = claims.claim(self.database, batches[choice % len(batches)], lease=LEASE, now=self.now)
        assert claim is not None  # what is due is free
        ids = {entry.id for entry in claim.entries}
        for other in self.held:
            if ids & {entry.id for entry in other.entries}:
                assert other.until < self.now
                self.lost.add(other.owner)
        self.held.append(claim)

    @precondition(lambda self: self.held)
    @rule(choice=st.integers(0, 9), outcome=st.sampled_from(["sent", "again", "never", "death"]))
    def settle(self, choice: int, outcome: str) -> None:
        claim = self.held.pop(choice % len(self.held))
        ids = {entry.id for entry in claim.entries}
        if outcome == "death":
            return
        if outcome == "sent":
            changed = claims.sent(self.database, claim, now=self.now)
            self.sent |= ids if changed else set()
        else:
            pauses = {
                entry.attempts: None if outcome == "never" else retries.pause(entry.attempts, jitter=0.5)
                for entry in claim.entries
            }
            changed = sum(claims.failed(self.database, claim, reason=outcome, pauses=pauses, now=self.now))
        # All of a claim is its worker's, or nothing is.
        assert changed == (0 if claim.owner in self.lost else len(ids))

    @rule()
    def revive(self) -> None:
        count = revive(self.database, None, now=self.now)
        assert count == 0 or not dead(self.database, self.office.settings)

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "database"):
            return
        rows = {row.id: row for row in self.office.rows()}
        assert {identity for identity, row in rows.items() if row.state == "sent"} == self.sent
        leased = {row.id for row in rows.values() if row.lease_until}
        live = [claim for claim in self.held if claim.owner not in self.lost and claim.until >= self.now]
        for claim in live:
            assert {rows[entry.id].lease_owner for entry in claim.entries} == {claim.owner}
            assert {entry.id for entry in claim.entries} <= leased
        for row in rows.values():
            assert row.state in ("pending", "sent", "dead")
            assert row.state == "pending" or not row.lease_until


TestOutbox = Outbox.TestCase
TestOutbox.settings = runs(max_examples=examples(25), stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_workers_leave_nothing_undelivered(
    kind: str, settings: dict[str, Any], mail: MailServer, render: Render, tmp_path: Path
):
    chance = random.Random()
    settings["mail"] = {"host": "127.0.0.1", "port": mail.port}
    settings["limits"] = {"enabled": False}
    with fresh(kind, tmp_path) as url, Receiver() as receiver, closing(Database(url, folder=tmp_path)) as database:
        settings["storage"] = {"url": url}
        office = Office(database, settings, render, deliver_to=[receiver.url])
        office.clock = Clock(datetime.now(UTC))
        label = office.settings.messages.deliver_to[0].label
        kills = examples(3)
        for _ in range(kills):
            before = len(mail.received)
            office.fill(40)
            office.fill(20, target=label)
            enough = before + chance.randrange(1, 30)
            with started(tmp_path, settings, "--watch", "--interval", "0.05") as process:
                until(lambda enough=enough: len(mail.received) >= enough)
                # Somewhere within the time that one delivery takes.
                Event().wait(chance.uniform(0, 0.02))
                process.kill()
            assert process.returncode == -signal.SIGKILL
        assert "pending" in office.states()
        office.clock.now = datetime.now(UTC) + timedelta(minutes=2)
        office.new_worker().deliver()
        assert set(office.states()) == {"sent"}
        told = {case["receipt"] for post in receiver.posts for case in post.json["data"]["cases"]}
    assert len(identities(mail)) == 40 * kills
    assert len(told) == 20 * kills
    # Each kill can repeat what was being sent in that moment, and no more.
    assert len(mail.received) <= 41 * kills
