"""Decisions that wait for the database, in files of the instance folder: one per process, only ever appended to.

A line is there once it is on the disk; those that come while others are being written go there together, in the order
in which they came. It says what it holds and a hash of that, so that one which was being written
when the process died is known for what it is. A file is locked as long as its process lives; what a dead one left is
taken over by any other.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..paths import private_folder
from .chain import Entry, canonical
from .reading import Text

with suppress(ImportError):  # Windows, which lets nobody remove a file that is open
    import fcntl

log = logging.getLogger("compliance")

_BATCH = 500
_BEGUN = "%Y%m%dT%H%M%S"  # how the name of a file begins
_SUFFIX = ".jsonl"
_DAMAGED = ".damaged"

#: How long decisions wait on a disk before somebody should look why.
LATE = timedelta(minutes=5)

#: What takes entries and the texts that they are about; whatever it raises, they stay.
Take = Callable[[Sequence[Entry], Sequence[Text]], object]


#: How many bytes of one process may wait: some 400,000 decisions.
MOST = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits on the disk of one machine: *size* in bytes, the *oldest* since when, and how many *damaged* files."""

    size: int
    oldest: datetime | None
    damaged: int


@dataclass(slots=True, eq=False)
class _Line:
    """An entry on its way to the disk."""

    data: bytes
    texts: Sequence[Text]
    over: bool = False
    error: OSError | None = None


class Spool:
    """The files in *folder*, which is made when it is needed; one thread at a time may drain them.

    Args:
        most: how many bytes may wait in the file of this process.
    """

    def __init__(self, folder: Path, *, most: int = MOST) -> None:
        self.folder = folder
        self._most = most
        self.reset()

    def reset(self) -> None:
        """Begin anew in a process that was forked: its parent's file is its parent's."""
        if inherited := self.__dict__.get("_file"):
            os.close(inherited)
        self._lock = threading.Lock()
        self._lines: deque[_Line] = deque()  # on their way to the disk
        self._file: int | None = None
        self._path: Path | None = None
        self._end = 0  # what is on the disk
        self._taken = 0  # what the database has
        self._texts: set[str] = set()

    def add(self, entry: Entry, texts: Sequence[Text]) -> None:
        """Write *entry* to the disk, and those of *texts* that this file has not. Raises `OSError`.

        It is `ENOSPC` where as much waits as may.
        """
        line = _Line(_line("entry", asdict(entry) | {"time": entry.time.isoformat()}), texts)
        self._lines.append(line)
        with self._lock:
            if not line.over:  # nobody took it along
                self._write([self._lines.popleft() for _ in range(len(self._lines))])
        if line.error:
            raise line.error

    def _write(self, lines: Sequence[_Line]) -> None:
        try:
            self._append(lines)
        except OSError as error:
            for line in lines:
                line.error = error
        except BaseException:  # this thread ends; the others write
            self._lines.extendleft(reversed(lines))
            raise
        for line in lines:
            line.over = True

    def _append(self, lines: Sequence[_Line]) -> None:
        file = self._file if self._file is not None else self._open()
        texts, data, length = dict[str, Text](), list[bytes](), self._end
        for line in lines:
            fresh = {text.hash: text for text in line.texts if not (text.hash in self._texts or text.hash in texts)}
            own = b"".join([*(_line("text", asdict(text)) for text in fresh.values()), line.data])
            if length + len(own) > self._most:
                line.error = OSError(ENOSPC, f"{self._most:,} bytes wait already")
                continue
            texts |= fresh
            data.append(own)
            length += len(own)
        whole = b"".join(data)
        try:
            if os.write(file, whole) < len(whole):
                raise OSError(ENOSPC, os.strerror(ENOSPC))
            os.fsync(file)
        except BaseException:
            with suppress(OSError):  # lines that were promised to nobody
                os.ftruncate(file, self._end)
            raise
        self._end += len(whole)
        self._texts |= texts.keys()

    def drain(self, take: Take) -> int:
        """Hand all that waits to *take*, what dead processes left first, and remove it; return how many entries.

        Where *take* raises, the rest stays; what it was handed last may be handed to it again.
        """
        count = sum(_adopted(path, take) for path in self._others())
        while self._file is not None:
            with self._lock:
                if self._taken == self._end:
                    self._remove()
                    break
                end = self._end
            for entries, texts, offset in _batches(self._file, self._taken, end):
                take(entries, texts)
                self._taken = offset
                count += len(entries)
        return count

    @property
    def waits(self) -> bool:
        """Whether this process wrote what the database does not have yet."""
        return self._file is not None

    @property
    def backlog(self) -> Backlog:
        """What this process and others have left to wait."""
        size, damaged, begun = 0, 0, []
        with suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                damaged += path.suffix == _DAMAGED
                if path.suffix == _SUFFIX:
                    with suppress(FileNotFoundError, ValueError):  # drained just now; not one of ours
                        begun.append(datetime.strptime(path.name.partition("-")[0], _BEGUN).replace(tzinfo=UTC))
                        size += path.stat().st_size
        return Backlog(size=size, oldest=min(begun, default=None), damaged=damaged)

    @property
    def has_others(self) -> bool:
        """Whether there are files of other processes, dead or alive."""
        return bool(self._others())

    def _others(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix == _SUFFIX and path != self._path)
        except FileNotFoundError:
            return []

    def _open(self) -> int:
        private_folder(self.folder)
        while True:
            path = self.folder / f"{datetime.now(UTC):{_BEGUN}}-{secrets.token_hex(6)}{_SUFFIX}"
            file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
            # Before it was locked, somebody may have taken it for one that was left behind.
            if _lock(file) and _is_there(file, path):
                break
            os.close(file)
        self._file, self._path = file, path
        _sync(self.folder)
        return file

    def _remove(self) -> None:
        assert self._file is not None and self._path is not None
        self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._file, self._path, self._end, self._taken = None, None, 0, 0
        self._texts.clear()


def _adopted(path: Path, take: Take) -> int:
    """Hand over what a dead process left in *path*; 0 where its process lives."""
    count = 0
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return 0  # adopted by another, or not ours to read
    try:
        if not _lock(file) or not _is_there(file, path):
            return 0
        whole = True
        for entries, texts, offset in _batches(file, 0, os.fstat(file).st_size):
            take(entries, texts)
            count += len(entries)
            whole = whole and offset >= 0
        if whole:
            path.unlink(missing_ok=True)
        else:
            damaged = path.rename(path.with_suffix(_DAMAGED))
            log.warning("Compliance: some lines of %s cannot be read; the others are in the ledger", damaged)
    except PermissionError:  # Windows: its process lives
        pass
    finally:
        os.close(file)
    return count


def _batches(file: int, start: int, end: int) -> Iterator[tuple[list[Entry], list[Text], int]]:
    """Yield what is in *file* between two offsets, with the offset after each batch; -1 once a line was damaged.

    A last line without an end was never promised to anybody.
    """
    entries: list[Entry] = []
    texts: list[Text] = []
    whole = True
    with open(os.dup(file), "rb") as lines:
        lines.seek(start)
        while start < end and (line := lines.readline()).endswith(b"\n"):
            start += len(line)
            kind, value = _read(line)
            if kind == "entry":
                entries.append(Entry(**value | {"time": datetime.fromisoformat(value["time"])}))
            elif kind == "text":
                texts.append(Text(**value))
            else:
                whole = False
            if len(entries) == _BATCH:
                yield entries, texts, start if whole else -1
                entries, texts = [], []
    yield entries, texts, start if whole else -1


def _line(kind: str, value: dict[str, Any]) -> bytes:
    said = canonical([kind, value]).encode()
    return sha256(said).hexdigest()[:16].encode() + b" " + said + b"\n"


def _read(line: bytes) -> tuple[str, dict[str, Any]]:
    hashed, _, said = line.rstrip(b"\n").partition(b" ")
    if sha256(said).hexdigest()[:16].encode() != hashed:
        return "", {}
    kind, value = json.loads(said)
    return kind, value


def _lock(file: int) -> bool:
    """Lock *file* until it is closed; return whether nobody else has."""
    if "fcntl" not in globals():
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_there(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _sync(folder: Path) -> None:
    """Bring the name of a new file to the disk, too."""
    with suppress(OSError):  # Windows opens no folder
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
