"""What a report tells of an enterprise whose rights are infringed; what was told once and is not told again.

Revision ID: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
_TABLE = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"))
}
_LENGTHS = {"enterprise": 100, "credit_code": 40, "harm": 64}
_DUPLICATE = 1060  # MySQL: another worker has just made this column


def upgrade() -> None:
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("compliance_message")}
    for name, length in _LENGTHS.items():
        if name not in there:
            column = sa.Column(name, sa.String(length=length), nullable=False, server_default="")
            _once(lambda column=column: op.add_column("compliance_message", column))
    op.create_table(
        "compliance_told",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_compliance_told"),
        if_not_exists=True,
        sqlite_with_rowid=False,
        **_TABLE,
    )


# MySQL keeps what was made before a step was cut short, and lets others see it.
def _once(work: Any) -> None:
    try:
        work()
    except sa.exc.OperationalError as error:
        if error.orig is None or error.orig.args[0] != _DUPLICATE:
            raise
