"""The baseline: what it lets stand, what it tells of, and what it refuses."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from compliance.audit import rules
from compliance.audit.baseline import BaselineEntry, read, write
from compliance.cli import compliance


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("<html lang=zh-CN><title>新闻</title><h1>新闻</h1>", "utf-8")
    return tmp_path / "site"


def check(site: Path, *arguments: str) -> Result:
    return CliRunner().invoke(compliance, ["check", str(site), "--format", "json", *arguments])


def findings(result: Result) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    return told


def fill(file: Path, **values: str) -> None:
    """Write *values* into every entry, as a person does."""
    text = file.read_text("utf-8")
    for key, value in values.items():
        text = "\n".join(f"{key} = {value}" if line.startswith(f"{key} =") else line for line in text.split("\n"))
    file.write_text(text, "utf-8")


def test_a_baseline_is_written_filled_in_and_kept(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.toml"
    first = check(site, "--baseline", str(file), "--update-baseline")
    entries = tomllib.loads(file.read_text("utf-8"))["accepted"]
    assert [entry["fingerprint"] for entry in entries] == [one["fingerprint"] for one in findings(first)]
    assert {entry["reason"] for entry in entries} == {""}

    unfilled = check(site, "--baseline", str(file))
    assert unfilled.exit_code == 1 and unfilled.stderr.count("has no reason") == len(entries)
    assert {one["accepted"] for one in findings(unfilled)} == {None}

    fill(file, reason='"备案正在办理"', accepted_by='"编辑部"')
    accepted = check(site, "--baseline", str(file))
    assert (accepted.exit_code, accepted.stderr) == (0, "")
    assert {(one["accepted"]["reason"], one["accepted"]["by"]) for one in findings(accepted)} == {
        ("备案正在办理", "编辑部")
    }
    assert json.loads(accepted.stdout)["summary"]["accepted"] == len(entries)

    before = file.read_text("utf-8")
    check(site, "--baseline", str(file), "--update-baseline")
    assert file.read_text("utf-8") == before


def test_an_expired_entry_opens_its_finding_again(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.toml"
    check(site, "--baseline", str(file), "--update-baseline")
    fill(file, reason='"for now"', expires="2026-01-01")
    result = check(site, "--baseline", str(file))
    assert result.exit_code == 1 and "expired on 2026-01-01" in result.stderr
    assert all(one["accepted"] is None and one["lapsed"]["reason"] == "for now" for one in findings(result))
    text = CliRunner().invoke(compliance, ["check", str(site), "--baseline", str(file), "--language", "en"]).stdout
    assert "Accepted until 2026-01-01: for now" in text


def test_entries_for_what_was_mended_are_told_and_taken_out(site: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.toml"
    mended = BaselineEntry(
        fingerprint="0" * 16, rule="C001", page="index.html", reason="later", expires=date(2099, 1, 1)
    )
    write(file, [mended])
    result = check(site, "--baseline", str(file))
    assert "C001 on index.html (0000000000000000) is not found any more" in result.stderr
    check(site, "--baseline", str(file), "--update-baseline")
    assert "0" * 16 not in {entry.fingerprint for entry in read(file)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[accepted]\n", ["is no TOML"]),
        (
            '[[accepted]]\nfingerprint = "x"\nrule = "C001"\npage = ""\n[[accepted]]\nreason = 1\n',
            ["accepted[1].fingerprint", "accepted[1].expires", "accepted[2].rule", "accepted[2].reason"],
        ),
        ("ignore = true\n", ["ignore"]),
        (
            '[[accepted]]\nfingerprint = "0123456789abcdef"\nrule = "C000"\npage = ""\nexpires = 2027-01-01\n' * 2,
            ["accepted[1].rule is 'C000'", "accepted[2].rule is 'C000'", "0123456789abcdef is there 2 times"],
        ),
    ],
)
def test_every_problem_of_a_baseline_is_told_at_once(text: str, told: list[str], site: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.toml"
    file.write_text(text, "utf-8")
    result = check(site, "--baseline", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert [one for one in (str(file), *told) if one not in result.stderr] == []


def test_a_baseline_has_to_be_named_and_to_be_there(site: Path, tmp_path: Path) -> None:
    assert "add --baseline FILE" in check(site, "--update-baseline").stderr
    assert "--update-baseline makes a new one" in check(site, "--baseline", str(tmp_path / "none.toml")).stderr


@given(text=st.text(st.characters(exclude_categories=["Cs"])), day=st.dates())
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, text: str, day: date) -> None:
    file = tmp_path_factory.mktemp("baseline") / "baseline.toml"
    entry = BaselineEntry(
        fingerprint="0123456789abcdef", rule=next(iter(rules())), page=text, excerpt=text, reason=text, expires=day
    )
    write(file, [entry])
    assert read(file) == (entry,)
