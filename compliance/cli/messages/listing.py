"""`flask compliance messages list`, `show`, `picture`: look at cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from ...cases import Actor, State
from ...characters import UNPRINTABLE
from ...deadlines import minute
from ...errors import BucketError, Message
from ...i18n import translate
from ...messages import Case, CaseError
from ...messages.listing import Filter, ListedCase, Place, count, entries, groups
from ...messages.names import ACTORS, CATEGORIES, EVENTS, KINDS, STATES, of
from ..columns import cut, padded
from ..group import CannotRunError, box, listing, print_json, say, show, state, written
from .group import Number, by, chosen, due, filters, messages, now, number

COLUMNS = (
    Message("number"),
    Message("kind"),
    Message("category"),
    Message("state"),
    Message("marks"),
    Message("created"),
    Message("decide"),
    Message("answer"),
    Message("waiting"),
    Message("assignee"),
    Message("text"),
    Message("page"),
)
GROUPS = (
    Message("cases"),
    Message("reporters"),
    Message("urgent"),
    Message("category"),
    Message("first"),
    Message("due"),
    Message("page"),
)
_TEXT, _PAGE = 40, 40  # columns of a terminal


@messages.command("list")
@filters(every=False)
@click.option("--newest", is_flag=True, help="The newest first, not what is due first.")
@click.option("--group", "grouped", is_flag=True, help="Reports of one page and category together.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many to list.")
@click.option("--after", type=Number(), help="Go on after the case of this number.")
@listing
@click.pass_context
def list_(
    context: click.Context, /, newest: bool, grouped: bool, limit: int, after: str | None, form: str, **options: Any
) -> None:
    """List cases, without names and contacts: those that are open, what is due first."""
    which = chosen(context, **options)
    database = state(context).database
    if grouped:
        found = groups(database, which, limit=limit, now=now())
        shown = [
            {
                **asdict(group),
                "category": of(CATEGORIES, group.category),
                "first": minute(group.first),
                "due": group.due and due(group.due),
            }
            for group in found
        ]
        show([asdict(group) for group in found] if form == "json" else shown, GROUPS, form)
        return
    try:
        rows = entries(database, which, newest=newest, after=Place(after) if after else None, limit=limit, now=now())
    except CaseError as error:
        raise CannotRunError(Message("there is no case %(number)s", number=after)) from error
    show([asdict(row) for row in rows] if form == "json" else [line(row) for row in rows], COLUMNS, form)
    if len(rows) == limit:
        say(Message("There may be more: --after %(number)s", number=rows[-1].number), err=True)
    held_back = Filter(states=frozenset({State.QUARANTINED}))
    # Who sees an empty list must not think that nobody waits.
    if form != "json" and not which.states & held_back.states and (waiting := count(database, held_back, now=now())):
        say(Message("Held back until somebody has looked: %(count)s (--state quarantined)", count=waiting), err=True)


def line(entry: ListedCase) -> dict[str, Any]:
    """Return *entry* as a line of a table."""
    marks = [translate(name) for name in (Message("urgent"), Message("overdue")) if getattr(entry, name)]
    category = translate(of(CATEGORIES, entry.category))
    return {
        **asdict(entry),
        "kind": of(KINDS, entry.kind),
        "category": f"{category}: {translate(of(CATEGORIES, entry.harm))}" if entry.harm else category,
        "state": of(STATES, entry.state),
        "marks": " ".join((*marks, entry.marks)).strip(),
        "created": minute(entry.created),
        "decide": due(entry.decide_due),
        "answer": due(entry.answer_due),
        "waiting": "" if entry.waiting is None else Message("%(days)s d", days=entry.waiting),
        "text": cut(entry.text, _TEXT),
        "page": cut(urlsplit(entry.page)._replace(scheme="", netloc="").geturl(), _PAGE),
    }


@messages.command("show")
@number
@by
@listing
@click.pass_context
def show_(context: click.Context, number: str, by: str, form: str) -> None:
    """Show everything about a case; that its name and contact were looked at is noted in it."""
    case = look(context, number, by)
    if form == "json":
        print_json(asdict(case))
        return
    for text in _lines(case):
        click.echo(text)


@messages.command()
@number
@click.argument("place", type=click.IntRange(min=1))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="A new file to write it to.")
@by
@click.pass_context
def picture(context: click.Context, number: str, place: int, output: Path, by: str) -> None:
    """Save picture PLACE (1, 2 …) of a case; that it was looked at is noted in the case."""
    case = look(context, number, by)
    if place > len(case.pictures):
        raise CannotRunError(Message("%(number)s has %(count)s pictures", number=number, count=len(case.pictures)))
    try:
        kept = box(context).cases.picture(case.pictures[place - 1])
    except BucketError as error:
        raise CannotRunError(Message("the picture cannot be read: %(reason)s", reason=error.reason)) from error
    with written(output) as file:
        file.write(kept.content)
    say(
        Message(
            "Wrote %(path)s: %(type)s, %(width)s × %(height)s.",
            path=str(output),
            type=kept.mimetype,
            width=kept.width,
            height=kept.height,
        )
    )


def look(context: click.Context, number: str, by: str) -> Case:
    """Return the case *number*; where it has something personal, that it was looked at is noted first."""
    cases = box(context).cases
    try:
        case = cases.get(number, opened=False)
        if case.personal or case.pictures:
            case = cases.reveal(number, by=by, now=now())
    except CaseError as error:
        raise CannotRunError(Message("there is no case %(number)s", number=number)) from error
    return case


def _lines(case: Case) -> Iterator[str]:
    kind = translate(of(KINDS, case.kind))
    if case.category:
        kind = translate(Message("%(kind)s (%(category)s)", kind=kind, category=of(CATEGORIES, case.category)))
    marks = [Message("urgent")] if case.urgent else []
    yield "  ".join(map(translate, (case.number, kind, of(STATES, case.state), *marks)))
    facts = {
        Message("created"): minute(case.created),
        Message("decide by"): due(case.decide_due) if case.decided is None else "",
        Message("answer by"): due(case.answer_due) if case.answered is None else "",
        Message("assignee"): case.assignee,
        Message("marks"): case.marks,
        Message("hold"): case.hold,
        Message("page"): case.page,
        Message("title"): case.page_title,
        Message("seen"): case.seen,
        Message("passage"): case.excerpt,
        Message("name"): case.name,
        Message("contact"): case.contact,
        Message("relation"): case.relation,
        Message("enterprise"): case.enterprise,
        Message("code"): case.credit_code,
        Message("harm"): translate(of(CATEGORIES, case.harm)),
        Message("pictures"): str(len(case.pictures) or ""),
    }
    yield from (f"{padded(translate(name), 10)} {_indented(value, 11)}" for name, value in facts.items() if value)
    # Marked line by line: what a sender wrote must not pass for what is known of the case.
    yield from chain(("", *([_quoted(case.subject), ""] if case.subject else []), _quoted(case.body), ""))
    for event in case.events:
        happened = Message(
            "%(what)s by %(who)s: %(state)s",
            what=of(EVENTS, event.kind),
            who=event.actor_name or of(ACTORS, event.actor),
            state=of(STATES, event.state),
        )
        internal = "" if event.public else f"  ({translate(Message('internal'))})"
        yield f"{event.sequence:>3}  {minute(event.at)}  {translate(happened)}{internal}"
        if event.text:
            yield f"     {_indented(event.text, 5)}" if event.actor is Actor.EDITOR else _quoted(event.text, "     ")


def _indented(text: str, columns: int) -> str:
    return f"\n{' ' * columns}".join(_plain_lines(text))


def _quoted(text: str, before: str = "") -> str:
    return "\n".join(f"{before}> {line}".rstrip() for line in _plain_lines(text))


def _plain_lines(text: str) -> list[str]:
    """Return the lines of *text* as a terminal takes them for nothing but text."""
    return [UNPRINTABLE.sub("\ufffd", line) for line in text.splitlines()]
