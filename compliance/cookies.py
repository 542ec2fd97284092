"""Cookies on a site's own hosts: which of them go with a consent, and the headers that take them away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

# What the name of a cookie is written with (RFC 6265, section 4.1.1).
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = "compliance_"
#: Proxies take a few kilobytes of headers (nginx four, unless told otherwise), and others stand beside these.
_MOST_LINES = 20
_MOST_BYTES = 2400


class Cookies:
    """The cookies that wait for a consent, by their names.

    Args:
        names: pairs of a category and an expression for the names of its cookies.
        kept: gives the names of those that the application itself works with, which no expression ever takes.
    """

    def __init__(self, names: Sequence[tuple[str, str]], kept: Callable[[], Iterable[str]]) -> None:
        self._names = tuple(names)
        self._kept = kept

    @cached_property
    def _owners(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((category, re.compile(names)) for category, names in self._names)

    def unwanted(self, sent: Iterable[str], allows: Callable[[str], bool]) -> list[str]:
        """Return those of the names *sent* of which no category is allowed, in order."""
        kept = frozenset(self._kept())
        return sorted(
            name
            for name in frozenset(sent) - kept
            if _NAME.fullmatch(name) and not name.startswith(_OURS) and self._waits(name, allows)
        )

    def _waits(self, name: str, allows: Callable[[str], bool]) -> bool:
        owners = [category for category, names in self._owners if names.match(name)]
        return bool(owners) and not any(map(allows, owners))


def domains(host: str) -> list[str | None]:
    """Return what the `Domain` of a cookie on *host* can be: none, the host, and the hosts above it."""
    labels = [] if re.search(r":|\d$", host) else host.split(".")  # an address has no hosts above it
    return [None, *(".".join(labels[place:]) for place in range(len(labels) - 1))]


def expired(name: str, host: str, *, secure: bool, path: str = "/") -> Iterator[tuple[str | None, str]]:
    """Yield a domain and the `Set-Cookie` line that takes cookie *name* away from it, for each that *host* can have."""
    for domain in domains(host):
        where = f"; Domain={domain}" if domain else ""
        yield domain, f"{name}=; Max-Age=0; Path={path}{where}{'; Secure' * secure}"


def taken(names: Iterable[str], host: str, *, secure: bool) -> tuple[list[str], str | None]:
    """Return the `Set-Cookie` lines that take *names* away, as many as one answer holds.

    Beside them stands the last of the names that they are about where others are left over, else None.
    """
    lines: list[str] = []
    last, room = None, _MOST_BYTES
    for name in names:
        more = [line for _, line in expired(name, host, secure=secure)]
        room -= sum(len(line) + len("Set-Cookie: \r\n") for line in more)
        if lines and (room < 0 or len(lines) + len(more) > _MOST_LINES):
            return lines, last
        lines += more
        last = name
    return lines, None
