"""The trail: read and verified by auditors, changed by nobody."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice

from flask import Blueprint, render_template, request
from werkzeug.exceptions import BadRequest

from ..deadlines import midnight
from ..ledger import Acts, verify_acts
from ..staff import Permission
from ..staff.words import ACTIONS
from .access import allow
from .pages import day_in
from .state import console, note

pages = Blueprint("acts", __name__)

_SHOWN = 100
_FINDINGS = 50
_FILTERS = ("actor", "action", "about", "since", "until")


@pages.get("/trail")
@allow(Permission.READ_ACTS)
def acts() -> str:
    """Show the last acts, or those before one."""
    asked = {name: request.args.get(name, "").strip()[:100] for name in _FILTERS}
    since, until = day_in("since"), day_in("until")
    if asked["action"] and asked["action"] not in ACTIONS:
        raise BadRequest
    which = Acts(
        actor=asked["actor"],
        action=asked["action"],
        about=asked["about"],
        since=midnight(since) if since else None,
        until=midnight(until + timedelta(days=1)) if until else None,
    )
    before = _number(request.args.get("before", ""))
    found = console().trail.latest(which, before=before, limit=_SHOWN + 1)
    more = found[_SHOWN - 1].sequence if len(found) > _SHOWN else None
    return render_template("console/acts.html", acts=found[:_SHOWN], more=more, asked=asked)


@pages.post("/trail/verify")
@allow(Permission.READ_ACTS)
def verify() -> str:
    """Read the whole trail again, and tell what was changed in it."""
    trail = console().trail
    found = list(islice(verify_acts(trail), _FINDINGS))
    head, _ = trail.head()
    note("trail_verified", findings=len(found))
    return render_template("console/verified.html", findings=found, head=head, most=_FINDINGS)


def _number(text: str) -> int | None:
    """Return the number in *text*, None where there is no text; refuse what is no number of a row."""
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest
    return int(text) if text else None
