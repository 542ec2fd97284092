"""Where the text of a script ends."""

from __future__ import annotations

import re

from .syntax import DOUBLE_MARKS, ESCAPED_MARKS, SCRIPT_MARKS

_PLAIN, _ESCAPED, _DOUBLE = (re.compile(b"|".join(marks)) for marks in (SCRIPT_MARKS, ESCAPED_MARKS, DOUBLE_MARKS))


class ScriptText:
    """The text of a script up to the "<" of its end tag, found piece by piece."""

    def __init__(self) -> None:
        self._state = _PLAIN

    def find(self, data: bytes, place: int) -> tuple[int, bool]:
        """Return how far *data* is read from *place*, and whether the script ends there."""
        while (found := self._state.search(data, place)) is not None:
            place = found.end()
            if found[0][:2] == b"</":
                if self._state is not _DOUBLE:
                    return found.start(), True
                self._state = _ESCAPED
            elif found[0] == b"<!--":
                self._state = _ESCAPED
                place -= 2  # "<!-->" is a whole comment
            else:
                self._state = _PLAIN if found[0] == b"-->" else _DOUBLE
        return max(place, len(data) - len(b"</script")), False
