"""Elements that are proven as a whole, such as a table: what is open in them is followed from tag to tag."""

from __future__ import annotations

import re
import sys
from functools import cache

from ..html.syntax import ATTRIBUTES, UNIT, VOID

_END_NOSCRIPT = re.compile(rb"</noscript[ \t\n\f\r]*+>", re.IGNORECASE)
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
#: The names of these elements, and of those that prove nothing.
REGIONS = frozenset(b"table template button object marquee noscript".split())
HAZARDS = frozenset(
    b"plaintext applet math svg select script style title textarea iframe xmp noembed noframes frameset body"
    b" html".split()
)
_VOIDS = frozenset(VOID[3:-1].split(b"|"))
_DEEPEST = 512  # elements in one another; browsers that are given more put them side by side
#: No place: what stands there is not proven.
UNPROVEN = -1


# Compiled for the pages that need it, since that takes long.
@cache
def _structure() -> re.Pattern[bytes]:
    return re.compile(_PARTS + rb"<(?:(/?[a-zA-Z][a-zA-Z0-9:-]*+)" + ATTRIBUTES + rb")?")


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
                return UNPROVEN
            self.place = match.start(1) - 1
            name = match[1].lower()
            place = match.end()
            if name == b"noscript":
                # Text to a browser with scripting, markup to one without: both must see the same end.
                first = _END_NOSCRIPT.search(page, place)
                if first is None or Region(place, [name]).end(page, first.end()) != first.end():
                    return UNPROVEN
                place = first.end()
            elif name[0] != 0x2F:
                if name in HAZARDS or (name in (b"a", b"nobr") and name in stack):
                    return UNPROVEN
                if name not in _VOIDS:
                    stack.append(name)
                if len(stack) > _DEEPEST:
                    return UNPROVEN
            elif stack[-1] == name[1:]:
                del stack[-1]
            elif name in (b"/body", b"/html") or (name[1:] in stack and not _closes(stack, name[1:])):
                return UNPROVEN
            self.place = place
            if not stack:
                return place
        self.place = _TEXT.match(page, self.place).end()  # type: ignore[union-attr]
        return UNPROVEN
