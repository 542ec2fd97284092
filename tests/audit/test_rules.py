"""The rules of the audit: each complete in both languages, ids once and for all."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from compliance.audit import Finding, Rule, rules
from compliance.audit.rules import CONFIDENCES, LANGUAGES, document


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


def test_every_rule_is_in_the_documentation():
    page = Path(__file__).parents[2] / "docs" / "rules.md"
    assert page.read_text(encoding="utf-8") == document(), "run: python -m compliance.audit.rules > docs/rules.md"


def test_finding_is_known_again_where_lines_move():
    rule = rules()["C001"]
    assert Finding(rule=rule, page="/", line=3).fingerprint == Finding(rule=rule, page="/", line=9).fingerprint
    assert Finding(rule=rule, page="/").fingerprint != Finding(rule=rule, page="/news").fingerprint
