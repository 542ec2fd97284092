"""What was proven of a page holds for the same bytes again: pages that come often are only compared.

Of a new page it holds as far as its bytes are those of the page before it: only where the two differ is it read.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence

from .difference import Block, Span, blocks, spans
from .opening import Opening
from .place import Place
from .whole import Proof, locate, opening, placed, prove

# "data-c", looked for by its rarer end; and a script that waits for another consent tool. How many bytes tell of one.
_MARKED, _WAITING, _MARK = re.compile(rb"-c(?<=data-c)"), b"text/plain", 16
# A page larger than this is read anew each time, so that a few cannot drive the others out.
_PAGE = 1024 * 1024
# Of a page: how many places or results are kept, and how many notes. What it takes beside its bytes, and what a place
# and a gap take, in bytes.
_PLACES, _NOTES = 16, 4
_ENTRY, _PLACE, _GAP = 2048, 512, 192


class Known:
    """What is known of one *page*; where it has *common* blocks with one that was known *before*, by that one."""

    def __init__(self, page: bytes, name: str, memory: Memory, before: Known | None, common: Sequence[Block]) -> None:
        self.page, self.name = page, name
        self._memory = memory
        self._common = common
        self._proof: Proof | None = None
        self._read = False
        self._places: dict[tuple[bytes, bytes], Place] = {}
        self._results: dict[Hashable, tuple[bytes, int, bytes, int, bytes]] = {}
        self._notes: dict[str, bytes | None] = {}
        self._told: dict[Callable[[bytes], bool], bool] = {}
        self._before: Proof | None = None
        self._spans: Sequence[Span] = ()
        self._clear: frozenset[str] = frozenset()
        #: What `compliance.page.injection.opening` returns.
        self.opening: Opening | None
        if before is None:
            self.opening = opening(page)
            marked = _is_marked(page, 0, len(page))
        else:
            self._spans = spans(common, len(page))
            self._clear = frozenset(name for name, note in [*before._notes.items()] if note is None)
            self._before = before._proof
            first = before.opening
            same = first is not None and first.told is not None and first.told <= common[0].length
            self.opening = first if same else opening(page)
            # What spans no difference is in the other page, too.
            some = [(0, len(page))] if before.marked else self._spans
            marked = any(_is_marked(page, max(0, start - _MARK), end + _MARK) for start, end in some)
        #: Whether a mark of ours may stand in it, or a script that waits for another consent tool.
        self.marked: bool = marked
        #: What `compliance.page.injection.placed` returns.
        self.placed = placed(page) if marked else frozenset[str]()

    def told(self, tell: Callable[[bytes], bool]) -> bool:
        """Return what *tell* says of the page, asked once."""
        if tell not in self._told:
            self._told[tell] = tell(self.page)
        return self._told[tell]

    def noted(
        self, name: str, look: Callable[[bytes, Sequence[Span] | None], bool], make: Callable[[bytes], bytes]
    ) -> bytes:
        """Return what *make* makes of the page, once for each *name* of the last few.

        It is asked where *look* sees anything in the page; that is told where the page differs from one in which it
        saw nothing, if there is one.
        """
        notes = self._notes
        if name in notes:
            return notes[name] or self.page
        seen = look(self.page, self._spans if name in self._clear else None)
        made = make(self.page) if seen else self.page
        kept = None if not seen else b"" if made is self.page else made
        if self._memory.holds(self):
            while len(notes) >= _NOTES:
                self._memory.count(-len(notes.pop(next(iter(notes)), None) or b""))
            notes[name] = kept
            self._memory.count(len(kept or b""))
        return made

    def inject(self, head: bytes, foot: bytes) -> bytes:
        """Return what `compliance.page.injection.inject` does."""
        if self.opening is None:
            return self.page
        return self._place(self.opening, head, foot).splice(self.page, head, foot)

    def result(self, key: Hashable) -> bytes | None:
        """Return what became of the page under *key*; ``None`` where that is not known."""
        kept = self._results.get(key)
        if kept is None:
            return None
        page, first, before, last, after = kept
        return b"".join((page[:first], before, page[first:last], after, page[last:]))

    def keep(self, key: Hashable, plain: Known, head: bytes, foot: bytes) -> None:
        """Keep under *key* that the page became *plain* with *head* and *foot* in it."""
        if plain.opening is not None and self._memory.holds(self):
            while len(self._results) >= _PLACES:
                old = self._results.pop(next(iter([*self._results])), None)
                if old is not None:
                    self._memory.count(-_PLACE - len(old[2]) - len(old[4]))
            place = plain._place(plain.opening, head, foot)
            first, last = place.offsets(plain.page)
            before, after = place.before(head), place.after(foot)
            self._results[key] = plain.page, first, before, last, after
            self._memory.count(_PLACE + len(before) + len(after))

    def _place(self, found: Opening, head: bytes, foot: bytes) -> Place:
        proof = self._proven(found) if foot else None
        if proof is not None and proof.pure:
            return proof.place
        place = self._places.get((head, foot))
        if place is None:
            place = locate(self.page, head, foot, found, proof)
            if len(self._places) < _PLACES and self._memory.holds(self):
                self._places[head, foot] = place
                self._memory.count(_PLACE + len(head) + len(foot))  # with a nonce they are of this page alone
        return place

    def _proven(self, found: Opening) -> Proof | None:
        if not self._read:
            self._proof = prove(self.page, found, self._before, self._common)
            self._read, self._before = True, None
            if self._proof is not None and self._memory.holds(self):
                self._memory.count(_GAP * len(self._proof.reading.gaps))
        return self._proof

    @property
    def size(self) -> int:
        """How many bytes it takes, nearly."""
        proof = self._proof
        return (
            len(self.page)
            + _ENTRY
            + (_GAP * len(proof.reading.gaps) if proof is not None else 0)
            + sum(_PLACE + len(head) + len(foot) for head, foot in [*self._places])
            + sum(_PLACE + len(before) + len(after) for _, _, before, _, after in [*self._results.values()])
            + sum(len(note or b"") for note in [*self._notes.values()])
        )


class Memory:
    """Keeps what is known of the last pages, together no more than *size* bytes."""

    def __init__(self, size: int = 8 * 1024 * 1024) -> None:
        self._entries: OrderedDict[tuple[int, bytes], Known] = OrderedDict()
        self._named: dict[str, Known] = {}
        self._last: Known | None = None
        self._size = size
        self._held = 0

    def find(self, page: bytes) -> Known | None:
        """Return what is known of *page*; ``None`` where it did not come before."""
        known = self._entries.get(_key(page))
        if known is None or known.page != page:
            return None
        known.page = page  # what is asked next of this page need not compare it again
        return known

    def page(self, page: bytes, name: str = "") -> Known:
        """Return what is known of *page*; the last of its *name*, such as its path, is the one it is most like."""
        known = self.find(page)
        if known is not None:
            return known
        before = self._named.get(name, self._last)
        common = [] if before is None else blocks(before.page, page)
        if 2 * sum(block.length for block in common) < len(page):
            before, common = None, []
        known = Known(page, name, self, before, common)
        if len(page) <= _PAGE:
            self._remember(known)
        return known

    def holds(self, known: Known) -> bool:
        """Return whether *known* is among what is kept."""
        return self._entries.get(_key(known.page)) is known

    def count(self, more: int) -> None:
        """Count *more* bytes, and forget the oldest pages where they are too many."""
        self._held += more
        while self._held > self._size and self._entries:
            try:
                _, dropped = self._entries.popitem(last=False)
            except KeyError:
                break
            self._forget(dropped)

    def _remember(self, known: Known) -> None:
        # Threads may pass here at once: every step leaves the tables usable, and the count is only a bound.
        key = _key(known.page)
        old = self._entries.pop(key, None)
        self._entries[key] = self._named[known.name] = self._last = known
        if old is not None and old is not known:
            self._forget(old)
        self.count(known.size)

    def _forget(self, known: Known) -> None:
        self._held -= known.size
        if self._named.get(known.name) is known:
            self._named.pop(known.name, None)
        if self._last is known:
            self._last = None


def _key(page: bytes) -> tuple[int, bytes]:
    # Hashing a page takes longer than reading it; its length and a piece of it tell most pages apart.
    return len(page), page[len(page) // 2 : len(page) // 2 + 32]


def _is_marked(page: bytes, start: int, end: int) -> bool:
    return _MARKED.search(page, start, end) is not None or page.find(_WAITING, start, end) >= 0
