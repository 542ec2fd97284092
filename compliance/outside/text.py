"""Text from outside: bounded first, and only then normalised.

Normalisation puts the marks that follow a character into order, in time that grows with the square of their number. So
a text is cut to a length that its reader names, and its runs of marks to what Unicode calls stream-safe (UAX 15,
section 13), before anything else looks at it. No other module of the package normalises.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

#: The most marks in a row: no language comes near, and 30 are what UAX 15 lets software count on.
LONGEST_RUN = 30
#: Where marks can be: wider than they are, but quick to look for.
_BLOCKS = (
    *((0x300, 0x2DFF), (0x302A, 0x302F), (0x3099, 0x309A), (0xA66F, 0xABFF), (0xFB1E, 0xFE2F), (0xFF9E, 0xFF9F)),
    (0x10000, 0x1FFFF),
)
_BLOCK = f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in _BLOCKS)}]"
_ONE = re.compile(_BLOCK)
_PERHAPS = re.compile(f"{_BLOCK}{{{LONGEST_RUN + 1}}}")
# In so many in a row stands one of the pieces, half as long, into which a text is cut.
_PIECE = LONGEST_RUN // 2 + 1
_FULL = re.compile(f"{_BLOCK}{{{_PIECE}}}")


def normalised(text: str, *, longest: int, form: Literal["NFC", "NFKC"] = "NFC") -> str:
    """Return the first *longest* code points of *text* in the normalisation *form*, with no run of marks too long.

    Marks past the thirtieth in a row are dropped. The result of NFKC may be longer than *longest*: one character can
    stand for eighteen.
    """
    text = text[:longest]
    return text if text.isascii() else unicodedata.normalize(form, stream_safe(text))


def stream_safe(text: str) -> str:
    """Return *text* without the marks past the thirtieth in a row, before it goes where it is normalised unasked."""
    # Where no piece begins with one, as in most texts, nothing else is looked at.
    begun = _ONE.finditer(text[::_PIECE])
    if not any(_FULL.match(text, one.start() * _PIECE) for one in begun) or _PERHAPS.search(text) is None:
        return text
    return _runs().sub(lambda run: run[0][:LONGEST_RUN], text)


def is_mark(character: str) -> bool:
    """Return whether *character*, taken apart, begins with what is put into order (UAX 15, "non-starter")."""
    if unicodedata.decomposition(character):
        character = unicodedata.normalize("NFKD", character)
    return unicodedata.combining(character[0]) != 0


@cache
def _runs() -> re.Pattern[str]:
    """Return what finds too many marks in a row. Made when the first text with many arrives."""
    points = (point for first, last in _BLOCKS for point in range(first, last + 1) if is_mark(chr(point)))
    return re.compile(f"[{''.join(map(chr, points))}]{{{LONGEST_RUN + 1},}}+")
