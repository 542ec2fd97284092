"""What editors keep: drafts, answers that are given often, searches; and what the changes of several cases share.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from compliance.store.migrations.steps import MOMENT, add_column, add_index, add_table

revision = "0005"
down_revision = "0004"

_LONG = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    add_column("event", sa.Column("batch", sa.Uuid(), nullable=True))
    there = sa.text("batch IS NOT NULL")
    add_index("event_batch", "event", ["batch"], sqlite_where=there, postgresql_where=there)
    add_table(
        "draft",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("editor", sa.String(length=100), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("text", _LONG, nullable=False),
        sa.Column("review", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["compliance_message.id"],
            name="fk_compliance_draft_message_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", "editor", name="pk_compliance_draft"),
        sqlite_with_rowid=False,
    )
    add_index("draft_editor_saved", "draft", ["editor", "saved"])
    add_index("draft_review_saved", "draft", ["review", "saved"])
    add_table(
        "reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("text", _LONG, nullable=False),
        sa.Column("editor", sa.String(length=100), nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_reply"),
    )
    add_table(
        "bookmark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("editor", sa.String(length=100), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("kept", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_bookmark"),
    )
    add_index("bookmark_editor", "bookmark", ["editor"])
