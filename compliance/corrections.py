"""Corrections that the editors have published: at the head of an article and on a page of their own."""

from __future__ import annotations

import logging
import re
import threading
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationError

from .errors import Problem, SettingsError
from .settings import Settings, Text
from .settings.table import Context, Table

logger = logging.getLogger("compliance")


def _paths(page: Text) -> Text:
    for path in page.root.values():
        if not re.fullmatch(r"/([^/\s?#\\][^\s?#\\]*)?", path):
            raise ValueError(f"{path!r} is no path of a page of the site; write one such as '/articles/rivers'")
    return page


class Correction(Table):
    """What was wrong in an article, and what is right (Civil Code, art. 1028)."""

    page: Annotated[Text, AfterValidator(_paths)]
    """The path of the article on the site, by language where it has one in each."""
    title: Text | None = None
    """Its headline."""
    date: date
    """The day of the correction."""
    text: Text
    """What is right, in the words of the editors."""
    wrong: Text | None = None
    """What stood there before."""


class _File(Table):
    corrections: tuple[Correction, ...] = ()


class Corrections:
    """The corrections of a site, from the file that `articles.corrections` names; read again whenever it changes.

    A file that is wrong stops the start with `SettingsError`; one that was made so later changes nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._path: Path | None = settings.articles.corrections
        self._languages = settings.site.languages
        self._lock = threading.Lock()
        self._state: tuple[int, int] | None = None
        self._listed: tuple[Correction, ...] = ()
        if self._path:
            self._read(self._path)

    def all(self) -> tuple[Correction, ...]:
        """Return every correction, the latest first."""
        if self._path:
            try:
                self._read(self._path)
            except SettingsError as error:
                logger.warning("Compliance: the corrections stay as they were, %s", error)
        return self._listed

    def of(self, page: str) -> tuple[Correction, ...]:
        """Return those of the article at the path *page*, the latest first."""
        return tuple(one for one in self.all() if page in one.page.root.values())

    def _read(self, path: Path) -> None:
        try:
            stat = path.stat()
            state = stat.st_mtime_ns, stat.st_size
            if state == self._state:
                return
            with self._lock:
                self._state = state  # what is wrong is told once, not to every reader's request
                listed = _parsed(path.read_bytes(), path, self._languages)
                self._listed = tuple(sorted(listed, key=lambda one: one.date, reverse=True))
        except OSError as error:
            raise SettingsError(str(path), (Problem(key="", remedy=f"it cannot be read: {error.strerror}"),)) from error


def _parsed(content: bytes, path: Path, languages: tuple[str, ...]) -> tuple[Correction, ...]:
    context = Context(languages=languages, categories=(), named=frozenset(), folder=path.parent)
    try:
        return _File.model_validate(tomllib.loads(content.decode("utf-8-sig")), context=context).corrections
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), (Problem(key="", remedy=f"this is no TOML in UTF-8: {error}"),)) from error
    except ValidationError as error:
        problems = (
            Problem(key=".".join(map(str, detail["loc"])), remedy=detail["msg"].removeprefix("Value error, "))
            for detail in error.errors(include_url=False)
        )
        raise SettingsError(str(path), tuple(problems)) from error
