"""Those who work in the console: their accounts and sessions, and what they did.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa

from compliance.store.migrations.steps import MOMENT, add_index, add_table

revision = "0006"
down_revision = "0005"


def _label(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=64), nullable=nullable)


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_compliance_{table}_staff_id"
    return sa.ForeignKeyConstraint(["staff_id"], ["compliance_staff.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    add_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        _label("name"),
        sa.Column("full_name", sa.String(length=100), nullable=False),
        _label("role"),
        sa.Column("password", sa.String(length=200), nullable=True),
        sa.Column("temporary", sa.Boolean(), nullable=False),
        sa.Column("second_factor", sa.Text(), nullable=True),
        sa.Column("last_step", number, nullable=False),
        _label("subject", nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("signed_in", MOMENT, nullable=True),
        sa.Column("disabled", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_compliance_staff"),
        sa.UniqueConstraint("name", name="uq_compliance_staff_name"),
        sa.UniqueConstraint("subject", name="uq_compliance_staff_subject"),
    )
    add_table(
        "recovery_code",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        _label("code_hash"),
        sa.PrimaryKeyConstraint("staff_id", "code_hash", name="pk_compliance_recovery_code"),
        _owner("recovery_code"),
        sqlite_with_rowid=False,
    )
    add_table(
        "staff_session",
        _label("key_hash"),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        _label("stage"),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("seen", MOMENT, nullable=False),
        sa.Column("confirmed", MOMENT, nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=False),
        _label("network"),
        sa.PrimaryKeyConstraint("key_hash", name="pk_compliance_staff_session"),
        _owner("staff_session"),
        sqlite_with_rowid=False,
    )
    add_index("staff_session_staff_id", "staff_session", ["staff_id"])
    add_index("staff_session_seen", "staff_session", ["seen"])
    add_table(
        "staff_delay",
        _label("key_hash"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_compliance_staff_delay"),
        sqlite_with_rowid=False,
    )
    add_index("staff_delay_until", "staff_delay", ["until"])
    add_table(
        "act",
        sa.Column("sequence", number, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _label("actor"),
        _label("role"),
        _label("action"),
        sa.Column("about", sa.String(length=100), nullable=False),
        _label("network"),
        sa.Column("detail", sa.Text(), nullable=False),
        _label("previous"),
        _label("hash"),
        sa.PrimaryKeyConstraint("sequence", name="pk_compliance_act"),
    )
    add_index("act_at", "act", ["at"])
    for name in ("actor", "action", "about"):
        add_index(f"act_{name}_sequence", "act", [name, "sequence"])
