"""One page, as it is in a file: the bytes that the middleware would send for it."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from ..page import charsets
from ..page.change import Change
from ..page.codings import coding
from ..page.injection import Markup, Memory, opening, original
from ..page.trackers import Gate, released

_MARK = b"data-compliance"
_WIDE = {b"\xff\xfe": _MARK.decode().encode("utf-16-le"), b"\xfe\xff": _MARK.decode().encode("utf-16-be")}


class Press:
    """Stamps pages with what *markup* gives, by language, charset and the elements that are there; *gate* holds.

    *digest* tells this markup and gate from others.
    """

    def __init__(
        self, markup: Callable[[str | None, str, frozenset[str], bool, bool], Markup], *, gate: Gate | None, digest: str
    ) -> None:
        self._markup = markup
        self._gate = gate
        self._memory = Memory()
        #: What tells pages stamped now from those stamped under other settings.
        self.key = sha256(digest.encode()).hexdigest()[:12]

    def marked(self, page: bytes) -> bool:
        """Return whether *page* may carry markup of ours."""
        # The memory looks for less, and has to all the same.
        return _WIDE[page[:2]] in page if page[:2] in _WIDE else self._memory.page(page).marked and _MARK in page

    def stamped(self, body: bytes, name: str | None = None) -> tuple[bytes, bool]:
        """Return *body*, a page in the content coding *name* if in any, with today's markup, and whether it has any.

        What an earlier stamp left is replaced; a page that stays is *body* itself. Raises `LookupError` for a coding
        whose library is missing, and `BrokenBody`.
        """
        coder = None if name is None else coding(name)
        page = body
        if coder is not None:
            page = b"".join(coder.decode(body))
            coder.end()
        marked = self.marked(page)
        plain = _unstamped(page) if marked else page
        # A server knows of a file only that it is HTML: which charset it is in, the page says itself.
        change = Change(self._markup, gate=self._gate, memory=self._memory, label=None, coding=None, reports=_Reports())
        changed = change.whole(plain)
        if changed is None or not _same_charset(plain[: charsets.PRESCAN], changed[: charsets.PRESCAN]):
            changed = plain
        if changed == page:
            return body, marked
        return (changed if coder is None else coder.encode(changed) + coder.finish()), True


class _Reports:
    """Lets faults through; a page that stays is told by the file."""

    def fault(self, what: str) -> None:
        raise

    def tell(self, cause: str) -> None:
        pass

    def bare(self, name: str) -> None:
        pass


def _same_charset(start: bytes, changed: bytes) -> bool:
    """Return whether a page names its charset still: a <meta> in its body must not be moved out of sight."""
    return start == changed or charsets.sniff(start, None) == charsets.sniff(changed, None)


def _unstamped(page: bytes) -> bytes:
    """Return *page* as it was before it was stamped; *page* itself where nothing shows that it was."""
    charset = charsets.sniff(page[: charsets.PRESCAN], None)
    recoder = None if charset is None else charsets.recoder(charset)
    plain = page if recoder is None else recoder.inward(page)
    before = original(plain)
    # On a page without a safe place for our markup something may be held all the same.
    free = released(plain if before is None else before)
    if before is None and (free == plain or opening(plain) is None):
        return page
    return free if recoder is None else recoder.outward(free) + recoder.rest()
