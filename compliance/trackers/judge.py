"""Which elements are held: by the addresses of their attributes, by what an inline script names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from .catalogue import NECESSARY, Catalogue, Tracker
from .marks import finder
from .tags import MARK, Tag

#: The elements beside scripts whose tags may be held, and their attributes with addresses.
LOADING = {
    b"img": ("src", "srcset"),
    b"image": ("src", "srcset", "href"),
    b"iframe": ("src",),
    b"embed": ("src",),
    b"source": ("src", "srcset"),
    b"link": ("href",),
}
# What an element <link> fetches or prepares by itself (HTML standard, section 4.6.7).
_FETCHED = frozenset({"preconnect", "dns-prefetch", "preload", "prefetch", "prerender", "modulepreload", "stylesheet"})
#: Types of scripts that run (HTML standard, section 4.12.1; MIME Sniffing standard, section 4.6), and of rules that
#: fetch. All others are data.
RUN = re.compile(
    r"module|speculationrules|(?:application|text)/(?:x-)?(?:ecma|java)script|text/(?:javascript1\.[0-5]|jscript|livescript)"
)
#: How sites mark the scripts that other consent tools release.
MARKED = ("data-category", "data-cookiecategory")
_MARKS = re.compile(rb"data-c(?:ookiec)?ategory")
# The categories of which a reader would least expect it first: what names several waits for the first of these.
_ORDER = ("advertising", "social", "analytics")
_HOLD = f"{MARK}hold"
_SPACE = " \t\n\f\r"


class Judge:
    """Says of tags and scripts whether they are held: those of *catalogue* whose category is one of *held*.

    A script that the site marked is told apart where its category is one of *asked*.
    """

    def __init__(self, catalogue: Catalogue, held: frozenset[str], asked: frozenset[str]) -> None:
        self._held = held - {NECESSARY}
        self._asked = asked - {NECESSARY}
        self._catalogue = catalogue
        self._found = finder(catalogue.marks(self._held)).search

    def concerns(self, page: bytes, marked: bool) -> bool:
        """Tell whether anything in *page* may be held; the cheap look at all of it.

        *marked* tells whether ``data-c`` stands in it.
        """
        return self._found(page) is not None or (marked and _is_marked(page))

    def tag(self, text: bytes) -> tuple[bytes, tuple[Tracker, ...]]:
        """Return the start tag *text* of an element of `LOADING`, held if that is due, and what it is held for."""
        if self._found(text) is None:
            return text, ()
        tag = Tag.read(text)
        if _HOLD in tag.attributes:
            return text, ()
        if tag.name == b"link" and _FETCHED.isdisjoint(tag.attributes.get("rel", "").lower().split()):
            return text, ()
        names = LOADING[tag.name]
        due = self._due(tracker for name in names for tracker in self._led_to(name, tag.attributes.get(name, "")))
        return (tag.held(due[0].category, names), due) if due else (text, ())

    def script(
        self, text: bytes, content: bytes, before: Iterable[Tracker], *, foreign: bool = False
    ) -> tuple[bytes, tuple[Tracker, ...]]:
        """Return the start tag *text* of a script with *content*, held if that is due, and what it is held for.

        An inline script waits for what it names, and for what was held *before* it on the page if it uses that. A
        *foreign* one is an element of SVG.
        """
        named = self._found(content) is not None
        if not (named or before or self._found(text) or _is_marked(text)):
            return text, ()
        tag = Tag.read(text)
        if _HOLD in tag.attributes:
            return text, ()
        if not runs(tag):
            return self._marked(tag), ()
        names = ("src", "href", "xlink:href") if foreign else ("src",)
        addressed = [name for name in names if name in tag.attributes]
        if addressed:
            due = self._due(chain.from_iterable(self._led_to(name, tag.attributes[name]) for name in addressed))
        else:
            words = content.decode("utf-8", "replace")
            due = self._due(
                chain(self._catalogue.mentions(words) if named else (), (one for one in before if _uses(words, one)))
            )
        return (tag.held(due[0].category, names, inert=True), due) if due else (text, ())

    def _marked(self, tag: Tag) -> bytes:
        if tag.attributes.get("type", "").strip(_SPACE) == "text/plain":
            for name in MARKED:
                if (category := tag.attributes.get(name, "").strip(_SPACE)) in self._asked:
                    return tag.held(category, ())
        return tag.text

    def _led_to(self, name: str, value: str) -> Iterator[Tracker]:
        candidates = value.split(",") if name == "srcset" else ()
        addresses = [part.split(None, 1)[0] for part in candidates if part.strip()] or [value]
        for address in addresses:
            tracker = self._catalogue.match(address, self._catalogue.host)
            if tracker is not None:
                yield tracker
        if re.match(r"\s*(?:javascript|data):", value, re.IGNORECASE):
            yield from self._catalogue.mentions(value)

    def _due(self, trackers: Iterable[Tracker]) -> tuple[Tracker, ...]:
        due = [tracker for tracker in trackers if tracker.category in self._held]
        return tuple(sorted(due, key=_rank))


def _is_marked(text: bytes) -> bool:
    return b"text/plain" in text and _MARKS.search(text) is not None


def runs(tag: Tag) -> bool:
    """Tell whether a browser runs the script that *tag* opens (HTML standard, section 4.12.1.1)."""
    kind = tag.attributes.get("type")
    if kind is None:
        language = tag.attributes.get("language", "")
        return not language or RUN.fullmatch(f"text/{language.lower()}") is not None
    return not kind or RUN.fullmatch(kind.strip(_SPACE).lower()) is not None


def _rank(tracker: Tracker) -> int:
    return _ORDER.index(tracker.category) if tracker.category in _ORDER else len(_ORDER)


def _uses(script: str, tracker: Tracker) -> bool:
    return any(re.search(rf"(?<![\w$.]){re.escape(name)}\s*[.(\[]", script) for name in tracker.globals)
