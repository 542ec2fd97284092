"""One request and its response: the application is called, its headers are read, its body is changed or handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..page.change import Change
from ..page.injection import Markup
from ..page.trackers import Gate
from . import headers
from .headers import Fields, Head
from .state import State
from .validators import DECIDED, UNIFORM, Stamp, date, later, opaque

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ELEMENTS = frozenset({"assets", "banner", "footer", "report", "licences", "message"})
_WHOLE = 4 * 1024 * 1024  # bytes: a body whose length is known to be no more is changed in one piece


class Body:
    """What the server reads: *pieces*, and the application's own body, which it closes once."""

    def __init__(self, pieces: Iterable[bytes], close: Callable[[], object]) -> None:
        self._pieces = iter(pieces)
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)


class Exchange:
    """One request and its response.

    *sent* maps each entity tag that the site was shown to the one that the reader sent.
    """

    def __init__(
        self, state: State, environ: WSGIEnvironment, start_response: StartResponse, sent: dict[str, str]
    ) -> None:
        self._state = state
        self._environ = environ
        self._start_response = start_response
        self._sent = sent
        self.status = ""
        self.fields: Fields = []
        self._head: Head | None = None
        self._stamp: Stamp | None = None
        self._gate: Gate | None = None
        self._page: Change | None = None
        self._changed = False
        self._begun = False
        self._fed = False
        self._send: Callable[[bytes], object] | None = None
        self._source: Iterable[bytes] = ()
        self._first: list[bytes] = []
        self._rest: Iterator[bytes] | None = None
        self._open = True

    @property
    def is_page(self) -> bool:
        """Whether the response is a page by its headers."""
        return self._head is not None

    @property
    def changed(self) -> bool:
        """Whether the response, once it has started, is that of a changed page."""
        return self._changed

    def restores(self, tag: str) -> bool:
        """Tell whether the site's *tag* stands for one of ours in the request."""
        return tag in self._sent

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
                self._begin(self._changed_fields(head))
            elif self.status.startswith("304"):
                self._begin(self._known())
            else:
                self._begin(self.fields)
            # The source itself where it can be had: a server sends its own file wrapper in its own way.
            return self._source if self._rest is None else Body(pieces, self.close)
        known = isinstance(self._source, list | tuple) or (head.length is not None and head.length <= _WHOLE)
        return self._whole(head, pieces) if known and self._page is None else Body(self._changing(pieces), self.close)

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
        self.status, self.fields, self._head = status, fields, None
        # An application inside this one that is wrapped itself may have changed the page already.
        if not self._environ.get("compliance.exempt") and not self._environ.get("compliance.changed"):
            try:
                head = headers.read(status, fields, self._state.tell)
                if head is not None:
                    self._stamp = self._stamped(head)
                self._head = head
            except Exception:
                self._state.fault("the headers of a response could not be read")
        return self._write

    def _write(self, data: bytes) -> None:
        """Take what the application writes instead of returning it (PEP 3333)."""
        if not data:
            return
        self._fed = True
        if self._head is None:
            self._begin(self.fields)
        else:
            data = self._advanced(self._head, data)
        if data and self._send is not None:
            self._send(data)

    def _begin(self, fields: Fields) -> None:
        if not self._begun:
            self._begun = True
            if self._environ.get("compliance.personal") and not headers.lists(fields, "vary", "cookie"):
                # Only now is it known of a page that streams: it read what this reader decided (RFC 9110, 12.5.5).
                fields = [*fields, ("Vary", "Cookie, Sec-GPC")]
            self._send = self._start_response(self.status, fields)

    def _begin_page(self, head: Head, page: Change) -> None:
        if not self._begun:
            self._begin(self._changed_fields(head) if page.changed else head.fields)

    def _stamped(self, head: Head) -> Stamp:
        self._gate = self._state.gate(self._environ, private=head.private)
        letter = self._state.letter(self._environ, self._gate) if head.private else UNIFORM
        return Stamp(suffix=self._state.suffix, letter=letter, changed=self._state.injection.changed)

    def _changed_fields(self, head: Head, length: int | None = None) -> Fields:
        assert self._stamp is not None
        self._changed = True
        self._environ["compliance.changed"] = True
        return head.changed(self._stamp, length)

    def _new_page(self, head: Head) -> Change:
        assert self._stamp is not None
        environ, decided = self._environ, self._stamp.letter.startswith(DECIDED)

        def markup(lang: str | None, charset: str, carried: frozenset[str], absolute: bool) -> Markup:
            return self._state.injection.markup(
                lang=lang or head.language or environ.get("compliance.locale"),
                charset=charset,
                environ=environ,
                decided=decided,
                placed=carried.union(environ.get("compliance.omitted", ())),
                absolute=absolute,
            )

        self._page = Change(
            markup,
            gate=self._gate,
            memory=self._state.memory,
            label=head.label,
            coding=head.coding,
            placed=lambda: environ.get("compliance.placed", ()),
            reports=self._state,
            nonces=head.nonces,
            name=environ.get("PATH_INFO", ""),
        )
        return self._page

    def _known(self) -> Fields:
        """Return the fields of a "304 Not Modified" with the validators that the reader's cache knows."""
        since = date(self._environ.get("HTTP_IF_MODIFIED_SINCE"))
        changed = self._state.changed if since is not None else None
        fields: Fields = []
        for name, value in self.fields:
            lower = name.lower()
            if lower == "etag":
                value = self._sent.get(opaque(value), value)
            elif lower == "last-modified" and since is not None and changed is not None and since >= changed:
                value = later(value, changed)
            fields.append((name, value))
        return fields

    def _whole(self, head: Head, pieces: Iterable[bytes]) -> Iterable[bytes]:
        page = self._new_page(head)
        try:
            came: list[bytes] = []
            length, rest = 0, iter(pieces)
            for piece in rest:
                came.append(piece)
                length += len(piece)
                if length > _WHOLE and self._rest is not None:  # longer than its header says
                    return Body(self._changing(chain(came, rest)), self.close)
            body = came[0] if len(came) == 1 else b"".join(came)
            changed = page.whole(body)
            self._begin(head.fields if changed is None else self._changed_fields(head, len(changed)))
        except BaseException:
            self.close()
            raise
        whole = [body if changed is None else changed]
        return Body(whole, self.close) if hasattr(self._source, "close") else whole

    def _advanced(self, head: Head, data: bytes) -> bytes:
        page = self._page or self._new_page(head)
        out = page.feed(data)
        if page.changed:
            # What is placed by hand from here on would come twice.
            self._environ["compliance.injected"] = _ELEMENTS
        if out:
            self._begin_page(head, page)
        return out

    def _changing(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the page that comes in *pieces*: what cannot be the end of it is not held back."""
        head, page = self._head, self._page
        assert head is not None
        try:
            for piece in pieces:
                if out := self._advanced(head, piece):
                    yield out
        except Exception:
            # What the application made before it failed leaves as it would have without us.
            if self._page is not None and (out := self._page.release()):
                self._begin_page(head, self._page)
                yield out
            raise
        page = self._page or self._new_page(head)
        out = page.finish()
        self._begin_page(head, page)
        if out:
            yield out
