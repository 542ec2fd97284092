"""How far the ledger was read again in the console, and what was found.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa

from compliance.store.migrations.steps import MOMENT, add_table

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    add_table(
        "verification",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("begun", MOMENT, nullable=False),
        sa.Column("seen", MOMENT, nullable=False),
        sa.Column("ended", MOMENT, nullable=True),
        sa.Column("rows", number, nullable=False),
        sa.Column("length", number, nullable=False),
        sa.Column("more", number, nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("end", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_verification"),
    )
