"""What a report tells of an enterprise whose rights are infringed; what was told once and is not told again.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa

from compliance.store.migrations.steps import MOMENT, add_column, add_table

revision = "0003"
down_revision = "0002"

_LENGTHS = {"enterprise": 100, "credit_code": 40, "harm": 64}


def upgrade() -> None:
    for name, length in _LENGTHS.items():
        add_column("message", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    add_table(
        "told",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_compliance_told"),
        sqlite_with_rowid=False,
    )
