"""What columns are made of, in every kind of database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.dialects.mysql import BINARY, DATETIME, LONGBLOB, MEDIUMTEXT
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


class Digest(TypeDecorator[str]):
    """A hash or a salt, in hexadecimal digits; kept as so many bytes."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, length: int = 32) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Give it its place in the row on MySQL, too."""
        fixed = BINARY(self.length) if dialect.name in ("mysql", "mariadb") else LargeBinary(self.length)
        return dialect.type_descriptor(fixed)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Take hexadecimal digits."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Return hexadecimal digits."""
        return None if value is None else value.hex()


LONG = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
BLOB = LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")
LABEL = String(64)  # a keyed hash, a state, a kind
NUMBER = BigInteger().with_variant(Integer(), "sqlite")  # which has one kind of integers, of 64 bits
WITH_KEY: dict[str, Any] = {"sqlite_with_rowid": False}  # SQLite writes a page less where the key holds the row
