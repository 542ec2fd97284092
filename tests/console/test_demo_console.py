from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compliance import Compliance
from compliance.cases import State
from compliance.ledger import verify
from compliance.ledger.statistics import chosen
from compliance.messages.listing import Filter, count, entries, groups
from compliance.staff.second_factor import code_of
from demo import create_app
from demo.console import ACCOUNT, open_console, password, secret
from support.desk import Browser, hash_quickly
from support.host import ROOT

EVERY = Filter(states=frozenset(State))


def test_demo_has_an_account_and_a_month_of_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)
    host = create_app()
    host.secret_key, host.instance_path = "a key of the demo", str(tmp_path)
    Compliance(host, settings=ROOT / "compliance.toml")
    site, now = host.extensions["compliance"], datetime.now(UTC)
    for _ in range(2):  # a start that follows adds nothing
        app = open_console(site, now=now)
    browser = Browser(app)
    assert browser.sign_in(ACCOUNT, password(site)).location == "/sign-in/code"
    assert browser.post("/sign-in/code", {"code": code_of(secret(site), now=datetime.now(UTC))}).location == "/"
    cells = chosen(site.database, by="policy")
    policies, languages = ({key[place] for key in cells} for place in (0, 1))
    assert policies == {"2025.2", site.documents.policy()} and languages == {"en", "zh_CN"}
    assert sum(cell.decisions for cell in cells.values()) == site.ledger.length() > 500
    assert all(cell.agreed and cell.withdrawn for cell in cells.values()) and not list(verify(site.ledger))
    found = entries(site.database, EVERY, newest=True, limit=100, now=now)
    assert len(found) == count(site.database, EVERY, now=now) >= 25
    assert now - found[-1].created > timedelta(days=28) and found[0].created < now
    assert any(entry.overdue for entry in found) and any(entry.state is State.QUARANTINED for entry in found)
    assert max(group.cases for group in groups(site.database, Filter(), limit=5, now=now)) >= 3
