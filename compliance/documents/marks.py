"""What stands in a document before there are elements: marks around words in another language, headings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..characters import HAN

# Private-use characters that stand around words in another language until there are elements to put them in.
_BEGIN, _SPOKEN, _END = "\ue000", "\ue001", "\ue002"
MARKED = re.compile(f"{_BEGIN}(?P<language>[A-Za-z0-9-]+){_SPOKEN}(?P<words>[^{_BEGIN}{_SPOKEN}{_END}]+){_END}")
FOREIGN = re.compile(f"{MARKED.pattern}|[{HAN}]+")
# Stand around a value until it is known what is beside it.
_OPEN, _CLOSE = "\ue003", "\ue004"
_LATIN_AFTER_HAN = re.compile(rf"(?<=[{HAN}]){_OPEN}(?=(?:{_BEGIN}[A-Za-z0-9-]*{_SPOKEN})?[!-~])")
_LATIN_BEFORE_HAN = re.compile(rf"([!-~]{_END}?){_CLOSE}(?=[{HAN}])")
_EDGES = re.compile(f"[{_OPEN}{_CLOSE}]")
_MARKS = re.compile(f"{_BEGIN}[A-Za-z0-9-]*{_SPOKEN}|[{_BEGIN}{_SPOKEN}{_END}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of a document, for its table of contents."""

    id: str
    text: str
    level: int


def mark(text: str, language: str) -> str:
    """Mark *text* as standing in *language*; `markup.shape` makes an element of it."""
    return f"{_BEGIN}{language.replace('_', '-')}{_SPOKEN}{text}{_END}"


def unmark(text: str) -> str:
    """Return *text* without the marks of `mark`."""
    return _MARKS.sub("", text)


def edged(value: str) -> str:
    """Return *value* so that `spaced` sees where it begins and ends."""
    return f"{_OPEN}{value}{_CLOSE}"


def spaced(text: str) -> str:
    """Return *text* with a space between its Han and the Latin letters that a value of `edged` begins or ends with."""
    return _EDGES.sub("", _LATIN_BEFORE_HAN.sub(r"\1 ", _LATIN_AFTER_HAN.sub(" ", text)))
