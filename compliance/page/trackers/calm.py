"""Whether no script of a page that could load anything runs before the browser has read it to its end.

On such a page what holds trackers may stand last: it runs before all that the page defers. What cannot be told counts
as a script that runs.
"""

from __future__ import annotations

import re

from ..html.syntax import ATTRIBUTES, NAME_END, compiled
from ..html.tags import Tag
from ..loading import runs
from ..states import loads_nothing

# Of a page in lower case: a frame whose page may reach into this one.
_FRAMES = re.compile(rb"<(?:iframe|frame|object|embed|fencedframe)")
# A handler of an event; an address that is a script, or may be one with references or line ends in its scheme. Each
# begins with letters, which the engine looks for faster than for sets of them.
_RESTLESS = (
    re.compile(rb"on(?<=[ \t\n\f\r\"'/]on)[a-z]+[ \t\n\f\r]*+="),
    re.compile(rb"script[ \t\n\f\r]*+:"),
    re.compile(rb"=[ \t\n\f\r]*+[\"']?[\x00- ]*+(?:&|j[a-z]*+[\t\n\r&])"),
)
_FOREIGN = {"href", "xlink:href"}
_SCRIPT = re.compile(rb"<script" + NAME_END)
_TAG = compiled(rb"[sS][cC][rR][iI][pP][tT]" + ATTRIBUTES)
_END = re.compile(rb"</script" + NAME_END)
# Of inline scripts so much is read; a whole state would take longer than all else that is done to a page.
_READ = 8192
# By these a script that loads nothing would keep a way to load past what holds trackers, which is not there yet. What
# stands in quotes is no name, but as a key.
_TEXTS = re.compile(r"\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+'")
_WAYS = re.compile(
    r"(?<![\w$])(?:fetch\w*|sendBeacon|XMLHttpRequest|EventSource|WebSocket|(?:Shared)?Worker|serviceWorker|Audio|Image|create\w+"
    r"|import\w*|(?:set|insert)\w+|\w*HTML\w*|append\w*|replace\w*|write\w*|DOMParser|parseFromString|\w*prototype\w*|__proto__"
    r"|Element|Document|Range|ShadowRoot|Navigator|Node|onerror|defineProperty|assign|values|entries)(?![\w$])|(?<=[\w$\])])\s*\["
)


def is_calm(page: bytes) -> bool:
    """Return whether all scripts of *page* but those that keep data are deferred, and nothing else runs.

    HTML standard, section 4.12.1.
    """
    low = page.lower()
    inline: list[str] = []
    unread = _READ
    for found in _SCRIPT.finditer(low):
        tag = _TAG.match(page, found.start())
        end = tag and _END.search(low, tag.end())
        if tag is None or end is None:
            return False
        attributes, content = Tag.read(tag[0]).attributes, page[tag.end() : end.start()]
        if _waits(attributes, content):
            continue
        unread -= len(content)
        text = content.decode("utf-8", "replace")
        if unread < 0 or not _may_keep(attributes, text):
            return False
        inline.append(text)
    if _FRAMES.search(low) is not None or any(one.search(low) for one in _RESTLESS):
        return False
    return all(map(loads_nothing, inline))  # which takes longer than all else


def _waits(attributes: dict[str, str], content: bytes) -> bool:
    if not runs(attributes):
        return True
    if "async" in attributes:
        return False
    if _is_module(attributes):
        return True
    # In SVG one has its address in "href", and what stands in it runs at once.
    foreign = _FOREIGN & attributes.keys() or content.strip(b" \t\n\f\r")
    return "defer" in attributes and "src" in attributes and not foreign


def _may_keep(attributes: dict[str, str], text: str) -> bool:
    if _is_module(attributes) or "src" in attributes or _FOREIGN & attributes.keys():
        return False
    return _WAYS.search(_TEXTS.sub("''", text)) is None


def _is_module(attributes: dict[str, str]) -> bool:
    return attributes.get("type", "").strip(" \t\n\f\r").lower() == "module"
