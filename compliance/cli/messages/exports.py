"""`flask compliance messages export`: cases for a spreadsheet or a program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ...errors import Message
from ...formats import FORMS
from ...messages.exports import COLUMNS, CONTACTS, records
from ...messages.listing import count
from ..group import output, progress, rows_format, state, written
from .group import by, chosen, filters, messages, now


@messages.command()
@filters(every=True)
@rows_format
@click.option(
    "--with-contacts", "contacts", is_flag=True, help="Names and contacts, too; each case notes who took them."
)
@output
@by
@click.pass_context
def export(context: click.Context, /, form: str, contacts: bool, output: Path | None, by: str, **options: Any) -> None:
    """Write cases as CSV or JSON, the oldest first."""
    which = chosen(context, **options)
    kept = state(context)

    def look(numbers: Sequence[str]) -> None:
        kept.box.cases.viewed(numbers, by=by, now=now())

    found = records(kept.database, kept.vault, which, look=look if contacts else None, now=now())
    columns = (*COLUMNS, *(CONTACTS if contacts else ()))
    length = count(kept.database, which, now=now())
    with written(output) as file, progress(found, length, Message("Exporting"), shown=output is not None) as rows:
        for part in FORMS[form](rows, columns):
            file.write(part)
