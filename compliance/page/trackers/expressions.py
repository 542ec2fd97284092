"""The catalogue as browsers read it: regular expressions that JavaScript and Python understand alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from .catalogue import ANY, Catalogue, Tracker

_SPECIAL = re.compile(r"([.*+?^$(){}\[\]|\\])")


def addresses(catalogue: Catalogue, categories: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of a category and an expression for host and path: the first that fits an address is its category.

    The same answers as `Catalogue.match`, for the trackers of *categories*; an empty one stands for all others.
    """
    known = frozenset(categories)
    own = frozenset(map(id, catalogue.own))
    ranked = sorted(catalogue.trackers, key=lambda one: (id(one) in own, len(one.path), len(one.host)), reverse=True)
    groups: list[tuple[str, list[Tracker]]] = []
    for tracker in ranked:
        category = tracker.category if tracker.category in known else ""
        # It may not come before what goes first where both fit.
        after = [
            place
            for place, (other, trackers) in enumerate(groups)
            if other != category and any(_meet(tracker, one) for one in trackers)
        ]
        first = max(after, default=-1) + 1
        for other, trackers in groups[first:]:
            if other == category:
                trackers.append(tracker)
                break
        else:
            groups.append((category, [tracker]))
    needed = [
        (category, trackers if category else [one for one in trackers if _hides(one, groups[place + 1 :])])
        for place, (category, trackers) in enumerate(groups)
    ]
    return [(category, _expression(trackers)) for category, trackers in needed if trackers]


def cookies(names: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Return pairs of a category and one expression for all *names*, expressions themselves, of its cookies."""
    return [(category, f"^(?:{'|'.join(sorted(set(listed)))})$") for category, listed in names.items() if listed]


def cookie(name: str) -> str:
    """Return the expression for the *name* of a cookie as settings give it; `*` stands for any text."""
    return _escaped(name).replace(r"\*", ".*")


def _hides(tracker: Tracker, later: Iterable[tuple[str, list[Tracker]]]) -> bool:
    return any(category and _meet(tracker, one) for category, trackers in later for one in trackers)


def _meet(one: Tracker, other: Tracker) -> bool:
    if ANY in (one.host, other.host):
        return True
    longer, shorter = sorted((one.host, other.host), key=len, reverse=True)
    return f".{longer}".endswith(f".{shorter}")


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
