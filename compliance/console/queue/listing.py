"""The queue: what waits, by what is due first."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from ...cases import REPORT_CATEGORIES, REQUEST_CATEGORIES, Kind, State
from ...errors import Message
from ...messages import CaseError, bookmarks
from ...messages.listing import counts, entries, groups
from ...staff import Permission
from ..access import allow
from ..state import console, me, now
from .routes import pages, words
from .search import SHOWN, Search, SearchError, read

#: Counted up to here: a number that nobody reads to its end is not waited for.
COUNTED = 500
#: Cases of a state that are put together by their pages: those that are due first.
AMONG = 2_000


class Tab(NamedTuple):
    """A search that everybody has."""

    key: str
    name: Message
    query: str


TABS = (
    Tab("open", Message("Open"), ""),
    Tab("mine", Message("Mine"), "assignee=me"),
    Tab("free", Message("Nobody's"), "assignee=-"),
    Tab("today", Message("Due today"), "today=1"),
    Tab("overdue", Message("Overdue"), "overdue=1"),
    Tab("held", Message("Held back"), "state=held"),
    Tab("all", Message("All"), "state=all&sort=newest"),
)
#: What is wrong with a link, by the name in it.
WRONG: Mapping[str, Message] = {
    "state": Message("There is no such state: %(value)s"),
    "kind": Message("There is no such kind: %(value)s"),
    "since": Message("This is no day: %(value)s"),
    "until": Message("This is no day: %(value)s"),
    "after": Message("There is no case to go on from: %(value)s"),
}


@pages.get("/messages")
@allow(Permission.READ_CASES)
def queue() -> str | tuple[str, int]:
    """Show the cases that a link asks for."""
    try:
        search = asked(request.args)
        return _page(search)
    except SearchError as error:
        return _page(asked(MultiDict()), wrong=refused(error)), HTTPStatus.BAD_REQUEST


def refused(error: SearchError) -> Message:
    """Return why a link cannot be followed."""
    return Message(WRONG.get(error.reason, Message("This cannot be read: %(value)s")).id, value=error.value)


def asked(query: MultiDict[str, str]) -> Search:
    """Return what a link asks for, seen by who follows it. Raises `SearchError`."""
    return read(query, me=me().account.name, home=console().settings.site.url, now=now())


def choices() -> dict[str, Any]:
    """Return what the fields of a search are told: what can be chosen in them, and its words."""
    own = tuple(console().settings.messages.categories)
    return {
        "kinds": tuple(Kind),
        "states": [state for state in State if state is not State.PURGED],
        "categories": dict.fromkeys((*REPORT_CATEGORIES, *own, *REQUEST_CATEGORIES)),
        **words(console().accounts.all()),
    }


def tabs() -> list[tuple[Tab, int]]:
    """Return the searches that everybody has, and how many cases each finds, up to `COUNTED`."""
    which = [asked(MultiDict(parse_qsl(tab.query))).which for tab in TABS]
    return list(zip(TABS, counts(console().store.database, which, most=COUNTED, now=now()), strict=True))


def _page(search: Search, *, wrong: str = "") -> str:
    here = console()
    found, more = [], False
    listed = []
    if search.grouped:
        listed = groups(here.store.database, search.which, limit=SHOWN, among=AMONG, now=now())
    elif not wrong:
        try:
            found = entries(
                here.store.database,
                search.which,
                newest=search.newest,
                after=search.after,
                limit=SHOWN + 1,
                now=now(),
            )
        except CaseError:
            raise SearchError("after", str(search.after)) from None
        found, more = found[:SHOWN], len(found) > SHOWN
    return render_template(
        "console/queue.html",
        search=search,
        wrong=wrong,
        cases=found,
        more=more,
        groups=listed,
        tabs=tabs(),
        counted=COUNTED,
        bookmarks=bookmarks.bookmarks(here.store.database, me().account.name),
        **choices(),
    )


@pages.get("/messages/keys")
@allow(Permission.READ_CASES)
def keys() -> str:
    """Tell which keys do what."""
    return render_template("console/keys.html")
