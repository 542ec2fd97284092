"""What readers decided: found, verified, exported, erased; what they could read, and what they chose."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from ..deadlines import day, midnight
from ..documents import POLICIES, Document
from ..documents.changes import compare
from ..errors import Message
from ..formats import FORMS, to_json
from ..ledger import Link, Round
from ..ledger.chain import DECISION, record_hash
from ..ledger.exports import COLUMNS, HASHES, flat, record_of, within
from ..ledger.statistics import Cell, chosen
from ..ledger.words import METHODS, MODES
from ..staff import Permission
from .access import allow
from .pages import CSV, day_in, file, reason_in, told
from .state import asked_from, console, is_unasked, me, note, now, together

pages = Blueprint("consents", __name__)

_LONGEST_ID = 100
_FORMS = ("csv", "json")
#: A row by its number; more than this there are in no ledger.
_ROW = "int(max=999999999999)"


@pages.get("/consents")
@allow(Permission.READ_CONSENTS)
def consents() -> str:
    """Show what can be done with what readers decided."""
    return _overview()


@pages.post("/consents/find")
@allow(Permission.READ_CONSENTS)
def find() -> Response | tuple[str, int]:
    """Find a record by its id, which is in no address and so in no log."""
    record = request.form.get("record", "").strip()[:_LONGEST_ID]
    found = console().store.ledger.history(record, most=1) if record else []
    if not found:
        return _overview(missing=record, typed=True), 404
    return redirect(url_for("consents.one", row=found[0].sequence), 303)


@pages.get(f"/consents/<{_ROW}:row>")
@allow(Permission.READ_CONSENTS)
def one(row: int) -> str:
    """Show one decision, and those of the same reader before it."""
    return _one(_history(row))


@pages.post(f"/consents/<{_ROW}:row>/export")
@allow(Permission.EXPORT_CONSENTS, fresh=True)
def export_one(row: int) -> Response:
    """Hand out one decision, and those of the same reader before it."""
    rows = [record_of(link) for link in _history(row)]
    note("consents_exported", str(row), rows=len(rows))
    return file(iter([to_json(rows, indent=2).encode()]), f"consent-{row}.json", "application/json")


@pages.post(f"/consents/<{_ROW}:row>/erase")
@allow(Permission.ERASE_CONSENTS, fresh=True)
def erase(row: int) -> Response | tuple[str, int]:
    """Erase what is personal in one decision and in those of the same reader before it."""
    found, reason = _history(row), reason_in()
    record = found[0].said.get("record")
    if not reason or found[0].kind != DECISION or record is None:
        return _one(found, error=not reason), 422
    _erase(record, about=str(row), reason=reason)
    return redirect(url_for("consents.one", row=row), 303)


@pages.post("/consents/erase-ahead")
@allow(Permission.ERASE_CONSENTS, fresh=True)
def erase_ahead() -> Response | tuple[str, int]:
    """Erase a record that is not here yet, once it comes from the disk of another machine."""
    record, reason = request.form.get("record", "").strip()[:_LONGEST_ID], reason_in()
    if not record or not reason:
        return _overview(missing=record, typed=True, error=not reason), 422
    _erase(record, about=record_hash(record)[:16], reason=reason)
    return redirect(url_for("consents.consents"), 303)


@pages.post("/consents/export")
@allow(Permission.EXPORT_CONSENTS, fresh=True)
def export() -> Response | tuple[str, int]:
    """Hand out all decisions between two days, for an authority."""
    since, until, form, reason = day_in("since"), day_in("until"), request.form.get("form", "csv"), reason_in()
    if form not in _FORMS:
        raise BadRequest
    if not reason or (since and until and until < since):
        return _overview(export_error="reason" if not reason else "days"), 422
    ledger = console().store.ledger
    note("consents_exported", since=since and since.isoformat(), until=until and until.isoformat(), reason=reason)
    links = within(
        ledger.links(),
        midnight(since) if since else None,
        midnight(until + timedelta(days=1)) if until else None,
    )
    records = map(record_of, links)
    parts = FORMS[form](map(flat, records) if form == "csv" else records, (*COLUMNS, *HASHES))
    return file(parts, f"consents-{day(now()):%Y%m%d}.{form}", {"csv": CSV, "json": "application/json"}[form])


@pages.get("/consents/verification")
@allow(Permission.READ_CONSENTS)
def verification() -> str:
    """Show how far the ledger was read again, and what was found."""
    found = console().rounds.latest()
    template = "console/round.html" if is_unasked() else "console/verification.html"
    return render_template(template, of="ledger", round=found, at_work=found and found.is_at_work(now()))


@pages.post("/consents/verification")
@allow(Permission.READ_CONSENTS)
def verify() -> Response:
    """Begin to read the whole ledger again, where nobody has begun already."""
    trail, account, network = console().trail, me().account, asked_from()

    def done(found: Round) -> None:
        detail = {"rows": found.rows, "findings": len(found.findings) + found.more}
        who = {"actor": account.name, "role": account.role, "network": network}
        trail.append("consents_verified", about=found.end.split(":")[0], detail=detail, now=found.seen, **who)

    console().rounds.begin(account.name, done)
    return redirect(url_for("consents.verification"), 303)


@pages.get("/consents/choices")
@allow(Permission.READ_CONSENTS)
def choices() -> str:
    """Show what readers chose, by the version that they decided about."""
    found = chosen(console().store.database, by="policy")
    versions: dict[str, dict[str, Cell]] = {}
    for (policy, language), cell in reversed(found.items()):
        versions.setdefault(policy, {})[language] = cell
    return render_template("console/choices.html", versions=versions, current=console().documents.policy(day(now())))


@pages.get("/consents/texts")
@allow(Permission.READ_CONSENTS)
def texts() -> str:
    """List all legal documents, in their versions and languages."""
    library, today = console().documents, day(now())
    listed = [
        (
            name,
            language,
            library.coming(name, language, today)[::-1],
            library.versions(name, language, today),
        )
        for name in library.names
        for language in library.languages(name)
    ]
    return render_template("console/texts.html", listed=listed, policies=POLICIES)


@pages.get("/consents/texts/<name>/<language>/<version>")
@allow(Permission.READ_CONSENTS)
def text(name: str, language: str, version: str) -> str:
    """Show one version of a document, as the site shows it."""
    document = console().documents.get(name, language, version)
    if document is None or document.language != language:
        raise NotFound
    site = console().settings.site
    shown = document.shown(f"{site.url.rstrip('/')}{site.prefix}", "")
    return render_template("console/text.html", document=document, html=shown)


@pages.get("/consents/texts/<name>/<language>/<old>/<new>")
@allow(Permission.READ_CONSENTS)
def changes(name: str, language: str, old: str, new: str) -> str:
    """Show what changed between two versions of a document."""
    pair: tuple[Document, Document] | None = console().documents.pair(name, language, old, new)
    if pair is None or pair[0].language != language:
        raise NotFound
    sections = compare(pair[0].html, pair[1].html)
    return render_template("console/changes.html", old=pair[0], new=pair[1], sections=sections)


@pages.get("/consents/kept/<hashed>")
@allow(Permission.READ_CONSENTS)
def kept(hashed: str) -> str:
    """Show a document as readers could read it when they decided."""
    found = console().store.ledger.text(hashed)
    if found is None:
        raise NotFound
    return render_template("console/kept.html", text=found, holds=found.rehashed == hashed)


def _overview(*, missing: str = "", typed: bool = False, error: bool = False, export_error: str = "") -> str:
    found = console().rounds.latest()
    return render_template(
        "console/consents.html",
        missing=missing,
        typed=typed,
        error=error,
        export_error=export_error,
        round=found,
        at_work=found and found.is_at_work(now()),
    )


def _history(row: int) -> list[Link]:
    """Return the row of that number, and the earlier decisions of its reader where they are still there."""
    found = console().store.ledger.row(row)
    if found is None:
        raise NotFound
    record = found.said.get("record")
    return console().store.ledger.history(record) if record and found.kind == DECISION else [found]


def _one(found: list[Link], *, error: bool = False) -> str:
    if any(link.content for link in found):
        note("consent_viewed", str(found[0].sequence))
    full = [link.sequence for link in found if link.kind == DECISION and link.content is not None]
    return render_template(
        "console/consent.html", links=found, full=full, methods=METHODS, modes=MODES, error=error, decision=DECISION
    )


def _erase(record: str, *, about: str, reason: str) -> None:
    console().store.recorder.drain()  # what waits on the disk of this machine would come back

    def work() -> int:
        count = console().store.ledger.erase(record, now=now())
        note("consents_erased", about, rows=count, reason=reason)
        return count

    count = together(work)
    console().store.database.settle()
    flash(
        told(Message("%(count)s rows erased.", count=count))
        if count
        else told(Message("It is erased as soon as it comes."))
    )
