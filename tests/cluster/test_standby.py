"""A PostgreSQL server with synchronous standbys, one of which takes its place in the middle of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.delivery import until
from support.load import Load, Site, closed
from support.standby import Group, group


@pytest.fixture
def both() -> Iterator[Group]:
    with TemporaryDirectory() as folder, group(Path(folder)) as both:
        yield both


@pytest.fixture
def sites(both: Group, tmp_path: Path) -> Iterator[list[Site]]:
    """Three servers."""
    with closed(Site(both.url, tmp_path / str(place)) for place in range(3)) as made:
        yield made


LOSSES: dict[str, Callable[[Group], None]] = {
    "killed": lambda both: both.primary.kill(),
    "stopped": lambda both: both.primary.freeze(),
    "parted": lambda both: both.network.hang(),
}


@pytest.mark.parametrize("how", LOSSES)
def test_a_standby_that_takes_over_has_all_that_was_acknowledged(how: str, both: Group, sites: list[Site]):
    with Load(sites) as load:
        load.until(10)
        LOSSES[how](both)
        load.until_told(0, "database")
        both.promote(both.standbys[0])
        # Fenced: whoever still reaches it would wait for a standby that follows no more.
        both.primary.kill()
        load.until(10)
    load.check(sites[0].database)


def test_nobody_is_acknowledged_by_a_server_whose_standby_is_gone(both: Group, sites: list[Site]):
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


@pytest.fixture
def three() -> Iterator[Group]:
    with TemporaryDirectory() as folder, group(Path(folder), standbys=2) as three:
        yield three


def test_of_two_standbys_one_may_be_away_and_either_takes_over(three: Group, tmp_path: Path):
    first, second = three.standbys
    with closed(Site(three.url, tmp_path / str(place)) for place in range(2)) as sites:
        with Load(sites) as load:
            load.until(5)
            first.kill()
            load.until(5)
            first.start()
            until(three.is_synchronous)
            second.freeze()
            load.until(5)
            three.primary.kill()
            second.thaw()  # which has less than was acknowledged
            for place in range(2):
                load.until_told(place, "database")
            three.replace()  # whose commits wait for the other one
            load.until(10)
        load.check(sites[0].database)
