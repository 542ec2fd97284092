"""What a value that a browser keeps looks like: whether it may tell one reader from all others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import log2
from urllib.parse import unquote

from .stored import Shape

LONGEST = 4_000  # characters of a value that are looked at
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,}|[A-Za-z0-9+/=]{16,}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_FLAG = re.compile(
    r"true|false|yes|no|on|off|[01]|null|undefined|ok|accept(?:ed|all)?|reject(?:ed)?|den(?:y|ied)|allow(?:ed)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?\d{1,7}(?:\.\d+)?")
# Seconds or milliseconds since 1970, from 2017 to 2036; or a date as ISO 8601 or HTTP writes it.
_EPOCH = re.compile(r"(?:1[5-9]|20)\d{8}(?:\d{3})?(?:\.\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ][\d:.+Z-]+)?|[A-Z][a-z]{2}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} .*")
# The string of the IAB's framework (TCF 2.2) says who may do what; others say it in words.
_FRAMEWORK = re.compile(r"C[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9_-]+)*")
_CONSENT = re.compile(
    r"consent|necessary|analytics|marketing|functional|preferences|categor|gdpr|purposes", re.IGNORECASE
)
_DECISION = re.compile(r"consent|cookie[-_]?(?:policy|choice|notice|prefs)", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{12,}|[0-9A-F]{12,}")


def shape_of(value: str, name: str = "") -> Shape:
    """Return what *value* looks like, kept under *name*."""
    text = unquote(value[:LONGEST]).strip().strip('"')
    if not text:
        return Shape.EMPTY
    for shape, pattern in (
        (Shape.FLAG, _FLAG),
        (Shape.NUMBER, _NUMBER),
        (Shape.TIME, _EPOCH),
        (Shape.TIME, _DATE),
        (Shape.CONSENT, _FRAMEWORK),
    ):
        if pattern.fullmatch(text):
            return shape
    if _CONSENT.search(text) or _DECISION.search(name):
        return Shape.CONSENT
    if next(identifiers(text), None):
        return Shape.IDENTIFIER
    if re.match(r"https?://", text):
        return Shape.ADDRESS
    if text[0] in "{[":
        return Shape.STRUCTURE
    if re.fullmatch(r"[\d.,:;|_ -]+", text):
        return Shape.TIME if _EPOCH.search(text) else Shape.NUMBER
    return Shape.TEXT


def identifiers(value: str) -> Iterator[str]:
    """Yield the parts of *value* that look as if they were drawn at random."""
    for match in _UUID.finditer(value):
        yield match[0]
    for match in _TOKEN.finditer(_UUID.sub(" ", value)):
        for part in re.split(r"[_-](?=[A-Za-z0-9])", match[0]) if len(match[0]) > 40 else (match[0],):
            if _is_random(part):
                yield part


def _is_random(text: str) -> bool:
    if len(text) < 8 or _EPOCH.fullmatch(text) or _DATE.fullmatch(text):
        return False
    digits = sum(map(str.isdigit, text))
    if digits == len(text):
        return len(text) >= 9 and _bits(text) > 2
    if _HEX.fullmatch(text):
        return digits >= 2
    # Words have few digits and change case between them; what was drawn mixes both at every other place.
    switches = len(re.findall(r"(?=[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z])", text))
    needed = len(text) // 8 if digits > 1 else len(text) // 4
    return (digits > 1 or len(text) > 15) and switches >= max(2, needed) and _bits(text) > 2.5


def _bits(text: str) -> float:
    """Return how many bits a character of *text* carries, by how often each occurs (Shannon)."""
    return -sum((n := text.count(one) / len(text)) * log2(n) for one in set(text))
