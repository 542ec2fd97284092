"""Whose a database is; what was erased before it came, and up to when decisions were let go of.

Revision ID: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"

_MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
_TABLE = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"))
}
_DUPLICATE = {1060, 1061}  # MySQL: another worker has just made this column, this index


def upgrade() -> None:
    _table(
        "site",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_site"),
    )
    _table(
        "tombstone",
        sa.Column("record_hash", sa.String(length=64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("record_hash", name="pk_compliance_tombstone"),
        sqlite_with_rowid=False,
    )
    there = sa.inspect(op.get_bind())
    if "ix_compliance_tombstone_at" not in {index["name"] for index in there.get_indexes("compliance_tombstone")}:
        _once(lambda: op.create_index("ix_compliance_tombstone_at", "compliance_tombstone", ["at"]))
    if "let_go" not in {column["name"] for column in there.get_columns("compliance_ledger")}:
        _once(lambda: op.add_column("compliance_ledger", sa.Column("let_go", _MOMENT, nullable=True)))


# MySQL keeps what was made before a step was cut short, and lets others see it: each can be done again.
def _table(name: str, *parts: Any, **options: Any) -> None:
    op.create_table(f"compliance_{name}", *parts, if_not_exists=True, **_TABLE, **options)


def _once(work: Any) -> None:
    try:
        work()
    except sa.exc.OperationalError as error:
        if error.orig is None or error.orig.args[0] not in _DUPLICATE:
            raise
