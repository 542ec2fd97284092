"""Search: a text as terms that every kind of database can index, and the condition that finds them again.

No database splits Chinese into words, and each has its own idea of what a word is. So the terms are made here, of small
letters and digits alone: a word of ASCII letters and digits is one term; of everything else that is written, each two
neighbouring characters are one, and the last character of a run is one more, so that every character begins a term.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import (
    ColumnElement,
    Connection,
    Uuid,
    and_,
    cast,
    column,
    false,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.mysql import match
from sqlalchemy.dialects.postgresql import TSQUERY

from ..characters import without_invisible
from ..outside.text import normalised
from .tables import PREFIX, message

# What the first migration makes beside the tables. SQLite: an index of terms, and which of its rows is which message.
_INDEX = table(f"{PREFIX}search", column("rowid"))
_ROW = table(f"{PREFIX}search_row", column("position"), column("message_id", Uuid))
# PostgreSQL: an index on this expression, which only the same words find. MySQL: one on the column.
_VECTOR = f"array_to_tsvector(string_to_array({message.name}.search, ' '))"

_LONGEST = 40  # characters of a word that count: an index has a bound
_LONGEST_TEXT = 20_000  # characters of a text that are found again: a message has at most half
_COMMON = 10_000  # messages that hold it: among so many, the first page is met soon
_MOST = 64  # parts of a query that count, and terms of a part
_RUN = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")
# A line broken by hand within a sentence: Chinese has no space there.
_SPACE_WITHIN = re.compile(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])")
_WORD = "zz"  # begins a word, so that no database finds it too short or too common to be indexed


def terms(text: str) -> str:
    """Return the terms of *text* in its order, with spaces between: what the column `search` holds."""
    return " ".join(_terms(_SPACE_WITHIN.sub("", _plain(text))))


def matching(dialect: str, query: str, *, common: bool = False) -> ColumnElement[bool]:
    """Return the condition that a message holds every part of *query*; a space parts.

    A part is found anywhere in Chinese, and as whole words in English. Nothing in a query has a meaning to the
    database; one without a letter or a digit finds nothing.

    Args:
        dialect: that of `Database`.
        common: whether `is_common`: the first of many are found sooner in the order that is asked for.
    """
    phrases = _phrases(query)
    if not phrases:
        return false()
    # The index knows which terms a message holds, its column knows in which order.
    spaced = literal(" ") + message.c.search + literal(" ")
    ordered = [f"% {' '.join(phrase)} %".replace("* ", "") for phrase in phrases if common or len(phrase) > 1]
    indexed = [] if common else [_indexed(dialect, phrases)]
    return and_(*indexed, *map(spaced.like, ordered))


def is_common(connection: Connection, query: str) -> bool:
    """Return whether so many messages hold every part of *query* that its index is of no use for the first of them.

    PostgreSQL knows by itself.
    """
    dialect = connection.dialect.name
    phrases = _phrases(query)
    if dialect == "postgresql" or not phrases:
        return False
    found = select(literal(1)).where(_indexed(dialect, phrases)).select_from(message)
    if dialect == "sqlite":
        found = select(literal(1)).select_from(_INDEX).where(_matched(phrases))
    return len(connection.execute(found.limit(_COMMON)).all()) == _COMMON


def _indexed(dialect: str, phrases: list[list[str]]) -> ColumnElement[bool]:
    wanted = _wanted(phrases)
    if dialect == "postgresql":
        query = " & ".join(f"{term[:-1]}:*" if term.endswith("*") else term for term in wanted)
        return literal_column(_VECTOR).bool_op("@@")(cast(query, TSQUERY))
    if dialect in ("mysql", "mariadb"):
        return match(message.c.search, against=" ".join(f"+{term}" for term in wanted)).in_boolean_mode()
    rows = select(_ROW.c.message_id).join(_INDEX, _INDEX.c.rowid == _ROW.c.position)
    return message.c.id.in_(rows.where(_matched(phrases)))


def _matched(phrases: list[list[str]]) -> ColumnElement[bool]:
    terms = (f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"' for term in _wanted(phrases))
    return literal_column(_INDEX.name).bool_op("MATCH")(" AND ".join(terms))


def _wanted(phrases: list[list[str]]) -> list[str]:
    return sorted({term for phrase in phrases for term in phrase})


def _plain(text: str) -> str:
    return without_invisible(normalised(text, longest=_LONGEST_TEXT, form="NFKC").casefold())


def _terms(plain: str) -> Iterator[str]:
    for run in _RUN.findall(plain):
        if run.isascii():
            yield _WORD + run[:_LONGEST]
        else:
            units = run.encode("utf-16-be").hex()
            yield from (units[place : place + 8] for place in range(0, len(units), 4))


def _phrases(query: str) -> list[list[str]]:
    """Return the parts of *query* as terms that follow each other; `*` ends one that only begins a term."""
    phrases = []
    for part in islice(_plain(query).split(), _MOST):
        phrase = list(islice(_terms(part), _MOST))
        if phrase and len(phrase[-1]) == 4 and not phrase[-1].startswith(_WORD):
            # The query ends here, the text may go on: its last character begins a pair there.
            within = len(phrase) > 1 and len(phrase[-2]) == 8 and not phrase[-2].startswith(_WORD)
            phrase = phrase[:-1] if within else [*phrase[:-1], f"{phrase[-1]}*"]
        if phrase:
            phrases.append(phrase)
    return phrases
