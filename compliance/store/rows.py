"""Rows of several tables, put there by texts that are made once: to build and compile statements costs more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Dialect, Table

#: A table and the values of a row for it, by its columns; what has a default may be left out.
NewRow: TypeAlias = tuple[Table, Mapping[str, Any]]
_Bind: TypeAlias = tuple[int, Callable[[Any], Any]]
_Shape: TypeAlias = tuple[tuple[Table, tuple[str, ...], int], ...]  # of rows that follow each other: how many of a kind


def insert(connection: Connection, rows: Iterable[NewRow]) -> None:
    """Insert *rows* in their order; in PostgreSQL all at once, which saves the way to the server and back."""
    lots: list[tuple[Table, tuple[str, ...], list[Mapping[str, Any]]]] = []
    for (table, names), lot in groupby(rows, key=lambda row: (row[0], tuple(row[1]))):
        lots.append((table, names, [values for _, values in lot]))
    dialect = connection.dialect
    together = [lots] if dialect.name == "postgresql" and lots else [[lot] for lot in lots]
    for some in together:
        values = chain.from_iterable(_bound(table, names, lot, dialect) for table, names, lot in some)
        shape = tuple((table, names, len(lot)) for table, names, lot in some)
        connection.exec_driver_sql(_text(shape, dialect), tuple(values))


def _bound(table: Table, names: tuple[str, ...], lot: list[Mapping[str, Any]], dialect: Dialect) -> Iterator[Any]:
    """Yield the values of *lot* as the driver takes them."""
    binds, defaults = _binds(table, names, dialect)
    for values in lot:
        row = [*values.values()]
        for place, bind in binds:
            row[place] = bind(row[place])
        yield from row
        yield from defaults


@lru_cache(maxsize=64)
def _binds(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[Sequence[_Bind], Sequence[Any]]:
    """Return what the driver does not take of columns *names* as it is, by their places, and the defaults of others."""

    def bind(column: Column[Any]) -> Callable[[Any], Any] | None:
        return column.type.dialect_impl(dialect).bind_processor(dialect)

    binds = [(place, made) for place, name in enumerate(names) if (made := bind(table.c[name])) is not None]
    others = [(bind(column), column.default.arg) for column in _left_out(table, names)]  # type: ignore[union-attr]
    return binds, [value if made is None else made(value) for made, value in others]


@lru_cache(maxsize=64)
def _left_out(table: Table, names: tuple[str, ...]) -> tuple[Column[Any], ...]:
    """Return the columns of *table* beside *names* that have a default."""
    return tuple(column for column in table.c if column.default is not None and column.name not in names)


@lru_cache(maxsize=64)
def _text(shape: _Shape, dialect: Dialect) -> str:
    """Return the statement that inserts rows of *shape*."""
    quote, mark = dialect.identifier_preparer, "?" if dialect.paramstyle == "qmark" else "%s"
    statements = []
    for table, names, count in shape:
        columns = [*names, *(column.name for column in _left_out(table, names))]
        values = ", ".join([f"({', '.join([mark] * len(columns))})"] * count)
        listed = ", ".join(map(quote.quote, columns))
        statements.append(f"INSERT INTO {quote.format_table(table)} ({listed}) VALUES {values}")
    *first, last = statements
    named = ", ".join(f"lot{place} AS ({statement})" for place, statement in enumerate(first))
    return f"WITH {named} {last}" if first else last
