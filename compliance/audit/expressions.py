"""Regular expressions that are quick to say no: tried only where a text stands that every match contains.

Most rules ask a page for words that it does not have, or has in its foot alone. To look for a fixed text takes Python a
hundredth of the time that an expression takes in which letters may be of either case, and for Chinese there is no case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ..characters import beyond_ascii

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P<\w+>|\(\?(?:[:=!]|<[=!])|[()|]|.", re.DOTALL)
_QUANTIFIER = re.compile(r"([?*+]|\{\d*(?:,\d*)?\})[?+]?")
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!")
_FEW = 4  # characters in brackets that are tried one by one
_MOST = 16  # texts that one place of an expression may stand for
_PLAIN = re.compile(r"[\w\s,;:@/=\"'<>#&%!~`-]|[^\x00-\x7f]")
_ESCAPED = re.compile(r"\\[^\w\s]")


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the outermost alternatives: *needed* stands in every match, *starts* begin every match, where known."""

    pattern: re.Pattern[str]
    cased: bool
    needed: tuple[str, ...] | None
    starts: tuple[str, ...] | None

    def first(self, text: str, place: int) -> re.Match[str] | None:
        known = _known(text, self.cased)
        if self.needed is not None and not any(map(known.has, self.needed)):
            return None
        if self.starts is None or len(known.text) != len(text):
            return self.pattern.search(text, place)
        best: re.Match[str] | None = None
        for start in filter(known.has, self.starts):
            at = known.text.find(start, place)
            while at >= 0 and (best is None or at < best.start()):
                if match := self.pattern.match(text, at):
                    best = match
                    break
                at = known.text.find(start, at + 1)
        return best


class _Known:
    """A text, and what is quick to ask of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._beyond = beyond_ascii(text)
        # Python finds a Latin word five times as fast in a text of Latin letters alone.
        self._ascii = text.encode("ascii", "ignore").decode("ascii")

    def has(self, word: str) -> bool:
        """Return whether *word* stands in the text."""
        if word.isascii():
            return word in self._ascii and word in self.text
        return _bare(word) in self._beyond and word in self.text


class Expression:
    """A regular expression, cut at its outermost alternatives, each with the texts one of which it needs."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern, self.flags = pattern, flags
        self._parts: list[_Part] = []
        for part in _alternatives(pattern):
            cased = bool(flags & re.IGNORECASE) and part.lower() != part.upper()
            self._parts.append(
                _Part(
                    pattern=re.compile(part, flags if cased else flags & ~re.IGNORECASE),
                    cased=cased,
                    needed=_folding(_needed(part), cased),
                    starts=_folding(_starts(part), cased),
                )
            )

    def search(self, text: str, place: int = 0) -> re.Match[str] | None:
        """Return the first match in *text*, from *place* on."""
        first: re.Match[str] | None = None
        for part in self._parts:
            match = part.first(text, place)
            if match and (first is None or match.start() < first.start()):
                first = match
        return first

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield every match in *text*; none may be empty."""
        place = 0
        while match := self.search(text, place):
            yield match
            place = match.end()


@lru_cache(maxsize=4_096)  # the words of the rules
def _bare(word: str) -> str:
    return beyond_ascii(word)


def _folding(texts: frozenset[str] | None, cased: bool) -> tuple[str, ...] | None:
    return None if texts is None else tuple(sorted({text.lower() if cased else text for text in texts}))


@lru_cache(maxsize=8)  # the text and the source of the page at hand
def _known(text: str, folded: bool) -> _Known:
    return _Known(text.lower() if folded else text)


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


def _starts(pattern: str) -> frozenset[str] | None:
    """Return texts one of which begins whatever *pattern*, a sequence, matches; None where that is not known."""
    tokens = _TOKEN.findall(pattern)
    place = 0
    while place < len(tokens) and (tokens[place] == "\\b" or tokens[place].startswith("(?<")):
        place = (_closing(tokens, place) if tokens[place].startswith("(") else place) + 1
    if place < len(tokens) and tokens[place].startswith("(") and not tokens[place].startswith(_LOOKS):
        end = _closing(tokens, place)
        if _quantifier(tokens, end + 1)[1]:
            return None
        inside = [_starts(part) for part in _alternatives("".join(tokens[place + 1 : end]))]
        return None if None in inside else frozenset[str]().union(*filter(None, inside))
    runs = {""}
    while place < len(tokens) and (characters := _characters(tokens[place])):
        place, quantifier = _quantifier(tokens, place + 1)
        longer = {run + character for run in runs for character in characters}
        if quantifier not in ("", "?") or len(longer | runs) > _MOST:
            break
        runs = runs | longer if quantifier else longer
    return frozenset(runs) if "" not in runs else None


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
