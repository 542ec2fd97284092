"""`flask compliance deliver`: send what waits in the outbox, and see what could not be sent."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

import click
from markupsafe import Markup

from .. import deliveries
from ..deliveries import Stop, Worker
from ..errors import Message
from ..i18n import helpers, translate
from ..ledger import SealError
from ..store import Database
from .group import CannotRunError, compliance, listing, say, show, state, warn

WAITING = (Message("target"), Message("waiting"), Message("oldest"), Message("reason"), Message("dead"))
DEAD = (
    Message("id"),
    Message("number"),
    Message("target"),
    Message("attempts"),
    Message("reason"),
    Message("created"),
    Message("died"),
)


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
        raise click.UsageError(translate(Message("take one of --watch, --status, --dead and --retry at a time")))
    found = state(context)
    database, settings = found.database, found.settings
    if status:
        waiting = deliveries.waiting(database, settings)
        show([asdict(row) for row in waiting], WAITING, form)
        context.exit(int(any(row.dead for row in waiting)))
    if dead:
        given_up = deliveries.dead(database, settings)
        show([asdict(row) for row in given_up], DEAD, form)
        context.exit(int(bool(given_up)))
    if retry:
        say(Message("%(count)s will be tried again.", count=_revive(database, retry)))
        return
    worker = Worker(
        database,
        found.vault,
        settings,
        render=plain_text(found.renderer.render),
        beside=found.box.attachments.move,
    )
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
        warn(Message("decisions wait on the disk: %(reason)s", reason=error.reason))
        sealed_off = True
    tally = worker.deliver()
    say(
        Message(
            "%(sent)s sent, %(failed)s to be tried again, %(dead)s given up.",
            sent=tally.sent,
            failed=tally.failed,
            dead=tally.dead,
        )
    )
    context.exit(int(bool(tally.failed or tally.dead or sealed_off)))


def _revive(database: Database, which: str) -> int:
    try:
        ids = None if which == "all" else [UUID(which)]
    except ValueError:
        raise click.UsageError(
            translate(Message("--retry is %(value)s; give an ID that --dead lists, or all", value=repr(which)))
        ) from None
    count = deliveries.revive(database, ids, now=datetime.now(UTC))
    if ids and not count:
        raise CannotRunError(
            Message("nothing that was given up has the ID %(id)s; --dead lists what there is", id=which)
        )
    return count


def plain_text(render: Callable[[str, Mapping[str, object]], str]) -> Callable[[str, str, Mapping[str, object]], str]:
    """Return what makes plain text: in templates everything is escaped, as if it were for a page."""

    def text(name: str, locale: str, context: Mapping[str, object]) -> str:
        return Markup(render(name, {**helpers(locale), **context})).unescape()

    return text
