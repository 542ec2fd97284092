"""The answer to one request, whoever sends it: its headers read, its body changed, its headers made to fit."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from ..notes import noted, opened
from ..page.change import Change
from ..page.codings import coding
from ..page.injection import Markup
from ..page.trackers import Gate
from . import headers
from .headers import Fields, Head
from .state import MiddlewareState, Outline
from .validators import DECIDED, Stamp, date, later, opaque

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

WHOLE = 4 * 1024 * 1024  # bytes: a body whose length is known to be no more is changed in one piece


class Reply:
    """The answer to the request of *environ*.

    *sent* maps each entity tag that the site was shown to the one that the reader sent.
    """

    status = ""
    _outline: Outline | None = None
    _head: Head | None = None
    _stamp: Stamp | None = None
    _gate: Gate | None = None
    _page: Change | None = None
    _changed = False

    def __init__(self, state: MiddlewareState, environ: WSGIEnvironment, sent: dict[str, str]) -> None:
        self._state = state
        self._environ = environ
        self.notes = opened(environ)
        self.fields: Fields = []
        self._sent = sent

    @property
    def is_page(self) -> bool:
        """Whether the response is a page by its headers."""
        return self._head is not None

    @property
    def changed(self) -> bool:
        """Whether the response, once it has started, is that of a changed page."""
        return self._changed

    @property
    def is_short(self) -> bool:
        """Whether the page is, by its headers, short enough to be changed in one piece."""
        return self._outline is not None and self._outline.length <= WHOLE

    def restores(self, tag: str) -> bool:
        """Return whether the site's *tag* stands for one of ours in the request."""
        return tag in self._sent

    def _read(self, status: str, fields: Fields) -> None:
        """Take the head of the answer, and find out whether it is that of a page."""
        self.status, self._head = status, None
        # An application inside this one that is wrapped itself may have changed the page already.
        self.notes = notes = noted(self._environ)
        notes.complete = True
        self.fields = fields = headers.personal(fields) if notes.personal else fields
        if not notes.exempt and not notes.changed:
            try:
                outline = self._state.outline(self._environ, status, fields)
                if outline is not None or status.startswith("304"):
                    notes.finish()
                if outline is not None and not notes.exempt:
                    self._hold(outline)
            except Exception:
                self._state.fault("the headers of a response could not be read")

    def _hold(self, outline: Outline) -> None:
        """Take the answer for a page."""
        if outline.head.private:
            self._gate = self._state.gate(self._environ, private=True)
            self._stamp = self._state.stamp(self._state.letter(self._environ, self._gate))
        else:
            self._gate, self._stamp = outline.uniform.gate, outline.uniform.stamp
        self._outline, self._head = outline, outline.head

    def _fields_of(self, page: Change) -> Fields:
        return self._changed_fields() if page.changed else self.fields

    def _changed_fields(self, length: int | None = None) -> Fields:
        outline = self._outline
        assert outline is not None and self._stamp is not None
        self._changed = self.notes.changed = True
        sent = outline.sent
        if sent is None:
            hints = self._state.hints(self._environ, outline.head.nonces)
            sent = headers.changed(self.fields, outline.layout, self._stamp, hints)
        return [*sent] if length is None else [*sent, ("Content-Length", str(length))]

    def _became(self, head: Head, body: bytes) -> bytes | None:
        """Return what becomes of the whole *body*; ``None`` where it stays as it is."""
        key = self._key(head)
        known = None if key is None else self._state.memory.find(body)
        changed = None if known is None else known.result(key)
        return self._new_page(head, key).whole(body) if changed is None else changed

    def _key(self, head: Head) -> Hashable:
        """Return what becomes of a page depends on beside its bytes; ``None`` where that is not the same twice."""
        outline, stamp, notes = self._outline, self._stamp, self.notes
        if outline is None or stamp is None or not outline.repeats:
            return None
        lang = head.language or notes.locale
        return outline.uniform, self._gate, stamp.letter, head.label, lang, notes.omitted, notes.written

    def _is_decided(self) -> bool:
        assert self._stamp is not None
        return self._stamp.letter.startswith(DECIDED)

    def _new_page(self, head: Head, key: Hashable = None) -> Change:
        environ, notes, decided = self._environ, self.notes, self._is_decided()

        def markup(lang: str | None, charset: str, carried: frozenset[str], absolute: bool, calm: bool) -> Markup:
            return self._state.injection.markup(
                lang=lang or head.language or notes.locale,
                charset=charset,
                environ=environ,
                decided=decided,
                placed=carried | notes.omitted | notes.written,
                absolute=absolute,
                calm=calm,
            )

        self._page = Change(
            markup,
            gate=self._gate,
            memory=self._state.memory,
            label=head.label,
            coding=None if head.coding is None else coding(head.coding),
            placed=lambda: notes.placed,
            reports=self._state,
            nonces=head.nonces,
            name=environ.get("PATH_INFO", ""),
            key=key,
        )
        return self._page

    def _advanced(self, head: Head, data: bytes) -> bytes:
        page = self._page or self._new_page(head)
        out = page.feed(data)
        if page.changed:
            self.notes.changed = True
        return out

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
