"""`Gate`: a page in, the same page out, with what the reader has not agreed to held."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256

from ..injection import Pages
from .catalogue import Catalogue
from .judge import Judge
from .tokens import Reader


class Gate:
    """Holds what *catalogue* lists under one of the categories *held*; elements change, their places never do."""

    def __init__(self, catalogue: Catalogue, held: frozenset[str]) -> None:
        self.held = held
        self._judge = Judge(catalogue, held)

    @cached_property
    def mark(self) -> str:
        """What tells pages of this gate from those of one that holds other categories: four hexadecimal digits."""
        return sha256(" ".join(sorted(self.held)).encode()).hexdigest()[:4]

    def whole(self, page: bytes) -> bytes:
        """Return *page* with its trackers held; *page* itself where there is none."""
        if not self._judge.concerns(page):
            return page
        stream = self.stream()
        changed = stream.feed(page) + stream.close()
        return changed if stream.held else page

    def stream(self) -> GateStream:
        """Return a gate for one page that comes in pieces."""
        return GateStream(self._judge)


class GateMemory:
    """Knows what became of the last pages, of which most have nothing to hold."""

    def __init__(self) -> None:
        self._pages: Pages[dict[str, bytes | None]] = Pages(lambda page: {})

    def whole(self, gate: Gate, page: bytes) -> bytes:
        """Return what `Gate.whole` does."""
        results = self._pages.get(page)
        if gate.mark not in results:
            changed = gate.whole(page)
            results[gate.mark] = None if changed is page else changed
        changed_before = results[gate.mark]
        return page if changed_before is None else changed_before


class GateStream:
    """A page in pieces: `feed` and `close` return what may leave, together what `Gate.whole` gives."""

    def __init__(self, judge: Judge) -> None:
        self._reader = Reader(judge)

    @property
    def held(self) -> bool:
        """Whether any tag was held so far."""
        return self._reader.held

    @property
    def waiting(self) -> bytes:
        """What was fed and has not left."""
        return self._reader.waiting

    def feed(self, chunk: bytes) -> bytes:
        """Take the next piece of the page."""
        return self._reader.read(chunk)

    def close(self) -> bytes:
        """Return the rest of the page; nothing may be fed after it."""
        return self._reader.read(b"", final=True)
