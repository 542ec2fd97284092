"""What is held on a page, as it was before: so that the page can pass another gate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..html.tags import MARK, Tag
from ..loading import ATTRIBUTES
from .catalogue import Tracker
from .judge import Judged
from .labels import ADDRESSES, labelled
from .styles import WITHHELD

# What `Tag.held` puts behind the name of an element.
_HELD = re.compile(rb'(<[^ \t\n\f\r/>]++) data-compliance-hold="([^"]*+)"( type="text/plain")?+( style="[^"]*+")?+')
_MARKED = re.compile(b"data-compliance-hold")
_MOVED = frozenset(f"{MARK}{name}" for name in (*ATTRIBUTES, "srcdoc", "style", "type"))


class Release:
    """Takes back what a `TrackerJudge` did, asked by the reader of the page at the same places."""

    def find(self, data: bytes, start: int) -> re.Match[bytes] | None:
        """Return the first mark of something held in *data* after *start*."""
        return _MARKED.search(data, start)

    def concerns(self, page: bytes, *, marked: bool) -> bool:
        """Return whether anything in *page* may be held."""
        return b"data-compliance-hold" in page

    def tag(self, text: bytes, base: str | None) -> Judged:
        """Return the start tag *text* as it was."""
        return _released(text), ()

    def frame(self, text: bytes, inside: Sequence[Tracker]) -> Judged:
        """Return the start tag *text* of a frame as it was."""
        return _released(text), ()

    def style(self, text: bytes, content: bytes, base: str | None) -> tuple[bytes, bytes, tuple[Tracker, ...]]:
        """Return the start tag *text* of a stylesheet and its *content* as they were."""
        return _released(text), content.replace(WITHHELD.encode(), b""), ()

    def script(
        self, text: bytes, content: bytes, before: Sequence[Tracker], base: str | None, *, foreign: bool = False
    ) -> Judged:
        """Return the start tag *text* of a script as it was."""
        return _released(text), ()

    def base(self, text: bytes) -> None:
        """Return that relative addresses are the page's own: nothing is judged."""


def _labelled(tag: Tag, category: str) -> bool:
    return category in labelled(tag.attributes) or any(name in tag.attributes for name in ADDRESSES)


def _released(text: bytes) -> bytes:
    held = _HELD.match(text)
    if held is None:
        return text
    tag = Tag.read(text)
    moved = [place for place in tag.places if place[0] in _MOVED]
    # A script that the site marked had its type before.
    marked = not moved and _labelled(tag, held[2].decode())
    place = held.end(2) + 1
    if tag.name == b"script" and not marked:
        place = max(place, held.end(3))
    if f"{MARK}style" in tag.attributes:
        place = max(place, held.end(4))
    parts = [held[1]]
    for name, start, end in moved:
        parts += [text[place:start], name.removeprefix(MARK).encode()]
        place = end
    return b"".join((*parts, text[place:]))
