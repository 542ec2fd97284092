"""What `cases.deadline` and `cases.is_overdue` say of a case, said of the rows of a table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case

from ..cases import OWING
from .tables import message

_row = message.c
#: By when the next thing is owed, where something is.
owed_by: ColumnElement[datetime] = case(
    (and_(_row.decided.is_(None), _row.decide_due < _row.answer_due), _row.decide_due), else_=_row.answer_due
)


def owed() -> ColumnElement[bool]:
    """Return the condition that the editors owe something."""
    return _row.state.in_(OWING)


def overdue(now: datetime) -> ColumnElement[bool]:
    """Return the condition that they should have done it before *now*."""
    return and_(owed(), now > owed_by)
