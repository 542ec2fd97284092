"""Recipients: one finding for each, and all of them in the report, seen in a browser or in the markup alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from compliance.audit import Finding, rules
from compliance.audit.merging import Findings
from compliance.audit.parties import together
from compliance.audit.shapes import shape_of
from compliance.cli import compliance

HEAD = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>新闻</title>"
COUNTER = '<script src="https://hm.baidu.com/hm.js?{0}"></script>'


def found(page: str, host: str, excerpt: str) -> Finding:
    return Finding(rule=rules()["C501"], page=page, excerpt=excerpt, values={"host": host, "vendor": "百度统计"})


def test_what_one_recipient_does_everywhere_is_one_finding() -> None:
    findings = Findings()
    findings.add([found("a.html", "hm.baidu.com", "<script 1>"), found("b.html", "hmcdn.baidu.com", "<script 2>")])
    findings.add([found("c.html", "hm.baidu.com", "<script 3>")])
    (one,) = findings.all()
    assert (one.page, one.pages, one.also) == ("a.html", 3, ("b.html", "c.html"))
    assert "hm.baidu.com, hmcdn.baidu.com" in one.seen("zh_CN")
    # It is the same finding on one page alone, and when the markup changes.
    assert one.fingerprint == found("z.html", "tongji.baidu.com", "other").fingerprint


def test_every_host_of_the_markup_is_told_without_a_browser(tmp_path: Path) -> None:
    pages = {
        "index.html": COUNTER.format(1)
        + '<img src="//pics.example.net/1.png"><link rel=preconnect href="https://a.test">',
        "one.html": COUNTER.format(2) + '<script type="text/plain" data-src="https://later.test/x.js"></script>',
        "two.html": '<style>body{background:url(https://paint.test/b.png)}</style><a href="https://link.test/">x</a>',
    }
    for name, content in pages.items():
        (tmp_path / name).write_text(HEAD + content, encoding="utf-8")
    told = json.loads(CliRunner().invoke(compliance, ["check", str(tmp_path), "--format", "json"]).stdout)
    assert {(one["host"], one["written"], one["pages"], one["first"]) for one in told["recipients"]} == {
        ("hm.baidu.com", "loads", 2, "index.html"),
        ("pics.example.net", "loads", 1, "index.html"),
        ("a.test", "hint", 1, "index.html"),
        ("later.test", "held", 1, "one.html"),
        ("paint.test", "loads", 1, "two.html"),
    }
    assert [one["provider"]["zh_CN"] for one in told["recipients"] if one["category"] == "analytics"] == ["百度统计"]
    assert [one["pages"] for one in told["findings"] if one["id"] == "C501"] == [2]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("www.example.cn", "img.example.cn", True),
        ("example.com.cn", "other.com.cn", False),
        ("a.gov.cn", "b.gov.cn", False),
        ("news.bj.cn", "www.news.bj.cn", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("localhost", "localhost", True),
        ("::1", "::1", True),
        ("", "", False),
    ],
)
def test_hosts_of_one_site_are_known(one: str, other: str, expected: bool) -> None:
    assert together(one, other) is expected


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("GA1.1.1234567890.1764526000", "identifier"),
        ("8f14e45f-ceea-467a-9a36-dedd4bea2543", "identifier"),
        ("%7B%22uid%22%3A%228f14e45fceea167a%22%7D", "identifier"),
        ("1764526000", "time"),
        ("2026-11-24T08:00:00Z", "time"),
        ("CPzvwYAPzvwYAAAAAAENCZCsAP_AAH_AAAAAAAAAAAAA", "consent"),
        ("necessary,analytics", "consent"),
        ("true", "flag"),
        ("42", "number"),
        ("zh-Hans-CN", "text"),
        ("homepage-layout-v2", "text"),
        ("articlesReadRecently", "text"),
        ("https://www.example.cn/", "address"),
        ('{"a":1}', "structure"),
        ("", "empty"),
    ],
)
def test_values_are_told_apart_by_their_look(value: str, shape: str) -> None:
    assert shape_of(value) == shape


@given(st.text())
def test_any_value_has_a_look(value: str) -> None:
    assert shape_of(value)
