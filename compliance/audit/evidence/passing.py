"""What differs from one answer to the next though nothing changed: times, dates, the values of cookies.

It is taken out of what is kept, so that two runs can be compared, and kept beside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

#: Headers that tell nothing but the time.
TIMES = frozenset({"date", "age"})
_COOKIES = frozenset({"cookie", "set-cookie"})
_VALUE = re.compile(r"(?<==)[^;\n]*")
_EXPIRES = re.compile(r"(;\s*expires=)[^;\n]*", re.IGNORECASE)
_TAKEN = "*"

Headers = Sequence[tuple[str, str]]


def steady(headers: Iterable[tuple[str, str]]) -> tuple[Headers, Mapping[str, str], Headers]:
    """Return *headers* without what passes, the times among them by name, and the cookies as they came."""
    left, times, cookies = [], {}, []
    for name, value in headers:
        lower = name.lower()
        if lower in TIMES:
            times[lower] = value
            continue
        if lower in _COOKIES:
            cookies.append((lower, value))
            value = _valueless(value) if lower == "set-cookie" else _VALUE.sub(_TAKEN, value)
        left.append((name, value))
    return left, times, cookies


def _valueless(lines: str) -> str:
    """Return the *lines* of a Set-Cookie header, one for each cookie, without value and day."""
    return "\n".join(_EXPIRES.sub(rf"\1{_TAKEN}", _VALUE.sub(_TAKEN, line, count=1)) for line in lines.split("\n"))
