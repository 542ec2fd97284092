"""The whole ledger read again: what was changed, taken out, put in or cut off since it was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .book import Ledger
from .chain import DECISION, Checker, Head, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong, and with which row; those that `Checker` names, and

    `erased` (its content is gone, and no row says so), `end` (rows after it are missing, or are not known of),
    `seal` (the end is not sealed with a key of this site), `text` (what the reader could read is not kept as it was).
    """

    reason: str
    sequence: int


class Walk:
    """The rows of *ledger* in order, with those that are appended meanwhile, up to an end that was there at one moment.

    Once it is over, *end* is the head as it was then, None where none is written down, *sealed* whether its seal held,
    and *rows* how many there were: what is appended later is not held against it.

    Args:
        after: the row that was the last one another time, by its number and hash; without it all rows are read.
    """

    def __init__(self, ledger: Ledger, after: Head | None = None) -> None:
        self._ledger = ledger
        self.after = after
        self.end: Head | None = None
        self.sealed = False
        self.rows = 0

    def __iter__(self) -> Iterator[Link]:
        last = self.after.sequence if self.after else 0
        for link in self._ledger.links(last):
            last = link.sequence
            self.rows += 1
            yield link
        # Rows and head are committed together, so all that this head knows of can be read from now on.
        self.end, self.sealed = self._ledger.head()
        if self.end and self.end.sequence > last:
            for link in self._ledger.links(last, last=self.end.sequence):
                self.rows += 1
                yield link


def verify(ledger: Ledger, walk: Walk | None = None, rows: Iterable[Link] | None = None) -> Iterator[Finding]:
    """Yield what is wrong with *ledger*, in order.

    It takes no more memory for a million rows than for a thousand, holds no transaction open, and may run while others
    append, erase and purge. Raises `StoreError`.

    Args:
        walk: the rows; *rows* are the same where something else looks at each on the way, such as a bar of progress.
    """
    walk = walk or Walk(ledger)
    start = ledger.head()[0] or Head()
    checker = Checker(walk.after or Head(sequence=start.purged, hash=start.purged_hash))
    texts: set[str] = set()
    for link in walk if rows is None else rows:
        before = checker.head
        reason = checker.check(link)
        if reason == "missing" and _purged(ledger, link):
            reason = None
        if reason:
            yield Finding(reason=reason, sequence=before.sequence + 1 if reason == "missing" else link.sequence)
        elif link.kind == DECISION:
            for hashed in link.said.get("texts", {}).values():
                if hashed not in texts:
                    texts.add(hashed)
                    if (text := ledger.text(hashed)) is None or text.rehashed != hashed:
                        yield Finding(reason="text", sequence=link.sequence)
    last = checker.head
    if checker.unexplained:
        # The row that says so may have been appended after the end of the walk, once what it erased was read.
        for link in ledger.links(last.sequence):
            if reason := checker.check(link):
                yield Finding(reason=reason, sequence=link.sequence)
    for sequence in checker.unexplained:
        yield Finding(reason="erased", sequence=sequence)
    if not walk.sealed and (walk.end or last.sequence):
        yield Finding(reason="seal", sequence=last.sequence)
    if walk.end and (walk.end.sequence, walk.end.hash) != (last.sequence, last.hash):
        yield Finding(reason="end", sequence=last.sequence)


def _purged(ledger: Ledger, link: Link) -> bool:
    """Return whether what is missing before *link* was let go of while we read: just that, or more since."""
    head, sealed = ledger.head()
    if head is None or not sealed or head.purged < link.sequence - 1:
        return False
    return head.purged >= link.sequence or head.purged_hash == link.previous
