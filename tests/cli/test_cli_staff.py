"""`flask compliance staff …` and `flask compliance console`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import update

from compliance.ledger import Trail
from compliance.staff import Accounts, Role
from compliance.store.staff import act
from support.desk import hash_quickly
from support.host import ROOT


class Terminal:
    def __init__(self, app: Flask) -> None:
        self.runner = app.test_cli_runner()
        self.state = app.extensions["compliance"]
        self.accounts = Accounts(self.state.database, self.state.vault)

    def __call__(self, *arguments: str, status: int = 0) -> Result:
        result = self.runner.invoke(args=["compliance", "staff", *arguments])
        assert result.exit_code == status, result.output
        return result

    def password(self, *arguments: str) -> str:
        return str(self(*arguments).stdout.splitlines()[-1])


@pytest.fixture
def terminal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    hash_quickly(monkeypatch)
    return Terminal(app)


def test_account_is_added_listed_reset_and_disabled(terminal: Terminal) -> None:
    first = terminal.password("add", "li.ming", "--role", "handler", "--full-name", "Li Ming")
    assert re.fullmatch(r"(?:[a-z2-9]{4}-){4}[a-z2-9]{4}", first)
    account = terminal.accounts.get("li.ming")
    assert (account.role, account.full_name, account.temporary) == (Role.HANDLER, "Li Ming", True)
    assert terminal.accounts.is_password(account, first)
    terminal("disable", "li.ming")
    assert "disabled" in terminal("list").stdout
    second = terminal.password("reset", "li.ming")
    assert second != first and terminal.accounts.is_password(account, second)
    assert not terminal.accounts.is_password(account, first)
    listed = json.loads(terminal("list", "--format", "json").stdout)
    assert [(one["name"], one["role"], one["state"]) for one in listed] == [("li.ming", "handler", "to be set up")]
    rows = json.loads(terminal("log", "--format", "json").stdout)
    assert [row["action"] for row in rows] == ["account_reset", "account_disabled", "account_added"]
    assert {row["about"] for row in rows} == {"li.ming"} and all(row["detail"]["terminal"] for row in rows)
    assert first not in str(rows) and second not in str(rows)


def test_account_elsewhere_has_no_password(terminal: Terminal) -> None:
    assert "provider of identities" in terminal("add", "wang@example.org", "--role", "viewer", "--elsewhere").stdout
    assert not terminal.accounts.get("wang@example.org").has_password


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "li.ming", "--role", "viewer"), "already"),
        (("add", "Li Ming", "--role", "viewer"), "small letters"),
        (("add", "x" * 65, "--role", "viewer"), "at most 64"),
        (("add", "wang", "--role", "viewer", "--full-name", "x" * 101), "full name is too long"),
        (("add", "wang", "--role", "king"), "king"),
        (("reset", "wang"), "no account"),
        (("disable", "wang"), "no account"),
        (("disable", "li.ming"), "last administrator"),
    ],
)
def test_what_cannot_be_done_is_told_and_leaves_no_trace(
    terminal: Terminal, arguments: tuple[str, ...], words: str
) -> None:
    terminal("add", "li.ming", "--role", "administrator")
    result = terminal(*arguments, status=2)
    assert words in result.stderr
    assert len(json.loads(terminal("log", "--format", "json").stdout)) == 1


def test_log_is_verified(terminal: Terminal) -> None:
    assert "0 rows" in terminal("verify").stdout
    for name in ("a", "b", "c"):
        terminal("add", name, "--role", "viewer")
    said = terminal("verify").stdout
    assert "3 rows, all as they were written." in said and re.search(r"The end: 3:[0-9a-f]{64}", said)
    changed = update(act).where(act.c.sequence == 2).values(about="d")
    terminal.state.database.write(lambda connection: connection.execute(changed))
    assert "row 2: was changed" in terminal("verify", status=1).stdout
    assert [
        one["reason"] for one in json.loads(terminal("verify", "--format", "json", status=1).stdout)["findings"]
    ] == ["changed"]


def test_log_can_be_narrowed(terminal: Terminal) -> None:
    for name in ("a", "b"):
        terminal("add", name, "--role", "viewer")
    assert len(json.loads(terminal("log", "--about", "b", "--format", "json").stdout)) == 1
    assert json.loads(terminal("log", "--by", "a", "--format", "json").stdout) == []
    assert len(json.loads(terminal("log", "--limit", "1", "--format", "json").stdout)) == 1
    assert "added an account" in terminal("log").stdout


def test_log_is_exported_as_what_proves_itself(terminal: Terminal, tmp_path: Path) -> None:
    for name in ("a", "b"):
        terminal("add", name, "--role", "viewer")
    file = tmp_path / "log.jsonl"
    terminal("export", "--output", str(file))
    assert "3 rows, all as they were written." in terminal("verify", "--file", str(file)).stdout  # its own, too
    file.write_bytes(file.read_bytes().replace(b'"about":"b"', b'"about":"c"'))
    said = json.loads(terminal("verify", "--file", str(file), "--format", "json", status=1).stdout)
    assert [(one["reason"], one["sequence"]) for one in said["findings"]] == [("changed", 2)]
    table = terminal("export", "--format", "csv").stdout
    assert table.splitlines()[0].lstrip("\ufeff").startswith("sequence,at,actor") and "account_added" in table
    assert "no export of the audit log" in terminal("verify", "--file", __file__, status=2).stderr


def test_log_is_let_go_of_in_its_time(terminal: Terminal) -> None:
    terminal("add", "a", "--role", "viewer")
    years_ago = datetime.now(UTC) - timedelta(days=1100)
    trail = Trail(terminal.state.database, terminal.state.vault)
    list(trail.purge(datetime.now(UTC) + timedelta(days=1)))
    trail.append("refused", actor="b", now=years_ago)
    trail.append("refused", actor="c", now=datetime.now(UTC))

    def purged(*arguments: str) -> list[dict[str, Any]]:
        result = terminal.runner.invoke(args=["compliance", "purge", "--format", "json", *arguments])
        assert result.exit_code == 0, result.output
        return [row for row in json.loads(result.stdout) if row["what"] == "audit_log"]

    assert purged("--dry-run") == purged() == [{"what": "audit_log", "kind": "act", "number": 1}]
    assert purged() == []
    assert [(one.action, one.actor) for one in trail.links()] == [("refused", "c"), ("trail_purged", "")]
    assert "all as they were written" in terminal("verify").stdout


def test_account_is_linked_to_whom_a_provider_knows(terminal: Terminal) -> None:
    for name in ("li.ming", "wang"):
        terminal("add", name, "--role", "viewer")
    assert "signs in at the provider" in terminal("link", "li.ming", "5" * 64).stdout
    for arguments, words in {
        ("link", "wang", "5" * 64): "linked to this person already",
        ("link", "wang", "li.ming"): "no code of somebody",
        ("link", "nobody", "6" * 64): "no account of this name",
    }.items():
        assert words in terminal(*arguments, status=2).stderr
    assert "linked an account" in terminal("log", "--about", "li.ming").stdout
    assert terminal("list").stdout.count("in use") == 1  # nothing is left to be set up


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = 'News ID'", "has no client_id, client_secret"),
        ("name = 'N'\nclient_id = 'a'\nclient_secret = 'b'", "of the kind oidc needs issuer"),
        ("name = 'N'\nclient_id = 'a'\nclient_secret = 'b'\nkind = 'wecom'", "of the kind wecom needs agent"),
        ("name = 'N'\nclient_id = 'a'\nclient_secret = 'b'\nkind = 'saml'", "kind is 'saml'; give one of oidc"),
        ("name = 'N'\nclient_id = 'a'\nclient_secret = 'b'\nagent = 1000002", "agent cannot be used"),
        ("secret = 'b'", "secret cannot be used"),
        ("name =", "cannot be read"),
    ],
)
def test_provider_that_cannot_be_asked_is_told(terminal: Terminal, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "provider.toml"
    file.write_text(text)
    result = terminal.runner.invoke(args=["compliance", "console", "--provider", str(file)])
    assert result.exit_code == 2 and words in result.stderr and "provider.toml" in result.stderr


SITE = """
from flask import Flask
from compliance import Compliance
from support.host import SETTINGS
app = Flask("site", instance_path={folder!r})
app.secret_key = "a key that nobody can guess"
Compliance(app, settings=SETTINGS)
"""


@pytest.mark.slow
def test_console_is_served_where_it_says(tmp_path: Path) -> None:
    (tmp_path / "site_of_ours.py").write_text(SITE.format(folder=str(tmp_path)), encoding="utf-8")
    command = [sys.executable, "-u", "-m", "flask", "--app", "site_of_ours", "compliance", "console"]
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}:{ROOT / 'tests'}", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    provider = tmp_path / "provider.toml"
    provider.write_text("kind = 'wecom'\nname = 'WeCom'\nclient_id = 'a'\nclient_secret = 'b'\nagent = '1'")
    with subprocess.Popen(
        [*command, "--bind", "127.0.0.1:0", "--provider", str(provider)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    ) as server:
        assert server.stdout is not None
        try:
            address = re.findall(r"http://[\d.:]+/", server.stdout.readline())[0]
            with urlopen(f"{address}sign-in") as answer:
                assert "Sign in with WeCom" in answer.read().decode()
        finally:
            server.terminate()
