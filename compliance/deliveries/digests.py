"""Notices to editors: what has happened to many cases, told at once; and to a sender, that there is an answer.

They leave the site, and lie in chats and mailboxes for years. So there is no personal data in them, nothing that a
sender wrote, and no code: whoever wants to know more looks into the message box.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from ..cases import Kind, State, is_overdue
from ..channels import Notice
from ..settings import Settings
from .claims import OutboxEntry

#: Makes text of a template's name, a language and what the template is told.
Render = Callable[[str, str, Mapping[str, Any]], str]
#: How many cases are told of one by one; a robot's messages have a bound.
LONGEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A case in a digest. *news*: `received`, `added`, `closed`, `reopened`, `soon` and `overdue` (its deadline)."""

    number: str
    kind: Kind
    category: str
    harm: str
    urgent: bool
    held_back: bool
    due: datetime | None
    news: tuple[str, ...]

    @property
    def by(self) -> datetime | None:
        """The last minute that is in time: midnight would be the day after."""
        return self.due - timedelta(minutes=1) if self.due else None


def digest(entries: Sequence[OutboxEntry], settings: Settings, render: Render, *, now: datetime) -> Notice | None:
    """Return what has happened as one notice in the site's first language; None where there is nothing to tell."""
    items = _items(entries, now)
    if not items:
        return None
    locale = settings.site.languages[0]
    counts = {"count": len(items), "urgent": sum(item.urgent for item in items)}
    own = settings.messages.categories
    context = {**counts, "site": settings.site.name.get(locale), "own_categories": own}

    def told(number: int) -> tuple[str, str]:
        return parts(render("compliance/notices/digest.txt", locale, {**context, "items": items[:number]}))

    lines = min(len(items), LONGEST)
    subject, text = told(lines)
    cases = [
        {
            "receipt": item.number,
            "kind": item.kind.value,
            "category": item.category,
            "harm": item.harm,
            "urgent": item.urgent,
            "held_back": item.held_back,
            "due": item.due.isoformat() if item.due else None,
            "news": list(item.news),
        }
        for item in items
    ]
    return Notice(
        subject=subject,
        text=text,
        dedupe=_key(entries),
        data={**counts, "cases": cases},
        lines=lines,
        shorter=lambda number: told(number)[1],
    )


def letter(entry: OutboxEntry, settings: Settings, render: Render) -> Notice:
    """Return what the sender of a case is told: that there is an answer or a question, and where it can be read."""
    site = settings.site
    context = {
        "site": site.name.get(entry.language),
        "number": entry.number,
        "happened": entry.happened,
        "address": f"{site.url}{site.prefix}/receipt/{entry.number}",
    }
    subject, text = parts(render("compliance/notices/letter.txt", entry.language, context))
    return Notice(subject=subject, text=text, dedupe=_key([entry]))


def _items(entries: Sequence[OutboxEntry], now: datetime) -> list[Item]:
    """Return each case once, with all its news; a reminder of what was done meanwhile is none."""
    news: dict[str, list[str]] = {}
    for entry in entries:
        told = _news(entry, now)
        if told and told not in news.setdefault(entry.number, []):
            news[entry.number].append(told)
    cases = {entry.number: entry for entry in entries if news.get(entry.number)}
    return [
        Item(
            number=entry.number,
            kind=entry.kind,
            category=entry.category,
            harm=entry.harm,
            urgent=entry.urgent,
            held_back=entry.state is State.QUARANTINED,
            due=entry.due,
            news=tuple(news[entry.number]),
        )
        for entry in cases.values()
    ]


def _news(entry: OutboxEntry, now: datetime) -> str | None:
    if entry.happened:
        return entry.became if entry.happened == "moved" else entry.happened
    if entry.due is None:
        return None
    return "overdue" if is_overdue(entry.due, now) else "soon"


def parts(text: str) -> tuple[str, str]:
    """Return the subject, which is the first line, and the rest."""
    subject, _, rest = text.strip().partition("\n")
    return subject, rest.strip()


def _key(entries: Sequence[OutboxEntry]) -> str:
    """Return the key under which the same rows are the same notice, however often they are sent."""
    keys = sorted(entry.dedupe for entry in entries)
    return keys[0] if len(keys) == 1 else sha256("".join(keys).encode()).hexdigest()
