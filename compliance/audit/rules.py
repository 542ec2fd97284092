"""What a site is held to: the rules of `rules.toml`, each with its law, its words and its remedy."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .findings import Severity

#: The file of the rules.
DATA = Path(__file__).with_name("rules.toml")
#: The languages that every text of a rule is written in.
LANGUAGES = ("en", "zh_CN")
#: How well a rule's source was read, the surest first: its text in a public collection, a copy or notice of others,
#: what sites and platforms do, from memory.
CONFIDENCES = ("statute", "copy", "practice", "memory")

#: Stands for the article of what has none, such as a practice.
NO_ARTICLE = "–"

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Where a rule comes from: a law or standard by its name in each language, the articles or sections in it."""

    law: Words
    article: str
    confidence: str

    def cited(self, language: str) -> str:
        """Return in *language* what to quote: the law, and the article where there is one."""
        return self.law[language] if self.article == NO_ARTICLE else f"{self.law[language]} {self.article}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that a page or a site has to be.

    *id* never changes its meaning and is never used again. *title*, *seen* and *remedy* are texts by language; *seen*
    and *remedy* have a finding's values in braces. *setting* is the key of `compliance.toml` that answers the rule on a
    site of ours. *browser* marks what is only seen where a browser opens the pages.
    """

    id: str
    severity: Severity
    title: Words
    seen: Words
    remedy: Words
    basis: tuple[Basis, ...]
    setting: str | None = None
    browser: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        # Findings travel from process to process by the thousand: their rule goes by its id.
        return rule, (self.id,)


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by its id, in the order of the file."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    laws: Mapping[str, Words] = data["laws"]
    return MappingProxyType({row["id"]: _rule(row, laws) for row in data["rules"]})


def rule(id_: str) -> Rule:
    """Return the rule *id_*."""
    return rules()[id_]


def document() -> str:
    """Return the page of the documentation that lists the rules."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    parts = [data["introduction"].strip()]
    for rule in rules().values():
        if heading := data["headings"].get(rule.id):
            parts.append(f"## {heading}")
        bases = "; ".join(
            f"{one.law['en']} ({one.law['zh_CN']}){f', art. {one.article}' if one.article != NO_ARTICLE else ''}, "
            f"*{one.confidence}*"
            for one in rule.basis
        )
        parts.append(f"### {rule.id}\n\n**{rule.title['en']}** ({rule.severity})<br>{rule.title['zh_CN']}")
        parts.append(f"{rule.remedy['en']}<br>{rule.remedy['zh_CN']}")
        parts.append(f"From: {bases}." + (f" Settings: `{rule.setting}`." if rule.setting else ""))
    return "\n\n".join(parts) + "\n"


def _rule(row: Mapping[str, Any], laws: Mapping[str, Words]) -> Rule:
    return Rule(
        id=row["id"],
        severity=Severity(row["severity"]),
        title=row["title"],
        seen=row["seen"],
        remedy=row["remedy"],
        basis=tuple(
            Basis(law=laws[one["law"]], article=one["article"], confidence=one["confidence"]) for one in row["basis"]
        ),
        setting=row.get("setting"),
        browser=row.get("browser", False),
    )


if __name__ == "__main__":
    print(document(), end="")
