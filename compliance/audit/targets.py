"""What can be checked: something that hands out the pages of a site."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin

from ..errors import ComplianceError

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
        super().__init__(target, reason)
        self.target = target
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.target}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came for the address *url*: a page, or something else.

    *failure* says why nothing came, or why it is not read; the rest is then as far as it is known.
    """

    url: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    failure: str | None = None

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


def other(content_type: str, types: Sequence[str] = PAGES) -> str | None:
    """Say what came, by its *content_type*, where that is none of *types*."""
    kind = content_type.partition(";")[0].strip().lower()
    return None if kind in types else f"is no page, but {kind or 'nameless'}"


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
