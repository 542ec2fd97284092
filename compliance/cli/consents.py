"""`flask compliance consents …`: prove what readers decided, count it, erase it, let it go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import click

from ..errors import Message
from ..formats import FORMS, as_text, to_json
from ..i18n import translate
from ..ledger import REASONS, Finding, Ledger, Walk, archive, verify
from ..ledger.archive import Archive
from ..ledger.chain import Head, Month
from ..ledger.exports import COLUMNS, HASHES, flat, pairs, record_of, within
from ..ledger.statistics import PERIODS, Cell, along, chart
from ..ledger.statistics import count as counted
from .columns import padded
from .group import (
    CannotRunError,
    compliance,
    figures_format,
    listing,
    output,
    print_json,
    progress,
    rows_format,
    say,
    show,
    since,
    span,
    state,
    until,
    written,
)

_HEADS = {"number": Message("row"), "policy": Message("policy version")}
#: What is counted, and what readers decided.
_COUNTED = (
    Message("day"),
    Message("month"),
    Message("language"),
    Message("decisions"),
    Message("agreed"),
    Message("partly"),
    Message("refused"),
    Message("withdrawn"),
    Message("share"),
)
#: What a purge does, and to which kind of row.
LET_GO = ("ledger", "consent")
_MOST = 1_000  # findings that are listed
_LONGEST_NUMBER = 19  # digits, below those of 2 ** 63
_MONTHS = (Message("month"), Message("rows"), Message("end"), Message("state"), Message("kept"))
#: What is known of a month, by the name that programs read.
_STATES = {
    "written": Message("is written"),
    "sealed": Message("sealed"),
    "broken": Message("sealed with a key that is not here, or changed"),
}
MONTH = click.DateTime(["%Y-%m"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

record = click.argument("record", metavar="ID")
# An id may begin with what begins an option.
_ANY_ID = {"ignore_unknown_options": True}


@compliance.group()
def consents() -> None:
    """Prove what readers decided: verify, show, export, count; erase and let go."""


@consents.command("verify")
@click.option("--known", "known", metavar="NUMBER:HASH", help="A row that was noted: make sure that it is still there.")
@click.option("--after", "after", metavar="NUMBER:HASH", help="The end that was noted: go on from that row.")
@click.option("--month", "month", type=MONTH, help="Read this month alone.")
@click.option("--file", "file", type=FILE, help="Read an archive, without the database.")
@click.option("--seal", "seal", is_flag=True, help="Seal the end anew where only the key is gone.")
@listing
@click.pass_context
def verify_(
    context: click.Context,
    known: str | None,
    after: str | None,
    month: datetime | None,
    file: Path | None,
    seal: bool,
    form: str,
) -> None:
    """Read the whole ledger, or a part of it, and name every row that is not what it was."""
    if sum(map(bool, (after, month, file))) > 1 or ((month or file) and (known or seal)):
        raise click.UsageError(translate(Message("take one of --after, --month and --file, and the last two alone")))
    if file:
        context.exit(int(not _is_whole(archive.verify(file, _keys(context)), form)))
    ledger = _ledger(context)
    noted = [_noted(name, value) for name, value in (("--known", known), ("--after", after)) if value]
    gone = [Finding(reason="known", sequence=row.sequence) for row in noted if not ledger.has(row)]
    alone = _one_month(ledger, month) if month else None
    walk = Walk(ledger, noted[-1] if after and not gone else None, month=alone)
    length = alone[0].sequence - alone[0].begun if alone else ledger.length(walk.after)
    with progress(walk, length, Message("Verifying")) as rows:
        found = verify(ledger, walk, rows)
        findings = list(islice(found, _MOST))
        more = sum(1 for _ in found)
    if seal and findings and {finding.reason for finding in findings} <= {"seal", "month"}:
        ledger.seal()
        findings = []
    _tell(walk.rows, walk.end, [*findings, *gone], more, form)
    context.exit(int(bool(findings or gone)))


@consents.command("months")
@listing
@click.pass_context
def months_(context: click.Context, form: str) -> None:
    """List the months of the ledger: their rows, the end to be noted, and whether they are sealed and still here."""
    ledger = _ledger(context)
    head = ledger.head()[0] or Head()
    rows = [
        {
            "month": _named(month),
            "rows": month.sequence - month.begun,
            "end": f"{month.sequence}:{month.hash}",
            "state": _state(month, head, sealed),
            "kept": month.sequence - max(month.begun, min(head.purged, month.sequence)),
        }
        for month, sealed in ledger.months()
    ]
    if form == "text":
        rows = [row | {"state": _STATES[str(row["state"])]} for row in rows]
    show(rows, _MONTHS, form)


@consents.command("archive")
@click.argument("month", type=MONTH)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True, help="A new file.")
@click.option("--let-go", "lets_go", is_flag=True, help="Then let go of it and of all before it, in the database.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def archive_(context: click.Context, month: datetime, path: Path, lets_go: bool, yes: bool) -> None:
    """Write a month that is over to a file that proves itself without the database (gzip)."""
    ledger = _ledger(context)
    found, _ = _one_month(ledger, month)
    head = ledger.head()[0] or Head()
    if found.id == head.period or found.begun < head.purged:
        raise CannotRunError(
            Message(
                "%(month)s is not over, or not all of it is here; `consents months` lists what there is",
                month=_named(found),
            )
        )
    if lets_go and not yes:
        question = Message("Let go of %(month)s and of all before it in the database?", month=_named(found))
        click.confirm(translate(question), abort=True)
    with written(path) as file:
        archive.write(ledger, found, file, _keys(context))
    read = archive.verify(path, _keys(context))
    if read.findings:
        _is_whole(read, "text")
        context.exit(1)
    say(Message("%(count)s rows written to %(path)s.", count=read.rows, path=str(path)))
    if lets_go:
        say(Message("%(count)s rows let go.", count=sum(ledger.let_go(found.id))))


@consents.command("show", context_settings=_ANY_ID)
@record
@listing
@click.pass_context
def show_(context: click.Context, record: str, form: str) -> None:
    """Show the record ID, and the decisions of its reader before it."""
    found = _ledger(context).history(record)
    if not found:
        raise CannotRunError(_unknown(record))
    rows = [record_of(link) for link in found]
    if form == "json":
        print_json(rows)
        return
    for row in rows:
        for name in (*COLUMNS, *HASHES):
            if row[name] not in (None, "", {}):
                value = as_text(row[name]) if not isinstance(row[name], dict) else pairs(row[name])
                click.echo(f"{padded(translate(_HEADS.get(name, name)), 13)} {value}")
        click.echo()


@consents.command()
@click.argument("hashed", metavar="HASH")
@click.pass_context
def text(context: click.Context, hashed: str) -> None:
    """Print the document that readers decided about, as it was."""
    found = _ledger(context).text(hashed.lower())
    if found is None:
        raise CannotRunError(
            Message("no text with the hash %(hash)s is kept; `consents show` lists those of a record", hash=hashed)
        )
    click.echo(found.text, nl=False)


@consents.command()
@since
@until
@rows_format
@output
@click.pass_context
def export(
    context: click.Context, since: datetime | None, until: datetime | None, form: str, output: Path | None
) -> None:
    """Write the ledger as CSV or JSON, the oldest row first."""
    ledger = _ledger(context)
    with (
        written(output) as file,
        progress(Walk(ledger), ledger.length(), Message("Exporting"), shown=output is not None) as links,
    ):
        rows = (record_of(link) for link in within(links, *span(since, until)))
        for part in FORMS[form](map(flat, rows) if form == "csv" else rows, (*COLUMNS, *HASHES)):
            file.write(part)


@consents.command()
@click.option(
    "--by", "period", type=click.Choice(PERIODS), default="month", show_default=True, help="What to count them by."
)
@since
@until
@figures_format
@output
@click.pass_context
def stats(
    context: click.Context,
    period: str,
    since: datetime | None,
    until: datetime | None,
    form: str,
    output: Path | None,
) -> None:
    """Count decisions, and the share of those that agree."""
    ledger = _ledger(context)
    with progress(Walk(ledger), ledger.length(), Message("Counting")) as links:
        cells = counted(within(links, *span(since, until)), period="month" if period == "language" else period)
    sums = along(cells, int(period == "language"))
    rows = [_counted(period, name, cell) for name, cell in sums.items()]
    if form == "text":
        if output:
            raise click.UsageError(translate(Message("--output takes --format json or svg")))
        total = Cell()
        for cell in sums.values():
            total.add(cell)
        columns = [column for column in _COUNTED if column in _counted(period, "", total)]
        show([*rows, _counted(period, Message("all"), total)], columns, form)
        return
    content = chart(cells) if form == "svg" else to_json(rows, indent=2).encode() + b"\n"
    with written(output) as file:
        file.write(content)


@consents.command(context_settings=_ANY_ID)
@record
@click.option("--file", "file", type=FILE, help="In an archive, which is written anew; not in the database.")
@click.option("--ahead", is_flag=True, help="Also where nothing of it is here: it is erased once it comes.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def erase(context: click.Context, record: str, file: Path | None, ahead: bool, yes: bool) -> None:
    """Erase what is personal in the record ID and in the decisions of its reader before it."""
    if file:
        if not yes:
            question = Message("Erase what is personal of %(record)s in %(path)s?", record=repr(record), path=str(file))
            click.confirm(translate(question), abort=True)
        say(Message("%(count)s rows erased.", count=archive.erase(file, record, _keys(context))))
        return
    state(context).recorder.drain()
    ledger = _ledger(context)
    rows = [link.sequence for link in ledger.history(record) if link.content is not None]
    if not rows and not ahead:
        raise CannotRunError(
            Message(
                "%(unknown)s; with --ahead it is erased once it comes from the disk of another machine",
                unknown=_unknown(record),
            )
        )
    if not yes:
        question = Message(
            "Erase what is personal in %(count)s rows (%(rows)s)?", count=len(rows), rows=", ".join(map(str, rows))
        )
        click.confirm(translate(question), abort=True)
    say(Message("%(count)s rows erased.", count=ledger.erase(record, now=datetime.now(UTC))))


@consents.command()
@click.pass_context
def purge(context: click.Context) -> None:
    """Let go of rows older than the settings say (retention.consents)."""
    found = state(context)
    before = datetime.now(UTC) - timedelta(days=found.settings.retention.consents)
    with progress(let_go(found.ledger, before), found.ledger.outdated(before), Message("Purging")) as rows:
        say(Message("%(count)s rows let go.", count=sum(1 for _ in rows)))


@consents.command()
@click.pass_context
def drain(context: click.Context) -> None:
    """Write to the ledger what dead processes left on the disk."""
    say(Message("%(count)s decisions written.", count=state(context).recorder.drain()))


def let_go(ledger: Ledger, before: datetime) -> Iterator[tuple[str, str]]:
    """Let go of rows older than *before*, and yield for each what was done to which kind."""
    for count in ledger.purge(before):
        yield from repeat(LET_GO, count)


def _ledger(context: click.Context) -> Ledger:
    ledger: Ledger = state(context).ledger
    return ledger


def _keys(context: click.Context) -> Sequence[bytes]:
    return state(context).vault.keys("ledger")


def _one_month(ledger: Ledger, wanted: datetime) -> tuple[Month, bool]:
    number = wanted.year * 100 + wanted.month
    found = next(((month, sealed) for month, sealed in ledger.months() if month.id == number), None)
    if found is None:
        raise CannotRunError(
            Message(
                "the ledger has nothing of %(month)s; `consents months` lists what there is", month=f"{wanted:%Y-%m}"
            )
        )
    return found


def _state(month: Month, head: Head, sealed: bool) -> str:
    if not sealed:
        return "broken"
    return "written" if month.id == head.period else "sealed"


def _named(month: Month) -> str:
    return f"{month.id // 100}-{month.id % 100:02}" if month.id else "-"


def _unknown(record: str) -> str:
    return Message(
        "the ledger has nothing of the record %(record)s; it may wait on the disk (`consents drain`), or be gone",
        record=repr(record),
    )


def _noted(option: str, value: str) -> Head:
    number, _, hashed = value.partition(":")
    if not (number.isdecimal() and len(number) < _LONGEST_NUMBER) or not hashed:
        raise click.UsageError(
            translate(
                Message(
                    "%(option)s is %(value)s; write the number of a row, a colon and its hash",
                    option=option,
                    value=repr(value),
                )
            )
        )
    return Head(sequence=int(number), hash=hashed.lower())


def _is_whole(read: Archive, form: str) -> bool:
    """Tell what is wrong with an archive; return whether nothing is."""
    found = read.findings
    _tell(read.rows, read.month.end, found[:_MOST], max(0, len(found) - _MOST), form)
    return not found


def _tell(rows: int, head: Head | None, findings: list[Finding], more: int, form: str) -> None:
    """Tell what was found in so many *rows*, and the end up to which they were read."""
    if form == "json":
        told = [asdict(finding) | {"detail": REASONS[finding.reason]} for finding in findings]
        end = {"sequence": head.sequence, "hash": head.hash} if head else None
        print_json({"rows": rows, "end": end, "findings": told, "more": more})
        return
    for finding in findings:
        say(Message("row %(number)s: %(what)s", number=finding.sequence, what=REASONS[finding.reason]))
    if more:
        say(Message("and %(count)s more", count=more))
    if not findings:
        said = [Message("%(count)s rows, all as they were written.", count=rows)]
        if head:
            said.append(Message("The end: %(number)s:%(hash)s", number=head.sequence, hash=head.hash))
        click.echo(" ".join(map(translate, said)))


def _counted(period: str, name: str, cell: Cell) -> dict[str, Any]:
    share = None if cell.share is None else round(cell.share, 4)
    return {period: name, **asdict(cell), "share": share}
