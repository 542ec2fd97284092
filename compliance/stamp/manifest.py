"""The manifest: what was written to a folder, a line each, in the order in which folders are walked.

It is read and written in pieces, so that it may be of any length. What a run does is added to a journal, which takes
the manifest's place when the run is over: after one that broke off, both are read.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from heapq import merge
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TextIO

from .records import FolderError, ManifestEntry, PathKind, order

with suppress(ImportError):  # Windows
    import fcntl

#: The folder in a stamped folder that holds the manifest, and files until they are whole.
FOLDER = ".compliance"
_FIELDS = 7
_HERE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Manifest:
    """The manifest of the folder *target*; entered, it is one run's alone."""

    def __init__(self, target: Path) -> None:
        self.folder = target / FOLDER
        self._path = self.folder / "manifest"
        self._journal = self.folder / "journal"
        self._lock: TextIO | None = None
        self._written: TextIO | None = None

    def __enter__(self) -> Manifest:
        with suppress(FileExistsError):
            self.folder.mkdir(parents=True)
        if self.folder.is_symlink() or not self.folder.is_dir():
            raise FolderError(f"{self.folder} is no folder of its own, and links are never followed; remove it")
        self._lock = self._locked()
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise FolderError(f"{self.folder.parent} is being stamped already; wait for the other run to end") from None
        except NameError:  # no locks on Windows
            pass
        try:
            for left in self.folder.glob("*.new"):
                left.unlink()
            if self._journal.exists():
                self._replace(self._path, self.entries())
                self._journal.unlink()
            self._written = _opened(self._journal, "w")
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._lock is not None and self._written is not None
        self._written.close()
        if kind is None:
            os.replace(self._journal, self._path)
        self._lock.close()

    def _locked(self) -> TextIO:
        path = self.folder / "lock"
        try:
            # Not emptied: it may be another name of somebody's file.
            return open(os.open(path, os.O_RDWR | os.O_CREAT | _HERE, 0o600), "r+", encoding="ascii")
        except OSError as error:
            raise FolderError(f"{path} cannot be opened, and links are never followed; remove it") from error

    def entries(self) -> Iterator[ManifestEntry]:
        """Yield what is known, in order; of a path twice where a run broke off, the later one last."""
        return merge(_read(self._path), _read(self._journal), key=order)

    def add(self, entry: ManifestEntry) -> None:
        """Note *entry*, the next in order."""
        assert self._written is not None
        self._written.write(_line(entry))

    def save(self) -> None:
        """See that what was noted so far outlives this process."""
        assert self._written is not None
        self._written.flush()

    def amend(self, entries: Iterable[ManifestEntry]) -> None:
        """Note *entries* in their places, over what was noted of the same paths. Nothing can be added any more."""
        assert self._written is not None
        self._written.close()
        self._replace(self._journal, merge(_read(self._journal), sorted(entries, key=order), key=order))

    def _replace(self, path: Path, entries: Iterable[ManifestEntry]) -> None:
        new = self.folder / "manifest.new"
        with _opened(new, "w") as file:
            for _, same in groupby(entries, key=order):
                *_, last = same
                file.write(_line(last))
        os.replace(new, path)


def _opened(path: Path, mode: str) -> TextIO:
    """Open the file at *path*, never one that a link there leads to; what is written is a new file."""
    if mode == "w":
        path.unlink(missing_ok=True)
    try:
        file = os.open(path, (os.O_WRONLY | os.O_CREAT | os.O_EXCL if mode == "w" else os.O_RDONLY) | _HERE, 0o666)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise FolderError(f"{path} is a link, which is never followed; remove it") from None
    # Names of files are bytes that need not be text.
    return open(file, mode, encoding="utf-8", errors="surrogateescape", newline="\n")  # type: ignore[return-value]


def _line(entry: ManifestEntry) -> str:
    path, *others = entry
    return " ".join((*map(str, others), path.replace("\\", "\\\\").replace("\n", "\\n"))) + "\n"


def _read(path: Path) -> Iterator[ManifestEntry]:
    """Yield the entries of the file at *path*, but a last one that was being written when its run ended."""
    with suppress(FileNotFoundError), _opened(path, "r") as file:
        for line in file:
            fields = line.rstrip("\n").split(" ", _FIELDS - 1)
            with suppress(ValueError):
                kind, key, *numbers, name = fields
                if line.endswith("\n") and len(fields) == _FIELDS:
                    name = "\\".join(part.replace("\\n", "\n") for part in name.split("\\\\"))
                    if not Path(name).is_absolute() and ".." not in name.split("/"):
                        yield ManifestEntry(name, PathKind(kind), key, *map(int, numbers))
