"""The same for a page that comes in pieces: what can leave leaves at once, and memory stays flat."""

from __future__ import annotations

from collections.abc import Callable

from .opening import Opening, Undecided, find_opening
from .place import Markup, Place
from .scan import Scan, foot_place
from .tail import LIMIT as TAIL
from .tail import body_end
from .whole import inject, opening

# A head longer than this goes through unchanged.
HEAD = 8 * 1024 * 1024
# How much of a token that does not end (a script, a comment, a picture in an address) is waited for before the proof is
# given up.
TOKEN = 8 * 1024 * 1024
# How much of a page is kept, after it has left, for the careful way.
KEPT = 1024 * 1024
# From how many bytes on a token is long.
_PATIENCE = 4096


class Stream:
    """A page in pieces: `feed` and `close` return what may leave.

    *markup* is called once, when the opening of the page is known, with it and the bytes there are, and returns what
    goes first and last in the body. ``foot`` may be changed until `close`; empty, nothing goes last. ``decided`` tells
    that the opening is known.
    """

    def __init__(self, markup: Callable[[Opening, bytes], Markup]) -> None:
        self._markup = markup
        self.foot = b""
        self._held = b""
        self._cut = False
        self.decided = False
        self.bare = False  # no place was safe for all of it
        self._resume = self._read_on = 0
        self._scan: Scan | None = None
        self._unread = b""
        self._again = 0
        self._kept: bytearray | None = None
        self._head = b""
        self._start = 0

    @property
    def held(self) -> bytes:
        """What was fed and has not left."""
        return self._held

    def feed(self, chunk: bytes) -> bytes:
        """Take the next piece of the page."""
        if self.decided and self.foot:
            return self._pass(chunk)
        self._held += chunk
        if self.decided:
            held, self._held = self._held, b""
            return held
        return self._open() if b">" in chunk or b"<" not in self._held else b""

    def close(self) -> bytes:
        """Return the rest of the page; nothing may be fed after it."""
        if not self.decided:
            page = self._held
            found = opening(page)
            if found is None:
                return page
            markup = self._markup(found, page)
            return inject(page, markup.head, markup.foot, found)
        if not self.foot:
            return self._held
        held, self._held = self._held, b""
        end = body_end(held)
        if end == 0 and self._cut:
            # The white space before it began further back than is looked.
            end = None
        if self._scan is not None:
            read = len(self._unread)
            page = self._unread + held
            proven = foot_place(self._scan, page, None if end is None else read + end)
            if proven is not None:
                place = proven[0] - read
                cheap = held[:place] + proven[1] + self.foot + held[place:]
                careful = self._close_carefully(held) if self._scan.formats_open(page) else held
                return cheap if careful == held else careful
        rest = self._close_carefully(held)
        self.bare = len(rest) < len(held) + len(self.foot)
        return rest

    def _open(self) -> bytes:
        page = self._held
        if len(page) < min(self._again, HEAD):
            return b""
        try:
            found = find_opening(page, resume=self._resume, read=self._read_on)
        except Undecided as undecided:
            if len(page) <= HEAD:
                self._resume, self._read_on = undecided.resume, undecided.read
                self._again = _again(len(page), undecided.read)
                return b""
            found, self.bare = None, True
        self._again = 0
        self.decided = True
        self._held = b""
        if found is None:
            return page
        self._start = found.start
        markup = self._markup(found, page)
        self._head, self.foot = markup.head, markup.foot
        before, after = page[: found.start], page[found.start :]
        if not self.foot:
            return before + self._head + after
        self._scan = Scan(0)
        self._kept = bytearray(before)
        return before + self._head + self._pass(after)

    def _pass(self, chunk: bytes) -> bytes:
        if self._kept is not None:
            self._kept += chunk
            if len(self._kept) > KEPT:
                self._kept = None
        held = self._held + chunk
        end = body_end(held, partial=True)
        if end is None:
            end = _quiet_end(held)
        self._cut = end > 0 and held[end - 1] in b" \t\n\f\r"
        self._held = held[end:]
        if self._scan is not None:
            self._read(self._scan, held[:end])
        return held[:end]

    def _read(self, scan: Scan, chunk: bytes) -> None:
        self._unread += chunk
        if len(self._unread) < min(self._again, TOKEN):
            return
        last = self._unread.rfind(b"<")
        if last > scan.place and scan.run(self._unread, last):
            scan.advance(self._unread, last)
        elif last <= scan.place and len(self._unread) > _PATIENCE and scan.run(self._unread, len(self._unread)):
            scan.advance(self._unread, len(self._unread))  # all of it is text, which may go on for long
        needed = scan.fold(self._unread)
        if needed > 0:
            self._unread = self._unread[needed:]
            scan.shift(needed)
        if len(self._unread) > TOKEN:
            self._scan, self._unread = None, b""
        self._again = _again(len(self._unread), 0)

    def _close_carefully(self, held: bytes) -> bytes:
        if self._kept is None:
            return held
        from .careful import Comparer, place_foot  # with a parser, which few pages need

        page = bytes(self._kept)
        comparer = Comparer(page)
        placed = Place(head=self._start)
        if self._head and not comparer.accepts(placed.splice(page, self._head, b""), self._head):
            return held
        sent = len(page) - len(held)
        place = place_foot(page, self._head, self.foot, placed, comparer, sent)
        if place.foot < sent:
            return held
        return page[sent : place.foot] + place.after(self.foot) + page[place.foot :]


def _again(length: int, start: int) -> int:
    """Return at how many bytes to look again at a token from *start* that has not ended at *length*.

    That is when there is twice as much of a long one.
    """
    return length + length - start if length - start > _PATIENCE else 0


def _quiet_end(data: bytes) -> int:
    """Return where the white space and the unfinished tag begin, if any, with which *data* ends."""
    low, end = max(0, len(data) - TAIL), len(data)
    part = data.rfind(b"<", low)
    if part >= 0 and data.find(b">", part) < 0:
        end = part
    while end > low and data[end - 1] in b" \t\n\f\r":
        end -= 1
    return end
