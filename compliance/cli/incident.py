"""`flask compliance incident`: who is to be told of an incident, by when, and of what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from flask.cli import ScriptInfo
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .. import settings
from ..deadlines import SHANGHAI, day, minute
from ..paths import TEMPLATES
from .group import compliance, state


@compliance.command()
@click.option(
    "--found",
    type=click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]),
    help="When it was found, by the clock of Shanghai; now, unless it is said.",
)
@click.option(
    "--language",
    type=click.Choice(["zh_CN", "en"]),
    default="zh_CN",
    show_default=True,
    help="The language of the list, whatever the terminal's is.",
)
@click.pass_context
def incident(context: click.Context, found: datetime | None, language: str) -> None:
    """Print as Markdown who is to be told of a security incident, by when, and of what."""
    read = _settings(context)
    moment = found.replace(tzinfo=SHANGHAI) if found else datetime.now(UTC)
    site, telephone = read.site, read.reporting.telephone
    # A list for people, not a page: nothing in it is markup.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "incident"), undefined=StrictUndefined, autoescape=False
    )
    written = environment.get_template(f"{language}.md").render(
        found=moment,
        after=lambda hours: moment + timedelta(hours=hours),
        minute=minute,
        day=day,
        site=site.name.get(language),
        url=site.url,
        operator=site.operator.get(language),
        email=site.email,
        telephone=telephone.printed if telephone else None,
        numbers=[licence.number for licence in read.licences.all() if licence.kind in ("icp", "public_security")],
    )
    click.echo(written)


def _settings(context: click.Context) -> settings.Settings:
    """Return the application's settings; where there is no application, those of the file."""
    if context.find_object(ScriptInfo) is not None:
        return state(context).settings
    return settings.load(settings.find(Path.cwd(), None, None))
