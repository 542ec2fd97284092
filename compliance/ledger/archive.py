"""A month of the ledger as a file that proves itself without the database, and is read a line at a time.

Lines of JSON, packed with gzip: the month with its two ends; the texts that readers saw; the rows; and a seal over the
ends and over the numbers of the rows whose content was erased. With a key of the site no change in it goes unseen;
without one the chain still shows each but a chain that was hashed anew.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from ..errors import ComplianceError, Message
from .book import Ledger
from .chain import DECISION, Checker, Link, Month, canonical
from .reading import Text
from .verification import Finding, Walk

_FORMAT = "flask-compliance ledger 1"
_LONGEST = 4_000_000  # bytes of a line, which may be a text
_LEVEL = 6
#: What is raised by what is no line of such a file, or holds what no row does.
UNREADABLE = (LookupError, TypeError, ValueError, OverflowError, RecursionError)
_MONTH, _TEXT, ROW, END = "month", "text", "row", "end"

Line = tuple[str, dict[str, Any]]


class ArchiveError(ComplianceError):
    """A file is no archive of a month, or is not whole."""


@dataclass(slots=True, kw_only=True)
class Archive:
    """What is in one: the *month*, how many *rows*, and the *findings* of what is wrong, in order."""

    month: Month
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)


def write(ledger: Ledger, month: Month, file: IO[bytes], keys: Sequence[bytes]) -> int:
    """Write *month* of *ledger* to *file*, sealed with the first of *keys*; return how many rows.

    Raises `StoreError`.
    """
    rows = 0

    def lines() -> Iterator[Line]:
        nonlocal rows
        texts: set[str] = set()
        erased: list[int] = []
        yield _MONTH, {"format": _FORMAT, **_with_time(month, "youngest")}
        for link in Walk(ledger, month=(month, True)):
            for hashed in link.said.get("texts", {}).values() if link.kind == DECISION else ():
                if hashed not in texts and (text := ledger.text(hashed)):
                    texts.add(hashed)
                    yield _TEXT, asdict(text)
            if link.content is None and ledger.is_erased(link.sequence):
                erased.append(link.sequence)
            rows += 1
            yield ROW, _with_time(link, "at")
        yield END, _end(month, erased, keys)

    _pack(lines(), file)
    return rows


def verify(path: Path, keys: Sequence[bytes]) -> Archive:
    """Read the archive at *path* again, and tell what is wrong with it. Raises `ArchiveError` where it is none."""
    with _opened(path) as (month, lines):
        found, checker, texts = Archive(month=month), Checker(month.start), set()
        end: dict[str, Any] = {}
        for kind, value in lines:
            if kind == _TEXT:
                text = Text(**value)
                texts |= {text.hash} if text.rehashed == text.hash else set()
            elif kind == END:
                end = value
            else:
                link, before = _link(value), checker.head
                found.rows += 1
                if reason := checker.check(link):
                    place = before.sequence + 1 if reason == "missing" else link.sequence
                    found.findings.append(Finding(reason=reason, sequence=place))
                elif link.kind == DECISION and not texts.issuperset(link.said.get("texts", {}).values()):
                    found.findings.append(Finding(reason="text", sequence=link.sequence))
    erased = end["erased"]
    gone = set(checker.unexplained).difference(erased)
    found.findings += [Finding(reason="erased", sequence=sequence) for sequence in sorted(gone)]
    if not month.is_sealed(end["seal"], keys, erased):
        found.findings.append(Finding(reason="seal", sequence=month.sequence))
    if (checker.head.sequence, checker.head.hash) != (month.sequence, month.hash):
        found.findings.append(Finding(reason="end", sequence=checker.head.sequence))
    return found


def erase(path: Path, record: str, keys: Sequence[bytes]) -> int:
    """Erase what is personal of *record* and of its reader's earlier decisions in the archive; return how many rows.

    It is written anew as a whole, and sealed. Raises `OSError`, and `ArchiveError` where anything is wrong with it:
    what cannot be checked is not sealed.
    """
    if verify(path, keys).findings:
        raise ArchiveError(Message("%(path)s is not as it was written; see `consents verify --file`", path=str(path)))
    wanted, known = {record}, 0
    while known < len(wanted):  # decisions before stand before: mostly one more look
        known = len(wanted)
        with _opened(path) as (_, lines):
            own = (_link(value).said for kind, value in lines if kind == ROW)
            wanted |= {row["before"] for row in own if row.get("record") in wanted and row.get("before")}
    erased: list[int] = []

    def emptied() -> Iterator[Line]:
        with _opened(path) as (month, lines):
            yield _MONTH, {"format": _FORMAT, **_with_time(month, "youngest")}
            for kind, value in lines:
                if kind == ROW and (link := _link(value)).said.get("record") in wanted:
                    erased.append(link.sequence)
                    value |= {"salt": None, "content": None}
                yield kind, _end(month, [*value["erased"], *erased], keys) if kind == END else value

    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            _pack(emptied(), file)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return len(erased)


def _end(month: Month, erased: Iterable[int], keys: Sequence[bytes]) -> dict[str, Any]:
    listed = sorted(erased)
    return {"erased": listed, "seal": month.seal(keys[0], listed)}


def _with_time(value: Link | Month, name: str) -> dict[str, Any]:
    time: datetime | None = getattr(value, name)
    return asdict(value) | {name: time and time.isoformat()}


def _link(value: dict[str, Any]) -> Link:
    return Link(**value | {"at": datetime.fromisoformat(value["at"])})


def _pack(lines: Iterable[Line], file: IO[bytes]) -> None:
    with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0, compresslevel=_LEVEL) as packed:
        for line in lines:
            packed.write(written(line))


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Month, Iterator[Line]]]:
    """Yield the month that the archive at *path* is of, and the lines after that, the last of them its end."""
    broken = ArchiveError(
        Message("%(path)s is no archive of a month of the ledger, or is not whole; take another copy", path=str(path))
    )
    try:
        with gzip.open(path, "rb") as packed:
            lines = read(packed)
            _, value = next(lines)
            if value.pop("format") != _FORMAT:
                raise broken
            youngest = value["youngest"] and datetime.fromisoformat(value["youngest"])
            yield replace(Month(**value), youngest=youngest), lines
    except (OSError, EOFError, zlib.error, StopIteration, *UNREADABLE) as error:
        raise broken from error


def written(line: Line) -> bytes:
    """Return *line* as it stands in a file."""
    return canonical(line).encode() + b"\n"


def read(file: IO[bytes] | gzip.GzipFile) -> Iterator[Line]:
    """Yield the lines of *file* up to its end; raise `ValueError` where it has none, or goes on after it."""
    kind = ""
    while kind != END:
        line = file.readline(_LONGEST)
        if not line.endswith(b"\n"):
            raise ValueError("it ends in the middle")
        kind, value = json.loads(line)
        yield kind, value
    if file.read(1):
        raise ValueError("it goes on after its end")
