"""The catalogue as browsers read it: regular expressions that JavaScript and Python understand alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from ...outside.hosts import above
from .catalogue import ANY, Catalogue, Tracker

_SPECIAL = re.compile(r"([.*+?^$(){}\[\]|\\])")


def addresses(catalogue: Catalogue, categories: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of a category and an expression for host and path: the first that fits an address is its category.

    The same answers as `Catalogue.match`, for the trackers of *categories*; an empty one stands for all others.
    """
    known = frozenset(categories)
    own = frozenset(map(id, catalogue.own))
    ranked = sorted(catalogue.trackers, key=lambda one: (id(one) in own, len(one.path), len(one.host)), reverse=True)
    groups: list[_Group] = []
    for tracker in ranked:
        category = tracker.category if tracker.category in known else ""
        # It may not come before what goes first where both fit.
        after = [place for place, group in enumerate(groups) if group.category != category and group.meets(tracker)]
        first = max(after, default=-1) + 1
        for group in groups[first:]:
            if group.category == category:
                group.add(tracker)
                break
        else:
            groups.append(_Group(category, tracker))
    needed = [
        (group.category, group.trackers if group.category else list(_hiding(group, groups[place + 1 :])))
        for place, group in enumerate(groups)
    ]
    return [(category, _expression(trackers)) for category, trackers in needed if trackers]


def cookies(names: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Return pairs of a category and one expression for all *names*, expressions themselves, of its cookies."""
    return [(category, f"^(?:{'|'.join(sorted(set(listed)))})$") for category, listed in names.items() if listed]


def cookie(name: str) -> str:
    """Return the expression for the *name* of a cookie as settings give it; `*` stands for any text."""
    return _escaped(name).replace(r"\*", ".*")


class _Group:
    """Trackers of one *category* that one expression finds."""

    def __init__(self, category: str, first: Tracker) -> None:
        self.category = category
        self.trackers: list[Tracker] = []
        self._hosts: set[str] = set()
        self._above: set[str] = set()
        self.add(first)

    def add(self, tracker: Tracker) -> None:
        self.trackers.append(tracker)
        self._hosts.add(tracker.host)
        self._above.update(above(tracker.host))

    def meets(self, tracker: Tracker) -> bool:
        """Return whether the host of *tracker* and one of this group can both be that of one address."""
        return (
            tracker.host == ANY
            or ANY in self._hosts
            or tracker.host in self._above
            or not self._hosts.isdisjoint(above(tracker.host))
        )


def _hiding(group: _Group, later: Iterable[_Group]) -> Iterator[Tracker]:
    asked = [other for other in later if other.category]
    return (tracker for tracker in group.trackers if any(other.meets(tracker) for other in asked))


def _expression(trackers: Iterable[Tracker]) -> str:
    whole, parts, anywhere = [], [], []
    for tracker in trackers:
        begins = _escaped(quote(tracker.path, safe="/!$&'()*+,;=:@~%"))
        path = begins if tracker.path.endswith("/") else rf"{begins}(?!\w)"
        if tracker.host == ANY:
            anywhere += [f"^[^/]*{path}", f"{begins}$"]
        elif tracker.path == "/":
            whole.append(_escaped(tracker.host))
        else:
            parts.append(_escaped(tracker.host) + path)
    # Names that end alike side by side: they compress better.
    whole.sort(key=lambda host: host.split(".")[::-1])
    hosts = [f"(?:{'|'.join(whole)})/"] if whole else []
    return "|".join([f"^(?:[^/]*\\.)?(?:{'|'.join(hosts + parts)})"] * bool(hosts or parts) + anywhere)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
