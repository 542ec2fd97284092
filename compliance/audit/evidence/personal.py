"""Personal data in evidence: kept, covered, or left out."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

#: What is personal by its look, as expressions that Python and JavaScript read alike: mobile telephones, identity
#: numbers (GB 11643), mailboxes.
PATTERNS = (
    r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])",
    r"(?<![0-9])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9])",
    r"[A-Za-z0-9._%+-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:[.][A-Za-z0-9-]{1,63}){1,4}",
)
_PATTERN = re.compile("|".join(PATTERNS))
_IN_BYTES = re.compile("|".join(PATTERNS).encode())
_SECRET = frozenset({"authorization", "proxy-authorization"})
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
    """Return the *value* of the header *name* with what is personal by its look, or lets in, covered."""
    return _COVER if name.lower() in _SECRET else covered(value)


def covered_entry(entry: dict[str, Any]) -> None:
    """Cover in the *entry* of a HAR what was sent, and what is personal by its look."""
    for part in (entry["request"], entry["response"]):
        for header in part.get("headers", ()):
            header["value"] = covered_header(header["name"], header["value"])
        if "text" in part.get("content", {}):
            part["content"]["text"] = covered(part["content"]["text"])
    if "postData" in entry["request"]:
        entry["request"]["postData"] |= {"text": _COVER, "params": []}
    for pair in entry["request"].get("queryString", ()):
        pair["value"] = covered(pair["value"])
    entry["request"]["url"] = covered(entry["request"]["url"])
    entry["response"]["redirectURL"] = covered(entry["response"].get("redirectURL", ""))
