"""Personal data in evidence: kept, covered, or left out."""

from __future__ import annotations

import re
from enum import StrEnum

#: What is personal by its look, as expressions that Python and JavaScript read alike: mobile telephones, identity
#: numbers (GB 11643), mailboxes.
PATTERNS = (
    r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])",
    r"(?<![0-9])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9])",
    r"[A-Za-z0-9._%+-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:[.][A-Za-z0-9-]{1,63}){1,4}",
)
_PATTERN = re.compile("|".join(PATTERNS))
_IN_BYTES = re.compile("|".join(PATTERNS).encode())
_SECRET = frozenset({"cookie", "set-cookie", "authorization", "proxy-authorization"})
_COVER = "*"


class Personal(StrEnum):
    """What becomes of personal data: it stays, is covered where its look tells, or is left out with its page."""

    KEEP = "keep"
    BLUR = "blur"
    OMIT = "omit"


def covered(text: str) -> str:
    """Return *text* with what is personal by its look covered, each character by one."""
    return _PATTERN.sub(lambda match: _COVER * len(match[0]), text)


def covered_bytes(content: bytes) -> bytes:
    """Return *content*, in any charset that has ASCII in it, with what is personal by its look covered."""
    return _IN_BYTES.sub(lambda match: _COVER.encode() * len(match[0]), content)


def covered_header(name: str, value: str) -> str:
    """Return the *value* of the header *name* without what tells one visitor from another."""
    lower = name.lower()
    if lower == "set-cookie":
        pair, semicolon, attributes = value.partition(";")
        return f"{pair.partition('=')[0]}={_COVER}{semicolon}{attributes}"
    return _COVER if lower in _SECRET else covered(value)
