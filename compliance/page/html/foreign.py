"""SVG and MathML in a page: where names that open text in HTML do not, and where they do again (section 13.2.6.5)."""

from __future__ import annotations

from collections import Counter

from .tags import Tag

_ROOTS = frozenset({b"svg", b"math"})
# Elements of each root in which HTML is read again.
_POINTS = {
    b"svg": frozenset({b"foreignobject", b"desc", b"title"}),
    b"math": frozenset({b"mi", b"mo", b"mn", b"ms", b"mtext", b"annotation-xml"}),
}
# Tags of HTML that end everything foreign around them.
_BREAKS = frozenset(
    b"b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta"
    b" nobr ol p pre ruby s small span strong strike sub sup table tt u ul var".split()
)
_FONT = frozenset({"color", "face", "size"})
#: The names of the tags that `Foreign` must be told of.
NAMES = frozenset({*_ROOTS, *_POINTS[b"svg"], *_POINTS[b"math"], *_BREAKS, b"font", b"html"})


class Foreign:
    """Follows the tags of a page into foreign content and out of it."""

    def __init__(self) -> None:
        self._open: list[bytes] = []
        self._roots: list[bytes] = []  # of each that is open, the root that it stands in
        self._count: Counter[bytes] = Counter()

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def inside(self) -> bool:
        """Whether the next tag is one of SVG or MathML."""
        if not self._open:
            return False
        name = self._open[-1]
        return name in _ROOTS or name not in _POINTS[self._roots[-1]]

    def opened(self, name: bytes, text: bytes) -> bool:
        """Take note of the start tag *text* of an element *name*; return whether that is a foreign one."""
        foreign = self.inside
        if foreign and (name in _BREAKS or (name == b"font" and not _FONT.isdisjoint(Tag.read(text).attributes))):
            self._leave()
            return False
        if name in _ROOTS or (foreign and self._opens_point(name, text)):
            if not Tag.read(text).closed:
                self._open.append(name)
                self._roots.append(name if name in _ROOTS else self._roots[-1])
                self._count[name] += 1
            return True
        return foreign

    def closed(self, name: bytes) -> None:
        """Take note of the end tag of an element *name*."""
        if self._count[name]:
            while self._pop() != name:
                pass
        elif self.inside and (name in _BREAKS or name == b"html"):
            # It closes what the foreign element stands in, or is read as a start tag.
            self._leave()

    def _leave(self) -> None:
        while self.inside:
            self._pop()

    def _pop(self) -> bytes:
        name = self._open.pop()
        self._roots.pop()
        self._count[name] -= 1
        return name

    def _opens_point(self, name: bytes, text: bytes) -> bool:
        if name == b"annotation-xml":
            kind = Tag.read(text).attributes.get("encoding", "").lower()
            return self._roots[-1] == b"math" and kind in ("text/html", "application/xhtml+xml")
        return name in _POINTS[self._roots[-1]]
