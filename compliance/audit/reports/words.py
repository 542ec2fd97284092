"""What a report says around its findings: its frame, and why something was not read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

#: The file of the words.
DATA = Path(__file__).with_name("words.toml")


@cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """Return the words by language."""
    found: Mapping[str, Mapping[str, Any]] = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return found
