"""Whether no script of a page runs before the browser has read it to its end.

On such a page what holds trackers may stand last: it runs before all that the page defers. What cannot be told counts
as a script that runs.
"""

from __future__ import annotations

import re

from ..html.syntax import ATTRIBUTES, NAME_END, compiled
from ..html.tags import Tag
from ..loading import runs

# Of a page in lower case: a frame whose page may reach into this one.
_FRAMES = (b"<iframe", b"<frame", b"<object", b"<embed", b"<fencedframe")
# A handler of an event; an address that is a script, or may be one with references or line ends in its scheme. Each
# begins with letters, which the engine looks for faster than for sets of them.
_RESTLESS = (
    re.compile(rb"on(?<=[ \t\n\f\r\"'/]on)[a-z]+[ \t\n\f\r]*+="),
    re.compile(rb"script[ \t\n\f\r]*+:"),
    re.compile(rb"=[ \t\n\f\r]*+[\"']?[\x00- ]*+(?:&|j[a-z]*+[\t\n\r&])"),
)
_SCRIPT = re.compile(rb"<script" + NAME_END)
_TAG = compiled(rb"[sS][cC][rR][iI][pP][tT]" + ATTRIBUTES)
_EMPTY = re.compile(rb"[ \t\n\f\r]*+</script" + NAME_END, re.IGNORECASE)


def is_calm(page: bytes) -> bool:
    """Return whether all scripts of *page* are deferred (HTML standard, section 4.12.1), and nothing else runs."""
    low = page.lower()
    for found in _SCRIPT.finditer(low):
        tag = _TAG.match(page, found.start())
        if tag is None or not _waits(Tag.read(tag[0]), page, tag.end()):
            return False
    return not any(name in low for name in _FRAMES) and not any(one.search(low) for one in _RESTLESS)


def _waits(tag: Tag, page: bytes, end: int) -> bool:
    attributes = tag.attributes
    if not runs(attributes):
        return True
    if "async" in attributes:
        return False
    if attributes.get("type", "").strip(" \t\n\f\r").lower() == "module":
        return True
    # In SVG one has its address in "href", and what stands in it runs at once.
    foreign = "href" in attributes or "xlink:href" in attributes or _EMPTY.match(page, end) is None
    return "defer" in attributes and "src" in attributes and not foreign
