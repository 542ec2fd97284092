"""What a page loads from others that are known, and whether it does so at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ..trackers import Catalogue, Tracker
from ..trackers.catalogue import ANY, NECESSARY
from ..trackers.judge import RUN
from ..trackers.marks import finder
from .tree import Element

if TYPE_CHECKING:
    from .page import Page

_HOST = re.compile(r"\s*(?:https?:)?//([^/?#:\s]+)", re.IGNORECASE)
_HINTS = frozenset({"preconnect", "dns-prefetch"})
_FETCHED = _HINTS | {"preload", "prefetch", "prerender", "modulepreload", "stylesheet"}
_ADDRESSES = {"script": "src", "img": "src", "iframe": "src", "embed": "src", "link": "href"}
_HELD = "data-compliance-hold"


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


def is_optional(tracker: Tracker) -> bool:
    """Tell whether a reader has to be asked for *tracker*: it counts, advertises or shares."""
    return tracker.category not in (NECESSARY, "functional")


def needs_consent(page: Page, catalogue: Catalogue) -> bool:
    """Tell whether anything on *page* has to be asked for."""
    return any(is_optional(one.tracker) for one in loaded(page, catalogue))


def vendor(tracker: Tracker) -> str:
    """Return what the provider of *tracker* is called, in both languages where they differ."""
    english, chinese = tracker.provider.get("en", ""), tracker.provider.get("zh_CN", "")
    return english if english == chinese or not chinese else f"{chinese} {english}".strip()


def _all(page: Page, catalogue: Catalogue) -> Iterator[Loaded]:
    anywhere = _anywhere(catalogue)
    for tag, attribute in _ADDRESSES.items():
        for element in page.tagged(tag):
            address = element.get(attribute)
            if not address:
                if tag == "script" and element.text:
                    yield from _named(element, catalogue)
                continue
            host = _HOST.match(address)
            if not ((host and _is_known(catalogue, host[1].lower())) or anywhere.search(address)):
                continue
            rel = frozenset((element.get("rel") or "").lower().split()) if tag == "link" else frozenset[str]()
            if tag == "link" and not rel & _FETCHED:
                continue
            tracker = catalogue.match(address, catalogue.host)
            if tracker is not None and tracker.category != NECESSARY:
                name = host[1].lower() if host else page.host or ""
                hint = bool(rel & _HINTS)
                yield Loaded(tracker=tracker, host=name, element=element, runs=_runs(element), hint=hint)


def _named(element: Element, catalogue: Catalogue) -> Iterator[Loaded]:
    """Yield what an inline script names."""
    text = element.text or ""
    if _finder(catalogue).search(text.encode()) is None:
        return
    runs = _runs(element)
    if not runs and "json" in (element.get("type") or ""):
        return
    for tracker in catalogue.mentions(text):
        if tracker.category != NECESSARY:
            name = tracker.host if tracker.host != ANY else tracker.path
            yield Loaded(tracker=tracker, host=name, element=element, runs=runs, hint=False)


def _runs(element: Element) -> bool:
    if _HELD in element.attrib:
        return False
    kind = (element.get("type") or "").strip().lower()
    return element.tag != "script" or not kind or RUN.fullmatch(kind) is not None


@lru_cache(maxsize=4_096)
def _is_known(catalogue: Catalogue, host: str) -> bool:
    return any(f".{host}".endswith(f".{tracker.host}") for tracker in catalogue.trackers)


@lru_cache(maxsize=4)
def _anywhere(catalogue: Catalogue) -> re.Pattern[str]:
    paths = [re.escape(tracker.path) for tracker in catalogue.trackers if tracker.host == ANY]
    return re.compile("|".join(paths) or r"\A(?!)")


@lru_cache(maxsize=4)
def _finder(catalogue: Catalogue) -> re.Pattern[bytes]:
    return finder(catalogue.marks(frozenset(tracker.category for tracker in catalogue.trackers)))
