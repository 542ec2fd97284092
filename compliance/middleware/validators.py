"""Entity tags and dates of changed pages: ours to the reader, the site's to the site (RFC 9110, section 8.8)."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_TAG = re.compile(r'(?:W/)?"[^"]*"')
_LONGEST_DATE = 64  # characters; a reader may send any number

UNIFORM, WITH_BANNER, DECIDED = "u", "b", "d"


class Suffix:
    """What our entity tags end in: it names what is injected, and for which readers.

    The letter says for whom: `UNIFORM` the same for all, `WITH_BANNER` a private page with the banner, `DECIDED` one
    without it, for a reader who has decided. After it may stand, in hexadecimal digits, what else differs for readers.
    """

    def __init__(self, digest: str) -> None:
        self._mark = f"-c{digest}"
        self._own = re.compile(rf'{re.escape(self._mark)}([{UNIFORM}{WITH_BANNER}{DECIDED}][0-9a-f]*)"\Z')

    def add(self, tag: str, letter: str) -> str | None:
        """Return *tag* with our suffix inside its quotes; ``None`` for what is no entity tag."""
        tag = tag.strip()
        return f'{tag[:-1]}{self._mark}{letter}"' if _TAG.fullmatch(tag) else None

    def letters(self, tags: str) -> set[str]:
        """Return the letters of the tags in the header *tags* that carry the suffix of today."""
        if self._mark not in tags:
            return set()
        return {own[1] for tag in _TAG.findall(tags) if (own := self._own.search(tag))}

    def strip(self, tags: str, letters: Container[str] | None) -> tuple[str, dict[str, str]]:
        """Take the suffix off those *tags* whose letter is among *letters*, ``None`` for any.

        Returns the header for the site, and the opaque part of each tag so changed with the tag that the reader sent.
        """
        if self._mark not in tags:
            return tags, {}
        sent: dict[str, str] = {}
        stripped = []
        for tag in _TAG.findall(tags):
            own = self._own.search(tag)
            if own is not None and (letters is None or own[1] in letters):
                bare = f'{tag[: own.start()]}"'
                sent[opaque(bare)] = tag
                tag = bare
            stripped.append(tag)
        return ", ".join(stripped), sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What tells a changed page from the one that the site made: for which readers, and since when."""

    suffix: Suffix
    letter: str
    changed: datetime

    def tag(self, value: str) -> str | None:
        """Return the entity tag *value* as the reader gets it; ``None`` for what is no entity tag."""
        return self.suffix.add(value, self.letter)

    def date(self, value: str) -> str:
        """Return the later of the date *value* of a header and the last change of what is injected, as a header."""
        return later(value, self.changed)


def opaque(tag: str) -> str:
    """Return *tag* without the mark of a weak one (RFC 9110, section 8.8.3.2)."""
    return tag.removeprefix("W/")


def date(value: str | None) -> datetime | None:
    """Return the date of a header in UTC, ``None`` for none and for what is no date."""
    if not value or len(value) > _LONGEST_DATE:
        return None
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def later(value: str, changed: datetime) -> str:
    """Return the later of the date *value* of a header and *changed*, as a header."""
    parsed = date(value)
    return value if parsed is None or parsed >= changed else format_datetime(changed, usegmt=True)
