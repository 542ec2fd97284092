"""The rules of the audit: each complete in both languages, ids once and for all."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from compliance.audit import Finding, Rule, rules
from compliance.audit.rules import CONFIDENCES, LANGUAGES, PAGES, Basis, document


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_ids_are_in_order_and_used_once():
    ids = [rule.id for rule in rules().values()]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_rule_says_the_same_in_both_languages(rule: Rule):
    for words in (rule.title, rule.seen, rule.remedy):
        assert set(words) == set(LANGUAGES) and all(words.values())
    assert fields(rule.seen["en"]) == fields(rule.seen["zh_CN"])
    assert fields(rule.remedy["en"]) == fields(rule.remedy["zh_CN"])


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.id)
def test_rule_names_its_source_and_how_it_was_read(rule: Rule):
    assert rule.basis
    for basis in rule.basis:
        assert set(basis.law) == set(LANGUAGES) and basis.article
        assert basis.confidence in CONFIDENCES
        assert basis.cited("en") != basis.cited("zh_CN")


@pytest.mark.parametrize(
    ("places", "formerly", "chinese", "english"),
    [
        ("51", "49", "《网络安全法》第五十一条（修改前第四十九条）", "51 (before 2026: 49)"),
        ("17.1(2), 19", None, "《网络安全法》第十七条第一款第二项、第十九条", "17(1)(2), 19"),
        ("22.1(1), 22.1(5)", None, "《网络安全法》第二十二条第一款第一项、第五项", "22(1)(1), 22(1)(5)"),
        ("51(3)", None, "《网络安全法》第五十一条第三项", "51(3)"),
        ("28–30", None, "《网络安全法》第二十八条至第三十条", "28–30"),
        ("10, 110, 1010", None, "《网络安全法》第十条、第一百一十条、第一千零一十条", "10, 110, 1010"),
        ("1028", None, "《网络安全法》第一千零二十八条", "1028"),
    ],
)
def test_articles_are_quoted_as_chinese_laws_are(places: str, formerly: str | None, chinese: str, english: str):
    law = {"en": "Cybersecurity Law", "zh_CN": "《网络安全法》"}
    basis = Basis(law=law, places=places, formerly=formerly, confidence="statute")
    assert basis.cited("zh_CN") == chinese
    assert basis.cited("en") == f"Cybersecurity Law, art. {english}" and basis.article == english


def test_no_rule_is_about_a_law_that_is_repealed_or_says_nothing_of_it():
    cited = " ".join(basis.cited("zh_CN") for rule in rules().values() for basis in rule.basis)
    for wrong in (
        "药品信息服务管理办法",
        "国家通用语言文字法",
        "《电信条例》",
        "《网络安全法》第四十九条",
        "第二十一条（2026",
    ):
        assert wrong not in cited


def test_remedies_give_no_number_of_anybody():
    """An example that is somebody's would be copied."""
    for rule in rules().values():
        for words in rule.remedy.values():
            assert not re.search(r"\d{7,}|ICP备\d|0\d{2,3}-\d{7,8}", re.sub(r"https?://\S+", "", words)), rule.id


@pytest.mark.parametrize(("place", "language"), PAGES.items())
def test_every_rule_is_in_the_documentation(place: str, language: str):
    page = Path(__file__).parents[2] / "docs" / place
    assert page.read_text(encoding="utf-8") == document(language), "run: python -m compliance.audit.rules"


def test_finding_is_known_again_where_lines_move():
    rule = rules()["C001"]
    assert Finding(rule=rule, page="/", line=3).fingerprint == Finding(rule=rule, page="/", line=9).fingerprint
    assert Finding(rule=rule, page="/").fingerprint != Finding(rule=rule, page="/news").fingerprint


def test_every_rule_and_every_law_of_them_has_its_place_among_the_duties():
    page = (Path(__file__).parents[2] / "docs" / "law.md").read_text(encoding="utf-8")
    spans = re.findall(r"\bC(\d{3})(?:–C(\d{3}))?", page)
    told = {f"C{number:03}" for first, last in spans for number in range(int(first), int(last or first) + 1)}
    assert set(rules()) <= told, sorted(set(rules()) - told)
    named = {
        one for rule in rules().values() for basis in rule.basis for one in re.findall("《.+?》", basis.law["zh_CN"])
    }
    laws = {one for one in named if re.search("(?:(?<!方)法|规定|(?<!通用数据保护)条例)》", one)}
    assert laws <= set(re.findall("《.+?》", page)), sorted(laws - set(re.findall("《.+?》", page)))


@pytest.mark.parametrize("page", ["law.md", "zh/law.md"])
def test_every_law_that_a_duty_names_is_listed_with_the_day_it_took_effect(page: str):
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    duties, heading, table = text.partition("## The laws" if page == "law.md" else "## 法规")
    listed = dict(re.findall(r"^\| (《.+?》).*? \| .*?(\d{4}.*?) \|", table, re.MULTILINE))
    assert heading
    assert set(re.findall("《.+?》", duties)) - {"《通用数据保护条例》"} <= set(listed)
    assert len(listed) > 30
