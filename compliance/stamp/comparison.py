"""One file of a folder compared with what stamping would make of it."""

from __future__ import annotations

import filecmp
import os
import stat
from pathlib import Path

from ..page.codings import BrokenBody
from .files import is_page, read, status_of
from .press import Press
from .records import Did, Item, Outcome, PathKind

_MISSING = "missing"
_OTHER = "not what stamping makes of it"


class Comparison:
    """Compares files of *target* with those of *source* as *press* would stamp them; times do not count."""

    def __init__(self, source: Path, target: Path, press: Press) -> None:
        self._source = str(source)
        self._target = str(target)
        self._press = press

    def compared(self, item: Item) -> Outcome:
        """Compare *item* with what lies in its place."""
        try:
            reason = self._difference(item)
        except (BrokenBody, LookupError) as error:
            return Outcome(item.path, Did.SKIPPED, None, str(error))
        except OSError as error:
            return Outcome(item.path, Did.FAILED, None, error.strerror or str(error))
        fine = Did.NOTHING if item.kind is PathKind.FOLDER else Did.KEPT
        return Outcome(item.path, Did.DIFFERS if reason else fine, None, reason)

    def own(self, path: str, content: bytes) -> Outcome:
        """Compare one of our own files with its *content*."""
        try:
            reason = "" if read(f"{self._target}/{path}")[1] == content else _OTHER
        except OSError:
            reason = _MISSING
        return Outcome(path, Did.DIFFERS if reason else Did.KEPT, None, reason)

    def _difference(self, item: Item) -> str:
        source, target = f"{self._source}/{item.path}", f"{self._target}/{item.path}"
        made = status_of(target)
        if item.kind is PathKind.OTHER:
            return ""
        if made is None:
            return _MISSING
        if item.kind is PathKind.FOLDER:
            return "" if stat.S_ISDIR(made.st_mode) else _OTHER
        if item.kind is PathKind.LINK:
            return "" if os.path.islink(target) and os.readlink(source) == os.readlink(target) else _OTHER
        if not stat.S_ISREG(made.st_mode):
            return _OTHER
        now = os.lstat(source)
        page, coding = is_page(item.path)
        if not page:
            same = os.path.samestat(now, made) or filecmp.cmp(source, target, shallow=False)
        else:
            body = read(source)[1]
            changed, _ = self._press.stamped(body, coding)
            same = changed is body if os.path.samestat(now, made) else changed == read(target)[1]
        return "" if same else _OTHER
