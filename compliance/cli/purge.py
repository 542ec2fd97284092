"""`flask compliance purge`: let go what is kept long enough."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain

import click

from .. import deadlines
from ..errors import Message
from ..ledger import Trail
from ..messages import retention
from ..messages.names import KINDS, of
from .consents import LET_GO, let_go
from .group import compliance, listing, progress, show, state
from .messages.group import user

logger = logging.getLogger(__name__)

COLUMNS = (Message("what"), Message("kind"), Message("number"))
#: What is done with the audit log, and to which kind of row.
_ACTS = ("audit_log", "act")
_HEADS = {"number": Message("how many")}
#: What is done, by the name that programs read.
_DONE = {
    "closed": Message("closed"),
    "rejected": Message("rejected"),
    "purged": Message("purged"),
    "contacts": Message("contacts"),
    "challenges": Message("challenges"),
    "submissions": Message("submissions"),
    "sent": Message("sent"),
    "pictures": Message("pictures"),
    "ledger": Message("ledger"),
    "audit_log": Message("audit log"),
}


@compliance.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@listing
@click.pass_context
def purge(context: click.Context, dry_run: bool, form: str) -> None:
    """Close what was answered, and let go what is kept as long as the settings say. Run it once a day."""
    found = state(context)
    database, now = found.database, datetime.now(UTC)
    before = now - timedelta(days=found.settings.retention.consents)
    done = retention.due(database, found.box.cases, found.settings, now=now)
    if outdated := found.ledger.outdated(before):
        done[LET_GO] = outdated
    trail = Trail(database, found.vault)
    old = now - timedelta(days=found.settings.retention.audit_log)
    if outdated := trail.outdated(old):
        done[_ACTS] = outdated
    if not dry_run:
        steps = retention.purge(database, found.box.cases, found.settings, now=now)
        acts = (_ACTS for count in trail.purge(old) for _ in range(count))
        with progress(chain(steps, let_go(found.ledger, before), acts), done.total(), Message("Purging")) as walked:
            done = Counter(walked)
        if count := done[_ACTS]:
            detail = {"terminal": user(), "rows": count}
            trail.append("trail_purged", actor="", detail=detail, now=now)
    kinds = {**KINDS, "consent": Message("consent"), "act": Message("act")}
    rows = [
        {"what": what, "kind": kind, "number": number}
        if form == "json"
        else {"what": of(_DONE, what), "kind": of(kinds, kind), "number": number}
        for (what, kind), number in sorted(done.items())
    ]
    show(rows, COLUMNS, form, heads=_HEADS)
    for year in deadlines.unannounced(now):
        logger.warning(deadlines.missing_holidays(year))
