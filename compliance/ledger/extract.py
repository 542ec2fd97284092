"""Acts of the trail as a file that proves itself without the database: lines of JSON, read one at a time.

First what it is and after which row it begins, then the rows, then its end with a seal. With a key of the site no
change in it goes unseen; without one the chain still shows each but a chain that was hashed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from ..errors import Message
from .archive import END, ROW, UNREADABLE, ArchiveError, read, written
from .chain import Head, Month, Order
from .trail import Act, Trail
from .verification import Finding

_FORMAT = "flask-compliance audit log 1"
_BEGIN = "begin"
#: The columns of a table of acts; with the last two each row can be hashed anew.
COLUMNS = ("sequence", "at", "actor", "role", "action", "about", "network", "detail", "previous", "hash")


@dataclass(slots=True, kw_only=True)
class Extract:
    """What is in one: its *end*, how many *rows*, and the *findings* of what is wrong, in order."""

    end: Head
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)


def within(trail: Trail, since: datetime | None, until: datetime | None) -> Iterator[Act]:
    """Yield the acts of *trail* from *since* on and before *until*, without a gap. Raises `StoreError`."""
    begin, end = trail.span(since, until)
    return trail.links(begin, last=end)


def parts(acts: Iterable[Act], keys: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file of *acts*, which follow each other, sealed with the first of *keys*."""
    begin, last = Head(), Head()
    for act in acts:
        if last == Head():
            begin = last = Head(sequence=act.sequence - 1, hash=act.previous)
            yield _opening(begin)
        last = Head(sequence=act.sequence, hash=act.hash)
        yield written((ROW, asdict(act) | {"at": act.at.isoformat()}))
    if last == Head():
        yield _opening(begin)
    span = _span(begin, last)
    yield written((END, {"sequence": last.sequence, "hash": last.hash, "seal": span.seal(keys[0], _FORMAT)}))


def verify(path: Path, keys: Sequence[bytes]) -> Extract:
    """Read the file at *path* again, and tell what is wrong with it. Raises `ArchiveError` where it is none."""
    try:
        with path.open("rb") as file:
            lines = read(file)
            kind, value = next(lines)
            if kind != _BEGIN or value["format"] != _FORMAT:
                raise ValueError("it is something else")
            begin = Head(sequence=value["after"], hash=value["hash"])
            order, end, seal = Order(begin), Head(), ""
            found = Extract(end=end)
            for kind, value in lines:
                if kind == END:
                    end, seal = Head(sequence=value["sequence"], hash=value["hash"]), str(value["seal"])
                    continue
                act, before = Act(**value | {"at": datetime.fromisoformat(value["at"])}), order.head
                found.rows += 1
                if reason := order.check(act):
                    place = before.sequence + 1 if reason == "missing" else act.sequence
                    found.findings.append(Finding(reason=reason, sequence=place))
    except (OSError, StopIteration, *UNREADABLE) as error:
        raise ArchiveError(
            Message("%(path)s is no export of the audit log, or is not whole; take another copy", path=str(path))
        ) from error
    found.end = end
    if not _span(begin, end).is_sealed(seal, keys, _FORMAT):
        found.findings.append(Finding(reason="seal", sequence=end.sequence))
    if (order.head.sequence, order.head.hash) != (end.sequence, end.hash):
        found.findings.append(Finding(reason="end", sequence=order.head.sequence))
    return found


def _opening(begin: Head) -> bytes:
    return written((_BEGIN, {"format": _FORMAT, "after": begin.sequence, "hash": begin.hash}))


def _span(begin: Head, end: Head) -> Month:
    """Return the chain within the chain that a file holds, which is of no month."""
    return Month(id=0, begun=begin.sequence, begun_hash=begin.hash, sequence=end.sequence, hash=end.hash, youngest=None)
