"""One file of a folder: stamped, linked or copied to its place, whole at every moment."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..page.codings import BrokenBody
from .manifest import FOLDER
from .press import Press
from .records import Did, FolderError, Item, ManifestEntry, Outcome, PathKind

_PAGES = (".html", ".htm", ".shtml")
_CODED = {".gz": "gzip", ".br": "br", ".zst": "zstd"}
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
# What is there already is somebody else's, and a link there leads elsewhere.
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_PIECE = 1 << 20
#: Why nothing is written to a place.
BEHIND = "it lies behind a link, which is never followed"


class Files:
    """Brings files from *source* to *target*, which may be the same folder, pages through *press*.

    What lies at *target* is never opened for writing: it may be a link to a file that must not change.
    """

    def __init__(self, source: Path, target: Path, press: Press) -> None:
        self._source = str(source)
        self._target = str(target)
        self._same = source == target
        self._press = press
        self._umask = os.umask(0o022)
        os.umask(self._umask)

    def brought(self, item: Item) -> Outcome:
        """Bring *item* to its place; tell what became of it."""
        try:
            if leads_away(self._target, item.path):
                return Outcome(item.path, Did.FAILED, item.known, BEHIND)
            if item.kind is PathKind.OTHER:
                return Outcome(item.path, Did.SKIPPED, None, "neither a file nor a folder nor a link")
            return self._linked(item) if item.kind is PathKind.LINK else self._file(item)
        except BrokenBody as error:
            return self._dropped(item, f"it is not what its name says ({error})")
        except LookupError as error:
            return self._dropped(item, str(error))
        except OSError as error:
            return Outcome(item.path, Did.FAILED, item.known, error.strerror or str(error))

    def write(self, path: str, content: bytes) -> Did:
        """Write one of our own files."""
        target = f"{self._target}/{path}"
        if leads_away(self._target, path):
            raise FolderError(f"{target} lies behind a link, which is never followed; put a folder in its place")
        with suppress(OSError):
            if read(target)[1] == content:
                return Did.KEPT
        os.makedirs(os.path.dirname(target), exist_ok=True)
        self._put(target, content, 0o666 & ~self._umask, None)
        return Did.WRITTEN

    def _file(self, item: Item) -> Outcome:
        path, known = item.path, item.known
        source, target = f"{self._source}/{path}", f"{self._target}/{path}"
        page, coding = is_page(path)
        key = self._press.key if page else "-"
        if known is not None and known.kind is PathKind.FILE and known.key == key:
            now, made = os.lstat(source), status_of(target)
            if (
                made is not None
                and (now.st_mtime_ns, now.st_size) == (known.time, known.size)
                and (made.st_mtime_ns, made.st_size) == (known.made_time, known.made_size)
            ):
                return Outcome(path, Did.KEPT, known)
        if not page:
            return self._placed(item, source, target, os.lstat(source), Did.PLACED)
        now, body = read(source)
        changed, carries = self._press.stamped(body, coding)
        if changed is body:
            return self._placed(item, source, target, now, Did.PLACED if carries else Did.LEFT, key)
        moment: int | None = now.st_mtime_ns
        made = status_of(target)
        if made is not None and not os.path.samestat(made, now):
            if stat.S_ISREG(made.st_mode) and made.st_mtime_ns >= now.st_mtime_ns:
                if made.st_size == len(changed) and read(target)[1] == changed:
                    return Outcome(path, Did.KEPT, _entry(path, key, now, made))
                moment = None
        elif self._same and self._press.marked(body):
            moment = None
        made = self._put(target, changed, stat.S_IMODE(now.st_mode), now, moment)
        return Outcome(path, Did.STAMPED, _entry(path, key, made if self._same else now, made))

    def _placed(self, item: Item, source: str, target: str, now: os.stat_result, did: Did, key: str = "-") -> Outcome:
        """Link the file at *source* to *target*; copy it where it cannot be linked."""
        path = item.path
        made = status_of(target)
        if made is None or not os.path.samestat(made, now):
            if made is not None and stat.S_ISREG(made.st_mode) and _alike(now, made):
                return Outcome(path, Did.KEPT, _entry(path, key, now, made))
            try:
                self._beside(target, lambda new: os.link(source, new, follow_symlinks=False))
            except OSError as error:
                if isinstance(error, FileNotFoundError | IsADirectoryError):
                    raise
                # Another file system, or a file that is not ours to link.
                self._beside(target, lambda new: shutil.copy2(source, new, follow_symlinks=False))
            made = os.lstat(target)
        elif did is Did.PLACED:
            did = Did.KEPT
        return Outcome(path, did, _entry(path, key, now, made))

    def _linked(self, item: Item) -> Outcome:
        """Make the same symbolic link again; where it leads is not looked at."""
        leads = os.readlink(f"{self._source}/{item.path}")
        target = f"{self._target}/{item.path}"
        entry = ManifestEntry(item.path, PathKind.LINK)
        with suppress(OSError):
            if os.readlink(target) == leads:
                return Outcome(item.path, Did.KEPT, entry)
        self._beside(target, lambda new: os.symlink(leads, new))
        return Outcome(item.path, Did.PLACED, entry)

    def _dropped(self, item: Item, reason: str) -> Outcome:
        """Leave out a packed page that cannot be stamped: it would be sent in the place of the stamped one."""
        if not self._same or os.path.exists(os.path.splitext(f"{self._source}/{item.path}")[0]):
            with suppress(FileNotFoundError):
                os.unlink(f"{self._target}/{item.path}")
        return Outcome(item.path, Did.SKIPPED, None, reason)

    def _put(
        self, target: str, content: bytes, mode: int, like: os.stat_result | None, moment: int | None = None
    ) -> os.stat_result:
        made: list[os.stat_result] = []

        def write(new: str) -> None:
            file = os.open(new, _WRITE, mode)
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(file, rest) :]
                if mode & self._umask:
                    os.fchmod(file, mode)
                if like is not None and moment is not None:
                    os.utime(file, ns=(like.st_atime_ns, moment))
                made.append(os.fstat(file))
            finally:
                os.close(file)

        self._beside(target, write)
        return made[0]

    def _beside(self, target: str, make: Callable[[str], object]) -> None:
        """Have a file made elsewhere, and put it at *target* when it is whole."""
        new = f"{self._target}/{FOLDER}/{os.getpid()}.new"
        try:
            make(new)
            os.replace(new, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(new)
            raise


def leads_away(root: str, path: str) -> bool:
    """Return whether the way from *root* to the folder of *path* leads through a link."""
    place = root
    for part in path.split("/")[:-1]:
        place = f"{place}/{part}"
        status = status_of(place)
        if status is not None and stat.S_ISLNK(status.st_mode):
            return True
    return False


def is_page(path: str) -> tuple[bool, str | None]:
    """Return by its name whether a file holds a page, and in which content coding."""
    stem, suffix = os.path.splitext(path.lower())
    coding = _CODED.get(suffix)
    return (stem if coding else stem + suffix).endswith(_PAGES), coding


def _entry(path: str, key: str, now: os.stat_result, made: os.stat_result) -> ManifestEntry:
    return ManifestEntry(path, PathKind.FILE, key, now.st_mtime_ns, now.st_size, made.st_mtime_ns, made.st_size)


def _alike(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_mtime_ns, one.st_size) == (other.st_mtime_ns, other.st_size)


def status_of(path: str) -> os.stat_result | None:
    """Return what lies at *path*; ``None`` for nothing."""
    try:
        return os.lstat(path)
    except OSError:
        return None


def read(path: str) -> tuple[os.stat_result, bytes]:
    """Return the state and the content of the file at *path*."""
    file = os.open(path, _READ)
    try:
        status = os.fstat(file)
        pieces = [os.read(file, status.st_size + 1)]
        while pieces[-1] and sum(map(len, pieces)) != status.st_size:
            pieces.append(os.read(file, _PIECE))
        return status, pieces[0] if len(pieces) == 1 else b"".join(pieces)
    finally:
        os.close(file)
