"""A page in hand: the cheap proof, and where it fails the careful way."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .difference import Block
from .opening import Opening, Undecided, find_opening, is_amp, is_based, is_page, language
from .place import Place
from .scan import Reading, Scan, foot_place
from .tail import LIMIT, body_end

# Our mark on an element, not one of the attributes that begin like it.
_OURS = re.compile(rb"data-compliance(?!-)")

# A page larger than this is not parsed in a request (a parse takes about 2 ms per MB, a place four of them).
_LIMIT = 512 * 1024


def opening(page: bytes) -> Opening | None:
    """Return what the first bytes of a whole *page* tell; ``None`` where the page is to be left as it is."""
    try:
        return find_opening(page)
    except Undecided:
        whole = is_page(page) and not is_amp(page)
        return Opening(start=-1, lang=language(page, 0, len(page)), based=is_based(page, len(page))) if whole else None


class Proof(NamedTuple):
    """What the cheap proof of a page gave: the *place* of a footer, and the *reading* that showed it.

    *pure* tells that no formatting element seems to be open there.
    """

    place: Place
    pure: bool
    reading: Reading


def prove(page: bytes, found: Opening, before: Proof | None = None, common: Sequence[Block] = ()) -> Proof | None:
    """Return the cheap proof of *page*, of which `opening` returned *found*; ``None`` where there is none.

    It takes less where *before* is that of a page with which this one has *common* blocks.
    """
    if found.start < 0:
        return None
    scan = Scan(found.start)
    end = body_end(page, found.start)
    if before is not None:
        scan.follow(page, len(page) if end is None else end, before.reading, common)
    proven = foot_place(scan, page, end)
    if proven is None:
        return None
    place = Place(head=found.start, foot=proven[0], foot_closers=proven[1])
    if before is not None and common[-1].ends(before.reading.page, page, LIMIT):
        pure = before.pure
    else:
        pure = not scan.formats_open(page)
    return Proof(place, pure, scan.reading(page, proven[0]))


def locate(page: bytes, head: bytes, foot: bytes, found: Opening, proof: Proof | None) -> Place:
    """Return where *head* and *foot* go into *page*; either may be empty.

    *found* is what `opening` returned for the page, *proof* what `prove` did, which without a *foot* nobody needs.
    """
    start = found.start
    cheap = Place(head=start)
    if start >= 0:
        if not foot:
            return cheap
        if proof is not None:
            cheap = proof.place
            if proof.pure:
                return cheap
    if len(page) > _LIMIT:
        return cheap
    from .careful import Comparer, place_foot, place_head  # with a parser, which few pages need

    comparer = Comparer(page)
    if comparer.frameset:
        return Place()
    placed = Place()
    if head:
        placed = Place(head=start)
        if start < 0 or not comparer.accepts(placed.splice(page, head, b""), head):
            placed = place_head(page, head, comparer)
    if foot:
        placed = place_foot(page, head, foot, placed, comparer, max(start, 0))
    return cheap if placed.foot < cheap.foot else placed


def inject(page: bytes, head: bytes, foot: bytes, found: Opening | None = None) -> bytes:
    """Return *page* with *head* first and *foot* last in its body, each where that is safe.

    *found* is what `opening` returned for the page.
    """
    found = found or opening(page)
    if found is None:
        return page
    proof = prove(page, found) if foot else None
    return locate(page, head, foot, found, proof).splice(page, head, foot)


def placed(page: bytes) -> frozenset[str]:
    """Return the names of the elements that *page*, or what there is of it, already carries."""
    if _OURS.search(page) is None or len(page) > _LIMIT:
        return frozenset()
    from turbohtml import parse

    # Comments, scripts and values of attributes may hold what only looks like an element.
    tree = parse(page.decode("latin-1"), positions=False)
    return frozenset(str(element.attrs["data-compliance"]) for element in tree.select("[data-compliance]"))
