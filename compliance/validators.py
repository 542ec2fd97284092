"""Entity tags and dates of changed pages: ours to the reader, the site's to the site (RFC 9110, section 8.8)."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

_TAG = re.compile(r'(?:W/)?"[^"]*"')


class Suffix:
    """What our entity tags end in: it names what is injected, and for which readers.

    The letter says for whom: "u" the same for all, "b" a private page with the banner, "d" one without it, for a
    reader who has decided.
    """

    def __init__(self, digest: str) -> None:
        self._own = re.compile(rf'-c{re.escape(digest)}[ubd]"\Z')
        self._digest = digest

    def add(self, tag: str, letter: str) -> str:
        """Return *tag* with our suffix inside its quotes; what is no entity tag stays."""
        return f'{tag[:-1]}-c{self._digest}{letter}"' if tag.endswith('"') else tag

    def letter(self, tag: str) -> str | None:
        """Return the letter of *tag*, ``None`` where it does not carry the suffix of today."""
        return tag[-2] if self._own.search(tag) else None

    def strip(self, environ: MutableMapping[str, Any], letters: str) -> dict[str, str]:
        """Take our suffix off the conditions in *environ* where its letter is among *letters*.

        Returns the opaque part of each tag so changed with the tag that the reader sent.
        """
        changed: dict[str, str] = {}
        for key in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"):
            value = environ.get(key)
            if not value or "-c" not in value:
                continue
            tags = _TAG.findall(value)
            for index, tag in enumerate(tags):
                letter = self.letter(tag)
                if letter is not None and letter in letters:
                    tags[index] = f'{tag[: -len(self._digest) - 4]}"'
                    changed[opaque(tags[index])] = tag
            environ[key] = ", ".join(tags)
        return changed


def opaque(tag: str) -> str:
    """Return *tag* without the mark of a weak one (RFC 9110, section 8.8.3.2)."""
    return tag.removeprefix("W/")


def date(value: str | None) -> datetime | None:
    """Return the date of a header in UTC, ``None`` for none and for what is no date."""
    if not value:
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
