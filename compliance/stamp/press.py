"""One page, as it is in a file: the bytes that the middleware would send for it."""

from __future__ import annotations

from hashlib import sha256

from ..middleware.headers import Head
from ..middleware.page import Page
from ..middleware.state import Injection, State
from ..page import charsets
from ..page.codings import coding
from ..page.injection import original
from ..page.trackers import released

# What a server sends that knows of a file only that it is HTML: which charset it is in, the page says itself.
_HEAD = Head(status="200 OK", fields=[], label=None, language=None, length=None, coding=None, private=False)
_MARK = b"data-compliance"
_WIDE = {b"\xff\xfe": _MARK.decode().encode("utf-16-le"), b"\xfe\xff": _MARK.decode().encode("utf-16-be")}


class Press:
    """Stamps pages with what *injection* gives for pages of *host*."""

    def __init__(self, injection: Injection, *, host: str) -> None:
        self._state = State(injection, raise_errors=lambda: True)
        self._environ = {"HTTP_HOST": host, "SCRIPT_NAME": ""}
        #: What tells pages stamped now from those stamped under other settings.
        self.key = sha256(f"{host} {injection.digest}".encode()).hexdigest()[:12]

    def marked(self, page: bytes) -> bool:
        """Tell whether *page* may carry markup of ours."""
        # The memory looks for less, and has to all the same.
        return _WIDE[page[:2]] in page if page[:2] in _WIDE else self._state.memory.marked(page) and _MARK in page

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
        environ = dict(self._environ)
        gate = self._state.injection.gate(environ, private=False)
        changed = Page(self._state, environ, _HEAD, decided=False, gate=gate).whole(plain)
        if changed is None or not _same_charset(plain[: charsets.PRESCAN], changed[: charsets.PRESCAN]):
            changed = plain
        if changed == page:
            return body, marked
        return (changed if coder is None else coder.encode(changed) + coder.finish()), True


def _same_charset(start: bytes, changed: bytes) -> bool:
    """Tell whether a page names its charset still: a <meta> in its body must not be moved out of sight."""
    return start == changed or charsets.sniff(start, None) == charsets.sniff(changed, None)


def _unstamped(page: bytes) -> bytes:
    """Return *page* as it was before it was stamped; *page* itself where nothing shows that it was."""
    charset = charsets.sniff(page[: charsets.PRESCAN], None)
    recoder = None if charset is None else charsets.recoder(charset)
    plain = page if recoder is None else recoder.inward(page)
    before = original(plain)
    if before is None:
        return page
    before = released(before)
    return before if recoder is None else recoder.outward(before) + recoder.rest()
