"""What the headers of a response say about its body, and the same headers for a changed one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ..page.charsets import named
from ..page.codings import Coding, coding
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
        "content-length",
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
# What describes the bytes of the page as the site made it (RFC 9110 section 14.3, RFC 9530, RFC 3230, RFC 1864).
_UNTRUE = frozenset({"content-length", "content-md5", "digest", "repr-digest", "content-digest", "accept-ranges"})

_CHARSET = re.compile(r";[ \t]*charset[ \t]*=[ \t]*[\"']?([^\s;\"']+)", re.IGNORECASE)
# A directive, and whether it has a value: private="Set-Cookie" is about that field only (RFC 9111, section 5.2.2.7).
_DIRECTIVE = re.compile(r'([^\s,="]+)[ \t]*(=)?(?:[ \t]*"[^"]*"|[^,"]*)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Status and headers of a response whose body is a page."""

    status: str
    fields: Fields
    label: str | None  # the charset of the Content-Type, as written
    language: str | None
    length: int | None
    coding: Coding | None
    nonces: Nonces
    private: bool  # the site made this response for one reader

    def changed(self, stamp: Stamp, length: int | None, hints: str) -> Fields:
        """Return the fields for the changed page with *stamp*, *length* bytes long where that is known, and *hints*."""
        fields: Fields = []
        for name, value in self.fields:
            lower = name.lower()
            if lower in _UNTRUE:
                continue
            if lower == "etag":
                tag = stamp.tag(value)
                if tag is None:
                    continue
                value = tag
            elif lower == "last-modified":
                value = stamp.date(value)
            fields.append((name, value))
        if length is not None:
            fields.append(("Content-Length", str(length)))
        if hints:
            fields.append(("Link", hints))
        return fields


def read(status: str, fields: Fields, tell: Callable[[str], None]) -> Head | None:
    """Return the head of a page; ``None`` for a response to leave alone, of which *tell* is told where it is odd."""
    if status[:3] in _NO_PAGE or status[:1] == "1":
        return None
    found: dict[str, str] = {}
    for name, value in fields:
        name = name.lower()
        if name in _READ:
            # Several fields of one name are one list (RFC 9110, section 5.3).
            found[name] = f"{found[name]}, {value}" if name in found else value
    if status[:3] in _REDIRECTS and "location" in found:
        return None
    html, label = _content_type(found.get("content-type", ""))
    if not html or "content-range" in found or "transfer-encoding" in found or _attached(found):
        return None
    control = _directives(found.get("cache-control", ""))
    if "no-transform" in control:
        return None
    if label is not None and named(label) is None:
        tell(f"the charset {label[:40]!r} is unknown")
        return None
    coded = found.get("content-encoding", "").strip().lower()
    try:
        coder = None if coded in ("", "identity") else coding(coded)
    except LookupError as error:
        tell(str(error))
        return None
    length = found.get("content-length", "")
    return Head(
        status=status,
        fields=fields,
        label=label,
        language=found.get("content-language", "").partition(",")[0].strip() or None,
        length=int(length) if length.isdecimal() and len(length) < 20 else None,
        coding=coder,
        nonces=nonces(found[name] for name in _POLICIES if name in found),
        private=not control.isdisjoint(("private", "no-store")) or "cookie" in _names(found.get("vary", "")),
    )


def lists(fields: Fields, name: str, member: str) -> bool:
    """Return whether the field *name*, a list, has *member*; both in lower case."""
    return any(member in _names(value) for field, value in fields if field.lower() == name)


def value(fields: Fields, name: str) -> str | None:
    """Return the value of the field *name*, given in lower case."""
    return next((value for field, value in fields if field.lower() == name), None)


@lru_cache(maxsize=256)
def _content_type(value: str) -> tuple[bool, str | None]:
    charset = _CHARSET.search(value)
    return value.partition(";")[0].strip().lower() == "text/html", charset[1] if charset else None


def _attached(found: dict[str, str]) -> bool:
    return found.get("content-disposition", "").partition(";")[0].strip().lower() == "attachment"


@lru_cache(maxsize=256)
def _directives(value: str) -> frozenset[str]:
    return frozenset(match[1].lower() for match in _DIRECTIVE.finditer(value) if not match[2])


@lru_cache(maxsize=256)
def _names(value: str) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in value.split(","))
