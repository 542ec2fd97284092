"""The ledger as an editor knows it: at the command line of a site whose readers have decided."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, update

from compliance.ledger import Entry, Ledger, Spool, Text
from compliance.store.tables import decision as consent
from compliance.store.tables import ledger

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
TEXT = Text(name="privacy", version="1.0", language="en", text="Privacy\n\nWe keep what you decide.\n")


class Site:
    """A site, its ledger, and somebody at a terminal."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.ledger: Ledger = app.extensions["compliance"].ledger
        self.database = app.extensions["compliance"].database
        self.runner = app.test_cli_runner()

    def __call__(self, *arguments: str, status: int = 0, text: str | None = None) -> Result:
        result = self.runner.invoke(args=["compliance", "consents", *arguments], input=text)
        assert result.exit_code == status, result.output
        return result

    def json(self, *arguments: str, status: int = 0) -> Any:
        return json.loads(self(*arguments, "--format", "json", status=status).stdout)

    def decide(self, record: str, *, days: int = 0, method: str = "accept", **values: Any) -> None:
        given = {"before": None, "policy": "1.0", "mode": "opt-in", "language": "en", "path": "/news/1"}
        choices = {"analytics": method == "accept", "social": method in ("accept", "custom")}
        given |= {"choices": choices, "texts": {"privacy": TEXT.hash}}
        time = NOW + timedelta(days=days)
        self.ledger.append([Entry(**{"record": record, "time": time, "method": method, **given, **values})], [TEXT])


@pytest.fixture
def site(app: Flask) -> Site:
    return Site(app)


@pytest.fixture
def filled(site: Site) -> Site:
    """A site on which four readers decided, one of them twice."""
    site.decide("a")
    site.decide("b", days=1, method="reject", language="zh_CN")
    site.decide("c", days=10, method="custom", language="zh_CN")
    site.decide("d", days=11, method="withdraw", before="c")
    site.decide("e", days=12, path="=1+1")
    return site


def test_ledger_that_is_whole_is_said_to_be(filled: Site) -> None:
    head, _ = filled.ledger.head()
    assert head is not None
    assert filled("verify").stdout == f"5 rows, all as they were written. The end: 5:{head.hash}\n"
    assert filled.json("verify") == {
        "rows": 5,
        "end": {"sequence": 5, "hash": head.hash},
        "findings": [],
        "more": 0,
    }


def test_ledger_without_a_row_is_whole(site: Site) -> None:
    assert site("verify").stdout == "0 rows, all as they were written.\n"


def test_what_is_wrong_is_located(filled: Site) -> None:
    filled.database.write(lambda c: c.execute(update(consent).where(consent.c.sequence == 3).values(at=NOW)))
    assert filled("verify", status=1).stdout == "row 3: was changed\n"
    (finding,) = filled.json("verify", status=1)["findings"]
    assert (finding["sequence"], finding["reason"], finding["detail"]) == (3, "changed", "was changed")


def test_noted_row_is_still_there(filled: Site) -> None:
    third = list(filled.ledger.links(2))[0]
    filled("verify", "--known", f"3:{third.hash}")
    assert "row 3" in filled("verify", "--known", f"3:{'0' * 64}", status=1).stdout
    assert "row 9" in filled("verify", "--known", f"9:{third.hash}", status=1).stdout
    assert "--known" in filled("verify", "--known", "three", status=2).stderr


def test_verification_goes_on_from_a_row_that_was_noted(filled: Site) -> None:
    third, fourth = list(filled.ledger.links(2))[:2]
    filled.database.write(lambda c: c.execute(update(consent).where(consent.c.sequence == 1).values(hash="0" * 64)))
    filled("verify", status=1)
    assert filled.json("verify", "--after", f"3:{third.hash}")["rows"] == 2
    assert filled.json("verify", "--after", f"3:{fourth.hash}", status=1)["findings"][-1]["reason"] == "known"
    filled.database.write(lambda c: c.execute(update(consent).where(consent.c.sequence == 4).values(hash="0" * 64)))
    findings = filled.json("verify", "--after", f"3:{third.hash}", status=1)["findings"]
    assert [(finding["sequence"], finding["reason"]) for finding in findings] == [(4, "changed"), (5, "previous")]


def test_end_that_is_named_is_the_one_that_was_verified(filled: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def head(ledger: Ledger) -> Any:
        asked.append(found := usual(ledger))
        filled.decide(f"late-{len(asked)}", days=13)
        return found

    usual = Ledger.head
    monkeypatch.setattr(Ledger, "head", head)
    told = filled.json("verify")
    assert told["rows"] == told["end"]["sequence"] < len(list(filled.ledger.links()))


def test_end_is_sealed_anew_where_nothing_else_is_wrong(filled: Site) -> None:
    filled.database.write(lambda c: c.execute(update(ledger).values(seal="0" * 64)))
    assert "seal" in filled("verify", status=1).stdout
    filled("verify", "--seal")
    filled("verify")
    filled.database.write(lambda c: c.execute(update(ledger).values(seal="0" * 64)))
    filled.database.write(lambda c: c.execute(delete(consent).where(consent.c.sequence == 5)))
    assert filled("verify", "--seal", status=1).stdout.count("row 4") == 2
    filled("verify", status=1)


def test_month_is_listed_verified_kept_as_a_file_and_let_go_of(filled: Site, tmp_path: Path) -> None:
    path, ends = str(tmp_path / "november.gz"), [link.hash for link in filled.ledger.links()]
    assert filled.json("months") == [
        {"month": "2026-11", "rows": 2, "end": f"2:{ends[1]}", "state": "sealed", "kept": 2},
        {"month": "2026-12", "rows": 3, "end": f"5:{ends[4]}", "state": "written", "kept": 3},
    ]
    assert "2026-12" in filled("months").stdout
    assert filled("verify", "--month", "2026-11").stdout == f"2 rows, all as they were written. The end: 2:{ends[1]}\n"
    filled("verify", "--month", "2026-10", status=2)
    filled("verify", "--month", "2026-11", "--file", __file__, status=2)
    filled("archive", "2026-12", "-o", path, status=2)
    said = filled("archive", "2026-11", "-o", path, "--let-go", text="y\n").stdout
    assert said.endswith(f"2 rows written to {path}.\n2 rows let go.\n")
    assert [row["record"] for row in filled.json("export")] == ["c", "d", "e"]
    assert [row["kept"] for row in filled.json("months")] == [0, 3]
    filled("verify")
    filled("archive", "2026-11", "-o", str(tmp_path / "again"), status=2)
    assert "2 rows, all as they were written." in filled("verify", "--file", path).stdout
    assert filled("erase", "b", "--file", path, "--yes").stdout == "1 rows erased.\n"
    assert filled.json("verify", "--file", path)["findings"] == []
    (tmp_path / "none").write_text("none")
    assert "take another copy" in filled("verify", "--file", str(tmp_path / "none"), status=2).stderr


def test_record_is_shown_with_the_decisions_before_it(filled: Site) -> None:
    rows = filled.json("show", "d")
    assert [(row["number"], row["record"], row["decision"]) for row in rows] == [
        (4, "d", "withdraw"),
        (3, "c", "custom"),
    ]
    shown = filled("show", "d").stdout
    assert "analytics=no social=yes" in shown and TEXT.hash in shown
    assert "'forged'" in filled("show", "forged", status=2).stderr


@pytest.mark.parametrize("record", ["-Oforged", "--forged", "-", "-h"])
def test_id_of_a_record_may_look_like_an_option(filled: Site, record: str) -> None:
    for command in ("show", "erase"):
        assert repr(record) in filled(command, record, status=2).stderr


def test_text_is_printed_as_it_was(filled: Site) -> None:
    assert filled("text", TEXT.hash.upper()).stdout == TEXT.text
    filled("text", "0" * 64, status=2)


def test_export_is_a_table_that_holds_no_formula(filled: Site, tmp_path: Path) -> None:
    filled("export", "-o", str(tmp_path / "consents.csv"))
    content = (tmp_path / "consents.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["record"] for row in rows] == ["a", "b", "c", "d", "e"]
    assert (rows[0]["time"], rows[0]["choices"]) == ("2026-11-24 12:00:00", "analytics=yes social=yes")
    assert rows[4]["path"] == "'=1+1"


def test_export_is_what_the_chain_is_made_of(filled: Site) -> None:
    rows = filled.json("export")
    assert [row["hash"] for row in rows] == [link.hash for link in filled.ledger.links()]
    assert rows[0]["choices"] == {"analytics": True, "social": True}
    lines = filled("export", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_export_takes_days_of_china(filled: Site) -> None:
    filled.decide("f", days=13, time=datetime(2026, 12, 7, 16, 30, tzinfo=UTC))
    rows = filled.json("export", "--since", "2026-12-05", "--until", "2026-12-08")
    assert [row["record"] for row in rows] == ["d", "e", "f"]


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("month", [("2026-11", 2, 0.5), ("2026-12", 3, 0.6667)]),
        ("language", [("en", 3, 0.6667), ("zh_CN", 2, 0.5)]),
        ("day", [("2026-11-24", 1, 1.0), ("2026-11-25", 1, 0.0), ("2026-12-04", 1, 1.0), ("2026-12-05", 1, 0.0)]),
    ],
)
def test_stats_count_by_period_and_language(filled: Site, by: str, rows: list[tuple[str, int, float]]) -> None:
    counted = filled.json("stats", "--by", by)
    assert [(row[by], row["decisions"], row["share"]) for row in counted][:4] == rows
    assert filled("stats", "--by", by).stdout.splitlines()[-1].split() == ["all", "5", "2", "1", "1", "1", "0.6"]


def test_stats_are_drawn(filled: Site, tmp_path: Path) -> None:
    filled("stats", "--format", "svg", "-o", str(tmp_path / "agreement.svg"))
    drawing = (tmp_path / "agreement.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(drawing)
    assert "zh_CN" in drawing and "2026-12" in drawing and "<script" not in drawing


def test_stats_of_nothing(site: Site) -> None:
    assert site("stats").stdout.splitlines()[-1].split()[:2] == ["all", "0"]
    assert site.json("stats") == []
    assert site("stats", "--format", "svg").stdout.startswith("<?xml")


def test_erasing_asks_first(filled: Site) -> None:
    filled("erase", "d", text="n\n", status=1)
    assert len(filled.json("show", "d")) == 2
    assert filled("erase", "d", text="y\n").stdout.endswith("2 rows erased.\n")
    (row,) = filled.json("show", "d")
    assert (row["decision"], row["record"], row["salt"], row["path"]) == ("erased", None, None, None)
    filled("erase", "d", "--yes", status=2)
    filled("verify")
    assert [row["decision"] for row in filled.json("export")][2:] == [
        *("erased", "erased", "accept"),
        *("erasure of 4", "erasure of 3"),
    ]


def test_record_that_waits_elsewhere_is_erased_ahead(site: Site) -> None:
    assert "--ahead" in site("erase", "a", "--yes", status=2).stderr
    assert site("erase", "a", "--ahead", "--yes").stdout == "0 rows erased.\n"
    given = {"policy": "1.0", "mode": "opt-in", "method": "accept", "language": "en", "path": "/"}
    elsewhere = Spool(Path(site.app.instance_path) / "compliance-consents")
    elsewhere.add(Entry(record="a", before=None, time=NOW, choices={}, texts={"privacy": TEXT.hash}, **given), [TEXT])
    elsewhere.reset()
    assert site("drain").stdout == "1 decisions written.\n"
    assert [row["decision"] for row in site.json("export")] == ["erased", "erasure of 1"]
    site("verify")


def test_purge_lets_go_of_what_is_older_than_the_settings_say(site: Site) -> None:
    today = (datetime.now(UTC) - NOW).days
    site.decide("old", days=today - 1462)
    site.decide("young", days=today - 1458)
    assert site("purge").stdout == "1 rows let go.\n"
    assert [row["record"] for row in site.json("export")] == ["young"]
    site("verify")


def test_daily_purge_lets_go_of_the_ledger_too(site: Site) -> None:
    site.decide("old", days=(datetime.now(UTC) - NOW).days - 1462)
    arguments = ["compliance", "purge", "--format", "json"]
    wanted = [{"what": "ledger", "kind": "consent", "number": 1}]
    for more, rows in ((["--dry-run"], 1), ([], 0)):
        assert json.loads(site.runner.invoke(args=[*arguments, *more]).stdout) == wanted
        assert site.ledger.length() == rows
    site("verify")


@pytest.mark.parametrize("command", ["consents drain", "deliver"])
def test_what_the_dead_left_is_written(command: str, site: Site) -> None:
    given = {"policy": "1.0", "mode": "opt-in", "method": "accept", "language": "en", "path": "/"}
    dead = Spool(Path(site.app.instance_path) / "compliance-consents")
    dead.add(Entry(record="a", before=None, time=NOW, choices={}, texts={"privacy": TEXT.hash}, **given), [TEXT])
    dead.reset()
    assert site.runner.invoke(args=["compliance", *command.split()]).exit_code == 0
    assert [row["record"] for row in site.json("export")] == ["a"]
    assert site("drain").stdout == "0 decisions written.\n"
    site("verify")


SITE = """
from flask import Flask
from compliance import Compliance
from support.host import SETTINGS

app = Flask("host", instance_path={folder!r})
app.secret_key = "a long random value"
Compliance(app, settings=SETTINGS)
"""


def test_bar_is_drawn_on_a_terminal_and_not_in_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "host_site.py").write_text(SITE.format(folder=str(tmp_path)))
    command = [sys.executable, "-m", "flask", "--app", "host_site:app", "compliance", "consents", "verify"]
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), tests, str(Path(tests).parent)])}
    options: dict[str, Any] = {"cwd": tmp_path, "env": environment, "timeout": 60}
    piped = subprocess.run(command, capture_output=True, text=True, **options)
    assert (piped.returncode, piped.stderr) == (0, "")
    ours, theirs = pty.openpty()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=theirs, check=True, **options)
    os.close(theirs)
    assert "Verifying" in os.read(ours, 4096).decode()
    os.close(ours)
