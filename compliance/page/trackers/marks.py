"""The cheap look at a page: whether anything in it can be held at all.

One expression finds every host of the catalogue. It begins with the full stop before the last label, a byte that is
rare in pages, so that the engine passes over the rest at the speed of memory; three bytes after it reject nearly
every other full stop, and only then what stands before is compared, from its end. A number or a name without a full
stop is found, too, though at a tenth of that speed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

#: Bytes that a mark takes at most.
LONGEST = 1024
_OTHER = rb"\x00-,./:-@\[-`{-\xff"  # what no label goes on with


@lru_cache(maxsize=8)  # the hosts of a site, and the sites of a process, mostly have the same trackers
def finder(marks: frozenset[str]) -> re.Pattern[bytes]:
    """Return an expression that is found wherever one of *marks* stands, in capitals too, with a byte after it."""
    by_end: dict[str, list[str]] = {}
    plain = []
    for text in sorted(marks):
        mark = text.encode().decode("latin-1")  # a character for every byte
        start, dot, end = mark.rpartition(".")
        if dot and len(end) > 1:
            by_end.setdefault(end, []).append(start)
        else:
            plain.append(_either_case(mark))
    ends = sorted(by_end, key=lambda end: -len(by_end[end]))
    dotted = (
        rb"\."
        + b"".join(_set(end[place : place + 1] for end in ends) for place in range(3))
        + b"(?:"
        + b"|".join(_ending(end, by_end[end]) for end in ends)
        + b")"
    )
    return re.compile(b"|".join([*([dotted] if ends else []), *plain]) or rb"\A(?!)", re.DOTALL)


def _ending(end: str, starts: list[str]) -> bytes:
    seen, rest = end[:3], end[3:]
    tail = b"." * (1 + max(3, len(end)))
    return rb"(?<=\." + _either_case(seen) + b"." * (3 - len(seen)) + b")" + _either_case(rest) + _before(starts, tail)


def _before(starts: list[str], tail: bytes, known: int = 0) -> bytes:
    """Return what holds where one of *starts* ends before *tail*; their last *known* characters are there."""
    if any(len(start) == known for start in starts):
        return b""
    by_character: dict[str, list[str]] = {}
    for start in starts:
        by_character.setdefault(start[-1 - known], []).append(start)
    choices = []
    for character, fitting in by_character.items():
        if len(fitting) == 1:
            choices.append(b"(?<=" + _either_case(fitting[0][: len(fitting[0]) - known]) + tail + b")")
        else:
            further = _before(fitting, b"." + tail, known + 1)
            choices.append(b"(?<=" + _either_case(character) + tail + b")" + further)
    return b"(?:" + b"|".join(choices) + b")"


def _set(characters: Iterable[str]) -> bytes:
    found = set(characters)
    return b"[" + b"".join(_OTHER if not one else _members(one) for one in sorted(found)) + b"]"


def _members(character: str) -> bytes:
    forms = {character, character.upper()} if character.isascii() else {character}
    return b"".join(re.escape(form.encode("latin-1")) for form in sorted(forms))


def _either_case(text: str) -> bytes:
    return b"".join(b"[" + _members(character) + b"]" for character in text)
