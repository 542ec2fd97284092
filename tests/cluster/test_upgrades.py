"""One server after the other is given the next version of the package, while all of them work on one database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from compliance import Compliance
from compliance.ledger import verify
from compliance.store import tables
from support.databases import KINDS, fresh
from support.delivery import until
from support.host import ROOT, SETTINGS, create_app
from support.versions import Server, commit_before, newer, older


@pytest.fixture
def settings(kind: str, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Those of a site, on a database of one kind."""
    with fresh(kind, tmp_path) as url:
        yield {
            **SETTINGS,
            "storage": {"url": url},
            "messages": {"challenge": "none"},
            "limits": {"enabled": False},
        }


def work(server: Server, times: int = 5) -> None:
    """Return once *server* has acknowledged so many more of everything."""
    before = server.done.copy()
    until(lambda: all(server.done[kind] >= before[kind] + times for kind in ("message", "decision")))


def assert_all_is_kept(servers: list[Server], settings: dict[str, Any]) -> None:
    host = create_app()
    Compliance(host, settings=settings)
    site = host.extensions["compliance"]
    acknowledged = sum((server.done for server in servers), Counter[str]())
    with site.database.reading() as connection:
        kept = connection.scalar(select(func.count()).select_from(tables.message))
    assert kept == acknowledged["message"]
    assert site.ledger.length() == acknowledged["decision"]
    assert list(verify(site.ledger)) == []
    site.database.close()


# What came before is in the history alone, which an archive of the source comes without.
KNOWN = KINDS if commit_before() else ()


@pytest.mark.parametrize(
    ("kind", "old"),
    [*((kind, older) for kind in KNOWN), ("mysql", lambda _: ROOT)],
    ids=[*(f"{kind}-before" for kind in KNOWN), "mysql-now"],
)
def test_old_and_new_work_at_once(old: Callable[[Path], Path], settings: dict[str, Any], tmp_path: Path):
    """Each goes on from what the other wrote, and from what the other left on the disk."""
    before = old(tmp_path / "before")
    after = newer(tmp_path / "after", takes_away=False) if before == ROOT else ROOT
    servers = [Server(tmp_path / str(place), settings) for place in range(2)]
    for server in servers:
        server.start(before)
    for server in servers:
        work(server)
    for server in servers:
        server.stop()
        server.start(after)
        for other in servers:
            work(other)
    if before == ROOT:  # it is known to an old one that starts now that it may
        servers[0].stop()
        servers[0].start(before)
        work(servers[0])
    for server in servers:
        server.stop()
    assert_all_is_kept(servers, settings)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_an_old_one_does_not_start_on_tables_that_lack_what_it_needs(settings: dict[str, Any], tmp_path: Path):
    server = Server(tmp_path / "server", settings)
    server.start(newer(tmp_path / "after", takes_away=True))
    work(server)
    server.stop()
    taken = server.done["message"]
    server.start(ROOT)
    until(lambda: server.done["decision"] > taken + 5)
    assert "newer version" in server.stop()
    assert server.done["message"] == taken
