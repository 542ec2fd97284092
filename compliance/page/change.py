"""The body of one page on its way to the reader: undone, changed, done again, whole or in pieces."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from functools import partial
from itertools import chain
from typing import Protocol

from . import charsets
from .codings import BrokenBody, Coding
from .injection import Known, Markup, Memory, Opening, Stream, is_amp, placed
from .policies import Nonces, nonces_in
from .trackers import Gate, is_calm

_LONGEST_MARK = 3  # bytes of a byte order mark
_FAULT = "a page could not be changed"
_BROKEN = "a body is not what its Content-Encoding says (%s)"
_IN_HAND = 4 * 1024 * 1024  # bytes of a packed page that are unpacked at once


class _LeftAlone(Exception):
    """The page is one that stays as it is."""


class Reports(Protocol):
    """Who is told of pages that stay as they are."""

    def fault(self, what: str) -> None:
        """Take note of a fault of ours, while it is handled; it may be raised again."""

    def tell(self, cause: str) -> None:
        """Take note of *cause*, which lies in the page, why it stays as it is."""

    def bare(self, name: str) -> None:
        """Take note that no place on the page *name* is safe for all of what goes into it."""


class Change:
    """One page: `whole`, or in pieces by `feed` and `finish`. What fails in it leaves the rest as the site made it.

    Args:
        markup: what goes into a page, by the language that it says it is in, its charset, the elements on it,
            whether relative addresses on it lead elsewhere, and whether no script on it runs before its foot is read.
        gate: holds what is not to load; ``None`` for nothing.
        memory: what is known of pages that come again.
        label: the charset that the page came with, as written.
        coding: what its bytes are packed in.
        nonces: what the policies that came with the page let scripts and styles pass by.
        name: what the page is called where it is reported, such as its path.
        placed: which elements have been placed by hand meanwhile, in a page that is still being made.
        key: what *markup* gives depends on nothing but its arguments and this, nor on more does *gate*; ``None`` where
            nothing can be said of that.
        reports: who is told of faults.
    """

    def __init__(
        self,
        markup: Callable[[str | None, str, frozenset[str], bool, bool], Markup],
        *,
        gate: Gate | None,
        memory: Memory,
        label: str | None,
        coding: Coding | None,
        reports: Reports,
        nonces: Nonces = Nonces(),  # noqa: B008  # it never changes
        name: str = "",
        placed: Callable[[], Collection[str]] = tuple,
        key: Hashable = None,
    ) -> None:
        self._wanted = markup
        self._gate = gate
        self._memory = memory
        self._label = label
        self._coding = coding
        self._reports = reports
        self._nonces = nonces
        self._name = name
        self._by_hand = placed
        self._key = key
        self._gating = gate.stream() if gate is not None else None
        self.changed = False  # nothing of it leaves before this is known
        self._passing = False
        self._raw: list[bytes] = []  # what came, until it is known whether the page changes
        self._enough = charsets.PRESCAN if label is None else _LONGEST_MARK
        self._start = b""
        self._charset = ""
        self._recoder: charsets.Recoder | None = None
        self._stream: Stream | None = None
        self._asked = False
        self._empty = False
        self._injecting = True
        self._broken = False
        self._left: list[bytes] = []

    def whole(self, body: bytes) -> bytes | None:
        """Return what becomes of the whole *body*; ``None`` where it stays as it is."""
        try:
            return self._spliced(body) if self._coding is None else self._repacked(self._coding, body)
        except _LeftAlone:
            return None
        except BrokenBody as error:
            self._reports.tell(_BROKEN % error)
            return None
        except Exception:
            self._reports.fault(_FAULT)
            return None

    def feed(self, data: bytes) -> bytes:
        """Return what may leave when *data* has come."""
        if self._passing or self._broken:
            return b"" if self._broken else data
        if not self.changed:
            self._raw.append(data)
        return self._guarded(self._fed, data)

    def finish(self) -> bytes:
        """Return the rest of the page."""
        return b"" if self._passing or self._broken else self._guarded(self._finished)

    def release(self) -> bytes:
        """Return what came and has not left, as it came; what follows leaves in the same way."""
        if not self.changed:
            self._passing = True
            raw, self._raw = self._raw, []
            return b"".join(raw)
        if self._stream is not None:
            held = self._stream.held if self._injecting else b""
            waiting = self._gating.waiting if self._gating is not None else b""
            self._injecting, self._gating = False, None
            self._leave(self._outward(held + waiting))
        if self._coding is not None:
            self._left.append(self._coding.flush())
        return self._taken()

    def _guarded(self, step: Callable[..., None], *data: bytes) -> bytes:
        try:
            step(*data)
        except _LeftAlone:
            return self.release()
        except BrokenBody as error:
            self._reports.tell(_BROKEN % error)
            rest = self.release()
            # Of a page that changes, what could be read has left. It ends as it would have for the reader: too early.
            self._broken = self.changed
            return rest
        except Exception:
            self._reports.fault(_FAULT)
            return self.release()
        return self._taken()

    def _repacked(self, coder: Coding, body: bytes) -> bytes | None:
        unpacked = coder.decode(body)
        pieces: list[bytes] = []
        size = 0
        for piece in unpacked:
            pieces.append(piece)
            size += len(piece)
            if size > _IN_HAND:
                break
        else:
            coder.end()
            changed = self._spliced(b"".join(pieces))
            return None if changed is None else coder.encode(changed) + coder.finish()
        for piece in chain(pieces, unpacked):
            self._leave(self._advanced(piece))
        self._finished()
        return self._taken() if self.changed else None

    def _spliced(self, body: bytes) -> bytes | None:
        self._begin(body)
        came = self._inward(body)
        known = plain = self._memory.page(came, self._name)
        if self._gate is not None:
            plain = self._held(self._gate, known)
        opening = plain.opening
        if opening is None:
            self._tell_amp(plain.page)
            return None
        carried = plain.placed
        calm = self._gate is not None and "footer" not in carried and plain.told(is_calm)
        markup = self._markup(opening, carried, plain.page, calm=calm)
        changed = plain.inject(markup.head, markup.foot)
        if calm and not (markup.foot and _is_full(changed, plain.page, markup)):
            # What holds trackers has no place last.
            markup = self._markup(opening, carried, plain.page)
            changed = plain.inject(markup.head, markup.foot)
        full = _is_full(changed, plain.page, markup)
        if not full:
            self._reports.bare(self._name)
        if changed is came and not self._empty:
            return None
        if self._recoder is not None:
            return self._recoder.outward(changed) + self._recoder.rest()
        if full and self._key is not None:
            known.keep(self._key, plain, markup.head, markup.foot)
        return changed

    def _held(self, gate: Gate, known: Known) -> Known:
        """Return what is known of a page as it passes *gate*, which looks at a page that comes again only once."""
        page = known.noted(gate.mark, partial(gate.concerns, marked=known.marked), gate.read)
        return known if page is known.page else self._memory.page(page, self._name)

    def _fed(self, data: bytes) -> None:
        coder = self._coding
        if coder is None:
            self._leave(self._advanced(data))
            return
        for piece in coder.decode(data):
            self._leave(self._advanced(piece))
        if self._left:
            self._left.append(coder.flush())

    def _finished(self) -> None:
        coder = self._coding
        if coder is not None and (self.changed or any(self._raw)):
            coder.end()
        if self._stream is None:
            self._enough = 0
            self._leave(self._advanced(b""))
        self._leave(self._closed())
        if coder is not None:
            self._left.append(coder.finish())

    def _begin(self, start: bytes) -> None:
        charset = charsets.sniff(start, self._label)
        if charset is None:
            self._reports.tell("the charset that a page names is unknown")
            raise _LeftAlone
        self._recoder = charsets.recoder(charset)
        self._charset = charset if self._recoder is None else self._recoder.charset

    def _markup(self, opening: Opening, carried: frozenset[str], page: bytes, *, calm: bool = False) -> Markup:
        self._asked = True
        markup = self._wanted(opening.lang, self._charset, carried, opening.based, calm)
        nonces = self._nonces if any(self._nonces) else nonces_in(page[: opening.start] if opening.start >= 0 else page)
        if any(nonces):
            markup = Markup(head=nonces.on(markup.head), foot=nonces.on(markup.foot))
        # Where there is nothing to add, the page is still one of several: its entity tag must tell them apart.
        self._empty = not (markup.head or markup.foot)
        return markup

    def _advanced(self, piece: bytes) -> bytes:
        if self._stream is None:
            self._start += piece
            if len(self._start) < self._enough:
                return b""
            self._begin(self._start)
            # A page that is still being made has placed by hand what is on its way, too.
            self._stream = Stream(
                lambda opening, start: self._markup(opening, placed(start).union(self._by_hand()), start)
            )
            piece, self._start = self._start, b""
        plain = self._inward(piece)
        out = plain = plain if self._gating is None else self._gating.feed(plain)
        if self._injecting:
            held = self._stream.held
            try:
                out = self._stream.feed(plain)
            except Exception:
                out = self._given_up(held + plain)
            if self._stream.decided:
                self._decide(plain if self._asked else held + plain)
        return self._outward(out)

    def _closed(self) -> bytes:
        out = rest = self._gating.close() if self._gating is not None else b""
        if self._injecting and self._stream is not None:
            held = self._stream.held + rest
            if "footer" in self._by_hand():
                self._stream.foot = b""
            try:
                out = self._stream.feed(rest) + self._stream.close()
            except Exception:
                out = self._given_up(held)
            untouched = out == held and not (self._empty or (self._gating is not None and self._gating.held))
            if not self.changed and untouched:
                self._tell_amp(held)
                raise _LeftAlone
            self._decide(held)
            if self._stream.bare:
                self._reports.bare(self._name)
        return self._outward(out) + (b"" if self._recoder is None else self._recoder.rest())

    def _decide(self, start: bytes) -> None:
        if self.changed:
            return
        if not self._asked:
            self._tell_amp(start)
            if self._stream is not None and self._stream.bare:
                self._reports.bare(self._name)
            raise _LeftAlone
        self.changed = True
        self._raw = []

    def _tell_amp(self, page: bytes) -> None:
        if is_amp(page):
            self._reports.tell(
                "AMP pages, which take in nothing that is not their own, carry neither banner nor footer"
            )

    def _given_up(self, rest: bytes) -> bytes:
        self._reports.fault(_FAULT)
        if not self.changed:
            raise _LeftAlone
        self._injecting = False
        return rest

    def _inward(self, data: bytes) -> bytes:
        return data if self._recoder is None else self._recoder.inward(data)

    def _outward(self, data: bytes) -> bytes:
        return data if self._recoder is None else self._recoder.outward(data)

    def _leave(self, out: bytes) -> None:
        if out:
            self._left.append(out if self._coding is None else self._coding.encode(out))

    def _taken(self) -> bytes:
        left, self._left = self._left, []
        return left[0] if len(left) == 1 else b"".join(left)


def _is_full(changed: bytes, page: bytes, markup: Markup) -> bool:
    """Return whether all of *markup* stands in what *page* became."""
    return len(changed) >= len(page) + len(markup.head) + len(markup.foot)
