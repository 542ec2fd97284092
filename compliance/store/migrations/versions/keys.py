"""By which key a site knows its database.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa

from compliance.store.migrations.steps import add_column

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    add_column("site", sa.Column("key", sa.String(length=64), nullable=True))
