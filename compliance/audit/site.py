"""What the pages of a site say together: small facts, merged as the pages go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from ..page.trackers import Catalogue
from ..settings import Settings
from .page import PageKind
from .sources import Sources

#: Values of one fact that are told apart, and pages that are named for each.
MOST_VALUES = 1_000
MOST_PAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What checks are told beside the page: the trackers that are known, and the day.

    *hosts* are those of the site, none where the target is a folder; *settings* are those of an application of ours,
    *sources* those that it reprints from, where it keeps a list.
    """

    catalogue: Catalogue
    today: date
    hosts: frozenset[str] = frozenset()
    settings: Settings | None = None
    sources: Sources | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the site and its operator are called, in every language, as far as settings say it."""
        if self.settings is None:
            return ()
        return tuple({*self.settings.site.name.root.values(), *self.settings.site.operator.root.values()})


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a page says, to be judged with the others: *value* under the *name* that a check looks for."""

    name: str
    value: str = ""


@dataclass(slots=True)
class Seen:
    """On how many pages a value was seen, and the first of them."""

    count: int = 0
    pages: list[str] = field(default_factory=list)


class SiteFacts:
    """Every fact of the pages that were read, in bounded memory."""

    def __init__(self) -> None:
        self.kinds: Counter[PageKind] = Counter()
        #: The address of the home page; None where it was not read.
        self.home: str | None = None
        #: Names of facts with more than `MOST_VALUES` values: how many more pages had one.
        self.dropped: Counter[str] = Counter()
        self._facts: dict[str, dict[str, Seen]] = {}

    @property
    def count(self) -> int:
        """How many pages were read."""
        return self.kinds.total()

    def add(self, url: str, kind: PageKind, facts: Iterable[Fact]) -> None:
        """Count a page in; a fact that it says twice counts once."""
        self.kinds[kind] += 1
        if kind is PageKind.HOME and self.home is None:
            self.home = url
        self.note(url, facts)

    def note(self, url: str, facts: Iterable[Fact]) -> None:
        """Keep what else is learned of a page that was counted in."""
        for fact in dict.fromkeys(facts):
            values = self._facts.setdefault(fact.name, {})
            if fact.value not in values and len(values) >= MOST_VALUES:
                self.dropped[fact.name] += 1
                continue
            seen = values.setdefault(fact.value, Seen())
            seen.count += 1
            if len(seen.pages) < MOST_PAGES:
                seen.pages.append(url)

    def names(self, beginning: str) -> tuple[str, ...]:
        """Return the names of the facts that begin with *beginning*."""
        return tuple(name for name in self._facts if name.startswith(beginning))

    def values(self, name: str) -> Mapping[str, Seen]:
        """Return every value of the fact *name*, in the order of the pages."""
        return self._facts.get(name, {})
