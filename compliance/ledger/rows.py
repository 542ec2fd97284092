"""How a link lies in the database: without what most rows say alike, so that a decision takes 400 bytes or less.

Kind, policy, mode, and of the content what is not a reader's own (choices, button, language, texts), are a row of a
small table, by its number. What is left is the record's id, the one before, the path and the source. The chain is made
of links, so that a change of either is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring_ascii
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from ..store import Database
from ..store.tables import circumstance, decision
from .chain import DECISION, Entry, Link, canonical

_ALIKE = ("choices", "language", "method", "texts")
_OWN = ("record", "before", "path")
_MOST = 2**31 - 1  # the greatest number of a circumstance

#: What a link is read from.
COLUMNS = tuple(column for column in decision.c if column.name != "period")


class Circumstance:
    """What many rows say alike, as it is written: kind, policy, mode and, unless they were erased, the rest."""

    def __init__(self, said: str) -> None:
        self.kind, self.policy, self.mode, alike = json.loads(said)
        self._before = self._after = ""
        if alike:
            self._before = ",".join(f'"{name}":{canonical(alike[name])}' for name in _ALIKE[:-1])
            self._after = f'"texts":{canonical(alike["texts"])}'

    def content(self, left: str | None) -> str | None:
        """Return the content of which *left* is what is a reader's own; *left* itself where it cannot be read."""
        if left is None or not self._before or not left.startswith("["):
            return left
        try:
            record, before, path, *source = map(_written, json.loads(left))
        except (TypeError, ValueError):
            return left
        source = [f'"source":{value}' for value in source]
        parts = (f'"before":{before}', self._before, f'"path":{path}', f'"record":{record}', *source, self._after)
        return f"{{{','.join(parts)}}}"


_NOTHING = Circumstance('["","","",null]')
_circumstance = lru_cache(maxsize=4_096)(Circumstance)  # nothing in it is a reader's own


def _written(value: str | None) -> str:
    """Return *value* as `canonical` does, where it is a text or none."""
    return "null" if value is None else encode_basestring_ascii(value)


def said(kind: str, policy: str, mode: str, alike: Any = None) -> str:
    """Return a circumstance as it is written."""
    return canonical([kind, policy, mode, alike])


def packed(entry: Entry) -> tuple[str, str]:
    """Return what *entry* says as others do, as it is written, and what is left of its content."""
    alike = {name: getattr(entry, name) for name in _ALIKE}
    own = [getattr(entry, name) for name in (*_OWN, *(["source"] if entry.source else []))]
    return said(DECISION, entry.policy, entry.mode, alike), canonical(own)


class Rows:
    """Links to rows of *database* and back. A circumstance that is there stays there, so each is looked up once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[str, int] = {}
        self._circumstances: dict[int, Circumstance] = {}

    def prepare(self, circumstances: Iterable[str]) -> None:
        """See that all of *circumstances* are there, in a transaction of its own where one is not known of yet."""
        if missing := {one for one in circumstances if one not in self._numbers}:
            self._numbers |= self._database.write(lambda connection: _placed(connection, sorted(missing)))

    def values(
        self, connection: Connection, links: Sequence[Link], period: int, known: Mapping[str | None, tuple[str, str]]
    ) -> list[dict[str, Any]]:
        """Return *links* as rows of *period*; *known* is how contents are packed, others are kept as they are."""
        parts = [known.get(link.content) or (said(link.kind, link.policy, link.mode), link.content) for link in links]
        numbers = self.numbers(connection, (alike for alike, _ in parts))
        return [
            {
                "sequence": link.sequence,
                "period": period,
                "at": link.at,
                "circumstance": numbers[alike],
                "record_hash": link.record_hash,
                "salt": link.salt,
                "content": left,
                "content_hash": link.content_hash,
                "previous": link.previous,
                "hash": link.hash,
            }
            for link, (alike, left) in zip(links, parts, strict=True)
        ]

    def numbers(self, connection: Connection, circumstances: Iterable[str]) -> dict[str, int]:
        """Return the number of each of *circumstances*; one that is not there yet is made by *connection*."""
        wanted = set(circumstances)
        missing = sorted(wanted - self._numbers.keys())
        made = _placed(connection, missing) if missing else {}  # not kept: this transaction may come to nothing
        return made | {one: self._numbers[one] for one in wanted if one not in made}

    def links(self, connection: Connection, rows: Sequence[Row[Any]]) -> list[Link]:
        """Return what *rows*, of `COLUMNS`, say."""
        known = self._circumstances
        if missing := {row.circumstance for row in rows} - known.keys():
            found = connection.execute(select(circumstance).where(circumstance.c.id.in_(missing)))
            known |= {row.id: _circumstance(row.said) for row in found}
        links = []
        for row in rows:
            sequence, at, number, record_hash, salt, content, content_hash, previous, hashed = tuple(row)
            alike = known.get(number, _NOTHING)
            links.append(
                Link(
                    sequence=sequence,
                    kind=alike.kind,
                    record_hash=record_hash,
                    at=at,
                    policy=alike.policy,
                    mode=alike.mode,
                    salt=salt,
                    content=alike.content(content),
                    content_hash=content_hash,
                    previous=previous,
                    hash=hashed,
                )
            )
        return links


def _placed(connection: Connection, circumstances: Iterable[str]) -> dict[str, int]:
    """Return the number of each of *circumstances*: by its hash, or the next that is free.

    Two processes that make the same one at once get in each other's way, and one of them tries again.
    """
    numbers = {}
    for one in circumstances:
        number = int.from_bytes(sha256(one.encode()).digest()[:4], "big") & _MOST
        while (there := connection.scalar(select(circumstance.c.said).where(circumstance.c.id == number))) != one:
            if there is None:
                connection.execute(insert(circumstance).values(id=number, said=one))
            else:
                number = (number + 1) & _MOST
        numbers[one] = number
    return numbers
