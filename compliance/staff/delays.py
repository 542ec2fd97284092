"""Delays that grow with every vain attempt to sign in, counted for an account and for a network.

They lie in the database: several processes, and servers, count together. An attempt is counted before it is looked at,
so that many at once do not all pass while the first is looked at, and forgotten again where it succeeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from ..store import Database
from ..store.staff import staff_delay
from ..vault import Vault

#: How many attempts are free: an account's owner slips, and behind the address of an office are many.
FREE = {"account": 5, "network": 20}
#: The longest delay; whoever guesses at an account keeps its owner out no longer.
LONGEST = timedelta(minutes=15)
#: How long after the last delay attempts are remembered.
MEMORY = timedelta(hours=1)


class Delays:
    """The delays of one site's console."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def take(self, keys: Mapping[str, str], *, now: datetime) -> int:
        """Count an attempt for each of *keys* (`account` and `network`); return how many seconds to wait instead.

        An attempt that has to wait is counted nowhere. Raises `StoreError`.
        """
        wanted = {kind: self._hash(kind, key) for kind, key in keys.items()}

        def work(connection: Connection) -> int:
            query = select(staff_delay).where(staff_delay.c.key_hash.in_(wanted.values())).with_for_update()
            rows = {row.key_hash: row for row in connection.execute(query)}
            wait = max((row.until - now for row in rows.values()), default=timedelta())
            if wait > timedelta():
                return int(wait.total_seconds()) + 1
            for kind, hashed in wanted.items():
                row = rows.get(hashed)
                failures = 1 + (row.failures if row and row.until > now - MEMORY else 0)
                values = {"failures": failures, "until": now + _delay(failures - FREE[kind])}
                if row is None:
                    connection.execute(insert(staff_delay).values(key_hash=hashed, **values))
                else:
                    connection.execute(update(staff_delay).where(staff_delay.c.key_hash == hashed).values(values))
            connection.execute(delete(staff_delay).where(staff_delay.c.until < now - MEMORY))
            return 0

        return self._database.write(work)

    def forget(self, keys: Mapping[str, str], *, now: datetime) -> None:
        """Forget that the last attempt for *keys* was one, and all at this account. Raises `StoreError`."""
        hashed = {kind: self._hash(kind, key) for kind, key in keys.items()}

        def work(connection: Connection) -> None:
            connection.execute(delete(staff_delay).where(staff_delay.c.key_hash == hashed["account"]))
            others = update(staff_delay).where(staff_delay.c.key_hash == hashed["network"], staff_delay.c.failures > 0)
            connection.execute(others.values(failures=staff_delay.c.failures - 1, until=now))

        self._database.write(work)

    def _hash(self, kind: str, key: str) -> str:
        return self._vault.digest("staff delay", f"{kind}\0{key}")


def _delay(over: int) -> timedelta:
    """Return how long to wait after an attempt that is *over* those that are free: 1, 2, 4 … seconds."""
    return min(timedelta(seconds=2 ** min(over, 20)), LONGEST) if over >= 0 else timedelta()
