"""The whole ledger read again: what was changed, taken out, put in or cut off since it was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ..errors import Message
from .book import Ledger
from .chain import DECISION, Chained, Checker, Head, Link, Month, Order
from .ends import SealError
from .trail import Act, Trail

T = TypeVar("T", bound=Chained)
R = TypeVar("R", bound=Chained, covariant=True)

#: What is wrong, in words, by the reason of a `Finding`.
REASONS: Mapping[str, str] = {
    "missing": Message("rows are missing from here on, before the next one that is there"),
    "inserted": Message("does not belong here"),
    "changed": Message("was changed"),
    "content": Message("what is personal in it was changed"),
    "previous": Message("does not follow the row before it, which was put in or written anew"),
    "erased": Message("what is personal in it is gone, but was never erased"),
    "end": Message("the ledger does not end after it: rows were cut off, or put in"),
    "seal": SealError().reason,
    "month": Message("the month that is over does not end with it, or is sealed with a key that is not here"),
    "known": Message("is not there with the hash that was noted: it was changed, or let go"),
    "text": Message("a document that it is about is not kept as it was"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong, and with which row; those that `Checker` names, and

    `erased` (its content is gone, and no row says so), `end` (rows after it are missing, or are not known of),
    `seal` (the end is not sealed with a key of this site), `month` (a month that is over is not sealed, or does not end
    with this row), `text` (what the reader could read is not kept as it was).
    """

    reason: str
    sequence: int


class Book(Protocol[R]):
    """What keeps a chain."""

    def links(self, after: int = 0, *, last: int | None = None) -> Iterator[R]:
        """Yield the rows after number *after*, up to *last*, in order."""

    def head(self) -> tuple[Head | None, bool]:
        """Return where the chain ends, and whether the seal holds."""


class Walk(Generic[T]):
    """The rows of *book* in order, with those that are appended meanwhile, up to an end that was there at one moment.

    Once it is over, *end* is the head as it was then, None where none is written down, *sealed* whether its seal held,
    and *rows* how many there were: what is appended later is not held against it.

    Args:
        after: the row that was the last one another time, by its number and hash; without it all rows are read.
        month: the one to read alone, and whether its seal holds.
    """

    def __init__(self, book: Book[T], after: Head | None = None, *, month: tuple[Month, bool] | None = None) -> None:
        self._book = book
        self._month = month
        self.after = month[0].start if month else after
        self.end: Head | None = None
        self.sealed = False
        self.rows = 0

    def __iter__(self) -> Iterator[T]:
        last = self.after.sequence if self.after else 0
        if self._month:
            month, self.sealed = self._month
            self.end = month.end
        for link in self._book.links(last, last=self.end.sequence if self.end else None):
            last = link.sequence
            self.rows += 1
            yield link
        if self._month:
            return
        # Rows and head are committed together, so all that this head knows of can be read from now on.
        self.end, self.sealed = self._book.head()
        if self.end and self.end.sequence > last:
            for link in self._book.links(last, last=self.end.sequence):
                self.rows += 1
                yield link


def verify(ledger: Ledger, walk: Walk[Link] | None = None, rows: Iterable[Link] | None = None) -> Iterator[Finding]:
    """Yield what is wrong with *ledger*, in order.

    It takes no more memory for a million rows than for a thousand, holds no transaction open, and may run while others
    append, erase and purge. Raises `StoreError`.

    Args:
        walk: the rows; *rows* are the same where something else looks at each on the way, such as a bar of progress.
    """
    walk = walk or Walk(ledger)
    start = ledger.head()[0] or Head()
    checker = Checker(_first(walk, start))
    over = {month.sequence: (month, sealed) for month, sealed in ledger.months() if month.id < start.period}
    texts: set[str] = set()
    for link in walk if rows is None else rows:
        before = checker.head
        reason = checker.check(link)
        if reason == "missing" and _let_go(ledger, _before(link)):
            reason = None
        if reason:
            yield Finding(reason=reason, sequence=before.sequence + 1 if reason == "missing" else link.sequence)
        elif link.kind == DECISION:
            for hashed in link.said.get("texts", {}).values():
                if hashed not in texts:
                    texts.add(hashed)
                    if (text := ledger.text(hashed)) is None or text.rehashed != hashed:
                        yield Finding(reason="text", sequence=link.sequence)
        if (month := over.get(link.sequence)) and not (month[1] and month[0].hash == link.hash):
            yield Finding(reason="month", sequence=link.sequence)
    for sequence in checker.unexplained:
        # The row that says so may stand after the end of the walk, also once what it erased was read.
        if not ledger.is_erased(sequence):
            yield Finding(reason="erased", sequence=sequence)
    yield from _ended(ledger, walk, checker.head)


def verify_acts(trail: Trail, walk: Walk[Act] | None = None, rows: Iterable[Act] | None = None) -> Iterator[Finding]:
    """Yield what is wrong with *trail*, in order; as `verify` does with the ledger."""
    walk = walk or Walk(trail)
    order = Order(_first(walk, trail.head()[0] or Head()))
    for act in walk if rows is None else rows:
        before = order.head
        reason = order.check(act)
        if reason and not (reason == "missing" and _let_go(trail, _before(act))):
            yield Finding(reason=reason, sequence=before.sequence + 1 if reason == "missing" else act.sequence)
    yield from _ended(trail, walk, order.head)


def _ended(book: Book[Any], walk: Walk[T], last: Head) -> Iterator[Finding]:
    """Yield what is wrong with the end of what was walked along, of which *last* is the last row."""
    if walk.end and walk.end.sequence > last.sequence and _let_go(book, walk.end):
        last = walk.end  # where nothing new has come for as long as rows are kept
    if not walk.sealed and (walk.end or last.sequence):
        yield Finding(reason="seal", sequence=last.sequence)
    if walk.end and (walk.end.sequence, walk.end.hash) != (last.sequence, last.hash):
        yield Finding(reason="end", sequence=last.sequence)


def _first(walk: Walk[T], head: Head) -> Head:
    """Let *walk* begin no sooner than after what was let go of by *head*, and return after which row it does."""
    if walk.after is None or walk.after.sequence < head.purged:
        walk.after = Head(sequence=head.purged, hash=head.purged_hash)
    return walk.after


def _before(row: Chained) -> Head:
    return Head(sequence=row.sequence - 1, hash=row.previous)


def _let_go(book: Book[Any], row: Head) -> bool:
    """Return whether all up to *row* was let go of while we read: just that, or more since."""
    head, sealed = book.head()
    if head is None or not sealed or head.purged < row.sequence:
        return False
    return head.purged > row.sequence or head.purged_hash == row.hash
