"""What `make fuzz` runs for minutes runs at all, and finds nothing in a few inputs."""

from __future__ import annotations

import pytest

from fuzz.__main__ import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_no_few_inputs_fail(name: str) -> None:
    assert TARGETS[name].fuzzed(0, examples=5) > 0
