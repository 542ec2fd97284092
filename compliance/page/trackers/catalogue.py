"""Trackers by their addresses: which one an address leads to, which ones a script names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path

from ...outside.hosts import above, written_host
from .addresses import joined, named, split

#: A tracker of this category is never held.
NECESSARY = "necessary"
ANY = "*"
_MAINLAND = "CN"
# Addresses that are a page or a script themselves.
_ITSELF = re.compile(r"[\0-\x20]*+(?:javascript|data):", re.IGNORECASE)
#: The file of those that are known.
DATA = Path(__file__).with_name("catalogue.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracker:
    """What others run on a page, known by its address.

    *host* stands for itself and its subdomains, ``*`` for any host. *path* is how the path of the address begins; for
    any host also how it may end. *provider* names it by language, *country* is where its operator sits (ISO 3166-1).
    *cookies* are the names that it sets, ``*`` for any text; *first_party* are expressions for those of them that its
    script sets on the site's own host (of all others it sets the site may have one of the same name). *globals* are
    what its script defines for others: an inline script that uses one of them waits with it.
    """

    host: str
    path: str = "/"
    category: str
    provider: Mapping[str, str]
    country: str | None = None
    cookies: tuple[str, ...] = ()
    first_party: tuple[str, ...] = ()
    globals: tuple[str, ...] = ()


def abroad(country: str | None) -> bool | None:
    """Return whether *country* (ISO 3166-1) is outside mainland China (PIPL art. 38, 39); None where nobody says it."""
    return None if country is None else country != _MAINLAND


class Catalogue:
    """The trackers that are known: ours, and over them a site's *own*.

    *host* is that of the site itself; what this package lists for it, such as a video portal's own videos, is not
    somebody else's there.
    """

    def __init__(self, own: Iterable[Tracker] = (), *, host: str | None = None) -> None:
        self.host = host.lower() if host else None
        self.own = tuple(own)
        replaced = {(tracker.host, tracker.path) for tracker in self.own}
        listed = (tracker for tracker in _listed() if (tracker.host, tracker.path) not in replaced)
        self.trackers = (*self.own, *(tracker for tracker in listed if not self._is_own(tracker)))
        self._ours = frozenset(map(id, self.own))
        self._by_host: dict[str, list[Tracker]] = {}
        self._elsewhere: dict[str, Catalogue] = {}  # as many as there are names
        for tracker in self.trackers:
            self._by_host.setdefault(tracker.host, []).append(tracker)

    def listed(self, host: str | None) -> str:
        """Return the longest name of the list that *host* is or lies below; an empty one where there is none."""
        return next((name for name in above(host or "") if name in self._by_host), "")

    def on(self, host: str | None) -> Catalogue:
        """Return the same catalogue for pages on *host*, to which relative addresses lead; ``None`` is the site's own.

        What is listed of a host decides: all those of which nothing is are one.
        """
        listed = self.listed(host)
        if host is None or listed == self.listed(self.host):
            return self
        if listed not in self._elsewhere:
            other = self._elsewhere[listed] = copy(self)
            other.host = listed or None
        return self._elsewhere[listed]

    @cached_property
    def digest(self) -> str:
        """A hash of what decides whether an element is held."""
        rows = sorted((row.host, row.path, row.category, row.globals) for row in self.trackers)
        return sha256(repr((self.host, rows, sorted((row.host, row.path) for row in self.own))).encode()).hexdigest()

    def match(self, url: str, base_host: str | None = None) -> Tracker | None:
        """Return the tracker that *url* leads to; a relative one leads to *base_host*.

        A site's own entry goes first, then the longest path, then the longest host.
        """
        parts = split(url)
        if parts is None:
            return None
        host, path = parts
        return self._best(host or base_host or "", path)

    def reached(self, address: str, base: str | None = None) -> Iterator[Tracker]:
        """Yield what an *address* in a page leads to; a relative one from *base*, without one on the site's own host.

        An address that is a page or a script itself leads to what it names.
        """
        tracker = self.match(address if base is None else joined(base, address), self.host)
        if tracker is not None:
            yield tracker
        if _ITSELF.match(address) is not None:
            yield from self.mentions(address)

    def mentions(self, text: str) -> tuple[Tracker, ...]:
        """Return the trackers whose addresses stand in *text*, a script, in their order."""
        found: dict[int, Tracker] = {}
        for host, path in named(text):
            # A file name looks like a host: the address before it was put together elsewhere.
            for tracker in (self._best(host, path), self._best("", f"/{host}")):
                if tracker is not None:
                    found[id(tracker)] = tracker
        return tuple(found.values())

    def marks(self, categories: frozenset[str]) -> frozenset[str]:
        """Return texts one of which stands in every address that leads to a tracker of *categories*."""
        marks = set()
        for tracker in self.trackers:
            if tracker.category in categories and tracker.category != NECESSARY:
                if tracker.host == ANY or self._is_own(tracker):
                    marks.add(tracker.path.lstrip("/"))
                if tracker.host != ANY:
                    # A name in other characters than ASCII stands in pages in both its forms.
                    marks.update((tracker.host, written_host(tracker.host)))
        return frozenset(marks)

    def first_party(self) -> dict[str, set[str]]:
        """Return by category the expressions for the cookies that trackers set on the site's own host.

        An entry of the site's own that names none has those of what it files elsewhere.
        """
        found: dict[str, set[str]] = {}
        known = Catalogue() if self.own else self
        for tracker in self.trackers:
            names = tracker.first_party
            if id(tracker) in self._ours and not tracker.cookies:
                replaced = known._best("" if tracker.host == ANY else tracker.host, tracker.path)
                names = replaced.first_party if replaced else ()
            found.setdefault(tracker.category, set()).update(names)
        return found

    def _best(self, host: str, path: str) -> Tracker | None:
        fitting = [tracker for tracker in self._of(host) if _fits(tracker, path)]
        return max(fitting, key=self._rank, default=None)

    def _of(self, host: str) -> Iterator[Tracker]:
        yield from self._by_host.get(ANY, ())
        for name in above(host):
            yield from self._by_host.get(name, ())

    def _rank(self, tracker: Tracker) -> tuple[bool, int, int]:
        return id(tracker) in self._ours, len(tracker.path), len(tracker.host)

    def _is_own(self, tracker: Tracker) -> bool:
        return self.host is not None and f".{self.host}".endswith(f".{tracker.host}")


def _fits(tracker: Tracker, path: str) -> bool:
    if path.startswith(tracker.path):
        # "/tr" is "/tr" and "/tr/x", not "/travel".
        after = path[len(tracker.path) : len(tracker.path) + 1]
        return tracker.path.endswith("/") or not (after.isalnum() or after == "_")
    return tracker.host == ANY and path.endswith(tracker.path)


@cache
def _listed() -> tuple[Tracker, ...]:
    with DATA.open(encoding="utf-8", newline="") as file:
        return tuple(
            Tracker(
                host=row["host"],
                path=row["path"],
                category=row["category"],
                provider={"en": row["name"], "zh_CN": row["name_zh"]},
                country=row["country"] or None,
                cookies=tuple(row["cookies"].split()),
                first_party=tuple(row["first_party"].split()),
                globals=tuple(row["globals"].split()),
            )
            for row in csv.DictReader(file)
        )
