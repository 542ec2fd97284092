"""The tables of those who work in the console: their accounts and sessions, and what they did."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, Uuid

from .columns import LABEL, NUMBER, PREFIX, WITH_KEY, Moment, metadata


def _owner() -> ForeignKey:
    return ForeignKey(f"{PREFIX}staff.id", ondelete="CASCADE")


#: Accounts. The secret of the second factor is sealed; `subject` is the hash of who it is at a provider of identities.
staff = Table(
    f"{PREFIX}staff",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("full_name", String(100), nullable=False, default=""),
    Column("role", LABEL, nullable=False),
    Column("password", String(200)),  # its hash; nobody signs in with one where there is none
    Column("temporary", Boolean, nullable=False),  # somebody else made the password
    Column("second_factor", Text),
    Column("last_step", NUMBER, nullable=False, default=0),  # of the last code that was used: none is good twice
    Column("subject", LABEL, unique=True),
    Column("created", Moment, nullable=False),
    Column("signed_in", Moment),
    Column("disabled", Moment),
)

#: Codes that stand in for a lost telephone, by their hashes; each is good once.
recovery_code = Table(
    f"{PREFIX}recovery_code",
    metadata,
    Column("staff_id", Uuid, _owner(), primary_key=True),
    Column("code_hash", LABEL, primary_key=True),
    **WITH_KEY,
)

#: Sessions, by the hash of the key in the cookie.
staff_session = Table(
    f"{PREFIX}staff_session",
    metadata,
    Column("key_hash", LABEL, primary_key=True),
    Column("staff_id", Uuid, _owner(), nullable=False, index=True),
    Column("stage", LABEL, nullable=False),  # how far the sign-in has come
    Column("created", Moment, nullable=False),
    Column("seen", Moment, nullable=False, index=True),
    Column("confirmed", Moment),  # when who is there last proved it
    Column("agent", String(200), nullable=False),
    Column("network", String(64), nullable=False),
    **WITH_KEY,
)

#: How often it was tried in vain to sign in, by the hash of an account's name or of a network.
staff_delay = Table(
    f"{PREFIX}staff_delay",
    metadata,
    Column("key_hash", LABEL, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", Moment, nullable=False, index=True),
    **WITH_KEY,
)

#: What was done in the console, each row chained to the one before it.
act = Table(
    f"{PREFIX}act",
    metadata,
    Column("sequence", NUMBER, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("role", LABEL, nullable=False),
    Column("action", LABEL, nullable=False),
    Column("about", String(100), nullable=False),  # a receipt number, an account
    Column("network", String(64), nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Column("previous", LABEL, nullable=False),
    Column("hash", LABEL, nullable=False),
    Index(None, "actor", "sequence"),
    Index(None, "action", "sequence"),
    Index(None, "about", "sequence"),
)

#: A row for each chain, which says how far it was read again, by whom, and what was found.
verification = Table(
    f"{PREFIX}verification",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("actor", String(64), nullable=False),
    Column("begun", Moment, nullable=False),
    Column("seen", Moment, nullable=False),  # when it was last at work
    Column("ended", Moment),
    Column("rows", NUMBER, nullable=False),
    Column("length", NUMBER, nullable=False),
    Column("more", NUMBER, nullable=False),  # findings that are not listed
    Column("findings", Text, nullable=False),  # JSON
    Column("end", String(100), nullable=False),  # number and hash of the last row
)
