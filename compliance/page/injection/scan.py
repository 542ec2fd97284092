"""The cheap proof that a footer before "</body>" changes nothing else of a page.

A page is read only where it matters. The rest of it, tags included, is passed over by one regular expression,
which is sound because of four facts about the HTML parser (HTML standard, section 13.2):

1. A tag ends at the first ">" outside a quoted value, and a quoted value opens only after "=". So the state at a
   place is known from the last tag and the last quotes before it (`in_data`), whatever stands further back.
2. Comments, scripts, text elements, foreign content and the elements with insertion modes of their own open with
   names that the expression stops at. Each is passed as a whole, or the proof is given up.
3. Elements left open around the footer move nothing: what follows it is white space, which goes where it went,
   unless a "p" was open (the footer would close it) or an "a" (the footer's links would).
4. A "p" is open only if the last "p" tag is a start tag; an "a" only if some "a" is not followed by its end tag.

Other formatting elements move nothing, but the footer would stand in one that is open, and look like it. Where one is
left open near the end of the page, which is where authors do not see it, a full parse finds a better place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import islice
from typing import NamedTuple, TypeAlias

from ..html.syntax import ATTRIBUTES, NAME_END, UNIT, compiled
from .difference import Block
from .region import HAZARDS, REGIONS, UNPROVEN, Region
from .tail import LIMIT

#: What stands between two units: where it begins and ends, and how many more "div" it leaves open.
Gap: TypeAlias = tuple[int, int, int]

_NAME = re.compile(rb"</?([a-zA-Z][^ \t\n\f\r/>]*+)")
_TAG = re.compile(rb"</?[a-zA-Z][^ \t\n\f\r/>]*+" + ATTRIBUTES)
# An end tag without a name is nothing, or a comment to the next ">".
_BOGUS = re.compile(rb"</(?:>|[^a-zA-Z>][^>]*+>)")
# Where the scan stops. The letters after "(?!" are those with which only harmless names begin; an "a" is passed at
# once where nothing but plain inline tags stands before its end tag, none with a "<" or ">" in a value.
_PLAIN_ATTRIBUTES = rb"(?:[ \t\n\f\r]++[a-zA-Z0-9:_-]++(?:=\"[^\"<>]*+\")?+)*+[ /]*+>[^<]*+"
_COMMON = (
    rb"(?:img|br|span|div|h[1-6]|p|picture|source|strong|small|b|em|i|figure|figcaption|time|u)" + _PLAIN_ATTRIBUTES
)
_TOKEN = re.compile(
    rb"<(?![/dhlufecgrw])(?:p(?=l)"
    rb"|a(?=[ >])(?!" + _PLAIN_ATTRIBUTES + rb"(?:<(?:/[b-z][a-z0-9]*+>[^<]*+|" + _COMMON + rb"))*+</a>)|a[\t\n\f\rp/]"
    rb"|s[cv]|sty|sel|t(?:ab|e|it)|[!?A-Z]|bu|if|ma[tr]|no|ob|xm)"
)
_INSIDE_A = rb"(?!/?[aA]" + NAME_END + rb"|[!?A-Z]|s[cv]|sty|sel|t[aei]|no|bu|if|ob|xm|pl|ma|ap)"
_TO_STOP = re.compile(rb"[^<]*+(?:<" + _INSIDE_A + rb"[^<]*+)*+")
_END_A = re.compile(rb"</a[ \t\n\f\r]*+>", re.IGNORECASE)
_A = re.compile(rb"<[aA]" + NAME_END)
_P = re.compile(rb"<[pP]" + NAME_END)
# Tags that close an open "p" (13.2.6.4.7).
_CLOSES_P = re.compile(
    rb"<(?:/p|address|article|aside|blockquote|center|details|dialog|dir|div|dl|fieldset|figcaption|figure|footer|header"
    rb"|hgroup|h[1-6]|hr|main|menu|nav|ol|p|pre|search|section|summary|ul)" + NAME_END
)

# Formatting elements but for "a" (13.2.4.3), after a glance at the letter with which most tags begin.
_FORMAT = re.compile(
    rb"<(?!/?[!adghlmoprvwADGHLMOPRVW])(/?)([bBiIsSuU]|[eE][mM]|[tT][tT]|[bB][iI][gG]|[fF][oO][nN][tT]|[cC][oO][dD][eE]"
    rb"|[nN][oO][bB][rR]|[sS][mM][aA][lL][lL]|[sS][tT][rR](?:[oO][nN][gG]|[iI][kK][eE]))" + NAME_END
)

_LOOPS = 7


# Compiled for the pages that need them, since that takes long.
@cache
def _unit() -> re.Pattern[bytes]:
    return compiled(UNIT)


def in_data(page: bytes, start: int, place: int) -> bool:
    """Return whether the tokenizer, in its data state at *start*, is in it again at *place*.

    No unit (see fact 2) may stand between. Looks at the last tag and the last quotes only, and where they leave a
    doubt at every tag.
    """
    last = page.rfind(b"<", start, place)
    if last < 0:
        return True
    tag = _TAG.match(page, last)
    if tag is not None and tag.end() <= place:
        for quote in (b'"', b"'"):
            at = page.rfind(quote, start, place)
            if at >= 0 and (at >= tag.end() or page[max(start, at - 64) : at].rstrip(b" \t\n\f\r")[-1:] in b"="):
                break
        else:
            return True
    return _read(page, start, place) == place


def _read(page: bytes, start: int, place: int) -> int:
    """Read every tag from *start*; return *place*, or the end of the tag that it lies in, or -1 if unproven."""
    while start < place:
        at = page.find(b"<", start, place)
        if at < 0:
            return place
        tag = _TAG.match(page, at)
        if tag is not None:
            start = tag.end()
        elif (bogus := _BOGUS.match(page, at)) is not None:
            start = bogus.end()
        elif page[at + 1 : at + 2].isalpha() or page[at + 1 : at + 2] in b"/!?":
            return UNPROVEN
        else:
            start = at + 1
    return start


def _anchor(page: bytes, start: int, gaps: list[Gap]) -> int:
    """Return where the end tag of the "a" at *start* begins, units and regions inside it passed; or -1.

    Appends to *gaps* what it passed over.
    """
    tag = _TAG.match(page, start)
    if tag is None:
        return UNPROVEN
    gap = place = tag.end()
    while True:
        stop = _TO_STOP.match(page, place).end()  # type: ignore[union-attr]
        if _END_A.match(page, stop) is not None:
            gaps.append(_gap(page, gap, stop))
            return stop if in_data(page, gap, stop) else UNPROVEN
        if _A.match(page, stop) is not None and page.count(b"<", start, stop) <= _LOOPS and in_data(page, gap, stop):
            # A second "a" closes the first: the adoption agency takes one round for each block between them, of
            # the eight that it has (13.2.6.4.7).
            gaps.append(_gap(page, gap, stop))
            return stop
        if stop == len(page) or page.startswith((b"<a", b"<A"), stop):
            return UNPROVEN
        name = _NAME.match(page, stop)
        place = _pass(page, stop, b"" if name is None else name[1].lower())
        if place == stop + 1:
            continue
        if place < 0 or b"<a" in page[stop:place].lower() or not in_data(page, gap, stop):
            return UNPROVEN
        gaps.append(_gap(page, gap, stop))
        gap = place


def _pass(page: bytes, start: int, name: bytes) -> int:
    """Return where to go on after the token *name* at *start*: its end, just after its "<" if it is none, or -1."""
    unit = _unit().match(page, start)
    if unit is not None:
        return unit.end()
    return Region(start).end(page) if name in REGIONS else _step(start, name)


def _step(start: int, name: bytes) -> int:
    """Return where to go on after *name* at *start*, neither unit nor region: after its "<" if harmless, or -1."""
    return UNPROVEN if name in HAZARDS or not name else start + 1


def _gap(page: bytes, start: int, end: int) -> Gap:
    return start, end, page.count(b"<div", start, end) - page.count(b"</div", start, end)


class Reading(NamedTuple):
    """How *page* was read, from where its body begins: by its *gaps*.

    *paragraph* is where the last "p" begins where it is known to be closed at the end, else -1.
    """

    page: bytes
    gaps: tuple[Gap, ...]
    paragraph: int


class Scan:
    """The proof itself, over a page in hand or one that comes in pieces, from *start* where its body begins."""

    def __init__(self, start: int) -> None:
        self.place = self._gap = self._start = start
        self._gaps: list[Gap] = []
        self._region: Region | None = None
        self._paragraph = False
        self._last = UNPROVEN  # where the last "p" begins, once that is known
        self._closed_at = UNPROVEN  # where that one is known to be closed
        self._depth = 0
        self._tail = b""

    def run(self, page: bytes, end: int) -> bool:
        """Read *page* up to *end*; ``False`` where the bytes there are do not prove it, and it stops at ``place``."""
        while True:
            if self._region is not None:
                place = self._region.end(page)
                if place < 0:
                    return False
                self._region = None
                self._gap = self.place = place
            token = _TOKEN.search(page, self.place, end)
            if token is None:
                return self._gap <= end and in_data(page, self._gap, end)
            at = token.start()
            inner: list[Gap] = []
            region = False
            unit = _unit().match(page, at)
            if unit is not None:
                place = unit.end()
            else:
                name = _NAME.match(page, at)
                lower = name[1].lower() if name is not None else b""
                region = lower in REGIONS
                place = at if region else _anchor(page, at, inner) if lower == b"a" else _step(at, lower)
                if place == at + 1:
                    self.place = place
                    continue
            if not in_data(page, self._gap, at):
                # What looks like a token may stand in an attribute's value.
                place, inner, region = _read(page, self._gap, at), [], False
            if place < 0:
                self.place = at
                return False
            if region:
                self._region = Region(at)
            self._gaps.append(_gap(page, self._gap, at))
            self._gaps += inner
            self._gap = self.place = place

    def follow(self, page: bytes, end: int, before: Reading, common: Sequence[Block]) -> None:
        """Read what *page* has up to *end* in *common* with a page that was read *before* as that was read.

        Both go on alike from a place where the tokenizer is in its data state in both: what was passed there is passed
        here, up to where the bytes differ.
        """
        starts = [start for start, *_ in before.gaps]
        for old, new, length in common:
            shift = new - old
            last = min(old + length, end - shift)
            met = self._met(page, before, starts, Block(old, new, last - old))
            until = bisect_right(starts, last) - 1
            if met is None or until <= (index := met[0]):
                continue
            self._gaps.append(_gap(page, self._gap, before.gaps[index][1] + shift))
            gaps = before.gaps[index + 1 : until]
            self._gaps += [(start + shift, end + shift, depth) for start, end, depth in gaps] if shift else gaps
            self._gap = self.place = starts[until] + shift
            self._region = None
            # Where the rest is alike, too, and the last "p" begins in it, that is closed here as it was there.
            alike = old + length == len(before.page) and new + length == len(page)
            if alike and before.paragraph >= met[1] - shift and end - shift == before.gaps[-1][1]:
                self._closed_at, self._last = end, before.paragraph + shift

    def _met(self, page: bytes, before: Reading, starts: Sequence[int], block: Block) -> tuple[int, int] | None:
        """Read *page* up to a place in *block* in whose like a gap of *before* was read.

        Return the index of that gap and the place; ``None`` where there is none, or where what precedes is not proven.
        """
        shift = block.new - block.old
        while True:
            place = max(block.old, self._gap - shift)
            index = max(0, bisect_right(starts, place) - 1)
            start, end, _ = before.gaps[index]
            if place > end or (place > start and not in_data(before.page, start, place)):
                index += 1
            if index == len(starts) or max(place, starts[index]) > block.old + block.length:
                return None
            place = max(place, starts[index]) + shift
            if place == self._gap or self.run(page, place):
                return index, place
            if self._gap <= place:
                return None

    def reading(self, page: bytes, end: int) -> Reading:
        """Return how *page* was read up to *end*, where the reading has come to."""
        paragraph = self._last if end == self._closed_at else UNPROVEN
        return Reading(page, (*self._gaps, _gap(page, self._gap, end)), paragraph)

    def paragraph_open(self, page: bytes, end: int) -> bool:
        """Return whether a "p" may be open at *end*, where the reading has come to."""
        if end != self._closed_at:
            if self._paragraph_after(page, [*self._gaps, (self._gap, end, 0)]):
                return True
            self._closed_at = end
        return False

    def depth(self, page: bytes, end: int) -> int:
        """Return how many "div" are open at *end* by the count of their tags: a footer there would stand in one."""
        return self._depth_after() + _gap(page, self._gap, end)[2]

    def formats_open(self, page: bytes) -> bool:
        """Return whether a formatting element that begins near the end of *page* is open there.

        Scripts and the like are looked at, too: where they mislead, a full parse tells.
        """
        opened: set[bytes] = set()
        for ends, name in _FORMAT.findall(self._tail_after(page, len(page))):
            (opened.discard if ends else opened.add)(name.lower())
        return bool(opened)

    def advance(self, page: bytes, end: int) -> None:
        """Begin anew at *end* of *page*, where the tokenizer is in its data state."""
        self._gaps.append(_gap(page, self._gap, end))
        self._gap = self.place = end

    def fold(self, page: bytes) -> int:
        """Keep what the passed gaps told, and return where the bytes begin that are still needed."""
        self._paragraph = self._paragraph_after(page, self._gaps)
        self._depth = self._depth_after()
        self._gaps = []
        needed = self._region.place if self._region is not None else self._gap
        self._tail = self._tail_after(page, needed)
        return needed

    def _paragraph_after(self, page: bytes, gaps: Sequence[Gap]) -> bool:
        for index in range(len(gaps) - 1, -1, -1):
            start, stop, _ = gaps[index]
            opened = _last_paragraph(page, start, stop)
            if opened >= 0:
                self._last = opened
                later = gaps[index + 1 :]
                return not (_closed(page, start, opened + 2, stop) or any(_closed(page, s, s, e) for s, e, _ in later))
        return self._paragraph and not any(_closed(page, s, s, e) for s, e, _ in gaps)

    def _depth_after(self) -> int:
        return self._depth + sum(depth for _, _, depth in self._gaps)

    def _tail_after(self, page: bytes, end: int) -> bytes:
        return (self._tail + page[max(self._start, end - LIMIT) : end])[-LIMIT:]

    def shift(self, count: int) -> None:
        """Take *count* bytes, read and forgotten, off the front."""
        self._gap -= count
        self.place -= count
        if self._region is not None:
            self._region.place -= count


def _last_paragraph(page: bytes, start: int, end: int) -> int:
    """Return where the last "p" start tag between *start* and *end* begins, or -1."""
    found = UNPROVEN
    for letter in (b"<p", b"<P"):
        at = page.rfind(letter, start, end)
        while at > found and _P.match(page, at) is None:
            at = page.rfind(letter, start, at)
        found = max(found, at)
    return found


def _closed(page: bytes, gap: int, start: int, end: int) -> bool:
    """Return whether a tag that closes an open "p" stands between *start* and *end* in the gap that begins at *gap*."""
    return any(in_data(page, gap, closer.start()) for closer in islice(_CLOSES_P.finditer(page, start, end), 3))


def foot_place(scan: Scan, page: bytes, end: int | None) -> tuple[int, bytes] | None:
    """Return where the footer goes into *page*, read by *scan*, and the end tags before it; ``None`` where unproven.

    *end* is the place that the tail of the page suggests (`body_end`), the end of the page without one. A footer
    there would stand inside a "div" that the page never closes; at the very end that can be closed first, since
    nothing follows that would belong into it. For the same reason an open "p" does no harm there.
    """
    if end is not None:
        if not scan.run(page, end):
            return None
        if scan.depth(page, end) <= 0:
            return None if scan.paragraph_open(page, end) else (end, b"")
    last = len(page)
    return (last, b"</div>" * max(0, scan.depth(page, last))) if scan.run(page, last) else None
