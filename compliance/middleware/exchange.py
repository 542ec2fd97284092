"""A WSGI application called: its answer read, its body changed or handed on, its source closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..page.change import Change
from . import headers
from .headers import Fields, Head
from .reply import WHOLE, Reply
from .state import MiddlewareState

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Body:
    """What the server reads: *pieces*, and the application's own body, which it closes once."""

    def __init__(self, pieces: Iterable[bytes], close: Callable[[], object]) -> None:
        self._pieces = iter(pieces)
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)


class Whole(list[bytes]):
    """What the server reads of a body in hand; `close` closes the application's own."""

    close: Callable[[], object]


class Exchange(Reply):
    """One request to a WSGI application, and its response."""

    _begun = False
    _fed = False
    _send: Callable[[bytes], object] | None = None
    _source: Iterable[bytes] = ()
    _rest: Iterator[bytes] | None = None
    _open = True

    def __init__(
        self, state: MiddlewareState, environ: WSGIEnvironment, start_response: StartResponse, sent: dict[str, str]
    ) -> None:
        super().__init__(state, environ, sent)
        self._start_response = start_response
        self._first: list[bytes] = []

    def run(self, app: WSGIApplication) -> None:
        """Call *app*, up to its headers and, of a page, its first piece."""
        self._source = app(self._environ, self._start)
        if self.status and (self._head is None or isinstance(self._source, list | tuple)):
            return
        self._rest = iter(self._source)
        try:
            # It may start its response, or replace it by an error, as late as with its first piece (PEP 3333).
            for piece in self._rest:
                if piece:
                    self._first.append(piece)
                    self._fed = True
                    break
        except BaseException:
            self.close()
            raise

    def answer(self) -> Iterable[bytes]:
        """Start the response and return its body."""
        head = self._head
        pieces = self._source if self._rest is None else chain(self._first, self._rest)
        if head is None or self._environ["REQUEST_METHOD"] == "HEAD":
            if head is not None:
                self._begin(self._changed_fields())
            elif self.status.startswith("304"):
                self._begin(self._known())
            else:
                self._begin(self.fields)
            # The source itself where it can be had: a server sends its own file wrapper in its own way.
            return self._source if self._rest is None else Body(pieces, self.close)
        return (
            self._whole(head, pieces)
            if self._page is None and (isinstance(self._source, list | tuple) or self.is_short)
            else Body(self._changing(pieces), self.close)
        )

    def close(self) -> None:
        """Close the application's body as PEP 3333 demands, once, whatever became of the reader."""
        if self._open:
            self._open = False
            close = getattr(self._source, "close", None)
            if close is not None:
                close()

    def _start(self, status: str, fields: Fields, exc_info: Any = None, /) -> Callable[[bytes], object]:
        if exc_info is not None:
            try:
                if self._begun:
                    return self._start_response(status, fields, exc_info)
                if self._fed:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # the traceback holds this frame
        elif self.status:
            raise AssertionError("start_response was called again without exc_info")
        self._read(status, fields)
        return self._write

    def _write(self, data: bytes) -> None:
        """Take what the application writes instead of returning it (PEP 3333)."""
        if not data:
            return
        self._fed = True
        if self._head is None:
            self._begin(self.fields)
        else:
            data = self._left(self._head, data)
        if data and self._send is not None:
            self._send(data)

    def _begin(self, fields: Fields) -> None:
        if not self._begun:
            self._begun = True
            if self.notes.personal:  # as is known of a page that streams only now
                fields = headers.personal(fields)
            self._send = self._start_response(self.status, fields)

    def _begin_page(self, page: Change) -> None:
        if not self._begun:
            self._begin(self._fields_of(page))

    def _whole(self, head: Head, pieces: Iterable[bytes]) -> Iterable[bytes]:
        try:
            came: list[bytes] = []
            length, rest = 0, iter(pieces)
            for piece in rest:
                came.append(piece)
                length += len(piece)
                if length > WHOLE and self._rest is not None:  # longer than its header says
                    return Body(self._changing(chain(came, rest)), self.close)
            body = came[0] if len(came) == 1 else b"".join(came)
            changed = self._became(head, body)
            self._begin(self.fields if changed is None else self._changed_fields(len(changed)))
        except BaseException:
            self.close()
            raise
        whole = Whole((body if changed is None else changed,))
        whole.close = self.close
        return whole

    def _left(self, head: Head, data: bytes) -> bytes:
        out = self._advanced(head, data)
        if out and self._page is not None:
            self._begin_page(self._page)
        return out

    def _changing(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the page that comes in *pieces*: what cannot be the end of it is not held back."""
        head, page = self._head, self._page
        assert head is not None
        try:
            for piece in pieces:
                if out := self._left(head, piece):
                    yield out
        except Exception:
            # What the application made before it failed leaves as it would have without us.
            if self._page is not None and (out := self._page.release()):
                self._begin_page(self._page)
                yield out
            raise
        page = self._page or self._new_page(head)
        out = page.finish()
        self._begin_page(page)
        if out:
            yield out
