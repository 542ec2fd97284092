"""Which elements are held: by the addresses that they load, by what an inline script names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import unescape
from itertools import chain
from typing import TypeAlias

from ..html.tags import MARK, Tag
from ..loading import Load, loads, runs, styled
from ..states import loads_nothing, uncommented
from .addresses import split
from .catalogue import NECESSARY, Catalogue, Tracker
from .labels import ADDRESSES, labelled
from .marks import LONGEST, finder
from .styles import WITHHELD, withheld

# The categories of which a reader would least expect it first: what names several waits for the first of these.
_ORDER = ("advertising", "social", "analytics")
_HOLD = f"{MARK}hold"
_SAME = {"src", "srcset"}
_SPACE = " \t\n\f\r"

Judged: TypeAlias = tuple[bytes, tuple[Tracker, ...]]


class TrackerJudge:
    """Says of tags and scripts whether they are held: those of *catalogue* whose category is one of *held*.

    A script that the site marked is told apart where its category is one of *asked*.
    """

    def __init__(self, catalogue: Catalogue, held: frozenset[str], asked: frozenset[str]) -> None:
        self._held = held - {NECESSARY}
        self._asked = asked - {NECESSARY}
        self._catalogue = catalogue
        self._found = finder(catalogue.marks(self._held)).search

    def find(self, data: bytes, start: int) -> re.Match[bytes] | None:
        """Return the first mark of something to be held in *data* after *start*."""
        return self._found(data, start)

    def concerns(self, page: bytes, *, marked: bool, spans: Iterable[tuple[int, int]] | None = None) -> bool:
        """Return whether anything in *page* may be held; the cheap look at all of it, or at *spans* and around them.

        *marked* says whether a label of the site's may stand in it.
        """
        if marked and _is_marked(page):
            return True
        if spans is None:
            return self._found(page) is not None
        return any(self._found(page, max(0, start - LONGEST), end + LONGEST) is not None for start, end in spans)

    def tag(self, text: bytes, base: str | None) -> Judged:
        """Return the start tag *text* of no script, held if that is due, and what it is held for.

        *base* is the address that relative ones of the page begin with, where it is not the page's own.
        """
        if base is None and self._found(text) is None:
            return text, ()
        tag = Tag.read(text)
        if _HOLD in tag.attributes:
            return text, ()
        due, names = self._loaded(loads(tag.name.decode("latin-1"), tag.attributes), base)
        if not due:
            return text, ()
        return tag.held(due[0].category, names, lambda style: withheld(style, self._leads_from(base))), due

    def frame(self, text: bytes, inside: Sequence[Tracker]) -> Judged:
        """Return the start tag *text* of a frame, held for what loads *inside* the page that it brings along."""
        tag = Tag.read(text)
        due = self._due(inside)
        if not due or _HOLD in tag.attributes:
            return text, ()
        return tag.held(due[0].category, ("src", "srcdoc")), due

    def style(self, text: bytes, content: bytes, base: str | None) -> tuple[bytes, bytes, tuple[Tracker, ...]]:
        """Return the start tag *text* of a stylesheet with *content*, and that, held as far as it is due."""
        concerned = base is not None or self._found(text) is not None or self._found(content) is not None
        if not concerned or WITHHELD.encode() in content:
            return text, content, ()
        # One character for every byte.
        rules, tag = content.decode("latin-1"), Tag.read(text)
        within = (Load("", address) for address, _ in styled(rules))
        due, names = self._loaded(chain(loads("style", tag.attributes), within), base)
        if not due or _HOLD in tag.attributes:
            return text, content, ()
        leads = self._leads_from(base)
        held = tag.held(due[0].category, names - {""}, lambda style: withheld(style, leads))
        return held, withheld(rules, leads).encode("latin-1"), due

    def script(
        self, text: bytes, content: bytes, before: Sequence[Tracker], base: str | None, *, foreign: bool = False
    ) -> Judged:
        """Return the start tag *text* of a script with *content*, held if that is due, and what it is held for.

        An inline script that is no data waits for what it names, and any for what was held *before* it on the page if
        it uses that. A *foreign* one is an element of SVG.
        """
        named = self._found(content) is not None
        if not (base or named or before or self._found(text) or _is_marked(text)):
            return text, ()
        tag = Tag.read(text)
        if _HOLD in tag.attributes:
            return text, ()
        if not runs(tag.attributes):
            return self._marked(tag), ()
        addressed = list(loads("script", tag.attributes, foreign=foreign))
        if addressed:
            due, _ = self._loaded(addressed, base)
        else:
            words = content.decode("utf-8", "replace")
            mentioned = self._catalogue.mentions(uncommented(words)) if named and not loads_nothing(words) else ()
            due = self._due(chain(mentioned, (one for one in before if _uses(words, one))))
        names = {one.attribute for one in addressed}
        return (tag.held(due[0].category, names, inert=True), due) if due else (text, ())

    def _marked(self, tag: Tag) -> bytes:
        if tag.attributes.get("type", "").strip(_SPACE) != "text/plain":
            return tag.text
        named = [category for category in labelled(tag.attributes) if category in self._asked]
        # One that names a service says in its address whose it is.
        for address in () if named else filter(None, map(tag.attributes.get, ADDRESSES)):
            tracker = self._catalogue.match(address, self._catalogue.host)
            named += [tracker.category] if tracker and tracker.category in self._asked else []
        return tag.held(min(named, key=_order), ()) if named else tag.text

    def base(self, text: bytes) -> str | None:
        """Return the address that the tag *text* of a <base> gives to relative ones; ``None`` for the page's own."""
        address = Tag.read(text).attributes.get("href", "")
        parts = split(address)
        return address if parts is not None and parts[0] is not None else None

    def _loaded(self, addressed: Iterable[Load], base: str | None) -> tuple[tuple[Tracker, ...], set[str]]:
        """Return what is held of *addressed*, and the attributes that load it."""
        due = [
            (load.attribute, tracker)
            for load in addressed
            for tracker in self._catalogue.reached(load.address, base)
            if tracker.category in self._held
        ]
        names = {name for name, _ in due}
        # What one of them does not load the browser takes from the other.
        return self._due(tracker for _, tracker in due), names if names.isdisjoint(_SAME) else names | _SAME

    def _leads_from(self, base: str | None) -> Callable[[str], bool]:
        """Return the function that says whether an address, as it is written in a page, leads to what is held."""
        return lambda address: any(
            tracker.category in self._held for tracker in self._catalogue.reached(unescape(address), base)
        )

    def _due(self, trackers: Iterable[Tracker]) -> tuple[Tracker, ...]:
        due = [tracker for tracker in trackers if tracker.category in self._held]
        return tuple(sorted(due, key=_rank))


def _is_marked(text: bytes) -> bool:
    return b"text/plain" in text


def _order(category: str) -> int:
    return _ORDER.index(category) if category in _ORDER else len(_ORDER)


def _rank(tracker: Tracker) -> int:
    return _order(tracker.category)


def _uses(script: str, tracker: Tracker) -> bool:
    return any(re.search(rf"(?<![\w$.]){re.escape(name)}\s*[.(\[]", script) for name in tracker.globals)
