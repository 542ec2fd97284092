"""What is sent, what can go wrong with it, and what every channel can do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ..errors import ComplianceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One digest. *dedupe* stays the same when it is sent again; *data* is for programs.

    *lines* are how many things it tells of, and *shorter* makes its text for the first so many of them, which says how
    many are left out.

    Raises `ValueError` where *dedupe* is not of visible ASCII characters: it stands in headers.
    """

    subject: str
    text: str
    link: str | None = None
    dedupe: str
    data: Mapping[str, Any] = field(default_factory=dict)
    lines: int = 0
    shorter: Callable[[int], str] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch("[!-~]{1,200}", self.dedupe):
            raise ValueError(f"dedupe is {self.dedupe!r}; give 1 to 200 visible ASCII characters")

    def fitting(self, size: int) -> str:
        """Return the text in at most *size* bytes: with as many lines as there is room for, else cut."""
        fits, least, most = self.text, 0, self.lines
        if self.shorter and len(_encoded(fits)) > size:
            while least < most:  # the longest that has room
                middle = (least + most + 1) // 2
                least, most = (middle, most) if len(_encoded(self.shorter(middle))) <= size else (least, middle - 1)
            fits = self.shorter(least)
        return shortened(fits, size)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def shortened(text: str, size: int) -> str:
    """Return *text* in at most *size* bytes, and whole characters."""
    content = _encoded(text)
    if len(content) <= size:
        return content.decode()
    return content[: max(0, size - 3)].decode("utf-8", "ignore") + "…"


class DeliveryError(ComplianceError):
    """A notice was not delivered, or it is not known to be.

    *reason* names no address and no secret: `address` (the target cannot be read), `https` (it is not encrypted),
    `private` (it lies in a private network), `name` (not resolved), `connection`, `tls`, `timeout`, `redirect`,
    `answer` (not to be understood), `recipient`, `sender`, `login`, `mail` (there is no mail server), and with a number
    `http 503`, `smtp 554`, `robot 310000`. Where it is *permanent*, the same notice will fail again; *retry_after* are
    the seconds for which the target wants to be left alone.
    """

    def __init__(self, reason: str, *, permanent: bool = False, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after


class Channel(Protocol):
    """One target, with what is known of how to reach it; *per_minute* is how many notices it takes."""

    @property
    def per_minute(self) -> int: ...

    def send(self, notice: Notice, *, now: datetime) -> None:
        """Send *notice*. Raises `DeliveryError`."""
