"""One request and its response: whether it changes, and what its headers then say."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .. import charsets
from ..codings import BrokenBody, Coding, coding
from ..validators import date, later, opaque
from .state import State
from .transform import Transform, charset_of, label_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_WHOLE = 4 * 1024 * 1024  # bytes: a body whose length is known to be no more is changed in one piece
# What describes the bytes of the page as the site made it (RFC 9110 section 14.3, RFC 9530, RFC 1864).
_UNTRUE = frozenset({"content-length", "content-md5", "digest", "repr-digest", "content-digest", "accept-ranges"})


class Body:
    """The application's body: the pieces in hand, then the rest; closed once."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self.source = source
        self.pieces: list[bytes] = []
        self._rest = iter(source)
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else next(self._rest)

    def close(self) -> None:
        """Close the source as PEP 3333 demands, whatever became of the reader."""
        if self._open:
            self._open = False
            close = getattr(self.source, "close", None)
            if close is not None:
                close()


class Exchange:
    """One request and its response."""

    def __init__(
        self,
        app: WSGIApplication,
        state: State,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        sent: dict[str, str],
    ) -> None:
        self._app = app
        self.state = state
        self._environ = environ
        self._start_response = start_response
        self._sent = sent
        self._started = False
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._values: dict[str, str] = {}
        self._written: list[bytes] = []
        self.page = False

    def run(self) -> Body:
        """Call the application and take its headers."""
        body = Body(self._app(self._environ, self._start))
        try:
            while not self._status:
                # It may start its response as late as with its first piece (PEP 3333).
                body.pieces.append(next(body))
        except StopIteration:
            pass
        except BaseException:
            body.close()
            raise
        body.pieces[:0] = self._written
        self.page = self._is_page()
        return body

    def stale(self) -> bool:
        """Tell whether the site's "304 Not Modified" may be for a page into which something else goes now."""
        environ = self._environ
        if not self._status.startswith("304") or "HTTP_IF_NONE_MATCH" in environ or "compliance.exempt" in environ:
            return False
        since = date(environ.get("HTTP_IF_MODIFIED_SINCE"))
        kind = mimetypes.guess_type(environ.get("PATH_INFO", ""))[0]
        return since is not None and since < self.state.injection.changed and kind in (None, "text/html")

    def answer(self, body: Body) -> Iterable[bytes]:
        """Start the response and return its body."""
        if not self.page:
            return self._as_it_is(body)
        if self._environ["REQUEST_METHOD"] == "HEAD":
            self.begin_changed(self._letter(), None)
            return self._rest(body)
        known = self._values.get("content-length", "")
        if isinstance(body.source, list | tuple) or (known.isdigit() and int(known) <= _WHOLE):
            return self._whole(body)
        return Pieces(self, body)

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
        if exc_info and self._started:
            raise exc_info[1].with_traceback(exc_info[2])
        # Nothing has left before the application has said all: an error replaces what it said first (PEP 3333).
        self._status, self._headers = status, headers
        self._values = {name.lower(): value for name, value in headers}
        return self._written.append

    def _is_page(self) -> bool:
        values = self._values
        if not values.get("content-type", "").lower().startswith("text/html"):
            return False
        # Several headers of one name are one list (RFC 9110, section 5.3); only the last was kept above.
        control = ",".join(value for name, value in self._headers if name.lower() == "cache-control").lower()
        return not (
            self._environ.get("compliance.exempt")
            or self._status[:1] == "1"
            or self._status[:3] in ("204", "205", "206", "304")
            or "content-range" in values
            or values.get("content-disposition", "").lower().lstrip().startswith("attachment")
            or "no-transform" in control
        )

    def _as_it_is(self, body: Body) -> Iterable[bytes]:
        if self._sent and self._status.startswith("304"):
            self._headers = [
                (name, self._sent.get(opaque(value), value) if name.lower() == "etag" else value)
                for name, value in self._headers
            ]
        self.begin()
        return self._rest(body)

    def _rest(self, body: Body) -> Iterable[bytes]:
        # The source itself, where it can be had: a server knows what to do with its own file wrapper.
        return body if body.pieces else body.source

    def begin(self) -> None:
        """Start the response as the site made it."""
        self._started = True
        self._start_response(self._status, self._headers)

    def begin_changed(self, letter: str, length: int | None) -> None:
        """Start the response of a changed page, *length* bytes long where that is known."""
        self._headers = self._changed_headers(letter, length)
        self.begin()

    def _private(self) -> bool:
        """Tell whether the site said that this response is for one reader."""
        for name, value in self._headers:
            lower = name.lower()
            if lower == "cache-control" and ("private" in value.lower() or "no-store" in value.lower()):
                return True
            if lower == "vary" and "cookie" in [field.strip().lower() for field in value.split(",")]:
                return True
        return False

    def _letter(self) -> str:
        if not self._private():
            return "u"
        return "d" if self.state.injection.decided(self._environ) else "b"

    def _changed_headers(self, letter: str, length: int | None) -> list[tuple[str, str]]:
        headers = []
        for name, value in self._headers:
            lower = name.lower()
            if lower == "etag":
                value = self.state.suffix.add(value, letter)
            elif lower == "last-modified":
                value = later(value, self.state.injection.changed)
            elif lower in _UNTRUE:
                continue
            headers.append((name, value))
        if length is not None:
            headers.append(("Content-Length", str(length)))
        return headers

    def tells(self, start: bytes) -> bool:
        """Tell whether *start* is enough of a page to know its charset."""
        return len(start) >= (3 if label_of(self._values["content-type"]) else charsets.PRESCAN)

    def transform(self, start: bytes) -> Transform | None:
        """Return what changes the page that begins with *start*, without its coding; ``None`` if it stays as it is."""
        charset = charset_of(self._values["content-type"], start)
        if charset is None:
            self.state.tell(f"the charset of {self._values['content-type']!r} is unknown")
            return None
        return Transform(self.state, self._environ, charset, self._letter(), self._values.get("content-language"))

    @property
    def coded(self) -> bool:
        """Whether the body comes in a content coding."""
        return self._values.get("content-encoding", "").strip().lower() not in ("", "identity")

    def coding(self) -> Coding | None:
        """Return what undoes and redoes the coding of the body; ``None`` where that cannot be done."""
        name = self._values["content-encoding"].strip().lower()
        found = coding(name)
        if found is None:
            self.state.tell(f"the content coding {name!r} cannot be undone here")
        return found

    def _whole(self, body: Body) -> Iterable[bytes]:
        try:
            page = b"".join(body)
        finally:
            body.close()
        changed, letter = page, "u"
        try:
            if self.coded:
                changed, letter = self._whole_coded(page)
            elif (transform := self.transform(page)) is not None:
                changed, letter = transform.whole(page), transform.letter
        except BrokenBody as error:
            self.state.tell(f"a body is not what its Content-Encoding says ({error})")
        except Exception:
            self.state.fault("a page could not be changed")
            changed = page
        if changed is page:
            self.begin()
        else:
            self.begin_changed(letter, len(changed))
        return [changed]

    def _whole_coded(self, page: bytes) -> tuple[bytes, str]:
        coder = self.coding()
        if coder is None:
            return page, "u"
        pieces = []
        for piece in coder.decode(page):
            pieces.append(piece)
            if sum(map(len, pieces)) > _WHOLE:
                self.state.tell(f"a coded page unfolds to more than {_WHOLE} bytes")
                return page, "u"
        coder.end()
        plain = b"".join(pieces)
        transform = self.transform(plain)
        changed = plain if transform is None else transform.whole(plain)
        if transform is None or changed == plain:
            return page, "u"
        return coder.encode(changed) + coder.finish(), transform.letter


class Pieces:
    """A page that comes in pieces, and leaves in pieces: what cannot be the end of it is not held back."""

    def __init__(self, exchange: Exchange, body: Body) -> None:
        self._exchange = exchange
        self._body = body
        self._pieces = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Close the source, also when the reader has gone before the first piece."""
        self._pieces.close()
        self._body.close()

    def _run(self) -> Generator[bytes]:
        exchange, coder = self._exchange, None
        if exchange.coded:
            coder = exchange.coding()
            if coder is None:
                yield from self._untouched([])
                return
        raw: list[bytes] = []
        start = b""
        transform: Transform | None = None
        begun = False
        try:
            for chunk in self._body:
                if not begun:
                    raw.append(chunk)
                for piece in (chunk,) if coder is None else coder.decode(chunk):
                    if transform is None:
                        start += piece
                        if not exchange.tells(start):
                            continue
                        transform, piece = exchange.transform(start), start
                        if transform is None:
                            yield from self._untouched(raw)
                            return
                    out = transform.feed(piece)
                    if not begun:
                        if not transform.decided:
                            continue
                        if not transform.changes:
                            yield from self._untouched(raw)
                            return
                        exchange.begin_changed(transform.letter, None)
                        begun, raw = True, []
                    if coder is not None:
                        out = coder.encode(out)
                    if out:
                        yield out
                if begun and coder is not None and (out := coder.flush()):
                    yield out
            if coder is not None:
                coder.end()
        except BrokenBody as error:
            exchange.state.tell(f"a body is not what its Content-Encoding says ({error})")
            if not begun or coder is None or transform is None:
                yield from self._untouched(raw)
                return
            # What was read of it has left in part; the rest cannot be read by anyone.
            yield coder.encode(transform.abandon()) + coder.finish()
            return
        out = b""
        if transform is None and (transform := exchange.transform(start)) is not None:
            out = transform.feed(start)
        if transform is not None:
            out += transform.close()
        if not begun:
            if transform is None or not transform.changes:
                yield from self._untouched(raw)
                return
            exchange.begin_changed(transform.letter, None)
        if coder is not None:
            out = coder.encode(out) + coder.finish()
        yield out

    def _untouched(self, raw: list[bytes]) -> Iterator[bytes]:
        self._exchange.begin()
        yield b"".join(raw)
        yield from self._body
