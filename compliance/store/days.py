"""Days of China, and the values in JSON, as every kind of database finds them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ColumnElement, String, cast, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class china_day(FunctionElement[str]):  # called as functions of SQL are
    """The day of a `Moment` in China, such as ``2026-11-24``: eight hours before UTC, with no other time in summer."""

    type = String()
    inherit_cache = True


@compiles(china_day, "sqlite")
def _sqlite(element: china_day, compiler: Any, **options: Any) -> str:
    # It knows milliseconds, to which it would round the last moment of a day up.
    return f"date(substr({compiler.process(element.clauses, **options)}, 1, 19), '+8 hours')"


@compiles(china_day, "postgresql")
def _postgresql(element: china_day, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"to_char({moment} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')"


@compiles(china_day, "mysql")
@compiles(china_day, "mariadb")
def _mysql(element: china_day, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"CAST(DATE(DATE_ADD({moment}, INTERVAL 8 HOUR)) AS CHAR)"


def in_json(column: ColumnElement[Any], name: str, dialect: str) -> ColumnElement[str]:
    """Return what *name* is in the JSON object that a *column* of text holds, as text."""
    told: Any = cast(column, JSON) if dialect == "postgresql" else type_coerce(column, JSON)
    found: ColumnElement[str] = told[name].as_string()
    return found
