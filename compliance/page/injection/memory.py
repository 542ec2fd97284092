"""What was proven of a page holds for the same bytes again: pages that come often are only compared."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field

from .opening import Opening
from .place import Place
from .whole import locate, opening, placed

# "data-c", looked for by its rarer end.
_MARKED = re.compile(rb"-c(?<=data-c)")
# A page larger than this is read anew each time, so that a few cannot drive the others out.
_PAGE = 1024 * 1024


@dataclass(slots=True)
class _Entry:
    page: bytes
    opening: Opening | None
    marked: bool
    placed: frozenset[str]
    places: dict[tuple[bytes, bytes], Place] = field(default_factory=dict)
    notes: dict[str, bytes | None] = field(default_factory=dict)


class Memory:
    """Keeps the last pages, together no more than *size* bytes, with the places proven for them."""

    def __init__(self, size: int = 8 * 1024 * 1024) -> None:
        self._entries: OrderedDict[tuple[int, bytes], _Entry] = OrderedDict()
        self._size = size
        self._held = 0

    def opening(self, page: bytes) -> Opening | None:
        """Return what `compliance.page.injection.opening` does."""
        return self._entry(page).opening

    def marked(self, page: bytes) -> bool:
        """Tell whether ``data-c`` stands in *page*: with it begin our own marks, and those of other consent tools."""
        return self._entry(page).marked

    def notes(self, page: bytes) -> dict[str, bytes | None]:
        """Return what others noted of *page*, for them to add to."""
        return self._entry(page).notes

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
            if len(entry.places) < 16:
                entry.places[head, foot] = place
        return place.splice(page, head, foot)

    def _entry(self, page: bytes) -> _Entry:
        # Hashing a page takes longer than reading it; its length and a piece of it tell most pages apart.
        key = len(page), page[len(page) // 2 : len(page) // 2 + 32]
        entry = self._entries.get(key)
        if entry is not None and entry.page == page:
            entry.page = page  # what is asked next of this page need not compare it again
            return entry
        marked = _MARKED.search(page) is not None
        entry = _Entry(page, opening(page), marked, placed(page) if marked else frozenset())
        if len(page) <= _PAGE:
            self._remember(key, entry)
        return entry

    def _remember(self, key: tuple[int, bytes], entry: _Entry) -> None:
        # Threads may pass here at once: every step leaves the table usable, and the count is only a bound.
        old = self._entries.pop(key, None)
        self._entries[key] = entry
        self._held += len(entry.page) - (len(old.page) if old is not None else 0)
        while self._held > self._size and self._entries:
            try:
                _, dropped = self._entries.popitem(last=False)
            except KeyError:
                break
            self._held -= len(dropped.page)
