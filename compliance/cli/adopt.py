"""`flask compliance adopt`: what a site prints by hand of what this package prints for it, and where to take it out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import Flask
from flask.cli import ScriptInfo

from ..errors import Message
from ..i18n import translate
from ..settings import Settings, load
from .check import facts_of
from .group import CannotRunError, compliance, language, missing_module, one_line, print_json

if TYPE_CHECKING:
    from ..audit.page import Page
    from ..audit.site import Context, Fact

_PAGES = 50  # of a site that is read
#: What holds markup in the many languages of templates.
_SUFFIXES = frozenset(
    (
        *(".html", ".htm", ".shtml", ".xhtml", ".jinja", ".jinja2", ".j2", ".tmpl", ".tpl", ".twig", ".liquid", ".vue"),
        *(".php", ".phtml", ".jsp", ".jspf", ".ftl", ".vm", ".erb", ".asp", ".aspx", ".cshtml"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where something stands: *place* is a file with its line, or the address of a page."""

    place: str
    key: str
    value: str


@compliance.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--settings", "file", type=click.Path(path_type=Path), help="The settings to compare with.")
@click.option("--limit", type=click.IntRange(min=1), default=_PAGES, show_default=True, help="Pages of a site to read.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@language
@click.pass_context
def adopt(
    context: click.Context, /, targets: tuple[str, ...], file: Path | None, limit: int, form: str, language: str
) -> None:
    """Show what each TARGET prints by hand of what this package prints: a folder of templates, or a site's address.

    Without a TARGET the templates of the application are read. Exit status 1 says that something is to be taken out.
    """
    info = context.find_object(ScriptInfo)
    app = info.load_app() if info else None
    settings = load(file) if file else _settings_of(app)
    try:
        found = [one for target in targets or (None,) for one in _look(context, app, target, limit)]
    except ModuleNotFoundError as error:
        raise missing_module(error) from None
    tell = partial(translate, language=language)
    rows = [{**asdict(one), "remedy": tell(_remedy(one, settings))} for one in found]
    if form == "json":
        print_json(rows)
    else:
        for row in rows:
            click.echo(one_line(tell(Message("%(place)s: %(key)s, %(value)s: %(remedy)s", **row))))
        if not rows:
            click.echo(tell(Message("Nothing here is printed by hand.")))
    context.exit(int(bool(rows)))


def _settings_of(app: Flask | None) -> Settings | None:
    """Return the settings of *app*; None where this package was not set up for it yet."""
    found = app.extensions.get("compliance") if app else None
    settings = getattr(found, "settings", None)
    return settings if isinstance(settings, Settings) else None


def _look(context: click.Context, app: Flask | None, target: str | None, limit: int) -> Iterator[_Place]:
    if target is not None and "://" in target:
        yield from _on_site(context, target, limit)
        return
    if target is None and app is None:
        raise CannotRunError(Message("name a folder or an address, or run `flask --app … compliance adopt`"))
    files = _templates(app) if target is None and app is not None else _files(Path(target or ""))
    for file in files:
        yield from _in_file(file)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the templates below *folder*, in the order of their names; the one file that it may be."""
    if not folder.exists():
        raise CannotRunError(
            Message("%(path)s: no such file or folder; an address starts with http:// or https://", path=str(folder))
        )
    if folder.is_file():
        yield folder
        return
    for above, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name != "node_modules")
        yield from (Path(above, name) for name in sorted(names) if Path(name).suffix.lower() in _SUFFIXES)


def _templates(app: Flask) -> Iterator[Path]:
    """Yield the files of the templates of *app* and its blueprints, but for those that stand in the place of ours."""
    loader = app.jinja_env.loader
    for name in app.jinja_env.list_templates() if loader else ():
        if not name.startswith("compliance/") and loader is not None:
            file = loader.get_source(app.jinja_env, name)[1]
            if file is not None and Path(file).is_file():
                yield Path(file)


def _in_file(path: Path) -> Iterator[_Place]:
    from ..audit.checks.doubles import by_hand
    from ..audit.page import Page
    from ..audit.targets import LARGEST

    try:
        with path.open("rb") as file:
            content = file.read(LARGEST)
    except OSError as error:
        raise CannotRunError(
            Message("%(path)s cannot be read: %(reason)s", path=str(path), reason=error.strerror)
        ) from error
    page = Page(path.as_posix(), content, headers=_charset(content), home=True)
    for one in by_hand(page):
        line = None if one.element is None else one.element.sourceline
        yield _Place(place=f"{path}:{line}" if line else str(path), key=one.key, value=one.value)


def _charset(content: bytes) -> list[tuple[str, str]]:
    """Return as a header what a part of a page cannot say: old sites keep their templates in GBK."""
    try:
        content.decode()
    except UnicodeDecodeError:
        if b"charset" not in content.lower():
            return [("Content-Type", "text/html; charset=gb18030")]
    return []


def _on_site(context: click.Context, target: str, limit: int) -> Iterator[_Place]:
    site, _ = facts_of(context, target, _noted, limit=limit)
    for value, seen in site.values("by hand").items():
        key, _, shown = value.partition("\t")
        yield _Place(place=seen.pages[0], key=key, value=shown)


def _noted(page: Page, context: Context) -> Iterator[Fact]:
    from ..audit.checks.doubles import by_hand
    from ..audit.site import Fact

    for one in by_hand(page):
        yield Fact("by hand", f"{one.key}\t{one.value}")


def _remedy(one: _Place, settings: Settings | None) -> Message:
    """Say what to do about what stands by hand."""
    from ..audit.checks.doubles import CONSENT

    if one.key == CONSENT:
        return Message("take it out: the banner asks, and holds what waits for the answer")
    if settings is None:
        return Message("put it into the settings, then take it out here: the footer prints it")
    said = _said(one.key, settings)
    if one.value in said:
        return Message("take it out: the footer prints it")
    if said:
        return Message("the settings say %(other)s: find out which is right, then take this out", other=", ".join(said))
    return Message("the settings have none: put it there, then take it out here")


def _said(key: str, settings: Settings) -> list[str]:
    """Return what *settings* print for *key*."""
    kind = key.removeprefix("licences.")
    if kind != key:
        return [licence.number for licence in settings.licences.all() if licence.kind == kind]
    telephone = settings.reporting.telephone
    return [one.printed for one in telephone.every] if telephone else []
