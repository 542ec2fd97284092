"""Where the text of a script ends."""

from __future__ import annotations

import re

from .syntax import NAME_END

_SCRIPT = rb"[sS][cC][rR][iI][pP][tT]" + NAME_END
# Where a script's text changes its meaning (sections 13.2.5.15 to 13.2.5.31): a "</script" after "<!--" and "<script"
# is part of it.
_PLAIN = re.compile(rb"</" + _SCRIPT + rb"|<!--")
_ESCAPED = re.compile(rb"</" + _SCRIPT + rb"|-->|<" + _SCRIPT)
_DOUBLE = re.compile(rb"</" + _SCRIPT + rb"|-->")


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
