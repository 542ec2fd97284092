from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from compliance.store import Database, StoreError, tables


def test_sqlite_needs_nothing_to_be_set_up(tmp_path: Path):
    database = Database("sqlite:///compliance.db", folder=tmp_path / "instance")
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.message)) == 0
    assert (tmp_path / "instance" / "compliance.db").exists()
    database.close()


@pytest.mark.parametrize("url", ["nonsense", "oracle+nothing://db", "sqlite+none:///x"])
def test_unusable_address_is_told_without_repeating_it(url: str, tmp_path: Path):
    with pytest.raises(StoreError) as caught:
        Database(url, folder=tmp_path)
    assert url not in str(caught.value)


def test_every_kind_of_database_starts_empty(database: Database):
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.message)) == 0
