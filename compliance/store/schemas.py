"""The schema of PostgreSQL that holds the tables of one site beside those of others: made where that is permitted.

No statement names it. Each connection, or each transaction behind a pooler, has it for its whole search path
(`engines`), so that whatever has a name, a table, an index, a part of a month, the table of versions, is looked for and
made there and nowhere else.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from ..errors import Message, StoreError

_ASKED = text(
    "SELECT to_regnamespace(:name) IS NOT NULL AS there, current_user AS role,"
    " has_database_privilege(current_database(), 'CREATE') AS may_make"
)
_USABLE = text("SELECT has_schema_privilege(:name, 'CREATE') AND has_schema_privilege(:name, 'USAGE')")


def prepare(connection: Connection, schema: str) -> None:
    """See that *schema* is there and tables can be made in it. Raises `StoreError`, which says what to run for it."""
    asked = connection.execute(_ASKED, {"name": f'"{schema}"'}).one()
    if not asked.there:
        if not asked.may_make:
            raise StoreError(
                Message(
                    "it has no schema %(schema)s, and its user may make none; let its owner run"
                    " CREATE SCHEMA %(schema)s AUTHORIZATION %(role)s",
                    schema=schema,
                    role=asked.role,
                )
            )
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    elif not connection.scalar(_USABLE, {"name": schema}):
        raise StoreError(
            Message(
                "its user may not make tables in the schema %(schema)s; let its owner run"
                " GRANT CREATE, USAGE ON SCHEMA %(schema)s TO %(role)s",
                schema=schema,
                role=asked.role,
            )
        )
