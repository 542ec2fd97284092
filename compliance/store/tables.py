"""The tables, as plain SQL knows them: no sequence, no trigger, nothing that one kind of database alone can do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.mysql import DATETIME, LONGBLOB, MEDIUMTEXT
from sqlalchemy.types import TypeDecorator

#: Every name begins with it, so that the tables can lie among a host's own.
PREFIX = "compliance_"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A point in time: UTC, whatever the database thinks of time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Keep microseconds on MySQL, too."""
        precise = DATETIME(fsp=6) if dialect.name in ("mysql", "mariadb") else DateTime(timezone=True)
        return dialect.type_descriptor(precise)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Take a time with its zone only."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone; give it in UTC")
        return value.astimezone(UTC) if dialect.name == "postgresql" else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


_Long = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
_Blob = LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")
_Label = String(64)  # a keyed hash, a state, a kind
_Number = BigInteger().with_variant(Integer(), "sqlite")  # which has one kind of integers, of 64 bits
_WITH_KEY: dict[str, Any] = {"sqlite_with_rowid": False}  # SQLite writes a page less where the key holds the row


def _sparse(column: str) -> Index:
    """Return an index of the rows that have a value in *column*: most have none, and need no place in it."""
    there = text(f"{column} IS NOT NULL")
    return Index(None, column, sqlite_where=there, postgresql_where=there)


def _message() -> Any:
    return ForeignKey(f"{PREFIX}message.id", ondelete="CASCADE")


#: A case. What could name its sender (name, contact) is sealed; `source` is a label that changes every day.
message = Table(
    f"{PREFIX}message",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("code_hash", _Label, nullable=False),
    Column("code_revision", Integer, nullable=False, default=0),
    Column("kind", _Label, nullable=False),
    Column("category", _Label, nullable=False, default=""),
    Column("language", String(16), nullable=False),
    Column("subject", String(200), nullable=False, default=""),
    Column("body", _Long, nullable=False),
    Column("page", Text, nullable=False, default=""),
    Column("page_title", String(300), nullable=False, default=""),
    Column("page_hash", _Label, nullable=False, default=""),
    Column("excerpt", Text, nullable=False, default=""),
    Column("seen", String(40), nullable=False, default=""),  # when its sender saw it
    Column("relation", _Label, nullable=False, default=""),  # of its sender to the person whose rights are infringed
    # Of an infringement of the rights of an enterprise: whose, and what the information does to it.
    Column("enterprise", String(100), nullable=False, default=""),
    Column("credit_code", String(40), nullable=False, default=""),
    Column("harm", _Label, nullable=False, default=""),
    Column("body_hash", _Label, nullable=False),
    Column("name", Text),
    Column("contact", Text),
    Column("contact_hash", _Label),
    Column("source", _Label, nullable=False, default=""),
    Column("state", _Label, nullable=False),
    Column("urgent", Boolean, nullable=False, default=False),
    Column("marks", String(300), nullable=False, default=""),  # why it was quarantined or made urgent
    Column("assignee", String(100), nullable=False, default=""),
    Column("version", Integer, nullable=False, default=1),
    Column("created", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    Column("sender_wrote", Moment, nullable=False),
    Column("decide_due", Moment, nullable=False),
    Column("answer_due", Moment, nullable=False),
    Column("paused", Moment),
    Column("decided", Moment),
    Column("answered", Moment),
    Column("closed", Moment),
    Column("reopened", Boolean, nullable=False, default=False),
    Column("purge_after", Moment),
    Column("contact_purge_after", Moment),
    Column("hold", String(200), nullable=False, default=""),  # why it may not be purged
    Column("search", _Long, nullable=False, default=""),  # what is searched, split into terms
    Index(None, "state", "answer_due", "id"),
    Index(None, "created", "id"),
    Index(None, "kind", "created"),
    Index(None, "page_hash", "category"),
    Index(None, "body_hash", "created"),
    _sparse("contact_hash"),
    Index(None, "assignee", "state"),
    _sparse("purge_after"),
    _sparse("contact_purge_after"),
)

#: What happened to a case, in order; never changed. A purge takes the words away and leaves what happened when.
event = Table(
    f"{PREFIX}event",
    metadata,
    Column("message_id", Uuid, _message(), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("kind", _Label, nullable=False),  # received, moved, asked, answered, added, noted, assigned, held …
    Column("actor", _Label, nullable=False),
    Column("actor_name", String(100), nullable=False, default=""),
    Column("public", Boolean, nullable=False),
    Column("state", _Label, nullable=False),  # after it
    Column("text", _Long, nullable=False, default=""),
    Column("at", Moment, nullable=False),
    Column("batch", Uuid),  # what the changes of several cases at once have in common
    Index(None, "at"),
    _sparse("batch"),
    **_WITH_KEY,
)

#: Answers that editors are still writing, one of each about a case; a purge takes them with the words of the case.
draft = Table(
    f"{PREFIX}draft",
    metadata,
    Column("message_id", Uuid, _message(), primary_key=True),
    Column("editor", String(100), primary_key=True),
    Column("target", _Label, nullable=False, default=""),  # the state that it is to lead to
    Column("language", String(16), nullable=False),
    Column("text", _Long, nullable=False),
    Column("review", Boolean, nullable=False, default=False),  # somebody else is to look at it
    Column("version", Integer, nullable=False),  # of the case as its editor saw it
    Column("saved", Moment, nullable=False),
    Index(None, "editor", "saved"),
    Index(None, "review", "saved"),
    **_WITH_KEY,
)

#: Answers that are given often.
reply = Table(
    f"{PREFIX}reply",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(60), nullable=False),
    Column("language", String(16), nullable=False),
    Column("text", _Long, nullable=False),
    Column("editor", String(100), nullable=False),
    Column("changed", Moment, nullable=False),
)

#: Searches that editors keep.
bookmark = Table(
    f"{PREFIX}bookmark",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("editor", String(100), nullable=False, index=True),
    Column("shared", Boolean, nullable=False),
    Column("name", String(60), nullable=False),
    Column("query", Text, nullable=False),
    Column("kept", Moment, nullable=False),
)

#: Pictures that were sent along, made anew.
attachment = Table(
    f"{PREFIX}attachment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("message_id", Uuid, _message(), nullable=False, index=True),
    Column("mimetype", _Label, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", _Label, nullable=False),
    Column("content", _Blob, nullable=False),
    Column("created", Moment, nullable=False),
)

#: What waits to be sent. `target` is a hash of the recipient, or "sender": addresses stay in the settings, and sealed.
outbox = Table(
    f"{PREFIX}outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("message_id", Uuid, _message(), nullable=False, index=True),
    Column("sequence", Integer, nullable=False),  # the event that it is about
    Column("target", _Label, nullable=False),
    Column("dedupe", _Label, nullable=False, unique=True),
    Column("state", _Label, nullable=False),  # pending, sent, dead
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Moment, nullable=False),
    Column("lease_owner", _Label),
    Column("lease_until", Moment),
    Column("error", String(200), nullable=False, default=""),
    Column("created", Moment, nullable=False),
    Column("sent", Moment),
    Index(None, "state", "next_at"),
    **_WITH_KEY,
)

#: Proofs of work and tickets that were used: each is good for one message.
used_challenge = Table(
    f"{PREFIX}used_challenge",
    metadata,
    Column("signature_hash", _Label, primary_key=True),
    Column("expires", Moment, nullable=False, index=True),
    **_WITH_KEY,
)

#: Submissions by the key that their sender made, so that one sent twice is one message.
idempotency = Table(
    f"{PREFIX}idempotency",
    metadata,
    Column("key_hash", _Label, primary_key=True),
    Column("request_hash", _Label, nullable=False),
    Column("message_id", Uuid, nullable=False),  # no foreign key: this row is written first
    Column("expires", Moment, nullable=False, index=True),
    **_WITH_KEY,
)

#: What readers decided, each row chained to the one before it. `salt` and `content` hold what is personal; they can be
#: erased, and the chain holds all the same.
consent = Table(
    f"{PREFIX}consent",
    metadata,
    Column("sequence", _Number, primary_key=True, autoincrement=False),
    Column("kind", _Label, nullable=False),  # decision, erasure
    Column("record_hash", _Label, nullable=False, unique=True),  # of the record's id: none is there twice
    Column("at", Moment, nullable=False, index=True),
    Column("policy", String(40), nullable=False),
    Column("mode", _Label, nullable=False),
    Column("salt", _Label),
    Column("content", Text),
    Column("content_hash", _Label, nullable=False),
    Column("previous", _Label, nullable=False),
    Column("hash", _Label, nullable=False),
)

#: The one row that knows where the chain ends, and up to where it was let go; whoever appends locks it.
ledger = Table(
    f"{PREFIX}ledger",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", _Number, nullable=False),
    Column("hash", _Label, nullable=False),
    Column("purged", _Number, nullable=False),
    Column("purged_hash", _Label, nullable=False),
    Column("seal", _Label, nullable=False),
    Column("let_go", Moment),  # decisions older than this were let go of
)

#: Records that were erased before their rows came: they wait on the disk of some machine, or come back from a backup.
tombstone = Table(
    f"{PREFIX}tombstone",
    metadata,
    Column("record_hash", _Label, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    **_WITH_KEY,
)

#: What was told once and is not told again, such as that a licence expires, by its hash.
told = Table(
    f"{PREFIX}told",
    metadata,
    Column("key_hash", _Label, primary_key=True),
    Column("at", Moment, nullable=False),
    **_WITH_KEY,
)

#: The one row that says whose this database is.
site = Table(
    f"{PREFIX}site",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(300), nullable=False),
    Column("url", Text, nullable=False),
    Column("key", _Label),  # the digest of the key that what is here is sealed with
)

#: The texts that readers decided about, by their hash: what was published once stays provable.
published = Table(
    f"{PREFIX}text",
    metadata,
    Column("hash", _Label, primary_key=True),
    Column("name", _Label, nullable=False),
    Column("version", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("text", _Long, nullable=False),
    Column("kept", Moment, nullable=False),
)
