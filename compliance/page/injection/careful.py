"""The careful way: places are tried, and one is taken only where a full parse shows that nothing else moved."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from turbohtml import Document, Element, parse

from ..html.syntax import ATTRIBUTES, compiled
from .opening import Undecided, find_opening
from .place import Place
from .tail import body_end

# How many bytes are parsed to find the places of one page: a small one may have many tried, a large one a few.
_BUDGET = 8 * 1024 * 1024
_OURS = "[data-compliance]"
_AT_BODY = "body > [data-compliance]"
_IN_OURS = "[data-compliance] *"
_BODY = compiled(rb"[bB][oO][dD][yY]" + ATTRIBUTES)
_ELEMENT = re.compile(rb"<[a-zA-Z]")
_COMMENT_ENDS = (b">", b"->", b"-->")
# End tags that would make an element instead of closing one, or start a script that the page left unfinished.
_NOT_CLOSED = frozenset({"br", "script", "body", "html", "head"})


def _parse(page: bytes) -> list[Document]:
    """Parse *page* as browsers with and without scripting do."""
    # One character per byte: bytes above ASCII have no meaning to the tree, and places stay what they are.
    text = page.decode("latin-1")
    return [
        parse(text, scripting=scripting, positions=False, allow_declarative_shadow_roots=False)
        for scripting in (True, False)
    ]


def _strip(tree: Document) -> None:
    """Take our nodes out of *tree* and join the text that stood around them."""
    tree.remove(_OURS)
    root = tree.select_one("html")
    if root is not None:
        root.normalize()


class Comparer:
    """Compares changed copies of one *page* with the page itself."""

    def __init__(self, page: bytes) -> None:
        trees = _parse(page)
        self.frameset = trees[0].select_one("html > frameset") is not None
        # A NUL in a name is U+FFFD in the tree (HTML standard, section 13.2.5.8).
        names = [name.replace("\ufffd", "\0").encode("latin-1") for name in _open_at_end(trees[0])]
        # The end tag of a "p" that is closed already would make one.
        self.all_closers = b"".join(b"</%s>" % name for name in names)
        self.closers = self.all_closers.replace(b"</p>", b"")
        self._shown = [_count(tree) for tree in trees]
        for tree in trees:
            _strip(tree)
        self._before = trees
        self._budget = _BUDGET

    def accepts(self, changed: bytes, markup: bytes, *, in_body: bool = True, pure: bool = False) -> bool:
        """Return whether *changed* shows *markup* beyond what was accepted before, and else the page's own tree.

        With *in_body* they are children of the body; *pure*, no formatting that the page left open stands in them.
        """
        self._budget -= len(changed)
        if self._budget < 0:
            return False
        after = _parse(changed)
        shown = [_count(tree) for tree in after]
        expected = _expected(markup)
        for now, then, more, tree, before in zip(shown, self._shown, expected, after, self._before, strict=True):
            if now.ours != then.ours + more.ours or (in_body and now.at_body != then.at_body + more.at_body):
                return False
            if pure and now.inside != then.inside + more.inside:
                return False
            _strip(tree)
            if not before.equals(tree):
                return False
        self._shown = shown
        return True


class _Shown(NamedTuple):
    """How many of our nodes of each name and attributes there are: children of the body, all, and what is in them."""

    at_body: Counter[tuple[str, str]]
    ours: Counter[tuple[str, str]]
    inside: Counter[tuple[str, str]]


@lru_cache(maxsize=64)
def _expected(markup: bytes) -> list[_Shown]:
    return [_count(tree) for tree in _parse(b"<!DOCTYPE html><body>" + markup)]


def _count(tree: Document) -> _Shown:
    # Behind a tag that the page left unfinished ours would be the attributes of another element.
    return _Shown(
        *(Counter((node.tag, str(node.attrs)) for node in tree.select(which)) for which in (_AT_BODY, _OURS, _IN_OURS))
    )


def _open_at_end(tree: Document) -> list[str]:
    """Return the names of the elements that may be open at the end of *tree*, innermost first."""
    names: list[str] = []
    body, node = tree.select_one("body"), tree.select_one("head")
    if body is not None and len(body.children):
        node = body
    while node is not None:
        inside = [child for child in node.children if isinstance(child, Element)]
        node = inside[-1] if inside else None
        if node is not None and node.tag not in _NOT_CLOSED:
            names.insert(0, node.tag)
    return names


def _starts(page: bytes) -> Iterator[int]:
    """Yield where the body of *page* may begin, the likeliest first."""
    try:
        opening = find_opening(page)
        if opening is not None:
            yield opening.start
    except Undecided as undecided:
        yield undecided.resume
    for tag in islice(_BODY.finditer(page), 4):
        yield tag.end()
    for element in islice(_ELEMENT.finditer(page), 16):
        yield element.start()
    yield len(page)


def place_head(page: bytes, head: bytes, comparer: Comparer) -> Place:
    """Return where *head* stands first in the body of *page*; nowhere if no place is safe."""
    for start in _starts(page):
        for closers in (b"", comparer.closers, *_COMMENT_ENDS) if start == len(page) else (b"",):
            place = Place(head=start, head_closers=closers)
            if comparer.accepts(place.splice(page, head, b""), head):
                return place
    return Place()


def place_foot(page: bytes, head: bytes, foot: bytes, placed: Place, comparer: Comparer, start: int) -> Place:
    """Return *placed*, where *head* is, with the place of *foot*, last in the body and not before *start*."""
    for place, in_body, pure in _ends(page, comparer, placed, max(start, placed.head)):
        if comparer.accepts(place.splice(page, head, foot), place.cell_of(foot), in_body=in_body, pure=pure):
            return place
    return placed


def _ends(page: bytes, comparer: Comparer, placed: Place, start: int) -> Iterator[tuple[Place, bool, bool]]:
    """Yield where a footer may stand, the best first, and whether that is at the level of the body, and pure."""
    ends = [replace(placed, foot=end) for end in [body_end(page, start)] if end is not None]
    plain = (b"", comparer.closers, comparer.all_closers)
    ends += [replace(placed, foot=len(page), foot_closers=closer) for closer in dict.fromkeys(plain)]
    yield from ((end, True, True) for end in ends)
    for closer in (b"", comparer.closers, *_COMMENT_ENDS, b"-->" + comparer.closers):
        for cell in (False, True):
            yield replace(placed, foot=len(page), foot_closers=closer, cell=cell), True, False
    unfinished = page.rfind(b"<", start)
    if unfinished >= 0:
        yield replace(placed, foot=unfinished), True, False
    for cell in (False, True):
        yield replace(placed, foot=len(page), cell=cell), False, False
