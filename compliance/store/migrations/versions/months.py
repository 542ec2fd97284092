"""The ledger by months, in a third of the room.

Revision ID: 0009

A process of the version before, which goes on until it is started anew, finds an end that no key seals: it changes
nothing, and its decisions wait on its disk until the next one takes them along.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from compliance.store.migrations.steps import MOMENT, add_column, add_table

revision = "0009"
down_revision = "0008"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LOT = 2_000


def _bytes(length: int) -> Any:
    return sa.LargeBinary(length).with_variant(mysql.BINARY(length), "mysql", "mariadb")


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    add_table(
        "decision",
        sa.Column("sequence", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("circumstance", sa.Integer(), nullable=False),
        sa.Column("record_hash", _bytes(32), nullable=False),
        sa.Column("salt", _bytes(16), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("content_hash", _bytes(32), nullable=False),
        sa.Column("previous", _bytes(32), nullable=False),
        sa.Column("hash", _bytes(32), nullable=False),
        sa.PrimaryKeyConstraint("sequence", "period", name="pk_compliance_decision"),
        sa.UniqueConstraint("record_hash", "period", name="uq_compliance_decision_record_hash_period"),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (period)",
    )
    if dialect == "postgresql":
        op.execute("CREATE TABLE compliance_decision_0 PARTITION OF compliance_decision FOR VALUES IN (0)")
    elif dialect != "sqlite":
        op.execute(
            "ALTER TABLE compliance_decision PARTITION BY LIST (period) (PARTITION compliance_decision_0 VALUES IN (0))"
        )
    add_table(
        "circumstance",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_circumstance"),
    )
    add_table(
        "period",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begun", _NUMBER, nullable=False),
        sa.Column("begun_hash", sa.String(length=64), nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("youngest", MOMENT, nullable=True),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_period"),
    )
    add_column("ledger", sa.Column("period", sa.Integer(), nullable=False, server_default="0"))
    add_column("ledger", sa.Column("begun", _NUMBER, nullable=False, server_default="0"))
    add_column("ledger", sa.Column("begun_hash", sa.String(length=64), nullable=False, server_default="0" * 64))
    add_column("ledger", sa.Column("youngest", MOMENT, nullable=True))
    _move(op.get_bind())


def _move(connection: sa.Connection) -> None:
    """Take along what is there, the end first: so nobody appends meanwhile."""
    names = "id sequence hash purged purged_hash seal let_go period begun begun_hash youngest"
    moments = {name: sa.column(name, MOMENT) for name in ("let_go", "youngest")}
    ledger = sa.table("compliance_ledger", *(moments.get(name, sa.column(name)) for name in names.split()))
    head = connection.execute(sa.select(ledger).where(ledger.c.id == 1).with_for_update()).one_or_none()
    if head is None:
        none = {"sequence": 0, "purged": 0, **dict.fromkeys(("hash", "purged_hash"), "0" * 64)}
        connection.execute(sa.insert(ledger).values(id=1, seal="", **none))
        return
    consent = sa.table("compliance_consent", *map(sa.column, _CONSENT), sa.column("at", MOMENT))
    decision = sa.table("compliance_decision", *map(sa.column, _DECISION), sa.column("at", MOMENT))
    numbers: dict[str, int] = {}
    last, youngest = 0, None
    query = sa.select(consent).order_by(consent.c.sequence).limit(_LOT)
    while rows := connection.execute(query.where(consent.c.sequence > last)).all():
        connection.execute(sa.insert(decision), [_row(connection, row, numbers) for row in rows])
        last = rows[-1].sequence
        latest = max(row.at for row in rows)
        youngest = latest if youngest is None else max(latest, youngest)
    connection.execute(sa.delete(consent))
    ours = {**head._mapping, "id": 3, "begun": head.purged, "begun_hash": head.purged_hash, "youngest": youngest}
    connection.execute(sa.insert(ledger).values(**ours))
    connection.execute(sa.update(ledger).where(ledger.c.id == 1).values(seal=""))


_CONSENT = ["sequence", "kind", "record_hash", "policy", "mode", "salt", "content", "content_hash", "previous", "hash"]
_DECISION = ["sequence", "period", "circumstance", "record_hash", "salt", "content", "content_hash", "previous", "hash"]


def _row(connection: sa.Connection, row: sa.Row[Any], numbers: dict[str, int]) -> dict[str, Any]:
    """Return *row* as it lies from now on; what is in it is not taken apart."""
    said = json.dumps([row.kind, row.policy, row.mode, None], separators=(",", ":"))
    if said not in numbers:
        numbers[said] = number = int.from_bytes(sha256(said.encode()).digest()[:4], "big") & (2**31 - 1)
        table = sa.table("compliance_circumstance", sa.column("id"), sa.column("said"))
        connection.execute(sa.insert(table).values(id=number, said=said))
    digests = {name: _digest(getattr(row, name)) for name in ("record_hash", "content_hash", "previous", "hash")}
    return {
        **digests,
        "sequence": row.sequence,
        "period": 0,
        "at": row.at,
        "circumstance": numbers[said],
        "salt": row.salt and _digest(row.salt)[:16],
        "content": row.content,
    }


def _digest(text: str) -> bytes:
    """Return the bytes that *text* stands for; of one that somebody changed to none, what shows it."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return sha256(text.encode()).digest()
