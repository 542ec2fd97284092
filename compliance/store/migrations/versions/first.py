"""The first tables: cases, pictures, what waits to be sent, what was used, the ledger of consents and its texts.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from compliance.store.migrations.steps import MOMENT, add_index, add_table

revision = "0001"
down_revision = None

_LONG = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
_BLOB = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WITH_KEY = {"sqlite_with_rowid": False}
_SPARSE = ("contact_hash", "contact_purge_after", "purge_after")
_INDEXES = {
    "message": [
        "assignee state",
        "body_hash created",
        "contact_hash",
        "contact_purge_after",
        "created id",
        "kind created",
        "page_hash category",
        "purge_after",
        "state answer_due id",
    ],
    "used_challenge": ["expires"],
    "attachment": ["message_id"],
    "event": ["at"],
    "consent": ["at"],
    "idempotency": ["expires"],
    "outbox": ["message_id", "state next_at"],
}
# SQLite's index of terms (FTS5) knows rows by number, and those of `compliance_message` may change with a VACUUM.
_SQLITE = (
    """CREATE TABLE IF NOT EXISTS compliance_search_row (
        position INTEGER PRIMARY KEY, message_id CHAR(32) NOT NULL UNIQUE)""",
    """CREATE VIRTUAL TABLE IF NOT EXISTS compliance_search
        USING fts5(terms, content='', detail='none', columnsize=0, tokenize='ascii')""",
    """CREATE TRIGGER IF NOT EXISTS compliance_search_insert AFTER INSERT ON compliance_message BEGIN
        INSERT INTO compliance_search_row (message_id) VALUES (new.id);
        INSERT INTO compliance_search (rowid, terms) VALUES (last_insert_rowid(), new.search);
    END""",
    """CREATE TRIGGER IF NOT EXISTS compliance_search_update AFTER UPDATE OF search ON compliance_message BEGIN
        INSERT INTO compliance_search (compliance_search, rowid, terms)
            SELECT 'delete', position, old.search FROM compliance_search_row WHERE message_id = old.id;
        INSERT INTO compliance_search (rowid, terms)
            SELECT position, new.search FROM compliance_search_row WHERE message_id = new.id;
    END""",
    """CREATE TRIGGER IF NOT EXISTS compliance_search_delete AFTER DELETE ON compliance_message BEGIN
        INSERT INTO compliance_search (compliance_search, rowid, terms)
            SELECT 'delete', position, old.search FROM compliance_search_row WHERE message_id = old.id;
        DELETE FROM compliance_search_row WHERE message_id = old.id;
    END""",
)


def upgrade() -> None:
    add_table(
        "message",
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
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("changed", MOMENT, nullable=False),
        sa.Column("sender_wrote", MOMENT, nullable=False),
        sa.Column("decide_due", MOMENT, nullable=False),
        sa.Column("answer_due", MOMENT, nullable=False),
        sa.Column("paused", MOMENT, nullable=True),
        sa.Column("decided", MOMENT, nullable=True),
        sa.Column("answered", MOMENT, nullable=True),
        sa.Column("closed", MOMENT, nullable=True),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        sa.Column("purge_after", MOMENT, nullable=True),
        sa.Column("contact_purge_after", MOMENT, nullable=True),
        sa.Column("hold", sa.String(length=200), nullable=False),
        sa.Column("search", _LONG, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_message"),
        sa.UniqueConstraint("number", name="uq_compliance_message_number"),
    )
    add_table(
        "used_challenge",
        sa.Column("signature_hash", sa.String(length=64), nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("signature_hash", name="pk_compliance_used_challenge"),
        **_WITH_KEY,
    )
    add_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("mimetype", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", _BLOB, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["compliance_message.id"], name="fk_compliance_attachment_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_attachment"),
    )
    add_table(
        "event",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("actor_name", sa.String(length=100), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("text", _LONG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["compliance_message.id"], name="fk_compliance_event_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "sequence", name="pk_compliance_event"),
        **_WITH_KEY,
    )
    add_table(
        "idempotency",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_compliance_idempotency"),
        **_WITH_KEY,
    )
    add_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("dedupe", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("sent", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["compliance_message.id"], name="fk_compliance_outbox_message_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_outbox"),
        sa.UniqueConstraint("dedupe", name="uq_compliance_outbox_dedupe"),
        **_WITH_KEY,
    )
    add_table(
        "consent",
        sa.Column("sequence", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("record_hash", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("policy", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_compliance_consent"),
        sa.UniqueConstraint("record_hash", name="uq_compliance_consent_record_hash"),
    )
    add_table(
        "ledger",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("purged", _NUMBER, nullable=False),
        sa.Column("purged_hash", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_ledger"),
    )
    add_table(
        "text",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("text", _LONG, nullable=False),
        sa.Column("kept", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_compliance_text"),
    )
    for table, indexes in _INDEXES.items():
        for columns in indexes:
            there = sa.text(f"{columns} IS NOT NULL") if columns in _SPARSE else None
            options = {"sqlite_where": there, "postgresql_where": there}
            add_index(f"{table}_{columns.replace(' ', '_')}", table, columns.split(), **options)
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for statement in _SQLITE:
            op.execute(statement)
    elif dialect == "postgresql":
        vector = sa.text("array_to_tsvector(string_to_array(search, ' '))")
        add_index("message_search", "message", [vector], postgresql_using="gin")
    else:
        add_index("message_search", "message", ["search"], mysql_prefix="FULLTEXT")
