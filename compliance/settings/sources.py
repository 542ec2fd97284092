"""Where settings come from: a file, a mapping, or a file that is looked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from .. import languages
from ..errors import Message, Problem, SettingsError
from . import toml
from .addresses import host_name
from .consent import default_categories
from .problems import problems
from .records import Settings
from .starter import unfilled
from .table import Context

#: What `load` takes.
Source = str | os.PathLike[str] | Mapping[str, Any] | Settings
NAME = "compliance.toml"
VARIABLE = "COMPLIANCE_SETTINGS"


def load(source: Source, *, folder: Path | None = None) -> Settings:
    """Return the settings of *source*: a file's path, a mapping of the same shape, or settings that are loaded already.

    Paths in a file are taken from the file's folder, those in a mapping from *folder* (else the working directory).

    Raises `SettingsError` with everything that is wrong.
    """
    if isinstance(source, Settings):
        return source
    if isinstance(source, Mapping):
        return _read(source, "the settings", folder or Path.cwd())
    path = Path(source).absolute()
    try:
        content, stat = path.read_bytes(), path.stat()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        problem = Problem(key="", remedy=Message("the file cannot be read: %(reason)s", reason=reason))
        raise SettingsError(str(path), (problem,)) from error
    settings = _read(_parsed(content, str(path)), str(path), path.parent)
    settings._path = path
    settings._changed = datetime.fromtimestamp(int(stat.st_mtime), UTC)
    return settings


def find(app_root: Path, config_value: Source | None = None, argument: Source | None = None) -> Source:
    """Return where the settings of an application are: what `load` is to be given.

    That is the first of *argument*, *config_value* (``app.config["COMPLIANCE_SETTINGS"]``), the environment variable
    ``COMPLIANCE_SETTINGS``, and ``compliance.toml`` in *app_root*, its parent or the working directory.

    Raises `SettingsError`, saying where it looked, if there is none.
    """
    named = {
        "the argument of Compliance": argument,
        f'app.config["{VARIABLE}"]': config_value,
        f"the environment variable {VARIABLE}": os.environ.get(VARIABLE) or None,
    }
    for origin, source in named.items():
        if isinstance(source, Mapping | Settings):
            return source
        if source is not None:
            # As typed, and as Flask takes file names in a configuration: from the application's folder.
            places = [Path.cwd() / source, app_root / source]
            remedy = Message("there is no file %(places)s", places=_listed(places))
            return _first(places, f"the settings that {origin} names", remedy)
    places = [app_root / NAME, app_root.parent / NAME, Path.cwd() / NAME]
    remedy = Message(
        "there is no file %(places)s; write one with `flask compliance init`, or name one in %(origins)s",
        places=_listed(places),
        origins=", ".join(named),
    )
    return _first(places, NAME, remedy)


def _listed(places: list[Path]) -> str:
    return " or ".join(dict.fromkeys(map(str, places)))


def _first(places: list[Path], source: str, remedy: Message) -> Path:
    """Return the first of *places* that is there; *remedy* says what to do where none is."""
    for place in places:
        if place.exists():
            return place
    raise SettingsError(source, (Problem(key="", remedy=remedy),))


def _parsed(content: bytes, source: str) -> dict[str, Any]:
    try:
        return toml.parse(content)
    except toml.TomlError as error:
        raise SettingsError(source, error.problems) from None


def _read(data: Mapping[str, Any], source: str, folder: Path) -> Settings:
    empty = tuple(unfilled(data))
    try:
        settings = Settings.model_validate(dict(data), context=_context(data, folder))
    except ValidationError as error:
        named = {problem.key for problem in empty}
        found = (problem for problem in problems(error, data) if problem.key not in named)
        raise SettingsError(source, (*empty, *found)) from error
    if empty:
        raise SettingsError(source, empty)
    return settings


def _context(data: Mapping[str, Any], folder: Path) -> Context:
    """Return what *data* declares, as far as it is well-formed: what is not is told where it stands."""
    tables = (table if isinstance(table := data.get(key), Mapping) else {} for key in ("site", "consent", "messages"))
    site, consent, messages = tables
    tags, categories = site.get("languages"), consent.get("categories", default_categories(consent))
    known = []
    for tag in tags if isinstance(tags, list | tuple) else ():
        try:
            known.append(languages.parse(tag))
        except (AttributeError, TypeError, ValueError):
            continue
    names = categories if isinstance(categories, list | tuple | Mapping) else ()
    described = categories if isinstance(categories, Mapping) else {}
    return Context(
        languages=tuple(known),
        categories=tuple(name for name in names if isinstance(name, str)),
        named=frozenset(name for name, table in described.items() if isinstance(table, Mapping) and "name" in table),
        host=_host(site.get("url")),
        folder=folder,
        private=messages.get("private_targets") is True,
    )


def _host(url: object) -> str:
    try:
        return host_name(urlsplit(url).hostname or "") if isinstance(url, str) else ""
    except ValueError:
        return ""
