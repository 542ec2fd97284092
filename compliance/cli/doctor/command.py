"""`flask compliance doctor`: what keeps our elements from readers, or what they send from the site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click
from flask.cli import ScriptInfo

from ...errors import Message, Problem
from ...host import hidden, neighbours
from ...i18n import translate
from ..group import Alone, compliance, language, listing, one_line, print_json, progress, state, wrapped
from . import services
from .pages import Pages
from .site import of_flask, of_wrapped

Found = tuple[str, Problem]

#: What is told, by the name that programs read.
_NAMES = {
    "settings": Message("settings"),
    "conflict": Message("conflict"),
    "storage": Message("storage"),
    "ledger": Message("ledger"),
    "spool": Message("spool"),
    "pictures": Message("pictures"),
    "limits": Message("limits"),
    "mail": Message("mail"),
    "calendar": Message("calendar"),
    "address": Message("address"),
    "proxy": Message("proxy"),
    "page": Message("page"),
    "footer": Message("footer"),
    "base": Message("base"),
    "policy": Message("policy"),
    "layout": Message("layout"),
}


@compliance.command()
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Pages to look at.")
@click.option("--browser", "in_browser", is_flag=True, help="Open them in Chromium as well, and measure them.")
@click.option("--proxy", is_flag=True, help="A proxy stands in front: see that what it says of a request counts.")
@language
@listing
@click.pass_context
def doctor(context: click.Context, limit: int, in_browser: bool, proxy: bool, language: str, form: str) -> None:
    """Look for what keeps our elements from readers, or what readers send from the site.

    Exit status 1 says that something was found.
    """
    problems = list(_look(context, limit=limit, in_browser=in_browser, proxy=proxy))
    if form == "json":
        print_json(
            [
                {
                    "what": what,
                    "where": one.key,
                    "found": one.value and translate(one.value, language),
                    "remedy": translate(one.remedy, language),
                }
                for what, one in problems
            ]
        )
    else:
        for what, problem in problems:
            line = Message("%(what)s: %(problem)s", what=_NAMES[what], problem=problem.message)
            click.echo(one_line(translate(line, language)))
    context.exit(int(bool(problems)))


def _look(context: click.Context, *, limit: int, in_browser: bool, proxy: bool) -> Iterator[Found]:
    found = state(context)
    yield from _named("settings", found.doubts)
    alone = context.find_object(Alone)
    if alone is not None and alone.behind and not (proxy or in_browser):
        yield from services.look(found)  # the pages are another server's
        return
    if (info := context.find_object(ScriptInfo)) is None:
        site = of_wrapped(wrapped(context), found)
    else:
        app = info.load_app()
        yield from _named("conflict", hidden(app, found.settings.site.prefix))
        yield from _named("conflict", neighbours(app))
        site = of_flask(app, found)
    yield from services.look(found)
    pages = Pages(site)
    yield from _named("address", pages.addresses())
    if proxy:
        yield from _named("proxy", pages.proxy())
    with progress(pages.walk(limit), limit, Message("Looking at pages")) as steps:
        yield from _each_once(one for step in steps for one in step)
    if in_browser:
        from .layouts import look

        yield from _each_once(_named("layout", look(site, pages.seen)))


def _each_once(found: Iterable[Found]) -> Iterator[Found]:
    """Yield what was *found* on pages, and what many of them share of the first."""
    seen = set()
    for what, problem in found:
        told = what, problem.value, problem.remedy
        if told not in seen:
            seen.add(told)
            yield what, problem


def _named(what: str, problems: Iterable[Problem]) -> Iterator[Found]:
    yield from ((what, problem) for problem in problems)
