"""What `cases.deadline` and `cases.is_overdue` say of a case, said of the rows of a table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ..cases import OWING
from .columns import Moment
from .tables import message

_row = message.c


class _OwedBy(FunctionElement[datetime]):
    type = Moment()
    inherit_cache = True


@compiles(_OwedBy)
def _column(_element: _OwedBy, _compiler: Any, **_options: Any) -> str:
    """Most have a column that they work out from the same expression."""
    return f"{message.name}.owed_by"


@compiles(_OwedBy, "postgresql")
def _expression(element: _OwedBy, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


#: By when the next thing is owed, where something is; the tables have an index of it (`migrations/versions/due.py`).
owed_by: ColumnElement[datetime] = _OwedBy(
    case((and_(_row.decided.is_(None), _row.decide_due < _row.answer_due), _row.decide_due), else_=_row.answer_due)
)


def owed() -> ColumnElement[bool]:
    """Return the condition that the editors owe something."""
    return _row.state.in_(OWING)


def overdue(now: datetime) -> ColumnElement[bool]:
    """Return the condition that they should have done it before *now*."""
    return and_(owed(), owed_by < now)
