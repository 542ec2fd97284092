"""Where the body of a page ends, seen from its last bytes."""

from __future__ import annotations

import re

from ..html.syntax import COMMENT

# What may stand between the footer and the end: white space, comments and the end tags of body and html. A place
# further from the end than this is not looked for, so that a stream holds back no more.
LIMIT = 4096
_SPACE = b" \t\n\f\r"
_BEHIND = rb"(?:[ \t\n\f\r]++|</(?:body|html)[ \t\n\f\r]*+>|<" + COMMENT + rb")*+"
_BETWEEN = re.compile(_BEHIND, re.IGNORECASE)
_END = re.compile(_BEHIND + rb"\Z", re.IGNORECASE)
# The same where more bytes may follow: a tag or comment may be cut off.
_PART = re.compile(
    _BEHIND + rb"(?:\Z|<(?:!?|!-|!--(?:[^-]*+(?:-(?!-!?>)[^-]*+)*+)|/[a-z]{0,4}|/(?:body|html)[ \t\n\f\r]*+)\Z)",
    re.IGNORECASE,
)


def body_end(page: bytes, start: int = 0, *, partial: bool = False) -> int | None:
    """Return where the last child of the body ends by the look of the tail of *page*: before white space and "</body>".

    ``None`` where no such tag stands in the last `LIMIT` bytes after *start* with nothing but white space, comments
    and end tags behind it. With *partial* the bytes may go on.
    """
    low = max(start, len(page) - LIMIT)
    tail = page[low:].lower()
    behind = _PART if partial else _END
    found, at = -1, tail.rfind(b"</body")
    while at >= 0 and (behind.match(tail, at) if found < 0 else _BETWEEN.fullmatch(tail, at, found)) is not None:
        found, at = at, tail.rfind(b"</body", 0, at)
    if found < 0:
        return None
    end = low + found
    while end > start and page[end - 1] in _SPACE:
        end -= 1
    return end if len(page) - end <= LIMIT else None
