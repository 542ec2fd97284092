"""Licences that end: everybody is told once that the end is near, and once that it is over, however often one looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select

from ..channels import Notice
from ..licences import Licence, days_left
from ..settings import Settings
from ..store import Database
from ..store.tables import told
from .digests import Render, parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A licence that ends in so many *days*, below zero where it has."""

    licence: Licence
    days: int

    def key(self, target: str) -> str:
        """Return under what it is noted that *target* was told."""
        licence, stage = self.licence, "over" if self.days < 0 else "soon"
        said = f"licence:{licence.kind}:{licence.number}:{licence.expires}:{stage}:{target}"
        return sha256(said.encode()).hexdigest()


def endings(settings: Settings, today: date) -> tuple[Ending, ...]:
    """Return what ends, or has ended, by the rule of `licences.days_left`."""
    found = ((licence, days_left(licence, today)) for licence in settings.licences.all())
    return tuple(Ending(licence=licence, days=days) for licence, days in found if days is not None)


def untold(database: Database, found: Iterable[Ending], target: str, *, now: datetime) -> tuple[Ending, ...]:
    """Return those of *found* that *target* was not told of, and note that it is now: of two workers one tells it."""
    by_key = {one.key(target): one for one in found}

    def work(connection: Connection) -> tuple[Ending, ...]:
        known = set(connection.scalars(select(told.c.key_hash).where(told.c.key_hash.in_(by_key))))
        keys = [key for key in by_key if key not in known]
        if keys:
            connection.execute(insert(told), [{"key_hash": key, "at": now} for key in keys])
        return tuple(by_key[key] for key in keys)

    return database.write(work)


def forget(database: Database, found: Sequence[Ending], target: str) -> None:
    """Take the note back: *target* could not be told."""
    keys = [one.key(target) for one in found]
    database.write(lambda connection: connection.execute(delete(told).where(told.c.key_hash.in_(keys))))


def notice(found: Sequence[Ending], settings: Settings, render: Render, target: str) -> Notice:
    """Return *found* as one notice in the site's first language."""
    locale = settings.site.languages[0]
    context: Mapping[str, object] = {"site": settings.site.name.get(locale), "endings": found, "licences": ()}
    subject, text = parts(render("compliance/notices/expiry.txt", locale, context))
    listed = [
        {"kind": one.licence.kind, "number": one.licence.number, "expires": str(one.licence.expires), "days": one.days}
        for one in found
    ]
    return Notice(subject=subject, text=text, dedupe=found[0].key(target), data={"licences": listed})
