"""Cases by when the next thing is owed, a decision or an answer, and not by their answer alone.

Revision ID: 0010

The database works it out itself: a process of the version before, which knows nothing of it, goes on writing rows.
PostgreSQL would write the whole table anew for a column of that kind, so there it is an index of the expression.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from compliance.store.migrations.steps import MOMENT, add_column, add_index

revision = "0010"
down_revision = "0009"

_OWED_BY = "CASE WHEN decided IS NULL AND decide_due < answer_due THEN decide_due ELSE answer_due END"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        owed_by = f"({_OWED_BY})"
    else:
        owed_by = "owed_by"
        add_column("message", sa.Column(owed_by, MOMENT, sa.Computed(_OWED_BY, persisted=False)))
    add_index("message_state_owed_by_id", "message", ["state", sa.text(owed_by), "id"])
