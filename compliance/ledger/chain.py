"""The chain: what a row holds, how it is hashed, and what is wrong with one that does not fit.

A row is chained by the hash of what it says of itself and of the hash before it. What is personal is hashed apart,
together with a random salt: once salt and content are erased, nobody can tell from the hash what stood there, and the
chain holds all the same. The chain alone shows what was changed inside it; its end is sealed with a key that is not in
the database, so that neither a new end nor a chain written anew passes for the old one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from ..deadlines import day

DECISION = "decision"
ERASURE = "erasure"
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
#: What stands before the first row.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision of one reader, after the one *before* it.

    *path* is the page without its query; *texts* are the hashes of what was to be read, by the name of the document;
    *source*, where the site asks for it, is a keyed label of the network that it came from, another one every day.
    """

    record: str
    before: str | None
    time: datetime
    policy: str
    mode: str
    method: str
    choices: Mapping[str, bool]
    language: str
    path: str
    texts: Mapping[str, str]
    source: str | None = None

    @property
    def content(self) -> str:
        """What is personal, in the one way that it is written."""
        names = ("record", "before", "method", "choices", "language", "path", "texts")
        source = {"source": self.source} if self.source else {}
        return canonical({name: getattr(self, name) for name in names} | source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One row of the chain: a decision, or the *erasure* of one."""

    sequence: int
    kind: str
    record_hash: str
    at: datetime
    policy: str
    mode: str
    salt: str | None
    content: str | None
    content_hash: str
    previous: str
    hash: str

    @property
    def said(self) -> Mapping[str, Any]:
        """The content, nothing where it was erased."""
        found: Mapping[str, Any] = json.loads(self.content) if self.content is not None else {}
        return found

    @property
    def fault(self) -> str | None:
        """What is wrong with the row by itself: `changed`, or `content`."""
        if self.hash != _hash(self):
            return "changed"
        if self.content is None or self.salt is None:
            return None if self.content is self.salt else "content"
        return None if _content_hash(self.salt, self.content) == self.content_hash else "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the chain ends, and up to where it was let go; in which *period* it is, and after which row that begins.

    *youngest* is the time of the period's youngest row.
    """

    sequence: int = 0
    hash: str = GENESIS
    purged: int = 0
    purged_hash: str = GENESIS
    period: int = 0
    begun: int = 0
    begun_hash: str = GENESIS
    youngest: datetime | None = None

    def seal(self, key: bytes) -> str:
        """Return what proves, to one who has *key*, that the chain ends here."""
        said = canonical([self.sequence, self.hash, self.purged, self.purged_hash])
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()

    def is_sealed(self, seal: str, keys: Sequence[bytes]) -> bool:
        """Return whether *seal* was made with one of *keys*."""
        return any(hmac.compare_digest(self.seal(key), seal) for key in keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A chain within the chain: the rows after number *begun*, whose hash is *begun_hash*, up to number *sequence*.

    *id* is year and month, as in 202611; 0 is all that was written before the ledger had months.
    """

    id: int
    begun: int
    begun_hash: str
    sequence: int
    hash: str
    youngest: datetime | None

    @classmethod
    def of(cls, head: Head) -> Month:
        """Return the month that ends with *head*."""
        names = ("begun", "begun_hash", "sequence", "hash", "youngest")
        return cls(id=head.period, **{name: getattr(head, name) for name in names})

    @property
    def start(self) -> Head:
        """The row before the first one."""
        return Head(sequence=self.begun, hash=self.begun_hash)

    @property
    def end(self) -> Head:
        """The last row."""
        return Head(sequence=self.sequence, hash=self.hash)

    def seal(self, key: bytes, *more: object) -> str:
        """Return what proves, to one who has *key*, that these are its ends, and *more*."""
        youngest = self.youngest and self.youngest.astimezone(UTC).isoformat()
        said = canonical(["month", self.id, self.begun, self.begun_hash, self.sequence, self.hash, youngest, *more])
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()

    def is_sealed(self, seal: str, keys: Sequence[bytes], *more: object) -> bool:
        """Return whether *seal* was made of it and of *more* with one of *keys*."""
        return any(hmac.compare_digest(self.seal(key, *more), seal) for key in keys)


def month(moment: datetime) -> int:
    """Return the month in China that *moment* is in, as in 202611."""
    found = day(moment)
    return found.year * 100 + found.month


def canonical(value: object) -> str:
    """Return *value* as JSON in the one way that it is hashed."""
    return _ENCODER.encode(value)


def record_hash(record: str) -> str:
    """Return what stands for the id of a record; it stays when the record is erased, so that none comes back."""
    return hashlib.sha256(f"compliance.consent:{record}".encode()).hexdigest()


def decision(entry: Entry, *, after: Head, salt: str) -> Link:
    """Return the row of *entry* that follows *after*."""
    return _link(
        kind=DECISION,
        record_hash=record_hash(entry.record),
        at=entry.time,
        policy=entry.policy,
        mode=entry.mode,
        salt=salt,
        content=entry.content,
        after=after,
    )


def erasure(sequence: int, *, now: datetime, after: Head, salt: str) -> Link:
    """Return the row which says that the content of row *sequence* was erased."""
    return _link(
        kind=ERASURE,
        record_hash=record_hash(f"erased {sequence}"),  # no id of ours has a space in it
        at=now.replace(microsecond=0),
        policy="",
        mode="",
        salt=salt,
        content=canonical({"erased": sequence}),
        after=after,
    )


def _link(*, content: str, salt: str, after: Head, **values: Any) -> Link:
    hashed = _content_hash(salt, content)
    link = Link(
        sequence=after.sequence + 1,
        salt=salt,
        content=content,
        content_hash=hashed,
        previous=after.hash,
        hash="",
        **values,
    )
    return replace(link, hash=_hash(link))


def _content_hash(salt: str, content: str) -> str:
    return hashlib.sha256(f"{salt}{content}".encode()).hexdigest()


def _hash(link: Link) -> str:
    time = link.at.astimezone(UTC).isoformat()
    said = [link.sequence, link.kind, link.record_hash, time, link.policy, link.mode, link.content_hash, link.previous]
    return hashlib.sha256(canonical(said).encode()).hexdigest()


class Chained(Protocol):
    """A row of any chain."""

    @property
    def sequence(self) -> int:
        """Its number."""

    @property
    def previous(self) -> str:
        """The hash of the row before it."""

    @property
    def hash(self) -> str:
        """Its own hash."""

    @property
    def fault(self) -> str | None:
        """What is wrong with it by itself."""


@dataclass(slots=True)
class Order:
    """Reads a chain row by row and tells what is wrong with each."""

    head: Head  # before the first row that is read

    def check(self, row: Chained) -> str | None:
        """Return what is wrong with *row*, which should be the next one, or None.

        `missing`: rows before it are not there. `inserted`: none should be there. `changed`: it is not what was
        hashed. `content`: what is personal is not what was hashed. `previous`: it does not follow the row before it.
        """
        reason = self._reason(row)
        self.head = Head(sequence=row.sequence, hash=row.hash)
        return reason

    def _reason(self, row: Chained) -> str | None:
        if row.sequence != self.head.sequence + 1:
            return "missing" if row.sequence > self.head.sequence else "inserted"
        return row.fault or ("previous" if row.previous != self.head.hash else None)


@dataclass(slots=True)
class Checker(Order):
    """Reads the ledger row by row, and remembers no more than what was erased."""

    _erased: set[int] = field(default_factory=set)

    def check(self, link: Link) -> str | None:  # type: ignore[override]  # it reads the ledger alone
        """Return what is wrong with *link*, as `Order` does."""
        reason = Order.check(self, link)
        if reason in (None, "previous") and link.content is None:
            self._erased.add(link.sequence)
        if reason is None and link.kind == ERASURE:
            self._erased.discard(link.said.get("erased", 0))
        return reason

    @property
    def unexplained(self) -> list[int]:
        """The rows without content of which no row says that they were erased."""
        return sorted(self._erased)
