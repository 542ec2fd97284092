"""One answer to a question about the settings, held to their rules before there is a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import Problem, SettingsError
from .sources import load
from .toml import Value

# What every file has to say.
_SITE: Mapping[str, Value] = {
    "name": "-",
    "url": "https://www.example.org",
    "operator": "-",
    "email": "a@example.org",
    "languages": ["en"],
}


def refused(key: str, value: Value, languages: list[str]) -> tuple[Problem, ...]:
    """Return what is wrong with *value* for *key*, such as ``site.url``, on a site in *languages*."""
    table, _, name = key.partition(".")
    data: dict[str, dict[str, Any]] = {"site": {**_SITE, "languages": languages or ["en"]}}
    data.setdefault(table, {})[name] = value
    try:
        load(data, folder=Path.cwd())
    except SettingsError as error:
        return tuple(problem for problem in error.problems if f"{problem.key}.".startswith((f"{key}.", f"{key}[")))
    return ()
