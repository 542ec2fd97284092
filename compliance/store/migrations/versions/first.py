"""The first tables: cases and what happened to them, pictures, what waits to be sent, what was used.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
_LONG = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
_BLOB = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "compliance_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("code_revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", _LONG, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("page_title", sa.String(length=300), nullable=False),
        sa.Column("page_hash", sa.String(length=64), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("seen", sa.String(length=40), nullable=False),
        sa.Column("relation", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("contact_hash", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("marks", sa.String(length=300), nullable=False),
        sa.Column("assignee", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("changed", _MOMENT, nullable=False),
        sa.Column("sender_wrote", _MOMENT, nullable=False),
        sa.Column("decide_due", _MOMENT, nullable=False),
        sa.Column("answer_due", _MOMENT, nullable=False),
        sa.Column("paused", _MOMENT, nullable=True),
        sa.Column("decided", _MOMENT, nullable=True),
        sa.Column("answered", _MOMENT, nullable=True),
        sa.Column("closed", _MOMENT, nullable=True),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("purge_after", _MOMENT, nullable=True),
        sa.Column("contact_purge_after", _MOMENT, nullable=True),
        sa.Column("hold", sa.String(length=200), nullable=False),
        sa.Column("search", _LONG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_message"),
        sa.UniqueConstraint("number", name="uq_compliance_message_number"),
    )
    op.create_index("ix_compliance_message_assignee_state", "compliance_message", ["assignee", "state"], unique=False)
    op.create_index(
        "ix_compliance_message_body_hash_created", "compliance_message", ["body_hash", "created"], unique=False
    )
    op.create_index("ix_compliance_message_contact_hash", "compliance_message", ["contact_hash"], unique=False)
    op.create_index(
        "ix_compliance_message_contact_purge_after", "compliance_message", ["contact_purge_after"], unique=False
    )
    op.create_index("ix_compliance_message_created_id", "compliance_message", ["created", "id"], unique=False)
    op.create_index("ix_compliance_message_kind_created", "compliance_message", ["kind", "created"], unique=False)
    op.create_index(
        "ix_compliance_message_page_hash_category", "compliance_message", ["page_hash", "category"], unique=False
    )
    op.create_index("ix_compliance_message_purge_after", "compliance_message", ["purge_after"], unique=False)
    op.create_index(
        "ix_compliance_message_state_answer_due", "compliance_message", ["state", "answer_due"], unique=False
    )
    op.create_table(
        "compliance_used_challenge",
        sa.Column("signature_hash", sa.String(length=64), nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("signature_hash", name="pk_compliance_used_challenge"),
    )
    op.create_index("ix_compliance_used_challenge_expires", "compliance_used_challenge", ["expires"], unique=False)
    op.create_table(
        "compliance_attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("mimetype", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", _BLOB, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["compliance_message.id"], name="fk_compliance_attachment_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_attachment"),
    )
    op.create_index("ix_compliance_attachment_message_id", "compliance_attachment", ["message_id"], unique=False)
    op.create_table(
        "compliance_event",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("actor_name", sa.String(length=100), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("text", _LONG, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["compliance_message.id"], name="fk_compliance_event_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "sequence", name="pk_compliance_event"),
    )
    op.create_index("ix_compliance_event_at", "compliance_event", ["at"], unique=False)
    op.create_table(
        "compliance_idempotency",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_compliance_idempotency"),
    )
    op.create_index("ix_compliance_idempotency_expires", "compliance_idempotency", ["expires"], unique=False)
    op.create_table(
        "compliance_outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("dedupe", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", _MOMENT, nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("sent", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["compliance_message.id"], name="fk_compliance_outbox_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_outbox"),
        sa.UniqueConstraint("dedupe", name="uq_compliance_outbox_dedupe"),
    )
    op.create_index("ix_compliance_outbox_message_id", "compliance_outbox", ["message_id"], unique=False)
    op.create_index("ix_compliance_outbox_state_next_at", "compliance_outbox", ["state", "next_at"], unique=False)
