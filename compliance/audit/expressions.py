"""Regular expressions that are quick to say no: tried only where a text stands that every match contains.

Most rules ask a page for words that it does not have, or has in its foot alone. To look for a fixed text takes Python a
hundredth of the time that an expression takes in which letters may be of either case, and for Chinese there is no case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P<\w+>|\(\?(?:[:=!]|<[=!])|[()|]|.", re.DOTALL)
_QUANTIFIER = re.compile(r"([?*+]|\{\d*(?:,\d*)?\})[?+]?")
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
_FEW = 4  # characters in brackets that are tried one by one
_MOST = 16  # texts that one place of an expression may stand for
_PLAIN = re.compile(r"[\w\s,;:@/=\"'<>#&%!~`-]|[^\x00-\x7f]")
_ESCAPED = re.compile(r"\\[^\w\s]")


class Expression:
    """A regular expression, cut at its outermost alternatives, each with the texts one of which it needs."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern, self.flags = pattern, flags
        folds = bool(flags & re.IGNORECASE)
        self._parts: list[tuple[tuple[str, ...] | None, bool, re.Pattern[str]]] = []
        for part in _alternatives(pattern):
            needed = _needed(part)
            cased = folds and part.lower() != part.upper()
            marks = tuple(sorted({text.lower() if cased else text for text in needed})) if needed else None
            self._parts.append((marks, cased, re.compile(part, flags if cased else flags & ~re.IGNORECASE)))

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match in *text*."""
        return _first(self._possible(text), text, 0)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield every match in *text*; none may be empty."""
        possible = list(self._possible(text))
        place = 0
        while match := _first(possible, text, place):
            yield match
            place = match.end()

    def _possible(self, text: str) -> Iterator[re.Pattern[str]]:
        for marks, cased, pattern in self._parts:
            where = _folded(text) if cased else text
            if marks is None or any(mark in where for mark in marks):
                yield pattern


def _first(patterns: Iterable[re.Pattern[str]], text: str, place: int) -> re.Match[str] | None:
    first: re.Match[str] | None = None
    for pattern in patterns:
        match = pattern.search(text, place)
        if match and (first is None or match.start() < first.start()):
            first = match
    return first


@lru_cache(maxsize=4)  # the text and the source of the page at hand
def _folded(text: str) -> str:
    return text.lower()


def _alternatives(pattern: str) -> list[str]:
    """Return the outermost alternatives of *pattern*."""
    parts, depth = [""], 0
    for token in _TOKEN.findall(pattern):
        depth += token.startswith("(") - (token == ")")
        if token == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def _needed(pattern: str) -> frozenset[str] | None:
    """Return texts one of which stands in whatever *pattern*, a sequence, matches; None where there are none."""
    best: frozenset[str] | None = None
    runs = {""}  # what the plain characters just before may be
    tokens = _TOKEN.findall(pattern)
    place = 0
    while place < len(tokens):
        token, inside = tokens[place], None
        if token.startswith("("):
            end = _closing(tokens, place)
            if not token.startswith(_LOOKS):
                inside = [_needed(part) for part in _alternatives("".join(tokens[place + 1 : end]))]
            place = end
        place, quantifier = _quantifier(tokens, place + 1)
        optional = quantifier.startswith(("?", "*", "{0", "{,"))
        characters = _characters(token)
        if characters and len(runs) * (len(characters) + 1) <= _MOST and quantifier in ("", "?"):
            longer = {run + character for run in runs for character in characters}
            runs = runs | longer if optional else longer
        else:
            runs = set(characters) if characters and not optional else {""}
        if runs != {""} and "" not in runs and not optional:
            best = _better(best, frozenset(runs))
        if quantifier not in ("", "?"):
            runs = {""}
        if inside and None not in inside and not optional:
            best = _better(best, frozenset[str]().union(*filter(None, inside)))
    return best


def _characters(token: str) -> str:
    """Return the few plain characters that *token* stands for; none for anything else."""
    if token.startswith("[") and len(token) <= _FEW + 2 and not re.search(r"[\\^-]", token):
        return token[1:-1]
    return token[-1] if _PLAIN.fullmatch(token) or _ESCAPED.fullmatch(token) else ""


def _quantifier(tokens: list[str], place: int) -> tuple[int, str]:
    """Return where what follows a possible quantifier at *place* is, and the quantifier."""
    rest = "".join(tokens[place : place + 9])
    match = _QUANTIFIER.match(rest)
    if match is None:
        return place, ""
    length = len(match[0])
    while length > 0:
        length -= len(tokens[place])
        place += 1
    return place, match[1]


def _better(one: frozenset[str] | None, other: frozenset[str]) -> frozenset[str]:
    """Return which of both is rarer in pages, by the length of its shortest text."""
    if one is None or min(map(len, other)) > min(map(len, one)):
        return other
    return one


def _closing(tokens: list[str], place: int) -> int:
    depth = 0
    for at in range(place, len(tokens)):
        depth += tokens[at].startswith("(") - (tokens[at] == ")")
        if not depth:
            return at
    raise ValueError("the expression has a bracket that is never closed")
