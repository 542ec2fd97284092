"""A pooler that several servers share is lost in the middle of everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.databases import fresh
from support.load import Load, Site, closed
from support.pooler import pooler
from support.programs import Program

LOSSES: dict[str, tuple[Callable[[Program], None], Callable[[Program], None]]] = {
    "killed": (Program.kill, Program.start),
    "stopped": (Program.freeze, Program.thaw),
}


@pytest.mark.parametrize("how", LOSSES)
def test_a_pooler_that_is_lost_costs_nothing_that_was_acknowledged(how: str, tmp_path: Path):
    lose, mend = LOSSES[how]
    with (
        fresh("postgresql", tmp_path) as address,
        pooler(address, connections=4) as (url, running),
        closed(Site(url, tmp_path / str(place), pooler=True) for place in range(2)) as sites,
    ):
        with Load(sites) as load:
            load.until(10)
            lose(running)
            for place in range(2):
                load.until_told(place, "database")
            mend(running)
            load.until(10)
        load.check(sites[0].database)
