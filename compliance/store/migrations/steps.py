"""What steps make where it is not there yet: MySQL keeps what was made before a step was cut short.

One worker at a time makes it there; elsewhere a step is whole or was never done (`migrations.upgrade`), and looking for
what is there would take half of the time in which a new database is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
_TABLE: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"))
}


def add_table(name: str, *parts: Any, **options: Any) -> None:
    """Make the table `compliance_`*name* of *parts*, columns and constraints."""
    if not (_may_be_half_done() and sa.inspect(op.get_bind()).has_table(f"compliance_{name}")):
        op.create_table(f"compliance_{name}", *parts, **_TABLE, **options)


def add_column(table: str, column: sa.Column[Any]) -> None:
    """Give the table `compliance_`*table* the *column*."""
    if not (
        _may_be_half_done() and column.name in _names(sa.inspect(op.get_bind()).get_columns(f"compliance_{table}"))
    ):
        op.add_column(f"compliance_{table}", column)


def add_index(name: str, table: str, columns: list[Any], **options: Any) -> None:
    """Give the table `compliance_`*table* the index `ix_compliance_`*name* of *columns*."""
    there = f"compliance_{table}"
    if not (_may_be_half_done() and f"ix_compliance_{name}" in _names(sa.inspect(op.get_bind()).get_indexes(there))):
        op.create_index(f"ix_compliance_{name}", there, columns, **options)


def _may_be_half_done() -> bool:
    return op.get_bind().dialect.name in ("mysql", "mariadb")


def _names(found: Iterable[Mapping[str, Any]]) -> set[str]:
    return {one["name"] for one in found}
