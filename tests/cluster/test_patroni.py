"""Servers of PostgreSQL of which Patroni makes another one take changes where one is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from support.load import Load, Site, closed
from support.patroni import Node, patroni

LOSSES: dict[str, tuple[Callable[[Node], None], Callable[[Node], None]]] = {
    "killed": (Node.kill, Node.start),
    "stopped": (Node.freeze, Node.thaw),
}


@pytest.mark.parametrize("how", LOSSES)
def test_what_was_acknowledged_is_on_the_server_that_patroni_chooses(how: str, tmp_path: Path):
    lose, mend = LOSSES[how]
    with (
        TemporaryDirectory() as folder,
        patroni(Path(folder)) as (url, nodes),
        closed(Site(url, tmp_path / str(place)) for place in range(2)) as sites,
    ):
        with Load(sites) as load:
            load.until(10)
            lose(nodes[0])
            for place in range(2):
                load.until_told(place, "database")
            load.until(10)
            mend(nodes[0])  # who takes no changes any more
            load.until(10)
        load.check(sites[0].database)
