"""Keys rotated: after it the old key can go, whatever else happens at the time."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Row, select, update

from compliance.messages import Cases, keys
from compliance.settings import load
from compliance.store import tables
from compliance.vault import Vault, VaultError
from support.editors import NOW, Desk
from support.editors import desk as desk
from support.host import SETTINGS

OLD, BOTH, NEW = Vault(["key"]), Vault(["key", "new"]), Vault(["new"])


def rekey(desk: Desk, vault: Vault = BOTH) -> Counter[str]:
    return Counter(keys.rekey(desk.database, vault))


def contact(desk: Desk, number: str, vault: Vault) -> tuple[str, str]:
    case = Cases(desk.database, vault, load(SETTINGS)).get(number)
    return case.name, case.contact


def rows(desk: Desk) -> list[Row[tuple[object, ...]]]:
    with desk.database.reading() as connection:
        return list(connection.execute(select(tables.message).order_by(tables.message.c.id)))


def test_after_it_the_old_key_can_go(desk: Desk):
    both = desk.send("a", name="王某", contact="wang@example.org")
    one = desk.send("b", contact="li@example.org")
    desk.send("nobody")
    with pytest.raises(VaultError):
        contact(desk, both, NEW)
    assert keys.sealed(desk.database) == 2
    assert rekey(desk) == {"sealed": 2}
    assert contact(desk, both, NEW) == ("王某", "wang@example.org")
    assert contact(desk, one, NEW) == ("", "li@example.org")
    assert {row.contact_hash for row in rows(desk)} == {
        NEW.digest("contact", "wang@example.org"),
        NEW.digest("contact", "li@example.org"),
        None,
    }
    assert [row.version for row in rows(desk)] == [1, 1, 1]


def test_a_second_run_changes_nothing(desk: Desk):
    desk.send(contact="wang@example.org")
    rekey(desk)
    before = rows(desk)
    assert rekey(desk) == {"kept": 1}
    assert rows(desk) == before


def test_what_was_stopped_goes_on_where_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keys, "_BATCH", 2)
    for place in range(5):
        desk.send(str(place), contact=f"{place}@example.org")
    stopped = keys.rekey(desk.database, BOTH)
    next(stopped)
    stopped.close()
    assert rekey(desk) == {"kept": 2, "sealed": 3}


def test_what_no_key_opens_stays_and_is_named_without_what_it_is(desk: Desk, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING)
    desk.send("a", contact="wang@example.org")
    desk.send("b", name="王某", contact="li@example.org")
    lost = update(tables.message).where(tables.message.c.name.is_not(None)).values(name="gone.AAAA")
    desk.database.write(lambda connection: connection.execute(lost))
    assert rekey(desk) == {"sealed": 1, "broken": 1}
    assert "message.name of" in caplog.text and "li@" not in caplog.text


def test_editors_go_on_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keys, "_BATCH", 3)
    numbers = [desk.send(str(place), contact=f"{place}@example.org") for place in range(9)]
    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(rekey, desk)
        notes = [pool.submit(desk.cases.note, number, by="Li", text="x", now=NOW) for number in reversed(numbers)]
        assert done.result() == {"sealed": 9}
        assert [note.result() for note in notes] == [None] * 9
    assert {contact(desk, number, NEW)[1] for number in numbers} == {f"{place}@example.org" for place in range(9)}
