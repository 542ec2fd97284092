"""A pooler that several servers share is lost in the middle of everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from support.databases import fresh
from support.load import Load, Site, closed
from support.pooler import pooler
from support.proxy import FAULTS, Proxy


@pytest.mark.parametrize("how", FAULTS)
def test_a_pooler_that_is_lost_costs_nothing_that_was_acknowledged(how: str, tmp_path: Path):
    lose, mend = FAULTS[how]
    with (
        fresh("postgresql", tmp_path) as address,
        pooler(address, connections=4) as (url, running),
        Proxy("127.0.0.1", make_url(url).port or 0) as network,
        closed(
            Site(make_url(url).set(port=network.port).render_as_string(), tmp_path / str(place), pooler=True)
            for place in range(2)
        ) as sites,
    ):
        with Load(sites) as load:
            load.until(10)
            lose(running, network)
            for place in range(2):
                load.until_told(place, "database")
            mend(running, network)
            load.until(10)
        load.check(sites[0].database)
