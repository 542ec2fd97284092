"""Licences that end: told by the log and to every editor, once before and once after, and again where it failed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from compliance.deliveries import Tally
from support.delivery import EDITORS, NOW, Office
from support.delivery import lite as lite
from support.delivery import mail as mail
from support.delivery import make as make
from support.delivery import render as render
from support.receiver import Answer, Receiver
from support.smtp import MailServer

NEWS = {"number": "50120220004", "expires": date(2026, 12, 24)}  # thirty days after the clock of the office


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {"licences": {"icp": "渝ICP备20009753号-2", "news": NEWS}}


def at(office: Office, **since: float) -> Tally:
    """What a run of `deliver` does so long after noon of 24 November."""
    office.clock.now = NOW + timedelta(**since)
    return office.new_worker().deliver()


def test_editors_are_told_once_before_and_once_after(
    make: Callable[..., Office], mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    office = make(deliver_to=[EDITORS])
    assert [at(office, days=days).sent for days in (-1, 0, 0, 1, 31, 34)] == [0, 1, 0, 0, 1, 0]
    before, after = mail.received
    assert before.message["Subject"] == "iChongqing: licences to renew"
    words = "Internet news information service licence 50120220004"
    assert before.message.get_content().strip() == f"{words} · ends on December 24, 2026, in 30 days"
    assert after.message.get_content().strip() == f"{words} · ended on December 24, 2026"
    told = [line for line in caplog.messages if "licences.news is 50120220004" in line]
    assert ["expires on" in told[0], "expired on" in told[1], len(told)] == [True, True, 2]


def test_nobody_is_told_at_night(lite: Callable[..., Office], mail: MailServer) -> None:
    office = lite(deliver_to=[EDITORS])
    assert at(office, hours=11) == Tally()
    assert at(office, hours=22).sent == len(mail.received) == 1


def test_who_could_not_be_told_is_told_later_and_nobody_twice(lite: Callable[..., Office], mail: MailServer) -> None:
    with Receiver() as receiver:
        receiver.answers = [Answer(status=503), Answer()]
        office = lite(deliver_to=[EDITORS, receiver.url])
        assert at(office) == Tally(sent=1, failed=1)
        assert at(office, minutes=15) == Tally(sent=1)
        assert at(office, minutes=30) == Tally()
        assert len(mail.received) == 1
        assert receiver.posts[-1].json["data"] == {
            "licences": [{"kind": "news", "number": "50120220004", "expires": "2026-12-24", "days": 30}]
        }
