"""What is different on a site since the last look at it: printed, and told to the editors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from urllib.parse import urlsplit

import click

from ..audit import Report
from ..audit.looks import Difference, History, Look, differences, look_of
from ..channels import DeliveryError, Notice
from ..deliveries import route
from ..errors import Message
from ..i18n import LANGUAGES, spoken, translate
from ..languages import nearest
from ..settings import Settings
from .group import one_line, say, warn

#: A notice names no more; the rest is on the terminal, and in the log of the timer.
_MOST = 100


def compare(reports: Sequence[Report], history: History, settings: Settings | None, *, err: bool) -> bool:
    """Print what is different in each of *reports* since the last look in *history*, and keep these looks there.

    It is printed on standard error where *err* says that standard output is taken.

    Where there are *settings*, all of `messages.deliver_to` are told what is different since the last look of which
    they were told: who could not be reached today is told of today tomorrow. Returns whether anything is worse than it
    was, or somebody could not be told.
    """
    worse = False
    for report in reports:
        before = history.last(report.target)
        look = look_of(report, before, spoken())
        found = list(differences(before, look, spoken())) if before else []
        for one in found:
            click.echo(one_line(one.message), err=err)
        if before is None:
            say(Message("The first look at %(target)s; the next is compared with it.", target=look.target), err=err)
        elif not found:
            say(Message("%(target)s: nothing is different.", target=look.target), err=err)
        worse |= any(one.kind != "mended" for one in found)
        history.add(look)  # before anybody is told: where it cannot be kept, nobody is told the same every night
        if settings is not None:
            told = [label for label, reached in _tell(look, history, settings) if reached]
            history.note(told)
            worse |= len(told) < len(settings.messages.deliver_to)
    return worse


def _tell(look: Look, history: History, settings: Settings) -> Iterator[tuple[str, bool]]:
    """Tell every target what it does not know, and yield its label with whether it knows now."""
    for target in settings.messages.deliver_to:
        before = history.last(look.target, told=target.label)
        found = list(differences(before, look, _language(settings))) if before else []
        try:
            if found:
                notice = _notice(found, look, settings, target.label)
                route(settings, target.url, target.secret).send(notice, now=datetime.now(UTC))
        except DeliveryError as error:
            warn(Message("somebody of messages.deliver_to could not be told (%(reason)s)", reason=error.reason))
            yield target.label, False
        else:
            yield target.label, True


def _language(settings: Settings) -> str:
    return nearest(settings.site.languages[0], LANGUAGES) or LANGUAGES[0]


def _notice(found: Sequence[Difference], look: Look, settings: Settings, label: str) -> Notice:
    tell = partial(translate, language=_language(settings))
    lines = [one_line(tell(one.message)) for one in found[:_MOST]]

    def text(count: int) -> str:
        more = [tell(Message("and %(count)s more", count=len(found) - count))] if count < len(found) else []
        return "\n".join((*lines[:count], *more))

    host = urlsplit(look.target).netloc or look.target
    return Notice(
        subject=tell(Message("%(site)s: what is different", site=host)),
        text=text(len(lines)),
        dedupe=sha256(f"look:{look.target}:{look.time.isoformat()}:{label}".encode()).hexdigest(),
        data={"differences": [{"kind": one.kind, **_values(one)} for one in found[:_MOST]]},
        lines=len(lines),
        shorter=text,
    )


def _values(one: Difference) -> dict[str, str]:
    return {name: str(value) for name, value in one.message.values.items() if name != "what"}
