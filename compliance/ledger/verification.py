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


def verify(ledger: Ledger, rows: Iterable[Link] | None = None) -> Iterator[Finding]:
    """Yield what is wrong with *ledger*, in order; *rows* are all of it, as `walk` yields them.

    It takes no more memory for a million rows than for a thousand, holds no transaction open, and may run while others
    append, erase and purge. Raises `StoreError`.
    """
    start = ledger.head()[0] or Head()
    checker = Checker(Head(sequence=start.purged, hash=start.purged_hash))
    texts: set[str] = set()
    for link in walk(ledger) if rows is None else rows:
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
    for sequence in checker.unexplained:
        yield Finding(reason="erased", sequence=sequence)
    last = checker.head
    head, sealed = ledger.head()
    if not sealed and (head or last.sequence):
        yield Finding(reason="seal", sequence=last.sequence)
    if head and (head.sequence, head.hash) != (last.sequence, last.hash):
        yield Finding(reason="end", sequence=last.sequence)


def walk(ledger: Ledger) -> Iterator[Link]:
    """Yield all rows of *ledger*, and those that are appended meanwhile."""
    after, before = 0, -1
    while after != before:
        before = after
        for link in ledger.links(after):
            after = link.sequence
            yield link
        head, _ = ledger.head()
        if head is None or head.sequence <= after:
            return


def _purged(ledger: Ledger, link: Link) -> bool:
    """Return whether what is missing before *link* was let go of while we read."""
    head, _ = ledger.head()
    return head is not None and (head.purged, head.purged_hash) == (link.sequence - 1, link.previous)
