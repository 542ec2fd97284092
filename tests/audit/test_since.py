"""What is different since an earlier look, in every form that a report has."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from lxml.html import document_fromstring

from compliance.audit.rules import rules
from compliance.cli import compliance

HEAD = '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>新闻</title><h1>新闻</h1>'
NUMBER = '<footer><a href="https://beian.miit.gov.cn/">渝ICP备20009753号-2</a></footer>'
BAIDU = '<script src="https://hm.baidu.com/hm.js?1"></script>'
GOOGLE = '<script src="https://www.google-analytics.com/analytics.js"></script>'


def check(*arguments: object) -> Result:
    return CliRunner().invoke(compliance, ["check", "--language", "en", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site that mends its number, and trades one tracker for another, since `before`."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text(HEAD + BAIDU, "utf-8")
    for form, options in {"json": ("--format", "json"), "html": ()}.items():
        check(site, *options, "-o", tmp_path / f"before.{form}")
    check(site, "--history", tmp_path / "before.jsonl")
    check(site, "--evidence", tmp_path / "before.zip")
    check(site, "--evidence", tmp_path / "before")
    (site / "index.html").write_text(HEAD + GOOGLE + NUMBER, "utf-8")
    return site


@pytest.mark.parametrize("kept", ["before.json", "before.jsonl", "before.zip", "before"])
def test_json_names_rules_and_recipients_wherever_the_earlier_look_was_kept(site: Path, kept: str) -> None:
    told = json.loads(check(site, "--since", site.parent / kept, "--format", "json").stdout)
    by_rule = {one["id"]: one["state"] for one in told["findings"]}
    assert "C001" in {one["id"] for one in told["since"]["mended"]}
    assert by_rule["C101"] == "still" and by_rule["C501"] == "new" and by_rule["C901"] is None
    assert told["since"]["recipients"] == {
        "new": ["www.google-analytics.com"],
        "gone": ["hm.baidu.com"],
        "still": [],
    }


def test_sarif_has_the_state_of_each_result(site: Path) -> None:
    (run,) = json.loads(check(site, "--since", site.parent / "before.json", "--format", "sarif").stdout)["runs"]
    states = {one["ruleId"]: one.get("baselineState") for one in run["results"]}
    assert {rule: states[rule] for rule in ("C001", "C101", "C901")} == {
        "C001": "absent",
        "C101": "unchanged",
        "C901": None,
    }
    # One tracker came, another went: each is a result of its own.
    assert sorted(one["baselineState"] for one in run["results"] if one["ruleId"] == "C501") == ["absent", "new"]


def test_people_read_it_on_the_terminal_on_a_page_and_in_a_pipeline(site: Path) -> None:
    before = site.parent / "before.json"
    text = " ".join(check(site, "--since", before).stdout.split())
    title = rules()["C001"].title["en"]
    assert f"C001 {title} · index.html" in text and "C101 The home page gives no way to report illegal" in text
    assert "New recipients www.google-analytics.com Recipients that are gone hm.baidu.com" in text
    page = document_fromstring(check(site, "--since", before, "--format", "html").stdout)
    lines = {row.xpath(".//a")[0].get("href")[1:5]: row[-1].text for row in page.xpath("//tr[@class]")}
    assert (lines["C101"], lines["C501"], lines["C901"]) == ("still there", "new", None)
    assert f"C001 {title} · index.html" in [one.text for one in page.iter("li")]
    root = ElementTree.fromstring(check(site, "--since", before, "--format", "junit").stdout)
    cases = {case.get("name", "")[:4]: case for case in root.iter("testcase")}
    assert cases["C001"].find("failure") is None
    assert cases["C001"].findtext("system-out") == "Mended:\nindex.html"
    assert "still there" in (cases["C101"].findtext("failure") or "")


def test_what_stood_on_a_page_that_was_not_read_is_not_mended(site: Path) -> None:
    (site / "index.html").unlink()
    (site / "other.html").write_text(HEAD, "utf-8")
    told = json.loads(check(site, "--since", site.parent / "before.json", "--format", "json").stdout)
    assert told["since"]["mended"] == [] and told["since"]["recipients"]["gone"] == []


def test_what_keeps_no_look_is_named(site: Path) -> None:
    for path in (site / "index.html", site, site.parent / "before.html", site.parent / "missing"):
        result = check(site, "--since", path)
        assert result.exit_code == 2 and f"{path} keeps no earlier look" in result.stderr
    other = check(site / "index.html", "--since", site.parent / "before.json")
    assert other.exit_code == 1 and "keeps no look at" in other.stderr
