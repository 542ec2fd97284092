"""The starter documents: both languages say the same, line by line, and neither says what is not so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup

from compliance import settings as settings_file
from compliance.documents import Document, load
from compliance.documents.library import STARTERS
from compliance.paths import TEMPLATES

pytestmark = pytest.mark.slow

FOLDER = TEMPLATES / "documents"
MODES = ("notice", "opt-in", "opt-out")
LAWS = {
    "个人信息保护法": "Personal Information Protection Law",
    "民法典": "Civil Code",
    "网络安全法": "Cybersecurity Law",
    "互联网信息服务算法推荐管理规定": "Provisions on Algorithmic Recommendation in Internet Information Services",
    "人工智能生成合成内容标识办法": "Measures for Labelling AI-generated Synthetic Content",
    "未成年人网络保护条例": "Regulations on the Protection of Minors Online",
    "儿童个人信息网络保护规定": "Provisions on the Protection of Children’s Personal Information Online",
    "通用数据保护条例": "EU General Data Protection Regulation",
}
DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


def number(text: str) -> int:
    total = digit = 0
    for sign in text:
        if unit := {"千": 1000, "百": 100, "十": 10}.get(sign):
            total, digit = total + (digit or 1) * unit, 0
        else:
            digit = DIGITS.get(sign, 0)
    return total + digit


def statutes(line: str, language: str) -> Counter[str]:
    """The laws that a line names, with article, paragraph and item."""
    found: Counter[str] = Counter()
    if language == "zh_CN":
        for law, article, paragraph, item in re.findall(
            r"《([^》]+)》(?:第([一-十百千零]+)条)?(?:第([一-十]+)款)?(?:第([一-十]+)项)?", line
        ):
            if law in LAWS:
                found[" ".join([LAWS[law], *(str(number(one)) for one in (article, paragraph, item) if one)])] += 1
    else:
        for law in LAWS.values():
            for article in re.findall(rf"{re.escape(law)}(?:, Art\. ([0-9]+(?:\([0-9]+\))*))?", line):
                found[" ".join([law, *re.findall("[0-9]+", article)])] += 1
    return found


def shape(line: str, language: str) -> dict[str, Any]:
    """What both languages have to have in common on one line."""
    tags = [re.sub(r'"[^"]*"', '""', tag) for tag in re.findall(r"\{%.*?%\}", line)]
    values = Counter(re.sub(r'"[^"]*"', '""', value) for value in re.findall(r"\{\{.*?\}\}", line))
    start = re.match(r"(#+ |- |\d+\. |\||> )?", line)
    return {
        "kind": start[0] if start else "",
        "heading": re.findall(r"\{: #([a-z-]+) *\}", line),
        "tags": tags,
        "values": values,
        "links": Counter(re.findall(r"\]\(((?:[^(){}]|\{\{[^}]*\}\})*)\)", line)),
        "cells": line.count("|") if line.startswith("|") else 0,
        # Times and telephones; what is counted in words, and articles, stand elsewhere.
        "numbers": Counter(
            re.findall(r"[0-9]{2,}", re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\]\(.*?\)|Arts?\. [0-9()]+|第 [0-9]+ 条", "", line))
        ),
        "bold": len(re.findall(r"\*\*[^*]+\*\*", line)),
        "statutes": statutes(line, language),
        "GDPR": Counter(re.findall(r"第 ([0-9]+) 条" if language == "zh_CN" else r"\(Art\. ([0-9]+)", line)),
    }


def lines(name: str, language: str) -> list[str]:
    text = (FOLDER / language / f"{name}.md").read_text(encoding="utf-8")
    return [line for line in text.split("\n---\n", 1)[1].splitlines() if line.strip()]


@pytest.mark.parametrize("name", STARTERS)
def test_both_languages_say_the_same_line_by_line(name: str) -> None:
    chinese, english = lines(name, "zh_CN"), lines(name, "en")
    for zh, en in zip(chinese, english, strict=False):
        assert shape(zh, "zh_CN") == shape(en, "en"), f"{zh}\n{en}"
    assert len(chinese) == len(english)


def test_the_comparison_sees_what_is_left_out() -> None:
    assert statutes("依据《民法典》第一千零二十八条", "zh_CN") == statutes("under the Civil Code, Art. 1028,", "en")
    assert shape("见[我们](a.md#b) {{ x.y }}", "zh_CN") == shape("see [us](a.md#b), {{ x.y }}", "en")
    assert shape("见[我们](a.md#b)", "zh_CN") != shape("see [us](a.md)", "en")
    assert shape("- **甲** {{ x }}", "zh_CN") != shape("- **A.** ", "en")
    assert shape("保存 30 分钟", "zh_CN") != shape("kept for 20 minutes", "en")


PEOPLE = {
    "zh_CN": ["统计公司", "地图公司", "广告公司", "视频公司", "分享公司", "字体公司"],
    "en": ["Counter", "Maps", "Adverts", "Videos", "Sharing", "Fonts"],
}
CATEGORIES = {"analytics": {}, "advertising": {}, "abroad": {"name": {"en": "Abroad", "zh_CN": "境外服务"}}}


def trackers(count: int) -> list[dict[str, Any]]:
    places = [("analytics", "CN"), ("advertising", "CN"), ("analytics", "CN"), ("abroad", "US"), ("abroad", "JP")]
    return [
        {
            "host": f"t{number}.example",
            "category": category,
            "country": country,
            "provider": {language: names[number] for language, names in PEOPLE.items()},
            "contact": f"privacy@t{number}.example",
            "entrusted": number % 2 == 0,
        }
        for number, (category, country) in enumerate([*places, ("necessary", "CN")][:count])
    ]


def documents(settings: dict[str, Any], **consent: Any) -> Iterator[tuple[str, str, str]]:
    """Every starter document as a reader sees it: its name, language and words."""
    site = {"languages": ["en", "zh_CN"]}
    given = settings | {"site": settings["site"] | site, "consent": consent}
    found = load(settings_file.load(given), folders=[FOLDER])
    for name in found.names:
        for language in ("en", "zh_CN"):
            document = found.get(name, language)
            assert document is not None
            yield name, language, " ".join(BeautifulSoup(document.html, "html.parser").get_text().split())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("count", [0, 1, 6])
def test_consent_is_claimed_only_where_it_is_asked_for(
    settings: dict[str, Any], mode: str, optional: bool, count: int
) -> None:
    categories = CATEGORIES if optional or count else {}
    told = documents(settings, mode=mode, categories=categories, trackers=trackers(count))
    texts = {(name, language): text for name, language, text in told}
    for (_, _), text in texts.items():
        assert not re.search(r"继续浏览的|阅知提示|by continuing|None|\{[{%]|  \|", text)
    for language, ground, runs in (
        ("zh_CN", "回传 您的同意", "在您拒绝之前，"),
        ("en", "visit Your consent", "Until you refuse them,"),
    ):
        privacy, cookies = texts["privacy", language], texts["cookies", language]
        assert (ground in privacy) == (mode == "opt-in" and bool(categories))
        for text in (privacy, cookies):
            assert (runs in text) == (mode != "opt-in" and bool(categories))
            gpc = "Global Privacy Control" in text
            assert gpc == bool(categories)
        point = {"zh_CN": "处理非必要 Cookie，依据是您的同意", "en": "Optional cookies rest on your consent"}[language]
        assert (point in privacy) == (mode == "opt-in" and bool(categories))
        alone = {"zh_CN": "单独同意后才会接收您的信息", "en": "separately agreed to their category"}[language]
        assert (alone in privacy) == (mode == "opt-in" and count == 6)
        assert [one for one in PEOPLE[language][:count] if one not in privacy] == []
        apart = {"zh_CN": "除标为“必要”的外", "en": "apart from those marked as necessary"}[language]
        assert (apart in privacy) == (count == 6)
        nobody = {"zh_CN": "未使用第三方 Cookie", "en": "used no cookies of other parties"}[language]
        assert (nobody in privacy) == (count == 0)


@pytest.mark.parametrize("mode", MODES)
def test_nobody_is_told_to_refuse_what_cannot_be_refused(settings: dict[str, Any], mode: str) -> None:
    needed = {"host": "t.example", "category": "necessary", "country": "US", "contact": "a@t.example"}
    told = documents(settings, mode=mode, categories={}, trackers=[needed])
    texts = {(name, language): text for name, language, text in told}
    for language, words in (
        ("zh_CN", "拒绝其所属|拒绝上述接收方|在您允许其所属"),
        ("en", "refuse their|refuse the category|before you allow"),
    ):
        assert not re.search(words, texts["privacy", language])
        assert {"zh_CN": "属于向境外提供", "en": "is transferred abroad"}[language] in texts["privacy", language]


def test_chinese_text_has_no_gaps_of_western_text(settings: dict[str, Any]) -> None:
    chinese = {"name": {"en": "News", "zh_CN": "重庆新闻"}, "operator": {"en": "Press", "zh_CN": "重庆国际传播中心"}}
    settings["site"] |= chinese | {"languages": ["en", "zh_CN"]}
    settings["licences"]["algorithm"] = "网信算备330110507206401230035号"
    settings["consent"] = {"mode": "opt-in", "categories": CATEGORIES, "trackers": trackers(6)}
    found = load(settings_file.load(settings), folders=[FOLDER])
    for name in found.names:
        document = found.get(name, "zh_CN")
        assert document is not None
        for block in BeautifulSoup(document.html, "html.parser").find_all(["p", "li", "td"]):
            words = " ".join(block.get_text().split())
            if words != "新时代 新征程 新重庆":  # the site's own
                assert not re.search(r"[一-鿿。，；：）”] [一-鿿“（]|[。；，][。；，]", words), (name, words)
                assert not re.search(r"[一-鿿][A-Za-z]|[A-Za-z][一-鿿]", words.replace("渝ICP备", "")), (name, words)


def test_the_operator_runs_the_site_whoever_publishes_it(settings: dict[str, Any]) -> None:
    for name, language, text in documents(settings | {"legal": {"sponsor": "某某社"}}):
        if language == "zh_CN":
            assert "中心主办" not in text and "）主办" not in text, name


def test_only_a_licensed_site_says_that_it_offers_news(settings: dict[str, Any]) -> None:
    for news in ({"news": "50120220004"}, {}):
        for name, language, text in documents(settings | {"licences": {"icp": "渝ICP备20009753号-2"} | news}):
            if name in ("about", "terms"):
                said = {"zh_CN": "提供互联网新闻信息服务", "en": "licensed to offer news"}[language]
                assert (said in text) == (name == "about" and bool(news))
                assert not re.search("提供新闻信息|offers news", text)


def test_recipients_that_the_pages_have_are_not_denied_to_children(settings: dict[str, Any]) -> None:
    for count in (0, 6):
        for name, language, text in documents(settings, mode="opt-in", categories=CATEGORIES, trackers=trackers(count)):
            if name == "children":
                others = {"zh_CN": "加载第三方提供的内容", "en": "may load something from others"}[language]
                assert (others in text) == bool(count)


def test_somebody_who_is_not_named_is_not_the_operator(settings: dict[str, Any]) -> None:
    for officer in ({}, {"children_officer": {"en": "Li Ming", "zh_CN": "李明"}}):
        for name, language, text in documents(settings | {"legal": officer}):
            if name == "children":
                named = {"zh_CN": "儿童个人信息保护：李明。", "en": "information: Li Ming."}[language]
                reached = {"zh_CN": "请通过 service@ichongqing.info 联系", "en": "at service@ichongqing.info"}[language]
                assert (named in text) == bool(officer) and (reached in text) != bool(officer)


def test_every_sentence_begins_as_one(settings: dict[str, Any]) -> None:
    for mode in MODES:
        for count in (0, 6):
            categories = CATEGORIES if count else {}
            for name, language, text in documents(settings, mode=mode, categories=categories, trackers=trackers(count)):
                if language == "en":  # the name of the site may begin one; a list has no sentences
                    assert re.findall(r"[^.]\. (?!iChongqing)[a-z]\w*|abroad# [a-z]\w*", text) == [], (mode, name)


def test_separate_consent_is_promised_where_it_is_asked_for(settings: dict[str, Any]) -> None:
    for mode in MODES:
        for name, language, text in documents(settings, mode=mode, categories=CATEGORIES, trackers=trackers(6)):
            if name == "privacy":
                alone = {"zh_CN": "即为对此单独同意", "en": "allowing one is separate consent to that"}[language]
                assert (alone in text) == (mode == "opt-in")
                duty = {"zh_CN": "履行征得同意、", "en": "Duty to obtain consent"}[language]
                assert (duty in text) == (mode != "notice")
                promise = {"zh_CN": "法律要求单独同意的", "en": "Where the law demands separate consent"}[language]
                assert (promise in text) == (mode == "opt-in")


def test_no_sentence_stands_twice(settings: dict[str, Any]) -> None:
    for mode in MODES:
        for name, language, text in documents(settings, mode=mode, categories=CATEGORIES, trackers=trackers(6)):
            if name == "cookies":
                said = {
                    "zh_CN": "在您拒绝之前，非必要 Cookie 处于启用状态",
                    "en": "Until you refuse them, optional cookies",
                }
                assert text.count(said[language]) == (mode != "opt-in")


def test_time_of_keeping_is_that_of_the_settings(settings: dict[str, Any]) -> None:
    days = {"messages": 11, "reports": 222, "personal_information": 333, "spam": 14, "contacts": 55, "consents": 6666}
    settings |= {"retention": days, "messages": {"answer_days": 7, "personal_information_days": 12}}
    for name, language, text in documents(settings, keep_source=True):
        unit = {"zh_CN": " 天", "en": " days"}[language]
        if name == "privacy":
            assert [day for day in days.values() if f"{day}{unit}" not in text] == []
            assert {"zh_CN": "每日更换的加密标识；该记录", "en": "another one every day; the record"}[language] in text
        if name in ("terms", "contact"):
            assert {"zh_CN": "7 个工作日内答复", "en": "within 7 working days"}[language] in text
        if name in ("privacy", "contact", "children"):
            assert {"zh_CN": "12 个工作日内答复", "en": "within 12 working days"}[language] in text


@pytest.mark.parametrize(
    ("legal", "expected"),
    [
        ({"effective": date(2027, 3, 1)}, date(2027, 3, 1)),
        ({"effective": date(2020, 1, 1)}, date(2026, 11, 30)),  # no day before the text was written
    ],
)
def test_starter_texts_are_in_force_from_the_sites_own_day(
    settings: dict[str, Any], legal: dict[str, Any], expected: date
) -> None:
    found = load(settings_file.load(settings | {"legal": legal}), folders=[FOLDER])
    shown = [found.get(name, language, today=date(2026, 12, 1)) for name in STARTERS for language in ("en", "zh_CN")]
    assert {one.effective for one in shown if isinstance(one, Document)} == {expected}
    assert None not in shown


def test_without_a_day_of_its_own_a_site_has_had_the_texts_since_its_settings(tmp_path: Any) -> None:
    import os

    from compliance.cli import STARTER

    file = tmp_path / "compliance.toml"
    file.write_text(STARTER.read_text(encoding="utf-8"), encoding="utf-8")
    # Ten in the evening in London is the next day in China.
    os.utime(file, (moment := datetime(2027, 5, 1, 22, tzinfo=UTC).timestamp(), moment))
    found = load(settings_file.load(file), folders=[FOLDER])
    privacy = found.get("privacy", "zh_CN", today=date(2027, 5, 2))
    assert privacy is not None and privacy.effective == date(2027, 5, 2)


def test_what_the_settings_say_of_publisher_and_licences_stands_on_the_page_about_the_site(
    settings: dict[str, Any],
) -> None:
    settings["licences"]["news"] = {"number": "50120220004", "holder": "某某中心", "services": ["转载"]}
    settings["legal"] = {"supervisor": "某某委员会", "sponsor": "某某社", "editor_in_chief": "王芳"}
    for name, _, text in documents(settings):
        if name == "about":
            for words in ("某某中心", "互联网新闻信息转载服务", "某某委员会", "某某社", "王芳"):
                assert words in text


@pytest.mark.parametrize("operator", ["Jiangcheng Press", "Press Co., Ltd.", {"en": "Jiangcheng Press"}])
def test_name_in_latin_letters_stands_apart_in_chinese(settings: dict[str, Any], operator: Any) -> None:
    name = operator if isinstance(operator, str) else operator["en"]
    settings["site"]["operator"] = operator
    told = {document: text for document, language, text in documents(settings) if language == "zh_CN"}
    assert f"本网站由 {name} 运营" in told["cookies"]
    assert f"本网站由 {name}（以下称“我们”）运营" in told["privacy"]
    assert not [text for text in told.values() if "  " in text or re.search("[\ue003\ue004]", text)]


def test_name_in_chinese_stays_without_spaces(settings: dict[str, Any]) -> None:
    settings["site"]["operator"] = {"en": "Jiangcheng Press", "zh_CN": "江城报社"}
    told = {(document, language): text for document, language, text in documents(settings)}
    assert "本网站由江城报社运营" in told["cookies", "zh_CN"]
    assert "Jiangcheng Press" in told["cookies", "en"] and not re.search("[\ue003\ue004]", told["cookies", "en"])
