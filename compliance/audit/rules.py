"""What a site is held to: the rules of `rules.toml`, each with its law, its words and its remedy."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from ..i18n import LANGUAGES

#: The file of the rules.
DATA = Path(__file__).with_name("rules.toml")
#: The pages of the documentation that are made of it, each in its language.
PAGES = {"rules.md": "en", "zh/rules.md": "zh_CN"}
#: How well a rule's source was read, the surest first: its text in a public collection, a copy or notice of others,
#: what sites and platforms do, from memory.
CONFIDENCES = ("statute", "copy", "practice", "memory")

#: Stands for the article of what has none, such as a practice.
NO_ARTICLE = "–"
_PLACE = re.compile(r"(\d+)(?:\.(\d+))?(?:\((\d+)\))?")
_DIGITS = "零一二三四五六七八九"

Words = Mapping[str, str]
T = TypeVar("T")


class Severity(StrEnum):
    """How grave a finding is, the gravest first; *manual* is for what only a person can judge."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Where a rule comes from: a law or standard by its name in each language, and the articles or sections in it.

    *places* are written as `rules.toml` explains; *formerly* are their numbers before the amendment of 2026. *part* is
    how a section is called, by language, in what has no articles.
    """

    law: Words
    places: str
    confidence: str
    formerly: str | None = None
    part: Words | None = None

    @property
    def article(self) -> str:
        """The articles or sections for a machine: 17(1)(2), 44–48."""
        numbered = _english(self.places)
        return f"{numbered} (before 2026: {_english(self.formerly)})" if self.formerly else numbered

    def cited(self, language: str) -> str:
        """Return in *language* what to quote: the law, and the article where there is one."""
        law = self.law[language]
        if self.places == NO_ARTICLE:
            return law
        if self.part:
            chinese = language == "zh_CN"
            part = self.part[language].format(self.places.replace(", ", "、") if chinese else self.places)
            return f"{law}{part}" if chinese else f"{law}, {part}"
        if language != "zh_CN":
            return f"{law}, art. {self.article}"
        before = f"（修改前{_chinese(self.formerly)}）" if self.formerly else ""
        return f"{law}{_chinese(self.places)}{before}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that a page or a site has to be.

    *id* never changes its meaning and is never used again. *topic* is what it is about, *who* the people that can mend
    what breaks it: ``management``, ``editors``, ``legal``, ``developers`` or ``servers``. *title*, *seen* and *remedy*
    are texts by language; *seen* and *remedy* have a finding's values in braces. *setting* is the key of
    `compliance.toml` that answers the rule on a site of ours. *browser* marks what is only seen where a browser opens
    the pages, *connection* what only a site that answers over a network shows, *public* what only one does that is
    on neither this machine nor its own network. *by* names the value of a finding that says who breaks
    the rule: what one of them does on many pages, or from several hosts, is one finding.
    """

    id: str
    topic: Words
    who: str
    severity: Severity
    title: Words
    seen: Words
    remedy: Words
    basis: tuple[Basis, ...]
    setting: str | None = None
    browser: bool = False
    connection: bool = False
    public: bool = False
    by: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Findings travel from process to process by the thousand: their rule goes by its id.
        return rule, (self.id,)


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by its id, in the order of the file."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return MappingProxyType({row["id"]: _rule(row, data) for row in data["rules"]})


def rule(id_: str) -> Rule:
    """Return the rule *id_*."""
    return rules()[id_]


def document(language: str) -> str:
    """Return the page of the documentation that lists the rules, in *language*; in English with the Chinese beside."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    parts = [data["introduction"][language].strip()]
    for rule in rules().values():
        if heading := data["headings"].get(rule.id):
            parts.append(f"## {heading[language]}")
        parts += _chinese_entry(rule) if language == "zh_CN" else _entry(rule)
    return "\n\n".join(parts) + "\n"


def _entry(rule: Rule) -> tuple[str, ...]:
    bases = "; ".join(f"{one.cited('en')} ({one.cited('zh_CN')}), *{one.confidence}*" for one in rule.basis)
    return (
        f"### {rule.id}\n\n**{rule.title['en']}** ({rule.severity})<br>{rule.title['zh_CN']}",
        f"{rule.remedy['en']}<br>{rule.remedy['zh_CN']}",
        f"From: {bases}." + (f" Settings: `{rule.setting}`." if rule.setting else ""),
    )


def _chinese_entry(rule: Rule) -> tuple[str, ...]:
    bases = "；".join(f"{one.cited('zh_CN')}，*{one.confidence}*" for one in rule.basis)
    return (
        f"### {rule.id}\n\n**{rule.title['zh_CN']}**（{rule.severity}）",
        rule.remedy["zh_CN"],
        f"出处：{bases}。" + (f"设置：`{rule.setting}`。" if rule.setting else ""),
    )


def _english(places: str) -> str:
    """Return *places* with every paragraph in brackets: 17.1(2) is 17(1)(2)."""
    return re.sub(r"\.(\d+)", r"(\1)", places)


def _chinese(places: str) -> str:
    """Return *places* as Chinese laws are quoted: 17.1(2) is 第十七条第一款第二项."""

    def named(place: str) -> list[str]:
        parts = zip(_PLACE.fullmatch(place).groups(), "条款项", strict=True)  # type: ignore[union-attr]  # a test reads them all
        return [f"第{_numeral(int(number))}{unit}" for number, unit in parts if number]

    said, before = list[str](), list[str]()
    for span in places.split(", "):
        first, *last = map(named, span.split("–"))
        # Items of one paragraph name it once: 第二十二条第一款第一项、第五项.
        shared = len(before) if before and first[: len(before)] == before else 0
        said.append("至".join("".join(place) for place in (first[shared:], *last)))
        before = first[:-1]
    return "、".join(said)


def _numeral(number: int) -> str:
    """Return *number*, less than ten thousand, in Chinese: 1028 is 一千零二十八."""
    text = ""
    for place, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, place)
        if digit:
            text += f"{_DIGITS[digit]}{unit}"
        elif text and number and not text.endswith("零"):
            text += "零"
    return text.removeprefix("一") if text.startswith("一十") else text


def _last(named: Mapping[str, T], id_: str) -> T:
    """Return what is *named* from the rule *id_* on, or from one before it."""
    return named[max(first for first in named if first <= id_)]


def _rule(row: Mapping[str, Any], data: Mapping[str, Any]) -> Rule:
    return Rule(
        id=row["id"],
        topic=_last(data["headings"], row["id"]),
        who=_last(data["who"], row["id"]),
        severity=Severity(row["severity"]),
        title=row["title"],
        seen=row["seen"],
        remedy=row["remedy"],
        basis=tuple(
            Basis(
                law={language: data["laws"][one["law"]][language] for language in LANGUAGES},
                places=one["article"],
                confidence=one["confidence"],
                formerly=one.get("formerly"),
                part=data["laws"][one["law"]].get("part"),
            )
            for one in row["basis"]
        ),
        setting=row.get("setting"),
        browser=row.get("browser", False),
        connection=row.get("connection", False),
        public=row.get("public", False),
        by=row.get("by"),
    )


if __name__ == "__main__":
    for place, language in PAGES.items():
        Path("docs", place).write_text(document(language), encoding="utf-8")
