"""`flask compliance legal`: list the legal documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from flask.cli import ScriptInfo

from .. import documents, settings
from ..documents import Library
from ..errors import Message
from ..paths import TEMPLATES
from .group import compliance, listing, show, state

COLUMNS = (
    Message("document"),
    Message("language"),
    Message("version"),
    Message("effective"),
    Message("material"),
    Message("sha256"),
)


@compliance.command()
@listing
@click.pass_context
def legal(context: click.Context, form: str) -> None:
    """List the legal documents: versions, when they take effect, hashes of their texts."""
    show(list(_rows(*_library(context))), COLUMNS, form)


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
    if context.find_object(ScriptInfo) is not None:
        found = state(context)
        return found.documents, found.settings.site.languages
    read = settings.load(settings.find(Path.cwd(), None, None))
    return documents.load(read, folders=[TEMPLATES / "documents"]), read.site.languages
