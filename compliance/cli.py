"""`flask compliance …`: write a settings file, list the legal documents.

Exit status: 0 fine, 1 findings, 2 cannot run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from flask.cli import ScriptInfo

from . import documents, settings
from .documents import Library
from .errors import ComplianceError
from .paths import TEMPLATES

STARTER = TEMPLATES / "compliance.toml"
COLUMNS = ("document", "language", "version", "effective", "material", "sha256")


class _CannotRunError(click.ClickException):
    """Tell why a command cannot run."""

    exit_code = 2


@click.group()
def compliance() -> None:
    """Keep a news site in order: its settings and its legal documents."""


@compliance.command()
@click.argument("path", default="compliance.toml", type=click.Path(path_type=Path))
def init(path: Path) -> None:
    """Write a settings file with every key explained to PATH (compliance.toml)."""
    target = path / STARTER.name if path.is_dir() else path
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(STARTER.read_text(encoding="utf-8"))
    except FileExistsError:
        raise _CannotRunError(f"{target} exists already; move it away or name another path") from None
    except OSError as error:
        raise _CannotRunError(f"{target} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {target}. Put your site's own values in, then start the site.")


@compliance.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print the list.")
@click.pass_context
def legal(context: click.Context, form: str) -> None:
    """List the legal documents: versions, when they take effect, hashes of their texts."""
    try:
        rows = list(_rows(*_library(context)))
    except ComplianceError as error:
        raise _CannotRunError(str(error)) from error
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = [COLUMNS, *(tuple(str(row[column]) for column in COLUMNS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _rows(library: Library, languages: Sequence[str]) -> Iterator[dict[str, object]]:
    for name in library.names:
        for language in languages:
            for version in library.versions(name, language):
                document = library.get(name, language, version.version)
                if document is not None and document.language == language:  # else it falls back to another's
                    yield {
                        "document": name,
                        "language": language,
                        "version": document.version,
                        "effective": document.effective.isoformat(),
                        "material": document.material,
                        "sha256": document.text_hash,
                    }


def _library(context: click.Context) -> tuple[Library, Sequence[str]]:
    """Return the application's documents and languages; where there is no application, those of the settings file."""
    info = context.find_object(ScriptInfo)
    if info is not None:
        state = info.load_app().extensions["compliance"]
        return state.documents, state.settings.site.languages
    found = settings.load(settings.find(Path.cwd(), None, None))
    return documents.load(found, folders=[TEMPLATES / "documents"]), found.site.languages
