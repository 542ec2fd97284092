"""What a page loads from others that are known, and whether it does so at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from ..outside.hosts import host_of
from ..page.loading import ELEMENTS, Load, loads, runs, styled
from ..page.states import loads_nothing, uncommented
from ..page.trackers import Catalogue, Tracker
from ..page.trackers.addresses import split
from ..page.trackers.catalogue import ANY, NECESSARY
from ..page.trackers.marks import finder
from ..page.trackers.styles import released
from .parties import together
from .tree import Element, parse

if TYPE_CHECKING:
    from .page import Page

# Types of scripts that are none: what is in them is data, or markup for later.
_DATA = re.compile(r"json|template|html|handlebars|mustache|tmpl|xml|shader", re.IGNORECASE)
# How held elements are marked: their own attributes go by other names meanwhile.
_MARK = "data-compliance-"
_HELD = f"{_MARK}hold"
_NAMES = (*sorted(ELEMENTS), "style")
# Where an address says who is asked, before it says for what.
_AUTHORITY = re.compile(r"[ \t\n\f\r]*+((?:https?:)?//[^/?#\\]++)", re.IGNORECASE)
_PRESSED = frozenset({"a", "area"})  # lead elsewhere only when they are
# Where other consent tools keep the address that an element has once the reader agrees: vanilla-cookieconsent, Klaro
# and tarteaucitron; Cookiebot; Complianz; CookieYes; iubenda; Osano; Usercentrics.
_LATER = (
    *("data-src", "data-cookieblock-src", "data-cmplz-src", "data-cli-src", "data-cookieyes-src", "suppressedsrc"),
    *("data-suppressedsrc", "data-osano-src", "data-uc-src", "data-consent-src", "data-cookie-src"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A *tracker* on a page and the *element* that loads it.

    *runs* is false for what waits for the reader, *hint* true for what only opens a connection.
    """

    tracker: Tracker
    host: str
    element: Element
    runs: bool
    hint: bool


@lru_cache(maxsize=1)  # several checks of one page ask
def loaded(page: Page, catalogue: Catalogue) -> tuple[Loaded, ...]:
    """Return the trackers on *page*, each once: where it first runs, else where it first waits."""
    found: dict[int, Loaded] = {}
    for one in _all(page, catalogue):
        before = found.get(id(one.tracker))
        if before is None or (one.runs and not one.hint) > (before.runs and not before.hint):
            found[id(one.tracker)] = one
    return tuple(found.values())


def addressed(page: Page) -> Iterator[tuple[str, str, str]]:
    """Yield every other host that markup of *page* leads to, on any list or on none: host, element, and how.

    That is ``loads``, ``held`` until the reader agrees, or ``hint`` where only a connection is opened.
    """
    for element in _loading(page):
        # Most lead nowhere, and that is soon seen.
        tag = element.tag
        if tag in _PRESSED and element.get("ping") is None and element.get("style") is None:
            continue
        inside = element.text or "" if tag == "style" else "".join(cast("list[str]", element.values()))
        found = _loads(element) if "//" in inside else None
        if found is None:
            continue
        for load in found.loads:
            match = _AUTHORITY.match(load.address)
            host = _other(match[1] if match else page.resolve(load.address), page.host or "")
            if host:
                yield host, str(element.tag), "held" if found.waits else "hint" if load.hint else "loads"


@lru_cache(maxsize=4_096)  # pages load most of what they load from few hosts
def _other(address: str, own: str) -> str:
    """Return the host that *address* leads to, where it is not of the site at *own*."""
    host = host_of(address)
    return "" if together(host, own) else host


def is_optional(tracker: Tracker) -> bool:
    """Return whether a reader has to be asked for *tracker*: it counts, advertises or shares."""
    return tracker.category not in (NECESSARY, "functional")


def needs_consent(page: Page, catalogue: Catalogue) -> bool:
    """Return whether anything on *page* has to be asked for."""
    return any(is_optional(one.tracker) for one in loaded(page, catalogue))


def vendor(tracker: Tracker) -> str:
    """Return what the provider of *tracker* is called, in both languages where they differ."""
    english, chinese = tracker.provider.get("en", ""), tracker.provider.get("zh_CN", "")
    return english if english == chinese or not chinese else f"{chinese} {english}".strip()


def _all(page: Page, catalogue: Catalogue) -> Iterator[Loaded]:
    catalogue = catalogue.on(page.host)
    if _finder(catalogue).search(page.source.encode("utf-8", "replace")) is not None:
        for element in _loading(page):
            yield from _of(element, page, catalogue)


def _loading(page: Page) -> Iterator[Element]:
    """Yield the elements that may load something."""
    for name in _NAMES:
        yield from page.tagged(name)
    for element in page.styled:
        if element.tag not in _NAMES:
            yield element


def _of(element: Element, page: Page, catalogue: Catalogue) -> Iterator[Loaded]:
    """Yield the trackers that *element* loads."""
    found = _loads(element)
    if found is None:
        return
    name, base = str(element.tag), page.base if page.host else None
    for load in found.loads:
        for tracker in catalogue.reached(load.address, base):
            if tracker.category != NECESSARY:
                parts = split(load.address)
                host = (parts and parts[0]) or (tracker.host if tracker.host != ANY else page.host or "")
                yield Loaded(tracker=tracker, host=host, element=element, runs=not found.waits, hint=load.hint)
    if name == "script" and not found.loads:
        yield from _named(found.text, element, catalogue, runs=not found.waits)
    elif name == "iframe" and found.document:
        # A frame in a frame of this kind is not looked into.
        for inner in parse(found.document).iter("*"):
            inner.attrib.pop("srcdoc", "")
            for one in _of(inner, page, catalogue):
                yield replace(one, element=element, runs=one.runs and not found.waits)


class _Loads(NamedTuple):
    """What an element loads, whether that *waits* for the reader, the *text* in it, and the *document* in a frame."""

    loads: list[Load]
    waits: bool
    text: str
    document: str


def _loads(element: Element) -> _Loads | None:
    """Return what *element* loads, None where it is data."""
    name, text = str(element.tag), element.text or ""
    attributes = dict(cast("list[tuple[str, str]]", element.items()))
    held = _HELD in attributes
    if held:
        attributes, text = _released(attributes), released(text)
    waits = held
    if name == "script" and not runs(attributes):
        # What another consent tool holds, unless it is data.
        if _DATA.search(attributes.get("type", "json")):
            return None
        waits, attributes = True, {key: value for key, value in attributes.items() if key != "type"}
    if not attributes.get("src") and (later := next((attributes[one] for one in _LATER if attributes.get(one)), None)):
        waits, attributes = True, {**attributes, "src": later}
    foreign = name == "script" and next(element.iterancestors("svg"), None) is not None
    found = list(loads(name, attributes, foreign=foreign))
    if name == "style":
        found += [Load("", address) for address, _ in styled(text)]
    return _Loads(found, waits, text, attributes.get("srcdoc", ""))


def _released(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the *attributes* of a held element as they will be when the reader agrees."""
    shown = {name: value for name, value in attributes.items() if not name.startswith(_MARK)}
    if shown.get("type") == "text/plain":
        del shown["type"]
    return {**shown, **{name[len(_MARK) :]: value for name, value in attributes.items() if name.startswith(_MARK)}}


def _named(text: str, element: Element, catalogue: Catalogue, *, runs: bool) -> Iterator[Loaded]:
    """Yield what an inline script names."""
    if _finder(catalogue).search(text.encode("utf-8", "replace")) is not None and not loads_nothing(text):
        for tracker in catalogue.mentions(uncommented(text)):
            if tracker.category != NECESSARY:
                name = tracker.host if tracker.host != ANY else tracker.path
                yield Loaded(tracker=tracker, host=name, element=element, runs=runs, hint=False)


@lru_cache(maxsize=4)
def _finder(catalogue: Catalogue) -> re.Pattern[bytes]:
    return finder(catalogue.marks(frozenset(tracker.category for tracker in catalogue.trackers)))
