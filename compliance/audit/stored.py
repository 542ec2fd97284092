"""What a site's pages keep in readers' browsers: cookies, and every other store that a page has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .readers import Reader


class Store(StrEnum):
    """Where a browser keeps something for a site."""

    COOKIE = "cookie"
    LOCAL = "localStorage"
    SESSION = "sessionStorage"
    DATABASE = "IndexedDB"
    CACHE = "Cache"
    WORKER = "service worker"


class Shape(StrEnum):
    """What a value looks like; the value itself is not kept."""

    EMPTY = "empty"
    FLAG = "flag"
    NUMBER = "number"
    TIME = "time"
    IDENTIFIER = "identifier"
    CONSENT = "consent"
    ADDRESS = "address"
    STRUCTURE = "structure"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Something that is kept under *name* for *host*, the domain of a cookie or the host of another store.

    *third* says that the host is of another site. *lifetime* is in seconds, None for a cookie that goes with the
    browser and for other stores, which keep until they are cleared. *flags* are attributes of a cookie. *setter* is the
    address that set it, of an answer or a script, without a query, and *line* where in the script; *header* says that
    an answer did. *shape* is what the value looks like; *distinct* whether it was another for every reader, None where
    there was one reader only. *refused* says that the browser did not keep it. *provider* and *category* are those of
    the list, by the name. *named* tells whether a policy names it, None where none does name any; *declared* whether
    the settings do. *readers* are those in whose browsers it was; *pages* counts the pages, *first* is one.
    """

    store: Store
    name: str
    host: str
    third: bool = False
    lifetime: int | None = None
    flags: tuple[str, ...] = ()
    setter: str = ""
    line: int | None = None
    header: bool = False
    shape: Shape = Shape.TEXT
    distinct: bool | None = None
    refused: bool = False
    provider: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    named: bool | None = None
    declared: bool = False
    readers: frozenset[Reader] = frozenset()
    pages: int = 1
    first: str = ""
