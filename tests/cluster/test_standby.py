"""A PostgreSQL server with a synchronous standby, which takes its place in the middle of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.load import Load, Site, closed
from support.standby import Pair, pair


@pytest.fixture
def both() -> Iterator[Pair]:
    with TemporaryDirectory() as folder, pair(Path(folder)) as both:
        yield both


@pytest.fixture
def sites(both: Pair, tmp_path: Path) -> Iterator[list[Site]]:
    """Three servers."""
    with closed(Site(both.url, tmp_path / str(place)) for place in range(3)) as made:
        yield made


LOSSES: dict[str, Callable[[Pair], None]] = {
    "killed": lambda both: both.primary.kill(),
    "stopped": lambda both: both.primary.freeze(),
    "parted": lambda both: both.network.hang(),
}


@pytest.mark.parametrize("how", LOSSES)
def test_a_standby_that_takes_over_has_all_that_was_acknowledged(how: str, both: Pair, sites: list[Site]):
    with Load(sites) as load:
        load.until(10)
        LOSSES[how](both)
        load.until_told(0, "database")
        both.promote()
        # Fenced: whoever still reaches it would wait for a standby that follows no more.
        both.primary.kill()
        load.until(10)
    load.check(sites[0].database)


def test_nobody_is_acknowledged_by_a_server_whose_standby_is_gone(both: Pair, sites: list[Site]):
    with Load(sites) as load:
        load.until(5)
        both.network.hang()
        load.until_told(0, "database")
        before = dict(load.receipts)
        for place in (1, 2):
            load.until_told(place, "database")
        assert load.receipts == before
        both.network.restore()
        load.until(5)
    load.check(sites[0].database)
