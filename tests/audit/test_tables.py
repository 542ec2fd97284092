"""What was seen, as tables: for spreadsheets, and for the settings."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.audit import Report
from compliance.audit.behaviour import Act, Behaviour
from compliance.audit.readers import Reader
from compliance.audit.recipients import Conduct, Recipient
from compliance.audit.report import Screenshot
from compliance.audit.reports import FORMS
from compliance.audit.stored import Shape, Store, Stored
from compliance.settings.sources import load

SEEN = Report(
    target="https://www.example.cn",
    time=datetime(2026, 11, 24, tzinfo=UTC),
    pages=(),
    count=1,
    findings=(),
    recipients=(
        Recipient(
            host="hm.baidu.com",
            provider={"en": "Baidu Tongji", "zh_CN": "百度统计"},
            category="analytics",
            country="CN",
            readers=frozenset({Reader.UNDECIDED}),
            through=("https://www.example.cn/all.js",),
            cookies=("HMACCOUNT",),
            named=False,
        ),
        Recipient(host="cdn.example.net", readers=frozenset(Reader)),
        Recipient(host="watch.example.net", conduct=frozenset({Conduct.IDENTIFIER}), identifiers=("uid",)),
    ),
    stored=(
        Stored(
            store=Store.COOKIE,
            name="Hm_lvt_1a2b",
            host="www.example.cn",
            lifetime=31_536_000,
            provider={"en": "Baidu Tongji", "zh_CN": "百度统计"},
            category="analytics",
            setter="https://hm.baidu.com/hm.js",
            line=3,
        ),
        Stored(store=Store.COOKIE, name="choice", host="www.example.cn", shape=Shape.CONSENT),
        Stored(store=Store.LOCAL, name="=visitor", host="www.example.cn", shape=Shape.IDENTIFIER, distinct=True),
    ),
    behaviours=(Behaviour(act=Act.KEYS, script="https://watch.example.net/s.js", to="https://watch.example.net/c"),),
)


def rows(form: str, language: str) -> Sequence[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(FORMS[form]([SEEN], language)).removeprefix("\ufeff"))))


def test_recipients_are_a_matrix() -> None:
    baidu, cdn, watch = rows("recipients", "zh_CN")
    assert (baidu["主机"], baidu["运营者"], baidu["国家或地区"]) == ("hm.baidu.com", "百度统计", "CN")
    assert (baidu["选择之前"], baidu["同意之后"], baidu["政策列明"]) == ("是", "否", "否")
    assert (cdn["拒绝之后"], cdn["政策列明"]) == ("是", "不详")
    assert watch["网址中的标识符"] == "uid" and "标识符" in watch["行为"]


@pytest.mark.parametrize("form", ["recipients", "stored", "behaviours"])
def test_what_nobody_could_refuse_is_not_said_to_stay_away_after_a_no(form: str) -> None:
    """Where there was no way to refuse, a table must not look like the word of a site that heeds a no."""
    shots = tuple(
        Screenshot(page="/", reader=one, part="page", content=b"") for one in (Reader.UNDECIDED, Reader.AGREEING)
    )
    seen = replace(SEEN, screenshots=shots)
    text = "".join(FORMS[form]([seen], "zh_CN")).removeprefix("\ufeff")
    for row in csv.DictReader(io.StringIO(text)):
        assert row["拒绝之后"] == "不详" and row["同意之后"] in ("是", "否")


def test_what_is_kept_says_how_long_and_by_whom() -> None:
    counter, choice, visitor = rows("stored", "en")
    assert (counter["Kept"], counter["Set by"]) == ("12 months", "https://hm.baidu.com/hm.js:3")
    assert choice["Kept"] == "until the browser is closed"
    # A name that a spreadsheet would take for a formula.
    assert (visitor["Name"], visitor["Kept"], visitor["Another for every reader"]) == (
        "'=visitor",
        "until it is cleared",
        "yes",
    )


def test_behaviours_say_where_it_goes() -> None:
    (keys,) = rows("behaviours", "en")
    assert (keys["Script"], keys["To"]) == ("https://watch.example.net/s.js", "https://watch.example.net/c")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_what_is_to_be_pasted_is_taken_by_the_settings(language: str, tmp_path: Path) -> None:
    pasted = "".join(FORMS["consent"]([SEEN], language))
    path = tmp_path / "compliance.toml"
    path.write_text(f"""[site]
name = "新闻"
url = "https://www.example.cn"
languages = ["zh_CN"]
operator = "新闻社"
email = "news@example.cn"
[consent]
mode = "opt-in"
categories = ["analytics"]
{pasted}""")
    found = load(path).consent
    assert [(one.name, one.category) for one in found.cookies] == [
        ("Hm_lvt_*", "analytics"),
        ("choice", "necessary"),
    ]
    assert [(one.host, one.category, one.country) for one in found.trackers] == [
        ("hm.baidu.com", "analytics", "CN"),
        ("cdn.example.net", "necessary", None),
        ("watch.example.net", "analytics", None),
    ]
