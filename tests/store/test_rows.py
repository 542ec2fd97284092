"""Rows that are put there by texts come back as they were given, from every kind of database."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select

from compliance.cases import State
from compliance.errors import StoreError
from compliance.store import Database
from compliance.store.outbox import announced
from compliance.store.rows import insert
from compliance.store.tables import event, message, outbox, used_challenge
from support.texts import NOW, row

CHINA = NOW.astimezone(timezone(timedelta(hours=8)))


def test_rows_of_several_tables_come_back_with_their_defaults(database: Database) -> None:
    one = row("%s 100% ?", urgent=True, contact=None, state=State.RECEIVED, created=CHINA)
    other = row("其二", subject="\N{PILE OF POO}")
    begun = {"message_id": one["id"], "sequence": 1, "kind": "received", "actor": "sender", "public": True}
    begun |= {"state": State.RECEIVED, "at": NOW}
    told = announced(one["id"], 1, ["a", "b", "c"], NOW)
    rows = [(message, one), (message, other), (event, begun), *told]
    for number in range(7):  # a server that knows a statement prepares it
        proof = {"signature_hash": str(number), "expires": NOW}
        database.write(lambda connection, proof=proof: insert(connection, [(used_challenge, proof)]))
    database.write(lambda connection: insert(connection, rows))

    def kept(table: Any, **values: Any) -> dict[str, Any]:
        where = [table.c[name] == value for name, value in values.items()]
        with database.reading() as connection:
            return dict(connection.execute(select(table).where(*where)).one()._mapping)

    assert kept(message, id=one["id"]).items() >= {**one, "urgent": True, "version": 1, "marks": ""}.items()
    assert kept(message, id=other["id"]).items() >= {**other, "urgent": False, "assignee": ""}.items()
    assert kept(event, message_id=one["id"]).items() >= begun.items()
    for _, values in told:
        assert kept(outbox, id=values["id"]).items() >= {**values, "attempts": 0, "sent": None}.items()


def test_nothing_stands_there_of_rows_that_one_keeps_out(database: Database) -> None:
    one = row("a")
    database.write(lambda connection: insert(connection, [(message, one)]))
    with pytest.raises(StoreError):
        database.write(lambda connection: insert(connection, [(message, row("b")), (message, one)]))
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(message)) == 1


def test_no_rows_are_none(database: Database) -> None:
    database.write(lambda connection: insert(connection, []))
