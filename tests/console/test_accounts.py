"""Accounts when keys are rotated, and where several administrators are at work."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compliance.staff import Accounts, Role, StaffError, second_factor
from compliance.store import Database
from compliance.vault import Vault
from support.databases import address as address
from support.databases import database as database
from support.desk import SECRET, hash_quickly

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


@pytest.fixture
def accounts(database: Database, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    hash_quickly(monkeypatch)
    return Accounts(database, Vault(["old"]))


def test_second_factor_survives_a_rotation_of_keys(accounts: Accounts, database: Database) -> None:
    accounts.add("wang", Role.HANDLER, now=NOW)
    account = accounts.get("wang")
    first, second = (second_factor.code_of(SECRET, now=NOW.replace(minute=minute)) for minute in (0, 5))
    assert accounts.set_second_factor(account, SECRET, first, now=NOW)
    between = Accounts(database, Vault(["old", "new"]))
    assert (between.rekey(), between.rekey()) == (1, 0)
    assert Accounts(database, Vault(["new"])).is_code(account, second, now=NOW.replace(minute=5))


def test_last_administrator_stays(accounts: Accounts) -> None:
    for name in ("wang", "li"):
        accounts.add(name, Role.ADMINISTRATOR, now=NOW)
    accounts.disable("wang", now=NOW)
    for refused in (
        lambda: accounts.disable("li", now=NOW),
        lambda: accounts.set_role("li", Role.HANDLER),
    ):
        with pytest.raises(StaffError, match="last"):
            refused()
    accounts.reset("wang")  # which lets in again
    accounts.set_role("li", Role.AUDITOR)
    assert accounts.get("li").role is Role.AUDITOR


def test_name_is_there_once(accounts: Accounts) -> None:
    accounts.add("wang", Role.HANDLER, now=NOW)
    with pytest.raises(StaffError, match="taken"):
        accounts.add("wang", Role.VIEWER, now=NOW)
    assert [account.role for account in accounts.all()] == [Role.HANDLER]


def test_recovery_codes_are_used_up_and_replaced(accounts: Accounts) -> None:
    accounts.add("wang", Role.HANDLER, now=NOW)
    account = accounts.get("wang")
    old = accounts.new_recovery_codes(account)
    assert accounts.is_recovery_code(account, old[0]) and not accounts.is_recovery_code(account, old[0])
    assert accounts.recovery_codes(account) == 9
    new = accounts.new_recovery_codes(account)
    assert not accounts.is_recovery_code(account, old[1]) and accounts.is_recovery_code(account, new[1])


@pytest.mark.parametrize("name", ["wáng", "WANG", "ｗang", "wang ", "wang\0"])
def test_name_that_a_database_takes_for_another_is_unknown(accounts: Accounts, name: str) -> None:
    """What it compares by may overlook accents, which would give each spelling attempts of its own."""
    accounts.add("wang", Role.HANDLER, now=NOW)
    with pytest.raises(StaffError, match="unknown"):
        accounts.get(name)


@pytest.mark.parametrize("name", ["wáng@example.org", "wang@example.org "])
def test_address_that_a_database_takes_for_another_binds_nobody(accounts: Accounts, name: str) -> None:
    accounts.add("wang@example.org", Role.HANDLER, elsewhere=True, now=NOW)
    assert accounts.bind(name, "0" * 64) is None
    assert accounts.bind("wang@example.org", "0" * 64) is not None
