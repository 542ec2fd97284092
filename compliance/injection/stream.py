"""The same for a page that comes in pieces: what can leave leaves at once, and memory stays flat."""

from __future__ import annotations

import re
from collections.abc import Callable

from .careful import Judge, place_foot
from .opening import Opening, Undecided, find_opening
from .page import inject, opening
from .place import Place
from .scan import Scan, foot_place
from .tail import LIMIT as TAIL
from .tail import body_end

# A head longer than this goes through unchanged.
HEAD = 1024 * 1024
# How much of a token that does not end (a script, a comment) is waited for before the proof is given up.
TOKEN = 1024 * 1024
# How much of a page is kept, after it has left, for the careful way.
KEPT = 1024 * 1024
_MAY_END = re.compile(rb"[ \t\n\f\r]*+(?:<(?:/(?:b(?:od?)?)?)?)?\Z", re.IGNORECASE)

Markup = Callable[[Opening], tuple[bytes, bytes]]


class Stream:
    """A page in pieces: `feed` and `close` return what may leave.

    *markup* is called once, when the opening of the page is known, and returns what goes first and last in the body.
    """

    def __init__(self, markup: Markup) -> None:
        self._markup = markup
        self._foot = b""
        self._held = b""
        self._cut = False
        self._look: int | None = 0
        self._resume = 0
        self._scan: Scan | None = None
        self._unread = b""
        self._again = 0
        self._kept: bytes | None = b""
        self._head = b""
        self._start = 0

    def feed(self, chunk: bytes) -> bytes:
        """Take the next piece of the page."""
        if self._look is None:
            return self._pass(chunk) if self._foot else chunk
        self._held += chunk
        if len(self._held) < self._look or (b">" not in chunk and b"<" in self._held):
            return b""
        return self._open()

    def close(self) -> bytes:
        """Return the rest of the page; nothing may be fed after it."""
        if self._look is not None:
            page = self._held
            found = opening(page)
            return page if found is None else inject(page, *self._markup(found), found)
        if not self._foot:
            return self._held
        held, self._held = self._held, b""
        end = None if self._cut and body_end(held) == 0 else body_end(held)
        if self._scan is not None:
            read = len(self._unread)
            proven = foot_place(self._scan, self._unread + held, None if end is None else read + end)
            if proven is not None:
                place = proven[0] - read
                return held[:place] + proven[1] + self._foot + held[place:]
        return self._close_carefully(held)

    def _open(self) -> bytes:
        page = self._held
        try:
            opening = find_opening(page, resume=self._resume)
        except Undecided as undecided:
            self._resume = undecided.resume
            if len(page) <= HEAD:
                return b""
            opening = None
        self._look = None
        self._held = b""
        if opening is None:
            return page
        self._start = opening.start
        self._head, self._foot = self._markup(opening)
        if not self._foot:
            return page[: opening.start] + self._head + page[opening.start :]
        self._scan = Scan(0)
        self._kept = page[: opening.start]
        return page[: opening.start] + self._head + self._pass(page[opening.start :])

    def _pass(self, chunk: bytes) -> bytes:
        if self._kept is not None:
            self._kept = self._kept + chunk if len(self._kept) + len(chunk) <= KEPT else None
        held = self._held + chunk
        end = body_end(held, partial=True)
        if end is None:
            end = _MAY_END.search(held, max(0, len(held) - TAIL)).start()  # type: ignore[union-attr]
        self._cut = end > 0 and held[end - 1] in b" \t\n\f\r"
        self._held = held[end:]
        if self._scan is not None:
            self._read(self._scan, held[:end])
        return held[:end]

    def _read(self, scan: Scan, chunk: bytes) -> None:
        self._unread += chunk
        if len(self._unread) < self._again:
            return
        last = self._unread.rfind(b"<")
        if last > scan.place and scan.run(self._unread, last):
            scan.advance(last)
        needed = scan.fold(self._unread)
        if needed > 0:
            self._unread = self._unread[needed:]
            scan.shift(needed)
        if len(self._unread) > TOKEN:
            self._scan, self._unread = None, b""
        # A token that has not ended is looked at again when there is twice as much of it.
        self._again = 2 * len(self._unread) if len(self._unread) > 4096 else 0

    def _close_carefully(self, held: bytes) -> bytes:
        page = self._kept
        if page is None:
            return held
        judge = Judge(page)
        placed = Place(head=self._start)
        if self._head and not judge.accepts(placed.splice(page, self._head, b""), self._head):
            return held
        sent = len(page) - len(held)
        place = place_foot(page, self._head, self._foot, placed, judge, sent)
        if place.foot < sent:
            return held
        return page[sent : place.foot] + place.after(self._foot) + page[place.foot :]
