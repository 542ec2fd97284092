"""The places where markup goes into a page, and the bytes that result."""

from __future__ import annotations

from dataclasses import dataclass

# A cell is a scope of its own for formatting elements that the page left open (markers, HTML standard 13.2.4.3):
# what stands in it neither closes nor continues them.
_PART = b' data-compliance="footer">'
CELL = b"<table role=presentation" + _PART + b"<tbody" + _PART + b"<tr" + _PART + b"<td" + _PART
CELL_END = b"</td></tr></tbody></table>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """What stands first and last in a body, in the charset of the page; either may be empty."""

    head: bytes
    foot: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Byte offsets in a page, -1 for nowhere; the *closers* end what the page left open there.

    *cell* says that the footer stands in a table cell of its own.
    """

    head: int = -1
    head_closers: bytes = b""
    foot: int = -1
    foot_closers: bytes = b""
    cell: bool = False

    def splice(self, page: bytes, head: bytes, foot: bytes) -> bytes:
        """Return *page* with *head* and *foot* in their places."""
        first, last = self.offsets(page)
        return b"".join((page[:first], self.before(head), page[first:last], self.after(foot), page[last:]))

    def offsets(self, page: bytes) -> tuple[int, int]:
        """Return where in *page* what stands first goes, and what stands last."""
        return max(self.head, 0), self.foot if self.foot >= 0 else len(page)

    def before(self, head: bytes) -> bytes:
        """Return what stands first in the body."""
        return self.head_closers + head if self.head >= 0 else b""

    def after(self, foot: bytes) -> bytes:
        """Return what stands last in the body."""
        if self.foot < 0:
            return b""
        return self.foot_closers + self.cell_of(foot)

    def cell_of(self, foot: bytes) -> bytes:
        """Return *foot*, in a cell where it stands in one."""
        return CELL + foot + CELL_END if self.cell else foot
