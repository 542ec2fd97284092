"""Whose a database is; what was erased before it came, and up to when decisions were let go of.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa

from compliance.store.migrations.steps import MOMENT, add_column, add_index, add_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    add_table(
        "site",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_site"),
    )
    add_table(
        "tombstone",
        sa.Column("record_hash", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("record_hash", name="pk_compliance_tombstone"),
        sqlite_with_rowid=False,
    )
    add_index("tombstone_at", "tombstone", ["at"])
    add_column("ledger", sa.Column("let_go", MOMENT, nullable=True))
