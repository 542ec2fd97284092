"""What is held on a page, as it was before: so that the page can pass another gate."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .catalogue import Tracker
from .judge import MARKED
from .tags import MARK, Tag

# What `Tag.held` puts behind the name of an element.
_HELD = re.compile(rb'(<[^ \t\n\f\r/>]++) data-compliance-hold="([^"]*+)"( type="text/plain")?+')
_MOVED = frozenset(f"{MARK}{name}" for name in ("src", "srcset", "href", "xlink:href", "type"))


class Release:
    """Takes back what a `Judge` did, asked by the reader of the page at the same places."""

    def concerns(self, page: bytes, marked: bool) -> bool:
        """Tell whether anything in *page* may be held."""
        return b"data-compliance-hold" in page

    def tag(self, text: bytes) -> tuple[bytes, tuple[Tracker, ...]]:
        """Return the start tag *text* as it was."""
        return _released(text), ()

    def script(
        self, text: bytes, content: bytes, before: Iterable[Tracker], *, foreign: bool = False
    ) -> tuple[bytes, tuple[Tracker, ...]]:
        """Return the start tag *text* of a script as it was."""
        return _released(text), ()


def _released(text: bytes) -> bytes:
    held = _HELD.match(text)
    if held is None:
        return text
    tag = Tag.read(text)
    moved = [place for place in tag.places if place[0] in _MOVED]
    # A script that the site marked had its type before.
    marked = not moved and any(tag.attributes.get(name, "").strip() == held[2].decode() for name in MARKED)
    parts, place = [held[1]], held.end(2) + 1 if marked or tag.name != b"script" else held.end()
    for name, start, end in moved:
        parts += [text[place:start], name.removeprefix(MARK).encode()]
        place = end
    return b"".join((*parts, text[place:]))
