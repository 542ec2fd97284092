"""What was found on a page, and how grave it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from .rules import Rule
from .targets import told


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Why a finding may stand, up to and with the day that it *expires*; *by* names who said so, if anybody."""

    reason: str
    expires: date
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where *rule* is not kept.

    *page* is the address, or the path below the folder that was checked. *line* counts from 1 in the page's source,
    None for what is missing and for what a header says. *excerpt* is what stands there, at most 200 characters.
    *values* fill the braces in the rule's texts. *accepted* is why the baseline lets it stand, *lapsed* why it did
    until its day was over. What is the same on several *pages*, such as a footer, is one finding on the first; *also*
    names the next few.
    """

    rule: Rule
    page: str
    line: int | None = None
    excerpt: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    accepted: Acceptance | None = None
    lapsed: Acceptance | None = None
    pages: int = 1
    also: tuple[str, ...] = ()

    def seen(self, language: str) -> str:
        """Return in *language* what was seen."""
        return self.rule.seen[language].format_map(self._told(language))

    def remedy(self, language: str) -> str:
        """Return in *language* what to do about it."""
        return self.rule.remedy[language].format_map(self._told(language))

    @property
    def fingerprint(self) -> str:
        """What this finding is known by in later runs: it stays where lines move, and where pages come and go."""
        place = self.page if self.pages == 1 and not self.rule.by else ""
        return hashed("\0".join((self.rule.id, place, *self.said)))

    @property
    def key(self) -> str:
        """What was found, wherever that is: one more page with the same fault has the same key."""
        return hashed("\0".join((self.rule.id, *self.said)))

    @property
    def said(self) -> tuple[str, ...]:
        """What was found, wherever that is: of a rule *by* whom it is broken only that."""
        if self.rule.by:
            return (self.values[self.rule.by],)
        return (self.excerpt, *(f"{name}={value}" for name, value in sorted(self.values.items())))

    def _told(self, language: str) -> Mapping[str, str]:
        return {name: told(value, language) for name, value in self.values.items()}


def hashed(text: str) -> str:
    """Return the beginning of a hash of *text*."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
