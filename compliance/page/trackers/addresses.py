"""Addresses as browsers read them: which host an address leads to, and which hosts a script names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath
from urllib.parse import unquote, urljoin

from ...outside.hosts import ascii_host

# Schemes whose addresses have a host whatever slashes follow; a backslash is a slash to them (URL standard, 4.4).
_ABSOLUTE = re.compile(r"(?:(?:https?|wss?|ftp):/*|//+)([^/?#]*)([^?#]*)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_AROUND = "".join(map(chr, range(0x21)))
_INSIDE = str.maketrans("\\", "/", "\t\n\r")
_PORT = re.compile(r":[0-9]*\Z")
# A host in a text, and the path after it.
_NAMED = re.compile(r"(?<![\w-])([\w-]++(?:\.[\w-]++)++)\.?(?::[0-9]+)?(/[^\s\"'`<>?#\\)]*)?")
# How scripts write characters in strings (ECMAScript, section 12.9.4).
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|([/\"'.-]))")


def split(address: str) -> tuple[str | None, str] | None:
    """Return host and path of *address*: no host where it is a relative one, ``None`` where it leads to no host.

    Source: URL standard, section 4.4.
    """
    address = address.strip(_AROUND).translate(_INSIDE)
    found = _ABSOLUTE.match(address)
    if found is not None:
        return _host(found[1]), _path(found[2])
    return None if _SCHEME.match(address) else (None, _path(re.split("[?#]", address, maxsplit=1)[0]))


def joined(base: str, address: str) -> str:
    """Return *address*, a relative one as it leads from *base*."""
    parts = split(address)
    if parts is None or parts[0] is not None:
        return address
    try:
        return urljoin(base, address.strip(_AROUND).translate(_INSIDE))
    except ValueError:  # such as an IPv6 host without its bracket
        return address


def named(text: str) -> Iterator[tuple[str, str]]:
    """Yield host and path of every address in *text*, a script, however its strings write them."""
    if "\\" in text:
        text = _ESCAPE.sub(_character, text)
    if "%" in text:
        text = unquote(text)
    for found in _NAMED.finditer(text):
        yield ascii_host(found[1]), _path(found[2] or "")


def _host(authority: str) -> str:
    return ascii_host(unquote(_PORT.sub("", authority.rpartition("@")[2])))


def _path(path: str) -> str:
    path = "/" + unquote(path).lstrip("/")
    return normpath(path) if "/." in path else path


def _character(escape: re.Match[str]) -> str:
    digits = escape[1] or escape[2] or escape[3]
    if digits is None:
        return escape[4]
    code = int(digits, 16)
    return chr(code) if code <= 0x10FFFF else ""
