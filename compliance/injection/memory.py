"""What was proven of a page holds for the same bytes again: pages that come often are only compared, not read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .opening import Opening
from .page import locate, opening, placed
from .place import Place

# A page larger than this is read anew each time, so that a few cannot drive the others out.
_PAGE = 1024 * 1024

T = TypeVar("T")


@dataclass(slots=True)
class _Kept(Generic[T]):
    page: bytes
    told: T


class Pages(Generic[T]):
    """Keeps the last pages, together no more than *size* bytes, with what *read* tells of each."""

    def __init__(self, read: Callable[[bytes], T], size: int = 8 * 1024 * 1024) -> None:
        self._read = read
        self._entries: OrderedDict[tuple[int, bytes], _Kept[T]] = OrderedDict()
        self._size = size
        self._held = 0

    def get(self, page: bytes) -> T:
        """Return what is told of *page*."""
        # Hashing a page takes longer than reading it; its length and a piece of it tell most pages apart.
        key = len(page), page[len(page) // 2 : len(page) // 2 + 32]
        entry = self._entries.get(key)
        if entry is not None and entry.page == page:
            entry.page = page  # what is asked next of this page need not compare it again
            return entry.told
        entry = _Kept(page, self._read(page))
        if len(page) <= _PAGE:
            self._remember(key, entry)
        return entry.told

    def _remember(self, key: tuple[int, bytes], entry: _Kept[T]) -> None:
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


@dataclass(slots=True)
class _Proven:
    opening: Opening | None
    placed: frozenset[str]
    places: dict[tuple[bytes, bytes], Place] = field(default_factory=dict)


class Memory:
    """Knows what was proven of the last pages, together no more than *size* bytes."""

    def __init__(self, size: int = 8 * 1024 * 1024) -> None:
        self._pages = Pages(lambda page: _Proven(opening(page), placed(page)), size)

    def opening(self, page: bytes) -> Opening | None:
        """Return what `compliance.injection.opening` does."""
        return self._pages.get(page).opening

    def placed(self, page: bytes) -> frozenset[str]:
        """Return what `compliance.injection.placed` does."""
        return self._pages.get(page).placed

    def inject(self, page: bytes, head: bytes, foot: bytes) -> bytes:
        """Return what `compliance.injection.inject` does."""
        proven = self._pages.get(page)
        if proven.opening is None:
            return page
        place = proven.places.get((head, foot))
        if place is None:
            place = locate(page, head, foot, proven.opening)
            if len(proven.places) < 16:
                proven.places[head, foot] = place
        return place.splice(page, head, foot)
