"""The group `messages`, and what its commands have in common: receipt numbers, filters, times, who is at work."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urljoin

import click
from click.core import ParameterSource

from ... import deadlines
from ...cases import OPEN, OWING, Kind, State
from ...errors import Message
from ...i18n import translate
from ...messages.listing import Filter
from ...receipts import read_number
from ..group import compliance, since, span, state, until

T = TypeVar("T", bound=Callable[..., Any])


@compliance.group()
def messages() -> None:
    """Work with the message box: list, show, answer, export, report."""


class Number(click.ParamType):  # type: ignore[type-arg]  # click 8.1 knows none
    """A receipt number, as forgiving as the page where readers type it."""

    name = "number"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the number as it is kept."""
        return read_number(value) or self.fail(
            translate(Message("%(value)s is no receipt number, or it has a slip in it", value=repr(value))), param, ctx
        )


class Words(click.ParamType):  # type: ignore[type-arg]  # click 8.1 knows none
    """A text of one line that a column has room for."""

    name = "text"

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text without space around it."""
        if len(value) > self._longest:
            message = Message(
                "%(count)s characters are too many; there is room for %(most)s", count=len(value), most=self._longest
            )
            self.fail(translate(message), param, ctx)
        return " ".join(value.split())


def user() -> str:
    """Return the name of who runs the command; a container may have none for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


NAME = Words(100)
number = click.argument("number", type=Number())
by = click.option("--by", type=NAME, default=user, help="Who does it; without it, the user of the system.")


def filters(*, every: bool) -> Callable[[T], T]:
    """Add the options that say which cases; without --state it is *every* one, or those that are open."""
    kinds = click.Choice([kind.value for kind in Kind])
    states = click.Choice([*(state.value for state in State), "open", "all"])
    usual = "all" if every else "open"
    options = (
        click.option(
            "--state",
            "states",
            type=states,
            multiple=True,
            default=[usual],
            help="Where the cases stand; without it, those that this command is about.",
        ),
        click.option("--kind", "kinds", type=kinds, multiple=True, help="Cases of this kind."),
        click.option("--category", default="", help="Cases of this category."),
        click.option("--urgent", is_flag=True, help="Cases that are urgent."),
        click.option(
            "--overdue",
            is_flag=True,
            help="A decision or an answer is late, also of what is held back.",
        ),
        click.option("--assignee", type=NAME, help='Whose cases; "" are nobody\'s.'),
        click.option("--search", default="", help="Words that all stand in the text."),
        click.option("--page", default="", help="The address of the page that they are about."),
        since,
        until,
    )

    def add(command: T) -> T:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def chosen(context: click.Context, *, states: tuple[str, ...], kinds: tuple[str, ...], **options: Any) -> Filter:
    """Return the filter that the *options* of a command say."""
    wanted: set[State] = set()
    if options["overdue"] and context.get_parameter_source("states") is ParameterSource.DEFAULT:
        wanted, states = set(OWING), ()
    for name in states:
        wanted |= set(State) if name == "all" else OPEN if name == "open" else {State(name)}
    first, last = span(options.pop("since"), options.pop("until"))
    return Filter(
        states=frozenset(wanted),
        kinds=frozenset(map(Kind, kinds)) or frozenset(Kind),
        since=first,
        until=last,
        page=address(context, options.pop("page")),
        **options,
    )


def address(context: click.Context, page: str) -> str:
    """Return the whole address of *page*, which may be a path on the site."""
    return urljoin(state(context).settings.site.url, page) if page else ""


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def due(when: datetime | None) -> str:
    """Return until when; the end of a day is that day."""
    if when is None:
        return ""
    text = deadlines.minute(when)
    return f"{deadlines.last_day(when)}" if text.endswith("00:00") else text
