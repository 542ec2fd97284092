"""What a character is: invisible, Chinese, a digit; and what of a text of them is seen.

Ranges are written for the inside of a character class.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Han characters as Chinese is written with them: ideographs of all planes, and the marks that stand for one.
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
#: The kana of Japanese.
KANA = "\u3040-\u30ff"
#: What a terminal or an editor obeys instead of showing: controls, other ends of a line, turns of direction, half a
#: character. Tab and line feed stay.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
#: What nobody sees and no word is told apart by: the default ignorable code points of Unicode (DerivedCoreProperties,
#: section 5.21 of the standard), and the marks of interlinear annotations.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
#: What stands for a hyphen.
DASHES = "‐‑‒–—―−⁃﹣－─━"
_ASCII = bytes(range(0x80))
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_BLANK = re.compile(rf"[\s\u2800{INVISIBLE}]+")  # U+2800 is the pattern of Braille without a dot


def has_invisible(text: str) -> bool:
    """Return whether anything in *text* is invisible."""
    # Of a page most is ASCII, where nothing is: to take that out is ten times as fast as to look at it.
    return _INVISIBLE.search(beyond_ascii(text)) is not None


def beyond_ascii(text: str) -> str:
    """Return *text* without the characters of ASCII."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")


def without_invisible(text: str) -> str:
    """Return *text* without what is invisible; spaces stay."""
    return _INVISIBLE.sub("", text) if has_invisible(text) else text


def with_ascii_digits(text: str) -> str:
    """Return *text* with the digits of ASCII for those of every script, and one hyphen; each stays in its place."""
    return text if text.isascii() else _BEYOND_ASCII.sub(lambda one: _plain(one[0]), text)


def printed(text: str) -> str:
    """Return what of *text* would show in print: nothing that is invisible, no space."""
    return _BLANK.sub("", text)


@lru_cache(maxsize=4_096)
def _plain(character: str) -> str:
    if character in DASHES:
        return "-"
    return str(unicodedata.digit(character)) if unicodedata.category(character) == "Nd" else character


def width(text: str) -> int:
    """Return how many columns *text* takes where all letters are as wide: a Chinese character takes two (UAX 11)."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
