"""The group of commands, and what all of them have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from flask.cli import ScriptInfo


class CannotRunError(click.ClickException):
    """Tell why a command cannot run."""

    exit_code = 2


@click.group()
def compliance() -> None:
    """Keep a news site in order: its settings, its legal documents, its messages and reports."""


#: Every listing prints a table, or JSON.
listing = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it.")


def state(context: click.Context) -> Any:
    """Return what the extension keeps of the application; `CannotRunError` where there is none."""
    info = context.find_object(ScriptInfo)
    if info is None:
        raise CannotRunError("this needs the application: run it as `flask --app … compliance …`")
    try:
        return info.load_app().extensions["compliance"]
    except KeyError:
        raise CannotRunError("Compliance was not set up for this application") from None


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str) -> None:
    """Print *rows* as a table of *columns*, or as JSON."""
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
        return
    table = [tuple(columns), *(tuple(str(row[column]) for column in columns) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
