"""`flask compliance init`: write a settings file."""

from __future__ import annotations

from pathlib import Path

import click

from ..settings.starter import starter
from .group import STARTER, CannotRunError, compliance


@compliance.command()
@click.argument("path", default="compliance.toml", type=click.Path(path_type=Path))
def init(path: Path) -> None:
    """Write a settings file with every key explained to PATH (compliance.toml)."""
    target = path / STARTER.name if path.is_dir() else path
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(starter(STARTER.read_text(encoding="utf-8")))
    except FileExistsError:
        raise CannotRunError(f"{target} exists already; move it away or name another path") from None
    except OSError as error:
        raise CannotRunError(f"{target} cannot be written: {error.strerror}") from error
    click.echo(f'Wrote {target}. Put your site\'s own values in where "<…>" stands: until then it does not start.')
