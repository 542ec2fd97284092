"""The page before: what `inject` added is taken out again where it is proven to be just that."""

from __future__ import annotations

import re
from itertools import islice, product

from .place import CELL, CELL_END
from .tail import LIMIT
from .whole import inject

_SPACE = b" \t\n\f\r"
_CLOSER = re.compile(rb"</[a-zA-Z][^<>]*>|-?-?>")
_CLOSED = re.compile(rb"(?:</[a-zA-Z][^<>]*>|-?-?>)+\Z")
_MOST = 16  # closers that are tried

Span = tuple[int, int]


def original(page: bytes) -> bytes | None:
    """Return what `inject` made *page* of; ``None`` where nothing in it is proven to be injected.

    The proof is `inject` itself, which gives *page* again.
    """
    heads, feet = _added(page)
    for head, foot in product((*heads[:1], None), (*feet[-1:], None)):
        if (head or foot) and (before := _before(page, head or (0, 0), foot or (0, 0))) is not None:
            return before
    return None


def _before(page: bytes, head: Span, foot: Span) -> bytes | None:
    first, last = page[slice(*head)], page[slice(*foot)]
    if last.startswith(CELL) and last.endswith(CELL_END):
        last = last[len(CELL) : -len(CELL_END)]
    before = page[: head[0]] + page[head[1] : foot[0] or None] + (page[foot[1] :] if foot[0] else b"")
    # At the very end it may have closed first what the page left open.
    closed = _CLOSED.search(before, max(0, len(before) - LIMIT)) if len(page) in (head[1], foot[1]) else None
    ends = [found.start() for found in islice(_CLOSER.finditer(before, closed.start()), _MOST)] if closed else []
    for end in (*ends, len(before)):
        if inject(before[:end], first, last) == page:
            return before[:end]
    return None


def _added(page: bytes) -> tuple[list[Span], list[Span]]:
    """Return where runs of our elements stand in *page*: those that begin a body, and those that end one."""
    from turbohtml import parse

    # One character per byte, and none that the parser drops, so that places stay what they are.
    text = page.decode("latin-1").replace("\r", " ")
    tree = parse(text, source_locations=True, allow_declarative_shadow_roots=False)
    heads: list[Span] = []
    feet: list[Span] = []
    # A banner that is not folded is one of an earlier version.
    runs = {"assets": heads, "banner": heads, "folded": heads, "foot": feet, "footer": feet}
    run: list[Span] | None = None
    end = 0
    for element in tree.select("[data-compliance]"):
        place = element.source_location
        if place is None or place.end_tag is None or place.start_tag.start_offset < end:
            continue  # inside the one before
        start, name = place.start_tag.start_offset, str(element.attrs["data-compliance"])
        joins = run is not None and run is runs.get(name) and not page[end:start].strip(_SPACE)
        if not joins:
            # A banner without what loads its style, and parts of a footer, were placed by hand.
            run = None if name in ("banner", "folded") else runs.get(name)
        end = place.end_tag.end_offset
        if run is not None:
            run.append((run.pop()[0] if joins else start, end))
    return heads, feet
