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
import sys
from functools import cache
from itertools import islice

from ..html.syntax import ATTRIBUTES, NAME_END, UNIT, VOID, compiled
from .tail import LIMIT

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
_END_NOSCRIPT = re.compile(rb"</noscript[ \t\n\f\r]*+>", re.IGNORECASE)
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

_LEAF = rb"|".join(
    name + ATTRIBUTES + rb"[^<]*+</" + name + rb">"
    for name in (b"td", b"p", b"li", b"span", b"b", b"strong", b"font", b"div", b"th", b"h[1-6]")
)
_PARTS = rb"(?:[^<]++|<(?:" + VOID + ATTRIBUTES + rb"|" + _LEAF + rb"|" + UNIT + rb"))*+"
_TEXT = re.compile(rb"[^<]*+")

_FORMATTING = frozenset(b"a b big code em font i nobr s small strike strong tt u".split())
_SCOPED = frozenset(
    b"address article aside blockquote button center details dialog dir div dl fieldset figcaption figure footer header"
    b" hgroup main menu nav ol pre section summary ul h1 h2 h3 h4 h5 h6 dd dt li p object marquee".split()
)
_BOUNDARIES = frozenset(b"table td th caption object marquee template applet".split())
_CELLS = frozenset(b"td th caption".split())
_TABLE = frozenset(b"table tbody thead tfoot tr td th caption".split())
_REGIONS = frozenset(b"table template button object marquee noscript".split())
_HAZARDS = frozenset(
    b"plaintext applet math svg select script style title textarea iframe xmp noembed noframes frameset body"
    b" html".split()
)
_VOIDS = frozenset(VOID[3:-1].split(b"|"))
_LOOPS = 7
_DEEPEST = 512  # elements in one another; browsers that are given more put them side by side
_UNPROVEN = -1


# Compiled for the pages that need them, since that takes long.
@cache
def _unit() -> re.Pattern[bytes]:
    return compiled(UNIT)


@cache
def _structure() -> re.Pattern[bytes]:
    return re.compile(_PARTS + rb"<(?:(/?[a-zA-Z][a-zA-Z0-9:-]*+)" + ATTRIBUTES + rb")?")


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
            return _UNPROVEN
        else:
            start = at + 1
    return start


def _closes(stack: list[bytes], name: bytes) -> bool:
    """Take *name* and what is open inside it off *stack* as its end tag does; ``False`` where that is unproven.

    What the parser may have closed can stay on *stack*: it names all that may be open, and perhaps more.
    """
    at = len(stack) - 1 - stack[::-1].index(name)
    inside = stack[at + 1 :]
    if name == b"form":
        return True
    if name in _TABLE:
        if b"table" in inside or b"template" in inside:
            return True
        # Closing a cell forgets the formatting opened in it (13.2.6.4.15); nothing else in a table does.
        cell = name in _CELLS
        for opened in inside:
            if opened in _FORMATTING and not cell:
                return False
            cell = cell or opened in _CELLS
    elif name in _SCOPED or name in _FORMATTING:
        if not _BOUNDARIES.isdisjoint(inside):
            return name in _SCOPED
        if name == b"li" and (b"ul" in inside or b"ol" in inside) or name == b"p" and b"button" in inside:
            return True
        if name in _FORMATTING and not _FORMATTING.issuperset(inside):
            return False
        if not _FORMATTING.isdisjoint(inside) and (b"a" in inside or _CELLS.isdisjoint(stack[:at])):
            return False
    else:
        return False
    del stack[at:]
    return True


class Region:
    """An element that is proven as a whole: properly nested up to its own end tag, it leaves nothing open.

    *place* is where it begins, and later where the reading goes on when more bytes have come.
    """

    def __init__(self, place: int, opened: list[bytes] | None = None) -> None:
        self.place = place
        self._open = opened or []

    def end(self, page: bytes, stop: int = sys.maxsize) -> int:
        """Return where the element ends in *page* before *stop*, or -1 where the bytes there are do not prove it."""
        stack, structure = self._open, _structure()
        while (match := structure.match(page, self.place, stop)) is not None:
            if match[1] is None:
                self.place = match.end() - 1
                return _UNPROVEN
            self.place = match.start(1) - 1
            name = match[1].lower()
            place = match.end()
            if name == b"noscript":
                # Text to a browser with scripting, markup to one without: both must see the same end.
                first = _END_NOSCRIPT.search(page, place)
                if first is None or Region(place, [name]).end(page, first.end()) != first.end():
                    return _UNPROVEN
                place = first.end()
            elif name[0] != 0x2F:
                if name in _HAZARDS or (name in (b"a", b"nobr") and name in stack):
                    return _UNPROVEN
                if name not in _VOIDS:
                    stack.append(name)
                if len(stack) > _DEEPEST:
                    return _UNPROVEN
            elif stack[-1] == name[1:]:
                del stack[-1]
            elif name in (b"/body", b"/html") or (name[1:] in stack and not _closes(stack, name[1:])):
                return _UNPROVEN
            self.place = place
            if not stack:
                return place
        self.place = _TEXT.match(page, self.place).end()  # type: ignore[union-attr]
        return _UNPROVEN


def _anchor(page: bytes, start: int, gaps: list[tuple[int, int]]) -> int:
    """Return where the end tag of the "a" at *start* begins, units and regions inside it passed; or -1.

    Appends to *gaps* what it passed over.
    """
    tag = _TAG.match(page, start)
    if tag is None:
        return _UNPROVEN
    gap = place = tag.end()
    while True:
        stop = _TO_STOP.match(page, place).end()  # type: ignore[union-attr]
        if _END_A.match(page, stop) is not None:
            gaps.append((gap, stop))
            return stop if in_data(page, gap, stop) else _UNPROVEN
        if _A.match(page, stop) is not None and page.count(b"<", start, stop) <= _LOOPS and in_data(page, gap, stop):
            # A second "a" closes the first: the adoption agency takes one round for each block between them, of
            # the eight that it has (13.2.6.4.7).
            gaps.append((gap, stop))
            return stop
        if stop == len(page) or page.startswith((b"<a", b"<A"), stop):
            return _UNPROVEN
        name = _NAME.match(page, stop)
        place = _pass(page, stop, b"" if name is None else name[1].lower())
        if place == stop + 1:
            continue
        if place < 0 or b"<a" in page[stop:place].lower() or not in_data(page, gap, stop):
            return _UNPROVEN
        gaps.append((gap, stop))
        gap = place


def _pass(page: bytes, start: int, name: bytes) -> int:
    """Return where to go on after the token *name* at *start*: its end, just after its "<" if it is none, or -1."""
    unit = _unit().match(page, start)
    if unit is not None:
        return unit.end()
    return Region(start).end(page) if name in _REGIONS else _step(start, name)


def _step(start: int, name: bytes) -> int:
    """Return where to go on after *name* at *start*, neither unit nor region: after its "<" if harmless, or -1."""
    return _UNPROVEN if name in _HAZARDS or not name else start + 1


class Scan:
    """The proof itself, over a page in hand or one that comes in pieces, from *start* where its body begins."""

    def __init__(self, start: int) -> None:
        self.place = self._gap = self._start = start
        self._gaps: list[tuple[int, int]] = []
        self._region: Region | None = None
        self._paragraph = False
        self._depth = 0
        self._tail = b""

    def run(self, page: bytes, end: int) -> bool:
        """Read *page* up to *end*; ``False`` where the bytes there are do not prove it, and it stops at ``place``."""
        units = _unit()
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
            inner: list[tuple[int, int]] = []
            region = False
            unit = units.match(page, at)
            if unit is not None:
                place = unit.end()
            else:
                name = _NAME.match(page, at)
                lower = name[1].lower() if name is not None else b""
                region = lower in _REGIONS
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
            self._gaps.append((self._gap, at))
            self._gaps += inner
            self._gap = self.place = place

    def paragraph_open(self, page: bytes, end: int) -> bool:
        """Return whether a "p" may be open at *end*, where the reading has come to."""
        return self._paragraph_after(page, [*self._gaps, (self._gap, end)])

    def depth(self, page: bytes, end: int) -> int:
        """Return how many "div" are open at *end* by the count of their tags: a footer there would stand in one."""
        return self._depth_after(page, [*self._gaps, (self._gap, end)])

    def formats_open(self, page: bytes) -> bool:
        """Return whether a formatting element that begins near the end of *page* is open there.

        Scripts and the like are looked at, too: where they mislead, a full parse tells.
        """
        opened: set[bytes] = set()
        for ends, name in _FORMAT.findall(self._tail_after(page, len(page))):
            (opened.discard if ends else opened.add)(name.lower())
        return bool(opened)

    def advance(self, end: int) -> None:
        """Begin anew at *end*, where the tokenizer is in its data state."""
        self._gaps.append((self._gap, end))
        self._gap = self.place = end

    def fold(self, page: bytes) -> int:
        """Keep what the passed gaps told, and return where the bytes begin that are still needed."""
        self._paragraph = self._paragraph_after(page, self._gaps)
        self._depth = self._depth_after(page, self._gaps)
        self._gaps = []
        needed = self._region.place if self._region is not None else self._gap
        self._tail = self._tail_after(page, needed)
        return needed

    def _paragraph_after(self, page: bytes, gaps: list[tuple[int, int]]) -> bool:
        for index in range(len(gaps) - 1, -1, -1):
            start, stop = gaps[index]
            opened = _last_paragraph(page, start, stop)
            if opened >= 0:
                later = gaps[index + 1 :]
                return not (_closed(page, start, opened + 2, stop) or any(_closed(page, s, s, e) for s, e in later))
        return self._paragraph and not any(_closed(page, s, s, e) for s, e in gaps)

    def _depth_after(self, page: bytes, gaps: list[tuple[int, int]]) -> int:
        return self._depth + sum(page.count(b"<div", *gap) - page.count(b"</div", *gap) for gap in gaps)

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
    found = _UNPROVEN
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
