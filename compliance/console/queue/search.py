"""Which cases a link of the queue asks for: read from its query, and written into others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin

from werkzeug.datastructures import MultiDict

from ... import deadlines
from ...cases import OPEN, OWING, Kind, State
from ...errors import ReasonError
from ...messages import CaseError
from ...messages.listing import Filter, Place

#: Cases on a page, and characters of what is searched for.
SHOWN = 50
LONGEST = 2_000
_SETS = {"open": OPEN, "all": frozenset(State) - {State.PURGED}, "held": frozenset({State.QUARANTINED})}
_KNOWN = ("state", "kind", "category", "urgent", "overdue", "today", "assignee", "q", "page", "since", "until")
#: What a link says for the editor who follows it, and for nobody.
ME, NOBODY = "me", "-"


class SearchError(ReasonError):
    """A link that asks for something that there is not: *reason* is the name in it, *value* what was found there."""

    def __init__(self, reason: str, value: str) -> None:
        super().__init__(reason)
        self.value = value


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which cases, in which order, from where on; *asked* is what the link said."""

    which: Filter
    newest: bool
    grouped: bool
    after: Place | None
    asked: tuple[tuple[str, str], ...]

    def query(self, **changes: Any) -> str:
        """Return the query of a link to the first page that asks for the same but for *changes*; None drops one."""
        kept = [(name, value) for name, value in self.asked if name not in changes]
        for name, value in changes.items():
            values = value if isinstance(value, list | tuple) else [value]
            kept += [(name, str(one)) for one in values if one is not None]
        return urlencode(kept)

    def values(self, name: str) -> list[str]:
        """Return what the link says of *name*."""
        return [value for key, value in self.asked if key == name]


def read(query: MultiDict[str, str], *, me: str, home: str, now: datetime) -> Search:
    """Return what the *query* of a link asks for, seen by the editor *me*. Raises `SearchError`.

    Args:
        home: the address of the site, for the path of a page.
    """
    asked = tuple(
        (name, value.strip()) for name in (*_KNOWN, "sort", "group") for value in query.getlist(name) if value.strip()
    )
    said = dict(asked)
    for name, value in asked:
        if len(value) > LONGEST:
            raise SearchError(name, f"{value[:40]}…")
    return Search(
        which=Filter(
            states=_states(
                [value for name, value in asked if name == "state"], late="overdue" in said or "today" in said
            ),
            kinds=frozenset(_one("kind", Kind, value) for name, value in asked if name == "kind") or frozenset(Kind),
            category=said.get("category", ""),
            urgent=_flag(said, "urgent"),
            overdue=_flag(said, "overdue"),
            due=deadlines.after(now, working_days=0) if _flag(said, "today") else None,
            assignee=_assignee(said.get("assignee"), me),
            search=said.get("q", ""),
            page=urljoin(home, said["page"]) if "page" in said else "",
            since=_day(said, "since"),
            until=_day(said, "until", after=1),
        ),
        newest=_one_of(said, "sort", ("due", "newest")) == "newest",
        grouped=_flag(said, "group"),
        after=_after(query.get("after", "").strip()),
        asked=asked,
    )


def _states(names: list[str], *, late: bool) -> frozenset[State]:
    if not names:
        return OWING if late else OPEN
    found: set[State] = set()
    for name in names:
        found |= _SETS.get(name) or {_one("state", State, name)}
    return frozenset(found)


def _one(name: str, known: type[Any], value: str) -> Any:
    try:
        return known(value)
    except ValueError:
        raise SearchError(name, value) from None


def _one_of(said: dict[str, str], name: str, known: tuple[str, ...]) -> str:
    value = said.get(name, known[0])
    if value not in known:
        raise SearchError(name, value)
    return value


def _flag(said: dict[str, str], name: str) -> bool:
    return _one_of(said, name, ("", "1")) == "1"


def _assignee(value: str | None, me: str) -> str | None:
    return {None: None, ME: me, NOBODY: ""}.get(value, value)


def _day(said: dict[str, str], name: str, *, after: int = 0) -> datetime | None:
    if name not in said:
        return None
    try:
        return deadlines.midnight(date.fromisoformat(said[name]) + timedelta(days=after))
    except (ValueError, OverflowError):
        raise SearchError(name, said[name]) from None


def _after(text: str) -> Place | None:
    try:
        return Place.read(text) if text else None
    except CaseError:
        raise SearchError("after", text[:40]) from None
