"""Where a picture is that is not in its row, and below which name a database keeps such pictures.

Revision ID: 0011
"""

from __future__ import annotations

import sqlalchemy as sa

from compliance.store.migrations.steps import add_column, add_index, add_table

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    add_column("attachment", sa.Column("object", sa.String(length=128), nullable=True))
    add_index("attachment_object", "attachment", ["object"])
    add_table(
        "bucket",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("folder", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_bucket"),
    )
