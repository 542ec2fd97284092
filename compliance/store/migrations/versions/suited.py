"""With which versions of the tables a process works on these as well.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa

from compliance.store.migrations.steps import add_table

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    add_table(
        "suited",
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_compliance_suited"),
        sqlite_with_rowid=False,
    )
