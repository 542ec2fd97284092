"""`flask compliance deliver`: send what waits in the outbox, and see what could not be sent."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from uuid import UUID

import click
from markupsafe import Markup

from .. import deliveries
from ..deliveries import Dead, Stop, Waiting, Worker
from ..i18n import helpers
from ..ledger import SealError
from ..store import Database
from .group import CannotRunError, compliance, listing, show, state


@compliance.command()
@click.option("--watch", is_flag=True, help="Go on until stopped.")
@click.option("--interval", type=click.FloatRange(min=0.01), default=5.0, help="Seconds between looks (5).")
@click.option("--status", is_flag=True, help="List how much waits for whom, and since when.")
@click.option("--dead", is_flag=True, help="List what was given up.")
@click.option("--retry", metavar="ID", help="Try again what was given up: an ID of --dead, or all.")
@listing
@click.pass_context
def deliver(
    context: click.Context, watch: bool, interval: float, status: bool, dead: bool, retry: str | None, form: str
) -> None:
    """Send the notices that are due to editors, and to senders that there is an answer."""
    if sum(map(bool, (watch, status, dead, retry))) > 1:
        raise click.UsageError("take one of --watch, --status, --dead and --retry at a time")
    found = state(context)
    database, settings = found.database, found.settings
    if status:
        waiting = deliveries.waiting(database, settings)
        show([asdict(row) for row in waiting], [field.name for field in fields(Waiting)], form)
        context.exit(int(any(row.dead for row in waiting)))
    if dead:
        given_up = deliveries.dead(database, settings)
        show([asdict(row) for row in given_up], [field.name for field in fields(Dead)], form)
        context.exit(int(bool(given_up)))
    if retry:
        click.echo(f"{_revive(database, retry)} will be tried again.")
        return
    worker = Worker(database, found.vault, settings, render=plain_text(found.renderer.render))
    if watch:
        stop = Stop()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, stop.set)
        worker.watch(stop, interval=interval)
        return
    sealed_off = False
    try:
        found.recorder.drain()  # what dead processes left on the disk of this machine
    except SealError as error:  # which keeps no notice back
        click.echo(f"Warning: decisions wait on the disk: {error.reason}", err=True)
        sealed_off = True
    tally = worker.deliver()
    click.echo(f"{tally.sent} sent, {tally.failed} to be tried again, {tally.dead} given up.")
    context.exit(int(bool(tally.failed or tally.dead or sealed_off)))


def _revive(database: Database, which: str) -> int:
    try:
        ids = None if which == "all" else [UUID(which)]
    except ValueError:
        raise click.UsageError(f"--retry is {which!r}; give an ID that --dead lists, or all") from None
    count = deliveries.revive(database, ids, now=datetime.now(UTC))
    if ids and not count:
        raise CannotRunError(f"nothing that was given up has the ID {which}; --dead lists what there is")
    return count


def plain_text(render: Callable[[str, Mapping[str, object]], str]) -> Callable[[str, str, Mapping[str, object]], str]:
    """Return what makes plain text: in templates everything is escaped, as if it were for a page."""

    def text(name: str, locale: str, context: Mapping[str, object]) -> str:
        return Markup(render(name, {**helpers(locale), **context})).unescape()

    return text
