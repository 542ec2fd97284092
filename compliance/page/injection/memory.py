"""What was proven of a page holds for the same bytes again: pages that come often are only compared."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from .opening import Opening
from .place import Place
from .whole import locate, opening, placed

# "data-c", looked for by its rarer end.
_MARKED = re.compile(rb"-c(?<=data-c)")
# A page larger than this is read anew each time, so that a few cannot drive the others out.
_PAGE = 1024 * 1024
# Of a page: how many places are kept, and how many notes. What an entry and a place take beside the page, in bytes.
_PLACES, _NOTES = 16, 4
_ENTRY, _PLACE = 1024, 512


@dataclass(slots=True)
class _Entry:
    key: tuple[int, bytes]
    page: bytes
    opening: Opening | None
    marked: bool
    placed: frozenset[str]
    places: dict[tuple[bytes, bytes], Place] = field(default_factory=dict)
    notes: dict[str, bytes | None] = field(default_factory=dict)
    told: dict[Callable[[bytes], bool], bool] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many bytes it takes, nearly."""
        return (
            len(self.page)
            + _ENTRY
            + sum(_PLACE + len(head) + len(foot) for head, foot in [*self.places])
            + sum(len(note or b"") for note in [*self.notes.values()])
        )


class Memory:
    """Keeps the last pages, the places proven for them and what was noted, together no more than *size* bytes."""

    def __init__(self, size: int = 8 * 1024 * 1024) -> None:
        self._entries: OrderedDict[tuple[int, bytes], _Entry] = OrderedDict()
        self._size = size
        self._held = 0

    def opening(self, page: bytes) -> Opening | None:
        """Return what `compliance.page.injection.opening` does."""
        return self._entry(page).opening

    def marked(self, page: bytes) -> bool:
        """Return whether a mark of ours may stand in *page*, or a script that waits for another consent tool."""
        return self._entry(page).marked

    def told(self, page: bytes, tell: Callable[[bytes], bool]) -> bool:
        """Return what *tell* says of *page*, asked once."""
        told = self._entry(page).told
        if tell not in told:
            told[tell] = tell(page)
        return told[tell]

    def noted(self, page: bytes, name: str, make: Callable[[bytes], bytes]) -> bytes:
        """Return what *make* makes of *page*, once for each *name* of the last few."""
        entry = self._entry(page)
        if name in entry.notes:
            return entry.notes[name] or page
        made = make(page)
        if self._entries.get(entry.key) is entry:
            while len(entry.notes) >= _NOTES:
                dropped = entry.notes.pop(next(iter(entry.notes)), None)
                self._held -= len(dropped or b"")
            entry.notes[name] = None if made is page else made
            self._count(0 if made is page else len(made))
        return made

    def placed(self, page: bytes) -> frozenset[str]:
        """Return what `compliance.page.injection.placed` does."""
        return self._entry(page).placed

    def inject(self, page: bytes, head: bytes, foot: bytes) -> bytes:
        """Return what `compliance.page.injection.inject` does."""
        entry = self._entry(page)
        if entry.opening is None:
            return page
        place = entry.places.get((head, foot))
        if place is None:
            place = locate(page, head, foot, entry.opening)
            if len(entry.places) < _PLACES and self._entries.get(entry.key) is entry:
                entry.places[head, foot] = place
                self._count(_PLACE + len(head) + len(foot))  # with a nonce they are of this page alone
        return place.splice(page, head, foot)

    def _entry(self, page: bytes) -> _Entry:
        # Hashing a page takes longer than reading it; its length and a piece of it tell most pages apart.
        key = len(page), page[len(page) // 2 : len(page) // 2 + 32]
        entry = self._entries.get(key)
        if entry is not None and entry.page == page:
            entry.page = page  # what is asked next of this page need not compare it again
            return entry
        marked = _MARKED.search(page) is not None or b"text/plain" in page
        entry = _Entry(key, page, opening(page), marked, placed(page) if marked else frozenset())
        if len(page) <= _PAGE:
            self._remember(entry)
        return entry

    def _remember(self, entry: _Entry) -> None:
        # Threads may pass here at once: every step leaves the table usable, and the count is only a bound.
        old = self._entries.pop(entry.key, None)
        self._entries[entry.key] = entry
        self._count(entry.size - (old.size if old is not None else 0))

    def _count(self, more: int) -> None:
        self._held += more
        while self._held > self._size and self._entries:
            try:
                _, dropped = self._entries.popitem(last=False)
            except KeyError:
                break
            self._held -= dropped.size
