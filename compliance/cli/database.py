"""`flask compliance db …`: the state of the database, its tables, its keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy import func, select

from .. import deadlines
from ..deliveries import STUCK
from ..errors import Message
from ..i18n import translate
from ..ledger import SealError, Trail
from ..messages import keys
from ..staff import Accounts
from ..store import Database
from ..store.migrations import version
from ..store.tables import PREFIX, metadata, outbox
from .columns import padded
from .group import compliance, listing, print_json, progress, say, state, warn

#: What is known of a database, by the name that programs read.
_FACTS = {
    "dialect": Message("dialect"),
    "version": Message("version"),
    "pending": Message("pending"),
    "oldest_pending": Message("oldest_pending"),
    "dead": Message("dead"),
}


@compliance.group()
def db() -> None:
    """See to the database: its state, its tables, its keys."""


@db.command()
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Bring the tables up to date, as the first use of the site does."""
    database = state(context).database
    database.migrate()
    say(Message("The tables are at version %(version)s.", version=_version(database)))


@db.command()
@listing
@click.pass_context
def status(context: click.Context, form: str) -> None:
    """Show what there is, and warn of what needs a hand; exit status 1 then."""
    now = datetime.now(UTC)
    found = _status(state(context).database)
    warnings = list(_warnings(found, now))
    if form == "json":
        print_json({**found, "warnings": warnings})
    else:
        rows = found.pop("rows")
        tables = ((Message("rows of %(table)s", table=table), count) for table, count in rows.items())
        for name, value in (*((_FACTS[name], value) for name, value in found.items()), *tables):
            click.echo(f"{padded(translate(name), 24)} {'' if value is None else value}".rstrip())
    for warning in warnings:
        warn(warning)
    if warnings:
        context.exit(1)


@db.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def adopt(context: click.Context, yes: bool) -> None:
    """Make the database this site's, after the address of the site has changed or its key was lost."""
    found = state(context)
    site, database = found.settings.site, found.database
    named = {"name": site.name.get(), "url": site.url}
    if not yes:
        question = Message("Is the database that of %(name)s (%(url)s)?", **named)
        click.confirm(translate(question), abort=True, err=True)
    before = database.adopt()
    say(
        Message("The database is that of %(name)s (%(url)s); it was that of %(before)s.", before=str(before), **named)
        if before
        else Message("The database is that of %(name)s (%(url)s); it was nobody's.", **named)
    )


@db.command()
@click.pass_context
def rekey(context: click.Context) -> None:
    """Seal names, contacts and the end of the ledger with the newest key, so that older keys can be dropped."""
    found = state(context)
    with progress(keys.rekey(found.database, found.vault), keys.sealed(found.database), Message("Sealing")) as steps:
        done = Counter(steps)
    say(
        Message(
            "%(sealed)s cases sealed again, %(kept)s were sealed with the newest key.",
            sealed=done["sealed"],
            kept=done["kept"],
        )
    )
    Accounts(found.database, found.vault).rekey()
    renewed = [found.ledger.renew(), Trail(found.database, found.vault).renew()]
    broken = done["broken"]
    if broken:
        warn(Message("%(count)s cases cannot be opened with any key; the log says which", count=broken))
    if not all(renewed):
        warn(SealError().reason)
    if broken or not all(renewed):
        context.exit(1)
    found.database.adopt()  # known by the newest key from now on


def _status(database: Database) -> dict[str, Any]:
    pending = outbox.c.state == "pending"
    with database.reading() as connection:
        rows = {
            table.name.removeprefix(PREFIX): connection.scalar(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
        }
        return {
            "dialect": database.dialect,
            "version": version(connection),
            "pending": connection.scalar(select(func.count()).where(pending).select_from(outbox)),
            "oldest_pending": connection.scalar(select(func.min(outbox.c.created)).where(pending)),
            "dead": connection.scalar(select(func.count()).where(outbox.c.state == "dead").select_from(outbox)),
            "rows": rows,
        }


def _warnings(found: dict[str, Any], now: datetime) -> Iterator[str]:
    oldest = found["oldest_pending"]
    if oldest and oldest < now - STUCK:
        yield Message("notices wait since %(time)s; does `flask compliance deliver` run?", time=oldest.isoformat())
    if found["dead"]:
        yield Message("%(count)s notices were given up; see `flask compliance deliver --dead`", count=found["dead"])
    yield from map(deadlines.missing_holidays, deadlines.unannounced(now))


def _version(database: Database) -> str | None:
    with database.reading() as connection:
        return version(connection)
