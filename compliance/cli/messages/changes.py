"""`flask compliance messages answer`, `ask`, `move`, `note`, `assign`, `hold`, `release`: change cases.

One case is changed at once; several are shown first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from ...cases import PAUSED, RESULTS, Actor, State, allowed, ways
from ...errors import Message
from ...i18n import translate
from ...messages.bulk import MOST, each
from ...messages.cases import LONGEST_ANSWER
from ...messages.listing import Filter, ListedCase, count, entries, named
from ...messages.names import STATES, of
from ...staff import Accounts
from ..group import CannotRunError, box, say, show, state
from .group import NAME, Number, Words, address, by, messages, now
from .listing import COLUMNS, line

T = TypeVar("T", bound=Callable[..., Any])

_SHOWN = tuple(column for column in COLUMNS if column not in ("decide", "assignee"))
_REASONS = {
    "unknown": Message("there is no such case"),
    "changed": Message("somebody changed it meanwhile; look at it again"),
    "text": Message("its sender needs a text of at most %(most)s characters", most=format(LONGEST_ANSWER, ",")),
}

text_option = click.option(
    "--text", help="What the senders read; - reads it from standard input. Without it an editor opens."
)
purpose = click.option("--page", default="", help="All open cases about this page, in place of numbers.")
category = click.option("--category", default="", help="With --page: those of this category.")
sure = click.option("--yes", is_flag=True, help="Do not ask, however many they are.")


def several(command: T) -> T:
    """Take numbers, or a page that the cases are about."""
    for option in (sure, by, category, purpose, click.argument("numbers", type=Number(), nargs=-1)):
        command = option(command)
    return command


@messages.command()
@several
@click.option(
    "--result", type=click.Choice(sorted(state.value for state in RESULTS)), required=True, help="What came of it."
)
@text_option
@click.pass_context
def answer(context: click.Context, /, result: str, text: str | None, **options: Any) -> None:
    """Tell the senders of cases the result and its reasons."""
    _move(context, State(result), text, **options)


@messages.command()
@several
@text_option
@click.pass_context
def ask(context: click.Context, /, text: str | None, **options: Any) -> None:
    """Ask the senders of cases something; the clock stands still until they answer."""
    _move(context, State.WAITING_SENDER, text, **options)


@messages.command()
@several
@click.argument("state", type=click.Choice([state.value for state in State]))
@click.option("--text", default="", help="What the senders read about it; - reads it from standard input.")
@click.pass_context
def move(context: click.Context, /, state: str, text: str, **options: Any) -> None:
    """Move cases to STATE."""
    target = State(state)
    if target in RESULTS | PAUSED and not text:
        raise CannotRunError(
            Message(
                "use `%(command)s`: it needs a text",
                command="ask" if target in PAUSED else "answer --result " + target,
            )
        )
    _move(context, target, text, needed=False, **options)


@messages.command()
@click.argument("number", type=Number())
@click.option("--text", help="The note; - reads it from standard input. Without it an editor opens.")
@by
@click.pass_context
def note(context: click.Context, number: str, text: str | None, by: str) -> None:
    """Add a note to a case that no sender sees."""

    def act(entry: ListedCase, words: str) -> None:
        box(context).cases.note(entry.number, by=by, text=words, now=now())

    _change(context, Message("note"), act, numbers=[number], text=lambda: _words(text))


@messages.command()
@several
@click.option("--to", type=NAME, required=True, help='To whom; "" is nobody.')
@click.pass_context
def assign(context: click.Context, /, to: str, by: str, **options: Any) -> None:
    """Give cases to an editor."""
    found = state(context)
    for account in Accounts(found.database, found.vault).all():
        if account.name == to and not account.handles:
            raise CannotRunError(
                Message(
                    "%(name)s cannot work on cases: the account is disabled, or its role does not allow it", name=to
                )
            )

    def act(entry: ListedCase, _: str) -> None:
        box(context).cases.assign(entry.number, by=by, to=to, now=now())

    _change(context, Message("assign"), act, **options)


@messages.command()
@click.argument("numbers", type=Number(), nargs=-1, required=True)
@click.option("--reason", type=Words(200), required=True, help="Why, such as the number of a lawsuit.")
@by
@click.pass_context
def hold(context: click.Context, numbers: tuple[str, ...], reason: str, by: str) -> None:
    """Keep cases from being purged."""
    if not reason:
        raise CannotRunError(Message("say why the cases are held; `release` lets them go"))
    _hold(context, Message("hold"), numbers, reason, by)


@messages.command()
@click.argument("numbers", type=Number(), nargs=-1, required=True)
@by
@click.pass_context
def release(context: click.Context, numbers: tuple[str, ...], by: str) -> None:
    """Let cases be purged in their time again."""
    _hold(context, Message("release"), numbers, "", by)


def _hold(context: click.Context, verb: str, numbers: Sequence[str], reason: str, by: str) -> None:
    def act(entry: ListedCase, _: str) -> None:
        box(context).cases.hold(entry.number, by=by, reason=reason, now=now())

    _change(context, verb, act, numbers=numbers, yes=True)


def _move(
    context: click.Context, target: State, text: str | None, *, by: str, needed: bool = True, **options: Any
) -> None:
    def act(entry: ListedCase, words: str) -> None:
        box(context).cases.move(entry.number, target, by=by, text=words, version=entry.version, now=now())

    _change(
        context,
        Message("move to %(state)s", state=of(STATES, target)),
        act,
        text=lambda: _words(text) if needed or text else "",
        target=target,
        **options,
    )


def _change(
    context: click.Context,
    verb: str,
    act: Callable[[ListedCase, str], None],
    *,
    numbers: Sequence[str],
    text: Callable[[], str] = str,
    page: str = "",
    category: str = "",
    yes: bool = False,
    target: State | None = None,
) -> None:
    """Do *act* to each of the cases; of several, after they were shown and agreed to."""
    found = _found(context, numbers, address(context, page), category)
    refused = {entry.number: _refusal(entry) for entry in found if not _may(entry, target)}
    able = [entry for entry in found if entry.number not in refused]
    if len(found) > 1:
        show([line(entry) for entry in found], _SHOWN, "text")
    for number, reason in refused.items():
        say(Message("%(number)s: %(what)s", number=number, what=reason), err=True)
    words = text() if able else ""
    if len(able) > 1 and not yes:
        click.confirm(
            translate(Message("%(what)s: %(count)s cases?", what=verb, count=len(able))), abort=True, err=True
        )
    failed = len(refused)
    for entry, reason in each(able, lambda entry: act(entry, words)):
        # The move itself is tried before, so it is refused only where somebody else was first.
        what = _REASONS.get(reason, _REASONS["changed"]) if reason else verb
        say(Message("%(number)s: %(what)s", number=entry.number, what=what), err=bool(reason))
        failed += bool(reason)
    if failed:
        context.exit(1)


def _found(context: click.Context, numbers: Sequence[str], page: str, category: str) -> list[ListedCase]:
    """Return the cases of *numbers*, all of them, or the open ones about *page*."""
    if bool(numbers) == bool(page) or (category and not page):
        raise CannotRunError(
            Message("name cases by their numbers, or all open ones about a page with --page and --category")
        )
    database = state(context).database
    if page:
        found = entries(database, Filter(page=page, category=category), limit=MOST, now=now())
        held = Filter(states=frozenset({State.QUARANTINED}), page=page, category=category)
        if left := count(database, held, now=now()):
            say(
                Message("Left out: %(count)s held back; look at them with list --state quarantined.", count=left),
                err=True,
            )
        if not found:
            raise CannotRunError(Message("no open case is about %(page)s", page=page))
        return found
    found = named(database, numbers, now=now())
    if missing := set(numbers) - {entry.number for entry in found}:
        raise CannotRunError(
            Message("there is no case %(numbers)s; nothing was changed", numbers=", ".join(sorted(missing)))
        )
    return found


def _may(entry: ListedCase, target: State | None) -> bool:
    return allowed(entry.state, target, Actor.EDITOR) if target else entry.state is not State.PURGED


def _refusal(entry: ListedCase) -> str:
    targets = ways(entry.state, Actor.EDITOR)
    if not targets:
        return Message("is %(state)s; from there it can be moved to nothing", state=of(STATES, entry.state))
    return Message(
        "is %(state)s; from there it can be moved to %(ways)s",
        state=of(STATES, entry.state),
        ways=", ".join(sorted(targets)),
    )


def _words(text: str | None) -> str:
    """Return what is to be written: *text*, standard input for `-`, without any what an editor is left with."""
    if text == "-":
        text = sys.stdin.read()
    elif text is None:
        if not sys.stdin.isatty():
            raise CannotRunError(Message("give the text with --text, or with --text - on standard input"))
        text = click.edit("") or ""
    if not text.strip():
        raise CannotRunError(Message("there is no text; nothing was changed"))
    if len(text) > LONGEST_ANSWER:
        raise CannotRunError(
            Message(
                "the text has %(count)s characters; %(most)s are allowed",
                count=format(len(text), ","),
                most=format(LONGEST_ANSWER, ","),
            )
        )
    return text
