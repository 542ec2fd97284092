"""What the headers of a response say about its body, and the same headers for a changed one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import itemgetter
from typing import NamedTuple

from ..page.charsets import named
from ..page.codings import coding
from ..page.policies import Nonces, nonces
from .validators import Stamp

Fields = list[tuple[str, str]]

_NO_PAGE = frozenset({"204", "205", "206", "304"})  # no body, or a piece of one
# A browser goes on to their Location, and shows nothing (Fetch standard, section 2.2.6).
_REDIRECTS = frozenset({"301", "302", "303", "307", "308"})
_READ = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-range",
        "content-security-policy",
        "content-security-policy-report-only",
        "content-type",
        "location",
        "transfer-encoding",
        "vary",
    }
)
_POLICIES = ("content-security-policy", "content-security-policy-report-only")
_LENGTH = "content-length"
_DIGITS = 20
_VALIDATORS = frozenset({"etag", "last-modified"})
# What describes the bytes of the page as the site made it (RFC 9110 section 14.3, RFC 9530, RFC 3230, RFC 1864).
_UNTRUE = frozenset({_LENGTH, "content-md5", "digest", "repr-digest", "content-digest", "accept-ranges"})

_NAME = itemgetter(0)
_CHARSET = re.compile(r";[ \t]*charset[ \t]*=[ \t]*[\"']?([^\s;\"']+)", re.IGNORECASE)
# A directive, and whether it has a value: private="Set-Cookie" is about that field only (RFC 9111, section 5.2.2.7).
_DIRECTIVE = re.compile(r'([^\s,="]+)[ \t]*(=)?(?:[ \t]*"[^"]*"|[^,"]*)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the headers say of a response whose body is a page."""

    label: str | None  # the charset of the Content-Type, as written
    language: str | None
    coding: str | None
    nonces: Nonces
    private: bool  # the site made this response for one reader


class Layout(NamedTuple):
    """What is to be done with the fields of a response, by their names alone, in their order."""

    read: tuple[bool, ...]
    kept: tuple[bool, ...]  # in the response of a changed page
    dated: bool  # one of these tells the page from an earlier one
    personal: bool  # one of these is for one reader, and not to be kept
    length: int  # where the only one is that tells it; -1 for none


def layout(fields: Fields) -> Layout:
    """Return what is to be done with *fields*."""
    return _layout(tuple(map(_NAME, fields)))


@lru_cache(maxsize=256)
def _layout(names: tuple[str, ...]) -> Layout:
    lower = [name.lower() for name in names]
    return Layout(
        read=tuple(name in _READ for name in lower),
        kept=tuple(name not in _UNTRUE for name in lower),
        personal="set-cookie" in lower,
        dated=not _VALIDATORS.isdisjoint(lower),
        length=lower.index(_LENGTH) if lower.count(_LENGTH) == 1 else -1,
    )


def read(status: str, fields: Fields, layout: Layout, tell: Callable[[str], None]) -> Head | None:
    """Return the head of a page; ``None`` for a response to leave alone, of which *tell* is told where it is odd."""
    head = _read(status[:3], tuple((name, value) for name, value in compress(fields, layout.read)))
    if isinstance(head, str):
        tell(head)
        return None
    return head


@lru_cache(maxsize=256)
def _read(status: str, fields: tuple[tuple[str, str], ...]) -> Head | str | None:
    """Return the head of a page, ``None`` for what is none, or what is odd about it."""
    if status in _NO_PAGE or status[:1] == "1":
        return None
    found: dict[str, str] = {}
    for written, value in fields:
        name = written.lower()
        # Several fields of one name are one list (RFC 9110, section 5.3).
        found[name] = f"{found[name]}, {value}" if name in found else value
    if status in _REDIRECTS and "location" in found:
        return None
    kind = found.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "text/html":
        return None
    attached = found.get("content-disposition", "").partition(";")[0].strip().lower() == "attachment"
    if attached or "content-range" in found or "transfer-encoding" in found:
        return None
    controls = _DIRECTIVE.finditer(found.get("cache-control", ""))
    control = {match[1].lower() for match in controls if not match[2]}
    if "no-transform" in control:
        return None
    charset = _CHARSET.search(kind)
    label = charset[1] if charset else None
    if label is not None and named(label) is None:
        return f"the charset {label[:40]!r} is unknown"
    coded = found.get("content-encoding", "").strip().lower()
    if coded not in ("", "identity"):
        try:
            coding(coded)
        except LookupError as error:
            return str(error)
    return Head(
        label=label,
        language=found.get("content-language", "").partition(",")[0].strip() or None,
        coding=None if coded in ("", "identity") else coded,
        nonces=nonces(found[name] for name in _POLICIES if name in found),
        private=not control.isdisjoint(("private", "no-store")) or "cookie" in _names(found.get("vary", "")),
    )


def changed(fields: Fields, layout: Layout, stamp: Stamp, hints: str) -> Fields:
    """Return *fields* for the changed page with *stamp* and *hints*, less its length."""
    kept = list(compress(fields, layout.kept))
    if layout.dated:
        kept = [stamped for field in kept if (stamped := _stamped(field, stamp)) is not None]
    if hints:
        kept.append(("Link", hints))
    return kept


def _stamped(field: tuple[str, str], stamp: Stamp) -> tuple[str, str] | None:
    lower = field[0].lower()
    if lower == "etag":
        tag = stamp.tag(field[1])
        return None if tag is None else (field[0], tag)
    return (field[0], stamp.date(field[1])) if lower == "last-modified" else field


def length(fields: Fields, layout: Layout) -> int | None:
    """Return how many bytes the body has by *fields*, where they say it."""
    if layout.length < 0:
        return None
    found = fields[layout.length][1]
    return int(found) if found.isdecimal() and len(found) < _DIGITS else None


def personal(fields: Fields) -> Fields:
    """Return *fields* of an answer that depends on what its reader decided (RFC 9110, section 12.5.5)."""
    if any("cookie" in _names(value) for name, value in fields if name.lower() == "vary"):
        return fields
    return [*fields, ("Vary", "Cookie, Sec-GPC")]


def value(fields: Fields, name: str) -> str | None:
    """Return the value of the field *name*, given in lower case."""
    return next((value for field, value in fields if field.lower() == name), None)


def _names(value: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in value.split(","))
