"""By which key a site knows its database.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_DUPLICATE = 1060  # MySQL: another worker has just made this column


def upgrade() -> None:
    columns = sa.inspect(op.get_bind()).get_columns("compliance_site")
    if "key" in {column["name"] for column in columns}:
        return
    try:
        op.add_column("compliance_site", sa.Column("key", sa.String(length=64), nullable=True))
    except sa.exc.OperationalError as error:
        if error.orig is None or error.orig.args[0] != _DUPLICATE:
            raise
