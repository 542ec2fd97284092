"""`flask compliance messages export`: cases for a spreadsheet or a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from ...messages.exports import COLUMNS, CONTACTS, as_csv, as_json, as_lines, records
from ...messages.listing import count
from ..group import box, progress, written
from .group import by, chosen, filters, messages, now

Records = Iterable[dict[str, Any]]


@messages.command()
@filters(every=True)
@click.option("--format", "form", type=click.Choice(["csv", "json", "jsonl"]), default="csv", show_default=True)
@click.option(
    "--with-contacts", "contacts", is_flag=True, help="Names and contacts, too; each case notes who took them."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A new file; without it, standard output.")
@by
@click.pass_context
def export(context: click.Context, /, form: str, contacts: bool, output: Path | None, by: str, **options: Any) -> None:
    """Write cases as CSV or JSON, the oldest first."""
    which = chosen(context, **options)
    kept = box(context)

    def look(numbers: Sequence[str]) -> None:
        kept.cases.viewed(numbers, by=by, now=now())

    found = records(kept.database, kept.vault, which, look=look if contacts else None, now=now())
    columns = (*COLUMNS, *(CONTACTS if contacts else ()))
    forms: dict[str, Callable[[Records], Iterator[bytes]]] = {
        "csv": partial(as_csv, columns=columns),
        "json": as_json,
        "jsonl": as_lines,
    }
    length = count(kept.database, which, now=now())
    with written(output) as file, progress(found, length, "Exporting", shown=output is not None) as rows:
        for part in forms[form](rows):
            file.write(part)
