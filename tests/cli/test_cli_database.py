"""`flask compliance db`: what there is, what needs a hand, and new keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import update

from compliance import Compliance, deadlines
from compliance.cli.database import STUCK
from compliance.store import tables
from compliance.store.migrations import newest
from support.editors import Editor
from support.host import create_app

HERE = bool(deadlines.unannounced(datetime.now(UTC)))  # whether the calendar is to be updated while the tests run


def run(editor: Editor, *arguments: str) -> Result:
    return editor.runner.invoke(args=["compliance", "db", *arguments])


def status(editor: Editor) -> dict[str, Any]:
    result = run(editor, "status", "--format", "json")
    found: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == bool(found["warnings"])
    return found


@pytest.fixture
def editor(settings: dict[str, Any]) -> Editor:
    """A site that tells its editors of cases."""
    settings["messages"] = {"deliver_to": ["editors@example.org"]}
    app = create_app()
    Compliance(app, settings=settings)
    return Editor(app)


def test_status_says_what_there_is(editor: Editor):
    editor.send(contact="wang@example.org")
    found = status(editor)
    assert (found["dialect"], found["version"], found["pending"], found["dead"]) == ("sqlite", newest(), 1, 0)
    every = [table.name.removeprefix(tables.PREFIX) for table in tables.metadata.sorted_tables]
    full = dict.fromkeys(("attachment", "event", "ledger", "message", "outbox", "site"), 1) | {
        "suited": int(newest() or 0)
    }
    assert found["rows"] == dict.fromkeys(every, 0) | full
    assert datetime.fromisoformat(found["oldest_pending"]).tzinfo
    lines = run(editor, "status").stdout.splitlines()
    assert ["rows", "of", "message", "1"] in [line.split() for line in lines]
    assert "wang" not in str(lines)


def test_status_warns_of_what_is_stuck_or_given_up(editor: Editor):
    assert len(status(editor)["warnings"]) == HERE
    editor.send("a")
    editor.send("b")
    assert len(status(editor)["warnings"]) == HERE
    old = datetime.now(UTC) - STUCK - timedelta(seconds=1)
    editor.database.write(lambda connection: connection.execute(update(tables.outbox).values(created=old)))
    first = tables.outbox.c.message_id == editor.get(editor.send("c")).id
    editor.database.write(
        lambda connection: connection.execute(update(tables.outbox).where(first).values(state="dead"))
    )
    stuck, dead, *_ = status(editor)["warnings"]
    assert old.isoformat() in stuck and "1 notices were given up" in dead
    result = run(editor, "status")
    assert (result.exit_code, f"Warning: {dead}" in result.stderr) == (1, True)


def test_upgrade_says_which_version_the_tables_have(editor: Editor):
    assert run(editor, "upgrade").output == f"The tables are at version {newest()}.\n"


def test_rekey_lets_an_old_key_go(settings: dict[str, Any], tmp_path: Any):
    settings["storage"] = {"url": f"sqlite:///{tmp_path}/box.db"}

    def site(*keys: str) -> Editor:
        app = create_app(COMPLIANCE_KEYS=[*keys])
        Compliance(app, settings=settings)
        return Editor(app)

    number = site("old").send(contact="wang@example.org")
    both = site("old", "new")
    assert run(both, "rekey").output == "1 cases sealed again, 0 were sealed with the newest key.\n"
    assert run(both, "rekey").output == "0 cases sealed again, 1 were sealed with the newest key.\n"
    assert site("new").get(number).contact == "wang@example.org"
    assert run(site("other"), "adopt", "--yes").exit_code == 0
    broken = run(site("other"), "rekey")
    assert (broken.exit_code, "1 cases cannot be opened" in broken.stderr) == (1, True)


@pytest.mark.parametrize("command", ["status", "upgrade", "rekey"])
def test_without_a_database_no_command_runs(settings: dict[str, Any], command: str):
    settings["storage"] = {"url": "postgresql+psycopg://postgres@127.0.0.1:1/nothing"}
    app = create_app()
    Compliance(app, settings=settings)
    result = run(Editor(app), command)
    assert (result.exit_code, result.stderr.startswith("Error: the database cannot be used: ")) == (2, True)
