"""The worker: sends what is due, one notice after the other, and gives none up before its time."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from traceback import format_tb
from typing import Any

from .. import deadlines
from ..channels import Channel, DeliveryError, Notice
from ..i18n import tell
from ..outside.mailboxes import mailbox
from ..settings import Settings
from ..settings.messages import Target
from ..store import Database, StoreError
from ..vault import Vault, VaultError
from . import claims, expiries, retries
from .claims import SENDER, Batch, Claim
from .digests import Render, digest, letter
from .paces import Pace
from .reminders import remind
from .routes import TIMEOUT, route

logger = logging.getLogger(__name__)

#: How long rows belong to the worker that took them, which is longer than sending them may take.
LEASE = timedelta(seconds=60)
#: How often reminders are looked for, and how long a server is left alone that did not take a notice.
REMINDERS = timedelta(minutes=10)
REST = timedelta(minutes=1)
#: How many notices are sent before the worker looks again for what has become more urgent, or was sent by others.
AT_ONCE = 20
#: The longest pause before a database that is gone is tried again, in seconds.
LONGEST_PAUSE = 60.0
#: What all mailboxes have in common.
_MAIL = "mail"
#: Who is told of licences beside the targets.
_LOG = "log"


class Stop:
    """A wish to stop, which a signal's handler may make known: a lock it could meet held by what it interrupted."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[None] = SimpleQueue()

    def set(self, *_: Any) -> None:
        """Wish to stop."""
        self._queue.put(None)

    def is_set(self) -> bool:
        """Return whether somebody wished to stop."""
        return not self._queue.empty()

    def wait(self, seconds: float) -> None:
        """Wait, at most until somebody wishes to stop."""
        with suppress(Empty):
            self._queue.put(self._queue.get(timeout=seconds))


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of rows."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Somebody who is told, the server that it depends on, and how often it is written to."""

    channel: Channel
    server: str
    pace: Pace


class Worker:
    """Sends what waits in the outbox of one site. Any number of them may be at work.

    Args:
        render: makes the text of a notice.
        beside: what else is done, a little of it, each time that nothing is due any more.
        clock: tells the time.
        jitter: returns a number from 0 to 1.
        timeout: how long sending a notice may take, which is shorter than *lease*.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        settings: Settings,
        *,
        render: Render,
        beside: Callable[[], object] = lambda: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
        timeout: timedelta = TIMEOUT,
        lease: timedelta = LEASE,
    ) -> None:
        self._database, self._vault, self._settings = database, vault, settings
        self._render, self._beside, self._clock, self._jitter = render, beside, clock, jitter
        self._timeout, self._lease = timeout, lease
        self._targets = {target.label: self._target(target) for target in settings.messages.deliver_to}
        self._resting: dict[str, datetime] = {}
        self._reminded: datetime | None = None

    def deliver(self, stop: Stop | None = None) -> Tally:
        """Send all that is due, until *stop* is set. Raises `StoreError`."""
        tally = Tally()
        self._remind(tally)
        while batches := claims.due(self._database, without=self._waiting(), now=self._clock()):
            for batch in batches[:AT_ONCE]:
                if stop and stop.is_set():
                    return tally
                if batch.target not in self._waiting():
                    self._send(batch, tally)
        self._beside()
        return tally

    def watch(self, stop: Stop, *, interval: float) -> None:
        """Send what is due every *interval* seconds until *stop* is set; a database that is gone is waited for."""
        pause = interval
        while not stop.is_set():
            try:
                self.deliver(stop)
                pause = interval
            except StoreError as error:
                pause = min(pause * 2, LONGEST_PAUSE)
                logger.warning("deliveries wait %.0f seconds for the database: %s", pause, error.reason)
            stop.wait(pause)

    def _remind(self, tally: Tally) -> None:
        now = self._clock()
        if self._reminded is None or not self._reminded <= now < self._reminded + REMINDERS:
            remind(self._database, tuple(self._targets), now=now)
            if deadlines.is_working_hour(now) and (found := expiries.endings(self._settings, deadlines.day(now))):
                self._tell(found, tally)
            self._reminded = now

    def _tell(self, found: Sequence[expiries.Ending], tally: Tally) -> None:
        """Tell the log and every target once of licences that end."""
        now = self._clock()
        if expiries.untold(self._database, found, _LOG, now=now):
            for problem in self._settings.expiring(deadlines.day(now)):
                tell(logger, problem)
        for label in self._targets.keys() - self._waiting():
            target = self._targets[label]
            if not (new := expiries.untold(self._database, found, label, now=now)):
                continue
            target.pace.take(now)
            try:
                target.channel.send(expiries.notice(new, self._settings, self._render, label), now=now)
            except DeliveryError as error:
                logger.warning("a notice of licences that end failed (%s)", error.reason)
                if error.permanent:
                    tally.dead += 1
                else:
                    expiries.forget(self._database, new, label)
                    tally.failed += 1
                    self._rest(label, error)
            else:
                tally.sent += 1

    def _waiting(self) -> set[str]:
        """Return the targets that are left alone for now."""
        now = self._clock()
        resting = {server for server, until in self._resting.items() if now < until}
        waiting = {
            label for label, target in self._targets.items() if target.server in resting or not target.pace.ready(now)
        }
        return waiting | ({SENDER} if _MAIL in resting else set())

    def _send(self, batch: Batch, tally: Tally) -> None:
        now = self._clock()
        claim = claims.claim(self._database, batch, lease=self._lease, now=now)
        if claim is None:
            return
        try:
            channel, notice = self._prepared(batch.target, claim, now)
            if notice:
                now = self._clock()
                if now + self._timeout >= claim.until:
                    return  # This process was stopped for a while: it could still be sending when others begin.
                channel.send(notice, now=now)
        except DeliveryError as error:
            self._fail(claim, error, tally)
            self._rest(batch.target, error)
        except Exception as error:
            # Such as a template of the site's own that fails. What it says may hold what it was about: where, not what.
            kind, where = type(error).__name__, "".join(format_tb(error.__traceback__))
            logger.error("a notice could not be made: %s\n%s", kind, where)
            self._fail(claim, DeliveryError(kind), tally)
        else:
            tally.sent += claims.sent(self._database, claim, now=self._clock())

    def _prepared(self, label: str, claim: Claim, now: datetime) -> tuple[Channel, Notice | None]:
        """Return where *claim* goes, and as what; nothing where there is no need any more. Raises `DeliveryError`."""
        if label == SENDER:
            [entry] = claim.entries
            address = self._opened(entry)
            return self._channel(address, None), letter(entry, self._settings, self._render)
        target = self._targets.get(label)
        if target is None:
            raise DeliveryError("target", permanent=True)
        notice = digest(claim.entries, self._settings, self._render, now=now)
        if notice:
            target.pace.take(now)
        return target.channel, notice

    def _opened(self, entry: claims.OutboxEntry) -> str:
        if not entry.contact:
            raise DeliveryError("contact", permanent=True)
        try:
            contact = self._vault.open(entry.contact, table="message", column="contact", row=str(entry.message_id))
        except VaultError as error:
            # A key that is not here yet may be tomorrow, or on the machine that sends it then.
            raise DeliveryError("key", permanent=error.reason != "key") from None
        if (address := mailbox(contact)) is None:
            raise DeliveryError("contact", permanent=True)
        return address

    def _fail(self, claim: Claim, error: DeliveryError, tally: Tally) -> None:
        now, jitter = self._clock(), self._jitter()
        pauses: Mapping[int, timedelta | None] = {
            entry.attempts: None
            if error.permanent
            else retries.pause(entry.attempts, jitter=jitter, wanted=error.retry_after)
            for entry in claim.entries
        }
        failed, dead = claims.failed(self._database, claim, reason=error.reason, pauses=pauses, now=now)
        tally.failed += failed
        tally.dead += dead
        logger.warning("%d deliveries failed (%s), %d of them for good", failed + dead, error.reason, dead)

    def _rest(self, label: str, error: DeliveryError) -> None:
        """Leave a server alone for a while; a mailbox that is refused or a key that is not here says nothing of it."""
        if not error.permanent and error.reason not in ("recipient", "key"):
            server = self._targets[label].server if label in self._targets else _MAIL
            asked = timedelta(seconds=error.retry_after or 0)
            self._resting[server] = self._clock() + min(max(REST, asked), retries.RETRIES[-1])

    def _target(self, target: Target) -> _Target:
        channel = self._channel(target.url, target.secret)
        return _Target(channel=channel, server=target.label if "://" in target.url else _MAIL, pace=Pace.of(channel))

    def _channel(self, url: str, secret: str | None) -> Channel:
        return route(self._settings, url, secret, timeout=self._timeout)
