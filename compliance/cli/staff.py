"""`flask compliance staff …`: the accounts of the console, and the trail of what was done in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

import click

from ..errors import Message
from ..formats import FORMS
from ..i18n import translate
from ..ledger import REASONS as FAULTS
from ..ledger import Acts, Finding, Trail, Walk, extract, verify_acts
from ..ledger.chain import Head
from ..staff import Accounts, Role, Sessions, StaffError
from ..staff.words import ACTIONS, REASONS, ROLES
from .consents import FILE
from .group import (
    CannotRunError,
    compliance,
    listing,
    missing_module,
    output,
    print_json,
    progress,
    say,
    show,
    since,
    span,
    state,
    until,
    written,
)
from .messages.group import user

T = TypeVar("T")

_MOST = 1_000  # findings that are listed
_STATES = {"disabled": Message("disabled"), "in use": Message("in use"), "to be set up": Message("to be set up")}
_HEADS = {
    "name": Message("name"),
    "full_name": Message("full name"),
    "role": Message("role"),
    "signed_in": Message("signed in"),
    "state": Message("state"),
    "sequence": Message("number"),
    "at": Message("time"),
    "actor": Message("who"),
    "action": Message("did what"),
    "about": Message("to what"),
    "network": Message("network"),
}

name = click.argument("name")


@compliance.group()
def staff() -> None:
    """See to who works in the console: add, list, reset and disable accounts; read and verify what was done."""


@staff.command()
@name
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What it may do.")
@click.option("--full-name", default="", help="What others call its owner.")
@click.option("--elsewhere", is_flag=True, help="Its owner signs in at a provider of identities, without a password.")
@click.pass_context
def add(context: click.Context, name: str, role: str, full_name: str, elsewhere: bool) -> None:
    """Add the account NAME, and print its password, which is to be changed at the first sign-in."""
    accounts = _accounts(context)

    def work() -> str:
        password = accounts.add(name, Role(role), full_name=full_name, elsewhere=elsewhere, now=_now())
        _note(context, "account_added", name, given=role)
        return password

    password = _done(context, work)
    if elsewhere:
        say(Message("%(name)s is let in once the provider of identities names its owner so.", name=name))
    else:
        _tell_password(name, password)


@staff.command("list")
@listing
@click.pass_context
def list_(context: click.Context, form: str) -> None:
    """List the accounts."""
    rows = []
    for account in Accounts(state(context).database, state(context).vault).all():
        stands = "disabled" if account.disabled else "in use" if account.is_ready else "to be set up"
        row: dict[str, object] = {"name": account.name, "full_name": account.full_name, "role": account.role.value}
        row |= {"signed_in": account.signed_in, "state": stands}
        if form == "text":
            seen = account.signed_in.isoformat(timespec="minutes") if account.signed_in else ""
            row |= {"role": ROLES[account.role], "state": _STATES[stands], "signed_in": seen}
        rows.append(row)
    show(rows, ("name", "full_name", "role", "signed_in", "state"), form, heads=_HEADS)


@staff.command()
@name
@click.pass_context
def reset(context: click.Context, name: str) -> None:
    """Give the account NAME a new password, forget its telephone, end its sessions; let in again who was disabled."""
    accounts = _accounts(context)

    def work() -> str:
        password = accounts.reset(name)
        Sessions(state(context).database).end_all(accounts.get(name))
        _note(context, "account_reset", name)
        return password

    _tell_password(name, _done(context, work))


@staff.command()
@name
@click.argument("code")
@click.pass_context
def link(context: click.Context, name: str, code: str) -> None:
    """Let in with the account NAME whom the provider of identities knows; CODE is what they were shown there."""
    accounts = _accounts(context)

    def work() -> None:
        accounts.link(name, code.strip())
        Sessions(state(context).database).end_all(accounts.get(name))
        _note(context, "account_linked", name)

    _done(context, work)
    say(Message("The owner of %(name)s signs in at the provider of identities now.", name=name))


@staff.command()
@name
@click.pass_context
def disable(context: click.Context, name: str) -> None:
    """Let the account NAME in no more, and end its sessions."""
    accounts = _accounts(context)

    def work() -> None:
        accounts.disable(name, now=_now())
        Sessions(state(context).database).end_all(accounts.get(name))
        _note(context, "account_disabled", name)

    _done(context, work)
    say(Message("%(name)s is let in no more.", name=name))


@staff.command()
@click.option("--by", "actor", default="", help="What this account did.")
@click.option("--about", default="", help="What was done to this case or account.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@since
@until
@listing
@click.pass_context
def log(
    context: click.Context,
    actor: str,
    about: str,
    limit: int,
    since: datetime | None,
    until: datetime | None,
    form: str,
) -> None:
    """List what was done in the console, the latest first."""
    first, last = span(since, until)
    which = Acts(actor=actor, about=about, since=first, until=last)
    rows = [asdict(act) | {"detail": act.said} for act in _trail(context).latest(which, limit=limit)]
    if form == "text":
        for row in rows:
            row["at"] = row["at"].isoformat(timespec="seconds")
            row["action"] = ACTIONS.get(row["action"], row["action"])
    show(rows, ("sequence", "at", "actor", "action", "about", "network"), form, heads=_HEADS)


@staff.command()
@since
@until
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    default="jsonl",
    show_default=True,
    help="Lines that prove themselves without the database, or a table.",
)
@output
@click.pass_context
def export(
    context: click.Context, since: datetime | None, until: datetime | None, form: str, output: Path | None
) -> None:
    """Write what was done in the console, the first first."""
    trail, (first, last) = _trail(context), span(since, until)
    days = {name: day.isoformat() for name, day in (("since", first), ("until", last)) if day}
    trail.append("trail_exported", actor="", detail={"terminal": user(), **days, "form": form}, now=_now())
    begin, end = trail.span(first, last)
    with (
        written(output) as file,
        progress(trail.links(begin, last=end), end - begin, Message("Exporting"), shown=output is not None) as acts,
    ):
        if form == "csv":
            parts = FORMS[form](map(asdict, acts), extract.COLUMNS)
        else:
            parts = extract.parts(acts, _keys(context))
        for part in parts:
            file.write(part)


@staff.command()
@click.option("--file", "file", type=FILE, help="Read what was exported, without the database.")
@click.option("--seal", "seal", is_flag=True, help="Seal the end anew where only the key is gone.")
@listing
@click.pass_context
def verify(context: click.Context, file: Path | None, seal: bool, form: str) -> None:
    """Read all that was done in the console, or a part of it, and name every row that is not what it was."""
    if file and seal:
        raise click.UsageError(translate(Message("take one of --file and --seal")))
    if file:
        read = extract.verify(file, _keys(context))
        _tell(read.rows, read.end, read.findings, form)
        context.exit(int(bool(read.findings)))
    trail = _trail(context)
    walk = Walk(trail)
    with progress(walk, trail.length(), Message("Verifying")) as rows:
        findings: list[Finding] = list(islice(verify_acts(trail, walk, rows), _MOST))
    if seal and {finding.reason for finding in findings} == {"seal"}:
        trail.seal()
        findings = []
    _tell(walk.rows, trail.head()[0], findings, form)
    context.exit(int(bool(findings)))


def _tell(rows: int, head: Head | None, findings: list[Finding], form: str) -> None:
    """Tell what was found in so many *rows*, and where they end."""
    if form == "json":
        end = {"sequence": head.sequence, "hash": head.hash} if head else None
        found = [asdict(one) | {"detail": FAULTS[one.reason]} for one in findings]
        print_json({"rows": rows, "end": end, "findings": found})
    elif findings:
        for finding in findings:
            say(Message("row %(number)s: %(what)s", number=finding.sequence, what=FAULTS[finding.reason]))
    else:
        say(Message("%(count)s rows, all as they were written.", count=rows))
        if head:
            say(Message("The end: %(number)s:%(hash)s", number=head.sequence, hash=head.hash))


def _accounts(context: click.Context) -> Accounts:
    try:
        import argon2  # noqa: F401 -- an extra
    except ModuleNotFoundError as error:
        raise missing_module(error, "console") from error
    return Accounts(state(context).database, state(context).vault)


def _keys(context: click.Context) -> Sequence[bytes]:
    return state(context).vault.keys("trail")


def _trail(context: click.Context) -> Trail:
    return Trail(state(context).database, state(context).vault)


def _note(context: click.Context, action: str, about: str, **detail: str) -> None:
    told = {"terminal": user(), **detail}
    _trail(context).append(action, actor="", about=about, detail=told, now=_now())


def _done(context: click.Context, work: Callable[[], T]) -> T:
    """Do *work* in one transaction, and say in words why it cannot be done."""
    try:
        return state(context).database.together(work)
    except StaffError as error:
        raise CannotRunError(REASONS[error.reason]) from error


def _tell_password(name: str, password: str) -> None:
    say(Message("The password of %(name)s, to be changed at the first sign-in:", name=name))
    click.echo(password)


def _now() -> datetime:
    return datetime.now(UTC)
