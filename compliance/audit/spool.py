"""Records that wait on the disk, not in memory."""

from __future__ import annotations

import pickle
import weakref
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Generic, TypeVar

T = TypeVar("T")


class Spool(Generic[T]):
    """Records in the order they came, in a file without a name that goes with this object."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115  # it lives as long as the spool
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, record: T) -> None:
        """Put *record* at the end."""
        self._file.seek(self._end)
        pickle.dump(record, self._file)
        self._end = self._file.tell()
        self._length += 1

    def __iter__(self) -> Iterator[T]:
        position = 0
        while position < self._end:
            self._file.seek(position)
            record: T = pickle.load(self._file)  # our own, in a file that has no name
            position = self._file.tell()
            yield record
