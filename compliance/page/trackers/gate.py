"""`Gate`: a page in, the same page out, with what the reader has not agreed to held."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from ..html.tokens import Reader
from .catalogue import Catalogue
from .judge import TrackerJudge
from .release import Release


class Gate:
    """Holds what *catalogue* lists under one of the categories *held*; elements change, their places never do.

    Scripts that the site marked itself wait for the script in the page, those of the categories *asked* about, which
    are those held where nothing else is said.
    """

    def __init__(self, catalogue: Catalogue, held: frozenset[str], *, asked: frozenset[str] | None = None) -> None:
        self.held = held
        self._judge = TrackerJudge(catalogue, held, held if asked is None else asked)
        #: What tells pages of this gate from those of one that holds other categories: four hexadecimal digits.
        self.mark = sha256(" ".join(sorted(held)).encode()).hexdigest()[:4]

    def whole(self, page: bytes) -> bytes:
        """Return *page* with its trackers held; *page* itself where there is none."""
        return self.read(page) if self.concerns(page) else page

    def concerns(self, page: bytes, spans: Iterable[tuple[int, int]] | None = None, *, marked: bool = True) -> bool:
        """Return whether anything in *page* may be held, by a look that takes little time.

        It takes less where the page is known not to be *marked*: the site labels no script in it; and where it differs
        only within *spans*, from and to a place, from a page in which nothing was to be seen.
        """
        return self._judge.concerns(page, marked=marked, spans=spans)

    def read(self, page: bytes) -> bytes:
        """Return what `whole` does, by reading all of *page*."""
        stream = self.stream()
        changed = stream.feed(page) + stream.close()
        return changed if stream.held else page

    def stream(self) -> GateStream:
        """Return a gate for one page that comes in pieces."""
        return GateStream(self._judge)


class GateStream:
    """A page in pieces: `feed` and `close` return what may leave, together what `Gate.whole` gives."""

    def __init__(self, judge: TrackerJudge) -> None:
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


def released(page: bytes) -> bytes:
    """Return *page* as it was before it passed a gate, whatever that held; what it renamed comes in lower case."""
    return Reader(Release()).read(page, final=True)
