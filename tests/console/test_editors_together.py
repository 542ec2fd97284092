"""Editors who work at once in a console that a server serves: no answer fails, no acknowledged change is lost."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.editors import together
from support.databases import fresh


@pytest.mark.skipif(find_spec("locust") is None, reason="locust is not installed")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_change_of_editors_who_work_at_once_is_lost(kind: str, tmp_path: Path) -> None:
    with fresh(kind, tmp_path) as url:
        found = together(url, tmp_path, editors=8, seconds=4)
    assert (found.faults, found.lost) == (0, 0)
    assert found.changes
