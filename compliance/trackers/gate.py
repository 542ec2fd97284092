"""`Gate`: a page in, the same page out, with what the reader has not agreed to held."""

from __future__ import annotations

from .catalogue import Catalogue
from .judge import Judge
from .tokens import Reader


class Gate:
    """Holds what *catalogue* lists under one of the categories *held*; elements change, their places never do."""

    def __init__(self, catalogue: Catalogue, held: frozenset[str]) -> None:
        self._judge = Judge(catalogue, held)

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


class GateStream:
    """A page in pieces: `feed` and `close` return what may leave, together what `Gate.whole` gives."""

    def __init__(self, judge: Judge) -> None:
        self._reader = Reader(judge)

    @property
    def held(self) -> bool:
        """Whether anything was held so far."""
        return self._reader.held

    def feed(self, chunk: bytes) -> bytes:
        """Take the next piece of the page."""
        return self._reader.read(chunk)

    def close(self) -> bytes:
        """Return the rest of the page; nothing may be fed after it."""
        return self._reader.read(b"", final=True)
