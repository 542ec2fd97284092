"""A bundle of evidence as it lies on the disk: a folder, or an archive of the same files.

`SHA256SUMS` names every file with its digest, as `sha256sum --check` reads it; `SHA256SUMS.sig` beside it is the
operator's signature of that list. All other files are named in the list.
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ...errors import ComplianceError, Message

#: The list of the digests, and the signature of it.
SUMS = "SHA256SUMS"
SIGNATURE = f"{SUMS}.sig"
#: What the evidence is, as data.
MANIFEST = "manifest.json"
#: The word of a time-stamping authority on that.
STAMP = f"{MANIFEST}.tsr"
_LARGEST = 64_000_000  # bytes of a file that is read at once
_PIECE = 1 << 20
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_][\w.-]*(?:/[A-Za-z0-9_][\w.-]*)*)", re.ASCII)
#: The day of every file in an archive, so that two archives of the same files are the same.
_DAY = (1980, 1, 1, 0, 0, 0)


class EvidenceError(ComplianceError):
    """Evidence cannot be written or read; says why and what to do."""


class Bundle:
    """The files of the folder or archive at *path*. Raises `EvidenceError` where there is neither."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive: zipfile.ZipFile | None = None
        if path.is_dir():
            return
        try:
            self._archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            message = Message("%(path)s is no bundle of evidence: %(reason)s", path=str(path), reason=reason)
            raise EvidenceError(message) from error

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._archive is not None:
            self._archive.close()

    @property
    def is_archive(self) -> bool:
        """Whether the files lie in an archive."""
        return self._archive is not None

    def names(self) -> Iterator[str]:
        """Yield the name of every file; a name that an archive has twice comes twice."""
        if self._archive is not None:
            yield from (one.filename for one in self._archive.infolist() if not one.is_dir())
            return
        for folder, _, names in os.walk(self.path):
            below = Path(folder).relative_to(self.path)
            yield from ((below / name).as_posix() for name in names)

    def read(self, name: str) -> bytes:
        """Return the small file *name*. Raises `EvidenceError` where it is not there or is too long for one."""
        with self.opened(name) as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise EvidenceError(Message("%(name)s is longer than any that `check` writes", name=name))
        return content

    def digest(self, name: str) -> str:
        """Return the SHA-256 of the file *name*. Raises `EvidenceError` where it cannot be read."""
        with self.opened(name) as file:
            return digest_of(file)

    @contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """Yield the file *name*. Raises `EvidenceError` where it cannot be read."""
        try:
            if self._archive is not None:
                with self._archive.open(name) as inner:
                    yield inner  # type: ignore[misc]  # what is read of it is bytes
            elif (self.path / name).is_symlink():
                raise EvidenceError(Message("%(name)s is a link, no file", name=name))
            else:
                with (self.path / name).open("rb") as file:
                    yield file
        except (KeyError, OSError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise EvidenceError(Message("%(name)s cannot be read: %(reason)s", name=name, reason=reason)) from error


def digest_of(file: BinaryIO) -> str:
    """Return the SHA-256 of what is left of *file*, in hexadecimal."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def sums_of(digests: Mapping[str, str]) -> str:
    """Return the lines of `SHA256SUMS` for *digests* by name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))


def read_sums(text: str) -> Mapping[str, str] | None:
    """Return the digests by name that *text* lists, None where a line is none of such a list."""
    lines = [_LINE.fullmatch(line) for line in text.removesuffix("\n").split("\n")]
    found = {line[2]: line[1] for line in lines if line}
    return found if sums_of(found) == text and len(found) == len(lines) else None


def pack(bundle: Bundle, names: Iterable[str], archive: BinaryIO) -> None:
    """Write the files *names* of *bundle* into *archive*, so that the same files are the same bytes.

    They are stored as they are: how far a library compresses is its own affair.
    """
    with zipfile.ZipFile(archive, "w") as packed:
        for name in sorted(names):
            info = zipfile.ZipInfo(name, _DAY)
            info.external_attr = 0o600 << 16
            info.create_system = 3
            with bundle.opened(name) as file, packed.open(info, "w", force_zip64=True) as inner:
                while piece := file.read(_PIECE):
                    inner.write(piece)
