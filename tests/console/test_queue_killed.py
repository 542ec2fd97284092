"""The console killed in the middle of a change of many cases: each is whole, and the trail knows of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance.ledger import verify_acts
from compliance.messages.listing import Filter, entries
from compliance.store import Database
from support.desk import Office, hash_quickly
from support.host import SETTINGS

KILLED = """
import json, os, signal, sys
from pathlib import Path
from sqlalchemy import event
from support.desk import Office

office = Office(Path(sys.argv[1]), json.loads(sys.argv[6]))
form, word, left = json.loads(sys.argv[2]), sys.argv[3], int(sys.argv[4])
browser = office.of(office.console.accounts.get("li"))

@event.listens_for(office.console.store.database.engine, "before_cursor_execute")
def _(connection, cursor, statement, *_):
    global left
    left -= statement.startswith(word)
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

browser.post(sys.argv[5], form)
"""


@pytest.fixture
def settings(address: str) -> dict[str, Any]:
    return {**SETTINGS, "storage": {"url": address}}


@pytest.fixture
def office(
    settings: dict[str, Any], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """A console on each kind of database."""
    hash_quickly(monkeypatch)
    office = Office(tmp_path, settings)
    yield office
    office.console.store.database.close()


def killed(folder: Path, settings: dict[str, Any], path: str, form: dict[str, Any], *, word: str, count: int) -> None:
    """Send *form* to *path* of a console that is killed before it says *word* to the database for that time."""
    command = [sys.executable, "-c", KILLED, str(folder), json.dumps(form), word, str(count), path]
    command.append(json.dumps(settings))
    known = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run(command, env=known, cwd=Path(__file__).parents[2]).returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("word", ["INSERT INTO compliance_event", "INSERT INTO compliance_act"])
def test_a_change_of_many_that_is_killed_leaves_each_case_whole(
    office: Office, settings: dict[str, Any], tmp_path: Path, word: str
):
    office.add("li")
    numbers = [office.send(str(place)) for place in range(5)]
    form = {"case": [f"{number}:1" for number in numbers], "act": "rejected", "text": "不予受理", "language": "zh_CN"}
    killed(tmp_path, settings, "/messages/bulk", {**form, "do": "go"}, word=word, count=3)
    cases = {number: office.get(number) for number in numbers}
    states = [(case.state, case.version, len(case.events)) for case in cases.values()]
    assert sorted(states) == [("received", 1, 1)] * 3 + [("rejected", 2, 2)] * 2
    moved = {number for number, case in cases.items() if case.state == "rejected"}
    told = {act.about for act in office.trail() if act.action == "case_answered"}
    assert told == moved and not list(verify_acts(office.console.trail))
    # The rest is done as if nothing had been, and what was done has its way back.
    chosen = [f"{number}:1" for number in numbers if number not in moved]
    assert (
        office.of(office.console.accounts.get("li"))
        .post("/messages/bulk", {**form, "case": chosen, "do": "go"})
        .status_code
        == 303
    )
    assert not entries(office.console.store.database, Filter(), limit=9, now=office.now)


@pytest.mark.slow
def test_a_way_back_that_is_killed_stands_in_the_trail_as_far_as_it_came(
    office: Office, settings: dict[str, Any], tmp_path: Path
):
    browser = office.of(office.add("li"))
    numbers = [office.send(str(place)) for place in range(4)]
    form = {"case": [f"{number}:1" for number in numbers], "act": "take", "do": "go"}
    done = browser.post("/messages/bulk", form)
    killed(tmp_path, settings, f"{done.location}/undo", {}, word="INSERT INTO compliance_event", count=3)
    back = [number for number in numbers if not office.get(number).assignee]
    told = [act.about for act in office.trail() if act.action == "case_assigned"][len(numbers) :]
    assert len(back) == 2 and sorted(told) == sorted(back)
