"""The tables, as plain SQL knows them: no sequence, no trigger, nothing that one kind of database alone can do."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, Uuid, text

from .columns import BLOB, LABEL, LONG, NUMBER, WITH_KEY, Digest
from .columns import PREFIX as PREFIX
from .columns import Moment as Moment
from .columns import metadata as metadata


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
    Column("code_hash", LABEL, nullable=False),
    Column("code_revision", Integer, nullable=False, default=0),
    Column("kind", LABEL, nullable=False),
    Column("category", LABEL, nullable=False, default=""),
    Column("language", String(16), nullable=False),
    Column("subject", String(200), nullable=False, default=""),
    Column("body", LONG, nullable=False),
    Column("page", Text, nullable=False, default=""),
    Column("page_title", String(300), nullable=False, default=""),
    Column("page_hash", LABEL, nullable=False, default=""),
    Column("excerpt", Text, nullable=False, default=""),
    Column("seen", String(40), nullable=False, default=""),  # when its sender saw it
    Column("relation", LABEL, nullable=False, default=""),  # of its sender to the person whose rights are infringed
    # Of an infringement of the rights of an enterprise: whose, and what the information does to it.
    Column("enterprise", String(100), nullable=False, default=""),
    Column("credit_code", String(40), nullable=False, default=""),
    Column("harm", LABEL, nullable=False, default=""),
    Column("body_hash", LABEL, nullable=False),
    Column("name", Text),
    Column("contact", Text),
    Column("contact_hash", LABEL),
    Column("source", LABEL, nullable=False, default=""),
    Column("state", LABEL, nullable=False),
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
    Column("search", LONG, nullable=False, default=""),  # what is searched, split into terms
    Index(None, "state", "answer_due", "id"),  # for processes of the version before alone, which list by it
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
    Column("kind", LABEL, nullable=False),  # received, moved, asked, answered, added, noted, assigned, held …
    Column("actor", LABEL, nullable=False),
    Column("actor_name", String(100), nullable=False, default=""),
    Column("public", Boolean, nullable=False),
    Column("state", LABEL, nullable=False),  # after it
    Column("text", LONG, nullable=False, default=""),
    Column("at", Moment, nullable=False),
    Column("batch", Uuid),  # what the changes of several cases at once have in common
    Index(None, "at"),
    _sparse("batch"),
    **WITH_KEY,
)

#: Answers that editors are still writing, one of each about a case; a purge takes them with the words of the case.
draft = Table(
    f"{PREFIX}draft",
    metadata,
    Column("message_id", Uuid, _message(), primary_key=True),
    Column("editor", String(100), primary_key=True),
    Column("target", LABEL, nullable=False, default=""),  # the state that it is to lead to
    Column("language", String(16), nullable=False),
    Column("text", LONG, nullable=False),
    Column("review", Boolean, nullable=False, default=False),  # somebody else is to look at it
    Column("version", Integer, nullable=False),  # of the case as its editor saw it
    Column("saved", Moment, nullable=False),
    Index(None, "editor", "saved"),
    Index(None, "review", "saved"),
    **WITH_KEY,
)

#: Answers that are given often.
reply = Table(
    f"{PREFIX}reply",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(60), nullable=False),
    Column("language", String(16), nullable=False),
    Column("text", LONG, nullable=False),
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

#: Pictures that were sent along, made anew; what is in the bucket under the key `object` has no content here.
attachment = Table(
    f"{PREFIX}attachment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("message_id", Uuid, _message(), nullable=False, index=True),
    Column("mimetype", LABEL, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", LABEL, nullable=False),
    Column("content", BLOB, nullable=False),
    Column("created", Moment, nullable=False),
    Column("object", String(128), index=True),
)

#: The one row that says below which name of a bucket the pictures of this database are.
bucket = Table(
    f"{PREFIX}bucket",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("folder", LABEL, nullable=False),
)

#: What waits to be sent. `target` is a hash of the recipient, or "sender": addresses stay in the settings, and sealed.
outbox = Table(
    f"{PREFIX}outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("message_id", Uuid, _message(), nullable=False, index=True),
    Column("sequence", Integer, nullable=False),  # the event that it is about
    Column("target", LABEL, nullable=False),
    Column("dedupe", LABEL, nullable=False, unique=True),
    Column("state", LABEL, nullable=False),  # pending, sent, dead
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Moment, nullable=False),
    Column("lease_owner", LABEL),
    Column("lease_until", Moment),
    Column("error", String(200), nullable=False, default=""),
    Column("created", Moment, nullable=False),
    Column("sent", Moment),
    Index(None, "state", "next_at"),
    **WITH_KEY,
)

#: Proofs of work and tickets that were used: each is good for one message.
used_challenge = Table(
    f"{PREFIX}used_challenge",
    metadata,
    Column("signature_hash", LABEL, primary_key=True),
    Column("expires", Moment, nullable=False, index=True),
    **WITH_KEY,
)

#: Submissions by the key that their sender made, so that one sent twice is one message.
idempotency = Table(
    f"{PREFIX}idempotency",
    metadata,
    Column("key_hash", LABEL, primary_key=True),
    Column("request_hash", LABEL, nullable=False),
    Column("message_id", Uuid, nullable=False),  # no foreign key: this row is written first
    Column("expires", Moment, nullable=False, index=True),
    **WITH_KEY,
)

#: What readers decided, each row chained to the one before it. `salt` and `content` hold what is personal; they can be
#: erased, and the chain holds all the same. The rows of a month (`period`, as in 202611) are a partition, where there
#: are any.
decision = Table(
    f"{PREFIX}decision",
    metadata,
    Column("sequence", NUMBER, primary_key=True, autoincrement=False),
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("circumstance", Integer, nullable=False),  # no foreign key: each row would be looked up
    Column("record_hash", Digest, nullable=False),  # of the record's id: none is there twice
    Column("salt", Digest(16)),
    Column("content", Text),
    Column("content_hash", Digest, nullable=False),
    Column("previous", Digest, nullable=False),
    Column("hash", Digest, nullable=False),
    UniqueConstraint("record_hash", "period"),
    **WITH_KEY,
)

#: What many decisions say alike: kind, policy, mode, choices, language, texts, as JSON, by a number made of its hash.
circumstance = Table(
    f"{PREFIX}circumstance",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("said", Text, nullable=False),
)

#: The months that are over, each sealed: the end of the one before, and its own.
period = Table(
    f"{PREFIX}period",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("begun", NUMBER, nullable=False),
    Column("begun_hash", LABEL, nullable=False),
    Column("sequence", NUMBER, nullable=False),
    Column("hash", LABEL, nullable=False),
    Column("youngest", Moment),
    Column("seal", LABEL, nullable=False),
    Column("dropped", Boolean, nullable=False, default=False),
)

#: The ledger of earlier versions, moved to `decision`; nothing is written here any more.
consent = Table(
    f"{PREFIX}consent",
    metadata,
    Column("sequence", NUMBER, primary_key=True, autoincrement=False),
    Column("kind", LABEL, nullable=False),  # decision, erasure
    Column("record_hash", LABEL, nullable=False, unique=True),  # of the record's id: none is there twice
    Column("at", Moment, nullable=False, index=True),
    Column("policy", String(40), nullable=False),
    Column("mode", LABEL, nullable=False),
    Column("salt", LABEL),
    Column("content", Text),
    Column("content_hash", LABEL, nullable=False),
    Column("previous", LABEL, nullable=False),
    Column("hash", LABEL, nullable=False),
)

#: Where a chain ends, in which month, where that began, and up to where it was let go; whoever appends locks it. The
#: ledger has the number 3, the trail 2, the ledger of earlier versions 1.
ledger = Table(
    f"{PREFIX}ledger",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", NUMBER, nullable=False),
    Column("hash", LABEL, nullable=False),
    Column("purged", NUMBER, nullable=False),
    Column("purged_hash", LABEL, nullable=False),
    Column("seal", LABEL, nullable=False),
    Column("let_go", Moment),  # decisions older than this were let go of
    Column("period", Integer, nullable=False, server_default="0"),
    Column("begun", NUMBER, nullable=False, server_default="0"),
    Column("begun_hash", LABEL, nullable=False, server_default="0" * 64),
    Column("youngest", Moment),  # of this month
)

#: Records that were erased before their rows came: they wait on the disk of some machine, or come back from a backup.
tombstone = Table(
    f"{PREFIX}tombstone",
    metadata,
    Column("record_hash", LABEL, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    **WITH_KEY,
)

#: What was told once and is not told again, such as that a licence expires, by its hash.
told = Table(
    f"{PREFIX}told",
    metadata,
    Column("key_hash", LABEL, primary_key=True),
    Column("at", Moment, nullable=False),
    **WITH_KEY,
)

#: The one row that says whose this database is.
site = Table(
    f"{PREFIX}site",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(300), nullable=False),
    Column("url", Text, nullable=False),
    Column("key", LABEL),  # the digest of the key that what is here is sealed with
)

#: The versions of these tables whose processes work on them as they are now: those that were added to since.
suited = Table(f"{PREFIX}suited", metadata, Column("version", String(32), primary_key=True), **WITH_KEY)

#: The texts that readers decided about, by their hash: what was published once stays provable.
published = Table(
    f"{PREFIX}text",
    metadata,
    Column("hash", LABEL, primary_key=True),
    Column("name", LABEL, nullable=False),
    Column("version", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("text", LONG, nullable=False),
    Column("kept", Moment, nullable=False),
)
