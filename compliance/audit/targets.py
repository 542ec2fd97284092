"""What can be checked: something that hands out the pages of a site."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from ..errors import ComplianceError, Message
from ..i18n import spoken
from .wording import Wording

#: The types of what is read as a page.
PAGES = ("text/html", "application/xhtml+xml")
#: No more of a page is read; what is longer is no page that a person reads.
LARGEST = 8_000_000  # bytes
_DOOR = 2_048  # bytes; a longer page is for reading, even if another follows it
_REFRESH = re.compile(
    rb"<meta[^>]+http-equiv\s*=\s*[\"']?refresh\b[^>]*content\s*=\s*[\"']?\s*[0-5]\s*[;,]\s*url\s*=\s*[\"']?([^\"'>\s]+)",
    re.IGNORECASE,
)


class TargetError(ComplianceError):
    """The *target* cannot be checked; *reason* says why and what to do."""

    def __init__(self, target: str, reason: str) -> None:
        # What the words of the reports tell is told at once, by whoever reads the target in a language.
        super().__init__(Message("%(target)s: %(reason)s", target=target, reason=told(reason, spoken())))
        self.target = target
        self.reason = reason


class Reason(str):
    """Why something was not read, in English; `told` in any language of the reports.

    *key* is one of ``reasons`` in ``reports/words.toml``, *values* fill its braces; what a library or system says stays
    as it is.
    """

    key: str
    values: Mapping[str, object]

    def __new__(cls, key: str, **values: object) -> Reason:
        reason = super().__new__(cls, _told("en", key, values))
        reason.key, reason.values = key, values
        return reason

    def told(self, language: str) -> str:
        """Return the reason in *language*."""
        return _told(language, self.key, self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.key, dict(self.values))


def told(reason: str, language: str) -> str:
    """Return *reason* in *language*, where it is one that can be told in several."""
    return reason.told(language) if isinstance(reason, Reason | Wording) else reason


def _again(key: str, values: Mapping[str, object]) -> Reason:
    return Reason(key, **values)


def _told(language: str, key: str, values: Mapping[str, object]) -> str:
    from .reports.words import words  # reports are made of what is read here

    text: str = words()[language]["reasons"][key]
    return text.format_map(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came for the address *url*: a page, or something else.

    *failure* says why nothing came, or why it is not read; the rest is then as far as it is known. *time* is when it
    began to come, where that was over the web.
    """

    url: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    failure: Reason | None = None
    time: datetime | None = None

    @property
    def location(self) -> str | None:
        """Where a redirect leads to, or a page that is a mere door to another (`<meta http-equiv="refresh">`)."""
        if self.status in (301, 302, 303, 307, 308):
            return self.header("location")
        if self.status == 200 and len(self.content) <= _DOOR and (match := _REFRESH.search(self.content)):
            target = match[1].decode("utf-8", "replace")
            return None if urljoin(self.url, target) == self.url else target
        return None

    def header(self, name: str) -> str | None:
        """Return the header *name*, None where there is none."""
        return next((value for key, value in self.headers if key.lower() == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An address that was not read as a page, and why."""

    url: str
    reason: str


def other(content_type: str, types: Sequence[str] = PAGES) -> Reason | None:
    """Say what came, by its *content_type*, where that is none of *types*."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in types:
        return None
    return Reason("type", type=kind) if kind else Reason("nameless")


@dataclass(slots=True)
class Refusals:
    """What was not read: the first of them by name, and how many in all."""

    first: list[Unread] = field(default_factory=list)
    count: int = 0
    most: int = 1_000

    def add(self, url: str, reason: str) -> None:
        """Note that *url* was not read."""
        self.count += 1
        if len(self.first) < self.most:
            self.first.append(Unread(url=url, reason=reason))
