"""The fields of a message that go on, and those that end with the connection (RFC 9110, section 7.6)."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

Fields = list[tuple[bytes, bytes]]

# About the connection that a message came by (RFC 9110, section 7.6.1; RFC 9113, section 8.2.2), or for its next end
# alone (sections 11.7.1 and 11.7.2).
_OF_THE_CONNECTION = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"),
        *(b"proxy-authenticate", b"proxy-authorization"),
    }
)
# What says where a message ends and who it is for is not taken out by naming it in Connection.
_NEVER_DROPPED = (b"content-length", b"host")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def passed(fields: Iterable[tuple[bytes, bytes]], without: Container[bytes] = ()) -> Fields:
    """Return *fields* in their order, less those of the connection and those *without*, named in small letters."""
    fields = list(fields)
    named = {token for name in values(fields, b"connection") for token in tokens(name)}.difference(_NEVER_DROPPED)
    dropped = _OF_THE_CONNECTION | named
    return [(name, value) for name, value in fields if (lower := name.lower()) not in dropped and lower not in without]


def values(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Return the values of the fields *name*, given in small letters."""
    return [value for field, value in fields if field.lower() == name]


def tokens(value: bytes) -> list[bytes]:
    """Return the members of *value*, a list, in small letters."""
    return [token.strip().lower() for token in value.split(b",")]


def sound(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether no value has a character that no field has (RFC 9110, section 5.5)."""
    return not any(_CONTROL.search(value) for _, value in fields)
