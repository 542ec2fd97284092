"""The first page: what there is to be done, and what somebody else should look at; and how the parts do."""

from __future__ import annotations

from http import HTTPStatus
from itertools import islice
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ..deadlines import day
from ..deliveries import dead, revive
from ..documents import POLICIES
from ..errors import Message, said
from ..messages import drafts
from ..messages.listing import last_accepted
from ..staff import Permission
from ..views.health import parts
from .access import allow
from .pages import language, told
from .queue.listing import COUNTED, tabs
from .queue.routes import words
from .state import console, me, note, now, together

pages = Blueprint("home", __name__)

#: Drafts, and things that were given up, which are shown.
_SHOWN = 10
_MOST = 100  # differences between two looks


@pages.get("/")
@allow(Permission.OWN)
def home() -> str:
    """Show what there is to be done."""
    here, asking = console(), me()
    database, name = here.store.database, asking.account.name
    reads, sees = asking.may(Permission.READ_CASES), asking.may(Permission.READ_HEALTH)
    told_parts = parts(here.settings, here.store, now()) if sees else {}
    return render_template(
        "console/home.html",
        tabs=[(tab, count) for tab, count in tabs() if tab.key not in ("open", "all")] if reads else [],
        counted=COUNTED,
        awaiting=drafts.count_for_review(database, besides=name, most=COUNTED) if reads else 0,
        reviews=drafts.for_review(database, besides=name, limit=_SHOWN) if reads else [],
        drafts=drafts.of_editor(database, name, limit=_SHOWN) if reads else [],
        troubled=[part for part, known in told_parts.items() if not known["ok"]],
        sees=sees,
        **words(here.accounts.all()),
    )


@pages.get("/counts")
@allow(Permission.READ_CASES)
def counts() -> str | tuple[str, int]:
    """Tell a page that is open what waits now; nothing where that is what it has *seen*.

    *shown*: which counts it shows beside that of the menu.
    """
    database, name = console().store.database, me().account.name
    found = {tab.key: count for tab, count in tabs()}
    found["review"] = drafts.count_for_review(database, besides=name, most=COUNTED)
    stamp = ".".join(map(str, found.values()))
    seen, shown = request.args.get("seen", ""), request.args.get("shown", "")
    if seen == stamp:
        return "", HTTPStatus.NO_CONTENT
    return render_template(
        "console/counts.html", counts=found, counted=COUNTED, seen=seen, stamp=stamp, shown=shown or None
    )


@pages.get("/health")
@allow(Permission.READ_HEALTH)
def health() -> str:
    """Show how each part does, as `/compliance/health` tells programs."""
    here = console()
    known = parts(here.settings, here.store, now())
    return render_template(
        "console/health.html",
        parts=known,
        accepted=last_accepted(here.store.database),
        dead=dead(here.store.database, here.settings)[:_SHOWN],
        **_versions(),
        **_looked(),
        retries=me().may(Permission.RETRY_DELIVERIES),
    )


def _versions() -> dict[str, Any]:
    """Return which version readers decide about, and those of the policies that take effect later."""
    library, today = console().documents, day(now())
    languages = console().settings.site.languages
    coming = [one for name in POLICIES for language in languages for one in library.coming(name, language, today)]
    return {"policy": library.policy(today), "coming": dict.fromkeys(coming)}


def _looked() -> dict[str, Any]:
    """Return what the last looks of `check` found, what is different since the one before, and hosts nobody named."""
    file = console().history
    if file is None:
        return {"looks": None}
    from ..audit.looks import History, HistoryError, differences  # read where there is a history alone

    declared = tuple(tracker.host for tracker in console().settings.consent.trackers)
    try:
        history = History(file)
        looks = [
            (
                look,
                [one.message for one in islice(differences(before, look, language()), _MOST)] if before else None,
                [
                    (host, history.first_seen(look.target)[host], page)
                    for host, page in look.trackers.items()
                    if not any(f".{host}".endswith(f".{known}") for known in declared)
                ],
            )
            for before, look in history.latest()[:_SHOWN]
        ]
    except HistoryError as error:
        return {"looks": [], "unread": said(error)}
    return {"looks": looks}


@pages.post("/health/retry")
@allow(Permission.RETRY_DELIVERIES)
def retry() -> Response:
    """Let what was given up be tried again, all of it."""

    def work() -> int:
        count = revive(console().store.database, None, now=now())
        note("deliveries_retried", count=count)
        return count

    flash(told(Message("%(count)s will be tried again.", count=together(work))))
    return redirect(url_for("home.health"), HTTPStatus.SEE_OTHER)
