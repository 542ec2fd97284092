"""The trail: read and verified by auditors, changed by nobody."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from functools import partial

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ..deadlines import day, midnight
from ..formats import FORMS
from ..ledger import Acts, Round, extract
from ..staff import Permission
from ..staff.words import ACTIONS
from .access import allow
from .pages import day_in, file
from .state import asked_from, console, is_unasked, me, note, now

pages = Blueprint("acts", __name__)

_SHOWN = 100
#: How the log is handed out: as a table, or as lines that prove themselves.
_FORMS = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
_FILTERS = ("actor", "action", "about", "since", "until")


@pages.get("/trail")
@allow(Permission.READ_ACTS)
def acts() -> str:
    """Show the last acts, or those before one."""
    return _listed()


def _listed(*, wrong: bool = False) -> str:
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
    return render_template(
        "console/acts.html",
        acts=found[:_SHOWN],
        more=more,
        asked=asked,
        wrong=wrong,
        begin=console().trail.begin(),
        days=console().settings.retention.audit_log,
    )


@pages.post("/trail/export")
@allow(Permission.EXPORT_ACTS, fresh=True)
def export() -> Response | tuple[str, int]:
    """Hand out what was done between two days."""
    since, until, form = day_in("since"), day_in("until"), request.form.get("form", "jsonl")
    if form not in _FORMS:
        raise BadRequest
    if since and until and until < since:
        return _listed(wrong=True), 422
    note("trail_exported", since=since and since.isoformat(), until=until and until.isoformat(), form=form)
    trail = console().trail
    found = extract.within(
        trail,
        midnight(since) if since else None,
        midnight(until + timedelta(days=1)) if until else None,
    )
    if form == "csv":
        parts = FORMS[form](map(asdict, found), extract.COLUMNS)
    else:
        parts = extract.parts(found, console().store.vault.keys("trail"))
    return file(parts, f"audit-log-{day(now()):%Y%m%d}.{form}", _FORMS[form])


@pages.get("/trail/verification")
@allow(Permission.READ_ACTS)
def verification() -> str:
    """Show how far the trail was read again, and what was found."""
    found = console().trail_rounds.latest()
    template = "console/round.html" if is_unasked() else "console/verification.html"
    return render_template(template, of="trail", round=found, at_work=found and found.is_at_work(now()))


@pages.post("/trail/verification")
@allow(Permission.READ_ACTS)
def verify() -> Response:
    """Begin to read the whole trail again, where nobody has begun already."""
    account = me().account
    append = partial(console().trail.append, actor=account.name, role=account.role, network=asked_from())

    def done(found: Round) -> None:
        detail = {"rows": found.rows, "findings": len(found.findings) + found.more}
        append("trail_verified", about=found.end.split(":")[0], detail=detail, now=found.seen)

    console().trail_rounds.begin(account.name, done)
    return redirect(url_for("acts.verification"), 303)


def _number(text: str) -> int | None:
    """Return the number in *text*, None where there is no text; refuse what is no number of a row."""
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest
    return int(text) if text else None
