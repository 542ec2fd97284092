"""The parts that a table of many years consists of, one for each month: made before it begins, dropped as a whole.

SQLite has none of them, and needs none: there rows are deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ..errors import StoreError
from .tables import decision

if TYPE_CHECKING:
    from .database import Database

#: Which databases have them.
DIALECTS = ("postgresql", "mysql")
_NAME = decision.name
_THERE = {
    "postgresql": "SELECT to_regclass(:part) IS NOT NULL",
    "mysql": "SELECT COUNT(*) FROM information_schema.partitions"
    " WHERE table_schema = database() AND table_name = :table AND partition_name = :part",
}
_MAKE = {
    "postgresql": f"CREATE TABLE {_NAME}_{{0}} PARTITION OF {_NAME} FOR VALUES IN ({{0}})",
    "mysql": f"ALTER TABLE {_NAME} ADD PARTITION (PARTITION {_NAME}_{{0}} VALUES IN ({{0}}))",
}
_DROP = {
    "postgresql": f"DROP TABLE {_NAME}_{{0}}",
    "mysql": f"ALTER TABLE {_NAME} DROP PARTITION {_NAME}_{{0}}",
}


def make(database: Database, period: int) -> None:
    """See that the part for *period* is there. It is made outside of the transaction that needs it: MySQL ends one."""
    _change(database, _MAKE, period, there=False)


def drop(database: Database, period: int) -> None:
    """Let go of all rows of *period*, and of the room that they take."""
    _change(database, _DROP, period, there=True)


def _change(database: Database, statements: dict[str, str], period: int, *, there: bool) -> None:
    if database.dialect not in statements or _is_there(database, period) is not there:
        return
    statement = text(statements[database.dialect].format(period))
    try:
        database.write(lambda connection: connection.execute(statement))
    except (DBAPIError, StoreError):
        if _is_there(database, period) is there:  # else another process was first
            raise


def _is_there(database: Database, period: int) -> bool:
    names = {"part": f"{_NAME}_{period}", "table": _NAME}
    query = text(_THERE[database.dialect])
    with database.reading() as connection:
        return bool(connection.scalar(query, {name: names[name] for name in query._bindparams}))
