"""The page before: what `inject` added is taken out again where it is proven to be just that."""

from __future__ import annotations

import re
from itertools import product

from turbohtml import parse

from .page import inject
from .place import CELL, CELL_END

_SPACE = b" \t\n\f\r"
_FIRST = re.compile(rb"<[^>]*? data-compliance=\"?(?:assets|banner)")

Span = tuple[int, int]


def original(page: bytes) -> bytes | None:
    """Return what `inject` made *page* of; ``None`` where nothing in it is proven to be injected.

    The proof is `inject` itself, which gives *page* again. What it closed before the footer stays closed.
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
    return before if inject(before, first, last) == page else None


def _added(page: bytes) -> tuple[list[Span], list[Span]]:
    """Return where runs of our elements stand in *page*: those that begin a body, and those that end one."""
    # One character per byte, so that places stay what they are.
    tree = parse(page.decode("latin-1"), source_locations=True, allow_declarative_shadow_roots=False)
    heads: list[Span] = []
    feet: list[Span] = []
    start = end = 0
    runs: list[Span] | None = None
    for element in tree.select("[data-compliance]"):
        place = element.source_location
        if place is None or place.end_tag is None or place.start_tag.start_offset < end:
            continue  # inside the one before
        start = place.start_tag.start_offset
        kind = heads if _FIRST.match(page, start) else feet
        if kind is runs and not page[end:start].strip(_SPACE):
            start, _ = runs.pop()
        end = place.end_tag.end_offset
        runs = kind
        runs.append((start, end))
    return heads, feet
